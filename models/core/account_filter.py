"""A filter by our own accounts, named by a handle: the accounts that it means, as SQL and in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, or_

from models.core.mrkdwn import escape_mrkdwn


@dataclass(frozen=True, slots=True)
class AccountFilter:
    """Our accounts that have one handle: several if networks share it.

    `handle` is without @, as the network writes it. `keys` are pairs of a network and an account id.
    """

    handle: str
    keys: tuple[tuple[str, str], ...]

    @property
    def label(self) -> str:
        """What sentences say: `for @fernpress`, as mrkdwn."""
        return f"for {escape_mrkdwn(f'@{self.handle}')}"

    def condition(self, network: Any, account_id: Any) -> ColumnElement[bool]:  # noqa: ANN401 - columns
        """Returns the SQL condition that the two columns name one of the accounts."""
        return or_(*(and_(network == name, account_id == key) for name, key in self.keys))


def list_accounts(handles: Sequence[str]) -> str:
    """Returns a sentence (mrkdwn, a blank first) that lists our accounts; empty for fewer than two."""
    if len(handles) < 2:  # noqa: PLR2004 - one account needs no filter
        return ""
    return f" Our accounts: {', '.join(escape_mrkdwn(f'@{one}') for one in handles)}."
