"""Access rules: who may press, submit, type or open what.

A middleware for every request looks up what it needs in the tables below, asks `bot/slack/membership.py` who
the person is, and lets the request through or refuses it. Handlers need not check again, except whether
someone may send public replies: that is in `bot/slack/sender_permissions.py`.

Docs: https://docs.slack.dev/tools/bolt-python/concepts/global-middleware
"""

import hashlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from slack_bolt import App, BoltResponse
from slack_bolt.authorization import AuthorizeResult
from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.slack import ephemeral_answers
from bot.slack.blocks import dialogs, home, home_filter
from bot.slack.blocks.commands import search_results
from bot.slack.blocks.issues import merge, picker, ranking
from bot.slack.blocks.replies import composer
from bot.slack.blocks.tickets import author_history, snooze
from bot.slack.blocks.tracks import modal as track_modal
from bot.slack.blocks.tracks import track_list
from bot.slack.blocks.values import Subject, read_subject
from bot.slack.membership import (
    MEMBERSHIP_WAIT_SECONDS,
    NOT_IN_CHANNEL,
    NOT_YOUR_REPLY,
    UNKNOWN_REFUSAL,
    MembershipKind,
    access_of,
    is_in_channel,
)
from bot.slack.respond import BoundedRespond
from bot.slack.sender_permissions import PermissionUnknownError
from handlers.feedback import (
    LEDGER_TIMEOUT_SECONDS,
    Actor,
    error_text,
    send_refusal,
    user_names,
)
from handlers.thread_command import parse_thread_command
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
    """What a request needs. `allow_if_unknown`: it stops something, so works without Slack."""

    needs: RequiredAccess
    allow_if_unknown: bool = False


ANYBODY = AccessRule(RequiredAccess.NOBODY_IN_PARTICULAR)
MEMBER = AccessRule(RequiredAccess.MEMBER)
ON_CARD = AccessRule(RequiredAccess.ON_CARD)
OWN_REPLY = AccessRule(RequiredAccess.OWN_REPLY)
UNDO = AccessRule(RequiredAccess.OWN_REPLY, allow_if_unknown=True)
PAUSE = AccessRule(RequiredAccess.MEMBER, allow_if_unknown=True)

# --- the table ----------------------------------------------------------------------------------------------

SEND_CALLBACK_ID = "send_as_public_reply"  # the message shortcut
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
    composer.ACCOUNT_ACTION_ID: ON_CARD,
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
    home_filter.FILTER_ACTION_ID: MEMBER,
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
    # tracks; who may change them: handlers/tracks/admins.py
    f"{track_list.PAGE_ACTION}_a": MEMBER,
    f"{track_list.PAGE_ACTION}_b": MEMBER,
    track_list.EDIT_ACTION_ID: MEMBER,
    track_list.PAUSE_ACTION_ID: MEMBER,
    track_list.RESUME_ACTION_ID: MEMBER,
    track_list.REMOVE_ACTION_ID: MEMBER,
    track_modal.TRY_ACTION_ID: MEMBER,
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
    track_modal.TRACK_CALLBACK_ID: MEMBER,
}
# It opened for somebody who might then. What they typed is kept, and the card stops showing them as writing.
CLOSED_VIEW_RULES: Mapping[str, AccessRule] = {composer.COMPOSER_CALLBACK_ID: ANYBODY}
SUGGESTION_RULES: Mapping[str, AccessRule] = {picker.PICK_ACTION_ID: MEMBER}
SHORTCUT_RULES: Mapping[str, AccessRule] = {SEND_CALLBACK_ID: ON_CARD}
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


# --- what every request tells -------------------------------------------------------------------------------


def parse_actor(body: Mapping[str, Any]) -> Actor:
    """Who sent this press, submit or command."""
    user = body.get("user")
    if not isinstance(user, Mapping):
        key = f"command {body.get('trigger_id')}"
        return Actor(str(body.get("user_id", "")), body.get("channel_id"), None, key)
    user_names[str(user["id"])] = str(user.get("name") or user.get("username") or "a teammate")
    container = body.get("container") or {}
    channel = (body.get("channel") or {}).get("id") or container.get("channel_id")
    message = body.get("message") or {}
    thread_ts = message.get("thread_ts") or container.get("thread_ts")
    is_at_home = (body.get("view") or {}).get("type") == "home"
    return Actor(str(user["id"]), channel, thread_ts, _press_key(body), is_at_home)


def _press_key(body: Mapping[str, Any]) -> str:
    """What is the same only in two copies of one press: Slack hands out a trigger once, at one moment."""
    action = (body.get("actions") or [{}])[0]
    parts = (
        body.get("trigger_id"),
        body["user"]["id"],
        (body.get("container") or {}).get("message_ts"),
        action.get("action_id"),
        action.get("action_ts"),
        packed_value(body),
    )
    return "press " + hashlib.sha256(repr(parts).encode()).hexdigest()


def packed_value(body: Mapping[str, Any]) -> str | None:
    """What the pressed button or the chosen option carries, packed; None where it carries nothing."""
    action = (body.get("actions") or [{}])[0]
    return action.get("value") or (action.get("selected_option") or {}).get("value")


def bounded_respond(ctx: BotContext, body: Mapping[str, Any]) -> BoundedRespond:
    """What answers to that request by its `response_url`, without waiting long."""
    client = ctx.slack.client
    return BoundedRespond(response_url=body.get("response_url"), proxy=client.proxy, ssl=client.ssl)


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
    about = read_subject((body.get("view") or {}).get("private_metadata"), packed_value(body))
    read = _RULE_READERS.get(str(kind))
    rule = read(body, about) if read is not None else MEMBER
    team = (body.get("user") or {}).get("team_id")
    return AccessRequest(rule, who, team, ticket=about.ticket, reply=about.reply)


def _action_rule(body: Body, about: Subject) -> AccessRule:
    name = str((body.get("actions") or [{}])[0].get("action_id"))
    if name == OVERFLOW_ACTION_ID:
        return OVERFLOW_OPTION_RULES.get(str(about.choice), MEMBER)
    begins = (rule for start, rule in ACTION_PREFIX_RULES.items() if name.startswith(start))
    return ACTION_RULES.get(name) or next(begins, MEMBER)


def _view_rule(rules: Mapping[str, AccessRule]) -> Callable[[Body, Subject], AccessRule]:
    return lambda body, _about: rules.get(str((body.get("view") or {}).get("callback_id")), MEMBER)


_RULE_READERS: Mapping[str, Callable[[Body, Subject], AccessRule]] = {
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
    said = parse_thread_command(event, body)
    if said is None:
        return None
    rule = THREAD_COMMAND_RULES.get(said.verb, MEMBER)
    return AccessRequest(rule, said.who, event.get("user_team") or event.get("team"))


# --- asking -------------------------------------------------------------------------------------------------


def build_authorizer(ctx: BotContext) -> Callable[..., AuthorizeResult]:
    """Who we are, without asking Slack on every press: one workspace, one token, learned once."""
    token = ctx.settings.slack_bot_token.get_secret_value()

    def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
        known = ctx.slack.identity_if_known()
        return AuthorizeResult(
            enterprise_id=enterprise_id,
            team_id=team_id,
            bot_token=token,
            bot_user_id=known.user_id if known is not None else None,
            bot_id=known.bot_id if known is not None else None,
        )

    return authorize


def install_access_check(app: App, ctx: BotContext) -> None:
    """Let only those through to a listener who may."""

    @app.middleware
    def check(body: Body, next_: Callable[[], None]) -> BoltResponse | None:
        request = read_request(body)
        refused = find_refusal(ctx, request) if request is not None else None
        if request is None or refused is None:
            next_()
            return None
        log.info("refused to %s: %s", request.who.id, body.get("type") or body.get("command"))
        respond = bounded_respond(ctx, body) if body.get("response_url") else None
        return send_refusal(ctx, body, request.who, respond, refused)


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
