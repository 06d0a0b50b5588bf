"""The dates that feeds write, as their own zone says. Pure.

RSS asks for RFC 822 with four-digit years, Atom and JSON Feed for RFC 3339; feeds write these, what their
language calls a month, and what their clock calls its zone. Names of zones that mean several are read as the
one that most people live in: `IST` as India's (Ireland writes GMT or +0100, Israel +0200), `BST` as British
summer, `CST` as North America's. A date without a zone, or with a name that nobody knows, counts as UTC: that
is off by hours at most, and without it old entries would look new.
"""

import re
from datetime import UTC, datetime, timedelta

_DATE_MAX_CHARS = 100

_ISO = re.compile(
    r"(?P<year>\d{4})-?(?:(?P<month>\d{1,2})(?:-?(?P<day>\d{1,2}))?)?"
    r"(?:(?:\s*T\s*|\s+)(?P<hour>\d{1,2})(?::?(?P<minute>\d{2})(?::?(?P<second>\d{2})(?:[.,](?P<part>\d+))?)?)?)?"
    r"\s*(?P<zone>.*)",
    re.IGNORECASE,
)
_SLASHED = re.compile(r"(\d{4})[/.](\d{1,2})[/.](\d{1,2})(?=\D|\Z)")
_TIME = re.compile(
    r"(?<![\d:+-])(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?(?:\s*([ap])\.?m\b\.?)?", re.IGNORECASE
)
_NUMERIC_ZONE = re.compile(r"(?:GMT|UTC?)?\s*([+\u2212-])\s*(\d{1,2}):?(\d{2})?(?!\d)", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+")
_NUMBER = re.compile(r"\d+")
_COMMENT = re.compile(r"\([^()]*\)")
_LATE_YEAR = re.compile(r"(?<![\d+:-])\d{4}(?![\d:])")
_UNIX = re.compile(r"\d{10}(?:\d{3})?")

# The beginnings of the months' names in English, German, French, Spanish, Italian, Dutch and Portuguese.
_MONTHS = (
    ("jan", "jän", "ene", "gen"),
    ("feb", "fév", "fev"),
    ("mar", "mär", "mrz", "maa", "mrt"),
    ("apr", "avr", "abr"),
    ("may", "mai", "mag", "mei"),
    ("jun", "juin", "giu"),
    ("jul", "juil", "lug"),
    ("aug", "aoû", "aou", "ago"),
    ("sep", "set"),
    ("oct", "okt", "ott", "out"),
    ("nov",),
    ("dec", "dez", "déc", "dic"),
)
_ZONES = {  # hours from UTC
    **dict.fromkeys(("UT", "UTC", "GMT", "Z", "WET"), 0),
    **dict.fromkeys(("CET", "MEZ", "MET", "BST", "WEST", "WAT"), 1),
    **dict.fromkeys(("CEST", "MESZ", "MEST", "EET", "SAST", "CAT"), 2),
    **dict.fromkeys(("EEST", "MSK", "TRT", "EAT", "IDT"), 3),
    "IST": 5.5,
    "PKT": 5,
    "NPT": 5.75,
    "WIB": 7,
    **dict.fromkeys(("AWST", "HKT", "SGT", "PHT", "MYT"), 8),
    **dict.fromkeys(("JST", "KST"), 9),
    "ACST": 9.5,
    "AEST": 10,
    "ACDT": 10.5,
    "AEDT": 11,
    "NZST": 12,
    "NZDT": 13,
    "NDT": -2.5,
    **dict.fromkeys(("ADT", "BRT", "ART", "CLST"), -3),
    "NST": -3.5,
    **dict.fromkeys(("EDT", "AST", "CLT"), -4),
    **dict.fromkeys(("EST", "CDT", "COT", "PET"), -5),
    **dict.fromkeys(("CST", "MDT"), -6),
    **dict.fromkeys(("MST", "PDT"), -7),
    **dict.fromkeys(("PST", "AKDT"), -8),
    "AKST": -9,
    "HST": -10,
}
_SHORT_YEARS_PIVOT = 70  # 69 is 2069, 70 is 1970
_OFFSET_MAX_HOURS = 15


def parse_date(text: str) -> datetime | None:
    """Return the moment that a feed means, in UTC; None if nobody can tell.

    `24:00` is the next day's midnight and `:60` the next minute. Only a date: its midnight. A bare number of
    10 or 13 digits counts seconds or milliseconds since 1970. Years may be anything from 1 to 9999.
    """
    text = text.strip()[:_DATE_MAX_CHARS]
    try:
        if _UNIX.fullmatch(text):
            return datetime.fromtimestamp(int(text[:10]), UTC)
        return _parse_iso(_SLASHED.sub(r"\1-\2-\3", text)) or _parse_words(text)
    except (ValueError, OverflowError):
        return None


def _parse_iso(text: str) -> datetime | None:
    found = _ISO.fullmatch(text)
    if not found or not (found["month"] or text.isdigit()):
        return None
    if text.isdigit() and len(text) not in {4, 8}:
        return None
    moment = _moment(
        (int(found["year"]), int(found["month"] or 1), int(found["day"] or 1)),
        (int(found["hour"] or 0), int(found["minute"] or 0), int(found["second"] or 0)),
        found["zone"],
    )
    return moment + timedelta(microseconds=int((found["part"] or "0")[:6].ljust(6, "0")))


def _parse_words(text: str) -> datetime | None:
    """Read a date whose month is a word: RFC 822, RFC 850, asctime, and the like in other languages."""
    text = _COMMENT.sub(" ", text)
    time = _TIME.search(text)
    date, rest = (text[: time.start()], text[time.end() :]) if time else (text, "")
    months = [month for word in _WORD.findall(date) if (month := _month(word))]
    numbers = _NUMBER.findall(date)
    if (
        time and len(numbers) == 1
    ):  # asctime has the year last: Fri Nov 27 10:00:00 2026, or with a zone before
        late = _LATE_YEAR.search(rest)
        if late:
            numbers.append(late[0])
            rest = rest[: late.start()] + rest[late.end() :]
    elif not time and len(numbers) > 2:  # noqa: PLR2004 - a day and a year; what follows is no time
        return None
    if not months or len(numbers) != 2:  # noqa: PLR2004
        return None
    day, year = (numbers[1], numbers[0]) if len(numbers[0]) == len("2026") else numbers
    hour, minute, second = (int(time[1]), int(time[2]), int(time[3] or 0)) if time else (0, 0, 0)
    if time and time[4]:
        hour = hour % 12 + (12 if time[4].lower() == "p" else 0)
    # The last of several: "mar. 24 nov. 2026" is a Tuesday in November.
    return _moment((_whole_year(year), months[-1], int(day)), (hour, minute, second), rest)


def _month(word: str) -> int | None:
    small = word.lower()
    for number, beginnings in enumerate(_MONTHS, 1):
        if small.startswith(beginnings):
            return number
    return None


def _whole_year(year: str) -> int:
    if len(year) > 2:  # noqa: PLR2004 - RFC 822 had years of two digits
        return int(year)
    return int(year) + (1900 if int(year) >= _SHORT_YEARS_PIVOT else 2000)


def _moment(day: tuple[int, int, int], time: tuple[int, int, int], zone: str) -> datetime:
    hour, minute, second = time
    if hour > 24 or minute > 59 or second > 60:  # noqa: PLR2004 - the ends of a day, an hour and a leap minute
        raise ValueError(time)
    local = datetime(*day, tzinfo=UTC) + timedelta(hours=hour, minutes=minute, seconds=second)
    return local - _offset(zone)


def _offset(zone: str) -> timedelta:
    zone = _COMMENT.sub(" ", zone).strip()
    numeric = _NUMERIC_ZONE.match(zone)
    if numeric:
        hours, minutes = int(numeric[2]), int(numeric[3] or 0)
        if hours <= _OFFSET_MAX_HOURS and minutes < 60:  # noqa: PLR2004
            return timedelta(hours=hours, minutes=minutes) * (1 if numeric[1] == "+" else -1)
        return timedelta()
    word = _WORD.match(zone)
    return timedelta(hours=_ZONES.get(word[0].upper(), 0)) if word else timedelta()
