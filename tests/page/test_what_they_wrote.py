"""A picture, a poll and a link, as the page shows them on both sides, without anything from outside."""

from collections.abc import Callable

from playwright.sync_api import expect

from sandbox.demo.runner import Demo
from sandbox.x import Media
from tests.page.conftest import Window
from tests.page.looks import sound

MEDIA = "https://pbs.twimg.com/media"  # where X serves pictures from; the page has its own of these names
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
    demo.context.x.world.post(
        "bart_was_right", "@fernpress look", media=[Media(NOT_ON_THE_PAGE, alt="a <b>blank</b> page")]
    )

    for side in (ana.slack, ana.network):
        expect(side.locator(".picture").get_by_text("a <b>blank</b> page")).to_be_visible()


def test_a_card_has_what_the_customer_wrote_and_names_whom_it_is_to(
    window: Callable[..., Window], demo: Demo, picture: Callable[..., None]
) -> None:
    ana, ben = window(), window("U0BEN")
    world = demo.context.x.world
    asked = world.post("theo_codes", "How do people lay out a blog about gardens? @fernpress")
    world.post(
        "nans_garden",
        "Like this one, Theo: https://nans-garden.example/roses-in-june?lang=en",
        reply_to=asked.id,
        media=[Media(f"{MEDIA}/roses.jpg", alt=ROSES)],
    )
    world.post(
        "lucas_fotos", "@fernpress settle it: where do captions go?", poll=("Above", "Below", "Nowhere")
    )
    garden, poll = ana.card("Like this one, Theo"), ana.card("settle it")

    expect(garden).to_contain_text("to @theo_codes, @fernpress")
    expect(garden).to_contain_text("answers @theo_codes, names us")
    expect(garden).to_contain_text("nans-garden.example/roses-in-june?lang=en")
    expect(garden.get_by_role("img", name=ROSES)).to_be_visible()
    for choice in ("Above", "Below", "Nowhere"):
        expect(poll).to_contain_text(choice)
    for card in (garden, poll):
        expect(card).not_to_contain_text("t.co/")
    sound(ana.page)
    picture(ana, "what-they-wrote/1-card", garden)
    picture(ana, "what-they-wrote/2-poll", poll)
    said = ben.conversation("Like this one, Theo")
    sound(ben.page)
    picture(ben, "what-they-wrote/3-on-x", said)


def test_the_newest_card_stays_in_view_when_a_picture_above_it_has_loaded(
    window: Callable[..., Window], demo: Demo
) -> None:
    world = demo.context.x.world
    world.post("nans_garden", "@fernpress is this a rose?", media=[Media(f"{MEDIA}/roses.jpg", alt=ROSES)])
    world.post("maria_writes", "@fernpress and does it have thorns?")

    ana = window()

    newest = ana.card("does it have thorns")
    picture = ana.card("is this a rose").get_by_role("img", name=ROSES)
    assert picture.evaluate("async image => { await image.decode(); return image.naturalWidth }") > 0
    expect(newest.get_by_role("button", name="Claim")).to_be_in_viewport(ratio=1)
