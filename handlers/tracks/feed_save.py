"""A feed's track that is added or edited: checked, kept once, and told to who did it and to the channel."""

from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.networks.feed_reader import FeedChoice
from bot.slack.blocks.text import mrkdwn_literal
from bot.slack.blocks.tracks import feed_modal as face
from bot.slack.blocks.tracks.feed_modal import FeedForm
from bot.slack.blocks.tracks.feed_trial import build_several
from bot.slack.blocks.tracks.values import FeedModalValue
from handlers.access import bounded_respond
from handlers.door import Act, InputError, RepeatedError, door
from handlers.feedback import LEDGER_TIMEOUT_SECONDS, send_private_answer
from handlers.tracks import feed_form as forms
from handlers.tracks import form as track_forms
from handlers.tracks.admins import require_admin
from handlers.tracks.feed_looks import FeedLook, looks
from handlers.tracks.save import check_channel, refresh_list
from models import Notice, Track
from models.sources import track_rules
from models.sources.track_rules import TrackDraft

LOOK_WAIT_SECONDS = 1.2  # of the three seconds that Slack waits for a submit
STILL_LOOKING_TEXT = "Heard is still looking for the feed there. Press Add again in a moment."
ANYWAY_TEXT = "Press Add again to listen there all the same."


@door.submit(face.FEED_CALLBACK_ID, value=FeedModalValue, at=lambda act: face.first_input(act.view))
def save_feed(act: Act[FeedModalValue]) -> dict[str, Any] | None:
    """Add the track, or change the one that was edited; all of it or nothing."""
    ctx, carried, form = act.ctx, act.value, forms.read_form(act.view)
    require_admin(ctx, act.who.id)
    if carried.track is not None:
        _change(act, form, carried.track)
        return None
    found = _found(ctx, carried, form)
    if len(found.choices) > 1 and face.CHOICE_BLOCK not in act.view["state"]["values"]:
        trial = build_several(len(found.choices))
        return {"response_action": "update", "view": forms.rebuild(ctx, carried, form, trial=trial)}
    choice = forms.chosen(found, form)
    draft = forms.parse_draft(carried, form, choice.address)
    check_channel(ctx, draft.channel, None)
    try:
        with act.change_once() as session:
            said = _add(act, session, draft, choice.title)
    except RepeatedError:
        return None
    who = replace(act.who, channel=carried.channel)
    respond = bounded_respond(ctx, {"response_url": carried.url}) if carried.url else None
    send_private_answer(ctx, who, respond, text=said)
    return None


def _found(ctx: BotContext, carried: FeedModalValue, form: FeedForm) -> FeedLook:
    """Return what is behind the address. Raises `InputError` while nobody knows, once if nobody can look."""
    address = forms.typed_address(ctx, carried, form)
    found = looks.find(carried.key, address)
    if found is None:
        found = ctx.ask_with_timeout(lambda: forms.look(ctx, carried, form), LOOK_WAIT_SECONDS)
    if found is None:
        raise InputError(face.ADDRESS_BLOCK, STILL_LOOKING_TEXT)
    if found.failure is None:
        return found
    if not found.is_told:
        found.is_told = True
        raise InputError(face.ADDRESS_BLOCK, f"{found.failure} {ANYWAY_TEXT}")
    return FeedLook((FeedChoice(address, "", ""),))


def _add(act: Act[FeedModalValue], session: Session, draft: TrackDraft, title: str) -> str:
    ctx, at, by = act.ctx, act.ctx.now(), act.who.id
    track = track_rules.add(session, draft, at=at, by=by)
    name = f"“{mrkdwn_literal(title)}”" if title else forms.feed_label(ctx, session, track)
    words = f" that match “{mrkdwn_literal(track.query)}”" if track.query else ""
    said = f":satellite_antenna: <@{by}> added a track: entries of the feed {name}{words} are shown here."
    Notice.enqueue(session, said, at=at, channel=draft.channel)
    return (
        f":satellite_antenna: Heard now listens to the feed {name}{words} (track {track.id}). The first "
        f"reading takes entries of the last 24 hours, at most 50. Cards appear in <#{draft.channel}>. "
        "`/mentions tracks` lists all tracks."
    )


def _change(act: Act[FeedModalValue], form: FeedForm, track_id: int) -> None:
    ctx, carried, at, by = act.ctx, act.value, act.ctx.now(), act.who.id
    with ctx.db.read(LEDGER_TIMEOUT_SECONDS) as session:
        before = track_forms.find_track(session, track_id)
    draft = forms.parse_draft(carried, form, before.address)
    draft = replace(draft, languages=tuple(before.languages), excluded_handles=tuple(before.excluded_handles))
    check_channel(ctx, draft.channel, before)
    had = before.channel or ctx.settings.slack_channel
    # A track without a channel of its own goes on following the default one.
    draft = replace(draft, channel=None) if before.channel is None and draft.channel == had else draft
    try:
        with act.change_once() as session:
            track = track_rules.edit(session, track_id, draft, revision=carried.revision, at=at, by=by)
            if draft.channel not in {None, had}:
                name = forms.feed_label(ctx, session, track)
                said = f":satellite_antenna: <@{by}> moved a track here: the feed {name}."
                Notice.enqueue(session, said, at=at, channel=draft.channel)
            note = _changed_text(track, carried)
    except RepeatedError:
        return
    ctx.run_in_background(
        lambda: refresh_list(
            ctx, act.who, channel=carried.channel, url=carried.url, page=carried.page, note=note
        )
    )


def _changed_text(track: Track, carried: FeedModalValue) -> str:
    if track.revision == carried.revision:
        return f"Track {track.id} is as it was."
    return f"Track {track.id} is changed. Entries that Heard has seen already stay as they are."
