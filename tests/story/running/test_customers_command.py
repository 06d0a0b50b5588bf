"""`python -m bot customers` as a process of its own, beside a running bot."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from models import Customer, Ticket
from models.core.database import Database
from tests.forked_bot import run
from tests.models.ledger import hear, minute, said, ticket
from tests.models.tickets.test_priorities import profile
from tests.story.harness import Stage
from tests.story.process import environment, process, worlds


@pytest.fixture
def stage() -> Iterator[Stage]:
    with worlds() as stage:
        yield stage


class Command:
    """The command, where it runs."""

    def __init__(self, env: dict[str, str], home: Path) -> None:
        self.env, self.home = env, home

    def __call__(self, *words: str) -> tuple[int, str, str]:
        """Its exit code, and what it printed where."""
        done = run(["customers", *words], self.env, self.home)
        assert "Traceback" not in done.stderr
        return done.returncode, done.stdout, done.stderr

    def listed(self) -> list[dict[str, str | None]]:
        return [json.loads(line) for line in self("list", "--json")[1].splitlines()]


@pytest.fixture
def customers(stage: Stage, database_url: str, tmp_path: Path) -> Command:
    return Command(environment(stage, database_url), tmp_path)


@pytest.mark.both_engines
def test_a_running_bot_knows_them_and_forgets_them(stage: Stage, customers: Command, tmp_path: Path) -> None:
    (tmp_path / "crm.csv").write_text(
        "handle;network;plan\n@Kim;X;Pro plan\nhttps://x.com/Lu/status/1;;\nno handle;x;\nkim;x;again\n"
    )
    with process("run", customers.env, tmp_path) as bot:
        stage.slack.events_url = f"{bot.address}/slack/events"
        bot.healthy()
        stage.post("@acmebrew hello", author="kim")
        card = stage.card("@acmebrew hello")

        assert customers("import", "crm.csv") == (
            0,
            "2 customers imported. 1 line was there twice. 1 line has no handle; it is line 4: “no handle”.\n",
            "",
        )
        stage.shows(card, "Why first: known customer: Pro plan")
        assert customers.listed() == [
            {"handle": "kim", "network": "x", "note": "Pro plan"},
            {"handle": "lu", "network": None, "note": None},
        ]
        stage.post("@acmebrew good morning", author="lu")
        stage.shows(stage.card("good morning"), "Why first: known customer")

        assert customers("clear")[:2] == (0, "2 customers forgotten.\n")
        stage.shows(card, without=("Why first",))
    assert customers("list")[1] == "No customers yet. Add them: customers import FILE.csv\n"


def test_what_cannot_be_used_is_one_sentence_and_changes_nothing(customers: Command, tmp_path: Path) -> None:
    (tmp_path / "good.txt").write_text("ana\n")
    assert customers("import", "good.txt", "--network", "x")[:2] == (0, "1 customer imported.\n")
    (tmp_path / "half.csv").write_bytes(b"handle\n" + b"kim\n" * 20_000 + b"\xff\n")
    (tmp_path / "nobody.csv").write_text("handle,x\nno one,1\n")

    for words, sentence in (
        (
            ["half.csv"],
            "Line 20002 of half.csv is not UTF-8; save it as UTF-8, or add --encoding windows-1252.",
        ),
        (["nobody.csv"], "so the list stays as it is. 1 line has no handle; it is line 2: “no one”."),
        (["."], ". cannot be read: Is a directory."),
        (
            ["good.txt", "--network", "friendster"],
            "Heard knows no network called friendster: try bluesky, feed, hackernews, mastodon, x.",
        ),
        (["good.txt", "--encoding", "base64"], "There is no encoding called base64: try windows-1252."),
    ):
        code, out, told = customers("import", *words)
        assert (code, out) == (2, ""), words
        assert sentence in told
        assert len(told.splitlines()) == 1
    assert customers.listed() == [{"handle": "ana", "network": "x", "note": None}]


def test_a_large_list_replaces_the_old_one_and_leaves_nothing_of_it(
    customers: Command, tmp_path: Path, database_url: str
) -> None:
    for start in (0, 1):
        with (tmp_path / "many.csv").open("w") as file:
            file.write("handle,note\n")
            file.writelines(f"@User{start}{number},n{number}\n" for number in range(60_000))
        assert customers("import", "many.csv")[:2] == (0, "60,000 customers imported.\n")

    database = Database(database_url)
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Customer)) == 60_000
        assert Customer.notes_of(session, "x", ["user01", "User15"]) == {"user15": "n5"}
    database.close()


def test_what_is_cleared_is_in_no_closed_ticket_either(
    customers: Command, tmp_path: Path, database_url: str
) -> None:
    (tmp_path / "crm.csv").write_text("handle,note\nmaria,owes us 4000\n")
    assert customers("import", "crm.csv")[0] == 0
    database = Database(database_url)
    with database.write() as session:
        hear(session, said(1, text="refund"))
        profile(session, "7")
        assert "owes us" in str(ticket(session).priority_reasons)
        ticket(session).close_no_reply_needed(session, by="U0ANA", at=minute(1), reason="thanks")

    assert customers("clear")[:2] == (0, "1 customer forgotten.\n")
    with database.read() as session:
        assert "owes us" not in str(session.scalars(select(Ticket.priority_reasons)).all())
    database.close()
