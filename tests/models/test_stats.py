"""The figures, counted a second time in plain Python over histories that Hypothesis makes up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median, quantiles
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from models import Card
from models.database import Database
from models.reply import State as Delivery
from models.stats import Teammate, period, quantile, waiting
from tests.models.ledger import PROMISE, hear, minute, passing, said, ticket

SINCE, UNTIL = minute(100), minute(200)
TEAM = ("U0ANA", "U0BEN")
DURATIONS = st.lists(
    st.integers(0, 10**6).map(lambda ms: timedelta(milliseconds=ms)), min_size=2, max_size=30
)


# --- what lies below which ----------------------------------------------------------------------------------


@given(DURATIONS, st.integers(1, 99))
def test_a_quantile_is_what_statistics_says(times: list[timedelta], percent: int) -> None:
    seconds = [time.total_seconds() for time in times]
    expected = quantiles(seconds, n=100, method="inclusive")[percent - 1]
    found = quantile(sorted(times), percent / 100)

    assert found is not None
    assert found.total_seconds() == pytest.approx(expected, abs=1e-5)


@given(DURATIONS)
def test_the_half_is_the_median(times: list[timedelta]) -> None:
    found = quantile(sorted(times), 0.5)

    assert found is not None
    assert found.total_seconds() == pytest.approx(median(time.total_seconds() for time in times), abs=1e-5)


def test_nothing_has_no_quantile_and_one_has_itself() -> None:
    assert quantile([], 0.5) is None
    assert [quantile([timedelta(1)], share) for share in (0.0, 0.5, 0.9, 1.0)] == [timedelta(1)] * 4


# --- histories ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Story:
    """One person's exchange with us: when they spoke first, what was done, and whether they came back."""

    asked: int
    fate: str
    by: str
    took: int
    back: int | None
    second_fate: str

    def __str__(self) -> str:
        return f"{self.asked}:{self.fate}"


FATES = st.sampled_from(
    ["waits", "answered", "handed off", "outside", "no reply needed", "not about us", "snoozed"]
)
STORIES = st.lists(
    st.builds(
        Story,
        asked=st.integers(80, 220),
        fate=FATES,
        by=st.sampled_from(TEAM),
        took=st.integers(1, 50),
        back=st.none() | st.integers(1, 60),
        second_fate=st.sampled_from(["waits", "answered", "no reply needed"]),
    ),
    max_size=8,
)


def live(session: Session, author: str, fate: str, by: str, at: datetime) -> None:
    """Let `fate` befall the ticket of `author`."""
    now = ticket(session, author)
    match fate:
        case "answered" | "handed off":
            by_hand = "not summoned" if fate == "handed off" else None
            given = {"turn": now.turn, "to_post_id": now.target_post_id, "undo_until": at, "by_hand": by_hand}
            reply = now.reply(session, text="Hi", by=by, at=at, key=uuid4().hex, **given)  # type: ignore[arg-type]
            if by_hand is None:
                reply.release(session, at=at)
                reply.take(session, worker="w", at=at, lease_until=at)
            reply.move(session, Delivery.CONFIRMED if by_hand else Delivery.PUBLISHED, at=at)
            now.spoken(session, reply, at=at)
        case "outside":
            now.answered_outside(session, post_id=f"own {author}", to_post_id=now.target_post_id, at=at)
        case "no reply needed":
            now.no_reply_needed(session, by=by, at=at, reason="thanks")
        case "not about us":
            now.not_about_us(session, by=by, at=at)
        case "snoozed":
            now.snooze(session, until=minute(9999), by=by, at=at, promise=PROMISE)
    session.flush()


def tell(session: Session, stories: Sequence[Story]) -> None:
    for number, story in enumerate(stories):
        author = f"a{number}"
        hear(session, said(f"{number}.1", minute(story.asked), author=author))
        done = story.asked + story.took
        live(session, author, story.fate, story.by, minute(done))
        if story.back is not None:
            hear(session, said(f"{number}.2", minute(done + story.back), author=author))
            live(session, author, story.second_fate, TEAM[0], minute(done + story.back + 5))


SPOKEN = {"answered", "handed off", "outside"}


def is_open(story: Story) -> bool:
    last = story.fate if story.back is None else story.second_fate
    return last in {"waits", "snoozed"}


def end(story: Story) -> str:
    return story.fate if story.back is None else story.second_fate


def first_reply(story: Story) -> timedelta | None:
    """From their first post to our first public word."""
    if story.fate in SPOKEN:
        return timedelta(minutes=story.took)
    if story.back is not None and story.second_fate == "answered":
        return timedelta(minutes=story.took + story.back + 5)
    return None


def inside(number: float) -> bool:
    return SINCE <= minute(number) < UNTIL


def answers(stories: Sequence[Story]) -> list[tuple[str, timedelta]]:
    """Who answered what was asked in the period, and how long that question had waited."""
    found = []
    for story in stories:
        first_is_closed = story.fate not in {"waits", "snoozed"}
        if story.fate in {"answered", "handed off"} and inside(story.asked):
            found.append((story.by, timedelta(minutes=story.took)))
        if story.back is not None and story.second_fate == "answered":
            since = story.asked + story.took + story.back if first_is_closed else story.asked
            if inside(since):
                found.append((TEAM[0], timedelta(minutes=story.asked + story.took + story.back + 5 - since)))
    return found


@given(STORIES)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_figures_are_what_counting_by_hand_gives(db: Database, stories: list[Story]) -> None:
    with passing(db) as session:
        tell(session, stories)
        found = period(session, SINCE, UNTIL)

    own = [story for story in stories if inside(story.asked)]
    times = sorted(time for story in own if (time := first_reply(story)) is not None)
    backs = [
        story for story in stories if story.back is not None and inside(story.asked + story.took + story.back)
    ]
    assert found.heard == len(own) + len(backs)
    assert found.tickets == len(own)
    assert found.answered == sum(end(story) in SPOKEN for story in own)
    assert found.no_reply_needed == sum(end(story) == "no reply needed" for story in own)
    assert found.not_about_us == sum(end(story) == "not about us" for story in own)
    assert found.waiting == sum(is_open(story) for story in own)
    assert found.unanswered == sum(is_open(story) and first_reply(story) is None for story in own)
    assert (found.median, found.p90) == (quantile(times, 0.5), quantile(times, 0.9))
    by_hand = answers(stories)
    assert found.teammates == tuple(
        Teammate(who, len(mine), quantile(mine, 0.5))
        for who in TEAM
        if (mine := sorted(took for by, took in by_hand if by == who))
    )


def test_a_period_without_anything_has_figures_too(session: Session) -> None:
    found = period(session, SINCE, UNTIL)

    assert (found.heard, found.tickets, found.waiting, found.median, found.p90, found.teammates) == (
        0,
        0,
        0,
        None,
        None,
        (),
    )


def test_who_was_never_answered_counts_as_waiting_however_long_ago(session: Session) -> None:
    hear(session, said(1, minute(100), author="7"), said(2, minute(110), author="8"))
    live(session, "8", "answered", "U0ANA", minute(115))

    found = period(session, SINCE, UNTIL)
    assert (found.waiting, found.unanswered, found.median) == (1, 1, timedelta(minutes=5))


def test_the_end_of_a_period_is_the_start_of_the_next(session: Session) -> None:
    hear(session, said(1, SINCE), said(2, UNTIL, author="8"))

    assert period(session, SINCE, UNTIL).heard == 1
    assert period(session, UNTIL, minute(300)).heard == 1


# --- the open list ------------------------------------------------------------------------------------------


def test_the_longest_waiting_stands_first_with_the_place_of_its_card(session: Session) -> None:
    hear(session, *(said(number, minute(number), author=str(number)) for number in (3, 1, 2, 4)))
    live(session, "4", "answered", "U0ANA", minute(5))
    live(session, "2", "snoozed", "U0ANA", minute(5))
    ticket(session, "1").claim(session, by="U0BEN", at=minute(5))
    session.add(Card(ticket_id=ticket(session, "3").id, key="k", channel="C1", ts="17.1"))
    session.flush()

    total, listed = waiting(session, limit=2)
    assert total == 3
    assert [(one.since, one.owner, one.state, one.ts) for one in listed] == [
        (minute(1), "U0BEN", "waiting", None),
        (minute(2), None, "snoozed", None),
    ]
    assert waiting(session, limit=9)[1][2].ts == "17.1"
