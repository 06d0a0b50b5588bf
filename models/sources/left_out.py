"""Posts that the first reading of a track left out: no later reading takes them for new."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.core.base import Base, BigKey, add_if_absent


class LeftOutPost(Base):
    """One post that a track left out at its first reading, which shows only the newest ones of a day."""

    __tablename__ = "left_out_posts"
    wait_columns = ("at",)

    track_id: Mapped[int] = mapped_column(BigKey, primary_key=True, autoincrement=False)
    post_id: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)

    @classmethod
    def remember(cls, session: Session, left_out: Collection[tuple[int, str]], *, at: datetime) -> None:
        """Remember pairs of a track's id and a post's id."""
        for track_id, post_id in sorted(left_out):
            add_if_absent(session, cls, track_id=track_id, post_id=post_id, at=at)

    @classmethod
    def known(
        cls, session: Session, track_ids: Collection[int], post_ids: Collection[str]
    ) -> set[tuple[int, str]]:
        """Returns which of these tracks have left out which of these posts, as pairs of ids."""
        query = select(cls.track_id, cls.post_id)
        query = query.where(cls.post_id.in_(post_ids), cls.track_id.in_(track_ids))
        return {(track_id, post_id) for track_id, post_id in session.execute(query)}

    @classmethod
    def delete_before(cls, session: Session, moment: datetime) -> None:
        """Forget what was left out before `moment`, which no reading reaches any more."""
        session.execute(delete(cls).where(cls.at < moment))
