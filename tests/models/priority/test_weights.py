"""Weights: read from what people type, kept as what differs, and never a reason to stop."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.blocks.text import one_line
from models.priority.cue_table import CUE_NAMES, CUES
from models.priority.weights import (
    DEFAULT_WEIGHTS,
    POINTS_MAX,
    WEIGHT_NAMES,
    Weights,
    WeightsError,
    format_weights,
    parse_weights,
)

NUMBERS = st.integers(-POINTS_MAX, POINTS_MAX)
HOURS = st.integers(0, 1_000)
WEIGHTS = st.builds(
    Weights,
    question=NUMBERS,
    reach=NUMBERS,
    again=NUMBERS,
    customer=NUMBERS,
    waiting=NUMBERS,
    waiting_hours=HOURS,
    cues=st.dictionaries(st.sampled_from(CUE_NAMES), NUMBERS, max_size=6),
)


@given(WEIGHTS)
def test_what_is_written_is_read_again(weights: Weights) -> None:
    assert parse_weights(format_weights(weights)) == weights
    assert Weights.of_stored(weights.as_json()) == weights


def test_only_what_differs_is_kept() -> None:
    assert DEFAULT_WEIGHTS.as_json() == {}
    assert format_weights(DEFAULT_WEIGHTS) == ""
    assert Weights(question=10, cues={CUES[0].name: CUES[0].points}) == DEFAULT_WEIGHTS
    assert parse_weights("Refund: 30\n\n Waiting hours = 5 \ncannot log in: \u22124").as_json() == {
        "waiting_hours": 5,
        "cues": {"refund": 30, "cannot log in": -4},
    }


@pytest.mark.parametrize(
    "typed",
    [
        "refund: 31, question: 4",
        "refund: 31; question: 4;",
        "refund: 31,\nquestion: 4,\n",
        ",refund=31,, question=4",
        "refund\uff1a31\u3001question\uff1a4",
    ],
)
def test_they_may_stand_in_one_line(typed: str) -> None:
    assert parse_weights(typed) == Weights(question=4, cues={"refund": 31})


@pytest.mark.parametrize("name", WEIGHT_NAMES)
def test_each_can_be_set_by_its_name(name: str) -> None:
    assert f"{name}: 9" in format_weights(parse_weights(f"{name.upper()} = 9"))


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("refund", "Write a name and its points, such as “refund: 30”, not “refund”."),
        (": 3", "Write a name and its points, such as “refund: 30”, not “: 3”."),
        ("refund: many", "“many” is no whole number of points."),
        ("refund: 1.5", "“1.5” is no whole number of points."),
        ("refund: ٣", "“٣” is no whole number of points."),
        ("refund: 999999999999", "“999999999999” is no whole number of points."),
        ("refund: 101", "“refund” can have -100 to 100 points."),
        ("question: -101", "“question” can have -100 to 100 points."),
        ("waiting_hours: 1001", "waiting_hours can be 0 to 1,000 hours."),
        ("cues: 3", "No weight is called “cues”; docs/reference/priority.md lists them."),
        ("model_config: 3", "No weight is called “model_config”; docs/reference/priority.md lists them."),
        ("refund: 1\nREFUND: 2", "“REFUND” is there twice."),
        ("refund: 1, Cannot  Log In: 2; cannot_log_in=3", "“cannot_log_in” is there twice."),
        ("Our Cats: 3", "No weight is called “Our Cats”; docs/reference/priority.md lists them."),
        ("refund: 31, question", "Write a name and its points, such as “refund: 30”, not “question”."),
        (
            "refund: 31 question: 4",
            "No weight is called “refund: 31 question”; docs/reference/priority.md lists them.",
        ),
        ("waiting_hours: 1,000", "“1,000” is no whole number of points."),
    ],
)
def test_what_is_wrong_is_one_sentence(typed: str, sentence: str) -> None:
    with pytest.raises(WeightsError) as error:
        parse_weights(typed)
    assert str(error.value) == sentence


@given(st.text(max_size=60))
def test_whatever_is_typed_is_read_or_refused_with_one_line(typed: str) -> None:
    try:
        found = parse_weights(typed)
    except WeightsError as error:
        found = str(error)
    assert isinstance(found, Weights) or found == one_line(found)


def test_what_another_version_stored_is_left_out() -> None:
    stored = {"question": "many", "reach": 7, "moon": 3, "cues": {"refund": 3, "gone": 4, "bug": 1e9}}

    assert Weights.of_stored(stored).as_json() == {"reach": 7, "cues": {"refund": 3}}
    assert Weights.of_stored(None) == Weights.of_stored({"cues": None}) == DEFAULT_WEIGHTS


@pytest.mark.parametrize("text", ["null", "[]", "3", '"refund"', "{", "", '{"question": 1, "moon": 2}'])
def test_whatever_text_is_stored_is_read_and_the_same_one_once(text: str) -> None:
    assert Weights.of_json(text).as_json() == ({"question": 1} if "question" in text else {})
    assert Weights.of_json(text) is Weights.of_json(text)
