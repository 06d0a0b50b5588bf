"""The Bluesky tab: posting, quoting, gating and deleting as any account of the local Bluesky."""

import re
from typing import Any

from flask import Blueprint

from sandbox.bluesky.state.graphemes import count_graphemes
from sandbox.bluesky.state.record_rules import TEXT_MAX_BYTES, TEXT_MAX_GRAPHEMES
from sandbox.page.bluesky_state import bluesky_state
from sandbox.page.json_replies import Json, words
from sandbox.page.page_context import PageContext
from sandbox.page.request_body import answer_errors, given, given_name, given_text
from sandbox.page.uploaded_pictures import picture

HANDLE = re.compile(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?(\.[a-z0-9-]+)+")
# What the author of a conversation allows, by the page's names: https://docs.bsky.app/docs/tutorials/thread-gates
GATES: dict[str, list[dict[str, Any]] | None] = {
    "everybody": None,
    "mentioned": [{"$type": "app.bsky.feed.threadgate#mentionRule"}],
    "nobody": [],
}


def bluesky_routes(context: PageContext) -> Blueprint:
    """Return the routes under `/bluesky`."""
    pages = Blueprint("bluesky", __name__, url_prefix="/bluesky")
    world = context.bluesky.world
    answer_errors(pages)

    @pages.get("/state")
    def state() -> Json:
        return bluesky_state(context)

    @pages.get("/blob/<did>/<cid>")
    def blob(did: str, cid: str) -> Any:  # noqa: ANN401 - bytes, or a refusal
        found = world.blobs.find(did, cid)
        return picture(found.data if found else None, found.mime_type if found else "")

    @pages.post("/post")
    def post() -> Json:
        body, text = given(), _text("Type something first.")
        with world.lock:
            made = world.post(
                words(body, "as"),
                text,
                reply_to=words(body, "reply_to") or None,
                quote=words(body, "quote") or None,
            )
            if (gate := GATES.get(words(body, "gate"))) is not None and not words(body, "reply_to"):
                world.gate(made.uri, gate)
        return _changed(context, {"id": made.uri})

    @pages.post("/edit")
    def edit() -> Json:
        made = world.edit(words(given(), "id"), _text("A post cannot be empty. Delete it instead."))
        return _changed(context, {"id": made.uri})

    @pages.post("/delete")
    def delete() -> Json:
        world.delete(words(given(), "id"))
        return _changed(context, {})

    _account_acts(pages, context)
    return pages


def _account_acts(pages: Blueprint, context: PageContext) -> None:
    """Add the routes that change a conversation's gate and people's accounts."""
    world = context.bluesky.world

    @pages.post("/gate")
    def gate() -> Json:
        """Change who may reply in a conversation."""
        name = words(given(), "gate")
        if name not in GATES:
            raise ValueError("Choose who can reply.")
        world.gate(words(given(), "id"), GATES[name])
        return _changed(context, {})

    @pages.post("/person")
    def person() -> Json:
        handle = words(given(), "handle").removeprefix("@").lower()
        if HANDLE.fullmatch(handle) is None:
            raise ValueError("On Bluesky a handle is a domain, like “ana.bsky.test”.")
        return _changed(context, {"id": world.add_user(handle, given_name(), followers=12).did})

    @pages.post("/standing")
    def standing() -> Json:
        """Block the brand or deactivate the account, or end that."""
        handle, body = words(given(), "id"), given()
        if "blocks" in body:
            (world.block if body["blocks"] is True else world.unblock)(handle, world.brand.handle)
        if "active" in body:
            (world.reactivate if body["active"] is True else world.deactivate)(handle)
        return _changed(context, {})


def _text(sentence: str) -> str:
    """Return the text that the page sent, if Bluesky would take it. Raises ValueError."""
    text = given_text(sentence)
    if count_graphemes(text) > TEXT_MAX_GRAPHEMES:
        raise ValueError(
            f"That is more than {TEXT_MAX_GRAPHEMES} characters, which is all that Bluesky takes."
        )
    if len(text.encode(errors="replace")) > TEXT_MAX_BYTES:
        raise ValueError(f"That is more than {TEXT_MAX_BYTES:,} bytes, which is all that Bluesky takes.")
    return text


def _changed(context: PageContext, answer: Json) -> Json:
    """Tell open pages of the change: the local Bluesky has no events of its own."""
    context.event_stream.changed("bluesky")
    return answer
