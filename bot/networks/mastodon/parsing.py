"""A server's posts and accounts as Heard's values. Pure: https://docs.joinmastodon.org/entities/Status/."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.networks.html_text import html_to_text
from bot.networks.json_values import JsonObject, get_number, get_object, get_objects
from bot.networks.mastodon.ids import PostContext, sort_key
from bot.networks.mastodon.json_values import get_id, get_text, get_time
from bot.networks.values import (
    AccountIdentity,
    AuthorProfile,
    Media,
    MediaKind,
    Post,
    Summons,
    UnreadableRow,
    Visibility,
)

_RAW_MAX_CHARS = 20_000
_POLL_CHOICES_MAX = 20
VISIBILITY: Mapping[str, Visibility] = {
    "public": "public",
    "unlisted": "unlisted",
    "private": "followers",
    "direct": "direct",
}
API_VISIBILITY: Mapping[Visibility, str] = {ours: theirs for theirs, ours in VISIBILITY.items()}
_MEDIA_KINDS: Mapping[str, MediaKind] = {"image": "photo", "video": "video", "gifv": "gif"}
_HANDLE_IN_FRONT = re.compile(r"@(\w+(?:[.-]+\w+)*)(?:@([\w.-]*\w))?(?:\s+|\Z)")
_LANGUAGE = re.compile(r"([a-z]{2,3})(?:[-_].*)?", re.IGNORECASE)
_NO_BOT = re.compile(r"#nobots?\b", re.IGNORECASE)

Parent = tuple[str | None, str]
"""The address of the post that a post answers (None: none, or unknown), and that of their conversation."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who reads: our account, its id on its server, and the domain of that server."""

    me: AccountIdentity
    local_id: str
    host: str

    def handle_of(self, account: JsonObject) -> str:
        """Return a handle with its domain, as in `ana@books.example`; empty if there is none."""
        acct = get_text(account, "acct")
        return acct if not acct or "@" in acct else f"{acct}@{self.host}"


def parse_post(
    row: JsonObject, viewer: Viewer, parent_of: Callable[[JsonObject], Parent]
) -> Post | UnreadableRow:
    """Return the post in `row`; if it cannot be read, the row as it is."""
    try:
        return _build_post(row, viewer, parent_of)
    except ValueError as error:
        return UnreadableRow(_raw_text(row), str(error), get_text(row, "uri") or None)


def _build_post(row: JsonObject, viewer: Viewer, parent_of: Callable[[JsonObject], Parent]) -> Post:
    uri, local_id, account = get_text(row, "uri"), get_id(row), get_object(row, "account")
    posted_at, author = get_time(row, "created_at"), viewer.handle_of(account)
    if not uri or not local_id:
        raise ValueError("it has no address or no id")
    if not author:
        raise ValueError("it has no author")
    if posted_at is None:
        raise ValueError("it has no time")
    reposted = isinstance(row.get("reblog"), dict)
    edited_at = get_time(row, "edited_at")
    in_reply_to, conversation = (None, uri) if reposted else parent_of(row)
    typed = _typed_text(row, viewer)
    quoted = _quoted(row)
    visibility = VISIBILITY.get(get_text(row, "visibility"))
    context = PostContext(
        server=viewer.host,
        id=local_id,
        account=get_id(account),
        acct=author,
        edited=edited_at.isoformat() if edited_at else "",
    )
    return Post(
        network=viewer.me.network,
        id=uri,
        latest_id=uri,
        conversation_id=conversation,
        author_id=author.lower(),
        text=typed.text,
        posted_at=posted_at,
        url=_address(row, "url") or uri,
        in_reply_to=in_reply_to,
        quoted=get_text(quoted, "uri") or None,
        is_repost=reposted,
        lang=parse_language(row),
        media=parse_media(row),
        summons="none" if reposted else _summons(row, typed, quoted, viewer),
        addressed=typed.addressed,
        mentioned_ids=tuple(viewer.handle_of(each).lower() for each in get_objects(row, "mentions")),
        answers=_answered_handle(row, viewer),
        quotes_us=get_id(get_object(quoted, "account")) == viewer.local_id,
        quoted_handle=viewer.handle_of(get_object(quoted, "account")) or None,
        edit_keeps_id=True,
        order_key=sort_key(local_id),
        version_key=(edited_at or posted_at).isoformat(timespec="microseconds"),
        visibility=visibility or "direct",
        content_warning=get_text(row, "spoiler_text") or None,
        reply_context=context.pack(),
        no_reply_because=None if visibility else "Their server does not say who can see this post.",
    )


@dataclass(frozen=True, slots=True)
class _Typed:
    """The words of a post; the handles that a composer put in front of them; whether we are named in them."""

    text: str
    addressed: tuple[str, ...]
    names_us: bool


def _typed_text(row: JsonObject, viewer: Viewer) -> _Typed:
    whole = html_to_text(get_text(row, "content"))
    mentions = get_objects(row, "mentions")
    names = {name.lower(): viewer.handle_of(each) for each in mentions for name in _names_of(each, viewer)}
    ours = {name for each in mentions if get_id(each) == viewer.local_id for name in _names_of(each, viewer)}
    text, addressed = whole, list[str]()
    while get_id(row, "in_reply_to_id") and (found := _HANDLE_IN_FRONT.match(text)):
        handle = names.get(found[0].strip()[1:].lower())
        if handle is None:
            break
        addressed.append(handle)
        text = text[found.end() :]
    named = any(
        re.search(rf"(?<![\w@])@{re.escape(name)}(?![\w@-])", text, re.IGNORECASE) is not None
        for name in ours
    )
    if not text.strip() and not get_objects(row, "media_attachments"):  # handles alone are all that was typed
        return _Typed(whole, (), bool(ours))
    return _Typed(text, tuple(dict.fromkeys(addressed)), named)


def _names_of(mention: JsonObject, viewer: Viewer) -> set[str]:
    """Everything that a text may call a mentioned account, without the @."""
    found = {get_text(mention, "username"), get_text(mention, "acct"), viewer.handle_of(mention)}
    return {name.lower() for name in found if name}


def _summons(row: JsonObject, typed: _Typed, quoted: JsonObject, viewer: Viewer) -> Summons:
    """How the author called us: by typing our handle, or by answering or quoting us."""
    is_mentioned = any(get_id(each) == viewer.local_id for each in get_objects(row, "mentions"))
    if is_mentioned and (typed.names_us or not get_id(row, "in_reply_to_id")):
        return "explicit"
    answers_us = get_id(row, "in_reply_to_account_id") == viewer.local_id
    quotes_us = get_id(get_object(quoted, "account")) == viewer.local_id
    return "implicit" if is_mentioned or answers_us or quotes_us else "none"


def _answered_handle(row: JsonObject, viewer: Viewer) -> str | None:
    whom = get_id(row, "in_reply_to_account_id")
    if not whom or whom in {viewer.local_id, get_id(get_object(row, "account"))}:
        return None
    named = (viewer.handle_of(each) for each in get_objects(row, "mentions") if get_id(each) == whom)
    return next(named, "")


def _quoted(row: JsonObject) -> JsonObject:
    """The post that it quotes: Mastodon's `quote.quoted_status`, or the post itself as forks have it."""
    quote = get_object(row, "quote")
    return get_object(quote, "quoted_status") or (quote if get_text(quote, "uri") else {})


def parse_media(row: JsonObject) -> tuple[Media, ...]:
    """Return what is attached to the post in `row`; a poll last."""
    attached = [
        Media(
            _MEDIA_KINDS.get(get_text(each, "type"), "media"),
            _picture(each),
            get_text(each, "description") or None,
        )
        for each in get_objects(row, "media_attachments")
    ]
    options = get_objects(get_object(row, "poll"), "options")[:_POLL_CHOICES_MAX]
    if options:
        attached.append(Media("poll", choices=tuple(get_text(each, "title") for each in options)))
    return tuple(attached)


def _picture(row: JsonObject) -> str | None:
    """A picture's address, or that of a still; the file of a video or a sound is no picture."""
    shown = _address(row, "preview_url")
    if shown is None and get_text(row, "type") == "image":
        shown = _address(row, "url")
    return shown if shown is not None and shown.startswith("https://") else None


def parse_profile(row: JsonObject, viewer: Viewer) -> AuthorProfile | None:
    """Return the account in `row`; None if it has no handle.

    `protected` stays false: a locked account approves its followers, and its posts may be public.
    """
    handle = viewer.handle_of(row)
    if not handle:
        return None
    return AuthorProfile(
        id=handle.lower(),
        handle=handle,
        name=get_text(row, "display_name") or get_text(row, "username"),
        followers=get_number(row, "followers_count"),
        avatar_url=_address(row, "avatar"),
    )


def allows_finding(account: JsonObject) -> bool:
    """Whether an account's posts may be found by a search: `indexable` and not `noindex` or `#nobot`.

    `indexable` is only asked for where the server knows it (Mastodon 4.2):
    https://docs.joinmastodon.org/entities/Account/#indexable
    """
    if account.get("indexable") is False or account.get("noindex") is True:
        return False
    fields = [get_text(each, "value") for each in get_objects(account, "fields")]
    return not any(_NO_BOT.search(html_to_text(each)) for each in (get_text(account, "note"), *fields))


def parse_language(row: JsonObject) -> str | None:
    """Return the language that the author of the post in `row` named, without its region."""
    found = _LANGUAGE.fullmatch(get_text(row, "language"))
    return found[1].lower() if found else None


def _address(row: JsonObject, name: str) -> str | None:
    found = get_text(row, name)
    return found if re.fullmatch(r"https?://[^\s<>|]+", found) else None


def _raw_text(row: object) -> str:
    try:
        return json.dumps(row)[:_RAW_MAX_CHARS]
    except (ValueError, RecursionError):
        return "(cannot be written down)"


def same_words(one: str, other: str) -> bool:
    """Whether two texts say the same, but for blanks."""
    return one.split() == other.split()
