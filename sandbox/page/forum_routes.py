"""The Forum tab: posting, editing and deleting as any member."""

import re

from flask import Blueprint

from sandbox.page.forum_state import forum_state
from sandbox.page.json_replies import Json, words
from sandbox.page.page_context import PageContext
from sandbox.page.request_body import answer_errors, given, given_name, given_text

HANDLE = re.compile(r"\w[\w.-]{0,29}")


def forum_routes(context: PageContext) -> Blueprint:
    """Return the routes under `/forum`."""
    pages = Blueprint("forum", __name__, url_prefix="/forum")
    world = context.forum.world
    answer_errors(pages)

    @pages.get("/state")
    def state() -> Json:
        return forum_state(context)

    @pages.post("/post")
    def post() -> Json:
        body, text = given(), given_text("Type something first.")
        author = world.member(words(body, "as")).handle
        if topic := words(body, "reply_to"):
            return {"id": world.comment(topic, author, text).id}
        return {"id": world.post_topic(author, words(body, "title") or text.split("\n")[0][:100], text).id}

    @pages.post("/edit")
    def edit() -> Json:
        return {
            "id": world.edit(
                words(given(), "id"), given_text("A post cannot be empty. Delete it instead.")
            ).id
        }

    @pages.post("/delete")
    def delete() -> Json:
        world.delete(words(given(), "id"))
        return {}

    @pages.post("/person")
    def person() -> Json:
        handle = words(given(), "handle").removeprefix("@")
        if HANDLE.fullmatch(handle) is None:
            raise ValueError("A handle is a word, like “ana”.")
        return {"id": world.add_member(handle, given_name()).handle}

    return pages
