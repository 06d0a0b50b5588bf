"""How fast we may speak: never more than a burst, then a steady pace, whoever asks."""

from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from models import RateLimit
from models.core.database import Database
from tests.models.ledger import NINE, passing, together

SECOND = timedelta(seconds=1)
GO = timedelta()


def take(session: Session, after: float, *, burst: int = 1, key: str = "post C1") -> timedelta:
    return RateLimit.take(session, key, at=NINE + SECOND * after, interval=SECOND, burst=burst)


def test_the_first_may_go_and_the_second_is_told_how_long_to_wait(session: Session) -> None:
    assert take(session, 0) == GO
    assert take(session, 0.25) == SECOND * 0.75
    assert take(session, 1) == GO


def test_being_told_to_wait_costs_nothing(session: Session) -> None:
    assert [take(session, 0), take(session, 0.5), take(session, 0.9), take(session, 1)] == [
        GO,
        SECOND * 0.5,
        SECOND * 0.1,
        GO,
    ]


def test_a_long_rest_allows_one_burst_and_no_more(session: Session) -> None:
    for start in (0, 1000):
        assert [take(session, start, burst=3) for _ in range(4)] == [GO, GO, GO, SECOND]


def test_one_channel_does_not_wait_for_another(session: Session) -> None:
    assert take(session, 0, key="post C1") == GO
    assert take(session, 0, key="post C2") == GO


def test_a_pause_holds_everybody_and_is_never_shortened(session: Session) -> None:
    RateLimit.pause(session, "post C1", at=NINE, until=NINE + SECOND * 30)
    RateLimit.pause(session, "post C1", at=NINE, until=NINE + SECOND * 10)

    assert take(session, 1, burst=10) == SECOND * 29
    assert take(session, 30, burst=10) == GO


@given(
    gaps=st.lists(st.integers(0, 3000), min_size=1, max_size=40),
    burst=st.integers(1, 5),
)
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_stretch_of_time_holds_more_than_a_burst_and_the_steady_pace(
    db: Database, gaps: list[int], burst: int
) -> None:
    now, went, told = 0.0, [], None
    with passing(db) as session:
        for gap in gaps:
            now += gap / 1000
            wait = take(session, now, burst=burst).total_seconds()
            if wait == 0:
                went.append(now)
            else:
                told = now + wait
        if told is not None and told > now:  # who comes back when told may go
            assert take(session, told, burst=burst) == GO

    for first, start in enumerate(went):
        for last in range(first, len(went)):
            assert last - first + 1 <= burst + (went[last] - start) + 1e-6


def test_two_who_share_it_are_counted_together(db: Database) -> None:
    def ask() -> int:
        went = 0
        for _ in range(10):
            with db.write() as session:
                went += take(session, 0, burst=7) == GO
        return went

    assert sum(n for n in together(ask, ask, ask) if isinstance(n, int)) == 7
