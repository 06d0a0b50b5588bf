"""All that one card shows, and how much of it fits."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.networks.base import Network
from bot.slack.blocks import attachments
from bot.slack.blocks.replies import delivery
from bot.slack.blocks.tickets.twins import OtherCard, TwinPost
from models import Author, Issue, Mention, Reply, Ticket
from models.priority.score import Priority

QUOTES_MAX_CHARS = (
    2_600  # characters of all that is quoted: Slack splits a message of about 4,000, answer and all
)
NEWEST_POST_MAX_CHARS = 2_400  # of them for the newest post, if the others leave as much
NEWEST_POST_MIN_CHARS = 100  # of the newest post, whatever else is there
EARLIER_POST_MAX_CHARS = 300  # characters of each earlier one
POSTS_SHOWN_MAX = 3
HANDLES_SHOWN_MAX = 3  # of those whom a network put in front of a post: X allows fifty
NO_PRIORITY = Priority()


@dataclass(frozen=True, slots=True)
class CardView:
    """All that one card shows."""

    ticket: Ticket
    author: Author
    mentions: tuple[Mention, ...]  # oldest first
    hidden_count: int  # mentions of this ticket that do not fit on the card
    replies: tuple[Reply, ...]  # what is on its way, and the last one that is public; oldest first
    earlier_tickets: int
    network: Network | None
    title: str
    account: str  # the handle of the one that answers unless another is chosen
    account_id: str | None = None
    impossible: str | None = None  # why nobody can reply to it, by hand either
    connected: tuple[str, ...] | None = None  # the handles of those that heard what is shown; None: `account`
    further_reasons: Mapping[int, tuple[str, ...]] = field(
        default_factory=dict
    )  # by mention: why else it is here
    left: tuple[str, ...] = ()  # and of those that are not connected any more
    reply_accounts: Mapping[int, str] = field(default_factory=dict)  # as which one each reply goes, by its id
    reply_networks: Mapping[int, Network] = field(default_factory=dict)  # how each goes out, where known
    issues: tuple[Issue, ...] = ()  # what it is about
    is_disconnected: bool = False  # its account, or that of a reply, is not connected
    disconnected: str | None = None  # the handle of that account, if it is not `account`
    priority: Priority = NO_PRIORITY
    shows_pictures: bool = True  # False once Slack has refused them
    twins: tuple[TwinPost, ...] = ()  # the same words on other networks, which share this card
    other_card: OtherCard | None = None  # with the same words, which could not be joined
    disconnected_from: str | None = None  # the title of the network of `disconnected`, if it is not `title`

    def title_on(self, network: str) -> str:
        """What people call that network, which the ticket or one of its twins is on."""
        return next((one.title for one in self.twins if one.name == network), self.title)

    def title_of(self, reply: Reply) -> str:
        """What people call the network that `reply` is on, or goes out on."""
        return self.title_on(reply.network_on(self.ticket))

    def network_of(self, reply: Reply) -> Network | None:
        """The network that `reply` is on, or goes out on, as its account sees it.

        None where there are no keys for the network.
        """
        name = reply.network_on(self.ticket)
        there = next((one.network for one in self.twins if one.name == name), self.network)
        return self.reply_networks.get(reply.id, there)

    @property
    def target(self) -> Mention | None:
        """The post that the next reply goes to, if it is among those that are shown."""
        wanted = self.ticket.target_post_id
        return next((one for one in reversed(self.mentions) if one.post_id == wanted), None)

    @property
    def target_title(self) -> str:
        """What people call the network of `target`."""
        return self.title_on(self.target.network) if self.target is not None else self.title

    @property
    def target_author(self) -> Author:
        """Whom the next reply answers."""
        there = self.target.network if self.target is not None else self.ticket.network
        return next((one.author for one in self.twins if one.name == there), self.author)

    @property
    def has_several_accounts(self) -> bool:
        """Whether it may matter as which account we answer."""
        return len({self.account, *(self.connected or ()), *self.left, *self.reply_accounts.values()}) > 1

    @property
    def newest(self) -> Mention | None:
        """The newest post of the customer."""
        return self.mentions[-1] if self.mentions else None

    @property
    def pictures_of(self) -> str | None:
        """The version of the post whose pictures Slack has to fetch for this card, if there are any."""
        newest = self.newest
        if newest is None or not self.shows_pictures or not attachments.has_pictures(newest.attached):
            return None
        return newest.latest_id

    @property
    def newest_max_chars(self) -> int:
        """How much of the newest post there is room for beside the earlier ones and our replies."""
        others = sum(min(len(mention.text), EARLIER_POST_MAX_CHARS) for mention in self.mentions[:-1])
        ours = sum(min(len(reply.text), delivery.QUOTE_MAX_CHARS) for reply in self.replies)
        beside = attachments.TEXT_MAX_CHARS if self.newest is not None and self.newest.media else 0
        return max(
            min(NEWEST_POST_MAX_CHARS, QUOTES_MAX_CHARS - others - ours - beside), NEWEST_POST_MIN_CHARS
        )
