"""Many people in one conversation: from the fifth on they share a card."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.grouping.members import (
    Candidate,
    can_join,
    ids_of,
    join_group,
    load_candidates,
    open_group,
)
from models.slack.ticket_group import GroupKind, TicketGroup
from models.tickets.ticket import Ticket

PEOPLE_MIN = 5  # whose tickets wait in one conversation, until they share a card
TAKES_FOR = timedelta(hours=24)  # since the last one joined: who comes later is news
_WHY = "many people write in this conversation"

_Conversation = tuple[str, str]  # network and id


def group_conversations(
    session: Session, channel: str, new: Sequence[Candidate], *, at: datetime
) -> list[Candidate]:
    """Put the tickets of one conversation in `channel` on one card, if enough of them wait.

    Returns those of `new` that joined none.
    """
    here: dict[_Conversation, list[Candidate]] = defaultdict(list)
    for one in new:
        here[one.network, one.conversation_id].append(one)
    grouped: set[int] = set()
    for network, conversation in sorted(_busy(session, channel, list(here))):
        group = TicketGroup.find_taking(
            session, GroupKind.CONVERSATION, channel, network=network, subject=conversation
        )
        joining = here[network, conversation]
        if group is None:
            joining = load_candidates(
                session,
                Ticket.channel == channel,
                Ticket.network == network,
                Ticket.conversation_id == conversation,
            )
            if len(joining) < PEOPLE_MIN:
                continue
            group = open_group(
                session,
                GroupKind.CONVERSATION,
                channel,
                network=network,
                subject=conversation,
                at=at,
                taking_until=at + TAKES_FOR,
            )
        group.taking_until = max(group.taking_until, at + TAKES_FOR)
        if join_group(session, group, ids_of(joining), why=_WHY, at=at):
            grouped |= ids_of(joining)
    return [one for one in new if one.id not in grouped]


def _busy(session: Session, channel: str, conversations: Sequence[_Conversation]) -> set[_Conversation]:
    """Those that have a shared card, or enough tickets for one: two queries, however many there are."""
    names = {name for _, name in conversations}
    shared = select(TicketGroup.network, TicketGroup.subject).where(
        TicketGroup.kind == GroupKind.CONVERSATION,
        TicketGroup.channel == channel,
        TicketGroup.closed_at.is_(None),
        TicketGroup.subject.in_(names),
    )
    crowded = (
        select(Ticket.network, Ticket.conversation_id)
        .where(Ticket.channel == channel, Ticket.conversation_id.in_(names), can_join())
        .group_by(Ticket.network, Ticket.conversation_id)
        .having(func.count(Ticket.id) >= PEOPLE_MIN)
    )
    found = {(row[0], row[1]) for query in (shared, crowded) for row in session.execute(query)}
    return found & set(conversations)
