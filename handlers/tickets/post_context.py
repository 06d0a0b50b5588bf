"""Show context: the whole post, and what it answers or quotes, as far as the ledger or the network knows."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.networks.base import Network
from bot.networks.errors import Later, WrongAccount
from bot.networks.values import Post
from bot.publish import account_check
from bot.slack.blocks.tickets.full_post import FullPost, build_full_post_modal
from bot.slack.blocks.values import TicketValue
from bot.slack.errors import SlackError
from bot.slack.private_access import NOT_A_READER, read_access_of
from handlers.door import Act, door
from handlers.feedback import LEDGER_TIMEOUT_SECONDS, SLACK_SLOW_TEXT
from models import Mention, Reply, Ticket
from models.core.base import RuleBrokenError
from models.privacy.read_access import ReadAccess
from models.tickets import answer_as
from models.tickets.incoming_post import is_private


@dataclass(frozen=True, slots=True)
class ContextPost:
    """One post of the context; `text` is None if only the network has it."""

    post_id: str
    about: str
    text: str | None
    reply_context: str = ""  # what the ledger has of it, see `Post`


@door.press("show_context", value=TicketValue)
def show(act: Act[TicketValue]) -> str | None:
    """Open the modal with what the ledger has; what it lacks is fetched in the background.

    Raises `RuleBrokenError` if the ticket is private, and the person is not in the channel of its card.
    """
    ctx = act.ctx
    access = read_access_of(ctx, act.who.id, patience=LEDGER_TIMEOUT_SECONDS)
    with ctx.db.read(LEDGER_TIMEOUT_SECONDS) as session:
        ticket = session.get_one(Ticket, act.value.ticket)
        newest = _newest_post(session, ticket)
        accounts = answer_as.load_accounts(session, ticket, target=newest)
        account_id = answer_as.pick_account(accounts, ticket.account_id).account_id
        network = ctx.network_as(newest.network, account_id)
        if not access.allows(ticket):
            raise RuleBrokenError(NOT_A_READER)
        pieces, is_private = _context_posts(session, newest, access), ticket.is_private
    try:
        view_id = ctx.slack.open_view(act.trigger_id, _build_modal(pieces))
    except SlackError:
        return SLACK_SLOW_TEXT
    if any(piece.text is None for piece in pieces):
        ctx.run_in_background(
            lambda: _fetch_missing(ctx, network, account_id, view_id, pieces, shows_private=is_private)
        )
    return None


def _build_modal(pieces: list[ContextPost], note: str | None = None) -> dict[str, Any]:
    return build_full_post_modal([FullPost(piece.about, piece.text) for piece in pieces], note=note)


def _newest_post(session: Session, ticket: Ticket) -> Mention:
    query = select(Mention).where(Mention.ticket_id == ticket.id)
    return session.scalars(query.order_by(Mention.posted_at.desc()).limit(1)).one()


def _context_posts(session: Session, newest: Mention, access: ReadAccess) -> list[ContextPost]:
    """What the newest post answers and quotes, then the post itself."""
    around = (("In reply to", newest.in_reply_to), ("Quoted post", newest.quoted))
    pieces = [
        _context_post(session, newest.network, about, post_id, access)
        for about, post_id in around
        if post_id is not None
    ]
    own = "(no longer shown)" if newest.deleted_at is not None else newest.display_text
    return [*pieces, ContextPost(newest.post_id, "Full post", own)]


def _context_post(
    session: Session, network: str, about: str, post_id: str, access: ReadAccess
) -> ContextPost:
    """A post that the ledger may know and `access` allows: one of ours, or one that it heard."""
    ours = session.scalar(
        select(Reply.text)
        .join(Ticket, Ticket.id == Reply.ticket_id)
        .where(Reply.post_id == post_id, access.condition())
    )
    if ours is not None:
        return ContextPost(post_id, f"{about}: our reply", ours)
    theirs = session.scalar(
        select(Mention)
        .join(Ticket, Ticket.id == Mention.ticket_id)
        .where(
            access.condition(),
            Mention.network == network,
            or_(Mention.post_id == post_id, Mention.latest_id == post_id),
        )
        .order_by(Mention.deleted_at.is_(None).desc())
        .limit(1)
    )
    if theirs is None:
        return ContextPost(post_id, about, None)
    text = theirs.text if theirs.deleted_at is None else None
    return ContextPost(post_id, about, text, theirs.reply_context)


def _fetch_missing(
    ctx: BotContext,
    network: Network,
    account_id: str,
    view_id: str,
    pieces: list[ContextPost],
    *,
    shows_private: bool,
) -> None:
    """Ask the network, as that account, for what the ledger lacks, and redraw the modal.

    Our account may be shown what others are not: that is shown on private tickets only.
    """
    missing = {piece.post_id: piece.reply_context for piece in pieces if piece.text is None}
    note = None
    try:
        contexts = {post_id: context for post_id, context in missing.items() if context}
        page, _gone = network.refresh(list(missing), account_id=account_id, contexts=contexts)
        posts = [one for one in page.posts if shows_private or not is_private(one.visibility)]
        found: dict[str, Post] = {post.id: post for post in posts} | {post.latest_id: post for post in posts}
    except WrongAccount as wrong:
        found, note = {}, f":electric_plug: {account_check.explain_wrong_account(ctx, network, wrong)}"
    except Later:
        found, note = (
            {},
            f":warning: {network.title} isn't responding right now; the rest couldn't be fetched.",
        )
    filled = [
        piece
        if piece.text is not None
        else ContextPost(piece.post_id, piece.about, _text(found.get(piece.post_id)))
        for piece in pieces
    ]
    ctx.slack.update_view(view_id, _build_modal(filled, note))


def _text(post: Post | None) -> str:
    return post.text if post is not None else "(not shown to us: deleted, protected, or unknown)"
