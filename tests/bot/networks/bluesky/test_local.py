"""The tests of `core`, on the local Bluesky."""

from tests.bot.networks.bluesky.core import *  # noqa: F403
