"""What we promise to whoever speaks to us: a first reply within so much time of office hours. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from models.core.office_hours import OfficeHours


@dataclass(frozen=True, slots=True)
class SlaPolicy:
    """A first reply `within` so much open time; the clock does not run while nobody is there.

    What was promised is kept with the ticket: another promise later on changes no due time.
    """

    office: OfficeHours
    within: timedelta

    def due(self, asked_at: datetime) -> datetime:
        """When whoever asked at `asked_at` is owed a first reply."""
        return self._after(asked_at, self.within)

    def half_time(self, asked_at: datetime) -> datetime:
        """When half of the time until then is over."""
        return self._after(asked_at, self.within / 2)

    def half_before(self, due_at: datetime, at: datetime) -> datetime:
        """When half of the time is over for who is owed a reply at `due_at`; told at `at`, which may be it.

        Reckoned back from the recorded due time, which a snooze may have moved.
        """
        left = self.office.open_time_between(at, due_at) - self.within / 2
        return self._after(at, left)

    def next_opening(self, at: datetime) -> datetime:
        """When somebody is there again who is not there at `at`."""
        return self._after(at, timedelta(seconds=1))

    def _after(self, start: datetime, worked: timedelta) -> datetime:
        """That much open time later; by the clock on the wall where a century has not as much of it.

        A post must never fail to get into the ledger because nobody is ever there.
        """
        try:
            return self.office.add_open_time(start, worked)
        except ValueError:
            return start + worked
