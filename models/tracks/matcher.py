"""Finds the tracks that want a post, among thousands at once. Pure.

Each alternative of each track is indexed under one key, the rarest that it needs: a word, a row of up to
three words that touch (characters, in scripts without blanks), a hashtag or a handle. A post is read once;
only alternatives whose key is in it are checked word by word. So the work grows with the length of the post
and with the keys in it, not with the number of tracks. Nothing that anybody types becomes a regular
expression.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import takewhile

from models.tracks.common_words import COMMON_WORDS
from models.tracks.post_text import BREAK, Span, Words, is_unspaced, read_post, widen
from models.tracks.query import Joint, Pattern, Term, TrackQuery

ROW_MAX_WORDS = 3  # that touch, in a key: 1,000 common characters make too few pairs
COMMON_MAX_CHARS = 2  # of a word that is probably in many posts
FOUND_MAX_CHARS = 200  # of a word as it stands in a post, which may carry any number of marks
_BORDER = "\x1f"  # between folded words, none of which contains it


@dataclass(frozen=True, slots=True)
class Match:
    """A track that wants a post, and the words of the post that made it, in their order, each once.

    They are as they stand in the post (in NFC, with one blank for several), cut to `FOUND_MAX_CHARS`; a
    handle that the network keeps outside the text has its @, a quoted one reads `quotes @fern`.
    """

    track_id: int
    words: tuple[str, ...]


class TrackMatcher:
    """Compares posts with tracks. Never changes; safe to use from several threads."""

    def __init__(self, tracks: Iterable[tuple[int, TrackQuery]]) -> None:
        """Takes the tracks with their ids."""
        self._queries: list[tuple[int, TrackQuery]] = list(tracks)
        self._by_key: dict[str, list[tuple[int, int]]] = {}
        alternatives = [
            (place, number, list(_keys(group)))
            for place, (_, query) in enumerate(self._queries)
            for number, group in enumerate(query.alternatives)
        ]
        counts = Counter(key for *_, keys in alternatives for key in set(keys))
        for place, number, keys in alternatives:
            rarest = min(keys, key=lambda key: (_is_common(key), counts[key], -len(key)))
            self._by_key.setdefault(rarest, []).append((place, number))
        self._rows = tuple(sorted({key.count(_BORDER) + 1 for key in self._by_key} - {1}))

    def match(self, text: str, *, handles: Iterable[str] = (), quoted: str | None = None) -> list[Match]:
        """Returns the tracks that want a post, by their ids.

        `handles` are mentioned in the post although its text does not have them. Their words count like those
        of a handle in the text. `quoted` is the handle of the author of the post that it quotes.
        """
        post = _Post(read_post(text, handles, quoted=quoted))
        found: dict[int, list[Span]] = {}
        for key in self._by_key.keys() & post.keys(self._rows):
            for place, number in self._by_key[key]:
                spans = post.find_all(self._queries[place][1].alternatives[number])
                if spans is not None:
                    found.setdefault(place, []).extend(spans)
        matches = [
            Match(self._queries[place][0], post.quote(spans))
            for place, spans in found.items()
            if not any(post.find(term.pattern) for term in self._queries[place][1].excluded)
        ]
        return sorted(matches, key=lambda one: one.track_id)


def _keys(group: Iterable[Term]) -> Iterator[str]:
    """What a post cannot be without if it has all terms of `group`; at least one."""
    for term in group:
        pattern = term.pattern
        if pattern.name:
            yield pattern.name
            continue
        touching = [True, *(not joint.loose and not joint.after for joint in pattern.joints)]
        for place in range(len(pattern.words)):
            row = 1 + sum(1 for _ in takewhile(bool, touching[place + 1 : place + ROW_MAX_WORDS]))
            yield _BORDER.join(pattern.words[place : place + row])


def _is_common(key: str) -> bool:
    """Whether a key is probably in many posts, however few tracks have it."""
    return len(key) <= COMMON_MAX_CHARS or key in COMMON_WORDS or is_unspaced(key)


class _Post:
    """A post, ready for being searched."""

    def __init__(self, read: Words) -> None:
        self._read = read
        self._first = dict(zip(reversed(read.words), range(len(read.words) - 1, -1, -1), strict=True))
        self._joined = ""

    def keys(self, rows: Iterable[int]) -> set[str]:
        """Returns its words, hashtags and handles, and each row of so many words that touch."""
        words, gaps = self._read.words, self._read.gaps
        keys = {*self._first, *self._read.names}
        for length in rows:
            neighbours = zip(*(words[shift:] for shift in range(length)), strict=False)
            between = zip(*(gaps[shift:] for shift in range(1, length)), strict=False)
            keys.update(
                [_BORDER.join(row) for row, signs in zip(neighbours, between, strict=False) if not any(signs)]
            )
        return keys

    def find_all(self, group: Iterable[Term]) -> list[Span] | None:
        """Returns where the first of each term is, or None if one is missing."""
        spans = []
        for term in group:
            span = self.find(term.pattern)
            if span is None:
                return None
            spans.append(span)
        return spans

    def find(self, pattern: Pattern) -> Span | None:
        """Returns the place of the first occurrence."""
        if pattern.name:
            return self._read.names.get(pattern.name)
        first, places = self._first, self._read.places
        if pattern.is_one_word:
            place = first.get(pattern.words[0])
            return None if place is None else places[place]
        if pattern.words[0] not in first or pattern.words[-1] not in first:
            return None
        for place in self._occurrences(pattern.words):
            if self._fits(pattern, place):
                text = self._read.text
                start = widen(text, places[place][0], -len(pattern.lead))
                return start, widen(text, places[place + len(pattern.words) - 1][1], len(pattern.trail))
        return None

    def quote(self, spans: Iterable[Span]) -> tuple[str, ...]:
        """Returns what stands at `spans`, in order, each once."""
        text = self._read.text
        quoted = (" ".join(text[start:end].split()) for start, end in sorted(spans))
        cut = (one if len(one) <= FOUND_MAX_CHARS else f"{one[: FOUND_MAX_CHARS - 1]}…" for one in quoted)
        return tuple(dict.fromkeys(cut))

    def _occurrences(self, words: tuple[str, ...]) -> Iterator[int]:
        """The places of the words that begin a row of `words`, whatever stands between them.

        The words are searched as one string, which Python does without going back to each word.
        """
        if not self._joined:
            self._joined = f"{_BORDER}{_BORDER.join(self._read.words)}{_BORDER}"
        wanted = f"{_BORDER}{_BORDER.join(words)}{_BORDER}"
        place, counted = 0, 0
        at = self._joined.find(wanted)
        while at >= 0:
            place += self._joined.count(_BORDER, counted, at)
            counted = at
            yield place
            at = self._joined.find(wanted, at + 1)

    def _fits(self, pattern: Pattern, place: int) -> bool:
        """Whether the signs around and between the words that begin at `place` are those of `pattern`."""
        words, gaps = self._read.words, self._read.gaps
        is_first = not place or words[place - 1] == BREAK
        if pattern.lead and not _is_led(gaps[place], pattern.lead, is_first=is_first):
            return False
        if pattern.trail and not gaps[place + len(pattern.words)].startswith(pattern.trail):
            return False
        return all(_joins(joint, gaps[place + 1 + number]) for number, joint in enumerate(pattern.joints))


def _is_led(gap: str, sign: str, *, is_first: bool) -> bool:
    """Whether a gap ends with a sign that does not follow a letter."""
    return gap.endswith(sign) and (is_first or len(gap) > len(sign))


def _joins(joint: Joint, gap: str) -> bool:
    """Whether two words of a term are joined by `gap`."""
    if not joint.loose:
        return gap == joint.after
    if not gap.startswith(joint.after):
        return False
    return not joint.before or _is_led(gap[len(joint.after) :], joint.before, is_first=bool(joint.after))
