"""Somebody else's post that concerns us, and the rows that could not be read as one."""

import hashlib
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, Index, UniqueConstraint, and_, select, text
from sqlalchemy.orm import InstrumentedAttribute, Mapped, Session, mapped_column, relationship

from models.core.base import Base, BigKey, Key, MovedOnError
from models.core.fingerprint import normalize_text
from models.sources.attachment import Attachment, display_text
from models.sources.author import Author
from models.sources.track import MATCHES_PREFIX, UNQUOTED_REASON

MISSING_RECHECK_DELAYS = (
    timedelta(hours=1),
    timedelta(hours=20),
)  # at a post that is not shown, after the first miss


class Mention(Base):
    """One post and every later edit of it: `post_id` is the first of the edit chain, `latest_id` the last."""

    __tablename__ = "mentions"
    __table_args__ = (
        UniqueConstraint("network", "account_id", "post_id"),
        # One post is one mention, whichever account heard it. Those that an older Heard kept twice stay.
        Index(
            "uq_mentions_post",
            "network",
            "post_id",
            unique=True,
            sqlite_where=text("duplicate_of IS NULL"),
            postgresql_where=text("duplicate_of IS NULL"),
        ),
        Index(None, "ticket_id", "posted_at"),
        Index(None, "seen_at"),
        Index(None, "posted_at", "network"),
        # Few posts are missing at a time.
        Index(
            None,
            "look_at",
            sqlite_where=text("look_at IS NOT NULL"),
            postgresql_where=text("look_at IS NOT NULL"),
        ),
    )
    wait_columns = ("missing_since", "look_at")

    id: Mapped[Key]
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    author_id: Mapped[int] = mapped_column(ForeignKey("authors.id"))
    network: Mapped[str]
    account_id: Mapped[str]  # which of our accounts heard it first, and `track_id` by which track
    track_id: Mapped[int | None] = mapped_column(BigKey)
    duplicate_of: Mapped[int | None] = mapped_column(BigKey)  # the earlier row of the same post, before 0014
    post_id: Mapped[str]
    latest_id: Mapped[str]
    # Sort posts of one moment, and versions of one post, as their network does, compared as plain text; empty
    # if the network cannot say.
    order_key: Mapped[str] = mapped_column(default="", server_default="")
    version_key: Mapped[str] = mapped_column(default="", server_default="")
    in_reply_to: Mapped[str | None]
    quoted: Mapped[str | None]
    text: Mapped[str]
    lang: Mapped[str | None]
    url: Mapped[str]
    media: Mapped[list[Any]]
    matched: Mapped[str]
    # The handles that the network put in front of the words, and the third person whom it answers (empty: not
    # known whom). None in both: nobody, or heard before schema 0010.
    addressed: Mapped[list[Any] | None]
    answers: Mapped[str | None]
    answerable: Mapped[str | None]  # why the API is known to refuse an answer (`answerability`); None: try it
    visibility: Mapped[str] = mapped_column(
        default="public", server_default="public"
    )  # who sees it, see Post
    content_warning: Mapped[str | None]  # what its author put in front of the text
    reply_context: Mapped[str] = mapped_column(default="", server_default="")  # its network alone reads this
    posted_at: Mapped[datetime]
    dated_at: Mapped[datetime | None]  # what its writer gave as the time, where that was not believed
    seen_at: Mapped[datetime]
    edited_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]  # since when its words are gone, see `erase`
    # Since when the network does not show it to us, "gone" or "not shown" as it says, how many of the planned
    # looks have not shown it either, and when to look next: see models/tickets/not_shown.py.
    missing_since: Mapped[datetime | None]
    missing_as: Mapped[str | None]
    missed_looks: Mapped[int] = mapped_column(default=0, server_default="0")
    look_at: Mapped[datetime | None]
    fingerprint: Mapped[str | None]  # of the words that were erased, SHA-256 in hex

    author: Mapped[Author] = relationship(lazy="raise")

    @classmethod
    def is_post_of(
        cls, ticket_id: int | InstrumentedAttribute[int], post_id: str | InstrumentedAttribute[str]
    ) -> ColumnElement[bool]:
        """Whether it is that post of that ticket, such as its target; for queries. Both may be columns."""
        return and_(cls.ticket_id == ticket_id, cls.post_id == post_id)

    @classmethod
    def find(cls, session: Session, ticket_id: int, post_id: str) -> "Mention | None":
        """The post `post_id` of a ticket, such as its `target_post_id`; None if the ledger has none."""
        return session.scalar(select(cls).where(cls.is_post_of(ticket_id, post_id)))

    @classmethod
    def load(cls, session: Session, ticket_id: int, post_id: str) -> "Mention":
        """The same where the ledger must have it. Raises `NoResultFound`."""
        return session.scalars(select(cls).where(cls.is_post_of(ticket_id, post_id))).one()

    @property
    def version(self) -> str:
        """What tells its version from others, for a button: where an edit keeps the id, with its time."""
        if self.edited_at is None or self.latest_id != self.post_id:
            return self.latest_id
        return f"{self.latest_id} {self.edited_at.isoformat()}"

    def check_version(self, post_id: str, latest: str | None) -> None:
        """Refuse an answer to another version of the post `post_id` than its author saw, if that is known.

        Raises `MovedOnError`.
        """
        if latest is not None and self.post_id == post_id and self.version != latest:
            raise MovedOnError("They edited their post after you started writing. Read it, then send again.")

    @property
    def rank(self) -> tuple[datetime, str]:
        """Where it stands among the posts of its author."""
        return self.posted_at, self.order_key

    @property
    def is_missing(self) -> bool:
        """Whether the network did not show it when it was last asked."""
        return self.missing_since is not None or self.deleted_at is not None

    @property
    def is_lost(self) -> bool:
        """Whether it was given up: both looks did not show it, or an older Heard took it for deleted."""
        return self.deleted_at is not None and (
            self.missing_since is None or self.missed_looks >= len(MISSING_RECHECK_DELAYS)
        )

    @property
    def attached(self) -> tuple[Attachment, ...]:
        """Its pictures, videos and polls."""
        return tuple(Attachment.read(one) for one in self.media)

    @property
    def display_text(self) -> str:
        """Its words; where there are none, what is attached, in our words."""
        return display_text(self.text, self.attached)

    def erase(self, at: datetime) -> None:
        """Take its words and media away; the fact that they spoke stays.

        https://docs.x.com/developer-terms/policy asks for it within 24 hours.
        """
        self.fingerprint = hashlib.sha256(normalize_text(self.text).encode()).hexdigest()
        self.text, self.media, self.deleted_at = "", [], at
        if self.matched.startswith(MATCHES_PREFIX):
            self.matched = UNQUOTED_REASON
        self.addressed, self.answers, self.content_warning = [], None, None


IS_FIRST_ROW = Mention.duplicate_of.is_(None)
"""The SQL condition on the one row of a post; others of it are from before schema 0014."""


class QuarantinedPost(Base):
    """A row that a network sent and nobody could read. Kept, so that it can be looked at and read later."""

    __tablename__ = "quarantined"
    __table_args__ = (UniqueConstraint("network", "account_id", "digest"),)

    id: Mapped[Key]
    network: Mapped[str]
    account_id: Mapped[str]
    digest: Mapped[str]
    post_id: Mapped[str | None]
    raw: Mapped[str]
    error: Mapped[str]
    at: Mapped[datetime]
