"""Reads from the ledger what a ticket's card shows."""

from collections.abc import Mapping, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.networks.base import Network
from bot.runtime.signed_in_accounts import SignedInAccounts
from bot.slack.blocks.notification_text import PostReference
from bot.slack.blocks.tickets.account_names import author_text
from bot.slack.blocks.tickets.card_view import NO_PRIORITY, POSTS_SHOWN_MAX, CardView
from bot.slack.blocks.tickets.twins import OtherCard, TwinPost
from models import Account, AlsoHeard, Author, Issue, Mention, Reply, Ticket, Track
from models.core.mrkdwn import escape_entities
from models.sources.no_account import NO_ACCOUNT_ID
from models.sources.track import MENTIONS_TRACK
from models.tickets import answer_as, priorities, unconnected_accounts
from models.tickets.answer_as import AnsweringAccount
from models.tickets.delivery_state import PUBLIC_STATES, UNSETTLED_STATES
from models.tickets.state import OPEN_STATES
from models.twins.joining import load_twins
from models.twins.rule import is_same_text


def load_view(
    session: Session,
    ticket: Ticket,
    networks: SignedInAccounts,
) -> CardView:
    """Read what the card of `ticket` shows.

    `networks` are those that there are keys for, by name.
    """
    twins = _load_twins(session, ticket, networks)
    mentions, hidden_count = _load_mentions(session, ticket, has_twins=bool(twins))
    others = select(func.count()).where(Ticket.author_id == ticket.author_id, Ticket.id != ticket.id)
    ours, replies = _OurAccounts(session), _load_replies(session, ticket)
    account = answer_as.load_accounts(session, ticket)[0]
    heard = _accounts_that_heard(session, ticket, mentions, ours)
    reasons = AlsoHeard.reasons_of(session, [mention.id for mention in mentions])
    if not _is_addressed(session, mentions, reasons):
        heard = {}  # it was found by a search, and is written to nobody
    disconnected = _find_disconnected(session, ticket, replies, account.account_id)
    left = {key: one for key, one in heard.items() if ours.is_left(*key)}
    title = _title(ticket.network, networks)
    return CardView(
        ticket=ticket,
        author=session.get_one(Author, ticket.author_id),
        mentions=tuple(reversed(mentions)),
        hidden_count=hidden_count,
        replies=replies,
        earlier_tickets=session.scalar(others) or 0,
        network=networks.get(ticket.network),
        title=title,
        account=account.name,
        account_id=account.account_id,
        impossible=account.impossible,
        connected=tuple(one.name for key, one in heard.items() if key not in left and one.name),
        left=tuple(one.name for one in left.values()),
        further_reasons={one: tuple(row.matched for row in rows) for one, rows in reasons.items()},
        reply_accounts={
            one.id: account.name if name is None else name
            for one in replies
            for name in [ours.name(one.network_on(ticket), one.account_id)]
        },
        issues=tuple(Issue.of(session, ticket.id)),
        is_disconnected=disconnected is not None,
        disconnected=ours.name(*disconnected) if disconnected is not None else None,
        disconnected_from=_title(disconnected[0], networks) if disconnected is not None else None,
        priority=priorities.read_priority(session, ticket) if ticket.state in OPEN_STATES else NO_PRIORITY,
        reply_networks=_reply_networks(ticket, replies, networks),
        twins=twins,
        other_card=_load_other_card(session, ticket, networks),
    )


def _reply_networks(
    ticket: Ticket, replies: Sequence[Reply], networks: SignedInAccounts
) -> dict[int, Network]:
    """The connections that replies go out by, by the replies' ids; where there are any."""
    by_account = networks.by_account
    keys = {one.id: (one.network_on(ticket), one.account_id) for one in replies}
    return {reply_id: by_account[key] for reply_id, key in keys.items() if key in by_account}


def _load_other_card(session: Session, ticket: Ticket, networks: Mapping[str, Network]) -> OtherCard | None:
    """The twin that could not be joined; `cards.py` knows where its card is."""
    other = session.get(Ticket, ticket.same_as) if ticket.same_as is not None else None
    if other is None:
        return None
    author = session.get_one(Author, other.author_id)
    return OtherCard(other.id, _title(other.network, networks), author)


class _OurAccounts:
    """Our accounts on each network that is asked for, read once."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: dict[str, dict[str, Account]] = {}

    def on(self, network: str) -> Mapping[str, Account]:
        if network not in self._known:
            self._known[network] = answer_as.load_ours(self._session, network)
        return self._known[network]

    def name(self, network: str, account_id: str) -> str | None:
        """The handle of that account; None if it was never seen, empty if we have none there."""
        if account_id == NO_ACCOUNT_ID:
            return ""
        one = self.on(network).get(account_id)
        return one.at_handle.removeprefix("@") if one is not None else None

    def is_left(self, network: str, account_id: str) -> bool:
        """Whether Heard has no credentials for it any more; one that was never seen is not left."""
        one = self.on(network).get(account_id)
        return one is not None and one.source is None


def _title(name: str, networks: Mapping[str, Network]) -> str:
    return networks[name].title if name in networks else name


def _load_twins(session: Session, ticket: Ticket, networks: Mapping[str, Network]) -> tuple[TwinPost, ...]:
    """The posts on other networks that share the card of `ticket`, each with the first post there."""
    return tuple(
        TwinPost(
            twin.network,
            _title(twin.network, networks),
            session.get_one(Author, twin.author_id),
            session.scalar(
                select(Mention)
                .where(Mention.ticket_id == ticket.id, Mention.network == twin.network)
                .order_by(Mention.posted_at, Mention.id)
                .limit(1)
            ),
            networks.get(twin.network),
        )
        for twin in load_twins(session, ticket.id)
    )


def _load_mentions(session: Session, ticket: Ticket, *, has_twins: bool) -> tuple[list[Mention], int]:
    """The newest posts to show, the newest first, and how many are not shown.

    The same words are shown once, on the network where the ticket began; each twin has a line of its own.
    """
    query = select(Mention).where(Mention.ticket_id == ticket.id)
    limit = POSTS_SHOWN_MAX * (3 if has_twins else 1)
    newest = list(session.scalars(query.order_by(Mention.posted_at.desc(), Mention.id.desc()).limit(limit)))
    count = session.scalar(select(func.count()).where(Mention.ticket_id == ticket.id)) or 0
    if has_twins:
        own = [one for one in newest if one.network == ticket.network and one.deleted_at is None]
        distinct = [
            one
            for one in newest
            if one.network == ticket.network
            or not any(is_same_text(one.text, own_one.text) for own_one in own)
        ]
        count -= len(newest) - len(distinct)
        newest = distinct
    return newest[:POSTS_SHOWN_MAX], count - len(newest[:POSTS_SHOWN_MAX])


def _accounts_that_heard(
    session: Session, ticket: Ticket, newest: Sequence[Mention], ours: _OurAccounts
) -> dict[tuple[str, str], AnsweringAccount]:
    """Our accounts that heard the posts shown, those of the newest first; if there are none, the ticket's.

    They are by network and id.
    """
    found: dict[tuple[str, str], AnsweringAccount] = {}
    refusals = answer_as.load_refusals(session, newest)
    for mention in newest:
        for one in answer_as.order_hearers(mention, refusals[mention.id], ours.on(mention.network)):
            found.setdefault((mention.network, one.account_id), one)
    accounts = answer_as.load_accounts(session, ticket) if not found else ()
    return found or {(ticket.network, one.account_id): one for one in accounts}


def _is_addressed(
    session: Session, mentions: Sequence[Mention], reasons: Mapping[int, Sequence[AlsoHeard]]
) -> bool:
    """Whether any of these posts is there for more than what a search found."""
    tracks = {mention.track_id for mention in mentions}
    tracks |= {row.track_id for rows in reasons.values() for row in rows}
    query = select(Track.id).where(Track.id.in_(tracks - {None}), Track.kind != MENTIONS_TRACK)
    return not tracks or bool(tracks - set(session.scalars(query)))


def _find_disconnected(
    session: Session, ticket: Ticket, replies: Sequence[Reply], account_id: str
) -> tuple[str, str] | None:
    """The first account that is missing of those that we would answer as, or that a reply goes out as.

    Returns its network and id.
    """
    wanted = [(one.network_on(ticket), one.account_id) for one in replies if one.state in UNSETTLED_STATES]
    if ticket.state in OPEN_STATES:
        target = Mention.find(session, ticket.id, ticket.target_post_id)
        wanted.insert(0, (target.network if target is not None else ticket.network, account_id))
    return next((one for one in wanted if unconnected_accounts.find_alarm(session, *one) is not None), None)


def _load_replies(session: Session, ticket: Ticket) -> tuple[Reply, ...]:
    query = select(Reply).where(
        Reply.ticket_id == ticket.id, Reply.state.in_((*UNSETTLED_STATES, *PUBLIC_STATES))
    )
    found = session.scalars(query.order_by(Reply.turn.desc(), Reply.id.desc())).all()
    spoken = [reply for reply in found if reply.state in PUBLIC_STATES][:1]
    return tuple(
        sorted([r for r in found if r.state in UNSETTLED_STATES] + spoken, key=lambda r: (r.turn, r.id))
    )


def load_post_reference(session: Session, ticket: Ticket, titles: Mapping[str, str]) -> PostReference:
    """Whose post a message in the ticket's thread is about, where, and what they wrote.

    `titles` are what people call networks, by name.
    """
    newest = session.scalar(
        select(Mention).where(
            Mention.ticket_id == ticket.id,
            Mention.post_id == ticket.target_post_id,
            Mention.deleted_at.is_(None),
        )
    )
    author = session.get_one(Author, newest.author_id if newest is not None else ticket.author_id)
    network = newest.network if newest is not None else ticket.network
    return PostReference(
        f"{author_text(author)} on {escape_entities(titles.get(network, network))}",
        newest.display_text if newest is not None else None,
    )
