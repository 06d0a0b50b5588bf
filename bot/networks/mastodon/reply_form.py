"""The whole request for a reply, built once: what is said, to whom, and who may see it. Pure.

No server hands visibility, warning and language down, so each is set here. A reply is never seen by more
people than the post that it answers: https://docs.joinmastodon.org/methods/statuses/#create
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NoReturn

from bot.networks.errors import Refused
from bot.networks.json_values import JsonObject, get_object, get_objects
from bot.networks.mastodon.json_values import get_id, get_text, get_time, parse_time
from bot.networks.mastodon.parsing import API_VISIBILITY, VISIBILITY, Viewer
from bot.networks.values import ReplyTarget, Visibility

_FROM_WIDE_TO_NARROW = ("public", "unlisted", "private", "direct")
# More than any server takes for a mention; Mastodon takes `.@ana` for one, and no e-mail address.
_HANDLE = re.compile(r"(?<![\w/])@(\w+(?:[.-]+\w+)*)(?:@([\w.-]*\w))?")
_PREFIX = re.compile(r"\A(?:@\w+(?:[.-]+\w+)*(?:@[\w.-]*\w)?\s+)*")


@dataclass(frozen=True, slots=True)
class ReplyForm:
    """A reply as its server is to get it. `reply_to` is our server's id of the post that it answers."""

    status: str
    reply_to: str
    visibility: str
    warning: str = ""
    language: str | None = None
    allowed_mentions: tuple[str, ...] | None = None
    media_ids: tuple[str, ...] = ()

    def pack(self) -> str:
        """Return the body of the request."""
        body: dict[str, object] = {
            "status": self.status,
            "in_reply_to_id": self.reply_to,
            "visibility": self.visibility,
        }
        if self.warning:
            body["spoiler_text"] = self.warning
        if self.language:
            body["language"] = self.language
        if self.allowed_mentions is not None:
            body["allowed_mentions"] = list(self.allowed_mentions)
        if self.media_ids:
            body["media_ids"] = list(self.media_ids)
        return json.dumps(body, ensure_ascii=False)


def unpack_form(frozen: str) -> ReplyForm | None:
    """Return what `pack` wrote; None if it is something else."""
    try:
        body = json.loads(frozen)
        return ReplyForm(str(body["status"]), str(body["in_reply_to_id"]), str(body["visibility"]))
    except (ValueError, TypeError, KeyError):
        return None


def mention_prefix(to: ReplyTarget, our_handles: Iterable[str]) -> str:
    """Return the handles that a reply begins with: nobody is notified by an answer alone.

    `our_handles`, in small letters, are left out: a follow-up to our own post names nobody.
    """
    ours = set(our_handles)
    handles = dict.fromkeys(
        handle for handle in (to.author_handle or to.author_id, *to.mentioned) if handle.lower() not in ours
    )
    return "".join(f"@{handle} " for handle in handles if handle)


def narrowest(shown: Visibility, default: str) -> Visibility:
    """Return who sees a reply to a post with the visibility `shown`, from an account with that default."""
    ours = VISIBILITY.get(default, shown)
    return max(shown, ours, key=lambda one: _FROM_WIDE_TO_NARROW.index(API_VISIBILITY[one]))


def choose_visibility(to: ReplyTarget, parent: JsonObject, default: str) -> str:
    """Return the visibility that the author of the reply was shown.

    Raises `Refused` if the post or our account's default is narrower by now, or none that is known.
    """
    known = (API_VISIBILITY[to.visibility], get_text(parent, "visibility"), default)
    if not set(known) <= set(_FROM_WIDE_TO_NARROW):
        raise Refused(
            "invalid", "The server does not say who can see that post, so Heard does not answer it."
        )
    if max(known, key=_FROM_WIDE_TO_NARROW.index) != known[0]:
        raise Refused(
            "invalid", "Fewer people would see the reply than shown before. Check it, then send again."
        )
    return known[0]


def check_unchanged(edited_before: str | None, parent: JsonObject, edited_now: str) -> None:
    """Raise `Refused` if the post was edited since it was shown; None: nobody knows what was shown."""
    if edited_before is not None and edited_before != edited_now:
        raise_edited(parent)


def check_unchanged_elsewhere(shown: str, parent: JsonObject) -> None:
    """Raise `Refused` if our server knows an edit that is later than what another server has shown.

    `shown` is when the other one says that it was edited, empty if it was not. Servers pass on the author's
    own time, some of them without its fraction of a second.
    """
    before, now = parse_time(shown), get_time(parent, "edited_at")
    if now is None or (before is not None and now.replace(microsecond=0) <= before):
        return
    raise_edited(parent)


def raise_edited(parent: JsonObject) -> NoReturn:
    """Raise `Refused`: the post is not what it was."""
    author = get_text(get_object(parent, "account"), "acct")
    raise Refused("invalid", f"@{author} has edited the post since. Read it again before you answer.")


def mentioned_ids(to: ReplyTarget, parent: JsonObject, viewer: Viewer) -> tuple[str, ...]:
    """Return our server's ids of those whom the reply mentions, as far as the post names them."""
    account = get_object(parent, "account")
    named = {
        viewer.handle_of(one).lower(): get_id(one) for one in (account, *get_objects(parent, "mentions"))
    }
    wanted = (named.get(handle.lower()) for handle in (to.author_handle or to.author_id, *to.mentioned))
    return tuple(dict.fromkeys([get_id(account), *(one for one in wanted if one)]))


def check_strangers(text: str, to: ReplyTarget, visibility: str, viewer: Viewer) -> None:
    """Raise `Refused` if the words of a reply that is not public name somebody who has not seen the post.

    Whoever is named gets to see a post, so that would widen it. A name without domain is one of our server's.
    """
    if visibility not in {"private", "direct"}:
        return
    known = {handle.lower() for handle in (to.author_handle or to.author_id, *to.mentioned, viewer.me.id)}
    named = [(found[0], f"{found[1]}@{found[2] or viewer.host}".lower()) for found in _HANDLE.finditer(text)]
    strangers = [written for written, handle in named if handle not in known]
    if strangers:
        raise Refused(
            "not allowed",
            f"The post is not public, and {_join(strangers)} would see your reply. Write the name without @.",
        )


def without_prefix(text: str) -> str:
    """Return the words of a reply without the handles that it begins with."""
    return _PREFIX.sub("", text)


def _join(names: Sequence[str]) -> str:
    return " and ".join(dict.fromkeys(names))
