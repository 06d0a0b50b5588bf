"""What ingest takes and gives: one post as read from a network, where a page belongs, and what it changed."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

from sqlalchemy.orm import Session

from models.core.sla import SlaPolicy
from models.sources.attachment import Attachment, display_text
from models.sources.mention import Mention

VISIBILITIES = ("public", "unlisted", "followers", "direct")  # the widest first, see `Visibility` of networks
PUBLIC_VISIBILITIES = frozenset({"public", "unlisted"})


@dataclass(frozen=True, slots=True)
class OtherReason:
    """One more reason why a post concerns us: the track `track_id` found it, `matched` says why."""

    track_id: int
    matched: str


@dataclass(frozen=True, slots=True)
class IncomingPost:
    """One post that concerns us, as read from the network and ready for the ledger.

    `post_id` is the first id of an edit chain, `latest_id` the last. `matched` says why it concerns us.
    `addressed` are the handles that the network put in front of the text, `answers` the third person whom it
    answers. `answerable` is why the API is known to refuse a reply; None if it may be tried. `also` are the
    reasons besides `matched`.
    """

    post_id: str
    latest_id: str
    conversation_id: str
    author_id: str  # the network's id of its author
    text: str
    posted_at: datetime
    url: str
    matched: str
    in_reply_to: str | None = None
    quoted: str | None = None
    lang: str | None = None
    media: tuple[Attachment, ...] = ()
    answerable: str | None = None
    addressed: tuple[str, ...] = ()
    answers: str | None = None
    edit_keeps_id: bool = False  # else an edit has another `latest_id`, whatever the words are
    order_key: str = ""  # see `Mention.order_key`
    version_key: str = ""
    also: tuple[OtherReason, ...] = ()
    addresses_us: bool = True  # its author mentions, answers or quotes any account of ours
    visibility: str = "public"  # see `Post`
    content_warning: str | None = None
    reply_context: str = ""  # see `Post`
    dated_at: datetime | None = None  # see `Mention.dated_at`

    @property
    def is_private(self) -> bool:
        """Whether only some people can see it."""
        return is_private(self.visibility)

    @property
    def display_text(self) -> str:
        """The text; if there is none, a description of what is attached."""
        return display_text(self.text, self.media)

    def is_repeat_of(self, mention: Mention, *, read_by: str) -> bool:
        """Whether it tells nothing new of `mention`, which is the same post; pages come in any order.

        `read_by` is our account that read it. The text of one version comes in two forms: with its links as
        t.co or as where they lead. Where an edit keeps the id, another server shows a version in a form of
        its own.
        """
        if self.is_narrower_than(mention):
            return False
        if is_older(self.version_key, mention.version_key):
            return True
        if mention.latest_id != self.latest_id or not self.edit_keeps_id:
            return mention.latest_id == self.latest_id
        if self.version_key and mention.version_key:
            is_same = self.version_key == mention.version_key
            return is_same and (read_by != mention.account_id or self._looks_like(mention))
        if self.reply_context != mention.reply_context:
            return False
        # A network without such keys has the version in there: lists differ in what they say of attachments.
        return self.text == mention.text if self.reply_context else self._looks_like(mention)

    def is_narrower_than(self, mention: Mention) -> bool:
        """Whether fewer people see it than the ledger has of `mention`; an unknown visibility is narrow."""
        return _narrowness(self.visibility) > _narrowness(mention.visibility)

    def _looks_like(self, mention: Mention) -> bool:
        """Whether a reader sees the same. A picture's address does not count where versions have keys.

        Servers move pictures of others to themselves, a while after the post.
        """
        before, now = mention.attached, self.media
        if self.version_key:
            before, now = (tuple(replace(one, url=None) for one in some) for some in (before, now))
        return (self.text, self.content_warning, now) == (mention.text, mention.content_warning, before)


def _narrowness(visibility: str) -> int:
    return VISIBILITIES.index(visibility) if visibility in VISIBILITIES else len(VISIBILITIES)


def is_private(visibility: str) -> bool:
    """Whether a post with that `visibility` is seen by some people only; an unknown one counts as such."""
    return visibility not in PUBLIC_VISIBILITIES


def conversation_key(conversation_id: str, visibility: str) -> str:
    """Returns the `conversation_id` of an `IncomingPost`: what only some see is a conversation of its own.

    It has a ticket of its own, and a mute of either covers nothing of the other.
    """
    return f"{conversation_id} (private)" if is_private(visibility) else conversation_id


def is_older(one: str, other: str) -> bool:
    """Whether the version with key `one` came before the one with key `other`, if the network says."""
    return bool(one) and one < other


class TicketKey(NamedTuple):
    """What posts of one ticket have in common: the ledger's id of their author, and who can see them."""

    conversation_id: str
    author_id: int
    is_private: bool


@dataclass(frozen=True, slots=True)
class IngestTarget:
    """Where a page belongs: our account that heard it, by which track, its Slack channel, and the policy.

    `sla_policy` holds in `channel`, where new tickets are shown. A post may belong to a ticket of another
    channel: `sla_policy_elsewhere` says what holds there; None: the same.
    """

    network: str
    account_id: str
    channel: str
    sla_policy: SlaPolicy
    track_id: int | None = None
    sla_policy_elsewhere: Callable[[Session, str], SlaPolicy] | None = None

    def sla_policy_of(self, session: Session, channel: str) -> SlaPolicy:
        """Returns what holds for the tickets of that Slack channel."""
        if channel == self.channel or self.sla_policy_elsewhere is None:
            return self.sla_policy
        return self.sla_policy_elsewhere(session, channel)


@dataclass(slots=True)
class IngestResult:
    """What a page changed: which tickets (`opened_ids`) and how many are new, and how many posts are not.

    These are follow-ups, edits or repeats.

    `known_ticket_texts` and `newest_post_ids` hold, for tickets that existed, the newest post;
    `restored_tickets` the tickets with a post that is shown again, and whether they wait again;
    `further_reasons` what else found a post of a ticket, by the ticket's id; `narrowed_ids` the tickets that
    have become private: what Slack shows of them has to go.
    """

    opened_ids: list[int] = field(default_factory=list)
    tickets: int = 0
    follow_ups: int = 0
    edits: int = 0
    repeats: int = 0
    changed_ids: set[int] = field(default_factory=set)
    known_ticket_texts: dict[int, str] = field(default_factory=dict)
    newest_post_ids: dict[int, str] = field(default_factory=dict)
    restored_tickets: dict[int, bool] = field(default_factory=dict)
    further_reasons: list[tuple[int, OtherReason]] = field(default_factory=list)
    narrowed_ids: set[int] = field(default_factory=set)
