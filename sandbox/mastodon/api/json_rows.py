"""Accounts, posts and notifications as JSON.

https://docs.joinmastodon.org/entities/
"""

from datetime import UTC, datetime
from typing import Any

from sandbox.mastodon.state.statuses import Account, Notification, Status
from sandbox.mastodon.state.world import MastodonWorld

Json = dict[str, Any]


def time(at: datetime | None) -> str | None:
    return (
        None if at is None else at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    )


def account(world: MastodonWorld, one: Account) -> Json:
    host = one.domain or world.domain
    row: Json = {
        "id": one.id,
        "username": one.username,
        "acct": one.acct,
        "display_name": one.name,
        "locked": one.locked,
        "bot": one.bot,
        "created_at": time(one.created_at),
        "note": one.note,
        "url": f"https://{host}/@{one.username}",
        "uri": f"https://{host}/users/{one.username}",
        "avatar": f"https://{host}/avatars/{one.username}.png",
        "followers_count": one.followers,
        "following_count": 0,
        "statuses_count": 0,
        "emojis": [],
        "fields": [],
    }
    if world.flavour.tells_consent:
        row |= {"indexable": one.indexable, "noindex": one.noindex, "discoverable": True}
    return row


def own_account(world: MastodonWorld, one: Account) -> Json:
    """The account as its own token sees it, with its defaults."""
    source: Json = {
        "privacy": one.default_visibility,
        "sensitive": False,
        "language": one.default_language,
        "note": one.note,
        "fields": [],
    }
    return {**account(world, one), "source": source}


def status(world: MastodonWorld, one: Status) -> Any:  # noqa: ANN401 - a damaged row is any JSON
    row = _status(world, one)
    if one.id in world.raw_rows:
        damaged = world.raw_rows[one.id]
        return damaged(row) if callable(damaged) else damaged
    return row


def _status(world: MastodonWorld, one: Status) -> Json:
    parent = world.index.find(one.reply_to) if one.reply_to else None
    boosted = world.index.find(one.reblog_of) if one.reblog_of else None
    row: Json = {
        "id": one.id,
        "uri": one.uri,
        "url": one.url,
        "created_at": time(one.created_at),
        "edited_at": time(one.edited_at),
        "in_reply_to_id": parent.id if parent else None,
        "in_reply_to_account_id": parent.account_id if parent else None,
        "sensitive": bool(one.spoiler),
        "spoiler_text": one.spoiler,
        "visibility": one.visibility,
        "language": one.language,
        "content": one.content,
        "account": account(world, world.people[one.account_id]),
        "reblog": _status(world, boosted) if boosted else None,
        "mentions": [_mention(world, world.people[each]) for each in one.mentions],
        "tags": [{"name": tag, "url": f"https://{world.domain}/tags/{tag}"} for tag in one.tags],
        "emojis": [{"shortcode": name, "url": f"https://{world.domain}/{name}.png"} for name in one.emojis],
        "media_attachments": [
            {
                "id": each.upload or f"{one.id}-{number}",
                "type": each.kind,
                "url": each.url,
                "preview_url": each.url,
                "description": each.alt,
            }
            for number, each in enumerate(one.media)
        ],
        "poll": _poll(one),
        "replies_count": 0,
        "reblogs_count": 0,
        "favourites_count": 0,
    }
    if world.flavour.api_version is not None:
        row["quote"] = _quote(world, one)
    return row


def _quote(world: MastodonWorld, one: Status) -> Json | None:
    quoted = world.index.find(one.quotes) if one.quotes else None
    return {"state": "accepted", "quoted_status": _status(world, quoted)} if quoted else None


def _poll(one: Status) -> Json | None:
    if not one.poll:
        return None
    return {
        "id": one.id,
        "multiple": False,
        "options": [{"title": each, "votes_count": 0} for each in one.poll],
    }


def _mention(world: MastodonWorld, one: Account) -> Json:
    host = one.domain or world.domain
    return {
        "id": one.id,
        "username": one.username,
        "acct": one.acct,
        "url": f"https://{host}/@{one.username}",
    }


def notification(world: MastodonWorld, one: Notification) -> Json:
    about = world.index.find(one.status_id)
    row: Json = {
        "id": one.id,
        "type": one.kind,
        "created_at": time(one.created_at),
        "account": account(world, world.people[one.by]),
        "status": status(world, about) if about else None,
    }
    if world.people[one.by].filtered:
        row["filtered"] = True
    return row
