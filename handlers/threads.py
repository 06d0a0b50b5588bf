"""What is said to Heard in a card's thread. All of it is private: only an act on a preview publishes."""

import json
import logging
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from slack_bolt import Ack, App, BoltRequest, Respond
from slack_sdk.errors import SlackApiError, SlackClientError
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.blocks.preview import preview
from bot.desk import Desk
from bot.slack import SlackError
from handlers.actions import in_few_words, tell_stopped, undo
from handlers.composer import ONLY_ITS_AUTHOR, read_words
from handlers.courtesy import Person, attempt, person, tell, writing
from models import Account, Author, Card, Inbound, Mention, Reply, Ticket
from models.base import MovedOnError, RuleBrokenError
from models.reply import State as Delivery

log = logging.getLogger(__name__)

Body = dict[str, Any]

LAST_TRY = 3  # https://docs.slack.dev/apis/events-api/#retries
YOURS = "You have this one already."
HOW = (
    "In a card's thread I understand `@Heard reply your words`, `claim`, `release`, `take over`, "
    "`done thanks` (any reason), `reopen` and `undo`. Everything else said there stays private."
)


@dataclass(frozen=True, slots=True)
class Said:
    """One message that calls us by name."""

    key: str
    who: Person
    ts: str
    verb: str
    rest: str


def register(app: App, desk: Desk) -> None:
    """Listen for our name, and for the buttons of a preview."""

    @app.event("app_mention")
    def called(event: Body, body: Body, request: BoltRequest) -> None:
        said = _heard(event, body)
        if said is not None:
            attempt(desk, said.who, None, lambda: _obey(desk, said), comes_again=_tries(request) < LAST_TRY)

    @app.event("message")
    def overheard() -> None:
        """What teammates tell each other is theirs."""

    @app.action("send_publicly")
    def send(ack: Ack, body: Body, respond: Respond) -> None:
        ack()
        who, value = person(body), json.loads(body["actions"][0]["value"])
        attempt(desk, who, respond, lambda: _send(desk, who, respond, value))

    @app.action("keep_private")
    def keep(ack: Ack, body: Body, respond: Respond) -> None:
        ack()
        who, value = person(body), json.loads(body["actions"][0]["value"])
        attempt(desk, who, respond, lambda: _keep_private(desk, who, respond, value))


def _tries(request: BoltRequest) -> int:
    """How often Slack has sent this event before."""
    told = request.headers.get("x-slack-retry-num", ["0"])[0]
    return int(told) if told.isdecimal() else 0


def _heard(event: Body, body: Body) -> Said | None:
    """Read a message to us: our name first, then a word. Whoever else is named first is spoken to, not we."""
    if event.get("bot_id") or not event.get("user"):
        return None
    own = [one.get("user_id") for one in body.get("authorizations") or [] if one.get("user_id")]
    called = re.match(r"\s*<@(\w+)(?:\|[^>]*)?>[\s,:]*", event.get("text", ""))
    if called is None or (own and called[1] not in own):
        return None
    words = event["text"][called.end() :].strip()
    verb, _, rest = words.partition(" ")
    first, _, after = words.partition("\n")
    if "\n" in verb:  # "reply" on a line of its own
        verb, rest = first, after
    if words.lower().startswith("take over"):
        verb, rest = "take over", ""
    who = Person(event["user"], event["channel"], event.get("thread_ts"))
    key = f"call {event['channel']} {event['ts']}"
    return Said(key, who, event["ts"], verb.strip().lower(), rest.strip())


def _obey(desk: Desk, said: Said) -> str | None:
    """Do what was said, once, however often Slack tells us."""
    with writing(desk) as session:
        if not Inbound.is_new(session, said.key, at=desk.now()):
            return None
        channel, thread = said.who.channel, said.who.thread_ts
        card = Card.at_place(session, channel, thread) if channel and thread else None
        if card is None:
            return f"That works in the thread of a card. {HOW}"
        ticket = Ticket.hold(session, card.ticket_id)
        if said.verb != "reply":
            verb = _VERBS.get(said.verb)
            return verb(desk, session, ticket, said) if verb is not None else HOW
        draft = _draft(desk, session, ticket, said)
    _show(desk, said.who, draft)
    return None


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


def _done(desk: Desk, session: Session, ticket: Ticket, said: Said) -> str | None:
    reason = in_few_words(said.rest) or "other"
    stopped = ticket.no_reply_needed(session, by=said.who.id, at=desk.now(), reason=reason)
    tell_stopped(desk, session, stopped, said.who, "no reply needed")
    return None


def _reopen(desk: Desk, session: Session, ticket: Ticket, said: Said) -> str | None:
    ticket.reopen(session, by=said.who.id, at=desk.now())
    return None


def _undo(desk: Desk, session: Session, ticket: Ticket, said: Said) -> str | None:
    return undo(desk, session, ticket, said.who)


_VERBS: dict[str, Callable[[Desk, Session, Ticket, Said], str | None]] = {
    "claim": _claim,
    "release": _release,
    "take over": _take_over,
    "done": _done,
    "reopen": _reopen,
    "undo": _undo,
}


# --- reply --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Preview:
    """What its author sees before anything is public."""

    text: str
    blocks: list[dict[str, Any]]


def _draft(desk: Desk, session: Session, ticket: Ticket, said: Said) -> Preview:
    """Keep the words as a draft; the preview may get lost, the draft does not."""
    words = read_words(desk.network(ticket.network), said.rest)
    if not words.text:
        raise RuleBrokenError(
            "Write your words behind `reply`, such as `@Heard reply Thank you, we are on it.`"
        )
    draft = ticket.draft(
        session, text=words.text, by=said.who.id, at=desk.now(), key=uuid.uuid4().hex, source="thread"
    )
    return _preview(desk, session, ticket, draft, words.problem)


def _preview(desk: Desk, session: Session, ticket: Ticket, draft: Reply, problem: str | None) -> Preview:
    network = desk.network(ticket.network)
    account = Account.find(session, ticket.network, ticket.account_id)
    author = session.get_one(Author, ticket.author_id)
    blocks = preview(
        draft_id=draft.id,
        ticket_id=ticket.id,
        text=draft.text,
        title=network.title,
        account=account.handle if account is not None else "us",
        handle=author.handle,
        length=network.length(draft.text),
        max_length=network.max_length,
        problem=problem,
    )
    return Preview(f"A preview of your public reply on {network.title}", blocks)


def _show(desk: Desk, who: Person, shown: Preview) -> None:
    if who.channel is None:
        return
    try:
        desk.slack.whisper(who.channel, who.id, shown.text, shown.blocks, thread_ts=who.thread_ts)
    except SlackError as error:
        sentence = (
            f"I could not show you the preview ({error}). Your words are kept: press *Reply* on the card."
        )
        tell(desk, who, None, sentence)


def _mine(session: Session, value: dict[str, Any], who: Person) -> tuple[Ticket, Reply]:
    """The draft behind a preview, which only its author may decide about."""
    ticket = Ticket.hold(session, value["t"])
    draft = session.get_one(Reply, value["r"], populate_existing=True)
    if draft.actor != who.id:
        raise RuleBrokenError(ONLY_ITS_AUTHOR)
    if draft.state != Delivery.DRAFT:
        raise RuleBrokenError("That is decided already: the card shows how.")
    return ticket, draft


def _send(desk: Desk, who: Person, respond: Respond, value: dict[str, Any]) -> str | None:
    """The explicit act: the draft goes out exactly as it was shown."""
    with writing(desk) as session:
        if not Inbound.is_new(session, who.key, at=desk.now()):
            return None
        ticket, draft = _mine(
            session, value, who
        )  # a draft is sent once, so a copy of the press does nothing
        at = desk.now()
        try:
            ticket.submit(
                session,
                draft,
                by=who.id,
                at=at,
                undo_until=at + timedelta(seconds=desk.settings.undo_seconds),
                by_hand=_by_hand(session, ticket, draft),
            )
        except MovedOnError as error:
            draft.turn, draft.to_post_id = ticket.turn, ticket.target_post_id
            shown: Preview | None = _preview(desk, session, ticket, draft, None)
            sentence: str | None = f"{error} Here is your preview again."
        else:
            shown = sentence = None
    desk.nudge()
    if shown is not None:
        _replace(respond, text=shown.text, blocks=shown.blocks)
    else:
        _replace(respond, text="On its way. The card shows it, and *Undo* while that is possible.")
    return sentence


def _replace(respond: Respond, **shown: Any) -> None:  # noqa: ANN401 - Slack's own fields
    """Put this in place of the preview. What was done is in the ledger, whether Slack takes this or not."""
    try:
        respond(replace_original=True, **shown)
    except (SlackApiError, SlackClientError, ValueError, OSError):
        log.warning("a preview could not be replaced; its card shows what became of it")


def _by_hand(session: Session, ticket: Ticket, draft: Reply) -> str | None:
    query = select(Mention.answerable).where(
        Mention.ticket_id == ticket.id,
        Mention.post_id == draft.to_post_id,
    )
    return session.scalar(query)


def _keep_private(desk: Desk, who: Person, respond: Respond, value: dict[str, Any]) -> str | None:
    with writing(desk) as session:
        if not Inbound.is_new(session, who.key, at=desk.now()):
            return None
        _ticket, draft = _mine(session, value, who)
        draft.move(session, Delivery.DISCARDED, at=desk.now(), by=who.id, act="kept private")
    _replace(respond, text="Kept private. Nothing was published.")
    return None
