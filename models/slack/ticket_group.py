"""The Slack message that shows several tickets on one card: a conversation, near-identical posts, a spike."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    UniqueConstraint,
    and_,
    func,
    literal,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.core.base import Base, BigKey, Key

_TAKING = "closed_at IS NULL"
_STALE = "drawn_revision < revision OR redraw_at IS NOT NULL"


class GroupKind(StrEnum):
    """Why tickets are shown on one card."""

    CONVERSATION = "conversation"  # many people write in one conversation
    COPIES = "near-identical posts"  # a campaign, a giveaway: the same words from many
    SPIKE = "spike"  # more tickets than the channel can show one by one


class TicketGroup(Base):
    """One card for several tickets, each of which keeps its own state. All times are UTC.

    The tickets name it in `group_id`; one that a teammate acts on leaves the group and gets a card of its
    own. `subject` is the conversation's id, or the id of the ticket whose post `post_id` is repeated; empty
    for a spike. Tickets may join until `closed_at`, which is set once `taking_until` is over.

    The columns about the message are those of `Card`. `redraw_at` is when it changes although no ticket does,
    `stale_since` since when its card has been out of date, `overdue_told_at` when the channel was reminded.
    """

    __tablename__ = "ticket_groups"
    __table_args__ = (
        CheckConstraint("kind IN (" + ", ".join(f"'{kind}'" for kind in GroupKind) + ")", name="kind"),
        UniqueConstraint("channel", "ts"),
        Index(
            "uq_ticket_groups_taking",
            "channel",
            "kind",
            "network",
            "subject",
            unique=True,
            sqlite_where=text(_TAKING),
            postgresql_where=text(_TAKING),
        ),
        Index("ix_ticket_groups_stale", "id", sqlite_where=text(_STALE), postgresql_where=text(_STALE)),
    )
    wait_columns = (
        "not_before",
        "leased_until",
        "placing_since",
        "redraw_at",
        "taking_until",
        "stale_since",
    )

    id: Mapped[Key]
    kind: Mapped[str]
    channel: Mapped[str]
    network: Mapped[str]  # empty for a spike, which may have several
    subject: Mapped[str]
    post_id: Mapped[str | None]
    opened_at: Mapped[datetime]
    taking_until: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    joined: Mapped[int] = mapped_column(default=0, server_default="0")  # tickets that ever joined
    revision: Mapped[int] = mapped_column(default=1, server_default="1")
    drawn_revision: Mapped[int] = mapped_column(default=0, server_default="0")
    redraw_at: Mapped[datetime | None]
    stale_since: Mapped[datetime | None]
    overdue_told_at: Mapped[datetime | None]

    key: Mapped[str] = mapped_column(unique=True)
    ts: Mapped[str | None]
    placing_since: Mapped[datetime | None]
    not_before: Mapped[datetime | None]
    leased_until: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0, server_default="0")
    failure: Mapped[str | None]

    @classmethod
    def lock(cls, session: Session, group_id: int) -> "TicketGroup":
        """Return that group, locked until the transaction ends. Lock its tickets before it, not after.

        Raises `NoResultFound` of SQLAlchemy if there is no such group.
        """
        query = select(cls).where(cls.id == group_id).with_for_update()
        return session.scalars(query.execution_options(populate_existing=True)).one()

    @classmethod
    def find_taking(
        cls, session: Session, kind: GroupKind, channel: str, *, network: str = "", subject: str = ""
    ) -> "TicketGroup | None":
        """Returns the group of that kind and subject in `channel` that tickets can still join, locked."""
        query = select(cls).where(
            *(cls.kind == kind, cls.channel == channel, cls.network == network, cls.subject == subject),
            cls.closed_at.is_(None),
        )
        return session.scalar(query.with_for_update().execution_options(populate_existing=True))

    @classmethod
    def find_by_message(cls, session: Session, channel: str, ts: str) -> "TicketGroup | None":
        """Returns the group that is that message, or None."""
        return session.scalar(select(cls).where(cls.channel == channel, cls.ts == ts))

    @classmethod
    def touch(cls, session: Session, group_id: int, *, at: datetime) -> None:
        """Have its card drawn again."""
        stale_since = func.coalesce(cls.stale_since, literal(at, cls.stale_since.type))
        changed = update(cls).where(cls.id == group_id)
        session.execute(changed.values(revision=cls.revision + 1, stale_since=stale_since))

    @classmethod
    def is_stale(cls, at: datetime) -> Any:  # noqa: ANN401 - a condition
        """Returns the SQL condition that its card is out of date at `at`.

        A group that all tickets left before it was posted has no card and needs none.
        """
        return and_(
            or_(cls.drawn_revision < cls.revision, cls.redraw_at.is_not(None)),
            or_(cls.drawn_revision < cls.revision, cls.redraw_at <= at),
        )

    def change(self, at: datetime) -> None:
        """Have its card drawn again; the group is locked."""
        self.revision += 1
        self.stale_since = self.stale_since or at

    def mark_posted(self, ts: str, revision: int, *, at: datetime, distance: timedelta) -> None:
        """Record that Slack shows its `revision` as the message `ts`; the next one comes `distance` later.

        Tickets join many times a second, and all updates of a workspace share one limit.
        """
        self.ts, self.drawn_revision = ts, max(self.drawn_revision, revision)
        self.placing_since = self.leased_until = self.failure = None
        self.failures, self.not_before = 0, at + distance
        self.stale_since = None if self.drawn_revision >= self.revision else at

    def mark_deleted(self, at: datetime) -> None:
        """Record that the message is gone, so that the group gets a new one."""
        self.ts = self.placing_since = self.leased_until = None
        self.change(at)


class GroupClosing(Base):
    """One *Close all*: which tickets of a group it closed, and until when that can be undone."""

    __tablename__ = "group_closings"
    __table_args__ = (Index(None, "group_id"),)
    wait_columns = ("undo_until",)

    id: Mapped[Key]
    group_id: Mapped[int] = mapped_column(BigKey, ForeignKey("ticket_groups.id"))
    key: Mapped[str] = mapped_column(unique=True)
    closed_by: Mapped[str]
    closed_ids: Mapped[list[Any]]
    undo_until: Mapped[datetime]

    @classmethod
    def open_of(cls, session: Session, group_id: int, at: datetime) -> Sequence["GroupClosing"]:
        """Returns those of the group that can be undone at `at`, the newest first."""
        here = select(cls).where(cls.group_id == group_id, cls.undo_until > at)
        return session.scalars(here.order_by(cls.id.desc())).all()

    @classmethod
    def lock(cls, session: Session, key: str) -> "GroupClosing | None":
        """Returns the one with that key, locked; None if it was undone, or there never was one."""
        query = select(cls).where(cls.key == key).with_for_update()
        return session.scalar(query.execution_options(populate_existing=True))
