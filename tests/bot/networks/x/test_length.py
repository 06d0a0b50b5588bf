"""What X counts, by its page and by its own JavaScript, and that counting never hangs."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.networks.x import length as x_length
from bot.networks.x.length import TextLength, measure

TABLE = Path(__file__).parent / "lengths" / "table.json"


@pytest.fixture(scope="module")
def table() -> dict[str, Any]:
    return json.loads(TABLE.read_text())


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("", 0),
        ("hello", 5),
        ("https://example.com/a/very/long/path?with=much&more=" + "x" * 100, 23),
        ("see example.ai now", 31),
        ("日本", 4),
        ("👨‍👩‍👧‍👦", 2),
        ("🇩🇪", 2),
        ("👍🏽", 2),
        ("⚡️⭐️☕️", 6),
        ("© ®", 3),
        ("a\r\n🙂", 5),
        ("cafe\u0301", 4),
        ("\ud800", 2),
        ("ż" * 280, 280),
        ("ẞ" * 10, 20),
        ("https://docs.example.com/" + "a.b." * 30 + "html", 23),
        ("read x." + "y." * 40 + "example.com/1.2", 28),
        ("https://example.org/1.2." + "3." * 30, 24),  # a dot at the end is no part of the link
    ],
)
def test_page_and_library_count_alike(text: str, length: int) -> None:
    assert measure(text) == TextLength(length, length)


@pytest.mark.parametrize(
    ("text", "page", "library"),
    [("🧑‍⚕️", 2, 5), ("❤️‍🔥", 2, 5), ("👍\ufe0f", 2, 4), ("🧑🏽‍🚀" * 40, 80, 200), ("🫱🏻‍🫲🏿 ok", 5, 12)],
)
def test_newer_emoji_count_2_by_the_page_and_in_pieces_by_the_library(
    text: str, page: int, library: int
) -> None:
    assert measure(text) == TextLength(page, library)
    assert (measure(text).lower_bound, measure(text).upper_bound) == (page, library)


def test_every_emoji_counts_as_in_xs_own_javascript(table: dict[str, Any]) -> None:
    wrong = {
        one: (measure(one).library, int(length))
        for length, all_ in table["emoji"].items()
        for one in all_
        if measure(one).library != int(length)
    }

    assert sum(map(len, table["emoji"].values())) > 7_000
    assert wrong == {}


def test_every_emoji_counts_2_by_the_page_unless_it_is_asked_to_be_text(table: dict[str, Any]) -> None:
    letters = {chr(code) for code in range(0x1F1E6, 0x1F200)}  # of which two make a flag
    emoji = [one for all_ in table["emoji"].values() for one in all_ if not {"\ufe0e", *letters} & set(one)]

    assert {one for one in emoji if measure(one).page != 2} == {"©", "®"}


def test_any_text_counts_as_in_xs_own_javascript(table: dict[str, Any]) -> None:
    wrong = [(text, length) for text, length in drawn(table) if measure(text).library != length]

    # That library looks for `example.ai` from the left and counts `example.aiStraße example.ai` at the first.
    assert len(wrong) <= 5


def drawn(table: dict[str, Any]) -> Iterator[tuple[str, int]]:
    """The texts of make.cjs, drawn by the same generator, and what was counted there."""
    state, pieces = 20261128, table["pieces"]

    def draw(below: int) -> int:
        nonlocal state
        state = state * 48271 % 2147483647
        return state % below

    for length in table["random"]:
        yield "".join(pieces[draw(len(pieces))] for _ in range(1 + draw(12))), length


def test_what_is_too_long_to_parse_is_counted_without_looking_for_links() -> None:
    with mock.patch.object(x_length, "_link_search", side_effect=AssertionError("parsed")):
        assert measure("a." * 50_000).lower_bound == 100_000
        assert measure("日" * 3_001).lower_bound == 6_002
        assert measure("日" * 3_000 + "🧑‍⚕️") == TextLength(6_002, 6_005)


@given(
    st.lists(st.integers(0, 60), max_size=20).map(lambda counts: " ".join("a." * count for count in counts))
)
def test_the_library_never_sees_a_word_with_many_dots(text: str) -> None:
    seen: list[str] = []

    def library() -> Any:
        return lambda words: seen.append(words) or []

    with mock.patch.object(x_length, "_link_search", library):
        measure(text)

    assert all(word.count(".") <= 20 for words in seen for word in words.split())
    assert all(len(words) <= 3_000 for words in seen)


def test_a_word_with_many_dots_that_is_no_link_counts_its_characters() -> None:
    assert measure("a." * 100).lower_bound == 200
    assert measure("hello " + "..." * 10).lower_bound == 36
    assert measure("a." * 30 + "b").lower_bound == 61


@given(st.text(max_size=60))
def test_any_text_has_a_length(text: str) -> None:
    assert 0 <= measure(text).lower_bound <= measure(text).upper_bound


def test_counting_needs_nothing_that_a_new_environment_lacks() -> None:
    code = (
        "import sys; sys.modules['pkg_resources'] = None\n"
        "from bot.networks.x.length import measure\n"
        "assert 'twitter_text' not in sys.modules\n"
        "print(measure('👍 example.com').lower_bound, sys.modules.get('pkg_resources'))"
    )
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True
    )

    assert ran.stdout == "26 None\n"


@given(st.text(st.sampled_from("abcAZ09 .,:;/@#*&<>!?'\"()-_\n\tżéß©®️⃣.  .t"), max_size=60))
def test_what_is_counted_without_parsing_counts_as_parsing_says(text: str) -> None:
    whole = measure(text)
    with mock.patch.object(x_length, "_SIMPLE_TEXT", x_length.re.compile("(?!)")):
        assert measure(text) == whole
