"""The Mastodon tab: posting, editing and deleting as any account of the local server or of another one."""

import re
from typing import Any

from flask import Blueprint

from sandbox.mastodon import MastodonWorld
from sandbox.mastodon.state.statuses import VISIBILITIES, Visibility
from sandbox.page.json_replies import Json, words
from sandbox.page.mastodon_state import length, mastodon_state
from sandbox.page.page_context import PageContext
from sandbox.page.request_body import answer_errors, given, given_name, given_text
from sandbox.page.uploaded_pictures import picture

HANDLE = re.compile(r"[A-Za-z0-9_]{1,30}(@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+)?")


def mastodon_routes(context: PageContext) -> Blueprint:
    """Return the routes under `/mastodon`."""
    pages = Blueprint("mastodon", __name__, url_prefix="/mastodon")
    world = context.mastodon.world
    answer_errors(pages)

    @pages.get("/state")
    def state() -> Json:
        return mastodon_state(context)

    @pages.get("/media/<media_id>")
    def media(media_id: str) -> Any:  # noqa: ANN401 - bytes, or a refusal
        found = world.media.uploads.get(media_id)
        return picture(found.data if found else None, found.content_type if found else "")

    @pages.post("/post")
    def post() -> Json:
        body, text = given(), given_text("Type something first.")
        warning = words(body, "warning").strip()
        _check_length(world, text, warning)
        author = world.people[words(body, "as")]
        made = world.post(
            author.acct,
            text,
            visibility=_visibility(words(body, "visibility")),
            spoiler=warning,
            reply_to=words(body, "reply_to") or None,
        )
        return {"id": made.id}

    @pages.post("/edit")
    def edit() -> Json:
        text = given_text("A post cannot be empty. Delete it instead.")
        warning = words(given(), "warning").strip()
        _check_length(world, text, warning)
        return {"id": world.edit(words(given(), "id"), text, spoiler=warning).id}

    @pages.post("/delete")
    def delete() -> Json:
        world.delete(words(given(), "id"))
        return {}

    @pages.post("/person")
    def person() -> Json:
        handle = words(given(), "handle").removeprefix("@")
        if HANDLE.fullmatch(handle) is None:
            raise ValueError(
                "A handle is like “ana”, or “ana@another.example” for somebody on another server."
            )
        return {"id": world.add_user(handle, given_name(), followers=12, indexable=True).id}

    @pages.post("/standing")
    def standing() -> Json:
        """Suspend an account, or lift that: meanwhile the server shows its posts to nobody."""
        account = world.people[words(given(), "id")]
        changed = world.change_user(account.acct, suspended=given().get("suspended") is True)
        return {"suspended": changed.suspended}

    return pages


def _visibility(name: str) -> Visibility:
    if name not in VISIBILITIES:
        raise ValueError("Choose who can see the post.")
    return name


def _check_length(world: MastodonWorld, text: str, warning: str) -> None:
    """Raises ValueError for what the server would not take."""
    limit = world.flavour.max_characters
    if length(world, text, warning) > limit:
        raise ValueError(f"That is more than {limit} characters, which is all that this server takes.")
