"""A local Bluesky: entryway, PDS and AppView in one HTTP server on loopback, with the people behind it.

It imports nothing else of this project. Start with `BlueskyServer` and its `world`; see README.md.
"""

from sandbox.bluesky.faults import Fault, Faults
from sandbox.bluesky.jetstream import JetstreamServer
from sandbox.bluesky.server import BlueskyServer
from sandbox.bluesky.state.world import BlueskyWorld

__all__ = ["BlueskyServer", "BlueskyWorld", "Fault", "Faults", "JetstreamServer"]
