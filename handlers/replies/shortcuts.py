"""The message shortcut: any human message in a card's thread can be proposed as a public reply."""

from typing import Any

from slack_bolt import Ack, App, Respond

from bot.context import Desk
from bot.slack.blocks.text import is_visible
from bot.slack.typed_text import SlackText, read_message
from handlers.commands.slash_command import is_to_teammates
from handlers.feedback import Person, attempt, no_card, person, writing
from handlers.replies.previews import Source, draft_of, show
from models import Card, Inbound, Ticket

Body = dict[str, Any]
SEND = "send_as_public_reply"
NOT_HERE = "That works on a message in the thread of a card."
TO_A_TEAMMATE = (
    "That message begins with a teammate's name, so it is for them and stays private. Write it without the "
    "name to send it: `@Heard reply …`"
)


def register(app: App, desk: Desk) -> None:
    """Listen for it."""

    @app.shortcut(SEND)
    def propose(ack: Ack, body: Body, respond: Respond) -> None:
        ack()
        message, channel = body["message"], body["channel"]["id"]
        who = Person(body["user"]["id"], channel, message.get("thread_ts"), person(body).key)
        attempt(desk, who, respond, lambda: _propose(desk, who, message, channel))


def _propose(desk: Desk, who: Person, message: Body, channel: str) -> str | None:
    """Keep its words as a draft of `who`, and show them the exact preview."""
    typed = read_message(message)
    refused = _why_not(message, typed)
    if refused is not None:
        return refused
    with writing(desk) as session:
        if not Inbound.is_new(session, who.key, at=desk.now()):
            return None
        card = Card.at_place(session, channel, message["thread_ts"])
        if card is None:
            return no_card(session, channel, NOT_HERE)
        author = message["user"] if message["user"] != who.id else None
        source = Source("shortcut", channel, message["ts"], author)
        ticket = Ticket.hold(session, card.ticket_id)
        preview = draft_of(desk, session, ticket, who, typed=typed, source=source)
    show(desk, who, preview)
    return None


def _why_not(message: Body, typed: SlackText) -> str | None:
    """What a message has to be: a person's, in a thread, in words, and not spoken to a teammate."""
    if not message.get("thread_ts") or message["thread_ts"] == message["ts"]:
        return NOT_HERE
    if message.get("bot_id") or not message.get("user"):
        return "Only what a person wrote can become a public reply."
    if not is_visible(typed.text):
        return "There are no words in that message. Pictures and files cannot be sent yet."
    if _is_to_somebody(typed.strip()) or is_to_teammates(message.get("text") or ""):
        return TO_A_TEAMMATE
    return None


def _is_to_somebody(typed: SlackText) -> bool:
    """Whether it begins with the name of a person or a group, or calls everybody."""
    first = typed.tokens[0] if typed.tokens else None
    is_named = first is not None and first.start == 0 and first.name.startswith(("<@", "<!"))
    return is_named or typed.text.startswith(("@here", "@channel", "@everyone"))
