"""Bolt's door: who may press, submit, type and open what. One table, and the one place that asks it.

A global middleware looks up what the request needs, asks `bot/slack/membership.py` who the person is, and
lets only those through who may. What stands in no table is for members. Handlers behind it need not ask
again.

Docs: https://docs.slack.dev/tools/bolt-python/concepts/global-middleware
"""

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from slack_bolt import App, BoltContext, BoltResponse, Respond
from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.slack import ephemeral_answers
from bot.slack.blocks import dialogs, home
from bot.slack.blocks.commands import search_results
from bot.slack.blocks.issues import merge, picker, ranking
from bot.slack.blocks.replies import composer
from bot.slack.blocks.replies.composer import build_refusal_modal
from bot.slack.blocks.tickets import author_history, snooze
from bot.slack.errors import SlackError
from bot.slack.membership import (
    MEMBERSHIP_WAIT_SECONDS,
    NOT_IN_CHANNEL,
    NOT_YOUR_REPLY,
    UNKNOWN_REFUSAL,
    MembershipKind,
    access_of,
    is_in_channel,
)
from bot.slack.permissions import PermissionUnknownError
from handlers.feedback import (
    LEDGER_TIMEOUT_SECONDS,
    Actor,
    error_text,
    parse_actor,
    send_private_text,
    to_plain_text,
)
from handlers.replies import shortcuts, thread_commands
from models import Card, Reply, Ticket
from models.core import command_words

log = logging.getLogger(__name__)

Body = dict[str, Any]


class RequiredAccess(Enum):
    """What somebody has to be."""

    NOBODY_IN_PARTICULAR = auto()
    MEMBER = auto()
    ON_CARD = auto()  # a member; or a guest whom SENDERS names, on a card in a channel that they are in
    OWN_REPLY = auto()  # a member; or such a guest, about a reply of their own


@dataclass(frozen=True, slots=True)
class AccessRule:
    """What a request needs. `if_unknown`: it stops something, so it works while Slack cannot be asked."""

    needs: RequiredAccess
    allow_if_unknown: bool = False


ANYBODY = AccessRule(RequiredAccess.NOBODY_IN_PARTICULAR)
MEMBER = AccessRule(RequiredAccess.MEMBER)
ON_CARD = AccessRule(RequiredAccess.ON_CARD)
OWN_REPLY = AccessRule(RequiredAccess.OWN_REPLY)
UNDO = AccessRule(RequiredAccess.OWN_REPLY, allow_if_unknown=True)
PAUSE = AccessRule(RequiredAccess.MEMBER, allow_if_unknown=True)

# --- the table ----------------------------------------------------------------------------------------------

ACTION_RULES: Mapping[str, AccessRule] = {
    # a card, a reminder, a preview
    "claim": ON_CARD,
    "release": ON_CARD,  # their own claim alone: Ticket.release sees to that
    "take_over": MEMBER,
    "reopen": MEMBER,
    "undo": UNDO,
    "no_reply_needed": ON_CARD,
    "show_context": MEMBER,
    "open_on_network": ANYBODY,  # links: Slack opens them by itself and only tells us
    "open_composer_on_network": ANYBODY,
    "reply": ON_CARD,
    "follow_up": ON_CARD,
    "edit_draft": ON_CARD,
    "use_draft": ON_CARD,
    composer.TAKE_OVER_ACTION_ID: ON_CARD,
    "send_publicly": ON_CARD,
    "keep_private": ON_CARD,
    # an unsure reply, a hand-off
    "it_is_there": OWN_REPLY,
    "send_again": OWN_REPLY,
    "discard": OWN_REPLY,
    "posted": OWN_REPLY,
    "not_posted": OWN_REPLY,
    # Home
    home.DISCARD_ACTION_ID: MEMBER,
    home.CLOSE_ACTION_ID: MEMBER,
    home.PREVIOUS_ACTION_ID: MEMBER,
    home.NEXT_ACTION_ID: MEMBER,
    home.PICK_ACTION_ID: MEMBER,
    home.OUTCOME_ACTION_ID: MEMBER,
    # issues, history, answers to a command
    author_history.DELETE_NOTE_ACTION_ID: MEMBER,
    "remove_from_issue": MEMBER,
    "issues_page_a": MEMBER,
    "issues_page_b": MEMBER,
    "open_issue": MEMBER,
    "refresh_issue": MEMBER,
    "issue_page_a": MEMBER,
    "issue_page_b": MEMBER,
    "fix_issue": MEMBER,
    "reopen_issue": MEMBER,
    "skip_telling": MEMBER,
    merge.RENAME_ID: MEMBER,
    search_results.MORE_ACTION_ID: MEMBER,
    ephemeral_answers.SHARE_ACTION_ID: MEMBER,
}
ACTION_PREFIX_RULES: Mapping[str, AccessRule] = {
    f"{author_history.PAGE_ACTION_PREFIX}_": MEMBER,
    f"{author_history.OTHER_AUTHOR_ACTION_PREFIX}_": MEMBER,
}
OVERFLOW_ACTION_ID = "more"  # the overflow of a card
OVERFLOW_OPTION_RULES: Mapping[str, AccessRule] = {
    "assign": MEMBER,
    "snooze": MEMBER,
    "not_about_us": ON_CARD,
    "add_to_issue": MEMBER,
    "history": MEMBER,
    "unsay": MEMBER,
    "release": ON_CARD,
    "take_over": MEMBER,
}
VIEW_RULES: Mapping[str, AccessRule] = {
    composer.COMPOSER_CALLBACK_ID: ON_CARD,
    dialogs.REASON_CALLBACK_ID: ON_CARD,
    dialogs.ASSIGN_CALLBACK_ID: MEMBER,
    dialogs.DELETE_CALLBACK_ID: MEMBER,
    dialogs.ME_CALLBACK_ID: MEMBER,
    snooze.SNOOZE_CALLBACK_ID: MEMBER,
    author_history.HISTORY_CALLBACK_ID: MEMBER,
    ranking.ADD_CALLBACK_ID: MEMBER,
    ranking.SKIP_CALLBACK_ID: MEMBER,
    merge.RENAME_ID: MEMBER,
}
# It opened for somebody who might then. What they typed is kept, and the card stops showing them as writing.
CLOSED_VIEW_RULES: Mapping[str, AccessRule] = {composer.COMPOSER_CALLBACK_ID: ANYBODY}
SUGGESTION_RULES: Mapping[str, AccessRule] = {picker.PICK_ACTION_ID: MEMBER}
SHORTCUT_RULES: Mapping[str, AccessRule] = {shortcuts.SEND_CALLBACK_ID: ON_CARD}
COMMAND_RULES: Mapping[str, AccessRule] = {"/mentions": MEMBER}
SUBCOMMAND_RULES: Mapping[str, AccessRule] = {"pause": PAUSE}
EVENT_RULES: Mapping[str, AccessRule] = {
    "app_home_opened": ANYBODY,  # bot/slack/home_tab.py asks who looks at it, whatever it is drawn for
    "message": ANYBODY,  # nothing is done for them: an owner shows life, an author hears of their own words
}
MENTION_EVENT = "app_mention"
THREAD_COMMAND_RULES: Mapping[str, AccessRule] = {
    "claim": ON_CARD,
    "release": ON_CARD,
    "done": ON_CARD,
    "reply": ON_CARD,
    "drafts": ON_CARD,  # one's own
    "undo": UNDO,
}


# --- what a request needs -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """One request: what it needs, who makes it, from which workspace, and about what."""

    rule: AccessRule
    who: Actor
    team: str | None
    ticket: int | None = None
    reply: int | None = None


def read_request(body: Body) -> AccessRequest | None:
    """Read a request; None for what nobody does, such as Slack's own notices."""
    kind = body.get("type")
    if kind == "event_callback":
        return _read_event(body)
    who = parse_actor(body)
    if not who.id:
        return None
    if "command" in body:
        word = command_words.parse_command(
            str(body.get("text") or "")
        ).word  # as handlers/commands/router.py reads it
        rule = SUBCOMMAND_RULES.get(word, COMMAND_RULES.get(body["command"], MEMBER))
        return AccessRequest(rule, who, body.get("team_id"))
    about, read = _read_payload(body), _RULE_READERS.get(str(kind))
    rule = read(body, about) if read is not None else MEMBER
    team = (body.get("user") or {}).get("team_id")
    return AccessRequest(rule, who, team, ticket=about.get("t", about.get("ticket")), reply=about.get("r"))


def _read_payload(body: Body) -> Body:
    """The JSON that a button, an option or a modal of ours carries; empty where there is none."""
    action = (body.get("actions") or [{}])[0]
    value = action.get("value") or (action.get("selected_option") or {}).get("value")
    packed = [(body.get("view") or {}).get("private_metadata"), value]
    read: Body = {}
    for one in packed:
        try:
            found_in = json.loads(one) if one else {}
        except (TypeError, ValueError):
            continue
        read |= found_in if isinstance(found_in, dict) else {}
    return read


def _action_rule(body: Body, about: Body) -> AccessRule:
    name = str((body.get("actions") or [{}])[0].get("action_id"))
    if name == OVERFLOW_ACTION_ID:
        return OVERFLOW_OPTION_RULES.get(str(about.get("do")), MEMBER)
    begins = (rule for start, rule in ACTION_PREFIX_RULES.items() if name.startswith(start))
    return ACTION_RULES.get(name) or next(begins, MEMBER)


def _view_rule(rules: Mapping[str, AccessRule]) -> Callable[[Body, Body], AccessRule]:
    return lambda body, _about: rules.get(str((body.get("view") or {}).get("callback_id")), MEMBER)


_RULE_READERS: Mapping[str, Callable[[Body, Body], AccessRule]] = {
    "block_actions": _action_rule,
    "view_submission": _view_rule(VIEW_RULES),
    "view_closed": _view_rule(CLOSED_VIEW_RULES),
    "block_suggestion": lambda body, _about: SUGGESTION_RULES.get(str(body.get("action_id")), MEMBER),
    "message_action": lambda body, _about: SHORTCUT_RULES.get(str(body.get("callback_id")), MEMBER),
}


def _read_event(body: Body) -> AccessRequest | None:
    """An event. Only a command in a thread is something that somebody wants of us."""
    event = body.get("event") or {}
    if event.get("type") != MENTION_EVENT:
        return None
    word = thread_commands.parse_command_word(event, body)
    if word is None:
        return None
    who = Actor(event["user"], event["channel"], event.get("thread_ts"))
    rule = THREAD_COMMAND_RULES.get(word, MEMBER)
    return AccessRequest(rule, who, event.get("user_team") or event.get("team"))


# --- asking -------------------------------------------------------------------------------------------------


def install_access_check(app: App, ctx: BotContext) -> None:
    """Let only those through to a listener who may."""

    @app.middleware
    def check(body: Body, context: BoltContext, next_: Callable[[], None]) -> BoltResponse | None:
        request = read_request(body)
        refused = find_refusal(ctx, request) if request is not None else None
        if request is None or refused is None:
            next_()
            return None
        log.info("refused to %s: %s", request.who.id, body.get("type") or body.get("command"))
        return _send_refusal(ctx, body, request.who, context.respond, refused)


def find_refusal(ctx: BotContext, request: AccessRequest) -> str | None:
    """Why that is not for them, in one sentence; None if it is. Mostly from memory, and always in time."""
    rule, who = request.rule, request.who
    if rule.needs is RequiredAccess.NOBODY_IN_PARTICULAR:
        return None
    access = access_of(ctx, who.id, team=request.team, wait_seconds=MEMBERSHIP_WAIT_SECONDS)
    if access.is_member or (access.kind is MembershipKind.UNKNOWN and rule.allow_if_unknown):
        return None
    if access.kind is not MembershipKind.NAMED_GUEST or rule.needs is RequiredAccess.MEMBER:
        return access.refusal
    try:
        return _refusal_on_card(ctx, request)
    except PermissionUnknownError:
        return UNKNOWN_REFUSAL
    except Exception as error:  # noqa: BLE001 - a person pressed, a person gets a sentence
        return error_text(error)


def _refusal_on_card(ctx: BotContext, request: AccessRequest) -> str | None:
    """Why a guest whom SENDERS names may not do that about this card."""
    who = request.who
    with ctx.db.read(LEDGER_TIMEOUT_SECONDS) as session:
        ticket, reply = _load_target(session, request)
        channel = ticket.channel if ticket is not None else None
        actor = reply.actor if reply is not None else None
    if channel is None:  # a thread that is no card's, in which they are: the handler says so
        return None if request.ticket is None and request.reply is None else NOT_IN_CHANNEL
    # Slack tells of a press in a channel only if they are in it; a modal may have been opened long ago.
    if channel != who.channel and not is_in_channel(
        ctx, who.id, channel, wait_seconds=MEMBERSHIP_WAIT_SECONDS
    ):
        return NOT_IN_CHANNEL
    if request.rule.needs is RequiredAccess.OWN_REPLY and actor not in {None, who.id}:
        return NOT_YOUR_REPLY
    return None


def _load_target(session: Session, request: AccessRequest) -> tuple[Ticket | None, Reply | None]:
    """The ticket and the reply that a button names, else those of the thread that somebody writes in."""
    reply = session.get(Reply, request.reply) if request.reply is not None else None
    ticket_id = request.ticket if reply is None else reply.ticket_id
    if ticket_id is None and request.who.channel and request.who.thread_ts:
        card = Card.find_by_message(session, request.who.channel, request.who.thread_ts)
        ticket_id = card.ticket_id if card is not None else None
    ticket = session.get(Ticket, ticket_id) if ticket_id is not None else None
    if reply is None and ticket is not None:
        reply = ticket.live_reply(session)
    return ticket, reply


# --- answering ----------------------------------------------------------------------------------------------


def _send_refusal(
    ctx: BotContext, body: Body, who: Actor, respond: Respond | None, sentence: str
) -> BoltResponse:
    """Say it where they look, and nothing else; what they typed stays in its window."""
    kind = body.get("type")
    if "command" in body:
        return BoltResponse(status=200, body={"response_type": "ephemeral", "text": sentence})
    if kind == "view_submission":
        return BoltResponse(status=200, body=_modal_refusal(body["view"], sentence))
    if kind == "block_suggestion":
        return BoltResponse(status=200, body={"options": []})
    if kind == "block_actions" and (body.get("view") or {}).get("type") == "modal":
        ctx.run_in_background(lambda: _push_refusal(ctx, body, sentence))
    elif kind != "view_closed":
        send_private_text(ctx, who, respond if body.get("response_url") else None, sentence)
    return BoltResponse(status=200, body="")


def _modal_refusal(view: Body, sentence: str) -> Body:
    """The answer to a submit: at the first input, so that what is typed stays; else in place of the modal."""
    inputs = [block["block_id"] for block in view.get("blocks") or [] if block.get("type") == "input"]
    if inputs:
        return {"response_action": "errors", "errors": {inputs[0]: to_plain_text(sentence)}}
    return {"response_action": "update", "view": build_refusal_modal(sentence)}


def _push_refusal(ctx: BotContext, body: Body, sentence: str) -> None:
    try:
        ctx.slack.push_view(str(body.get("trigger_id")), build_refusal_modal(sentence))
    except SlackError as error:
        log.info("a refusal could not be shown in a modal: %s", error)
