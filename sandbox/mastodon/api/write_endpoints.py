"""Posting and deleting.

https://docs.joinmastodon.org/methods/statuses/
"""

from sandbox.mastodon.api import json_rows
from sandbox.mastodon.api.call import Call
from sandbox.mastodon.api.http_messages import Answer, ApiError, as_json
from sandbox.mastodon.state.publishing_rules import RejectedError
from sandbox.mastodon.state.statuses import VISIBILITIES, Visibility


def create(call: Call) -> Answer:
    form, flavour = call.request.form, call.world.flavour
    visibility = _visibility(form.get("visibility"), flavour.invalid_status)
    try:
        made = call.world.publish(
            call.me,
            form.get("status") or "",
            reply_to=form.get("in_reply_to_id") or None,
            visibility=visibility,
            spoiler=form.get("spoiler_text") or "",
            language=form.get("language"),
            allowed_mentions=form.all("allowed_mentions") if form.has("allowed_mentions") else None,
            key=call.request.headers.get("idempotency-key"),
            media_ids=form.all("media_ids"),
        )
    except RejectedError as no:
        raise ApiError(no.status, no.words, dict(no.more)) from None
    return as_json(200, json_rows.status(call.world, made))


def _visibility(given: str | None, invalid_status: int) -> Visibility | None:
    """Return what a post asks for. Raises ApiError if the server has no such visibility."""
    if not given:
        return None
    for known in VISIBILITIES:
        if given == known:
            return known
    raise ApiError(invalid_status, "Validation failed: Visibility is not included in the list")


def delete(call: Call) -> Answer:
    here = call.status()
    if here.account_id != call.me.id:
        raise ApiError(404, "Record not found")
    row = json_rows.status(call.world, here)
    call.world.delete(here.id)
    return as_json(200, {**row, "text": here.text})
