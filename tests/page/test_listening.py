"""Somebody says to nobody in particular what they wish; a teammate answers, by hand and by name."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

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


def test_a_track_is_tried_before_it_is_added_and_then_listed(
    window: Callable[..., Window], demo: Demo, picture: Callable[..., None]
) -> None:
    for words in ("my garden diary lives on a fern blog now", "fern prints are lovely, says my gran"):
        demo.context.x.world.post("nans_garden", words, at=datetime.now(UTC) - timedelta(minutes=5))
    ana = window(size={"width": 1280, "height": 1100})
    box = ana.slack.get_by_role("combobox", name="Message #mentions")
    box.fill("/mentions track fern blog or fern prints")
    box.press("Enter")
    expect(ana.modal.get_by_label("Words")).to_have_value("fern blog or fern prints")
    ana.modal.get_by_label("Network").select_option(label="X")
    ana.modal.get_by_role("button", name="Try it").click()
    expect(ana.modal).to_contain_text("X counts 2 posts like that in the last 24 hours")
    picture(ana, "listen/7-price", ana.modal)
    ana.modal.get_by_role("button", name="Try it").click()
    expect(ana.modal).to_contain_text("2 of them would get a card")
    expect(ana.modal).to_contain_text("my garden diary lives on a fern blog now")
    expect(ana.modal.get_by_label("Words")).to_have_value("fern blog or fern prints")
    sound(ana.page)
    picture(ana, "listen/8-tried", ana.modal)
    ana.modal.locator("button[type=submit]").click()

    expect(ana.modal).to_have_count(0)
    expect(ana.card("fern prints are lovely")).to_contain_text("matches “fern”, “prints”")
    box.fill("/mentions tracks")
    box.press("Enter")
    listed = ana.slack.locator("article", has_text="Only visible to you").filter(has_text="fern prints").last
    expect(listed.get_by_role("button", name="Pause").first).to_be_visible()
    sound(ana.page)
    picture(ana, "listen/9-tracks", listed)
