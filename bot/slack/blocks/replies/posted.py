"""The modal behind *I posted it* where Heard cannot see what was posted: where is it? Pure."""

from dataclasses import dataclass
from typing import Any

from bot.slack.blocks.elements import context_block, plain_text
from bot.slack.blocks.values import ModalValue

POSTED_CALLBACK_ID, LINK_BLOCK = "posted_link", "link"
LINK_MAX_CHARS = 2_000


@dataclass(frozen=True, slots=True)
class PostedValue(ModalValue):
    """A reply that somebody says they posted by hand; `channel` is where they pressed the button."""

    ticket: int
    reply: int
    key: str
    channel: str | None = None


def build_posted_modal(carried: PostedValue, *, title: str) -> dict[str, Any]:
    """The modal; `title` is the network's."""
    about = f"Heard can't see what is posted on {title}. With a link, the card leads to your reply."
    return {
        "type": "modal",
        "callback_id": POSTED_CALLBACK_ID,
        "private_metadata": carried.pack(),
        "title": plain_text("I posted it"),
        "submit": plain_text("Confirm"),
        "close": plain_text("Cancel"),
        "blocks": [
            {
                "type": "input",
                "block_id": LINK_BLOCK,
                "optional": True,
                "label": plain_text("Link to your reply"),
                "hint": plain_text("Heard looks at it once."),
                "element": {
                    "type": "plain_text_input",
                    "action_id": "value",
                    "max_length": LINK_MAX_CHARS,
                    "placeholder": plain_text("https://"),
                },
            },
            context_block(about),
        ],
    }
