"""`python -m bot track`: what it prints, and how it refuses."""

import json
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.cli.tracks import track as command
from tests.stage import SECRETS, X_SECRETS

HASHTAG = """
[[track]]
kind = "hashtag"
query = "#kettles"
"""
BOTH = (
    """
[[track]]
kind = "search"
query = "acmebrew or “acme brew”"
channel = "C0TALK"
languages = ["en", "de"]
except = ["@acmefan"]
"""
    + HASHTAG
)


class Shell:
    """A terminal in which commands run one after the other."""

    def __init__(self, home: Path) -> None:
        self.home = home
        ledger = {"DATABASE_URL": f"sqlite:///{home / 'heard.db'}", "SLACK_CHANNEL": "C0MENTIONS"}
        self.env = SECRETS | X_SECRETS | ledger | {"SLACK_APP_TOKEN": ""}

    def track(self, *words: str) -> tuple[int, str]:
        """Run `track` and return its exit code and all it printed."""
        done = CliRunner(env=self.env).invoke(command, words)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.output

    def listed(self) -> list[dict]:
        code, printed = self.track("list", "--json")
        assert code == 0, printed
        return [json.loads(line) for line in printed.splitlines()]


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def test_it_works_before_the_first_start(shell: Shell) -> None:
    assert shell.track("add", "search", "acmebrew -free", "--channel", "C0TALK", "--language", "en") == (
        0,
        "1\n",
    )
    assert shell.track("add", "hashtag", "#kettles", "--network", "x", "--except", "@acmefan") == (0, "2\n")

    assert shell.listed() == [
        {
            "id": 1,
            "kind": "search",
            "network": "x",
            "account": None,
            "query": "acmebrew -free",
            "languages": ["en"],
            "except": [],
            "channel": "C0TALK",
            "paused": False,
        },
        {
            "id": 2,
            "kind": "hashtag",
            "network": "x",
            "account": None,
            "query": "#kettles",
            "languages": [],
            "except": ["acmefan"],
            "channel": "C0MENTIONS",
            "paused": False,
        },
    ]
    assert (
        shell.track("list")[1].splitlines()[1]
        == "2  hashtag  x  #kettles, except @acmefan, shown in C0MENTIONS"
    )


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("add", "search", "-free"), "A track needs a word to look for"),
        (("add", "search", '"open'), "quotation mark"),
        (("add", "search", "x" * 600), "at most 512 characters; this has 600"),
        (
            ("add", "search", " ".join(f"w{number}" for number in range(124))),
            "X takes 512 characters in a search",
        ),
        (("add", "feed", "acmebrew"), "Heard knows no network where it can listen for a feed."),
        (("add", "search", "acmebrew", "--network", "yarn"), "Heard knows no network called yarn: "),
        (
            ("add", "search", "acmebrew", "--account", "@nobody"),
            "No account called @nobody is connected there.",
        ),
        (("add", "search", "@a_handle_that_is_far_too_long"), "X has no such handle"),
        (("add", "search", "acmebrew", "--language", "english"), "X knows no such language: english."),
        (("remove", "7"), "There is no track 7."),
        (("edit", "7", "--channel", "C0TALK"), "There is no track 7."),
    ],
)
def test_what_cannot_be_is_one_sentence_and_exit_code_2(
    shell: Shell, words: tuple[str, ...], why: str
) -> None:
    code, printed = shell.track(*words)

    assert (code, len(printed.splitlines())) == (2, 1)
    assert why in printed
    assert shell.listed() == []


def test_a_file_goes_in_and_comes_out_as_it_was(shell: Shell) -> None:
    file = shell.home / "tracks.toml"
    file.write_text(BOTH)
    assert shell.track("import", str(file)) == (0, "2 added, 0 already there, 0 removed.\n")
    code, exported = shell.track("export")
    assert code == 0
    file.write_text(exported)
    assert shell.track("import", str(file), "--prune") == (0, "0 added, 2 already there, 0 removed.\n")
    file.write_text(HASHTAG)

    assert shell.track("import", str(file), "--prune") == (0, "0 added, 1 already there, 1 removed.\n")
    assert [row["query"] for row in shell.listed()] == ["#kettles"]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"[[track]", "not valid TOML"),
        ("[[track]]\nkind = 'search'\nquery = 'k\u00e4se'".encode("latin-1"), "not in UTF-8"),
        (b"[[track]]\nkind = 'search'\n", "Track 1 in the file has no query."),
        (b"[[track]]\nkind = 'rss'\nquery = 'a'\n", "a kind that is not search, hashtag or feed"),
        (b"[[track]]\nkind = 'search'\nquery = 'a'\nwords = 1\n", "does not know: words"),
        (b"[[track]]\nkind = 'search'\nquery = 7\n", "has a query of the wrong type"),
        (b"[[track]]\nkind = 'search'\nquery = 'a'\nchannel = '#talk'\n", "no channel id"),
        (b"[server]\nport = 1\n", "may hold [[track]] tables and nothing else"),
        (
            b"[[track]]\nkind = 'search'\nquery = 'kettle'\n[[track]]\nkind = 'search'\nquery = '-a'\n",
            "needs a word",
        ),
    ],
)
def test_a_file_that_is_wrong_adds_nothing(shell: Shell, content: bytes, why: str) -> None:
    file = shell.home / "tracks.toml"
    file.write_bytes(content)

    code, printed = shell.track("import", str(file))
    assert (code, len(printed.splitlines())) == (2, 1)
    assert why in printed
    assert shell.listed() == []


def test_a_paused_track_stays_paused_in_a_file_and_an_edit_can_empty_what_narrows_it(shell: Shell) -> None:
    assert shell.track("add", "search", "acmebrew", "--language", "en", "--except", "acmefan")[0] == 0
    assert shell.track("edit", "1", "--language", "", "--except", "")[0] == 0
    assert [(row["languages"], row["except"]) for row in shell.listed()] == [([], [])]
    shell.track("pause", "1")
    file = shell.home / "tracks.toml"
    file.write_text(shell.track("export")[1])
    shell.track("remove", "1")

    assert shell.track("import", str(file))[0] == 0
    assert [row["paused"] for row in shell.listed()] == [True]


def test_a_network_that_was_only_connected_is_one_of_those_to_choose_from(shell: Shell) -> None:
    for one in X_SECRETS:
        shell.env[one] = ""
    shell.listed()  # makes the ledger
    with sqlite3.connect(shell.home / "heard.db") as ledger:
        ledger.execute(
            "INSERT INTO credentials (network, account_id, handle, sealed, key_id, connected_at, renewed_at, "
            "expires_at, fence, tries) VALUES ('bluesky', 'did:plc:a', 'acme.test', '', 'k', "
            "'2026-11-21', '2026-11-21', '2026-11-21', 0, 0)"
        )

    assert shell.track("add", "search", "acmebrew") == (0, "1\n")

    assert [one["network"] for one in shell.listed()] == ["bluesky"]
    shell.env |= X_SECRETS
    code, printed = shell.track("add", "search", "acmebrew too")
    assert (code, "add --network x or bluesky" in printed or "add --network bluesky or x" in printed) == (
        2,
        True,
    )
