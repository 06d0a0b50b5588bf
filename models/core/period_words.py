"""Parses periods in the past as people name them: `last week`, `past 30 days`, `October 2026`. Pure.

Each becomes one word that `models.core.period` reads, so that a period may stand among other words.
"""

import re

from models.core.command_words import collapse_spaces, strip_marks

FILLER_WORDS = frozenset({"for", "of", "in", "on", "by", "the", "and", "from", "with", "please"})
MONTH_NAMES = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
NAMED_PERIODS = frozenset(
    f"{which}-{what}" for which in ("this", "last") for what in ("week", "month", "year")
)

_DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212"), "-")
_AROUND = '*_~`"“”,;:!?()'
_DATE = r"\d{4}(?:-\d{1,2}){0,2}"
_DAYS_PER_UNIT = {"day": 1, "week": 7, "w": 7, "month": 30, "year": 365}
_MONTH = "|".join(f"{month[:3]}(?:{month[3:]})?" if month != "may" else month for month in MONTH_NAMES)

# In this order; `last` and `past` before a number of days say nothing more.
_TO = re.compile(rf"\b(?:from )?({_DATE}) (?:to|until|till|through|-) ({_DATE})\b", re.IGNORECASE)
_COUNT = re.compile(
    r"\b(?:(?:last|past|previous) )?(\d{1,4})(?: (day|week)s?| ?(w)|(day|week)s?)\b", re.IGNORECASE
)
_PAST = re.compile(r"\bpast (day|week|month|year)\b", re.IGNORECASE)
_CALENDAR = re.compile(r"\b(last|this|previous) (week|month|year)\b", re.IGNORECASE)
_MONTH_OF = re.compile(rf"\b({_MONTH})\.? (\d{{4}})\b", re.IGNORECASE)


def split_words(typed: str) -> list[str]:
    """Returns the words of `typed`, each period as one word, without punctuation and filler words."""
    text = re.sub(r" ?(?:\.{2,}|…) ?", "..", collapse_spaces(typed).translate(_DASHES))
    text = _TO.sub(r"\1..\2", text)
    text = _MONTH_OF.sub(lambda found: f"{found[2]}-{month_number(found[1]):02}", text)
    text = _PAST.sub(lambda found: f"{_DAYS_PER_UNIT[found[1].lower()]}d", text)
    text = _COUNT.sub(_replace_count, text)
    text = _CALENDAR.sub(_replace_named, text)
    bared = (one.strip(_AROUND) if ".." in one else strip_marks(one) for one in text.split(" "))
    return [one for one in bared if one and one.lower() not in FILLER_WORDS]


def month_number(word: str) -> int | None:
    """Returns the number of a month by its name or the first three letters of it; None if it is no month."""
    low = word.lower()
    found = [number for number, name in enumerate(MONTH_NAMES, 1) if low in {name, name[:3]}]
    return found[0] if found else None


def _replace_count(found: re.Match[str]) -> str:
    unit = (found[2] or found[3] or found[4]).lower()
    return f"{int(found[1]) * _DAYS_PER_UNIT[unit]}d"


def _replace_named(found: re.Match[str]) -> str:
    return f"{'this' if found[1].lower() == 'this' else 'last'}-{found[2].lower()}"
