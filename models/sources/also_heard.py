"""By which other accounts and tracks of ours a mention was found, besides the first."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ForeignKey, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.core.base import Base, BigKey
from models.sources.track import MATCHES_PREFIX, UNQUOTED_REASON


class AlsoHeard(Base):
    """One more reason why a post concerns us: it is still one mention, on one card.

    The mention itself says who found it first. `matched` and `answerable` are as on a mention, for this
    account.
    """

    __tablename__ = "also_heard"

    mention_id: Mapped[int] = mapped_column(ForeignKey("mentions.id"), primary_key=True)
    track_id: Mapped[int] = mapped_column(BigKey, primary_key=True, index=True)
    account_id: Mapped[str]
    matched: Mapped[str]
    answerable: Mapped[str | None]
    at: Mapped[datetime]

    @classmethod
    def reasons_of(cls, session: Session, mention_ids: Collection[int]) -> dict[int, list["AlsoHeard"]]:
        """Returns the further reasons of those mentions, by mention, the earliest first."""
        found: dict[int, list[AlsoHeard]] = {}
        if mention_ids:
            query = select(cls).where(cls.mention_id.in_(mention_ids)).order_by(cls.at, cls.track_id)
            for row in session.scalars(query):
                found.setdefault(row.mention_id, []).append(row)
        return found

    @classmethod
    def erase_words(cls, session: Session, mention_id: int) -> None:
        """Erase the words of the post that its further reasons quote."""
        quoting = cls.mention_id == mention_id, cls.matched.startswith(MATCHES_PREFIX)
        session.execute(update(cls).where(*quoting).values(matched=UNQUOTED_REASON))

    @classmethod
    def tracks_of(cls, session: Session, mention_ids: Collection[int]) -> dict[int, set[int]]:
        """Returns, by mention, the tracks that are among its further reasons; an empty set if none is."""
        found: dict[int, set[int]] = {one: set() for one in mention_ids}
        if found:
            query = select(cls.mention_id, cls.track_id).where(cls.mention_id.in_(found))
            for mention_id, track_id in session.execute(query):
                found[mention_id].add(track_id)
        return found
