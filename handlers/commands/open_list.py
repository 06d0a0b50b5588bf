"""`/mentions open` and `/mentions mine`: who still waits, for the person who asks."""

from dataclasses import dataclass, replace
from datetime import datetime

from bot.context import BotContext
from bot.notices import private_notices, reading_notices
from bot.slack import ephemeral_answers, home_tab
from bot.slack.blocks.commands.help_text import incomplete_notes
from bot.slack.blocks.commands.open_list import TICKETS_LISTED_MAX, build_open_list
from bot.slack.blocks.elements import Block, context_block
from bot.slack.blocks.text import mrkdwn_literal
from bot.slack.private_access import read_access_of
from handlers.commands.slash_command import CommandAnswer, SlashCommand, shown_word
from handlers.feedback import LEDGER_TIMEOUT_SECONDS
from handlers.slack_tokens import CHANNEL_MENTION_PATTERN, TRACK_PATTERN, USER_MENTION_PATTERN
from models import Account, Pause
from models.core.account_filter import list_accounts
from models.core.base import RuleBrokenError
from models.privacy.read_access import PUBLIC_ONLY, ReadAccess
from models.reports import open_tickets
from models.reports.open_tickets import OpenTicketFilter
from models.sources.account import NO_HANDLES, AccountHandles
from models.tickets import priorities, unconnected_accounts

NOT_READ_TEXT = "Heard doesn't see what people post to it meanwhile, so this list may be incomplete."
TOP_WORD = "top"  # orders by priority, with the points of each
FILTERS_HELP = (
    "`mine`, `unclaimed`, `overdue`, `top` (by priority), a `#channel`, a `@teammate`, a network ({}), the "
    "`@handle` of one of our accounts or a track (`track:7`)"
)


@dataclass(frozen=True, slots=True)
class OpenListFilter:
    """What was asked for, for the ledger and in words."""

    wanted: OpenTicketFilter = open_tickets.ALL_OPEN
    words: tuple[str, ...] = ()
    by_priority: bool = False


def handle_open(ctx: BotContext, asked: SlashCommand) -> CommandAnswer:
    """Everything that waits, or what the words behind `open` leave of it."""
    return _build_answer(ctx, asked, asked.filter_words)


def handle_mine(ctx: BotContext, asked: SlashCommand) -> CommandAnswer:
    """The same, of what the asker has."""
    return _build_answer(ctx, asked, ["mine", *asked.filter_words])


def _build_answer(ctx: BotContext, asked: SlashCommand, words: list[str]) -> CommandAnswer:
    """The list as the asker may see it, and to be shared the same without what is private."""
    chosen = _parse_filters(ctx, asked.user, words, ctx.now())
    access = read_access_of(ctx, asked.user, patience=LEDGER_TIMEOUT_SECONDS)
    text, blocks, has_private = _build_list(ctx, asked, chosen, access)
    public = _build_list(ctx, asked, chosen, PUBLIC_ONLY)[:2] if has_private else None
    return ephemeral_answers.shareable_message(
        ctx, asked.channel, text, blocks, patience=LEDGER_TIMEOUT_SECONDS / 2, shared=public
    )


def _build_list(
    ctx: BotContext, asked: SlashCommand, chosen: OpenListFilter, access: ReadAccess
) -> tuple[str, list[Block], bool]:
    """The text and blocks for somebody with that `access`, and whether anything private is among them."""
    at, titles = ctx.now(), ctx.network_titles
    chosen = replace(chosen, wanted=replace(chosen.wanted, access=access))
    with ctx.db.read(LEDGER_TIMEOUT_SECONDS) as session:
        if chosen.by_priority:
            listing = open_tickets.list_by_priority(session, chosen.wanted, at=at, limit=TICKETS_LISTED_MAX)
        else:
            listing = open_tickets.list_by_due_time(session, chosen.wanted, limit=TICKETS_LISTED_MAX)
        channels = {one.channel for one in listing.first if one.channel}
        weights = priorities.load_weights(session, channels) if chosen.by_priority else None
        in_all = listing.total
        if chosen.words:
            everything = OpenTicketFilter(access=access)
            in_all = open_tickets.list_by_due_time(session, everything, limit=0).total
        hidden = chosen.wanted.count_hidden(session)
        accounts = Account.handles(session)
        stopped = reading_notices.stopped_notes(ctx, session)
        unread, pause = home_tab.unread_sources(ctx, session), Pause.current(session)
        away = [alarm.detail for alarm in unconnected_accounts.active_alarms(session)]
    here = [
        one
        for one in unread
        if (not chosen.wanted.networks or one.network in chosen.wanted.networks)
        and accounts.may_be(one.network, one.account_id, chosen.wanted.accounts)
    ]
    blocks = build_open_list(
        listing,
        titles,
        url=ctx.slack.workspace,
        at=at,
        unknown=[*incomplete_notes(here, titles, accounts), *stopped],
        filtered=" and ".join(chosen.words),
        is_own=chosen.wanted == OpenTicketFilter(owner=asked.user, access=access),
        in_all=in_all,
        weights=weights,
        private=private_notices.hidden_notes(*hidden),
    )
    if pause is not None:
        blocks.append(context_block(f":double_vertical_bar: {pause.sentence}"))
    blocks += [context_block(f":electric_plug: {detail} {NOT_READ_TEXT}") for detail in away]
    return f"{listing.total:,} waiting", blocks, any(one.is_private for one in listing.first)


def _parse_filters(ctx: BotContext, user: str, words: list[str], at: datetime) -> OpenListFilter:
    """What `words` ask for, all of it together."""
    chosen, accounts = OpenListFilter(), NO_HANDLES
    if any(word.startswith("@") for word in words):
        with ctx.db.read(LEDGER_TIMEOUT_SECONDS) as session:
            accounts = Account.handles(session)
    for word in words:
        if word.lower() == TOP_WORD:
            chosen = replace(chosen, by_priority=True)
        else:
            chosen = _add_filter(ctx, user, word, at, chosen, accounts)
    return chosen


def _add_filter(  # noqa: PLR0917
    ctx: BotContext, user: str, word: str, at: datetime, chosen: OpenListFilter, accounts: AccountHandles
) -> OpenListFilter:
    """`chosen` with one more condition; `RuleBrokenError` says what was not understood."""
    wanted, lower = chosen.wanted, word.lower()
    networks = {name.lower(): name for name in ctx.networks}
    networks |= {network.title.lower(): name for name, network in ctx.networks.items()}
    said = {"mine": f"assigned to <@{user}>", "unclaimed": "unassigned", "overdue": "overdue"}.get(lower, "")
    if lower == "mine":
        wanted = replace(wanted, owner=user)
    elif lower == "unclaimed":
        wanted = replace(wanted, unclaimed=True)
    elif lower == "overdue":
        wanted = replace(wanted, overdue_at=at)
    elif (channel := CHANNEL_MENTION_PATTERN.fullmatch(word)) is not None:
        wanted, said = replace(wanted, channels=(*wanted.channels, channel[1])), f"in <#{channel[1]}>"
    elif (person := USER_MENTION_PATTERN.fullmatch(word)) is not None:
        wanted, said = replace(wanted, owner=person[1]), f"assigned to <@{person[1]}>"
    elif lower in networks:
        name = networks[lower]
        wanted, said = replace(wanted, networks=(*wanted.networks, name)), f"on {ctx.networks[name].title}"
    elif (track := TRACK_PATTERN.fullmatch(word)) is not None:
        number = int(track[1])
        wanted, said = replace(wanted, tracks=(*wanted.tracks, number)), f"found by track {number}"
    elif word.startswith("@") and (account := accounts.find(word[1:])) is not None:
        wanted, said = replace(wanted, accounts=(*wanted.accounts, account)), account.label
    else:
        raise RuleBrokenError(_unknown_filter_text(ctx, word, accounts))
    return replace(chosen, wanted=wanted, words=(*dict.fromkeys((*chosen.words, said)),))


def _unknown_filter_text(ctx: BotContext, word: str, accounts: AccountHandles) -> str:
    shown = mrkdwn_literal(shown_word(word))
    if word.startswith("#"):
        return (
            f"I can't tell which channel “{shown}” is. Choose it from the list that Slack shows while you "
            "type."
        )
    titles = ", ".join(f"`{mrkdwn_literal(name)}`" for name in ctx.networks)
    ours = list_accounts(accounts.connected_handles) if word.startswith("@") else ""
    return f"Unknown filter “{shown}”. Try {FILTERS_HELP.format(titles)}, in any combination.{ours}"
