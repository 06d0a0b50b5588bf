"""How long tests wait that are about something else than waiting: they run on machines that stall for seconds.

Heard gives people an answer within the three seconds that Slack allows, and so waits for its ledger, for Slack and
for a network no longer than it can afford. A machine that is busy with something else exceeds these waits, and then
Heard truly says that it could not ask. A test that tells another story gives everybody `PATIENCE` times as long.
A test about waiting itself has the bot and Slack wait in proportion: `SLOWED` times as long as in production.
"""

from typing import TYPE_CHECKING

from bot.networks.http_client import CallLimits

if TYPE_CHECKING:
    from sandbox.slack import SlackServer

PATIENCE = 20  # times what production waits: 0.8 s becomes 16
SLOWED = 4  # times what production waits, where the proportion matters
CALL_LIMITS = CallLimits(
    connect_seconds=60.0,
    call_seconds=160.0,
    sign_seconds=50.0,
    begin_seconds=80.0,
)
PEOPLE_SECONDS = 60.0  # for which people in the local Slack wait instead of three


def call_limits(patience: int = PATIENCE) -> CallLimits:
    """What a call to a network may take, for those with that much patience."""
    return CALL_LIMITS if patience > 1 else CallLimits()


def be_patient(slack: "SlackServer") -> "SlackServer":
    """Have Slack and the people in it wait for the bot as long as the tests do."""
    limits = slack.world.limits
    limits.answer_seconds = limits.trigger_seconds = limits.look_seconds = PEOPLE_SECONDS
    return slack
