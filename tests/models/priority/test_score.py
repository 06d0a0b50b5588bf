"""Points: each has a reason, and no score is hidden behind them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.priority.cue_table import CUES
from models.priority.score import Facts, Priority, compute_priority, waiting_hours
from models.priority.weights import DEFAULT_WEIGHTS, Weights
from tests.models.priority.test_weights import WEIGHTS

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SAID = [
    "refund!",
    "How do I reset it?",
    "thank you",
    "my pot is broken",
    "hello",
    "返金してください",
    "works now",
]
FACTS = st.builds(
    Facts,
    texts=st.lists(st.sampled_from(SAID), max_size=3),
    followers=st.none() | st.integers(-5, 10**9),
    contact=st.integers(0, 9),
    customer=st.none() | st.sampled_from(["", "Pro plan"]),
)


def obvious(facts: Facts, weights: Weights) -> dict[str, int]:
    """The points by reason, slowly and without a thought; a word of a cue is one that stands by itself."""
    points = {}
    if any("?" in text for text in facts.texts):
        points["question"] = weights.question
    for cue in CUES:
        padded = [f" {text.lower().strip('!?')} " for text in facts.texts]
        for text in padded:
            has = any(
                f" {one.lower()} " in text or (not one.isascii() and one in text) for one in cue.phrases
            )
            if has and not any(f" {one.lower()} " in text for one in cue.unless):
                points[cue.name] = weights.of_cue(cue.name)
    step, followers = 0, facts.followers or 0
    while step < 5 and followers >= 1_000 * 10**step:
        step += 1
    points["reach"] = step * weights.reach
    points["again"] = min(max(facts.contact - 1, 0), 3) * weights.again
    points["customer"] = weights.customer if facts.customer is not None else 0
    return {name: number for name, number in points.items() if number}


@given(FACTS, WEIGHTS)
def test_the_points_are_those_of_an_obvious_model(facts: Facts, weights: Weights) -> None:
    found = compute_priority(facts, weights)

    assert {one.name or one.kind: one.points for one in found.reasons} == obvious(facts, weights)
    assert found.points == sum(one.points for one in found.reasons)
    assert Priority.read(found.as_json()) == found


@given(FACTS, FACTS, WEIGHTS)
def test_a_new_profile_changes_what_it_says_and_nothing_else(
    was: Facts, now: Facts, weights: Weights
) -> None:
    both = Facts(was.texts, now.followers, was.contact, now.customer)

    assert compute_priority(was, weights).with_author(now, weights) == compute_priority(both, weights)


@given(st.integers(-10_000, 400_000), WEIGHTS)
def test_waiting_counts_full_hours_up_to_a_limit(seconds: int, weights: Weights) -> None:
    priority = compute_priority(Facts(["refund"]), weights)
    later = priority.at(NOON, NOON + timedelta(seconds=seconds), weights)

    hours = max(seconds, 0) // 3600
    assert later.points - priority.points == min(hours, weights.waiting_hours) * weights.waiting
    if later != priority:
        assert later.reasons[-1].number == hours


def test_fractions_of_a_second_are_cut_off_as_the_database_does() -> None:
    since = NOON + timedelta(microseconds=900_000)

    assert waiting_hours(since, NOON + timedelta(hours=1, microseconds=100_000)) == 1
    assert waiting_hours(since, NOON + timedelta(minutes=59, seconds=59, microseconds=999_999)) == 0


@pytest.mark.parametrize(
    ("followers", "steps"), [(0, 0), (999, 0), (1_000, 1), (12_400, 2), (10**7, 5), (10**9, 5)]
)
def test_reach_counts_by_powers_of_ten(followers: int, steps: int) -> None:
    assert compute_priority(Facts(followers=followers)).points == steps * DEFAULT_WEIGHTS.reach


def test_nothing_known_is_nothing_told() -> None:
    assert compute_priority(Facts()) == Priority() == Priority.read(None)


def test_a_reason_of_a_later_version_is_left_out() -> None:
    later = [{"kind": "moon phase", "points": 3}, {"kind": "question", "points": 10}]

    assert Priority.read(later).points == 10


def test_the_reasons_of_the_issue() -> None:
    said = ["@fernpress can you send it back? I want a refund"]
    found = compute_priority(Facts(said, 12_400, 3, "Pro plan"))

    told = [(one.kind, one.name, one.words, one.number, one.note, one.points) for one in found.reasons]
    assert told == [
        ("question", "", (), None, "", 10),
        ("cue", "refund", ("refund",), None, "", 20),
        ("reach", "", (), 12_400, "", 10),
        ("again", "", (), 3, "", 16),
        ("customer", "", (), None, "Pro plan", 15),
    ]
