"""A stage with everything that people do on Bluesky besides posting; the local Bluesky, and the real one."""

from contextlib import contextmanager

from sandbox.bluesky import BlueskyServer
from tests.bot.networks.stages import BlueskyStage


class BlueskyActs(BlueskyStage):
    """The local Bluesky. Handles are those of the contract suite: maria is @maria.test."""

    def answers(self, handle, text, under, **more):
        """Let a customer post `text` under a post of anybody's; returns the id."""
        return self.posts(handle, text, reply_to=under, **more)

    def posts(self, handle, text, **more):
        """Let a customer post with `created_at`, `langs`, `quote`, `embed`, `reply_to` or `facets`."""
        more.setdefault("facets", self._mentions(text))
        self._user(handle)
        return self.world.post(self.full_handle(handle), text, **more).uri

    def gates(self, post_id):
        """Let nobody reply to a post of the customer's."""
        self.world.gate(post_id)

    def blocks(self, handle):
        """Let a customer block the brand."""
        self.world.block(self.full_handle(handle), self.world.brand.handle)

    def unblocks(self, handle):
        self.world.unblock(self.full_handle(handle), self.world.brand.handle)

    def deactivates(self, handle):
        self._user(handle)
        self.world.deactivate(self.full_handle(handle))

    def reactivates(self, handle):
        self.world.reactivate(self.full_handle(handle))

    def record(self, post_id):
        """The record of a post as its repository has it."""
        return self.world.record(post_id).value

    def shown_under(self, post_id, viewer):
        """The texts that `viewer` sees as replies to a post."""
        return self.world.thread(post_id, self.full_handle(viewer))

    def did(self, handle):
        return self._user(handle).did


@contextmanager
def local_bluesky():
    with BlueskyServer() as server:
        yield BlueskyActs(server)
