"""The field in which a channel's weights of priority are typed, for the modal of its policy. Pure."""

from bot.slack.blocks.elements import Block, plain_text
from models.priority.weights import Weights, format_weights

WEIGHTS_BLOCK, WEIGHTS_INPUT = "priority_weights", "value"
WEIGHTS_MAX_CHARS = 2_000
_HINT = (
    "A line for each that differs, such as refund: 30 or question: 0. Names: question, reach, again, "
    "customer, waiting, waiting_hours, and the cues in docs/reference/priority.md."
)


def build_weight_fields(weights: Weights) -> list[Block]:
    """The field with what differs from the defaults. `models.priority.weights.parse_weights` reads it."""
    shown = format_weights(weights)
    field = {
        "type": "plain_text_input",
        "action_id": WEIGHTS_INPUT,
        "multiline": True,
        "max_length": WEIGHTS_MAX_CHARS,
        "placeholder": plain_text("refund: 30"),
    }
    return [
        {
            "type": "input",
            "block_id": WEIGHTS_BLOCK,
            "optional": True,
            "label": plain_text("What comes first"),
            "hint": plain_text(_HINT),
            "element": field | ({"initial_value": shown} if shown else {}),
        }
    ]
