"""The composer: opened by Reply, Follow up, Edit and a colleague's draft.

It opens within the trigger's three seconds whatever the ledger does: what a button carries is enough to open
it, and the submit (handlers/replies/submit.py) is held against the ledger anyway.
"""

import logging
import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.ingest.refresh_post import refresh_target
from bot.publish import account_check
from bot.slack.blocks.replies.composer import (
    ACCOUNT_ACTION_ID,
    ACCOUNT_BLOCK,
    COMPOSER_CALLBACK_ID,
    PLACE_ACTION_ID,
    PLACE_BLOCK,
    ComposerContent,
    account_block_id,
    build_composer_modal,
    build_refusal_modal,
)
from bot.slack.blocks.replies.pictures import PickedPictures, PictureContent
from bot.slack.blocks.text import date_token
from bot.slack.blocks.values import Origin, ReplyValue, TicketValue
from bot.slack.sender_permissions import PermissionUnknownError
from handlers.door import Act, RepeatedError, door, write_session
from handlers.feedback import Actor
from handlers.replies import pictures
from handlers.replies.blind_composer import build_without_ledger
from handlers.replies.destination import load_destination
from handlers.replies.reply_text import left_out_text, load_left_out, load_sign_off
from models import Alarm, Mention, ProcessedRequest, Reply, Ticket
from models.core.base import MovedOnError
from models.tickets import answer_as, unconnected_accounts
from models.tickets.answer_as import AnsweringAccount, UnanswerableError
from models.tickets.delivery_state import PUBLIC_STATES, RETURNED_STATES, DeliveryState
from models.tickets.kept_drafts import why_cannot_reply

log = logging.getLogger(__name__)

Body = dict[str, Any]
AUTHOR_ONLY_TEXT = "Only its author can decide about this draft."
REFRESH_TIMEOUT_SECONDS = (
    0.8  # seconds in which the network may say that the post has changed since it was looked at
)
COMPOSER_LOOKUP_TIMEOUT_SECONDS = 0.8  # seconds to read the ledger before the composer opens without it
NOT_CONNECTED_TEXT = "Until then nothing is sent from here; your text is kept as a draft."
POST_BY_HAND_TEXT = "You can still post this reply by hand, signed in as that account."
DRAFT_ONLY_TEXT = "What you write is kept as a draft and shown in the thread to people who can."


@dataclass(frozen=True, slots=True)
class Opening:
    """What a composer is asked for: a ticket, the turn that its button shows, and words to begin with.

    `draft` is one that is there already; `takes_up`: it may be somebody else's.
    """

    ticket: int
    turn: int = 0
    draft: int | None = None
    takes_up: bool = False


@door.press("reply", "follow_up", value=TicketValue)
def reply(act: Act[TicketValue]) -> str | None:
    """Open it for the post that the card shows."""
    return _open_composer(act, Opening(act.value.ticket, turn=act.value.turn or 0), act.value)


@door.press("edit_draft", value=ReplyValue)
def edit_draft(act: Act[ReplyValue]) -> str | None:
    """Open it with a draft of one's own."""
    return _open_composer(act, Opening(act.value.ticket, draft=act.value.reply))


@door.press("use_draft", value=ReplyValue)
def use_draft(act: Act[ReplyValue]) -> str | None:
    """Open it with a colleague's draft."""
    return _open_composer(act, Opening(act.value.ticket, draft=act.value.reply, takes_up=True))


def _prefetch_checks(ctx: BotContext, who: Actor, ticket_id: int) -> None:
    """Ask, while they type, what the submit is checked against, so that it need not wait for the answers."""
    with ctx.db.read() as session:
        ticket = session.get_one(Ticket, ticket_id)
        channel, network = ticket.channel, ticket.find_target(session).network
        account_id = answer_as.load_accounts(session, ticket)[0].account_id
        senders = ctx.policy(session, channel).senders
    try:
        ctx.sender_permissions.why_not(ctx, who.id, channel, senders)
    except PermissionUnknownError:
        log.info("Slack does not say whether someone may send; the submit checks again")
    recheck_ticket(ctx, ticket_id, account_id, network)


def recheck_ticket(
    ctx: BotContext, ticket_id: int, account_id: str | None = None, network: str | None = None
) -> None:
    """See whether that account (None: the ticket's) is still connected, and the post as the ledger has it.

    `network` is where the answer goes (None: the preset one).
    """
    account_check.check_ticket_account(ctx, ticket_id, account_id, network)
    refresh_target(ctx, ticket_id, network)


# --- opening ------------------------------------------------------------------------------------------------


def _open_composer(act: Act[Any], opening: Opening, seen: TicketValue | None = None) -> str | None:
    """Open it; if Slack does not let us any more, nobody is writing there. `seen` is what the card shows."""
    ctx, key = act.ctx, uuid.uuid4().hex
    try:
        view = ctx.read_with_timeout(
            lambda: build_composer(ctx, opening, act.who, key), COMPOSER_LOOKUP_TIMEOUT_SECONDS
        )
        if view is None:
            view = build_without_ledger(ctx, seen, act.body, key)
        sentence = act.open_modal(view)
        if sentence is not None and view.get("callback_id") == COMPOSER_CALLBACK_ID:
            _stop_composing(ctx, opening.ticket, key)
        return sentence
    finally:
        ctx.run_in_background(lambda: _prefetch_checks(ctx, act.who, opening.ticket))


def _stop_composing(ctx: BotContext, ticket_id: int, key: str) -> None:
    with write_session(ctx) as session:
        Ticket.lock(session, ticket_id).stop_composing(key=key)


def build_composer(ctx: BotContext, opening: Opening, who: Actor, key: str) -> Body:
    """The composer as the ledger has it now; or the reason why there is nothing to compose.

    The card shows the person who opens it as writing, unless somebody else is already. Raises `RepeatedError`
    if this press has opened one before, and `BusyError` if the ledger is.
    """
    with ctx.db.write(COMPOSER_LOOKUP_TIMEOUT_SECONDS) as session:
        if not ProcessedRequest.claim_key(session, who.key, at=ctx.now()):
            raise RepeatedError
        ticket = Ticket.lock(session, opening.ticket)
        draft = session.get(Reply, opening.draft) if opening.draft is not None else None
        is_anothers = draft is not None and draft.actor != who.id
        if is_anothers and not opening.takes_up:
            return build_refusal_modal(AUTHOR_ONLY_TEXT)
        live = ticket.live_reply(session)
        turn = ticket.turn
        if live is not None and live.state in PUBLIC_STATES and draft is None and opening.turn > ticket.turn:
            turn += 1
        elif live is not None or ticket.closed_at is not None:
            return build_refusal_modal(
                why_cannot_reply(ticket, live), kept=draft.words if draft is not None else None
            )
        if draft is not None and draft.state not in RETURNED_STATES:
            draft = None  # it went out with an earlier turn: there is nothing to bring back
        kept = draft if draft is not None else Reply.last_returned(session, ticket.id, who.id)
        is_only_draft = _known_send_refusal(ctx, session, who, ticket) is not None
        before = kept if kept is not None else live  # what follows our own reply is said as the same account
        target = ticket.find_target(session, before.network_on(ticket) if before is not None else None)
        accounts = answer_as.load_accounts(session, ticket, target=target)
        account = answer_as.pick_account(accounts, before.account_id if before is not None else None)
        if account.impossible is not None:
            why = str(UnanswerableError(account.impossible))
            return build_refusal_modal(why, kept=kept.words if kept is not None else None)
        origin = Origin(
            ticket=ticket.id,
            turn=turn,
            post_id=target.post_id,
            key=key,
            network=target.network,
            draft=_replaced_draft(kept, who),
            latest=target.version,
            sign=load_sign_off(ctx, session, who.id),
            author=_text_author(kept, who),
            only_draft=is_only_draft,
            not_shown=target.is_missing,
            account=account.account_id,
            by_hand=account.refusal is not None,
        )
        at = ctx.now()
        writing_now = (
            None if ticket.start_composing(session, by=who.id, key=key, at=at) else composing_text(ticket)
        )
        notice = build_notice(
            ctx, session, ticket, who, account, target=target, is_only_draft=is_only_draft, kept=kept
        )
        if kept is not None and pictures.has_pending(session, kept.id):
            kept_id = kept.id
            ctx.run_in_background(lambda: pictures.fetch_pending(ctx, kept_id))
        return build_composer_modal(
            origin,
            build_composer_content(
                ctx,
                session,
                ticket,
                kept.words if kept is not None else "",
                account=account,
                accounts=accounts,
                target=target,
                notice=notice,
                writing=writing_now,
                pictures_of=None if is_only_draft else kept.id if kept is not None else 0,
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


def composing_text(ticket: Ticket) -> str:
    """Who is writing there, and since when, as mrkdwn."""
    since = date_token(ticket.composing_since, "{time}") if ticket.composing_since is not None else "just now"
    return (
        f":pencil2: *<@{ticket.composer}> has been replying since {since}.* Only the first reply sent will "
        "go out."
    )


def build_notice(
    ctx: BotContext,
    session: Session,
    ticket: Ticket,
    who: Actor,
    account: AnsweringAccount,
    *,
    target: Mention,
    is_only_draft: bool,
    kept: Reply | None = None,
) -> str | None:
    """What somebody who answers `target` as `account` should know first, as mrkdwn.

    `kept` is the draft that the composer begins with.
    """
    not_shown = f":eyes: {not_shown_text(ctx, target)}" if target.is_missing else None
    left_out = load_left_out(session, kept) if kept is not None else None
    alarm = unconnected_accounts.find_alarm(session, target.network, account.account_id)
    about = _status_notice(ticket, who, account, alarm, is_only_draft=is_only_draft)
    parts = (not_shown, about, left_out_text(*left_out) if left_out is not None else None)
    return "\n".join(filter(None, parts)) or None


def _status_notice(
    ticket: Ticket, who: Actor, account: AnsweringAccount, alarm: Alarm | None, *, is_only_draft: bool
) -> str | None:
    """The most important of what may keep their reply from going out."""
    if alarm is not None:
        by_hand = account.refusal is not None
        return f":electric_plug: {alarm.detail} {POST_BY_HAND_TEXT if by_hand else NOT_CONNECTED_TEXT}"
    if is_only_draft:
        return f":memo: You can't send public replies here. {DRAFT_ONLY_TEXT}"
    if ticket.owner is not None and ticket.owner != who.id:
        return f":raising_hand: <@{ticket.owner}> owns this ticket. If you send a reply, it becomes yours."
    return None


def _known_send_refusal(ctx: BotContext, session: Session, who: Actor, ticket: Ticket) -> str | None:
    """What is known of them without asking Slack; the submit asks."""
    senders = ctx.policy(session, ticket.channel).senders
    return ctx.sender_permissions.why_not_if_known(ctx, who.id, ticket.channel, senders)


def build_composer_content(
    ctx: BotContext,
    session: Session,
    ticket: Ticket,
    text: str,
    *,
    account: AnsweringAccount,
    accounts: tuple[AnsweringAccount, ...],
    target: Mention,
    notice: str | None = None,
    writing: str | None = None,
    twin: str | None = None,
    pictures_of: int | None = None,
    picked: PickedPictures | None = None,
) -> ComposerContent:
    """What a composer shows that answers `target` as `account`, with `text` typed in already.

    `pictures_of` is the draft or reply whose pictures it shows (0: none yet; None: it has no place for
    pictures), `picked` what was done with them since.
    """
    there = load_destination(ctx, session, ticket, account.account_id, network=target.network)
    places, titles = [one.network for one in ticket.targets(session)], ctx.network_titles
    return ComposerContent(
        audience=there.audience(account.name),
        words=target.display_text if target.deleted_at is None else None,
        max_length=there.network.max_length,
        added_length=there.added_length,
        by_hand=account.refusal,
        text=text,
        notice=notice,
        composing_notice=writing,
        duplicate_text=twin,
        account_choices=tuple((one.account_id, one.name) for one in accounts),
        place_choices=tuple((name, titles[name]) for name in places if name in titles),
        pictures=PictureContent()
        if pictures_of is None
        else pictures.load_content(
            ctx,
            session,
            ticket,
            there,
            reply_id=pictures_of or None,
            picked=picked,
            by_hand=account.refusal is not None,
        ),
    )


def pictures_place(origin: Origin) -> int | None:
    """The `pictures_of` of a composer that is drawn again."""
    return None if origin.only_draft else origin.pictures_of or 0


def not_shown_text(ctx: BotContext, target: Mention) -> str:
    """What somebody should know who answers a post that the network does not show to us."""
    title = ctx.network(target.network).title
    return (
        f"{title} isn't showing us this post right now. You can still reply: if {title} refuses it, "
        "nothing is published and your text is kept."
    )


def check_shown(ctx: BotContext, target: Mention, *, is_known: bool) -> None:
    """Refuse to answer a post that is not shown, unless `is_known`: its author was told so before.

    Raises `MovedOnError`, whose sentence says that it may be sent all the same.
    """
    if target.is_missing and not is_known:
        raise MovedOnError(not_shown_text(ctx, target))


def shown_to(origin: Origin, target: Mention, account: AnsweringAccount) -> Origin:
    """The same, as a composer shows it that answers `target` as `account`.

    While the network stays the same, so does the post that its author has seen.
    """
    post = {
        "network": target.network,
        "post_id": target.post_id,
        "latest": target.version,
        "not_shown": target.is_missing,
    }
    is_here = target.network == origin.network
    return origin.shown_as(
        account.account_id, by_hand=account.refusal is not None, **({} if is_here else post)
    )


def chosen_account_id(view: Body, origin: Origin) -> str | None:
    """The account that was chosen in a composer; None: the ticket's, or the preset one of another network."""
    if chosen_network(view, origin) != origin.network:
        return None
    block_ids = (account_block_id(origin.network), ACCOUNT_BLOCK)
    chosen = (_chosen(view, one, ACCOUNT_ACTION_ID) for one in block_ids)
    return next((one for one in chosen if one is not None), origin.account)


def chosen_network(view: Body, origin: Origin) -> str:
    """Where the reply goes, as it was chosen in a composer."""
    return _chosen(view, PLACE_BLOCK, PLACE_ACTION_ID) or origin.network


def _chosen(view: Body, block_id: str, action_id: str) -> str | None:
    option = ((view["state"]["values"].get(block_id) or {}).get(action_id) or {}).get("selected_option")
    return str(option["value"]) if option else None
