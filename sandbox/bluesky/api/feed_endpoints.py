"""What the AppView lists. All rules as seen on AppView 0.0.280."""

from datetime import datetime
from typing import Any

from sandbox.bluesky.api.call import Call
from sandbox.bluesky.api.errors import XrpcError, invalid, upstream_failure
from sandbox.bluesky.api.views import (
    blocked_post,
    notification_view,
    post_view,
    profile_view,
)
from sandbox.bluesky.state.accounts import Account, Record
from sandbox.bluesky.state.appview import sort_time
from sandbox.bluesky.state.ids import DID
from sandbox.bluesky.state.record_rules import parse_time
from sandbox.bluesky.state.search import Search
from sandbox.bluesky.state.world import format_time

Row = dict[str, Any]


def list_notifications(call: Call) -> Row:
    """https://docs.bsky.app/docs/api/app-bsky-notification-list-notifications.

    The cursor is the time of the last row, and the next page is strictly older: what has the same time is
    lost. Reasons are filtered after paging, so that pages are short, or empty with a cursor.
    """
    limit, cursor = call.limit(), call.optional("cursor")
    if call.optional("seenAt") is not None:
        raise invalid("The seenAt parameter is unsupported")
    before = _time_cursor(cursor)
    found = call.world.appview.notifications(call.account.did, call.now, call.lag)
    page = [one for one in found if before is None or one.at < before][: limit + 1]
    rest, page = page[limit:], page[:limit]
    reasons = call.params.get("reasons")
    rows = [
        notification_view(call, one.record, one.reason, one.subject)
        for one in page
        if reasons is None or one.reason in reasons
    ]
    more = {"cursor": format_time(page[-1].at)} if rest else {}
    return {"notifications": rows, "priority": False, "seenAt": format_time(call.now), **more}


def get_posts(call: Call) -> Row:
    """https://docs.bsky.app/docs/api/app-bsky-feed-get-posts: what the caller does not see is left out."""
    uris = call.texts("uris", 25)
    for uri in uris:
        call.check_uri(uri)
        if not DID.fullmatch(uri.split("/")[2]):
            raise upstream_failure()
    found = [call.world.appview.find(uri, call.now, call.lag) for uri in dict.fromkeys(uris)]
    return {"posts": [post_view(call, one) for one in found if one is not None and _is_seen(call, one)]}


def get_post_thread(call: Call) -> Row:
    """https://docs.bsky.app/docs/api/app-bsky-feed-get-post-thread."""
    uri = call.text("uri")
    call.check_uri(uri)
    found = call.world.appview.find(uri, call.now, call.lag)
    if found is None or call.world.accounts[found.did].state != "active":
        raise XrpcError(400, "NotFound", f"Post not found: {uri}")
    thread = _thread(call, found, depth=6)
    parent = call.world.appview.parent_of(found, call.now)
    if parent is not None and "post" in thread:
        thread["parent"] = _thread(call, parent, depth=0)
    elif "reply" in found.value and "post" in thread:
        missing = found.value["reply"]["parent"]["uri"]
        thread["parent"] = {"$type": "app.bsky.feed.defs#notFoundPost", "uri": missing, "notFound": True}
    return {"thread": thread}


def get_author_feed(call: Call) -> Row:
    """https://docs.bsky.app/docs/api/app-bsky-feed-get-author-feed."""
    author, limit, before = (
        _actor(call, call.text("actor")),
        call.limit(),
        _time_cursor(call.optional("cursor")),
    )
    found = [
        one
        for one in call.world.appview.posts(call.now, call.lag)
        if one.did == author.did and _is_seen(call, one) and (before is None or sort_time(one) < before)
    ]
    page = found[:limit]
    more = {"cursor": format_time(sort_time(page[-1]))} if len(found) > limit else {}
    return {"feed": [{"post": post_view(call, one)} for one in page], **more}


def search_posts(call: Call) -> Row:
    """https://docs.bsky.app/docs/api/app-bsky-feed-search-posts; the cursor counts rows."""
    limit, cursor = call.limit(25), call.optional("cursor") or "0"
    if not cursor.isdigit():
        raise upstream_failure()
    since, until = (parse_time(call.optional(name)) for name in ("since", "until"))
    search = Search(call.text("q"), tuple(call.params.get("tag", [])), since, until)
    posts = [one for one in call.world.appview.posts(call.now, call.lag) if _is_seen(call, one)]
    found = [one for one in posts if search.finds(one)]
    start, end = int(cursor), int(cursor) + limit
    more = {"cursor": str(end)} if len(found) > end else {}
    return {"posts": [post_view(call, one) for one in found[start:end]], "hitsTotal": len(found), **more}


def get_profile(call: Call) -> Row:
    """https://docs.bsky.app/docs/api/app-bsky-actor-get-profile."""
    return profile_view(call, _actor(call, call.text("actor")))


def get_profiles(call: Call) -> Row:
    """https://docs.bsky.app/docs/api/app-bsky-actor-get-profiles: who is gone is left out."""
    found = [call.world.find_user(actor) for actor in call.texts("actors", 25)]
    return {
        "profiles": [profile_view(call, one) for one in found if one is not None and one.state == "active"]
    }


def _actor(call: Call, name: str) -> Account:
    found = call.world.find_user(name)
    if found is None:
        raise invalid("Profile not found")
    if found.state != "active":
        kind = "AccountDeactivated" if found.state == "deactivated" else "AccountTakedown"
        raise XrpcError(400, kind, f"Account is {found.state}")
    return found


def _is_seen(call: Call, record: Record) -> bool:
    return call.world.appview.sees(call.account.did, record)


def _thread(call: Call, record: Record, depth: int) -> Row:
    if call.world.appview.is_blocked(call.account.did, record.did):
        return blocked_post(record)
    row: Row = {"$type": "app.bsky.feed.defs#threadViewPost", "post": post_view(call, record)}
    if depth:
        below = call.world.appview.replies(record, call.now, call.lag)
        row["replies"] = [_thread(call, one, depth - 1) for one in below]
    return row


def _time_cursor(text: str | None) -> datetime | None:
    """A cursor of a list by time. One that cannot be read breaks the AppView: a 502 for ever."""
    if text is None:
        return None
    found = parse_time(text)
    if found is None:
        raise upstream_failure()
    return found
