"""What networks bill us, by our own count at the prices in the settings: estimates, not invoices."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.core.base import Base, BigKey, is_sqlite

NO_TRACK = 0  # the `track_id` of what was not billed for a track, such as a reply
MICROS_PER_USD = 1_000_000
SMALL_USD = 0.1  # below it a cent is too coarse


def month_of(at: datetime) -> tuple[date, date]:
    """Returns the first day of the UTC month of `at`, and of the next month."""
    first = at.astimezone(UTC).date().replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1)


def format_usd(micros: int) -> str:
    """Returns an amount for people: `$1,204.50`; below ten cents to a tenth of a cent, `$0.012`."""
    usd = micros / MICROS_PER_USD
    return f"${usd:,.3f}" if 0 < usd < SMALL_USD else f"${usd:,.2f}"


@dataclass(frozen=True, slots=True)
class BilledUnit:
    """One unit that was billed: a resource by its `resource_id`, or a call, where both are None."""

    account_id: str
    kind: str
    micros: int  # its price, in millionths of a dollar
    track_id: int = NO_TRACK
    resource: str | None = None
    resource_id: str | None = None


class BilledResource(Base):
    """A resource that was billed on a UTC day. Networks bill each once a day, whichever call it came with."""

    __tablename__ = "billed_resources"

    day: Mapped[date] = mapped_column(primary_key=True)
    network: Mapped[str] = mapped_column(primary_key=True)
    resource: Mapped[str] = mapped_column(primary_key=True)
    resource_id: Mapped[str] = mapped_column(primary_key=True)

    @classmethod
    def delete_before(cls, session: Session, day: date) -> None:
        """Forget what was billed before `day`: it is in the sums."""
        session.execute(delete(cls).where(cls.day < day))


class DailyCost(Base):
    """What one kind of charge came to on a UTC day, for one of our accounts and one track.

    `micros` is in millionths of a dollar, at the prices of that moment: later prices do not change it.
    """

    __tablename__ = "daily_costs"

    day: Mapped[date] = mapped_column(primary_key=True)
    network: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(primary_key=True)
    track_id: Mapped[int] = mapped_column(BigKey, primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(primary_key=True)
    units: Mapped[int] = mapped_column(BigInteger)
    micros: Mapped[int] = mapped_column(BigInteger)

    @classmethod
    def total(cls, session: Session, since: date, until: date) -> int:
        """Returns what was billed from `since` until before `until`, in millionths of a dollar."""
        return int(session.scalar(_sum_of(*_between(since, until))) or 0)  # PostgreSQL sums to a decimal

    @classmethod
    def by_track(cls, session: Session, since: date, until: date) -> list[tuple[str, str, int, int]]:
        """Returns network, account id, track id and millionths of a dollar, the dearest first."""
        keys = (cls.network, cls.account_id, cls.track_id)
        query = select(*keys, _MICROS).where(*_between(since, until)).group_by(*keys)
        return [
            (network, account_id, track_id, int(micros))
            for network, account_id, track_id, micros in session.execute(
                query.order_by(_MICROS.desc(), *keys)
            )
        ]


_MICROS = func.sum(DailyCost.micros)


def _sum_of(*conditions: ColumnElement[bool]) -> Select[Any]:
    return select(func.sum(DailyCost.micros)).where(*conditions)


def _between(since: date, until: date) -> tuple[ColumnElement[bool], ...]:
    return DailyCost.day >= since, DailyCost.day < until


def record(session: Session, network: str, units: Iterable[BilledUnit], *, day: date) -> None:
    """Add what `network` billed on `day`, in a few statements; none if there is nothing to add.

    Resources that were billed on that day already cost nothing more. Rows of sums stay locked until the
    transaction ends: call it once in a transaction, near its end.
    """
    calls, by_resource = [], dict[tuple[str, str], BilledUnit]()
    for unit in units:
        if unit.resource is None or unit.resource_id is None:
            calls.append(unit)
        else:
            by_resource.setdefault((unit.resource, unit.resource_id), unit)
    fresh = _mark_billed(session, network, sorted(by_resource), day)
    _add_up(session, network, [*calls, *(by_resource[key] for key in fresh)], day)


def _mark_billed(
    session: Session, network: str, keys: Sequence[tuple[str, str]], day: date
) -> list[tuple[str, str]]:
    """Returns which of these resources were not billed on that day yet; from now on they were."""
    if not keys:
        return []
    insert = sqlite.insert if is_sqlite(session) else postgresql.insert
    # Rows are parameters of a statement that is compiled once; SQLAlchemy sends them in a few batches.
    added = insert(BilledResource).on_conflict_do_nothing()
    returned = added.returning(BilledResource.resource, BilledResource.resource_id)
    rows = [
        {"day": day, "network": network, "resource": resource, "resource_id": resource_id}
        for resource, resource_id in keys
    ]
    return [(resource, resource_id) for resource, resource_id in session.connection().execute(returned, rows)]


def _add_up(session: Session, network: str, units: Sequence[BilledUnit], day: date) -> None:
    counts, micros = Counter[tuple[str, int, str]](), defaultdict[tuple[str, int, str], int](int)
    for unit in units:
        key = (unit.account_id, unit.track_id, unit.kind)
        counts[key] += 1
        micros[key] += unit.micros
    rows = [
        {
            "day": day,
            "network": network,
            "account_id": key[0],
            "track_id": key[1],
            "kind": key[2],
            "units": counts[key],
            "micros": micros[key],
        }
        for key in sorted(counts)  # in one order, so that two transactions never wait for each other
    ]
    if not rows:
        return
    insert = sqlite.insert if is_sqlite(session) else postgresql.insert
    added = insert(DailyCost).values(rows)
    sums: Mapping[str, ColumnElement[int]] = {
        "units": DailyCost.units + added.excluded.units,
        "micros": DailyCost.micros + added.excluded.micros,
    }
    session.execute(
        added.on_conflict_do_update(index_elements=list(DailyCost.__table__.primary_key), set_=sums)
    )
