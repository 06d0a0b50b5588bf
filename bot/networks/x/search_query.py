"""What a track asks for, in the words of X's search.

https://docs.x.com/x-api/posts/search/integrate/operators and …/build-a-query: terms side by side must all be
there, `OR` and parentheses group, a minus excludes one term, and a query has 512 characters at most without a
contract.
"""

import re
from collections.abc import Sequence

from bot.networks.base import SearchRefusedError, SearchRequest
from models.tracks.query import Term

QUERY_MAX_CHARS = 512
NO_REPOSTS = "-is:retweet"
_BARE_WORD_PATTERN = re.compile(r"\w+")
_HANDLE_PATTERN = re.compile(r"\w{1,15}", re.ASCII)
_LANGUAGE_PATTERN = re.compile(r"[a-z]{2,3}")
_DOMAIN_PATTERN = re.compile(r"[\w-]+(?:\.[\w-]+)*\.[^\W\d]{2,}(?:/[^\s\"]*)?")
_RESERVED_WORDS = {"or", "and", "not"}


def build(wanted: Sequence[SearchRequest]) -> str:
    """Return the query that finds what any of `wanted`, which are some, asks for.

    Raises `SearchRefusedError` if X has no such handle or language, or if it is too long.
    """
    parts = [_request(one) for one in wanted]
    whole = parts[0] if len(parts) == 1 else f"({' OR '.join(f'({part})' for part in parts)})"
    text = f"{whole} {NO_REPOSTS}"
    if len(text) > QUERY_MAX_CHARS:
        raise SearchRefusedError(
            f"X takes {QUERY_MAX_CHARS} characters in a search, and this one has {len(text)}: "
            "make two tracks of it."
        )
    return text


def _request(wanted: SearchRequest) -> str:
    groups = [[_term(term) for term in group] for group in wanted.query.alternatives]
    either = [one[0] if len(one) == 1 else f"({' '.join(one)})" for one in groups]
    parts = [" ".join(groups[0]) if len(groups) == 1 else f"({' OR '.join(either)})"]
    parts += [f"-{_term(term, is_excluded=True)}" for term in wanted.query.excluded]
    if wanted.languages:
        languages = [f"lang:{_language(one)}" for one in wanted.languages]
        parts.append(languages[0] if len(languages) == 1 else f"({' OR '.join(languages)})")
    parts += [f"-from:{_handle(one)}" for one in wanted.excluded_handles]
    return " ".join(parts)


def _term(term: Term, *, is_excluded: bool = False) -> str:
    if term.kind == "handle":
        return f"@{_handle(term.text)}"
    if term.kind == "hashtag":
        return f"#{term.text}"
    if _DOMAIN_PATTERN.fullmatch(term.text) and not is_excluded:  # X searches links apart from words
        return f'("{term.text}" OR url:"{term.text}")'
    if _BARE_WORD_PATTERN.fullmatch(term.text) and term.text.lower() not in _RESERVED_WORDS:
        return term.text
    return f'"{term.text}"'


def _handle(name: str) -> str:
    if not _HANDLE_PATTERN.fullmatch(name):
        raise SearchRefusedError(f"X has no such handle: @{name}.")
    return name


def _language(code: str) -> str:
    if not _LANGUAGE_PATTERN.fullmatch(code):
        raise SearchRefusedError(f"X knows no such language: {code}. Use codes such as en, de, ja.")
    return code
