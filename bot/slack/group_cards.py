"""Ledger → Slack: the cards that several tickets share. `cards.py` makes the calls."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from sqlalchemy import Select, case, false, func, or_, select, update
from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.slack.blocks.groups import card as face
from bot.slack.blocks.groups.group_view import NAMES_SHOWN_MAX, ROWS_SHOWN_MAX, GroupRow, GroupView
from bot.slack.blocks.tickets.priority_line import short_text
from bot.slack.call_budget import (
    UPDATE_LIMIT_KEY,
    blocked_channels,
    is_free,
    is_free_condition,
    limit_key,
    reserve_call,
)
from bot.slack.slack_call import BLOCKS_REJECTED_ERRORS, SLACK_CALL_LEASE, SlackCall
from models import Author, GroupClosing, Mention, Ticket, TicketGroup
from models.core.mrkdwn import escape_entities
from models.priority.score import Priority
from models.slack.ticket_group import GroupKind
from models.sources.attachment import Attachment, display_text
from models.tickets import priorities
from models.tickets.state import TicketState

BATCH_MAX_ROWS = 50
REDRAW_SHARE = 8  # updates of the workspace to one of a shared card
ANSWERS_US = "answers us"  # as `Mention.matched` says it


def list_stale(ctx: BotContext, spent: Collection[str]) -> list[tuple[int, str]]:
    """Groups whose card is missing or old, each with the budget that it needs, if that is not `spent`."""
    at = ctx.now()
    changed = select(Ticket.group_id).where(
        Ticket.drawn_revision < Ticket.revision, Ticket.group_id.is_not(None), Ticket.has_no_card()
    )
    query = (
        select(TicketGroup.id, TicketGroup.channel, TicketGroup.ts)
        .where(or_(TicketGroup.is_stale(at), TicketGroup.id.in_(changed)))
        .where(is_free_condition(TicketGroup, at))
        .where(or_(TicketGroup.ts.is_not(None), TicketGroup.channel.not_in(blocked_channels(spent))))
        .order_by(TicketGroup.redraw_at.is_(None), TicketGroup.id)
        .limit(BATCH_MAX_ROWS)
    )
    if UPDATE_LIMIT_KEY in spent:
        query = query.where(TicketGroup.ts.is_(None))
    with ctx.db.read() as session:
        return [(row.id, limit_key(row.channel, posts=row.ts is None)) for row in session.execute(query)]


def begin(ctx: BotContext, group_id: int) -> SlackCall | float | None:
    """Lease the card of the group and draw it; a number is how long to wait for the budget."""
    with ctx.db.write() as session:
        at = ctx.now()
        changed = _take_changes(session, group_id)
        group = TicketGroup.lock(session, group_id)
        if changed:
            group.change(at)
        is_due = group.redraw_at is not None and group.redraw_at <= at
        if (group.drawn_revision >= group.revision and not is_due) or not is_free(group, at):
            return None
        doubtful = group.placing_since
        view = load_group_view(ctx, session, group, at)
        if group.ts is None and doubtful is None and view.total == view.muted:
            group.drawn_revision = group.revision  # all have left it or are muted: there is nothing to show
            return None
        wait = reserve_call(ctx, session, group.channel, posts=group.ts is None, at=at)
        if wait > 0:
            return wait
        if is_due:
            open_until = [one.undo_until for one in GroupClosing.open_of(session, group.id, at)]
            group.redraw_at = min(open_until, default=None)
        group.leased_until = at + SLACK_CALL_LEASE
        if group.ts is None:
            group.placing_since = doubtful or at
        is_plain = group.failure in BLOCKS_REJECTED_ERRORS
        return SlackCall(
            row_id=group.id,
            ticket_id=None,
            key=group.key,
            limit_key=limit_key(group.channel, posts=group.ts is None),
            channel=group.channel,
            ts=group.ts,
            thread_ts=None,
            doubtful_since=doubtful,
            until=at + SLACK_CALL_LEASE,
            revision=group.revision,
            text=face.summary_text(view),
            blocks=face.build_plain_card(view) if is_plain else face.build_card(view),
            is_plain=is_plain,
        )


def record_shown(session: Session, job: SlackCall, at: datetime) -> None:
    """Write down when its tickets were in Slack for the first time; older cards lead to a new message."""
    options = {"synchronize_session": False}
    new_lines = ~Ticket.has_no_card() if job.ts is None else false()
    Ticket.lock_all(session, Ticket.group_id == job.row_id, or_(Ticket.shown_at.is_(None), new_lines))
    new = update(Ticket).where(Ticket.group_id == job.row_id, Ticket.shown_at.is_(None))
    seen = new.where(Ticket.drawn_revision >= Ticket.revision)
    session.execute(seen.values(shown_at=at), execution_options=options)
    if job.ts is None:
        lines = update(Ticket).where(Ticket.group_id == job.row_id, ~Ticket.has_no_card())
        session.execute(lines.values(revision=Ticket.revision + 1), execution_options=options)


def redraw_distance(ctx: BotContext) -> timedelta:
    """How far apart updates of one shared card are: it takes at most an eighth of the workspace's budget."""
    return timedelta(seconds=REDRAW_SHARE * 60 / ctx.settings.slack_updates_per_minute)


def _take_changes(session: Session, group_id: int) -> bool:
    """Count the changes of its tickets as changes of its card; whether there were any."""
    stale = select(Ticket.id).where(
        Ticket.group_id == group_id, Ticket.drawn_revision < Ticket.revision, Ticket.has_no_card()
    )
    ids = list(session.scalars(stale.order_by(Ticket.id).with_for_update()))
    drawn = update(Ticket).where(Ticket.id.in_(ids)).values(drawn_revision=Ticket.revision)
    if ids:
        session.execute(drawn, execution_options={"synchronize_session": False})
    return bool(ids)


# --- what is shown ------------------------------------------------------------------------------------------


def load_group_view(ctx: BotContext, session: Session, group: TicketGroup, at: datetime) -> GroupView:
    """Read what the card of `group` shows."""
    most = NAMES_SHOWN_MAX if group.kind == GroupKind.COPIES else ROWS_SHOWN_MAX
    return GroupView(
        group=group,
        counts=count_states(session, group.id),
        rows=load_rows(ctx, session, group.id, limit=most, only_waiting=True),
        title=_titles(ctx, session, group),
        closings=tuple(GroupClosing.open_of(session, group.id, at)),
        answers_us=group.kind == GroupKind.CONVERSATION and _answers_us(session, group.id),
    )


def _answers_us(session: Session, group_id: int) -> bool:
    """Whether each ticket of the group was opened by an answer to a post of ours."""
    why = select(Mention.matched).join(Ticket, Mention.is_post_of(Ticket.id, Ticket.target_post_id))
    return set(session.scalars(why.where(Ticket.group_id == group_id).distinct())) == {ANSWERS_US}


def count_states(session: Session, group_id: int) -> dict[str, int]:
    """Returns how many tickets of the group have each state."""
    here = select(Ticket.state, func.count()).where(Ticket.group_id == group_id)
    rows = session.execute(here.group_by(Ticket.state).order_by(Ticket.state))
    return {state: count for state, count in rows}  # noqa: C416 - rows are no pairs to mypy


def load_rows(
    ctx: BotContext,
    session: Session,
    group_id: int,
    *,
    limit: int,
    offset: int = 0,
    only_waiting: bool = False,
) -> tuple[GroupRow, ...]:
    """Returns tickets of the group: those that wait first, and of these the most urgent first."""
    query = select(Ticket.id).where(Ticket.group_id == group_id)
    if only_waiting:
        query = query.where(Ticket.state == TicketState.WAITING)
    points = priorities.priority_points(ctx.now(), priorities.load_weights(session))
    order = (case((Ticket.state == TicketState.WAITING, 0), else_=1), points.desc(), Ticket.waiting_since)
    # The ids first: thousands may share a card, and of the others nothing need be read.
    ids = session.scalars(query.order_by(*order, Ticket.id).offset(offset).limit(limit)).all()
    rows = session.execute(_select_rows().where(Ticket.id.in_(ids)))
    found = {ticket.id: _row(ctx, ticket, mention, author) for ticket, mention, author in rows}
    return tuple(found[one] for one in ids if one in found)


def _select_rows() -> Select[Ticket, Mention, Author]:
    return (
        select(Ticket, Mention, Author)
        .join(Author, Author.id == Ticket.author_id)
        .join(Mention, Mention.is_post_of(Ticket.id, Ticket.target_post_id))
    )


def _row(ctx: BotContext, ticket: Ticket, mention: Mention, author: Author) -> GroupRow:
    network = ctx.networks.get(ticket.network)
    words = "" if mention.deleted_at is not None else mention.text
    return GroupRow(
        ticket_id=ticket.id,
        name=author.name,
        handle=author.handle,
        profile=network.profile_link(author.handle) if network is not None and author.handle else "",
        words=display_text(words, map(Attachment.read, mention.media or [])),
        url=mention.url,
        posted_at=mention.posted_at,
        matched=mention.matched,
        network_title=_title(ctx.network_titles, ticket.network),
        state=ticket.state,
        why_first=short_text(Priority.read(ticket.priority_reasons)),
        composer=ticket.composer,
        network=ticket.network,
    )


def _titles(ctx: BotContext, session: Session, group: TicketGroup) -> str:
    """The networks of its tickets, as people read them."""
    names = [group.network] if group.network else _networks(session, group.id)
    return ", ".join(_title(ctx.network_titles, name) for name in names) or "Heard"


def _networks(session: Session, group_id: int) -> list[str]:
    query = select(Ticket.network).where(Ticket.group_id == group_id).distinct().order_by(Ticket.network)
    return list(session.scalars(query))


def _title(titles: Mapping[str, str], network: str) -> str:
    return escape_entities(titles.get(network, network))
