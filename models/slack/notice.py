"""Messages of Heard to the team, outside of cards."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, delete, false, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from models.core.base import Base, BigKey, Key
from models.sources.mention import Mention
from models.sources.track import MATCHES_PREFIX, UNQUOTED_REASON

QUOTE_BLOCK_PREFIX = (
    "said "  # followed by a post's id: the id of the block that quotes it, on cards and in notices
)
REDACTED_BLOCK: dict[str, Any] = {
    "type": "context",
    "elements": [
        {"type": "mrkdwn", "text": ":see_no_evil: The post that was quoted here is no longer shown."}
    ],
}
QUOTE_MIN_CHARS = 20  # a shortened quotation of at least that length identifies a post
_LINKS = "card_of IS NOT NULL"
_IS_STALE = "is_stale AND ts IS NOT NULL"


CARD_LINK = "{card}"  # the first one in a notice's text becomes a link to the card of the ticket `card_of`


class Notice(Base):
    """One message to a ticket's thread, or (without a ticket) to a channel. The row is its own outbox.

    One whose text links to the card of the ticket `card_of` is posted once that card is there.
    """

    __tablename__ = "notices"
    __table_args__ = (
        Index("ix_notices_due", "ts", "not_before"),
        Index(None, "ticket_id"),
        Index("ix_notices_card_of", "card_of", sqlite_where=text(_LINKS), postgresql_where=text(_LINKS)),
        Index("ix_notices_stale", "id", sqlite_where=text(_IS_STALE), postgresql_where=text(_IS_STALE)),
    )
    wait_columns = ("created_at", "not_before", "leased_until", "placing_since")

    id: Mapped[Key]
    key: Mapped[str] = mapped_column(unique=True)
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("tickets.id"))
    card_of: Mapped[int | None] = mapped_column(BigKey)
    channel: Mapped[str | None]
    text: Mapped[str]
    blocks: Mapped[list[Any] | None]
    created_at: Mapped[datetime]
    not_before: Mapped[datetime | None]
    placing_since: Mapped[datetime | None]
    leased_until: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)
    failure: Mapped[str | None]
    ts: Mapped[str | None]
    posted_in: Mapped[str | None]  # the channel as Slack names it: not the person's id for a direct message
    is_stale: Mapped[bool] = mapped_column(
        default=False, server_default=false()
    )  # Slack still shows text that was erased

    quotations: Mapped[list["Quotation"]] = relationship(lazy="raise", cascade="all, delete-orphan")

    @classmethod
    def enqueue(
        cls,
        session: Session,
        text: str,
        *,
        at: datetime,
        ticket_id: int | None = None,
        card_of: int | None = None,
        channel: str | None = None,
        blocks: list[dict[str, Any]] | None = None,
        quotes: Sequence[int] = (),
    ) -> None:
        """Post `text` (mrkdwn, escaped) to the thread of `ticket_id`, else to `channel`.

        The first `CARD_LINK` in the text becomes a link to the card of the ticket `card_of`.

        `quotes` are the ids of the mentions that it quotes, each in a block with the id `quote_block_id`:
        those blocks are removed when the post is no longer shown.
        """
        session.add(
            cls(
                key=uuid.uuid4().hex,
                ticket_id=ticket_id,
                card_of=card_of,
                channel=channel,
                text=text,
                blocks=blocks,
                created_at=at,
                quotations=[Quotation(mention_id=one) for one in dict.fromkeys(quotes)],
            ),
        )

    def drop(self, session: Session) -> None:
        """Delete it before it is posted, with what it says of the mentions that it quotes."""
        session.execute(delete(Quotation).where(Quotation.notice_id == self.id))
        session.execute(delete(Notice).where(Notice.id == self.id))

    @classmethod
    def links_to_card(cls, session: Session, ticket_id: int, channel: str) -> bool:
        """Whether a message in `channel` links to that ticket's card already, or is about to."""
        query = select(cls.id).where(cls.card_of == ticket_id, cls.channel == channel)
        return session.scalar(query.limit(1)) is not None

    @classmethod
    def redact(cls, session: Session, mention: Mention) -> None:
        """Remove the text of `mention` from every notice that has it; the Slack messages are updated later.

        The top-level text of a notice in the ticket's thread, which notifications read out, may contain it
        even if no block quotes the post (bot/slack/blocks/notification_text.py), and even if the notice is
        older than the post: it is built when the notice is posted.
        """
        quoting = select(Quotation.notice_id).where(Quotation.mention_id == mention.id)
        in_thread = select(cls.id).where(cls.ticket_id == mention.ticket_id)
        to_card = select(cls.id).where(cls.card_of == mention.ticket_id)
        wanted = (
            select(cls)
            .where(cls.id.in_(quoting.union(in_thread, to_card)))
            .order_by(cls.id)
            .with_for_update()
        )
        for notice in session.scalars(wanted.execution_options(populate_existing=True)):
            if notice.card_of is not None:
                notice.text = _without_matched_words(notice.text)
                notice.is_stale = notice.ts is not None or notice.placing_since is not None
            if notice.blocks is None:  # it has only our own text
                continue
            kept = [block for block in notice.blocks if not _quotes(block, mention)]
            notice.text = _first_sentence(kept) or notice.text
            if len(kept) < len(notice.blocks):
                notice.blocks = [*kept, REDACTED_BLOCK]
            # One that is being posted at this moment may appear with the old text.
            notice.is_stale = notice.ts is not None or notice.placing_since is not None


def _without_matched_words(text: str) -> str:
    """Returns the sentence that points to a card without the words of the post that a search matched."""
    start, end = text.find(f" that {MATCHES_PREFIX}"), text.rfind(" has its card")
    return f"{text[:start]} that {UNQUOTED_REASON}{text[end:]}" if 0 <= start < end else text


class Quotation(Base):
    """Says that a notice contains the text of a mention."""

    __tablename__ = "quotations"
    __table_args__ = (Index(None, "mention_id"),)

    notice_id: Mapped[int] = mapped_column(BigKey, ForeignKey("notices.id"), primary_key=True)
    mention_id: Mapped[int] = mapped_column(BigKey, ForeignKey("mentions.id"), primary_key=True)


def quote_block_id(post_id: str) -> str:
    """Returns the id of the block that quotes this post."""
    return f"{QUOTE_BLOCK_PREFIX}{post_id}"


def _quotes(block: dict[str, Any], mention: Mention) -> bool:
    """Whether `block` quotes the mention: by its id or, in notices of older versions, by the text."""
    if block.get("block_id") == quote_block_id(mention.post_id):
        return True
    if block.get("type") != "rich_text" or not mention.text.strip():
        return False
    quoted = "".join(_quoted_texts(block)).strip()
    full_text = mention.text.strip()
    is_start = full_text.startswith(quoted.rstrip("…").rstrip())
    return quoted == full_text or (len(quoted) > QUOTE_MIN_CHARS and is_start)


def _quoted_texts(node: Any) -> list[str]:  # noqa: ANN401 - a block of Slack's, or what is in one
    if isinstance(node, list):
        return [word for one in node for word in _quoted_texts(one)]
    if not isinstance(node, dict):
        return []
    own = node.get("text")
    return [own] if isinstance(own, str) else [word for one in node.values() for word in _quoted_texts(one)]


def _first_sentence(blocks: list[dict[str, Any]]) -> str | None:
    """The message's first section, which is ours: notifications read it out in place of the quotation."""
    for block in blocks:
        if block.get("type") == "section":
            return str((block.get("text") or {}).get("text") or "") or None
    return None
