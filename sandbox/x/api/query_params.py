"""Query parameters, and X's errors about them."""

import re
from collections.abc import Collection
from datetime import UTC, datetime
from urllib.parse import parse_qsl

from sandbox.x.api.problems import invalid, invalid_request
from sandbox.x.state.ids import read_token

ID = re.compile(r"[0-9]{1,19}")
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


class Params:
    """The query of one request. Every method raises ProblemError (400) for a value that X refuses."""

    def __init__(self, query: str) -> None:
        self.all = dict(parse_qsl(query, keep_blank_values=True))

    def check(self, known: Collection[str]) -> None:
        """Raise ProblemError for parameters that the endpoint does not have."""
        for name, value in self.all.items():
            if name not in known:
                listed = ",".join(sorted(known))
                raise invalid(name, value, f"The query parameter [{name}] is not one of [{listed}]")

    def text(self, name: str) -> str | None:
        return self.all.get(name)

    def number(self, name: str, low: int, high: int, default: int) -> int:
        value = self.all.get(name)
        if value is None:
            return default
        if not value.isascii() or not value.isdigit() or not low <= int(value) <= high:
            raise self._wrong(name, f"is not between {low} and {high}")
        return int(value)

    def id(self, name: str) -> int | None:
        value = self.all.get(name)
        if value is not None and not ID.fullmatch(value):
            raise self._wrong(name, f"does not match ^{ID.pattern}$")
        return None if value is None else int(value)

    def ids(self, name: str, most: int = 100) -> list[str]:
        values = list(dict.fromkeys(self._listed(name)))
        if not values:
            raise invalid_request({"parameters": {name: []}, "message": f"{name}: is missing"})
        if len(values) > most or not all(map(ID.fullmatch, values)):
            raise self._wrong(name, f"is not a list of 1 to {most} ids")
        return values

    def moment(self, name: str) -> datetime | None:
        value = self.all.get(name)
        if value is None:
            return None
        if not RFC3339.fullmatch(value):
            raise self._wrong(name, "is not YYYY-MM-DDTHH:mm:ssZ")
        try:
            return datetime.fromisoformat(value).astimezone(UTC)
        except ValueError:
            raise self._wrong(name, "is not a date") from None

    def names(self, name: str, known: Collection[str]) -> set[str]:
        names = set(self._listed(name))
        for each in sorted(names.difference(known)):
            listed = ",".join(sorted(known))
            raise invalid(name, each, f"The `{name}` query parameter value [{each}] is not one of [{listed}]")
        return names

    def token(self) -> int | None:
        """Return the ID in a page token."""
        for name in ("pagination_token", "next_token"):
            if (value := self.all.get(name)) is not None:
                try:
                    return read_token(value)
                except ValueError:
                    raise self._wrong(name, "is invalid") from None
        return None

    def _listed(self, name: str) -> list[str]:
        return [each for each in self.all.get(name, "").split(",") if each]

    def _wrong(self, name: str, why: str) -> Exception:
        value = self.all[name]
        return invalid(name, value, f"The `{name}` query parameter value [{value}] {why}")
