"""An issue is picked on the page by a word or two, with the keyboard alone or by the mouse."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Route, expect

from sandbox.demo.runner import Demo
from tests.page.conftest import WIDE, Window
from tests.page.looks import sound
from tests.page.test_looking import PHONE
from tests.page.test_see_it_all import SOON, card_of, choose, says

Open = Callable[..., Window]
JAM = "Printed books jam on Mondays"
HOSTILE = "The <img src=x onerror=alert(1)> * button * <!channel>"


@pytest.fixture(scope="module")
def gathered(demo: Demo) -> None:
    """Two more issues, somebody's who wrote of neither in these words."""
    demo.context.x.world.add_user("ink_ida", "Ida", followers=80)
    says(demo, "ink_ida", "it happened again")
    card = card_of(demo, "it happened again")
    for title in (JAM, HOSTILE):
        demo.context.slack.person("U0BEN").say("C0MENTIONS", f"@Heard issue {title}", card.ts)
        card_of(demo, title[:20])


@pytest.mark.usefixtures("gathered")
@pytest.mark.parametrize(("size", "words"), [(WIDE, "wants a bigger font"), (PHONE, "wants a smaller font")])
def test_an_issue_is_found_and_picked_with_the_keyboard(
    window: Open, demo: Demo, size: dict[str, int], words: str
) -> None:
    says(demo, "ink_ida", f"my aunt {words}")
    ana = window(size=size)
    choose(ana, ana.card(words), "Add to issue…")
    box = ana.modal.get_by_label("Existing issue")
    offer = ana.modal.get_by_role("listbox")
    options = offer.get_by_role("option")
    expect(box).to_be_focused(timeout=SOON)
    expect(offer).to_have_count(0)  # it covers nothing before somebody asks

    ana.offered(box, JAM)
    expect(options.first).to_have_attribute("aria-selected", "true")
    box.press("ArrowUp")
    expect(options.last).to_have_attribute("aria-selected", "true")
    box.press("Escape")
    expect(offer).to_have_count(0)
    expect(ana.modal).to_be_visible()

    box.press_sequentially("teapot")
    expect(offer).to_have_text("Nothing found")
    box.press("Enter")
    expect(offer).to_have_count(0)

    expect(ana.offered(box, HOSTILE, "channel, BUTTON")).to_have_count(1)
    assert ana.page.locator("img[src='x']").count() == 0
    for light in ("dark", "light"):
        ana.page.emulate_media(color_scheme=light)
        sound(ana.page)

    expect(ana.offered(box, JAM, "MONDAYS printed")).to_have_count(1)
    box.press("Enter")
    expect(box).to_have_value(JAM)
    box.press("Enter")

    expect(ana.modal).to_be_hidden(timeout=SOON)
    expect(ana.card(words)).to_contain_text(f"Issue: {JAM}", timeout=SOON)


@pytest.mark.usefixtures("gathered")
def test_enter_takes_nothing_that_was_on_offer_for_other_words(window: Open, demo: Demo) -> None:
    says(demo, "ink_ida", "where is the index?")
    ana = window()
    choose(ana, ana.card("where is the index"), "Add to issue…")
    box = ana.modal.get_by_label("Existing issue")
    options = ana.modal.get_by_role("option")
    box.click(timeout=SOON)
    ana.offered(box, JAM)

    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    ana.page.route("**/slack/view/options", hold)
    with ana.page.expect_request("**/slack/view/options"):
        box.fill("jam mondays")
        box.press("Enter")
    box.press("Enter")
    expect(box).to_have_value("jam mondays")
    ana.page.unroute("**/slack/view/options")  # what is held goes on
    assert len(held) == 1

    expect(ana.offered(box, JAM, "jam mondays")).to_have_count(1)
    options.click()
    expect(box).to_have_value(JAM)
    box.fill("")
    ana.modal.get_by_label("Or create a new issue").click()
    expect(box).to_have_value("")  # taken back
    ana.send("Cancel")
