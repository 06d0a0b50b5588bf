"""Where a reply goes: as which account, under which post, and seen by whom."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.ingest.reply_target import build_reply_target
from bot.networks.base import Network
from bot.networks.values import ReplyTarget, Visibility
from bot.publish.send_checks import PREFIX_SHOWN_ACT
from bot.slack.blocks.replies.audience import UNKNOWN_VISIBILITY, Audience, warning_mark
from models import Author, Event, Reply, Ticket
from models.core.base import MovedOnError

VISIBILITY_CHANGED_TEXT = (
    "Who can see their post has changed, so your reply would reach other people than shown before. Check who "
    "will see it, then send again."
)
WARNING_CHANGED_TEXT = (
    "They changed the content warning on their post, and your reply carries the same. Check it, then send "
    "again."
)

VISIBILITY_UNKNOWN_TEXT = "Heard has now looked up who would see your reply. Check it, then send again."
PREFIX_CHANGED_TEXT = (
    "The handle that Heard puts in front of your reply is another one than shown before. Check it, then send "
    "again."
)


@dataclass(frozen=True, slots=True)
class Destination:
    """The connection of the account that a reply goes out as, and the post that it answers.

    Lengths and limits are that account's: two servers of one network may differ.
    """

    network: Network
    to: ReplyTarget

    @property
    def visibility(self) -> Visibility:
        """Who can see the reply."""
        return self.network.reply_visibility(self.to)

    @property
    def prefix(self) -> str:
        """What Heard puts in front of the words."""
        return self.network.reply_prefix(self.to)

    @property
    def added_length(self) -> int:
        """How much of the limit is taken by what goes out besides the words."""
        return self.network.length("", self.to)

    def audience(self, account: str) -> Audience:
        """Whom a reply reaches that goes out as the account with that handle, if Heard has one there."""
        return Audience(
            title=self.network.title,
            account=account if self.network.needs_account else "",
            handle=self.to.author_handle or None,
            visibility=self.visibility,
            content_warning=self.to.content_warning,
            prefix=self.prefix,
            is_narrowed=self.visibility != self.to.visibility,
            network=self.network.name,
        )


def load_destination(
    ctx: BotContext,
    session: Session,
    ticket: Ticket,
    account_id: str | None = None,
    *,
    network: str | None = None,
) -> Destination:
    """Return where a reply to the ticket goes on that network, as that account.

    `network` is None for the preset one, `account_id` for the one that heard the post. Raises
    `RuleBrokenError` if there are no keys for its network any more.
    """
    target = ticket.find_target(session, network)
    author = session.get_one(Author, target.author_id)
    heard_by = ticket.account_id if target.network == ticket.network else target.account_id
    connection = ctx.network_as(target.network, account_id or heard_by)
    return Destination(connection, build_reply_target(target, author))


def check_audience(there: Destination, *, visibility: str, warning: str | None, prefix: str) -> None:
    """Refuse a reply whose author was shown that it reaches other people, or carries another warning.

    `warning` and `prefix` are the marks of what they were shown. Raises `MovedOnError`.
    """
    now = there.audience("")
    if visibility == UNKNOWN_VISIBILITY:
        raise MovedOnError(VISIBILITY_UNKNOWN_TEXT)
    if now.visibility != visibility:
        raise MovedOnError(VISIBILITY_CHANGED_TEXT)
    if warning_mark(now.content_warning) != warning:
        raise MovedOnError(WARNING_CHANGED_TEXT)
    if now.prefix_mark != prefix:
        raise MovedOnError(PREFIX_CHANGED_TEXT)


def record_prefix(session: Session, reply: Reply, there: Destination, *, at: datetime) -> None:
    """Note what Heard was shown to put in front of the words, if anything; `send_checks` compares it."""
    mark = there.audience("").prefix_mark
    if mark:
        data = {"prefix": mark}
        Event.record(
            session, PREFIX_SHOWN_ACT, at=at, ticket_id=reply.ticket_id, reply_id=reply.id, data=data
        )
