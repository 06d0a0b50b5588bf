"""What *Try it* shows of a feed: its newest entries, and how many came in the last day. Pure."""

from collections.abc import Sequence
from datetime import datetime

from bot.slack.blocks.elements import Block, context_block, count_noun, section_block
from bot.slack.blocks.text import date_element, line_block, link_element, mrkdwn_literal, quote_block
from bot.slack.blocks.tracks.trial import POST_MAX_CHARS, POSTS_SHOWN_MAX, TrialPost


def build_found(
    name: str, found: Sequence[TrialPost], *, listed: int, since: datetime, has_words: bool
) -> list[Block]:
    """The newest of the entries `found` among those that the feed called `name` lists."""
    recent = sum(1 for post in found if post.posted_at >= since)
    which = "of them match your words" if has_words else "of them would get a card"
    said = (
        f"*{mrkdwn_literal(name)}* lists {count_noun(listed, 'entry', 'entries')}; *{len(found):,}* {which}, "
        f"*{recent:,}* from the last 24 hours. Nothing was saved."
    )
    blocks = [section_block(said)]
    for post in found[:POSTS_SHOWN_MAX]:
        place = [date_element(post.posted_at)]
        if post.url:
            place += [{"type": "text", "text": "  "}, link_element(post.url, "open")]
        blocks += [line_block(*place), quote_block(post.text, POST_MAX_CHARS)]
    return blocks


def build_several(count: int) -> list[Block]:
    """The page names several feeds."""
    return [section_block(f"That page names {count:,} feeds. Choose one above, then press *Try it* again.")]


def build_none(presets: Sequence[str]) -> list[Block]:
    """The page names no feed."""
    blocks = [section_block(":mag: No feed is named there. Give the address of a feed itself.")]
    if presets:
        sites = ", ".join(map(mrkdwn_literal, presets))
        blocks.append(context_block(f"Or choose a site in the menu on top: {sites}."))
    return blocks
