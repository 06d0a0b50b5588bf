"""What X counts, and that counting never hangs."""

import subprocess
import sys
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.networks import x_text
from bot.networks.x_text import weigh
from models.normalize import nfc


@pytest.mark.parametrize(
    ("text", "weight"),
    [
        ("", 0),
        ("hello", 5),
        ("https://example.com/a/very/long/path?with=much&more=" + "x" * 100, 23),
        ("see example.ai now", 31),
        ("日本", 4),
        ("👨‍👩‍👧‍👦", 2),
        ("🇩🇪", 2),
        ("👍🏽", 2),
        ("cafe\u0301", 4),
        ("\ud800", 2),
        ("ż" * 280, 280),
        ("ẞ" * 10, 20),
    ],
)
def test_words_weigh_what_x_says(text, weight):
    assert weigh(text) == weight


def test_what_is_too_long_to_parse_is_counted_without_parsing():
    with mock.patch.object(x_text, "_parser", side_effect=AssertionError("parsed")):
        assert weigh("a." * 50_000) == 100_000
        assert weigh("日" * 3_001) == 6_002


@given(
    st.lists(st.integers(0, 60), max_size=20).map(lambda counts: " ".join("a." * count for count in counts))
)
def test_the_parser_never_sees_a_word_with_many_dots(text):
    seen = []

    def parser():
        return lambda words: seen.append(words) or mock.Mock(weightedLength=0)

    with mock.patch.object(x_text, "_parser", parser):
        weigh(text)

    assert all(word.count(".") <= 20 for words in seen for word in words.split())
    assert all(len(words) <= 3_000 for words in seen)


def test_a_word_with_many_dots_weighs_its_characters():
    assert weigh("a." * 100) == 200
    assert weigh("hello " + "..." * 10) == 36


@given(st.text(max_size=60))
def test_any_text_has_a_weight(text):
    assert weigh(text) >= 0


def test_counting_needs_nothing_that_a_new_environment_lacks():
    code = (
        "import sys; sys.modules['pkg_resources'] = None\n"
        "from bot.networks.x_text import weigh\n"
        "assert 'twitter_text' not in sys.modules\n"
        "print(weigh('👍 example.com'), sys.modules.get('pkg_resources'))"
    )
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True
    )

    assert ran.stdout == "26 None\n"


@given(st.text(st.sampled_from("abcAZ09 .,:;/@#*&<>!?'\"()-_\n\tżéß©®️⃣.  .t"), max_size=60))
def test_what_is_counted_without_parsing_weighs_what_parsing_says(text):
    fitted = nfc(x_text.fit(text))
    parsed = int(x_text._parser()(fitted).weightedLength)

    assert weigh(text) == parsed
