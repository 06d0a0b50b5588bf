"""What the ledger's tests start from: a moment, a place, people who speak, and a transaction that leaves no trace."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Author, Base, Mention, Ticket
from models.core.database import Database
from models.core.office_hours import ALWAYS_OPEN
from models.core.sla import SlaPolicy
from models.tickets import not_shown
from models.tickets.incoming_post import IncomingPost, IngestResult, IngestTarget
from models.tickets.ingest import ingest_page
from models.tickets.not_shown import NotShownResult

NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
OWED = timedelta(minutes=30)
Row = dict[str, Any]
PROMISE = SlaPolicy(ALWAYS_OPEN, OWED)
PLACE = IngestTarget(network="x", account_id="99", channel="C0MENTIONS", sla_policy=PROMISE)


def minute(number: float) -> datetime:
    """That many minutes after nine."""
    return NINE + timedelta(minutes=number)


def said(
    post_id: int | str, at: datetime = NINE, *, author: str = "7", conversation: str = "c1", **more: Any
) -> IncomingPost:
    """A post of `author`; unless told otherwise never edited, with its id for words."""
    given = {
        "latest_id": str(post_id),
        "order_key": str(post_id).zfill(19),
        "version_key": str(more.get("latest_id", post_id)).zfill(19),
        "text": f"words of {post_id}",
        "url": f"https://x.com/i/{post_id}",
        "matched": "mentions us",
    } | more
    return IncomingPost(
        post_id=str(post_id),
        conversation_id=conversation,
        author_id=author,
        posted_at=at,
        **given,
    )


def hear(session: Session, *posts: IncomingPost, at: datetime = NINE) -> IngestResult:
    """Take a page in."""
    taken = ingest_page(session, posts, PLACE, at=at)
    session.flush()
    return taken


def ticket(session: Session, author: str = "7", conversation: str = "c1") -> Ticket:
    """The ticket of that person in that conversation, held and fresh."""
    query = select(Ticket.id).join(Author, Author.id == Ticket.author_id)
    found = session.scalars(
        query.where(Author.network_id == author, Ticket.conversation_id == conversation)
    ).one()
    return Ticket.lock(session, found)


def mention(session: Session, post_id: str) -> Mention:
    return session.scalars(select(Mention).where(Mention.post_id == post_id)).one()


def lose(session: Session, post_id: str, *, at: datetime) -> NotShownResult:
    """The network did not show that post at three looks, the last of them `at`."""
    here = ticket_of(session, post_id)
    for before in (timedelta(hours=20), timedelta(hours=19), timedelta()):
        found = mention(session, post_id)
        lost = not_shown.record_miss(session, here, found, how="not shown", title="X", at=at - before)
        session.flush()
    return lost


def ticket_of(session: Session, post_id: str) -> Ticket:
    return Ticket.lock(session, mention(session, post_id).ticket_id)


def rows(session: Session, *tables: type[Base]) -> dict[str, list[Row]]:
    """Every row of `tables` as the database has it, whatever the session believes."""
    session.flush()
    found = {}
    for table in tables:
        query = select(table.__table__).order_by(*table.__table__.primary_key)
        found[table.__tablename__] = [dict(row) for row in session.execute(query).mappings()]
    return found


@contextmanager
def passing(db: Database) -> Iterator[Session]:
    """A session whose work is rolled back at the end, so that the next example finds the ledger empty."""
    with db.engine.connect() as connection, connection.begin() as transaction:
        with Session(connection, expire_on_commit=False, join_transaction_mode="rollback_only") as session:
            yield session
        transaction.rollback() if transaction.is_active else None


def together(*acts: Callable[[], object]) -> list[object]:
    """Do `acts` at the same moment, each in a thread of its own; what each gave or raised, in their order."""
    start, outcomes = threading.Barrier(len(acts)), dict[int, object]()

    def run(number: int, act: Callable[[], object]) -> None:
        start.wait(120)
        try:
            outcomes[number] = act()
        except Exception as error:  # noqa: BLE001 - handed to the test
            outcomes[number] = error

    threads = [threading.Thread(target=run, args=one) for one in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
        assert not thread.is_alive(), "somebody still waits"
    return [outcomes[number] for number in range(len(acts))]


def until(look: Callable[[], object], *, within: float = 15.0) -> None:
    """Wait for `look` to come true; a failure if it never does."""
    deadline = time.monotonic() + within
    while not look():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.01)


def raised(outcomes: Sequence[object]) -> list[Exception]:
    return [one for one in outcomes if isinstance(one, Exception)]
