"""The dialog that asks before something is muted, and says what that does. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.slack.blocks.elements import Block, context_block, count_noun, plain_text, section_block
from bot.slack.blocks.mutes.handles import at_handle
from bot.slack.blocks.mutes.values import MuteModalValue
from bot.slack.blocks.text import line_block, quote_block, text_element
from bot.slack.typed_text import for_input
from models.mutes.foresight import Foreseen
from models.mutes.mute_rules import WHY_MAX_CHARS, KeptTicket, MuteEffect
from models.sources.mute import AUTHOR_MUTE, CONVERSATION_MUTE, WORDS_MUTE

MUTE_CALLBACK_ID = "mute"
# Never another one while the dialog is open, see `bot/slack/blocks/tracks/modal.py`.
WORDS_BLOCK, NETWORK_BLOCK, WHY_BLOCK = "words", "network", "why"
INPUT_MAX_CHARS = 3_000  # what Slack lets people type; more than a mute may have, so that Heard says so
EVERY_NETWORK_OPTION = "every network"  # an option's value cannot be empty
QUOTE_MAX_CHARS = 150
KEPT_NAMED_MAX = 5
WORDS_HINT = (
    "As in tracks: words side by side must all be in a post; fern or farn finds either one; "
    '"free coupon" finds these words in a row; -fern spares posts with that word.'
)
_STAYS_STORED = "Muted posts are still stored, found by `/mentions search`, and counted."
_TITLES: dict[str, str] = {
    CONVERSATION_MUTE: "Mute this conversation",
    AUTHOR_MUTE: "Mute this author",
    WORDS_MUTE: "Mute words",
}


@dataclass(frozen=True, slots=True)
class MuteForm:
    """What the inputs hold. `network` is a network's name, empty for all of them."""

    words: str = ""
    network: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class MuteDialog:
    """What the dialog says: the author's or first poster's `handle`, and the network's `title`.

    `effect` is what it closes, of a conversation or an author. Of words: `networks` are those to choose from,
    as name and title; `foreseen` is what they would have muted, None if that was not looked up;
    `warnings` are sentences about the words.
    """

    handle: str = ""
    title: str = ""
    effect: MuteEffect | None = None
    networks: Sequence[tuple[str, str]] = ()
    foreseen: Foreseen | None = None
    warnings: Sequence[str] = ()


def build_mute_modal(carried: MuteModalValue, form: MuteForm, told: MuteDialog) -> dict[str, Any]:
    """The dialog; it is redrawn with the same inputs, so that nothing that was typed is lost."""
    blocks = _about_words(form, told) if carried.kind == WORDS_MUTE else _about_one(carried, told)
    return {
        "type": "modal",
        "callback_id": MUTE_CALLBACK_ID,
        "private_metadata": carried.pack(),
        "title": plain_text(_TITLES[carried.kind]),
        "submit": plain_text("Mute"),
        "close": plain_text("Cancel"),
        "blocks": [*blocks, _why_input(form)],
    }


def kept_text(kept: Sequence[KeptTicket]) -> str:
    """Which tickets stay open, and why, as mrkdwn; empty if none does."""
    if not kept:
        return ""
    named = [f"#{one.ticket_id} ({_because(one)})" for one in kept[:KEPT_NAMED_MAX]]
    more = f" and {len(kept) - KEPT_NAMED_MAX:,} more" if len(kept) > KEPT_NAMED_MAX else ""
    which = f"{count_noun(len(kept), 'ticket')} that someone is working on {_stay(kept)} open"
    return f"{which}: {', '.join(named)}{more}."


def _stay(kept: Sequence[KeptTicket]) -> str:
    return "stays" if len(kept) == 1 else "stay"


def _because(one: KeptTicket) -> str:
    return {
        "owner": f"assigned to <@{one.who}>",
        "composer": f"<@{one.who}> is replying",
        "reply": f"<@{one.who}>'s reply is waiting to go out",
        "sending": f"<@{one.who}>'s reply may already be public",
    }[one.because]


def _about_one(carried: MuteModalValue, told: MuteDialog) -> list[Block]:
    """About a conversation or an author: what it hides, what it closes now, and what it leaves."""
    who = text_element(at_handle(told.handle), "bold")
    if carried.kind == AUTHOR_MUTE:
        head = line_block(who, f" on {told.title}")
        hidden = (
            "From now on, nothing that they post gets a card or a reminder, even if they change their handle "
            "and *even if they mention, answer or quote you*."
        )
    else:
        head = line_block("The conversation in which ", who, f" posted on {told.title}")
        hidden = (
            "From now on, nothing that anybody posts there gets a card or a reminder, *even if they mention, "
            "answer or quote you*."
        )
    return [head, section_block(f"{hidden} {_STAYS_STORED}"), section_block(_closes_text(told.effect))]


def _closes_text(effect: MuteEffect | None) -> str:
    if effect is None:
        return "Open tickets are closed now, except those that a teammate is working on."
    closed = len(effect.closed)
    if closed:
        now = f"*{count_noun(closed, 'open ticket')}* {'is' if closed == 1 else 'are'} closed now as muted."
    else:
        now = "It closes no open ticket now."
    return " ".join(filter(None, [now, kept_text(effect.kept)]))


def _about_words(form: MuteForm, told: MuteDialog) -> list[Block]:
    about = (
        "Posts with these words get no card and no reminder from now on. A post that mentions, answers or "
        f"quotes you always gets one. {_STAYS_STORED}"
    )
    element: dict[str, Any] = {
        "type": "plain_text_input",
        "action_id": "value",
        "max_length": INPUT_MAX_CHARS,
        "placeholder": plain_text("giveaway"),
    }
    if form.words:
        element["initial_value"] = for_input(form.words)
    words: Block = {
        "type": "input",
        "block_id": WORDS_BLOCK,
        "label": plain_text("Words"),
        "hint": plain_text(WORDS_HINT),
        "element": element,
    }
    return [section_block(about), words, *_network_input(form, told), *_foreseen_blocks(told)]


def _network_input(form: MuteForm, told: MuteDialog) -> list[Block]:
    if len(told.networks) <= 1:
        return []
    named = [(EVERY_NETWORK_OPTION, "Every network"), *told.networks]
    options = [{"text": plain_text(title), "value": name} for name, title in named]
    chosen = next((one for one in options if one["value"] == form.network), options[0])
    element = {
        "type": "static_select",
        "action_id": "value",
        "options": options,
        "initial_option": chosen,
    }
    return [{"type": "input", "block_id": NETWORK_BLOCK, "label": plain_text("Where"), "element": element}]


def _foreseen_blocks(told: MuteDialog) -> list[Block]:
    """What the words would have muted, so that nobody has to guess. Press *Mute* again to confirm."""
    blocks = [context_block(f":warning: {sentence}") for sentence in told.warnings]
    if told.foreseen is None:
        return blocks
    start = "In the last 30 days this would have muted"
    return [*blocks, *build_foreseen(told.foreseen, start, "that don't address you")]


def build_foreseen(foreseen: Foreseen, start: str, of: str) -> list[Block]:
    """Say how many of the posts `of` which `start` is true, with which outcomes, and quote the newest."""
    if not foreseen.total:
        return [section_block(f"{start} none of {count_noun(foreseen.scanned, 'post')} {of}.")]
    outcomes = ", ".join(f"{number:,} {state}" for state, number in foreseen.outcomes.items())
    count = f"*{foreseen.total:,}* of {count_noun(foreseen.scanned, 'post')}"
    warned = f"\n:warning: *We answered {foreseen.answered:,} of them.*" if foreseen.answered else ""
    head = f"{start} {count} {of}: {outcomes}."
    quotes: Block = {"type": "rich_text", "elements": []}
    for post in foreseen.posts:
        who = line_block(text_element(at_handle(post.handle), "bold"), f", {post.state}")
        quotes["elements"] += [*who["elements"], *quote_block(post.display_text, QUOTE_MAX_CHARS)["elements"]]
    return [section_block(head + warned), quotes]


def _why_input(form: MuteForm) -> Block:
    element: dict[str, Any] = {"type": "plain_text_input", "action_id": "value", "max_length": WHY_MAX_CHARS}
    if form.why:
        element["initial_value"] = for_input(form.why)
    return {
        "type": "input",
        "block_id": WHY_BLOCK,
        "optional": True,
        "label": plain_text("Why?"),
        "hint": plain_text("Your teammates see this in the list of mutes and on what it mutes."),
        "element": element,
    }
