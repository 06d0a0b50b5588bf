"""A local Slack that the real slack_sdk and slack_bolt speak to."""

from sandbox.slack.errors import NotOnScreenError, SlackError
from sandbox.slack.message import Message
from sandbox.slack.modal import Modal
from sandbox.slack.outcome import CommandOutcome, Outcome, SubmitOutcome
from sandbox.slack.person import Person
from sandbox.slack.server import SlackServer
from sandbox.slack.visible import VisibleText, visible
from sandbox.slack.world import SlackWorld

__all__ = [
    "CommandOutcome",
    "Message",
    "Modal",
    "NotOnScreenError",
    "Outcome",
    "Person",
    "SlackError",
    "SlackServer",
    "SlackWorld",
    "SubmitOutcome",
    "VisibleText",
    "visible",
]
