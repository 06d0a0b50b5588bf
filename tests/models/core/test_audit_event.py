"""The log of who did what: rows are only ever added, and the database itself sees to it."""

from datetime import datetime, timedelta, timezone

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from models import Event
from models.core.audit_event import HEARD_ACTOR
from models.core.base import RuleBrokenError
from models.core.database import Database
from tests.models.ledger import hear, minute, rows, said, ticket

NO = "only ever added|FOREIGN KEY|foreign key"
A_LIE = "(id, at, actor, act) VALUES (1, '2026-03-02', 'U0EVE', 'claim')"
CHANGES = [
    "UPDATE events SET actor = 'U0EVE'",
    "UPDATE events SET text = 'I never said that' WHERE id = 1",
    "UPDATE events SET id = id + 100",
    "DELETE FROM events",
    "DELETE FROM events WHERE id = 1",
    f"INSERT INTO events {A_LIE} ON CONFLICT (id) DO UPDATE SET actor = 'U0EVE'",
]
OF_ONE_ENGINE = {
    "postgresql": [
        "TRUNCATE events",
        "TRUNCATE events CASCADE",
        "TRUNCATE tickets CASCADE",
        "DELETE FROM tickets",
    ],
    "sqlite": [
        f"INSERT OR REPLACE INTO events {A_LIE}",
        f"REPLACE INTO events {A_LIE}",
        "UPDATE OR REPLACE events SET id = 2 WHERE id = 1",
        "DELETE FROM tickets",
    ],
}


def test_what_is_written_stays_written(db: Database) -> None:
    with db.write() as session:
        hear(session, said(1))
        ticket(session).claim(session, by="U0ANA", at=minute(1))
    with db.read() as session:
        before = rows(session, Event)

    for change in CHANGES + OF_ONE_ENGINE[db.engine.dialect.name]:
        with pytest.raises(DBAPIError, match=NO), db.engine.connect() as connection, connection.begin():
            connection.execute(text(change))

    with db.read() as session:
        assert rows(session, Event) == before
        assert len(before["events"]) == 2


def test_the_orm_cannot_change_the_log_either(db: Database) -> None:
    with db.write() as session:
        Event.record(session, "claim", at=minute(1), by="U0ANA")
    with pytest.raises(DBAPIError, match="only ever added"), db.write() as session:
        session.scalars(select(Event)).one().actor = "U0EVE"
    with pytest.raises(DBAPIError, match="only ever added"), db.write() as session:
        session.delete(session.scalars(select(Event)).one())


def test_an_act_is_kept_with_all_that_was_said_of_it(db: Database) -> None:
    with db.write() as session:
        Event.record(
            session, "claim", at=minute(1), by="U0ANA", text="Grüße 🌱", post_id="17", data={"from": "U0BEN"}
        )
        Event.record(session, "mention", at=minute(2))

    with db.read() as session:
        first, second = session.scalars(select(Event).order_by(Event.id))
    assert (first.act, first.actor, first.at, first.text, first.post_id, first.data) == (
        *("claim", "U0ANA", minute(1), "Grüße 🌱", "17"),
        {"from": "U0BEN"},
    )
    assert (second.actor, second.text, second.data) == (HEARD_ACTOR, None, None)


def test_an_act_that_fails_leaves_no_event(db: Database) -> None:
    with db.write() as session:
        hear(session, said(1))
        ticket(session).claim(session, by="U0ANA", at=minute(1))
    with pytest.raises(RuleBrokenError), db.write() as session:
        ticket(session).claim(session, by="U0BEN", at=minute(2))

    with db.read() as session:
        assert [event.actor for event in session.scalars(select(Event).where(Event.act == "claim"))] == [
            "U0ANA"
        ]


def test_a_moment_needs_a_zone_and_comes_back_as_the_same_instant(db: Database) -> None:
    bangkok = datetime(2026, 3, 2, 16, 0, 0, 123456, tzinfo=timezone(timedelta(hours=7)))
    with db.write() as session:
        Event.record(session, "claim", at=bangkok)
    with db.read() as session:
        found = session.scalars(select(Event.at)).one()
    assert (found, found.utcoffset()) == (bangkok, timedelta())

    with pytest.raises(Exception, match="time zone"), db.write() as session:
        Event.record(session, "claim", at=datetime(2026, 3, 2))  # noqa: DTZ001 - that is the mistake
