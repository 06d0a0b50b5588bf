"""Two weeks written into three places at once: the network, Slack's channel, and the bot's ledger.

The ledger is written by the bot's own rules (`models`), each act at its own time; the cards are drawn by the
bot itself, once it runs.
"""

import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Account, Author, Card, Cursor, Issue, Mention, Ticket
from models import Note as Remark
from models.core.database import Database
from models.core.office_hours import ALWAYS_OPEN
from models.issues.fix_followup import reconcile_reports
from models.sources.attachment import Attachment
from models.sources.cursor import MENTIONS_CURSOR
from models.tickets.delivery_state import DeliveryState
from models.tickets.ingest import IncomingPost, IngestTarget, ingest_page
from models.tickets.reminder_level import ReminderLevel
from models.tickets.sla import SlaPolicy
from sandbox.demo.cast import ANA, BEN, CHANNEL, CLEO, CUSTOMERS, GUS, Customer
from sandbox.demo.history import FRESH, MENDED, PAST, REMARKS, Note, Past
from sandbox.demo.talk import SMALL_TALK
from sandbox.slack import SlackWorld
from sandbox.x import XPost, XWorld

MANIFEST = Path(__file__).parent.parent.parent / "manifest.json"
OWED = timedelta(minutes=30)
HEARD_AFTER = timedelta(seconds=40)  # a poll a minute hears most posts within one
DRAWN_AFTER = timedelta(seconds=1)
SEEN_TO_AFTER = timedelta(minutes=2)
TAKEN_UP = 0.3  # of the time that an answer took, until somebody had it
UNDO = timedelta(seconds=10)
WHY_NOT = "They neither mentioned nor quoted us, and then X takes no replies from its API."
_KINDS = {"animated_gif": "gif"}  # X's word, and the ledger's
Moment = tuple[datetime, Callable[[], None]]


def seed(x: XWorld, slack: SlackWorld, database: Database, now: datetime) -> None:
    """Write the whole story until `now`. Slack's server must not have started: nobody is told."""
    for one in CUSTOMERS:
        x.add_user(one.handle, one.name, followers=one.followers, verified=one.verified)
    with database.write() as session:
        ours = {"network_id": x.brand.id, "handle": x.brand.handle, "name": x.brand.name}
        Account.record_profile(session, network="x", at=now, **ours)
        began = now - max(past.ago for past in PAST)
        Cursor.of(session, "x", x.brand.id, MENTIONS_CURSOR, at=began)  # Heard has listened ever since
        teller = Teller(x, slack, session, now)
        for moment, act in sorted(teller.moments(), key=lambda one: one[0]):
            slack.clock = moment.timestamp
            act()
        for issue_id in session.scalars(select(Issue.id).where(Issue.fixed_at.is_not(None))).all():
            reconcile_reports(session, issue_id, at=now)
        for late in session.scalars(select(Ticket).where(Ticket.is_open(), Ticket.due_at <= now)):
            late.record_breach(
                session, at=now
            )  # and the team was reminded of it: it need not be at the start
            late.nudges |= ReminderLevel.HALF | ReminderLevel.OWNER
    slack.clock = lambda: datetime.now(UTC).timestamp()
    for fresh in FRESH:
        x.post(fresh.who.handle, fresh.text, at=now - fresh.ago, media=fresh.media, poll=fresh.poll)


@dataclass
class Teller:
    """Tells one story in three places."""

    x: XWorld
    slack: SlackWorld
    session: Session
    now: datetime

    def moments(self) -> Iterator[Moment]:
        """Everything that happens, in any order."""
        for past in PAST:
            yield from self._one(past)
        for ago, by, whom, text in REMARKS:
            at = self.now - ago
            yield at, lambda by=by, whom=whom, text=text, at=at: self._remark(by, whom, text, at)  # type: ignore[misc]
        for ago, by, title in MENDED:
            at = self.now - ago
            yield at, lambda by=by, title=title, at=at: self._mend(by, title, at)  # type: ignore[misc]
        for channel, who, text, minutes in SMALL_TALK:
            yield (
                self.now - timedelta(minutes=minutes),
                lambda channel=channel, who=who, text=text: self._say(channel, who, text),  # type: ignore[misc]
            )

    def _one(self, past: Past) -> Iterator[Moment]:
        """A mention from the post to its end. What happens first leaves its trace for what happens next."""
        said = self.now - past.ago
        trail = Trail(self, past)
        yield said, lambda: trail.speak(said)
        yield said + HEARD_AFTER, lambda: trail.hear(said + HEARD_AFTER)
        for note in past.notes:
            at = said + HEARD_AFTER + timedelta(minutes=note.after)
            yield at, lambda note=note: trail.note(note)  # type: ignore[misc]
        if past.about:
            seen_to = said + SEEN_TO_AFTER
            yield seen_to, lambda: trail.add_to_issue(seen_to)
        if past.ending == "answered":
            taken = said + HEARD_AFTER + timedelta(minutes=past.took) * TAKEN_UP
            yield taken, lambda: trail.ticket.claim(self.session, by=past.by, at=taken)
        if past.claimed_by:
            claimed = said + timedelta(minutes=4)
            yield claimed, lambda: trail.ticket.claim(self.session, by=past.claimed_by, at=claimed)
        end = said + timedelta(minutes=past.took)
        match past.ending:
            case "answered":
                yield end - UNDO, lambda: trail.answer(end - UNDO)
            case "no reply needed":
                yield end, lambda: trail.close(end)
            case "not about us":
                yield end, lambda: trail.disown(end)
        if past.again:
            later = self.now - past.again_ago
            yield later, lambda: trail.speak_again(later)
            yield later + HEARD_AFTER, lambda: trail.hear(later + HEARD_AFTER)

    def _remark(self, by: str, whom: Customer, text: str, at: datetime) -> None:
        """What the team notes about somebody, for itself."""
        about = self.session.scalars(select(Author).where(Author.handle == whom.handle)).one()
        Remark.add(self.session, about=about.id, text=text, by=by, at=at)

    def issue(self, title: str, by: str, at: datetime) -> Issue:
        return Issue.open_or_find(self.session, title, by=by, at=at)

    def _mend(self, by: str, title: str, at: datetime) -> None:
        self.issue(title, by, at).fix(self.session, by=by, at=at)

    def _say(self, channel: str, who: str, text: str) -> None:
        self.slack.post(channel, who, text)


class Trail:
    """What one mention left behind so far."""

    def __init__(self, teller: Teller, past: Past) -> None:
        self.teller, self.past = teller, past
        self.x, self.slack, self.session = teller.x, teller.slack, teller.session
        self.post: XPost | None = None
        self.answered: XPost | None = None
        self.card_ts = ""

    @property
    def ticket(self) -> Ticket:
        assert self.post is not None
        query = select(Ticket).join(Mention).where(Mention.post_id == self.post.id)
        return self.session.scalars(query).one()

    def speak(self, at: datetime) -> None:
        self.post = self.x.post(self.past.who.handle, self.past.text, at=at, media=self.past.media)

    def speak_again(self, at: datetime) -> None:
        assert self.answered is not None
        self.post = self.x.post(self.past.who.handle, self.past.again, at=at, reply_to=self.answered.id)

    def hear(self, at: datetime) -> None:
        """Into the ledger, and a card into the channel."""
        assert self.post is not None
        post, brand = self.post, self.x.brand
        place = IngestTarget("x", brand.id, CHANNEL, SlaPolicy(ALWAYS_OPEN, OWED))
        ingest_page(self.session, [_said(self.x, post, unsummoned=self.past.unsummoned)], place, at=at)
        self.ticket.restart_owner_clock(at)
        author = self.session.scalars(select(Author).where(Author.network_id == post.author_id)).one()
        user = self.x.user(self.past.who.handle)
        author.update_profile(
            handle=user.handle,
            name=user.name,
            followers=user.followers,
            verified=user.verified,
            protected=False,
            avatar_url=None,
            at=at,
        )
        if not self.card_ts:
            self._card(at)

    def _card(self, at: datetime) -> None:
        """The message that the bot finds and draws: until then it holds the words alone."""
        key = uuid.uuid4().hex
        mark = {"event_type": "heard", "event_payload": {"card_id": key}}
        said = self.slack.post(CHANNEL, self.slack.app.user_id, "…", metadata=mark)
        card = Card(ticket_id=self.ticket.id, key=key, channel=CHANNEL, failures=0)
        card.mark_posted(said.ts, at=at)
        self.ticket.shown_at = at + DRAWN_AFTER
        self.card_ts = said.ts
        self.session.add(card)
        self.session.flush()

    def note(self, note: Note) -> None:
        """Teammates among themselves, in the card's thread."""
        self.slack.post(CHANNEL, note.by, note.text, thread_ts=self.card_ts)

    def add_to_issue(self, at: datetime) -> None:
        """What they suffer from, said by whoever saw to it."""
        by = self.past.by or self.past.claimed_by
        self.teller.issue(self.past.about, by, at).add(self.session, self.ticket, by=by, at=at)

    def answer(self, at: datetime) -> None:
        """A public reply on its whole way: submitted, held, sent, published."""
        assert self.post is not None
        ticket, session, by = self.ticket, self.session, self.past.by
        reply = ticket.reply(
            session,
            text=self.past.says,
            by=by,
            at=at,
            turn=ticket.turn,
            to_post_id=self.post.id,
            undo_until=at + UNDO,
            key=uuid.uuid4().hex,
        )
        out = at + UNDO
        reply.release(session, at=out)
        reply.take(session, worker="demo", at=out, lease_until=out + timedelta(seconds=12))
        brand = self.x.brand
        self.answered = self.x.post(brand.handle, self.past.says, at=out, reply_to=self.post.id)
        url = f"https://x.com/{brand.handle}/status/{self.answered.id}"
        reply.move(
            session, DeliveryState.PUBLISHED, at=out, settled_at=out, post_id=self.answered.id, post_url=url
        )
        ticket.handle_published_reply(session, reply, at=out)

    def close(self, at: datetime) -> None:
        self.ticket.close_no_reply_needed(self.session, by=self.past.by, at=at, reason=self.past.says)

    def disown(self, at: datetime) -> None:
        self.ticket.close_not_about_us(self.session, by=self.past.by, at=at)


def _said(x: XWorld, post: XPost, *, unsummoned: bool) -> IncomingPost:
    author = x.user_by_id(post.author_id)
    assert author is not None
    return IncomingPost(
        post_id=post.id,
        latest_id=post.id,
        conversation_id=post.conversation_id,
        author_id=post.author_id,
        text=post.text,
        media=tuple(Attachment(_KINDS.get(one.kind, one.kind), one.url, one.alt) for one in post.media),
        posted_at=post.created_at,
        url=f"https://x.com/{author.handle}/status/{post.id}",
        matched="names us" if unsummoned else "mentions us",
        in_reply_to=post.reply_to,
        answerable=WHY_NOT if unsummoned else None,
    )


def workspace(slack: SlackWorld) -> None:
    """Who else is there, and the channels beside #mentions. The bot has no business in those.

    Gus is a guest: he reads #mentions and can do nothing there, for no setting names him.
    """
    slack.add_user(CLEO, "Cleo Park", "cleo")
    slack.add_guest(GUS, "Gus (guest)", "gus", {CHANNEL})
    slack.add_channel("C0GENERAL", "general", members={ANA, BEN, CLEO})
    slack.add_channel("C0PRODUCT", "product", members={ANA, BEN, CLEO})
    slack.install(json.loads(MANIFEST.read_text()))
