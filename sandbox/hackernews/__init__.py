"""A local Hacker News: its search as an HTTP server on loopback, with the people behind it.

It imports nothing else of this project. Start with `HackerNewsServer` and its `world`; see README.md.
"""

from sandbox.hackernews.faults import Fault, Faults
from sandbox.hackernews.server import HackerNewsServer
from sandbox.hackernews.world import HackerNewsWorld, Item

__all__ = ["Fault", "Faults", "HackerNewsServer", "HackerNewsWorld", "Item"]
