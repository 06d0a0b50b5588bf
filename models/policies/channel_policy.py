"""The policy of a Slack channel: what holds for the tickets whose cards are in it.

It is the defaults from the environment, and in place of them what the team has set in the channel.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.core.office_hours import OfficeHours
from models.core.sla import SlaPolicy
from models.policies.digest_times import parse_digest_day, parse_digest_time
from models.slack.channel_settings import ALL_DEFAULT, ChannelSettings, OwnSettings

log = logging.getLogger(__name__)

_YEAR_WEEKS = 52
_DAY, _YEAR, _CENTURY = timedelta(days=1), timedelta(days=366), timedelta(days=36_525)
_PARSED_MAX = 64  # texts of office hours that are remembered


@dataclass(frozen=True, slots=True)
class ChannelPolicy:
    """What holds in one channel.

    `senders` are the ids of the Slack users and user groups who may send public replies; None is every
    member. `digest_time`, by the clocks of `zone`, is None if there is no digest, and `digest_weekday`,
    Monday being 0, if there is no weekly one. `has_own_digest` says that the team has set the time.
    Replies that are alike by `near_copy_percent` or more get a warning; 0: never. `spike_per_minute` is how
    many mentions a minute are shown one by one; 0: all. `priority_weights` is a JSON object, or None.
    """

    channel: str
    sla: SlaPolicy
    senders: tuple[str, ...] | None
    digest_time: time | None
    digest_weekday: int | None
    has_own_digest: bool
    near_copy_percent: int
    spike_per_minute: int
    priority_weights: Mapping[str, Any] | None = None

    @property
    def office(self) -> OfficeHours:
        """When somebody is there."""
        return self.sla.office

    @property
    def zone(self) -> ZoneInfo:
        """By whose clocks the office hours and the digest go."""
        return self.sla.office.zone


@dataclass(frozen=True, slots=True)
class PolicyDefaults:
    """What holds where a channel has no value of its own; the fields are those of `OwnSettings`, all set.

    `senders` None is every member; `holidays` may be empty, and `office_hours` too: round the clock.
    """

    first_reply_minutes: float
    office_hours: str
    time_zone: str
    holidays: str
    senders: tuple[str, ...] | None
    digest_at: str
    digest_day: str
    near_copy_percent: int
    spike_per_minute: int

    def policy(self, session: Session, channel: str) -> ChannelPolicy:
        """Returns the policy of that channel as it is now: one look by primary key."""
        found = ChannelSettings.of(session, channel)
        return self.combine(channel, found.own if found is not None else ALL_DEFAULT)

    def combine(self, channel: str, own: OwnSettings) -> ChannelPolicy:
        """Returns the policy of a channel whose own values are `own`."""
        minutes = self.first_reply_minutes if own.first_reply_minutes is None else own.first_reply_minutes
        percent = self.near_copy_percent if own.near_copy_percent is None else own.near_copy_percent
        spike = self.spike_per_minute if own.spike_per_minute is None else own.spike_per_minute
        return ChannelPolicy(
            channel=channel,
            sla=SlaPolicy(self._office(own), timedelta(minutes=minutes)),
            senders=own.senders or self.senders,
            digest_time=parse_digest_time(own.digest_at or self.digest_at),
            digest_weekday=parse_digest_day(own.digest_day or self.digest_day),
            has_own_digest=own.digest_at is not None,
            near_copy_percent=percent,
            spike_per_minute=spike,
            priority_weights=own.priority_weights,
        )

    def other_targets(self, session: Session) -> dict[str, timedelta]:
        """Returns the channels whose first replies are due within another time than by default."""
        here = select(ChannelSettings.channel, ChannelSettings.first_reply_minutes)
        here = here.where(ChannelSettings.first_reply_minutes.is_not(None))
        return {
            channel: timedelta(minutes=minutes)
            for channel, minutes in session.execute(here)
            if minutes is not None and minutes != self.first_reply_minutes
        }

    def is_within_a_year(self, own: OwnSettings, at: datetime) -> bool:
        """Whether, with these values, a first reply is due within a year, to a post of `at` or later.

        Else each post would have Heard look through the calendar of a century. Later posts that wait longest
        are those with which holidays begin.
        """
        sla = self.combine("", own).sla
        if sla.within > _YEAR_WEEKS * sla.office.open_time_per_week:
            return False
        days, today = sla.office.holidays, at.date()
        begins = (day for day in days if today < day < today + _CENTURY and day - _DAY not in days)
        moments = (datetime.combine(day, time(), sla.office.zone) for day in begins)
        return all(_is_due_within_a_year(sla, moment) for moment in (at, *moments))

    def can_read_office(self, own: OwnSettings) -> bool:
        """Whether the office hours, time zone and holidays of a channel can be read on this machine."""
        try:
            self._parse_office(own)
        except ValueError:
            return False
        return True

    def _parse_office(self, own: OwnSettings) -> OfficeHours:
        hours = self.office_hours if own.office_hours is None else own.office_hours
        zone = self.time_zone if own.time_zone is None else own.time_zone
        holidays = self.holidays if own.holidays is None else own.holidays
        return parse_office_hours(hours, zone, holidays)

    def _office(self, own: OwnSettings) -> OfficeHours:
        try:
            return self._parse_office(own)
        except ValueError:
            # This machine does not know a zone that another one knew. Mentions must come in all the same.
            log.warning("the office hours of a channel cannot be read, so the default ones hold")
            return parse_office_hours(self.office_hours, self.time_zone, self.holidays)


def _is_due_within_a_year(sla: SlaPolicy, asked_at: datetime) -> bool:
    try:
        return sla.office.add_open_time(asked_at, sla.within) <= asked_at + _YEAR
    except ValueError:
        return False


@lru_cache(maxsize=_PARSED_MAX)
def parse_office_hours(text: str, zone: str, holidays: str) -> OfficeHours:
    """As `OfficeHours.parse`, but the same texts are parsed once. Raises `ValueError`."""
    return OfficeHours.parse(text, zone, holidays)
