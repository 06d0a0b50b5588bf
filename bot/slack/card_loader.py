"""Reads from the ledger what a ticket's card shows."""

from collections.abc import Mapping, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.networks.base import Network
from bot.slack.blocks.notification_text import PostReference
from bot.slack.blocks.tickets.card import author_text
from bot.slack.blocks.tickets.card_view import NO_PRIORITY, POSTS_SHOWN_MAX, CardView
from models import Account, AlsoHeard, Author, Issue, Mention, Reply, Ticket, Track
from models.core.mrkdwn import escape_entities
from models.sources.track import MENTIONS_TRACK
from models.tickets import answer_as, priorities, unconnected_accounts
from models.tickets.answer_as import AnsweringAccount
from models.tickets.delivery_state import PUBLIC_STATES, UNSETTLED_STATES
from models.tickets.state import OPEN_STATES


def load_view(session: Session, ticket: Ticket, network: Network | None) -> CardView:
    """Read what the card of `ticket` shows; `network` is None where nothing is known of its network."""
    query = select(Mention).where(Mention.ticket_id == ticket.id)
    newest = session.scalars(
        query.order_by(Mention.posted_at.desc(), Mention.id.desc()).limit(POSTS_SHOWN_MAX)
    ).all()
    count = session.scalar(select(func.count()).where(Mention.ticket_id == ticket.id)) or 0
    others = select(func.count()).where(Ticket.author_id == ticket.author_id, Ticket.id != ticket.id)
    ours, replies = answer_as.load_ours(session, ticket.network), _load_replies(session, ticket)
    names = {account_id: one.at_handle.removeprefix("@") for account_id, one in ours.items()}
    account = answer_as.load_accounts(session, ticket, ours)[0]
    heard = _accounts_that_heard(session, ticket, newest, ours)
    reasons = AlsoHeard.reasons_of(session, [mention.id for mention in newest])
    if not _is_addressed(session, newest, reasons):
        heard = ()  # it was found by a search, and is written to nobody
    disconnected = _find_disconnected(session, ticket, replies, account.account_id)
    return CardView(
        ticket=ticket,
        author=session.get_one(Author, ticket.author_id),
        mentions=tuple(reversed(newest)),
        hidden_count=count - len(newest),
        replies=replies,
        earlier_tickets=session.scalar(others) or 0,
        network=network,
        title=network.title if network is not None else ticket.network,
        account=account.name,
        account_id=account.account_id,
        connected=tuple(one.name for one in heard if not _is_left(ours, one)),
        left=tuple(one.name for one in heard if _is_left(ours, one)),
        further_reasons={one: tuple(row.matched for row in rows) for one, rows in reasons.items()},
        reply_accounts={one.id: names.get(one.account_id, account.name) for one in replies},
        issues=tuple(Issue.of(session, ticket.id)),
        is_disconnected=disconnected is not None,
        disconnected=names.get(disconnected) if disconnected is not None else None,
        priority=priorities.read_priority(session, ticket) if ticket.state in OPEN_STATES else NO_PRIORITY,
    )


def _accounts_that_heard(
    session: Session, ticket: Ticket, newest: Sequence[Mention], ours: Mapping[str, Account]
) -> tuple[AnsweringAccount, ...]:
    """Our accounts that heard the posts shown, those of the newest first; if there are none, the ticket's."""
    found: dict[str, AnsweringAccount] = {}
    refusals = answer_as.load_refusals(session, newest)
    for mention in newest:
        for one in answer_as.order_hearers(mention, refusals[mention.id], ours):
            found.setdefault(one.account_id, one)
    return tuple(found.values()) or answer_as.load_accounts(session, ticket, ours)


def _is_addressed(
    session: Session, mentions: Sequence[Mention], reasons: Mapping[int, Sequence[AlsoHeard]]
) -> bool:
    """Whether any of these posts is there for more than what a search found."""
    tracks = {mention.track_id for mention in mentions}
    tracks |= {row.track_id for rows in reasons.values() for row in rows}
    query = select(Track.id).where(Track.id.in_(tracks - {None}), Track.kind != MENTIONS_TRACK)
    return not tracks or bool(tracks - set(session.scalars(query)))


def _is_left(ours: Mapping[str, Account], one: AnsweringAccount) -> bool:
    """Whether Heard has no credentials for it any more; one that was never seen is not left."""
    return one.account_id in ours and not one.is_connected


def _find_disconnected(
    session: Session, ticket: Ticket, replies: Sequence[Reply], account_id: str
) -> str | None:
    """The first account that is missing of those that we would answer as, or that a reply goes out as."""
    wanted = [one.account_id for one in replies if one.state in UNSETTLED_STATES]
    if ticket.state in OPEN_STATES:
        wanted.insert(0, account_id)
    for one in wanted:
        if unconnected_accounts.find_alarm(session, ticket.network, one) is not None:
            return one
    return None


def _load_replies(session: Session, ticket: Ticket) -> tuple[Reply, ...]:
    query = select(Reply).where(
        Reply.ticket_id == ticket.id, Reply.state.in_((*UNSETTLED_STATES, *PUBLIC_STATES))
    )
    found = session.scalars(query.order_by(Reply.turn.desc(), Reply.id.desc())).all()
    spoken = [reply for reply in found if reply.state in PUBLIC_STATES][:1]
    return tuple(
        sorted([r for r in found if r.state in UNSETTLED_STATES] + spoken, key=lambda r: (r.turn, r.id))
    )


def load_post_reference(session: Session, ticket: Ticket, title: str) -> PostReference:
    """Whose post a message in the ticket's thread is about, where, and what they wrote."""
    newest = session.scalar(
        select(Mention).where(
            Mention.ticket_id == ticket.id,
            Mention.post_id == ticket.target_post_id,
            Mention.deleted_at.is_(None),
        )
    )
    author = session.get_one(Author, ticket.author_id)
    return PostReference(
        f"{author_text(author)} on {escape_entities(title)}",
        newest.display_text if newest is not None else None,
    )
