"""Posts and people as X writes them down, read into ours. Pure; a row that makes no sense becomes `Bad`.

Since August 2026 X has two vocabularies and uses both: `tweet.fields`, `referenced_tweets`, `note_tweet` in
its prose, `post.fields`, `referenced_posts`, `note_post` in its OpenAPI. We ask in one and read either.
"""

import json
import re
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from typing import Literal

from bot.networks.json_values import JsonObject
from bot.networks.json_values import get_object as _object
from bot.networks.json_values import get_objects as _objects
from bot.networks.values import (
    AccountIdentity,
    AuthorProfile,
    Position,
    Post,
    PostPage,
    Summons,
    UnreadableRow,
)
from bot.networks.x.content import is_of_media, parse_content, parse_media, typed_text_start
from bot.networks.x.ids import CLOCK_SKEW, order_key, parse_id, post_url, time_of_id
from bot.networks.x.json_values import get_either as _either
from bot.networks.x.json_values import get_full_text as _words
from bot.networks.x.json_values import get_note as _note
from bot.networks.x.json_values import get_text as _text
from bot.networks.x.text import comparable_text, replace_unstorable, unescape

FieldVocabulary = Literal["tweet", "post"]

_POST_FIELDS = (
    "attachments,author_id,conversation_id,created_at,display_text_range,edit_history_tweet_ids,entities,"
    "in_reply_to_user_id,lang,note_tweet,referenced_tweets"
)
_MISSING_PROBLEM_TYPES = ("/resource-not-found", "/not-authorized-for-resource")
_NESTING_MAX = 200
_BRACKET = re.compile(rb'(?s)"(?:[^"\\]|\\.)*"?|[][{}]')  # or a string, whose brackets do not count
_RAW_MAX_CHARS = 4000  # characters of a bad row worth keeping
# https://docs.x.com/x-api/fundamentals/expansions. X lists no price for media and polls that an expansion
# brings, and bills the users that it brings at ten times what a mention costs: so no users are asked for.
MEDIA_PARAMS = {
    "expansions": "attachments.media_keys,attachments.poll_ids",
    "media.fields": "alt_text,preview_image_url,type,url",
}

_POST_LINK_PATTERN = re.compile(
    r"(?i)https?://(?:www\.)?(?:x|twitter)\.com/([a-z0-9_]{1,15})/status/([0-9]+)"
)
_LANGUAGE_PATTERN = re.compile(r"(?!und|zxx|art|q..)[a-z]{2,3}(-[A-Za-z]{2,4}){0,2}|qu")


def post_fields(word: FieldVocabulary) -> str:
    """What we want to know of each post, in one vocabulary."""
    return _POST_FIELDS.replace("tweet", word)


def parse_json(body: bytes) -> JsonObject:
    """The JSON object in `body`; ValueError if there is none. One absurd number does not spoil it."""
    if (
        _nesting_depth(body) > _NESTING_MAX
    ):  # before Python's own limit is met, beyond which nothing else may happen
        raise ValueError("nested too deep")
    found = json.loads(body.decode("utf-8-sig", "replace"), strict=False, parse_int=_number)
    if not isinstance(found, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - the answer's value is wrong, not our types
    return found


def _nesting_depth(body: bytes) -> int:
    """How many brackets are open at once in that JSON, at most."""
    depth = deepest = 0
    for token in _BRACKET.finditer(body):
        if token[0] in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif token[0] in b"]}":
            depth -= 1
    return deepest


def get_rows(answer: JsonObject) -> list[object]:
    """Return the rows of `answer`, or its only row; X omits `data` if there are none.

    Raises `ValueError` if `data` is neither a list nor an object.
    """
    found = answer.get("data")
    if found is None:
        return []
    if not isinstance(found, list | dict):
        raise ValueError("data is neither a list nor an object")  # noqa: TRY004
    return found if isinstance(found, list) else [found]


def get_meta(answer: JsonObject, name: str) -> str | None:
    """One word of what X says about the page."""
    return _text(_object(answer, "meta"), name)


def get_count(answer: JsonObject) -> int:
    """How many posts a page of X's counts stands for; 0 if it does not say."""
    meta = _object(answer, "meta")
    found = next((meta[name] for name in ("total_tweet_count", "total_post_count") if name in meta), 0)
    return found if type(found) is int else 0


def parse_page(answer: JsonObject, me: AccountIdentity, *, first: bool = True) -> PostPage:
    """Read a page of posts; only the first one has the position for the next reading."""
    read_rows = [parse_post(row, me, answer) for row in get_rows(answer)]
    good = tuple(entry for entry in read_rows if isinstance(entry, Post))
    bad = tuple(entry for entry in read_rows if isinstance(entry, UnreadableRow))
    newest = parse_id(get_meta(answer, "newest_id"))
    if newest is None:
        newest = max((entry.latest_id for entry in good), key=int, default=None)
    lowest = min((entry.id for entry in good), key=int, default=None)
    return PostPage(
        good,
        bad,
        Position(newest) if first and newest else None,
        Position(lowest) if lowest else None,
    )


def parse_post(row: object, me: AccountIdentity, answer: JsonObject) -> Post | UnreadableRow:
    """Return one row as a post; `answer` is the whole response, which also holds authors, media and polls.

    Never raises: a row that cannot be read comes back as an `UnreadableRow` with the reason.
    """
    try:
        if not isinstance(row, dict):
            raise ValueError("not an object")  # noqa: TRY004, TRY301
        return _build_post(row, me, answer)
    except (ValueError, OverflowError, RecursionError) as error:
        return UnreadableRow(_raw_text(row), str(error) or type(error).__name__, _id_of(row))


def parse_profile(row: object) -> AuthorProfile | None:
    """One row as a person; None if it names nobody."""
    if not isinstance(row, dict):
        return None
    known, handle = parse_id(row.get("id")), _text(row, "username")
    if known is None or not handle:
        return None
    followers = _object(row, "public_metrics").get("followers_count")
    avatar = _text(row, "profile_image_url") or ""
    return AuthorProfile(
        id=known,
        handle=handle,
        name=_text(row, "name") or handle,
        followers=followers if type(followers) is int and 0 <= followers < 1 << 53 else None,
        verified=row.get("verified") is True,
        protected=row.get("protected") is True,
        avatar_url=avatar if re.fullmatch(r"https?://\S+", avatar) else None,
    )


def is_reply_to(row: object, to: Collection[str], text: str | None, since: datetime) -> bool:
    """Whether `row` answers one of `to`, is not older than `since`, and says `text` (None: whatever)."""
    if not isinstance(row, dict) or _referenced(row, "replied_to") not in to:
        return False
    made = _parse_time(row, _id_of(row) or "")
    if made is not None and made < since - CLOCK_SKEW:
        return False
    return text is None or comparable_text(unescape(_words(row)), _link_targets(row)) == comparable_text(
        text, {}
    )


def stable_id(row: object) -> str | None:
    """The id that `row` keeps through edits: the first of its history that is one, else its own."""
    return next(iter(edit_history(row)), None) or _id_of(row)


def edit_history(row: object) -> list[str]:
    """The ids of a post through its edits, oldest first. Creates have been seen to answer `[""]`."""
    found = _either(row, "edit_history_tweet_ids") if isinstance(row, dict) else None
    known = [parse_id(entry) for entry in found] if isinstance(found, list) else []
    return [entry for entry in known if entry is not None]


def says_deleted(body: bytes) -> bool:
    """Whether the answer to a deletion says that it was done."""
    try:
        return _object(parse_json(body), "data").get("deleted") is True
    except ValueError:
        return False


def get_problems(answer: JsonObject) -> list[JsonObject]:
    """What X could not give: a 200 may be partial, and says so only here."""
    found = answer.get("errors")
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []


def has_result(answer: JsonObject, asked: Collection[str] | None) -> bool:
    """Whether `answer` says what it was asked for: rows, or honestly that there are none.

    X answers 200 with nothing but `errors` while it cannot read, too, so that the absence of rows alone says
    nothing. Of a list (`asked` is None) none means a count of 0, an empty list, or that the next page goes
    on; of a lookup of the ids `asked`, that each is named among the errors as one that may not be shown.
    Errors beside rows are about single rows, and normal:
    https://docs.x.com/x-api/fundamentals/response-codes-and-errors#partial-errors
    """
    if get_rows(answer):
        return True
    if asked is not None:
        return set(asked) <= missing_ids(answer)
    if not all(_is_about_a_row(problem) for problem in get_problems(answer)):
        return False
    count = _object(answer, "meta").get("result_count")
    if count is not None:
        return str(count) == "0"
    return isinstance(answer.get("data"), list) or get_meta(answer, "next_token") is not None


def _is_about_a_row(problem: JsonObject) -> bool:
    return str(problem.get("type")).endswith(_MISSING_PROBLEM_TYPES)


def missing_ids(answer: JsonObject) -> set[str]:
    """Which of the posts asked for X does not show: deleted, suspended, protected, withheld, blocked."""
    named = [problem for problem in get_problems(answer) if _is_about_a_row(problem)]
    return {
        found
        for problem in named
        for key in ("resource_id", "value")
        if (found := parse_id(problem.get(key)))
    }


def _build_post(row: JsonObject, me: AccountIdentity, answer: JsonObject) -> Post:
    latest, author = parse_id(row.get("id")), parse_id(row.get("author_id"))
    if latest is None:
        raise ValueError("it has no id")
    if author is None:
        raise ValueError("it has no author_id")
    posted_at = _parse_time(row, latest)
    if posted_at is None:
        raise ValueError("it has no time")
    quoted = _referenced(row, "quoted")
    reposted = _referenced(row, "retweeted") or _referenced(row, "reposted")
    typed = parse_content(
        row,
        in_front=typed_text_start(row, answers_us=parse_id(row.get("in_reply_to_user_id")) == me.id),
        own_ids={latest, *edit_history(row)},
        quoted=quoted,
        unwind=author != me.id,  # our own words are compared with what we sent
    )
    attached = parse_media(row, answer)
    is_empty = not (typed.text.strip() or attached or quoted)  # handles alone are all that was typed
    return Post(
        network=me.network,
        id=stable_id(row) or latest,
        latest_id=latest,
        conversation_id=parse_id(row.get("conversation_id")) or latest,
        author_id=author,
        text=replace_unstorable(unescape(_words(row))) if is_empty else typed.text,
        posted_at=posted_at,
        url=post_url(latest, _handle_of(author, answer)),
        in_reply_to=_referenced(row, "replied_to"),
        quoted=quoted,
        is_repost=reposted is not None,
        lang=_language(row),
        media=attached,
        summons="none" if reposted else _summons(row, me, answer, quoted),
        addressed=() if is_empty else typed.addressed,
        answers=_answered_handle(row, me, author, answer),
        quotes_us=(quotes_us := _is_quoting_us(row, me, answer, quoted)),
        quoted_handle=me.handle if quotes_us else _quoted_handle(row, quoted),
        order_key=order_key(stable_id(row) or latest),
        version_key=order_key(latest),
    )


def _summons(row: JsonObject, me: AccountIdentity, answer: JsonObject, quoted: str | None) -> Summons:
    """How the author called us. X lets us answer who typed our handle or quoted us; of others it never said.

    A reply's text begins with the handles of those it answers, which X puts there by itself:
    `display_text_range` begins after them. Without it the leading run of handles counts as put there by X,
    if the post answers us.
    """
    ours = list(_mentions_of(row, me))
    answers_us = parse_id(row.get("in_reply_to_user_id")) == me.id
    if any(start >= typed_text_start(row, answers_us=answers_us) for start in ours):
        return "explicit"
    return "implicit" if ours or answers_us or _is_quoting_us(row, me, answer, quoted) else "none"


def _mentions_of(row: JsonObject, me: AccountIdentity) -> Iterator[int]:
    """Where our handle stands in the text; looked for by eye where X gives no entities."""
    if not (_object(row, "entities") or _object(_note(row), "entities")):
        pattern = rf"(?<![A-Za-z0-9_@])@{re.escape(me.handle)}(?![A-Za-z0-9_])"
        yield from (found.start() for found in re.finditer(pattern, _words(row), re.IGNORECASE))
    for entity in _entities(row, "mentions"):
        handle, start = _text(entity, "username") or "", entity.get("start")
        whose = parse_id(entity.get("id"))  # names change hands, ids do not
        if whose == me.id or (whose is None and handle.lower() == me.handle.lower()):
            yield start if type(start) is int else 0


def _entities(row: JsonObject, kind: str) -> list[JsonObject]:
    """The entities of that kind (`mentions`, `urls`) in the text and in the whole text of a long post."""
    return [
        *_objects(_object(row, "entities"), kind),
        *_objects(_object(_note(row), "entities"), kind),
    ]


def handles_of(answer: JsonObject, user_id: str) -> set[str]:
    """What posts call the account `user_id`, in small letters: another name than ours tells of a renaming."""
    named = (
        entity for row in get_rows(answer) if isinstance(row, dict) for entity in _entities(row, "mentions")
    )
    names = {(_text(one, "username") or "").lower() for one in named if parse_id(one.get("id")) == user_id}
    return names - {""}


def _answered_handle(row: JsonObject, me: AccountIdentity, author: str, answer: JsonObject) -> str | None:
    """The handle of the third person whom it answers, empty if X does not tell; None if there is none."""
    whom = parse_id(row.get("in_reply_to_user_id"))
    if whom is None or whom in {me.id, author}:
        return None
    named = (
        _text(entity, "username")
        for entity in _entities(row, "mentions")
        if parse_id(entity.get("id")) == whom
    )
    return next((handle for handle in named if handle), None) or _handle_of(whom, answer) or ""


def _quoted_handle(row: JsonObject, quoted: str | None) -> str | None:
    """Whose post it quotes, told by the link that a quote ends with; None if it has none."""
    found = (_POST_LINK_PATTERN.match(_text(url, "expanded_url") or "") for url in _entities(row, "urls"))
    return next((one[1] for one in found if one is not None and one[2] == quoted), None)


def _is_quoting_us(row: JsonObject, me: AccountIdentity, answer: JsonObject, quoted: str | None) -> bool:
    """Whether it quotes a post of ours, told by the link that a quote ends with or by what X sent along."""
    if quoted is None:
        return False
    if (_quoted_handle(row, quoted) or "").lower() == me.handle.lower():
        return True
    beside = _either(_object(answer, "includes"), "tweets")
    return any(
        parse_id(other.get("id")) == quoted and parse_id(other.get("author_id")) == me.id
        for other in (beside if isinstance(beside, list) else [])
        if isinstance(other, dict)
    )


def _link_targets(row: JsonObject) -> dict[str, str]:
    """What each t.co link of the row stands for: nothing, if X put it there for a picture."""
    found = [(_text(url, "url"), _text(url, "expanded_url"), url) for url in _entities(row, "urls")]
    return {short: "" if is_of_media(url) else unescape(long) for short, long, url in found if short and long}


def _referenced(row: JsonObject, kind: str) -> str | None:
    found = _either(row, "referenced_tweets")
    entries = found if isinstance(found, list) else []
    return next(
        (parse_id(e.get("id")) for e in entries if isinstance(e, dict) and e.get("type") == kind), None
    )


def _parse_time(row: JsonObject, post_id: str) -> datetime | None:
    try:
        made = datetime.fromisoformat(_text(row, "created_at") or "")
        return made.astimezone(UTC) if made.tzinfo else made.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return time_of_id(post_id)


def _language(row: JsonObject) -> str | None:
    """The language that X heard, unless it is one of its codes for none (`und`, `qme` …)."""
    code = _text(row, "lang") or ""
    return code if _LANGUAGE_PATTERN.fullmatch(code) else None


def _handle_of(author: str, answer: JsonObject) -> str | None:
    users = _objects(_object(answer, "includes"), "users")
    return next((_text(user, "username") for user in users if parse_id(user.get("id")) == author), None)


def _id_of(row: object) -> str | None:
    return parse_id(row.get("id")) if isinstance(row, dict) else None


def _number(digits: str) -> int | str:
    return int(digits) if len(digits) <= len("-9223372036854775808") else digits


def _raw_text(row: object) -> str:
    try:
        return json.dumps(row)[:_RAW_MAX_CHARS]
    except (ValueError, RecursionError):
        return "(cannot be written down)"
