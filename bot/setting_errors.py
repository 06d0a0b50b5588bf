"""What is wrong with a setting, as a person would say it. Pure: it reads no environment."""

from collections.abc import Callable, Collection, Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

_NEAR_RATIO = 0.85  # how alike two names must be, of 1.0, for one to be taken for a mistyped other

# By pydantic's type of error: https://docs.pydantic.dev/latest/errors/validation_errors/
_SENTENCES: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "float_type": lambda _: "use a number",
    "float_parsing": lambda _: "use a number",
    "int_type": lambda _: "use a whole number",
    "int_parsing": lambda _: "use a whole number",
    "int_parsing_size": lambda _: "use a smaller number",
    "int_from_float": lambda _: "use a whole number",
    "decimal_type": lambda _: "use a number",
    "decimal_parsing": lambda _: "use a number",
    "decimal_max_digits": lambda about: f"use at most {about['max_digits']} digits",
    "decimal_max_places": lambda about: f"use at most {about['decimal_places']} decimals",
    "decimal_whole_digits": lambda _: "use a smaller number",
    "finite_number": lambda _: "use a number",
    "bool_type": lambda _: "use true or false",
    "bool_parsing": lambda _: "use true or false",
    "string_type": lambda _: "use text",
    "greater_than": lambda about: f"use a number greater than {_number(about['gt'])}",
    "greater_than_equal": lambda about: f"use at least {_number(about['ge'])}",
    "less_than": lambda about: f"use a number less than {_number(about['lt'])}",
    "less_than_equal": lambda about: f"use at most {_number(about['le'])}",
    "literal_error": lambda about: f"use {about['expected'].replace(chr(39), '')}",
}


def summarize_error(error: ValidationError, prefix: str = "") -> str:
    """Name each setting that is wrong and how; never its value, which may be a secret.

    `prefix` is what the names of a network's settings begin with.
    """
    return "; ".join(_describe(prefix, detail) for detail in error.errors(include_url=False))


def _describe(prefix: str, detail: Mapping[str, Any]) -> str:
    where, kind = detail["loc"], detail["type"]
    name = (prefix + str(where[0])).upper() if where else "a setting"
    if kind == "missing":
        return f"{name} is missing"
    if kind == "value_error":  # ours
        return f"{name} is wrong: {detail['ctx']['error']}"
    describe = _SENTENCES.get(kind, _describe_any)
    return f"{name} is wrong: {describe(detail.get('ctx', {}))}"


def _describe_any(_about: Mapping[str, Any]) -> str:
    return "Heard cannot read that value: see .env.example"


def _number(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() else str(value)


def find_near_misses(names: Collection[str], known: Collection[str]) -> dict[str, str]:
    """Return which of `names` are not settings of ours but nearly are, and which setting each resembles."""
    ours = {name.upper() for name in known}
    strangers = [name for name in names if name.upper() not in ours]
    nearest = {name: get_close_matches(name.upper(), ours, n=1, cutoff=_NEAR_RATIO) for name in strangers}
    return {name: near[0] for name, near in nearest.items() if near}
