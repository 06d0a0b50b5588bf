"""What was typed, out of the rich_text that comes with a message: there Slack says what is what."""

from typing import Any

import pytest

from bot.slack.typed_text import read_message


def section(*elements: dict[str, Any], kind: str = "rich_text_section", **more: Any) -> dict[str, Any]:
    return {"type": kind, "elements": list(elements), **more}


def text(words: str, *styles: str) -> dict[str, Any]:
    return {"type": "text", "text": words} | ({"style": dict.fromkeys(styles, True)} if styles else {})


def read(*parts: dict[str, Any], sent: str = "", **more: Any) -> Any:
    return read_message({"text": sent, "blocks": [{"type": "rich_text", "elements": list(parts)}], **more})


@pytest.mark.parametrize(
    ("element", "seen"),
    [
        ({"type": "emoji", "name": "tada", "unicode": "1f389"}, "🎉"),
        ({"type": "emoji", "name": "wave", "unicode": "1f44b-1f3fc", "skin_tone": 3}, "👋🏼"),
        (
            {"type": "emoji", "name": "brand_new", "unicode": "1fae9"},
            "\U0001fae9",
        ),  # a name that we do not know
        ({"type": "emoji", "name": "egg", "unicode": "1f373"}, "🍳"),  # what was seen counts, not the name
        ({"type": "emoji", "name": "wave", "skin_tone": 3}, "👋🏼"),
        ({"type": "emoji", "name": "wave::skin-tone-3"}, "👋🏼"),
        ({"type": "emoji", "name": "tada", "unicode": "none"}, "🎉"),
        (
            {"type": "link", "url": "https://e.example/help", "text": "our help page"},
            "our help page (https://e.example/help)",
        ),
        ({"type": "link", "url": "https://e.example/help"}, "https://e.example/help"),
        ({"type": "link", "url": "http://e.example", "text": "e.example"}, "e.example"),
        ({"type": "link", "url": "tel:+351912345678", "text": "+351 912 345 678"}, "+351 912 345 678"),
        ({"type": "link", "url": "mailto:a@b.example", "text": "a@b.example"}, "a@b.example"),
        ({"type": "broadcast", "range": "here"}, "@here"),
        ({"type": "date", "timestamp": 1, "format": "{date}", "fallback": "1 Jan"}, "1 Jan"),
        ({"type": "color", "value": "#aabbcc"}, "#aabbcc"),
        (text("*stars* _that_ `were` typed :tada: &lt;", "bold"), "*stars* _that_ `were` typed :tada: &lt;"),
        (text("copied\u00a0text"), "copied text"),
    ],
)
def test_each_element_reads_as_it_was_seen(element: dict[str, Any], seen: str) -> None:
    typed = read(section(element), sent="*something else* :wave:")

    assert (typed.text, typed.names) == (seen, ())


@pytest.mark.parametrize(
    ("element", "name"),
    [
        ({"type": "emoji", "name": "team-logo"}, ":team-logo:"),
        ({"type": "user", "user_id": "U1"}, "<@U1>"),
        ({"type": "usergroup", "usergroup_id": "S1"}, "<!subteam^S1>"),
        ({"type": "channel", "channel_id": "C2"}, "<#C2>"),
        ({"type": "canvas", "canvas_id": "F1"}, "<canvas>"),
    ],
)
def test_what_only_slack_understands_is_named(element: dict[str, Any], name: str) -> None:
    typed = read(section(text("see "), element), sent="<#C1|general> <#C2|>")

    assert typed.names == (name,)
    assert typed.tokens[0].start == 4


def test_a_channel_reads_by_its_name_where_the_text_has_it() -> None:
    typed = read(section({"type": "channel", "channel_id": "C1"}), sent="<#C1|general>")

    assert (typed.text, typed.names) == ("#general", ())


def test_lists_quotes_and_code_keep_their_lines() -> None:
    typed = read(
        section(text("First:")),
        section(
            section(text("one", "bold")),
            section(text("two")),
            kind="rich_text_list",
            style="bullet",
            indent=0,
        ),
        section(section(text("deeper")), kind="rich_text_list", style="bullet", indent=1),
        section(section(text("third")), kind="rich_text_list", style="ordered", indent=0, offset=2),
        section(text("said\nshe"), kind="rich_text_quote"),
        section(text("x = *y*\n"), kind="rich_text_preformatted"),
        section(text("done")),
    )

    assert typed.text == "First:\n• one\n• two\n  ◦ deeper\n3. third\n> said\n> she\nx = *y*\ndone"


def test_what_came_with_the_words_is_named() -> None:
    typed = read(
        section(text("look")),
        files=[
            {"id": "F1", "name": "menu.png"},
            {"id": "F2", "file_access": "check_file_info"},
            {"id": "F3", "mode": "tombstone"},
        ],
        attachments=[{"is_share": True, "text": "hi"}, {"from_url": "https://e.example"}],
    )

    assert typed.left_out == ("menu.png", "a file", "a forwarded message")


def test_a_part_of_what_was_typed_keeps_its_names() -> None:
    typed = read(
        section(
            {"type": "user", "user_id": "U0BOT"}, text(" reply hi "), {"type": "emoji", "name": "team-logo"}
        )
    )

    rest = typed.after(len("<@U0BOT> reply")).strip()

    assert typed.person_in_front is not None
    assert (rest.text, rest.names, rest.tokens[0].start) == ("hi :team-logo:", (":team-logo:",), 3)
    assert rest.person_in_front is None
