"""The help text, and notes about networks that could not be read. Pure."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from bot.slack.blocks.text import date_token, mrkdwn_error, mrkdwn_handle, mrkdwn_literal
from models import Cursor, Gap
from models.sources.account import NO_HANDLES, AccountHandles
from models.sources.cursor import MENTIONS_CURSOR

HELP = (
    "*Heard* brings mentions of you into Slack and sends your replies.\n"
    "• `/mentions open`: who is waiting, by due time; `open overdue unclaimed`, `open #channel x`: filter "
    "the "
    "list\n"
    "• `/mentions open top`: what needs you first, with the reason for every point\n"
    "• `/mentions mine`: tickets assigned to you\n"
    "• `/mentions stats`, `stats yesterday`, `stats 30d`, `stats 2026-10`, `stats 2026-10-01..2026-10-15`, "
    "with a `@teammate`, a `#channel` or a network: mentions, replies, response times, and where the time "
    "went\n"
    "• `/mentions search slow checkout`, `/mentions search @maria`: search posts and replies; see a person's "
    "history\n"
    "• `/mentions export tickets 2026-10`: a file that only you get; also `replies`, `events`, `jsonl`\n"
    "• add the `@handle` of one of our accounts, or a track (`track:7`), to see only what it found\n"
    "• `/mentions issues`, `/mentions issues fixed`: top issues, by impact; who still needs to hear it's "
    "fixed\n"
    "• `/mentions track fernpress`, `/mentions track feed https://…`, `/mentions tracks`: listen for words, "
    "phrases, hashtags and feeds; list, edit and pause what Heard listens for\n"
    '• `/mentions mute words "giveaway"`, `/mentions mute @maria`, `/mentions muted`: keep noise out; see '
    "what was muted in the last 30 days, and get it back\n"
    "• `/mentions cost`: what reading and replying cost this month, and what costs most\n"
    "• `/mentions settings`: this channel's reply target, office hours, senders and digest\n"
    "• `/mentions me`: your public name and sign-off\n"
    "• `/mentions pause`, `/mentions resume`: stop all public replies; start them again\n"
    "• `/mentions doctor`: what is wrong with the setup, and how to fix it\n"
    "• `/mentions help`: this list\n\n"
    "On a card: *Reply* writes a public reply (you can *Undo* it for a moment), *Claim* assigns the "
    "ticket to "
    "you, *No reply needed* closes it with a reason.\n\n"
    "In a card's thread everything is private. `@Heard reply <your text>` shows you a preview first; "
    "*Send as "
    "public reply* in the message menu does the same with an existing message. Also: `@Heard claim`, "
    "`release`, `take over`, `assign @teammate`, `snooze 2h`, `issue <title>`, `done <reason>`, `reopen`, "
    "`mute conversation`, `undo` and `drafts`."
)


def build_help(unknown: str | None = None, commands: Iterable[str] = ()) -> str:
    """The list of commands; `unknown` is a word that is none of them, and `commands` are those there are."""
    if not unknown:
        return HELP
    near = get_close_matches(unknown.lower(), [*commands, "help"], n=1)
    hint = f" Did you mean “{near[0]}”?" if near else ""
    return f"I don't know the command “{mrkdwn_literal(unknown)}”.{hint}\n{HELP}"


def incomplete_notes(
    unread: Iterable[Cursor | Gap],
    titles: Mapping[str, str],
    accounts: AccountHandles = NO_HANDLES,
    *,
    so: str = "this list may be incomplete",
) -> list[str]:
    """A sentence for each account whose network does not respond or left something out.

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
        return f"did not list every post since {since}, and I'm still searching for the rest"
    since = date_token(one.read_at or one.started_at, "{date_short_pretty} {time}")
    why = mrkdwn_error((one.failure or "no answer").rstrip("."))
    if one.name != MENTIONS_CURSOR:
        return f"hasn't answered searches since {since} ({why})"
    if one.failing_since is None:
        return f"was last read at {since}"
    return f"hasn't responded since {since} ({why})"
