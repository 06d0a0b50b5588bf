"""What the buttons on a card carry besides tickets and replies. Pure."""

from dataclasses import dataclass

from bot.slack.blocks.values import Value


@dataclass(frozen=True, slots=True)
class TwinValue(Value):
    """What was joined to a ticket from that network."""

    ticket: int
    network: str
