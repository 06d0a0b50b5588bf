"""Undo, in time and too late: the window is long here, so that a busy machine can be in time."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from sandbox.demo.runner import Demo
from tests.page.conftest import Window
from tests.page.two_windows import cards, heard, let_cards_stand, public, whisper

UNDO_SECONDS = 20  # the demo of this file has it so
pytestmark = pytest.mark.usefixtures("demo")


def test_undo_stops_a_reply_and_its_words_come_back(window) -> None:
    ana = window()
    ana.customer_says("@fernpress which colour is the new theme?")
    card = ana.card("colour is the new theme")
    ana.press(card, "Reply")
    ana.write("Green, of corse.")
    ana.send()
    ana.press(card, "Undo")

    expect(ana.slack.get_by_text("Undone: nothing was published.")).to_be_visible()
    ana.press(card, "Reply")
    expect(ana.modal.get_by_label("Your reply")).to_have_value("Green, of corse.")
    expect(ana.conversation("colour is the new theme").locator(".post.ours")).to_have_count(0)


def test_two_undo_at_once_and_nothing_is_public(window: Callable[..., Window], demo: Demo) -> None:
    ana, ben = window("U0ANA"), window("U0BEN")
    post = heard(demo, "is there a limit on comments?", by="theo_codes")
    anas, bens = cards("limit on comments", ana, ben)
    ana.press(anas, "Reply")
    ana.write("None that anybody has met, Theo.")
    ana.send()
    for card in (anas, bens):
        card.get_by_role("button", name="Undo").wait_for()
    undone = [whisper(one, "Undone: nothing was published.") for one in (ana, ben)]
    told = [mine.or_(whisper(one, "nothing to undo")) for one, mine in zip((ana, ben), undone, strict=True)]
    before, heard_before = sum(mine.count() for mine in undone), [one.count() for one in told]
    let_cards_stand(demo)
    ben.press(bens, "Undo")
    ana.press(anas, "Undo")

    for one, count in zip(told, heard_before, strict=True):
        expect(one).to_have_count(count + 1)
    assert sum(mine.count() for mine in undone) == before + 1
    assert public(demo, post) == []
    demo.context.slack.world.faults.clear()


def test_an_undo_that_comes_too_late_says_so_and_only_deleting_takes_it_back(
    window: Callable[..., Window], demo: Demo
) -> None:
    ana, ben = window("U0ANA"), window("U0BEN")
    post = heard(demo, "can I print my blog as a book?", by="samreadsalot")
    anas, bens = cards("print my blog", ana, ben)
    ana.press(anas, "Reply")
    ana.write("You can: Export → Book, and any printer takes it.")
    ana.send()
    bens.get_by_role("button", name="Undo").wait_for()
    let_cards_stand(demo)
    expect(ben.conversation("print my blog").locator(".post.ours")).to_have_count(1)
    ben.press(bens, "Undo")

    late = whisper(ben, "published").or_(
        whisper(ben, "already public")
    )  # as the bot has X's answer or not yet
    expect(late.last).to_be_visible()
    demo.context.slack.world.faults.clear()
    expect(bens).to_contain_text("Answered by @Ana Lima")
    assert len(public(demo, post)) == 1
    bens.locator(".blocks").get_by_role("button", name="More").click()
    ben.page.get_by_role("menuitem", name="Delete public reply").click()
    ben.modal.locator("button[type=submit]").click()
    expect(bens).to_contain_text("Waiting")
    assert public(demo, post) == []
