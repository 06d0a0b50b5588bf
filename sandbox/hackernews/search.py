"""The search, as Algolia's parameters have it: https://www.algolia.com/doc/api-reference/search-api-parameters/.

What bites is here: a query finds at most 1,000 hits whatever the page, words are found with a typo and by
their beginning unless that is switched off, and there is no "or".
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from html import unescape
from typing import Any

from sandbox.hackernews.world import HackerNewsWorld

HITS_MAX = 1_000
PAGE_DEFAULT = 20
TYPO_MIN_LETTERS = 4
QUERY_MAX_BYTES = 512
ATTRIBUTES = ("title", "url", "author", "story_text", "comment_text", "story_title", "story_url")
_WORD = re.compile(r"\w+|[+#$]")
_TAG = re.compile(r"<[^<>]*>")
_PIECE = re.compile(r'(-?)(?:"([^"]*)"?|(\S+))')
_FILTER = re.compile(r"([a-z_]+)(<=|>=|!=|=|<|>)(-?\d+(?:\.\d+)?)")
_COMPARE = {
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
    ">": lambda one, other: one > other,
    ">=": lambda one, other: one >= other,
    "=": lambda one, other: one == other,
    "!=": lambda one, other: one != other,
}


class InvalidQueryError(Exception):
    """A query that is answered with 400; the message is what Algolia says."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """One thing to look for: words that follow each other."""

    words: tuple[str, ...]
    is_excluded: bool = False
    is_phrase: bool = False


def search(world: HackerNewsWorld, given: Mapping[str, str]) -> dict[str, Any]:
    """Return the answer to a search with the parameters `given`, newest first. Raises `InvalidQueryError`."""
    size = min(_number(given, "hitsPerPage", PAGE_DEFAULT), HITS_MAX)
    page = _number(given, "page", 0)
    fields = [one for one in given.get("restrictSearchableAttributes", "").split(",") if one] or ATTRIBUTES
    if unknown := set(fields) - set(ATTRIBUTES):
        raise InvalidQueryError(f"attribute {min(unknown)} is not searchable")
    wanted, tags = _parse(given), _tags(given.get("tags", ""))
    filters = [_filter(one) for one in given.get("numericFilters", "").split(",") if one]
    found = []
    for item in world.indexed():
        hit = world.hit(item)
        if (
            all(any(tag in hit["_tags"] for tag in some) for some in tags)
            and all(_COMPARE[sign](hit.get(name) or 0, number) for name, sign, number in filters)
            and _matches(wanted, [_words(hit.get(name)) for name in fields], given)
        ):
            found.append(hit)
    answer = {"page": page, "hitsPerPage": size, "query": given.get("query", ""), "exhaustiveNbHits": True}
    if page * size >= HITS_MAX:
        message = f"you can only fetch the {HITS_MAX} hits for this query."
        return {**answer, "hits": [], "nbHits": 0, "nbPages": 0, "message": message}
    pages = -(-min(len(found), HITS_MAX) // size) if size else 0
    hits = found[page * size : (page + 1) * size]
    return {**answer, "hits": hits, "nbHits": len(found), "nbPages": pages}


def _number(given: Mapping[str, str], name: str, default: int) -> int:
    value = given.get(name, str(default))
    if not value.isdecimal():
        raise InvalidQueryError(f"invalid value for {name}")
    return int(value)


def _filter(text: str) -> tuple[str, str, float]:
    found = _FILTER.fullmatch(text.strip())
    if found is None or found[1] not in {"created_at_i", "points", "num_comments", "story_id"}:
        raise InvalidQueryError(f"invalid numeric filter: {text}")
    return found[1], found[2], float(found[3])


def _tags(text: str) -> list[list[str]]:
    """All of these, of each list any: `story,(author_a,author_b)`."""
    return [
        one.strip("()").split(",") for one in re.findall(r"\([^()]*\)|[^,()]+", text) if one.strip("(), ")
    ]


def _parse(given: Mapping[str, str]) -> list[_Wanted]:
    query = given.get("query", "")
    if len(query.encode()) > QUERY_MAX_BYTES:
        raise InvalidQueryError("the query is too long")
    if given.get("advancedSyntax", "true") != "true":
        return [_Wanted((word,)) for word in _words(query)]
    made = []
    for sign, phrase, word in _PIECE.findall(query):
        words = tuple(_words(phrase or word))
        if phrase:
            made.append(_Wanted(words, bool(sign), is_phrase=True))
        else:
            made += [_Wanted((one,), bool(sign)) for one in words]
    return made


def _words(value: object) -> list[str]:
    if not isinstance(value, str):
        return []
    plain = unicodedata.normalize("NFKD", unescape(_TAG.sub(" ", value)).casefold())
    return _WORD.findall("".join(one for one in plain if not unicodedata.combining(one)))


def _matches(wanted: list[_Wanted], fields: list[list[str]], given: Mapping[str, str]) -> bool:
    for number, one in enumerate(wanted):
        is_last = number == len(wanted) - 1
        by_prefix = is_last and given.get("queryType", "prefixLast") == "prefixLast" and not one.is_phrase
        with_typos = given.get("typoTolerance", "true") != "false" and not one.is_phrase
        found = any(
            _has(one.words, words, by_prefix=by_prefix, with_typos=with_typos) for words in fields if words
        )
        if found is one.is_excluded:
            return False
    return True


def _has(words: tuple[str, ...], text: list[str], *, by_prefix: bool, with_typos: bool) -> bool:
    if len(words) != 1:
        return any(tuple(text[at : at + len(words)]) == words for at in range(len(text)))
    [word] = words
    return any(
        one == word or (by_prefix and one.startswith(word)) or (with_typos and _is_near(word, one))
        for one in text
    )


def _is_near(word: str, other: str) -> bool:
    """Whether one letter is another one, missing or too many."""
    if len(word) < TYPO_MIN_LETTERS or abs(len(word) - len(other)) > 1:
        return False
    start = 0
    while start < min(len(word), len(other)) and word[start] == other[start]:
        start += 1
    longer, shorter = (word, other) if len(word) >= len(other) else (other, word)
    return longer[start + 1 :] == (shorter[start + 1 :] if len(word) == len(other) else shorter[start:])
