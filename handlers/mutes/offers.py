"""What a person is offered after *Not about us*, and one press that leaves more out of a track."""

from typing import Any

from bot.context import BotContext
from bot.ingest import track_checks
from bot.slack.blocks.mutes import offers as face
from bot.slack.blocks.mutes.offers import TrackOffer
from bot.slack.blocks.mutes.values import LeaveOutValue
from bot.slack.membership import access_if_known
from handlers.door import Act, RepeatedError, door
from handlers.feedback import LEDGER_TIMEOUT_SECONDS, Actor
from handlers.tracks import form as forms
from handlers.tracks.admins import may_change, require_admin
from models import Ticket, Track
from models.mutes import foresight
from models.sources import track_rules
from models.sources.track_rules import TrackDraft
from models.tickets.ticket import CANARY_NETWORK


def offer(act: Act[Any], ticket_id: int) -> None:
    """Show below what could keep more like that ticket out; nothing to guests, who may not do it."""
    ctx, who = act.ctx, act.who
    if access_if_known(ctx, who.id).is_member and not who.is_at_home:
        ctx.run_in_background(lambda: _offer(act, ticket_id))


def _offer(act: Act[Any], ticket_id: int) -> None:
    with act.ctx.db.read(LEDGER_TIMEOUT_SECONDS) as session:
        is_test = session.get_one(Ticket, ticket_id).network == CANARY_NETWORK
    if not is_test:
        act.answer(**_build(act.ctx, act.who, ticket_id))


@door.press(*face.LEAVE_OUT_ACTION_IDS, value=LeaveOutValue, in_background=True)
def leave_out(act: Act[LeaveOutValue]) -> None:
    """Have the track leave it out from now on, if it is as it was when that was proposed."""
    ctx, value = act.ctx, act.value
    require_admin(ctx, act.who.id)
    with ctx.db.read(LEDGER_TIMEOUT_SECONDS) as session:
        draft = _with_exclusion(forms.find_track(session, value.track), value)
    track_checks.check(draft)
    try:
        with act.change_once() as session:
            track_rules.edit(
                session, value.track, draft, revision=value.revision, at=ctx.now(), by=act.who.id
            )
    except RepeatedError:
        return
    note = (
        f":white_check_mark: Track {value.track} leaves out {face.exclusion_text(value)} from now on. *Edit* "
        "in `/mentions tracks` undoes it."
    )
    act.answer(in_place=True, **_build(ctx, act.who, value.ticket, note=note))


def _build(ctx: BotContext, who: Actor, ticket_id: int, *, note: str | None = None) -> dict[str, Any]:
    is_admin = may_change(ctx, who.id)
    with ctx.db.read(LEDGER_TIMEOUT_SECONDS) as session:
        ticket = session.get_one(Ticket, ticket_id)
        track = session.get(Track, ticket.track_id) if ticket.track_id is not None and is_admin else None
        found = None
        if track is not None:
            proposals = foresight.propose_exclusions(session, track, ticket, at=ctx.now())
            found = TrackOffer(track.id, track.query, track.revision, proposals)
    blocks = face.build_offers(ticket_id, found, may_mute_words=is_admin, note=note)
    return {"text": "Not about us: mute more like this?", "blocks": blocks}


def _with_exclusion(track: Track, value: LeaveOutValue) -> TrackDraft:
    """The track as it is, with what is to be left out besides."""
    handles = [*map(str, track.excluded_handles), *([value.handle] if value.handle else [])]
    return TrackDraft(
        track.kind,  # type: ignore[arg-type] # it came from a draft
        track.network,
        f"{track.query} -{value.words}" if value.words else track.query,
        track.account_id,
        channel=track.channel,
        languages=tuple(map(str, track.languages)),
        excluded_handles=tuple(dict.fromkeys(handles)),
    )
