"""`/mentions search`: what was said, found by its words; or a person, found by their handle."""

import re
from collections.abc import Sequence

from bot.context import BotContext
from bot.slack.blocks.commands import search_results
from bot.slack.blocks.text import mrkdwn_handle
from bot.slack.blocks.values import SearchValue
from bot.slack.errors import SlackError
from bot.slack.private_access import read_access_of
from handlers.commands.slash_command import CommandAnswer, SlashCommand
from handlers.door import Act, door
from handlers.feedback import (
    LEDGER_TIMEOUT_SECONDS,
    SLACK_SLOW_TEXT,
    error_text,
    send_private_text,
)
from handlers.slack_tokens import USER_MENTION_PATTERN
from handlers.tickets import author_history
from models import Account
from models.core.account_filter import list_accounts
from models.core.command_words import collapse_spaces
from models.core.mrkdwn import escape_entities
from models.reports import author_history as author_queries
from models.reports.search import SearchCursor, search
from models.reports.search_query import parse_phrases, split_accounts, split_tracks

# A handle alone, at most in marks or quotation marks: `*@maria*`. An underscore at its end may be its own.
_HANDLE_PATTERN = re.compile(r"([*_~`]*)@([^\s@*~`]{1,100})[*~`]*")
PAGE_SIZE = 10
NAME_TIMEOUT_SECONDS = 1.0  # seconds for Slack to tell a teammate's name
SEARCH_USAGE = (
    "What should I search for? `/mentions search slow checkout` finds posts with both words, "
    '`/mentions search "out of stock"` that exact phrase, `/mentions search @maria` a person. Add the '
    "`@handle` of one of our accounts, or a track (`track:7`), to search only what it found."
)


@door.press(search_results.MORE_ACTION_ID, value=SearchValue)
def more(act: Act[SearchValue]) -> None:
    """Show the next page below."""
    before = SearchCursor(act.value.before_mention, act.value.before_reply)
    act.answer(**_search_page(act.ctx, act.who.id, act.value.typed, before, is_first=False))


def handle_search(ctx: BotContext, asked: SlashCommand) -> CommandAnswer | None:
    """What `/mentions search …` shows; None if it opened a person's history instead."""
    typed = _query_text(ctx, asked)
    if not typed:
        return {"text": SEARCH_USAGE}
    handle = parse_handle(typed)
    if handle is not None:
        with ctx.db.read(LEDGER_TIMEOUT_SECONDS) as session:
            accounts = Account.handles(session)
        if accounts.find(handle) is None:
            return open_by_handle(ctx, asked, handle, accounts.connected_handles)
        typed = f"@{handle}"
    try:
        return _search_page(ctx, asked.user, typed, SearchCursor(), is_first=True)
    except Exception as error:  # noqa: BLE001 - a person asked, a person gets a sentence
        return {"text": error_text(error)}


def _query_text(ctx: BotContext, asked: SlashCommand) -> str:
    """What is looked for, as it was typed: a customer may be called what a teammate is called, too."""
    return USER_MENTION_PATTERN.sub(lambda token: _user_name(ctx, token[1]), asked.text_with_handles)


def _user_name(ctx: BotContext, user: str) -> str:
    """The `@name` that Slack made a bare `<@U1>` of; the token itself where Slack does not say in time."""
    name = ctx.read_with_timeout(lambda: _fetch_user_name(ctx, user), NAME_TIMEOUT_SECONDS)
    return f"@{name}" if name else f"<@{user}>"


def _fetch_user_name(ctx: BotContext, user: str) -> str | None:
    try:
        return ctx.slack.profile(user).name
    except SlackError:
        return None


def _search_page(
    ctx: BotContext, reader: str, typed: str, before: SearchCursor, *, is_first: bool
) -> CommandAnswer:
    access = read_access_of(ctx, reader, patience=LEDGER_TIMEOUT_SECONDS)
    with ctx.db.read(LEDGER_TIMEOUT_SECONDS) as session:
        rest, tracks = split_tracks(typed)
        words, accounts = split_accounts(rest, Account.handles(session).find)
        looked_for = parse_phrases(words) if words or not (accounts or tracks) else []
        page = search(
            session,
            looked_for,
            before=before,
            limit=PAGE_SIZE,
            accounts=accounts,
            tracks=tracks,
            access=access,
        )
    url = ctx.slack.workspace
    text = f"{len(page.found)} found" if page.found else "Nothing found"
    return {
        "text": text,
        "blocks": search_results.build_blocks(
            page,
            typed,
            ctx.network_titles,
            url=url,
            is_first=is_first,
            words=words,
            accounts=[one.handle for one in accounts],
            tracks=tracks,
        ),
    }


# --- a person ----------------------------------------------------------------------------------------------


def parse_handle(typed: str) -> str | None:
    """The handle, if that and nothing else was typed."""
    found = _HANDLE_PATTERN.fullmatch(collapse_spaces(typed).rstrip(".,:;!?"))
    if found is None:
        return None
    return found[2].removesuffix("_") if "_" in found[1] else found[2]


def open_by_handle(
    ctx: BotContext, asked: SlashCommand, handle: str, ours: Sequence[str]
) -> CommandAnswer | None:
    """Open the history of the person with that handle; a sentence if there is none, with our handles."""
    with ctx.db.read(LEDGER_TIMEOUT_SECONDS) as session:
        found = author_queries.find_authors(session, handle)
        near = author_queries.suggest_handles(session, handle) if not found else []
    if not found:
        return {"text": unknown_handle_text(handle, near) + list_accounts(ours)}
    view = author_history.build_view(ctx, asked.user, found[0].id)
    asked.ack()
    try:
        ctx.slack.open_view(asked.command["trigger_id"], view)
    except SlackError:
        send_private_text(ctx, asked.who, asked.respond, SLACK_SLOW_TEXT)
    return None


def unknown_handle_text(handle: str, near: list[str], *, command: str = "search") -> str:
    """A sentence that nobody has that handle, with those that are near, for the command `command`."""
    nobody = f"No one called {mrkdwn_handle(handle)} has posted to us."
    if not near:
        return f"{nobody} `/mentions search` finds people by what they wrote, too."
    *some, last = [mrkdwn_handle(one) for one in near]
    meant = f"{', '.join(some)} or {last}" if some else last
    return f"{nobody} Did you mean {meant}? Type `/mentions {command} @{escape_entities(near[0])}`."
