"""A post, its card in each of two windows, and what became public."""

from playwright.sync_api import Locator

from sandbox.demo.runner import Demo
from sandbox.x import XPost
from tests.page.conftest import Window


def heard(demo: Demo, words: str, by: str = "maria_writes", **more: str) -> XPost:
    return demo.context.x.world.post(by, f"@fernpress {words}", **more)


def public(demo: Demo, post: XPost) -> list[str]:
    """What our account said to `post` on the network."""
    world = demo.context.x.world
    with world.lock:
        ours = [one for one in world.posts.values() if one.author_id == world.brand.id]
        return [one.text for one in ours if one.reply_to == post.id]


def let_cards_stand(demo: Demo) -> None:
    """Slack redraws no card from here on, so that somebody can press what is not true any more."""
    demo.context.slack.world.faults.rate_limited("chat.update", retry_after=1, times=None)


def whisper(window: Window, words: str) -> Locator:
    return window.slack.locator("article", has_text="Only visible to you").filter(has_text=words)


def cards(words: str, *windows: Window) -> list[Locator]:
    """The card that shows `words` now, in each window; it stays the same when its words do not."""
    found = windows[0].card(words)
    ts = found.get_attribute("data-ts")
    return [window.slack.locator(f'#messages article.card[data-ts="{ts}"]') for window in windows]
