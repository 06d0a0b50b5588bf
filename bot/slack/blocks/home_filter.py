"""Home's choice of a track or an account: only what it found is listed as waiting. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.slack.blocks.elements import Block, context_block, plain_text
from bot.slack.blocks.text import one_line, sanitize, truncate
from bot.slack.blocks.values import Value

FILTER_ACTION_ID, FILTER_BLOCK = "home_filter", "home filter"
ALL_LABEL = "All tracks and accounts"
LABEL_MAX_CHARS = 75  # https://docs.slack.dev/reference/block-kit/composition-objects/option-object
CHOICES_MAX = 99  # with the one for all, as many as a menu takes


@dataclass(frozen=True, slots=True)
class HomeFilterValue(Value):
    """A track, or an account (by its network and id there); neither: everything."""

    track: int | None = None
    network: str | None = None
    account: str | None = None

    @property
    def is_all(self) -> bool:
        """Whether nothing is left out."""
        return self == EVERYTHING


EVERYTHING = HomeFilterValue()


@dataclass(frozen=True, slots=True)
class FilterChoice:
    """One entry of the menu; `label` is as people know it, unsafe and of any length."""

    value: HomeFilterValue
    label: str


@dataclass(frozen=True, slots=True)
class HomeFilter:
    """What there is to choose from, and what is chosen."""

    choices: Sequence[FilterChoice] = ()
    chosen: HomeFilterValue = EVERYTHING

    @property
    def is_on(self) -> bool:
        """Whether something is left out."""
        return not self.chosen.is_all


NO_FILTER = HomeFilter()


def build_filter(shown: HomeFilter) -> list[Block]:
    """The menu, in two blocks at most; nothing where there is only one thing to choose."""
    if not shown.choices and not shown.is_on:
        return []
    listed = [_option(EVERYTHING, ALL_LABEL), *map(_choice_option, shown.choices[:CHOICES_MAX])]
    chosen = next((one for one in listed if one["value"] == shown.chosen.pack()), None)
    if chosen is None:  # it is further down, or gone
        chosen = next(
            (_choice_option(one) for one in shown.choices if one.value == shown.chosen),
            _option(shown.chosen, _own_label(shown.chosen)),
        )
        listed = [*listed[:CHOICES_MAX], chosen]
    menu = {
        "type": "static_select",
        "action_id": FILTER_ACTION_ID,
        "placeholder": plain_text(ALL_LABEL),
        "options": listed,
        "initial_option": chosen,
    }
    more = len(shown.choices) - CHOICES_MAX
    hint = [context_block("Tracks that are not in the menu: `/mentions open track:7`.")] if more > 0 else []
    return [{"type": "actions", "block_id": FILTER_BLOCK, "elements": [menu]}, *hint]


def _choice_option(choice: FilterChoice) -> dict[str, Any]:
    return _option(choice.value, choice.label)


def _option(value: HomeFilterValue, label: str) -> dict[str, Any]:
    return {"text": plain_text(truncate(one_line(sanitize(label)), LABEL_MAX_CHARS)), "value": value.pack()}


def _own_label(value: HomeFilterValue) -> str:
    """What to call a choice that is not there any more."""
    return f"Track {value.track}" if value.track is not None else f"An account on {value.network}"
