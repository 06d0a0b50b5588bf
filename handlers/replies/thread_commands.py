"""What is said to Heard in a card's thread. All of it is private: only an act on a preview publishes."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from slack_bolt import App, BoltRequest
from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.slack.typed_text import SlackText, read_message
from handlers.feedback import Actor, no_card_text, run_and_report, write_session
from handlers.issues import add
from handlers.replies.previews import DraftSource, load_draft_previews, save_draft, show_preview
from handlers.tickets import assignee, snooze
from handlers.tickets.actions import ALREADY_YOURS_TEXT, undo_reply
from handlers.tickets.dialogs import assign_ticket, close_ticket, shorten_reason
from models import Card, ProcessedRequest, Ticket
from models.core import command_words
from models.core.base import RuleBrokenError

Body = dict[str, Any]

LAST_RETRY_NUMBER = 3  # https://docs.slack.dev/apis/events-api/#retries
THREAD_COMMANDS_USAGE = (
    "In a card's thread I understand `@Heard reply your words`, `claim`, `release`, `take over`, "
    "`assign @teammate`, `snooze 2h`, `issue export loses rows`, `done thanks` (any reason), `reopen`, "
    "`undo` and `drafts`. Everything else said there stays private."
)
TWO_WORD_COMMANDS = ("take over",)  # commands that are two words
COMMAND_ALIASES = {"takeover": "take over"}


@dataclass(frozen=True, slots=True)
class ThreadCommand:
    """One message that calls us by name."""

    key: str
    who: Actor
    ts: str
    verb: str
    rest: str
    typed: SlackText  # the same, with what only Slack understands and what came beside the words
    until: snooze.SnoozeUntil | None = None  # of a snooze
    to: str | None = None  # of an assign
    refused: str | None = None  # why it cannot be done, known before the ledger is asked


def register(app: App, ctx: BotContext) -> None:
    """Listen for our name."""

    @app.event("app_mention")
    def called(event: Body, body: Body, request: BoltRequest) -> None:
        said = _parse_mention(event, body)
        if said is not None:
            run_and_report(
                ctx,
                said.who,
                None,
                lambda: _run_command(ctx, said),
                comes_again=_retry_number(request) < LAST_RETRY_NUMBER,
            )


def _retry_number(request: BoltRequest) -> int:
    """How often Slack has sent this event before."""
    told = request.headers.get("x-slack-retry-num", ["0"])[0]
    return int(told) if told.isdecimal() else 0


def _parse_mention(event: Body, body: Body) -> ThreadCommand | None:
    """Read a message to us: our name first, then a word. Whoever else is named first is spoken to, not we."""
    if event.get("bot_id") or not event.get("user"):
        return None
    own = [one.get("user_id") for one in body.get("authorizations") or [] if one.get("user_id")]
    typed = read_message(event)
    typed = typed.after(command_words.count_leading_blanks(typed.text)).strip()
    called = typed.person_in_front
    if called is None or (own and called.name.strip("<@>") not in own):
        return None
    typed = typed.after(len(called.text))
    order = command_words.parse_command(typed.text, TWO_WORD_COMMANDS)
    who = Actor(event["user"], event["channel"], event.get("thread_ts"))
    key = f"call {event['channel']} {event['ts']}"
    verb = COMMAND_ALIASES.get(order.word, order.word)
    return ThreadCommand(key, who, event["ts"], verb, order.rest, typed.after(order.start).strip())


def parse_command_word(event: Body, body: Body) -> str | None:
    """The command in a message to us, such as `claim`; None where the message is not to us."""
    said = _parse_mention(event, body)
    return said.verb if said is not None else None


def _run_command(ctx: BotContext, said: ThreadCommand) -> str | None:
    """Do what was said, once, however often Slack tells us."""
    said = _resolve_lookups(ctx, said)
    with write_session(ctx) as session:
        if not ProcessedRequest.claim_key(session, said.key, at=ctx.now()):
            return None
        channel, thread = said.who.channel, said.who.thread_ts
        card = Card.find_by_message(session, channel, thread) if channel and thread else None
        if card is None:
            otherwise = f"That works in the thread of a card. {THREAD_COMMANDS_USAGE}"
            return no_card_text(session, channel, otherwise) if channel and thread else otherwise
        if said.refused is not None:
            return said.refused
        ticket = Ticket.lock(session, card.ticket_id)
        verb = _COMMAND_HANDLERS.get(said.verb)
        if verb is not None:
            return verb(ctx, session, ticket, said)
        if said.verb == "reply":
            previews = [save_draft(ctx, session, ticket, said.who, typed=said.typed, source=_source(said))]
        elif said.verb == "drafts":
            previews = load_draft_previews(ctx, session, ticket, said.who)
        else:
            return THREAD_COMMANDS_USAGE
    for preview in previews:
        show_preview(ctx, said.who, preview)
    return None if previews else "You have no drafts here."


def _resolve_lookups(ctx: BotContext, said: ThreadCommand) -> ThreadCommand:
    """`said` with what has to be asked of Slack first, and so not within a transaction: clocks and people."""
    try:
        if said.verb == "snooze":
            return replace(said, until=snooze.parse_until(ctx, said.who.id, said.rest))
        if said.verb == "assign":
            to = assignee.parse_assignee(said.rest, said.who.id)
            assignee.check_assignable(ctx, to)
            return replace(said, to=to)
    except RuleBrokenError as error:
        return replace(said, refused=str(error))
    return said


def _source(said: ThreadCommand) -> DraftSource:
    """The message that the words come from, which shows what becomes of them."""
    return DraftSource("thread", said.who.channel or "", said.ts)


# --- plain words --------------------------------------------------------------------------------------------


def _claim(ctx: BotContext, session: Session, ticket: Ticket, said: ThreadCommand) -> str | None:
    had = ticket.owner == said.who.id
    ticket.claim(session, by=said.who.id, at=ctx.now())
    return ALREADY_YOURS_TEXT if had else None


def _release(ctx: BotContext, session: Session, ticket: Ticket, said: ThreadCommand) -> str | None:
    ticket.release(session, by=said.who.id, at=ctx.now())
    return None


def _take_over(ctx: BotContext, session: Session, ticket: Ticket, said: ThreadCommand) -> str | None:
    had = ticket.owner == said.who.id
    ticket.take_over(session, by=said.who.id, at=ctx.now())
    return ALREADY_YOURS_TEXT if had else None


def _assign(ctx: BotContext, session: Session, ticket: Ticket, said: ThreadCommand) -> str | None:
    assert said.to is not None
    assign_ticket(ctx, session, ticket, to=said.to, by=said.who.id)
    return None


def _done(ctx: BotContext, session: Session, ticket: Ticket, said: ThreadCommand) -> str | None:
    reason = shorten_reason(said.rest).lstrip("-–—:,. ")
    close_ticket(ctx, session, ticket, who=said.who, reason=reason or "other")
    return None


def _reopen(ctx: BotContext, session: Session, ticket: Ticket, said: ThreadCommand) -> str | None:
    ticket.reopen(session, by=said.who.id, at=ctx.now(), promise=ctx.sla_policy)
    return None


def _issue(ctx: BotContext, session: Session, ticket: Ticket, said: ThreadCommand) -> str | None:
    return add.add_from_thread(ctx, session, ticket, words=said.rest, by=said.who.id)


def _snooze(ctx: BotContext, session: Session, ticket: Ticket, said: ThreadCommand) -> str | None:
    assert said.until is not None
    return snooze.snooze_ticket(ctx, session, ticket, said.until, by=said.who.id)


def _undo(ctx: BotContext, session: Session, ticket: Ticket, said: ThreadCommand) -> str | None:
    return undo_reply(ctx, session, ticket, said.who)


_COMMAND_HANDLERS: dict[str, Callable[[BotContext, Session, Ticket, ThreadCommand], str | None]] = {
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
