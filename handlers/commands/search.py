"""`/mentions search`: what was said, found by its words; or a person, found by their handle."""

import json
from typing import Any

from slack_bolt import Ack, App, Respond

from bot.context import Desk
from bot.slack.blocks.commands import search_results
from bot.slack.client import SlackError
from handlers import feedback
from handlers.commands.slash_command import PERSON, Answer, Asked
from handlers.feedback import PATIENCE, attempt, person, sentence_for
from handlers.tickets import author_history
from models.reports.search import Before, phrases, search

Body = dict[str, Any]
PAGE = 10
NAME_PATIENCE = 1.0  # seconds for Slack to tell a teammate's name
HOW = (
    "Tell me what to look for: `/mentions search slow checkout` finds what has both words, "
    '`/mentions search "out of stock"` those words one after the other, `/mentions search @maria` a person.'
)


def register(app: App, desk: Desk) -> None:
    """Listen for *More*."""

    @app.action(search_results.MORE)
    def more(ack: Ack, body: Body, respond: Respond) -> None:
        ack()
        who, value = person(body), json.loads(body["actions"][0]["value"])

        def show() -> None:
            page = _page(desk, value["q"], search_results.before(value), is_first=False)
            feedback.answer(desk, who, respond, **page)

        attempt(desk, who, respond, show)


def answer(desk: Desk, asked: Asked) -> Answer | None:
    """What `/mentions search …` shows; None if it opened a person's history instead."""
    typed = _typed(desk, asked)
    if not typed:
        return {"text": HOW}
    handle = author_history.handle_in(typed)
    if handle is not None:
        return author_history.by_handle(desk, asked, handle)
    try:
        return _page(desk, typed, Before(), is_first=True)
    except Exception as error:  # noqa: BLE001 - a person asked, a person gets a sentence
        return {"text": sentence_for(error)}


def _typed(desk: Desk, asked: Asked) -> str:
    """What is looked for, as it was typed: a customer may be called what a teammate is called, too."""
    return PERSON.sub(lambda token: _name(desk, token[1]), asked.handles)


def _name(desk: Desk, user: str) -> str:
    """The `@name` that Slack made a bare `<@U1>` of; the token itself where Slack does not say in time."""
    name = desk.glance(lambda: _asked_of_slack(desk, user), NAME_PATIENCE)
    return f"@{name}" if name else f"<@{user}>"


def _asked_of_slack(desk: Desk, user: str) -> str | None:
    try:
        return desk.slack.profile(user).name
    except SlackError:
        return None


def _page(desk: Desk, typed: str, before: Before, *, is_first: bool) -> Answer:
    looked_for = phrases(typed)
    with desk.db.read(PATIENCE) as session:
        page = search(session, looked_for, before=before, limit=PAGE)
    url = desk.slack.workspace
    text = f"{len(page.found)} found" if page.found else "Nothing found"
    return {
        "text": text,
        "blocks": search_results.found(page, typed, desk.titles, url=url, is_first=is_first),
    }
