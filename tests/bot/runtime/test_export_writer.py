"""An export: rows as a spreadsheet and a program read them, whole or not at all, and nothing that is nobody's business."""

import csv
import io
import json
import re
import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import select

from bot.__main__ import main
from bot.runtime.export_writer import (
    UTF8_BOM,
    OutputExistsError,
    atomic_file,
    escape_formula,
    unescape_formula,
    write_rows,
)
from models import Account, Event, Reply
from models.core.account_filter import AccountFilter
from models.core.database import Database
from models.reports.export import EXPORT_TABLES, TICKET_TABLE, ExportFilter
from models.tickets.delivery_state import DeliveryState
from models.tickets.ingest import ingest_page
from tests.models.ledger import PLACE, hear, lose, minute, said, ticket
from tests.story.hostile import TEXTS

FORMULAS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    ' "=1',
    "'=1",
    "\u200b=1",
    "  =1",
    "\n=1",
    "\uff1d1",
    "“=1",
]
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")


@pytest.fixture
def db(database_url: str):
    database = Database(database_url)
    yield database
    database.close()


def exported(db: Database, kind: str, form: str = "csv", **wanted: object) -> str:
    into = io.StringIO(newline="")
    write_rows(db, EXPORT_TABLES[kind], ExportFilter(**wanted), form, into, told=lambda _: None)
    return into.getvalue()


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def a_day(db: Database) -> None:
    """Three people ask; one is answered, one deleted what they said, one has a draft and words kept private."""
    with db.write() as session:
        hear(session, said(1, text='=HYPERLINK("https://evil.example") help, "please"', author="7"))
        hear(
            session, said(2, minute(1), text="regrettable words", author="8", conversation="c2"), at=minute(1)
        )
        hear(
            session, said(3, minute(2), text="grüße\nこんにちは", author="9", conversation="c3"), at=minute(2)
        )
        one = ticket(session, "7", "c1")
        reply = one.reply(
            session,
            text="@you: sorry!",
            by="U0ANA",
            at=minute(3),
            turn=1,
            to_post_id="1",
            undo_until=minute(4),
            key="k1",
        )
        reply.release(session, at=minute(4))
        reply.take(session, worker="secret-machine/1", at=minute(4), lease_until=minute(5))
        reply.move(
            session,
            DeliveryState.PUBLISHED,
            at=minute(5),
            post_id="11",
            post_url="https://x.com/i/11",
            settled_at=minute(5),
        )
        one.handle_published_reply(session, reply, at=minute(5))
        lose(session, "2", at=minute(6))
        third = ticket(session, "9", "c3")
        third.draft(session, text="half a thought", by="U0BEN", at=minute(7), key="k2", source="composer")
        other = third.draft(session, text="unspeakable", by="U0BEN", at=minute(8), key="k3", source="thread")
        other.move(session, DeliveryState.DISCARDED, at=minute(9), by="U0BEN", act="kept private")


def test_a_table_of_tickets_is_what_a_spreadsheet_may_safely_open(db: Database) -> None:
    a_day(db)
    text = exported(db, "tickets")

    assert text.endswith("\r\n")
    rows = table(text)
    assert [row["state"] for row in rows] == ["answered", "no reply needed", "waiting"]
    assert rows[0]["text"] == '\'=HYPERLINK("https://evil.example") help, "please"'
    assert (rows[1]["text"], rows[1]["deleted_at"]) == ("", "2026-03-02T09:06:00.000000Z")
    assert rows[2]["text"] == "grüße\nこんにちは"
    assert rows[0]["first_reply_at"] == "2026-03-02T09:05:00.000000Z"
    assert rows[2]["first_reply_at"] == ""


def test_json_lines_keep_every_text_as_it_is(db: Database) -> None:
    a_day(db)
    rows = [json.loads(line) for line in exported(db, "tickets", "jsonl").splitlines()]

    assert rows[0]["text"] == '=HYPERLINK("https://evil.example") help, "please"'
    assert rows[2]["first_reply_at"] is None


def test_drafts_deleted_posts_and_the_machines_names_never_leave(db: Database) -> None:
    a_day(db)
    everything = "".join(exported(db, kind, form) for kind in EXPORT_TABLES for form in ("csv", "jsonl"))

    assert "sorry!" in everything
    for private in ("regrettable", "half a thought", "unspeakable", "secret-machine", "k1", "k2"):
        assert private not in everything, private


def test_events_are_all_there_in_their_order(db: Database) -> None:
    a_day(db)
    rows = table(exported(db, "events"))
    with db.read() as session:
        acts = list(session.scalars(select(Event.act).order_by(Event.id)))

    assert [row["act"] for row in rows] == acts
    assert json.loads(rows[-1]["data"]) == {"to": "discarded"}


@pytest.mark.parametrize(
    ("kind", "wanted", "count"),
    [
        ("tickets", {"state": "answered"}, 1),
        ("tickets", {"person": "U0ANA"}, 1),
        ("tickets", {"channel": "C9"}, 0),
        ("tickets", {"network": "x"}, 3),
        ("tickets", {"since": minute(1), "until": minute(2)}, 1),
        ("replies", {}, 1),
        ("replies", {"person": "U0BEN"}, 0),
        ("events", {"state": "kept private"}, 1),
        ("events", {"since": minute(9)}, 1),
    ],
)
def test_filters_keep_what_they_say(db: Database, kind: str, wanted: dict[str, object], count: int) -> None:
    a_day(db)
    rows = table(exported(db, kind, **wanted))

    assert len(rows) == count
    with db.read() as session:
        assert EXPORT_TABLES[kind].count(session, ExportFilter(**wanted)) == count


def two_accounts(db: Database) -> None:
    """The same day at @acme (99); and another post at @FernPress (98), where @acme answers."""
    a_day(db)
    with db.write() as session:
        for number, handle in (("99", "acme"), ("98", "FernPress")):
            given = {"network": "x", "network_id": number, "handle": handle, "name": "We", "at": minute(0)}
            Account.record_profile(session, **given, source="connected")
        post = said(4, minute(3), author="10", conversation="c4")
        ingest_page(session, [post], replace(PLACE, account_id="98"), at=minute(4))
        one = ticket(session, "10", "c4")
        given = {"turn": 1, "to_post_id": "4", "undo_until": minute(6), "key": "k4", "account_id": "99"}
        one.reply(session, text="Hi", by="U0ANA", at=minute(5), **given)


def of(account_id: str) -> dict[str, AccountFilter]:
    return {"account": AccountFilter("acme", (("x", account_id), ("y", "1")))}


def test_rows_name_our_account(db: Database) -> None:
    two_accounts(db)

    def ours(kind: str, **wanted: object) -> list[tuple[str, str]]:
        rows = table(exported(db, kind, **wanted))
        with db.read() as session:
            assert EXPORT_TABLES[kind].count(session, ExportFilter(**wanted)) == len(rows)
        return [(row["account"], row["account_id"]) for row in rows]

    acme, fern = ("acme", "99"), ("FernPress", "98")
    assert ours("tickets") == [acme, acme, acme, fern]
    assert ours("tickets", **of("98")) == [fern]
    assert ours("replies", **of("99")) == [acme, acme]  # as which it goes out
    assert ours("replies", **of("98")) == []
    assert set(ours("events", **of("98"))) == {fern}
    assert set(ours("events")) == {acme, fern}
    with db.write() as session:
        session.scalars(select(Reply).where(Reply.key == "k4")).one().account_id = ""
    assert ours("replies") == [acme, fern]  # written by an older worker


@pytest.mark.parametrize("kind", EXPORT_TABLES)
def test_whatever_is_neither_a_number_nor_a_moment_is_looked_at_for_formulas(db: Database, kind: str) -> None:
    a_day(db)
    rows = [json.loads(line) for line in exported(db, kind, "jsonl").splitlines()]

    words = {
        EXPORT_TABLES[kind].header.index(name)
        for row in rows
        for name, value in row.items()
        if isinstance(value, str) and not MOMENT.fullmatch(value)
    }
    assert words
    assert words <= set(EXPORT_TABLES[kind].text_positions)


@given(st.text())
@example("'")
@example("''=")
def test_defusing_can_be_undone_and_leaves_no_formula(text: str) -> None:
    assert unescape_formula(escape_formula(text)) == text
    assert escape_formula(text)[:1] not in tuple("=+-@\t\r")


@pytest.mark.parametrize("text", FORMULAS)
def test_whatever_a_spreadsheet_may_run_gets_an_apostrophe(text: str) -> None:
    assert escape_formula(text) == f"'{text}"


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0")), min_size=1, max_size=4))
def test_a_table_comes_back_as_it_was(texts: list[str]) -> None:
    from bot.runtime.export_writer import _as_csv

    row: list[str | None] = [None] * len(TICKET_TABLE.header)
    for place, words in zip(TICKET_TABLE.text_positions, texts, strict=False):
        row[place] = words
    written = "".join(text for _, text in _as_csv(TICKET_TABLE, [row]))
    back = list(csv.reader(io.StringIO(written, newline=""), strict=True))[1]

    assert [unescape_formula(cell) for cell in back] == [words or "" for words in row]


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_hostile_words_come_back_as_they_were(db: Database, text: str) -> None:
    with db.write() as session:
        hear(session, said(1, text=text.replace("\0", "")))

    assert unescape_formula(table(exported(db, "tickets"))[0]["text"]) == text
    assert json.loads(exported(db, "tickets", "jsonl"))["text"] == text


def test_thousands_of_rows_do_not_grow_memory(db: Database) -> None:
    with db.write() as session:
        hear(
            session, *(said(n, minute(n / 10), conversation=f"d{n}", text="x" * 2_000) for n in range(5_000))
        )
    seen: list[int] = []

    class Nowhere(io.TextIOBase):
        def write(self, text: str) -> int:
            return len(text)

    tracemalloc.start()
    write_rows(db, TICKET_TABLE, ExportFilter(), "csv", Nowhere(), told=seen.append)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert sum(seen) == 5_000
    assert len(seen) >= 10
    # The words alone are 10 MB; SQLite hands out what is read 2,000 rows at a time.
    assert peak < 40_000_000


# --- files --------------------------------------------------------------------------------------------------


def test_what_goes_wrong_half_way_leaves_no_file(tmp_path: Path) -> None:
    def half() -> None:
        with atomic_file(tmp_path / "a.csv", bom=True, force=False) as file:
            file.write("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        half()

    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_is_not_replaced_even_by_whoever_comes_later(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"

    def late() -> None:
        with atomic_file(path, bom=False, force=False) as file:
            file.write("late")
            path.write_text("first")

    with pytest.raises(OutputExistsError):
        late()
    assert path.read_text() == "first"
    with pytest.raises(OutputExistsError), atomic_file(path, bom=False, force=False):
        pass
    with atomic_file(path, bom=False, force=True) as file:
        file.write("meant")

    assert path.read_text() == "meant"
    assert list(tmp_path.iterdir()) == [path]


@pytest.fixture
def shell(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    a = Database(database_url)
    a_day(a)
    a.close()
    for name, value in {
        "DATABASE_URL": database_url,
        "SLACK_BOT_TOKEN": "xoxb-t",
        "SLACK_CHANNEL": "C1",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    return lambda *words: CliRunner().invoke(main, ["export", *words])


def test_the_command_line_makes_a_file_and_says_how_much_is_in_it(shell, tmp_path: Path) -> None:
    done = shell("tickets", "--period", "2026-03")

    assert done.exit_code == 0, done.output
    text = (tmp_path / "heard-tickets-2026-03.csv").read_bytes().decode()
    assert text.startswith(UTF8_BOM)
    assert len(table(text.removeprefix(UTF8_BOM))) == 3
    assert "3 tickets written to heard-tickets-2026-03.csv." in done.output
    again = shell("tickets", "--period", "2026-03")
    assert again.exit_code == 1
    assert "--force" in again.output


def test_the_command_line_filters_by_account(shell, database_url: str) -> None:
    db = Database(database_url)
    with db.write() as session:
        for number, handle in (("99", "acme"), ("98", "FernPress")):
            given = {"network": "x", "network_id": number, "handle": handle, "name": "We", "at": minute(0)}
            Account.record_profile(session, **given, source="connected")
        post = said(4, minute(3), author="10", conversation="c4")
        ingest_page(session, [post], replace(PLACE, account_id="98"), at=minute(4))
    db.close()

    assert "1 ticket written." in shell("tickets", "--output", "-", "--account", "@fernpress").output
    assert "3 tickets written." in shell("tickets", "--output", "-", "--account", "acme").output
    done = shell("tickets", "--output", "-", "--account", "acme", "--network", "y")
    assert "0 tickets written." in done.output
    unknown = shell("tickets", "--account", "nobody")
    assert unknown.exit_code == 2
    assert "no account of ours is called nobody: @acme, @FernPress." in " ".join(unknown.output.split())


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("tickets", "--period", "2026-13"), "no day or month"),
        (("tickets", "--period", "2026-03-09..2026-03-02"), "ends before it begins"),
        (("tickets", "--period", "2999-01"), "is in the future"),
        (("tickets", "--state", "lost"), "tickets can be: waiting"),
        (("secrets",), "is not one of"),
    ],
)
def test_what_cannot_be_exported_is_a_sentence(shell, words: tuple[str, ...], sentence: str) -> None:
    done = shell(*words)

    assert done.exit_code == 2
    assert sentence in done.output
