"""A clock that was set back (SQLite): nobody waits longer than they were meant to, and it is said."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from bot.cli import doctor
from bot.ingest import refresh_post
from bot.networks.errors import Later
from bot.notices import clock_set_back
from bot.runtime import migrations
from bot.runtime.clock import WatchedClock
from bot.scheduled_job import ScheduledJob
from bot.scheduler import Scheduler
from bot.slack import home_tab
from models import Base, Ticket
from models.core.base import Moment
from models.core.clock_set_back import wait_columns
from models.core.database import Database
from models.tickets.delivery_state import DeliveryState
from sandbox.slack import SlackServer
from tests.bot.room import Clock, Counting, Room, cards, room
from tests.bot.test_http_server import ask

STEPS = [40, 7200]  # seconds


@pytest.fixture
def url(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path}/heard.db"
    database = Database(url)
    migrations.migrate(database)
    database.close()
    return url


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def network(clock: Clock) -> Counting:
    return Counting(clock)


@contextmanager
def opened(url: str, clock: Clock, network: Counting, slack: SlackServer, **more: object) -> Iterator[Room]:
    """A desk that paces itself as Slack wants it."""
    pace = {"slack_posts_per_second": 1, "slack_updates_per_minute": 50, "undo_seconds": 10}
    with room(url, clock, network, slack=slack, **pace | more) as here:
        yield here


@pytest.fixture
def slack() -> Iterator[SlackServer]:
    with SlackServer(signing_secret="s", bot_token="xoxb-test") as slack:
        yield slack


@pytest.fixture
def here(url: str, clock: Clock, network: Counting, slack: SlackServer) -> Iterator[Room]:
    with opened(url, clock, network, slack) as here:
        here.ctx.slack.identity()
        yield here


def heard(here: Room, words: str) -> None:
    """Somebody says it, it is read, and its card has a second to be drawn."""
    assert isinstance(here.network, Counting)
    here.network.says("maria", words)
    here.poll()
    here.draw()


def drawn(slack: SlackServer) -> list[str]:
    return [str(one.blocks) for one in cards(slack)]


# --- while it runs --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", STEPS)
def test_a_card_comes_at_once_after_the_clock_was_set_back(here: Room, slack: SlackServer, step: int) -> None:
    heard(here, "@acmebrew one")
    here.clock.pass_by(-step)

    heard(here, "@acmebrew two")
    here.clock.pass_by(2)
    here.draw()

    assert any("two" in one for one in drawn(slack))


@pytest.mark.parametrize("step", STEPS)
def test_a_reply_goes_out_when_its_undo_window_is_over_all_the_same(here: Room, step: int) -> None:
    heard(here, "@acmebrew one")
    reply = here.submit(here.ticket().id, "Hello!", undo=10)
    here.send()
    here.clock.pass_by(-step)
    here.send()
    assert here.state(reply) == DeliveryState.HELD  # the window stays as long as it was promised

    here.clock.pass_by(11)
    here.send()

    assert here.state(reply) == DeliveryState.PUBLISHED


@pytest.mark.parametrize("step", STEPS)
def test_what_a_network_asked_to_wait_for_is_waited_for_no_longer(
    here: Room, network: Counting, step: int
) -> None:
    heard(here, "@acmebrew one")
    reply = here.submit(here.ticket().id, "Hello!")
    network.fails("publish", Later(here.clock() + timedelta(seconds=30), "rate limit", "Slow down."))
    network.fails("mentions", Later(here.clock() + timedelta(seconds=30), "rate limit", "Slow down."))
    here.send()
    here.poll()
    here.clock.pass_by(-step)
    here.send()

    network.says("maria", "@acmebrew two")
    here.clock.pass_by(61)
    here.poll()
    here.send()

    assert sorted(here.texts()) == ["@acmebrew one", "@acmebrew two"]
    assert here.state(reply) == DeliveryState.PUBLISHED


@pytest.mark.parametrize("step", STEPS)
def test_a_claim_a_composer_and_a_look_at_the_post_wait_no_longer(here: Room, step: int) -> None:
    heard(here, "@acmebrew one")
    with here.ctx.db.write() as session:
        ticket = Ticket.lock(session, here.ticket().id)
        ticket.claim(session, by="U0ANA", at=here.clock())
        ticket.start_composing(session, by="U0ANA", key="k", at=here.clock())
    refresh_post.refresh_target(here.ctx, ticket.id)
    before = here.ticket()
    here.clock.pass_by(-step)
    here.send()

    after = here.ticket()
    assert after.composing_until == before.composing_until - timedelta(seconds=step)
    assert after.active_at is not None
    assert after.active_at <= here.clock()
    assert refresh_post._is_due(here.ctx, after.id, None) is (step >= 60)


def test_it_is_said_to_the_channel_the_log_home_the_doctor_and_ready(
    here: Room, caplog: pytest.LogCaptureFixture
) -> None:
    heard(here, "@acmebrew one")
    here.clock.pass_by(-7200)
    status, _, content = ask(here, "/readyz")
    lines = [one.line() for one in doctor.examine(here.ctx)]

    assert status == 503
    assert json.loads(content)["why"] == "the clock was set back: it is 2 h 00 min behind the last reading"
    assert any(one.startswith("BAD   clock: was set back: it is 2 h 00 min behind") for one in lines)

    with caplog.at_level(logging.WARNING):
        here.draw()
    here.clock.pass_by(minutes=1)

    assert ask(here, "/readyz")[0] == 200
    assert "the clock was set back by 2 h 00 min" in caplog.text
    assert any(
        "warn  clock: was set back 1 min ago, by 2 h 00 min" in one.line() for one in doctor.examine(here.ctx)
    )
    assert [one for one in here.told() if "clock of Heard's machine was set back by 2 h 00 min" in one]
    with here.ctx.db.read() as session:
        shown = home_tab.read_contents(here.ctx, session, "U0ANA", zone=here.ctx.settings.office.zone)
    assert any("was set back by 2 h 00 min" in one for one in shown.alarms)


def test_a_correction_of_less_than_a_second_is_no_news(here: Room) -> None:
    heard(here, "@acmebrew one")
    here.clock.pass_by(-0.9)
    here.draw()

    assert not [one for one in here.told() if "clock" in one]


def test_nothing_is_moved_twice(here: Room) -> None:
    heard(here, "@acmebrew one")
    reply = here.submit(here.ticket().id, "Hello!", undo=10)
    here.clock.pass_by(-7200)
    for _ in range(3):
        here.send()
        here.draw()
        here.poll()

    assert here.reply(reply).due_at == here.clock() + timedelta(seconds=10)


# --- while it was down ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", STEPS)
def test_a_start_after_the_clock_was_set_back_waits_no_longer_either(
    url: str, clock: Clock, network: Counting, slack: SlackServer, step: int
) -> None:
    with opened(url, clock, network, slack) as before:
        heard(before, "@acmebrew one")
        reply = before.submit(before.ticket().id, "Hello!", undo=10)
    clock.pass_by(-step)

    database = Database(url)
    clock_set_back.repair_at_start(database, at=clock())
    database.close()
    with opened(url, clock, network, slack) as after:
        heard(after, "@acmebrew two")
        clock.pass_by(11)
        after.send()
        after.draw()

        assert after.state(reply) == DeliveryState.PUBLISHED
        assert any("two" in one for one in drawn(slack))
        assert len([one for one in after.told() if "clock" in one]) == 1


# --- what the clock of the machine decides ----------------------------------------------------------------------


@pytest.mark.parametrize("step", STEPS)
def test_jobs_come_as_if_the_clock_had_not_been_set_back(here: Room, step: int) -> None:
    schedule = Scheduler(here.ctx)
    machine = Clock()
    schedule._machine_clock = WatchedClock(machine)
    schedule._jobs.start(paused=True)
    try:
        schedule._add_job(ScheduledJob("often", lambda _ctx: None, 60), "often", lambda: None)
        schedule.plan()
        before = {job.id: job.next_run_time for job in schedule._jobs.get_jobs()}
        schedule._bring_jobs_back()
        machine.pass_by(-step)

        schedule._bring_jobs_back()

        after = {job.id: job.next_run_time for job in schedule._jobs.get_jobs()}
        assert after["often"] == before["often"] - timedelta(seconds=step)
        assert after["sweep memory"] - machine() <= timedelta(hours=1)
    finally:
        schedule._jobs.shutdown(wait=False)


# --- all of it --------------------------------------------------------------------------------------------------

# Moments that nothing waits for: they tell what was, or what a person or a customer's post decided.
FACTS = {
    "accounts": {"seen_at"},
    "also_heard": {"at"},
    "authors": {"fetched_at"},
    "cards": {"drawn_at"},
    "credentials": {"connected_at", "disconnected_at"},
    "cursors": {"floor"},
    "events": {"at"},
    "feeds": {"created_at", "gone_at", "told_at"},
    "former_handles": {"until_at"},
    "channel_policies": {"changed_at"},
    "issues": {"created_at", "fixed_at"},
    "mentions": {"posted_at", "dated_at", "seen_at", "edited_at", "deleted_at"},
    "distinct_authors": {"at"},
    "mutes": {"created_at", "removed_at"},
    "notes": {"at"},
    "quarantined": {"at"},
    "replies": {"settled_at"},
    "reply_pictures": {"created_at", "fetched_at"},
    "reports": {"at", "told_at", "told_since", "skipped_at"},
    "teammates": {"at"},
    "tickets": {"opened_at", "waiting_since", "closed_at", "snoozed_until", "due_at", "shown_at"}
    | {"seen_at", "first_reply_at", "first_claimed_at"},
    "tracks": {"created_at", "removed_at"},
    "customer_lists": {"begun_at", "completed_at", "ended_at"},
    "ticket_groups": {"opened_at", "closed_at", "overdue_told_at"},
    "turns": {"asked_at", "closed_at"},
}


def test_every_moment_of_the_ledger_is_known_to_be_waited_for_or_not() -> None:
    """A new column belongs in `wait_columns` of its table, or in `FACTS` here."""
    waits = {table.__tablename__: set(names) for table, names in wait_columns().items()}
    moments = {
        (table.name, column.name)
        for table in Base.metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, Moment)
    }
    known = {(table, name) for kind in (waits, FACTS) for table, names in kind.items() for name in names}

    assert moments == known
