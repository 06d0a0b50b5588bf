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

from bot.context import BotContext
from bot.slack import chart_images
from bot.slack.blocks.chart import (
    ALT_TEXT_MAX_CHARS,
    CHARTS_PER_MESSAGE,
    Chart,
    alt_text,
    build_image_block,
    build_native_block,
    build_text_block,
    is_empty,
    render_text,
)
from bot.slack.blocks.elements import Block, button, context_block, count_noun
from bot.slack.blocks.text import truncate
from bot.slack.blocks.values import SharedAnswerValue
from bot.slack.errors import SlackError, SlackLaterError, SlackRefusedError, SlackUnsureError
from models import ProcessedRequest, RateLimit, SharedAnswer
from models.core.base import RuleBrokenError
from models.core.database import LOCK_TIMEOUT_SECONDS
from models.core.mrkdwn import escape_entities

log = logging.getLogger(__name__)

SHARE_ACTION_ID, SHARE_LABEL = "share", "Share to channel"
PAGE_MAX_BLOCKS, PAGE_MAX_CHARS, MAX_PAGES = (
    46,
    3_600,
    3,
)  # of one message: Slack takes 50 blocks and splits what is over 4,000 letters
NATIVE_CHARTS_LIMIT_KEY, NATIVE_CHARTS_PAUSE = "slack draws no charts", timedelta(hours=1)
SEND_DELAYS_SECONDS = (0.0,)
IMAGE_SEND_DELAYS_SECONDS = (
    1.0,
    2.0,
    4.0,
)  # seconds before each try to show a picture: Slack takes its time with a new file
_CHANNEL_GONE_ERRORS = {"not_in_channel", "channel_not_found", "is_archived"}

AnswerPart = Block | Chart


@dataclass(frozen=True, slots=True)
class EphemeralAnswer:
    """What to answer; `text` is mrkdwn, for notifications and for who hears instead of reading."""

    text: str
    blocks: Sequence[Block]
    charts: Sequence[Chart] = ()


@dataclass(frozen=True, slots=True)
class Requester:
    """Who asks, the channel where they ask, and the address that their answer goes to (Bolt's `respond`)."""

    user: str
    channel: str
    respond: Callable[..., Any]


ChartForm = Callable[[BotContext, Sequence[AnswerPart]], list[Block] | None]
"""One way to show charts: draws all blocks of a page, or gives None where it cannot."""


# --- answering ----------------------------------------------------------------------------------------------


def send_answer(ctx: BotContext, asker: Requester, told: EphemeralAnswer) -> None:
    """Show it to them, the charts in the best form that this workspace takes."""
    pages, forms = _split_into_pages(told), _chart_forms(ctx)
    text, key, said = _notification_text(told), uuid.uuid4().hex, []
    for number, page in enumerate(pages, start=1):
        foot = [share_button(key)] if number == len(pages) else []
        heard = text if number == 1 else told.text
        said.append(_send_page(ctx, asker, forms, page, foot=foot, text=heard))
    _save_for_sharing(ctx, key, asker.channel, text, [blocks for blocks in said if blocks])


def share_button(key: str) -> Block:
    """The button that lets the asker share what was kept under `key`."""
    return {"type": "actions", "elements": [button(SHARE_LABEL, SHARE_ACTION_ID, SharedAnswerValue(key))]}


def shareable_message(
    ctx: BotContext,
    channel: str,
    text: str,
    blocks: list[Block],
    *,
    patience: float,
    shared: tuple[str, list[Block]] | None = None,
) -> dict[str, Any]:
    """The answer to a command with *Share to channel*; without it where the ledger cannot remember it.

    `patience` in seconds is for the ledger. `shared` is what is shared, as text and blocks, where that is
    less than the asker sees.
    """
    key = uuid.uuid4().hex
    shared_text, shared_blocks = shared or (text, blocks)
    if not _save_for_sharing(ctx, key, channel, shared_text, [shared_blocks], patience=patience):
        return {"text": text, "blocks": blocks}
    return {"text": text, "blocks": [*blocks, share_button(key)]}


def _save_for_sharing(
    ctx: BotContext,
    key: str,
    channel: str,
    text: str,
    pages: list[list[Block]],
    *,
    patience: float = LOCK_TIMEOUT_SECONDS,
) -> bool:
    """Remember what they see, for *Share to channel*; whether the ledger took it."""
    return ctx.try_write(
        lambda session: SharedAnswer.store(session, key, text, pages, channel=channel, at=ctx.now()),
        patience=patience,
    )


def _chart_forms(ctx: BotContext) -> list[ChartForm]:
    """What is worth trying, the best first."""
    with ctx.db.read() as session:
        is_known_not_to = RateLimit.is_paused(session, NATIVE_CHARTS_LIMIT_KEY, at=ctx.now())
    worse: list[ChartForm] = [_with_chart_images, _with_text_charts]
    return worse if is_known_not_to else [_with_native_charts, *worse]


def _send_page(
    ctx: BotContext,
    asker: Requester,
    forms: list[ChartForm],
    page: Sequence[AnswerPart],
    *,
    foot: list[Block],
    text: str,
) -> list[Block]:
    """Show one page and give what was shown, without its `foot`. A form that fails is not tried again."""
    was_refused = False
    while forms:
        blocks = forms[0](ctx, page)
        waits = IMAGE_SEND_DELAYS_SECONDS if forms[0] is _with_chart_images else SEND_DELAYS_SECONDS
        if blocks is not None and _try_send(ctx, asker, text, [*blocks, *foot], waits):
            if was_refused:
                _remember_no_charts(ctx)
            return blocks
        if not any(isinstance(piece, Chart) for piece in page):
            break
        was_refused |= forms[0] is _with_native_charts
        forms.pop(0)
    _try_send(ctx, asker, text, [], SEND_DELAYS_SECONDS)
    return []


def _try_send(
    ctx: BotContext, asker: Requester, text: str, blocks: list[Block], waits: Sequence[float]
) -> bool:
    """Show these blocks after one of `waits`; False if Slack does not take them."""
    for wait in waits:
        if wait and ctx.stop.wait(wait):
            return False
        try:
            _send_blocks(ctx, asker, text, blocks)
        except SlackRefusedError as error:
            if error.error != "invalid_blocks":
                log.warning("could not show an answer: %s", error.error)
                return False
        except SlackError as error:
            log.warning("could not show an answer: %s", error)
            return False
        else:
            return True
    return False


def _send_blocks(ctx: BotContext, asker: Requester, text: str, blocks: list[Block]) -> None:
    """On the address that came with the question; where that does not work (any more), directly."""
    try:
        _respond(asker, text, blocks)
    except SlackRefusedError as error:
        if error.error == "invalid_blocks":
            raise
        ctx.slack.post_ephemeral(asker.channel, asker.user, text, blocks)
    except SlackUnsureError:
        ctx.slack.post_ephemeral(asker.channel, asker.user, text, blocks)


def _respond(asker: Requester, text: str, blocks: list[Block]) -> None:
    """https://docs.slack.dev/interactivity/handling-user-interaction#message_responses."""
    try:
        answered = asker.respond(text=text, blocks=blocks, response_type="ephemeral", replace_original=False)
    except (SlackApiError, SlackClientError, ValueError, OSError) as error:
        raise SlackUnsureError(f"the response_url did not respond ({type(error).__name__})") from error
    body = str(answered.body or "")
    if "invalid_blocks" in body:
        raise SlackRefusedError("invalid_blocks")
    if answered.status_code != 200:  # noqa: PLR2004 - HTTP's word for yes
        raise SlackRefusedError("used_url")


def _remember_no_charts(ctx: BotContext) -> None:
    """Another form went through where Slack's own did not: leave that for an hour."""
    at = ctx.now()
    with ctx.db.write() as session:
        RateLimit.pause(session, NATIVE_CHARTS_LIMIT_KEY, at=at, until=at + NATIVE_CHARTS_PAUSE)


# --- the forms ----------------------------------------------------------------------------------------------


def _with_native_charts(ctx: BotContext, page: Sequence[AnswerPart]) -> list[Block]:
    del ctx
    return [_chart_or_text(piece, build_native_block) for piece in page]


def _with_chart_images(ctx: BotContext, page: Sequence[AnswerPart]) -> list[Block] | None:
    """Upload each chart; None if one cannot be drawn or Slack does not take it."""
    drawn: list[Block] = []
    for piece in page:
        picture = chart_images.render_png(piece) if isinstance(piece, Chart) and not is_empty(piece) else None
        if isinstance(piece, Chart) and picture is not None:
            try:
                file_id = ctx.slack.upload(
                    "chart.png", piece.title, truncate(alt_text(piece), ALT_TEXT_MAX_CHARS), picture
                )
            except SlackError as error:
                log.warning("could not upload a chart: %s", error)
                return None
            drawn.append(build_image_block(piece, file_id))
        elif isinstance(piece, Chart) and not is_empty(piece):
            return None
        else:
            drawn.append(_chart_or_text(piece, build_text_block))
    return drawn


def _with_text_charts(ctx: BotContext, page: Sequence[AnswerPart]) -> list[Block]:
    del ctx
    return [_chart_or_text(piece, build_text_block) for piece in page]


def _chart_or_text(piece: AnswerPart, draw: Callable[[Chart], Block]) -> Block:
    """A chart drawn; in words where there is nothing to draw."""
    if not isinstance(piece, Chart):
        return piece
    return build_text_block(piece) if is_empty(piece) else draw(piece)


# --- in the room of a message -------------------------------------------------------------------------------


def _split_into_pages(told: EphemeralAnswer) -> list[list[AnswerPart]]:
    """The whole as messages that Slack takes; what is too much for a few of them is left out with a word."""
    pages: list[list[AnswerPart]] = [[]]
    pieces: list[AnswerPart] = [*told.blocks, *told.charts]
    for piece in pieces:
        if pages[-1] and not _has_room(pages[-1], piece):
            pages.append([])
        pages[-1].append(piece)
    left_out = sum(len(page) for page in pages[MAX_PAGES:])
    if left_out:
        pages[MAX_PAGES - 1].append(context_block(f"And {count_noun(left_out, 'part')} more not shown here."))
    return pages[:MAX_PAGES]


def _has_room(page: Sequence[AnswerPart], piece: AnswerPart) -> bool:
    charts = sum(isinstance(one, Chart) for one in [*page, piece])
    words = sum(_count_chars(one) for one in [*page, piece])
    return len(page) < PAGE_MAX_BLOCKS and charts <= CHARTS_PER_MESSAGE and words <= PAGE_MAX_CHARS


def _count_chars(node: object) -> int:
    """How many letters of text are in a block; a chart in characters counts, too."""
    if isinstance(node, Chart):
        return len(render_text(node))
    if isinstance(node, dict):
        own = node.get("text")
        return (len(own) if isinstance(own, str) else 0) + sum(map(_count_chars, node.values()))
    return sum(map(_count_chars, node)) if isinstance(node, (list, tuple)) else 0


def _notification_text(told: EphemeralAnswer) -> str:
    parts = [told.text, *(escape_entities(alt_text(chart)) for chart in told.charts)]
    return truncate("\n".join(parts), PAGE_MAX_CHARS)


# --- sharing ------------------------------------------------------------------------------------------------


def share(ctx: BotContext, user: str, key: str, *, press: str) -> str | None:
    """Post the answer stored under `key` in the channel where `user` asked for it, with their name.

    A `press` that arrives again does nothing. Raises `RuleBrokenError` with a sentence for the user if the
    answer is too old, has already been shared, or could not be posted.
    """
    with ctx.db.write() as session:
        if not ProcessedRequest.claim_key(session, press, at=ctx.now()):
            return None
        kept = SharedAnswer.claim(session, key)
    posted = 0
    try:
        for page in kept.pages:
            head = [context_block(f"<@{user}> asked Heard and shared the answer.")] if not posted else []
            ctx.slack.post(kept.channel, kept.text, [*head, *page], key=f"{key} {posted}")
            posted += 1
    except SlackUnsureError as error:
        log.warning("an answer may have been shared: %s", error)
        raise RuleBrokenError(
            "Slack didn't confirm that it was shared. Check the channel before you try again.",
        ) from error
    except SlackError as error:
        if posted == 0:
            _finish_sharing(ctx, key, shared=False)
        raise RuleBrokenError(_failure_sentence(error, posted)) from error
    _finish_sharing(ctx, key, shared=True)
    return None


def _finish_sharing(ctx: BotContext, key: str, *, shared: bool) -> None:
    with ctx.db.write() as session:
        SharedAnswer.finish_sharing(session, key, shared=shared)


def _failure_sentence(error: SlackError, posted: int) -> str:
    """One sentence about what kept it from the channel."""
    if posted:
        return "Only the beginning could be shared; Slack rejected the rest."
    if isinstance(error, SlackRefusedError) and error.error in _CHANNEL_GONE_ERRORS:
        return "I'm not in this channel, so I can't post here. `/invite` me, then press the button again."
    if isinstance(error, SlackLaterError):
        return "Slack is limiting us right now, so nothing was shared. Press the button again in a moment."
    return "Slack rejected it, so nothing was shared. Please press the button again."
