"""Many at once on one card, as people see and press it: a conversation, a campaign, a spike."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from sandbox.demo.runner import Demo
from tests.page.conftest import Window
from tests.page.looks import sound
from tests.page.two_windows import public

pytestmark = pytest.mark.usefixtures("demo")
QUESTIONS = (
    "Does it work offline on a train?",
    "Will there be a version for Android?",
    "Can I bring my old drafts along?",
    "Is the price the same for schools?",
    "How do I invite my co-author?",
    "Love it! Dark mode next, please",
    "Where can I read the changelog?",
    "Do footnotes survive the export?",
    "Is there a keyboard shortcut for headings?",
    "What about right-to-left text?",
    "My kid wants to know who drew the fern",
    "Can two people edit at the same time?",
)
TALL = {"width": 1440, "height": 1300}  # a shared card is long
CAMPAIGN = "Follow @fernpress and win a year of premium, tag a friend who writes"


def test_twelve_strangers_under_one_post_of_ours_are_one_card(
    window: Callable[..., Window], demo: Demo, picture: Callable[..., None]
) -> None:
    ana, world = window(size=TALL), demo.context.x.world
    ours = world.publish("Fern Press 5 is here: tags, at last")
    for number, words in enumerate(QUESTIONS):
        world.add_user(f"reader{number}", f"Reader {number}", followers=40 * number)
        world.post(f"reader{number}", words, reply_to=ours.id)
    card = ana.card("12 people replied to our post")
    expect(card).to_contain_text("12 waiting")
    picture(ana, "groups/1-conversation", card)

    ana.press(card, "Reply")
    ana.modal.get_by_label("Who do you want to reply to?").select_option(index=1)
    ana.modal.locator("button[type=submit]").click()
    expect(ana.modal.get_by_label("Your reply")).to_be_visible()
    ana.write("Yes, everything you write stays on your device first.")
    ana.send()
    expect(card).to_contain_text("11 waiting")
    expect(card).to_contain_text("1 with its own card")

    ana.press(card, "Close all 11…")
    expect(ana.modal).to_contain_text("11 mentions")
    picture(ana, "groups/2-close-all", ana.modal)
    ana.modal.locator("button[type=submit]").click()
    expect(card).to_contain_text("11 no reply needed")
    ana.press(card, "Undo: reopen 11")
    expect(card).to_contain_text("11 waiting")
    sound(ana.page)


def test_a_campaign_is_told_once_with_a_count(window: Callable[..., Window], demo: Demo) -> None:
    ana, world = window(), demo.context.x.world
    for number in range(6):
        world.add_user(f"prize{number}", f"Prize Hunter {number}", followers=3)
        world.post(f"prize{number}", f"{CAMPAIGN} {'🎉' * number}")
    card = ana.card("6 near-identical posts")
    expect(card).to_contain_text("@prize0")
    expect(card.get_by_text("win a year of premium")).to_have_count(1)
    sound(ana.page)


def test_a_spike_shows_the_first_and_lists_all(
    window: Callable[..., Window], demo: Demo, picture: Callable[..., None]
) -> None:
    ana, world = window(size=TALL), demo.context.x.world
    for number, words in enumerate(QUESTIONS * 3):
        world.add_user(f"rush{number}", f"Rush {number}", followers=10)
        world.post(f"rush{number}", f"@fernpress {words} ({number})")
    card = ana.card("Spike: ")
    expect(card).to_contain_text("new mentions join this card until it is over")
    picture(ana, "groups/3-spike", card)
    ana.press(card, "Show all")
    expect(ana.modal).to_contain_text("1 to 15 of")
    sound(ana.page)
    ana.modal.get_by_role("button", name="Next").click()
    expect(ana.modal).to_contain_text("16 to ")
    for post in world.posts.values():
        if "Rush" in post.text:
            assert public(demo, post) == []
