"""Which of our accounts a ticket may be answered as: those that heard the post, the first named preset."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session, aliased

from models.core.base import RuleBrokenError
from models.sources import answerability
from models.sources.account import Account
from models.sources.also_heard import AlsoHeard
from models.sources.mention import Mention
from models.sources.no_account import NO_ACCOUNT_ID
from models.tickets.ticket import Ticket

Refusals = dict[str, str | None]
"""The accounts that heard a post, in that order, each with why the API is known to refuse an answer as it."""


@dataclass(frozen=True, slots=True)
class AnsweringAccount:
    """One of our accounts that a ticket may be answered as.

    `handle` is without the @, and with the server where its network has several; None if the account was
    never seen, empty if we have none there. `refusal` is why the API is known to refuse an answer as it, so
    that a person has to post it; `impossible` is why nobody can reply as it, by hand either. None: it may be
    tried.
    """

    account_id: str
    handle: str | None
    is_connected: bool
    refusal: str | None = None
    impossible: str | None = None

    @property
    def name(self) -> str:
        """Its handle; "us" if that is not known, empty if we have no account there."""
        return "us" if self.handle is None else self.handle

    def raise_if_impossible(self) -> None:
        """Raise `UnanswerableError` if nobody can reply as it."""
        if self.impossible is not None:
            raise UnanswerableError(self.impossible)


class UnanswerableError(RuleBrokenError):
    """The network lets nobody reply to that post as that account."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"This post takes no reply. {reason}")


# --- pure ---------------------------------------------------------------------------------------------------


def order_accounts(
    heard: Sequence[AnsweringAccount],
    own: AnsweringAccount | None,
    *,
    addressed: Sequence[str] = (),
    text: str = "",
) -> tuple[AnsweringAccount, ...]:
    """Returns the accounts that may answer a post, the preset one first.

    `heard` are those that heard the post; they are ordered by where their handle stands first in `addressed`
    and then in `text`, and those not named there come after. `own` is the ticket's account if it heard any
    post of the ticket: it comes last unless it is among them. Accounts that are not connected are left out,
    unless no other is left, and so are those as which nobody can reply.
    """
    words = _words(addressed, text)
    ordered = sorted(heard, key=lambda one: _first_place(words, one.handle))
    if own is not None and all(one.account_id != own.account_id for one in heard):
        ordered.append(own)
    connected = [one for one in ordered if one.is_connected] or ordered
    return tuple(one for one in connected if one.impossible is None) or tuple(connected)


def pick_account(accounts: Sequence[AnsweringAccount], account_id: str | None) -> AnsweringAccount:
    """Returns the account with that id; the preset one if it is not among `accounts`, which are some."""
    return next((one for one in accounts if one.account_id == account_id), accounts[0])


def _words(addressed: Sequence[str], text: str) -> str:
    """What may name our accounts: the handles that the network put in front, then the text."""
    return " ".join([*(f"@{handle}" for handle in addressed), text])


def _first_place(words: str, handle: str | None) -> int:
    """Where `@handle` stands first in `words`, in any case; behind them if it does not."""
    if not handle:
        return len(words)
    name, _, server = handle.partition("@")
    # A server may be left out. A handle ends where no longer one can begin: @acme is not in @acme_uk.
    where = rf"(?:@{re.escape(server)})?" if server else ""
    end = r"(?![\w@]|[.-]\w)" if "." in name else r"(?![\w@])"
    found = re.search(rf"(?<!\w)[@\uff20]{re.escape(name)}{where}{end}", words, re.IGNORECASE)
    return found.start() if found is not None else len(words)


# --- from the ledger ----------------------------------------------------------------------------------------


def load_accounts(
    session: Session,
    ticket: Ticket,
    ours: Mapping[str, Account] | None = None,
    *,
    target: Mention | None = None,
) -> tuple[AnsweringAccount, ...]:
    """Returns the accounts that may answer a post of the ticket now, the preset one first; at least one.

    `target` is the post (None: the ticket's target); `ours` are our accounts on its network by id, if they
    were read already.
    """
    if target is None:
        target = Mention.find(session, ticket.id, ticket.target_post_id)
    network = target.network if target is not None else ticket.network
    if ours is None:
        ours = load_ours(session, network)
    refusals = load_refusals(session, [target])[target.id] if target is not None else {}
    heard = _hearers(refusals, ours)
    is_here = network == ticket.network and ticket.account_id not in refusals
    is_own = is_here and (target is None or _heard_any(session, ticket))
    own = _account(ours, ticket.account_id) if is_own else None
    return order_accounts(
        heard,
        own,
        addressed=(target.addressed or ()) if target is not None else (),
        text=target.text if target is not None else "",
    )


def order_hearers(
    mention: Mention, refusals: Refusals, ours: Mapping[str, Account]
) -> tuple[AnsweringAccount, ...]:
    """Returns the accounts that heard `mention`, connected or not, as it names them."""
    words = _words(mention.addressed or (), mention.text)
    return tuple(sorted(_hearers(refusals, ours), key=lambda one: _first_place(words, one.handle)))


def load_ours(session: Session, network: str) -> dict[str, Account]:
    """Returns our accounts on that network, by their ids there."""
    return {one.network_id: one for one in Account.all(session, network)}


def has_no_account() -> ColumnElement[bool]:
    """Returns the SQL condition that no account that may answer a ticket is connected any more."""
    target, connected = aliased(Mention), aliased(Account)
    also = select(AlsoHeard.account_id).where(AlsoHeard.mention_id == target.id)
    can_answer = exists().where(
        target.ticket_id == Ticket.id,
        target.post_id == Ticket.target_post_id,
        connected.network == target.network,
        connected.source.is_not(None),
        or_(connected.network_id == target.account_id, connected.network_id.in_(also)),
    )
    return and_(Account.is_left(Ticket.network, Ticket.account_id), ~can_answer)


def load_refusals(session: Session, mentions: Collection[Mention]) -> dict[int, Refusals]:
    """Returns, by the id of each of `mentions`, which accounts heard it, and the known refusals."""
    found: dict[int, Refusals] = {one.id: {one.account_id: one.answerable} for one in mentions}
    query = select(AlsoHeard).where(AlsoHeard.mention_id.in_(found))
    for row in session.scalars(query.order_by(AlsoHeard.at, AlsoHeard.track_id)):
        found[row.mention_id].setdefault(row.account_id, row.answerable)
    return found


def load_refusal(session: Session, target: Mention, account_id: str) -> str | None:
    """Returns why a person has to post an answer to `target` as that account, if so.

    Raises `UnanswerableError` if nobody can.
    """
    account = _account({}, account_id, load_refusals(session, [target])[target.id].get(account_id))
    account.raise_if_impossible()
    return account.refusal


def _hearers(refusals: Refusals, ours: Mapping[str, Account]) -> list[AnsweringAccount]:
    return [_account(ours, account_id, refusal) for account_id, refusal in refusals.items()]


def _account(ours: Mapping[str, Account], account_id: str, refusal: str | None = None) -> AnsweringAccount:
    by_hand, impossible = answerability.by_hand_reason(refusal), answerability.impossible_reason(refusal)
    if account_id == NO_ACCOUNT_ID:
        return AnsweringAccount(account_id, "", True, by_hand, impossible)
    known = ours.get(account_id)
    handle = known.at_handle.removeprefix("@") if known is not None else None
    is_connected = known is not None and known.source is not None
    return AnsweringAccount(account_id, handle, is_connected, by_hand, impossible)


def _heard_any(session: Session, ticket: Ticket) -> bool:
    """Whether the ticket's account heard any post of it."""
    query = select(Mention.id).where(Mention.ticket_id == ticket.id).limit(1)
    also = query.join(AlsoHeard, AlsoHeard.mention_id == Mention.id)
    return (
        session.scalar(query.where(Mention.account_id == ticket.account_id)) is not None
        or session.scalar(also.where(AlsoHeard.account_id == ticket.account_id)) is not None
    )
