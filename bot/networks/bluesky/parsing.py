"""Bluesky's JSON as our values: notifications, views of posts, records of our own, profiles. Pure.

Whatever breaks its rules spoils its own row only.
"""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from bot.networks.bluesky import uris
from bot.networks.bluesky.embeds import Embedded, parse_embed
from bot.networks.bluesky.json_values import get_text, get_texts, parse_object, parse_time
from bot.networks.json_values import JsonObject, get_number, get_object, get_objects
from bot.networks.values import AccountIdentity, AuthorProfile, Post, Summons, UnreadableRow

LANGS_MAX = 3  # https://github.com/bluesky-social/atproto/blob/main/lexicons/app/bsky/feed/post.json
_INVALID_HANDLE = "handle.invalid"  # a handle that nobody has any more, https://atproto.com/specs/handle
_RAW_MAX_CHARS = 20_000
_MENTION_FEATURE = "app.bsky.richtext.facet#mention"
_GATED = "The author of this conversation limits who can reply, and this account is not among them."
_QUOTABLE = "You can still quote the post by hand on Bluesky."
_BLOCKED = "The author has blocked this account."
_BLOCKING = "This account has blocked the author."


def parse_view(row: JsonObject, me: AccountIdentity) -> Post:
    """Return a post as `me` sees it. Raises `ValueError` if it has no address, no author or no text.

    `row` is a view of the AppView, a notification, or a record with its author.
    """
    uri = uris.parse_post_uri(row.get("uri"))
    record, author = get_object(row, "record"), get_object(row, "author")
    if uri is None:
        raise ValueError("it has no address of a post")
    if get_text(author, "did") != uri.did:
        raise ValueError("its author is not the one that its address names")
    if not isinstance(record.get("text"), str):
        raise ValueError("its record has no text")  # noqa: TRY004
    reply = parse_reply(record)
    parent = uris.parse_uri(get_object(reply, "parent").get("uri"))
    root = uris.parse_uri(get_object(reply, "root").get("uri")) or parent
    embedded = _embedded(row, record)
    langs = parse_langs(record)
    to_third = parent is not None and parent.did not in {me.id, uri.did}
    return Post(
        network=me.network,
        id=str(uri),
        latest_id=str(uri),
        conversation_id=str(root or uri),
        author_id=uri.did,
        text=record["text"],
        posted_at=posted_at(row, record, uri),
        url=uris.post_link(str(uri)),
        in_reply_to=str(parent) if parent else None,
        quoted=embedded.quoted,
        lang=langs[0] if langs else None,
        media=embedded.media,
        summons=_summons(record, me, parent.did if parent else None),
        mentioned_ids=_mentioned_dids(record),
        answers="" if to_third else None,
        quotes_us=embedded.quoted_did == me.id,
        quoted_handle=embedded.quoted_handle,
        edit_keeps_id=True,
        order_key=uri.rkey,
        reply_context=_reply_context(row, reply, langs),
        no_reply_because=why_no_reply(row),
    )


def parse_rows(
    rows: Iterable[JsonObject], me: AccountIdentity
) -> tuple[tuple[Post, ...], tuple[UnreadableRow, ...]]:
    """Return the posts of `rows` in their order, each once, and the rows that cannot be read."""
    posts, bad = dict[str, Post](), list[UnreadableRow]()
    for row in rows:
        try:
            post = parse_view(row, me)
        except (ValueError, TypeError, RecursionError, OverflowError) as error:
            uri = uris.parse_post_uri(row.get("uri"))
            raw = json.dumps(row, ensure_ascii=False)[:_RAW_MAX_CHARS]
            bad.append(UnreadableRow(raw, str(error), str(uri) if uri else None))
        else:
            posts.setdefault(post.id, post)
    return tuple(posts.values()), tuple(bad)


def parse_profile(row: JsonObject) -> AuthorProfile | None:
    """Return the person of a profile; None if it does not say who that is."""
    did, handle = get_text(row, "did"), get_text(row, "handle")
    if not uris.is_did(did):
        return None
    avatar = get_text(row, "avatar")
    return AuthorProfile(
        id=did,
        handle=handle if uris.is_handle(handle) and handle != _INVALID_HANDLE else did,
        name=get_text(row, "displayName") or handle,
        followers=get_number(row, "followersCount"),
        verified=get_text(get_object(row, "verification"), "verifiedStatus") == "valid",
        avatar_url=avatar if avatar.startswith("https://") else None,
    )


def parse_reply(record: JsonObject) -> JsonObject:
    """Return the record's `reply` if it names a parent, else an empty object."""
    reply = get_object(record, "reply")
    return reply if uris.parse_uri(get_object(reply, "parent").get("uri")) is not None else {}


def parse_langs(record: JsonObject) -> list[str]:
    """Return the languages that the author of a post has named."""
    return [
        lang for lang in get_texts(record, "langs") if re.fullmatch(r"[A-Za-z]{2,3}(-[\w-]{1,30})?", lang)
    ][:LANGS_MAX]


def parse_reference(row: JsonObject) -> dict[str, str] | None:
    """Return `{uri, cid}` if `row` has both, else None: https://atproto.com/specs/lexicon, strongRef."""
    uri, cid = uris.parse_uri(row.get("uri")), get_text(row, "cid")
    return {"uri": str(uri), "cid": cid} if uri is not None and cid else None


def posted_at(row: JsonObject, record: JsonObject, uri: uris.RecordUri) -> datetime:
    """Return when a post was written: its author's claim, but not after the AppView saw it.

    A claim that cannot be read counts as made when the post was seen, else at the time in its key.
    """
    seen = parse_time(get_text(row, "indexedAt"))
    claimed = parse_time(get_text(record, "createdAt"))
    if claimed is not None and seen is not None:
        return min(claimed, seen)
    return claimed or seen or uris.tid_time(uri.rkey) or datetime.fromtimestamp(0, UTC)


def why_no_reply(row: JsonObject) -> str | None:
    """Return a sentence if the view says that we may not answer the post, else None.

    The PDS takes such a reply all the same, and nobody in the conversation ever sees it.
    """
    to_author = get_object(row, "author", "viewer")
    if to_author.get("blockedBy"):
        return _BLOCKED
    if to_author.get("blocking") or to_author.get("blockingByList"):
        return _BLOCKING
    viewer = get_object(row, "viewer")
    if not viewer.get("replyDisabled"):
        return None
    return _GATED if viewer.get("embeddingDisabled") else f"{_GATED} {_QUOTABLE}"


def merge_view(notification: JsonObject, views: Mapping[str, JsonObject]) -> JsonObject:
    """Return the notification with what the post's view has besides: attachments, and who may reply."""
    view = views.get(get_text(notification, "uri"))
    if view is None:
        return notification
    kept = {name: value for name, value in notification.items() if name in {"author", "indexedAt", "reason"}}
    return {**view, **kept}


def views_below(thread: JsonObject) -> list[JsonObject]:
    """Return the posts below the top one of a `threadViewPost`; what is blocked or gone is left out."""
    found, left = list[JsonObject](), get_objects(thread, "replies")
    while left:
        node = left.pop()
        if post := get_object(node, "post"):
            found.append(post)
        left += get_objects(node, "replies")
    return found


def context_cid(reply_context: str) -> str:
    """Return the version of the post that a `reply_context` names; empty if it names none."""
    try:
        return get_text(parse_object(reply_context.encode()), "cid")
    except ValueError:
        return ""


def _embedded(row: JsonObject, record: JsonObject) -> Embedded:
    return parse_embed(get_object(row, "embed") or get_object(record, "embed"))


def _summons(record: JsonObject, me: AccountIdentity, parent_did: str | None) -> Summons:
    if me.id in _mentioned_dids(record):
        return "explicit"
    named = re.escape(me.handle)
    if re.search(rf"(?<![\w.@-])@{named}(?![\w-]|\.\w)", get_text(record, "text"), re.IGNORECASE):
        return "explicit"
    return "implicit" if parent_did == me.id else "none"


def _mentioned_dids(record: JsonObject) -> tuple[str, ...]:
    """Whom the post notifies: a handle that is only typed notifies nobody."""
    features = [row for facet in get_objects(record, "facets") for row in get_objects(facet, "features")]
    return tuple(get_text(row, "did") for row in features if row.get("$type") == _MENTION_FEATURE)


def _reply_context(row: JsonObject, reply: JsonObject, langs: list[str]) -> str:
    """What an answer needs of the post, for this package only: its version, its thread, its languages."""
    context = {
        "cid": get_text(row, "cid"),
        "root": parse_reference(get_object(reply, "root")),
        "langs": langs,
    }
    return json.dumps(context, separators=(",", ":"))
