"""A local Slack: one workspace over real HTTP and WebSockets, for the real slack_sdk and slack_bolt.

with SlackServer() as slack:
    slack.events_url = "http://127.0.0.1:3000/slack/events"  # where the app under test listens
    ...  # point its client at slack.url
    slack.person("ana").command("/hello")
"""

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
