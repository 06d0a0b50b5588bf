"""Messages that Slack may or may not have: looked for before they are posted again.

Slack has no idempotency, so a message carries a key in its metadata by which it is found.
"""

import logging
from datetime import timedelta

from sqlalchemy import update

from bot.context import BotContext
from bot.slack.client import is_direct_message
from bot.slack.errors import SlackError, SlackRefusedError
from bot.slack.slack_call import SLACK_CALL_LEASE, Shown, SlackCall

log = logging.getLogger(__name__)

POST_VISIBILITY_DELAY = timedelta(seconds=30)  # that Slack may take to show a message whose answer was lost


class LeaseLostError(Exception):
    """The lease was over, and somebody else has taken the row: it is theirs to draw."""


class RowLease:
    """The lease on one row, for as long as it takes: to look through a busy channel may take many calls."""

    def __init__(self, ctx: BotContext, table: type[Shown], job: SlackCall) -> None:
        self._ctx, self._table, self._row_id, self._until = ctx, table, job.row_id, job.until

    def renew(self) -> None:
        """Hold it for a whole lease from now on. Raises `LeaseLostError` if it is not ours any more."""
        until = self._ctx.now() + SLACK_CALL_LEASE
        ours = (self._table.id == self._row_id) & (self._table.leased_until == self._until)
        with self._ctx.db.write() as session:
            held = session.execute(update(self._table).where(ours).values(leased_until=until))
        if held.rowcount != 1:  # type: ignore[attr-defined]
            raise LeaseLostError
        self._until = until


def find_posted(ctx: BotContext, job: SlackCall, lease: RowLease) -> str | None:
    """Look for the message that an earlier call may have posted; of several, keep the oldest."""
    if is_direct_message(job.channel):  # what is said there we may not read: at least once, then
        return None
    since = (job.doubtful_since or ctx.now()).timestamp() - 60
    try:
        found = ctx.slack.find(
            job.channel, job.key, since=since, thread_ts=job.thread_ts, between=lease.renew
        )
    except SlackRefusedError as error:  # without the history scope nobody can look: at least once, then
        log.warning("cannot look for a card in %s: %s", job.channel, error.error)
        return None
    for surplus in found[1:]:
        log.warning("found a duplicate message in %s; deleting the newer one", job.channel)
        _delete_message(ctx, job.channel, surplus)
    if found and job.blocks is not None:
        ctx.slack.update(job.channel, found[0], job.text, job.blocks, key=job.key)
    return found[0] if found else None


def _delete_message(ctx: BotContext, channel: str, ts: str) -> None:
    """Take a message away, if Slack lets us: what stays is ugly, not wrong."""
    try:
        ctx.slack.delete(channel, ts)
    except SlackError as error:
        log.warning("could not delete a duplicate message in %s: %s", channel, error)


def retry_find_later(ctx: BotContext, table: type[Shown], job: SlackCall) -> None:
    """It may be there and may not: look again in a moment."""
    with ctx.db.write() as session:
        row = session.get_one(table, job.row_id, with_for_update=True)
        assert isinstance(row, Shown)
        row.not_before, row.leased_until = ctx.now() + timedelta(seconds=5), None
