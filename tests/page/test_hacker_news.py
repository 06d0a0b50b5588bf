"""Hacker News on the page: found by a newcomer, read as its readers see it, and answered by hand."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from tests.page.conftest import Window
from tests.page.looks import sound

Open = Callable[..., Window]
Take = Callable[..., None]
PHONE = {"width": 390, "height": 844}


def listen(window: Window, words: str) -> None:
    """Add a track there from Slack, as somebody who has never done it."""
    window.slack.get_by_role("combobox").first.fill(f"/mentions track {words}")
    window.slack.get_by_role("combobox").first.press("Enter")
    window.modal.get_by_label("Network").select_option(label="Hacker News")
    window.modal.get_by_role("button", name="Try it").click()
    expect(window.modal).to_contain_text("Hacker News counts")
    window.modal.get_by_role("button", name="Add", exact=True).click()
    expect(window.modal).to_be_hidden()


def comment(tab: Locator, story: str, words: str) -> None:
    tab.locator(".post.story").filter(has_text=story).get_by_role("button", name="Reply to").first.click()
    tab.get_by_label("Post text").fill(words)
    tab.get_by_role("button", name="Post", exact=True).click()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [None, PHONE], ids=["wide", "narrow"])
def test_the_tab_can_be_read(window: Open, picture: Take, size: dict[str, int] | None, dark: bool) -> None:
    ana = window(dark=dark, **({"size": size} if size else {}))
    if size:
        ana.page.get_by_role("navigation", name="Panes").get_by_role("button", name="Networks").click()
    tab = ana.tab("Hacker News")
    expect(tab.get_by_text("Show HN: A static search")).to_be_visible()

    sound(ana.page)
    shade, width = "dark" if dark else "light", "narrow" if size else "wide"
    picture(ana, f"networks/hackernews-{width}-{shade}")


def test_a_story_and_a_comment_are_posted_as_customers_do(window: Open) -> None:
    ana = window()
    tab = ana.tab("Hacker News")
    tab.get_by_label("Title of a story").fill("Ask HN: Is anybody awake?")
    tab.get_by_role("button", name="Post", exact=True).click()
    expect(tab.locator(".post.story").first).to_contain_text("Ask HN: Is anybody awake?")

    comment(tab, "Is anybody awake?", "Barely.")
    said = tab.locator(".conversation").first.locator(".post.comment")
    expect(said).to_contain_text("Barely.")
    said.get_by_role("button", name="Edit this comment").click()
    tab.get_by_label("Edit the post").fill("Not really.")
    tab.get_by_role("button", name="Save").click()
    expect(said).to_contain_text("Not really.")
    said.get_by_role("button", name="Delete this post").click()
    expect(said).to_contain_text("[deleted]")


def test_a_newcomer_finds_it_by_a_track_and_a_comment_is_answered_by_hand(
    window: Open, picture: Take
) -> None:
    ana = window()
    listen(ana, "fernpress")
    expect(ana.card("I use fernpress, which has no tags")).to_contain_text("Hacker News")
    tab = ana.tab("Hacker News")

    comment(tab, "What do you blog with", "fernpress, though I miss a calendar.")

    card = ana.card("I miss a calendar")
    expect(card).to_contain_text("in “Ask HN: What do you blog with these days?”")
    picture(ana, "hacker-news/card", card)
    ana.press(card, "Reply")
    expect(ana.modal).to_contain_text("Heard has no account on Hacker News")
    picture(ana, "hacker-news/composer", ana.modal)
    ana.write("It is on our list for spring.")
    ana.send("Hand off")
    expect(ana.modal).to_be_hidden()
    expect(card).to_contain_text("must be posted by hand")
    picture(ana, "hacker-news/by-hand", card)
    ana.press(card, "Open on Hacker News")
    said = tab.locator(".post.comment").filter(has_text="I miss a calendar")
    expect(said).to_be_visible()

    said.get_by_role("button", name="Reply to").click()
    tab.get_by_label("Post as").select_option("fernpress")
    tab.get_by_label("Post text").fill("It is on our list for spring.")
    tab.get_by_role("button", name="Post", exact=True).click()
    expect(tab.locator(".post.ours")).to_contain_text("on our list for spring")
    number = tab.locator(".post.ours").get_attribute("data-id")
    ana.press(card, "I posted it")
    ana.modal.get_by_label("Link to your reply").fill(f"https://news.ycombinator.com/item?id={number}")
    ana.send("Confirm")
    expect(card).to_contain_text("Answered by hand")
    card.get_by_role("link", name="See our reply on Hacker News").click()
    picture(ana, "hacker-news/answered")
    sound(ana.page)
