"""What one process writes wakes the others."""

from collections.abc import Iterator

import pytest
from sqlalchemy import text

from bot.runtime.pg_notify import PgListener
from models import Notice
from tests import databases
from tests.bot.room import ANA, Clock, Counting, Room, room
from tests.bot.test_scheduler import eventually


@pytest.fixture
def here(postgresql: databases.Lend, tmp_path, clock: Clock, network: Counting) -> Iterator[Room]:
    with postgresql(tmp_path) as url, room(url, clock, network) as made:
        yield made


@pytest.fixture
def ear(here: Room) -> Iterator[PgListener]:
    """An ear that listens, and has heard all that was before."""
    ear = PgListener(
        here.ctx.db, here.ctx.stop, {"outbox": here.ctx.outbox_wake, "board": here.ctx.cards_wake}
    )
    ear.thread.start()
    eventually(lambda: here.ctx.outbox_wake.is_set() and here.ctx.cards_wake.is_set())
    yield ear
    here.ctx.stop.set()
    ear.thread.join(120)
    assert not ear.thread.is_alive()


def silence(here: Room) -> None:
    here.ctx.outbox_wake.clear()
    here.ctx.cards_wake.clear()


def test_a_notice_wakes_the_board(here: Room, ear: PgListener) -> None:
    silence(here)
    with here.ctx.db.write() as session:
        Notice.enqueue(session, "a word", at=here.clock(), channel="C0MENTIONS")

    eventually(here.ctx.cards_wake.is_set)
    assert not here.ctx.outbox_wake.is_set()


def test_a_reply_to_send_wakes_the_outbox_and_the_board(
    here: Room, network: Counting, ear: PgListener
) -> None:
    network.says("maria", "@acmebrew hello")
    here.poll()
    silence(here)

    here.submit(1, "Hi!", by=ANA)

    eventually(here.ctx.outbox_wake.is_set)
    eventually(here.ctx.cards_wake.is_set)


def test_a_lost_connection_is_made_again(here: Room, network: Counting, ear: PgListener) -> None:
    network.says("maria", "@acmebrew hello")
    here.poll()
    silence(here)
    listening = "query LIKE 'LISTEN%' AND datname = current_database()"
    others = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {listening}"
    with here.ctx.db.write() as session:
        assert session.execute(text(others)).all()
    eventually(here.ctx.outbox_wake.is_set)  # it listens again, and rang for what it may have missed
    silence(here)

    here.submit(1, "Hi!", by=ANA)

    eventually(here.ctx.outbox_wake.is_set)
