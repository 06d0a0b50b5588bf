"""Networks are found by their files, and nothing else knows any of them."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from pydantic import SecretStr
from pydantic_settings import SettingsConfigDict

from bot.networks import registry
from bot.networks.answerable import ReplyByHandOnly
from bot.networks.base import Network, Reader, supports
from bot.networks.errors import Later
from bot.networks.registry import NetworkSettings, Registration
from bot.networks.values import Position, PostPage
from models.sources.track import TrackKind

ROOT = Path(__file__).parents[3]
NETWORKS = ROOT / "bot" / "networks"
KINDS = get_args(TrackKind)  # a kind of track may be called as its only network: feed
SHARED = {
    "answerable",
    "feed_reader",
    "html_text",
    "pictures",
    "base",
    "charges",
    "errors",
    "graphemes",
    "http_client",
    "json_values",
    "oauth2",
    "registry",
    "streams",
    "thread_parts",
    "values",
    "websocket",
}
EMOJI_NAMES = ROOT / "bot" / "slack" / "typed_text" / "mrkdwn.py"  # "x" is an emoji there


class YarnSettings(NetworkSettings):
    model_config = SettingsConfigDict(env_prefix="YARN_")

    url: str = "https://yarn.example"
    handle: str | None = None
    token: SecretStr | None = None


class Yarn(Network):
    name, title = "yarn", "Yarn"

    def account(self):
        raise Later(None, "unreachable", "no answer")

    def mentions(self, after: Position, *, account_id: str) -> Iterator[PostPage]:
        yield PostPage(())

    def post_link(self, post_id: str, handle: str | None) -> str:
        return f"https://yarn.example/{post_id}"


def yarn(name: str = "yarn", settings: type[NetworkSettings] = YarnSettings) -> Registration:
    network = type("Yarn", (Yarn,), {"name": name})
    return Registration(network, settings, lambda settings, open_tokens: network())


@pytest.fixture(autouse=True)
def _only_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test registers is gone after it."""
    monkeypatch.setattr(registry, "_registrations", dict(registry.registered()))
    for name in YarnSettings.env_names().values():
        monkeypatch.delenv(name, raising=False)


def test_x_registers_itself() -> None:
    assert registry.registered()["x"].title == "X"


def test_a_name_or_a_prefix_that_is_taken_is_refused() -> None:
    registry.register(yarn())

    class Other(NetworkSettings):
        model_config = SettingsConfigDict(env_prefix="OTHER_")

    for again in (yarn(settings=Other), yarn("thread"), yarn("thread", NetworkSettings)):
        with pytest.raises(ValueError, match=r"is taken by yarn|need an env_prefix"):
            registry.register(again)


def test_settings_say_what_is_missing_and_hold_their_secrets_for_the_log(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert (YarnSettings().is_configured, YarnSettings().problem) == (False, None)
    assert YarnSettings.needed_names() == "YARN_HANDLE, YARN_TOKEN"

    monkeypatch.setenv("YARN_TOKEN", " s3cret \n")
    half = YarnSettings()
    assert (half.is_configured, half.problem) == (True, "YARN_HANDLE not set")
    assert (half.secrets, half.names_set) == (["s3cret"], ["YARN_TOKEN"])
    assert "s3cret" not in repr(half)

    monkeypatch.setenv("YARN_HANDLE", "acmebrew")
    assert YarnSettings().problem is None


def test_a_network_that_overrides_nothing_says_so_by_type() -> None:
    network = Yarn()

    assert supports(network, "mentions")
    assert not any(supports(network, call) for call in ("search", "own_posts", "people", "refresh"))
    assert isinstance(network.answerable(None, None), ReplyByHandOnly)
    assert network.reply_link("7", "hello") == "https://yarn.example/7"


@pytest.mark.parametrize("call", ["mentions", "search", "own_posts"])
def test_a_reading_that_a_network_lacks_is_refused_like_one_that_it_forbids(call: str) -> None:
    words = ("brew",) if call == "search" else ()
    with pytest.raises(Later) as refused:
        list(getattr(Reader(), call)(*words, Position("0"), account_id="1"))
    assert refused.value.cause == "forbidden"


def product_files() -> Iterator[Path]:
    for room in ("bot", "handlers", "models"):
        yield from (ROOT / room).rglob("*.py")


def imports(tree: ast.AST) -> set[str]:
    found = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
    return found


@pytest.mark.parametrize("name", sorted(registry.registered()))
def test_nothing_outside_a_network_names_it_or_imports_from_it(name: str) -> None:
    prefix = registry.registered()[name].settings.model_config["env_prefix"]
    for file in product_files():
        if file.is_relative_to(NETWORKS / name) or file in {NETWORKS / f"{name}.py", EMOJI_NAMES}:
            continue
        tree = ast.parse(file.read_text())
        words = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
        texts = [word for word in words if isinstance(word, str)]
        assert name in KINDS or name not in texts, file
        assert not [text for text in texts if f" {prefix}" in f" {text}"], file
        assert not [one for one in imports(tree) if f"{one}.".startswith(f"bot.networks.{name}.")], file


def test_a_network_imports_no_other_network() -> None:
    for file in NETWORKS.rglob("*.py"):
        own = file.relative_to(NETWORKS).parts[0].removesuffix(".py")
        for one in imports(ast.parse(file.read_text())):
            package, _, rest = one.partition("bot.networks.")
            other = rest.partition(".")[0]
            is_module = (NETWORKS / other).is_dir() or (NETWORKS / f"{other}.py").exists()
            if not package and other and is_module:
                assert other in SHARED | {own}, (file, one)
