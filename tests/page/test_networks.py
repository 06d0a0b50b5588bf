"""Customers on Mastodon and Bluesky, and a team that answers them from the same channel as those on X."""

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
HOSTILE = (
    '<img src=x onerror="document.title=1"> <b>bold</b> &amp; <script>document.title=1</script> :tada: *no*'
)
HANDLES = {"Mastodon": "@fernpress", "Bluesky": "@fernpress.test"}
NETWORKS = tuple(HANDLES)
SHELVED = {"Mastodon": "It is back on its shelf.", "Bluesky": "Sorry, we found your cup under the stairs."}


@pytest.fixture(autouse=True)
def mended(demo: Demo) -> Iterator[None]:
    """Whatever a test lets go wrong works again for the next one."""
    yield
    demo.context.switches.reset()


def say(tab: Locator, network: str, words: str) -> None:
    tab.get_by_label("Post text").fill(f"{HANDLES[network]} {words}")
    tab.get_by_role("button", name="Post", exact=True).click()


def conversation(tab: Locator, words: str) -> Locator:
    return tab.locator(".conversation").filter(has_text=words).first


def answer(window: Window, card: Locator, words: str, label: str = "Send publicly") -> None:
    window.press(card, "Reply")
    window.write(words)
    window.send(label)
    expect(window.modal).to_be_hidden()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [None, PHONE], ids=["wide", "narrow"])
@pytest.mark.parametrize("network", NETWORKS)
def test_each_tab_can_be_read(
    window: Open, picture: Take, network: str, size: dict[str, int] | None, dark: bool
) -> None:
    ana = window(dark=dark, **({"size": size} if size else {}))
    if size:
        ana.page.get_by_role("navigation", name="Panes").get_by_role("button", name="Networks").click()
    tab = ana.tab(network)
    expect(tab.locator(".post.ours").first).to_be_visible()

    sound(ana.page)
    shade, width = "dark" if dark else "light", "narrow" if size else "wide"
    picture(ana, f"networks/{network.lower()}-{width}-{shade}")


@pytest.mark.parametrize("network", NETWORKS)
def test_a_mention_gets_a_card_and_the_reply_from_slack_stands_under_it(window: Open, network: str) -> None:
    ana = window()
    tab = ana.tab(network)
    say(tab, network, f"is there a {network} almanac?")
    card = ana.card(f"{network} almanac")
    expect(card).to_contain_text(f"{network}, to {HANDLES[network]}")
    answer(ana, card, "Every autumn, with room for notes.")

    ours = conversation(tab, f"{network} almanac").locator(".post.ours")
    expect(ours).to_contain_text("Every autumn, with room for notes.")
    expect(ours).to_have_count(1)
    expect(card).to_contain_text("Answered")
    expect(card.get_by_role("link", name=f"See it on {network}").first).to_be_visible()
    sound(ana.page)


def test_a_reply_on_mastodon_keeps_the_warning_and_is_seen_by_no_more_people(window: Open) -> None:
    ana = window()
    tab = ana.tab("Mastodon")
    tab.get_by_role("button", name="CW").click()
    tab.get_by_label("Content warning", exact=True).fill("Spiders, many")
    tab.get_by_label("Who can see it").select_option("unlisted")
    say(tab, "Mastodon", "your logo looks like a web")
    asked = conversation(tab, "Spiders, many")
    expect(asked.get_by_text("your logo looks like a web")).to_be_hidden()
    asked.get_by_role("button", name="Show more").click()
    expect(asked.get_by_text("your logo looks like a web")).to_be_visible()
    card = ana.card("looks like a web")
    expect(card).to_contain_text("Spiders, many")
    answer(ana, card, "It is a fern, we promise.")

    ours = asked.locator(".post.ours")
    expect(ours.locator(".cw-line")).to_contain_text("Spiders, many")
    expect(ours.get_by_role("img", name="Quiet public")).to_be_visible()
    expect(ours.get_by_text("It is a fern")).to_be_hidden()
    ours.get_by_role("button", name="Show more").click()
    expect(ours.get_by_text("It is a fern")).to_be_visible()


@pytest.mark.parametrize("network", NETWORKS)
def test_an_edit_is_shown_on_the_card_and_a_deleted_post_is_not_answered(window: Open, network: str) -> None:
    ana, ben = window("U0ANA"), window("U0BEN")
    tab = ben.tab(network)
    say(tab, network, f"my teapot vanished from {network}")
    ana.card(f"vanished from {network}").wait_for()
    said = conversation(tab, f"vanished from {network}")
    said.get_by_role("button", name=re.compile("^(Edit|Overwrite) this post")).click()
    tab.get_by_label("Edit the post", exact=True).fill(
        f"{HANDLES[network]} my teacup vanished after lunch on {network}"
    )
    tab.get_by_role("button", name="Save").click()
    card = ana.card(f"my teacup vanished after lunch on {network}")
    expect(card).to_contain_text("edited")

    ana.press(card, "Reply")
    ana.write(SHELVED[network])
    conversation(tab, f"vanished after lunch on {network}").get_by_role(
        "button", name="Delete this post"
    ).click()
    expect(tab.get_by_text(f"vanished after lunch on {network}")).to_have_count(0)
    ana.send()

    expect(card).to_contain_text(f"{network} isn't showing us this post right now")
    expect(tab.get_by_text(SHELVED[network])).to_have_count(0)


@pytest.mark.parametrize("network", NETWORKS)
def test_a_public_reply_can_be_deleted_from_slack(window: Open, network: str) -> None:
    ana = window()
    tab = ana.tab(network)
    say(tab, network, f"who answers {network} on Sundays?")
    card = ana.card(f"who answers {network} on Sundays")
    answer(ana, card, "The cat.")
    ours = conversation(tab, f"who answers {network} on Sundays").locator(".post.ours")
    expect(ours).to_contain_text("The cat.")
    card.locator(".blocks").get_by_role("button", name="More").click()
    ana.page.get_by_role("menuitem", name="Delete public reply").click()
    ana.send("Delete it")

    expect(ours).to_have_count(0)
    expect(card).to_contain_text("Waiting")


@pytest.mark.parametrize("network", NETWORKS)
def test_what_a_customer_or_a_teammate_types_is_text_and_nothing_else(window: Open, network: str) -> None:
    ana = window()
    tab = ana.tab(network)
    words = f"hostile on {network}"
    say(tab, network, f"{words} {HOSTILE}")
    card = ana.card(words)
    for side in (card, conversation(tab, words)):
        expect(side).to_contain_text(HOSTILE)
        expect(side.locator("b, script, img[src='x']")).to_have_count(0)
    answer(ana, card, "Nice try: <i>hello</i> &lt; https://fernpress.example/x")

    ours = conversation(tab, words).locator(".post.ours")
    expect(ours).to_contain_text("Nice try: <i>hello</i> &lt; https://fernpress.example/x")
    expect(ours.locator("i")).to_have_count(0)
    assert ana.page.title() != "1"


@pytest.mark.parametrize("network", NETWORKS)
def test_a_lost_answer_leads_to_one_public_reply(window: Open, demo: Demo, network: str) -> None:
    ana = window()
    tab = ana.tab(network)
    say(tab, network, f"does the {network} issue exist?")
    demo.context.switches.turn(f"{network.lower()}_lost", on=True)
    card = ana.card(f"does the {network} issue exist")
    answer(ana, card, "It does, and it is heavy.")

    expect(card).to_contain_text("Answered")
    expect(conversation(tab, f"does the {network} issue exist").locator(".post.ours")).to_have_count(1)


def test_on_bluesky_a_gate_closes_the_conversation_and_a_quote_shows_what_it_quotes(window: Open) -> None:
    ana = window()
    tab = ana.tab("Bluesky")
    tab.get_by_label("Who can reply").select_option("nobody")
    say(tab, "Bluesky", "no need to answer this")
    said = conversation(tab, "no need to answer this")
    expect(said.get_by_role("button", name="Nobody can reply")).to_be_visible()
    expect(said).to_contain_text("@fernpress.test cannot reply here")
    expect(ana.card("no need to answer this")).to_contain_text("limits who can reply")

    said.get_by_role("button", name=re.compile("^Quote")).click()
    tab.get_by_label("Post text").fill("@fernpress.test but this you may")
    tab.get_by_role("button", name="Post", exact=True).click()
    quoting = conversation(tab, "but this you may")
    expect(quoting.locator(".quoted")).to_contain_text("no need to answer this")


def test_a_post_that_takes_no_reply_is_offered_none_until_its_author_opens_it(
    window: Open, picture: Take
) -> None:
    ana = window()
    tab = ana.tab("Bluesky")
    tab.get_by_label("Who can reply").select_option("nobody")
    say(tab, "Bluesky", "I will open this later")
    card, said = ana.card("I will open this later"), conversation(tab, "I will open this later")
    expect(card).to_contain_text("takes no reply on Bluesky")
    expect(card).to_contain_text("You can still quote the post by hand on Bluesky")
    expect(card.get_by_role("button", name="Reply", exact=True)).to_have_count(0)
    expect(card.get_by_role("button", name="No reply needed")).to_be_visible()
    expect(card.get_by_role("button", name="Open on Bluesky")).to_be_visible()
    sound(ana.page)
    picture(ana, "networks/takes-no-reply")

    said.get_by_role("button", name="Nobody can reply").click()
    ana.page.get_by_role("menuitem", name="Everybody can reply").click()

    answer(ana, card, "We are waiting at the door.")
    expect(said.locator(".post.ours")).to_contain_text("We are waiting at the door.")
    expect(card).to_contain_text("Answered by @Ana Lima")


def test_the_networks_are_tabs_for_the_keyboard_and_say_what_is_new_behind_them(
    window: Open, demo: Demo
) -> None:
    ana = window()
    tabs = ana.page.get_by_role("tablist", name="Networks")
    x, mastodon, bluesky, last = (
        tabs.get_by_role("tab", name=name) for name in ("X", "Mastodon", "Bluesky", "Hacker News")
    )
    expect(x).to_have_attribute("aria-selected", "true")
    demo.context.bluesky.world.post("tomreads.test", "a post behind the tab")
    expect(bluesky).to_have_accessible_name("Bluesky 1 new")
    x.focus()
    ana.page.keyboard.press("ArrowRight")
    expect(mastodon).to_be_focused()
    expect(mastodon).to_have_attribute("aria-selected", "true")
    expect(ana.page.get_by_role("tabpanel", name="Mastodon")).to_be_visible()
    ana.page.keyboard.press("ArrowRight")
    expect(bluesky).to_be_focused()
    expect(bluesky).to_have_accessible_name("Bluesky")
    ana.page.keyboard.press("End")
    expect(last).to_be_focused()
    ana.page.keyboard.press("ArrowRight")
    expect(x).to_be_focused()
    expect(ana.page.get_by_role("tabpanel")).to_have_count(1)
    ana.page.keyboard.press("Tab")
    expect(ana.network.get_by_label("Post as")).to_be_focused()


@pytest.mark.parametrize("network", NETWORKS)
def test_mentions_are_counted_by_network(window: Open, network: str) -> None:
    ana = window()
    box = ana.slack.get_by_role("combobox", name="Message #mentions")
    box.fill(f"/mentions stats 30d {network.lower()}")
    box.press("Enter")

    answers = ana.slack.locator("article", has_text="Only visible to you")
    expect(answers.filter(has_text=re.compile(f"on {network}Heard \\d")).first).to_contain_text("Answered")
