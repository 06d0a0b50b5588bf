"""What a track asks for, as searches of Bluesky: https://docs.bsky.app/docs/api/app-bsky-feed-search-posts.

Terms side by side must all be there; there is no "or", so each alternative is a search of its own, and a
query of several tracks would be as many: every track is searched for by itself. What was found is matched
by Heard afterwards, so whatever the search cannot leave out (`-word`, authors) costs only a second look.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.networks.errors import SearchRefusedError
from bot.networks.values import SearchRequest
from models.tracks.query import Term

SEARCHES_MAX = (
    8  # of one track: "search is meant for people", https://github.com/bluesky-social/atproto/issues/3423
)
_PREFIX = "bluesky:"
_BARE_WORD_PATTERN = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Search:
    """One call: the words, and the hashtags that must be there besides."""

    words: str
    tags: tuple[str, ...] = ()


def build(wanted: Sequence[SearchRequest]) -> str:
    """Return the text that `parse` reads.

    Raises `SearchRefusedError` for more than one track, for too many alternatives, and for quotes of
    somebody.
    """
    groups = [group for request in wanted for group in request.query.alternatives]
    if len(wanted) > 1:
        raise SearchRefusedError("Bluesky's search takes one track at a time.")
    if len(groups) > SEARCHES_MAX:
        raise SearchRefusedError(
            f"Heard makes at most {SEARCHES_MAX} searches for a track on Bluesky, and this one needs "
            f"{len(groups)}, one for each side of “or”: make two tracks of it."
        )
    searches = [[" ".join(_term(term) for term in group), *_tags(group)] for group in groups]
    return _PREFIX + json.dumps(searches, ensure_ascii=False)


def parse(text: str) -> list[Search]:
    """Return the searches of a text that `build` made; any other text is one search for itself."""
    if not text.startswith(_PREFIX):
        return [Search(text)]
    return [Search(words, tuple(tags)) for words, *tags in json.loads(text.removeprefix(_PREFIX))]


def _tags(group: Sequence[Term]) -> list[str]:
    return [term.text for term in group if term.kind == "hashtag"]


def _term(term: Term) -> str:
    if term.kind == "quotes":
        raise SearchRefusedError("Bluesky cannot search for posts that quote somebody.")
    if term.kind in {"hashtag", "handle"}:
        return term.spelled
    return (
        term.text if _BARE_WORD_PATTERN.fullmatch(term.text) else '"{}"'.format(term.text.replace('"', " "))
    )
