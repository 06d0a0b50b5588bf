"""A web page that shows the local Slack, the local networks and what happens between them."""

from sandbox.page.app import create_app
from sandbox.page.bluesky_state import bluesky_version
from sandbox.page.event_stream import EventStream
from sandbox.page.fault_switches import OUR_TOKEN
from sandbox.page.page_context import BotControl, Ledger, PageContext, ScriptedPosts

__all__ = [
    "OUR_TOKEN",
    "BotControl",
    "EventStream",
    "Ledger",
    "PageContext",
    "ScriptedPosts",
    "bluesky_version",
    "create_app",
]
