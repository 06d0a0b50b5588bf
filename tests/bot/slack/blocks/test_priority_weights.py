"""The field for weights: it shows what differs, and what it shows is read as the same."""

from bot.slack.blocks.elements import plain_text
from bot.slack.blocks.priority_weights import WEIGHTS_MAX_CHARS, build_weight_fields
from models.priority.cue_table import CUE_NAMES
from models.priority.weights import DEFAULT_WEIGHTS, Weights, parse_weights
from sandbox.slack.block_kit.validator import check_view


def field(weights: Weights) -> dict[str, object]:
    blocks = build_weight_fields(weights)
    view = {"type": "modal", "title": plain_text("Policy"), "submit": plain_text("Save"), "blocks": blocks}
    assert check_view(view) == []
    return blocks[0]["element"]


def test_it_shows_what_differs() -> None:
    assert "initial_value" not in field(DEFAULT_WEIGHTS)
    assert field(Weights(question=0, cues={"refund": 30}))["initial_value"] == "question: 0\nrefund: 30"


def test_all_weights_that_there_are_fit_and_are_read_again() -> None:
    every = Weights(
        question=-100,
        reach=-100,
        again=-100,
        customer=-100,
        waiting=-100,
        waiting_hours=1_000,
        cues=dict.fromkeys(CUE_NAMES, -100),
    )
    shown = str(field(every)["initial_value"])

    assert len(shown) <= WEIGHTS_MAX_CHARS
    assert parse_weights(shown) == every
