"""Why a ticket comes first, in words: on its card, in Home and in lists. Pure.

A reason that quotes the customer is plain text, which Slack shows as it is. Lists may be shared, and outlive
what they quote, so they name the cues only.
"""

from bot.slack.blocks.elements import Block, count_noun, plain_text
from bot.slack.blocks.text import mrkdwn_literal, one_line, sanitize, truncate
from models.priority.score import Priority, Reason

MIN_POINTS = 5  # "Why first: praise" would be odd on a ticket that comes last
CARD_LINE_MAX_CHARS = 220
CUES_SHOWN_MAX = 3  # on a card and in Home
NOTE_MAX_CHARS = 60
_ORDINALS = (
    "",
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
)


def build_priority_line(priority: Priority) -> list[Block]:
    """The card's line; none where too little speaks for the ticket."""
    if priority.points < MIN_POINTS:
        return []
    told = " · ".join([_reason_text(one, quotes=True) for one in _speaking_for(priority)])
    line = truncate(f"Why first: {told}", CARD_LINE_MAX_CHARS)
    return [{"type": "context", "elements": [plain_text(line)]}]


def short_text(priority: Priority) -> str:
    """The reasons in one line of mrkdwn, without points; empty where too little speaks for it."""
    if priority.points < MIN_POINTS:
        return ""
    return " · ".join(mrkdwn_literal(_reason_text(one)) for one in _speaking_for(priority))


def points_text(priority: Priority) -> str:
    """All points and the reason of each, as mrkdwn: `37 points: question 10, refund 20, …`."""
    if not priority.reasons:
        return "0 points"
    parts = (f"{mrkdwn_literal(_reason_text(one))} {_signed(one.points)}" for one in priority.reasons)
    total = count_noun(priority.points, "point").replace("-", "\u2212")
    return f"{total}: {', '.join(parts)}"


def _signed(points: int) -> str:
    return f"+{points}" if points > 0 else f"\u2212{-points}"


def _speaking_for(priority: Priority) -> list[Reason]:
    """What adds points, the weightiest cues only."""
    cues = [one for one in priority.reasons if one.kind == "cue" and one.points > 0][:CUES_SHOWN_MAX]
    return [one for one in priority.reasons if one.points > 0 and (one.kind != "cue" or one in cues)]


def _reason_text(reason: Reason, *, quotes: bool = False) -> str:
    """One reason in plain words, in one line, with the customer's own if it `quotes` them."""
    match reason.kind:
        case "cue":
            words = ", ".join(f"“{one_line(sanitize(word))}”" for word in reason.words)
            return f"{reason.name} ({words})" if quotes and words else reason.name
        case "reach":
            return count_noun(reason.number or 0, "follower")
        case "again":
            return f"{_ordinal(reason.number or 0)} time this week"
        case "customer":
            note = truncate(one_line(sanitize(reason.note)), NOTE_MAX_CHARS)
            return f"known customer: {note}" if note else "known customer"
        case "waiting":
            return f"waiting {_hours(reason.number or 0)}"
        case _:
            return reason.kind


def _ordinal(number: int) -> str:
    if number < len(_ORDINALS):
        return _ORDINALS[number]
    ending = "th" if number % 100 in range(11, 14) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _hours(number: int) -> str:
    days, hours = divmod(number, 24)
    return f"{number} h" if not days else f"{days} d {hours} h"
