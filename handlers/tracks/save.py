"""A track that is added or edited: checked, kept once, and told to who did it and to the channel."""

from dataclasses import replace

from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.ingest.poller import FIRST_POLL_MAX_POSTS, FIRST_POLL_WINDOW
from bot.slack.blocks.text import mrkdwn_literal, truncate
from bot.slack.blocks.tracks import modal as face
from bot.slack.blocks.tracks.track_list import QUERY_SHOWN_MAX_CHARS
from bot.slack.blocks.tracks.values import TrackModalValue
from bot.slack.membership import MEMBERSHIP_WAIT_SECONDS, find_channel
from handlers.access import bounded_respond
from handlers.door import Act, InputError, RepeatedError, door
from handlers.feedback import LEDGER_TIMEOUT_SECONDS, Actor, send_private_answer
from handlers.tracks import form as forms
from handlers.tracks.admins import require_admin
from handlers.tracks.listing import build_answer
from models import Notice, Track
from models.sources import track_rules
from models.sources.track import MENTIONS_TRACK
from models.sources.track_rules import TrackDraft

NO_CHANNEL_TEXT = "Choose the channel where its cards appear."
NOT_IN_CHANNEL_TEXT = (
    "Heard is not in that channel, so it can't show cards there. Invite it (/invite @Heard), then press the "
    "button again."
)
CHANNEL_UNKNOWN_TEXT = (
    "I couldn't check with Slack whether Heard is in that channel. Please try again in a moment."
)
ARCHIVED_TEXT = "That channel is archived, so no cards can be shown there."


@door.submit(face.TRACK_CALLBACK_ID, value=TrackModalValue, at=lambda act: face.first_input(act.view))
def save(act: Act[TrackModalValue]) -> None:
    """Add the track, or change the one that was edited; all of it or nothing."""
    ctx, carried = act.ctx, act.value
    require_admin(ctx, act.who.id)
    before = None
    if carried.track is not None:
        with ctx.db.read(LEDGER_TIMEOUT_SECONDS) as session:
            before = forms.find_track(session, carried.track)
    draft = forms.parse_draft(forms.read_form(ctx, act.view, carried), before)
    check_channel(ctx, draft.channel, before)
    try:
        with act.change_once() as session:
            said = _add(act, session, draft) if before is None else _edit(act, session, before, draft)
    except RepeatedError:
        return
    if before is None:
        who = replace(act.who, channel=carried.channel)
        respond = bounded_respond(ctx, {"response_url": carried.url}) if carried.url else None
        send_private_answer(ctx, who, respond, text=said)
    else:
        ctx.run_in_background(
            lambda: refresh_list(
                ctx, act.who, channel=carried.channel, url=carried.url, page=carried.page, note=said
            )
        )


def _add(act: Act[TrackModalValue], session: Session, draft: TrackDraft) -> str:
    ctx, at, by = act.ctx, act.ctx.now(), act.who.id
    track = track_rules.add(session, draft, at=at, by=by)
    title = ctx.network_titles.get(track.network, track.network)
    name = _name(track)
    said = f":satellite_antenna: <@{by}> added a track: posts on {title} that match “{name}” are shown here."
    Notice.enqueue(session, said, at=at, channel=draft.channel)
    if track.created_at < at:
        since = "It was removed less than a week ago, and goes on where it was."
    else:
        hours = int(FIRST_POLL_WINDOW.total_seconds() // 3600)
        since = (
            f"The first reading takes posts of the last {hours} hours, at most {FIRST_POLL_MAX_POSTS}; after "
            "that it takes all of them."
        )
    return (
        f":satellite_antenna: Heard now listens on {title} for “{name}” (track {track.id}). {since} Cards "
        f"appear in <#{draft.channel}>. `/mentions tracks` lists all tracks."
    )


def _edit(act: Act[TrackModalValue], session: Session, before: Track, draft: TrackDraft) -> str:
    at, by, number = act.ctx.now(), act.who.id, act.value.track
    assert number is not None
    revision = act.value.revision
    had = before.channel or act.ctx.settings.slack_channel
    # A track without a channel of its own goes on following the default one.
    draft = replace(draft, channel=None) if before.channel is None and draft.channel == had else draft
    track = track_rules.edit(session, number, draft, revision=revision, at=at, by=by)
    if draft.channel not in {None, had}:
        said = f":satellite_antenna: <@{by}> moved a track here: {_what(track)}."
        Notice.enqueue(session, said, at=at, channel=draft.channel)
    if track.revision == revision:
        return f"Track {number} is as it was."
    if track.edited_at == at:
        return f"Track {number} is changed. What was posted before now is not for its new words."
    return f"Track {number} is changed. New cards appear in <#{track.channel or had}>."


def _what(track: Track) -> str:
    return "mentions of an account" if track.kind == MENTIONS_TRACK else f"“{_name(track)}”"


def _name(track: Track) -> str:
    return mrkdwn_literal(truncate(track.query, QUERY_SHOWN_MAX_CHARS))


def check_channel(ctx: BotContext, channel: str | None, before: Track | None) -> None:
    """Refuse a channel in which Heard can show nothing; asked with no transaction open.

    `before` is the track that is edited. Raises `InputError`.
    """
    if channel is None:
        raise InputError(face.CHANNEL_BLOCK, NO_CHANNEL_TEXT)
    if before is not None and channel == (before.channel or ctx.settings.slack_channel):
        return
    found = find_channel(ctx, channel, wait_seconds=MEMBERSHIP_WAIT_SECONDS)
    if found is None:
        raise InputError(face.CHANNEL_BLOCK, CHANNEL_UNKNOWN_TEXT)
    if found.is_archived:
        raise InputError(face.CHANNEL_BLOCK, ARCHIVED_TEXT)
    if not found.is_member:
        raise InputError(face.CHANNEL_BLOCK, NOT_IN_CHANNEL_TEXT)


def refresh_list(
    ctx: BotContext, who: Actor, *, channel: str | None, url: str | None, page: int, note: str
) -> None:
    """Have the list that the modal was opened from show what was done."""
    who = replace(who, channel=channel)
    respond = bounded_respond(ctx, {"response_url": url}) if url else None
    answer = build_answer(ctx, who.id, page, note=note)
    send_private_answer(ctx, who, respond, in_place=True, **answer)
