"""Small modals that ask before something is done: why, to whom, whether really. Pure."""

from dataclasses import dataclass
from typing import Any

from bot.slack.blocks.elements import Block, context_block, plain_text, section_block
from bot.slack.blocks.text import mrkdwn_handle, quote_block, truncate
from bot.slack.blocks.values import ChannelValue, DeletionValue, ReasonValue, TicketModalValue, Value
from bot.slack.typed_text import for_input
from models.slack.teammate import SignOffStyle, make_sign_off
from models.tickets.state import CLOSE_REASONS, OPEN_STATES

REASON_CALLBACK_ID, ASSIGN_CALLBACK_ID, DELETE_CALLBACK_ID, ME_CALLBACK_ID = "reason", "assign", "unsay", "me"
REASON_BLOCK, TEXT_BLOCK = "reason", "words"
ASSIGNEE_BLOCK = "whom"
NAME_BLOCK, STYLE_BLOCK = "name", "style"
REASON_MAX_CHARS = 200  # characters of a reason
NAME_MAX_CHARS = 40
DELETED_QUOTE_MAX_CHARS = 600  # characters of the reply that is to be deleted


def _modal(kind: str, title: str, submit: str, carried: Value, blocks: list[Block]) -> dict[str, Any]:
    return {
        "type": "modal",
        "callback_id": kind,
        "private_metadata": carried.pack(),
        "title": plain_text(title),
        "submit": plain_text(submit),
        "close": plain_text("Cancel"),
        "blocks": blocks,
    }


def build_reason_modal(
    ticket_id: int, *, handle: str | None, key: str, turn: int | None = None, post_id: str | None = None
) -> dict[str, Any]:
    """The modal that asks why nobody has to answer; `key` makes a submit that arrives twice one.

    `turn` and `post_id` are what its reader has seen: what comes after that is not closed unread.
    """
    options = [{"text": plain_text(one.capitalize()), "value": one} for one in CLOSE_REASONS]
    who = f"*{mrkdwn_handle(handle)}*" if handle else "This post"
    carried = ReasonValue(ticket_id, key, turn=turn, post_id=post_id)
    return _modal(
        REASON_CALLBACK_ID,
        "No reply needed",
        "Close it",
        carried,
        [
            context_block(f"{who} needs no reply. If they post again, the ticket reopens."),
            {
                "type": "input",
                "block_id": REASON_BLOCK,
                "label": plain_text("Why?"),
                "element": {
                    "type": "static_select",
                    "action_id": "value",
                    "options": options,
                    "initial_option": options[0],
                },
            },
            {
                "type": "input",
                "block_id": TEXT_BLOCK,
                "optional": True,
                "label": plain_text("In a few words"),
                "element": {"type": "plain_text_input", "action_id": "value", "max_length": REASON_MAX_CHARS},
            },
        ],
    )


def build_assign_modal(ticket_id: int, *, key: str) -> dict[str, Any]:
    """The modal that asks to whom the ticket goes."""
    element = {"type": "users_select", "action_id": "value", "placeholder": plain_text("A teammate")}
    block = {
        "type": "input",
        "block_id": ASSIGNEE_BLOCK,
        "label": plain_text("Assign to"),
        "element": element,
    }
    blocks = [block, context_block("They are notified in the ticket's thread.")]
    return _modal(ASSIGN_CALLBACK_ID, "Assign", "Assign", TicketModalValue(ticket_id, key), blocks)


@dataclass(frozen=True, slots=True)
class ReplyDeletion:
    """A public reply that somebody may want deleted, and what that would do to its ticket.

    `title` is the network's; `state` is the ticket's; `reopens`: it would wait again without this reply.
    """

    text: str
    actor: str
    title: str
    is_by_hand: bool
    state: str
    reopens: bool


def build_delete_modal(
    ticket_id: int, reply_id: int, *, key: str, about: ReplyDeletion | None
) -> dict[str, Any]:
    """The modal that asks whether a public reply is really to be deleted; `about` is None if unknown."""
    where = about.title if about is not None else "the network"
    seen = f"It will be deleted on {where} for everyone. This can't be undone."
    blocks = [
        section_block(f"{seen} People may already have seen it."),
        section_block(_consequences_text(about)),
    ]
    if about is not None:
        how = "posted by hand" if about.is_by_hand else "sent"
        said = section_block(f"The reply that <@{about.actor}> {how}:")
        blocks = [said, quote_block(about.text, DELETED_QUOTE_MAX_CHARS), *blocks]
    carried = DeletionValue(ticket_id, reply_id, key)
    return _modal(DELETE_CALLBACK_ID, "Delete public reply", "Delete it", carried, blocks)


def _consequences_text(about: ReplyDeletion | None) -> str:
    """What becomes of the ticket and of the words."""
    if about is None:
        return "If it is our latest reply, the ticket will be waiting again. The text is kept for its author."
    if about.reopens:
        then = "The ticket will then be waiting for a reply again."
    elif about.state in OPEN_STATES:
        then = f"The ticket is {about.state} and stays that way."
    else:
        then = f"The ticket stays closed ({about.state})."
    return f"{then} The text is kept in the thread and for <@{about.actor}>."


def build_me_modal(name: str, style: SignOffStyle, *, channel: str, is_on: bool) -> dict[str, Any]:
    """The modal that asks what somebody wants to be called in public, and how they sign."""
    labels = {
        SignOffStyle.NAME: f"First name after a dash: {make_sign_off(name or 'Ana Lima', SignOffStyle.NAME)}",
        SignOffStyle.INITIALS: (
            f"Initials after a caret: {make_sign_off(name or 'Ana Lima', SignOffStyle.INITIALS)}"
        ),
        SignOffStyle.NONE: "No sign-off",
    }
    options = [{"text": plain_text(truncate(label, 75)), "value": one.value} for one, label in labels.items()]
    element: dict[str, Any] = {
        "type": "plain_text_input",
        "action_id": "value",
        "max_length": NAME_MAX_CHARS,
        "placeholder": plain_text("Ana Lima"),
    }
    if name:
        element["initial_value"] = for_input(name)
    blocks: list[Block] = [
        {
            "type": "input",
            "block_id": NAME_BLOCK,
            "label": plain_text("Your name in public"),
            "element": element,
        },
        {
            "type": "input",
            "block_id": STYLE_BLOCK,
            "label": plain_text("How your replies are signed"),
            "element": {
                "type": "radio_buttons",
                "action_id": "value",
                "options": options,
                "initial_option": next(one for one in options if one["value"] == style),
            },
        },
        context_block(
            "People like to know who is replying. The sign-off counts toward the character limit."
            + ("" if is_on else " *Sign-offs are turned off* (`SIGN_OFFS`), so none is added.")
        ),
    ]
    return _modal(ME_CALLBACK_ID, "Public name and sign-off", "Save", ChannelValue(channel), blocks)
