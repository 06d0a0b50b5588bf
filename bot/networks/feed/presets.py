"""Sites whose feed has an address that can be built from a few words."""

from collections.abc import Callable
from dataclasses import dataclass


class PresetRefusedError(Exception):
    """No address can be built from what was typed; the message says what to type."""


@dataclass(frozen=True, slots=True)
class Preset:
    """One kind of feed on one site.

    `name` stands in commands (`reddit-search`), `title` in menus, `typed` says what to type. `build` makes
    the feed's address from that. It raises `PresetRefusedError`.
    """

    name: str
    title: str
    typed: str
    build: Callable[[str], str]


PRESETS: tuple[Preset, ...] = ()
