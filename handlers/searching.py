"""`/mentions search`: what was said, found by its words; or a person, found by their handle."""

import json
from typing import Any

from slack_bolt import Ack, App, Respond

from bot.blocks import found
from bot.desk import Desk
from handlers import courtesy, history
from handlers.asked import Answer, Asked
from handlers.courtesy import PATIENCE, attempt, person, sentence_for
from models.search import Before, phrases, search

Body = dict[str, Any]
PAGE = 10
HOW = (
    "Tell me what to look for: `/mentions search slow checkout` finds what has both words, "
    '`/mentions search "out of stock"` those words one after the other, `/mentions search @maria` a person.'
)


def register(app: App, desk: Desk) -> None:
    """Listen for *More*."""

    @app.action(found.MORE)
    def more(ack: Ack, body: Body, respond: Respond) -> None:
        ack()
        who, value = person(body), json.loads(body["actions"][0]["value"])

        def show() -> None:
            page = _page(desk, value["q"], found.before(value), is_first=False)
            courtesy.answer(desk, who, respond, **page)

        attempt(desk, who, respond, show)


def answer(desk: Desk, asked: Asked) -> Answer | None:
    """What `/mentions search …` shows; None if it opened a person's history instead."""
    if not asked.rest:
        return {"text": HOW}
    handle = history.handle_in(asked.rest)
    if handle is not None:
        return history.by_handle(desk, asked, handle)
    try:
        return _page(desk, asked.rest, Before(), is_first=True)
    except Exception as error:  # noqa: BLE001 - a person asked, a person gets a sentence
        return {"text": sentence_for(error)}


def _page(desk: Desk, typed: str, before: Before, *, is_first: bool) -> Answer:
    looked_for = phrases(typed)
    with desk.db.read(PATIENCE) as session:
        page = search(session, looked_for, before=before, limit=PAGE)
    url = desk.slack.workspace
    text = f"{len(page.found)} found" if page.found else "Nothing found"
    return {"text": text, "blocks": found.found(page, typed, desk.titles, url=url, is_first=is_first)}
