"""The titles of issues: how they are checked, and how two of them are told apart. Pure."""

import regex  # the Unicode properties that `re` lacks

from models.core.base import RuleBrokenError
from models.core.normalize import nfkc

TITLE_MAX_CHARS = 150  # characters, what one line of a list has room for
_BLANK = regex.compile(r"[\s\p{Z}\p{C}\p{Default_Ignorable_Code_Point}]+")
# Does not tell two titles apart: blanks, punctuation, and what nobody sees.
_SEPARATORS = regex.compile(r"[\s\p{P}\p{Z}\p{C}\p{Default_Ignorable_Code_Point}]+")


def title_key(title: str) -> str:
    """What tells this title from others: no case, blanks or punctuation; empty if nothing is to be seen."""
    whole = _folded(title)
    bare: str = _SEPARATORS.sub("", whole)
    return bare or _BLANK.sub("", whole)


def title_keys(words: str) -> list[str]:
    """What a title is looked up by: the `name_of` each of `words`, each once; empty if nothing is to be seen.

    A word of punctuation alone counts only where there is no other: “rows - lost” asks for no dash.
    """
    found = dict.fromkeys(name for word in words.split() if (name := _SEPARATORS.sub("", _folded(word))))
    return list(found) or [name for name in [title_key(words)] if name]


def _folded(text: str) -> str:
    return nfkc(text).casefold()


def check_title(title: str) -> tuple[str, str]:
    """`title` as it is shown, and its name; a sentence if no issue can be called that."""
    shown = " ".join(title.split())
    if len(shown) > TITLE_MAX_CHARS:
        raise RuleBrokenError(
            f"An issue's title has at most {TITLE_MAX_CHARS} characters, and that one has {len(shown):,}. "
            "Say it shorter."
        )
    name = title_key(shown)
    if not name:
        raise RuleBrokenError("An issue needs a title that one can see, such as “Export loses rows”.")
    return shown, name
