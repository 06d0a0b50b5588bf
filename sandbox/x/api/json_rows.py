"""Posts and users as X's JSON."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sandbox.x.api.fields import EMPTY_POST_FIELDS, EMPTY_USER_FIELDS, EXPANSIONS, renamed
from sandbox.x.api.problems import missing, suspended, unauthorised_row
from sandbox.x.faults import Vocabulary
from sandbox.x.state.post_factory import media_key
from sandbox.x.state.post_index import references
from sandbox.x.state.posts import Media, User, XPost
from sandbox.x.state.text import is_long, shown, shown_whole
from sandbox.x.state.world import MAX_EDITS, XWorld

EDIT_WINDOW = timedelta(hours=1)  # payloads show an hour; the documentation says 30 minutes

Row = dict[str, Any]


def stamp(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z"


def media_of(post: XPost) -> tuple[tuple[str, Media], ...]:
    """Return a post's media with their media keys."""
    return tuple((media_key(post.first_id, number, one), one) for number, one in enumerate(post.media, 1))


def _poll_id(post: XPost) -> str:
    return str(int(post.first_id) + 1000)


def _attachments(post: XPost) -> Row | None:
    keys = {"media_keys": [key for key, _ in media_of(post)]} if post.media else {}
    return (keys | ({"poll_ids": [_poll_id(post)]} if post.poll else {})) or None


def _note(world: XWorld, post: XPost) -> Row:
    whole = shown_whole(post.composed)
    entities = _unwound(world, whole.entities)
    return {"text": whole.text} | ({"entities": entities} if entities else {})


def _entities(world: XWorld, post: XPost) -> dict[str, Any] | None:
    if post.entities is not None:
        return post.entities or None
    return _unwound(world, shown(post.composed).entities) or None


def _unwound(world: XWorld, entities: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """Return entities with the final address of each link, which X resolves."""
    urls = [
        one | {"status": 200, "unwound_url": world.redirects.get(one["expanded_url"], one["expanded_url"])}
        if "media_key" not in one
        else one
        for one in entities.get("urls", [])
    ]
    return entities | ({"urls": urls} if urls else {})


def _edit_controls(world: XWorld, post: XPost) -> Row:
    versions = world.versions(post.id)
    first = world.posts[versions[0]]
    return {
        "edits_remaining": MAX_EDITS + 1 - len(versions),
        "is_edit_eligible": post.reply_to is None,
        "editable_until": stamp(first.created_at + EDIT_WINDOW),
    }


def _post_metrics(world: XWorld, post: XPost) -> Row:
    counted = {"retweet_count": "retweeted", "reply_count": "replied_to", "quote_count": "quoted"}
    unknown = dict.fromkeys(("like_count", "bookmark_count", "impression_count"), 0)
    return {name: world.references_to(post, kind) for name, kind in counted.items()} | unknown


POST_MAKERS: dict[str, Callable[[XWorld, XPost], Any]] = {
    "attachments": lambda _, p: _attachments(p),
    "author_id": lambda _, p: p.author_id,
    "conversation_id": lambda _, p: p.conversation_id,
    "created_at": lambda _, p: stamp(p.created_at),
    "display_text_range": lambda _, p: list(shown(p.composed).display_range),
    "edit_controls": _edit_controls,
    "edit_history_tweet_ids": lambda w, p: list(w.versions(p.id)),
    "entities": _entities,
    "id": lambda _, p: p.id,
    "in_reply_to_user_id": lambda _, p: p.reply_to_user_id,
    "lang": lambda _, p: p.lang,
    "note_tweet": lambda w, p: _note(w, p) if is_long(p.composed) else None,
    "possibly_sensitive": lambda _, _p: False,
    "public_metrics": _post_metrics,
    "referenced_tweets": lambda _, p: [{"type": kind, "id": ref} for kind, ref in references(p)] or None,
    "reply_settings": lambda _, _p: "everyone",
    "text": lambda _, p: shown(p.composed).text,
}
ALWAYS_IN_POST = frozenset({"id", "text", "edit_history_tweet_ids"})
POST_FIELDS = frozenset(
    [
        "article",
        "card_uri",
        "community_id",
        "context_annotations",
        "geo",
        "media_metadata",
        "non_public_metrics",
        "organic_metrics",
        "promoted_metrics",
        "scopes",
        "source",
        "withheld",
    ]
)
POST_FIELDS = EMPTY_POST_FIELDS | POST_MAKERS.keys()

USER_MAKERS: dict[str, Callable[[User], Any]] = {
    "created_at": lambda u: stamp(u.created_at),
    "description": lambda _: "",
    "id": lambda u: u.id,
    "name": lambda u: u.name,
    "profile_image_url": lambda u: u.avatar_url,
    "protected": lambda u: u.protected,
    "public_metrics": lambda u: {
        "followers_count": u.followers,
        "following_count": 0,
        "tweet_count": 0,
        "listed_count": 0,
    },
    "username": lambda u: u.handle,
    "verified": lambda u: u.verified,
    "verified_type": lambda u: "blue" if u.verified else "none",
}
ALWAYS_IN_USER = frozenset({"id", "name", "username"})
USER_FIELDS = EMPTY_USER_FIELDS | USER_MAKERS.keys()


@dataclass(frozen=True, slots=True)
class Wanted:
    """The fields and expansions that a request asks for, in old names."""

    post_fields: frozenset[str] = frozenset()
    user_fields: frozenset[str] = frozenset()
    media_fields: frozenset[str] = frozenset()
    expansions: frozenset[str] = frozenset()
    vocabulary: Vocabulary = "tweet"


def post_row(world: XWorld, post: XPost, wanted: Wanted) -> Any:  # noqa: ANN401 - a damaged row is any JSON
    """Return a post as JSON, or the damaged row that the world has for it."""
    fields = ALWAYS_IN_POST | wanted.post_fields | {EXPANSIONS[name] for name in wanted.expansions}
    row: Any = _filled((name, POST_MAKERS[name](world, post)) for name in _sorted(fields, POST_MAKERS))
    if post.id in world.raw_rows:
        damage = world.raw_rows[post.id]
        row = damage(row) if callable(damage) else damage
    return renamed(row, wanted.vocabulary) if isinstance(row, dict) else row


def user_row(user: User, wanted: Wanted) -> Row:
    """Return a user as JSON."""
    fields = _sorted(wanted.user_fields | ALWAYS_IN_USER, USER_MAKERS)
    return {name: USER_MAKERS[name](user) for name in fields}


def includes(
    world: XWorld, posts: Collection[XPost], wanted: Wanted
) -> tuple[dict[str, list[Any]], list[Row]]:
    """Return `includes` for the expansions, and an `errors` row for everything that no longer exists."""
    errors: list[Row] = []
    referred: dict[str, XPost] = {}
    if wanted.expansions & {"referenced_tweets.id", "referenced_tweets.id.author_id"}:
        for post_id in dict.fromkeys(ref for post in posts for _, ref in references(post)):
            if (error := why_no_post(world, post_id, "referenced_tweets.id")) is None:
                referred[post_id] = world.posts[post_id]
            else:
                errors.append(error)
    people = [world.user_by_id(each) for each in _people(posts, referred.values(), wanted.expansions)]
    everything: dict[str, list[Any]] = {
        "users": [user_row(user, wanted) for user in people if user],
        "tweets": [post_row(world, post, wanted) for post in referred.values()],
        "media": [
            _media_row(key, one, wanted)
            for post in posts
            for key, one in media_of(post)
            if "attachments.media_keys" in wanted.expansions
        ],
        "polls": [
            _poll_row(post) for post in posts if post.poll and "attachments.poll_ids" in wanted.expansions
        ],
    }
    return renamed({key: rows for key, rows in everything.items() if rows}, wanted.vocabulary), errors


def _media_row(key: str, one: Media, wanted: Wanted) -> Row:
    """Return media as JSON: key and type, and other fields on request."""
    address = {"url" if one.kind == "photo" else "preview_image_url": one.url}
    known = address | ({"alt_text": one.alt} if one.alt else {})
    return {"media_key": key, "type": one.kind} | {
        name: value for name, value in known.items() if name in wanted.media_fields
    }


def _poll_row(post: XPost) -> Row:
    options = [{"position": place, "label": label, "votes": 0} for place, label in enumerate(post.poll, 1)]
    return {"id": _poll_id(post), "options": options}


def why_no_post(world: XWorld, post_id: str, parameter: str) -> Row | None:
    """Return the `errors` row for a post that the brand cannot see; None if it can."""
    resource = "tweet" if world.faults.vocabulary == "tweet" else "post"
    if (post := world.posts.get(post_id)) is None:
        return missing(resource, parameter, post_id)
    author = world.user_by_id(post.author_id)
    if author and author.suspended:
        return suspended(parameter, post_id)
    return unauthorised_row(resource, parameter, post_id) if world.is_hidden(post.author_id) else None


def why_no_user(user: User | None, parameter: str, value: str) -> Row | None:
    """Return the `errors` row for a hidden user; None for others. Protected users are not hidden."""
    if user is None:
        return missing("user", parameter, value)
    return suspended(parameter, value) if user.suspended else None


def _people(posts: Iterable[XPost], referred: Iterable[XPost], expansions: frozenset[str]) -> dict[str, None]:
    ids: dict[str, None] = {}
    for post in posts:
        if "author_id" in expansions:
            ids[post.author_id] = None
        if "in_reply_to_user_id" in expansions and post.reply_to_user_id:
            ids[post.reply_to_user_id] = None
        if "entities.mentions.username" in expansions:
            ids.update(dict.fromkeys(post.mentioned_ids))
    if "referenced_tweets.id.author_id" in expansions:
        ids.update((post.author_id, None) for post in referred)
    return ids


def _sorted(fields: frozenset[str], makers: Collection[str]) -> list[str]:
    return sorted(name for name in fields if name in makers)


def _filled(pairs: Iterable[tuple[str, Any]]) -> Row:
    return {name: value for name, value in pairs if value is not None}
