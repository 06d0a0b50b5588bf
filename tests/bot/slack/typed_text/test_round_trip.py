"""Typed in the local Slack, sent as Slack sends it, read: the same characters come out."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.typed_text import for_input, read_message, read_slack_text
from sandbox.slack import SlackWorld
from sandbox.slack.people.message_input import typed
from sandbox.slack.text.emoji import named
from sandbox.slack.text.plain_text_input import as_input, as_shown

ROOT = Path(__file__).parents[4]
SIGNS = [
    "".join(chr(int(point, 16)) for point in points.split("-"))
    for line in (ROOT / "sandbox/slack/text/emoji.tsv").read_text(encoding="utf-8").splitlines()
    for points in [column.split()[-1] for column in line.split("\t")[1:]]
]
WORDS = [
    "hello", "Ana", "5:00", "10:30:45", "std::vector::x", "a", "1", "&", "<3", "&lt;", "&amp;lt;", "<b>", "|", "»", "!", "?!",
    "https://acme.example/help?a=1&b=2", "acme.example/taps", "bar@acme.example", "+351 912 345 678", "2*3*4",
    "snake_case_name", "*args", "日本語", "żółw", "e\u0301", "#nowhere", "@nobody", "C#", ":)",
]  # fmt: skip
LONE = [sign for sign in SIGNS if (named(sign)[1:-1].isdigit() or len(named(sign)) == 3)]
GLUED = [word for word in WORDS if "example" not in word]
said = st.lists(st.sampled_from(GLUED) | st.sampled_from(SIGNS) | st.sampled_from(" \n"), max_size=14).map(
    "".join
)
separate = st.lists(st.sampled_from(WORDS) | st.sampled_from(SIGNS), max_size=10).map(" ".join)
names = st.lists(
    st.sampled_from(
        [
            ":tada:",
            ":b:",
            ":100:",
            ":",
            "x",
            "1",
            " ",
            "👍",
            ":key:",
            "https://e.example/a:key:b ",
            "&",
            "<",
            "\n",
        ]
    ),
    max_size=12,
).map("".join)


@pytest.fixture(scope="module")
def world() -> Iterator[SlackWorld]:
    return SlackWorld()


@given(separate)
def test_what_was_typed_into_the_message_box_is_read_as_it_was(world: SlackWorld, words: str) -> None:
    sent, blocks = typed(words, world)

    assert read_message({"text": sent, "blocks": blocks}).text == words
    assert read_message({"text": sent, "blocks": blocks}).names == ()


@given(separate)
def test_what_was_typed_into_an_input_is_read_as_it_was(words: str) -> None:
    assert read_slack_text(as_input(words)).text == words
    assert read_slack_text(as_input(words)).names == ()


@given(said | names | separate)
def test_what_is_put_back_into_an_input_comes_back_the_same(words: str) -> None:
    shown = for_input(words)

    assert as_shown(as_input(shown)) == shown
    assert read_slack_text(as_input(shown)).text == words


def test_each_emoji_arrives_as_it_was_picked(world: SlackWorld) -> None:
    wrong = []
    for sign in SIGNS:
        sent, blocks = typed(f"hi{sign}", world)
        assert sign not in sent
        wrong += [sign] * (read_message({"text": sent, "blocks": blocks}).text != f"hi{sign}")
        apart = f"hi {sign}!" if sign in LONE else f"hi{sign}"  # `hi:x:` may be anything
        wrong += [sign] * (read_slack_text(as_input(apart)).text != apart)

    assert wrong == []
    assert len(SIGNS) == 3_786
