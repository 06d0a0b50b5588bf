"""A local X: the API v2 over real HTTP, with the users and posts behind it.

with XServer() as x:
    mention = x.world.post(x.world.add_user("ana", "Ana").handle, "@acmebrew is the bar open?")
    ...  # point a client at x.url
    assert [reply.text for reply in x.world.replies_to(mention.id)] == ["Until ten!"]
"""

from sandbox.x.server import XServer
from sandbox.x.state.posts import Media, User, XPost
from sandbox.x.state.world import Change, XWorld

__all__ = ["Change", "Media", "User", "XPost", "XServer", "XWorld"]
