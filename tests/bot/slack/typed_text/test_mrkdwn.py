"""What was typed, out of a text alone: an input's value, a command, a message without blocks."""

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.typed_text import find_slack_tokens, read_message, read_slack_text
from models.core.mrkdwn import escape_entities
from tests.bot.slack.blocks.test_text import anything, markup


@pytest.mark.parametrize(
    ("sent", "seen"),
    [
        ("hello:tada:", "hello🎉"),
        ("hello:tada:world", "hello🎉world"),
        (":wave::skin-tone-3: :+1::tada:", "👋🏼 👍🎉"),
        (":handshake::skin-tone-2-4: :handshake::skin-tone-2::skin-tone-4:", "🫱🏻‍🫲🏽 🫱🏻‍🫲🏽"),
        ("5:00:wave:", "5:00👋"),
        ("10:30:45", "10:30:45"),
        ("std::vector::x", "std::vector::x"),
        ("a::b::c", "a::b::c"),
        ("plan :b: is :100:", "plan 🅱️ is 💯"),
        ("(:100:)", "(💯)"),
        (":tada::b::tada:", "🎉🅱️🎉"),
        ("a:b:c 10:100:5 x:100: :100:x", "a:b:c 10:100:5 x:100: :100:x"),
        ("Re: FAQ: see below :)", "Re: FAQ: see below :)"),
        ("key:value:pair", "key:value:pair"),
        ("https://e.example/a:key:b", "https://e.example/a:key:b"),
        ("https://e.example/sale:tada: go", "https://e.example/sale🎉 go"),
        ("<https://e.example/a:key:b>", "https://e.example/a:key:b"),
        ("see <https://e.example|our :tada: page>", "see our 🎉 page (https://e.example)"),
        ("*not* _marks_ `here` ~at~ all", "*not* _marks_ `here` ~at~ all"),
        ("Heard\u00a0is\u00a0here", "Heard is here"),
        ("&lt;:tada:&gt; &amp;tada;", "<🎉> &tada;"),
    ],
)
def test_an_input_is_read_as_its_typist_saw_it(sent: str, seen: str) -> None:
    typed = read_slack_text(sent)

    assert typed.text == seen
    assert typed.names == ()


@pytest.mark.parametrize(
    ("sent", "names"),
    [
        (":team-logo:", (":team-logo:",)),
        ("Thanks :team-logo: for :tada:", (":team-logo:",)),
        (":tada::team-logo::other_logo:", (":team-logo:", ":other_logo:")),
        ("🎉:team-logo:🎉", (":team-logo:",)),
        ("a\n:ありがとう:\nb", (":ありがとう:",)),
        (":team-logo: :team-logo:", (":team-logo:",)),
        ("ask <@U1|ana> :team-logo:", ("<@U1>", ":team-logo:")),
    ],
)
def test_a_custom_emoji_is_named(sent: str, names: tuple[str, ...]) -> None:
    typed = read_slack_text(sent)

    assert typed.names == names
    assert find_slack_tokens(typed.text) == names or "<@U1|ana>" in typed.text


@pytest.mark.parametrize(
    "sent", [":12:", "x:team-logo:", ":team-logo:x", "std::team::logo", "::team-logo::", ": a :"]
)
def test_what_does_not_stand_where_an_emoji_would_is_text(sent: str) -> None:
    assert read_slack_text(sent).text == sent
    assert read_slack_text(sent).names == ()


@pytest.mark.parametrize(
    ("sent", "seen"),
    [
        ("*bold* _it_ ~no~ `code`", "bold it no code"),
        ("*_both_* at once", "both at once"),
        ("*see <https://e.example|this>!*", "see this (https://e.example)!"),
        ("(*bold*), “_it_”.", "(bold), “it”."),
        ("2*3*4", "2*3*4"),
        ("snake_case_name and __init__", "snake_case_name and __init__"),
        ("f(*args, **kwargs)", "f(*args, **kwargs)"),
        ("* a * b *", "* a * b *"),
        ("@_acme_ and <https://e.example/_a_>", "@_acme_ and https://e.example/_a_"),
        ("`:tada: *x* &amp;`", ":tada: *x* &"),
        ("```:tada:\n*x*``` :tada:", ":tada:\n*x* 🎉"),
    ],
)
def test_a_message_without_blocks_loses_only_marks_that_slack_shows_as_formatting(
    sent: str, seen: str
) -> None:
    assert read_message({"text": sent}).text == seen


@given(anything | markup)
def test_what_was_escaped_is_read_as_it_was(words: str) -> None:
    typed = read_slack_text(escape_entities(words.replace(":", "")))

    assert typed.names == ()
    assert typed.text == "".join(
        sign
        for sign in words.encode("utf-16", "surrogatepass")
        .decode("utf-16", "ignore")
        .replace(":", "")
        .replace("\u00a0", " ")
        if not regex.match(r"[^\P{Cc}\n\t]", sign)
    )


@given(markup | st.text(st.sampled_from(list(":abt_*`~<>|&; \n1")), max_size=60))
def test_anything_is_read_without_an_error(sent: str) -> None:
    for typed in (read_slack_text(sent), read_message({"text": sent})):
        for token in typed.tokens:
            assert typed.text.startswith(token.text, token.start)


# --- names and addresses ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "typed"),
    [
        ("Thanks, a &lt; b &amp;&amp; c &gt; d", "Thanks, a < b && c > d"),
        ("see <http://acme.example|acme.example>", "see acme.example"),
        ("see <https://acme.example/|https://acme.example>", "see https://acme.example"),
        ("see <https://acme.example/help>", "see https://acme.example/help"),
        ("see <https://acme.example/?a=1&amp;b=2>", "see https://acme.example/?a=1&b=2"),
        ("see <https://acme.example/help|our help>", "see our help (https://acme.example/help)"),
        ("see <https://evil.example|acme.example>", "see acme.example (https://evil.example)"),
        ("see <https://acme.example/a%20b|acme.example/a b>", "see acme.example/a b"),
        ("write to <mailto:help@acme.example|help@acme.example>", "write to help@acme.example"),
        ("write to <mailto:help@acme.example|our bar>", "write to our bar (help@acme.example)"),
        ("write to <mailto:help@acme.example>", "write to help@acme.example"),
        ("call <tel:+351912345678|+351 912 345 678>", "call +351 912 345 678"),
        ("call <tel:+351912345678|us>", "call us (+351912345678)"),
        ("call <tel:+48123>", "call +48123"),
        ("in <#C0123456|general>", "in #general"),
        ("<!here> <!channel> <!everyone|everyone>", "@here @channel @everyone"),
        (
            "until <!date^1392734382^{date} at {time}^https://x.example|Feb 18, 6:39 AM>",
            "until Feb 18, 6:39 AM",
        ),
        ("hello <@U1> and <@W2|ana>", "hello <@U1> and <@W2|ana>"),
        ("<!subteam^S1|@care>", "<!subteam^S1|@care>"),
        ("in <#C1|>", "in <#C1|>"),
        ("I <3 you > all", "I <3 you > all"),
        ("<!new-thing>", "<!new-thing>"),
        ("typed: &lt;@U1&gt;", "typed: <@U1>"),
        ("", ""),
    ],
)
def test_what_was_typed_in_slack_is_read_as_it_was_seen(sent: str, typed: str) -> None:
    assert typed == read_slack_text(sent).text


def test_names_that_mean_nothing_outside_slack_are_found_once_each() -> None:
    sent = (
        "<@U1> and <@U1|ana>, <!subteam^S1|@care>, <#C1> <#C2|> but not <#C3|general>, <!here> or &lt;@U9&gt;"
    )

    assert read_slack_text(sent).names == ("<@U1>", "<!subteam^S1>", "<#C1>", "<#C2>")


def test_what_was_kept_with_a_name_of_slacks_still_cannot_go_out() -> None:
    kept = "ask <@U1|ana>, <!subteam^S1|@care> or :team-logo: on <#C1|> :tada: 10:30"

    assert find_slack_tokens(kept) == ("<@U1>", "<!subteam^S1>", "<#C1>", ":team-logo:")
