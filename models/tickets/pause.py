"""The pause: a team can stop all public replies for a while."""

from datetime import datetime

from sqlalchemy.orm import Mapped, Session, mapped_column

from models.core.audit_event import Event
from models.core.base import Base, RuleBrokenError, add_if_absent

GLOBAL_SCOPE = "all"


class PausedError(RuleBrokenError):
    """A pause is on, so nothing may be sent. The message says who paused and how it ends."""


class Pause(Base):
    """While this row exists, no reply is sent."""

    __tablename__ = "pauses"
    wait_columns = ("at",)

    scope: Mapped[str] = mapped_column(primary_key=True)
    by: Mapped[str]  # a Slack user
    at: Mapped[datetime]

    @classmethod
    def current(cls, session: Session) -> "Pause | None":
        """Returns the current pause as it is in the database; None while replies may be sent."""
        return session.get(cls, GLOBAL_SCOPE, populate_existing=True)

    @classmethod
    def begin(cls, session: Session, *, by: str, at: datetime) -> bool:
        """Stop all public replies. Returns False if they were stopped already."""
        if not add_if_absent(session, cls, scope=GLOBAL_SCOPE, by=by, at=at):
            return False
        Event.record(session, "pause", at=at, by=by)
        return True

    @classmethod
    def end(cls, session: Session, *, by: str, at: datetime) -> bool:
        """Allow public replies again. Returns False if nothing was paused."""
        pause = cls.current(session)
        if pause is None:
            return False
        session.delete(pause)
        Event.record(session, "resume", at=at, by=by)
        session.flush()
        return True

    @classmethod
    def raise_if_paused(cls, session: Session) -> None:
        """Raises `PausedError` during a pause."""
        pause = cls.current(session)
        if pause is not None:
            raise PausedError(pause.sentence)

    @property
    def sentence(self) -> str:
        """Who paused the replies and how it ends, as mrkdwn."""
        return f"<@{self.by}> has paused all public replies. `/mentions resume` starts them again."
