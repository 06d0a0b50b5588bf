"""The composer: opened by Reply, Follow up, Edit and a colleague's draft; taken over, closed.

It opens within the trigger's three seconds whatever the ledger does: what a button carries is enough to open
it, and the submit (handlers/replies/submit.py) is held against the ledger anyway.
"""

import json
import logging
import uuid
from typing import Any

from slack_bolt import Ack, App, Respond
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.ingest.refresh_post import refresh_target
from bot.notices import thread_notices
from bot.publish import account_check
from bot.slack.blocks.replies.composer import (
    COMPOSER_CALLBACK_ID,
    REPLY_BLOCK,
    REPLY_INPUT,
    TAKE_OVER_ACTION_ID,
    ComposerContent,
    Origin,
    build_composer_modal,
    build_refusal_modal,
)
from bot.slack.blocks.text import date_token
from bot.slack.errors import SlackError
from bot.slack.permissions import PermissionUnknownError
from bot.slack.typed_text import SlackText, read_slack_text
from handlers.feedback import Actor, open_modal, parse_actor, run_and_report, write_session
from handlers.replies.reply_text import left_out_text, load_left_out, load_sign_off, text_hash
from models import Account, Author, Mention, ProcessedRequest, Reply, Ticket
from models.core.base import MovedOnError
from models.slack.notice import quote_block_id
from models.tickets import unconnected_accounts
from models.tickets.delivery_state import PENDING_STATES, PUBLIC_STATES, RETURNED_STATES, DeliveryState

log = logging.getLogger(__name__)

Body = dict[str, Any]
AUTHOR_ONLY_TEXT = "Only its author decides about this one."
REFRESH_TIMEOUT_SECONDS = (
    0.8  # seconds in which the network may say that the post has changed since it was looked at
)
COMPOSER_LOOKUP_TIMEOUT_SECONDS = 0.8  # seconds to read the ledger before the composer opens without it
REPEATED_PRESS: dict[str, Any] = {}  # no view
NOT_CONNECTED_TEXT = "Until then nothing is sent from here; what you write is kept as your draft."
POST_BY_HAND_TEXT = "You can still post this one by hand, signed in as that account."
DRAFT_ONLY_TEXT = "What you write is kept as a draft, and shown in the thread to those who may."


def register(app: App, ctx: BotContext) -> None:
    """Listen for the buttons that open the composer, and for what closes it."""

    def open_composer(ack: Ack, body: Body, respond: Respond) -> None:
        ack()
        who, value = parse_actor(body), json.loads(body["actions"][0]["value"])
        run_and_report(ctx, who, respond, lambda: _open_composer(ctx, who, body, value))
        ctx.run_in_background(lambda: _prefetch_checks(ctx, who, value["t"]))

    for action in ("reply", "follow_up", "edit_draft", "use_draft"):
        app.action(action)(open_composer)

    @app.action(TAKE_OVER_ACTION_ID)
    def take_over(ack: Ack, body: Body) -> None:
        ack()
        who, view = parse_actor(body), body["view"]
        run_and_report(ctx, who, None, lambda: _take_over_composing(ctx, who, view))

    @app.view_closed(COMPOSER_CALLBACK_ID)
    def closed(ack: Ack, body: Body, view: Body) -> None:
        ack()
        who = parse_actor(body)
        run_and_report(ctx, who, None, lambda: _handle_close(ctx, who, view))


def _prefetch_checks(ctx: BotContext, who: Actor, ticket_id: int) -> None:
    """While they type: learn what the submit will be held against, so that it need not wait for it."""
    with ctx.db.read() as session:
        channel = session.get_one(Ticket, ticket_id).channel
    try:
        ctx.sender_permissions.why_not(ctx, who.id, channel)
    except PermissionUnknownError:
        log.info("Slack does not say whether somebody may speak; the submit asks again")
    recheck_ticket(ctx, ticket_id)


def recheck_ticket(ctx: BotContext, ticket_id: int) -> None:
    """See whether the ticket's account is still connected, and its post still as the ledger has it."""
    account_check.check_ticket_account(ctx, ticket_id)
    refresh_target(ctx, ticket_id)


# --- opening ------------------------------------------------------------------------------------------------


def _open_composer(ctx: BotContext, who: Actor, body: Body, value: dict[str, Any]) -> str | None:
    """Open it; if Slack does not let us any more, nobody is writing there."""
    key = uuid.uuid4().hex
    found = ctx.read_with_timeout(
        lambda: build_composer(ctx, value, who, key), COMPOSER_LOOKUP_TIMEOUT_SECONDS
    )
    if found is REPEATED_PRESS:
        return None
    view = found if found is not None else _build_without_ledger(ctx, value, body, key)
    sentence = open_modal(ctx, body["trigger_id"], view)
    if sentence is not None and view.get("callback_id") == COMPOSER_CALLBACK_ID:
        _stop_composing(ctx, value["t"], key)
    return sentence


def build_composer(ctx: BotContext, value: dict[str, Any], who: Actor, key: str) -> dict[str, Any]:
    """The composer as the ledger has it now; or the reason why there is nothing to compose.

    Whoever opens it is shown on the card as writing, unless somebody else is already. `AGAIN`: this press has
    opened one before.
    """
    with ctx.db.write(COMPOSER_LOOKUP_TIMEOUT_SECONDS) as session:
        if not ProcessedRequest.claim_key(session, who.key, at=ctx.now()):
            return REPEATED_PRESS
        ticket = Ticket.lock(session, value["t"])
        draft = session.get(Reply, value["r"]) if "r" in value else None
        is_anothers = draft is not None and draft.actor != who.id
        if draft is not None and is_anothers and not value.get("use"):
            return build_refusal_modal(AUTHOR_ONLY_TEXT)
        live = ticket.live_reply(session)
        turn = ticket.turn
        if (
            live is not None
            and live.state in PUBLIC_STATES
            and draft is None
            and value.get("n", 0) > ticket.turn
        ):
            turn += 1
        elif live is not None or ticket.closed_at is not None:
            return build_refusal_modal(
                why_cannot_reply(ticket, live), kept=draft.words if draft is not None else None
            )
        if draft is not None and draft.state not in RETURNED_STATES:
            draft = None  # it went out with an earlier turn: there is nothing to bring back
        kept = draft if draft is not None else Reply.last_returned(session, ticket.id, who.id)
        is_only_draft = _known_send_refusal(ctx, who, ticket) is not None
        target = load_target(session, ticket)
        origin = Origin(
            ticket=ticket.id,
            turn=turn,
            post_id=ticket.target_post_id,
            key=key,
            network=ticket.network,
            draft=_replaced_draft(kept, who),
            latest=target.latest_id,
            sign=load_sign_off(ctx, session, who.id),
            author=_text_author(kept, who),
            only_draft=is_only_draft,
            not_shown=target.is_missing,
        )
        at = ctx.now()
        writing_now = (
            None if ticket.start_composing(session, by=who.id, key=key, at=at) else _composing_text(ticket)
        )
        notice = _notice(session, ticket, who, is_only_draft=is_only_draft)
        if target.is_missing:
            notice = "\n".join(one for one in (f":eyes: {not_shown_text(ctx, ticket)}", notice) if one)
        left_out = load_left_out(session, kept) if kept is not None else ()
        if left_out:
            notice = "\n".join(filter(None, (notice, left_out_text(left_out))))
        return build_composer_modal(
            origin,
            build_composer_content(
                ctx,
                session,
                ticket,
                kept.words if kept is not None else "",
                notice=notice,
                writing=writing_now,
            ),
        )


def _replaced_draft(draft: Reply | None, who: Actor) -> int | None:
    """The draft that the submit takes the place of."""
    return (
        draft.id
        if draft is not None and draft.state == DeliveryState.DRAFT and draft.actor == who.id
        else None
    )


def _text_author(kept: Reply | None, who: Actor) -> str | None:
    """Whose words the composer begins with, if they are somebody else's."""
    if kept is None:
        return None
    return kept.author or (kept.actor if kept.actor != who.id else None)


def _composing_text(ticket: Ticket) -> str:
    since = date_token(ticket.composing_since, "{time}") if ticket.composing_since is not None else "just now"
    return f":pencil2: *<@{ticket.composer}> has been replying since {since}.* Whoever sends first answers."


def _notice(session: Session, ticket: Ticket, who: Actor, *, is_only_draft: bool) -> str | None:
    alarm = unconnected_accounts.find_alarm(session, ticket.network, ticket.account_id)
    if alarm is not None:
        by_hand = load_target(session, ticket).answerable is not None
        return f":electric_plug: {alarm.detail} {POST_BY_HAND_TEXT if by_hand else NOT_CONNECTED_TEXT}"
    if is_only_draft:
        return f":memo: You may not send public replies here. {DRAFT_ONLY_TEXT}"
    if ticket.owner is not None and ticket.owner != who.id:
        return f":raising_hand: <@{ticket.owner}> has this one. Sending a reply takes it over."
    return None


def _known_send_refusal(ctx: BotContext, who: Actor, ticket: Ticket) -> str | None:
    """What is known of them without asking Slack; the submit asks."""
    return ctx.sender_permissions.why_not_if_known(ctx, who.id, ticket.channel)


def why_cannot_reply(ticket: Ticket, live: Reply | None) -> str:
    """Why nothing can be written now, and what to do about it."""
    if live is None:
        return f"This one is closed: {ticket.state}. Press *Reopen* on the card first."
    who = f"<@{live.actor}>"
    if live.state in PENDING_STATES:
        return f"{who}'s reply is about to go out. *Undo* on the card stops it, and then it can be changed."
    if live.state == DeliveryState.HANDED_OFF:
        return f"{who}'s reply waits to be posted by hand: see the card."
    if live.state in PUBLIC_STATES:
        return f"{who} has answered this one. *Follow up* on the card says more."
    return f"{who}'s reply is on the wire, and nobody can say yet whether it is public: see the card."


def build_composer_content(
    ctx: BotContext,
    session: Session,
    ticket: Ticket,
    text: str,
    *,
    notice: str | None = None,
    writing: str | None = None,
    twin: str | None = None,
) -> ComposerContent:
    """What a composer for `ticket` shows, with `text` typed in already."""
    target = load_target(session, ticket)
    author = session.get_one(Author, ticket.author_id)
    ours = Account.find(session, ticket.network, ticket.account_id)
    network = ctx.network(ticket.network)
    return ComposerContent(
        title=network.title,
        account=ours.handle if ours is not None else "us",
        handle=author.handle,
        words=target.display_text if target.deleted_at is None else None,
        max_length=network.max_length,
        by_hand=target.answerable,
        text=text,
        notice=notice,
        composing_notice=writing,
        duplicate_text=twin,
    )


def load_target(session: Session, ticket: Ticket) -> Mention:
    """The post that the next reply goes to."""
    query = select(Mention).where(Mention.ticket_id == ticket.id, Mention.post_id == ticket.target_post_id)
    return session.scalars(query).one()


def check_version(target: Mention, post_id: str, latest: str | None) -> None:
    """Refuse to answer another version of the post than its author saw, if that is known."""
    if latest is not None and target.post_id == post_id and target.latest_id != latest:
        raise MovedOnError("They changed their post since you began to write. Read it, then send again.")


def not_shown_text(ctx: BotContext, ticket: Ticket) -> str:
    """What somebody should know who answers a post that the network does not show to us."""
    title = ctx.network(ticket.network).title
    return (
        f"{title} does not show this post to us just now. You can answer all the same: if {title} refuses "
        "it, nothing is published and your words are kept."
    )


def check_shown(ctx: BotContext, ticket: Ticket, target: Mention, *, is_known: bool) -> None:
    """Refuse to answer a post that is not shown, unless `is_known`: its author was told so before.

    Raises `MovedOnError`, whose sentence says that it may be sent all the same.
    """
    if target.is_missing and not is_known:
        raise MovedOnError(not_shown_text(ctx, ticket))


def _build_without_ledger(ctx: BotContext, value: dict[str, Any], body: Body, key: str) -> dict[str, Any]:
    """The composer without the ledger: from what the button carries, and the words on the card itself."""
    if "p" not in value:
        return build_refusal_modal(
            "Heard's ledger is slow just now. Please press *Edit* again in a moment; your words are kept."
        )
    network = ctx.network(value["w"])
    origin = Origin(value["t"], value["n"], value["p"], key, value["w"], latest=value.get("v"))
    asked = ComposerContent(
        title=network.title,
        account=value["a"],
        handle=value["h"] or None,
        words=_quoted_text(body.get("message") or {}, value["p"]),
        max_length=network.max_length,
        notice=":hourglass: The ledger is slow just now. You can write; what you send is checked first.",
    )
    return build_composer_modal(origin, asked)


def _quoted_text(message: Body, post_id: str) -> str | None:
    """The words of that post, as the customer's card shows them."""
    for block in message.get("blocks") or []:
        if block.get("block_id") == quote_block_id(post_id):
            return "".join(part.get("text", "") for one in block["elements"] for part in one["elements"])
    return None


# --- taken over, closed -------------------------------------------------------------------------------------


def read_input(view: Body) -> SlackText:
    """What stands in the composer's input."""
    return read_slack_text(view["state"]["values"].get(REPLY_BLOCK, {}).get(REPLY_INPUT, {}).get("value"))


def _take_over_composing(ctx: BotContext, who: Actor, view: Body) -> str | None:
    """`who` writes from here on; the card and the other one's thread say so."""
    origin = Origin.unpacked(view["private_metadata"])
    with write_session(ctx) as session:
        if not ProcessedRequest.claim_key(session, who.key, at=ctx.now()):
            return None
        at = ctx.now()
        ticket = Ticket.lock(session, origin.ticket)
        live = ticket.live_reply(session)
        if origin.turn <= ticket.turn and (live is not None or ticket.closed_at is not None):
            notice: str | None = why_cannot_reply(
                ticket, live
            )  # they were faster: there is nothing left to take over
        else:
            notice = _notice(session, ticket, who, is_only_draft=origin.only_draft)
            before = ticket.take_over_composing(session, by=who.id, key=origin.key, at=at)
            if before is not None:
                thread_notices.post(
                    session, thread_notices.COMPOSING_TAKEN_OVER, ticket, at=at, before=before, by=who.id
                )
        asked = build_composer_content(ctx, session, ticket, read_input(view).text, notice=notice)
        fresh = build_composer_modal(origin, asked)
    try:
        ctx.slack.update_view(view["id"], fresh)
    except SlackError as error:
        log.info("a composer that was taken over could not be redrawn: %s", error)
    return None


def _handle_close(ctx: BotContext, who: Actor, view: Body) -> str | None:
    """Nobody writes there any more; what was typed is kept, where Slack tells us."""
    origin = Origin.unpacked(view["private_metadata"])
    typed = read_input(view).text.strip()
    with write_session(ctx) as session:
        ticket = Ticket.lock(session, origin.ticket)
        ticket.stop_composing(key=origin.key)
        if typed and typed != Reply.last_returned_text(session, ticket.id, who.id):
            keep_draft(ctx, session, ticket, who, origin=origin, words=typed)
    return None


def _stop_composing(ctx: BotContext, ticket_id: int, key: str) -> None:
    with write_session(ctx) as session:
        Ticket.lock(session, ticket_id).stop_composing(key=key)


def keep_draft(
    ctx: BotContext, session: Session, ticket: Ticket, who: Actor, *, origin: Origin, words: str
) -> Reply | None:
    """Keep what was typed as a draft of its author; None if these very words are kept already."""
    if not ProcessedRequest.claim_key(session, f"kept {origin.key} {text_hash(words)}", at=ctx.now()):
        return None
    draft = ticket.draft(
        session,
        text=words,
        by=who.id,
        at=ctx.now(),
        key=uuid.uuid4().hex,
        source="composer",
        author=origin.author,
        **replace_draft(ctx, session, who, origin),
    )
    draft.update_reaction(session)
    return draft


def replace_draft(ctx: BotContext, session: Session, who: Actor, origin: Origin) -> dict[str, Any]:
    """Let what is written now take the place of the draft that it began with; where that one came from."""
    draft = session.get(Reply, origin.draft) if origin.draft is not None else None
    if draft is None or draft.state != DeliveryState.DRAFT or draft.actor != who.id:
        return {}
    draft.move(session, DeliveryState.DISCARDED, at=ctx.now(), by=who.id, act="draft edited")
    return {"said_channel": draft.said_channel, "said_ts": draft.said_ts}
