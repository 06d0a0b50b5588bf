"""How it looks: light, dark and on a phone, with nothing cut off; also the pictures of README and docs."""

import pytest
from playwright.sync_api import Page, expect

PHONE = {"width": 390, "height": 844}
LAPTOP = {"width": 1280, "height": 800}

UNNAMED = """() => [...document.querySelectorAll('button, a, input, select, textarea')]
  .filter(one => one.checkVisibility())
  .filter(one => !(one.getAttribute('aria-label') || one.textContent.trim() || one.labels?.length || one.title))
  .map(one => one.outerHTML)"""
TOO_WIDE = """() => [...document.querySelectorAll('body, .pane, .scroll, .card .blocks, dialog')]
  .filter(one => one.checkVisibility() && one.scrollWidth > one.clientWidth + 1)
  .map(one => one.className || one.tagName)"""
FAINT = """() => {
  const rgb = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255).map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (one) => { for (; one; one = one.parentElement) { const c = rgb(getComputedStyle(one).backgroundColor);
    if (c.length === 3 || c[3] === 1) return c; } return [255, 255, 255]; };
  const found = new Set();
  for (const one of document.querySelectorAll('p, span, strong, small, button, a, time, h1, h2, h3, label, li, code, legend')) {
    if (!one.checkVisibility({ opacityProperty: true }) || ![...one.childNodes].some(n => n.nodeType === 3 && n.data.trim())) continue;
    const ink = rgb(getComputedStyle(one).color);
    if (ink.length === 4 && ink[3] < 1) continue;
    const [a, b] = [light(ink), light(ground(one))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) found.add(`${one.className || one.tagName}: ${one.textContent.slice(0, 30)}`);
  }
  return [...found];
}"""


def sound(page: Page) -> None:
    """Nothing is cut off, nothing nameless, nothing too faint to read."""
    assert page.evaluate(TOO_WIDE) == []
    assert page.evaluate(UNNAMED) == []
    assert page.evaluate(FAINT) == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_all_three_panes_stand_side_by_side(window, picture, dark: bool) -> None:
    ana = window(dark=dark)
    for pane in (ana.slack, ana.network, ana.room):
        expect(pane).to_be_visible()
    expect(ana.room.locator(".ticket")).to_be_visible()

    sound(ana.page)
    picture(ana, "page-dark" if dark else "page")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_on_a_phone_the_panes_are_tabs(window, picture, dark: bool) -> None:
    ana = window(size=PHONE, dark=dark, is_mobile=True, has_touch=True)
    tabs = ana.page.get_by_role("navigation", name="Panes")
    sound(ana.page)
    picture(ana, f"phone-slack{'-dark' if dark else ''}")
    for name, pane in (("X", ana.network), ("Machine room", ana.room), ("Slack", ana.slack)):
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
    network = ana.page.get_by_role("navigation", name="Panes").get_by_role("button", name="X", exact=True)
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
    expect(ana.room.get_by_role("list", name="The reply is published")).to_be_visible()
    expect(ana.page.locator(".guide .done")).to_have_count(3)
    expect(ana.page.locator(".flash")).to_have_count(0)
    sound(ana.page)
    picture(ana, "answered")
