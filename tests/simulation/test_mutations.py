"""Who watches the watchmen: with one of the ledger's guards taken out, a proof must turn red."""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.revision import ROOT

PARTS = ("alembic", "bot", "handlers", "models", "sandbox", "tests", "pyproject.toml")
OUTBOX = "tests/bot/publish/test_outbox.py"


def by_simulation(weather: str) -> tuple[str, ...]:
    """Simulate such days until a rule is broken."""
    return ("tests.simulation", "--runs", "100", "--failures", "1", "--weather", weather)


def by_team(seed: int) -> tuple[str, ...]:
    """Let a team live from that seed on, soon after which the guard is needed, until a rule is broken."""
    return ("tests.simulation", "--team", "--runs", "40", "--failures", "1", "--seed", str(seed))


def by_test(name: str) -> tuple[str, ...]:
    """Run one test on SQLite."""
    return ("pytest", "-q", "-p", "no:cacheprovider", OUTBOX, "-k", f"{name} and sqlite")


@dataclass(frozen=True)
class Mutation:
    """A guard, how to take it out, the proof that needs it, and the harm that it then sees."""

    guard: str
    file: str
    old: str
    new: str
    proof: tuple[str, ...]
    harm: str


MUTATIONS = (
    Mutation(
        "a call names the account of its ticket",
        "bot/publish/outbox.py",
        "job.text, job.target, job.key, account_id=job.account_id",
        "job.text, job.target, job.key, account_id=network.account().id",
        by_simulation("swapped"),
        "it was said as another account",
    ),
    Mutation(
        "what was stopped for want of its account stays stopped",
        "bot/publish/outbox.py",
        "        account_check.handle_wrong_account(ctx, network, job, no)",
        "        _postpone(ctx, job, no)",
        by_simulation("swapped"),
        "it was tried again by itself",
    ),
    Mutation(
        "the intent is committed before the socket opens",
        "bot/publish/intent.py",
        """
    with ctx.db.write() as session:
        ticket, reply = lock_reply(session, job.reply_id)""",
        """
    with ctx.db.read() as session:
        ticket, reply = lock_reply(session, job.reply_id)""",
        by_simulation("fair"),
        "it was said",
    ),
    Mutation(
        "the fence rises with every move",
        "models/tickets/reply.py",
        '"fence": self.fence + 1}',
        '"fence": self.fence}',
        # rare: a dead man's "not now" has to come while somebody else sends
        by_test("test_a_late_word_of_the_first_try_leaves_the_second_alone"),
        "State.SENDING",
    ),
    Mutation(
        "one live reply a turn, by a unique index",
        "models/tickets/reply.py",
        """            "turn",
            unique=True,""",
        """            "turn",
            unique=False,""",
        by_simulation("hasty"),
        "was answered 2 times",
    ),
    Mutation(
        "a lease ends",
        "bot/publish/intent.py",
        "lease_until=at + SEND_LEASE",
        "lease_until=at + 999 * SEND_LEASE",
        by_simulation("deadly"),
        "it is stranded",
    ),
    Mutation(
        "what is unsure is not sent again",
        "bot/publish/reconcile.py",
        "_ask_team(session, network, ticket, reply, job.target, at=at)",
        "reply.ask_person(session, at=at, nudge_at=at); reply.send_again(session, at=at, by='heard')",
        by_simulation("lossy"),
        "it was sent again by the machine",
    ),
    Mutation(
        "what is unsure is repeated once at most",
        "bot/publish/repeat.py",
        "if reply.repeated or not reply.frozen",
        "if not reply.frozen",
        by_simulation("lossy"),
        "which nothing allows",
    ),
    Mutation(
        "what was frozen is what is sent",
        "bot/publish/intent.py",
        "        reply.frozen = frozen\n",
        "        reply.frozen = frozen.replace('Answer', 'Answers')\n",
        by_simulation("fair"),
        "in other words than were frozen",
    ),
    Mutation(
        "a reply is frozen for those who see its post",
        "bot/publish/intent.py",
        "            job.target,\n",
        "            __import__('dataclasses').replace(job.target, visibility='public'),\n",
        by_team(1),
        "post is public",
    ),
    Mutation(
        "a reply is frozen in the words of its preview",
        "bot/publish/intent.py",
        "            job.text,\n",
        "            job.text.replace('0', 'O'),\n",
        by_team(1),
        "never saw and sent what is public",
    ),
    Mutation(
        "each network is called for the account of its ticket",
        "bot/publish/outbox.py",
        "job.text, job.target, job.key, account_id=job.account_id",
        "job.text, job.target, job.key, account_id=network.account().id",
        by_team(6),
        "it was said as another account",
    ),
    Mutation(
        "the card of a private ticket is shown where Slack says that only members see it",
        "bot/slack/private_access.py",
        "return info.is_private and info.is_member and",
        "return info.is_member and",
        by_team(10),
        "private words",
    ),
    Mutation(
        "nothing is repeated before it was looked for often and long enough",
        "bot/publish/repeat.py",
        "if reply.looks + 1 < rule.looks or not rule.earliest <= at - reply.sent_at <= rule.latest:",
        "if at < reply.sent_at:",
        by_team(32),
        "which nothing allows",
    ),
)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.guard)
def test_without_a_guard_a_proof_turns_red(mutation: Mutation, tmp_path: Path) -> None:
    _copy(tmp_path)
    source = (tmp_path / mutation.file).read_text()
    assert source.count(mutation.old) == 1, (
        f"{mutation.file} has changed: say anew how to take this guard out"
    )
    (tmp_path / mutation.file).write_text(source.replace(mutation.old, mutation.new))

    run = subprocess.run(
        [sys.executable, "-m", *mutation.proof],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=850,
    )

    assert run.returncode == 1, run.stdout + run.stderr
    assert mutation.harm in run.stdout, run.stdout + run.stderr


def _copy(to: Path) -> None:
    """The whole tree, to be spoilt; with its bytecode, which still holds for every file but the spoilt one."""
    ignored = shutil.ignore_patterns("*.pyc.*", "static")  # the former is being written just now
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, to / part, ignore=ignored)
        else:
            shutil.copy(ROOT / part, to / part)
