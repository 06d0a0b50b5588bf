"""The message shortcut: any human message in a card's thread can be proposed as a public reply."""

from typing import Any

from bot.slack.blocks.text import is_visible
from bot.slack.typed_text import SlackText, read_message
from handlers.access_rules import SEND_CALLBACK_ID
from handlers.door import Act, door
from handlers.feedback import no_card_text
from handlers.replies.previews import DraftSource, save_draft, show_preview
from handlers.slack_tokens import is_to_teammates
from models import Card, Ticket

Body = dict[str, Any]
NOT_IN_CARD_THREAD_TEXT = "That only works on a message in a card's thread."
ADDRESSED_TO_TEAMMATE_TEXT = (
    "That message starts with a teammate's name, so it is meant for them and stays private. To send it, "
    "write it without the name: `@Heard reply …`"
)


@door.shortcut(SEND_CALLBACK_ID)
def propose(act: Act[Body]) -> str | None:
    """Keep a message's words as a draft of who chose it, and show them the exact preview."""
    ctx, who, message = act.ctx, act.who, act.value
    typed, channel = read_message(message), act.body["channel"]["id"]
    refused = _find_refusal(message, typed)
    if refused is not None:
        return refused
    with act.change_once() as session:
        card = Card.find_by_message(session, channel, message["thread_ts"])
        if card is None:
            return no_card_text(session, channel, message["thread_ts"], NOT_IN_CARD_THREAD_TEXT)
        author = message["user"] if message["user"] != who.id else None
        source = DraftSource("shortcut", channel, message["ts"], author)
        ticket = Ticket.lock(session, card.ticket_id)
        preview = save_draft(ctx, session, ticket, who, typed=typed, source=source)
    show_preview(ctx, who, preview)
    return None


def _find_refusal(message: Body, typed: SlackText) -> str | None:
    """What a message has to be: a person's, in a thread, in words, and not spoken to a teammate."""
    if not message.get("thread_ts") or message["thread_ts"] == message["ts"]:
        return NOT_IN_CARD_THREAD_TEXT
    if message.get("bot_id") or not message.get("user"):
        return "Only a message that a person wrote can become a public reply."
    if not is_visible(typed.text):
        return "That message has no text. Pictures go out with words only: press *Reply* on the card."
    if _is_addressed(typed.strip()) or is_to_teammates(message.get("text") or ""):
        return ADDRESSED_TO_TEAMMATE_TEXT
    return None


def _is_addressed(typed: SlackText) -> bool:
    """Whether it begins with the name of a person or a group, or calls everybody."""
    first = typed.tokens[0] if typed.tokens else None
    is_named = first is not None and first.start == 0 and first.name.startswith(("<@", "<!"))
    return is_named or typed.text.startswith(("@here", "@channel", "@everyone"))
