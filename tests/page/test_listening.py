"""Somebody says to nobody in particular what they wish; a teammate answers, by hand and by name."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from sandbox.demo.runner import Demo
from tests.page.conftest import Window
from tests.page.looks import sound
from tests.page.two_windows import public

pytestmark = pytest.mark.usefixtures("demo")
WISH = "fernpress would be nicer with tags"
ANSWER = "Funny, that is what I am working on now."


def test_a_wish_to_nobody_in_particular_is_answered_by_a_named_teammate(
    window: Callable[..., Window], demo: Demo, picture: Callable[..., None]
) -> None:
    ana = window()
    ana.customer_says(WISH)
    card, said = ana.card(WISH), ana.conversation(WISH)
    expect(card).to_contain_text("matches “fernpress”")
    expect(card).to_contain_text("can only be replied to by hand on X")
    expect(card).not_to_contain_text("to @fernpress")
    picture(ana, "listen/1-said", said)
    picture(ana, "listen/2-card", card)

    ana.press(card, "Reply")
    ana.write(ANSWER)
    picture(ana, "listen/3-composer", ana.modal)
    ana.modal.locator("button[type=submit]").click()
    card.get_by_role("button", name="I posted it", exact=True).wait_for()
    picture(ana, "listen/4-by-hand", card)
    world = demo.context.x.world
    [post] = [one for one in world.posts.values() if one.text == WISH]
    world.post("fernpress", ANSWER, reply_to=post.id)
    ana.press(card, "I posted it")

    expect(card).to_contain_text("Answered by hand by @Ana Lima")
    expect(said.locator(".post.ours")).to_contain_text(ANSWER)
    assert public(demo, post) == [ANSWER]
    sound(ana.page)
    picture(ana, "listen/5-answered", card)
    picture(ana, "listen/6-public", said)
