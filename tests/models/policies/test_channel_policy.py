"""What holds in a channel: the defaults, what its team has set, and two who change it at once."""

from dataclasses import replace
from datetime import time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.orm import Session

from models import ChannelSettings, Event
from models.core.database import Database
from models.core.office_hours import ALWAYS_OPEN
from models.policies import typed_settings
from models.policies.channel_policy import PolicyDefaults
from models.slack import channel_settings
from models.slack.channel_settings import ALL_DEFAULT, OwnSettings, SettingsMovedOnError
from tests.models.ledger import NINE, minute, raised, together

ANA, BEN, HERE, ELSEWHERE = "U0ANA", "U0BEN", "C0HERE", "C0ELSE"
DEFAULTS = PolicyDefaults(
    first_reply_minutes=30,
    office_hours="",
    time_zone="UTC",
    holidays="2026-12-25",
    senders=("U0LEAD",),
    digest_at="09:00",
    digest_day="Mon",
    near_copy_percent=85,
    spike_per_minute=20,
)
OWN = OwnSettings(
    first_reply_minutes=2.5,
    office_hours="Mon-Fri 09:00-17:00",
    time_zone="Europe/Berlin",
    holidays="",
    senders=(ANA, "S0LEADS"),
    digest_at="off",
    digest_day="fri",
    near_copy_percent=0,
    spike_per_minute=0,
    priority_weights={"followers": 2},
)


def change(session: Session, own: OwnSettings = OWN, *, revision: int = 0, by: str = ANA):
    return channel_settings.change(session, HERE, own, revision=revision, at=NINE, by=by)


def test_a_channel_without_settings_has_the_defaults(session: Session) -> None:
    policy = DEFAULTS.policy(session, HERE)

    assert policy.sla.within == timedelta(minutes=30)
    assert policy.office.week == ALWAYS_OPEN.week
    assert policy.senders == ("U0LEAD",)
    assert (policy.digest_time, policy.digest_weekday, policy.has_own_digest) == (time(9), 0, False)
    assert (policy.near_copy_percent, policy.spike_per_minute) == (85, 20)
    assert policy.priority_weights is None


def test_what_a_channel_has_set_holds_there_and_nowhere_else(session: Session) -> None:
    before = DEFAULTS.policy(session, ELSEWHERE)
    change(session)
    policy = DEFAULTS.policy(session, HERE)

    assert policy.sla.within == timedelta(seconds=150)
    assert (policy.zone, policy.office.holidays) == (ZoneInfo("Europe/Berlin"), frozenset())
    assert policy.senders == (ANA, "S0LEADS")
    assert (policy.digest_time, policy.digest_weekday, policy.has_own_digest) == (None, 4, True)
    assert (policy.near_copy_percent, policy.spike_per_minute) == (0, 0)
    assert policy.priority_weights == {"followers": 2}
    assert DEFAULTS.policy(session, ELSEWHERE) == before


def test_a_policy_costs_one_look_by_the_key(db: Database) -> None:
    with db.write() as session:
        change(session)
    asked: list[str] = []
    with db.read() as session:
        session.connection()
        event.listen(db.engine, "before_cursor_execute", lambda *said: asked.append(said[2]))
        DEFAULTS.policy(session, HERE)

    assert len(asked) == 1


def test_a_list_of_nobody_is_no_list(session: Session) -> None:
    """Somebody may have written it by hand: it must mean neither everybody nor nobody."""
    change(session)
    session.execute(text("UPDATE channel_policies SET senders = '[]'"))
    session.expire_all()

    assert DEFAULTS.policy(session, HERE).senders == DEFAULTS.senders


def test_office_hours_that_cannot_be_read_any_more_are_the_default_ones(session: Session) -> None:
    change(session, OwnSettings(time_zone="Mars/Olympus"))

    assert DEFAULTS.policy(session, HERE).zone == ZoneInfo("UTC")
    assert not DEFAULTS.can_read_office(OwnSettings(time_zone="Mars/Olympus"))
    assert DEFAULTS.can_read_office(OWN)


def test_each_change_is_in_the_log_with_what_was_before(session: Session) -> None:
    change(session)
    after = OwnSettings(first_reply_minutes=2.5, senders=(BEN,))
    changes = change(session, after, revision=1, by=BEN)

    [_, last] = session.scalars(select(Event).order_by(Event.id)).all()
    assert (last.actor, last.act) == (BEN, "channel settings")
    assert last.data is not None
    assert last.data["channel"] == HERE
    assert last.data["before"]["senders"] == [ANA, "S0LEADS"]
    assert last.data["after"] == {one.name: None for one in changes} | {"senders": [BEN]}
    assert "first_reply_minutes" not in last.data["after"]
    found = ChannelSettings.of(session, HERE)
    assert found is not None
    assert (found.own, found.revision, found.changed_by) == (after, 2, BEN)


def test_what_changes_nothing_is_not_logged(session: Session) -> None:
    assert change(session, ALL_DEFAULT) == ()
    assert ChannelSettings.of(session, HERE) is None
    change(session)
    assert change(session, OWN, revision=1) == ()
    assert len(session.scalars(select(Event)).all()) == 1


def test_a_value_that_is_not_set_is_null_in_the_ledger(session: Session) -> None:
    change(session)
    change(session, ALL_DEFAULT, revision=1)
    row = session.execute(text("SELECT senders, priority_weights, holidays FROM channel_policies")).one()

    assert tuple(row) == (None, None, None)
    assert ChannelSettings.all(session) == []


def test_who_saw_an_older_state_changes_nothing(session: Session) -> None:
    change(session)

    with pytest.raises(SettingsMovedOnError):
        change(session, OwnSettings(first_reply_minutes=9), by=BEN)
    found = ChannelSettings.of(session, HERE)
    assert found is not None
    assert found.own == OWN


@pytest.mark.parametrize("revision", [0, 1])
def test_of_two_at_the_same_moment_one_is_told(db: Database, revision: int) -> None:
    if revision:
        with db.write() as session:
            change(session)

    def act(minutes: float) -> None:
        with db.write() as session:
            change(session, OwnSettings(first_reply_minutes=minutes), revision=revision)

    outcomes = together(lambda: act(7), lambda: act(8))

    [error] = raised(outcomes)
    assert isinstance(error, SettingsMovedOnError)
    with db.read() as session:
        assert ChannelSettings.all(session)[0].revision == revision + 1
        assert len(session.scalars(select(Event)).all()) == revision + 1


def test_lists_of_channels_have_those_with_a_value_of_their_own(session: Session) -> None:
    change(session, OwnSettings(first_reply_minutes=5, senders=(ANA,)))
    for channel, own in (
        (ELSEWHERE, OwnSettings(digest_at="off")),
        ("C0SAME", OwnSettings(first_reply_minutes=30)),
    ):
        channel_settings.change(session, channel, own, revision=0, at=minute(1), by=ANA)

    assert [one.channel for one in ChannelSettings.all(session)] == [ELSEWHERE, HERE, "C0SAME"]
    assert [one.channel for one in ChannelSettings.with_own_digest(session)] == [ELSEWHERE]
    assert DEFAULTS.other_targets(session) == {HERE: timedelta(minutes=5)}
    assert ChannelSettings.names_sender(session, ANA)
    assert not ChannelSettings.names_sender(session, "U0LEAD")


@pytest.mark.parametrize(
    ("typed", "minutes"),
    [("30", 30), (" 2h ", 120), ("1h 30m", 90), ("90 min", 90), ("1", 1), ("2.5", 2.5), ("", None)],
)
def test_a_target_is_typed_as_people_do(typed: str, minutes: float | None) -> None:
    assert typed_settings.read_minutes(typed) == minutes


@pytest.mark.parametrize(
    "typed", ["0", "0h", "0.001", "0.999", "59s", "2 days", "1d", "nan", "inf", "1e3", "٣٠", "43201", "30 30"]
)
def test_what_is_no_target_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="Type minutes"):
        typed_settings.read_minutes(typed)


def test_a_target_that_takes_more_than_a_year_of_office_hours_is_known() -> None:
    hours = OwnSettings(office_hours="Mon 09:00-09:01")

    assert DEFAULTS.is_within_a_year(hours, NINE)
    assert DEFAULTS.is_within_a_year(replace(hours, first_reply_minutes=52), NINE)
    assert not DEFAULTS.is_within_a_year(replace(hours, first_reply_minutes=53), NINE)
    longest = OwnSettings(first_reply_minutes=typed_settings.FIRST_REPLY_MAX_MINUTES)
    assert DEFAULTS.is_within_a_year(longest, NINE)


@pytest.mark.parametrize(
    ("holidays", "is_within"),
    [
        ("2026-12-24..2027-01-01, 2027-05-01", True),
        ("2026-01-01..2026-12-31", True),
        ("2026-01-01..2026-12-31, 2027-01-01..2027-12-31", False),
        ("2028-03-01..2028-12-31, 2029-01-01..2029-12-31", False),
        ("2024-01-01..2024-12-31, 2025-01-01..2025-12-31", True),
        ("0001-01-01, 9999-12-31", True),
        (",".join(f"{year}-01-01..{year}-12-31" for year in range(2026, 2047)), False),
    ],
)
def test_holidays_that_leave_no_office_hours_for_a_year_are_known(holidays: str, is_within: bool) -> None:
    own = OwnSettings(office_hours="Mon-Fri 09:00-17:00", holidays=typed_settings.read_holidays(holidays))

    assert DEFAULTS.is_within_a_year(own, NINE) is is_within
    assert DEFAULTS.is_within_a_year(replace(own, holidays=""), NINE)


def test_an_end_of_a_century_without_office_hours_is_still_a_due_time(session: Session) -> None:
    """Office hours that holidays swallow must not keep a mention from coming in."""
    days = ", ".join(f"{year}-01-01..{year}-12-31" for year in range(2026, 2046))
    change(session, OwnSettings(office_hours="Mon 09:00-09:01", holidays=days, first_reply_minutes=40_000))

    assert DEFAULTS.policy(session, HERE).sla.due(NINE) > NINE
