"""What a team has set for one Slack channel, in place of the defaults; every change is in the event log."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.core.audit_event import Event
from models.core.base import Base, MovedOnError, add_if_absent

SETTINGS_CHANGED_ACT = "channel settings"
# A value that is not set is SQL's NULL, not JSON's.
_OptionalJson = JSON(none_as_null=True)


@dataclass(frozen=True, slots=True)
class OwnSettings:
    """The values that a channel has of its own; None means the default.

    `first_reply_minutes` are minutes of office hours. `office_hours`, `time_zone` and `holidays` are texts as
    `OfficeHours.parse` reads them, `digest_at` and `digest_day` as `models/policies/digest_times.py` does;
    `holidays` may be empty: none. `senders` are ids of Slack users and user groups, never empty.
    `near_copy_percent` and `spike_per_minute` are those of `ChannelPolicy`.
    """

    first_reply_minutes: float | None = None
    office_hours: str | None = None
    time_zone: str | None = None
    holidays: str | None = None
    senders: tuple[str, ...] | None = None
    digest_at: str | None = None
    digest_day: str | None = None
    near_copy_percent: int | None = None
    spike_per_minute: int | None = None
    priority_weights: dict[str, Any] | None = None


SETTING_NAMES = tuple(one.name for one in fields(OwnSettings))

ALL_DEFAULT = OwnSettings()


class ChannelSettings(Base):
    """The settings of one Slack channel. A column that is NULL means the default from the environment.

    `revision` rises with every change, so that of two people who edit them the second one notices.
    `changed_by` is a Slack user id.
    """

    __tablename__ = "channel_policies"

    channel: Mapped[str] = mapped_column(primary_key=True)
    first_reply_minutes: Mapped[float | None]
    office_hours: Mapped[str | None]
    time_zone: Mapped[str | None]
    holidays: Mapped[str | None]
    senders: Mapped[list[Any] | None] = mapped_column(_OptionalJson)
    digest_at: Mapped[str | None]
    digest_day: Mapped[str | None]
    near_copy_percent: Mapped[int | None]
    spike_per_minute: Mapped[int | None]
    priority_weights: Mapped[dict[str, Any] | None] = mapped_column(_OptionalJson)
    revision: Mapped[int] = mapped_column(default=0, server_default="0")
    changed_by: Mapped[str | None]
    changed_at: Mapped[datetime]

    @property
    def own(self) -> OwnSettings:
        """The values; a list of senders without anybody in it counts as not set."""
        values = {name: getattr(self, name) for name in SETTING_NAMES}
        return OwnSettings(**values | {"senders": tuple(self.senders) if self.senders else None})

    @classmethod
    def of(cls, session: Session, channel: str) -> "ChannelSettings | None":
        """Returns the settings of that channel; None if nobody has ever changed any."""
        return session.get(cls, channel)

    @classmethod
    def all(cls, session: Session) -> Sequence["ChannelSettings"]:
        """Returns those of all channels that have a value of their own, by channel."""
        is_set = or_(*(getattr(cls, name).is_not(None) for name in SETTING_NAMES))
        return session.scalars(select(cls).where(is_set).order_by(cls.channel)).all()

    @classmethod
    def with_own_digest(cls, session: Session) -> Sequence["ChannelSettings"]:
        """Returns those of the channels that have set when their digest comes, by channel."""
        query = select(cls).where(cls.digest_at.is_not(None))
        return session.scalars(query.order_by(cls.channel)).all()

    @classmethod
    def names_sender(cls, session: Session, user: str) -> bool:
        """Whether the senders of any channel name that Slack user; members of groups are not looked up."""
        named = session.scalars(select(cls.senders).where(cls.senders.is_not(None)))
        return any(user in (senders or ()) for senders in named)


@dataclass(frozen=True, slots=True)
class SettingChange:
    """One setting that was changed: its name, and the channel's own value before and after (None: none)."""

    name: str
    before: Any
    after: Any


class SettingsMovedOnError(MovedOnError):
    """Somebody else has changed the settings since the person saw them."""

    def __init__(self) -> None:
        super().__init__("Someone else changed these settings meanwhile.")


def change(
    session: Session, channel: str, own: OwnSettings, *, revision: int, at: datetime, by: str
) -> tuple[SettingChange, ...]:
    """Give `channel` the values `own` and return what that changed, which is in the event log then.

    `revision` is that of the settings that `by`, a Slack user, saw: 0 if there were none. Raises
    `SettingsMovedOnError` if somebody has changed them since.
    """
    if revision == 0 and own == ALL_DEFAULT and ChannelSettings.of(session, channel) is None:
        return ()
    # Of two who are the first to change something one has to wait for the other, too.
    add_if_absent(session, ChannelSettings, channel=channel, revision=0, changed_at=at)
    query = select(ChannelSettings).where(ChannelSettings.channel == channel).with_for_update()
    found = session.scalars(query.execution_options(populate_existing=True)).one()
    if found.revision != revision:
        raise SettingsMovedOnError
    changes = compare(found.own, own)
    if not changes:
        return ()
    for one in changes:
        setattr(found, one.name, list(one.after) if isinstance(one.after, tuple) else one.after)
    found.revision, found.changed_by, found.changed_at = revision + 1, by, at
    data = {
        "channel": channel,
        "before": {one.name: one.before for one in changes},
        "after": {one.name: one.after for one in changes},
    }
    Event.record(session, SETTINGS_CHANGED_ACT, at=at, by=by, data=data)
    return changes


def compare(before: OwnSettings, after: OwnSettings) -> tuple[SettingChange, ...]:
    """Returns what is different in `after`, in the order of the settings."""
    pairs = ((name, getattr(before, name), getattr(after, name)) for name in SETTING_NAMES)
    return tuple(SettingChange(name, old, new) for name, old, new in pairs if old != new)
