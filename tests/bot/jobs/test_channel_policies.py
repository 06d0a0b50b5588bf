"""What the clock does goes by the policy of each ticket's channel: reminders, claims, digests, figures."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from bot.jobs import claim_expiry, digest, reminders, stats_rollup
from models import Card, Issue, Notice, Ticket
from models.slack import channel_settings
from models.slack.channel_settings import OwnSettings
from models.sources import track_rules
from models.sources.track import Track
from tests.bot.room import ANA, CHANNEL, Room

NIGHT = "C0NIGHT"  # whose team works when the others sleep
NIGHT_HOURS = OwnSettings(office_hours="Mon-Sun 20:00-06:00", first_reply_minutes=60)


def set_up(here: Room, own: OwnSettings = NIGHT_HOURS, channel: str = NIGHT, revision: int = 0) -> None:
    """`channel` gets these settings."""
    with here.ctx.db.write() as session:
        channel_settings.change(session, channel, own, revision=revision, at=here.clock(), by=ANA)


def heard(here: Room, who: str, channel: str = CHANNEL) -> Ticket:
    """Somebody writes, and the card is in that channel: the mentions were moved there."""
    here.poll()
    with here.ctx.db.write() as session:
        track = session.scalars(select(Track)).one()
        track.channel = channel
    here.network.says(who, f"@acmebrew hello from {who}", at=here.clock())
    here.poll()
    with here.ctx.db.write() as session:
        found = session.scalars(select(Ticket).order_by(Ticket.id.desc())).first()
        assert found is not None
        session.add(Card(ticket_id=found.id, key=who, channel=channel, ts=f"17.{found.id}", failures=0))
        return found


def due_after(one: Ticket) -> timedelta:
    assert one.due_at is not None
    return one.due_at - one.opened_at


def notices(here: Room) -> list[tuple[str | None, str]]:
    with here.ctx.db.read() as session:
        found = session.scalars(select(Notice).order_by(Notice.id)).all()
    return [(one.channel, one.text) for one in found]


def channels(told: Iterable[tuple[str | None, str]]) -> list[str | None]:
    return [channel for channel, _ in told]


def test_a_ticket_is_due_in_the_office_hours_of_its_channel(here: Room) -> None:
    set_up(here)

    assert due_after(heard(here, "maria")) == timedelta(minutes=30)
    assert due_after(heard(here, "joe", NIGHT)) == timedelta(hours=9)  # it is noon: from eight, one hour


def test_a_later_change_moves_no_due_time(here: Room) -> None:
    set_up(here)
    before = heard(here, "joe", NIGHT)
    set_up(here, OwnSettings(first_reply_minutes=1), revision=1)

    with here.ctx.db.read() as session:
        assert session.get_one(Ticket, before.id).due_at == before.due_at
    assert due_after(heard(here, "sam", NIGHT)) == timedelta(minutes=1)


def test_a_post_that_joins_a_ticket_goes_by_the_channel_of_the_ticket(here: Room) -> None:
    """The track has moved meanwhile; the ticket and its team are where they were."""
    set_up(here)
    one = heard(here, "joe", NIGHT)
    with here.ctx.db.write() as session:
        Ticket.lock(session, one.id).close_no_reply_needed(session, by=ANA, at=here.clock(), reason="other")
        track_rules.edit(
            session,
            session.scalars(select(Track.id)).one(),
            track_rules.TrackDraft("mentions", "memory", "", channel=CHANNEL),
            revision=None,
            at=here.clock(),
        )
    [first] = here.mentions()
    here.clock.pass_by(minutes=30)
    here.network.says("joe", "@acmebrew one more thing", at=here.clock(), under=first.post_id)
    here.poll()

    again = here.ticket()
    assert (again.channel, again.state) == (NIGHT, "waiting")
    assert again.due_at == datetime(2026, 3, 2, 21, 0, tzinfo=UTC)


def test_reminders_come_in_the_office_hours_of_the_channel(here: Room) -> None:
    set_up(here)
    heard(here, "maria")
    heard(here, "joe", NIGHT)

    here.clock.pass_by(minutes=30, seconds=2)
    reminders.send_due(here.ctx)
    assert channels(notices(here)) == [CHANNEL]
    here.clock.now = datetime(2026, 3, 2, 20, 30, 2, tzinfo=UTC)  # half of joe's hour is over
    reminders.send_due(here.ctx)
    assert channels(notices(here)) == [CHANNEL, None]  # in his thread
    here.clock.now = datetime(2026, 3, 2, 21, 0, 2, tzinfo=UTC)
    reminders.send_due(here.ctx)
    assert channels(notices(here)) == [CHANNEL, None, NIGHT]


def test_a_claim_expires_in_the_office_hours_of_the_channel(here: Room) -> None:
    set_up(here)
    for one in (heard(here, "maria"), heard(here, "joe", NIGHT)):
        with here.ctx.db.write() as session:
            Ticket.lock(session, one.id).claim(session, by=ANA, at=here.clock())

    here.clock.pass_by(minutes=16)
    claim_expiry.run_due(here.ctx)
    assert [one.owner for one in here.tickets()] == [None, ANA]
    here.clock.now = datetime(2026, 3, 2, 20, 16, tzinfo=UTC)
    claim_expiry.run_due(here.ctx)
    assert [one.owner for one in here.tickets()] == [None, None]


def test_replies_are_measured_in_the_office_hours_of_the_channel(here: Room) -> None:
    set_up(here)
    tickets = [heard(here, "maria"), heard(here, "joe", NIGHT)]
    here.clock.pass_by(minutes=10)
    for one in tickets:
        here.submit(one.id, f"Hello number {one.id}!")
    here.send()
    stats_rollup.run_due(here.ctx)

    assert [one.first_reply_open for one in here.tickets()] == [600, 0]


# --- the digest ---------------------------------------------------------------------------------------------


@pytest.fixture
def both(here: Room) -> Room:
    """One waits in each channel, since Monday noon."""
    heard(here, "maria")
    heard(here, "joe", NIGHT)
    return here


def written(here: Room, *when: int) -> list[tuple[str | None, str]]:
    """Where a digest appears at that time of March 2026 (the 2nd is a Monday), and its headline."""
    here.clock.now = datetime(2026, 3, *when, tzinfo=UTC)
    here.poll()
    before = len(notices(here))
    digest.write_due(here.ctx)
    return notices(here)[before:]


def test_a_channel_without_a_digest_of_its_own_is_in_the_one_of_all(both: Room) -> None:
    set_up(both)

    assert written(both, 3, 9, 0) == [(CHANNEL, "2 unanswered")]


def test_a_channel_gets_its_digest_by_its_own_clocks_with_its_own_tickets(both: Room) -> None:
    set_up(both, OwnSettings(digest_at="08:00", time_zone="Asia/Tokyo"))

    assert written(both, 2, 22, 59) == []
    assert written(both, 2, 23, 0) == [(NIGHT, "1 unanswered in <#C0NIGHT>")]
    assert written(both, 2, 23, 30) == []
    assert written(both, 3, 9, 0) == [(CHANNEL, "2 unanswered")]
    with both.ctx.db.read() as session:
        own = session.scalars(select(Notice).where(Notice.channel == NIGHT)).one()
    assert "@joe" in str(own.blocks)
    assert "@maria" not in str(own.blocks)


def test_two_digests_at_one_time_are_both_written(both: Room) -> None:
    set_up(both, OwnSettings(digest_at="09:00"))

    assert sorted(channels(written(both, 3, 9, 0)), key=str) == [CHANNEL, NIGHT]
    assert written(both, 3, 9, 1) == []


def test_a_channel_can_have_its_weekly_one_on_another_day(both: Room) -> None:
    set_up(both, OwnSettings(digest_at="09:00", digest_day="Wed"))
    written(both, 3, 9, 0)

    told = written(both, 4, 9, 0)

    assert channels(told) == [CHANNEL, NIGHT]
    with both.ctx.db.read() as session:
        last = session.scalars(select(Notice).order_by(Notice.id.desc())).first()
    assert last is not None
    assert "*The week*" in str(last.blocks)


def test_a_channel_that_wants_none_gets_none(both: Room) -> None:
    set_up(both, OwnSettings(digest_at="off", digest_day="Mon"))

    assert channels(written(both, 3, 9, 0)) == [CHANNEL]


def test_the_digest_of_all_goes_by_the_settings_of_its_channel(both: Room) -> None:
    set_up(both, OwnSettings(digest_at="11:00"), CHANNEL)

    assert written(both, 3, 9, 0) == []
    assert written(both, 3, 11, 0) == [(CHANNEL, "2 unanswered")]


def test_a_digest_that_somebody_has_just_set_begins_with_the_next_one(both: Room) -> None:
    written(both, 3, 15, 0)
    digest_set(both, "09:00", 0)

    assert written(both, 3, 15, 1) == []
    assert NIGHT in channels(written(both, 4, 9, 0))


def digest_set(here: Room, digest_at: str, revision: int) -> None:
    """Somebody sets when the digest of `NIGHT` comes."""
    set_up(here, OwnSettings(digest_at=digest_at), revision=revision)
    with here.ctx.db.write() as session:
        digest.skip_past(here.ctx, session, NIGHT, at=here.clock())


@pytest.mark.parametrize("mistakes", [["09:00"], ["09:00", "off", "09:00", "11:59"]])
def test_who_corrects_the_time_gets_the_digest_of_that_day(both: Room, mistakes: list[str]) -> None:
    for minute, typed in enumerate([*mistakes, "15:00"]):
        written(both, 3, 12, minute)
        digest_set(both, typed, minute)
        assert NIGHT not in channels(written(both, 3, 12, minute))

    assert written(both, 3, 14, 59) == []
    assert channels(written(both, 3, 15, 0)) == [NIGHT]
    assert written(both, 3, 15, 1) == []
    digest_set(both, "16:00", len(mistakes) + 1)
    assert written(both, 3, 16, 0) == []  # one a day
    assert channels(written(both, 4, 16, 0)) == [CHANNEL, NIGHT]


def test_each_digest_counts_who_still_needs_to_hear_of_a_fix_on_its_own_tickets(both: Room) -> None:
    set_up(both, OwnSettings(digest_at="09:00"))
    heard(both, "eve", NIGHT)
    with both.ctx.db.write() as session:
        issue = Issue.open_or_find(session, "Export loses rows", by=ANA, at=both.clock())
        for number in (1, 2, 3):
            issue.add(session, Ticket.lock(session, number), by=ANA, at=both.clock())
        issue.fix(session, by=ANA, at=both.clock())

    written(both, 3, 9, 0)

    with both.ctx.db.read() as session:
        told = {one.channel: str(one.blocks) for one in session.scalars(select(Notice))}
    assert "3 people still need to hear it's fixed" in told[CHANNEL]
    assert "2 people still need to hear it's fixed" in told[NIGHT]


def test_with_different_targets_the_digest_names_none_of_them(both: Room) -> None:
    set_up(both)
    both.submit(1, "Hello!")
    both.send()
    written(both, 3, 9, 0)

    with both.ctx.db.read() as session:
        [told] = session.scalars(select(Notice).where(Notice.channel == CHANNEL)).all()
    assert "within the target of their channel" in str(told.blocks)
