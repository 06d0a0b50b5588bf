"""A backup of the ledger, and what stands there after it was restored."""

import stat
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import inspect, text

from bot.__main__ import main
from bot.networks.errors import Unsure
from bot.publish import restored
from bot.runtime import ledger_backup, ledger_restore, migrations, sqlite_lock
from bot.runtime.ledger_backup import BackupError
from models import Account, Credential
from models.core.database import Database
from models.tickets.delivery_state import DeliveryState
from tests.bot.room import Counting, Room, room

AT = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.fixture
def empty(new_database: Callable[[], str], tmp_path: Path) -> Callable[[], str]:
    """Makes an address where there is no ledger yet."""

    def make() -> str:
        url = new_database()
        if url.startswith("sqlite"):
            return f"sqlite:///{tmp_path / 'restored.db'}"
        database = Database(url)
        with database.engine.begin() as connection:
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
        database.close()
        return url

    return make


@pytest.fixture
def backed_up(here: Room, tmp_path: Path) -> Callable[[], Path]:
    """Takes a backup of the ledger as it is now."""

    def take() -> Path:
        path = tmp_path / "heard.backup"
        ledger_backup.write_backup(here.ctx.db, migrations.latest_revision(), path)
        return path

    return take


def everything(url: str) -> dict[str, list[Any]]:
    """Every row of every table, as text in an order that does not depend on the database."""
    database = Database(url)
    try:
        with database.engine.connect() as connection:
            names = [one for one in inspect(connection).get_table_names() if "_words" not in one]
            return {
                name: sorted(map(repr, connection.execute(text(f'SELECT * FROM "{name}"')))) for name in names
            }
    finally:
        database.close()


def nothing(_database: Database) -> None: ...


def settled(here: Room) -> Callable[[Database], None]:
    """Settles the restored ledger, an hour after the backup."""

    def settle(database: Database) -> None:
        here.clock.pass_by(3600)
        restored.settle(database, at=here.clock())

    return settle


def test_a_restored_ledger_has_every_row_and_is_found_by_search(
    here: Room, network: Counting, backed_up: Callable[[], Path], empty: Callable[[], str]
) -> None:
    for number in range(30):
        network.says("maria", f"@acmebrew kettle {number}\twith\\tab\nand line")
    here.poll()
    here.submit(here.tickets()[0].id, "On Monday!", undo=60)
    before = everything(here.ctx.settings.url)
    url = empty()

    ledger_restore.restore(url, backed_up(), nothing, at=AT)

    assert everything(url) == before
    with room(url, here.clock, network) as again:
        network.says("tom", "@acmebrew and another kettle")
        again.poll()  # new rows get new ids
        assert len(again.tickets()) == 31


def test_the_ledger_goes_on_while_a_backup_is_taken(
    here: Room, network: Counting, backed_up: Callable[[], Path], empty: Callable[[], str]
) -> None:
    network.says("maria", "@acmebrew hello")
    here.poll()
    with here.ctx.db.write() as session:  # not committed yet: it is not in the backup
        session.execute(text("UPDATE tickets SET owner = 'U0BEN'"))
        taken = backed_up()
        session.commit()
    url = empty()

    ledger_restore.restore(url, taken, nothing, at=AT)

    with room(url, here.clock, network) as again:
        assert again.ticket().owner is None
    assert here.ticket().owner == "U0BEN"


def test_only_its_owner_reads_a_backup_and_nothing_is_overwritten(
    here: Room, backed_up: Callable[[], Path]
) -> None:
    path = backed_up()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    content = path.read_bytes()

    with pytest.raises(BackupError, match="already exists"):
        backed_up()

    assert path.read_bytes() == content
    assert [one.name for one in path.parent.iterdir() if "heard.backup" in one.name] == ["heard.backup"]


# --- what a backup cannot know ------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["held", "queued", "sending"])
@pytest.mark.parametrize("went_out", [True, False])
def test_a_reply_that_may_have_been_sent_since_the_backup_is_looked_for_and_not_sent_again(  # noqa: PLR0917
    here, network, backed_up, empty, state, went_out
) -> None:
    post = network.says("maria", "@acmebrew is the kettle back?").id
    here.poll()
    reply = here.submit(here.ticket().id, "On Monday!", undo=60 if state == "held" else 0)
    if state != "held":
        with here.ctx.db.write() as session:
            session.get_one(type(here.reply(reply)), reply).release(session, at=here.clock())
    if state == "sending":
        here.declare(reply)
    assert here.state(reply) == state
    taken = backed_up()
    if went_out:
        network.says(network.account().handle, "On Monday!", under=post)
    url = empty()

    ledger_restore.restore(url, taken, settled(here), at=AT)

    with room(url, here.clock, network) as again:
        assert again.state(reply) == DeliveryState.UNSURE
        for _ in range(8):
            again.clock.pass_by(600)
            again.send()
        assert again.state(reply) == (DeliveryState.PUBLISHED if went_out else DeliveryState.ASKED)
        assert len(network.replies_to(post)) == (1 if went_out else 0)
        assert "ledger restored" in acts(again)
        assert any("may have been sent since" in one for one in again.told())


def test_a_settled_reply_stays_as_it_was(
    here: Room, network: Counting, backed_up: Callable[[], Path], empty: Callable[[], str]
) -> None:
    network.says("maria", "@acmebrew is the kettle back?")
    here.poll()
    network.fails("publish", Unsure("no answer"), landed=False)
    reply = here.submit(here.ticket().id, "On Monday!")
    here.send()
    assert here.state(reply) == DeliveryState.UNSURE
    acts_before = here.acts(reply)
    url = empty()

    ledger_restore.restore(url, backed_up(), settled(here), at=AT)

    with room(url, here.clock, network) as again:
        assert again.acts(reply) == acts_before


def test_tokens_that_work_once_are_dropped_and_others_kept(
    here: Room, backed_up: Callable[[], Path], empty: Callable[[], str]
) -> None:
    with here.ctx.db.write() as session:
        for network, handle in (("x", "acmebrew"), ("bluesky", "acme.example"), ("mastodon", "acme")):
            row = Credential.connect(session, network, sealed="s", key_id="k", at=AT, expires_at=AT)
            row.set_account(session, f"{network}-1", handle)
    url = empty()
    found: list[restored.Restored] = []

    ledger_restore.restore(
        url, backed_up(), lambda database: found.append(restored.settle(database, at=AT)), at=AT
    )

    assert sorted(found[0].disconnected) == ["bluesky @acme.example", "x @acmebrew"]
    database = Database(url)
    with database.read() as session:
        assert [one.network for one in Credential.all(session)] == ["mastodon"]
        assert not [one for one in session.query(Account) if one.network != "mastodon" and one.source]
    database.close()


# --- what is refused ----------------------------------------------------------------------------------------


def test_a_ledger_in_use_is_not_written_over(
    here: Room, network: Counting, backed_up: Callable[[], Path]
) -> None:
    network.says("maria", "@acmebrew hello")
    here.poll()
    url, taken = here.ctx.settings.url, backed_up()
    before = everything(url)
    held = sqlite_lock.acquire(url)

    with pytest.raises((sqlite_lock.LockedError, BackupError), match=r"in use|has a ledger already"):
        ledger_restore.restore(url, taken, nothing, at=AT)

    assert everything(url) == before
    if held is not None:
        held.close()


def test_a_sqlite_ledger_that_was_there_is_kept(
    here: Room, network: Counting, backed_up: Callable[[], Path]
) -> None:
    if not here.ctx.db.is_sqlite:
        pytest.skip("PostgreSQL is restored into an empty database only")
    taken, url = backed_up(), here.ctx.settings.url
    network.says("maria", "@acmebrew hello")
    here.poll()
    later = everything(url)
    here.ctx.db.close()

    kept = ledger_restore.restore(url, taken, nothing, at=AT)

    assert kept is not None
    assert kept.name.endswith(".before-restore-20261130T120000Z")
    assert everything(f"sqlite:///{kept}") == later
    assert everything(url)["tickets"] == []


@pytest.mark.parametrize("content", [b"", b"words", b"SQLite format 3\x00", b"PK\x03\x04"])
def test_what_is_no_backup_changes_nothing(
    here: Room, tmp_path: Path, empty: Callable[[], str], content: bytes
) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_bytes(content)
    url = empty()

    with pytest.raises(BackupError):
        ledger_restore.restore(url, wrong, nothing, at=AT)

    if url.startswith("sqlite"):
        assert not Path(url.removeprefix("sqlite:///")).exists()


def test_a_restore_that_fails_leaves_the_ledger_as_it_was(
    here: Room, network: Counting, backed_up: Callable[[], Path]
) -> None:
    if not here.ctx.db.is_sqlite:
        pytest.skip("PostgreSQL is restored into an empty database only")
    taken, url = backed_up(), here.ctx.settings.url
    network.says("maria", "@acmebrew hello")
    here.poll()
    before = everything(url)

    def fail(_database: Database) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        ledger_restore.restore(url, taken, fail, at=AT)

    assert everything(url) == before
    folder = Path(url.removeprefix("sqlite:///")).parent
    assert not [one for one in folder.iterdir() if "restor" in one.name]


def test_a_backup_of_an_older_heard_is_brought_up_to_date(
    here: Room, tmp_path: Path, empty: Callable[[], str]
) -> None:
    old = here.ctx.settings.url
    database = here.ctx.db
    if database.is_sqlite:
        old = f"sqlite:///{tmp_path / 'old.db'}"
        database = Database(old)
        with database.engine.connect() as connection:
            migrations.create_at(connection, "0020")
            connection.commit()
    else:
        with database.engine.begin() as connection:
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
            migrations.create_at(connection, "0020")
    path = tmp_path / "old.backup"
    ledger_backup.write_backup(database, "0020", path)
    database.close()
    url = empty()

    ledger_restore.restore(url, path, nothing, at=AT)

    restored_one = Database(url)
    assert migrations.current_revision(restored_one) == migrations.latest_revision()
    restored_one.close()


def test_several_first_starts_at_once_make_one_ledger(
    here: Room, empty: Callable[[], str], postgresql: object
) -> None:
    del postgresql
    if here.ctx.db.is_sqlite:
        pytest.skip("on SQLite one process holds the ledger")
    url, errors = empty(), list[BaseException]()

    def start() -> None:
        database = Database(url)
        try:
            migrations.migrate(database)
        except BaseException as error:  # noqa: BLE001 - shown below
            errors.append(error)
        finally:
            database.close()

    starts = [threading.Thread(target=start) for _ in range(4)]
    for one in starts:
        one.start()
    for one in starts:
        one.join()

    assert errors == []
    database = Database(url)
    assert migrations.current_revision(database) == migrations.latest_revision()
    database.close()


# --- the commands -------------------------------------------------------------------------------------------


def test_the_commands_say_what_they_did(
    here: Room, network: Counting, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, empty: Callable[[], str]
) -> None:
    monkeypatch.chdir(tmp_path)
    network.says("maria", "@acmebrew hello")
    here.poll()
    here.submit(here.ticket().id, "On Monday!", undo=60)
    monkeypatch.setenv("DATABASE_URL", here.ctx.settings.url)

    written = CliRunner().invoke(main, ["backup", "today.backup"])

    assert written.exit_code == 0, written.output
    assert f" written to today.backup, at schema {migrations.latest_revision()}." in written.output
    again = CliRunner().invoke(main, ["backup", "today.backup"])
    assert (again.exit_code, again.output) == (1, "Today.backup already exists.\n")

    monkeypatch.setenv("DATABASE_URL", empty())
    back = CliRunner().invoke(main, ["restore", "today.backup"])

    assert back.exit_code == 0, back.output
    assert "Restored from today.backup." in back.output
    assert (
        "1 reply may have been sent since: Heard looks for it at the next start, and asks you." in back.output
    )


def test_without_a_ledger_there_is_no_backup(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", "sqlite:///heard.db")

    answer = CliRunner().invoke(main, ["backup", "today.backup"])

    assert (answer.exit_code, answer.output) == (1, "There is no ledger yet.\n")
    assert list(tmp_path.iterdir()) == []


def acts(here: Room) -> list[str]:
    with here.ctx.db.read() as session:
        return list(session.scalars(text("SELECT act FROM events")))
