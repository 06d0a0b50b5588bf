"""What is attached to a post: pictures, a video, a poll. Kept with the post as JSON. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

_NOUNS = {
    "photo": ("a picture", "pictures"),
    "video": ("a video", "videos"),
    "gif": ("a GIF", "GIFs"),
    "poll": ("a poll", "polls"),
}
_OTHER = ("an attachment", "attachments")


@dataclass(frozen=True, slots=True)
class Attachment:
    """One of them. `kind` is photo, video, gif, poll, or anything else that a network may have.

    `url` is the picture or a still of the video, if there is one; `alt` its author's description; `choices`
    are a poll's answers.
    """

    kind: str
    url: str | None = None
    alt: str | None = None
    choices: tuple[str, ...] = ()

    @classmethod
    def read(cls, kept: Any) -> "Attachment":  # noqa: ANN401 - JSON
        """One as the ledger keeps it; until schema 0010 it kept the kind alone."""
        if not isinstance(kept, Mapping):
            return cls(str(kept))
        return cls(
            str(kept.get("kind") or ""), kept.get("url"), kept.get("alt"), tuple(kept.get("choices") or ())
        )

    def as_json(self) -> dict[str, Any]:
        """As the ledger keeps it: without what is empty."""
        told = {"kind": self.kind, "url": self.url, "alt": self.alt, "choices": list(self.choices)}
        return {name: value for name, value in told.items() if value}


def display_text(words: str, attached: Iterable[Attachment]) -> str:
    """`words`; where there are none, what is attached, as `(2 pictures)`; empty if there is nothing."""
    if words and words.strip():
        return words
    told = describe_attachments(attached)
    return f"({told})" if told else ""


def describe_attachments(attached: Iterable[Attachment]) -> str:
    """`2 pictures and a poll`, in our own words alone; empty if nothing is attached."""
    counts: dict[tuple[str, str], int] = {}
    for one in attached:
        nouns = _NOUNS.get(one.kind, _OTHER)
        counts[nouns] = counts.get(nouns, 0) + 1
    told = [one if number == 1 else f"{number:,} {many}" for (one, many), number in counts.items()]
    return " and ".join([", ".join(told[:-1]), told[-1]]) if len(told) > 1 else "".join(told)
