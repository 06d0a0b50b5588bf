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
        (("add", "feed", "ftp://forum.example/feed"), "http"),
        (("add", "feed", "https://forum.example/feed", '"open'), "quotation mark"),
        (("add", "feed", "https://forum.example/feed", "--every", "0"), "at most once a second"),
        (("add", "feed", "shoes", "--preset", "nowhere"), "knows no such site"),
        (("add", "search", "slow", "checkout"), "Put the query in quotation marks"),
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


SECRET = "k3yThatNobodyShouldSee"


def test_a_feed_is_added_before_the_first_start_and_its_secrets_are_never_printed(shell: Shell) -> None:
    address = f"https://alerts.example/feed?token={SECRET}"
    assert shell.track("add", "feed", address, "kettle -free", "--channel", "C0TALK", "--every", "300") == (
        0,
        "1\n",
    )

    code, again = shell.track("add", "feed", address, "kettle -free")
    [row] = shell.listed()
    assert code == 2
    assert (row["kind"], row["network"], row["query"], row["every"]) == ("feed", "feed", "kettle -free", 300)
    assert row["address"] == "https://alerts.example/feed?token=…"
    everything = again + shell.track("list")[1] + shell.track("export")[1] + json.dumps(row)
    assert SECRET not in everything


def test_a_feed_can_be_edited_paused_and_removed(shell: Shell) -> None:
    shell.track("add", "feed", "https://forum.example/latest.rss")
    assert shell.track("edit", "1", "--query", "kettle", "--every", "60")[0] == 0
    assert shell.listed()[0]["query"] == "kettle"
    assert shell.track("edit", "1", "--query", "")[0] == 0
    assert (shell.listed()[0]["query"], shell.listed()[0]["every"]) == ("", 60)
    assert shell.track("pause", "1")[0] == shell.track("resume", "1")[0] == shell.track("remove", "1")[0] == 0


OPML = """<opml version="2.0"><head><title>Mine</title></head><body><outline text="Forums">
<outline type="rss" text="Fern forum" xmlUrl="https://forum.example/latest.rss"/>
<outline type="rss" text="Alerts" xmlUrl="https://alerts.example/feed?token=k3yThatNobodyShouldSee"/>
<outline type="rss" text="Again" xmlUrl="https://forum.example/latest.rss"/>
</outline></body></opml>"""


def test_an_opml_file_is_shown_first_and_then_added(shell: Shell) -> None:
    file = shell.home / "feeds.opml"
    file.write_text(OPML)
    code, printed = shell.track("import", str(file))  # nobody says yes
    assert code == 0 or "Aborted" in printed
    assert "Fern forum https://forum.example/latest.rss" in printed
    assert SECRET not in printed
    assert shell.listed() == []

    assert "2 added, 0 already there" in shell.track("import", str(file), "--yes", "--channel", "C0TALK")[1]

    assert [(row["channel"], row["query"]) for row in shell.listed()] == [("C0TALK", ""), ("C0TALK", "")]
    assert "0 added, 2 already there" in shell.track("import", str(file), "--yes", "--channel", "C0TALK")[1]


def test_what_is_no_opml_is_one_sentence(shell: Shell) -> None:
    file = shell.home / "feeds.opml"
    file.write_text("<html></html>")
    code, printed = shell.track("import", str(file), "--yes")
    assert (code, len(printed.splitlines())) == (2, 1)


def test_an_export_with_feeds_is_imported_again_but_for_those_whose_secrets_it_hides(shell: Shell) -> None:
    shell.track("add", "feed", "https://forum.example/latest.rss", "kettle", "--every", "300")
    file = shell.home / "tracks.toml"
    file.write_text(shell.track("export")[1])
    shell.track("remove", "1")

    assert "1 added" in shell.track("import", str(file))[1]
    assert (shell.listed()[0]["query"], shell.listed()[0]["every"]) == ("kettle", 300)

    shell.track("add", "feed", f"https://alerts.example/feed?token={SECRET}")
    file.write_text(shell.track("export")[1])
    code, printed = shell.track("import", str(file))
    assert code == 2
    assert "exported without its secrets" in printed


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
    assert code == 2
    assert all(name in printed.partition("add --network ")[2] for name in ("x", "bluesky", "hackernews"))
