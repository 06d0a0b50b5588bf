"""The composer, where the modal itself is the preview. Pure."""

import json
from dataclasses import asdict, dataclass
from typing import Any

from bot.slack.blocks.elements import Block, button, context, packed, plain, section
from bot.slack.blocks.text import called, fit, quote
from bot.slack.typed_text import for_input

COMPOSER = "composer"
REPLY_BLOCK, REPLY_INPUT = "reply", "text"
TAKE_OVER = "take_over_composing"
WAIT_BLOCK = "wait"
HOUR = 3600
WAITS = (("an hour", HOUR), ("a day", 24 * HOUR), ("three days", 72 * HOUR), ("a week", 168 * HOUR))
QUOTED = 2_000
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
    latest: str | None = None  # the version of the post that its author saw
    sign: str | None = None  # the sign-off that its author saw
    author: str | None = None  # whose words they are, if somebody else's draft was taken up
    anyway: str | None = None  # the digest of words that are to go out though we warned of them
    near: bool = False  # and that was because they are a near copy
    only_draft: bool = False  # its author may not send: the submit keeps a draft
    not_shown: bool = False  # its author was told that the network does not show the post

    def packed(self) -> str:
        """As a modal's private_metadata."""
        return packed({name: value for name, value in asdict(self).items() if value not in {None, False}})

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
    writing: str | None = None  # who else is writing, and since when: our own sentence, mrkdwn
    twin: str | None = None  # a reply of ours that says the same, word for word as it went out


def composer(origin: Origin, asked: Asked) -> dict[str, Any]:
    """The modal: whom one answers, as whom, where, and one input."""
    blocks: list[Block] = []
    if asked.writing:
        blocks.append(section(asked.writing) | {"accessory": button("Take over", TAKE_OVER)})
    if asked.notice:
        blocks.append(section(asked.notice))
    if asked.twin is not None:
        blocks += [quote(asked.twin, QUOTED), context(f"And this is what {_to(asked)} wrote:")]
    if asked.words is not None:
        blocks.append(quote(asked.words, QUOTED))
    blocks.append(_preview(asked, origin.sign, is_only_draft=origin.only_draft))
    if asked.by_hand is not None:
        blocks.append(
            context(
                f":arrow_upper_right: {asked.title} does not let Heard send this one: write it here, then "
                f"*Open on {asked.title}* takes it there, for you to post, signed in as "
                f"*{called(asked.account)}*.",
            ),
        )
    blocks.append(_input(asked, origin.sign))
    if not origin.only_draft:
        blocks.append(_wait())
    return {
        "type": "modal",
        "callback_id": COMPOSER,
        "private_metadata": origin.packed(),
        "title": plain(fit(f"Reply on {asked.title}", 24)),
        "submit": plain(_submit(origin, asked)),
        "close": plain("Cancel"),
        "notify_on_close": True,  # what was typed is kept, and nobody is shown as writing any more
        "blocks": blocks,
    }


def _submit(origin: Origin, asked: Asked) -> str:
    if origin.only_draft:
        return "Keep as draft"
    if origin.anyway is not None:
        return "Send anyway"
    return "Hand off" if asked.by_hand is not None else "Send publicly"


def _to(asked: Asked) -> str:
    return f"*{called(asked.handle)}*" if asked.handle else "its author"


def _preview(asked: Asked, sign: str | None, *, is_only_draft: bool) -> Block:
    """As whom, where and to whom; the sign-off is its author's own words, and so no mrkdwn."""
    would = " once somebody sends it" if is_only_draft else ""
    block = context(
        f":loudspeaker: *Public* on {asked.title}{would}: from *{called(asked.account)}* to {_to(asked)}, "
        "for all to read."
    )
    signed = [plain(f"Signed “{sign}”.")] if sign else []
    return block | {"elements": [*block["elements"], *signed]}


def _wait() -> Block:
    """Send & wait: when to bring the ticket back, if they do not answer."""
    options = [{"text": plain(label), "value": str(seconds)} for label, seconds in WAITS]
    return {
        "type": "input",
        "block_id": WAIT_BLOCK,
        "optional": True,
        "label": plain("If they do not answer, bring it back after"),
        "element": {
            "type": "static_select",
            "action_id": "value",
            "placeholder": plain("Not at all"),
            "options": options,
        },
    }


def _input(asked: Asked, sign: str | None) -> Block:
    element: dict[str, Any] = {
        "type": "plain_text_input",
        "action_id": REPLY_INPUT,
        "multiline": True,
        "focus_on_load": True,
        "placeholder": plain("In your own words"),
    }
    if asked.text:
        element["initial_value"] = for_input(asked.text)[:INPUT_MAX]
    return {
        "type": "input",
        "block_id": REPLY_BLOCK,
        "label": plain("Your reply"),
        "hint": plain(
            f"At most {asked.max_length} characters as {asked.title} counts them"
            + (", your sign-off included." if sign else ".")
        ),
        "element": element,
    }


def sorry(sentence: str, *, kept: str | None = None) -> dict[str, Any]:
    """A modal that only says why something cannot be done, and shows the words that are kept."""
    blocks = [section(sentence)]
    if kept:
        blocks += [context("Your words are kept:"), quote(kept, QUOTED)]
    return {"type": "modal", "title": plain("Heard"), "close": plain("Close"), "blocks": blocks}
