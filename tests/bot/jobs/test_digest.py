"""The digest: the unanswered first, once a day and once a week, quiet when there is nothing."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.jobs import digest
from bot.networks.errors import USAGE_CAP_PHRASE, Later, NetworkError, Refused, Unsure
from bot.slack.blocks.commands.stats import build_blocks
from models import Account, Issue, IssueReport, Notice, ProcessedRequest, Ticket, Track
from models.core.period import NameLookup, parse_stats_query
from models.reports.report import build_report
from models.tickets.delivery_state import DeliveryState
from models.tickets.incoming_post import IngestTarget, OtherReason
from models.tickets.ingest import ingest_page
from tests.bot.room import ANA, BEN, CHANNEL, Clock, Counting, Room, room, together
from tests.models.ledger import PROMISE, said
from tests.stage import default_sla

TARGET = timedelta(minutes=30)
KNOWN = NameLookup(person=lambda _: None, channel=lambda _: None, networks={})


def change(here: Room, ticket_id: int, verb: Callable[[Session, Ticket], object]) -> None:
    with here.ctx.db.write() as session:
        verb(session, Ticket.lock(session, ticket_id))


def heard(here: Room, *who: str, words: str = "@acmebrew hello") -> None:
    for one in who:
        here.network.says(one, words, at=here.clock())
    here.poll()


def at(here: Room, day: int, hour: int, minute: int = 0) -> str:
    """What the digest says at that time of March 2026 (the 2nd is a Monday): its words; empty for nothing."""
    here.clock.now = datetime(2026, 3, day, hour, minute, tzinfo=UTC)
    here.poll()
    before = len(here.told())
    digest.write_due(here.ctx)
    told = messages(here)[before:]
    assert len(told) <= 1
    return told[0] if told else ""


def posted_by_hand(here: Room, ticket_id: int) -> None:
    """Ana's words are handed off, and she says that she has posted them."""
    at = here.clock()
    with here.ctx.db.write() as session:
        ticket = Ticket.lock(session, ticket_id)
        given = {"turn": 1, "to_post_id": ticket.target_post_id, "undo_until": at, "key": "by hand"}
        reply = ticket.reply(session, text="Hello!", by=ANA, at=at, by_hand="not summoned", **given)
        reply.move(session, DeliveryState.CONFIRMED, at=at)
        ticket.handle_published_reply(session, reply, at=at)


def messages(here: Room) -> list[str]:
    with here.ctx.db.read() as session:
        found = session.scalars(select(Notice).order_by(Notice.id)).all()
    assert {one.channel for one in found} <= {CHANNEL}
    return [f"{one.text}\n{one.blocks}" for one in found]


@pytest.fixture
def listening(here: Room) -> Room:
    """It is Monday noon, and Heard has begun to listen."""
    here.poll()
    return here


def test_it_leads_with_names_and_ages_of_who_waits_the_longest_first(listening: Room) -> None:
    here = listening
    heard(here, "maria")
    here.clock.pass_by(hours=2)
    heard(here, "joe")
    change(here, 2, lambda session, ticket: ticket.claim(session, by=ANA, at=here.clock()))

    told = at(here, 3, 9)

    assert told.startswith("2 unanswered\n")
    assert told.index("*@maria* on Memory: 21 h 00 min, unassigned") < told.index(
        f"*@joe* on Memory: 19 h 00 min, assigned to <@{ANA}>"
    )


def test_with_nobody_waiting_it_leads_with_nought(listening: Room) -> None:
    here = listening
    heard(here, "maria")
    here.clock.pass_by(minutes=12)
    here.submit(1, "Hello!")
    here.send()

    told = at(here, 3, 9)

    assert told.startswith("0 unanswered\n")
    assert "*0 unanswered.* All caught up. No one is waiting for a reply." in told
    assert "*The day*: 2 March 2026, UTC\\n*Heard* 1  ·  *Answered* 1  ·  *Waiting* 0" in told
    assert "Previous period (1 March 2026): heard 0" in told
    assert "*First reply*: median 12 min, p90 12 min, 100% within 30 min." in told
    assert "In office hours" not in told  # they are all hours


def test_more_than_ten_are_counted(listening: Room) -> None:
    heard(listening, *(f"fan{number}" for number in range(13)))

    told = at(listening, 3, 9)

    assert told.count("unassigned") == 10
    assert "… and 3 more: `/mentions open`" in told


def test_a_day_without_anything_is_quiet_and_stays_so_until_the_next(listening: Room) -> None:
    here = listening

    assert at(here, 3, 9) == ""
    heard(here, "maria")
    assert at(here, 3, 18) == ""  # this morning's is done: there was nothing to say
    assert at(here, 4, 9) != ""


def test_it_comes_at_its_time_and_once(listening: Room) -> None:
    here = listening
    heard(here, "maria")

    assert at(here, 3, 8, 59) == ""
    assert at(here, 3, 9) != ""
    assert [at(here, 3, hour) for hour in range(9, 24)] == [""] * 15


def test_of_a_time_before_anybody_listened_it_tells_nothing(here: Room) -> None:
    here.poll()
    heard(here, "maria")  # Monday noon: this morning's and last week's are not ours to tell

    assert at(here, 2, 13) == ""
    assert messages(here) == []


def test_after_a_breakdown_only_the_last_one_comes_late(listening: Room) -> None:
    here = listening
    heard(here, "maria")

    assert at(here, 6, 20) != ""
    assert at(here, 6, 21) == ""
    assert len(messages(here)) == 1


def test_on_its_day_the_weekly_one_takes_the_place_of_the_daily_one(listening: Room) -> None:
    here = listening
    heard(here, "maria", "joe")
    here.clock.now = datetime(2026, 3, 8, 12, tzinfo=UTC)
    heard(here, "eve")

    told = at(here, 9, 9)

    assert "*The day*: 8 March 2026, UTC\\n*Heard* 1 " in told
    assert "*The week*: 2 to 8 March 2026, UTC\\n*Heard* 3 " in told
    assert at(here, 9, 10) == ""


def test_a_network_that_does_not_answer_is_said_as_unknown_even_on_a_quiet_day(
    listening: Room, network: Counting
) -> None:
    network.fails("mentions", Later(None, "server error", "Oops."))

    told = at(listening, 3, 9)

    assert told.startswith("0 unanswered that I know of")
    assert "Memory hasn't responded since" in told
    assert "this list may be incomplete" in told
    assert "Everybody" not in told


@pytest.mark.both_engines
def test_a_reading_that_did_not_come_to_an_end_for_too_long_is_said_as_well(listening: Room) -> None:
    here = listening
    here.clock.now = datetime(2026, 3, 3, 9, tzinfo=UTC)  # and nobody has read anything since yesterday

    digest.write_due(here.ctx)

    [told] = messages(here)
    assert told.startswith("0 unanswered that I know of")
    assert "Memory was last read at" in told


def test_the_figures_are_those_that_stats_gives_of_the_same_days(listening: Room) -> None:
    here = listening
    here.clock.now = datetime(2026, 3, 2, 23, 59, tzinfo=UTC)
    heard(here, "maria", "joe", "eve")
    here.clock.pass_by(minutes=1)
    heard(here, "sam")  # of the day after, which is told tomorrow
    here.clock.pass_by(hours=1)
    here.submit(1, "Hello!")
    here.send()
    posted_by_hand(here, 2)

    told = at(here, 3, 9)

    assert "*Heard* 3  ·  *Answered* 1  ·  *Handed off* 1  ·  *Waiting* 1" in told
    question = parse_stats_query("yesterday", zone=ZoneInfo("UTC"), now=here.clock(), known=KNOWN)
    with here.ctx.db.read() as session:
        found = build_report(session, question, target=TARGET)
    figures, speed = [
        block["text"]["text"]
        for block in build_blocks(found, question, names={}, titles={}, target=TARGET)[1:3]
    ]
    assert len(figures.splitlines()) == 2
    for line in (*figures.splitlines(), speed.splitlines()[0]):
        assert line in told


def test_what_sleeps_stands_at_the_end_and_is_never_late(listening: Room) -> None:
    here = listening
    heard(here, "maria", "joe")
    until = datetime(2026, 3, 4, 9, tzinfo=UTC)
    sla_policy = default_sla(here.ctx)
    change(here, 1, lambda s, one: one.snooze(s, until=until, by=ANA, at=here.clock(), sla_policy=sla_policy))

    told = at(here, 3, 9)

    assert told.index(":red_circle: *@joe*") < told.index(":zzz: *@maria*")
    assert "unassigned, snoozed until <!date^" in told


def test_who_has_a_reply_on_its_way_is_not_late(listening: Room) -> None:
    here = listening
    heard(here, "maria")
    here.submit(1, "Hello!", undo=10**6)

    told = at(here, 3, 9)

    assert f"*@maria* on Memory: 21 h 00 min, assigned to <@{ANA}>, a reply is on its way" in told
    assert ":red_circle:" not in told


@pytest.mark.both_engines
@pytest.mark.parametrize(
    ("error", "words", "apart"),
    [
        (
            Refused("not summoned", "No."),
            "*Post it by hand* on Memory, then press *I posted it*",
            "to post by hand",
        ),
        (
            Unsure("no answer"),
            f"*Did it post?* Memory didn't confirm <@{ANA}>'s reply (",
            "to check",
        ),
        (Later(None, "unauthorized", "No."), ": Memory has rejected our keys", "held back"),
        (
            Later(None, "out of credit", f"The {USAGE_CAP_PHRASE} is reached."),
            f"Memory's {USAGE_CAP_PHRASE} is used up",
            "held back",
        ),
    ],
)
def test_an_answer_that_needs_a_person_is_late_and_stands_first(
    listening: Room, network: Counting, error: NetworkError, words: str, apart: str
) -> None:
    here = listening
    heard(here, "zoe")
    here.clock.pass_by(minutes=5)
    heard(here, "maria")
    network.fails("publish", error, times=10**6)
    here.submit(2, "Hello!")
    for _ in range(60):
        here.send()
        here.clock.pass_by(20)

    here.clock.now = datetime(2026, 3, 3, 9, tzinfo=UTC)
    here.poll()
    digest.write_due(here.ctx)
    with here.ctx.db.read() as session:
        found = session.scalars(select(Notice).where(Notice.text.contains("unanswered"))).one()
    told = "\n".join(block["text"]["text"] for block in found.blocks if "text" in block)

    assert found.text == f"2 unanswered, 1 needs a person (1 {apart})"
    assert ", those that need a person first:" in told
    assert told.index(":red_circle: *@maria* on Memory: 20 h 55 min") < told.index("*@zoe*")
    assert words in told
    assert "on its way" not in told


def test_thanks_are_told_also_where_nothing_else_happened(listening: Room) -> None:
    here = listening
    heard(here, "maria", words="@acmebrew lovely coffee")
    assert at(here, 3, 9) != ""
    change(here, 1, lambda s, one: one.close_no_reply_needed(s, by=BEN, at=here.clock(), reason="thanks"))

    told = at(here, 4, 9)

    assert told.startswith("0 unanswered\n")
    assert "lovely coffee" in told
    assert at(here, 5, 9) == ""


@pytest.mark.both_engines
def test_thanks_are_quoted_as_they_are_and_problems_counted_by_people(listening: Room) -> None:
    here = listening
    heard(here, "maria", words="@acmebrew love <!channel> it")
    heard(here, "joe", "eve", "sam")
    change(
        here, 1, lambda s, one: one.close_no_reply_needed(s, by=BEN, at=here.clock(), reason="thanks: kind")
    )
    with here.ctx.db.write() as session:
        for number, title in enumerate(("Login <b>", "Billing"), 1):
            session.add(
                Issue(id=number, title=title, name=title.lower(), created_at=here.clock(), created_by=ANA)
            )
        session.flush()
        for issue, ticket in ((1, 2), (1, 3), (2, 4)):
            session.add(IssueReport(issue_id=issue, ticket_id=ticket, at=here.clock(), by=ANA))

    told = at(here, 3, 9)

    assert "“Login &lt;b&gt;” (2 people), “Billing” (1 person)" in told
    with here.ctx.db.read() as session:
        blocks = session.scalars(select(Notice.blocks)).one()
    [quoted] = [one for one in blocks if one["type"] == "rich_text"]
    assert quoted["elements"][0]["elements"][0]["text"] == "@acmebrew love <!channel> it"
    assert "<!channel>" not in str([one for one in blocks if one is not quoted])


def test_the_canary_is_in_none_of_it(database_url: str, clock: Clock, network: Counting) -> None:
    from bot.jobs import canary

    with room(database_url, clock, network, canary_channel="C0CANARY") as here:
        here.poll()
        canary.check(here.ctx)

        assert at(here, 3, 9) == ""


# --- when -----------------------------------------------------------------------------------------------------


@pytest.fixture
def in_lisbon(database_url: str, clock: Clock, network: Counting) -> Iterator[Room]:
    with room(
        database_url, clock, network, time_zone="Europe/Lisbon", digest_at="07:30", digest_day="off"
    ) as here:
        here.poll()
        yield here


def test_its_time_is_that_of_the_teams_zone_also_when_clocks_change(in_lisbon: Room) -> None:
    here = in_lisbon
    heard(here, "maria")
    came = []
    here.clock.now = datetime(2026, 3, 27, 0, 0, tzinfo=UTC)
    at(here, 27, 0)
    for _ in range(4 * 24 * 4):
        before = len(messages(here))
        here.clock.pass_by(minutes=15)
        digest.write_due(here.ctx)
        came += [here.clock()] * (len(messages(here)) - before)

    assert [f"{one:%d %H:%M}" for one in came] == ["27 07:30", "28 07:30", "29 06:30", "30 06:30"]


@pytest.mark.parametrize(
    ("first", "came"),
    [
        (datetime(2026, 3, 28, tzinfo=UTC), ["28 01:30", "29 01:30", "30 00:30"]),  # the 29th knows no 02:30
        (datetime(2026, 10, 24, tzinfo=UTC), ["24 00:30", "25 00:30", "26 01:30"]),  # the 25th has two
    ],
)
def test_a_time_that_a_day_does_not_have_or_has_twice_comes_once(
    database_url: str, clock: Clock, network: Counting, first: datetime, came: list[str]
) -> None:
    given = {"time_zone": "Europe/Berlin", "digest_at": "02:30", "digest_day": "off"}
    clock.now = first - timedelta(days=2)
    with room(database_url, clock, network, **given) as here:
        here.poll()
        heard(here, "maria")
        clock.now = first
        digest.write_due(here.ctx)
        seen = []
        for _ in range(3 * 24 * 4):
            before = len(messages(here))
            clock.pass_by(minutes=15)
            digest.write_due(here.ctx)
            seen += [clock()] * (len(messages(here)) - before)

    assert [f"{one:%d %H:%M}" for one in seen] == came


def test_it_can_be_switched_off(database_url: str, clock: Clock, network: Counting) -> None:
    with room(database_url, clock, network, digest_at="off") as here:
        here.poll()
        heard(here, "maria")

        assert at(here, 9, 9) == ""


@pytest.mark.both_engines
def test_two_workers_write_it_once(new_database: Callable[[], str], clock: Clock, network: Counting) -> None:
    url = new_database()
    with room(url, clock, network, worker="one") as one, room(url, clock, network, worker="two") as two:
        one.poll()
        heard(one, "maria")
        clock.pass_by(hours=22)

        raised = together(*[lambda here=here: digest.write_due(here.ctx) for here in (one, two) * 3])

        assert raised == [None] * 6
        assert len(messages(one)) == 1


@pytest.mark.both_engines
def test_a_restart_writes_none_twice(database_url: str, clock: Clock, network: Counting) -> None:
    with room(database_url, clock, network) as here:
        here.poll()
        heard(here, "maria")
        assert at(here, 3, 9) != ""
    with room(database_url, clock, network) as here:
        assert at(here, 3, 10) == ""
        with here.ctx.db.write() as session:
            ProcessedRequest.delete_before(session, here.clock() - timedelta(days=3))
        assert at(here, 3, 11) == ""


def test_several_tracks_have_a_line_each_with_the_figures_of_stats(listening: Room) -> None:
    here = listening
    with here.ctx.db.write() as session:
        own = Account.all(session)[0]
        given = {"network": own.network, "account_id": own.network_id, "created_at": here.clock()}
        tracks = [
            Track(kind="search", query=one, **given) for one in ("tea <!channel> *pot*", "lid", "quiet")
        ]
        session.add_all(tracks)
        session.flush()
        first, second, third = [one.id for one in tracks]
        place = IngestTarget(own.network, own.network_id, CHANNEL, PROMISE, first)
        posts = [said(one, here.clock(), author=str(one), conversation=f"c{one}") for one in (1, 2)]
        also = (OtherReason(second, "matches “lid”"),)
        posts.append(said(3, here.clock(), author="3", conversation="c3", also=also))
        ingest_page(session, posts, place, at=here.clock())
    heard(here, "maria")

    told = at(here, 3, 9)
    assert "*By account and track*, the day. A post counts for every track that found it." in told
    assert "*Heard* 4" in told
    assert f"track {first}, tea &lt;!channel&gt; `*pot*`: 3 heard, 0 answered, 3 waiting" in told
    assert f"track {second}, lid: 1 heard, 0 answered, 1 waiting" in told
    assert f"track {third}" not in told
    assert "on Memory: 4 heard" not in told  # one account alone has the figures of all


def test_several_accounts_have_a_line_each(listening: Room) -> None:
    here = listening
    heard(here, "maria", "joe")
    with here.ctx.db.write() as session:
        own = Account.all(session)[0]
        more = {"network": own.network, "network_id": "77", "handle": "fern_press", "name": "Fern"}
        Account.record_profile(session, **more, at=here.clock(), source="connected")
        place = IngestTarget(own.network, "77", CHANNEL, PROMISE)
        ingest_page(session, [said(9, here.clock(), author="9")], place, at=here.clock())

    told = at(here, 3, 9)
    assert f"• @{own.handle} on Memory: 2 heard, 0 answered, 2 waiting" in told
    assert "• @fern_press on Memory: 1 heard, 0 answered, 1 waiting" in told


def test_one_account_alone_has_no_line_of_its_own(listening: Room) -> None:
    heard(listening, "maria")

    assert "By account and track" not in at(listening, 3, 9)
