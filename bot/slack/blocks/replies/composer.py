"""The composer, where the modal itself is the preview. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bot.slack.blocks.elements import Block, button, context_block, plain_text, section_block
from bot.slack.blocks.replies.audience import Audience, build_added_block, warning_mark
from bot.slack.blocks.replies.pictures import PictureContent, build_picture_inputs
from bot.slack.blocks.text import mrkdwn_handle, quote_block, truncate
from bot.slack.blocks.values import Origin
from bot.slack.typed_text import for_input
from models.core.mrkdwn import as_code

COMPOSER_CALLBACK_ID = "composer"
REPLY_BLOCK, REPLY_INPUT = "reply", "text"
TAKE_OVER_ACTION_ID = "take_over_composing"
ACCOUNT_BLOCK, ACCOUNT_ACTION_ID = "account", "answer_as"
PLACE_BLOCK, PLACE_ACTION_ID = "where", "answer_where"
OPTION_MAX_CHARS = 75  # https://docs.slack.dev/reference/block-kit/composition-objects/option-object
WAIT_BLOCK = "wait"
HOUR_SECONDS = 3600
WAIT_OPTIONS = (
    ("In 1 hour", HOUR_SECONDS),
    ("In 1 day", 24 * HOUR_SECONDS),
    ("In 3 days", 72 * HOUR_SECONDS),
    ("In 1 week", 168 * HOUR_SECONDS),
)
QUOTE_MAX_CHARS = 2_000
INPUT_MAX_CHARS = 3_000  # https://docs.slack.dev/reference/block-kit/block-elements/plain-text-input-element


@dataclass(frozen=True, slots=True)
class ComposerContent:
    """What the composer shows above its input. Without the words of the customer it still opens."""

    audience: Audience
    words: str | None
    max_length: int
    added_length: int = 0  # how much of it is taken by what Heard adds
    by_hand: str | None = None
    text: str = ""  # what its author typed before
    notice: str | None = None  # our own sentence about it, mrkdwn
    composing_notice: str | None = None  # who else is writing, and since when: our own sentence, mrkdwn
    duplicate_text: str | None = None  # a reply of ours that says the same, word for word as it went out
    account_choices: tuple[
        tuple[str, str], ...
    ] = ()  # ids and handles of accounts to choose from, if several
    place_choices: tuple[tuple[str, str], ...] = ()  # names and titles of networks to answer on, if several
    pictures: PictureContent = field(default_factory=PictureContent)


def build_composer_modal(origin: Origin, asked: ComposerContent) -> dict[str, Any]:
    """The modal: whom one answers, as whom, where, and one input."""
    blocks: list[Block] = []
    if asked.composing_notice:
        blocks.append(
            section_block(asked.composing_notice) | {"accessory": button("Take over", TAKE_OVER_ACTION_ID)}
        )
    if asked.notice:
        blocks.append(section_block(asked.notice))
    if asked.duplicate_text is not None:
        blocks += [
            quote_block(asked.duplicate_text, QUOTE_MAX_CHARS),
            context_block(f"{asked.audience.recipient} wrote:"),
        ]
    if asked.words is not None:
        blocks.append(quote_block(asked.words, QUOTE_MAX_CHARS))
    blocks.append(_addressing_block(asked, origin.sign, is_only_draft=origin.only_draft))
    if asked.by_hand is not None:
        blocks.append(_by_hand_block(asked.audience))
    elif (added := build_added_block(asked.audience)) is not None:
        blocks.append(added)
    if len(asked.place_choices) > 1:
        places = asked.place_choices
        blocks.append(_choice_block("Where", places, origin.network, PLACE_BLOCK, PLACE_ACTION_ID))
    if len(asked.account_choices) > 1:
        accounts = tuple((account_id, f"@{handle}") for account_id, handle in asked.account_choices)
        block_id = account_block_id(origin.network) if len(asked.place_choices) > 1 else ACCOUNT_BLOCK
        blocks.append(_choice_block("Answer as", accounts, origin.account, block_id, ACCOUNT_ACTION_ID))
    blocks.append(_input_block(asked, origin.sign))
    blocks += build_picture_inputs(asked.pictures)
    if not origin.only_draft:
        blocks.append(_wait_block())
    return {
        "type": "modal",
        "callback_id": COMPOSER_CALLBACK_ID,
        "private_metadata": _as_shown(origin, asked).pack(),
        "title": plain_text(truncate(f"Reply on {asked.audience.title}", 24)),
        "submit": plain_text(_submit_label(origin, asked)),
        "close": plain_text("Cancel"),
        "notify_on_close": True,  # what was typed is kept, and nobody is shown as writing any more
        "blocks": blocks,
    }


def _as_shown(origin: Origin, asked: ComposerContent) -> Origin:
    """The submit is held against what stands in this very modal."""
    shown = asked.audience
    return replace(
        origin,
        visibility=shown.visibility,
        warning=warning_mark(shown.content_warning),
        prefix=shown.prefix_mark,
        pictures_of=asked.pictures.reply_id,
        pictures=asked.pictures.mark,
    )


def _submit_label(origin: Origin, asked: ComposerContent) -> str:
    if origin.only_draft:
        return "Keep as draft"
    if origin.anyway is not None:
        return "Send anyway"
    return "Hand off" if asked.by_hand is not None else asked.audience.send_label


def _addressing_block(asked: ComposerContent, sign: str | None, *, is_only_draft: bool) -> Block:
    """The account, the network and the recipient; the sign-off is plain text, because its author typed it."""
    block = context_block(asked.audience.composer_text(is_only_draft=is_only_draft))
    signed = [plain_text(f"Signed “{sign}”.")] if sign else []
    return block | {"elements": [*block["elements"], *signed]}


def _by_hand_block(audience: Audience) -> Block:
    title = audience.title
    if audience.account:
        no = f"{title} doesn't let Heard send this reply."
        signed_in = f"signed in as *{mrkdwn_handle(audience.account)}*"
    else:
        no, signed_in = f"Heard has no account on {title}.", "signed in with your own account"
    how = (
        f":arrow_upper_right: {no} Write it here, then press *Open on {title}* to post it there, {signed_in}."
    )
    return context_block(" ".join(filter(None, [how, audience.by_hand_text()])))


def account_block_id(network: str) -> str:
    """The id of the block with the accounts on that network, where there are several networks to choose from.

    Slack keeps what was chosen in a block with the same id, whatever is offered in it now.
    """
    return f"{ACCOUNT_BLOCK} {network}"


def _choice_block(
    label: str, choices: tuple[tuple[str, str], ...], chosen: str | None, block_id: str, action_id: str
) -> Block:
    """As which account, or where: choosing another one redraws what stands above.

    `choices` are values and labels.
    """
    options = {
        value: {"text": plain_text(truncate(text, OPTION_MAX_CHARS)), "value": value}
        for value, text in choices
    }
    preset = options.get(chosen or "")
    return {
        "type": "input",
        "block_id": block_id,
        "dispatch_action": True,
        "label": plain_text(label),
        "element": {
            "type": "static_select",
            "action_id": action_id,
            "options": list(options.values()),
            **({"initial_option": preset} if preset is not None else {}),
        },
    }


def _wait_block() -> Block:
    """Send & wait: when to bring the ticket back, if they do not answer."""
    options = [{"text": plain_text(label), "value": str(seconds)} for label, seconds in WAIT_OPTIONS]
    return {
        "type": "input",
        "block_id": WAIT_BLOCK,
        "optional": True,
        "label": plain_text("Remind me if they don't reply"),
        "element": {
            "type": "static_select",
            "action_id": "value",
            "placeholder": plain_text("Never"),
            "options": options,
        },
    }


def _input_block(asked: ComposerContent, sign: str | None) -> Block:
    element: dict[str, Any] = {
        "type": "plain_text_input",
        "action_id": REPLY_INPUT,
        "multiline": True,
        "focus_on_load": True,
        "placeholder": plain_text("Write your reply"),
    }
    if asked.text:
        element["initial_value"] = for_input(asked.text)[:INPUT_MAX_CHARS]
    return {
        "type": "input",
        "block_id": REPLY_BLOCK,
        "label": plain_text("Your reply"),
        "hint": plain_text(_hint(asked, sign)),
        "element": element,
    }


def _hint(asked: ComposerContent, sign: str | None) -> str:
    """How long a reply may be, and what counts besides the words in the field."""
    added = f"{asked.added_length} that Heard adds" if asked.added_length and asked.by_hand is None else None
    counted = " and ".join(filter(None, ["your sign-off" if sign else None, added]))
    including = f", including {counted}" if counted else ""
    return f"Up to {asked.max_length} characters as {asked.audience.title} counts them{including}."


def build_refusal_modal(sentence: str, *, kept: str | None = None) -> dict[str, Any]:
    """A modal that only says why something cannot be done, and shows the words that are kept."""
    blocks = [section_block(sentence)]
    if kept:
        blocks += [context_block("Your text is kept:"), quote_block(kept, QUOTE_MAX_CHARS)]
    return {"type": "modal", "title": plain_text("Heard"), "close": plain_text("Close"), "blocks": blocks}


def build_fetching_modal(origin: Origin, title: str, names: Sequence[str]) -> dict[str, Any]:
    """What stands in the composer's place while its pictures are fetched; the draft has all else."""
    listed = ", ".join(as_code(name) for name in names)
    return {
        "type": "modal",
        "callback_id": COMPOSER_CALLBACK_ID,
        "private_metadata": origin.pack(),
        "title": plain_text(truncate(f"Reply on {title}", 24)),
        "close": plain_text("Close"),
        "notify_on_close": True,
        "blocks": [
            section_block(f":hourglass_flowing_sand: Preparing {listed} …"),
            context_block(
                "In a moment you see how it goes out, and can describe each picture. Nothing is sent yet; "
                "your text is kept as a draft."
            ),
        ],
    }
