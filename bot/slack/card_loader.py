"""Reads from the ledger what a ticket's card shows."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.networks.base import Network
from bot.slack.blocks.notification_text import PostReference
from bot.slack.blocks.tickets.card import POSTS_SHOWN_MAX, CardView, author_text
from models import Account, Author, Issue, Mention, Reply, Ticket
from models.core.mrkdwn import escape_entities
from models.tickets import unconnected_accounts
from models.tickets.delivery_state import PUBLIC_STATES, UNSETTLED_STATES


def load_view(session: Session, ticket: Ticket, network: Network | None) -> CardView:
    """Read what the card of `ticket` shows; `network` is None where nothing is known of its network."""
    query = select(Mention).where(Mention.ticket_id == ticket.id)
    newest = session.scalars(
        query.order_by(Mention.posted_at.desc(), Mention.id.desc()).limit(POSTS_SHOWN_MAX)
    ).all()
    count = session.scalar(select(func.count()).where(Mention.ticket_id == ticket.id)) or 0
    others = select(func.count()).where(Ticket.author_id == ticket.author_id, Ticket.id != ticket.id)
    ours = Account.find(session, ticket.network, ticket.account_id)
    return CardView(
        ticket=ticket,
        author=session.get_one(Author, ticket.author_id),
        mentions=tuple(reversed(newest)),
        hidden_count=count - len(newest),
        replies=_load_replies(session, ticket),
        earlier_tickets=session.scalar(others) or 0,
        network=network,
        title=network.title if network is not None else ticket.network,
        account=ours.handle if ours is not None else "us",
        issues=tuple(Issue.of(session, ticket.id)),
        is_disconnected=unconnected_accounts.find_alarm(session, ticket.network, ticket.account_id)
        is not None,
    )


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
