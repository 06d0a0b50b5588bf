"""What a track asks for, in the words of X's search.

https://docs.x.com/x-api/posts/search/integrate/operators and …/build-a-query: terms side by side must all be
there, `OR` and parentheses group, a minus excludes one term, and a query has 512 characters at most without a
contract.
"""

import re
from collections.abc import Sequence

from bot.networks.errors import SearchRefusedError
from bot.networks.values import SearchRequest
from models.tracks.query import Term

QUERY_MAX_CHARS = 512
NO_REPOSTS = "-is:retweet"
_BARE_WORD_PATTERN = re.compile(r"\w+")
_HANDLE_PATTERN = re.compile(r"\w{1,15}", re.ASCII)
_LANGUAGE_PATTERN = re.compile(r"[a-z]{2,3}")
_DOMAIN_PATTERN = re.compile(r"[\w-]+(?:\.[\w-]+)*\.[^\W\d]{2,}(?:/[^\s\"]*)?")
_WORDS_PATTERN = re.compile(r"\w+(?: \w+)*")
_QUOTE_PATTERN = re.compile('["\u05f4\u201c\u201d\u201e\u201f]')
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
    # X reads "c++" as the word c: what it would leave out too much of is left out by Heard.
    parts += [f"-{_term(term)}" for term in wanted.query.excluded if _is_plain(term)]
    if wanted.languages:
        languages = [f"lang:{_language(one)}" for one in wanted.languages]
        parts.append(languages[0] if len(languages) == 1 else f"({' OR '.join(languages)})")
    parts += [f"-from:{_handle(one)}" for one in wanted.excluded_handles]
    return " ".join(parts)


def _is_plain(term: Term) -> bool:
    """Whether X and Heard mean the same by it: a hashtag, a handle, or words of letters and digits."""
    if term.kind == "quotes":  # X would have to leave out either of two
        return False
    if term.kind == "handle":
        return _HANDLE_PATTERN.fullmatch(term.text) is not None
    return term.kind == "hashtag" or _WORDS_PATTERN.fullmatch(term.text) is not None


def _term(term: Term) -> str:
    if term.kind == "handle":
        return f"@{_handle(term.text)}"
    if term.kind == "hashtag":
        return f"#{term.text}"
    if term.kind == "quotes":  # a quote ends with the link to what it quotes; older links name the old site
        handle = _handle(term.text)
        return f'(url:"x.com/{handle}/status" OR url:"twitter.com/{handle}/status")'
    if _DOMAIN_PATTERN.fullmatch(term.text):  # X searches links apart from words
        return f'("{term.text}" OR url:"{term.text}")'
    if _BARE_WORD_PATTERN.fullmatch(term.text) and term.text.lower() not in _RESERVED_WORDS:
        return term.text
    return f'"{_QUOTE_PATTERN.sub(" ", term.text)}"'  # a Hebrew acronym has a quote inside


def _handle(name: str) -> str:
    if not _HANDLE_PATTERN.fullmatch(name):
        raise SearchRefusedError(f"X has no such handle: @{name}.")
    return name


def _language(code: str) -> str:
    if not _LANGUAGE_PATTERN.fullmatch(code):
        raise SearchRefusedError(f"X knows no such language: {code}. Use codes such as en, de, ja.")
    return code
