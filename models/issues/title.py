"""Checks and compares the titles of issues. Pure."""

import regex  # the Unicode properties that `re` lacks

from models.core.base import RuleBrokenError
from models.core.normalize import nfkc

TITLE_MAX_CHARS = 150  # as much as one line of a list has room for
_BLANK = regex.compile(r"[\s\p{Z}\p{C}\p{Default_Ignorable_Code_Point}]+")
# What does not tell two titles apart: blanks, punctuation and invisible characters.
_SEPARATORS = regex.compile(r"[\s\p{P}\p{Z}\p{C}\p{Default_Ignorable_Code_Point}]+")


def title_key(title: str) -> str:
    """Returns what identifies a title: its letters without case, blanks or punctuation.

    Empty if nothing in it is visible; a title of punctuation alone keeps its punctuation.
    """
    folded = _folded(title)
    bare: str = _SEPARATORS.sub("", folded)
    return bare or _BLANK.sub("", folded)


def title_keys(words: str) -> list[str]:
    """Returns the keys of each of `words`, each once; empty if nothing is visible.

    A word of punctuation alone counts only if there is no other: in “rows - lost” the dash is ignored.
    """
    found = dict.fromkeys(name for word in words.split() if (name := _SEPARATORS.sub("", _folded(word))))
    return list(found) or [name for name in [title_key(words)] if name]


def _folded(text: str) -> str:
    return nfkc(text).casefold()


def check_title(title: str) -> tuple[str, str]:
    """Returns `title` as it is shown, and its key.

    Raises `RuleBrokenError` if it is too long or has nothing visible.
    """
    shown = " ".join(title.split())
    if len(shown) > TITLE_MAX_CHARS:
        raise RuleBrokenError(
            f"An issue's title has at most {TITLE_MAX_CHARS} characters, and that one has {len(shown):,}. "
            "Please shorten it."
        )
    name = title_key(shown)
    if not name:
        raise RuleBrokenError("An issue needs a visible title, such as “Export loses rows”.")
    return shown, name
