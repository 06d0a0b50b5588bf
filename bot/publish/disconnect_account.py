"""Takes an account's credentials away: what has not left comes back as drafts, and its tickets stay."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.notices import account_notices, thread_notices
from bot.publish import account_check
from bot.publish.locked_reply import lock_reply
from models import Account, Credential, Reply, Ticket
from models.tickets import other_accounts, unconnected_accounts
from models.tickets.delivery_state import PENDING_STATES, DeliveryState
from models.tickets.ticket import reply_network

# Nobody could look for these any more, or say whether they went out.
_UNDECIDED_STATES = (DeliveryState.SENDING, DeliveryState.UNSURE, DeliveryState.ASKED)


class StillSpeakingError(Exception):
    """A reply of the account may be public, and only its credentials can show it. For a person to read."""


def disconnect(ctx: BotContext, network: str, account_id: str) -> int:
    """Delete the credentials of that account; return how many of its replies became drafts.

    All in one transaction, so that no reply starts on its way meanwhile. Raises `StillSpeakingError`, and
    changes nothing, while a reply of the account is being sent, is unsure, or a person was asked about it.
    """
    with ctx.db.write() as session:
        row = Credential.of_account(session, network, account_id)
        if row is not None:
            Credential.lock(session, row.id)
        account = Account.find(session, network, account_id)
        handle = account.handle if account is not None else account_id
        stopped = _stop_replies(ctx, session, network, account_id, handle)
        _raise_if_undecided(session, network, account_id, handle)
        if row is not None:
            session.delete(row)
        if account is not None:
            account.source = None
            other_accounts.redraw_cards(session, network, account_id)
    ctx.refresh_networks()
    if network in ctx.networks:
        account_check.check_network(ctx, ctx.networks[network])
    else:
        account_check.report_unread_searches(ctx, network, account_id)
    return stopped


def _stop_replies(ctx: BotContext, session: Session, network: str, account_id: str, handle: str) -> int:
    """Give back what is held or queued, each ticket locked; return how many replies that were."""
    stopped = 0
    known = ctx.networks.get(network)
    detail = (
        account_notices.no_credentials_text(network)
        if known is None
        else account_notices.disconnected_text(known, handle)
    )
    for reply_id in other_accounts.list_pending_replies(session, network, account_id):
        ticket, reply = lock_reply(session, reply_id)
        if reply.state in PENDING_STATES:
            at = ctx.now()
            ticket.give_back(session, reply, at=at, why=unconnected_accounts.OTHER_ACCOUNT_CAUSE)
            thread_notices.post(session, thread_notices.NOT_CONNECTED, reply, at=at, explanation=detail)
            stopped += 1
    return stopped


def _raise_if_undecided(session: Session, network: str, account_id: str, handle: str) -> None:
    query = select(Reply.state).join(Ticket, Ticket.id == Reply.ticket_id)
    here = query.where(reply_network() == network, Reply.account_id == account_id)
    state = session.scalar(here.where(Reply.state.in_(_UNDECIDED_STATES)).limit(1))
    if state is not None:
        raise StillSpeakingError(
            f"A reply as @{handle} is {state}: only its credentials can show whether it is public. Wait "
            "until it is settled, or decide on its card, then disconnect."
        )
