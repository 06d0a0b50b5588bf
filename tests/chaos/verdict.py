"""What the world shows, held against what the ledger says."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from statistics import median

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Card, Event, Mention, QuarantinedPost, Reply, Ticket
from models.core.database import Database
from models.tickets.delivery_state import PUBLIC_STATES, UNSETTLED_STATES, DeliveryState
from sandbox.slack import SlackServer
from sandbox.slack.workspace.message import Message
from tests.chaos.crew import Crew
from tests.chaos.load import Load
from tests.story.harness import CHANNEL

GIVEN_UP = "the bot stopped while it was sending"  # as bot/publish/reconcile.py says it
SURPLUS = 0.001  # of all cards, at most, were there twice
GONE = 120.0  # seconds after which a surplus card is gone
UNSURE = timedelta(minutes=12)


@dataclass
class Verdict:
    """The figures of one run, and what is wrong with them."""

    figures: dict[str, object] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)  # what the run itself did not get to, by chance

    def must(self, fine: bool, otherwise: str) -> None:
        if not fine:
            self.broken.append(otherwise)

    def tried(self, fine: bool, otherwise: str) -> None:
        if not fine:
            self.missed.append(otherwise)


def judge(db: Database, load: Load, slack: SlackServer, crew: Crew) -> Verdict:
    """Look at everything once it has come to rest."""
    verdict = Verdict()
    with db.read() as session:
        if load.texts:
            _replies(verdict, session, load)
            _doubts(verdict, session, crew)
        if load.posted:
            _mentions(verdict, session, load)
            _cards(verdict, session, slack)
    return verdict


def _replies(verdict: Verdict, session: Session, load: Load) -> None:
    """Each reply is public once, on the network of its ticket, and the ledger knows."""
    shown = load.public()
    public = sum(shown.values(), Counter[str]())
    known = Counter(session.scalars(select(Reply.text).where(Reply.state.in_(PUBLIC_STATES))))
    states = Counter(session.scalars(select(Reply.state)))
    doubled = {text: often for text, often in public.items() if often > 1}
    lost = [text for text in load.texts.values() if not public[text]]
    stuck = session.scalars(select(Reply.id).where(Reply.state.in_(UNSETTLED_STATES))).all()
    verdict.figures |= {
        "replies": len(load.texts),
        "of which pressed and typed in Slack": len(load.pressed),
        "doubled": len(doubled),
        "lost": len(lost),
        "stuck": len(stuck),
        "asked of a person, and answered": load.decided,
        "states": dict(states),
    }
    for network, texts in shown.items():
        of_network = select(Ticket.id).where(Ticket.network == network)
        here = {load.texts[one] for one in session.scalars(of_network) if one in load.texts}
        moving = select(Reply.id).join(Ticket, Ticket.id == Reply.ticket_id).where(Ticket.network == network)
        stuck_here = session.scalars(moving.where(Reply.state.in_(UNSETTLED_STATES))).all()
        found = [
            len(here),
            sum(often > 1 for often in texts.values()),
            len(here - texts.keys()),
            len(stuck_here),
        ]
        if len(shown) > 1:
            verdict.figures[f"on {network}: replies, doubled, lost, stuck"] = ", ".join(map(str, found))
        verdict.must(texts.keys() == here, f"{network} does not show exactly what was answered there")
    verdict.must(not doubled, f"said more than once: {sorted(doubled.items())[:5]}")
    verdict.must(not lost, f"never said: {lost[:5]}")
    verdict.must(not stuck, f"stuck: replies {list(stuck)[:5]}")
    verdict.must(known == Counter(load.texts.values()), "the ledger does not say what is public")


def _doubts(verdict: Verdict, session: Session, crew: Crew) -> None:
    """No machine sends again; nobody is left in doubt for long; the work of the dead is taken over in time."""
    query = select(Event).where(Event.reply_id.is_not(None)).order_by(Event.id)
    last: dict[int, Event] = {}
    taken_over, unsure, resent = [], [], 0
    for event in session.scalars(query):
        before, to = last.get(event.reply_id or 0), (event.data or {}).get("to")
        was = (before.data or {}).get("to") if before is not None else None
        if (
            before is not None
            and was == DeliveryState.SENDING
            and (event.data or {}).get("detail") == GIVEN_UP
        ):
            died = crew.died.get(_pid(before))
            if died is not None:
                taken_over.append(event.at.timestamp() - died)
        if before is not None and was == DeliveryState.UNSURE:
            unsure.append(event.at - before.at)
        resent += (
            was in {DeliveryState.UNSURE, DeliveryState.ASKED}
            and to == DeliveryState.QUEUED
            and event.actor == "heard"
        )
        last[event.reply_id or 0] = event
    verdict.figures |= {
        "unsure": len(unsure),
        "unsure for, at most": f"{max(unsure, default=timedelta()).total_seconds():.1f} s",
        "sent again by the machine": resent,
        "left by the dead on the wire": len(taken_over),
        "its end known after (median, at most)": _spread(taken_over),
    }
    if crew.plan.takeover is not None:
        verdict.must(bool(taken_over), "nobody died on the wire")
        verdict.must(
            max(taken_over, default=0) <= crew.plan.takeover, "the work of the dead was left for too long"
        )
    verdict.must(resent == 0, f"{resent} replies were sent again by the machine")
    verdict.must(max(unsure, default=timedelta()) <= UNSURE, "a reply was unsure for more than 12 minutes")


def _pid(event: Event) -> int:
    """Which process it was that began to send."""
    worker = str((event.data or {}).get("worker", "//"))
    return int(worker.split("/")[1] or 0)


def _spread(seconds: list[float]) -> str:
    return f"{median(seconds):.1f} s, {max(seconds):.1f} s" if seconds else "none"


def _mentions(verdict: Verdict, session: Session, load: Load) -> None:
    """Each is in the ledger once, and nothing else is."""
    heard = Counter(session.scalars(select(Mention.post_id)))
    missing = [post_id for post_id in load.posted if not heard[post_id]]
    twice = [post_id for post_id, often in heard.items() if often > 1]
    quarantined = session.scalars(select(QuarantinedPost.id)).all()
    verdict.figures |= {
        "mentions": len(load.posted),
        "not heard": len(missing),
        "heard twice": len(twice),
        "quarantined": len(quarantined),
    }
    verdict.must(not missing, f"never heard: {missing[:5]}")
    verdict.must(not twice, f"heard twice: {twice[:5]}")
    verdict.must(not quarantined, "good posts were put into quarantine")


def _cards(verdict: Verdict, session: Session, slack: SlackServer) -> None:
    """Each ticket is on one card; what was there twice is gone soon."""
    with slack.world.lock:
        shown = [m for m in slack.world.channel(CHANNEL).messages if m.metadata and not m.is_reply]
        deleted = [call for call in slack.world.calls if call.method == "chat.delete" and call.status == 200]
    keys = Counter(_key(message) for message in shown)
    cards = {card.key: card for card in session.scalars(select(Card))}
    tickets = len(session.scalars(select(Ticket.id)).all())
    without = [key for key in cards if not keys[key]]
    surplus = sum(often - 1 for often in keys.values())
    lives = [call.at - float(str(call.args["ts"])) for call in deleted]
    stale = session.scalars(select(Ticket.id).where(Ticket.drawn_revision < Ticket.revision)).all()
    verdict.figures |= {
        "cards": len(cards),
        "tickets without a card": tickets - len(cards) + len(without),
        "surplus cards that stay": surplus,
        "surplus cards that were taken away": len(deleted),
        "… after (median, at most)": _spread(lives),
        "cards that are out of date": len(stale),
    }
    verdict.must(tickets == len(cards) and not without, "a ticket has no card")
    twice = [
        [("card" if key in cards else "notice"), *(m.ts for m in shown if _key(m) == key)]
        for key, often in keys.items()
        if often > 1
    ]
    verdict.must(surplus == 0, f"there twice: {twice[:5]}")
    verdict.must(len(deleted) <= max(SURPLUS * len(cards), 1), "too many surplus cards")
    verdict.must(max(lives, default=0) <= GONE, "a surplus card stayed for more than two minutes")
    verdict.must(not stale, f"out of date: tickets {list(stale)[:5]}")


def _key(message: Message) -> str:
    return str((message.metadata or {})["event_payload"]["card_id"])


def overdue(db: Database) -> float:
    """For how many seconds the most belated thing in doubt has been waiting for anybody to do it.

    What waits to be sent may wait behind others; that it is sent in the end is looked at then.
    """
    with db.read() as session:
        first = session.scalar(
            select(Reply.due_at)
            .where(Reply.state.in_((DeliveryState.SENDING, DeliveryState.UNSURE)), Reply.due_at.is_not(None))
            .order_by(Reply.due_at)
            .limit(1)
        )
    return 0.0 if first is None else (datetime.now(UTC) - first).total_seconds()
