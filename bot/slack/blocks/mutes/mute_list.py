"""What is muted, a line and an *Unmute* button each. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.slack.blocks.elements import Block, button, context_block, count_noun, section_block
from bot.slack.blocks.issues.ranking import build_paging_buttons
from bot.slack.blocks.mutes.handles import at_handle
from bot.slack.blocks.mutes.values import MutedPageValue, UnmuteValue
from bot.slack.blocks.text import (
    date_token,
    line_block,
    mrkdwn_literal,
    one_line,
    sanitize,
    text_element,
    truncate,
)
from bot.slack.blocks.values import PageValue
from models.reports.mute_list import ListedMute, MutePage
from models.sources.mute import AUTHOR_MUTE, CONVERSATION_MUTE, EVERY_NETWORK, WORDS_MUTE

MUTES_PER_PAGE = 8  # two blocks each; Slack splits a message of more than 4,000 letters
MUTES_IN_TRACKS_MAX = 3  # beside a page of tracks
MUTES_PAGE_ACTION, ALL_MUTES_ACTION_ID = "mutes_page", "all_mutes"
UNMUTE_ACTION_ID, SHOW_MUTED_BY_ACTION_ID = "unmute", "muted_by"
WORDS_SHOWN_MAX_CHARS = 60
WHY_SHOWN_MAX_CHARS = 60
_PREFIXES: dict[str, str] = {AUTHOR_MUTE: "Author ", WORDS_MUTE: "Words ", CONVERSATION_MUTE: ""}
NO_MUTES_TEXT = (
    'Nothing is muted. `/mentions mute words "giveaway"` mutes words, `/mentions mute @handle` an author; '
    "on a card, *Not about us* offers both."
)


def build_mute_list(
    page: MutePage, titles: Mapping[str, str], *, may_unmute_words: bool, note: str | None = None
) -> list[Block]:
    """One page of all mutes; `note` is a sentence of ours on top, mrkdwn."""
    blocks = [] if note is None else [context_block(note)]
    if not page.total:
        return [*blocks, section_block(NO_MUTES_TEXT)]
    where = f", page {page.number + 1:,} of {page.pages:,}" if page.pages > 1 else ""
    blocks.append(_heading(page, where))
    blocks += _entries(page.mutes, titles, page.number, "mutes", may_unmute_words=may_unmute_words)
    return [*blocks, *build_paging_buttons(page.number, page.pages, MUTES_PAGE_ACTION, PageValue)]


def build_mutes_beside_tracks(
    page: MutePage, titles: Mapping[str, str], *, tracks_page: int, may_unmute_words: bool
) -> list[Block]:
    """The newest mutes, below a page of tracks; nothing if there are none."""
    if not page.total:
        return []
    rest = page.total - len(page.mutes)
    entries = _entries(page.mutes, titles, tracks_page, "tracks", may_unmute_words=may_unmute_words)
    more = [button(f"All {page.total:,} mutes", ALL_MUTES_ACTION_ID, PageValue())] if rest else []
    return [
        {"type": "divider"},
        _heading(page, ", the newest first" if rest else ""),
        *entries,
        *([{"type": "actions", "elements": more}] if more else []),
    ]


def mute_name(one: ListedMute, titles: Mapping[str, str]) -> str:
    """What is muted, as plain text in one line."""
    mute = one.mute
    where = "every network" if mute.network == EVERY_NETWORK else titles.get(mute.network, mute.network)
    if mute.kind == WORDS_MUTE:
        return f"“{truncate(one_line(sanitize(mute.value)), WORDS_SHOWN_MAX_CHARS)}” on {where}"
    who = at_handle(one.handle)
    if mute.kind == AUTHOR_MUTE:
        return f"{who} on {where}"
    said = truncate(one_line(sanitize(one.text)), WORDS_SHOWN_MAX_CHARS)
    return f"{who}'s conversation on {where}" + (f": {said}" if said else "")


def build_unmuted(one: ListedMute, titles: Mapping[str, str], count: int) -> list[Block]:
    """Say what was unmuted, and offer the `count` tickets that it muted in the last 30 days."""
    said = line_block(
        "Unmuted: ", text_element(mute_name(one, titles), "bold"), ". From now on, such posts get cards."
    )
    if not count:
        return [said]
    stay = "stays muted" if count == 1 else "stay muted"
    stays = f"{count_noun(count, 'ticket')} that it muted in the last 30 days {stay}."
    show = button("Show what it muted", SHOW_MUTED_BY_ACTION_ID, MutedPageValue(mute=one.mute.id))
    return [said, section_block(stays), {"type": "actions", "elements": [show]}]


def muted_by_text(one: ListedMute) -> str:
    """Who muted it, where, when and why, and how many posts that muted, as mrkdwn."""
    mute = one.mute
    parts = [f"by <@{mute.created_by}>", date_token(mute.created_at)]
    if mute.channel:
        parts.append(f"in <#{mute.channel}>")
    if mute.why:
        parts.append(mrkdwn_literal(truncate(mute.why, WHY_SHOWN_MAX_CHARS)))
    return "  ·  ".join([*parts, f"{count_noun(one.posts, 'post')} muted"])


def _heading(page: MutePage, where: str) -> Block:
    return section_block(
        f"*{count_noun(page.total, 'mute')}*{where}, and what each muted in the last 7 days:"
    )


def _entries(
    mutes: Sequence[ListedMute],
    titles: Mapping[str, str],
    page: int,
    place: str,
    *,
    may_unmute_words: bool,
) -> list[Block]:
    blocks: list[Block] = []
    for one in mutes:
        name = text_element(mute_name(one, titles), "bold")
        blocks.append(line_block(f"{one.mute.id}. {_PREFIXES[one.mute.kind]}", name))
        about: dict[str, Any] = section_block(muted_by_text(one))
        if may_unmute_words or one.mute.kind != WORDS_MUTE:
            about["accessory"] = button("Unmute", UNMUTE_ACTION_ID, UnmuteValue(one.mute.id, page, place))
        blocks.append(about)
    return blocks
