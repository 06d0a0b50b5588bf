"""A local forum with feeds: real HTTP, with the members, topics and comments behind it.

with ForumServer() as forum:
    topic = forum.world.post_topic("ana", "The tap drips", "Since the update it drips. Any idea?")
    ...  # read forum.url + "/posts.atom"
    [answer] = forum.world.answers_to(topic.id)
    assert answer.text == "A new washer is on its way."
"""

from sandbox.feeds.faults import Fault, Faults
from sandbox.feeds.server import ForumServer
from sandbox.feeds.state.posts import Member, Post
from sandbox.feeds.state.world import Change, ForumWorld

__all__ = ["Change", "Fault", "Faults", "ForumServer", "ForumWorld", "Member", "Post"]
