"""Heard is started with another account's keys: nobody speaks under the wrong name, and every word is kept."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, expect

from sandbox.demo.runner import Demo, running
from sandbox.x import XPost
from tests.page.conftest import Window
from tests.page.looks import sound

Open = Callable[..., Window]
See = Callable[..., None]
LAPTOP = {"width": 1280, "height": 800}
SWITCH = "Start Heard with another account's keys"
ANOTHER_BOT = 40_000  # milliseconds: a bot that ends, another that starts and looks who it is
WORDS = "Yes, Nan: up to four, one below the other."


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    """A demo whose undo window is longer than a bot needs to end."""
    with running(port=0, customers=False, UNDO_SECONDS="10", DIGEST_AT="off") as demo:
        yield demo


@pytest.fixture(autouse=True)
def mended(demo: Demo) -> Iterator[None]:
    yield
    demo.context.switches.reset()


def answers(demo: Demo, post: XPost) -> list[tuple[str, str]]:
    """Everything that was said to `post`: by which account, and what."""
    world = demo.context.x.world
    with world.lock:
        found = [one for one in world.posts.values() if one.reply_to == post.id]
        return [(world.user_by_id(one.author_id).handle, one.text) for one in found]


def in_channel(window: Window, words: str) -> Locator:
    return window.slack.locator("#messages article").filter(has_text=words)


def test_a_held_reply_comes_back_and_waits_for_a_person_when_the_account_is_back(
    window: Open, demo: Demo, picture: See
) -> None:
    ana, ben = window("U0ANA", size=LAPTOP), window("U0BEN")
    post = demo.context.x.world.post("nans_garden", "@fernpress may a post have two pictures side by side?")
    anas, bens = ana.card("side by side"), ben.card("side by side")
    ana.press(anas, "Reply")
    ana.write(WORDS)
    ana.send()
    bens.get_by_role("button", name="Undo").wait_for()
    ben.internals.get_by_role("switch", name=SWITCH).check()

    for card in (anas, bens):
        expect(card).to_contain_text(
            "Cannot be sent: Heard is not connected to X as @fernpress", timeout=ANOTHER_BOT
        )
    missing = in_channel(ana, "Heard is connected to X as @fernpress_jobs, not as @fernpress.")
    expect(missing).to_have_count(1)
    expect(missing).to_contain_text("were returned to their authors as drafts; they won't go out unless")
    ana.open_thread(anas)
    returned = ana.thread.locator("article", has_text="your reply was not sent")
    expect(returned).to_contain_text(WORDS)
    sound(ana.page)
    picture(ana, "other-account/2-draft", returned)
    ana.press(ana.thread, "Close thread")
    picture(ana, "other-account/1-card", anas)

    ben.press(bens, "Reply")
    expect(ben.modal).to_contain_text("Heard is connected to X as @fernpress_jobs, not as @fernpress.")
    ben.write("Side by side, no; one below the other, yes.")
    sound(ben.page)
    picture(ben, "other-account/3-reply", ben.modal)
    ben.send()
    expect(ben.modal.get_by_role("alert")).to_contain_text("it is kept as a draft")
    ben.page.keyboard.press("Escape")
    assert answers(demo, post) == []

    ben.internals.get_by_role("switch", name=SWITCH).uncheck()
    again = in_channel(ana, "X is connected as @fernpress again")
    expect(again).to_have_count(1, timeout=ANOTHER_BOT)
    for card in (anas, bens):
        expect(card).not_to_contain_text("Cannot be sent")
        expect(card).to_contain_text("Waiting")
    picture(ana, "other-account/4-channel", missing, again)
    ana.press(anas, "Reply")
    expect(ana.modal.get_by_label("Your reply")).to_have_value(WORDS)
    assert answers(demo, post) == []
    ana.send()

    expect(bens).to_contain_text("Answered by @Ana Lima", timeout=ANOTHER_BOT)
    assert answers(demo, post) == [("fernpress", WORDS)]
    expect(missing).to_have_count(1)


def test_what_is_said_to_the_other_account_is_answered_as_that_account(window: Open, demo: Demo) -> None:
    ana, ben = window("U0ANA"), window("U0BEN")
    world = demo.context.x.world
    ben.internals.get_by_role("switch", name=SWITCH).check()
    trouble = in_channel(ana, "Heard is connected to X as @fernpress_jobs, not as @fernpress.")
    expect(trouble.last).to_be_visible(timeout=ANOTHER_BOT)
    before = ana.slack.locator("#messages article.card").count()
    post = world.post("theo_codes", "@fernpress_jobs do you need somebody who knows Rust?")
    card = ana.card("somebody who knows Rust")
    ana.press(card, "Reply")
    expect(ana.modal).not_to_contain_text("not as @fernpress.")
    ana.write("We do, Theo. Write to us on the jobs page.")
    ana.send()

    expect(card).to_contain_text("Answered by @Ana Lima", timeout=ANOTHER_BOT)
    assert answers(demo, post) == [("fernpress_jobs", "We do, Theo. Write to us on the jobs page.")]
    assert ana.slack.locator("#messages article.card").count() == before + 1
    handles = ana.network.get_by_label("Post as").locator("option").all_inner_texts()
    assert not [one for one in handles if "@fernpress_jobs" in one]
