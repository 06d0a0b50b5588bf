"""Whether anything may leave at all: a team can tell Heard to keep quiet for a while."""

from datetime import datetime

from sqlalchemy.orm import Mapped, Session, mapped_column

from models.core.audit_event import Event
from models.core.base import Base, RuleBrokenError, add_if_absent

GLOBAL_SCOPE = "all"


class PausedError(RuleBrokenError):
    """Nothing may be sent just now."""


class Pause(Base):
    """While this row is there, no reply leaves."""

    __tablename__ = "pauses"
    wait_columns = ("at",)

    scope: Mapped[str] = mapped_column(primary_key=True)
    by: Mapped[str]  # a Slack user
    at: Mapped[datetime]

    @classmethod
    def current(cls, session: Session) -> "Pause | None":
        """The pause that holds, as it is in the database; None while everything may leave."""
        return session.get(cls, GLOBAL_SCOPE, populate_existing=True)

    @classmethod
    def begin(cls, session: Session, *, by: str, at: datetime) -> bool:
        """Let nothing leave from here on; False if that was so before."""
        if not add_if_absent(session, cls, scope=GLOBAL_SCOPE, by=by, at=at):
            return False
        Event.record(session, "pause", at=at, by=by)
        return True

    @classmethod
    def end(cls, session: Session, *, by: str, at: datetime) -> bool:
        """Let replies leave again; False if nothing was paused."""
        pause = cls.current(session)
        if pause is None:
            return False
        session.delete(pause)
        Event.record(session, "resume", at=at, by=by)
        session.flush()
        return True

    @classmethod
    def raise_if_paused(cls, session: Session) -> None:
        """Raise `PausedError` while a pause holds."""
        pause = cls.current(session)
        if pause is not None:
            raise PausedError(pause.sentence)

    @property
    def sentence(self) -> str:
        """Who let nothing leave, and how it ends; mrkdwn."""
        return f"<@{self.by}> has paused all public replies. `/mentions resume` lets them go out again."
