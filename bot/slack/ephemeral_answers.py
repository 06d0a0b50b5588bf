"""An answer that one person asked for and only they see: blocks and charts; and sharing just that.

Charts go out as Slack's own blocks. Slack rolled those out bit by bit: where it answers `invalid_blocks`,
they are shown as pictures, and where no picture can be had, in characters. Called without a transaction open.
"""

import logging
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from slack_sdk.errors import SlackApiError, SlackClientError

from bot.context import Desk
from bot.slack import chart_images
from bot.slack.blocks.chart import (
    A_MESSAGE,
    ALT,
    Chart,
    as_text,
    in_characters,
    is_empty,
    native,
    pictured,
    spoken,
)
from bot.slack.blocks.elements import Block, button, context, counted
from bot.slack.blocks.text import escape, fit
from bot.slack.client import SlackError, SlackLaterError, SlackNoError, SlackUnsureError
from models import Budget, Inbound, Shown
from models.core.base import RuleBrokenError
from models.core.database import PATIENCE

log = logging.getLogger(__name__)

SHARE, SHARE_LABEL = "share", "Share to channel"
BLOCKS, WORDS, PAGES = (
    46,
    3_600,
    3,
)  # of one message: Slack takes 50 blocks and splits what is over 4,000 letters
NO_CHARTS, AN_HOUR = "slack draws no charts", timedelta(hours=1)
AT_ONCE = (0.0,)
READY = (1.0, 2.0, 4.0)  # seconds before each try to show a picture: Slack takes its time with a new file
_NOT_THERE = {"not_in_channel", "channel_not_found", "is_archived"}

Piece = Block | Chart


@dataclass(frozen=True, slots=True)
class Told:
    """What to answer; `text` is mrkdwn, for notifications and for who hears instead of reading."""

    text: str
    blocks: Sequence[Block]
    charts: Sequence[Chart] = ()


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, the channel where they ask, and the address that their answer goes to (Bolt's `respond`)."""

    user: str
    channel: str
    respond: Callable[..., Any]


Form = Callable[[Desk, Sequence[Piece]], list[Block] | None]
"""One way to show charts: draws all blocks of a page, or gives None where it cannot."""


# --- answering ----------------------------------------------------------------------------------------------


def answer(desk: Desk, asker: Asker, told: Told) -> None:
    """Show it to them, the charts in the best form that this workspace takes."""
    pages, forms = _pages(told), _forms(desk)
    text, key, said = _spoken(told), uuid.uuid4().hex, []
    for number, page in enumerate(pages, start=1):
        foot = [share_button(key)] if number == len(pages) else []
        heard = text if number == 1 else told.text
        said.append(_say(desk, asker, forms, page, foot=foot, text=heard))
    _keep(desk, key, asker.channel, text, [blocks for blocks in said if blocks])


def share_button(key: str) -> Block:
    """The button that lets the asker share what was kept under `key`."""
    return {"type": "actions", "elements": [button(SHARE_LABEL, SHARE, {"k": key})]}


def shareable(desk: Desk, channel: str, text: str, blocks: list[Block], *, patience: float) -> dict[str, Any]:
    """The answer to a command with *Share to channel*; without it where the ledger cannot remember it.

    `patience` in seconds is for the ledger.
    """
    key = uuid.uuid4().hex
    if not _keep(desk, key, channel, text, [blocks], patience=patience):
        return {"text": text, "blocks": blocks}
    return {"text": text, "blocks": [*blocks, share_button(key)]}


def _keep(
    desk: Desk, key: str, channel: str, text: str, pages: list[list[Block]], *, patience: float = PATIENCE
) -> bool:
    """Remember what they see, for *Share to channel*; whether the ledger took it."""
    return desk.note(
        lambda session: Shown.keep(session, key, text, pages, channel=channel, at=desk.now()),
        patience=patience,
    )


def _forms(desk: Desk) -> list[Form]:
    """What is worth trying, the best first."""
    with desk.db.read() as session:
        is_known_not_to = Budget.rests(session, NO_CHARTS, at=desk.now())
    worse: list[Form] = [_as_pictures, _in_characters]
    return worse if is_known_not_to else [_native, *worse]


def _say(
    desk: Desk, asker: Asker, forms: list[Form], page: Sequence[Piece], *, foot: list[Block], text: str
) -> list[Block]:
    """Show one page and give what was shown, without its `foot`. A form that fails is not tried again."""
    was_refused = False
    while forms:
        blocks = forms[0](desk, page)
        waits = READY if forms[0] is _as_pictures else AT_ONCE
        if blocks is not None and _shown(desk, asker, text, [*blocks, *foot], waits):
            if was_refused:
                _remember_no_charts(desk)
            return blocks
        if not any(isinstance(piece, Chart) for piece in page):
            break
        was_refused |= forms[0] is _native
        forms.pop(0)
    _shown(desk, asker, text, [], AT_ONCE)
    return []


def _shown(desk: Desk, asker: Asker, text: str, blocks: list[Block], waits: Sequence[float]) -> bool:
    """Show these blocks after one of `waits`; False if Slack does not take them."""
    for wait in waits:
        if wait and desk.stop.wait(wait):
            return False
        try:
            _send(desk, asker, text, blocks)
        except SlackNoError as error:
            if error.error != "invalid_blocks":
                log.warning("an answer could not be shown: %s", error.error)
                return False
        except SlackError as error:
            log.warning("an answer could not be shown: %s", error)
            return False
        else:
            return True
    return False


def _send(desk: Desk, asker: Asker, text: str, blocks: list[Block]) -> None:
    """On the address that came with the question; where that does not work (any more), directly."""
    try:
        _respond(asker, text, blocks)
    except SlackNoError as error:
        if error.error == "invalid_blocks":
            raise
        desk.slack.whisper(asker.channel, asker.user, text, blocks)
    except SlackUnsureError:
        desk.slack.whisper(asker.channel, asker.user, text, blocks)


def _respond(asker: Asker, text: str, blocks: list[Block]) -> None:
    """https://docs.slack.dev/interactivity/handling-user-interaction#message_responses."""
    try:
        answered = asker.respond(text=text, blocks=blocks, response_type="ephemeral", replace_original=False)
    except (SlackApiError, SlackClientError, ValueError, OSError) as error:
        raise SlackUnsureError(f"an answering address did not answer ({type(error).__name__})") from error
    body = str(answered.body or "")
    if "invalid_blocks" in body:
        raise SlackNoError("invalid_blocks")
    if answered.status_code != 200:  # noqa: PLR2004 - HTTP's word for yes
        raise SlackNoError("used_url")


def _remember_no_charts(desk: Desk) -> None:
    """Another form went through where Slack's own did not: leave that for an hour."""
    at = desk.now()
    with desk.db.write() as session:
        Budget.pause(session, NO_CHARTS, at=at, until=at + AN_HOUR)


# --- the forms ----------------------------------------------------------------------------------------------


def _native(desk: Desk, page: Sequence[Piece]) -> list[Block]:
    del desk
    return [_or_words(piece, native) for piece in page]


def _as_pictures(desk: Desk, page: Sequence[Piece]) -> list[Block] | None:
    """Upload each chart; None if one cannot be drawn or Slack does not take it."""
    drawn: list[Block] = []
    for piece in page:
        picture = chart_images.png(piece) if isinstance(piece, Chart) and not is_empty(piece) else None
        if isinstance(piece, Chart) and picture is not None:
            try:
                file_id = desk.slack.upload("chart.png", piece.title, fit(spoken(piece), ALT), picture)
            except SlackError as error:
                log.warning("a picture could not be uploaded: %s", error)
                return None
            drawn.append(pictured(piece, file_id))
        elif isinstance(piece, Chart) and not is_empty(piece):
            return None
        else:
            drawn.append(_or_words(piece, in_characters))
    return drawn


def _in_characters(desk: Desk, page: Sequence[Piece]) -> list[Block]:
    del desk
    return [_or_words(piece, in_characters) for piece in page]


def _or_words(piece: Piece, draw: Callable[[Chart], Block]) -> Block:
    """A chart drawn; in words where there is nothing to draw."""
    if not isinstance(piece, Chart):
        return piece
    return in_characters(piece) if is_empty(piece) else draw(piece)


# --- in the room of a message -------------------------------------------------------------------------------


def _pages(told: Told) -> list[list[Piece]]:
    """The whole as messages that Slack takes; what is too much for a few of them is left out with a word."""
    pages: list[list[Piece]] = [[]]
    pieces: list[Piece] = [*told.blocks, *told.charts]
    for piece in pieces:
        if pages[-1] and not _has_room(pages[-1], piece):
            pages.append([])
        pages[-1].append(piece)
    left_out = sum(len(page) for page in pages[PAGES:])
    if left_out:
        pages[PAGES - 1].append(
            context(f"And {counted(left_out, 'part')} more, which would be too much here.")
        )
    return pages[:PAGES]


def _has_room(page: Sequence[Piece], piece: Piece) -> bool:
    charts = sum(isinstance(one, Chart) for one in [*page, piece])
    words = sum(_words(one) for one in [*page, piece])
    return len(page) < BLOCKS and charts <= A_MESSAGE and words <= WORDS


def _words(node: object) -> int:
    """How many letters of text are in a block; a chart in characters counts, too."""
    if isinstance(node, Chart):
        return len(as_text(node))
    if isinstance(node, dict):
        own = node.get("text")
        return (len(own) if isinstance(own, str) else 0) + sum(map(_words, node.values()))
    return sum(map(_words, node)) if isinstance(node, (list, tuple)) else 0


def _spoken(told: Told) -> str:
    parts = [told.text, *(escape(spoken(chart)) for chart in told.charts)]
    return fit("\n".join(parts), WORDS)


# --- sharing ------------------------------------------------------------------------------------------------


def share(desk: Desk, user: str, key: str, *, press: str) -> str | None:
    """Post what was shown under `key` to the channel where it was asked for, naming `user`.

    Once: a `press` that arrives again does nothing, and what is shared already says so.
    """
    with desk.db.write() as session:
        if not Inbound.is_new(session, press, at=desk.now()):
            return None
        kept = Shown.claim(session, key)
    posted = 0
    try:
        for page in kept.pages:
            head = [context(f"<@{user}> asked Heard and shares the answer.")] if not posted else []
            desk.slack.post(kept.channel, kept.text, [*head, *page], key=f"{key} {posted}")
            posted += 1
    except SlackUnsureError as error:
        log.warning("an answer may have been shared: %s", error)
        raise RuleBrokenError(
            "Slack did not say whether that was shared: look in the channel before you ask for it again.",
        ) from error
    except SlackError as error:
        if posted == 0:
            _settle(desk, key, shared=False)
        raise RuleBrokenError(_why_not(error, posted)) from error
    _settle(desk, key, shared=True)
    return None


def _settle(desk: Desk, key: str, *, shared: bool) -> None:
    with desk.db.write() as session:
        Shown.settle(session, key, shared=shared)


def _why_not(error: SlackError, posted: int) -> str:
    """One sentence about what kept it from the channel."""
    if posted:
        return "Only its beginning could be shared: Slack did not take the rest."
    if isinstance(error, SlackNoError) and error.error in _NOT_THERE:
        return "I am not in this channel, so I cannot post here: `/invite` me, then press the button again."
    if isinstance(error, SlackLaterError):
        return "Slack asks to slow down, so nothing was shared: press the button again in a moment."
    return "Slack did not take it, so nothing was shared. Please press the button once more."
