"""Makes the connections to networks: of the environment's accounts, and of those that people connected.

A network without accounts has one connection, which is there from the start.
"""

import functools
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import OperationalError, ProgrammingError

from bot import settings
from bot.networks import registry
from bot.networks.base import Network
from bot.networks.registry import NetworkSettings, OpenTokens
from bot.runtime.encryption import Keyring
from bot.runtime.token_store import TokenStore
from models import Account, Credential
from models.core.database import BusyError, Database

log = logging.getLogger(__name__)

LEDGER_TIMEOUT_SECONDS = 5.0  # seconds that the list of connected accounts may take


@dataclass(frozen=True, slots=True)
class AccountLoader:
    """Returns, when called, every account that Heard is signed in to; see `SignedInAccounts`."""

    settings: settings.Settings
    on_networks: Mapping[str, NetworkSettings]
    database: Database
    now: Callable[[], datetime]

    def __call__(self, before: Sequence[Network]) -> list[Network]:
        """Return the connections as they are now, reusing those of `before` that have not changed.

        Raises what the database raises, and `BusyError`, unless `before` is empty: at first there may be no
        ledger yet.
        """
        by_network = defaultdict(list)
        credentials, seen = self._load_credentials(is_first=not before)
        for credential in credentials:
            by_network[credential.network].append(credential)
        built = {(one.name, one.connection): one for one in before}
        found: list[Network] = []
        for name, given in self.on_networks.items():
            if registry.registered()[name].is_always_there:
                found.append(built.get((name, "")) or self._build(name, None))
            elif given.is_configured or (name in seen and self._connects_without_settings(name)):
                rows = by_network[name] if given.connect_problem is None else []
                found += self._on_network(name, rows, built)
        return found

    @property
    def set_up(self) -> dict[str, NetworkSettings]:
        """The settings of the networks that somebody meant to use, by name."""
        return {name: given for name, given in self.on_networks.items() if given.is_configured}

    def check(self) -> None:
        """Raise `SettingsError` if a network is set up by half, and log if there is none."""
        for given in self.set_up.values():
            if given.problem is not None:
                raise settings.SettingsError(given.problem)
        if not self.set_up:
            settable = [given for given in self.on_networks.values() if not given.needs_nothing()]
            needed = "; or ".join(given.needed_names() for given in settable)
            log.warning("no network is connected, so no mentions come in: set %s", needed)

    def token_opener(self, name: str, credential_id: int | None = None) -> OpenTokens:
        """Return how the network called `name` gets at the tokens that the ledger keeps for an account.

        `credential_id` is the row; None before `connect` has made one.
        """
        keyring, network = build_keyring(self.settings, self.on_networks), registry.registered()[name]
        kept = functools.partial(TokenStore, self.database, keyring, name, network.title, self.now)
        return functools.partial(kept, credential_id=credential_id, method=network.method)

    def _connects_without_settings(self, name: str) -> bool:
        """Whether people connect accounts there although no setting names the network."""
        return (
            registry.registered()[name].connect is not None and self.on_networks[name].connect_problem is None
        )

    def _on_network(
        self, name: str, rows: Iterable[Credential], built: Mapping[tuple[str, str], Network]
    ) -> list[Network]:
        """The environment's account first; the same account by both ways is one account.

        Where there is none at all, it is a connection that says so to whoever calls it.
        """
        found: list[Network] = []
        of_environment = None
        if self.on_networks[name].has_account:
            found.append(built.get((name, "")) or self._build(name, None))
            of_environment = found[0].expected_account_id()
        for row in rows:
            here = built.get((name, str(row.id))) or self._build(name, row)
            here.stored_account_id = row.account_id
            if row.account_id is None or row.account_id != of_environment:
                found.append(here)
        return found or [built.get((name, "")) or self._build(name, None)]

    def _build(self, name: str, row: Credential | None) -> Network:
        registration, given = registry.registered()[name], self.on_networks[name]
        if row is None and (given.has_account or not registration.needs_account):
            return registration.build(given, None)
        network = registration.build(given, self.token_opener(name, None if row is None else row.id))
        network.connection, network.has_credentials = "" if row is None else str(row.id), row is not None
        return network

    def _load_credentials(self, *, is_first: bool) -> tuple[list[Credential], set[str]]:
        """Return what people connected, and every network that we ever had an account on."""
        try:
            with self.database.read(LEDGER_TIMEOUT_SECONDS) as session:
                credentials = Credential.all(session)
                accounts = Account.all(session)
                seen = {*(one.network for one in credentials), *(one.network for one in accounts)}
        except (ProgrammingError, OperationalError, BusyError) as error:
            if not is_first:
                raise
            log.warning("the ledger does not say which accounts are connected: %s", type(error).__name__)
            return [], set()
        return credentials, seen


def build_keyring(known: settings.Settings, on_networks: Mapping[str, NetworkSettings]) -> Keyring:
    """Return the keys that are given, then those derived from secrets that are there anyway."""
    derived = {name: key for network in on_networks.values() for name, key in network.key_material.items()}
    return Keyring(known.encryption_keys or (), {**derived, "SLACK_BOT_TOKEN": known.slack_bot_token})
