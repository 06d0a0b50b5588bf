"""No text of anybody's makes Heard slow: each pattern and each function that meets text works in linear time.

The patterns are not listed by hand: every `re` and `regex` pattern in the code that ships is found, in each
way in which it is used, and so is one that somebody adds tomorrow. One that is put together at run time has to
be named in `BUILT`. This is the one test that looks at time; it counts the processor's, not the clock's.
"""

import ast
import gc
import importlib
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import regex

from bot.ingest import own_posts
from bot.networks import graphemes, html_text
from bot.networks.bluesky import facets
from bot.networks.feed.formats import dates, entry_text, markup
from bot.networks.x import emoji, length
from bot.networks.x import text as x_text
from bot.runtime import export_writer
from bot.slack import typed_text
from bot.slack.blocks import text as words
from bot.slack.blocks.tickets import full_post
from bot.slack.typed_text import mrkdwn
from handlers.slack_tokens import USER_MENTION_PATTERN
from handlers.thread_command import parse_thread_command
from models.core import command_words, fingerprint, fold, natural_time, normalize, office_hours, period
from models.core.base import RuleBrokenError
from models.issues import title
from models.priority.score import Facts, compute_priority
from models.reports import search_query
from models.similarity import keywords
from models.sources import customer
from models.tickets import word_index
from models.tracks import post_text
from models.tracks.matcher import TrackMatcher
from models.tracks.query import MAX_QUERY_CHARS, parse_query, warnings
from tests.models.ledger import NINE

ROOT = Path(__file__).parents[1]
SHIPPED = sorted(path for room in ("bot", "handlers", "models") for path in (ROOT / room).rglob("*.py"))
COMPILED = (re.Pattern, type(regex.compile("")))
ANCHORED, SCANNING = {"match", "fullmatch"}, {"search", "sub", "subn", "findall", "finditer", "split"}
USES = ANCHORED | SCANNING

SIZES = 5_000, 20_000  # characters; a Slack message has 40,000 at most, a post on X 25,000
WORST = 10  # times as long for four times the text; a square takes sixteen
INSTANT = 0.001  # seconds for the longer text: what is that quick even a square would not make slow

# Ordinary characters and pieces, each repeated until it is as long as wanted.
SHAPES = (
    *("a", "ab ", "A", "0", "é", "漢", "か", "각", "กำ", "क्ष", "🙂", "🇩", "👨\u200d", "1\u20e3", "\u0323\u0301", "\u200b"),
    *(" ", "\n", "\t", "\u00a0", "-", "_", ".", "..", "'", '"', "“", "`", "*", "&", "<", ">", "[", "{", "\\", "|", "=", "@", "#", ":"),
    *("a.", "0.", "a-", "1,", "a'", "\u2019s ", "&amp;", ":a:", "*a* ", "a@", "@a", "@a ", "@a.", "#a", "a@b.", "10:00-", "1 am "),
    *("<@a|", "<@A1|a", "<a", "<#C1|", "http", "https://", "https://a.b/", "www.", "mailto:", "x.com/"),
)  # fmt: skip

# Patterns that are put together at run time, by file and function: one as it may come out, and its use.
BUILT: dict[str, tuple[str, str] | None] = {
    "tests/memory_network.py:_summons": (r"(?<!\w)@acmebrew(?!\w)", "search"),
    "bot/networks/x/parsing.py:_mentions_of": (r"(?<![A-Za-z0-9_@])@acmebrew(?![A-Za-z0-9_])", "finditer"),
    "bot/networks/bluesky/parsing.py:_summons": (r"(?<![\w.@-])@acme\.tea(?![\w-]|\.\w)", "search"),
    "bot/networks/mastodon/parsing.py:_typed_text": (r"(?<![\w@])@acme(?![\w@-])", "search"),
    "bot/networks/x/emoji.py:emoji_pattern": (emoji.emoji_pattern().pattern, "finditer"),
    "bot/networks/x/emoji.py:library_emoji_pattern": (emoji.library_emoji_pattern().pattern, "finditer"),
    "bot/slack/typed_text/mrkdwn.py:_ambiguous_emoji": (mrkdwn._ambiguous_emoji().pattern, "sub"),
    "models/core/command_words.py:_close_marks": (r"(?<=\S)\*(?![\p{L}\p{N}])", "search"),
    "models/tickets/answer_as.py:_first_place": (
        r"(?<!\w)[@\uff20]acme\.tea(?:@social\.example)?(?![\w@]|[.-]\w)",
        "search",
    ),
    "handlers/tickets/author_history.py:turn": None,  # our own names of buttons
    "handlers/groups/close_all.py:undo": None,
    "handlers/groups/group_card.py:turn": None,
    "handlers/tracks/listing.py:listen_for_quotes": None,
}

# Functions that meet other people's text, whatever they do with it.
FUNCTIONS: dict[str, Callable[[str], object]] = {
    "read_slack_text": typed_text.read_slack_text,
    "read_message": lambda text: typed_text.read_message({"text": text}),
    "only_in_slack": typed_text.find_slack_tokens,
    "for_input": typed_text.for_input,
    "a command": lambda text: command_words.parse_command(text, ["take over"]),
    "words of a command": command_words.split_words,
    "clean": words.sanitize,
    "isolate": words.isolate_name,
    "one_line": words.one_line,
    "called": words.mrkdwn_handle,
    "quote": lambda text: words.quote_block(text, 2_900),
    "fit, escaped": lambda text: words.truncate(text, 2_900, measure=lambda one: len(words.escape_entities(one))),
    "whole": lambda text: full_post.build_full_post_modal([full_post.FullPost("Theirs", text)]),
    "nfc": normalize.nfc,
    "nfkc": normalize.nfkc,
    "essence": lambda text: fingerprint.compute_fingerprint(text, ["Ana Lima", "リマ 安奈"]),
    "own_words": fingerprint.normalize_text,
    "words_in": keywords.extract_keywords,
    "name_of": title.title_key,
    "names_in": title.title_keys,
    "same_words": lambda text: own_posts.is_same_text(text, text),
    "defused": export_writer.escape_formula,
    "fold": fold.fold,
    "indexed": word_index.indexed_words,
    "count on X": length.measure,
    "count on Bluesky": graphemes.count_graphemes,
    "links on Bluesky": facets.find_spans,
    "HTML of a post": html_text.html_to_text,
    "words of a feed": lambda text: entry_text.body_text(text, "unsaid", "https://e.example/"),
    "title of a feed": lambda text: entry_text.title_text(text, "unsaid", "https://e.example/"),
    "date of a feed": dates.parse_date,
    "XML of a feed": lambda text: markup.read_markup(f"<a>{text}", counts=lambda _: False, most=1),
    "essence on X": lambda text: x_text.comparable_text(text, {"https://t.co/a": "https://example.org/a"}),
    "a word to us": lambda text: parse_thread_command({"user": "U1", "channel": "C1", "ts": "1", "text": text}, {}),
    "a person": USER_MENTION_PATTERN.fullmatch,
    "a period": lambda text: period.parse_period(text, zone=office_hours.OfficeHours.parse("", "UTC", "").zone, now=NINE),
    "figures": lambda text: period.parse_stats_query(text, zone=office_hours.OfficeHours.parse("", "UTC", "").zone, now=NINE, known=KNOWN),
    "a moment": lambda text: natural_time.parse_time(text, zone=office_hours.OfficeHours.parse("", "UTC", "").zone, now=NINE),
    "a search": search_query.parse_phrases,
    "split tracks": search_query.split_tracks,
    "priority": lambda text: compute_priority(Facts([text])),
    "handle of a customer": customer.fold_handle,
    "words of a post": post_text.read_post,
    "handles of a post": lambda text: post_text.read_post("", [text, f"@{text}@{text}"]),
    "a post and tracks": lambda text: TRACKS.match(text, handles=[text]),
    "a track": lambda text: [warnings(parse_query(text[at : at + MAX_QUERY_CHARS])) for at in range(0, len(text), MAX_QUERY_CHARS)],
}  # fmt: skip
# Some occur in the shapes everywhere, some nearly, and some look for the same word again and again.
TRACKS = TrackMatcher(
    (number, parse_query(query))
    for number, query in enumerate(
        (
            "a",
            "a.a.a",
            '"a b a b"',
            "漢漢漢 -か",
            "각각 or กำกำ",
            "🙂🙂",
            "#a",
            "@a",
            '"#a @a"',
            "a.b",
            "$a a",
            "a++",
            '"' + "a " * 200 + '0"',
        )
    )
)
KNOWN = period.NameLookup(person=lambda _: None, channel=lambda _: None, networks={})


# --- finding them -------------------------------------------------------------------------------------------


class Uses(ast.NodeVisitor):
    """What one file does with patterns: those by name, those written in place, those put together."""

    def __init__(self, path: Path) -> None:
        self.place = str(path.relative_to(ROOT))
        self.named: list[tuple[str, str]] = []
        self.in_place: list[tuple[Any, str]] = []
        self.built: list[str] = []
        self._function = ""
        self.visit(ast.parse(path.read_text()))

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        before, self._function = self._function, self._function or node.name
        self.generic_visit(node)
        self._function = before

    def visit_Attribute(self, node: ast.Attribute) -> None:
        holder = node.value
        name = holder.id if isinstance(holder, ast.Name) else getattr(holder, "attr", "")
        if node.attr in USES and name not in {"re", "regex"}:
            self.named.append((name, node.attr))
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        called = node.func
        if (
            isinstance(called, ast.Attribute)
            and isinstance(called.value, ast.Name)
            and called.value.id in {"re", "regex"}
            and called.attr in USES | {"compile"}
        ):
            pattern = node.args[0]
            if self._function and not isinstance(pattern, ast.Constant):
                self.built.append(f"{self.place}:{self._function}")
            elif self._function:
                use = "finditer" if called.attr == "compile" else called.attr
                self.in_place.append((importlib.import_module(called.value.id).compile(pattern.value), use))
        self.generic_visit(node)


def module_of(path: Path) -> Any:
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    return importlib.import_module(name.removesuffix(".__init__"))


def inside(name: str, thing: object) -> Iterator[tuple[str, Any]]:
    """The patterns that a constant is, or holds."""
    if isinstance(thing, COMPILED):
        yield name, thing
    elif isinstance(thing, dict):
        for key, one in thing.items():
            yield from inside(f"{name}[{key!r}]", one)
    elif isinstance(thing, (tuple, list)):
        for place, one in enumerate(thing):
            yield from inside(f"{name}[{place}]", one)


def constants(path: Path) -> Iterator[tuple[str, str, Any]]:
    """The module's own name of each pattern that it holds, how the test calls it, and the pattern."""
    if path.name == "__main__.py":  # to import it would be to start it
        return
    for constant, thing in vars(module_of(path)).items():
        if not constant.startswith("__"):
            for name, pattern in inside(constant, thing):
                yield constant, f"{path.relative_to(ROOT)}: {name}", pattern


def found() -> Iterator[tuple[str, Any, str]]:
    """Every pattern in each of its uses; one whose use is not seen counts as one that scans."""
    used = [Uses(path) for path in SHIPPED]
    everywhere: dict[str, set[str]] = {}
    for name, use in (one for uses in used for one in uses.named):
        everywhere.setdefault(name, set()).add(use)
    held = {
        id(pattern): (name, called, pattern) for path in SHIPPED for name, called, pattern in constants(path)
    }
    for name, called, pattern in held.values():
        for use in sorted(everywhere.get(name) or {"finditer"}):
            yield f"{called}.{use}", pattern, use
    for uses in used:
        for pattern, use in uses.in_place:
            yield f"{uses.place}: {pattern.pattern!r}.{use}", pattern, use
    for place, sample in BUILT.items():
        if sample is not None:
            yield place, regex.compile(sample[0]), sample[1]


PATTERNS = list(found())


# --- measuring them -----------------------------------------------------------------------------------------


def seconds(act: Callable[[], object]) -> float:
    """The processor time of one go, in seconds."""
    begun = time.thread_time()
    act()
    return time.thread_time() - begun


def too_slow(act: Callable[[Any], object], shape: Any, sizes: tuple[int, int] = SIZES) -> str | None:
    """What is said of `act` if four times as much of `shape` takes far more than four times as long, at best."""
    short, long = ((shape * (size // len(shape) + 1))[:size] for size in sizes)
    little, much = float("inf"), seconds(lambda: act(long))
    if much < INSTANT:
        return None
    for _ in range(5):
        little = min(little, seconds(lambda: act(short)))
        if much < little * WORST:
            return None
        much = min(much, seconds(lambda: act(long)))
    return f"{shape!r}: {little * 1000:.1f} ms, {much * 1000:.1f} ms"


def slow_shapes(act: Callable[[Any], object], shapes: Any, sizes: tuple[int, int] = SIZES) -> list[str]:
    gc.disable()
    try:
        return [told for shape in shapes if (told := too_slow(act, shape, sizes)) is not None]
    finally:
        gc.enable()


def using(pattern: Any, use: str) -> Callable[[Any], object]:
    """A use of `pattern` on the whole of a text."""
    if use in {"sub", "subn"}:
        blank = b" " if isinstance(pattern.pattern, bytes) else " "
        return lambda text: pattern.sub(blank, text)
    if use == "finditer":
        return lambda text: sum(1 for _ in pattern.finditer(text))
    act: Callable[[Any], object] = getattr(pattern, use)
    return act


def shapes_for(pattern: Any) -> list[Any]:
    """The ordinary shapes, and what stands literally in the pattern itself."""
    if isinstance(pattern.pattern, bytes):
        return [shape.encode() for shape in SHAPES]
    return [*SHAPES, *dict.fromkeys(re.findall(r"[\w '/<@#&;:=-]{2,}", pattern.pattern))]


def calmly(act: Callable[[str], object]) -> Callable[[str], object]:
    """`act`, which may well refuse a text."""

    def go(text: str) -> object:
        try:
            return act(text)
        except (RuleBrokenError, ValueError):
            return None

    return go


# --- the facts ----------------------------------------------------------------------------------------------


def test_every_pattern_that_is_put_together_is_named_here() -> None:
    built = {one for path in SHIPPED for one in Uses(path).built}

    assert built - BUILT.keys() == set(), "name it in BUILT, with one as it may come out"


def test_text_is_normalized_in_one_place_where_that_is_linear() -> None:
    elsewhere = [
        str(path.relative_to(ROOT))
        for path in SHIPPED
        if "unicodedata.normalize(" in path.read_text() and path != ROOT / "models" / "core" / "normalize.py"
    ]

    assert elsewhere == [], "use models.core.normalize: unicodedata sorts marks by insertion"


@pytest.mark.parametrize(
    ("pattern", "use"), [(pattern, use) for _, pattern, use in PATTERNS], ids=[name for name, *_ in PATTERNS]
)
def test_every_pattern_takes_linear_time(pattern: Any, use: str) -> None:
    assert slow_shapes(using(pattern, use), shapes_for(pattern)) == []


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_that_meets_text_takes_linear_time(name: str) -> None:
    assert slow_shapes(calmly(FUNCTIONS[name]), SHAPES) == []


def test_the_check_sees_a_square() -> None:
    # A fifth of the length shows it as well as the whole, in a twentieth of the time.
    assert slow_shapes(using(re.compile(r"(?:a\.?)+b"), "search"), ["a."], (1_000, 4_000)) != []
