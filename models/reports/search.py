"""Searches mentions and our replies by their words, newest first. Reads only.

Both databases hold the same folded words (models/core/fold.py, models/tickets/word_index.py). Whole words
match, in any case and with any accents; scripts without blanks (Chinese, Japanese, Thai) are matched
character by character.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, text, true
from sqlalchemy.orm import Session

from models.core.account_filter import AccountFilter
from models.core.base import is_sqlite, without_sqlite_index
from models.grouping.card_place import PLACE_CHANNEL, PLACE_TS, join_place
from models.privacy.read_access import PUBLIC_ONLY, ReadAccess
from models.reports.found_by import found_by_tracks
from models.sources.author import Author
from models.sources.mention import Mention
from models.tickets import answer_as
from models.tickets.delivery_state import LIVE_STATES, DeliveryState
from models.tickets.reply import Reply
from models.tickets.ticket import CANARY_NETWORK, Ticket, reply_network
from models.tickets.word_index import MENTION_INDEX, REPLY_INDEX

# How many of the newest ids are searched before the index is asked for all occurrences of a word. A word in
# every tenth post is found among them at once; a rarer one has no long list of occurrences to sort.
RECENT_MAX_IDS = 20_000
ID_UPPER_BOUND = 2**62  # greater than any id
# What our team published or is about to publish. Drafts are private to their author.
SEARCHABLE_STATES = (*LIVE_STATES, DeliveryState.WITHDRAWN)
NO_VALUES: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class SearchCursor:
    """Where a page ends: the ids of the last mention and the last reply that were shown."""

    mention: int = ID_UPPER_BOUND
    reply: int = ID_UPPER_BOUND


@dataclass(frozen=True, slots=True)
class SearchHit:
    """One mention or reply that matches. `by` is the teammate who sent it; None for a mention.

    `handle` is the customer's, `state` the ticket's, `delivery` the reply's, `channel` and `ts` the card's.
    """

    id: int
    ticket_id: int
    network: str
    handle: str | None
    text: str
    at: datetime
    state: str
    reason: str | None
    closed_by: str | None
    owner: str | None
    channel: str | None
    ts: str | None
    has_no_account: bool = False  # it is open, and no account that may answer it is connected any more
    by: str | None = None
    delivery: str | None = None


@dataclass(frozen=True, slots=True)
class SearchPage:
    """One page of hits; `more` is where the next page begins, if there is one."""

    found: tuple[SearchHit, ...]
    more: SearchCursor | None


def search(
    session: Session,
    looked_for: Sequence[str],
    *,
    before: SearchCursor,
    limit: int,
    accounts: Sequence[AccountFilter] = (),
    tracks: Sequence[int] = (),
    access: ReadAccess = PUBLIC_ONLY,
) -> SearchPage:
    """Returns the newest mentions and replies before the cursor `before` with all the phrases `looked_for`.

    Only those on tickets that `access` allows.

    Newest means ingested or written last, so that a page goes on where the last one ended. With `accounts`
    only of tickets of one of these, with `tracks` only of those with a post that one of them found; then
    `looked_for` may be empty.
    """
    here = _Tickets(tuple(accounts), tuple(tracks), access)
    if looked_for:
        mention_ids = _mentions_of(session, looked_for, here, before.mention, limit + 1)
        reply_ids = _replies_of(session, looked_for, here, before.reply, limit + 1)
    else:
        is_shown, is_sent = Mention.deleted_at.is_(None), Reply.state.in_(SEARCHABLE_STATES)
        mention_ids = _newest_ids(session, Mention, here, before.mention, limit + 1, is_shown)
        reply_ids = _newest_ids(session, Reply, here, before.reply, limit + 1, is_sent)
    mentions, replies = _mentions(session, mention_ids), _replies(session, reply_ids)
    # Each list keeps its own order, by id, which the cursor uses: many rows have the same time.
    merged = list(merge(mentions, replies, key=lambda one: one[0], reverse=True))
    shown = tuple(found for _, found in merged[:limit])
    if len(merged) <= limit:
        return SearchPage(shown, None)
    last_mention = min((one.id for one in shown if one.by is None), default=before.mention)
    last_reply = min((one.id for one in shown if one.by is not None), default=before.reply)
    return SearchPage(shown, SearchCursor(last_mention, last_reply))


@dataclass(frozen=True, slots=True)
class _Tickets:
    """The tickets that are searched: of any of our `accounts`, and with a post that one of `tracks` found.

    Only those that `access` allows.
    """

    accounts: tuple[AccountFilter, ...]
    tracks: tuple[int, ...]
    access: ReadAccess


# --- the indexes --------------------------------------------------------------------------------------------


def _ids(
    session: Session,
    index: str,
    looked_for: Sequence[str],
    before: int,
    limit: int,
    *,
    also: str = "",
    values: Mapping[str, Any] = NO_VALUES,
) -> list[int]:
    """The highest ids below `before` of rows with those words.

    `also` are JOINs with further conditions, with `values` in them.
    """
    given: dict[str, Any] = {"before": before, "limit": limit, **values}
    if is_sqlite(session):
        query = text(
            f"SELECT w.rowid FROM {index} w {also} WHERE {index} MATCH :words AND w.rowid < :before "  # noqa: S608
            "ORDER BY w.rowid DESC LIMIT :limit"
        )
        return list(session.scalars(query, given | {"words": _for_fts5(looked_for)}))
    return _ids_in_postgresql(session, index, looked_for, given, also)


def _for_fts5(looked_for: Sequence[str]) -> str:
    """Each phrase as an FTS5 string, in which nothing is an operator; all must match.

    https://www.sqlite.org/fts5.html#fts5_strings
    """
    return " AND ".join(f'"{phrase}"' for phrase in looked_for)  # a folded phrase contains no quotation mark


def _for_tsquery(looked_for: Sequence[str]) -> str:
    """The same for PostgreSQL: `'out' <-> 'of' <-> 'stock'`.

    https://www.postgresql.org/docs/current/datatype-textsearch.html#DATATYPE-TSQUERY
    """
    return " & ".join(" <-> ".join(f"'{word}'" for word in phrase.split()) for phrase in looked_for)


def _ids_in_postgresql(
    session: Session, index: str, looked_for: Sequence[str], given: dict[str, Any], also: str
) -> list[int]:
    """Two queries, since neither plan is fast for every word.

    Walking down from the newest post ends soon for a common word and reads everything for a rare one; the
    index has all occurrences of a word, which for a common one are hundreds of thousands to sort.
    """
    words = {"query": _for_tsquery(looked_for)}
    query = "CAST(:query AS tsquery)"
    newest = session.scalar(text(f"SELECT max(id) FROM {index}")) or 0  # noqa: S608
    top = min(given["before"], newest + 1)
    given = given | {"before": top, "low": top - RECENT_MAX_IDS}
    recent = text(
        f"SELECT w.id FROM {index} w {also} WHERE w.id >= :low AND w.id < :before AND w.words @@ ({query}) "  # noqa: S608
        "ORDER BY w.id DESC LIMIT :limit"
    )
    found = list(session.scalars(recent, given | words))
    if len(found) == given["limit"] or given["low"] <= 1:
        return found
    # As a separate step, or the planner might walk after all; and never by a sequential scan.
    session.execute(text("SET LOCAL enable_seqscan = off"))
    rest = text(
        f"WITH places AS MATERIALIZED (SELECT id FROM {index} WHERE words @@ ({query})) "  # noqa: S608
        f"SELECT w.id FROM places w {also} WHERE w.id < :before ORDER BY w.id DESC LIMIT :limit"
    )
    found = list(session.scalars(rest, given | words))
    session.execute(text("SET LOCAL enable_seqscan = on"))
    return found


def _mentions_of(
    session: Session, looked_for: Sequence[str], here: _Tickets, before: int, limit: int
) -> list[int]:
    join, values = _join_tickets(session, "m", here)
    also = f"JOIN mentions m ON m.id = w.{_key(session)} {join}"
    return _ids(session, MENTION_INDEX, looked_for, before, limit, also=also, values=values)


def _replies_of(
    session: Session, looked_for: Sequence[str], here: _Tickets, before: int, limit: int
) -> list[int]:
    """Only replies that are or were to be public."""
    states = ", ".join(f"'{state}'" for state in SEARCHABLE_STATES)
    join, values = _join_tickets(session, "r", here)
    also = f"JOIN replies r ON r.id = w.{_key(session)} AND r.state IN ({states}) {join}"
    return _ids(session, REPLY_INDEX, looked_for, before, limit, also=also, values=values)


def _join_tickets(session: Session, alias: str, here: _Tickets) -> tuple[str, dict[str, Any]]:
    """A JOIN of the table `alias` with the tickets that are searched, and its values.

    SQLite can use no index for it, or it might begin with all tickets of an account; compare
    `without_sqlite_index`.
    """
    whole = " || ''" if is_sqlite(session) else ""
    keys = [key for one in here.accounts for key in one.keys]
    conditions = []
    if keys:
        conditions.append(
            " OR ".join(
                f"(t.network{whole} = :network{place} AND t.account_id{whole} = :account{place})"
                for place in range(len(keys))
            )
        )
    values: dict[str, Any] = {f"network{place}": network for place, (network, _) in enumerate(keys)}
    values |= {f"account{place}": account_id for place, (_, account_id) in enumerate(keys)}
    if here.tracks:
        values |= {f"track{place}": track for place, track in enumerate(here.tracks)}
        conditions.append(_found_by(", ".join(f":track{place}" for place in range(len(here.tracks)))))
    if not here.access.everything:
        shown = sorted(here.access.channels)
        values |= {f"shown{place}": channel for place, channel in enumerate(shown)}
        channels = ", ".join(f":shown{place}" for place in range(len(shown)))
        conditions.append(f"NOT t.is_private OR t.channel IN ({channels})" if shown else "NOT t.is_private")
    if not conditions:
        conditions.append("1 = 1")
    both = " AND ".join(f"({condition})" for condition in conditions)
    return f"JOIN tickets t ON t.id = {alias}.ticket_id AND {both}", values


def _found_by(tracks: str) -> str:
    """As `models.reports.found_by` has it, for the table `t`; `tracks` are parameters."""
    also = "SELECT 1 FROM also_heard a JOIN mentions p ON p.id = a.mention_id WHERE p.ticket_id = t.id"
    return (
        f"t.track_id IN ({tracks}) "  # noqa: S608 - names of parameters
        f"OR EXISTS (SELECT 1 FROM mentions p WHERE p.ticket_id = t.id AND p.track_id IN ({tracks})) "
        f"OR EXISTS ({also} AND a.track_id IN ({tracks}))"
    )


def _newest_ids(
    session: Session,
    table: type[Mention | Reply],
    here: _Tickets,
    before: int,
    limit: int,
    *conditions: ColumnElement[bool],
) -> list[int]:
    """The highest ids below `before` of rows of `table` on the tickets that are searched.

    First among the newest rows; where those are too few, by the index of tickets of an account.
    """
    query = select(table.id).join(Ticket, Ticket.id == table.ticket_id).where(table.id < before, *conditions)
    query = query.order_by(table.id.desc()).limit(limit)
    low = min(before, (session.scalar(select(func.max(table.id))) or 0) + 1) - RECENT_MAX_IDS
    query = query.where(here.access.condition())
    if here.tracks:
        query = query.where(found_by_tracks(here.tracks))
    columns = (without_sqlite_index(Ticket.network), without_sqlite_index(Ticket.account_id))
    walk = or_(*(one.condition(*columns) for one in here.accounts)) if here.accounts else true()
    found = list(session.scalars(query.where(table.id >= low, walk)))
    if len(found) == limit or low <= 1:
        return found
    indexed = (one.condition(Ticket.network, Ticket.account_id) for one in here.accounts)
    return list(session.scalars(query.where(or_(*indexed) if here.accounts else true())))


def _key(session: Session) -> str:
    return "rowid" if is_sqlite(session) else "id"


# --- what stands there --------------------------------------------------------------------------------------

_TICKET_COLUMNS = (
    Ticket.state,
    Ticket.reason,
    Ticket.closed_by,
    Ticket.owner,
    PLACE_CHANNEL,
    PLACE_TS,
    and_(Ticket.is_open(), answer_as.has_no_account()),
)


def _join_tables(query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    return join_place(query.join(Author, Author.id == Ticket.author_id))


def _mentions(session: Session, ids: Sequence[int]) -> list[tuple[datetime, SearchHit]]:
    """Each hit with when it was ingested, by which pages are merged."""
    columns = (
        Mention.id,
        Ticket.id,
        Mention.network,
        Author.handle,
        Mention.text,
        Mention.posted_at,
        *_TICKET_COLUMNS,
    )
    query = select(Mention.seen_at, *columns).join(Ticket, Ticket.id == Mention.ticket_id)
    query = join_place(query.join(Author, Author.id == Mention.author_id))
    here = query.where(Mention.id.in_(ids), Mention.deleted_at.is_(None))
    rows = session.execute(here.order_by(Mention.id.desc()))
    return [(seen, SearchHit(*row)) for seen, *row in rows]


def _replies(session: Session, ids: Sequence[int]) -> list[tuple[datetime, SearchHit]]:
    columns = (
        Reply.id,
        Ticket.id,
        reply_network(),
        Author.handle,
        Reply.text,
        Reply.created_at,
        *_TICKET_COLUMNS,
    )
    query = select(Reply.created_at, *columns, Reply.actor, Reply.state).join(
        Ticket, Ticket.id == Reply.ticket_id
    )
    here = _join_tables(query).where(Reply.id.in_(ids), Ticket.network != CANARY_NETWORK)
    rows = session.execute(here.order_by(Reply.id.desc()))
    return [(written_at, SearchHit(*row)) for written_at, *row in rows]
