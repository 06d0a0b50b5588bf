"""What a process that was killed had in its hands, and who may take it from there."""

from datetime import datetime

from sqlalchemy import update

from models import Card, Notice, Reply, TicketGroup
from models.core.database import Database
from models.tickets.delivery_state import DeliveryState


def release_all(database: Database, *, at: datetime) -> None:
    """Take at once (`at`) what a dead process held, instead of waiting for its leases to end.

    Only for whoever holds the ledger alone: then everybody whose name stands in it is dead. A reply that was
    on the wire is in doubt from now on, like one whose lease has ended.
    """
    with database.write() as session:
        for table in (Card, Notice, TicketGroup):
            session.execute(update(table).where(table.leased_until.is_not(None)).values(leased_until=None))
        on_the_wire = update(Reply).where(Reply.state == DeliveryState.SENDING)
        session.execute(on_the_wire.values(due_at=at))
