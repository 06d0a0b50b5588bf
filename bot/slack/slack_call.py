"""One call to Slack that shows a card, the card of a group or a notice, as it was read from the ledger."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from models import Card, Notice, TicketGroup

Shown = Card | Notice | TicketGroup  # what a call shows, and keeps track of
SLACK_CALL_LEASE = timedelta(seconds=12)  # a dead worker's card is taken up after that
# Slack does not accept the blocks: plainer ones take their place.
# https://docs.slack.dev/reference/methods/chat.update#errors
BLOCKS_REJECTED_ERRORS = {"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long"}


@dataclass(frozen=True, slots=True)
class SlackCall:
    """One call to Slack, with all that it needs, read before the transaction closed."""

    row_id: int
    ticket_id: int | None
    key: str
    limit_key: str  # the rate limit that it draws on
    channel: str
    ts: str | None
    thread_ts: str | None
    doubtful_since: datetime | None
    until: datetime  # the end of the lease
    revision: int
    text: str
    blocks: list[dict[str, Any]] | None
    is_plain: bool
    is_private: bool = False  # it shows words that only members of a private channel may see
    pictures_of: str | None = None  # the version of the post whose pictures Slack has to fetch
