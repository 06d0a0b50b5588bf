"""Read access to the bot's database: each ticket as a timeline of who did what, and when."""

from itertools import groupby
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import Author, Event, Mention, Reply, Ticket
from models.core.database import BusyError, Database
from models.tickets.delivery_state import DeliveryState
from sandbox.demo.event_descriptions import LEADS_TO, describe

Json = dict[str, Any]


def _who(network: str, handle: str | None, name: str | None) -> str:
    """Somebody's handle as people write it there, else their name."""
    if not handle:
        return name or "somebody"
    return handle if network == "hackernews" else f"@{handle}"


class LedgerView:
    """Reads the SQLite file while the bot runs. `tickets` and `timeline` raise BusyError if it is locked."""

    def __init__(self, url: str) -> None:
        self._database = Database(url)

    def close(self) -> None:
        self._database.close()

    def mark(self) -> int:
        """Return the ID of the latest act; 0 while the database is locked."""
        try:
            with self._database.read(1.0) as session:
                return session.scalar(select(func.max(Event.id))) or 0
        except BusyError:
            return 0

    def tickets(self, limit: int) -> list[Json]:
        """Return tickets, the one with the latest act first."""
        touched = (
            select(Event.ticket_id, func.max(Event.id).label("last")).group_by(Event.ticket_id).subquery()
        )
        query = (
            select(Ticket.id, Ticket.state, Author.network, Author.handle, Author.name)
            .join(Author, Author.id == Ticket.author_id)
            .join(touched, touched.c.ticket_id == Ticket.id)
            .order_by(touched.c.last.desc())
            .limit(limit)
        )
        with self._database.read(2.0) as session:
            return [
                {"id": row.id, "state": row.state, "who": _who(row.network, row.handle, row.name)}
                for row in session.execute(query)
            ]

    def timeline(self, ticket_id: int) -> Json | None:
        """Return one ticket with every act on it, oldest first; None if there is none."""
        with self._database.read(2.0) as session:
            ticket = session.get(Ticket, ticket_id)
            if ticket is None:
                return None
            author = session.get_one(Author, ticket.author_id)
            events = session.scalars(
                select(Event).where(Event.ticket_id == ticket_id).order_by(Event.id)
            ).all()
            return {
                "id": ticket.id,
                "who": _who(author.network, author.handle, author.name),
                "name": author.name or "Somebody",
                "state": ticket.state,
                "owner": ticket.owner,
                "turn": ticket.turn,
                "revision": ticket.revision,
                "drawn": ticket.drawn_revision,
                "words": _words(session, ticket),
                "reply": _reply(session, ticket_id),
                "steps": [_step(session, event) for event in events],
            }


def _words(session: Session, ticket: Ticket) -> str:
    query = select(Mention.text).where(Mention.ticket_id == ticket.id).order_by(Mention.id.desc()).limit(1)
    return session.scalar(query) or ""


def _reply(session: Session, ticket_id: int) -> Json | None:
    """Return the last reply and the states it went through, without repeats.

    A draft counts only if no other reply belongs to this turn.
    """
    newest = (Reply.turn.desc(), Reply.state == DeliveryState.DRAFT, Reply.id.desc())
    reply = session.scalar(select(Reply).where(Reply.ticket_id == ticket_id).order_by(*newest).limit(1))
    if reply is None:
        return None
    acts = session.scalars(select(Event.act).where(Event.reply_id == reply.id).order_by(Event.id))
    path = [name for name, _ in groupby(LEADS_TO.get(act, act.removeprefix("reply ")) for act in acts)]
    if not path or path[-1] != reply.state:
        path.append(reply.state)
    return {"id": reply.id, "state": reply.state, "path": path}


def _step(session: Session, event: Event) -> Json:
    title, why = describe(event.act)
    return {
        "id": event.id,
        "at": event.at.timestamp(),
        "by": event.actor,
        "act": event.act,
        "title": title,
        "why": why,
        "text": event.text or _heard(session, event),
        "data": event.data or {},
    }


def _heard(session: Session, event: Event) -> str:
    if event.act != "mention" or event.post_id is None:
        return ""
    return session.scalar(select(Mention.text).where(Mention.post_id == event.post_id)) or ""
