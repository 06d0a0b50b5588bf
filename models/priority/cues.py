"""Finds cues in posts, with the words that say so. Pure.

The search is that of `models.tracks`: each post is read once, whatever the number of phrases, and nothing
that anybody writes becomes a regular expression.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from models.priority.cue_table import CUES, Cue
from models.tracks.matcher import TrackMatcher
from models.tracks.post_text import without_links_and_handles
from models.tracks.query import TrackQuery, parse_query

TEXT_MAX_CHARS = 5_000  # of each post that are read; what someone wants is said by then
WORDS_MAX, WORD_MAX_CHARS = 3, 40  # of one cue that are kept, for people to see


@dataclass(frozen=True, slots=True)
class FoundCue:
    """A cue and the words that made it, as they stand in the posts."""

    cue: Cue
    words: tuple[str, ...]


def find_cues(texts: Iterable[str]) -> list[FoundCue]:
    """Returns the cues of the posts of one ticket, each once, in the order of the table."""
    found: dict[int, list[str]] = {}
    for text in texts:
        for match in _matcher().match(without_links_and_handles(text[:TEXT_MAX_CHARS])):
            found.setdefault(match.track_id, []).extend(match.words)
    return [FoundCue(CUES[place], _shown(words)) for place, words in sorted(found.items())]


def _shown(words: Iterable[str]) -> tuple[str, ...]:
    """The first few of `words`, without those that are part of another one."""
    each = list(dict.fromkeys(word for word in words if word))
    whole = [
        word for word in each if not any(word.lower() in other.lower() and word != other for other in each)
    ]
    return tuple(
        word if len(word) <= WORD_MAX_CHARS else f"{word[: WORD_MAX_CHARS - 1]}…"
        for word in (whole or each)[:WORDS_MAX]
    )


@cache
def _matcher() -> TrackMatcher:
    """Built when the first post is read: half a thousand phrases take a moment."""
    return TrackMatcher((place, _query(cue)) for place, cue in enumerate(CUES))


def _query(cue: Cue) -> TrackQuery:
    """A query of any length, which nobody has to type."""
    wanted = [parse_query(f'"{phrase}"') for phrase in cue.phrases]
    unless = [parse_query(f'"{phrase}"') for phrase in cue.unless]
    return TrackQuery(
        tuple(group for one in wanted for group in one.alternatives),
        tuple(term for one in unless for group in one.alternatives for term in group),
    )
