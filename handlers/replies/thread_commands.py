"""What is said to Heard in a card's thread. All of it is private: only an act on a preview publishes."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from slack_bolt import App, BoltRequest
from sqlalchemy.orm import Session

from bot.context import Desk
from bot.slack.typed_text import SlackText, read_message
from handlers.feedback import Person, attempt, no_card, writing
from handlers.issues import add
from handlers.replies.previews import Source, draft_of, drafts_of, show
from handlers.tickets import assignee, snooze
from handlers.tickets.actions import YOURS, undo
from handlers.tickets.dialogs import close, give, in_few_words
from models import Card, Inbound, Ticket
from models.core import command_words
from models.core.base import RuleBrokenError

Body = dict[str, Any]

LAST_TRY = 3  # https://docs.slack.dev/apis/events-api/#retries
HOW = (
    "In a card's thread I understand `@Heard reply your words`, `claim`, `release`, `take over`, "
    "`assign @teammate`, `snooze 2h`, `issue export loses rows`, `done thanks` (any reason), `reopen`, "
    "`undo` and `drafts`. Everything else said there stays private."
)
PAIRS = ("take over",)  # commands that are two words
ALIASES = {"takeover": "take over"}


@dataclass(frozen=True, slots=True)
class Said:
    """One message that calls us by name."""

    key: str
    who: Person
    ts: str
    verb: str
    rest: str
    typed: SlackText  # the same, with what only Slack understands and what came beside the words
    until: snooze.Until | None = None  # of a snooze
    to: str | None = None  # of an assign
    refused: str | None = None  # why it cannot be done, known before the ledger is asked


def register(app: App, desk: Desk) -> None:
    """Listen for our name."""

    @app.event("app_mention")
    def called(event: Body, body: Body, request: BoltRequest) -> None:
        said = _heard(event, body)
        if said is not None:
            attempt(desk, said.who, None, lambda: _obey(desk, said), comes_again=_tries(request) < LAST_TRY)


def _tries(request: BoltRequest) -> int:
    """How often Slack has sent this event before."""
    told = request.headers.get("x-slack-retry-num", ["0"])[0]
    return int(told) if told.isdecimal() else 0


def _heard(event: Body, body: Body) -> Said | None:
    """Read a message to us: our name first, then a word. Whoever else is named first is spoken to, not we."""
    if event.get("bot_id") or not event.get("user"):
        return None
    own = [one.get("user_id") for one in body.get("authorizations") or [] if one.get("user_id")]
    typed = read_message(event)
    typed = typed.after(command_words.blank_in_front(typed.text)).strip()
    called = typed.person_in_front
    if called is None or (own and called.name.strip("<@>") not in own):
        return None
    typed = typed.after(len(called.text))
    order = command_words.command(typed.text, PAIRS)
    who = Person(event["user"], event["channel"], event.get("thread_ts"))
    key = f"call {event['channel']} {event['ts']}"
    verb = ALIASES.get(order.word, order.word)
    return Said(key, who, event["ts"], verb, order.rest, typed.after(order.start).strip())


def word_of(event: Body, body: Body) -> str | None:
    """The command in a message to us, such as `claim`; None where the message is not to us."""
    said = _heard(event, body)
    return said.verb if said is not None else None


def _obey(desk: Desk, said: Said) -> str | None:
    """Do what was said, once, however often Slack tells us."""
    said = _looked_up(desk, said)
    with writing(desk) as session:
        if not Inbound.is_new(session, said.key, at=desk.now()):
            return None
        channel, thread = said.who.channel, said.who.thread_ts
        card = Card.at_place(session, channel, thread) if channel and thread else None
        if card is None:
            otherwise = f"That works in the thread of a card. {HOW}"
            return no_card(session, channel, otherwise) if channel and thread else otherwise
        if said.refused is not None:
            return said.refused
        ticket = Ticket.hold(session, card.ticket_id)
        verb = _VERBS.get(said.verb)
        if verb is not None:
            return verb(desk, session, ticket, said)
        if said.verb == "reply":
            previews = [draft_of(desk, session, ticket, said.who, typed=said.typed, source=_source(said))]
        elif said.verb == "drafts":
            previews = drafts_of(desk, session, ticket, said.who)
        else:
            return HOW
    for preview in previews:
        show(desk, said.who, preview)
    return None if previews else "You have no drafts here."


def _looked_up(desk: Desk, said: Said) -> Said:
    """`said` with what has to be asked of Slack first, and so not within a transaction: clocks and people."""
    try:
        if said.verb == "snooze":
            return replace(said, until=snooze.read(desk, said.who.id, said.rest))
        if said.verb == "assign":
            to = assignee.in_words(said.rest, said.who.id)
            assignee.check(desk, to)
            return replace(said, to=to)
    except RuleBrokenError as error:
        return replace(said, refused=str(error))
    return said


def _source(said: Said) -> Source:
    """The message that the words come from, which shows what becomes of them."""
    return Source("thread", said.who.channel or "", said.ts)


# --- plain words --------------------------------------------------------------------------------------------


def _claim(desk: Desk, session: Session, ticket: Ticket, said: Said) -> str | None:
    had = ticket.owner == said.who.id
    ticket.claim(session, by=said.who.id, at=desk.now())
    return YOURS if had else None


def _release(desk: Desk, session: Session, ticket: Ticket, said: Said) -> str | None:
    ticket.release(session, by=said.who.id, at=desk.now())
    return None


def _take_over(desk: Desk, session: Session, ticket: Ticket, said: Said) -> str | None:
    had = ticket.owner == said.who.id
    ticket.take_over(session, by=said.who.id, at=desk.now())
    return YOURS if had else None


def _assign(desk: Desk, session: Session, ticket: Ticket, said: Said) -> str | None:
    assert said.to is not None
    give(desk, session, ticket, to=said.to, by=said.who.id)
    return None


def _done(desk: Desk, session: Session, ticket: Ticket, said: Said) -> str | None:
    reason = in_few_words(said.rest).lstrip("-–—:,. ")
    close(desk, session, ticket, who=said.who, reason=reason or "other")
    return None


def _reopen(desk: Desk, session: Session, ticket: Ticket, said: Said) -> str | None:
    ticket.reopen(session, by=said.who.id, at=desk.now(), promise=desk.promise)
    return None


def _issue(desk: Desk, session: Session, ticket: Ticket, said: Said) -> str | None:
    return add.from_thread(desk, session, ticket, words=said.rest, by=said.who.id)


def _snooze(desk: Desk, session: Session, ticket: Ticket, said: Said) -> str | None:
    assert said.until is not None
    return snooze.give(desk, session, ticket, said.until, by=said.who.id)


def _undo(desk: Desk, session: Session, ticket: Ticket, said: Said) -> str | None:
    return undo(desk, session, ticket, said.who)


_VERBS: dict[str, Callable[[Desk, Session, Ticket, Said], str | None]] = {
    "claim": _claim,
    "release": _release,
    "take over": _take_over,
    "assign": _assign,
    "done": _done,
    "issue": _issue,
    "reopen": _reopen,
    "snooze": _snooze,
    "undo": _undo,
}
