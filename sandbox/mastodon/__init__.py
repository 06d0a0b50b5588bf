"""A local Mastodon, or a server that speaks its API: real HTTP, with the accounts and posts behind it.

with MastodonServer() as mastodon:
    mastodon.world.add_user("ana@books.example", "Ana")
    mention = mastodon.world.post("ana@books.example", "@acmebrew is the bar open?")
    ...  # point a client at mastodon.url
    [reply] = mastodon.world.replies_to(mention.id)
    assert reply.text == "@ana@books.example Until ten!"
"""

from sandbox.mastodon.server import MastodonServer
from sandbox.mastodon.state.flavours import FLAVOURS, Flavour
from sandbox.mastodon.state.statuses import Account, Media, Status
from sandbox.mastodon.state.world import Change, MastodonWorld

__all__ = [
    "FLAVOURS",
    "Account",
    "Change",
    "Flavour",
    "MastodonServer",
    "MastodonWorld",
    "Media",
    "Status",
]
