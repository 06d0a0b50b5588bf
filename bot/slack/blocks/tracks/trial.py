"""What *Try it* shows in the modal of a track: the price first, then what it would have found. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.slack.blocks.elements import Block, context_block, count_noun, section_block
from bot.slack.blocks.text import (
    date_element,
    line_block,
    link_element,
    one_line,
    quote_block,
)

POSTS_SHOWN_MAX = 5
POST_MAX_CHARS = 280  # of one of them
WARNINGS_SHOWN_MAX = 5
_CENTS_FROM_USD = 1  # below, a price is shown to the tenth of a cent


@dataclass(frozen=True, slots=True)
class TrialPrices:
    """What the network charges, in US dollars (None: nothing, or not known), and how much a page may hold."""

    title: str
    page_size: int
    post_read_usd: float | None
    count_call_usd: float | None


@dataclass(frozen=True, slots=True)
class TrialPost:
    """A post that the track would have found: words of a customer."""

    text: str
    posted_at: datetime
    url: str


def build_count(prices: TrialPrices, count: int | None, warnings: Sequence[str]) -> list[Block]:
    """What the network counted in the last 24 hours (None: it cannot), and what a closer look would cost."""
    parts = []
    if count is None:
        parts.append(f"{prices.title} cannot count posts without reading them.")
        most = prices.page_size
    else:
        most = min(count, prices.page_size)
        spent = f" (that look cost about {_usd(prices.count_call_usd)})" if prices.count_call_usd else ""
        parts.append(
            f"{prices.title} counts *{count_noun(count, 'post')}* like that in the last 24 hours{spent}."
        )
        if prices.post_read_usd and count:
            daily = _usd(count * prices.post_read_usd)
            parts.append(f"Reading as many every day would cost about {daily} a day.")
    if most:
        parts.append(f"Press *Try it* again to read {_which(count, most)} and see what Heard would show.")
        if prices.post_read_usd:
            parts.append(f"That costs up to {_usd(most * prices.post_read_usd)}.")
    parts.append("Nothing is saved.")
    return [section_block(" ".join(parts)), *_warnings(warnings)]


def build_result(
    prices: TrialPrices, found: Sequence[TrialPost], *, read: int, warnings: Sequence[str]
) -> list[Block]:
    """How many of the posts that were `read` Heard's own matcher wants, and the newest of them."""
    if not read:
        said = f"{prices.title} found no post in the last 24 hours."
    else:
        spent = f" (about {_usd(read * prices.post_read_usd)})" if prices.post_read_usd else ""
        newest = f"the newest {count_noun(read, 'post')}" if read > 1 else "the only post"
        said = f"Heard read {newest}{spent}, and *{len(found):,}* of them would get a card."
    blocks = [section_block(f"{said} Nothing was saved."), *_warnings(warnings)]
    for post in found[:POSTS_SHOWN_MAX]:
        place = [date_element(post.posted_at)]
        if post.url:
            place += [{"type": "text", "text": "  "}, link_element(post.url, "open")]
        blocks += [line_block(*place), quote_block(post.text, POST_MAX_CHARS)]
    if len(found) > POSTS_SHOWN_MAX:
        blocks.append(context_block(f"And {len(found) - POSTS_SHOWN_MAX:,} more."))
    return blocks


def build_problem(sentence: str, warnings: Sequence[str] = ()) -> list[Block]:
    """Why it could not be tried, mrkdwn."""
    return [section_block(f":warning: {sentence}"), *_warnings(warnings)]


def _warnings(sentences: Sequence[str]) -> list[Block]:
    """What is probably not meant; the sentences quote what was typed, so Slack shows them literally."""
    return [line_block(f"⚠️ {one_line(one)}") for one in sentences[:WARNINGS_SHOWN_MAX]]


def _usd(amount: float | None) -> str:
    amount = amount or 0.0
    return f"{amount:,.2f} USD" if amount >= _CENTS_FROM_USD else f"{amount:.3f} USD"


def _which(count: int | None, most: int) -> str:
    if count is None:
        return f"up to {most} posts"
    if count > most:
        return f"the newest {most} of them"
    return "it" if count == 1 else "them"
