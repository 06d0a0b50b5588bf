"""The modals: the composer, where the modal itself is the preview, and the question for a reason. Pure."""

import json
from dataclasses import asdict, dataclass
from typing import Any

from bot.blocks.parts import Block, context, packed, plain, section
from bot.blocks.text import escape, fit, quote
from models.outcome import REASONS

COMPOSER = "composer"
REPLY_BLOCK, REPLY_INPUT = "reply", "text"
REASON = "reason"
REASON_BLOCK, WORDS_BLOCK = "reason", "words"
QUOTED = 2_000
WORDS_MAX = 200  # characters of a reason
INPUT_MAX = 3_000  # https://docs.slack.dev/reference/block-kit/block-elements/plain-text-input-element


@dataclass(frozen=True, slots=True)
class Origin:
    """What a composer was opened for. It travels in the modal, and the submit is held against it.

    `ticket`, `turn` and `post_id` are what its author saw; `key` makes a submit that arrives twice one reply.
    """

    ticket: int
    turn: int
    post_id: str
    key: str
    network: str
    draft: int | None = None

    def packed(self) -> str:
        """As a modal's private_metadata."""
        return packed({name: value for name, value in asdict(self).items() if value is not None})

    @classmethod
    def unpacked(cls, metadata: str) -> "Origin":
        """Read it back."""
        return cls(**json.loads(metadata))


@dataclass(frozen=True, slots=True)
class Asked:
    """What the composer shows above its input. Without the words of the customer it still opens."""

    title: str  # the network's
    account: str
    handle: str | None
    words: str | None
    max_length: int
    by_hand: str | None = None
    text: str = ""  # what its author typed before
    notice: str | None = None  # our own sentence about it, mrkdwn


def composer(origin: Origin, asked: Asked) -> dict[str, Any]:
    """The modal: whom one answers, as whom, where, and one input."""
    blocks: list[Block] = []
    if asked.notice:
        blocks.append(section(asked.notice))
    if asked.words is not None:
        blocks.append(quote(asked.words, QUOTED))
    blocks.append(context(_preview(asked)))
    if asked.by_hand is not None:
        blocks.append(
            context(
                f":arrow_upper_right: {asked.title} does not let Heard send this one: write it here, then "
                f"*Open on {asked.title}* takes it there, for you to post.",
            ),
        )
    blocks.append(_input(asked))
    return {
        "type": "modal",
        "callback_id": COMPOSER,
        "private_metadata": origin.packed(),
        "title": plain(fit(f"Reply on {asked.title}", 24)),
        "submit": plain("Hand off" if asked.by_hand is not None else "Send publicly"),
        "close": plain("Cancel"),
        "blocks": blocks,
    }


def _preview(asked: Asked) -> str:
    to = f"*@{escape(asked.handle)}*" if asked.handle else "its author"
    return (
        f":loudspeaker: *Public* on {asked.title}: from *@{escape(asked.account)}* to {to}, for all to read."
    )


def _input(asked: Asked) -> Block:
    element: dict[str, Any] = {
        "type": "plain_text_input",
        "action_id": REPLY_INPUT,
        "multiline": True,
        "focus_on_load": True,
        "placeholder": plain("In your own words"),
    }
    if asked.text:
        element["initial_value"] = asked.text[:INPUT_MAX]
    return {
        "type": "input",
        "block_id": REPLY_BLOCK,
        "label": plain("Your reply"),
        "hint": plain(f"At most {asked.max_length} characters as {asked.title} counts them."),
        "element": element,
    }


def reason(ticket_id: int, *, handle: str | None, key: str) -> dict[str, Any]:
    """The modal that asks why nobody has to answer; `key` makes a submit that arrives twice one."""
    options = [{"text": plain(one.capitalize()), "value": one} for one in REASONS]
    who = f"*@{escape(handle)}*" if handle else "this post"
    return {
        "type": "modal",
        "callback_id": REASON,
        "private_metadata": packed({"ticket": ticket_id, "key": key}),
        "title": plain("No reply needed"),
        "submit": plain("Close it"),
        "close": plain("Cancel"),
        "blocks": [
            context(f"Nobody has to answer {who}. If they write again, it comes back."),
            {
                "type": "input",
                "block_id": REASON_BLOCK,
                "label": plain("Why?"),
                "element": {
                    "type": "static_select",
                    "action_id": "value",
                    "options": options,
                    "initial_option": options[0],
                },
            },
            {
                "type": "input",
                "block_id": WORDS_BLOCK,
                "optional": True,
                "label": plain("In a few words"),
                "element": {"type": "plain_text_input", "action_id": "value", "max_length": WORDS_MAX},
            },
        ],
    }


def sorry(sentence: str, *, kept: str | None = None) -> dict[str, Any]:
    """A modal that only says why something cannot be done, and shows the words that are kept."""
    blocks = [section(sentence)]
    if kept:
        blocks += [context("Your words are kept:"), quote(kept, QUOTED)]
    return {"type": "modal", "title": plain("Heard"), "close": plain("Close"), "blocks": blocks}
