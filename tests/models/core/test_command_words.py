"""The word of a command, whatever white space, marks and punctuation people put around it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.core.command_words import Command, collapse_spaces, parse_command, split_words, strip_marks

PAIRS = ("take over",)
COMMANDS = ["reply", "claim", "done", "snooze", "take over", "open", "stats"]
BLANKS = [" ", "\u00a0", "\u2009", "\u200a", "\u202f", "\u3000", "\t", "\n", "\u200b", "\u2060", "\ufeff"]
AROUND = [
    *("{}", "*{}*", "_{}_", "~{}~", "`{}`", "*_{}_*", "**{}**", "```{}```", "“{}”", '"{}"', "({})", "'{}'"),
    *("/{}", "- {}", ", {}", ": {}", "\u200f{}", "*{}:*"),
]
BEHIND = ["", ":", ".", "!", ",", " :", "…", "："]  # noqa: RUF001 - as a Chinese keyboard types it

blanks = st.lists(st.sampled_from(BLANKS), min_size=1, max_size=3).map("".join)
letters = st.characters(categories=["L", "N"], exclude_characters="\u2060")


@st.composite
def wrapped(draw: st.DrawFn) -> tuple[str, str]:
    """A command, and the same as somebody may type it: in capitals, in marks, behind a slash, with a colon."""
    word = draw(st.sampled_from(COMMANDS))
    case = draw(st.sampled_from([str.lower, str.upper, str.title]))
    around, behind = draw(st.sampled_from(AROUND)), draw(st.sampled_from(BEHIND))
    return word, around.format(case(word).replace(" ", draw(blanks))) + behind


@given(wrapped(), blanks, letters, st.text(max_size=20))
def test_nothing_around_a_command_changes_it_and_nothing_changes_what_follows(
    said: tuple[str, str], blank: str, letter: str, more: str
) -> None:
    word, typed = said
    rest = f"{letter}{more}{letter}"

    found = parse_command(f"{typed}{blank}{rest}", PAIRS)

    assert found == Command(word, rest)
    assert f"{typed}{blank}{rest}"[found.start :] == rest


@given(st.sampled_from(COMMANDS), st.sampled_from("*_~`"), blanks, letters)
def test_a_mark_on_one_side_changes_no_command(word: str, mark: str, blank: str, rest: str) -> None:
    for typed in (f"{mark}{word}", f"{word}{mark}"):
        assert parse_command(f"{typed}{blank}{rest}", PAIRS) == Command(word, rest)


@pytest.mark.parametrize(
    ("typed", "word", "rest"),
    [
        ("reply We are open, see *this*!", "reply", "We are open, see *this*!"),
        ("reply\nHello!\n\nWe are open.", "reply", "Hello!\n\nWe are open."),
        ("reply:hello", "reply", "hello"),
        ("reply: *hello*", "reply", "*hello*"),
        ("reply :tada: hello", "reply", ":tada: hello"),
        ("reply:tada: hello", "reply", ":tada: hello"),
        ('reply "hello"', "reply", '"hello"'),
        ("reply :) hello", "reply", ":) hello"),
        ("reply - hello", "reply", "- hello"),
        ("reply > hello", "reply", "> hello"),
        ("*reply hello*", "reply", "hello"),
        ("*reply hello* to you", "reply", "*hello* to you"),
        ("please reply hello", "reply", "hello"),
        ("assign<@U1>", "assign", "<@U1>"),
        ("take over, please", "take over", "please"),
        ("take-over", "take over", ""),
        ("&lt;claim&gt;", "claim", ""),
        ("ＣＬＡＩＭ", "claim", ""),  # noqa: RUF001 - as a Japanese keyboard types it
        ("claims", "claims", ""),
        ("claim's", "claim's", ""),
        ("reply-all hello", "reply all", "hello"),
        ("takeover", "takeover", ""),
        ("<@U1> claim", "", "<@U1> claim"),
        ("", "", ""),
        ("* _ :", "", "* _ :"),
    ],
)
def test_a_command_is_its_first_word_and_the_rest_as_it_was_typed(typed: str, word: str, rest: str) -> None:
    assert parse_command(typed, PAIRS) == Command(word, rest)


@given(st.text(max_size=60))
def test_whatever_is_typed_is_a_command_or_none(typed: str) -> None:
    found = parse_command(typed, PAIRS)

    assert found.rest in typed or found.rest[1:] in typed
    assert found.word == " ".join(found.word.split())


def test_filters_are_words_without_what_stands_around_them() -> None:
    typed = "*overdue*,\u00a0_unclaimed_;\u200b“x” <#C1|support>, <@U1|ana>. 2026-10-01..2026-10-15 @_ana_"

    assert split_words(typed) == [
        *("overdue", "unclaimed", "x", "<#C1|support>", "<@U1|ana>", "2026-10-01..2026-10-15", "@_ana_"),
    ]
    assert strip_marks("~*`mine`*~!") == "mine"
    assert collapse_spaces(" a\u00a0\u200b b ") == "a b"
