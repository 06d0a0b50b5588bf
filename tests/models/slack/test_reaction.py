"""The emoji on the message that a reply's text came from."""

from models.slack.reaction import STATE_EMOJI
from models.tickets.delivery_state import DeliveryState


def test_every_state_but_those_that_go_nowhere_has_an_emoji() -> None:
    without = {"draft", "awaiting approval", "cancelled", "rejected", "superseded"}

    assert set(STATE_EMOJI) == set(DeliveryState) - without
