"""Muting and unmuting: what it closes at once, what it leaves to those at work on it, and who did it.

Whoever mutes locks the network's cursors first, as readings do, and then the tickets: so no reading that
began before can open a ticket that the mute would have had to close.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from sqlalchemy import ColumnElement, Select, false, select
from sqlalchemy.orm import Session

from models.core.audit_event import Event
from models.core.base import RuleBrokenError, add_if_absent
from models.core.mrkdwn import escape_entities
from models.sources.author import Author
from models.sources.cursor import Cursor
from models.sources.mute import (
    AUTHOR_MUTE,
    CONVERSATION_MUTE,
    EVERY_NETWORK,
    WORDS_MUTE,
    Mute,
    MuteKind,
)
from models.tickets.delivery_state import MAYBE_SENT_STATES
from models.tickets.reply import Reply
from models.tickets.ticket import CANARY_NETWORK, Ticket
from models.tracks.query import TrackQueryError, parse_query

MAX_WORD_MUTES = 1_000  # that hold at once: each post is compared with all of them
WHY_MAX_CHARS = 200


class MuteRuleError(RuleBrokenError):
    """Something that cannot be muted or unmuted like that."""


@dataclass(frozen=True, slots=True)
class MuteDraft:
    """What somebody wants to mute; the fields are those of `Mute`."""

    kind: MuteKind
    network: str
    value: str
    ticket_id: int | None = None
    channel: str | None = None
    why: str | None = None


@dataclass(frozen=True, slots=True)
class KeptTicket:
    """An open ticket that a mute leaves open, because it has an owner, an open composer, or a reply.

    "sending" means that the reply may be public, "reply" that it waits. `who` is at work on it.
    """

    ticket_id: int
    who: str
    because: Literal["owner", "composer", "reply", "sending"]


@dataclass(slots=True)
class MuteEffect:
    """What a mute closes, by the tickets' ids, what it leaves open, and which replies it cancels.

    `mute` is None where nobody has muted yet, but only asked what that would do.
    """

    mute: Mute | None = None
    closed: list[int] = field(default_factory=list)
    kept: list[KeptTicket] = field(default_factory=list)
    cancelled: list[Reply] = field(default_factory=list)


def conversation_of(ticket: Ticket) -> MuteDraft:
    """Returns the draft that mutes the whole conversation that the ticket is in, whoever posts there."""
    return MuteDraft(CONVERSATION_MUTE, ticket.network, ticket.conversation_id, ticket.id)


def author_of(author: Author) -> MuteDraft:
    """Returns the draft that mutes that author, whatever they are called later."""
    return MuteDraft(AUTHOR_MUTE, author.network, str(author.id))


def words(typed: str, network: str = EVERY_NETWORK) -> MuteDraft:
    """Returns the draft that mutes posts with these words. Raises `MuteRuleError` with a sentence."""
    try:
        query = parse_query(typed, noun="mute")
    except TrackQueryError as error:
        raise MuteRuleError(escape_entities(str(error))) from None
    terms = [term for group in (*query.alternatives, query.excluded) for term in group]
    quotes = next((term.spelled for term in terms if term.kind == "quotes"), None)
    if quotes is not None:  # new posts are compared by their words alone
        shown = escape_entities(quotes)
        raise MuteRuleError(
            f"A mute looks at the words of a post and not at what it quotes, so remove “{shown}”."
        )
    return MuteDraft(WORDS_MUTE, network, query.canonical)


def check_new(session: Session, draft: MuteDraft) -> None:
    """Raise `MuteRuleError` with a sentence if it is muted already, or is Heard's own test mention."""
    _check_no_test(draft)
    found = _active(session, draft)
    if found is not None:
        raise MuteRuleError(_already_text(found))


def preview(session: Session, draft: MuteDraft, *, by: str, at: datetime) -> MuteEffect:
    """Returns what `mute` would close now, and what it would leave open; changes nothing."""
    effect = MuteEffect()
    for ticket in session.scalars(_open_tickets(draft)):
        kept = _why_kept(session, ticket, by=by, at=at)
        if kept is None:
            effect.closed.append(ticket.id)
        else:
            effect.kept.append(kept)
    return effect


def mute(session: Session, draft: MuteDraft, *, by: str, at: datetime) -> MuteEffect:
    """Mute it from now on. Open tickets of a conversation or an author are closed as *muted*.

    Those that somebody else is at work on, or whose reply may be public, stay open. Words close nothing.
    Raises `MuteRuleError` if it is muted already or is Heard's own test mention, or if there are too many
    mutes of words.
    """
    _check_no_test(draft)
    if draft.kind != WORDS_MUTE:
        Cursor.lock_mentions(session, draft.network, None, at=at)
    else:
        _check_number(session)
    what = {"kind": draft.kind, "network": draft.network, "value": draft.value}
    more = {"ticket_id": draft.ticket_id, "channel": draft.channel, "why": draft.why}
    was_added = add_if_absent(session, Mute, **what, **more, created_by=by, created_at=at)
    found = _active(session, draft)
    if not was_added or found is None:
        raise MuteRuleError(_already_text(found))
    effect = MuteEffect(found)
    Event.record(session, "mute", at=at, by=by, data=_describe(found))
    query = _open_tickets(draft).with_for_update().execution_options(populate_existing=True)
    for ticket in session.scalars(query).all():
        kept = _why_kept(session, ticket, by=by, at=at)
        if kept is not None:
            effect.kept.append(kept)
            continue
        effect.cancelled += ticket.close_muted(session, found, at=at)
        effect.closed.append(ticket.id)
    return effect


def unmute(session: Session, mute_id: int, *, by: str, at: datetime) -> Mute:
    """End a mute and return it. What it has muted stays so. Raises `MuteRuleError` if there is none."""
    query = select(Mute).where(Mute.id == mute_id).with_for_update()
    found = session.scalar(query.execution_options(populate_existing=True))
    if found is None:
        raise MuteRuleError(f"There is no mute {mute_id}. `/mentions mutes` lists all of them.")
    if found.removed_at is not None:
        raise MuteRuleError(f"<@{found.removed_by}> ended mute {mute_id} already.")
    found.removed_by, found.removed_at = by, at
    Event.record(session, "unmute", at=at, by=by, data=_describe(found))
    return found


def _active(session: Session, draft: MuteDraft) -> Mute | None:
    query = select(Mute).where(
        Mute.kind == draft.kind,
        Mute.network == draft.network,
        Mute.value == draft.value,
        Mute.removed_at.is_(None),
    )
    return session.scalar(query)


def _check_no_test(draft: MuteDraft) -> None:
    """A test mention that is muted would be shown nowhere, and nobody would hear that Slack shows nothing."""
    if draft.network == CANARY_NETWORK:
        raise MuteRuleError("This is Heard's own test mention, which cannot be muted.")


def _check_number(session: Session) -> None:
    active = select(Mute.id).where(Mute.kind == WORDS_MUTE, Mute.removed_at.is_(None))
    if len(session.scalars(active.limit(MAX_WORD_MUTES)).all()) == MAX_WORD_MUTES:
        raise MuteRuleError(f"Heard mutes words at most {MAX_WORD_MUTES:,} times; unmute some first.")


def _already_text(found: Mute | None) -> str:
    if found is None:  # somebody has muted it a moment ago, and ended that just now
        return "Someone else muted and unmuted this just now. Please try again."
    return f"That is muted already: mute {found.id}, by <@{found.created_by}>."


def _open_tickets(draft: MuteDraft) -> Select[Ticket]:
    """The open tickets that the mute is about, in the order in which they are locked."""
    return select(Ticket).where(Ticket.is_open(), *_about(draft)).order_by(Ticket.id)


def _about(draft: MuteDraft) -> Sequence[ColumnElement[bool]]:
    if draft.kind == CONVERSATION_MUTE:
        here = Ticket.conversation_id == draft.value
        return (Ticket.network == draft.network, Ticket.network != CANARY_NETWORK, here)
    if draft.kind == AUTHOR_MUTE:
        return (Ticket.author_id == int(draft.value), Ticket.network != CANARY_NETWORK)
    return (false(),)  # what waits already was seen: words close nothing


def _why_kept(session: Session, ticket: Ticket, *, by: str, at: datetime) -> KeptTicket | None:
    for reply in ticket.unsettled(session):
        if reply.state in MAYBE_SENT_STATES:
            return KeptTicket(ticket.id, reply.actor, "sending")
        if reply.actor != by:
            return KeptTicket(ticket.id, reply.actor, "reply")
    if ticket.owner not in {None, by}:
        return KeptTicket(ticket.id, str(ticket.owner), "owner")
    if ticket.is_composed(at) and ticket.composer != by:
        return KeptTicket(ticket.id, str(ticket.composer), "composer")
    return None


def _describe(mute: Mute) -> dict[str, object]:
    return {
        "mute": mute.id,
        "kind": mute.kind,
        "network": mute.network,
        "value": mute.value,
        "reason": mute.why,
    }
