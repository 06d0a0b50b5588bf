"""Small modals that ask before something is done: why, to whom, whether really. Pure."""

from dataclasses import dataclass
from typing import Any

from bot.slack.blocks.elements import Block, context, packed, plain, section
from bot.slack.blocks.text import called, fit, quote
from bot.slack.typed_text import for_input
from models.tickets.state import OPEN, REASONS
from models.tickets.teammate import Style, sign_off

REASON, ASSIGN, UNSAY, ME = "reason", "assign", "unsay", "me"
REASON_BLOCK, WORDS_BLOCK = "reason", "words"
WHOM_BLOCK = "whom"
NAME_BLOCK, STYLE_BLOCK = "name", "style"
WORDS_MAX = 200  # characters of a reason
NAME_MAX = 40
DELETED_WORDS = 600  # characters of the reply that is to be deleted


def _modal(
    kind: str, title: str, submit: str, carried: dict[str, Any], blocks: list[Block]
) -> dict[str, Any]:
    return {
        "type": "modal",
        "callback_id": kind,
        "private_metadata": packed(carried),
        "title": plain(title),
        "submit": plain(submit),
        "close": plain("Cancel"),
        "blocks": blocks,
    }


def reason(
    ticket_id: int, *, handle: str | None, key: str, turn: int | None = None, post_id: str | None = None
) -> dict[str, Any]:
    """The modal that asks why nobody has to answer; `key` makes a submit that arrives twice one.

    `turn` and `post_id` are what its reader has seen: what comes after that is not closed unread.
    """
    options = [{"text": plain(one.capitalize()), "value": one} for one in REASONS]
    who = f"*{called(handle)}*" if handle else "this post"
    carried = {"ticket": ticket_id, "key": key, "turn": turn, "post": post_id}
    return _modal(
        REASON,
        "No reply needed",
        "Close it",
        carried,
        [
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
    )


def assign(ticket_id: int, *, key: str) -> dict[str, Any]:
    """The modal that asks to whom the ticket goes."""
    element = {"type": "users_select", "action_id": "value", "placeholder": plain("A teammate")}
    block = {"type": "input", "block_id": WHOM_BLOCK, "label": plain("To whom?"), "element": element}
    blocks = [block, context("They are told in the ticket's thread.")]
    return _modal(ASSIGN, "Assign", "Assign", {"ticket": ticket_id, "key": key}, blocks)


@dataclass(frozen=True, slots=True)
class ToDelete:
    """A public reply that somebody may want deleted, and what that would do to its ticket.

    `title` is the network's; `state` is the ticket's; `reopens`: it would wait again without this reply.
    """

    text: str
    actor: str
    title: str
    is_by_hand: bool
    state: str
    reopens: bool


def unsay(ticket_id: int, reply_id: int, *, key: str, about: ToDelete | None) -> dict[str, Any]:
    """The modal that asks whether a public reply is really to be deleted; `about` is None if unknown."""
    where = about.title if about is not None else "the network"
    seen = f"It will be deleted on {where} for everyone, and that cannot be undone."
    blocks = [section(f"{seen} People may already have seen it."), section(_after_deletion(about))]
    if about is not None:
        how = "posted by hand, as it was written here" if about.is_by_hand else "sent"
        said = section(f"The reply that <@{about.actor}> {how}:")
        blocks = [said, quote(about.text, DELETED_WORDS), *blocks]
    carried = {"ticket": ticket_id, "reply": reply_id, "key": key}
    return _modal(UNSAY, "Delete public reply", "Delete it", carried, blocks)


def _after_deletion(about: ToDelete | None) -> str:
    """What becomes of the ticket and of the words."""
    if about is None:
        return "If it is our last answer, the ticket will wait again. The words are kept for their author."
    if about.reopens:
        then = "The ticket will then wait for an answer again."
    elif about.state in OPEN:
        then = f"The ticket is {about.state} already and stays so."
    else:
        then = f"The ticket stays closed ({about.state})."
    return f"{then} The words are kept, in the thread and for <@{about.actor}>."


def me(name: str, style: Style, *, channel: str, is_on: bool) -> dict[str, Any]:
    """The modal that asks what somebody wants to be called in public, and how they sign."""
    labels = {
        Style.NAME: f"First name after a dash: {sign_off(name or 'Ana Lima', Style.NAME)}",
        Style.INITIALS: f"Initials after a caret: {sign_off(name or 'Ana Lima', Style.INITIALS)}",
        Style.NONE: "No sign-off",
    }
    options = [{"text": plain(fit(label, 75)), "value": one.value} for one, label in labels.items()]
    element: dict[str, Any] = {
        "type": "plain_text_input",
        "action_id": "value",
        "max_length": NAME_MAX,
        "placeholder": plain("Ana Lima"),
    }
    if name:
        element["initial_value"] = for_input(name)
    blocks: list[Block] = [
        {"type": "input", "block_id": NAME_BLOCK, "label": plain("Your name in public"), "element": element},
        {
            "type": "input",
            "block_id": STYLE_BLOCK,
            "label": plain("How your replies are signed"),
            "element": {
                "type": "radio_buttons",
                "action_id": "value",
                "options": options,
                "initial_option": next(one for one in options if one["value"] == style),
            },
        },
        context(
            "People like to know who answers them. The sign-off counts in the length of a reply, and the "
            "composer shows it."
            + ("" if is_on else " *Sign-offs are switched off here* (`SIGN_OFFS`), so none is added.")
        ),
    ]
    return _modal(ME, "You in public", "Save", {"channel": channel}, blocks)
