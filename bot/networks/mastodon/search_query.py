"""What a track asks for, as lines: a hashtag, whose timeline every server has, or words to search for.

https://docs.joinmastodon.org/methods/timelines/#tag and https://docs.joinmastodon.org/methods/search/
"""

from collections.abc import Sequence

from bot.networks.errors import SearchRefusedError
from bot.networks.values import SearchRequest
from models.tracks.query import Term

LINES_MAX = 10  # calls that one reading makes at least


def build(wanted: Sequence[SearchRequest]) -> str:
    """Return the lines that find what any of `wanted` asks for, and more: Heard decides what matches.

    Raises `SearchRefusedError` if that are too many, or if Mastodon cannot search for it.
    """
    lines = list(dict.fromkeys(_line(group) for one in wanted for group in one.query.alternatives))
    if len(lines) > LINES_MAX:
        raise SearchRefusedError(
            f"Mastodon looks for {LINES_MAX} alternatives in one track, and this one has {len(lines)}: "
            "make two tracks of it."
        )
    return "\n".join(lines)


def _line(group: Sequence[Term]) -> str:
    """One line for terms that must all occur: a hashtag among them narrows it most."""
    for term in group:
        if term.kind == "hashtag":
            return f"#{term.text}"
    words = [_words(term) for term in group if term.kind != "quotes"]
    if not words:
        raise SearchRefusedError("Mastodon cannot search for posts that quote somebody.")
    return " ".join(words)


def _words(term: Term) -> str:
    text = " ".join(term.text.replace('"', " ").split())
    if term.kind == "handle":
        return text.partition("@")[0]
    return f'"{text}"' if term.kind == "phrase" or not text.isalnum() else text
