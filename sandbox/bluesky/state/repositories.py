"""Writing to a repository: https://atproto.com/specs/repository."""

from datetime import datetime
from typing import Any

from sandbox.bluesky.state.accounts import Account, Record
from sandbox.bluesky.state.ids import make_cid


def write(
    account: Account,
    collection: str,
    rkey: str,
    value: dict[str, Any],
    now: datetime,
    *,
    is_valid: bool = True,
) -> Record:
    """Create or overwrite a record. One that has the same content stays as it is."""
    before = account.records.get((collection, rkey))
    cid = make_cid(value)
    if before is not None and before.cid == cid:
        return before
    first_at = now if before is None else before.first_at
    record = Record(account.did, collection, rkey, value, cid, first_at, now, is_valid)
    if before is not None:
        record.labels = before.labels
    account.records[collection, rkey] = record
    return record
