"""Two teammates in two windows, and one ticket: whatever they do at once, one answer a turn is public."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from sandbox.demo.runner import Demo
from tests.page.conftest import Window
from tests.page.two_windows import cards, heard, let_cards_stand, public, whisper

Open = Callable[..., Window]
See = Callable[..., None]


@pytest.fixture(autouse=True)
def mended(demo: Demo) -> Iterator[None]:
    """Whatever a test lets go wrong works again for the next one."""
    yield
    demo.context.switches.reset()
    demo.context.slack.world.faults.clear()


# --- line 2: who is writing -----------------------------------------------------------------------------------


def test_who_writes_is_seen_and_taken_over_and_of_two_submits_one_is_public(window: Open, demo: Demo) -> None:
    ana, ben = window("U0ANA"), window("U0BEN")
    post = heard(demo, "can two of my blogs share one newsletter?")
    anas, bens = cards("share one newsletter", ana, ben)
    ana.press(anas, "Reply")
    ana.write("One newsletter, two blogs: yes, from Settings.")
    expect(bens).to_contain_text("@Ana Lima has been replying since")

    ben.press(bens, "Reply")
    expect(ben.modal).to_contain_text("@Ana Lima has been replying since")
    ben.write("They can: Settings → Newsletter → Both.")
    ben.press(ben.modal, "Take over")
    expect(ben.modal.get_by_role("button", name="Take over")).to_have_count(0)
    expect(ben.modal.get_by_label("Your reply")).to_have_value("They can: Settings → Newsletter → Both.")
    expect(anas).to_contain_text("@Ben Ode has been replying since")
    ben.send()
    ana.send()

    expect(ana.conversation("share one newsletter").locator(".post.ours")).to_have_count(1)
    for one in (ana, ben):  # each is answered: its modal says why not, or has closed
        expect(
            one.modal.get_by_role("alert").or_(one.page.locator("body:not(:has(dialog[open]))"))
        ).to_be_visible()
    [loser] = [one for one in (ana, ben) if one.modal.count()]
    expect(loser.modal.get_by_role("alert")).to_contain_text("has already replied")
    expect(loser.modal.get_by_role("alert")).to_contain_text("it is kept as a draft")
    assert len(public(demo, post)) == 1


def test_cancel_the_cross_and_escape_each_say_that_nobody_writes_any_more(window: Open, demo: Demo) -> None:
    ana, ben = window("U0ANA"), window("U0BEN")
    heard(demo, "does the editor do footnotes?")
    anas, bens = cards("do footnotes", ana, ben)
    leave = {
        "Cancel": lambda: ana.press(ana.modal, "Cancel"),
        "the cross": lambda: ana.press(ana.modal, "Close"),
        "Escape": lambda: ana.page.keyboard.press("Escape"),
    }
    for way, go in leave.items():
        ana.press(anas, "Reply")
        ana.write(f"Left by {way}")
        expect(bens).to_contain_text("has been replying")
        go()

        expect(ana.modal).to_have_count(0)
        expect(bens).not_to_contain_text("has been replying")
    ana.press(anas, "Reply")
    expect(ana.modal.get_by_label("Your reply")).to_have_value("Left by Escape")


def test_two_windows_of_one_browser_look_through_two_pairs_of_eyes(window: Open) -> None:
    ana = window("U0ANA")
    with ana.page.context.expect_page() as opened:
        ana.page.get_by_role("link", name="+ window").click()
    ben = opened.value

    for page, name in ((ben, "Ben Ode"), (ana.page, "Ana Lima"), (ben, "Ben Ode")):
        page.bring_to_front()
        page.reload()
        expect(page.locator(".viewer [aria-current]")).to_have_text(name)


# --- line 4: the post that changed ------------------------------------------------------------------


def test_a_post_that_was_edited_meanwhile_is_shown_and_asked_about_again(window: Open, demo: Demo) -> None:
    ana, ben = window("U0ANA"), window("U0BEN")
    post = heard(demo, "do you ship the mug on Mondays?", by="nans_garden")
    [anas] = cards("ship the mug", ana)
    ana.press(anas, "Reply")
    ana.write("Yes, every one of them, Nan!")
    said = ben.conversation("ship the mug")
    said.get_by_role("button", name="Edit this post").click()
    ben.network.get_by_label("Edit the post").fill("@fernpress did you break the mug on Monday?")
    ben.network.get_by_role("button", name="Save").click()
    expect(anas).to_contain_text("did you break the mug")
    ana.send()

    expect(ana.modal).to_contain_text("They edited their post")
    expect(ana.modal).to_contain_text("did you break the mug")
    expect(ana.modal.get_by_label("Your reply")).to_have_value("Yes, every one of them, Nan!")
    assert public(demo, post) == []
    ana.write("We did, Nan, and a new one is on its way.")
    ana.send()
    expect(ben.conversation("break the mug").locator(".post.ours")).to_contain_text("a new one is on its way")
    expect(ben.conversation("break the mug").locator(".post.ours")).to_have_count(1)


def test_a_post_that_was_deleted_meanwhile_is_not_answered(window: Open, demo: Demo) -> None:
    ana, ben = window("U0ANA"), window("U0BEN")
    post = heard(demo, "forget it, I found the switch myself", by="theo_codes")
    [anas] = cards("found the switch", ana)
    ana.press(anas, "Reply")
    ana.write("Glad that you did, Theo.")
    ben.conversation("found the switch").get_by_role("button", name="Delete this post").click()
    expect(ben.network.get_by_text("found the switch")).to_have_count(0)
    ana.send()

    expect(anas).to_contain_text("X isn't showing us this post right now")
    ana.open_thread(anas)
    expect(ana.thread).to_contain_text("not published")
    expect(ana.thread).to_contain_text("Glad that you did, Theo.")
    assert public(demo, post) == []


def test_an_account_that_is_locked_for_a_while_loses_nothing(window: Open, demo: Demo, picture: See) -> None:
    ana, ben = window("U0ANA"), window("U0BEN")
    heard(demo, "my drafts from May are gone, please help", by="lucas_fotos")
    anas, bens = cards("drafts from May", ana, ben)
    said = ben.conversation("drafts from May")
    said.get_by_role("button", name="Account of @lucas_fotos").click()
    ben.page.get_by_role("menuitem", name="Protect account").click()
    expect(said).to_contain_text("account protected: not shown to @fernpress")
    ana.press(anas, "Reply")
    ana.write("We are looking for them, Lucas.")

    for card in (anas, bens):
        expect(card).to_contain_text("X isn't showing us this post right now")
        expect(card).to_contain_text("drafts from May")
        expect(card).to_contain_text("Waiting")
    picture(ben, "not-shown/1-locked", bens)
    picture(ben, "not-shown/2-on-x", said)
    said.get_by_role("button", name="Account of @lucas_fotos").click()
    ben.page.get_by_role("menuitem", name="Unprotect account").click()

    expect(anas).not_to_contain_text("isn't showing us this post")
    ana.modal.get_by_role("button", name="Close", exact=True).or_(
        ana.modal.get_by_role("button", name="Cancel", exact=True)
    ).first.click()
    ana.open_thread(anas)
    expect(ana.thread).to_contain_text("X shows this post again")
    picture(ana, "not-shown/3-back", ana.thread.locator("article", has_text="X shows this post again"))


# --- line 8: by hand ------------------------------------------------------------------------------------------


def test_of_two_who_decide_about_a_hand_off_the_first_decides(window: Open, demo: Demo) -> None:
    ana, ben = window("U0ANA"), window("U0BEN")
    world = demo.context.x.world
    demo.context.switches.turn("x_strict", on=True)
    ours = world.post("fernpress", "There is a new theme, and it is green.")
    post = world.post("hana_cooks", "as green as matcha?", reply_to=ours.id)
    anas, bens = cards("green as matcha", ana, ben)
    ana.press(anas, "Reply")
    ana.write("Greener, Hana. Come and taste it.")
    ana.modal.locator("button[type=submit]").click()
    for card in (anas, bens):
        card.get_by_role("button", name="I posted it", exact=True).wait_for()
    let_cards_stand(demo)
    world.post("fernpress", "Greener, Hana. Come and taste it.", reply_to=post.id)
    ana.press(anas, "I posted it")
    ben.press(bens, "I did not post it")

    expect(whisper(ben, "That's already decided")).to_be_visible()
    demo.context.slack.world.faults.clear()
    expect(bens).to_contain_text("answered by hand")
    assert public(demo, post) == ["Greener, Hana. Come and taste it."]


# --- line 10: who may speak, and when -------------------------------------------------------------------------


def test_a_guest_reads_the_card_and_learns_before_typing_that_members_answer(
    window: Open, demo: Demo
) -> None:
    gus, ana = window("U0GUS"), window("U0ANA")
    post = heard(demo, "can I change the sound of the bell?", by="lucas_fotos")
    guss, anas = cards("sound of the bell", gus, ana)

    gus.press(guss, "Reply")

    expect(whisper(gus, "Only members of this workspace can use Heard.")).to_be_visible()
    expect(gus.modal).to_have_count(0)
    ana.press(anas, "Reply")
    ana.write("You can, Lucas: Settings → Sounds → Bell.")
    ana.send()
    expect(anas).to_contain_text("Answered by @Ana Lima")
    assert public(demo, post) == ["You can, Lucas: Settings → Sounds → Bell."]


def test_a_pause_while_the_other_writes_stops_the_send_and_keeps_the_words(window: Open, demo: Demo) -> None:
    ana, ben = window("U0ANA"), window("U0BEN")
    post = heard(demo, "when does the sale end?", by="lucas_fotos")
    anas, _ = cards("does the sale end", ana, ben)
    ana.press(anas, "Reply")
    ana.write("On Sunday at midnight, Lucas.")
    box = ben.slack.get_by_role("combobox", name="Message #mentions")
    box.fill("/mentions pause")
    box.press("Enter")
    expect(ben.slack.get_by_text("paused all public replies").last).to_be_visible()
    ana.send()

    expect(ana.modal.get_by_role("alert")).to_contain_text("it is kept as a draft")
    assert public(demo, post) == []
    box.fill("/mentions resume")
    box.press("Enter")
    expect(ben.slack.get_by_text("resumed public replies").last).to_be_visible()
    ana.send()
    expect(ana.conversation("does the sale end").locator(".post.ours")).to_have_count(1)
    assert public(demo, post) == ["On Sunday at midnight, Lucas."]
