"""What nobody wants cards of: a conversation, an author or words; who muted it, why, and who ended that."""

from datetime import datetime
from typing import Literal

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from models.core.base import Base, BigKey, Key

MuteKind = Literal["conversation", "author", "words"]
CONVERSATION_MUTE: MuteKind = "conversation"
AUTHOR_MUTE: MuteKind = "author"
WORDS_MUTE: MuteKind = "words"
MUTE_KINDS: tuple[MuteKind, ...] = (CONVERSATION_MUTE, AUTHOR_MUTE, WORDS_MUTE)

EVERY_NETWORK = ""  # the network of words that are muted wherever they are posted
_IS_ACTIVE = "removed_at IS NULL"


class Mute(Base):
    """One thing that is muted. A row is never deleted, since tickets and the event log name it.

    `value` is the network's id of a conversation, the ledger's id of an author (both stay when a handle
    changes), or a query as `parse_query` reads it. `network` is where it holds; only words can have
    `EVERY_NETWORK`. `ticket_id` is the ticket from which it was made, if it was from one, and `channel` the
    Slack channel. It holds until `removed_at`.
    """

    __tablename__ = "mutes"
    __table_args__ = (
        CheckConstraint("kind IN (" + ", ".join(f"'{kind}'" for kind in MUTE_KINDS) + ")", name="kind"),
        # One thing is muted once at a time, whoever was first.
        Index(
            "uq_mutes_active",
            "kind",
            "network",
            "value",
            unique=True,
            sqlite_where=text(_IS_ACTIVE),
            postgresql_where=text(_IS_ACTIVE),
        ),
    )

    id: Mapped[Key]
    kind: Mapped[str]
    network: Mapped[str]
    value: Mapped[str]
    ticket_id: Mapped[int | None] = mapped_column(BigKey)
    channel: Mapped[str | None]
    why: Mapped[str | None]
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    removed_by: Mapped[str | None]
    removed_at: Mapped[datetime | None]

    @property
    def reason(self) -> str:
        """Why a ticket is muted, as its card says it, in plain text."""
        if self.why:
            return self.why
        return f"words: {self.value}" if self.kind == WORDS_MUTE else self.kind
