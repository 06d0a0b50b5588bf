"""The modal in which a track is added or edited. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.slack.blocks.elements import Block, button, context_block, plain_text
from bot.slack.blocks.text import line_block, mrkdwn_literal, text_element
from bot.slack.blocks.tracks.values import TrackModalValue
from bot.slack.typed_text import for_input

TRACK_CALLBACK_ID, TRY_ACTION_ID, FEED_ACTION_ID = "track", "try_track", "to_feed_track"
# Never another one while the modal is open: Slack keeps what is typed by block_id and action_id.
# https://docs.slack.dev/reference/methods/views.update
QUERY_BLOCK, NETWORK_BLOCK, LANGUAGES_BLOCK = "query", "network", "languages"
EXCLUDED_BLOCK, CHANNEL_BLOCK = "excluded", "channel"
TRY_LABEL = "Try it"
INPUT_MAX_CHARS = 3_000  # what Slack lets people type; more than a track may have, so that Heard says so
QUERY_HINT = (
    "Words side by side must all be in a post; fern or farn finds either one. "
    '"slow checkout" finds these words in a row, -free leaves out posts with that word, '
    "#tag finds a hashtag, @handle finds posts that mention someone."
)


@dataclass(frozen=True, slots=True)
class TrackForm:
    """What the inputs hold, as people type it. `network` is the network's name, `channel` a Slack channel."""

    query: str = ""
    network: str = ""
    languages: str = ""
    excluded: str = ""
    channel: str | None = None


@dataclass(frozen=True, slots=True)
class TrackModalParts:
    """What the modal shows besides what people type.

    `networks` are those to choose from, as name and title. `mentions_of` is an account's handle, if it is the
    track of its mentions, of which only the channel can be changed. `trial` are the blocks of *Try it*.
    """

    networks: Sequence[tuple[str, str]] = ()
    mentions_of: str | None = None
    trial: Sequence[Block] = ()
    is_trying: bool = False
    hint: str | None = None  # an example in the field for the words
    has_feeds: bool = False  # whether there is a modal for feeds, too


def build_track_modal(carried: TrackModalValue, form: TrackForm, parts: TrackModalParts) -> dict[str, Any]:
    """The modal; it is redrawn with the same inputs, so that nothing that was typed is lost."""
    is_new = carried.track is None
    blocks: list[Block]
    if parts.mentions_of is not None:
        about = context_block(
            f"Mentions of *{mrkdwn_literal(parts.mentions_of)}* are always read. You can choose where their "
            "cards appear."
        )
        blocks = [about, channel_input(form.channel)]
    else:
        other = [_feed_button()] if is_new and parts.has_feeds else []
        blocks = [*other, *_inputs(form, parts, is_new=is_new), _try_button(parts), *parts.trial]
    return {
        "type": "modal",
        "callback_id": TRACK_CALLBACK_ID,
        "private_metadata": carried.pack(),
        "title": plain_text("Add a track" if is_new else "Edit track"),
        "submit": plain_text("Add" if is_new else "Save"),
        "close": plain_text("Cancel"),
        "blocks": blocks,
    }


def first_input(view: dict[str, Any]) -> str:
    """The block_id of the first input of that modal, at which a refusal of the whole stands."""
    return next(str(block["block_id"]) for block in view["blocks"] if block["type"] == "input")


def _inputs(form: TrackForm, parts: TrackModalParts, *, is_new: bool) -> list[Block]:
    blocks = [
        _text_input(
            QUERY_BLOCK,
            "Words",
            form.query,
            hint=QUERY_HINT,
            placeholder=parts.hint or 'fernpress "slow checkout"',
        )
    ]
    if len(parts.networks) > 1 and is_new:
        blocks.append(_network_select(form.network, parts.networks))
    elif parts.networks and not is_new:
        titles = dict(parts.networks)
        blocks.append(line_block("On ", text_element(titles.get(form.network, form.network), "bold")))
    languages = _text_input(
        LANGUAGES_BLOCK,
        "Languages",
        form.languages,
        hint="Codes, such as en, de. Posts in another language are left out.",
        placeholder="any language",
    )
    excluded = _text_input(
        EXCLUDED_BLOCK,
        "Leave out posts by",
        form.excluded,
        hint="Handles, separated by commas.",
        placeholder="@ourreseller, @pricebot",
    )
    return [
        *blocks,
        languages | {"optional": True},
        excluded | {"optional": True},
        channel_input(form.channel),
    ]


def _text_input(block_id: str, label: str, value: str, *, hint: str, placeholder: str) -> Block:
    element: dict[str, Any] = {
        "type": "plain_text_input",
        "action_id": "value",
        "max_length": INPUT_MAX_CHARS,
        "placeholder": plain_text(placeholder),
    }
    if value:
        element["initial_value"] = for_input(value)[:INPUT_MAX_CHARS]
    return {
        "type": "input",
        "block_id": block_id,
        "label": plain_text(label),
        "hint": plain_text(hint),
        "element": element,
    }


def _network_select(chosen: str, networks: Sequence[tuple[str, str]]) -> Block:
    options = [{"text": plain_text(title), "value": name} for name, title in networks]
    preset = next((one for one in options if one["value"] == chosen), options[0])
    return {
        "type": "input",
        "block_id": NETWORK_BLOCK,
        "label": plain_text("Network"),
        "element": {
            "type": "static_select",
            "action_id": "value",
            "options": options,
            "initial_option": preset,
        },
    }


def channel_input(channel: str | None) -> Block:
    """The input for the channel where cards appear, with `channel` preset."""
    element: dict[str, Any] = {
        "type": "conversations_select",
        "action_id": "value",
        "placeholder": plain_text("A channel"),
        "filter": {"include": ["public", "private"]},
    }
    if channel is not None:
        element["initial_conversation"] = channel
    return {
        "type": "input",
        "block_id": CHANNEL_BLOCK,
        "label": plain_text("Show cards in"),
        "element": element,
    }


def _feed_button() -> Block:
    about = "Stack Overflow, GitHub, YouTube, forums, blogs, Google Alerts …"
    return {
        "type": "section",
        "text": {"type": "mrkdwn", "text": about, "verbatim": True},
        "accessory": button("Listen to a site or feed", FEED_ACTION_ID),
    }


def _try_button(parts: TrackModalParts) -> Block:
    if parts.is_trying:
        return context_block(":hourglass_flowing_sand: Looking …")
    return {"type": "actions", "block_id": "try", "elements": [button(TRY_LABEL, TRY_ACTION_ID)]}
