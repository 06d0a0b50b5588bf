"""How it looks: light, dark and on a phone, with nothing cut off; also the pictures of README and docs."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from sandbox.page.text_runs import runs
from tests.page.looks import sound

PHONE = {"width": 390, "height": 844}
LAPTOP = {"width": 1280, "height": 800}
ROOT = Path(__file__).parents[2]
# In code that writes mrkdwn; a docstring speaks of :emoji: names, and SQLite of :memory:.
EMOJI = re.compile(r"(?<![\w:`])(?!:memory:):([a-z][a-z0-9_]{2,}):(?![\w:])(?! names)")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_all_three_panes_stand_side_by_side(window, picture, dark: bool) -> None:
    ana = window(dark=dark)
    for pane in (ana.slack, ana.network, ana.internals):
        expect(pane).to_be_visible()
    expect(ana.internals.locator(".ticket")).to_be_visible()

    sound(ana.page)
    picture(ana, "page-dark" if dark else "page")


def test_the_buttons_of_a_card_stand_in_one_row(window) -> None:
    ana = window()
    row = ana.card("picture beside the words").locator(".block.actions")
    boxes = [one.bounding_box() for one in row.get_by_role("button").or_(row.get_by_role("link")).all()]

    assert len(boxes) == 5
    assert len({box["y"] for box in boxes}) == 1


def test_the_page_draws_each_emoji_that_the_bot_writes() -> None:
    sources = [path for room in ("bot", "handlers") for path in (ROOT / room).rglob("*.py")]
    names = {name for path in sources for name in EMOJI.findall(path.read_text())}
    assert "white_check_mark" in names

    assert [name for name in sorted(names) if not runs(f":{name}:")[0].get("u")] == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_on_a_phone_the_panes_are_tabs(window, picture, dark: bool) -> None:
    ana = window(size=PHONE, dark=dark, is_mobile=True, has_touch=True)
    tabs = ana.page.get_by_role("navigation", name="Panes")
    sound(ana.page)
    picture(ana, f"phone-slack{'-dark' if dark else ''}")
    for name, pane in (("Networks", ana.network), ("Behind the scenes", ana.internals), ("Slack", ana.slack)):
        tabs.get_by_role("button", name=name, exact=True).click()

        expect(pane).to_be_visible()
        sound(ana.page)


def test_the_visitors_own_choice_of_light_or_dark_is_kept(window) -> None:
    ana = window()
    ana.page.get_by_role("button", name="Switch between light and dark").click()
    ana.page.reload()

    assert ana.page.evaluate("getComputedStyle(document.body).colorScheme") == "dark"


def test_light_and_dark_follow_the_system_until_the_visitor_chooses(window) -> None:
    ana = window()
    for wish in ("dark", "light"):
        ana.page.emulate_media(color_scheme=wish)

        expect(ana.page.locator("body")).to_have_css("color-scheme", wish)
    ana.page.get_by_role("button", name="Switch between light and dark").click()

    expect(ana.page.locator("body")).to_have_css("color-scheme", "dark")


def test_on_a_phone_a_tab_says_that_the_answer_arrived_behind_it(window) -> None:
    ana = window(size=PHONE, is_mobile=True, has_touch=True)
    network = ana.page.get_by_role("navigation", name="Panes").get_by_role(
        "button", name="Networks", exact=True
    )
    card = ana.card("move the poems")
    ana.press(card, "Reply")
    ana.write("Settings → Move keeps them all, Maria.")
    ana.send()

    expect(network).to_have_accessible_description("1 new")
    network.click()
    expect(network).to_have_accessible_description("")
    expect(ana.conversation("move the poems").locator(".post.ours").last).to_be_in_viewport()
    ana.page.get_by_role("navigation", name="Panes").get_by_role("button", name="Slack", exact=True).click()
    expect(ana.page.locator(".guide .done")).to_have_count(3)
    sound(ana.page)


def test_the_composer_and_its_refusal(window, picture) -> None:
    ana = window(size=LAPTOP)
    ana.press(ana.card("phone to laptop"), "Reply")
    ana.write("We found it: a draft saved on the phone was opened before it had arrived. " * 5)
    ana.send()

    expect(ana.modal.get_by_role("alert")).to_be_visible()
    sound(ana.page)
    picture(ana, "refused")
    ana.write("Found it, Hana: it is us. Your photos are all there, and they show again from noon.")
    picture(ana, "composer")
    ana.page.keyboard.press("Escape")


def test_a_preview_in_a_thread(window, picture) -> None:
    ana = window(size=LAPTOP)
    ana.open_thread(ana.card("picture beside the words"))
    ana.says_in_thread("@Heard reply Drag it to the edge of the paragraph, Nan, and the words make room.")

    expect(ana.thread.get_by_role("button", name="Keep private")).to_be_visible()
    sound(ana.page)
    picture(ana, "thread-preview")
    ana.thread.get_by_role("button", name="Keep private").click()


def test_one_look_shows_where_an_answer_went(window, picture) -> None:
    ana = window()
    card = ana.card("more useful if it could tag")
    ana.press(card, "Reply")
    ana.write("Funny, that's what I'm working on now! Tags come next week, Maria.")
    ana.send()

    expect(card).to_contain_text("Answered")
    expect(ana.conversation("more useful if it could tag").locator(".post.ours")).to_be_in_viewport()
    expect(ana.internals.get_by_role("list", name="The reply is published")).to_be_visible()
    expect(ana.page.locator(".guide .done")).to_have_count(3)
    expect(ana.page.locator(".flash")).to_have_count(0)
    sound(ana.page)
    picture(ana, "answered")


# --- docs/how-to/answer-together.md, line by line -------------------------------------------------------------


def test_whose_it_is(window, picture, demo) -> None:
    ana, ben = window("U0ANA", size=LAPTOP), window("U0BEN", size=LAPTOP)
    demo.context.x.world.post(
        "theo_codes", "@fernpress does the API do webhooks, or do I poll it like a woodpecker?"
    )
    card = ben.card("like a woodpecker")
    ana.press(ana.card("like a woodpecker"), "Claim")
    expect(card).to_contain_text("assigned to @Ana Lima")

    sound(ben.page)
    picture(ben, "together/01-claim", card)
    card.locator(".blocks").get_by_role("button", name="More").click()
    ben.page.get_by_role("menuitem", name="Assign…").click()
    ben.modal.get_by_label("Assign to").select_option("Cleo Park")
    sound(ben.page)
    picture(ben, "together/01-assign", ben.modal)
    ben.send("Assign")
    expect(card).to_contain_text("assigned to @Cleo Park")
    ben.open_thread(ben.card("phone to laptop"))
    expired = ben.thread.locator("article", has_text="unassigned again")
    expired.wait_for()
    picture(ben, "together/01-expired", expired)


def test_who_is_writing(window, picture, demo) -> None:
    ana, ben = window("U0ANA", size=LAPTOP), window("U0BEN", size=LAPTOP)
    demo.context.x.world.post("ms_kapoor_4b", "@fernpress Can a class blog have two teachers?")
    card = ben.card("two teachers")
    ana.press(ana.card("two teachers"), "Reply")
    ana.write("Yes, Ms Kapoor: Settings → Teachers → Invite.")
    expect(card).to_contain_text("@Ana Lima has been replying since")
    picture(ben, "together/02-writing", card)
    ben.press(card, "Reply")
    ben.write("Two or twenty: Settings → Teachers.")

    sound(ben.page)
    picture(ben, "together/02-composer", ben.modal)
    ben.press(ben.modal, "Take over")
    expect(ben.modal.get_by_role("button", name="Take over")).to_have_count(0)
    ben.send()
    expect(ben.modal).to_be_hidden()
    ana.send()
    expect(ana.modal.get_by_role("alert")).to_contain_text("it is kept as a draft")
    sound(ana.page)
    picture(ana, "together/02-refused", ana.modal)
    ana.page.keyboard.press("Escape")


def test_a_colleagues_words_become_public_on_purpose_and_the_customer_answers(window, picture, demo) -> None:
    ana = window("U0ANA", size=LAPTOP)
    demo.context.x.world.post("nans_garden", "@fernpress May I use my own type? Marigold is its name.")
    card = ana.card("Marigold is its name")
    ts = card.get_attribute("data-ts")
    demo.context.slack.person("U0CLEO").say("C0MENTIONS", "You may: Design → Type → Your own.", ts)
    ana.open_thread(card)
    note = ana.thread.get_by_role("article", name="Cleo Park")
    note.hover()
    note.get_by_role("button", name="More").click()
    picture(ana, "together/03-shortcut", note, ana.page.get_by_role("menu"))
    ana.page.get_by_role("menuitem", name="Send as public reply").click()
    preview = ana.thread.locator("article", has_text="Only visible to you")
    expect(preview).to_contain_text("Written by @Cleo Park.")
    sound(ana.page)
    picture(ana, "together/03-preview", preview)
    ana.press(preview, "Send publicly")
    expect(note.locator(".reactions")).to_contain_text("📮")
    sound(ana.page)
    picture(ana, "together/03-mark", note)

    said = ana.conversation("Marigold is its name").locator(".post.ours")
    demo.context.x.world.post(
        "nans_garden", "It does! And may it be purple?", reply_to=said.get_attribute("data-id")
    )
    again = ana.thread.locator("article", has_text="posted again")
    expect(again.get_by_role("button", name="Reply", exact=True)).to_be_visible()
    sound(ana.page)
    picture(ana, "together/07-follow-up", again)


def test_undo_and_a_post_that_changed(window, picture, demo) -> None:
    ana = window("U0ANA", size=LAPTOP)
    post = demo.context.x.world.post("samreadsalot", "@fernpress do you have a reading list on Mondays?")
    card = ana.card("reading list")
    ana.press(card, "Reply")
    ana.write("Every Monday, Sam, at nine.")
    demo.context.x.world.edit(post.id, "@fernpress do you have a reading list for monsters?")
    expect(card).to_contain_text("for monsters")
    ana.send()
    expect(ana.modal).to_contain_text("They edited their post")
    sound(ana.page)
    picture(ana, "together/04-changed", ana.modal)
    ana.write("Not yet, Sam. Which monsters read most?")
    ana.send()
    card = ana.card("for monsters")
    card.get_by_role("button", name="Undo").wait_for()
    picture(ana, "together/04-undo", card)
    ana.press(card, "Undo")


def test_the_same_phrase_for_everybody(window, picture, demo) -> None:
    ben = window("U0BEN", size=LAPTOP)
    demo.context.x.world.post("theo_codes", "@fernpress half my readers want code, half want jokes. halp")
    ben.press(ben.card("half want jokes"), "Reply")
    ben.write("You have taste. Two blogs under one name would do it today; tags will do it better.")
    ben.send()

    expect(ben.modal).to_contain_text("% the same")
    sound(ben.page)
    picture(ben, "together/05-guard", ben.modal)
    ben.page.keyboard.press("Escape")


def test_a_public_name(window, picture, demo) -> None:
    cleo = window("U0CLEO", size=LAPTOP)
    box = cleo.slack.get_by_role("combobox", name="Message #mentions")
    box.fill("/mentions me")
    box.press("Enter")
    cleo.modal.get_by_role("textbox").fill("Cleo")
    sound(cleo.page)
    picture(cleo, "together/06-me", cleo.modal)
    cleo.send("Save")
    demo.context.x.world.post("dj_okafor", "@fernpress EMBEDS ARE BACK. WHO MENDED IT?")
    cleo.press(cleo.card("WHO MENDED IT"), "Reply")
    cleo.write("Ben did, and I am told he sang.")

    expect(cleo.modal).to_contain_text("Signed")
    picture(cleo, "together/06-signed", cleo.modal)
    cleo.page.keyboard.press("Escape")


def test_by_hand(window, picture, demo) -> None:
    ana = window("U0ANA", size=LAPTOP)
    world = demo.context.x.world
    demo.context.switches.turn("x_strict", on=True)
    ours = world.post("fernpress", "The comments can be sorted now. Newest first, or kindest.")
    world.post("hana_cooks", "how do you measure kind?", reply_to=ours.id)
    card = ana.card("measure kind")
    ana.press(card, "Reply")
    ana.write("By hand, Hana: somebody marks them.")
    ana.modal.locator("button[type=submit]").click()
    card.get_by_role("button", name="I posted it", exact=True).wait_for()
    demo.context.switches.reset()

    sound(ana.page)
    picture(ana, "together/08-hand-off", card)
    ana.press(card, "I did not post it")


def test_outcomes_one_by_one_and_several(window, picture, demo) -> None:
    ben = window("U0BEN", size=LAPTOP)
    demo.context.x.world.post("dj_okafor", "@fernpress YOU ARE ALL LEGENDS. THAT IS THE MESSAGE.")
    ben.press(ben.card("THAT IS THE MESSAGE"), "No reply needed")
    ben.modal.wait_for()
    sound(ben.page)
    picture(ben, "together/09-reason", ben.modal)
    ben.page.keyboard.press("Escape")
    home = ben.open_home()
    spam = home.get_by_role("checkbox", name="URGENT")
    spam.check()
    home.get_by_label("Choose an outcome").select_option("No reply needed: spam")
    sound(ben.page)
    heading = home.get_by_role("heading", name="Waiting")
    below = spam.locator("xpath=ancestor::*[contains(@class, 'block')][1]/following-sibling::*[1]")
    picture(ben, "together/09-home", heading, below)
    spam.uncheck()


def test_who_may_speak_and_when(window, picture, demo) -> None:
    gus, ana = window("U0GUS", size=LAPTOP), window("U0ANA", size=LAPTOP)
    demo.context.x.world.post("lucas_fotos", "@fernpress is there a dark mode for the app icon?")
    gus.press(gus.card("the app icon"), "Reply")
    only = gus.slack.locator("article", has_text="Only members of this workspace can use Heard.").last
    only.wait_for()
    sound(gus.page)
    picture(gus, "together/10-guest", only)

    box = ana.slack.get_by_role("combobox", name="Message #mentions")
    box.fill("/mentions pause")
    box.press("Enter")
    told = ana.slack.locator("#messages article", has_text="paused all public replies").last
    told.wait_for()
    picture(ana, "together/10-pause", told)
    box.fill("/mentions resume")
    box.press("Enter")
    expect(ana.slack.get_by_text("resumed public replies").last).to_be_visible()
