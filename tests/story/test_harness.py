"""The harness itself: a person who presses waits for the card as it will be."""

from typing import Any

from sandbox.slack.workspace.message import Message
from tests.stage import CHANNEL, worlds
from tests.story.harness import Stage


def button(label: str) -> list[dict[str, Any]]:
    text = {"type": "plain_text", "text": label}
    return [{"type": "actions", "elements": [{"type": "button", "action_id": label.lower(), "text": text}]}]


class RedrawnAfterOneLook(Stage):
    """A card shows what was before to whoever looks first."""

    def now(self, card: Message) -> Message:
        before = super().now(card)
        self.slack.world.edit(self.slack.world.message(CHANNEL, card.ts), blocks=button("Reply"))
        return before


def test_a_person_presses_as_soon_as_the_button_is_on_the_card() -> None:
    with worlds() as (slack, x):
        stage = RedrawnAfterOneLook(slack, x)
        card = slack.world.post(CHANNEL, slack.world.app.user_id, "a card", blocks=button("Undo"))

        pressed = stage.press(card, "Reply")

    assert pressed.payload["actions"][0]["action_id"] == "reply"
