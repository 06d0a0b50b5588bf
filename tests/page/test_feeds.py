"""A newcomer finds the feed of a forum from `/mentions track`, tries it, and sees it in the list of tracks."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from sandbox.demo.runner import Demo
from tests.page.conftest import Window
from tests.page.looks import sound

pytestmark = pytest.mark.usefixtures("demo")


def test_a_feed_is_found_behind_a_page_tried_and_listed(
    window: Callable[..., Window], demo: Demo, picture: Callable[..., None]
) -> None:
    forum = demo.context.forum
    ana = window(size={"width": 1280, "height": 1100})
    box = ana.slack.get_by_role("combobox", name="Message #mentions")
    box.fill("/mentions track")
    box.press("Enter")
    ana.modal.get_by_role("button", name="Listen to a site or feed").click()
    expect(ana.modal.get_by_label("Address")).to_be_visible()
    picture(ana, "feeds/1-modal", ana.modal)
    ana.modal.get_by_label("Address").fill(forum.url)
    ana.modal.get_by_role("button", name="Try it").click()
    expect(ana.modal).to_contain_text("That page names")
    expect(ana.modal.get_by_label("Which of its feeds")).to_be_visible()
    picture(ana, "feeds/2-tried", ana.modal)
    sound(ana.page)
    ana.modal.locator("button[type=submit]").click()
    expect(ana.modal).to_be_hidden()

    box.fill("/mentions tracks")
    box.press("Enter")
    listed = ana.slack.locator(".message").filter(has_text="in the last 7 days").last
    expect(listed).to_contain_text("on Feeds")
    picture(ana, "feeds/3-tracks", listed)
    sound(ana.page)
