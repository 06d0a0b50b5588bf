"""The modal of a track: built for a new or a known track, and what was typed in it, checked."""

import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.ingest import track_checks
from bot.networks.base import supports
from bot.networks.feed_reader import FeedReader
from bot.slack.blocks.elements import Block
from bot.slack.blocks.tracks import modal as face
from bot.slack.blocks.tracks.modal import TrackForm, TrackModalParts
from bot.slack.blocks.tracks.values import TrackModalValue
from handlers.door import InputError, typed_text
from handlers.feedback import LEDGER_TIMEOUT_SECONDS
from models import Account, Track
from models.core.base import RuleBrokenError
from models.core.mrkdwn import escape_entities
from models.sources.track import MENTIONS_TRACK
from models.sources.track_rules import TrackDraft, TrackRuleError

NO_NETWORK_TEXT = "None of the networks that Heard is connected to can be searched."
_LANGUAGE_MIN_LETTERS, _LANGUAGE_MAX_LETTERS = 2, 3  # of a code of ISO 639


def searchable_networks(ctx: BotContext) -> list[tuple[str, str]]:
    """The networks that are set up and can be searched, each as its name and its title.

    Those where we have an account come first, as the first one is preset.
    """
    able = [(name, one) for name, one in ctx.networks.items() if supports(one, "search")]
    return [(name, one.title) for name, one in sorted(able, key=lambda pair: not pair[1].needs_account)]


def _preset_network(ctx: BotContext, networks: Sequence[tuple[str, str]]) -> str:
    """The one that most tracks listen on; of several, the one that is the first to be thought of."""
    with ctx.db.read(LEDGER_TIMEOUT_SECONDS) as session:
        tracks = Counter(track.network for track in Track.all(session) if track.kind != MENTIONS_TRACK)
    return min(
        (name for name, _ in networks), key=lambda name: (-tracks[name], ctx.networks[name].preset_rank, name)
    )


def build_new(
    ctx: BotContext, words: str, *, channel: str | None, asked_in: str, url: str, hint: str | None = None
) -> dict[str, Any]:
    """The modal for a new track, with the `words` that were typed behind the command.

    `hint` stands in the field for the words if it is empty. `channel` is preset, `asked_in` the conversation
    where they asked. Raises `RuleBrokenError` if there is nothing to search.
    """
    networks = searchable_networks(ctx)
    if not networks:
        raise RuleBrokenError(NO_NETWORK_TEXT)
    form = TrackForm(words, _preset_network(ctx, networks), channel=channel or ctx.settings.slack_channel)
    carried = TrackModalValue(uuid.uuid4().hex, channel=asked_in, url=url)
    parts = TrackModalParts(networks, hint=hint, has_feeds=_has_feeds(ctx))
    return face.build_track_modal(carried, form, parts)


def build_edit(
    ctx: BotContext, session: Session, track_id: int, *, page: int, asked_in: str | None, url: str | None
) -> dict[str, Any]:
    """The modal for that track as it is now, opened from `page` of the list. Raises `RuleBrokenError`."""
    track = find_track(session, track_id)
    carried = TrackModalValue(
        uuid.uuid4().hex,
        track.id,
        track.revision,
        track.network,
        channel=asked_in,
        url=url,
        page=page,
    )
    form = TrackForm(
        track.query,
        track.network,
        ", ".join(map(str, track.languages)),
        ", ".join(f"@{one}" for one in track.excluded_handles),
        track.channel or ctx.settings.slack_channel,
    )
    return face.build_track_modal(carried, form, _parts(ctx, session, track))


def rebuild(
    ctx: BotContext,
    carried: TrackModalValue,
    form: TrackForm,
    *,
    trial: Sequence[Block] = (),
    is_trying: bool = False,
) -> dict[str, Any]:
    """The same modal again, with what was typed, and what *Try it* shows. It needs no ledger."""
    networks = searchable_networks(ctx)
    if carried.network is not None:
        networks = [(carried.network, ctx.network_titles.get(carried.network, carried.network))]
    parts = TrackModalParts(networks, trial=trial, is_trying=is_trying, has_feeds=_has_feeds(ctx))
    return face.build_track_modal(carried, form, parts)


def _has_feeds(ctx: BotContext) -> bool:
    return any(isinstance(one, FeedReader) for one in ctx.networks.values())


def find_track(session: Session, track_id: int) -> Track:
    """That track. Raises `TrackRuleError` if it is not there any more."""
    found = session.get(Track, track_id)
    if found is None or found.removed_at is not None:
        raise TrackRuleError(f"Track {track_id} was removed meanwhile.")
    return found


def read_form(ctx: BotContext, view: dict[str, Any], carried: TrackModalValue) -> TrackForm:
    """What was typed in that modal; the network of a track that is edited stays."""
    chosen = _entered(view, face.NETWORK_BLOCK).get("selected_option") or {}
    network = carried.network or chosen.get("value")
    return TrackForm(
        typed_text(view, face.QUERY_BLOCK).text,
        network or next((name for name, _ in searchable_networks(ctx)), ""),
        typed_text(view, face.LANGUAGES_BLOCK).text,
        typed_text(view, face.EXCLUDED_BLOCK).text,
        _entered(view, face.CHANNEL_BLOCK).get("selected_conversation"),
    )


def parse_draft(form: TrackForm, before: Track | None) -> TrackDraft:
    """What somebody wants to listen for. Raises `InputError`, which names the input that is wrong.

    Each check has all that the earlier inputs say, so that a refusal stands where it can be mended.
    """
    if before is not None and before.kind == MENTIONS_TRACK:
        return TrackDraft(
            MENTIONS_TRACK, before.network, before.query, before.account_id, channel=form.channel
        )
    if not form.network:
        raise InputError(face.QUERY_BLOCK, NO_NETWORK_TEXT)
    draft = TrackDraft(
        before.kind if before is not None else "search",  # type: ignore[arg-type] # it came from a draft
        form.network,
        form.query,
        before.account_id if before is not None else None,
        channel=form.channel,
    )
    _check(draft, face.QUERY_BLOCK)
    draft = replace(draft, languages=tuple(_languages(form.languages)))
    _check(draft, face.LANGUAGES_BLOCK)
    handles = (one.lstrip("@\uff20") for one in _pieces(form.excluded))
    draft = replace(draft, excluded_handles=tuple(dict.fromkeys(filter(None, handles))))
    _check(draft, face.EXCLUDED_BLOCK)
    return replace(draft, query=draft.canonical_query)


def preset_channel(channel: str, name: str) -> str | None:
    """The conversation `channel` if cards can be shown there: not a direct message, of one or of several."""
    is_group_message = name.startswith("mpdm-")
    return channel if channel.startswith(("C", "G")) and not is_group_message else None


def _check(draft: TrackDraft, block: str) -> None:
    try:
        track_checks.check(draft)
    except TrackRuleError as error:
        raise InputError(block, str(error)) from None


def _languages(text: str) -> Iterable[str]:
    for code in dict.fromkeys(one.lower() for one in _pieces(text)):
        is_code = code.isascii() and code.isalpha()
        if not is_code or not _LANGUAGE_MIN_LETTERS <= len(code) <= _LANGUAGE_MAX_LETTERS:
            raise InputError(
                face.LANGUAGES_BLOCK,
                f"“{escape_entities(code[:20])}” is no language code: type codes such as en, de, ja.",
            )
        yield code


def _pieces(text: str) -> list[str]:
    return text.replace(",", " ").replace(";", " ").split()


def _entered(view: dict[str, Any], block: str) -> dict[str, Any]:
    found: dict[str, Any] = view["state"]["values"].get(block, {}).get("value", {})
    return found


def _parts(ctx: BotContext, session: Session, track: Track) -> TrackModalParts:
    title = ctx.network_titles.get(track.network, track.network)
    if track.kind != MENTIONS_TRACK:
        return TrackModalParts([(track.network, title)])
    account = Account.find(session, track.network, track.account_id or "")
    return TrackModalParts(mentions_of=account.at_handle if account is not None else f"an account on {title}")
