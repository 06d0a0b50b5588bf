"""How Slack reads texts: what people see, and what is live in it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.slack import visible
from sandbox.slack.text.mrkdwn import escape, mrkdwn, plain, styled, unescape


def kinds(text: str, **how) -> list[tuple[str, str]]:
    return [(token.kind, token.target) for token in mrkdwn(text, **how).live]


@pytest.mark.parametrize(
    ("text", "seen", "live"),
    [
        ("hi <@U0ANA>", "hi @U0ANA", [("user", "U0ANA")]),
        ("hi <@U0ANA|ana>", "hi @ana", [("user", "U0ANA")]),
        ("<#C0MENTIONS|mentions>", "#mentions", [("channel", "C0MENTIONS")]),
        ("<!channel> <!here|here>", "@channel here", [("broadcast", "channel"), ("broadcast", "here")]),
        ("<!subteam^S123>", "@S123", [("usergroup", "S123")]),
        ("<!date^1392734382^{date}|on a day>", "on a day", [("date", "1392734382^{date}")]),
        ("<https://evil.test|Approved>", "Approved", [("link", "https://evil.test")]),
        ("<https://a.test?x=1&amp;y=2>", "https://a.test?x=1&y=2", [("link", "https://a.test?x=1&y=2")]),
        ("<mailto:a@b.test|a@b.test>", "a@b.test", [("link", "mailto:a@b.test")]),
        (":fire: :+1::skin-tone-2: at 10:30:45", ":fire: :+1::skin-tone-2: at 10:30:45", [("emoji", "fire"), ("emoji", "+1")]),
        ("*bold* _it_ ~gone~", "bold it gone", [("bold", ""), ("italic", ""), ("strike", "")]),
        ("snake_case_name 2*3*4", "snake_case_name 2*3*4", []),
        ("`<!here> :fire: https://x.test`", "@here :fire: https://x.test", [("broadcast", "here"), ("code", "")]),
        ("&gt; quoted\n&gt;too\nnot", "quoted\ntoo\nnot", [("quote", ""), ("quote", "")]),
        ("<nothing> <> < > & &nbsp;", "<nothing> <> < > & &nbsp;", []),
        ("<<!here>>", "<@here>", [("broadcast", "here")]),
        ("<http://a.test|*b*>", "*b*", [("link", "http://a.test")]),
    ],
)  # fmt: skip
def test_mrkdwn_is_read_as_slack_reads_it(text, seen, live):
    assert mrkdwn(text).text == seen
    assert kinds(text) == live


def test_entities_are_decoded_once_and_never_become_tokens():
    assert mrkdwn("&lt;!channel&gt; &amp;lt;!here&amp;gt;").text == "<!channel> &lt;!here&gt;"
    assert kinds("&lt;!channel&gt; &amp;lt;!here&amp;gt; &lt;https://e.test|x&gt;", verbatim=True) == []


def test_plain_words_become_links_unless_verbatim():
    text = "see https://x.test/a_b, mail a@b.test, ask #general or @here"

    assert kinds(text) == [
        ("link", "https://x.test/a_b"),
        ("link", "mailto:a@b.test"),
        ("channel", "general"),
        ("broadcast", "here"),
    ]
    assert all(token.auto for token in mrkdwn(text).live)
    assert kinds(text, verbatim=True) == []


def test_pieces_can_be_had_with_the_formatting_that_they_wear():
    drawn = [(getattr(piece, "text", piece), set(worn)) for piece, worn in styled("a *b <@U0ANA|ana>* `c`")]

    assert drawn == [("a ", set()), ("b ", {"bold"}), ("@ana", {"bold"}), (" ", set()), ("c", {"code"})]


def test_plain_text_knows_emoji_only():
    text = "<!channel> *b* :fire: &lt;"

    assert plain(text).text == text
    assert [token.target for token in plain(text).live] == ["fire"]
    assert plain(text, emoji=False).live == ()


@given(st.text())
def test_an_escaped_text_mentions_nobody_and_hides_no_link(text):
    live = mrkdwn(escape(text), verbatim=True).live

    assert not [t for t in live if t.kind in {"user", "channel", "broadcast", "usergroup", "link", "date"}]
    assert unescape(escape(text)) == text


@given(st.text(alphabet="ab<>!@#&;|*_~`: \n.htps/", max_size=80))
def test_any_text_can_be_read(text):
    assert isinstance(mrkdwn(text).text, str)
    literal = {"type": "rich_text_quote", "elements": [{"type": "text", "text": text}]}
    seen = visible({"blocks": [{"type": "rich_text", "elements": [literal]}]})
    assert seen.text == text
    assert {token.kind for token in seen.live} == {"quote"}


def test_a_long_hostile_text_can_be_read():
    hostile = ":" + "a" * 25_000 + "*" * 500 + "<" * 500 + "@channel " * 100

    assert len(mrkdwn(hostile).live) == 100


HOSTILE = "<!channel> <@U0ANA> <https://evil.test|Approved> *now* :fire: https://evil.test"


def test_a_message_shows_its_blocks_and_announces_its_text():
    seen = visible(
        {
            "text": "Ana: &lt;!here&gt;",
            "blocks": [
                {"type": "header", "text": {"type": "plain_text", "text": "A mention", "emoji": False}},
                {"type": "section", "text": {"type": "mrkdwn", "text": "*who* <https://x.test|post>"}},
                {"type": "context", "elements": [{"type": "mrkdwn", "text": "by <@U0BEN>"}]},
                {"type": "image", "image_url": "https://x.test/i.png", "alt_text": "a <!here> cat"},
                {
                    "type": "actions",
                    "elements": [
                        {
                            "type": "button",
                            "action_id": "x",
                            "text": {"type": "plain_text", "text": "Reply"},
                            "confirm": {"title": {"type": "plain_text", "text": "Sure?"}},
                        }
                    ],
                },
            ],
        }
    )

    assert seen.text == "A mention\nwho post\nby @U0BEN\na <!here> cat\nReply"
    assert seen.notification == "Ana: <!here>"
    assert [(link.text, link.target, link.where) for link in seen.links] == [
        ("post", "https://x.test", "/blocks/1/text")
    ]
    assert [token.target for token in seen.users] == ["U0BEN"]
    assert [token.text for token in seen.formatting] == ["who"]
    assert seen.broadcasts == []


def test_hostile_words_are_harmless_where_they_are_literal():
    quote = {"type": "rich_text_quote", "elements": [{"type": "text", "text": HOSTILE}]}
    seen = visible(
        {
            "text": escape(HOSTILE),
            "blocks": [
                {"type": "rich_text", "elements": [quote]},
                {"type": "context", "elements": [{"type": "plain_text", "text": HOSTILE, "emoji": False}]},
            ],
        }
    )

    assert seen.text == f"{HOSTILE}\n{HOSTILE}"
    assert seen.broadcasts == seen.users == []
    assert {token.where for token in seen.links} == {token.where for token in seen.emoji} == {"/text"}
    assert all(link.auto and link.text == link.target for link in seen.links)


def test_hostile_words_are_found_out_where_they_are_not():
    seen = visible({"text": HOSTILE, "blocks": []})

    assert [token.target for token in seen.broadcasts] == ["channel"]
    assert ("Approved", "https://evil.test") in [(link.text, link.target) for link in seen.links]
    assert [token.target for token in seen.emoji] == ["fire"]


def test_a_markdown_block_parses_tokens_too():
    text = "<!here> [Approved](https://evil.test) **b**"
    seen = visible({"blocks": [{"type": "markdown", "text": text}]})

    assert seen.text == "@here Approved b"
    assert len(seen.broadcasts) == len(seen.links) == 1


def test_what_a_click_unfolds_is_not_seen_but_counts():
    choice = {"text": {"type": "mrkdwn", "text": "<!here>"}, "value": "1"}
    radio = {"type": "radio_buttons", "action_id": "r", "options": [choice]}
    seen = visible({"blocks": [{"type": "actions", "elements": [radio]}]})

    assert seen.text == ""
    assert len(seen.broadcasts) == 1
