"""A mention that only some may see: who sees it in Slack, and who sees the answer."""

import re
from collections.abc import Callable

from playwright.sync_api import Locator, expect

from sandbox.demo.runner import Demo
from tests.page.conftest import Window
from tests.page.looks import sound

SECRET = "my order 4711 went to my old address"
ANSWER = "We have sent it after you."


def test_a_private_mention_is_shown_in_the_private_channel_alone_and_answered_in_private(
    window: Callable[..., Window], demo: Demo, picture: Callable[..., None]
) -> None:
    ana, cleo = window(), window("U0CLEO")
    tab = ana.tab("Mastodon")
    tab.get_by_label("Who can see it").select_option("direct")
    expect(tab.get_by_role("status")).to_contain_text("in a private Slack channel only")
    tab.get_by_label("Post text").fill(f"@fernpress {SECRET}")
    sound(ana.page)
    tab.get_by_role("button", name="Post", exact=True).click()
    expect(ana.slack).to_contain_text(
        "1 private mention to @fernpress on Mastodon waits for a private channel"
    )
    route(ana)

    ana.slack.get_by_role("button", name=re.compile("^mentions-private")).click()
    card = ana.card(SECRET)
    ana.press(card, "Reply")
    expect(ana.modal).to_contain_text("Not public")
    ana.write(ANSWER)
    ana.send("Send")
    ours = tab.locator(".conversation").filter(has_text=SECRET).locator(".post.ours")
    expect(ours).to_contain_text(ANSWER)
    expect(ours.locator(".private")).to_have_text("Private mention")
    expect(cleo.slack.get_by_role("button", name=re.compile("mentions-private"))).to_have_count(0)
    elsewhere = in_other_channels(demo)
    assert SECRET not in elsewhere
    assert ANSWER not in elsewhere
    sound(ana.page)
    picture(ana, "networks/private")


def route(window: Window) -> None:
    """Let Mastodon's mentions go to the private channel, from the list of tracks."""
    box = window.slack.get_by_role("combobox", name="Message #mentions")
    box.fill("/mentions tracks")
    box.press("Enter")
    listed: Locator = window.slack.locator("article", has_text="Mentions of @fernpress@leafy.example").last
    listed.get_by_role("button", name="Edit").nth(1).click()
    expect(window.modal).to_contain_text("@fernpress@leafy.example")
    window.modal.get_by_label("Show cards in").select_option(label="#mentions-private")
    window.modal.locator("button[type=submit]").click()
    expect(window.modal).to_be_hidden()


def in_other_channels(demo: Demo) -> str:
    """All that stands in any channel but the private one, for anybody."""
    world = demo.context.slack.world
    with world.lock:
        channels = [one for one in world.channels.values() if one.name != "mentions-private"]
        return str([(m.text, m.blocks) for one in channels for m in (*one.messages, *one.ephemerals)])
