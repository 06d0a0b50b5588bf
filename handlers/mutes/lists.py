"""The lists of what is muted and of what that has muted, and their buttons."""

from datetime import timedelta
from typing import Any

from bot.context import BotContext
from bot.slack.blocks.mutes import mute_list as mutes_face
from bot.slack.blocks.mutes import muted_list as muted_face
from bot.slack.blocks.mutes.values import IN_TRACKS, MutedPageValue, ShowMutedValue, UnmuteValue
from bot.slack.blocks.values import PageValue
from bot.slack.private_access import read_access_of
from handlers.door import Act, door
from handlers.feedback import LEDGER_TIMEOUT_SECONDS
from handlers.mutes.dialog import MUTE_WORDS
from handlers.tracks import listing as track_listing
from handlers.tracks.admins import may_change, require_admin
from models import Mute, Ticket
from models.core.base import RuleBrokenError
from models.mutes import mute_rules
from models.reports import mute_list
from models.reports.mute_list import ListedMute
from models.sources.mute import WORDS_MUTE
from models.tickets.state import TicketState

MUTED_LISTED_FOR = timedelta(days=30)
Answer = dict[str, Any]


def build_mutes(ctx: BotContext, user: str, page: int = 0, *, note: str | None = None) -> Answer:
    """A page of all mutes for `user`, as `text` and `blocks`; `note` says what has just been done."""
    with ctx.db.read(LEDGER_TIMEOUT_SECONDS) as session:
        since = ctx.now() - track_listing.WINDOW
        found = mute_list.list_mutes(session, page, size=mutes_face.MUTES_PER_PAGE, since=since)
    blocks = mutes_face.build_mute_list(
        found, ctx.network_titles, may_unmute_words=may_change(ctx, user), note=note
    )
    return {"text": f"Mutes: {found.total:,}", "blocks": blocks}


def build_muted(
    ctx: BotContext, reader: str, page: int = 0, *, mute_id: int | None = None, note: str | None = None
) -> Answer:
    """A page of what was muted in the last 30 days and `reader` may see: by that mute, or by all."""
    access = read_access_of(ctx, reader, patience=LEDGER_TIMEOUT_SECONDS)
    with ctx.db.read(LEDGER_TIMEOUT_SECONDS) as session:
        since = ctx.now() - MUTED_LISTED_FOR
        found = mute_list.list_muted(
            session, page, size=muted_face.MUTED_PER_PAGE, since=since, mute_id=mute_id, access=access
        )
    blocks = muted_face.build_muted_list(
        found, ctx.network_titles, url=ctx.slack.workspace, mute_id=mute_id, note=note
    )
    return {"text": f"{found.total:,} muted", "blocks": blocks}


def unmute(ctx: BotContext, act: Act[Any], mute_id: int) -> tuple[ListedMute, int]:
    """End that mute, once; return it, and how many tickets it muted in the last 30 days.

    Raises `RuleBrokenError` if there is no such mute, or if that person may not end it.
    """
    at = ctx.now()
    with act.change_once() as session:
        known = session.get(Mute, mute_id)
        if known is not None and known.kind == WORDS_MUTE:
            require_admin(ctx, act.who.id, to=MUTE_WORDS)
        found = mute_rules.unmute(session, mute_id, by=act.who.id, at=at)
        return (
            mute_list.describe_mute(session, found),
            mute_list.count_muted(session, found.id, since=at - MUTED_LISTED_FOR),
        )


@door.press(f"{mutes_face.MUTES_PAGE_ACTION}_a", f"{mutes_face.MUTES_PAGE_ACTION}_b", value=PageValue)
def turn_mutes(act: Act[PageValue]) -> None:
    """Show another page of mutes in place of the one that was open."""
    act.answer(in_place=True, **build_mutes(act.ctx, act.who.id, act.value.page))


@door.press(mutes_face.ALL_MUTES_ACTION_ID, value=PageValue)
def show_all(act: Act[PageValue]) -> None:
    """Show all mutes below the list of tracks."""
    act.answer(**build_mutes(act.ctx, act.who.id))


@door.press(mutes_face.UNMUTE_ACTION_ID, value=UnmuteValue)
def press_unmute(act: Act[UnmuteValue]) -> None:
    """End a mute, show the list without it, and offer what it has muted."""
    ctx, value = act.ctx, act.value
    ended, count = unmute(ctx, act, value.mute)
    if value.place == IN_TRACKS:
        act.answer(in_place=True, **track_listing.build_answer(ctx, act.who.id, value.page))
    else:
        act.answer(in_place=True, **build_mutes(ctx, act.who.id, value.page))
    act.answer(text="Unmuted", blocks=mutes_face.build_unmuted(ended, ctx.network_titles, count))


@door.press(mutes_face.SHOW_MUTED_BY_ACTION_ID, value=MutedPageValue)
def show_muted_by(act: Act[MutedPageValue]) -> None:
    """Show below what one mute has muted."""
    act.answer(**build_muted(act.ctx, act.who.id, mute_id=act.value.mute))


@door.press(f"{muted_face.MUTED_PAGE_ACTION}_a", f"{muted_face.MUTED_PAGE_ACTION}_b", value=MutedPageValue)
def turn_muted(act: Act[MutedPageValue]) -> None:
    """Show another page of what is muted in place of the one that was open."""
    act.answer(in_place=True, **build_muted(act.ctx, act.who.id, act.value.page, mute_id=act.value.mute))


@door.press(muted_face.SHOW_MUTED_ACTION_ID, value=ShowMutedValue)
def show_as_card(act: Act[ShowMutedValue]) -> None:
    """Have a muted ticket wait again, with a card. Raises `RuleBrokenError` if it is not muted any more."""
    ctx, value = act.ctx, act.value
    with act.change_once() as session:
        ticket = Ticket.lock(session, value.ticket)
        if ticket.state != TicketState.MUTED:
            raise RuleBrokenError(f"#{ticket.id} is not muted any more: it is {ticket.state}.")
        ticket.reopen(
            session, by=act.who.id, at=ctx.now(), sla_policy=ctx.sla_policy(session, ticket.channel)
        )
        where = (
            f"Its card is in <#{ticket.channel}>." if ticket.channel else "It waits for a private channel."
        )
        note = f"#{ticket.id} is waiting again. {where}"
    act.answer(in_place=True, **build_muted(ctx, act.who.id, value.page, mute_id=value.mute, note=note))
