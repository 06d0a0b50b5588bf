"""A network gets back what it gave the ledger to read a post again."""

from bot.ingest import missing_posts, refresh_post
from tests.bot.room import Counting, Room


def test_before_an_answer(here: Room, network: Counting) -> None:
    post = network.says("maria", "@acmebrew is the kettle back?", context="root 7").id
    here.poll()

    refresh_post.refresh_target(here.ctx, 1)

    assert network.contexts_given == {post: "root 7"}


def test_at_a_post_that_was_not_shown(here: Room, network: Counting) -> None:
    post = network.says("maria", "@acmebrew is the kettle back?", context="root 7").id
    here.poll()
    network.hides(post)
    refresh_post.refresh_target(here.ctx, 1)
    network.contexts_given.clear()
    here.clock.pass_by(minutes=61)

    missing_posts.run_due(here.ctx)

    assert network.contexts_given == {post: "root 7"}


def test_a_post_without_one_has_none(here: Room, network: Counting) -> None:
    network.says("maria", "@acmebrew is the kettle back?")
    here.poll()

    refresh_post.refresh_target(here.ctx, 1)

    assert network.contexts_given == {}
