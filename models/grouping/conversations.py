"""Many people in one conversation: from the fifth on they share a card."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from models.grouping.members import Candidate, ids_of, join_group, load_candidates, open_group
from models.slack.ticket_group import GroupKind, TicketGroup
from models.tickets.ticket import Ticket

PEOPLE_MIN = 5  # whose tickets wait in one conversation, until they share a card
TAKES_FOR = timedelta(hours=24)  # since the last one joined: who comes later is news
_WHY = "many people write in this conversation"


def group_conversations(
    session: Session, channel: str, new: Sequence[Candidate], *, at: datetime
) -> list[Candidate]:
    """Put the tickets of one conversation in `channel` on one card, if enough of them wait.

    Returns those of `new` that joined none.
    """
    grouped: set[int] = set()
    for network, conversation in sorted({(one.network, one.conversation_id) for one in new}):
        here = [one for one in new if (one.network, one.conversation_id) == (network, conversation)]
        group = TicketGroup.find_taking(
            session, GroupKind.CONVERSATION, channel, network=network, subject=conversation
        )
        if group is None:
            here = load_candidates(
                session,
                Ticket.channel == channel,
                Ticket.network == network,
                Ticket.conversation_id == conversation,
            )
            if len(here) < PEOPLE_MIN:
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
        if join_group(session, group, ids_of(here), why=_WHY, at=at):
            grouped |= ids_of(here)
    return [one for one in new if one.id not in grouped]
