"""A picture, a poll and a link, as the page shows them on both sides, without anything from outside."""

from collections.abc import Callable

from playwright.sync_api import expect

from sandbox.demo.runner import Demo
from sandbox.x import Media
from tests.page.conftest import Window

ROSES = "A rose on the left, four lines of text on the right"
NOT_ON_THE_PAGE = "https://pbs.twimg.com/media/nobody-drew-this.jpg"


def test_pictures_polls_and_links_show_in_slack_and_on_the_network(window: Callable[..., Window]) -> None:
    ana = window()

    for side in (ana.slack, ana.network):
        picture = side.get_by_role("img", name=ROSES)
        picture.scroll_into_view_if_needed()
        expect(picture).to_be_visible()
        assert picture.evaluate("async image => { await image.decode(); return image.naturalWidth }") > 0
        expect(side.get_by_text("The best photo", exact=True)).to_be_visible()
        expect(side.get_by_text("nans-garden.example/").first).to_be_visible()
        assert "t.co/" not in side.inner_text()
        assert "pic.x.com" not in side.inner_text()


def test_a_picture_that_the_page_does_not_have_is_shown_by_its_description(
    window: Callable[..., Window], demo: Demo
) -> None:
    ana = window()
    demo.stage.x.world.post(
        "bart_was_right", "@fernpress look", media=[Media(NOT_ON_THE_PAGE, alt="a <b>blank</b> page")]
    )

    for side in (ana.slack, ana.network):
        expect(side.locator(".picture").get_by_text("a <b>blank</b> page")).to_be_visible()
