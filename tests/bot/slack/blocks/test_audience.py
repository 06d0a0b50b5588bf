"""The composer and the preview say in plain words whom a reply reaches, and what goes out besides the words."""

from typing import Any

import pytest

from bot.slack.blocks.replies.audience import Audience, warning_mark
from bot.slack.blocks.replies.composer import ComposerContent, build_composer_modal
from bot.slack.blocks.replies.preview import build_preview
from bot.slack.blocks.values import Origin, PreviewValue
from sandbox.slack.block_kit.validator import check_message, check_view

ORIGIN = Origin(7, 1, "1990", "k", "mastodon")
EVERYBODY = "Public on Mastodon: from @acme to @maria."
COMPOSER = {
    "public": f"{EVERYBODY} Everyone on Mastodon will see it.",
    "unlisted": f"{EVERYBODY} Everyone can see it, but Mastodon keeps it out of public lists and searches, like "
    "their post.",
    "followers": "Not public on Mastodon: from @acme to @maria. Only @acme's followers and @maria will see it.",
    "direct": "Not public on Mastodon: from @acme to @maria. Only @maria will see it.",
}
PREVIEW = {
    "public": "This would be public on Mastodon, from @acme to @maria:",
    "unlisted": "This would be public on Mastodon, but kept out of public lists and searches, from @acme to "
    "@maria:",
    "followers": "Not public: only @acme's followers and @maria would see this on Mastodon:",
    "direct": "Not public: only @maria would see this on Mastodon, from @acme:",
}


def audience(**more: Any) -> Audience:
    return Audience("Mastodon", "acme", "maria", **more)


def modal(shown: Audience, **more: Any) -> dict[str, Any]:
    asked = ComposerContent(shown, "psst", 500, **more)
    built = build_composer_modal(ORIGIN, asked)
    assert check_view(built) == []
    return built


def preview(shown: Audience, **more: Any) -> list[dict[str, Any]]:
    given = {"length": 9, "max_length": 500, "problem": None} | more
    blocks = build_preview(draft_id=3, ticket_id=7, text="On Monday", audience=shown, **given)
    assert check_message(blocks) == []
    return blocks


def text_of(blocks: list[dict[str, Any]]) -> str:
    return "\n".join(
        element["text"].replace("*", "") if isinstance(element.get("text"), str) else ""
        for block in blocks
        for element in [block.get("text") or {}, *(block.get("elements") or [])]
        if isinstance(element, dict)
    )


def buttons(blocks: list[dict[str, Any]]) -> list[str]:
    return [one["text"]["text"] for one in blocks[-1]["elements"]]


@pytest.mark.parametrize("visibility", COMPOSER)
def test_the_composer_says_whom_a_reply_reaches(visibility: str) -> None:
    built = modal(audience(visibility=visibility))

    assert COMPOSER[visibility] in text_of(built["blocks"])
    is_public = visibility in {"public", "unlisted"}
    assert built["submit"]["text"] == ("Send publicly" if is_public else "Send")


@pytest.mark.parametrize("visibility", PREVIEW)
def test_a_preview_says_whom_a_reply_would_reach(visibility: str) -> None:
    blocks = preview(audience(visibility=visibility))

    assert PREVIEW[visibility] in text_of(blocks)
    is_public = visibility in {"public", "unlisted"}
    assert buttons(blocks) == ["Send publicly" if is_public else "Send", "Edit", "Keep private"]


def test_nothing_that_is_not_public_is_called_public() -> None:
    for visibility in ("followers", "direct"):
        for blocks in (
            modal(audience(visibility=visibility))["blocks"],
            preview(audience(visibility=visibility)),
        ):
            assert "Send publicly" not in text_of(blocks)
            assert "Everyone" not in text_of(blocks)


def test_what_heard_adds_is_shown_and_counted() -> None:
    shown = audience(prefix="@maria@remote.example ", content_warning="The *butler*")
    built = modal(shown, added_length=35)

    assert "Starts with @maria@remote.example, added by Heard." in text_of(built["blocks"])
    plain = [one["text"] for block in built["blocks"] for one in block.get("elements", []) if "emoji" in one]
    assert "Their post has a content warning, and your reply carries the same: “The *butler*”" in plain
    hint = next(block["hint"]["text"] for block in built["blocks"] if "hint" in block)
    assert hint == "Up to 500 characters as Mastodon counts them, including 35 that Heard adds."
    assert "Starts with @maria@remote.example, added by Heard." in text_of(preview(shown))


def test_what_is_posted_by_hand_is_not_said_to_be_added_by_heard() -> None:
    shown = audience(visibility="direct", prefix="@maria ", content_warning="secret")
    text = text_of(modal(shown, by_hand="They did not call us.")["blocks"])

    assert "added by Heard" not in text
    assert "Their post is not public: show your reply to @maria only." in text
    assert "put it on your reply, too" in text


def test_a_modal_and_a_button_carry_what_stands_in_them() -> None:
    shown = audience(visibility="direct", content_warning="x" * 3000)
    carried = Origin.unpack(modal(shown)["private_metadata"])
    pressed = PreviewValue.unpack(preview(shown)[-1]["elements"][0]["value"])

    mark = warning_mark(shown.content_warning)
    assert (carried.visibility, carried.warning) == ("direct", mark)
    assert (pressed.visibility, pressed.warning) == ("direct", mark)


def test_what_was_shown_by_earlier_versions_was_public() -> None:
    pressed = PreviewValue.unpack('{"t":7,"r":3,"v":"1991"}')
    opened = Origin.unpack('{"ticket":7,"turn":1,"post_id":"1990","key":"k","network":"x"}')

    assert (pressed.visibility, pressed.warning) == ("public", None)
    assert (opened.visibility, opened.warning) == ("public", None)


def test_a_warning_is_told_from_any_other() -> None:
    assert warning_mark(None) is None
    assert len({warning_mark(one) for one in ("", "spoilers", "spoilers ", "Spoilers")}) == 4
