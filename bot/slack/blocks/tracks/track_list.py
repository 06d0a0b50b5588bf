"""All tracks, a page at a time, each with its buttons. Pure."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bot.slack.blocks.elements import Block, button, context_block, count_noun, plain_text, section_block
from bot.slack.blocks.issues.ranking import build_paging_buttons
from bot.slack.blocks.text import (
    NO_TEXT,
    date_token,
    is_visible,
    line_block,
    mrkdwn_literal,
    one_line,
    sanitize,
    text_element,
    truncate,
)
from bot.slack.blocks.tracks.values import NewTrackValue, TrackValue
from bot.slack.blocks.values import PageValue
from models import Feed
from models.core.mrkdwn import escape_mrkdwn
from models.reports.track_list import ListedTrack, TrackPage
from models.sources.track import MENTIONS_TRACK
from models.tracks.query import QUOTES_OPERATOR

TRACKS_PER_PAGE = 6  # three blocks each, of 50; and Slack splits a message of more than 4,000 letters
PAGE_ACTION = "tracks_page"
EDIT_ACTION_ID, PAUSE_ACTION_ID = "edit_track", "pause_track"
RESUME_ACTION_ID, REMOVE_ACTION_ID = "resume_track", "remove_track"
QUOTES_ACTION, LINKS_ACTION_ID = "track_quotes", "track_links"
QUERY_SHOWN_MAX_CHARS = 100
FILTERS_SHOWN_MAX_CHARS = 60  # of languages and of handles that are left out, each
FAILURE_SHOWN_MAX_CHARS = 80
QUOTE_SWITCHES_MAX = 4  # of our accounts
CONFIRM_SHOWN_MAX_CHARS = 100
NO_TRACKS_TEXT = "Heard listens for nothing yet. `/mentions track fernpress` adds the first track."


def build_track_list(
    page: TrackPage,
    titles: Mapping[str, str],
    *,
    default_channel: str,
    may_change: bool,
    note: str | None = None,
    unquoted: Sequence[str] = (),
    can_search: bool = False,
    below: Sequence[Block] = (),
    show_address: Callable[[str], str] = lambda _address: "…",
) -> list[Block]:
    """One page. `titles` are what people call the networks; `note` is a sentence of ours on top, mrkdwn.

    `unquoted` are handles of ours whose quotes no track listens for; `can_search`: there is a network that
    can be searched. `below` are blocks between the tracks and the buttons to other pages. `show_address`
    takes out of a feed's address what may be secret. Without `may_change` a track has no buttons.
    """
    where = f", page {page.number + 1:,} of {page.pages:,}" if page.pages > 1 else ""
    blocks = [] if note is None else [context_block(note)]
    blocks.append(
        section_block(
            f"*{count_noun(page.total, 'track')}*{where}, and what each brought in the last 7 days:"
        )
    )
    for one in page.tracks:
        details = section_block(_details(one, titles, default_channel, show_address))
        blocks += [_title(one, show_address), details]
        if may_change:
            blocks.append({"type": "actions", "elements": _buttons(one, page.number, show_address)})
    blocks.append(context_block("`/mentions track` adds one."))
    if may_change and can_search:
        blocks += _switches(unquoted)
    return [*blocks, *below, *build_paging_buttons(page.number, page.pages, PAGE_ACTION, PageValue)]


def _switches(unquoted: Sequence[str]) -> list[Block]:
    """What is off until somebody turns it on: quotes that do not name us, and links to our site."""
    row = [
        button(truncate(f"Listen for quotes of @{handle}", 75), f"{QUOTES_ACTION}_{n}", quotes_of(handle))
        for n, handle in enumerate(unquoted[:QUOTE_SWITCHES_MAX])
    ]
    row.append(button("Listen for links to your site", LINKS_ACTION_ID, NewTrackValue()))
    about = (
        "Posts that quote yours without your handle, and posts that link to your site, are found by a search "
        "of their own. *Try it* says what one would cost before you add it."
    )
    return [context_block(about), {"type": "actions", "elements": row}]


def quotes_of(handle: str) -> NewTrackValue:
    """What the button carries that begins a track for quotes of `handle`."""
    return NewTrackValue(f"{QUOTES_OPERATOR}{handle}")


def track_name(one: ListedTrack, show_address: Callable[[str], str]) -> str:
    """What the track is called, as plain text in one line: its query, its feed, or whose mentions it is."""
    track = one.track
    if track.address is not None:
        title = one.feed.title if one.feed is not None else None
        where = one_line(sanitize(title or show_address(track.address)))
        return truncate(f"{where}: {track.query}" if track.query else where, QUERY_SHOWN_MAX_CHARS)
    if track.kind == MENTIONS_TRACK:
        return f"Mentions of {one.handle or 'an account'}"
    words = one_line(sanitize(track.query))
    return truncate(words, QUERY_SHOWN_MAX_CHARS) if is_visible(words) else NO_TEXT


def _title(one: ListedTrack, show_address: Callable[[str], str]) -> Block:
    """The query as it was typed, whatever Slack would make of it."""
    return line_block(f"{one.track.id}. ", text_element(track_name(one, show_address), "bold"))


def _details(
    one: ListedTrack,
    titles: Mapping[str, str],
    default_channel: str,
    show_address: Callable[[str], str],
) -> str:
    track, counts = one.track, one.counts
    parts = [
        f"on {escape_mrkdwn(titles.get(track.network, track.network))}",
        f"in <#{track.channel or default_channel}>",
    ]
    if track.kind != MENTIONS_TRACK:
        parts.append(f"by <@{track.created_by}>" if track.created_by else "by the command line")
    if track.languages:
        parts.append(f"only {_shown(', '.join(map(str, track.languages)))}")
    if track.excluded_handles:
        parts.append(f"without {_shown(' '.join(f'@{name}' for name in track.excluded_handles))}")
    lines = [
        *([mrkdwn_literal(show_address(track.address))] if track.address is not None else []),
        "  ·  ".join(parts),
        f"{counts.heard:,} heard  ·  {counts.answered:,} answered  ·  {counts.not_about_us:,} not about us"
        + (f"  ·  {counts.muted:,} muted" if counts.muted else ""),
    ]
    if track.paused_at is not None:
        lines.append(f":double_vertical_bar: paused since {date_token(track.paused_at)}")
    elif one.feed is not None:
        lines.append(_feed_state(one.feed))
    elif not one.is_connected:
        lines.append(":electric_plug: this account is not connected any more")
    elif one.failing_since is not None:
        why = mrkdwn_literal(truncate(one.failure or "no answer", FAILURE_SHOWN_MAX_CHARS))
        lines.append(f":warning: could not be read since {date_token(one.failing_since)}: {why}")
    return "\n".join(lines)


def _feed_state(feed: Feed) -> str:
    """When the feed was read and when it is read again, or what is wrong with it."""
    why = mrkdwn_literal(truncate(feed.failure or "no answer", FAILURE_SHOWN_MAX_CHARS))
    if feed.gone_at is not None:
        return f":no_entry: gone since {date_token(feed.gone_at)}, and not read any more: {why}"
    again = date_token(feed.next_at, "{date_short_pretty} {time}")
    if feed.failing_since is not None:
        return f":warning: could not be read since {date_token(feed.failing_since)}: {why} Next try: {again}"
    if feed.read_at is None:
        return ":hourglass_flowing_sand: not read yet"
    return f"read {date_token(feed.read_at, '{date_short_pretty} {time}')}  ·  next {again}"


def _shown(words: str) -> str:
    return mrkdwn_literal(truncate(words, FILTERS_SHOWN_MAX_CHARS))


def _buttons(one: ListedTrack, page: int, show_address: Callable[[str], str]) -> list[dict[str, Any]]:
    value = TrackValue(one.track.id, page)
    edit = button("Edit", EDIT_ACTION_ID, value)
    if one.track.kind == MENTIONS_TRACK:
        return [edit]
    turn = (
        button("Pause", PAUSE_ACTION_ID, value)
        if one.track.paused_at is None
        else button("Resume", RESUME_ACTION_ID, value)
    )
    return [
        edit,
        turn,
        button("Remove", REMOVE_ACTION_ID, value) | {"confirm": _confirmation(one, show_address)},
    ]


def _confirmation(one: ListedTrack, show_address: Callable[[str], str]) -> dict[str, Any]:
    """What Slack asks before it tells us of the press.

    https://docs.slack.dev/reference/block-kit/composition-objects/confirmation-dialog-object
    """
    name = truncate(track_name(one, show_address), CONFIRM_SHOWN_MAX_CHARS)
    return {
        "title": plain_text("Remove this track?"),
        "text": plain_text(f"Heard no longer listens for {name}. Tickets that it brought stay."),
        "confirm": plain_text("Remove"),
        "deny": plain_text("Keep"),
        "style": "danger",
    }
