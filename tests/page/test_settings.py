"""The settings of a channel and what is muted, as people see and press them."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from sandbox.demo.runner import Demo
from tests.page.conftest import Window
from tests.page.looks import sound

pytestmark = pytest.mark.usefixtures("demo")


def command(window: Window, text: str) -> None:
    box = window.slack.get_by_role("combobox", name="Message #mentions")
    box.fill(text)
    box.press("Enter")


def test_settings_are_chosen_saved_and_told_in_the_channel(window: Callable[..., Window]) -> None:
    ana = window(size={"width": 1280, "height": 1100})
    command(ana, "/mentions settings")
    expect(ana.modal).to_contain_text("These settings are for tickets whose cards are in #mentions")
    expect(ana.modal).not_to_contain_text("does not draw")
    ana.modal.get_by_label("First reply within").fill("2h")
    ana.modal.get_by_label("Cleo Park").check()
    ana.modal.get_by_label("What comes first").fill("refund: 30")
    sound(ana.page)
    ana.modal.locator("button[type=submit]").click()

    told = ana.slack.locator("#messages article").filter(has_text="changed Heard's settings").last
    expect(told).to_contain_text("First reply within: 30 min (default) → 2 h 00 min")
    expect(told).to_contain_text("Who may send public replies: every member (default) → @Cleo Park")
    command(ana, "/mentions settings")
    expect(ana.modal.get_by_label("Cleo Park")).to_be_checked()
    expect(ana.modal.get_by_label("First reply within")).to_have_value("120")


def test_not_about_us_offers_to_mute_the_author_and_the_list_gives_it_back(
    window: Callable[..., Window], demo: Demo
) -> None:
    ana, world = window(), demo.context.x.world
    world.add_user("prize_bot", "Prize Bot", followers=3)
    world.post("prize_bot", "@fernpress you have won something lovely")
    card = ana.card("won something lovely")
    ana.press(card, "More")
    ana.page.get_by_role("menuitem", name="Not about us").click()
    ana.slack.get_by_role("button", name="Mute this author").last.click()
    expect(ana.modal).to_contain_text("even if they mention, answer or quote you")
    ana.modal.locator("button[type=submit]").click()
    expect(ana.modal).to_have_count(0)
    world.post("prize_bot", "@fernpress and once more, just for you")

    expect(ana.page.get_by_role("region", name="History of a ticket")).to_contain_text(
        "once more, just for you"
    )
    command(ana, "/mentions muted")
    shown = ana.slack.locator("article", has_text="once more, just for you").last
    sound(ana.page)
    shown.get_by_role("button", name="Show as a card").first.click()

    expect(ana.card("once more, just for you")).to_contain_text("Waiting")
