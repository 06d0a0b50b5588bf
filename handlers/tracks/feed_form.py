"""The modal of a feed's track: built for a new or a known one, what was typed, and what is behind it."""

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.networks.errors import Later
from bot.networks.feed_reader import AddressError, FeedChoice, FeedReader
from bot.notices import feed_notices
from bot.runtime import logs
from bot.slack.blocks.elements import Block
from bot.slack.blocks.text import mrkdwn_error
from bot.slack.blocks.tracks import feed_modal as face
from bot.slack.blocks.tracks.feed_modal import FeedForm, FeedModalParts
from bot.slack.blocks.tracks.modal import CHANNEL_BLOCK
from bot.slack.blocks.tracks.values import FeedModalValue
from handlers.door import InputError, typed_text
from handlers.tracks.feed_looks import FeedLook, looks
from models import Feed, Track
from models.core.base import RuleBrokenError
from models.core.mrkdwn import escape_entities
from models.sources.track_rules import TrackDraft, TrackRuleError

NO_FEEDS_TEXT = "This Heard reads no feeds."
NOTHING_THERE_TEXT = "No feed is named there. Give the address of a feed itself, or choose a site above."


def find_reader(ctx: BotContext, name: str | None = None) -> FeedReader | None:
    """Return the network that reads feeds, the one called `name` if that is set; None if there is none."""
    found = (one for one in ctx.networks.values() if isinstance(one, FeedReader))
    return next((one for one in found if name in {None, one.name}), None)


def require_reader(ctx: BotContext, name: str | None = None) -> FeedReader:
    """Return the same. Raises `RuleBrokenError` if there is none."""
    found = find_reader(ctx, name)
    if found is None:
        raise RuleBrokenError(NO_FEEDS_TEXT)
    return found


def build_new(
    ctx: BotContext, form: FeedForm, *, asked_in: str, url: str, is_trying: bool = False
) -> tuple[FeedModalValue, dict[str, Any]]:
    """The modal for a new track, and what it carries. Raises `RuleBrokenError` if nothing reads feeds."""
    reader = require_reader(ctx)
    carried = FeedModalValue(uuid.uuid4().hex, reader.name, channel=asked_in, url=url)
    parts = FeedModalParts(reader.presets(), reader.usual_interval, is_trying=is_trying)
    return carried, face.build_feed_modal(carried, form, parts)


def build_edit(
    ctx: BotContext, session: Session, track: Track, *, page: int, asked_in: str | None, url: str | None
) -> dict[str, Any]:
    """The modal for that track as it is now. Raises `RuleBrokenError` if nothing reads feeds any more."""
    reader = require_reader(ctx, track.network)
    carried = FeedModalValue(
        uuid.uuid4().hex, track.network, track.id, track.revision, channel=asked_in, url=url, page=page
    )
    form = FeedForm(
        words=track.query,
        interval=track.interval_seconds,
        channel=track.channel or ctx.settings.slack_channel,
    )
    address = track.address or ""
    feed = Feed.find(session, address)
    name = (feed.title if feed is not None else None) or "", reader.shown_address(address)
    return face.build_feed_modal(
        carried, form, FeedModalParts(usual_interval=reader.usual_interval, name=name)
    )


def rebuild(
    ctx: BotContext,
    carried: FeedModalValue,
    form: FeedForm,
    *,
    trial: Sequence[Block] = (),
    is_trying: bool = False,
) -> dict[str, Any]:
    """The same modal of a new track again, with what was typed and what was found."""
    reader = require_reader(ctx, carried.network)
    parts = FeedModalParts(
        reader.presets(),
        reader.usual_interval,
        [_label(reader, one) for one in _known_choices(ctx, carried, form)],
        trial=trial,
        is_trying=is_trying,
    )
    return face.build_feed_modal(carried, form, parts)


def read_form(view: dict[str, Any]) -> FeedForm:
    """What was typed in that modal."""
    site = _selected(view, face.SITE_BLOCK, face.SITE_ACTION_ID)
    interval = _selected(view, face.INTERVAL_BLOCK)
    channel = view["state"]["values"].get(CHANNEL_BLOCK, {}).get("value", {})
    return FeedForm(
        site or face.ANY_ADDRESS,
        typed_text(view, face.ADDRESS_BLOCK).text.strip(),
        int(_selected(view, face.CHOICE_BLOCK) or 0),
        typed_text(view, face.WORDS_BLOCK).text.strip(),
        None if interval in {None, face.USUAL_INTERVAL} else int(str(interval)),
        channel.get("selected_conversation"),
    )


def typed_address(ctx: BotContext, carried: FeedModalValue, form: FeedForm) -> str:
    """The address that was typed, or that the chosen site makes of it. Raises `InputError`."""
    reader = require_reader(ctx, carried.network)
    try:
        if form.site == face.ANY_ADDRESS:
            return reader.read_address(form.typed)
        return reader.preset_address(form.site, form.typed)
    except AddressError as no:
        raise InputError(face.ADDRESS_BLOCK, escape_entities(str(no))) from None


def look(ctx: BotContext, carried: FeedModalValue, form: FeedForm) -> FeedLook:
    """Look what is behind the address, unless that is known; it takes as long as its server.

    Raises `InputError`.
    """
    address = typed_address(ctx, carried, form)
    if form.site != face.ANY_ADDRESS:
        return FeedLook((FeedChoice(address, "", ""),))
    reader = require_reader(ctx, carried.network)

    def do() -> FeedLook:
        logs.hide(reader.secrets_of(address))
        try:
            found = reader.find_feeds(address, at=ctx.now())
            return FeedLook(found.choices, found.reading)
        except Later as later:
            return FeedLook(failure=mrkdwn_error(later.detail))

    return looks.look(carried.key, address, do)


def chosen(found: FeedLook, form: FeedForm) -> FeedChoice:
    """The feed to listen to. Raises `InputError` if there is none."""
    if not found.choices:
        raise InputError(face.ADDRESS_BLOCK, found.failure or NOTHING_THERE_TEXT)
    return found.choices[form.choice if form.choice < len(found.choices) else 0]


def parse_draft(carried: FeedModalValue, form: FeedForm, address: str | None) -> TrackDraft:
    """What somebody wants to listen for. Raises `InputError`, which names the input that is wrong."""
    draft = TrackDraft(
        "feed",
        carried.network,
        form.words,
        channel=form.channel,
        address=address,
        interval_seconds=form.interval,
    )
    try:
        return TrackDraft(
            "feed",
            carried.network,
            draft.canonical_query,
            channel=form.channel,
            address=address,
            interval_seconds=form.interval,
        )
    except TrackRuleError as error:
        raise InputError(face.WORDS_BLOCK, str(error)) from None


def feed_label(ctx: BotContext, session: Session, track: Track) -> str:
    """What the feed of a track is called in a sentence, mrkdwn."""
    reader, feed = require_reader(ctx, track.network), Feed.find(session, track.address or "")
    return "a feed" if feed is None else feed_notices.feed_name(reader, feed)


def _known_choices(ctx: BotContext, carried: FeedModalValue, form: FeedForm) -> tuple[FeedChoice, ...]:
    try:
        found = looks.find(carried.key, typed_address(ctx, carried, form))
    except InputError:
        return ()
    return found.choices if found is not None else ()


def _label(reader: FeedReader, one: FeedChoice) -> str:
    title = one.title or reader.shown_address(one.address)
    return title if one.kind in title else f"{title} ({one.kind})"


def _selected(view: dict[str, Any], block: str, action: str = "value") -> str | None:
    found = view["state"]["values"].get(block, {}).get(action, {}).get("selected_option") or {}
    value: str | None = found.get("value")
    return value
