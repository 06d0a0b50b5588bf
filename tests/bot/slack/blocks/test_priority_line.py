"""Why first, in words: short, literal, and without a number that nobody explains."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.slack.blocks.tickets.priority_line import (
    CARD_LINE_MAX_CHARS,
    build_priority_line,
    points_text,
    short_text,
)
from models.priority.score import Facts, Priority, Reason, compute_priority
from sandbox.slack import visible
from sandbox.slack.block_kit.validator import check_message

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOSTILE = "<!channel> *x* <https://evil.example|y> :tada: \u202egnp"


def line(*reasons: Reason) -> str:
    blocks = build_priority_line(Priority(reasons))
    assert check_message(blocks) == []
    return blocks[0]["elements"][0]["text"] if blocks else ""


def test_the_reasons_of_the_issue_in_the_words_of_the_issue() -> None:
    priority = compute_priority(Facts(["is it open?"], 12_400, 3, ""))

    assert line(*priority.reasons) == (
        "Why first: question · 12,400 followers · third time this week · known customer"
    )
    assert short_text(priority) == "question · 12,400 followers · third time this week · known customer"
    assert points_text(priority.at(NOON, NOON + timedelta(hours=3))) == (
        "54 points: question +10, 12,400 followers +10, third time this week +16, known customer +15, waiting 3 h +3"
    )


def test_little_is_not_told_on_the_card_but_counted_in_the_list() -> None:
    praise = Priority((Reason("cue", 2, "praise", ("love it",)), Reason("cue", -5, "thanks", ("thanks",))))

    assert line(*praise.reasons) == ""
    assert short_text(praise) == ""
    assert points_text(praise) == "\u22123 points: praise +2, thanks \u22125"
    assert points_text(Priority()) == "0 points"
    assert points_text(Priority((Reason("cue", 1, "praise"),))) == "1 point: praise +1"


def test_words_and_notes_are_one_line_of_text() -> None:
    shown = line(
        Reason("cue", 20, "refund", (HOSTILE, "a\nb")), Reason("customer", 15, note=f"{HOSTILE}\n{HOSTILE}")
    )

    assert "\n" not in shown
    assert "\u202e" not in shown
    assert shown.startswith("Why first: refund (“<!channel> *x*")
    assert len(shown) <= CARD_LINE_MAX_CHARS
    told = visible(
        {
            "text": "x",
            "blocks": [
                {
                    "type": "section",
                    "text": {
                        "type": "mrkdwn",
                        "text": short_text(Priority((Reason("customer", 15, note=HOSTILE),))),
                        "verbatim": True,
                    },
                }
            ],
        }
    )
    assert told.broadcasts == []
    assert told.links == []
    assert "<!channel> *x*" in told.text


def test_only_the_weightiest_cues_are_named_on_the_card() -> None:
    cues = [Reason("cue", 30 - number, f"cue {number}") for number in range(5)]

    assert line(*cues) == "Why first: cue 0 · cue 1 · cue 2"
    assert points_text(Priority(tuple(cues))).count("cue") == 5


@pytest.mark.parametrize(
    ("number", "words"),
    [(2, "second"), (10, "tenth"), (11, "11th"), (21, "21st"), (112, "112th"), (103, "103rd")],
)
def test_contacts_are_counted_in_words(number: int, words: str) -> None:
    assert line(Reason("again", 8, number=number)) == f"Why first: {words} time this week"


def test_long_waits_are_told_in_days() -> None:
    waits = Priority().at(NOON, NOON + timedelta(days=5, hours=3, minutes=59))

    assert points_text(waits) == "48 points: waiting 5 d 3 h +48"
