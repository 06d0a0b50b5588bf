"""Every network that Heard knows: found by its file, set up by its own settings.

A network's file ends with `register(Registration(…))`, and that is all that the rest of Heard needs of it:
the start, `doctor`, `connect`, the schedule and the log (which hides its secrets) read this list.
"""

import importlib
import importlib.util
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

import bot.networks
from bot.networks.base import Network
from bot.networks.oauth2 import ConsentRequest, TokenPair, TokenSource


class NetworkSettings(BaseSettings):
    """A network's settings, from environment variables that begin with its own prefix.

    A subclass sets `env_prefix` and gives every field a default: None where a person has to fill it in.
    """

    model_config = SettingsConfigDict(
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        str_strip_whitespace=True,  # secrets come from files, and files end in a newline
    )

    needed: ClassVar[str] = ""  # what to set, as `doctor` puts it; empty: the fields that are None
    where_found: ClassVar[str] = ""  # the page where those values are, and what to press there; a sentence

    @classmethod
    def env_names(cls) -> dict[str, str]:
        """Return the environment variable of each field."""
        prefix = cls.model_config.get("env_prefix", "")
        return {name: f"{prefix}{name}".upper() for name in cls.model_fields}

    @property
    def is_configured(self) -> bool:
        """Whether anybody meant to use this network: at least one field that has to be filled in is."""
        return len(self._missing_names()) < len(self._required_names())

    @property
    def problem(self) -> str | None:
        """What is missing although the network is configured, in one line; None if nothing is."""
        missing = self._missing_names()
        return f"{' and '.join(missing)} not set" if missing and self.is_configured else None

    @property
    def has_account(self) -> bool:
        """Whether the environment has credentials of an account: by default, whether nothing is missing."""
        return self.is_configured and self.problem is None

    @property
    def connect_problem(self) -> str | None:
        """What is missing for `connect`, in one line; None if nothing is."""
        return None

    @property
    def key_material(self) -> Mapping[str, SecretStr]:
        """Secrets from which a key may be derived that seals tokens, by the name of their setting."""
        return {}

    @property
    def secrets(self) -> list[str]:
        """Every secret among the values, for the log to hide."""
        values = [getattr(self, name) for name in type(self).model_fields]
        return [value.get_secret_value() for value in values if isinstance(value, SecretStr)]

    @property
    def names_set(self) -> list[str]:
        """The environment variables that are set."""
        return [name for field, name in self.env_names().items() if field in self.model_fields_set]

    @classmethod
    def needs_nothing(cls) -> bool:
        """Return whether nobody has to fill in anything: every field has a default that works."""
        return not cls._required_names()

    @classmethod
    def needed_names(cls) -> str:
        """Return which environment variables set this network up, for people."""
        return cls.needed or ", ".join(cls._required_names())

    @classmethod
    def _required_names(cls) -> list[str]:
        return [name for field, name in cls.env_names().items() if cls.model_fields[field].default is None]

    def _missing_names(self) -> list[str]:
        required = self._required_names()
        return [
            name
            for field, name in self.env_names().items()
            if name in required and not _is_filled(getattr(self, field))
        ]


class StoredTokens(TokenSource, Protocol):
    """One account's OAuth 2.0 tokens in the ledger: sealed, and renewed by one worker at a time."""

    def connect(self, pair: TokenPair) -> None:
        """Keep the first pair of an account. Raises what the database raises."""
        ...

    def forget(self) -> None:
        """Delete what `connect` has kept. Raises what the database raises."""
        ...


Renew = Callable[[SecretStr], TokenPair]
"""Exchanges a refresh token for the next pair. Raises `GrantRefusedError`, `Later` and `Unsure`."""

OpenTokens = Callable[[Renew], StoredTokens]
"""Opens the ledger's store of this network's tokens."""


class ConnectFailedError(Exception):
    """Nothing was connected. The message is the line that the command ends with, without a full stop."""


class ConnectTerminal(Protocol):
    """The terminal that `python -m bot connect` runs in, and the browser beside it."""

    redirect: str  # the address on this machine that the browser comes back to
    server: str | None  # the server to sign in to, where a network has many; None: nobody named one

    def say(self, sentence: str) -> None:
        """Print `sentence`."""
        ...

    def ask(self, question: str) -> str:
        """Return the line that a person types after `question`. Raises `ConnectFailedError` if none comes."""
        ...

    def ask_secret(self, question: str) -> str:
        """Return the same, without showing what is typed. Raises `ConnectFailedError` if nothing comes."""
        ...

    def wait_for_code(self, request: ConsentRequest, page: str) -> str:
        """Have a person consent on `page`, and return the code that came back.

        Raises `ConnectFailedError`.
        """
        ...


@dataclass(frozen=True, slots=True)
class Connected:
    """An account that was just connected, and why a running bot will not use it, if it will not."""

    network: Network
    unused_because: str | None = None


Settings = TypeVar("Settings", bound=NetworkSettings)


@dataclass(frozen=True, slots=True)
class Registration(Generic[Settings]):
    """Everything that the rest of Heard knows about a network's file.

    `network` is its class, whose name stands in the ledger for ever. `build` makes it from settings that are
    complete: for the environment's account, or for one whose tokens the ledger keeps. `connect` signs a
    person in; None: the environment alone has credentials.
    """

    network: type[Network]
    settings: type[Settings]
    build: Callable[[Settings, OpenTokens | None], Network]
    connect: Callable[[Settings, ConnectTerminal, OpenTokens], Connected] | None = None
    method: str = "OAuth 2.0"  # how an account that was connected signs in, for people
    tokens_rotate: bool = True  # whether each renewal ends the tokens before: those in a backup are void

    @property
    def name(self) -> str:
        """How the ledger knows the network."""
        return self.network.name

    @property
    def title(self) -> str:
        """How people know it."""
        return self.network.title

    @property
    def needs_account(self) -> bool:
        """Whether Heard reads there only once somebody has connected an account."""
        return self.network.needs_account

    @property
    def is_always_there(self) -> bool:
        """Whether Heard can read there without an account and without any setting."""
        return not self.needs_account and self.settings.needs_nothing()


_registrations: dict[str, Registration[Any]] = {}


def register(registration: Registration[Any]) -> None:
    """Add a network. Raises `ValueError` if its name or its settings' prefix is another one's."""
    prefix = registration.settings.model_config.get("env_prefix", "")
    if not prefix:
        raise ValueError(f"the settings of {registration.name} need an env_prefix of their own")
    for other in _registrations.values():
        if other.name == registration.name or other.settings.model_config.get("env_prefix") == prefix:
            raise ValueError(f"{registration.name} or {prefix} is taken by {other.name}")
    _registrations[registration.name] = registration


def registered() -> Mapping[str, Registration[Any]]:
    """Return every network's registration by name; those in this package are imported first."""
    for module in pkgutil.walk_packages(bot.networks.__path__, "bot.networks."):
        importlib.import_module(module.name)
    return dict(_registrations)


def load_file(path: Path) -> None:
    """Register the network in the file at `path`, which may be anywhere. Raises what the file raises."""
    spec = importlib.util.spec_from_file_location(f"network_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ValueError(f"{path.name} is no Python file")
    spec.loader.exec_module(importlib.util.module_from_spec(spec))


def _is_filled(value: object) -> bool:
    return bool(value.get_secret_value() if isinstance(value, SecretStr) else value)
