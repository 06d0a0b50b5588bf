r"""Tracks as TOML, for teams that keep their configuration in git: one `[[track]]` table for each.

    [[track]]
    kind = "search"
    query = "fernpress or \"fern press\""
    network = "x"
    channel = "C0MENTIONS"
    languages = ["en"]
    except = ["fernpress_jobs"]

`kind` and `query` are needed; a feed has `address`, and may have `every` in seconds. What may be secret in an
address is exported as `…`. https://toml.io/en/v1.0.0
"""

import tomllib
from collections.abc import Iterable, Mapping
from typing import Any

import tomli_w
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.cli import feed_tracks
from models import Track
from models.core.mrkdwn import escape_entities
from models.sources.track import FEED_TRACK, TrackKind
from models.sources.track_rules import TrackDraft, TrackRuleError

HIDDEN = "…"  # stands in an exported address for what may be secret
FILE_MAX_BYTES = 10_000_000


class TrackEntry(BaseModel):
    """One `[[track]]` table of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    kind: TrackKind
    query: str = ""
    address: str | None = None
    every: int | None = None
    network: str | None = None
    account: str | None = None
    channel: str | None = Field(default=None, pattern=r"^[CG][A-Z0-9]+$")
    languages: list[str] = Field(default_factory=list)
    excluded: list[str] = Field(default_factory=list, alias="except")
    paused: bool = False

    def to_draft(self, network: str, account_id: str | None) -> TrackDraft:
        """Return what it asks for, on that network, as that account of ours (None: the network's first)."""
        excluded = tuple(one.removeprefix("@") for one in self.excluded)
        return TrackDraft(
            self.kind,
            network,
            self.query,
            account_id,
            self.channel,
            tuple(self.languages),
            excluded,
            self.paused,
            self._read_address(network),
            self.every,
        )

    def _read_address(self, network: str) -> str | None:
        """Return the feed's address in its one spelling. Raises `TrackRuleError`."""
        if self.kind != FEED_TRACK or self.address is None:
            return None
        if HIDDEN in self.address:
            raise TrackRuleError(
                f"The address {escape_entities(self.address)} was exported without its secrets: put them in "
                f"instead of {HIDDEN}."
            )
        return feed_tracks.read_address(network, self.address)


def write(tracks: Iterable[Track], handles: Mapping[tuple[str, str], str]) -> str:
    """Return the file with `tracks`; `handles` are those of our accounts, by network and id."""
    rows = []
    for one in tracks:
        account = handles.get((one.network, one.account_id or ""))
        row = {
            "kind": one.kind,
            "query": one.query,
            "address": feed_tracks.shown_address(one),
            "every": one.interval_seconds,
            "network": one.network,
            "account": account,
            "channel": one.channel,
            "languages": list(one.languages),
            "except": list(one.excluded_handles),
            "paused": one.paused_at is not None,
        }
        rows.append({name: value for name, value in row.items() if value})
    return tomli_w.dumps({"track": rows}) if rows else ""


def read(content: bytes) -> list[TrackEntry]:
    """Return the tracks of a file. Raises `TrackRuleError` with one sentence about the first thing wrong."""
    if len(content) > FILE_MAX_BYTES:
        raise TrackRuleError(f"The file has more than {FILE_MAX_BYTES:,} bytes.")
    try:
        found = tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise TrackRuleError("The file is not in UTF-8; save it as UTF-8 and try again.") from None
    except tomllib.TOMLDecodeError as error:
        raise TrackRuleError(escape_entities(f"The file is not valid TOML: {error}.")) from None
    rows = found.pop("track", [])
    if found or not isinstance(rows, list):
        raise TrackRuleError("The file may hold [[track]] tables and nothing else.")
    return [_entry(row, number) for number, row in enumerate(rows, 1)]


def _entry(row: Any, number: int) -> TrackEntry:  # noqa: ANN401 - whatever the file has
    try:
        found = TrackEntry.model_validate(row)
    except ValidationError as error:
        raise TrackRuleError(escape_entities(_complaint(error, number))) from None
    needed = "address" if found.kind == FEED_TRACK else "query"
    if needed not in found.model_fields_set:
        raise TrackRuleError(f"Track {number} in the file has no {needed}.")
    return found


def _complaint(error: ValidationError, number: int) -> str:
    first = error.errors(include_input=False, include_url=False)[0]
    name = ".".join(str(part) for part in first["loc"]) or "the table"
    kind = first["type"]
    if kind == "extra_forbidden":
        return f"Track {number} in the file has a field that Heard does not know: {name}."
    if kind == "missing":
        return f"Track {number} in the file has no {name}."
    if name == "kind":
        return f"Track {number} in the file has a kind that is not search, hashtag or feed."
    if name == "channel":
        return f"Track {number} in the file has a channel that is no channel id (C…)."
    return f"Track {number} in the file has a {name} of the wrong type."
