"""What a visitor does in their first minutes, in a real browser, with the real bot behind it."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.usefixtures("demo")


def test_a_customer_speaks_a_teammate_answers_and_the_answer_stands_under_the_post(window) -> None:
    ana = window()
    ana.customer_says("@fernpress can I have my drafts in alphabetical order?")
    card = ana.card("alphabetical order")
    ana.press(card, "Reply")
    ana.write("Yes: Drafts → Sort → A to Z.")
    ana.send()

    expect(ana.modal).to_be_hidden()
    answered = ana.conversation("alphabetical order").locator(".post.ours")
    expect(answered).to_contain_text("Yes: Drafts → Sort → A to Z.")
    expect(card).to_contain_text("Answered")
    expect(card).to_contain_text("@Ana Lima")
    expect(card.get_by_role("button", name="Follow up")).to_be_visible()


def test_a_field_that_speaks_once_more_after_its_modal_closed_is_no_trouble(window) -> None:
    ana = window()
    ana.customer_says("@fernpress is there a plural of fern?")
    ana.press(ana.card("plural of fern"), "Reply")
    field = ana.modal.get_by_label("Your reply").element_handle()
    ana.page.keyboard.press("Escape")
    expect(ana.modal).to_be_hidden()

    field.evaluate("one => one.dispatchEvent(new Event('input'))")

    assert ana.troubles == []


def test_a_reply_that_is_too_long_is_refused_under_its_input_and_kept(window) -> None:
    ana = window()
    ana.customer_says("@fernpress tell me everything about ferns")
    ana.press(ana.card("everything about ferns"), "Reply")
    ana.write("fern " * 60)
    ana.send()

    error = ana.modal.get_by_role("alert")
    expect(error).to_contain_text("too many")
    expect(ana.modal.get_by_label("Your reply")).to_have_value("fern " * 60)
    expect(ana.modal.get_by_label("Your reply")).to_have_attribute("aria-invalid", "true")


def test_a_thread_is_private_until_its_preview_is_sent(window) -> None:
    ana = window()
    ana.customer_says("@fernpress do you ship a printed version?")
    card = ana.card("printed version")
    ana.open_thread(card)
    ana.says_in_thread("@Heard reply Not yet, but a PDF of a whole year is one click.")

    preview = ana.thread.locator("article", has_text="Only visible to you")
    expect(preview).to_contain_text("This would be public on X")
    expect(ana.conversation("printed version").locator(".post.ours")).to_have_count(0)
    preview.get_by_role("button", name="Send publicly").click()
    expect(ana.conversation("printed version").locator(".post.ours")).to_contain_text("a PDF of a whole year")


def test_of_two_who_answer_at_once_the_second_is_told_who_was_first(window) -> None:
    ana, ben = window("U0ANA"), window("U0BEN")
    ana.customer_says("@fernpress is the office dog real?")
    ana.press(ana.card("office dog"), "Reply")
    ben.page.bring_to_front()
    ben.press(ben.card("office dog"), "Reply")
    ben.write("Very real.")
    expect(ana.modal).to_be_visible()
    ben.send()
    expect(ben.modal).to_be_hidden()
    ana.page.bring_to_front()
    ana.write("He is, and he says hello.")
    ana.send()

    expect(ana.modal.get_by_role("alert")).to_contain_text("@ben has already replied")
    expect(ana.conversation("office dog").locator(".post.ours")).to_have_count(1)


def test_a_slash_command_is_completed_and_answered_for_one_pair_of_eyes(window) -> None:
    ana, ben = window("U0ANA"), window("U0BEN")
    box = ana.slack.get_by_role("combobox", name="Message #mentions")
    box.fill("/mentions s")
    expect(ana.slack.get_by_role("option").first).to_contain_text("/mentions stats 7d")
    box.press("Tab")
    box.press("Enter")

    answers = ana.slack.locator("article", has_text="Only visible to you")
    expect(answers.filter(has_text="The clock starts when the customer posts")).to_contain_text("First reply")
    expect(answers.last).to_contain_text("When people post")  # charts follow the words
    expect(ben.slack.get_by_text("First reply")).to_have_count(0)


def test_what_the_network_refuses_is_handed_over_and_posted_by_hand(window) -> None:
    ben = window("U0BEN")
    card = ben.card("200 reviews")
    ben.press(card, "Reply")
    ben.write("Search by author works today, Sam.")
    ben.send("Hand off")
    card.get_by_role("button", name="I posted it", exact=True).wait_for()
    card.get_by_role("button", name="Open on X").first.click()
    expect(ben.network.get_by_label("Post text")).to_have_value("Search by author works today, Sam.")
    ben.network.get_by_role("button", name="Post", exact=True).click()
    ben.press(card, "I posted it")

    expect(card).to_contain_text("answered by hand")
    expect(ben.conversation("200 reviews").locator(".post.ours")).to_contain_text("Search by author works")


def test_words_can_be_written_and_sent_without_a_mouse(window) -> None:
    ana = window()
    ana.customer_says("@fernpress can I write without a mouse?")
    ana.card("without a mouse").get_by_role("button", name="Reply", exact=True).focus()
    ana.page.keyboard.press("Enter")
    expect(ana.modal.get_by_label("Your reply")).to_be_focused()
    ana.page.keyboard.type("You can, and so can we.")
    ana.page.keyboard.press("Control+Enter")

    expect(ana.modal).to_be_hidden()
    expect(ana.conversation("without a mouse").locator(".post.ours")).to_contain_text("so can we")


def test_the_card_that_one_answers_stays_in_sight_while_others_speak(window, demo) -> None:
    ana = window()
    ana.customer_says("@fernpress do you read all of these?")
    card = ana.card("read all of these")
    ana.press(card, "Reply")
    for number in range(3):
        demo.context.x.world.post("maria_writes", f"@fernpress and another one, number {number}")
    ana.card("number 2").wait_for()
    ana.write("Each of them.")
    ana.send()

    expect(card).to_contain_text("Answered")
    expect(card).to_be_in_viewport(ratio=1)
    expect(ana.card("number 2")).not_to_be_in_viewport(ratio=1)
    ana.page.get_by_role("button", name="New messages").click()
    expect(ana.card("number 2")).to_be_in_viewport(ratio=1)
