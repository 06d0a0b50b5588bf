"""What is said to Heard in a card's thread. All of it is private: only an act on a preview publishes."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from bot.context import BotContext
from handlers.door import Act, door
from handlers.feedback import Actor, no_card_text
from handlers.issues import add
from handlers.mutes import from_thread
from handlers.replies.previews import DraftSource, load_draft_previews, save_draft, show_preview
from handlers.thread_command import ThreadCommand
from handlers.tickets import assignee, snooze
from handlers.tickets.actions import claim_ticket, take_over_ticket, undo_reply
from handlers.tickets.dialogs import assign_ticket, close_ticket, shorten_reason
from models import Card, Ticket
from models.core.base import RuleBrokenError

THREAD_COMMANDS_USAGE = (
    "In a card's thread I understand `@Heard reply <your text>`, `claim`, `release`, `take over`, "
    "`assign @teammate`, `snooze 2h`, `issue <title>`, `done <reason>`, `reopen`, "
    "`mute author`, `undo` and `drafts`. Everything else in the thread stays private."
)


@dataclass(frozen=True, slots=True)
class Lookups:
    """What a command needs to know of Slack, asked before the ledger is held."""

    until: snooze.SnoozeUntil | None = None  # of a snooze
    to: str | None = None  # of an assign
    refused: str | None = None  # why it cannot be done


@dataclass(frozen=True, slots=True)
class CommandOnTicket:
    """A command about the ticket of its thread, which is held."""

    ctx: BotContext
    session: Session
    ticket: Ticket
    said: ThreadCommand
    known: Lookups


@door.mention()
def run_command(act: Act[ThreadCommand]) -> str | None:
    """Do what was said, once, however often Slack tells us."""
    ctx, said = act.ctx, act.value
    known = _look_up(ctx, said)
    with act.change_once() as session:
        channel, thread = said.who.channel, said.who.thread_ts
        card = Card.find_by_message(session, channel, thread) if channel and thread else None
        if card is None:
            otherwise = "I only take commands in a card's thread. Try `/mentions help`."
            return no_card_text(session, channel, thread, otherwise) if channel and thread else otherwise
        if known.refused is not None:
            return known.refused
        ticket = Ticket.lock(session, card.ticket_id)
        verb = _COMMAND_HANDLERS.get(said.verb)
        if verb is not None:
            return verb(CommandOnTicket(ctx, session, ticket, said, known))
        if said.verb == "reply":
            previews = [save_draft(ctx, session, ticket, said.who, typed=said.typed, source=_source(said))]
        elif said.verb == "drafts":
            previews = load_draft_previews(ctx, session, ticket, said.who)
        else:
            return THREAD_COMMANDS_USAGE
    for preview in previews:
        show_preview(ctx, said.who, preview)
    return None if previews else "You have no drafts here."


def _look_up(ctx: BotContext, said: ThreadCommand) -> Lookups:
    """What has to be asked of Slack first, and so not within a transaction: clocks and people."""
    try:
        if said.verb == "snooze":
            return Lookups(until=snooze.parse_until(ctx, said.who.id, said.rest))
        if said.verb == "assign":
            to = assignee.parse_assignee(said.rest, said.who.id)
            is_private = _is_private(ctx, said.who)
            assignee.check_assignable(ctx, to, channel=said.who.channel, is_private=is_private)
            return Lookups(to=to)
    except RuleBrokenError as error:
        return Lookups(refused=str(error))
    return Lookups()


def _is_private(ctx: BotContext, who: Actor) -> bool:
    """Whether the thread is about a mention that not everybody can see."""
    if who.channel is None or who.thread_ts is None:
        return False
    with ctx.db.read() as session:
        card = Card.find_by_message(session, who.channel, who.thread_ts)
        return card is not None and session.get_one(Ticket, card.ticket_id).is_private


def _source(said: ThreadCommand) -> DraftSource:
    """The message that the words come from, which shows what becomes of them."""
    return DraftSource("thread", said.who.channel or "", said.ts)


# --- plain words --------------------------------------------------------------------------------------------


def _claim(on: CommandOnTicket) -> str | None:
    return claim_ticket(on.ctx, on.session, on.ticket, by=on.said.who.id)


def _release(on: CommandOnTicket) -> None:
    on.ticket.release(on.session, by=on.said.who.id, at=on.ctx.now())


def _take_over(on: CommandOnTicket) -> str | None:
    return take_over_ticket(on.ctx, on.session, on.ticket, by=on.said.who.id)


def _assign(on: CommandOnTicket) -> None:
    assert on.known.to is not None
    assign_ticket(on.ctx, on.session, on.ticket, to=on.known.to, by=on.said.who.id)


def _done(on: CommandOnTicket) -> None:
    reason = shorten_reason(on.said.rest).lstrip("-–—:,. ")
    close_ticket(on.ctx, on.session, on.ticket, who=on.said.who, reason=reason or "other")


def _reopen(on: CommandOnTicket) -> None:
    sla_policy = on.ctx.sla_policy(on.session, on.ticket.channel)
    on.ticket.reopen(on.session, by=on.said.who.id, at=on.ctx.now(), sla_policy=sla_policy)


def _issue(on: CommandOnTicket) -> str | None:
    return add.add_from_thread(on.ctx, on.session, on.ticket, words=on.said.rest, by=on.said.who.id)


def _mute(on: CommandOnTicket) -> str | None:
    return from_thread.offer(on.ctx, on.session, on.ticket, on.said.who, on.said.rest)


def _snooze(on: CommandOnTicket) -> str | None:
    assert on.known.until is not None
    return snooze.snooze_ticket(on.ctx, on.session, on.ticket, on.known.until, by=on.said.who.id)


def _undo(on: CommandOnTicket) -> str | None:
    return undo_reply(on.ctx, on.session, on.ticket, on.said.who)


_COMMAND_HANDLERS: dict[str, Callable[[CommandOnTicket], str | None]] = {
    "claim": _claim,
    "release": _release,
    "take over": _take_over,
    "assign": _assign,
    "done": _done,
    "issue": _issue,
    "mute": _mute,
    "reopen": _reopen,
    "snooze": _snooze,
    "undo": _undo,
}
