"""Everything that reads.

https://docs.joinmastodon.org/methods/
"""

import re

from sandbox.mastodon.api import json_rows
from sandbox.mastodon.api.call import Call
from sandbox.mastodon.api.http_messages import Answer, ApiError, as_json
from sandbox.mastodon.state.statuses import Notification, Status

_BATCH_MAX = 20
_SEARCH_MAX = 40


def me(call: Call) -> Answer:
    return as_json(200, json_rows.own_account(call.world, call.me))


def lookup(call: Call) -> Answer:
    found = call.world.people.find(call.request.params.get("acct") or "")
    if found is None or found.suspended:
        raise ApiError(404, "Record not found")
    return as_json(200, json_rows.account(call.world, found))


def account(call: Call) -> Answer:
    found = call.world.people.get(call.key)
    if found is None or found.suspended:
        raise ApiError(404, "Record not found")
    return as_json(200, json_rows.account(call.world, found))


def account_statuses(call: Call) -> Answer:
    params = call.request.params
    rows = [
        one
        for one in call.world.index
        if one.account_id == call.key
        and call.world.sees(call.me, one)
        and not (params.is_true("exclude_reblogs") and one.reblog_of)
        and not (params.is_true("exclude_replies") and one.reply_to)
    ]
    return _statuses(call, rows, limit=20)


def notifications(call: Call) -> Answer:
    params = call.request.params
    kinds = params.all("types") if call.world.flavour.knows_types else []

    def is_wanted(one: Notification) -> bool:
        about = call.world.index.find(one.status_id)
        if one.to != call.me.id or about is None or (kinds and one.kind not in kinds):
            return False
        if call.world.people[one.by].filtered and not params.is_true("include_filtered"):
            return False
        return call.world.sees(call.me, about)

    return call.page(
        [one for one in call.world.notifications if is_wanted(one)],
        lambda one: one.id,
        lambda one: json_rows.notification(call.world, one),
        limit=40,
        most=80,
    )


def tag_timeline(call: Call) -> Answer:
    wanted = {call.key.lower(), *(one.lower() for one in call.request.params.all("any"))}
    rows = [
        one
        for one in call.world.index
        if one.visibility == "public"
        and not one.reblog_of
        and wanted & set(one.tags)
        and call.world.sees(call.me, one)
    ]
    return _statuses(call, rows, limit=20)


def search(call: Call) -> Answer:
    """Search by address, or for words as far as this kind of server has a search."""
    params = call.request.params
    wanted = (params.get("q") or "").strip()
    if not wanted:
        raise ApiError(400, "Required parameters are missing")
    asked, offset = params.get("limit") or "", params.get("offset") or ""
    limit = min(int(asked), _SEARCH_MAX) if asked.isdigit() else 20
    start = int(offset) if offset.isdigit() else 0
    found: list[Status] = []
    if params.get("type") in {None, "statuses"}:
        if re.match(r"https?://", wanted):
            one = call.world.resolve(wanted) if params.is_true("resolve") else call.world.index.find(wanted)
            found = [one] if one is not None and call.world.sees(call.me, one) else []
        else:
            found = [one for one in reversed([*call.world.index]) if _is_found(call, one, wanted)]
    rows = [json_rows.status(call.world, one) for one in found[start : start + limit]]
    return as_json(200, {"accounts": [], "statuses": rows, "hashtags": []})


def _is_found(call: Call, one: Status, wanted: str) -> bool:
    author = call.world.people[one.account_id]
    searches = call.world.flavour.searches
    if searches is None or one.reblog_of or not call.world.sees(call.me, one):
        return False
    own = call.me.id in {one.account_id, *one.mentions}
    if searches == "opted in" and not own and not (author.indexable and one.visibility == "public"):
        return False
    text = f"{one.spoiler} {one.text}".casefold()
    terms = [phrase or word for phrase, word in re.findall(r'"([^"]+)"|(\S+)', wanted.casefold())]
    return all(term in text for term in terms)


def statuses(call: Call) -> Answer:
    if not call.world.flavour.has_batch:
        raise ApiError(405, "Method Not Allowed")
    found = [call.world.index.find(one) for one in call.request.params.all("id")[:_BATCH_MAX]]
    return as_json(
        200,
        [
            json_rows.status(call.world, one)
            for one in found
            if one is not None and call.world.sees(call.me, one)
        ],
    )


def status(call: Call) -> Answer:
    return as_json(200, json_rows.status(call.world, call.status()))


def context(call: Call) -> Answer:
    here = call.status()
    above: list[Status] = []
    parent = call.world.index.find(here.reply_to) if here.reply_to else None
    while parent is not None and call.world.sees(call.me, parent):
        above.insert(0, parent)
        parent = call.world.index.find(parent.reply_to) if parent.reply_to else None
    below, known = list[Status](), {here.id}
    for one in call.world.index:
        if one.reply_to in known and call.world.sees(call.me, one):
            known.add(one.id)
            below.append(one)
    rows = {
        "ancestors": [json_rows.status(call.world, one) for one in above],
        "descendants": [json_rows.status(call.world, one) for one in below],
    }
    return as_json(200, rows)


def source(call: Call) -> Answer:
    here = call.status()
    if here.account_id != call.me.id:
        raise ApiError(404, "Record not found")
    return as_json(200, {"id": here.id, "text": here.text, "spoiler_text": here.spoiler})


def _statuses(call: Call, rows: list[Status], *, limit: int) -> Answer:
    return call.page(
        rows, lambda one: one.id, lambda one: json_rows.status(call.world, one), limit=limit, most=40
    )
