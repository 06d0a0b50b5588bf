"""The rule of twins: which two posts are the same words by the same person on two networks. Pure.

A name that people choose freely proves nothing: only a handle is compared, whose first label they had to take
on both networks. Anybody may take a free handle elsewhere, so a twin is never answered unless a teammate
chooses it, and *Not the same person* takes it off the ticket.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from models.core.fold import fold

WORDS_MIN_CHARS = 20  # after folding: shorter words are said by many
# @maria, @maria@example.social, @maria.bsky.social; not the second half of an e-mail address
_HANDLE = re.compile(r"(?<![\w.])[@\uff20](\w[\w-]*)(?:[.@](?=\w)[\w-]+)*")
TWIN_WINDOW = timedelta(minutes=10)  # a cross-posting service needs seconds, a person some minutes


@dataclass(frozen=True, slots=True)
class TwinCandidate:
    """What the rule asks of a post: `words` as it was written, and `handle` of its author without the @.

    `profile_links` are the addresses that its author's profile names as theirs, `profile_url` is where that
    profile is. Heard keeps neither so far: both are empty then, and only handles are compared.
    """

    network: str
    handle: str | None
    words: str
    posted_at: datetime
    is_private: bool = False
    profile_url: str = ""
    profile_links: Collection[str] = ()


def is_twin(one: TwinCandidate, other: TwinCandidate) -> bool:
    """Whether the two are the same words by the same person on two networks. The order does not matter."""
    return (
        one.network != other.network
        and not one.is_private
        and not other.is_private
        and abs(one.posted_at - other.posted_at) <= TWIN_WINDOW
        and is_same_person(one, other)
        and is_same_text(one.words, other.words)
    )


def is_same_person(one: TwinCandidate, other: TwinCandidate) -> bool:
    """Whether their handles have the same first label, or their profiles link each other."""
    label = first_label(one.handle)
    return (label is not None and label == first_label(other.handle)) or links_each_other(one, other)


def first_label(handle: str | None) -> str | None:
    """Returns the first label of a handle, casefolded; None if there is none.

    It is `maria` of `Maria` (X), of `maria@example.social` (Mastodon) and of `maria.bsky.social` (Bluesky).
    """
    label = (handle or "").strip().lstrip("@").partition("@")[0].partition(".")[0].casefold()
    return label or None


def is_same_text(one: str, other: str) -> bool:
    """Whether two texts are the same words, and enough of them to tell whose they are.

    Case, accents, width, signs and emoji do not count. Nor does how a network writes a handle: it is compared
    by its first label, or left out in both, since we may have another handle there.
    """
    return any(
        len(key) >= WORDS_MIN_CHARS and key == other_key
        for key, other_key in zip(word_keys(one), word_keys(other), strict=True)
    )


def word_keys(words: str) -> tuple[str, str]:
    """Returns the folded words with the first label of each handle, and without handles."""
    return fold(_HANDLE.sub(r" \1 ", words)), fold(_HANDLE.sub(" ", words))


def links_each_other(one: TwinCandidate, other: TwinCandidate) -> bool:
    """Whether each profile names the address of the other one."""
    return bool(one.profile_url and other.profile_url) and (
        other.profile_url in one.profile_links and one.profile_url in other.profile_links
    )
