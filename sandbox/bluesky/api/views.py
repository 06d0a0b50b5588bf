"""Rows as the AppView sends them."""

from typing import Any

from sandbox.bluesky.api.call import Call
from sandbox.bluesky.state.accounts import POST, Account, Record
from sandbox.bluesky.state.appview import quoted_uri, sort_time
from sandbox.bluesky.state.world import format_time

Row = dict[str, Any]
MEDIA_HOST = "https://cdn.bsky.example/img"


def author_view(call: Call, author: Account) -> Row:
    """Somebody as a row shows them to the caller."""
    row: Row = {
        "did": author.did,
        "handle": author.handle,
        "displayName": author.name,
        "viewer": {"muted": False, "blockedBy": call.account.did in author.blocks},
        "labels": [],
    }
    if author.did in call.account.blocks:
        row["viewer"]["blocking"] = f"at://{call.account.did}/app.bsky.graph.block/3aaaaaaaaaaaa"
    if author.avatar:
        row["avatar"] = author.avatar
    return row | author.view_extra


def profile_view(call: Call, author: Account) -> Row:
    counts = {"followersCount": author.followers, "followsCount": 0, "postsCount": len(author.of(POST))}
    return author_view(call, author) | counts


def post_view(call: Call, record: Record) -> Any:  # noqa: ANN401 - a test may send anything instead
    """A post as the caller sees it."""
    if record.uri in call.world.spoilt.rows:
        return call.world.spoilt.rows[record.uri]
    appview, root = call.world.appview, call.world.appview.root_of(record)
    author = call.world.accounts[record.did]
    row: Row = {
        "uri": record.uri,
        "cid": record.cid,
        "author": author_view(call, author),
        "record": record.value,
        "replyCount": len(appview.replies(record, call.now, call.lag)) if record.uri == root else 0,
        "repostCount": 0,
        "likeCount": 0,
        "quoteCount": 0,
        "indexedAt": format_time(sort_time(record)),
        "viewer": {"threadMuted": False, "embeddingDisabled": False},
        "labels": _labels(record),
    }
    if (embed := _embed_view(call, record)) is not None:
        row["embed"] = embed
    gate = appview.gate_of(root)
    if gate is not None:
        row["viewer"]["replyDisabled"] = not appview.may_reply(call.account.did, record)
        row["threadgate"] = {"uri": gate.uri, "cid": gate.cid, "record": gate.value, "lists": []}
    return row


def notification_view(call: Call, record: Record, reason: str, subject: str | None) -> Any:  # noqa: ANN401
    if record.uri in call.world.spoilt.rows:
        return call.world.spoilt.rows[record.uri]
    row: Row = {
        "uri": record.uri,
        "cid": record.cid,
        "author": author_view(call, call.world.accounts[record.did]),
        "reason": reason,
        "record": record.value,
        "isRead": False,
        "indexedAt": format_time(sort_time(record)),
        "labels": _labels(record),
    }
    return row | ({"reasonSubject": subject} if subject else {})


def blocked_post(record: Record) -> Row:
    author = {"did": record.did, "viewer": {"blockedBy": True}}
    return {"$type": "app.bsky.feed.defs#blockedPost", "uri": record.uri, "blocked": True, "author": author}


def _labels(record: Record) -> list[Row]:
    source = "did:plc:moderation"
    return [
        {"src": source, "uri": record.uri, "val": value, "cts": "2026-01-01T00:00:00.000Z"}
        for value in sorted(record.labels)
    ]


def _embed_view(call: Call, record: Record) -> Row | None:
    """The post's embed with addresses and quoted posts filled in; one that nobody knows stays as it is."""
    if record.uri in call.world.spoilt.embeds:
        return call.world.spoilt.embeds[record.uri]
    embed = record.value.get("embed")
    if not isinstance(embed, dict):
        return None
    kind = embed.get("$type", "")
    if kind == "app.bsky.embed.recordWithMedia":
        quote = {"$type": "app.bsky.embed.record#view", "record": _quote_view(call, record)}
        return {
            "$type": f"{kind}#view",
            "record": quote,
            "media": _media_view(embed.get("media", {}), record.did),
        }
    if kind == "app.bsky.embed.record":
        return {"$type": f"{kind}#view", "record": _quote_view(call, record)}
    return _media_view(embed, record.did)


def _media_view(embed: Row, did: str) -> Row:
    kind = embed.get("$type", "")
    if kind == "app.bsky.embed.images":
        images = [
            {
                "thumb": f"{MEDIA_HOST}/feed_thumbnail/plain/{did}/{_blob(image)}",
                "fullsize": f"{MEDIA_HOST}/feed_fullsize/plain/{did}/{_blob(image)}",
                "alt": image.get("alt", ""),
            }
            for image in embed.get("images", [])
        ]
        return {"$type": f"{kind}#view", "images": images}
    return {**embed, "$type": f"{kind}#view"}


def _blob(image: Row) -> str:
    return str(image.get("image", {}).get("ref", {}).get("$link", "bafkreiblob"))


def _quote_view(call: Call, record: Record) -> Row:
    uri = quoted_uri(record.value) or ""
    quoted = call.world.appview.find(uri, call.now)
    kind = "app.bsky.embed.record#view"
    if quoted is None:
        return {"$type": f"{kind}NotFound", "uri": uri, "notFound": True}
    if not call.world.appview.sees(call.account.did, quoted):
        return {"$type": f"{kind}Blocked", "uri": uri, "blocked": True, "author": {"did": quoted.did}}
    author = author_view(call, call.world.accounts[quoted.did])
    indexed = format_time(sort_time(quoted))
    row = {"uri": uri, "cid": quoted.cid, "author": author, "value": quoted.value, "indexedAt": indexed}
    return {"$type": f"{kind}Record", **row, "labels": [], "embeds": []}
