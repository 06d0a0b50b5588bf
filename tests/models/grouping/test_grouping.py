"""Which tickets share a card: never one twice, never one lost, and the log says why of each."""

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from models import Card, Event, Notice, Ticket, TicketGroup
from models.core.base import RuleBrokenError
from models.core.database import Database
from models.grouping import closing, grouping
from models.grouping.card_place import find_place
from models.grouping.copies import is_near_identical
from models.grouping.grouping import GroupLimits
from models.grouping.members import move_group
from models.reports import health
from models.slack.ticket_group import GroupKind
from models.tickets.incoming_post import IncomingPost
from tests.models.ledger import NINE, PROMISE, hear, minute, passing, raised, said, ticket, together

SPIKES_OFF = GroupLimits(lambda _channel: 0, 60)
FIVE_A_MINUTE = GroupLimits(lambda _channel: 5, 60)
PROPERTY = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def group(
    session: Session, *posts: IncomingPost, limits: GroupLimits = SPIKES_OFF, at: datetime = NINE
) -> list[TicketGroup]:
    """Take a page in, put what belongs together on shared cards, and return these."""
    found = hear(session, *posts, at=at)
    grouping.group_new(session, found.opened_ids, limits, at=at)
    return list(session.scalars(select(TicketGroup).order_by(TicketGroup.id)))


def crowd(number: int, *, first: int = 1, every: float = 0.0, **more: str) -> list[IncomingPost]:
    """So many posts, each of somebody else about something else, `every` so many seconds."""
    return [
        said(
            post,
            NINE + timedelta(seconds=every * (post - first)),
            author=str(post),
            **({"conversation": f"c{post}"} | more),
        )
        for post in range(first, first + number)
    ]


def close(
    session: Session,
    of: TicketGroup,
    ticket_ids: list[int],
    *,
    seen: dict[int, str] | None = None,
    at: datetime = minute(1),  # noqa: B008 - a constant
    key: str = "k",
) -> tuple[int, int]:
    """Close those tickets as somebody does who has just seen them, or saw them as `seen` says."""
    return closing.close_all(
        session,
        of.id,
        closing.digest_posts(session, ticket_ids) if seen is None else seen,
        reason="spam",
        by="U0BEN",
        at=at,
        undo_until=at + timedelta(seconds=12),
        key=key,
    )


def reasons(session: Session) -> set[str]:
    """Why tickets share a card, as the log has it."""
    return {event.data["why"] for event in session.scalars(select(Event).where(Event.act == "grouped"))}


def members(session: Session, of: TicketGroup) -> int:
    return len(session.scalars(select(Ticket.id).where(Ticket.group_id == of.id)).all())


# --- near-identical ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "Follow @acme and win a whole year of free beer!",
            "follow @other & win a WHOLE YEAR of free beer 🎉🎉",
        ),
        (
            "Win a year of free beer just here https://t.co/a",
            "Win a year of free beer just here https://t.co/zzz",
        ),
        ("Fólgt åcme und gewinnt ein Jahr lang Bier", "Folgt acme und gewinnt ein Jahr lang Bier"),
        (
            "フォローしてビールを一年分当てよう、友達をタグ付けしてください、締め切りは金曜日",
            "フォローしてビールを一年分当てよう! 友達をタグ付けしてください。締め切りは金曜日🎉",
        ),
        ("Follow and win a year of beer, tag one friend", "Follow and win a year of beer, tag a friend"),
    ],
)
def test_the_same_words_are_the_same_whoever_is_tagged(one: str, other: str) -> None:
    assert is_near_identical(one, other)
    assert is_near_identical(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Is it down?", "Is it down?"),
        ("My order 1040 has not arrived yet, please help", "My order 1041 has not arrived yet, please help"),
        ("Since version 4.2.1 the export is empty here", "Since version 4.3.1 the export is empty here"),
        ("The export of my tags loses every second line", "The import of my posts doubles every second line"),
        ("", ""),
        (
            "🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉",
            "🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉",
        ),
    ],
)
def test_what_people_write_on_their_own_is_not(one: str, other: str) -> None:
    assert not is_near_identical(one, other)


def test_the_third_of_a_kind_makes_a_group_with_the_two_before(session: Session) -> None:
    words = "Follow us and win a year of free beer"
    assert group(session, *crowd(2, text=words)) == []

    [found] = group(session, *crowd(1, first=3, text=f"{words} 🎉"), at=minute(5))

    assert (found.kind, found.joined, members(session, found)) == (GroupKind.COPIES, 3, 3)
    assert reasons(session) == {"says the same as #1"}


def test_a_campaign_of_two_hundred_in_one_page_is_one_group(session: Session) -> None:
    words = "Follow us and win a year of free beer"

    [found] = group(session, *crowd(200, text=words))

    assert members(session, found) == 200


@pytest.mark.parametrize("text", ["불매운동에 동참합니다 여러분 🎉", "关注并转发即可参加抽奖活动"])
def test_short_posts_without_blanks_are_compared_as_well(session: Session, text: str) -> None:
    [found] = group(session, *crowd(3, text=text))

    assert found.kind == GroupKind.COPIES


def test_a_campaign_goes_on_when_its_first_author_posts_about_something_else(session: Session) -> None:
    words = "Follow us and win a year of free beer"
    [found] = group(session, *crowd(3, text=words))
    other = said(50, minute(1), author="1", conversation="c1", text="by the way, how do I reset my password?")
    hear(session, other, at=minute(1))

    group(session, *crowd(2, first=60, text=words), at=minute(2))

    assert members(session, found) == 5


def test_a_copy_of_a_day_ago_is_another_matter(session: Session) -> None:
    words = "Follow us and win a year of free beer"
    group(session, *crowd(2, text=words))

    assert group(session, *crowd(1, first=3, text=words), at=NINE + timedelta(hours=25)) == []


# --- who may join --------------------------------------------------------------------------------------------


def test_somebody_at_work_on_it_keeps_its_card(session: Session) -> None:
    group(session, *crowd(4, conversation="c1"))
    ticket(session, "1").claim(session, by="U0ANA", at=NINE)
    ticket(session, "2").start_composing(session, by="U0BEN", key="k", at=NINE)

    assert group(session, *crowd(2, first=5, conversation="c1")) == []
    [found] = group(session, *crowd(1, first=7, conversation="c1"))

    assert (found.kind, members(session, found)) == (GroupKind.CONVERSATION, 5)
    assert [ticket(session, one).group_id for one in ("1", "2")] == [None, None]


def test_what_a_teammate_once_had_in_hand_keeps_its_card(session: Session) -> None:
    group(session, *crowd(4, conversation="c1"))
    snoozed, reopened = ticket(session, "1"), ticket(session, "2")
    snoozed.snooze(session, until=minute(60), by="U0ANA", at=NINE, sla_policy=PROMISE)
    snoozed.wake(session, at=minute(61))
    reopened.close_no_reply_needed(session, by="U0BEN", at=NINE, reason="spam")
    reopened.reopen(session, by="U0ANA", at=NINE)

    [found] = group(session, *crowd(3, first=5, conversation="c1"), at=minute(62))

    assert [ticket(session, one).group_id for one in "1234"] == [None, None, found.id, found.id]


def test_one_that_was_reopened_does_not_join_the_same_spike_again(session: Session) -> None:
    [found] = group(session, *crowd(6), limits=FIVE_A_MINUTE)
    one = ticket(session, "1")
    one.close_no_reply_needed(session, by="U0ANA", at=NINE, reason="spam")
    one.reopen(session, by="U0ANA", at=NINE)

    group(session, *crowd(6, first=20), limits=FIVE_A_MINUTE, at=minute(0.5))

    session.refresh(found)
    assert (one.group_id, found.joined) == (None, 12)


def test_another_channel_shows_its_own(session: Session) -> None:
    group(session, *crowd(4, conversation="c1"))
    session.scalars(select(Ticket).where(Ticket.id == 1)).one().channel = "C0OTHER"
    session.flush()

    assert group(session, *crowd(1, first=5, conversation="c1")) == []


# --- spikes --------------------------------------------------------------------------------------------------


def test_only_what_came_at_once_is_a_spike(session: Session) -> None:
    slow = group(session, *crowd(12, every=12.1), limits=FIVE_A_MINUTE, at=minute(10))
    assert slow == []

    [found] = group(session, *crowd(6, first=101), limits=FIVE_A_MINUTE, at=minute(10))

    assert (found.kind, members(session, found)) == (GroupKind.SPIKE, 6 + 5)  # the first five came with them
    assert session.scalars(select(Event.act).where(Event.ticket_id == 7, Event.act == "grouped")).all() == []


def test_more_than_slack_takes_in_a_minute_is_a_spike_however_slowly_it_came(session: Session) -> None:
    limits = GroupLimits(lambda _channel: 5, 60)

    assert group(session, *crowd(60, every=60), limits=limits, at=minute(90)) == []
    [found] = group(session, *crowd(1, first=100), limits=limits, at=minute(90))

    assert members(session, found) == 61
    assert reasons(session) == {"more mentions than Slack takes in a minute"}


def test_it_goes_on_while_it_lasts_and_takes_nobody_once_it_is_over(session: Session) -> None:
    [found] = group(session, *crowd(6), limits=FIVE_A_MINUTE)
    later = said(20, minute(1.9), author="20", conversation="c20")
    group(session, later, limits=FIVE_A_MINUTE, at=minute(1.9))
    assert members(session, found) == 7
    assert reasons(session) == {"more than 5 mentions a minute", "the spike was still going on"}

    assert grouping.close_due(session, at=minute(1.99)) == 0
    assert grouping.close_due(session, at=minute(2)) == 1
    group(
        session, said(30, minute(2.1), author="30", conversation="c30"), limits=FIVE_A_MINUTE, at=minute(2.1)
    )

    assert members(session, found) == 7
    assert grouping.close_due(session, at=minute(3)) == 0
    assert session.scalars(select(Event.act).where(Event.act == "spike over")).all() == ["spike over"]


def test_hours_between_two_bursts_are_no_spike(session: Session) -> None:
    calm = [
        said(50 + one, minute(30 + 10 * one), author=f"5{one}", conversation=f"q{one}") for one in range(3)
    ]
    later = [said(70 + one, minute(90), author=f"7{one}", conversation=f"r{one}") for one in range(6)]

    [found] = group(session, *crowd(6), *calm, *later, limits=FIVE_A_MINUTE, at=minute(91))

    assert members(session, found) == 12


def test_it_is_one_card_however_far_apart_the_readings_are(session: Session) -> None:
    """Twelve mentions a minute, without a pause, read every three minutes."""
    limits = replace(FIVE_A_MINUTE, calm_for=minute(5) - minute(0))
    for reading in range(1, 5):
        for tick in range(18):
            grouping.close_due(session, at=minute(3 * (reading - 1)) + timedelta(seconds=10 * tick))
        began = minute(3 * (reading - 1))
        posts = [
            said(
                1000 * reading + number,
                began + timedelta(seconds=5 * number),
                author=f"{reading}-{number}",
                conversation=f"c{reading}-{number}",
            )
            for number in range(36)
        ]
        group(session, *posts, limits=limits, at=minute(3 * reading))

    assert session.scalars(select(TicketGroup.joined)).all() == [144]


@PROPERTY
@given(
    pages=st.lists(
        st.lists(st.tuples(st.integers(0, 8), st.integers(0, 3), st.integers(0, 3)), max_size=12),
        max_size=6,
    ),
    limit=st.integers(0, 6),
)
def test_however_they_come_each_is_on_one_card_and_the_log_says_which(
    db: Database, pages: list[list[tuple[int, int, int]]], limit: int
) -> None:
    """Words, conversations and times at random: nobody is lost, and no group has one that may not join."""
    words = [
        "Follow us and win a year of free beer",
        "Follow us & win a whole year of free beer!",
        "Is it down?",
        "How do I export all of my tags, please?",
    ]
    with passing(db) as session:
        number = 0
        for index, page in enumerate(pages):
            posts = []
            for seconds, text, conversation in page:
                number += 1
                at = minute(index * 3) + timedelta(seconds=seconds)
                posts.append(
                    said(number, at, author=str(number), text=words[text], conversation=f"c{conversation}")
                )
            group(session, *posts, limits=GroupLimits(lambda _channel: limit, 60), at=minute(index * 3))
            grouping.close_due(session, at=minute(index * 3))
        tickets = session.scalars(select(Ticket)).all()
        groups = {one.id: one for one in session.scalars(select(TicketGroup))}
        logged = Counter(
            (event.ticket_id, event.data["group"])
            for event in session.scalars(select(Event).where(Event.act == "grouped"))
        )
        assert len(tickets) == number
        assert logged == Counter((one.id, str(one.group_id)) for one in tickets if one.group_id)
        counts = Counter(one.group_id for one in tickets)
        for one in groups.values():
            assert one.joined == counts[one.id]
            assert one.joined >= {"spike": limit + 1, "conversation": 5}.get(one.kind, 3)
            assert limit or one.kind != GroupKind.SPIKE
        for one in tickets:
            assert one.state == "waiting"
            assert one.group_id is None or groups[one.group_id].channel == one.channel


# --- leaving, closing, undoing -------------------------------------------------------------------------------


def test_whatever_a_person_does_to_it_gives_it_a_card_of_its_own(session: Session) -> None:
    [found] = group(session, *crowd(7, conversation="c1"))
    ticket(session, "1").claim(session, by="U0ANA", at=NINE)
    ticket(session, "2").assign(session, to="U0BEN", by="U0ANA", at=NINE)
    ticket(session, "3").snooze(session, until=minute(60), by="U0ANA", at=NINE, sla_policy=PROMISE)
    ticket(session, "4").draft(session, text="Hello", by="U0ANA", at=NINE, key="k", source="composer")
    closed = ticket(session, "5")
    closed.close_no_reply_needed(session, by="U0ANA", at=NINE, reason="spam")
    assert closed.group_id == found.id
    closed.reopen(session, by="U0ANA", at=NINE)
    hear(session, said(60, minute(9), author="6", conversation="c1"), at=minute(9))

    left = [ticket(session, one).group_id for one in "123456"]

    assert left == [None] * 5 + [found.id]  # a second post while it waits changes nothing
    assert members(session, found) == 2
    session.refresh(found)
    assert found.joined == 7


def test_a_place_is_the_groups_while_it_is_in_one(session: Session) -> None:
    [found] = group(session, *crowd(5, conversation="c1"))
    assert find_place(session, 1) == (None, None)
    found.ts = "17.5"
    one = ticket(session, "1")
    card = Card.of_ticket(session, one.id, one.channel)
    card.ts = "16.1"
    session.flush()
    assert find_place(session, 1) == ("C0MENTIONS", "17.5")

    one.leave_group(session, by="U0ANA", at=NINE)
    session.flush()

    assert find_place(session, 1) == ("C0MENTIONS", "16.1")
    assert find_place(session, None) == (None, None)


def test_undo_takes_back_what_that_press_closed_and_nothing_else(session: Session) -> None:
    [found] = group(session, *crowd(6, conversation="c1"))
    ticket(session, "1").close_not_about_us(session, by="U0ANA", at=NINE)
    due = ticket(session, "2").due_at

    assert close(session, found, [1, 2, 3, 4]) == (3, 1)
    ticket(session, "3").reopen(session, by="U0BEN", at=minute(1.1))
    with pytest.raises(RuleBrokenError, match="too late"):
        closing.undo_close_all(session, found.id, "another", by="U0ANA", at=minute(1.1))
    assert closing.undo_close_all(session, found.id, "k", by="U0ANA", at=minute(1.1)) == (2, 1)

    states = [ticket(session, one).state for one in "123456"]
    assert states == ["not about us", *["waiting"] * 5]
    again = ticket(session, "2")
    assert (again.due_at, again.group_id, again.closed_at, again.reason) == (due, found.id, None, None)
    with pytest.raises(RuleBrokenError, match="too late"):
        closing.undo_close_all(session, found.id, "k", by="U0ANA", at=minute(1.1))


def test_two_readings_that_make_the_same_group_make_one(db: Database) -> None:
    """Two accounts are read at the same moment, each finds enough for a spike."""

    def read(first: int) -> None:
        with db.write() as session:
            group(session, *crowd(6, first=first), limits=FIVE_A_MINUTE)

    outcomes = together(lambda: read(1), lambda: read(11))

    assert raised(outcomes) == []
    with db.read() as session:
        [found] = session.scalars(select(TicketGroup)).all()
        assert (found.joined, members(session, found)) == (12, 12)


def test_one_who_claims_and_one_who_closes_all_at_the_same_moment(db: Database) -> None:
    with db.write() as session:
        [found] = group(session, *crowd(6, conversation="c1"))
        group_id = found.id

    def close_six() -> None:
        with db.write() as session:
            close(session, session.get_one(TicketGroup, group_id), [1, 2, 3, 4, 5, 6])

    def claim() -> None:
        with db.write() as session:
            Ticket.lock(session, 3).claim(session, by="U0ANA", at=minute(1))

    outcomes = raised(together(close_six, claim))

    with db.read() as session:
        third = session.get_one(Ticket, 3)
        others = {one.state for one in session.scalars(select(Ticket).where(Ticket.id != 3))}
    assert others == {"no reply needed"}
    if outcomes:  # closed first: the claim is told so
        assert isinstance(outcomes[0], RuleBrokenError)
        assert (third.state, third.owner) == ("no reply needed", None)
    else:
        assert (third.state, third.owner, third.group_id) == ("waiting", "U0ANA", None)


def test_what_was_posted_after_the_list_was_made_is_left_whatever_the_clocks_say(session: Session) -> None:
    """A page of posts is committed after the list, though its moment is before it."""
    [found] = group(session, *crowd(6, conversation="c1"))
    seen = closing.digest_posts(session, range(1, 7))
    hear(session, said(60, minute(0.9), author="6", conversation="c1", text="it burns"), at=minute(0.9))
    edited = said(1, author="1", conversation="c1", latest_id="99", text="another matter")
    hear(session, edited, at=minute(0.9))

    assert close(session, found, [], seen=seen) == (4, 2)

    assert [ticket(session, one).state for one in "16"] == ["waiting", "waiting"]


def test_each_close_all_has_its_own_undo(session: Session) -> None:
    [found] = group(session, *crowd(150, conversation="c1"))
    close(session, found, list(range(1, 101)), key="first")
    close(session, found, list(range(101, 151)), key="second", at=minute(1.05))

    assert closing.undo_close_all(session, found.id, "first", by="U0ANA", at=minute(1.1)) == (100, 0)
    assert closing.undo_close_all(session, found.id, "second", by="U0ANA", at=minute(1.2)) == (50, 0)
    with pytest.raises(RuleBrokenError, match="too late"):
        closing.undo_close_all(session, found.id, "second", by="U0ANA", at=minute(1.2))


def test_of_two_who_undo_at_the_same_moment_one_is_told_so(db: Database) -> None:
    with db.write() as session:
        [found] = group(session, *crowd(6, conversation="c1"))
        close(session, found, [1, 2, 3])
        group_id = found.id

    def undo() -> None:
        with db.write() as session:
            closing.undo_close_all(session, group_id, "k", by="U0ANA", at=minute(1.1))

    [refused] = raised(together(undo, undo))

    assert isinstance(refused, RuleBrokenError)
    with db.read() as session:
        assert set(session.scalars(select(Ticket.state))) == {"waiting"}
        assert len(session.scalars(select(Event).where(Event.act == "close undone")).all()) == 3


def test_an_answer_after_the_group_was_closed_is_logged_when_it_was_heard(session: Session) -> None:
    [found] = group(session, *crowd(6, conversation="c1"))
    close(session, found, [1])

    hear(session, said(50, minute(-300), author="1", conversation="c1"), at=minute(2))

    [event] = session.scalars(select(Event).where(Event.act == "own card"))
    assert event.at == minute(2)


def test_the_watchdog_sees_a_shared_card_that_slack_refuses_though_others_keep_joining(
    session: Session,
) -> None:
    for number in range(60):
        group(session, *crowd(6, first=100 + 10 * number), limits=FIVE_A_MINUTE, at=minute(number))
        session.execute(update(Ticket).values(drawn_revision=Ticket.revision))

    assert "shared cards" in overdue(session, at=minute(60))


def test_the_watchdog_sees_what_is_not_told_in_the_thread_of_a_shared_card(session: Session) -> None:
    [found] = group(session, *crowd(6, conversation="c1"))
    found.ts = "17.1"
    Notice.enqueue(session, "a sentence", at=NINE, ticket_id=1)
    session.flush()

    assert "notices" in overdue(session, at=minute(600))


def overdue(session: Session, *, at: datetime) -> set[str]:
    found = health.find_overdue(session, networks=["x"], at=at, read_within=timedelta(days=9))
    return {one.kind for one in found}


def test_a_group_whose_channel_is_gone_goes_on_elsewhere_as_one(session: Session) -> None:
    [first] = group(session, *crowd(6), limits=FIVE_A_MINUTE)
    move_group(session, first, "C0OTHER", at=minute(1))
    assert (first.channel, members(session, first)) == ("C0OTHER", 6)
    assert set(session.scalars(select(Ticket.channel))) == {"C0OTHER"}

    [_, second] = group(session, *crowd(6, first=20), limits=FIVE_A_MINUTE, at=minute(1))
    move_group(session, second, "C0OTHER", at=minute(1))

    assert (first.joined, members(session, first), members(session, second)) == (12, 12, 0)
    assert second.drawn_revision == second.revision  # there is nothing of it to show
