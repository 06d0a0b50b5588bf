"""The Slack message that shows a ticket."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.core.base import Base, Key


class Card(Base):
    """Where a ticket's card is. Which revision of the ticket it shows is stored with the ticket.

    `key` is an opaque id in the message's metadata, by which the message is found again after a call whose
    answer was lost. `ts` is None until Slack says where the message is: if `placing_since` is set then, a
    call may or may not have posted it.
    """

    __tablename__ = "cards"
    __table_args__ = (UniqueConstraint("ticket_id"), UniqueConstraint("channel", "ts"))
    wait_columns = ("not_before", "leased_until", "placing_since")

    id: Mapped[Key]
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    key: Mapped[str] = mapped_column(unique=True)
    channel: Mapped[str]
    ts: Mapped[str | None]
    drawn_at: Mapped[datetime | None]
    placing_since: Mapped[datetime | None]
    not_before: Mapped[datetime | None]
    leased_until: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)
    failure: Mapped[str | None]
    # The version of the newest post whose pictures Slack would not show: it is drawn without them.
    pictures_refused: Mapped[str | None]

    @classmethod
    def find_by_message(cls, session: Session, channel: str, ts: str) -> "Card | None":
        """Returns the card that is that message, or None."""
        return session.scalar(select(cls).where(cls.channel == channel, cls.ts == ts))

    @classmethod
    def of_ticket(cls, session: Session, ticket_id: int, channel: str) -> "Card":
        """The card of a ticket that is held; made for `channel` if there is none."""
        card = session.scalar(select(cls).where(cls.ticket_id == ticket_id))
        if card is None:
            card = cls(ticket_id=ticket_id, key=uuid.uuid4().hex, channel=channel, failures=0)
            session.add(card)
        return card

    @classmethod
    def is_any_being_posted(cls, session: Session, channel: str) -> bool:
        """Whether Slack may show a card in `channel` whose message is not known yet."""
        unknown = select(cls.id).where(
            cls.channel == channel, cls.ts.is_(None), cls.placing_since.is_not(None)
        )
        return session.scalar(unknown.limit(1)) is not None

    def mark_posted(self, ts: str, *, at: datetime) -> None:
        """Record that Slack shows it as the message `ts`."""
        self.ts, self.drawn_at = ts, at
        self.placing_since = self.leased_until = self.not_before = self.failure = None
        self.failures = 0

    def mark_deleted(self) -> None:
        """Record that the message was deleted in Slack, so that the ticket gets a new one."""
        self.ts = self.placing_since = self.leased_until = None
