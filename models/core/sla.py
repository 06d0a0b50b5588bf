"""The target for first replies: within so much time of office hours. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from models.core.office_hours import OfficeHours


@dataclass(frozen=True, slots=True)
class SlaPolicy:
    """A first reply is due `within` that much open time; the clock stops outside office hours.

    The due time is stored with the ticket, so a policy that changes later does not move it.
    """

    office: OfficeHours
    within: timedelta

    def due(self, asked_at: datetime) -> datetime:
        """Returns when a first reply is due to a post of `asked_at`."""
        return self._after(asked_at, self.within)

    def half_time(self, asked_at: datetime) -> datetime:
        """Returns when half of the target time has passed since `asked_at`."""
        return self._after(asked_at, self.within / 2)

    def half_before(self, due_at: datetime, at: datetime) -> datetime:
        """Returns when half of the target time is left before `due_at`, not earlier than `at`.

        Counted back from the stored due time, which a snooze may have moved.
        """
        left = self.office.open_time_between(at, due_at) - self.within / 2
        return self._after(at, left)

    def next_opening(self, at: datetime) -> datetime:
        """Returns the next time within office hours after `at`."""
        return self._after(at, timedelta(seconds=1))

    def _after(self, start: datetime, worked: timedelta) -> datetime:
        """The time by which `worked` of open time has passed since `start`.

        By the wall clock if a century does not have as much open time: a post must never fail to be ingested
        because office hours are empty.
        """
        try:
            return self.office.add_open_time(start, worked)
        except ValueError:
            return start + worked
