"""Customers on a forum that has feeds and nothing else, and a team that hears and answers them from Slack."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, expect

from sandbox.demo.runner import Demo
from tests.page.conftest import Window
from tests.page.looks import sound

Open = Callable[..., Window]
Take = Callable[..., None]
PHONE = {"width": 390, "height": 844}
HOSTILE = '<img src=x onerror="document.title=1"> <script>document.title=1</script> &amp; *no* <!channel>'


@pytest.fixture(autouse=True)
def mended(demo: Demo) -> Iterator[None]:
    """Whatever a test lets go wrong works again for the next one."""
    yield
    demo.context.switches.reset()


def open_topic(tab: Locator, title: str, words: str) -> None:
    tab.get_by_label("Title of the topic").fill(title)
    tab.get_by_label("Post text").fill(words)
    tab.get_by_role("button", name="Post", exact=True).click()


def topic(tab: Locator, title: str) -> Locator:
    return tab.locator(".conversation").filter(has_text=title).first


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [None, PHONE], ids=["wide", "narrow"])
def test_the_tab_can_be_read(window: Open, picture: Take, size: dict[str, int] | None, dark: bool) -> None:
    ana = window(dark=dark, **({"size": size} if size else {}))
    if size:
        ana.page.get_by_role("navigation", name="Panes").get_by_role("button", name="Networks").click()
    tab = ana.tab("Forum")
    expect(topic(tab, "Moving 300 posts to Fernpress")).to_be_visible()

    sound(ana.page)
    shade, width = "dark" if dark else "light", "narrow" if size else "wide"
    picture(ana, f"networks/forum-{width}-{shade}")


def test_a_topic_becomes_a_card_is_answered_by_hand_and_counted(window: Open, demo: Demo) -> None:
    ana = window()
    tab = ana.tab("Forum")
    open_topic(tab, "Captions are gone", "Since yesterday Fernpress drops my captions.")
    card = ana.card("Captions are gone")
    expect(card).to_contain_text("by hand")

    ana.press(card, "Reply")
    ana.write("They are back since this morning, sorry!")
    ana.send("Hand off")
    expect(ana.modal).to_be_hidden()
    posted = card.get_by_role("button", name="I posted it", exact=True)
    posted.wait_for()
    card.get_by_role("button", name=re.compile("^Open on")).click()

    box = tab.locator("form.say")
    expect(box).to_contain_text("Replying to")
    tab.get_by_label("Post text").fill("They are back since this morning, sorry!")
    tab.get_by_role("button", name="Post", exact=True).click()
    ours = topic(tab, "Captions are gone").locator(".post.ours")
    expect(ours).to_contain_text("They are back since this morning, sorry!")
    [answer] = [one for one in demo.context.forum.world.newest(50) if one.author == "fernpress"][:1]

    ana.press(card, "I posted it")
    link = ana.modal.get_by_role("textbox").first
    link.fill(f"{demo.context.forum.url}/t/{answer.topic}#post-{answer.id}")
    ana.modal.locator("button[type=submit]").click()

    expect(card).to_contain_text("Answered")
    sound(ana.page)


def test_a_comment_is_heard_too_and_what_names_nobody_is_not(window: Open) -> None:
    ana = window()
    tab = ana.tab("Forum")
    open_topic(tab, "Paper or screen?", "I write on the back of envelopes.")
    thread = topic(tab, "Paper or screen?")
    thread.get_by_role("button", name="Comment").click()
    tab.get_by_label("Post text").fill("Try fernpress, it has an envelope theme.")
    tab.get_by_role("button", name="Post", exact=True).click()

    expect(ana.card("envelope theme")).to_contain_text("Re: Paper or screen?")
    expect(ana.slack).not_to_contain_text("back of envelopes")


def test_what_is_typed_is_text_and_nothing_else(window: Open) -> None:
    ana = window()
    tab = ana.tab("Forum")
    open_topic(tab, f"Fernpress {HOSTILE}", HOSTILE)

    expect(topic(tab, "Fernpress <img")).to_contain_text(HOSTILE)
    expect(ana.card("Fernpress <img").first).to_contain_text('<img src=x onerror="document.title=1">')
    assert "Heard" in ana.page.title()


def test_a_feed_that_turns_into_a_page_loses_nothing(window: Open, demo: Demo) -> None:
    ana = window()
    tab = ana.tab("Forum")
    demo.context.switches.turn("forum_html", on=True)
    open_topic(tab, "Is Fernpress open?", "On a Sunday, I mean.")
    failed = demo.context.forum.world
    ana.page.wait_for_function("() => true")
    before = failed.counts["GET /posts.atom"]
    while failed.counts["GET /posts.atom"] < before + 2:
        ana.page.wait_for_timeout(50)
    demo.context.switches.turn("forum_html", on=False)

    expect(ana.card("Is Fernpress open?")).to_contain_text("On a Sunday")
