"""Who is known to be a customer: handles from a file of the team's own, replaced as a whole.

A list is written beside the one in use, a batch at a time under a number of its own, and comes into use at
once when it is complete. So nobody ever sees half of one, and no other writer waits for long.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, ScalarSelect, delete, func, select, true, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.core.base import Base, BigKey, Key, is_sqlite
from models.tracks.post_text import HANDLE

ANY_NETWORK = ""
HANDLE_MAX_CHARS = 200
LISTED_AT_ONCE = 1_000  # customers that are read in one statement
X_HOSTS = frozenset({"x.com", "twitter.com"})
OTHER_SITES = frozenset({"medium.com", "tiktok.com", "youtube.com"})  # that write @name too
DELETED_AT_ONCE = 20_000  # and that are deleted in one transaction
_X_NAME = re.compile("[A-Za-z0-9_]+")
# First steps of addresses on X that are no handles, such as https://x.com/i/user/12. Those of `intent`:
# https://docs.x.com/x-for-websites/web-intents/overview
_X_PAGES = re.compile(
    "(?i)about|account|compose|download|explore|hashtag|home|i|intent|jobs|login|logout|messages|"
    "notifications|oauth|privacy|search|settings|share|signup|status|statuses|tos|web|who_to_follow|widgets"
)
_SUBDOMAIN = re.compile(r"^(?:www|mobile|m)\.")


class CustomerListGoneError(Exception):
    """A list that was being written is not there any more: another import or `clear` came in between."""


@dataclass(frozen=True, slots=True)
class CustomerEntry:
    """One customer: a folded handle, on one network or on any, and what the team notes of them."""

    network: str
    handle: str
    note: str


class CustomerList(Base):
    """One list of customers. The one in use is complete and not ended; numbers are never used again."""

    __tablename__ = "customer_lists"

    id: Mapped[Key]
    begun_at: Mapped[datetime]
    completed_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]  # since when it is neither in use nor being written
    total: Mapped[int] = mapped_column(default=0)

    @classmethod
    def begin(cls, session: Session, *, at: datetime) -> int:
        """Start a new list, which nobody uses yet; returns its number. Others that were begun end here."""
        cls._end(session, cls.completed_at.is_(None), at=at)
        started = cls(begun_at=at, total=0)
        session.add(started)
        session.flush()
        return started.id

    @classmethod
    def complete(cls, session: Session, number: int, *, at: datetime) -> int:
        """Put the list `number` into use; returns how many customers it has.

        Raises `CustomerListGoneError` if it was ended by another import, or by `clear`.
        """
        total = session.scalar(select(func.count()).where(Customer.list_id == number)) or 0
        mine = update(cls).where(cls.id == number, cls.completed_at.is_(None), cls.ended_at.is_(None))
        completed = session.scalar(mine.values(completed_at=at, total=total).returning(cls.id))
        if completed is None:
            raise CustomerListGoneError("another import came in between")
        cls._end(session, cls.id != number, at=at)
        return total

    @classmethod
    def clear(cls, session: Session, *, at: datetime) -> int:
        """Use no list any more; returns how many customers the one in use had."""
        current = cls.current(session)
        cls._end(session, true(), at=at)
        return current.total if current is not None else 0

    @classmethod
    def current(cls, session: Session) -> "CustomerList | None":
        """The list in use."""
        return session.scalar(select(cls).where(cls.id == _current_id()))

    @classmethod
    def _end(cls, session: Session, which: ColumnElement[bool], *, at: datetime) -> None:
        session.execute(update(cls).where(cls.ended_at.is_(None), which).values(ended_at=at))


class Customer(Base):
    """One customer of one list; kept by handle, so that looking one up reads one place."""

    __tablename__ = "customers"
    __table_args__ = ({"sqlite_with_rowid": False},)

    list_id: Mapped[int] = mapped_column(BigKey, primary_key=True, autoincrement=False)
    handle: Mapped[str] = mapped_column(primary_key=True)
    network: Mapped[str] = mapped_column(primary_key=True)  # `ANY_NETWORK`: wherever that handle is
    note: Mapped[str]

    @classmethod
    def add_batch(cls, session: Session, number: int, batch: Sequence[CustomerEntry]) -> None:
        """Write some customers of the list `number`; of two rows of one customer the first stays."""
        rows: dict[tuple[str, str], dict[str, Any]] = {}
        for one in batch:
            row = {"list_id": number, "handle": one.handle, "network": one.network, "note": one.note}
            rows.setdefault((one.handle, one.network), row)
        if not rows:
            return
        ordered = [rows[key] for key in sorted(rows)]  # neighbours are written to one page of the file
        statement = (sqlite.insert if is_sqlite(session) else postgresql.insert)(cls.__table__)  # type: ignore[arg-type]
        session.connection().execute(statement.on_conflict_do_nothing(), ordered)

    @classmethod
    def notes_of(cls, session: Session, network: str, handles: Collection[str]) -> dict[str, str]:
        """Returns what is noted of those of `handles` that are customers on `network`, by folded handle.

        What is said of that network counts more than what is said of any.
        """
        wanted = {folded for handle in handles if (folded := fold_handle(handle)) is not None}
        if not wanted:
            return {}
        query = select(cls.handle, cls.note).where(
            cls.list_id == _current_id(), cls.handle.in_(wanted), cls.network.in_((ANY_NETWORK, network))
        )
        rows = session.execute(query.order_by(cls.network))
        return {row.handle: row.note for row in rows}

    @classmethod
    def each(cls, session: Session) -> Iterator[CustomerEntry]:
        """The customers of the list in use, by handle, read a part at a time."""
        after = ("", "")
        current = session.scalar(select(_current_id()))
        columns = select(cls.network, cls.handle, cls.note).order_by(cls.handle, cls.network)
        while current is not None:
            here = columns.where(
                cls.list_id == current,
                (cls.handle > after[0]) | ((cls.handle == after[0]) & (cls.network > after[1])),
            )
            rows = [CustomerEntry(*row) for row in session.execute(here.limit(LISTED_AT_ONCE))]
            yield from rows
            if len(rows) < LISTED_AT_ONCE:
                return
            after = rows[-1].handle, rows[-1].network

    @classmethod
    def delete_unused(cls, session: Session) -> bool:
        """Delete some customers of lists that are gone; returns whether there may be more."""
        ended = select(CustomerList.id).where(CustomerList.ended_at.is_not(None))
        old = session.scalar(select(cls.list_id).where(cls.list_id.in_(ended)).limit(1))
        if old is None:
            return False
        theirs = select(cls.handle).where(cls.list_id == old).order_by(cls.handle)
        last = session.scalar(theirs.offset(DELETED_AT_ONCE).limit(1))
        gone = delete(cls).where(cls.list_id == old)
        session.execute(gone if last is None else gone.where(cls.handle <= last))
        return True


def _current_id() -> ScalarSelect[int]:
    in_use = select(func.max(CustomerList.id)).where(
        CustomerList.completed_at.is_not(None), CustomerList.ended_at.is_(None)
    )
    return in_use.scalar_subquery()


def fold_handle(typed: str) -> str | None:
    """Returns the handle that `typed` names, as handles are compared; None if it names none.

    The @ in front does not count, nor does case. The address of a profile, or of a post, names one as well:
    `https://x.com/name`, `https://bsky.app/profile/name.bsky.social`, `https://mastodon.example/@name` (a
    handle on that server).
    """
    text = typed.strip().strip("\u200b\ufeff\u2068\u2069").strip()
    if len(text) > HANDLE_MAX_CHARS:
        return None
    if "/" in text:
        text = _handle_of_address(text)
    name = text.lstrip("@\uff20").casefold()
    return name if name and HANDLE.fullmatch(name) is not None else None


def _handle_of_address(address: str) -> str:
    """The handle in an address; "" if there is none."""
    try:
        parts = urlsplit(address if "://" in address else f"https://{address}")
    except ValueError:
        return ""
    host = _SUBDOMAIN.sub("", parts.hostname or "")
    first, *more = [step for step in parts.path.split("/") if step] or [""]
    if parts.scheme not in {"http", "https"} or "." not in host:
        return ""
    if host in X_HOSTS:
        name = first.removeprefix("@")
        return name if _X_NAME.fullmatch(name) and not _X_PAGES.fullmatch(name) else ""
    if host == "bsky.app":
        return more[0] if first == "profile" and more else ""
    # Elsewhere only what Mastodon and its like have: on other sites the first step is anything.
    if not first.startswith("@") or host in OTHER_SITES:
        return ""
    return first if "@" in first[1:] else f"{first}@{parts.hostname}"
