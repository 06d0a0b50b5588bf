"""The list of all tracks, and its buttons: another page, *Edit*, *Pause*, *Resume*, *Remove*."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from bot.context import BotContext
from bot.slack.blocks.elements import section_block
from bot.slack.blocks.mutes import mute_list
from bot.slack.blocks.tracks import track_list as face
from bot.slack.blocks.tracks.values import NewTrackValue, TrackValue
from bot.slack.blocks.values import PageValue
from handlers.door import Act, door
from handlers.feedback import LEDGER_BUSY_TEXT, LEDGER_TIMEOUT_SECONDS
from handlers.tracks import feed_form as feed_forms
from handlers.tracks import form as forms
from handlers.tracks.admins import may_change, require_admin
from models import Track
from models.reports.mute_list import list_mutes
from models.reports.track_list import list_tracks, list_unquoted_handles
from models.sources import track_rules
from models.sources.track import FEED_TRACK

WINDOW = timedelta(days=7)
LINKS_HINT = "yoursite.example"  # in the empty field
MODAL_LOOKUP_TIMEOUT_SECONDS = 1.5  # of the three seconds that the trigger of a modal lives


def build_answer(ctx: BotContext, user: str, page: int = 0, *, note: str | None = None) -> dict[str, Any]:
    """A page of the list for `user`, as `text` and `blocks`; `note` says what has just been done."""
    with ctx.db.read(LEDGER_TIMEOUT_SECONDS) as session:
        since = ctx.now() - WINDOW
        found = list_tracks(session, page, size=face.TRACKS_PER_PAGE, since=since)
        mutes = list_mutes(session, 0, size=mute_list.MUTES_IN_TRACKS_MAX, since=since)
        searched = [name for name, _ in forms.searchable_networks(ctx)]
        unquoted = list_unquoted_handles(session, searched)
    muted = mute_list.build_mutes_beside_tracks(
        mutes, ctx.network_titles, tracks_page=found.number, may_unmute_words=may_change(ctx, user)
    )
    if not found.total:
        text = f"{note}\n{face.NO_TRACKS_TEXT}" if note else face.NO_TRACKS_TEXT
        return {"text": text, "blocks": [section_block(text), *muted]} if muted else {"text": text}
    blocks = face.build_track_list(
        found,
        ctx.network_titles,
        default_channel=ctx.settings.slack_channel,
        may_change=may_change(ctx, user),
        note=note,
        unquoted=unquoted,
        can_search=bool(searched),
        below=muted,
        show_address=_show_address(ctx),
    )
    return {"text": f"Tracks: {found.total:,}", "blocks": blocks}


def _show_address(ctx: BotContext) -> Callable[[str], str]:
    """Return what takes the secrets out of a feed's address; without a network that reads feeds all of it."""
    reader = feed_forms.find_reader(ctx)
    return (lambda _address: "…") if reader is None else reader.shown_address


@door.press(f"{face.PAGE_ACTION}_a", f"{face.PAGE_ACTION}_b", value=PageValue)
def turn(act: Act[PageValue]) -> None:
    """Show another page in place of the one that was open."""
    act.answer(in_place=True, **build_answer(act.ctx, act.who.id, act.value.page))


@door.press(re.compile(f"^{face.QUOTES_ACTION}_"), value=NewTrackValue)
def listen_for_quotes(act: Act[NewTrackValue]) -> str | None:
    """Open the modal for a track of the quotes of one of our accounts."""
    return _open_new(act, act.value.words, hint=None)


@door.press(face.LINKS_ACTION_ID, value=NewTrackValue)
def listen_for_links(act: Act[NewTrackValue]) -> str | None:
    """Open the modal for a track of links to our site, whose address is for them to type."""
    return _open_new(act, "", hint=LINKS_HINT)


def _open_new(act: Act[NewTrackValue], words: str, *, hint: str | None) -> str | None:
    require_admin(act.ctx, act.who.id)
    url = str(act.body.get("response_url") or "")
    preset = forms.preset_channel(act.who.channel or "", "")
    return act.open_modal(
        forms.build_new(act.ctx, words, channel=preset, asked_in=act.who.channel or "", url=url, hint=hint)
    )


@door.press(face.EDIT_ACTION_ID, value=TrackValue)
def edit(act: Act[TrackValue]) -> str | None:
    """Open the modal with the track as it is now."""
    ctx, value, who = act.ctx, act.value, act.who
    require_admin(ctx, who.id)
    view = ctx.read_with_timeout(
        lambda: _build_edit(ctx, value, asked_in=who.channel, url=act.body.get("response_url")),
        MODAL_LOOKUP_TIMEOUT_SECONDS,
    )
    return LEDGER_BUSY_TEXT if view is None else act.open_modal(view)


def _build_edit(
    ctx: BotContext, value: TrackValue, *, asked_in: str | None, url: str | None
) -> dict[str, Any]:
    with ctx.db.read(MODAL_LOOKUP_TIMEOUT_SECONDS) as session:
        track = forms.find_track(session, value.track)
        if track.kind == FEED_TRACK:
            return feed_forms.build_edit(ctx, session, track, page=value.page, asked_in=asked_in, url=url)
        return forms.build_edit(ctx, session, value.track, page=value.page, asked_in=asked_in, url=url)


@door.press(face.PAUSE_ACTION_ID, value=TrackValue)
def pause(act: Act[TrackValue]) -> None:
    """Stop listening for it for a while."""
    _change(act, track_rules.pause, "is paused. What is posted until you resume it is not for it")


@door.press(face.RESUME_ACTION_ID, value=TrackValue)
def resume(act: Act[TrackValue]) -> None:
    """Listen for it again."""
    _change(act, track_rules.resume, "is listened for again, from now on")


@door.press(face.REMOVE_ACTION_ID, value=TrackValue)
def remove(act: Act[TrackValue]) -> None:
    """Listen for it no more; Slack has asked whether they mean it."""
    _change(act, track_rules.remove, "is removed. Its tickets stay")


def _change(act: Act[TrackValue], rule: Callable[..., Track], done: str) -> None:
    """Do it, and show the list as it is then in place of the old one."""
    ctx, number = act.ctx, act.value.track
    require_admin(ctx, act.who.id)
    with act.change_once() as session:
        rule(session, number, at=ctx.now(), by=act.who.id)
    note = f"Track {number} {done}."
    act.answer(in_place=True, **build_answer(ctx, act.who.id, act.value.page, note=note))
