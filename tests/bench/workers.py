"""One, two and four workers at the same PostgreSQL: how many replies go out in a second."""

import uuid
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime

from sqlalchemy import select

from models import Ticket
from models.core.database import Database
from sandbox.x import XServer
from tests.bench.figures import Figure
from tests.bench.stage import Stage, stage, until, work
from tests.stage import fill, incoming

REPLIES, SLOW = 400, 0.2  # of that many seconds X takes for each
PUBLISH = "POST /2/tweets"


def measure(new_database: Callable[[], str]) -> list[Figure]:
    """The same queue for each crew, at an X that takes its time as the real one does."""
    rates = {workers: _rate(new_database(), workers) for workers in (1, 2, 4)}
    grows = rates[1] < rates[2] < rates[4]
    said = ", ".join(f"{workers}: {rate:.1f}" for workers, rate in rates.items())
    return [
        Figure(f"Replies a second by workers, X taking {SLOW * 1000:.0f} ms", said, "grows with them", grows)
    ]


def _rate(url: str, workers: int) -> float:
    with stage(url) as on, ExitStack() as crew:
        on.x.world.limits.factor = 1_000
        _queue(url, on.x)
        on.x.world.faults.add(PUBLISH, "slow", seconds=SLOW)
        for _ in range(workers):
            crew.enter_context(work(on, slack_posts_per_second=1000, slack_updates_per_minute=60_000))
        until(on.counter(f"SELECT count(*) = {REPLIES} FROM replies WHERE state = 'published'"), every=0.1)
        assert len(_published(on)) == REPLIES
        times = sorted(_published(on))
    middle = times[REPLIES // 10 : -REPLIES // 10]  # while all of them were there
    return (len(middle) - 1) / (middle[-1] - middle[0])


def _published(on: Stage) -> list[float]:
    return on.asked(PUBLISH)


def _queue(url: str, x: XServer) -> None:
    """Replies that are due, each to a mention of its own."""
    at, database = datetime.now(UTC), Database(url)
    x.world.add_user("fan", "Fan")
    posts = [x.world.post("fan", f"@acmebrew question {number}") for number in range(REPLIES)]
    said = [incoming(one.id, one.author_id, one.text, at) for one in posts]
    fill(database, said, at=at, account_id=x.world.brand.id)
    with database.write() as session:
        for ticket_id in session.scalars(select(Ticket.id)).all():
            ticket = Ticket.lock(session, ticket_id)
            ticket.reply(
                session,
                text=f"Answer {ticket_id}",
                by="U0ANA",
                at=at,
                turn=1,
                to_post_id=ticket.target_post_id,
                undo_until=at,
                key=uuid.uuid4().hex,
            )
    database.close()
