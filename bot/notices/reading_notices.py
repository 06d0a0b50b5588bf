"""What the channel is told of readings that leave something out."""

import math
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.networks.base import Network
from bot.networks.errors import Later
from bot.networks.values import AccountIdentity
from bot.notices import network_alarms
from bot.slack.blocks.text import date_token, mrkdwn_error, mrkdwn_handle, mrkdwn_literal
from models import Notice, Ticket, Track
from models.grouping.card_place import links_to_group
from models.reports.budget import read_budget
from models.slack.notice import CARD_LINK
from models.sources.cost import format_usd
from models.tickets.incoming_post import OtherReason
from models.tickets.state import TicketState

TRACKS_NAMED_MAX = 3  # in one sentence


def post_first_poll(
    ctx: BotContext,
    session: Session,
    network: Network,
    account: AccountIdentity,
    *,
    shown: int,
    left_out: int,
    has_gap: bool,
    at: datetime,
) -> None:
    """The first poll shows the newest `shown` mentions; `has_gap`: it left out more than `left_out`."""
    at_least = "at least " if has_gap else ""
    sentence = (
        f"I checked the last 24 hours of {network.title} for *{mrkdwn_handle(account.handle)}*: the newest "
        f"{shown} mentions have cards here. *{at_least}{left_out} older ones* from that day are not shown, "
        "to keep this channel readable."
    )
    channel = network_alarms.channel_of(ctx, session, network, account.id)
    Notice.enqueue(session, sentence, at=at, channel=channel)


def post_searched(ctx: BotContext, session: Session, network: Network, account_id: str) -> None:
    """An account's list had ended too early, and the rest was searched for."""
    missing = "replies to us that don't name us may be missing"
    _post_stopped_listing(ctx, session, network, account_id, f"I searched for the rest; {missing}.")


def post_not_searched(
    ctx: BotContext, session: Session, network: Network, account_id: str, later: Later
) -> None:
    """An account's list had ended too early, and the rest cannot be searched for."""
    why = mrkdwn_error(later.detail)
    _post_stopped_listing(
        ctx,
        session,
        network,
        account_id,
        f"It doesn't let me search for the rest ({why}), so please check there.",
    )


def post_first_search(
    ctx: BotContext, session: Session, network: Network, track: Track, *, shown: int, at: datetime
) -> None:
    """The first reading of a search shows the newest `shown` posts of a day; it left out older ones."""
    what = f"“{mrkdwn_literal(track.query)}” (track {track.id})"
    sentence = (
        f"I searched the last 24 hours of {network.title} for {what}: the newest {shown} posts have "
        "cards. Older ones are not shown, to keep the channel readable."
    )
    channel = track.channel or ctx.settings.slack_channel
    Notice.enqueue(session, sentence, at=at, channel=channel)


def post_search_rejected(
    ctx: BotContext, session: Session, network: Network, track: Track, detail: str, *, at: datetime
) -> None:
    """The network does not take the query of a track."""
    what = f"“{mrkdwn_literal(track.query)}” (track {track.id})"
    sentence = (
        f":warning: {network.title} doesn't accept the search for {what}: {mrkdwn_error(detail)} Please edit "
        "or remove it with `/mentions tracks`. I try again every hour."
    )
    Notice.enqueue(session, sentence, at=at, channel=track.channel or ctx.settings.slack_channel)


def post_search_cut_off(
    ctx: BotContext, session: Session, network: Network, tracks: Sequence[Track], *, at: datetime
) -> None:
    """The network found more than can be read at once."""
    which = ", ".join(f"“{mrkdwn_literal(one.query)}” (track {one.id})" for one in tracks[:TRACKS_NAMED_MAX])
    more = f" and {len(tracks) - TRACKS_NAMED_MAX} more" if len(tracks) > TRACKS_NAMED_MAX else ""
    sentence = (
        f":warning: {network.title} found more posts than I can read at once for {which}{more}: the oldest "
        "of them have no card. Please make the words narrower."
    )
    channel = tracks[0].channel or ctx.settings.slack_channel
    Notice.enqueue(session, sentence, at=at, channel=channel)


def post_search_window(
    ctx: BotContext,
    session: Session,
    network: Network,
    account_id: str,
    *,
    since: datetime,
    until: datetime,
    at: datetime,
) -> None:
    """A search could not reach as far back as the last one: posts from `since` until `until` are missing."""
    reach = network.search_window
    days = f"the last {math.ceil(reach / timedelta(days=1))} days" if reach is not None else "recent posts"
    when = "{date_short_pretty} {time}"
    sentence = (
        f":warning: {network.title} searches only {days}, and I last searched before that: posts from "
        f"{date_token(since, when)} until {date_token(until, when)} that don't address us may be missing."
    )
    channel = network_alarms.channel_of(ctx, session, network, account_id)
    Notice.enqueue(session, sentence, at=at, channel=channel)


def stopped_notes(ctx: BotContext, session: Session, *, so: str = "this list may be incomplete") -> list[str]:
    """Return a sentence that nothing is read, if the monthly cap is reached; `so` follows from it."""
    billed = [network.title for network in ctx.networks.values() if network.prices]
    budget = read_budget(session, ctx.settings.monthly_cap_micros, at=ctx.now())
    if budget is None or not budget.is_spent or not billed:
        return []
    cap = format_usd(budget.cap)
    return [f"I don't read {' and '.join(billed)} any more this month, as the cap of {cap} is reached: {so}."]


def post_pointers(
    ctx: BotContext,
    session: Session,
    further: Iterable[tuple[int, OtherReason]],
    title: str,
    *,
    at: datetime,
) -> None:
    """Point the channels of other tracks to the card of a post that is for them, too: once a ticket.

    `further` are pairs of a ticket's id and what else found a post of it; `title` is the network's.
    """
    for ticket_id, reason in further:
        track = session.get_one(Track, reason.track_id)
        ticket, channel = session.get_one(Ticket, ticket_id), track.channel or ctx.settings.slack_channel
        if ticket.is_private or ticket.state == TicketState.MUTED:
            continue  # nothing points to a private card, and what is muted has none
        if ticket.group_id is not None and links_to_group(session, ticket.group_id, channel):
            continue  # one line leads to all that share a card
        if channel != ticket.channel and not Notice.links_to_card(session, ticket_id, channel):
            what = f"A post on {title} that {mrkdwn_literal(reason.matched)}"
            sentence = f"{what} has its card in <#{ticket.channel}>: {CARD_LINK}."
            Notice.enqueue(session, sentence, at=at, channel=channel, card_of=ticket_id)
            session.flush()


def post_twin_pointer(session: Session, twin: Ticket, title: str, *, at: datetime) -> None:
    """Point the channel of a twin to the card that it shares, once, if it is in another channel.

    `title` is the network's of `twin`, which was joined to another ticket.
    """
    first = session.get_one(Ticket, twin.joined_to)
    has_card = not session.scalar(select(Ticket.has_no_card()).where(Ticket.id == twin.id))
    if has_card or twin.channel == first.channel or Notice.links_to_card(session, first.id, twin.channel):
        return
    what = f"A post on {title} with the same words as one on another network"
    sentence = f"{what} shares its card in <#{first.channel}>: {CARD_LINK}."
    Notice.enqueue(session, sentence, at=at, channel=twin.channel, card_of=first.id)


def _post_stopped_listing(
    ctx: BotContext, session: Session, network: Network, account_id: str, then: str
) -> None:
    handle = network_alarms.handle_of(session, network.name, account_id)
    whose = f" of {mrkdwn_handle(handle)}" if handle else ""
    stopped = f"{network.title} stopped listing mentions{whose} before the last one that I already had."
    sentence = f":warning: {stopped} {then}"
    channel = network_alarms.channel_of(ctx, session, network, account_id)
    Notice.enqueue(session, sentence, at=ctx.now(), channel=channel)
