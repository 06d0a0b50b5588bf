"""Where a reply goes: as which account, under which post, and seen by whom."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.ingest.reply_target import build_reply_target
from bot.networks.base import Network
from bot.networks.values import ReplyTarget
from bot.slack.blocks.replies.audience import Audience, warning_mark
from models import Author, Mention, Ticket
from models.core.base import MovedOnError

VISIBILITY_CHANGED_TEXT = (
    "Who can see their post has changed, so your reply would reach other people than shown before. Check who "
    "will see it, then send again."
)
WARNING_CHANGED_TEXT = (
    "They changed the content warning on their post, and your reply carries the same. Check it, then send "
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
    def prefix(self) -> str:
        """What Heard puts in front of the words."""
        return self.network.reply_prefix(self.to)

    @property
    def added_length(self) -> int:
        """How much of the limit is taken by what goes out besides the words."""
        return self.network.length("", self.to)

    def audience(self, account: str) -> Audience:
        """Whom a reply reaches that goes out as the account with that handle."""
        return Audience(
            title=self.network.title,
            account=account,
            handle=self.to.author_handle or None,
            visibility=self.to.visibility,
            content_warning=self.to.content_warning,
            prefix=self.prefix,
        )


def load_destination(
    ctx: BotContext, session: Session, ticket: Ticket, account_id: str | None = None
) -> Destination:
    """Return where a reply to the ticket's target goes as that account (None: the ticket's).

    Raises `RuleBrokenError` if there are no keys for its network any more.
    """
    target = Mention.load(session, ticket.id, ticket.target_post_id)
    author = session.get_one(Author, ticket.author_id)
    network = ctx.network_as(ticket.network, account_id or ticket.account_id)
    return Destination(network, build_reply_target(target, author))


def check_audience(target: Mention, *, visibility: str, warning: str | None) -> None:
    """Refuse a reply whose author was shown that it reaches other people, or carries another warning.

    `warning` is the `warning_mark` of what they were shown. Raises `MovedOnError`.
    """
    if target.visibility != visibility:
        raise MovedOnError(VISIBILITY_CHANGED_TEXT)
    if warning_mark(target.content_warning) != warning:
        raise MovedOnError(WARNING_CHANGED_TEXT)
