"""The schema: made by migrations, equal to the models, undone and made again; and its indexes earn their keep."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any
from uuid import uuid4

import alembic.command
import alembic.config
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import (
    Connection,
    Inspector,
    Select,
    create_engine,
    event,
    func,
    insert,
    inspect,
    select,
    text,
)
from sqlalchemy.exc import DBAPIError, IntegrityError

from models import (
    Account,
    Alarm,
    Author,
    Base,
    Card,
    ChannelSettings,
    Credential,
    Cursor,
    Issue,
    LeftOutPost,
    Mention,
    Notice,
    Reply,
    RollupProgress,
    SharedAnswer,
    Ticket,
    Track,
)
from models.core.account_filter import AccountFilter
from models.core.database import Database
from models.issues.merge import merge_issues
from models.mutes import mute_rules
from models.mutes.mute_rules import MuteDraft
from models.reports import drafts, open_tickets
from models.reports.open_tickets import OpenTicketFilter
from models.reports.search import SearchCursor, search
from models.slack import channel_settings
from models.slack.channel_settings import OwnSettings
from models.sources import track_rules
from models.sources.cursor import MENTIONS_CURSOR
from models.sources.track_rules import TrackDraft
from models.tickets.delivery_state import UNSETTLED_STATES, DeliveryState
from models.tickets.incoming_post import OtherReason
from models.tickets.ingest import ingest_page
from models.tickets.word_index import is_index
from tests.databases import ROOT
from tests.models.ledger import NINE, PLACE, hear, minute, said, ticket
from tests.models.log import HOLDS_ITS_TURN

OPTIONS = {"compare_type": True, "include_name": lambda name, kind, _: kind != "table" or not is_index(name)}


@pytest.fixture
def alembic_config(database_url: str) -> alembic.config.Config:
    config = alembic.config.Config(toml_file=ROOT / "pyproject.toml")
    config.attributes["url"] = database_url
    return config


@pytest.fixture
def connection(db: Database) -> Iterator[Connection]:
    with db.engine.connect() as connection:
        yield connection


# --- up and down --------------------------------------------------------------------------------------------


def test_the_migrations_make_what_the_models_say(
    connection: Connection, alembic_config: alembic.config.Config
) -> None:
    context = MigrationContext.configure(connection, opts=OPTIONS)

    assert compare_metadata(context, Base.metadata) == []
    connection.rollback()
    alembic.command.check(alembic_config)


def test_there_is_one_head_and_each_step_can_be_undone(alembic_config: alembic.config.Config) -> None:
    scripts = ScriptDirectory.from_config(alembic_config)
    assert len(scripts.get_heads()) == 1
    for script in scripts.walk_revisions():
        assert script.module.downgrade
        assert re.fullmatch(r"\d{4}_\w+\.py", Path(script.path).name)


def test_down_to_nothing_and_up_again_even_with_a_ledger_that_was_used(
    db: Database, alembic_config: alembic.config.Config
) -> None:
    fill(db)
    before = schema(db)

    alembic.command.downgrade(alembic_config, "base")
    with db.engine.connect() as connection:
        assert set(inspect(connection).get_table_names()) == {"alembic_version"}
        assert leftovers(connection) == []
    alembic.command.upgrade(alembic_config, "head")

    assert schema(db) == before
    fill(db)


def test_to_migrate_twice_changes_nothing(db: Database, alembic_config: alembic.config.Config) -> None:
    fill(db)
    before = schema(db)
    alembic.command.upgrade(alembic_config, "head")

    assert schema(db) == before
    with db.read() as session:
        assert len(session.scalars(select(Ticket)).all()) == 1


def test_what_can_be_shared_still_can_after_it_got_a_table_of_its_own(
    db: Database, alembic_config: alembic.config.Config
) -> None:
    pages = [[{"type": "divider"}]]
    with db.write() as session:
        SharedAnswer.store(session, "k", "Heard 8", pages, channel="C1", at=NINE)
        Notice.enqueue(session, "Still to be told.", at=NINE)

    alembic.command.downgrade(alembic_config, "0006")
    with db.engine.connect() as connection:
        notices = connection.execute(text("SELECT key, channel, ts FROM notices ORDER BY id")).all()
    assert [tuple(one) for one in notices][1:] == [("k", "C1", "shown")]
    alembic.command.upgrade(alembic_config, "head")

    with db.write() as session:
        assert session.scalars(select(Notice.text)).all() == ["Still to be told."]
        found = SharedAnswer.claim(session, "k")
        assert (found.channel, found.text, found.pages, found.at) == ("C1", "Heard 8", pages, NINE)


def test_an_older_heard_finds_no_issue_that_was_merged_away(
    db: Database, alembic_config: alembic.config.Config
) -> None:
    with db.write() as session:
        hear(session, said(1))
        kept, gone = (Issue.open_or_find(session, title, by="U0ANA", at=NINE) for title in ("One", "Two"))
        gone.add(session, ticket(session), by="U0ANA", at=NINE)
        merge_issues(session, gone.id, kept.id, by="U0ANA", at=NINE)

    alembic.command.downgrade(alembic_config, "0007")
    with db.engine.connect() as connection:
        assert list(connection.scalars(text("SELECT title FROM issues"))) == ["One"]
        assert connection.scalar(text("SELECT count(*) FROM reports")) == 1
    alembic.command.upgrade(alembic_config, "head")

    with db.read() as session:
        assert session.scalars(select(Issue.merged_into)).all() == [None]


def test_what_was_heard_before_words_were_folded_is_found_in_the_folded_way(
    db: Database, alembic_config: alembic.config.Config
) -> None:
    with db.write() as session:
        hear(session, *(said(n, text=f"checkout\N{ROLLING ON THE FLOOR LAUGHING} {n}") for n in range(600)))

    alembic.command.downgrade(alembic_config, "0008")
    with db.write() as session:  # while the older version is at work
        session.execute(text("UPDATE mentions SET text = 'Straße' WHERE post_id = '7'"))
    alembic.command.upgrade(alembic_config, "head")

    with db.read() as session:
        assert len(search(session, ["checkout"], before=SearchCursor(), limit=700).found) == 599
        assert [one.text for one in search(session, ["strasse"], before=SearchCursor(), limit=9).found] == [
            "Straße"
        ]


def test_what_was_heard_before_order_keys_sorts_as_the_numbers_that_its_ids_are(
    db: Database, alembic_config: alembic.config.Config
) -> None:
    with db.write() as session:
        hear(session, said(999), said(1000, latest_id="1001"), said(1_500_000_000_000_000_000))
        before = session.execute(select(Mention.post_id, Mention.order_key, Mention.version_key)).all()

    alembic.command.downgrade(alembic_config, "0012")
    alembic.command.upgrade(alembic_config, "head")

    with db.read() as session:
        after = session.execute(select(Mention.post_id, Mention.order_key, Mention.version_key)).all()
    assert sorted(after) == sorted(before)
    assert [one.post_id for one in sorted(after, key=lambda one: one.order_key)] == [
        "999",
        "1000",
        "1500000000000000000",
    ]


def test_what_an_older_heard_took_for_deleted_stays_as_it_is(
    db: Database, alembic_config: alembic.config.Config
) -> None:
    with db.write() as session:
        hear(session, said(1))
    alembic.command.downgrade(alembic_config, "0008")
    with db.engine.begin() as connection:
        connection.execute(text("UPDATE mentions SET text = '', deleted_at = posted_at"))
        closed = "state = 'no reply needed', reason = 'deleted', closed_by = 'heard', closed_at = seen_at"
        connection.execute(text(f"UPDATE tickets SET {closed}"))
    alembic.command.upgrade(alembic_config, "head")

    with db.read() as session:
        [kept] = session.scalars(select(Mention))
        assert (kept.text, kept.deleted_at, kept.is_lost) == ("", NINE, True)
        assert (kept.missing_since, kept.look_at, kept.missed_looks) == (None, None, 0)
        assert session.scalars(select(Ticket.reason)).all() == ["deleted"]


OLD_CREDENTIAL = (
    "INSERT INTO credentials (network, account_id, handle, sealed, key_id, connected_at, renewed_at, expires_at, "
    "fence, tries) VALUES ('x', '99', 'acmebrew', 's', 'k', :at, :at, :at, 3, 0)"
)


def test_a_ledger_of_one_account_goes_on_with_a_track_and_a_source_and_back_again(
    db: Database, alembic_config: alembic.config.Config
) -> None:
    fill(db)
    with db.write() as session:
        for account_id, read_at in (("99", minute(5)), ("100", minute(1))):
            names = {"handle": f"acme{account_id}", "name": "Acme"}
            Account.record_profile(session, network="x", network_id=account_id, at=NINE, **names)
            Cursor.of(session, "x", account_id, MENTIONS_CURSOR, at=NINE).advance("1", at=read_at)
        ingest_page(session, [said(2, conversation="c2")], replace(PLACE, account_id="100"), at=NINE)
        session.add(RollupProgress(id=1, event_id=5, next_day=NINE.date()))
    alembic.command.downgrade(alembic_config, "0013")
    with db.engine.begin() as connection:
        connection.execute(text(OLD_CREDENTIAL), {"at": NINE})
        # Two accounts had heard one post, each with a row of its own.
        columns = [one["name"] for one in inspect(connection).get_columns("mentions") if one["name"] != "id"]
        named = ", ".join(columns)
        values = named.replace("account_id", "'100'")
        copied = f"INSERT INTO mentions ({named}) SELECT {values} FROM mentions WHERE post_id = '1'"
        connection.execute(text(copied))
        alarm = "INSERT INTO alarms (key, cause, detail, since, told_at) VALUES (:key, 'unauthorized', 'no', :at, :at)"
        connection.execute(
            text(alarm), [{"key": key, "at": NINE} for key in ("reading x", "overdue replies")]
        )

    alembic.command.upgrade(alembic_config, "head")

    with db.read() as session:
        tracks = {one.account_id: one for one in session.scalars(select(Track))}
        assert sorted(tracks) == ["100", "99"]
        assert {one.kind for one in tracks.values()} == {"mentions"}
        assert {one.channel for one in tracks.values()} == {None}
        for table in (Ticket, Mention):
            rows = session.execute(select(table.account_id, table.track_id)).all()
            assert rows
            assert all(track_id == tracks[account_id].id for account_id, track_id in rows)
        assert session.scalars(select(Reply.account_id)).all() == ["99"]
        assert {one.network_id: one.source for one in Account.all(session)} == {
            "99": "connected",
            "100": None,
        }
        firsts = session.execute(select(Mention.post_id, Mention.account_id, Mention.duplicate_of)).all()
        [first] = session.scalars(
            select(Mention.id).where(Mention.post_id == "1", Mention.account_id == "99")
        )
        assert sorted(firsts, key=str) == sorted(
            [("1", "99", None), ("1", "100", first), ("2", "100", None)], key=str
        )
        assert sorted(session.scalars(select(Alarm.key))) == ["overdue replies", "reading x 99"]
        assert session.scalars(select(RollupProgress)).all() == []
        again = ingest_page(session, [said(1)], PLACE, at=minute(9))
        assert (again.repeats, again.tickets) == (1, 0)

    alembic.command.downgrade(alembic_config, "0013")
    with db.engine.connect() as connection:
        keys = connection.scalars(text("SELECT key FROM alarms ORDER BY key")).all()
        assert keys == ["overdue replies", "reading x"]
        assert connection.scalar(text("SELECT COUNT(*) FROM mentions")) == 3
        assert connection.scalar(text("SELECT COUNT(*) FROM credentials")) == 1
    alembic.command.upgrade(alembic_config, "head")


def test_an_older_heard_keeps_the_newest_of_several_accounts_of_a_network(
    db: Database, alembic_config: alembic.config.Config
) -> None:
    with db.write() as session:
        for handle in ("acmebrew", "acmetea"):
            row = Credential.connect(session, "x", sealed=handle, key_id="k", at=NINE, expires_at=minute(60))
            row.set_account(session, handle, handle)

    alembic.command.downgrade(alembic_config, "0013")

    with db.engine.connect() as connection:
        assert connection.scalars(text("SELECT handle FROM credentials")).all() == ["acmetea"]


def test_an_older_heard_keeps_what_a_search_has_found_and_forgets_the_search(
    db: Database, alembic_config: alembic.config.Config
) -> None:
    with db.write() as session:
        mentions = Track.mentions_of(session, "x", "7", at=NINE)
        track = track_rules.add(session, TrackDraft("search", "x", "tea"), at=NINE)
        ingest_page(session, [said(1)], replace(PLACE, track_id=track.id), at=NINE)
        other = replace(said(2), also=(OtherReason(track.id, "matches “tea”"),))
        ingest_page(session, [other], replace(PLACE, track_id=mentions.id), at=NINE)
        Cursor.of(session, "x", "7", track.cursor_name, at=NINE)
        LeftOutPost.remember(session, {(track.id, "3")}, at=NINE)

    alembic.command.downgrade(alembic_config, "0014")
    with db.engine.connect() as connection:
        assert connection.scalars(text("SELECT kind FROM tracks")).all() == ["mentions"]
        assert connection.scalars(text("SELECT track_id FROM mentions ORDER BY id")).all() == [
            None,
            mentions.id,
        ]
        assert connection.scalars(text("SELECT track_id FROM tickets")).all() == [None]
        assert connection.scalars(text("SELECT name FROM cursors")).all() == []
        assert connection.scalars(text("SELECT COUNT(*) FROM also_heard")).all() == [0]
    alembic.command.upgrade(alembic_config, "head")

    with db.read() as session:
        assert [(one.kind, one.languages, one.revision) for one in Track.all(session)] == [
            ("mentions", [], 1)
        ]


def test_an_older_heard_takes_what_is_muted_for_closed_without_a_reply(
    db: Database, alembic_config: alembic.config.Config
) -> None:
    with db.write() as session:
        mute_rules.mute(session, MuteDraft("conversation", "x", "c1"), by="U0ANA", at=NINE)
        hear(session, said(1), said(2, conversation="c2"))
        session.add(RollupProgress(id=1, event_id=5, next_day=NINE.date()))

    alembic.command.downgrade(alembic_config, "0016")
    with db.engine.connect() as connection:
        rows = connection.execute(text("SELECT state, reason, closed_by FROM tickets ORDER BY id")).all()
        turns = connection.scalars(text("SELECT outcome FROM turns ORDER BY id")).all()
    assert [tuple(one) for one in rows] == [("no reply needed", "muted", "U0ANA"), ("waiting", None, None)]
    assert turns == ["no reply needed", None]
    with pytest.raises(IntegrityError), db.engine.begin() as connection:
        connection.execute(text("UPDATE tickets SET state = 'muted'"))
    alembic.command.upgrade(alembic_config, "head")

    with db.write() as session:
        assert session.scalars(select(Ticket.mute_id)).all() == [None, None]
        assert session.scalars(select(RollupProgress)).all() == []
        mute_rules.mute(session, MuteDraft("conversation", "x", "c2"), by="U0ANA", at=NINE)
        assert sorted(session.scalars(select(Ticket.state))) == ["muted", "no reply needed"]
    with pytest.raises(IntegrityError), db.engine.begin() as connection:
        connection.execute(text("UPDATE tickets SET state = 'gone'"))


def test_an_older_heard_posts_no_card_for_what_was_muted_and_has_none(
    db: Database, alembic_config: alembic.config.Config
) -> None:
    with db.write() as session:
        hear(session, said(1, conversation="c1"), said(2, conversation="c2"), said(3, conversation="c3"))
        shown = ticket(session, conversation="c1")
        Card.of_ticket(session, shown.id, shown.channel).ts = "1.2"
        for one in ("c1", "c2"):
            mute_rules.mute(session, MuteDraft("conversation", "x", one), by="U0ANA", at=NINE)

    alembic.command.downgrade(alembic_config, "0017")

    with db.engine.connect() as connection:
        stale = text("SELECT conversation_id FROM tickets WHERE drawn_revision < revision ORDER BY id")
        assert connection.scalars(stale).all() == ["c1", "c3"]
    alembic.command.upgrade(alembic_config, "head")


def fill(db: Database) -> None:
    """A ticket with an answer on its way, and the events of that."""
    with db.write() as session:
        hear(session, said(1))
        ticket(session).reply(
            session,
            text="Hi",
            by="U0ANA",
            at=NINE,
            turn=1,
            to_post_id="1",
            undo_until=minute(1),
            key=uuid4().hex,
        )


def leftovers(connection: Connection) -> list[str]:
    """Triggers, functions and indexes that outlived their tables."""
    if connection.dialect.name == "sqlite":
        query = "SELECT name FROM sqlite_master WHERE name NOT LIKE '%alembic_version%'"
    else:
        query = "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
    return list(connection.scalars(text(query)))


def schema(db: Database) -> dict[str, Any]:
    """All that the database says of its tables, triggers included."""
    with db.engine.connect() as connection:
        found = inspect(connection)
        triggers = {
            "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name",
            "postgresql": "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1",
        }[connection.dialect.name]
        shown: dict[str, Any] = {table: described(found, table) for table in found.get_table_names()}
        return shown | {"triggers": [tuple(row) for row in connection.execute(text(triggers))]}


def described(found: Inspector, table: str) -> list[str]:
    parts = [
        *found.get_columns(table),
        *found.get_indexes(table),
        *found.get_unique_constraints(table),
        *found.get_check_constraints(table),
        *found.get_foreign_keys(table),
        found.get_pk_constraint(table),
    ]
    return sorted(spelled(part) for part in parts)


def spelled(part: Any) -> str:
    """Something that was read from the catalogue, down to the words of its conditions."""
    if isinstance(part, dict):
        return str({name: spelled(value) for name, value in part.items()})
    return str(part)


# --- equal, down to what Alembic does not compare -----------------------------------------------------------


def made_by_the_models(db: Database) -> dict[str, Any]:
    """The schema as `create_all` makes it, in a place of its own; then that place is gone again."""
    if db.is_sqlite:
        with create_engine("sqlite://").begin() as connection:
            Base.metadata.create_all(connection)
            found = inspect(connection)
            return {table: described(found, table) for table in found.get_table_names()}
    with db.engine.connect() as connection, connection.begin() as transaction:
        for statement in ("CREATE SCHEMA apart", "SET LOCAL search_path TO apart"):
            connection.execute(text(statement))
        Base.metadata.create_all(connection)
        found = inspect(connection)
        shown = {table: described(found, table) for table in found.get_table_names()}
        transaction.rollback()
    return shown


def test_constraints_and_indexes_are_the_models_own(db: Database) -> None:
    """Alembic's check compares neither check constraints nor the conditions of partial indexes."""
    migrated = {table: parts for table, parts in schema(db).items() if table in Base.metadata.tables}
    expected = made_by_the_models(db)

    assert migrated.keys() == expected.keys()
    for table in expected:
        assert migrated[table] == expected[table], table


def catalogue(connection: Connection, index: str) -> str:
    """The database's own words about an index."""
    query = {
        "sqlite": "SELECT sql FROM sqlite_master WHERE type = 'index' AND name = :name",
        "postgresql": "SELECT indexdef FROM pg_indexes WHERE indexname = :name",
    }[connection.dialect.name]
    return str(connection.scalar(text(query), {"name": index}))


def test_the_index_that_allows_one_answer_a_turn_is_unique_and_covers_just_the_live(
    connection: Connection,
) -> None:
    words = catalogue(connection, "uq_replies_live_turn")

    assert words.startswith("CREATE UNIQUE INDEX")
    assert re.search(r"\(ticket_id, turn\)", words)
    assert sorted(re.findall(r"'([^']+)'", words)) == sorted(HOLDS_ITS_TURN)


def test_the_list_of_stale_cards_holds_only_those(connection: Connection) -> None:
    assert re.search(r"WHERE \(?drawn_revision < revision\)?$", catalogue(connection, "ix_tickets_stale"))


@pytest.mark.parametrize("table", ["tickets", "replies"])
def test_no_row_is_in_a_state_that_nobody_knows(db: Database, table: str) -> None:
    fill(db)
    with pytest.raises(DBAPIError, match=f"ck_{table}_state"), db.engine.begin() as connection:
        connection.execute(text(f"UPDATE {table} SET state = 'lost'"))


# --- what the indexes are for -------------------------------------------------------------------------------


def a_year(connection: Connection) -> None:
    """A ledger as it is after a year: all but a few tickets are closed and drawn, all but a few replies settled."""
    connection.execute(
        insert(Author.__table__),
        [{"network": "x", "network_id": str(n), "verified": False, "protected": False} for n in range(300)],
    )
    authors = list(connection.scalars(select(Author.id).order_by(Author.id)))
    connection.execute(insert(Ticket.__table__), [a_ticket(n, authors) for n in range(6000)])
    tickets = list(connection.scalars(select(Ticket.id).order_by(Ticket.id)))
    connection.execute(insert(Reply.__table__), [a_reply(n, tickets) for n in range(6000)])
    connection.execute(text("ANALYZE"))


def a_ticket(number: int, authors: list[int]) -> dict[str, Any]:
    posted = minute(number)
    names = {"network": "x", "account_id": "99", "conversation_id": f"c{number}", "channel": "C1"}
    times = {
        "opened_at": posted,
        "seen_at": posted,
        "waiting_since": posted,
        "due_at": posted + timedelta(minutes=30),
    }
    return {
        **names,
        **times,
        "author_id": authors[number % len(authors)],
        "state": "waiting" if number % 200 == 0 else "answered",
        "turn": 1,
        "target_post_id": str(number),
        "revision": 3,
        "drawn_revision": 2 if number % 300 == 0 else 3,
    }


def a_reply(number: int, tickets: list[int]) -> dict[str, Any]:
    words = {"text": "Hi", "digest": "", "actor": "U0ANA", "source": "composer", "to_post_id": str(number)}
    is_due = number % 300 == 0
    return {
        **words,
        "ticket_id": tickets[number],
        "turn": 1,
        "state": DeliveryState.QUEUED if is_due else DeliveryState.PUBLISHED,
        "fence": 3,
        "key": str(number),
        "created_at": minute(number),
        "due_at": minute(number) if is_due else None,
        "tries": 1,
        "looks": 0,
    }


@contextmanager
def explained(db: Database) -> Iterator[list[str]]:
    """How the database goes about each query that is made meanwhile, with the very values that it was given."""
    asked: list[tuple[str, Any]] = []

    def listen(_connection: object, _cursor: object, statement: str, values: Any, *_more: object) -> None:
        if statement.startswith("SELECT"):
            asked.append((statement, values))

    event.listen(db.engine, "before_cursor_execute", listen)
    plans: list[str] = []
    yield plans
    event.remove(db.engine, "before_cursor_execute", listen)
    how = "EXPLAIN QUERY PLAN " if db.is_sqlite else "EXPLAIN "
    with db.engine.connect() as connection:
        for statement, values in asked:
            found = connection.exec_driver_sql(how + statement, values)
            plans.append("\n".join(str(row[-1]) for row in found))


@pytest.fixture
def year(db: Database) -> Database:
    with db.engine.begin() as connection:
        a_year(connection)
    return db


def test_the_stale_cards_are_found_without_reading_the_year(year: Database) -> None:
    """What the board asks, which orders by the undo windows and the waiting."""
    held = select(Reply.id).where(Reply.ticket_id == Ticket.id, Reply.state == DeliveryState.HELD).exists()
    query = (
        select(Ticket.id, Ticket.channel, Card.ts)
        .outerjoin(Card, Card.ticket_id == Ticket.id)
        .where(Ticket.drawn_revision < Ticket.revision)
        .order_by(held.desc(), Ticket.waiting_since, Ticket.id)
        .limit(50)
    )
    with explained(year) as plans, year.read() as session:
        assert len(session.execute(query).all()) == 20

    assert "ix_tickets_stale" in plans[0]
    assert not re.search(r"SCAN tickets$|Seq Scan on (tickets|replies)", plans[0], re.MULTILINE)


def test_what_is_due_is_found_without_reading_the_year(year: Database) -> None:
    """What the outbox asks of each state, and how long it may sleep."""

    def of_ours(what: Any) -> Select[Any]:
        return (
            select(what)
            .join_from(Reply, Ticket, Ticket.id == Reply.ticket_id)
            .where(Ticket.network.in_(["x"]))
        )

    due = of_ours(Reply.id).where(Reply.state == DeliveryState.QUEUED, Reply.due_at <= minute(9999))
    soonest = of_ours(func.min(Reply.due_at)).where(Reply.state.in_(UNSETTLED_STATES))
    with explained(year) as plans, year.read() as session:
        assert len(session.scalars(due.order_by(Reply.due_at, Reply.id).limit(50)).all()) == 20
        assert session.scalar(soonest) == minute(0)

    for found in plans:
        assert "ix_replies_due" in found
        assert not re.search(r"SCAN (replies|tickets)$|Seq Scan", found, re.MULTILINE)


@pytest.mark.parametrize("listed", [open_tickets.list_by_due_time, open_tickets.list_by_wait])
def test_who_waits_is_found_without_reading_the_year(
    year: Database, listed: Callable[..., open_tickets.Listing]
) -> None:
    with explained(year) as plans, year.read() as session:
        found = listed(session, limit=10)

    assert (found.total, len(found.first), found.first[0].since) == (30, 10, minute(0))
    assert len(plans) == 5
    assert "ix_replies_stops" in plans[0]
    assert "ix_tickets_open" in plans[2]
    for found in plans:
        assert not re.search(r"SCAN (tickets|replies)$|Seq Scan on (tickets|replies)", found, re.MULTILINE)


def test_each_list_of_who_waits_is_counted_and_ordered_without_reading_the_year(year: Database) -> None:
    lists = (
        open_tickets.ALL_OPEN,
        OpenTicketFilter(owner="U0ANA"),
        OpenTicketFilter(unclaimed=True),
        OpenTicketFilter(overdue_at=minute(9999)),
        OpenTicketFilter(channels=("C1",)),
        OpenTicketFilter(networks=("x",)),
        OpenTicketFilter(accounts=(AccountFilter("acme", (("x", "99"), ("y", "99"))),)),
        OpenTicketFilter(owner="U0ANA", overdue_at=minute(9999), channels=("C1", "C2"), networks=("x",)),
    )
    if year.is_sqlite:  # nobody runs ANALYZE on a bot's ledger, and without it the network's index looks good
        with year.engine.begin() as connection:
            connection.execute(text("DELETE FROM sqlite_stat1"))
        year.engine.dispose()
    by_priority = partial(open_tickets.list_by_priority, at=minute(9999))
    for wanted, listed in product(lists, (open_tickets.list_by_due_time, by_priority)):
        with explained(year) as plans, year.read() as session:
            listed(session, wanted, limit=10)

        first = 1 if listed is not by_priority else 2  # the weights of channels are read before
        for found in plans[first : first + 2]:
            if year.is_sqlite:
                assert "COVERING INDEX ix_tickets_open" in found, wanted
            assert "Seq Scan" not in found, wanted


def test_what_came_back_to_its_author_is_found_without_reading_the_year(year: Database) -> None:
    with explained(year) as plans, year.read() as session:
        assert drafts.list_for_user(session, "U0ANA") == []

    assert "ix_replies_given_back" in plans[0]


def test_the_earlier_tickets_of_a_person_are_found_without_reading_the_year(year: Database) -> None:
    """Each card says how many there are, so each drawing asks."""
    with explained(year) as plans, year.read() as session:
        assert session.scalar(select(func.count()).where(Ticket.author_id == 7)) == 20

    assert "ix_tickets_author_id" in plans[0]


def test_what_was_heard_before_is_found_without_reading_the_year(year: Database) -> None:
    with year.write() as session:
        hear(session, *(said(number, minute(number), conversation=f"d{number}") for number in range(2000)))
        session.execute(text("ANALYZE"))
    page = [said(number, minute(number), conversation=f"d{number}") for number in range(10)]
    with explained(year) as plans, year.write() as session:
        assert hear(session, *page).repeats == 10

    assert not [
        found for found in plans if re.search(r"SCAN mentions$|Seq Scan on mentions", found, re.MULTILINE)
    ]


def test_an_older_heard_forgets_what_channels_have_set_and_keeps_who_did_it(
    db: Database, alembic_config: alembic.config.Config
) -> None:
    own = OwnSettings(first_reply_minutes=5, senders=("U0ANA",))
    with db.write() as session:
        channel_settings.change(session, "C1", own, revision=0, at=NINE, by="U0ANA")

    alembic.command.downgrade(alembic_config, "0016")
    with db.engine.connect() as connection:
        assert not inspect(connection).has_table("channel_policies")
        assert connection.scalars(text("SELECT act FROM events")).all() == ["channel settings"]
    alembic.command.upgrade(alembic_config, "head")

    with db.write() as session:
        assert ChannelSettings.all(session) == []
        assert channel_settings.change(session, "C1", own, revision=0, at=NINE, by="U0ANA")
