"""What is past its time: counted, driven on where that helps, told once, and heard of outside by silence."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from sqlalchemy import update

from bot.ingest import missing_posts
from bot.ingest.refresh_post import refresh_target
from bot.jobs import watchdog
from bot.networks.errors import Later
from models import Alarm, Notice, Reply, Ticket
from models.tickets.delivery_state import DeliveryState
from tests.bot.room import Clock, Counting, Room, room
from tests.bot.test_metrics import figures
from tests.stage import default_sla

Open = Callable[[str], AbstractContextManager[Room]]


@pytest.fixture
def waiting(here: Room, network: Counting) -> Room:
    """A desk with one ticket, whose card and whatever else was shown long ago."""
    network.says("maria", "@acmebrew hello")
    here.poll()
    with here.ctx.db.write() as session:
        session.execute(update(Ticket).values(drawn_revision=Ticket.revision))
    return here


def kinds(here: Room) -> list[str]:
    return [one.kind for one in watchdog.run_checks(here.ctx)]


def pass_by(here: Room, **time: float) -> None:
    """Let time pass, in which mentions are read as they should be."""
    here.clock.pass_by(**time)
    here.poll()


def test_nothing_is_past_its_time_in_a_healthy_ledger(waiting: Room) -> None:
    waiting.submit(1, "Hi!")
    waiting.send()
    waiting.clock.pass_by(30)

    assert kinds(waiting) == []
    assert waiting.told() == []


@pytest.mark.both_engines
def test_words_that_should_have_gone_are_told_of(waiting: Room, network: Counting) -> None:
    [mention] = waiting.mentions()
    network.hides(mention.post_id)
    refresh_target(waiting.ctx, 1)
    pass_by(waiting, hours=23, minutes=20)

    assert "words" in kinds(waiting)
    told = next(one for one in waiting.told() if "should have been removed" in one)
    assert "20 min" in told

    missing_posts.run_due(waiting.ctx)
    assert "words" not in kinds(waiting)


def test_a_reply_that_no_loop_takes_on_is_told_once_and_counted(waiting: Room) -> None:
    waiting.submit(1, "Hi!")
    pass_by(waiting, minutes=5)

    assert [kinds(waiting) for _ in range(3)] == [["replies"]] * 3
    [told] = waiting.told()
    assert "1 reply got stuck" in told
    assert "5 min" in told
    assert figures(waiting)["heard_overdue", "replies"] == 1

    waiting.send()
    with waiting.ctx.db.write() as session:
        session.execute(update(Ticket).values(drawn_revision=Ticket.revision))
    assert kinds(waiting) == []
    with waiting.ctx.db.read() as session:
        assert Alarm.active(session) == []


@pytest.mark.both_engines
def test_a_reply_without_a_next_step_gets_one(waiting: Room) -> None:
    reply = waiting.submit(1, "Hi!")
    with waiting.ctx.db.write() as session:
        session.execute(update(Reply).values(due_at=None))

    assert kinds(waiting) == ["stranded replies"]
    waiting.send()

    assert waiting.state(reply) == DeliveryState.PUBLISHED


def test_a_reply_behind_a_breaker_is_not_past_its_time(waiting: Room, network: Counting) -> None:
    waiting.submit(1, "Hi!")
    for _ in range(30):
        network.fails("publish", Later(None, "out of credit", "No credit."))
        waiting.send()
        assert "replies" not in kinds(waiting)
        pass_by(waiting, seconds=20)


@pytest.mark.both_engines
def test_a_card_that_is_not_drawn_is_noticed_after_ten_minutes(here: Room, network: Counting) -> None:
    network.says("maria", "@acmebrew hello")
    here.poll()
    pass_by(here, minutes=9.5)
    assert kinds(here) == []
    pass_by(here, minutes=1)

    assert kinds(here) == ["cards"]


@pytest.mark.both_engines
def test_a_message_that_is_not_told_is_noticed(here: Room) -> None:
    here.poll()
    with here.ctx.db.write() as session:
        Notice.enqueue(session, "a word", at=here.clock(), channel="C0MENTIONS")
    pass_by(here, minutes=11)

    assert kinds(here) == ["notices"]
    assert here.told() == ["a word"]


@pytest.mark.both_engines
def test_a_snooze_that_did_not_end_is_ended(waiting: Room) -> None:
    with waiting.ctx.db.write() as session:
        until = waiting.clock() + timedelta(minutes=5)
        Ticket.lock(session, 1).snooze(
            session, until=until, by="U0ANA", at=waiting.clock(), sla_policy=default_sla(waiting.ctx)
        )
        session.execute(update(Ticket).values(drawn_revision=Ticket.revision))
    pass_by(waiting, minutes=7)

    assert kinds(waiting) == ["snoozes"]
    assert waiting.ticket().state == "waiting"


def test_mentions_that_nobody_reads_are_noticed(waiting: Room) -> None:
    waiting.clock.pass_by(minutes=30)

    assert kinds(waiting) == ["readings"]
    assert "Mentions were not read" in waiting.told()[0]


@pytest.mark.both_engines
def test_a_network_that_does_not_answer_is_not_told_twice(waiting: Room, network: Counting) -> None:
    for _ in range(60):
        network.fails("mentions", Later(None, "unauthorized", "It said no."))
        waiting.poll()
        watchdog.run_checks(waiting.ctx)
        with waiting.ctx.db.write() as session:
            session.execute(update(Notice).values(ts="1.0"))
        waiting.clock.pass_by(30)

    assert len(waiting.told()) == 1
    assert figures(waiting)["heard_overdue", "readings"] == 1
    assert figures(waiting)["heard_alarm_seconds", f"reading memory {network.account().id}"] > 60


# --- the heartbeat ------------------------------------------------------------------------------------------


@pytest.fixture
def pulse() -> Iterator[tuple[str, list[str]]]:
    """An address, and what was called there."""
    calls: list[str] = []

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            calls.append(self.path)
            self.send_response(500 if "broken" in self.path else 200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", calls
    server.shutdown()
    server.server_close()


@pytest.fixture
def open_room(database_url: str, clock: Clock, network: Counting) -> Open:
    """Opens a desk that calls the given address."""
    return lambda address: room(database_url, clock, network, heartbeat_url=address)


def test_the_heart_beats_while_nothing_is_past_its_time(
    open_room: Open, pulse: tuple[str, list[str]]
) -> None:
    address, calls = pulse
    with open_room(f"{address}/s3cret") as here:
        here.poll()
        watchdog.run_checks(here.ctx)
        assert calls == ["/s3cret"]

        here.clock.pass_by(minutes=30)  # nobody reads
        watchdog.run_checks(here.ctx)
        assert calls == ["/s3cret"]


@pytest.mark.parametrize("path", ["broken-s3cret", "down"])
def test_a_heartbeat_that_is_not_taken_harms_nothing_and_says_no_secret(
    open_room: Open, pulse: tuple[str, list[str]], caplog: pytest.LogCaptureFixture, path: str
) -> None:
    address = "http://127.0.0.1:9/down-s3cret" if path == "down" else f"{pulse[0]}/{path}"
    with open_room(address) as here:
        here.poll()
        assert watchdog.run_checks(here.ctx) == []

    assert "the heartbeat URL could not be called" in caplog.text
    assert "s3cret" not in caplog.text
