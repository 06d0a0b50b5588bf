"""How many points each reason is worth. Pure.

A channel may have weights of its own; what it leaves out is as everywhere. In JSON only what differs from the
defaults is kept, so that a better default reaches channels that never cared.
"""

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from models.priority.cue_table import CUE_NAMES, CUES

SHOWN_CHARS = 40  # of what was typed, in an error
POINTS_MAX = 100  # and as many below zero: more would silence every other reason
_READ_MAX = 1_000  # stored weights that are remembered: each channel may have its own
# Also as keyboards for Japanese and Chinese write them; the comma of 1,000 is none.
_SEPARATORS = re.compile("[;\uff0c\uff1b\u3001]|,(?![0-9]{3}(?![0-9]))")
Points = Annotated[int, Field(strict=True, ge=-POINTS_MAX, le=POINTS_MAX)]
_DEFAULT_POINTS = {cue.name: cue.points for cue in CUES}


class WeightsError(ValueError):
    """Weights that cannot be used; the message is one sentence for the person who typed them."""


class Weights(BaseModel):
    """Points for each reason.

    `reach` counts for each power of ten of followers from 1,000 on, `again` for each earlier contact of the
    same week, `waiting` for each full hour, up to `waiting_hours`. `cues` has only those that differ from
    their points in the table of cues. A weight of 0 leaves the reason out.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    question: Points = 10
    reach: Points = 5
    again: Points = 8
    customer: Points = 15
    waiting: Points = 1
    waiting_hours: Annotated[int, Field(strict=True, ge=0, le=1_000)] = 48
    cues: Mapping[str, Points] = Field(default_factory=dict)

    @field_validator("cues")
    @classmethod
    def _known(cls, cues: Mapping[str, int]) -> Mapping[str, int]:
        for name in cues:
            if name not in _DEFAULT_POINTS:
                raise ValueError(f"no cue is called {name!r}")
        return {name: points for name, points in cues.items() if points != _DEFAULT_POINTS[name]}

    def of_cue(self, name: str) -> int:
        """The points of that cue."""
        return self.cues.get(name, _DEFAULT_POINTS[name])

    def as_json(self) -> dict[str, Any]:
        """What differs from the defaults; empty if nothing does."""
        return self.model_dump(exclude_defaults=True)

    @classmethod
    def of_stored(cls, stored: Mapping[str, Any] | None) -> Self:
        """The weights that the ledger has; what this version does not know, or cannot use, is left out.

        So neither a cue that was renamed nor a value typed into the database stops a reading.
        """
        kept: dict[str, Any] = {}
        for name, value in (stored or {}).items():
            parts = value.items() if name == "cues" and isinstance(value, Mapping) else [(None, value)]
            for cue, points in parts:
                one = {name: points} if cue is None else {name: {cue: points}}
                try:
                    cls.model_validate(one)
                except ValidationError:
                    continue
                if cue is None:
                    kept |= one
                else:
                    kept.setdefault(name, {})[cue] = points
        return cls.model_validate(kept)

    @classmethod
    @lru_cache(maxsize=_READ_MAX)
    def of_json(cls, text: str) -> Self:
        """As `of_stored` reads the JSON in `text`, but the same text is read once; all default if it is none.

        What it returns is shared: leave its `cues` as they are.
        """
        try:
            stored = json.loads(text)
        except ValueError:
            stored = None
        return cls.of_stored(stored if isinstance(stored, Mapping) else None)


DEFAULT_WEIGHTS = Weights()
WEIGHT_NAMES = (*(name for name in Weights.model_fields if name != "cues"), *CUE_NAMES)


def parse_weights(text: str) -> Weights:
    """Returns what `text` says, such as `refund: 30` or `question = 0`.

    Each weight has a line, or they are separated by commas or semicolons. Case and blank lines do not count.
    Raises `WeightsError`.
    """
    given: dict[str, Any] = {}
    cues: dict[str, int] = {}
    for part in filter(None, (one.strip() for line in text.splitlines() for one in _SEPARATORS.split(line))):
        typed, name, number = _split_part(part)
        if name in cues or name in given:
            raise WeightsError(f"“{_short(typed)}” is there twice.")
        if name in _DEFAULT_POINTS:
            cues[name] = number
        elif name in Weights.model_fields and name != "cues":
            given[name] = number
        else:
            raise WeightsError(
                f"No weight is called “{_short(typed)}”; docs/reference/priority.md lists them."
            )
    try:
        return Weights(**given, cues=cues)
    except ValidationError as error:
        raise WeightsError(_complaint(error)) from None


def format_weights(weights: Weights) -> str:
    """Returns the lines that `parse_weights` reads as `weights`; empty if all are as everywhere."""
    own = weights.as_json()
    cues = own.pop("cues", {})
    return "\n".join(f"{name}: {points}" for name, points in (own | dict(cues)).items())


def _split_part(part: str) -> tuple[str, str, int]:
    """A name as it was typed, the name that it may be, and the points."""
    before, sign, after = part.replace("=", ":").replace("\uff1a", ":").rpartition(":")
    typed = before.strip()
    words = " ".join(typed.lower().replace("_", " ").split())
    if not sign or not words:
        raise WeightsError(f"Write a name and its points, such as “refund: 30”, not “{_short(part)}”.")
    number = after.strip().replace("\u2212", "-").removeprefix("+")
    if not number.removeprefix("-").isascii() or not number.removeprefix("-").isdigit() or len(number) > 5:  # noqa: PLR2004
        raise WeightsError(f"“{_short(after.strip())}” is no whole number of points.")
    return typed, words if words in _DEFAULT_POINTS else words.replace(" ", "_"), int(number)


def _complaint(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    name = str(first["loc"][-1]) if first["loc"] else "a weight"
    if name == "waiting_hours":
        return "waiting_hours can be 0 to 1,000 hours."
    return f"“{name}” can have {-POINTS_MAX} to {POINTS_MAX} points."


def _short(text: str) -> str:
    shown = " ".join(text.split())
    return shown if len(shown) <= SHOWN_CHARS else f"{shown[: SHOWN_CHARS - 1]}…"
