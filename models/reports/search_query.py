"""Reads what people type to search: words and phrases, our accounts, tracks. Pure."""

from collections.abc import Callable

import regex

from models.core.account_filter import AccountFilter
from models.core.base import RuleBrokenError
from models.core.command_words import strip_marks
from models.core.fold import fold

QUERY_MAX_CHARS = 200

_TRACK = regex.compile(r"track:([0-9]{1,9})", regex.IGNORECASE)
_QUOTED = regex.compile(r'["“”„«»]([^"“”„«»]*)["“”„«»]?|([^\s"“”„«»]+)')


def split_accounts(
    typed: str, find: Callable[[str], AccountFilter | None]
) -> tuple[str, tuple[AccountFilter, ...]]:
    """Returns `typed` without the handles of our own accounts, and those accounts, each handle once.

    `find` looks a handle up, without @. In quotation marks a handle is a word like others. Raises
    `RuleBrokenError` if the text is too long.
    """
    _check_length(typed)
    found: dict[str, AccountFilter] = {}

    def keep(piece: regex.Match[str]) -> str:
        word = strip_marks(piece[2] or "")
        account = find(word[1:]) if word.startswith("@") and len(word) > 1 else None
        if account is None:
            return str(piece[0])
        found[account.handle.casefold()] = account
        return ""

    rest = _QUOTED.sub(keep, typed)
    return " ".join(rest.split()) if found else typed, tuple(found.values())


def split_tracks(typed: str) -> tuple[str, tuple[int, ...]]:
    """Returns `typed` without the tracks in it (`track:7`), and their ids, each once.

    In quotation marks they are words like others. Raises `RuleBrokenError` if the text is too long.
    """
    _check_length(typed)
    found: dict[int, None] = {}

    def keep(piece: regex.Match[str]) -> str:
        track = _TRACK.fullmatch(strip_marks(piece[2] or ""))
        if track is None:
            return str(piece[0])
        found[int(track[1])] = None
        return ""

    rest = _QUOTED.sub(keep, typed)
    return " ".join(rest.split()) if found else typed, tuple(found)


def parse_phrases(typed: str) -> list[str]:
    """Returns what to search for, folded: each word by itself, and what is in quotation marks as one phrase.

    Everything else (operators, signs, emoji) is ignored. Raises `RuleBrokenError` if nothing is left, or the
    text is too long.
    """
    _check_length(typed)
    pieces = (quoted or bare for quoted, bare in _QUOTED.findall(typed))
    found = [phrase for phrase in dict.fromkeys(map(fold, pieces)) if phrase]
    if not found:
        raise RuleBrokenError(
            "Type a word to search for, such as `/mentions search slow checkout`, "
            '`"out of stock"` or, for a person, `/mentions search @maria`.'
        )
    return found


def _check_length(typed: str) -> None:
    if len(typed) > QUERY_MAX_CHARS:
        raise RuleBrokenError(
            f"That is {len(typed):,} characters; a search can have at most {QUERY_MAX_CHARS}. Use fewer "
            "words."
        )
