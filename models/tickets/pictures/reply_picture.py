"""A picture that goes out with a reply, or that a draft has: its bytes, and what its author says of it."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, LargeBinary, UniqueConstraint, false, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.core.base import Base, Key
from models.tickets.delivery_state import UNSETTLED_STATES
from models.tickets.reply import Reply


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """A file in Slack that is to go along with a reply; `alt` is its description in Slack, if it has one."""

    file_id: str
    name: str
    alt: str = ""


class ReplyPicture(Base):
    """One picture, in the order in which it is shown.

    `data` is exactly what goes out: without metadata and within the network's limits. It is empty until the
    file was fetched from Slack (`fetched_at`), and again some time after the outcome. `problem` says why a
    file does not go along. `media` is the network's own name for it once it is uploaded, until `media_until`.
    """

    __tablename__ = "reply_pictures"
    __table_args__ = (UniqueConstraint("reply_id", "position"),)
    wait_columns = ("media_until",)

    id: Mapped[Key]
    reply_id: Mapped[int] = mapped_column(ForeignKey("replies.id"))
    position: Mapped[int]
    file_id: Mapped[str]  # of the file in Slack
    name: Mapped[str]
    alt_text: Mapped[str] = mapped_column(default="", server_default="")
    problem: Mapped[str | None]  # the end of a sentence that begins with its name
    content_type: Mapped[str | None]
    width: Mapped[int | None]
    height: Mapped[int | None]
    size: Mapped[int | None]  # bytes
    sha256: Mapped[str | None]
    is_animated: Mapped[bool] = mapped_column(default=False, server_default=false())
    data: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    created_at: Mapped[datetime]
    fetched_at: Mapped[datetime | None]
    media: Mapped[str | None]
    media_until: Mapped[datetime | None]

    @property
    def is_pending(self) -> bool:
        """Whether it has still to be fetched from Slack."""
        return self.fetched_at is None

    @property
    def goes_along(self) -> bool:
        """Whether it is to go out with its reply."""
        return self.problem is None

    @classmethod
    def of(cls, session: Session, reply_id: int | None) -> "list[ReplyPicture]":
        """Return the pictures of that reply in order, also those that do not go along."""
        if reply_id is None:
            return []
        return list(session.scalars(select(cls).where(cls.reply_id == reply_id).order_by(cls.position)))

    @classmethod
    def attach(
        cls, session: Session, reply_id: int, files: Sequence[AttachedFile], *, at: datetime
    ) -> "list[ReplyPicture]":
        """Note files that are to be fetched and to go out with that reply, after those that it has."""
        first = len(cls.of(session, reply_id))
        made = [
            cls(
                reply_id=reply_id,
                position=first + number,
                file_id=one.file_id,
                name=one.name,
                alt_text=one.alt,
                created_at=at,
            )
            for number, one in enumerate(files)
        ]
        session.add_all(made)
        session.flush()
        return made

    @classmethod
    def copy(
        cls,
        session: Session,
        from_reply: int | None,
        to_reply: int,
        *,
        at: datetime,
        only: Collection[int] | None = None,
        alts: Mapping[int, str] | None = None,
    ) -> None:
        """Give the pictures of one reply to another one as well, which may describe them in other words.

        `only` are the ids of those that go along (None: all), `alts` what is said of each by its id.
        """
        if from_reply is None or from_reply == to_reply:
            return
        before = [one for one in cls.of(session, from_reply) if only is None or one.id in only]
        first = len(cls.of(session, to_reply))
        for number, one in enumerate(before):
            session.add(
                cls(
                    reply_id=to_reply,
                    position=first + number,
                    file_id=one.file_id,
                    name=one.name,
                    alt_text=(alts or {}).get(one.id, one.alt_text),
                    problem=one.problem,
                    content_type=one.content_type,
                    width=one.width,
                    height=one.height,
                    size=one.size,
                    sha256=one.sha256,
                    is_animated=one.is_animated,
                    data=one.data,
                    created_at=at,
                    fetched_at=one.fetched_at,
                )
            )
        session.flush()

    @classmethod
    def drop_data(cls, session: Session, *, before: datetime, left_before: datetime) -> None:
        """Drop the bytes of what was published before `before`, and of what is older than `left_before`.

        What is said of them stays. A reply that is on its way keeps its pictures.
        """
        moving = select(Reply.id).where(Reply.state.in_(UNSETTLED_STATES))
        settled = select(Reply.id).where(Reply.settled_at < before)
        here = update(cls).where(cls.data.is_not(None), cls.reply_id.not_in(moving))
        old = (cls.created_at < left_before) | (cls.reply_id.in_(settled) & (cls.created_at < before))
        session.execute(here.where(old).values(data=None, media=None, media_until=None))

    def keep(
        self, data: bytes, *, content_type: str, width: int, height: int, is_animated: bool, at: datetime
    ) -> None:
        """Record the picture as it goes out."""
        self.data, self.content_type, self.width, self.height = data, content_type, width, height
        self.size, self.sha256, self.is_animated = len(data), hashlib.sha256(data).hexdigest(), is_animated
        self.fetched_at = at

    def reject(self, problem: str, *, at: datetime) -> None:
        """Record why the file does not go along: the end of a sentence that begins with its name."""
        self.problem, self.fetched_at = problem, at

    def is_uploaded(self, *, at: datetime) -> bool:
        """Whether the network still has it, so that a reply can show it."""
        return self.media is not None and self.media_until is not None and self.media_until > at

    def record_upload(self, media: str, *, at: datetime, lifetime: timedelta) -> None:
        """Record that the network has it, as `media`, for `lifetime`."""
        self.media, self.media_until = media, at + lifetime


def pictures_mark(pictures: Sequence[ReplyPicture], *, with_alts: bool = True) -> str:
    """Return what tells these pictures, in this order and with these words, from others; empty: none."""
    if not pictures:
        return ""
    marks = [
        f"{one.sha256 or ''} {one.problem or ''} {one.alt_text if with_alts else ''}" for one in pictures
    ]
    return hashlib.sha256("\n".join(marks).encode(errors="replace")).hexdigest()[:16]
