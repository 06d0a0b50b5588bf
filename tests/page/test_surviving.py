"""What the page survives: hostile words, reloads, a bot that dies, modals left open."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.usefixtures("demo")

HOSTILE = "<script>window.pwned=1</script><img src=x onerror=window.pwned=1> <!channel> <https://evil.example|Approved>"


def test_hostile_words_are_shown_as_words_everywhere(window) -> None:
    ana = window()
    ana.network.get_by_role("button", name="New person").click()
    ana.network.get_by_label("Name").fill("<b onmouseover=alert(1)>Eve</b>")
    ana.network.get_by_label("Handle").fill("evil_eve")
    ana.network.get_by_role("button", name="Add").click()
    expect(ana.network.get_by_label("Post as")).to_have_value("evil_eve")
    ana.customer_says(f"@fernpress {HOSTILE}")
    card = ana.card("window.pwned")

    expect(card).to_contain_text(HOSTILE)
    expect(ana.conversation("window.pwned")).to_contain_text("<script>window.pwned=1</script>")
    expect(ana.internals.locator(".ticket")).to_contain_text("<script>")
    assert ana.page.evaluate("window.pwned") is None
    assert card.locator("script, img, b").count() == 0
    assert card.get_by_role("link", name="Approved").count() == 0


def test_a_modal_left_open_is_there_after_a_reload_with_its_words(window) -> None:
    ana = window()
    ana.customer_says("@fernpress do drafts survive a reload?")
    ana.press(ana.card("survive a reload"), "Reply")
    with ana.page.expect_response("**/slack/view/fill"):
        ana.write("They do, and so does this.")
    ana.page.reload()

    expect(ana.modal.get_by_label("Your reply")).to_have_value("They do, and so does this.")
    ana.page.keyboard.press("Escape")
    expect(ana.modal).to_be_hidden()


def test_a_killed_bot_is_named_and_what_was_said_meanwhile_is_heard_once(window) -> None:
    ana = window()
    ana.internals.get_by_role("button", name="Kill the bot").click()
    banner = ana.page.get_by_role("status")
    expect(banner).to_contain_text("The bot was killed")
    ana.customer_says("@fernpress is anybody there?")
    expect(ana.conversation("is anybody there")).to_be_visible()
    banner.get_by_role("button", name="Start it again").click()

    expect(ana.card("is anybody there")).to_be_visible()
    expect(ana.page.locator("#banner")).to_be_empty()
    assert ana.slack.locator("#messages article.card", has_text="is anybody there").count() == 1


def test_a_lost_answer_is_looked_for_and_the_reply_stands_once(window) -> None:
    ana = window()
    ana.customer_says("@fernpress what if the line breaks?")
    card = ana.card("the line breaks")
    ana.internals.get_by_role("switch", name="Lose X's answer").check()
    ana.press(card, "Reply")
    ana.write("Then we look before we speak again.")
    ana.send()

    expect(card).to_contain_text("didn't confirm")
    expect(card).to_contain_text("Answered", timeout=40_000)
    expect(ana.conversation("the line breaks").locator(".post.ours")).to_have_count(1)
    expect(ana.internals.get_by_role("switch", name="Lose X's answer")).not_to_be_checked()


def test_refused_keys_are_told_once_and_told_when_they_work_again(window) -> None:
    ana = window()
    trouble = ana.slack.locator("#messages article", has_text="has rejected our keys")
    ana.internals.get_by_role("switch", name="X refuses our keys").check()
    expect(trouble).to_have_count(1)
    ana.customer_says("@fernpress can you hear me?")
    ana.internals.get_by_role("switch", name="X refuses our keys").uncheck()

    expect(ana.slack.locator("#messages article", has_text="X is back for @fernpress after")).to_have_count(
        1,
        timeout=240_000,  # each refusal doubles the wait for the next try
    )
    expect(ana.card("can you hear me")).to_be_visible()
    expect(trouble).to_have_count(1)


def test_the_ledger_shows_each_step_of_a_reply(window) -> None:
    ana = window()
    ana.customer_says("@fernpress where does a reply go?")
    ana.press(ana.card("where does a reply go"), "Reply")
    ana.write("Look to the right.")
    ana.send()

    steps = ana.internals.locator(".steps")
    for title in ("Heard", "Reply submitted", "Ready to send", "Sending", "Published"):
        expect(steps.get_by_text(title, exact=True).first).to_be_visible()
    expect(ana.internals.get_by_role("list", name="The reply is published")).to_be_visible()
