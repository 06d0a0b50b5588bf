"""The modal in which a track of a feed is added or edited: a site or an address, words, how often. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from bot.networks.feed_reader import FeedPreset
from bot.slack.blocks.elements import Block, button, context_block, format_duration, plain_text
from bot.slack.blocks.text import line_block, mrkdwn_literal, text_element, truncate
from bot.slack.blocks.tracks.modal import INPUT_MAX_CHARS, TRY_LABEL, channel_input
from bot.slack.blocks.tracks.values import FeedModalValue
from bot.slack.typed_text import for_input

FEED_CALLBACK_ID, TRY_FEED_ACTION_ID, SITE_ACTION_ID = "feed_track", "try_feed", "feed_site"
SITE_BLOCK, ADDRESS_BLOCK, CHOICE_BLOCK, WORDS_BLOCK = "site", "address", "choice", "words"
INTERVAL_BLOCK = "interval"
ANY_ADDRESS = "address"  # the value of the option for an address that is typed
USUAL_INTERVAL = "usual"
INTERVALS = (60, 300, 900, 3_600, 21_600, 86_400)  # seconds
OPTION_MAX_CHARS = 75
ADDRESS_HINT = (
    "The address of a feed, or of a page such as a forum or a blog: Heard finds the feed behind it. Parts "
    "of the address that may be secret are not shown to others."
)
WORDS_HINT = (
    "Leave it empty to see every entry. Words side by side must all be in an entry; fern or farn finds "
    'either one, "slow checkout" these words in a row, -free leaves out entries with that word.'
)


@dataclass(frozen=True, slots=True)
class FeedForm:
    """What the inputs hold, as people type it.

    `site` is a preset's name or `ANY_ADDRESS`; `typed` the address, or what the preset asks for; `choice` is
    the number of one of several feeds that were found. `interval` is in seconds, None: the usual one.
    """

    site: str = ANY_ADDRESS
    typed: str = ""
    choice: int = 0
    words: str = ""
    interval: int | None = None
    channel: str | None = None


@dataclass(frozen=True, slots=True)
class FeedModalParts:
    """What the modal shows besides what people type.

    `choices` are the feeds that were found behind the address, as labels, where there are several. `name` is
    the feed of a track that is edited, and its address for people.
    """

    presets: Sequence[FeedPreset] = ()
    usual_interval: timedelta = timedelta()
    choices: Sequence[str] = ()
    name: tuple[str, str] = ("", "")
    trial: Sequence[Block] = ()
    is_trying: bool = False


def build_feed_modal(carried: FeedModalValue, form: FeedForm, parts: FeedModalParts) -> dict[str, Any]:
    """The modal; it is redrawn with the same inputs, so that nothing that was typed is lost."""
    is_new = carried.track is None
    top = _what_is_new(form, parts) if is_new else _what_is_edited(parts)
    return {
        "type": "modal",
        "callback_id": FEED_CALLBACK_ID,
        "private_metadata": carried.pack(),
        "title": plain_text("Listen to a feed" if is_new else "Edit track"),
        "submit": plain_text("Add" if is_new else "Save"),
        "close": plain_text("Cancel"),
        "blocks": [
            *top,
            _text_input(WORDS_BLOCK, "Words", form.words, WORDS_HINT, "every entry") | {"optional": True},
            _interval_select(form.interval, parts.usual_interval),
            channel_input(form.channel),
            *([_try_button(parts)] if is_new else []),
            *parts.trial,
        ],
    }


def first_input(view: dict[str, Any]) -> str:
    """The block_id of the first input of that modal, at which a refusal of the whole stands."""
    return next(str(block["block_id"]) for block in view["blocks"] if block["type"] == "input")


def _what_is_new(form: FeedForm, parts: FeedModalParts) -> list[Block]:
    preset = next((one for one in parts.presets if one.name == form.site), None)
    hint = ADDRESS_HINT if preset is None else preset.hint
    label = "Address" if preset is None else truncate(preset.title, OPTION_MAX_CHARS)
    example = "https://forum.example.com" if preset is None else ""
    blocks = [_site_select(preset, parts.presets)] if parts.presets else []
    blocks.append(_text_input(ADDRESS_BLOCK, label, form.typed, hint, example))
    if len(parts.choices) > 1:
        blocks.append(_choice_select(form.choice, parts.choices))
    return blocks


def _what_is_edited(parts: FeedModalParts) -> list[Block]:
    title, address = parts.name
    about = "The address of a track stays. To listen to another feed, add a new track."
    return [
        line_block(text_element(title or address, "bold")),
        context_block(f"{mrkdwn_literal(address)}  ·  {about}"),
    ]


def _site_select(preset: FeedPreset | None, presets: Sequence[FeedPreset]) -> Block:
    """A menu that redraws the modal, so that the field below says what to type.

    https://docs.slack.dev/reference/block-kit/blocks/actions-block
    """
    options = [_option("Any site or feed, by its address", ANY_ADDRESS)]
    options += [_option(one.title, one.name) for one in presets]
    chosen = ANY_ADDRESS if preset is None else preset.name
    return {
        "type": "actions",
        "block_id": SITE_BLOCK,
        "elements": [
            {
                "type": "static_select",
                "action_id": SITE_ACTION_ID,
                "placeholder": plain_text("Choose a site"),
                "options": options,
                "initial_option": next(one for one in options if one["value"] == chosen),
            }
        ],
    }


def _choice_select(chosen: int, choices: Sequence[str]) -> Block:
    options = [_option(label, str(number)) for number, label in enumerate(choices)]
    return {
        "type": "input",
        "block_id": CHOICE_BLOCK,
        "label": plain_text("Which of its feeds"),
        "element": {
            "type": "static_select",
            "action_id": "value",
            "options": options,
            "initial_option": options[chosen if chosen < len(options) else 0],
        },
    }


def _interval_select(seconds: int | None, usual: timedelta) -> Block:
    options = [_option(f"Usual: every {format_duration(usual)}", USUAL_INTERVAL)]
    listed = sorted({*INTERVALS, *([seconds] if seconds else [])})
    options += [_option(f"Every {_length(one)}", str(one)) for one in listed]
    chosen = USUAL_INTERVAL if seconds is None else str(seconds)
    return {
        "type": "input",
        "block_id": INTERVAL_BLOCK,
        "label": plain_text("Read it"),
        "hint": plain_text("Never more often than its publisher allows."),
        "element": {
            "type": "static_select",
            "action_id": "value",
            "options": options,
            "initial_option": next(one for one in options if one["value"] == chosen),
        },
    }


def _length(seconds: int) -> str:
    return format_duration(timedelta(seconds=seconds)).replace(" 00 min", "").replace(" 0 h", "")


def _text_input(block_id: str, label: str, value: str, hint: str, placeholder: str) -> Block:
    element: dict[str, Any] = {
        "type": "plain_text_input",
        "action_id": "value",
        "max_length": INPUT_MAX_CHARS,
    }
    if placeholder:
        element["placeholder"] = plain_text(placeholder)
    if value:
        element["initial_value"] = for_input(value)[:INPUT_MAX_CHARS]
    return {
        "type": "input",
        "block_id": block_id,
        "label": plain_text(label),
        "hint": plain_text(hint),
        "element": element,
    }


def _option(label: str, value: str) -> dict[str, Any]:
    return {"text": plain_text(truncate(label, OPTION_MAX_CHARS)), "value": value}


def _try_button(parts: FeedModalParts) -> Block:
    if parts.is_trying:
        return context_block(":hourglass_flowing_sand: Looking …")
    return {"type": "actions", "block_id": "try", "elements": [button(TRY_LABEL, TRY_FEED_ACTION_ID)]}
