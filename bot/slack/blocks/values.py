"""What buttons, menus and modals carry and bring back, one class per kind. Pure.

`pack` makes the text that Slack keeps: a button's `value` (2,000 characters at most), an option's `value`
(150) or a modal's `private_metadata` (3,000). `unpack` reads it again. Messages stay in Slack for months, so
each class also reads what earlier versions wrote: `OLD_NAMES` maps their keys to today's fields. A field that
is not known is ignored, so that a kind may lose one.

https://docs.slack.dev/reference/block-kit/block-elements/button-element
https://docs.slack.dev/reference/block-kit/composition-objects/option-object
https://docs.slack.dev/reference/views
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, Self

NOTE_BLOCK_PREFIX = "note "


class UnreadableValueError(ValueError):
    """A value that no version of Heard has packed as this kind."""


class Value:
    """A value of one kind: a frozen dataclass that packs itself. Fields at their default are left out."""

    __slots__ = ()
    OLD_NAMES: ClassVar[Mapping[str, str]] = {}

    def pack(self) -> str:
        """The value as JSON text for Slack to keep."""
        named = {one.name: (getattr(self, one.name), one.default) for one in fields(self)}  # type: ignore[arg-type]
        given = {name: value for name, (value, default) in named.items() if value != default}
        return json.dumps(given, separators=(",", ":"))

    @classmethod
    def unpack(cls, packed: str) -> Self:
        """Read what `pack` made, now or in an earlier version.

        Raises `UnreadableValueError` if it is no JSON object or lacks a field that this kind needs.
        """
        try:
            given = json.loads(packed)
            named = {cls.OLD_NAMES.get(name, name): value for name, value in given.items()}
            known = [one for one in fields(cls) if one.name in named]  # type: ignore[arg-type]
            # Earlier versions wrote a flag as 1.
            return cls(
                **{
                    one.name: bool(named[one.name]) if one.default is False else named[one.name]
                    for one in known
                }
            )
        except (TypeError, ValueError, AttributeError) as error:
            raise UnreadableValueError(f"not a {cls.__name__}") from error

    @property
    def request_key(self) -> str | None:
        """The key of the one submit that a modal with this value may have; None where it names none."""
        return None


class ModalValue(Value):
    """A modal's value. Its `key` is another one each time it opens: a submit that arrives twice is one."""

    __slots__ = ()
    key: str

    @property
    def request_key(self) -> str | None:
        """The key under which the submit is noted."""
        return f"modal {self.key}"


@dataclass(frozen=True, slots=True)
class NoValue(Value):
    """What a button without a value carries."""

    @classmethod
    def unpack(cls, packed: str) -> Self:
        """Read nothing."""
        del packed
        return cls()


# --- tickets and their replies ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TicketValue(Value):
    """A ticket, and what the reader of its card sees there.

    `turn`, `post_id` and `latest` (the version of that post) are what they would answer; `handle`, `account`
    and `network` are whom, as whom and where. With them a composer opens while the ledger is slow.
    """

    OLD_NAMES: ClassVar[Mapping[str, str]] = {
        "t": "ticket",
        "n": "turn",
        "p": "post_id",
        "h": "handle",
        "a": "account",
        "w": "network",
        "v": "latest",
    }
    ticket: int
    turn: int | None = None
    post_id: str | None = None
    handle: str | None = None
    account: str | None = None
    network: str | None = None
    latest: str | None = None
    account_id: str | None = None  # of `account`; None: the ticket's
    visibility: str = "public"  # the post's, see `Post`; `unknown` if it is not known


@dataclass(frozen=True, slots=True)
class ReplyValue(Value):
    """A reply of a ticket: a draft, one that waits, or one that somebody has to decide about."""

    OLD_NAMES: ClassVar[Mapping[str, str]] = {"t": "ticket", "r": "reply"}
    ticket: int
    reply: int


@dataclass(frozen=True, slots=True)
class PreviewValue(Value):
    """A draft as its preview showed it.

    `latest` is the post's version. Its author was told that it is nearly a copy, or that the post is hidden.
    """

    OLD_NAMES: ClassVar[Mapping[str, str]] = {
        "t": "ticket",
        "r": "reply",
        "v": "latest",
        "a": "is_near_copy",
        "m": "is_not_shown",
    }
    ticket: int
    reply: int
    latest: str | None = None
    is_near_copy: bool = False
    is_not_shown: bool = False
    visibility: str = "public"  # whom the reply was shown to reach, see `Post`
    warning: str | None = None  # the mark of the content warning that it was shown to carry
    prefix: str = ""  # the mark of what Heard was shown to put in front of the words
    pictures: str = ""  # the mark of the pictures that it was shown to go out with


@dataclass(frozen=True, slots=True)
class MenuValue(Value):
    """A choice in a card's overflow menu: what to do, and to which ticket or reply."""

    OLD_NAMES: ClassVar[Mapping[str, str]] = {"do": "choice", "t": "ticket", "r": "reply"}
    choice: str
    ticket: int
    reply: int | None = None


@dataclass(frozen=True, slots=True)
class PageValue(Value):
    """A page of a list, from 0."""

    OLD_NAMES: ClassVar[Mapping[str, str]] = {"p": "page"}
    page: int = 0


# --- issues -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class IssueValue(Value):
    """An issue, and the page of its people, from 0."""

    OLD_NAMES: ClassVar[Mapping[str, str]] = {"i": "issue", "p": "page"}
    issue: int
    page: int = 0


@dataclass(frozen=True, slots=True)
class ReporterValue(Value):
    """An author who reported an issue, and the page on which they are listed."""

    OLD_NAMES: ClassVar[Mapping[str, str]] = {"i": "issue", "a": "author", "p": "page"}
    issue: int
    author: int
    page: int = 0


@dataclass(frozen=True, slots=True)
class IssueOfTicketValue(Value):
    """An issue that a ticket belongs to."""

    OLD_NAMES: ClassVar[Mapping[str, str]] = {"t": "ticket", "i": "issue"}
    ticket: int
    issue: int


@dataclass(frozen=True, slots=True)
class IssueListValue(Value):
    """A page of a list of issues: `kind` is `open`, `fixed` or `found` (by `words`)."""

    OLD_NAMES: ClassVar[Mapping[str, str]] = {"k": "kind", "w": "words", "p": "page"}
    kind: str
    words: str = ""
    page: int = 0


# --- people, searches, shared answers -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AuthorValue(Value):
    """A page of an author's history."""

    OLD_NAMES: ClassVar[Mapping[str, str]] = {"a": "author", "p": "page"}
    author: int
    page: int = 0


@dataclass(frozen=True, slots=True)
class NoteValue(Value):
    """A note about an author, and the page of their history that is open."""

    OLD_NAMES: ClassVar[Mapping[str, str]] = {"a": "author", "n": "note", "p": "page"}
    author: int
    note: int
    page: int = 0


@dataclass(frozen=True, slots=True)
class SearchValue(Value):
    """The next page of a search: what was typed, and the ids of the last mention and reply listed."""

    OLD_NAMES: ClassVar[Mapping[str, str]] = {"q": "typed", "m": "before_mention", "r": "before_reply"}
    typed: str
    before_mention: int
    before_reply: int


@dataclass(frozen=True, slots=True)
class SharedAnswerValue(Value):
    """An answer that can be shared, by the key under which it is kept."""

    OLD_NAMES: ClassVar[Mapping[str, str]] = {"k": "key"}
    key: str


# --- modals -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TicketModalValue(ModalValue):
    """A ticket that a modal asks about, as it does for *Assign…* and *Add to issue…*."""

    ticket: int
    key: str


@dataclass(frozen=True, slots=True)
class ReasonValue(ModalValue):
    """The modal that asks why nobody has to answer; `turn` and `post_id` are what its reader has seen."""

    OLD_NAMES: ClassVar[Mapping[str, str]] = {"post": "post_id"}
    ticket: int
    key: str
    turn: int | None = None
    post_id: str | None = None


@dataclass(frozen=True, slots=True)
class DeletionValue(ModalValue):
    """A public reply that a modal asks whether to delete."""

    ticket: int
    reply: int
    key: str


@dataclass(frozen=True, slots=True)
class SnoozeValue(ModalValue):
    """A ticket that is to be snoozed: the time zone in which a time is typed, and where it was asked for."""

    ticket: int
    key: str
    zone: str
    channel: str | None = None


@dataclass(frozen=True, slots=True)
class SkipValue(ModalValue):
    """An author who is not told that an issue is fixed; `page` and `url` are of the list that says so."""

    issue: int
    author: int
    key: str
    page: int = 0
    url: str | None = None


@dataclass(frozen=True, slots=True)
class RenameValue(ModalValue):
    """An issue that is renamed or merged, with the title that its reader saw; else as `SkipValue`."""

    issue: int
    title: str
    key: str
    page: int = 0
    url: str | None = None


@dataclass(frozen=True, slots=True)
class HistoryValue(Value):
    """An author's history that is open, with the key of the field for a new note."""

    OLD_NAMES: ClassVar[Mapping[str, str]] = {"a": "author", "p": "page", "k": "key"}
    author: int
    key: str
    page: int = 0

    @property
    def request_key(self) -> str | None:
        """One note for each field."""
        return f"note {self.key}"

    @property
    def note_block(self) -> str:
        """The block_id of the field: another one is empty, the same one keeps what was typed."""
        return f"{NOTE_BLOCK_PREFIX}{self.key}"


@dataclass(frozen=True, slots=True)
class ChannelValue(Value):
    """The conversation that a modal was asked for in."""

    channel: str


@dataclass(frozen=True, slots=True)
class Origin(ModalValue):
    """What a composer was opened for. The submit is held against it.

    `ticket`, `turn` and `post_id` are what its author saw; `key` makes a submit that arrives twice one reply.
    """

    ticket: int
    turn: int
    post_id: str
    key: str
    network: str
    draft: int | None = None
    latest: str | None = None  # the version of the post that its author saw
    sign: str | None = None  # the sign-off that its author saw
    author: str | None = None  # whose words they are, if somebody else's draft was taken up
    anyway: str | None = None  # the digest of words that are to go out though we warned of them
    near: bool = False  # and that was because they are a near copy
    only_draft: bool = False  # its author may not send: the submit keeps a draft
    not_shown: bool = False  # its author was told that the network does not show the post
    account: str | None = None  # the id of the account that it is shown to go out as; None: the ticket's
    by_hand: bool = False  # and that it has to be posted by hand as that account
    visibility: str = "public"  # whom the reply is shown to reach, see `Post`
    warning: str | None = None  # the mark of the content warning that it is shown to carry
    prefix: str = ""  # the mark of what Heard is shown to put in front of the words
    pictures_of: int | None = None  # the draft or reply whose pictures it shows
    pictures: str = ""  # the mark of these pictures

    @property
    def request_key(self) -> str | None:
        """The key under which the submit is noted."""
        return f"composer {self.key}"

    def shown_as(self, account: str, *, by_hand: bool, **post: Any) -> "Origin":  # noqa: ANN401 - fields
        """The same, shown to go out as that account, to that `post`: what was warned of may differ."""
        return replace(self, account=account, by_hand=by_hand, anyway=None, near=False, **post)


@dataclass(frozen=True, slots=True)
class Subject(Value):
    """What a value names, whichever kind it is: enough to tell who may press it."""

    OLD_NAMES: ClassVar[Mapping[str, str]] = {"t": "ticket", "r": "reply", "i": "issue", "do": "choice"}
    ticket: int | None = None
    reply: int | None = None
    issue: int | None = None
    choice: str | None = None
    group: int | None = None


def read_subject(*packed: str | None) -> Subject:
    """What these values name together, the later ones first; what is no value of ours names nothing."""
    named: dict[str, Any] = {}
    for one in packed:
        try:
            subject = Subject.unpack(one or "{}")
        except UnreadableValueError:
            continue
        found = {field.name: getattr(subject, field.name) for field in fields(subject)}
        named |= {name: value for name, value in found.items() if value is not None}
    return Subject(**named)
