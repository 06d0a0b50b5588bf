"""What X bills: its list prices, and which resources an answer was billed for.

https://docs.x.com/x-api/getting-started/pricing. X bills each resource once a UTC day ("soft guarantee"), and
only answers that return data. Reading the mentions and posts of the account whose credentials sign the call
costs the lower "owned read", if that account owns the developer app: this is assumed here. Accounts that do
not own it set `X_PRICES=owned_read=0.005`. Prices for posts that are no replies are left out, because Heard
posts none. A link in a summoned reply probably costs nothing more; X does not say.
"""

import hashlib
import json
from collections.abc import Mapping
from decimal import Decimal

from bot.networks.charges import COUNT_CHARGE, REPLY_CHARGE, SEARCH_CHARGE, Price
from bot.networks.json_values import JsonObject
from bot.networks.values import ReadKind
from bot.networks.x import parsing
from bot.networks.x.ids import parse_id

DELETE_CHARGE, MEDIA_CHARGE = "delete", "media"
LIST_PRICES: Mapping[str, Price] = {
    SEARCH_CHARGE: Price(Decimal("0.005"), "post"),
    "owned_read": Price(Decimal("0.001"), "post"),
    "user_read": Price(Decimal("0.01"), "user"),
    COUNT_CHARGE: Price(Decimal("0.005")),
    REPLY_CHARGE: Price(Decimal("0.01"), "reply"),
    DELETE_CHARGE: Price(Decimal("0.005"), "deletion"),
}
UPLOAD_PRICES: Mapping[str, Price] = {MEDIA_CHARGE: Price(Decimal("0.015"), "picture")}
"""What an upload costs: as much as a post, as X's staff say; its price list does not name it."""
_CHARGE_BY_READING: Mapping[ReadKind, str] = {
    "mentions": "owned_read",
    "own posts": "owned_read",
    "search": SEARCH_CHARGE,
    "posts": SEARCH_CHARGE,
    "people": "user_read",
    "counts": COUNT_CHARGE,
}


def charge_of(reading: ReadKind, answer: JsonObject) -> tuple[str, list[str]]:
    """Return the kind of charge for an answer to such a call, and the ids of the resources in it."""
    return _CHARGE_BY_READING[reading], [_id_of(row) for row in parsing.get_rows(answer)]


def _id_of(row: object) -> str:
    """The id of a row. One that cannot be read was billed, too: it is told from others by what it holds."""
    found = parse_id(row.get("id")) if isinstance(row, dict) else None
    if found is not None:
        return found
    raw = json.dumps(row, sort_keys=True, default=str).encode(errors="replace")
    return f"unreadable {hashlib.sha256(raw).hexdigest()}"
