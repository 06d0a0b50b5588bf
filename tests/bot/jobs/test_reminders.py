"""Reminders: in the thread, in the channel, to one person; each once, in office hours, never in a flood."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.jobs import claim_expiry, reminders, snooze_wakeup
from bot.networks.errors import Later, NetworkError, Refused, Unsure
from models import Card, Event, Notice, Ticket
from models.core.audit_event import BREACH_ACT
from sandbox.slack import SlackServer
from tests.bot.room import ANA, BEN, CHANNEL, Clock, Counting, Room, calls, room
from tests.stage import default_sla

URL = "https://acme.example/"


def change(here: Room, verb: Callable[[Session, Ticket], object], ticket_id: int = 1) -> None:
    with here.ctx.db.write() as session:
        verb(session, Ticket.lock(session, ticket_id))


def placed(here: Room) -> None:
    """Every ticket has its card: what leads there leads somewhere."""
    with here.ctx.db.write() as session:
        for ticket in session.scalars(select(Ticket)):
            if session.scalar(select(Card).where(Card.ticket_id == ticket.id)) is None:
                key, ts = f"k{ticket.id}", f"17.{ticket.id}"
                session.add(Card(ticket_id=ticket.id, key=key, channel=CHANNEL, ts=ts, failures=0))


def heard(here: Room, *who: str, words: str = "@acmebrew it does not open") -> None:
    here.poll()
    for one in who or ("maria",):
        here.network.says(one, words, at=here.clock())
    here.poll()
    placed(here)


def later(here: Room, **time: float) -> list[str]:
    """What is said when so much more time has passed."""
    before = len(here.told())
    here.clock.pass_by(**time)
    reminders.send_due(here.ctx)
    return here.told()[before:]


def claimed(here: Room, by: str = ANA) -> None:
    change(here, lambda session, ticket: ticket.claim(session, by=by, at=here.clock()))


def events(here: Room, act: str = BREACH_ACT) -> list[Event]:
    with here.ctx.db.read() as session:
        return list(session.scalars(select(Event).where(Event.act == act)))


def places(here: Room) -> list[str | None]:
    with here.ctx.db.read() as session:
        return list(session.scalars(select(Notice.channel).order_by(Notice.id)))


@pytest.fixture
def with_backup(database_url: str, clock: Clock, network: Counting) -> Iterator[Room]:
    with room(database_url, clock, network, backup="U0CLEO") as made:
        yield made


@pytest.fixture
def in_office_hours(database_url: str, clock: Clock, network: Counting) -> Iterator[Room]:
    """Somewhere where people are there from nine to five, and it is noon on a Monday."""
    hours = {"office_hours": "Mon-Fri 09:00-12:10 13:00-17:00", "time_zone": "UTC"}
    with room(database_url, clock, network, **hours) as made:
        yield made


# --- unassigned --------------------------------------------------------------------------------------------


def test_at_half_of_its_time_the_thread_hears_that_nobody_has_it_once(here: Room) -> None:
    heard(here)

    assert later(here, minutes=14, seconds=59) == []
    [told] = later(here, seconds=1)
    assert "This ticket is unassigned, and a reply is due" in told
    assert places(here) == [None]  # in its thread
    assert later(here, minutes=10) == []


def test_overdue_the_channel_hears_how_long_they_have_waited_once_and_it_is_written_down(here: Room) -> None:
    heard(here)
    later(here, minutes=15)

    assert later(here, minutes=15) == []
    [told] = later(here, seconds=10)
    assert "*@maria* on Memory has been waiting *30 min*, past your reply target. Unassigned." in told
    assert places(here)[-1] == CHANNEL
    assert later(here, hours=5) == []
    [breach] = events(here)
    assert breach.ticket_id == 1
    assert breach.data == {"turn": 1, "due": "2026-03-02T12:30:00+00:00"}


def test_what_is_overdue_and_claimed_is_also_said_to_its_owner(here: Room) -> None:
    heard(here)
    here.clock.pass_by(minutes=28)
    claimed(here)

    channel, owner = later(here, minutes=3)

    assert f"Assigned to <@{ANA}>" in channel
    assert (
        f"<@{ANA}>, *@maria*'s post on Memory is assigned to you. They have been waiting 31 min, past your reply target"
        in owner
    )
    assert places(here)[-1] == ANA


def test_an_answer_that_comes_late_is_a_breach_though_nobody_was_reminded(here: Room) -> None:
    heard(here)
    here.clock.pass_by(minutes=31)
    here.submit(1, "Here you are.")
    here.send()

    assert len(events(here)) == 1
    assert later(here, hours=1) == []


def test_an_answer_in_time_is_no_breach(here: Room) -> None:
    heard(here)
    here.clock.pass_by(minutes=30)
    here.submit(1, "Here you are.")
    here.send()

    assert later(here, hours=9) == []
    assert events(here) == []


def test_each_turn_has_its_own_reminders(here: Room) -> None:
    heard(here)
    assert len(later(here, minutes=15) + later(here, minutes=16)) == 2
    here.submit(1, "Which browser?")
    here.send()
    heard(here, "maria", words="@acmebrew Firefox")
    [ticket, *more] = here.tickets()
    if not more:  # the network made one conversation of it
        assert ticket.nudges == 0

    assert len(later(here, minutes=15) + later(here, minutes=16)) == 2


# --- somebody has it ------------------------------------------------------------------------------------------


@pytest.mark.both_engines
def test_a_quiet_owner_is_told_directly_with_the_words_and_once(here: Room) -> None:
    heard(here, words="@acmebrew " + "help " * 100)
    claimed(here)

    assert later(here, minutes=7) == []
    [told] = later(here, seconds=30)
    assert f"<@{ANA}>, *@maria*'s post" in told
    assert "no activity for 7 min" in told
    assert places(here) == [ANA]
    with here.ctx.db.read() as session:
        blocks = session.scalars(select(Notice.blocks)).one()
    [element] = blocks[1]["elements"][0]["elements"]
    assert (blocks[1]["type"], len(element["text"])) == ("rich_text", 200)
    assert later(here, minutes=5) == []


def test_a_sign_of_life_begins_it_anew(here: Room) -> None:
    heard(here)
    claimed(here)
    assert len(later(here, minutes=8)) == 1
    change(here, lambda _, ticket: ticket.record_activity(by=ANA, at=here.clock()))

    assert later(here, minutes=7) == []
    assert len(later(here, minutes=1)) == 1


def test_if_nothing_happens_for_as_long_again_the_backup_is_told(with_backup: Room) -> None:
    here = with_backup
    heard(here)
    claimed(here)
    later(here, minutes=8)
    here.clock.pass_by(minutes=7)
    claim_expiry.run_due(here.ctx)

    told = later(here, seconds=1)

    assert [
        one
        for one in told
        if "<@U0CLEO>, *@maria* on Memory has been waiting 15 min. The claim expired" in one
    ]
    assert "U0CLEO" in places(here)
    assert "U0CLEO" not in str(later(here, minutes=40))


def test_whoever_takes_it_meanwhile_spares_the_backup(with_backup: Room) -> None:
    here = with_backup
    heard(here)
    claimed(here)
    here.clock.pass_by(minutes=15)
    claim_expiry.run_due(here.ctx)
    claimed(here, BEN)

    later(here, seconds=10)

    assert "U0CLEO" not in str(places(here))


@pytest.mark.both_engines
def test_a_group_as_backup_is_called_where_the_cards_are(
    database_url: str, clock: Clock, network: Counting
) -> None:
    with room(database_url, clock, network, backup="S0LEADS") as here:
        heard(here)
        claimed(here)
        here.clock.pass_by(minutes=15)
        claim_expiry.run_due(here.ctx)

        told = later(here, seconds=1)

        assert "<!subteam^S0LEADS>, " in str(told)
        assert places(here)[-1] == CHANNEL


# --- never ----------------------------------------------------------------------------------------------------


def snooze(here: Room, **time: float) -> None:
    until = here.clock() + timedelta(**time)
    change(
        here,
        lambda session, ticket: ticket.snooze(
            session, until=until, by=ANA, at=here.clock(), sla_policy=default_sla(here.ctx)
        ),
    )


def give_outcome(here: Room, **_: float) -> None:
    change(here, lambda s, ticket: ticket.close_no_reply_needed(s, by=ANA, at=here.clock(), reason="thanks"))


def put_a_reply_on_its_way(here: Room, **_: float) -> None:
    here.submit(1, "Hello!", undo=86_400)


@pytest.mark.parametrize("act", [snooze, give_outcome, put_a_reply_on_its_way])
@pytest.mark.parametrize("is_owned", [False, True])
def test_what_sleeps_is_over_or_is_being_answered_is_never_nudged(
    here: Room, act: Callable[..., None], is_owned: bool
) -> None:
    heard(here)
    if is_owned:
        claimed(here)
    act(here, hours=20)

    assert [later(here, minutes=20) for _ in range(30)] == [[]] * 30
    assert events(here) == []


@pytest.mark.parametrize(
    "error",
    [Refused("not summoned", "No."), Unsure("no answer"), Later(None, "unauthorized", "No.")],
    ids=["posted by hand", "asked about", "held back"],
)
def test_an_answer_that_needs_a_person_is_late_like_none(
    here: Room, network: Counting, error: NetworkError
) -> None:
    heard(here)
    network.fails("publish", error, times=1000)
    here.submit(1, "Hello!")
    said = []
    for _ in range(3 * 60):
        here.clock.pass_by(20)
        here.send()
        said += later(here, seconds=0)

    [told] = said
    assert f"has been waiting *30 min*, past your reply target. Assigned to <@{ANA}>." in told
    assert "see the card" in told
    assert len(events(here)) == 1


def test_under_an_open_composer_nobody_is_nudged(here: Room) -> None:
    heard(here)
    here.clock.pass_by(minutes=14)
    change(here, lambda session, ticket: ticket.start_composing(session, by=BEN, key="k", at=here.clock()))

    assert [later(here, minutes=1) for _ in range(14)] == [[]] * 14
    assert len(later(here, minutes=2)) == 1


@pytest.mark.both_engines
def test_the_canary_is_never_nudged(database_url: str, clock: Clock, network: Counting) -> None:
    from bot.jobs import canary

    with room(database_url, clock, network, canary_channel="C0CANARY") as here:
        canary.check(here.ctx)
        placed(here)
        change(here, lambda _, ticket: setattr(ticket, "nudge_at", here.clock()))

        assert later(here, hours=1) == []


def test_before_its_card_is_there_nobody_is_nudged(here: Room) -> None:
    here.poll()
    here.network.says("maria", "@acmebrew hello", at=here.clock())
    here.poll()

    assert later(here, hours=1) == []
    placed(here)
    assert len(later(here, minutes=1)) == 1


def test_a_public_reply_that_was_deleted_is_not_late_at_once(here: Room) -> None:
    heard(here)
    reply_id = here.submit(1, "Here you are.")
    here.send()
    here.clock.pass_by(hours=9)

    def unsay(session: Session, ticket: Ticket) -> None:
        from models import Reply

        reply = session.get_one(Reply, reply_id)
        ticket.handle_withdrawn_reply(session, reply, by=ANA, at=here.clock())

    change(here, unsay)
    told = later(here, seconds=10) + later(here, minutes=2)

    assert (here.ticket().state, events(here)) == ("waiting", [])
    assert CHANNEL not in places(here)
    assert "past your reply target" not in str([one for one in told if "Assigned to" in one])


# --- office hours ---------------------------------------------------------------------------------------------


def test_a_clock_outside_office_hours_does_not_run(in_office_hours: Room) -> None:
    here = in_office_hours
    heard(here)  # at noon: ten minutes before lunch, twenty after it

    assert here.ticket().due_at == datetime(2026, 3, 2, 13, 20, tzinfo=UTC)
    assert later(here, minutes=64) == []
    assert len(later(here, minutes=1)) == 1
    assert later(here, minutes=15) == []
    assert len(later(here, seconds=1)) == 1


def test_what_becomes_due_as_people_leave_is_said_when_they_are_back(in_office_hours: Room) -> None:
    here = in_office_hours
    here.clock.pass_by(hours=4, minutes=30)
    heard(here)  # half an hour before five
    later(here, minutes=15)

    assert [later(here, hours=1) for _ in range(16)] == [[]] * 16  # until a quarter to nine
    [told] = later(here, minutes=15, seconds=1)
    assert "*16 h 30 min*" in told


def test_a_recorded_due_time_outlives_the_setting_that_it_came_from(
    database_url: str, clock: Clock, network: Counting
) -> None:
    with room(database_url, clock, network, first_reply_minutes=60) as here:
        heard(here)
        due = here.ticket().due_at
    with room(database_url, clock, network, first_reply_minutes=5) as here:
        [mention] = here.mentions()
        clock.pass_by(minutes=1)
        network.says("maria", "@acmebrew anybody?", at=clock(), under=mention.post_id)
        here.poll()

        assert here.tickets()[0].due_at == due
        assert len(here.mentions()) == 2


# --- many at once, and several workers --------------------------------------------------------------------------


def test_after_a_breakdown_many_that_are_overdue_become_one_line(here: Room) -> None:
    heard(here, *(f"fan{number}" for number in range(12)))

    [told] = later(here, hours=3)

    assert "*12 people* have been waiting past your reply target, the longest for *3 h 00 min*" in told
    assert "and 7 more. `/mentions open` lists them." in told
    assert len(events(here)) == 12
    assert [later(here, minutes=1) for _ in range(5)] == [[]] * 5


def test_up_to_five_are_named_one_by_one(here: Room) -> None:
    heard(here, *(f"fan{number}" for number in range(5)))

    assert len(later(here, hours=3)) == 5


def test_an_owner_of_many_gets_one_message(here: Room) -> None:
    heard(here, *(f"fan{number}" for number in range(8)))
    for ticket in here.tickets():
        change(here, lambda session, one: one.claim(session, by=ANA, at=here.clock()), ticket.id)

    [told] = later(here, minutes=8)

    assert f"<@{ANA}>, 8 posts are assigned to you with no recent activity" in told


def test_one_ticket_that_goes_wrong_does_not_silence_the_others(
    here: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard(here, "maria", "joe")
    breach = Ticket.record_breach

    def breaks(self: Ticket, session: Session, **given: datetime) -> bool:
        if self.id == 1:
            raise ValueError("nobody thought of that")
        return breach(self, session, **given)

    monkeypatch.setattr(Ticket, "record_breach", breaks)
    told = later(here, hours=1)

    assert len(told) == 1
    assert "*@joe*" in told[0]


@pytest.mark.both_engines
def test_two_workers_say_it_once(new_database: Callable[[], str], clock: Clock, network: Counting) -> None:
    from tests.bot.room import together

    url = new_database()
    with (
        room(url, clock, network, worker="one") as one,
        room(url, clock, network, worker="two") as two,
    ):
        heard(one, "maria", "joe", "eve")
        clock.pass_by(hours=1)

        raised = together(*[lambda here=here: reminders.send_due(here.ctx) for here in (one, two) * 3])

        assert raised == [None] * 6
        reminders.send_due(two.ctx)
        assert len(one.told()) == 3
        assert len(events(one)) == 3


def test_a_restart_in_between_says_nothing_twice(database_url: str, clock: Clock, network: Counting) -> None:
    with room(database_url, clock, network) as here:
        heard(here)
        assert len(later(here, minutes=15)) == 1
    with room(database_url, clock, network) as here:
        assert later(here, seconds=10) == []
        assert len(later(here, minutes=16)) == 1
    with room(database_url, clock, network) as here:
        assert later(here, hours=1) == []


def test_clocks_from_before_there_were_reminders_are_wound_up(here: Room) -> None:
    heard(here)
    change(here, lambda _, ticket: setattr(ticket, "nudge_at", None))
    assert later(here, hours=1) == []

    reminders.start_missing_clocks(here.ctx)

    assert len(later(here, seconds=1)) == 1
    reminders.start_missing_clocks(here.ctx)
    assert later(here, seconds=1) == []


# --- in Slack -------------------------------------------------------------------------------------------------


def test_it_arrives_and_leads_to_the_card(shown: Room, slack: SlackServer) -> None:
    shown.poll()
    shown.network.says("maria", "@acmebrew <!channel> help", at=shown.clock())
    shown.poll()
    shown.draw_all()
    shown.ctx.slack.identity()
    claimed(shown)
    shown.clock.pass_by(minutes=8)
    reminders.send_due(shown.ctx)
    shown.draw_all()

    with slack.world.lock:
        [direct] = slack.world.direct({ANA, slack.world.app.user_id}).messages
    card = shown.card(1)
    assert f"/archives/{CHANNEL}/p{str(card.ts).replace('.', '')}|@maria>" in direct.text
    assert "<!channel>" not in direct.text
    assert "<!channel>" in str(direct.blocks[1])


def test_who_takes_no_direct_messages_is_called_in_the_channel(shown: Room, slack: SlackServer) -> None:
    shown.poll()
    shown.network.says("maria", "@acmebrew help", at=shown.clock())
    shown.poll()
    shown.draw_all()
    claimed(shown, "U0GONE")
    shown.clock.pass_by(minutes=8)
    reminders.send_due(shown.ctx)
    shown.draw_all()

    with slack.world.lock:
        texts = [one.text for one in slack.world.channel(CHANNEL).messages]
    assert any("is assigned to you" in text for text in texts)
    assert not any("cards have moved here" in text for text in texts)


@pytest.mark.both_engines
def test_a_direct_message_whose_answer_was_lost_comes_at_least_once(shown: Room, slack: SlackServer) -> None:
    shown.poll()
    shown.network.says("maria", "@acmebrew help", at=shown.clock())
    shown.poll()
    shown.draw_all()
    claimed(shown)
    shown.clock.pass_by(minutes=8)
    reminders.send_due(shown.ctx)
    slack.world.faults.lost_before("chat.postMessage")
    shown.draw_all()

    with slack.world.lock:
        direct = slack.world.direct({ANA, slack.world.app.user_id}).messages
    assert len(direct) == 1
    assert calls(slack, "conversations.history") == 0  # what is said there is not for us to read


# --- when a snooze is over ------------------------------------------------------------------------------------


def wake(here: Room) -> None:
    with here.ctx.db.write() as session:
        snooze_wakeup.wake_due(here.ctx, session, at=here.clock())


def test_what_was_late_before_it_slept_is_not_late_when_it_wakes(here: Room) -> None:
    heard(here)
    later(here, hours=1)
    snooze(here, hours=2)
    here.clock.pass_by(hours=2)
    wake(here)

    assert here.ticket().due_at == here.clock() + timedelta(minutes=30)
    assert here.ticket().waiting_since == here.clock() - timedelta(hours=3)  # the customer's clock ran on
    assert later(here, minutes=14) == []
    assert len(later(here, minutes=1)) == 1
    [overdue] = later(here, minutes=16)
    assert "*3 h 31 min*" in overdue
    assert len(events(here)) == 2


def test_an_owner_has_time_again_when_it_wakes(here: Room) -> None:
    heard(here)
    claimed(here)
    snooze(here, hours=2)
    here.clock.pass_by(hours=2)
    wake(here)
    claim_expiry.run_due(here.ctx)

    assert here.ticket().owner == ANA
    assert later(here, minutes=7) == []
    assert len(later(here, minutes=1)) == 1


def test_what_is_reopened_is_not_late_at_once(here: Room) -> None:
    heard(here)
    give_outcome(here)
    here.clock.pass_by(hours=9)
    change(
        here, lambda s, ticket: ticket.reopen(s, by=BEN, at=here.clock(), sla_policy=default_sla(here.ctx))
    )

    assert later(here, minutes=14) == []
    assert len(later(here, minutes=1)) == 1


def test_many_that_wake_together_are_one_line_in_the_channel(here: Room) -> None:
    heard(here, *(f"fan{number}" for number in range(8)))
    for ticket in here.tickets():
        change(
            here,
            lambda session, one: one.snooze(
                session,
                until=here.clock() + timedelta(hours=1),
                by=ANA,
                at=here.clock(),
                sla_policy=default_sla(here.ctx),
            ),
            ticket.id,
        )
    here.clock.pass_by(hours=1)
    wake(here)
    wake(here)

    assert places(here).count(CHANNEL) == 1
    assert places(here).count(None) == 8  # each in its own thread
    assert "and 3 more" in here.told()[-1]
