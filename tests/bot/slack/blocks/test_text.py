"""Text between people and Slack: whatever anybody writes shows as text, and nothing else, and shows."""

import json
import unicodedata
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.blocks import text

HOSTILE = [
    "<!channel>",
    "<!here|Hi>",
    "<@U0123456>",
    "<#C0123456|general>",
    "<!subteam^S0123456>",
    "<https://evil.example|Approved>",
    "&lt;!here&gt;",
    "&amp;lt;!here&amp;gt;",
    "<!date^1^{date}|never>",
    "\u202eevil\u202c \u200fשלום\u200f \u2066\u2066",  # noqa: RUF001 Hebrew on purpose
    "a\u200bb\u200dc\u2060d\ufeff",
    "A" * 25_000,
    "👨‍👩‍👧‍👦" * 3_500,
    "a" + "\u0301" * 25_000,
    "🇵🇱" * 12_500,
    "lone \ud83d and \udc4d",
    "",
    "\u200b\u2060",
    "🎉🎉",
    "\x00\x07\x1b[31m\r\nred\x85",
    "``` *bold* _it_ ~no~ :tada:",
]

anything = st.text(st.characters(), max_size=200) | st.sampled_from(HOSTILE)  # lone surrogates included
markup = st.text(st.sampled_from(list("<>&|!@#^;ampltgC1U \n")), max_size=40)
joiners = st.lists(
    st.sampled_from(
        ["a", "e\u0301", "👍🏽", "👨\u200d👩", "\u200d", "\u0301", "\u0600", "क्षि", "\r\n", *"🇵🇱"]
    )
).map("".join)


def shown(block: dict[str, Any]) -> dict[str, Any]:
    """The only element of a block's only part."""
    (part,) = block["elements"]
    (element,) = part["elements"]
    assert isinstance(element, dict)
    return element


# --- escaping ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("<!channel>", "&lt;!channel&gt;"),
        ("<https://evil.example|Approved>", "&lt;https://evil.example|Approved&gt;"),
        ("&lt;!here&gt;", "&amp;lt;!here&amp;gt;"),
        ("R&D < 3", "R&amp;D &lt; 3"),
        ("\"quotes\" and 'more'", "\"quotes\" and 'more'"),
    ],
)
def test_exactly_three_characters_are_escaped(typed: str, sent: str) -> None:
    assert sent == text.escape_entities(typed)


@given(anything | markup)
def test_unescaping_gives_back_what_was_escaped(words: str) -> None:
    assert words == text.unescape(text.escape_entities(words))


@given(anything | markup)
def test_nothing_escaped_is_alive_in_slack(words: str) -> None:
    escaped = text.escape_entities(words)

    assert not set("<>") & set(escaped)


def test_entities_are_decoded_once() -> None:
    assert text.unescape("&amp;lt;") == "&lt;"
    assert text.unescape("&quot;&#60;") == "&quot;&#60;"


# --- what a customer wrote ---------------------------------------------------------------------------------


@given(anything)
def test_a_cleaned_text_can_be_carried_anywhere(words: str) -> None:
    cleaned = text.sanitize(words)

    cleaned.encode()
    assert not {c for c in cleaned if unicodedata.category(c) == "Cc"} - {"\n", "\t"}
    assert cleaned == text.sanitize(cleaned)


@given(
    st.text(st.characters(exclude_categories=["Cc", "Cs"]) | st.sampled_from("\n\t\u200f\u202e\u200b\ufeff"))
)
def test_cleaning_leaves_every_good_character_alone(words: str) -> None:
    assert words == text.sanitize(words)


@pytest.mark.parametrize(
    ("words", "cleaned"),
    [
        ("a\r\nb", "a\nb"),
        ("a\x00b\x1b", "a\ufffdb\ufffd"),
        ("\ud83d!", "\ufffd!"),
        ("\udc4d\ud83d", "\ufffd\ufffd"),
        ("\ud83d\udc4d", "👍"),
    ],
)
def test_what_cannot_be_carried_is_marked(words: str, cleaned: str) -> None:
    assert cleaned == text.sanitize(words)


@given(anything)
def test_a_name_stays_on_its_line_and_cannot_turn_it_around(name: str) -> None:
    isolated = text.isolate_name(name)
    inside = isolated[1:-1]

    assert (isolated[0], isolated[-1]) == ("\u2068", "\u2069")
    assert not regex.search(r"[\u202a-\u202e\u2066-\u2069]", inside)
    assert len(isolated.splitlines()) == 1
    assert 0 < len(regex.findall(r"\X", inside)) <= text.NAME_MAX_GRAPHEMES
    assert len(inside) <= text.NAME_MAX_CHARS
    assert isolated == text.isolate_name(isolated)


@pytest.mark.parametrize(
    "name", ["", "  ", "\n", "\u200b\u2060", "\u3164", "\u2800", "\u202e", "\ufe0f", "\U000e0041"]
)
def test_a_name_that_shows_nothing_is_said_to_be_none(name: str) -> None:
    assert text.isolate_name(name) == "\u2068(no name)\u2069"


@pytest.mark.parametrize(
    ("name", "inside"),
    [
        ("🎉🎉", "🎉🎉"),
        ("👩🏽‍🚀 Ana", "👩🏽‍🚀 Ana"),
        (" Ana\n\tNowak ", "Ana Nowak"),
        ("\u202eanA\u2066", "anA"),
        ("שלום\u200f", "שלום\u200f"),
        ("👨‍👩‍👧‍👦" * 60, "👨‍👩‍👧‍👦" * 49 + "…"),
    ],
)
def test_a_name_is_kept_as_its_owner_chose_it(name: str, inside: str) -> None:
    assert text.isolate_name(name) == f"\u2068{inside}\u2069"


# --- fitting -----------------------------------------------------------------------------------------------


def escaped_length(words: str) -> int:
    return len(text.escape_entities(words))


def utf8_length(words: str) -> int:
    return len(words.encode("utf-8", "surrogatepass"))


measures = st.sampled_from([len, escaped_length, utf8_length])


@given(anything | markup | joiners, st.integers(0, 60), measures, st.sampled_from(["…", "", " (more on X)"]))
def test_a_fitted_text_is_whole_graphemes_within_its_limit(
    words: str, limit: int, measure: Any, tail: str
) -> None:
    fitted = text.truncate(words, limit, measure=measure, tail=tail)

    assert measure(fitted) <= limit
    assert fitted == text.truncate(fitted, limit, measure=measure, tail=tail)
    if measure(words) <= limit:
        assert fitted == words
    else:
        tail = tail if measure(tail) <= limit else ""
        assert fitted.endswith(tail)
        graphemes = regex.findall(r"\X", words[:400])
        kept = fitted.removesuffix(tail)
        starts = ["".join(graphemes[:n]) for n in range(len(graphemes) + 1)]
        assert kept in starts
        assert measure(starts[starts.index(kept) + 1] + tail) > limit, "one more would have fitted"


@given(markup, st.integers(0, 30))
def test_fitting_before_escaping_never_cuts_an_entity(words: str, limit: int) -> None:
    sent = text.escape_entities(text.truncate(words, limit, measure=escaped_length, tail=""))

    assert len(sent) <= limit
    assert words.startswith(text.unescape(sent))


@given(joiners)
def test_flags_are_paired_as_unicode_pairs_them(words: str) -> None:
    assert regex.findall(r"\X", words) == text._GRAPHEME.findall(words)


@pytest.mark.parametrize(
    ("words", "limit", "fitted"),
    [
        ("hello", 5, "hello"),
        ("hello", 4, "hel…"),
        ("hello", 1, "…"),
        ("hello", 0, ""),
        ("ab👍🏽", 4, "ab👍🏽"),
        ("ab👍🏽c", 4, "ab…"),
        ("🇵🇱🇵🇱", 3, "🇵🇱…"),
        ("", 0, ""),
    ],
)
def test_a_cut_falls_between_what_people_see_as_letters(words: str, limit: int, fitted: str) -> None:
    assert fitted == text.truncate(words, limit)


@pytest.mark.parametrize("words", [words for words in HOSTILE if len(words) > 20_000])
def test_fitting_a_very_long_text_measures_it_only_a_few_times(words: str) -> None:
    measured: list[int] = []

    def measure(part: str) -> int:
        measured.append(len(part))
        return len(part)

    assert len(text.truncate(words, 3_000, measure=measure)) <= 3_000
    assert sum(measured) <= 20 * len(words)


# --- blocks ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [words for words in HOSTILE if words.strip("\u200b\u2060")])
def test_a_quote_shows_the_customers_words_and_nothing_else(words: str) -> None:
    block = text.quote_block(words, 3_000)

    assert shown(block) == {"type": "text", "text": text.truncate(text.sanitize(words), 3_000)}
    assert block["elements"][0]["type"] == "rich_text_quote"
    json.dumps(block, ensure_ascii=False).encode()


@pytest.mark.parametrize("words", ["", " \n", "\u200b\u2060", "\u3164", "\ufe0f"])
def test_a_quote_of_nothing_visible_says_so(words: str) -> None:
    assert shown(text.quote_block(words, 3_000)) == {
        "type": "text",
        "text": "(no text)",
        "style": {"italic": True},
    }


@given(anything)
def test_a_literal_carries_what_was_written(words: str) -> None:
    assert text.text_element(words) == {"type": "text", "text": text.sanitize(words)}


def test_a_line_takes_elements_and_bare_words() -> None:
    bold = text.text_element("Ana", "bold")

    assert text.line_block(bold, " <!here>") == {
        "type": "rich_text",
        "elements": [
            {
                "type": "rich_text_section",
                "elements": [
                    {"type": "text", "text": "Ana", "style": {"bold": True}},
                    {"type": "text", "text": " <!here>"},
                ],
            }
        ],
    }


@pytest.mark.parametrize(
    "url",
    ["https://x.com/ana/status/1", "http://acme.example:8080/?a=1&b=2", "https://mastodon.example/@ana"],
)
def test_a_web_address_becomes_a_link(url: str) -> None:
    assert text.link_element(url, "the post") == {"type": "link", "url": url, "text": "the post"}


@pytest.mark.parametrize(
    "url",
    [
        "",
        "javascript:alert(1)",
        "slack://open",
        "https://",
        "https:///path",
        "//acme.example",
        "https://bank.example@evil.example",
        "https://acme.example:port/",
        "https://[::1",
        "https://acme.example/a b",
        "https://acme.example/>|<!here>",
        "https://acme.example/\u202egpj.exe",
        "https://acme.example/\n",
        "https://acme.example/" + "a" * 3_000,
    ],
)
def test_what_is_no_plain_web_address_is_only_text(url: str) -> None:
    assert text.link_element(url, "Approved") == {"type": "text", "text": "Approved"}


# --- moments -----------------------------------------------------------------------------------------------

NOON = datetime(2026, 11, 21, 12, 0, 30, 900_000, tzinfo=UTC)


def test_a_moment_is_told_by_slack_in_the_readers_zone() -> None:
    assert text.date_token(NOON) == "<!date^1795262430^{date_short_pretty} at {time}|2026-11-21 12:00 UTC>"
    assert text.date_element(NOON, "{ago}", "at noon") == {
        "type": "date",
        "timestamp": 1_795_262_430,
        "format": "{ago}",
        "fallback": "at noon",
    }


def test_a_moment_is_the_same_from_any_zone() -> None:
    assert text.date_token(NOON.astimezone(timezone(timedelta(hours=9)))) == text.date_token(NOON)


def test_a_fallback_cannot_leave_its_token() -> None:
    assert text.date_token(NOON, "{time}", "<!here> & co").endswith("|&lt;!here&gt; &amp; co>")


@pytest.mark.parametrize("show", [text.date_element, text.date_token])
def test_a_moment_without_a_zone_is_refused(show: Any) -> None:
    with pytest.raises(ValueError, match="zone"):
        show(datetime(2026, 11, 21, 12, 0))  # noqa: DTZ001 the very thing to refuse
