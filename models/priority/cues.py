"""Finds cues in posts, with the words that say so. Pure.

The search is that of `models.tracks`: each post is read once, whatever the number of phrases, and nothing
that anybody writes becomes a regular expression. Most posts are plain ASCII, where words need no folding: for
them a shorter way finds the same.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from models.priority.cue_table import CUES, Cue
from models.tracks.matcher import TrackMatcher
from models.tracks.post_text import ASCII_WORDS, without_links_and_handles
from models.tracks.query import Pattern, TrackQuery, parse_query

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
        for place, words in _find(what_is_said(text)):
            found.setdefault(place, []).extend(words)
    return [FoundCue(CUES[place], _shown(words)) for place, words in sorted(found.items())]


@lru_cache(256)
def what_is_said(text: str) -> str:
    """Returns as much of a post as is read, without addresses and handles; the last ones are remembered."""
    return without_links_and_handles(text[:TEXT_MAX_CHARS])


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


def _find(text: str) -> Sequence[tuple[int, Sequence[str]]]:
    """The places of the cues of one post in the table, with their words."""
    found = _ascii_matcher().match(text) if text.isascii() else None
    return match_all(text) if found is None else found


def match_all(text: str) -> Sequence[tuple[int, Sequence[str]]]:
    """The same for any text."""
    return [(match.track_id, match.words) for match in _matcher().match(text)]


@cache
def _matcher() -> TrackMatcher:
    """Built when the first post is read: half a thousand phrases take a moment."""
    return TrackMatcher((place, _query(cue)) for place, cue in enumerate(CUES))


def _query(cue: Cue) -> TrackQuery:
    """A query of any length, which nobody has to type."""
    groups = tuple(group for one in cue.phrases for group in parse_query(f'"{one}"').alternatives)
    unless = (group for one in cue.unless for group in parse_query(f'"{one}"').alternatives)
    return TrackQuery(groups, tuple(term for group in unless for term in group))


# --- plain ASCII --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Phrase:
    """A phrase of the cue at `place`, with a blank at each end; `is_wanted` unless it rules the cue out."""

    place: int
    words: str
    count: int
    is_wanted: bool


class _AsciiMatcher:
    """Finds phrases by one word of each, the longest. A phrase with signs inside is left to `match_all`."""

    def __init__(self) -> None:
        self._by_word: dict[str, list[_Phrase]] = defaultdict(list)
        self._difficult: set[str] = set()
        for place, cue in enumerate(CUES):
            query = _query(cue)
            wanted = [group[0].pattern for group in query.alternatives]
            for pattern, is_wanted in [(one, True) for one in wanted] + [
                (term.pattern, False) for term in query.excluded
            ]:
                self._add(place, pattern, is_wanted=is_wanted)

    def _add(self, place: int, pattern: Pattern, *, is_wanted: bool) -> None:
        if not all(word.isascii() for word in pattern.words):
            return
        rarest = max(pattern.words, key=len)
        is_plain = all(joint.loose and not joint.after and not joint.before for joint in pattern.joints)
        if not is_plain or pattern.lead or pattern.trail:
            self._difficult.add(rarest)
            return
        words = f" {' '.join(pattern.words)} "
        self._by_word[rarest].append(_Phrase(place, words, len(pattern.words), is_wanted))

    def match(self, text: str) -> Sequence[tuple[int, Sequence[str]]] | None:
        """What `match_all` returns for `text`, which is ASCII; None if this cannot tell."""
        lower = text.lower()
        words = ASCII_WORDS.findall(lower)
        each = set(words)
        if not self._difficult.isdisjoint(each):
            return None
        keys = self._by_word.keys() & each
        if not keys:
            return ()
        joined = f" {' '.join(words)} "
        hits = [
            (one, at) for key in keys for one in self._by_word[key] if (at := joined.find(one.words)) >= 0
        ]
        if not hits:
            return ()
        ruled_out = {one.place for one, _ in hits if not one.is_wanted}
        spans = [match.span() for match in ASCII_WORDS.finditer(lower)]
        found: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for one, at in hits:
            if one.place not in ruled_out:
                first = joined.count(" ", 0, at)
                found[one.place].append((spans[first][0], spans[first + one.count - 1][1]))
        return [
            (place, [" ".join(text[start:end].split()) for start, end in sorted(places)])
            for place, places in found.items()
        ]


@cache
def _ascii_matcher() -> _AsciiMatcher:
    return _AsciiMatcher()
