"""The emoji that Heard puts on a teammate's message to show what happened to the reply made from it."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import Index, UniqueConstraint, or_, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.core.base import Base, Key, add_if_absent

# The emoji on the Slack message that a reply's text came from, by the reply's state (`DeliveryState`); other
# states show none. The names are Slack's: https://slack.com/help/articles/202931348
STATE_EMOJI: Mapping[str, str] = MappingProxyType(
    {
        "held": "hourglass_flowing_sand",
        "queued": "hourglass_flowing_sand",
        "sending": "hourglass_flowing_sand",
        "unsure": "grey_question",
        "asked": "grey_question",
        "published": "postbox",
        "confirmed": "postbox",
        "handed off": "arrow_upper_right",
        "refused": "warning",
        "discarded": "mute",
        "withdrawn": "wastebasket",
    }
)
_DIFFERS = "coalesce(wanted, '') <> coalesce(shown, '')"


class Reaction(Base):
    """A Slack message, the emoji that should be on it (`wanted`) and the one that is (`shown`).

    A job of bot/slack/reactions.py makes the two agree. Both are Slack's emoji names.
    """

    __tablename__ = "marks"
    __table_args__ = (
        UniqueConstraint("channel", "ts"),
        Index("ix_marks_to_change", "id", sqlite_where=text(_DIFFERS), postgresql_where=text(_DIFFERS)),
    )
    wait_columns = ("not_before",)

    id: Mapped[Key]
    channel: Mapped[str]
    ts: Mapped[str]
    wanted: Mapped[str | None]
    shown: Mapped[str | None]
    not_before: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(default=0)

    @classmethod
    def set_wanted(cls, session: Session, channel: str, ts: str, emoji: str | None) -> None:
        """Set the emoji for that message; None removes the one that Heard put there."""
        add_if_absent(session, cls, channel=channel, ts=ts, tries=0)
        query = select(cls).where(cls.channel == channel, cls.ts == ts).with_for_update()
        reaction = session.scalars(query).one()
        if reaction.wanted != emoji:
            reaction.wanted, reaction.not_before, reaction.tries = emoji, None, 0

    @classmethod
    def show_state(cls, session: Session, channel: str, ts: str, state: str) -> None:
        """Set the emoji for that message by the state of the reply made from it; see `STATE_EMOJI`."""
        cls.set_wanted(session, channel, ts, STATE_EMOJI.get(state))

    @classmethod
    def list_unsynced(cls, session: Session, limit: int, *, at: datetime) -> list["Reaction"]:
        """Returns the messages that do not show the wanted emoji yet and may be tried at `at`."""
        is_due = or_(cls.not_before.is_(None), cls.not_before <= at)
        query = select(cls).where(text(_DIFFERS), is_due).order_by(cls.id).limit(limit)
        return list(session.scalars(query))
