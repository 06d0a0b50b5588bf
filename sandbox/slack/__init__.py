"""A local Slack that the real slack_sdk and slack_bolt speak to."""

from sandbox.slack.errors import NotOnScreenError, SlackError
from sandbox.slack.people.modal import Modal
from sandbox.slack.people.outcome import CommandOutcome, Outcome, SubmitOutcome
from sandbox.slack.people.person import Person
from sandbox.slack.server import SlackServer
from sandbox.slack.text.visible import VisibleText, visible
from sandbox.slack.workspace.message import Message
from sandbox.slack.workspace.world import SlackWorld

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
