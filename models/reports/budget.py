"""What a monthly cap leaves, by the sums in the ledger: the same for every worker. Reads only."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from models.sources.cost import DailyCost, month_of

SLOW_FROM_PERCENT = 80


@dataclass(frozen=True, slots=True)
class Budget:
    """The cap and what this month has cost, in millionths of a dollar, and which tracks are read slowly."""

    cap: int
    spent: int
    slow_tracks: frozenset[int] = frozenset()

    @property
    def is_spent(self) -> bool:
        """Whether the cap is reached."""
        return self.spent >= self.cap

    @property
    def is_near(self) -> bool:
        """Whether readings slow down, or have stopped."""
        return self.spent * 100 >= self.cap * SLOW_FROM_PERCENT


def read_budget(session: Session, cap: int | None, *, at: datetime) -> Budget | None:
    """Returns what the month of `at` (UTC) has spent of `cap`; None if there is no cap.

    Near it the dearest tracks are read slowly: one of n at 80 %, and one more with each n-th part of the way
    from there to 100 %.
    """
    if cap is None:
        return None
    since, until = month_of(at)
    budget = Budget(cap, DailyCost.total(session, since, until))
    if not budget.is_near or budget.is_spent:
        return budget
    lines = DailyCost.by_track(session, since, until)
    dear = [track_id for *_, track_id, micros in lines if track_id and micros]
    way = budget.spent * 100 - cap * SLOW_FROM_PERCENT
    count = 1 + way * len(dear) // (cap * (100 - SLOW_FROM_PERCENT))
    return Budget(cap, budget.spent, frozenset(dear[:count]))
