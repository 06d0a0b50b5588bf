"""`/mentions search`: what was said, found by its words; or a person, found by their handle."""

import json
from typing import Any

from slack_bolt import Ack, App, Respond

from bot.context import BotContext
from bot.slack.blocks.commands import search_results
from bot.slack.errors import SlackError
from handlers import feedback
from handlers.commands.slash_command import USER_MENTION_PATTERN, CommandAnswer, SlashCommand
from handlers.feedback import LEDGER_TIMEOUT_SECONDS, error_text, parse_actor, run_and_report
from handlers.tickets import author_history
from models.reports.search import SearchCursor, parse_phrases, search

Body = dict[str, Any]
PAGE_SIZE = 10
NAME_TIMEOUT_SECONDS = 1.0  # seconds for Slack to tell a teammate's name
SEARCH_USAGE = (
    "Tell me what to look for: `/mentions search slow checkout` finds what has both words, "
    '`/mentions search "out of stock"` those words one after the other, `/mentions search @maria` a person.'
)


def register(app: App, ctx: BotContext) -> None:
    """Listen for *More*."""

    @app.action(search_results.MORE_ACTION_ID)
    def more(ack: Ack, body: Body, respond: Respond) -> None:
        ack()
        who, value = parse_actor(body), json.loads(body["actions"][0]["value"])

        def show() -> None:
            page = _search_page(ctx, value["q"], search_results.parse_before(value), is_first=False)
            feedback.send_private_answer(ctx, who, respond, **page)

        run_and_report(ctx, who, respond, show)


def handle_search(ctx: BotContext, asked: SlashCommand) -> CommandAnswer | None:
    """What `/mentions search …` shows; None if it opened a person's history instead."""
    typed = _query_text(ctx, asked)
    if not typed:
        return {"text": SEARCH_USAGE}
    handle = author_history.parse_handle(typed)
    if handle is not None:
        return author_history.open_by_handle(ctx, asked, handle)
    try:
        return _search_page(ctx, typed, SearchCursor(), is_first=True)
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


def _search_page(ctx: BotContext, typed: str, before: SearchCursor, *, is_first: bool) -> CommandAnswer:
    looked_for = parse_phrases(typed)
    with ctx.db.read(LEDGER_TIMEOUT_SECONDS) as session:
        page = search(session, looked_for, before=before, limit=PAGE_SIZE)
    url = ctx.slack.workspace
    text = f"{len(page.found)} found" if page.found else "Nothing found"
    return {
        "text": text,
        "blocks": search_results.build_blocks(page, typed, ctx.network_titles, url=url, is_first=is_first),
    }
