"""What the documents say, held against the thing itself."""

import importlib
import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from pydantic_settings import BaseSettings

from bot.__main__ import main
from bot.networks import registry
from bot.settings import Settings
from handlers.replies import thread_commands
from models.core.base import Base
from models.tickets import delivery_state, state

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
REFERENCE = ROOT / "docs" / "reference"
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]


def defaults() -> dict[str, str]:
    """Every setting there is, with its default as a person would write it."""
    found = {}
    for settings in (Settings, *network_settings()):
        prefix = settings.model_config.get("env_prefix", "")
        for name, field in settings.model_fields.items():
            value = "required" if field.is_required() else spelled(field.default)
            found[f"{prefix}{name}".upper()] = value
    return found


def network_settings() -> list[type[BaseSettings]]:
    return [one.settings for one in registry.registered().values()]


def spelled(value: Any) -> str:
    if value is None or value == "":
        return "none"
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, tuple):
        return ",".join(spelled(one) for one in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def test_the_readme_names_every_setting_with_its_default() -> None:
    readme = (ROOT / "README.md").read_text()
    table = readme.partition("\n## Settings\n")[2].partition("\n## ")[0]
    told = {
        name: default.strip("`")
        for name, default in re.findall(r"^\| `(\w+)` \| ([^|]+) \|", table, re.MULTILINE)
    }

    assert told == defaults()


def test_the_example_environment_names_every_setting_with_its_default() -> None:
    lines = re.findall(r"^(# )?([A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE)
    told = {name: value for _, name, value in lines}
    wanted = {name: "" if value in {"none", "required"} else value for name, value in defaults().items()}

    assert told == wanted
    assert {name for name, value in defaults().items() if value == "required"} <= {
        n for hash_, n, _ in lines if not hash_
    }


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_link_within_the_documents_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        path, _, anchor = target.partition("#")
        if "://" in target:
            continue
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), target
        if anchor:
            assert anchor in anchors(there), target


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_picture_is_there_and_says_what_it_shows(page: Path) -> None:
    text = page.read_text()
    for picture in re.findall(r'(?:src|srcset)="([^"]+)"', text):
        assert (page.parent / picture).resolve().exists(), picture
    for image in re.findall(r"<img [^>]*>", text):
        assert re.search(r'alt="[^"]+"', image), image


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_command_that_a_document_names_exists(page: Path) -> None:
    text = page.read_text()
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    said = re.findall(r"(?:`|^    )(?:\w+=\S+ )*make ([a-z]+)", text, re.MULTILINE)
    assert set(said) <= targets
    assert set(re.findall(r"-m bot ([a-z-]+)", text)) <= set(main.commands)
    assert set(re.findall(r"-m bot connect ([a-z]+)", text)) <= set(registry.registered())
    for module in re.findall(r"-m ((?:tests|sandbox)[\w.]*)", text):
        assert importlib.util.find_spec(module)


def test_the_readme_tells_of_every_way_to_start() -> None:
    readme = (ROOT / "README.md").read_text()
    assert set(re.findall(r"`python -m bot ([a-z-]+)[^`]*`", readme)) == set(main.commands)


def test_the_ledgers_page_names_every_table_and_state() -> None:
    page = (REFERENCE / "ledger.md").read_text()
    for name in (*Base.metadata.tables, *delivery_state.DeliveryState, *state.TicketState):
        assert f"`{name}`" in page


def test_the_delivery_table_holds_every_move_that_is_possible_and_no_other() -> None:
    page = (REFERENCE / "ledger.md").read_text().partition("## A reply's delivery")[2].partition("\n## ")[0]
    told = set()
    for start, end in re.findall(r"^\| (`[^|]+`) \| [^|]+ \| `([a-z ]+)`", page, re.MULTILINE):
        told |= {(state, end) for state in re.findall(r"`([a-z ]+)`", start)}
    unreached = {"awaiting approval", "rejected", "superseded"}
    possible = {(str(start), str(end)) for start, ends in delivery_state.TRANSITIONS.items() for end in ends}

    assert told == {move for move in possible if not unreached & set(move)}


def test_every_word_that_a_thread_understands_is_told() -> None:
    page = (REFERENCE / "commands.md").read_text()
    for verb in (*thread_commands._COMMAND_HANDLERS, "reply"):
        assert f"`@Heard {verb}" in page
