"""The help text, and notes about networks that could not be read. Pure."""

from collections.abc import Iterable, Mapping

from bot.slack.blocks.text import date_token, mrkdwn_error, mrkdwn_handle, mrkdwn_literal
from models import Cursor, Gap
from models.sources.account import NO_HANDLES, AccountHandles

HELP = (
    "*Heard* shows what people say about us, and sends our public answers.\n"
    "• `/mentions open`: who still waits, by due time; `open overdue unclaimed`, `open #channel x`: less\n"
    "• `/mentions mine`: which of them are yours\n"
    "• `/mentions stats`, `stats yesterday`, `stats 30d`, `stats 2026-10`, `stats 2026-10-01..2026-10-15`, "
    "with a `@teammate`, a `#channel` or a network: heard, answered, waiting, how fast, by whom, where the "
    "minutes went\n"
    "• `/mentions search slow checkout`, `/mentions search @maria`: what was said; what we know of a person\n"
    "• `/mentions export tickets 2026-10`: a file for you alone; also `replies`, `events`, `jsonl`\n"
    "• any of these with the `@handle` of an account of ours: of that account only\n"
    "• `/mentions issues`, `/mentions issues fixed`: what people suffer from; who is to be told that it is "
    "fixed\n"
    "• `/mentions me`: what you are called in public, and how your replies are signed\n"
    "• `/mentions pause`, `/mentions resume`: no public reply leaves; replies may leave again\n"
    "• `/mentions doctor`: what is wrong with the set-up, and how to mend it\n"
    "• `/mentions help`: this\n\n"
    "On a card: *Reply* writes a public answer (you can *Undo* it for a moment), *Claim* says that you "
    "take it, *No reply needed* closes it with a reason.\n\n"
    "In a card's thread everything is private. `@Heard reply your words` there shows you a preview first; "
    "the message menu's *Send as public reply* does it with words that are there already. `@Heard claim`, "
    "`release`, `take over`, `assign @teammate`, `snooze 2h`, `issue export loses rows`, `done thanks`, "
    "`reopen`, `undo` and `drafts` work as well."
)


def build_help(unknown: str | None = None) -> str:
    """What can be asked; with a word about what was not understood."""
    return f"I do not know “{mrkdwn_literal(unknown)}”.\n{HELP}" if unknown else HELP


def incomplete_notes(
    unread: Iterable[Cursor | Gap],
    titles: Mapping[str, str],
    accounts: AccountHandles = NO_HANDLES,
    *,
    so: str = "this list may be short",
) -> list[str]:
    """A sentence for each account whose network does not answer or left something out.

    It names the account where its network has several.
    """
    return [f"{_place(one, titles, accounts)} {_unread_text(one)}: {so}." for one in unread]


def _place(one: Cursor | Gap, titles: Mapping[str, str], accounts: AccountHandles) -> str:
    title = titles.get(one.network, one.network)
    handle = accounts.distinguishing(one.network, one.account_id)
    return f"{title} ({mrkdwn_handle(handle)})" if handle else title


def _unread_text(one: Cursor | Gap) -> str:
    if isinstance(one, Gap):
        since = date_token(one.since, "{date_short_pretty} {time}")
        return f"did not list all that was said since {since}, and I am still searching for the rest"
    since = date_token(one.read_at or one.started_at, "{date_short_pretty} {time}")
    if one.failing_since is None:
        return f"was last read at {since}"
    return f"has not answered since {since} ({mrkdwn_error((one.failure or 'no answer').rstrip('.'))})"
