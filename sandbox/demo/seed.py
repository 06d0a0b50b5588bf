"""Writes the demo's two weeks of history into the local X, the local Slack and the bot's database.

The database is written through the bot's own rules (`models`), each act at its own time. The cards are
placeholders until the bot runs: it draws them itself.
"""

import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Account, Author, Card, Cursor, Issue, Mention, Ticket, Track
from models import Note as Remark
from models.core.database import Database
from models.core.office_hours import ALWAYS_OPEN
from models.core.sla import SlaPolicy
from models.issues.fix_followup import reconcile_reports
from models.sources import track_rules
from models.sources.account import FROM_ENVIRONMENT
from models.sources.attachment import Attachment
from models.sources.cursor import MENTIONS_CURSOR
from models.sources.track_rules import TrackDraft
from models.tickets.delivery_state import DeliveryState
from models.tickets.incoming_post import IncomingPost, IngestTarget
from models.tickets.ingest import ingest_page
from models.tickets.state import ReminderLevel
from sandbox.demo.story import (
    CHANNEL,
    AuthorNote,
    ChannelPost,
    Fix,
    PastMention,
    Story,
    ThreadNote,
    load_story,
)
from sandbox.slack import SlackWorld
from sandbox.x import XPost, XWorld

MANIFEST = Path(__file__).parent.parent.parent / "manifest.json"
REPLY_TARGET = timedelta(minutes=30)
POLL_DELAY = timedelta(seconds=40)  # between a post and its mention: the bot polls every minute
DRAW_DELAY = timedelta(seconds=1)
ISSUE_DELAY = timedelta(minutes=2)  # between a post and the moment somebody adds it to an issue
CLAIM_DELAY = timedelta(minutes=4)
CLAIMED_AFTER = 0.3  # of the time that a reply took: then somebody claimed the ticket
UNDO_WINDOW = timedelta(seconds=10)
SEND_LEASE = timedelta(seconds=12)
NOT_ANSWERABLE = "They neither mentioned nor quoted us, so X accepts no reply from its API."
_KINDS = {"animated_gif": "gif"}  # X's word → the database's
Act = tuple[datetime, Callable[[], None]]


def seed(x: XWorld, slack: SlackWorld, database: Database, now: datetime) -> None:
    """Write the whole story up to `now`. Call it before Slack's server starts, so that no events are sent."""
    story = load_story()
    for one in story.people.customers:
        x.add_user(one.handle, one.name, followers=one.followers, verified=one.verified)
    with database.write() as session:
        Account.record_profile(
            session,
            network="x",
            network_id=x.brand.id,
            handle=x.brand.handle,
            name=x.brand.name,
            at=now,
            source=FROM_ENVIRONMENT,
        )
        began = now - max(past.ago for past in story.two_weeks.mentions)
        Track.mentions_of(session, "x", x.brand.id, at=began)
        # What is said about the brand to nobody in particular; those who write its handle come as mentions.
        track_rules.add(session, TrackDraft("search", "x", f"{x.brand.handle} -@{x.brand.handle}"), at=now)
        Cursor.of(session, "x", x.brand.id, MENTIONS_CURSOR, at=began)  # the bot has been polling ever since
        history = History(x, slack, session, story, now)
        for at, act in sorted(history.acts(), key=lambda one: one[0]):
            slack.clock = at.timestamp
            act()
        for issue_id in session.scalars(select(Issue.id).where(Issue.fixed_at.is_not(None))).all():
            reconcile_reports(session, issue_id, at=now)
        for late in session.scalars(select(Ticket).where(Ticket.is_open(), Ticket.due_at <= now)):
            late.record_breach(session, at=now)  # mark the reminders as sent, else the demo starts with them
            late.nudges |= ReminderLevel.HALF | ReminderLevel.OWNER
    slack.clock = lambda: datetime.now(UTC).timestamp()
    for fresh in story.two_weeks.fresh:
        x.post(fresh.author, fresh.text, at=now - fresh.ago, media=fresh.media, poll=fresh.poll)


@dataclass
class History:
    """The story as timed acts on X, Slack and the database."""

    x: XWorld
    slack: SlackWorld
    session: Session
    story: Story
    now: datetime

    def acts(self) -> Iterator[Act]:
        """Everything that happens, in no particular order."""
        told = self.story.two_weeks
        for past in told.mentions:
            yield from self._mention(past)
        for note in told.notes:
            yield self.now - note.ago, partial(self._note, note)
        for fix in told.fixes:
            yield self.now - fix.ago, partial(self._fix, fix)
        for post in told.small_talk:
            yield self.now - timedelta(minutes=post.minutes_ago), partial(self._say, post)

    def _mention(self, past: PastMention) -> Iterator[Act]:
        """Everything that happens to one mention. Later acts use what earlier ones left in `steps`."""
        posted = self.now - past.ago
        steps = MentionSteps(self, past)
        yield posted, lambda: steps.post_mention(posted)
        yield posted + POLL_DELAY, lambda: steps.ingest(posted + POLL_DELAY)
        for note in past.thread:
            yield posted + POLL_DELAY + timedelta(minutes=note.minutes), partial(steps.write_in_thread, note)
        if past.issue:
            added = posted + ISSUE_DELAY
            yield added, lambda: steps.add_to_issue(added)
        if past.ending == "answered":
            taken = posted + POLL_DELAY + timedelta(minutes=past.minutes) * CLAIMED_AFTER
            yield taken, lambda: steps.ticket.claim(self.session, by=past.by, at=taken)
        if past.claimed_by:
            claimed = posted + CLAIM_DELAY
            yield claimed, lambda: steps.ticket.claim(self.session, by=past.claimed_by, at=claimed)
        end = posted + timedelta(minutes=past.minutes)
        match past.ending:
            case "answered":
                yield end - UNDO_WINDOW, lambda: steps.publish_reply(end - UNDO_WINDOW)
            case "no reply needed":
                yield end, lambda: steps.close(end)
            case "not about us":
                yield end, lambda: steps.mark_not_about_us(end)
        if past.follow_up:
            later = self.now - past.follow_up_ago
            yield later, lambda: steps.post_follow_up(later)
            yield later + POLL_DELAY, lambda: steps.ingest(later + POLL_DELAY)

    def _note(self, note: AuthorNote) -> None:
        about = self.session.scalars(select(Author).where(Author.handle == note.author)).one()
        Remark.add(self.session, about=about.id, text=note.text, by=note.by, at=self.now - note.ago)

    def issue(self, title: str, by: str, at: datetime) -> Issue:
        """Find the issue with this title or open it."""
        return Issue.open_or_find(self.session, title, by=by, at=at)

    def _fix(self, fix: Fix) -> None:
        at = self.now - fix.ago
        self.issue(fix.issue, fix.by, at).fix(self.session, by=fix.by, at=at)

    def _say(self, post: ChannelPost) -> None:
        self.slack.post(post.channel, post.by, post.text)


class MentionSteps:
    """The acts on one mention, and what they left behind so far: the post, the card, the reply."""

    def __init__(self, history: History, past: PastMention) -> None:
        self.history, self.past = history, past
        self.x, self.slack, self.session = history.x, history.slack, history.session
        self.post: XPost | None = None
        self.answered: XPost | None = None
        self.card_ts = ""

    @property
    def ticket(self) -> Ticket:
        """The ticket of the latest post."""
        assert self.post is not None
        query = select(Ticket).join(Mention).where(Mention.post_id == self.post.id)
        return self.session.scalars(query).one()

    def post_mention(self, at: datetime) -> None:
        """The customer posts on X."""
        self.post = self.x.post(self.past.author, self.past.text, at=at, media=self.past.media)

    def post_follow_up(self, at: datetime) -> None:
        """The customer answers the reply."""
        assert self.answered is not None
        self.post = self.x.post(self.past.author, self.past.follow_up, at=at, reply_to=self.answered.id)

    def ingest(self, at: datetime) -> None:
        """Store the post in the database, and put a card into the channel unless there is one."""
        assert self.post is not None
        post, brand = self.post, self.x.brand
        track = Track.mentions_of(self.session, "x", brand.id, at=at)
        target = IngestTarget("x", brand.id, CHANNEL, SlaPolicy(ALWAYS_OPEN, REPLY_TARGET), track.id)
        ingest_page(
            self.session, [_incoming(self.x, post, by_name_only=self.past.by_name_only)], target, at=at
        )
        self.ticket.restart_owner_clock(at)
        author = self.session.scalars(select(Author).where(Author.network_id == post.author_id)).one()
        user = self.x.user(self.past.author)
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
            self._post_card(at)

    def _post_card(self, at: datetime) -> None:
        """Post the message that the bot finds by its metadata and draws: until then it says "…"."""
        key = uuid.uuid4().hex
        mark = {"event_type": "heard", "event_payload": {"card_id": key}}
        said = self.slack.post(CHANNEL, self.slack.app.user_id, "…", metadata=mark)
        card = Card(ticket_id=self.ticket.id, key=key, channel=CHANNEL, failures=0)
        card.mark_posted(said.ts, at=at)
        self.ticket.shown_at = at + DRAW_DELAY
        self.card_ts = said.ts
        self.session.add(card)
        self.session.flush()

    def write_in_thread(self, note: ThreadNote) -> None:
        """A teammate writes in the card's thread."""
        self.slack.post(CHANNEL, note.by, note.text, thread_ts=self.card_ts)

    def add_to_issue(self, at: datetime) -> None:
        """The teammate who deals with the ticket adds it to its issue."""
        by = self.past.by or self.past.claimed_by
        self.history.issue(self.past.issue, by, at).add(self.session, self.ticket, by=by, at=at)

    def publish_reply(self, at: datetime) -> None:
        """Submit a public reply, let its undo window pass, send and publish it."""
        assert self.post is not None
        ticket, session, by = self.ticket, self.session, self.past.by
        reply = ticket.reply(
            session,
            text=self.past.reply,
            by=by,
            at=at,
            turn=ticket.turn,
            to_post_id=self.post.id,
            undo_until=at + UNDO_WINDOW,
            key=uuid.uuid4().hex,
        )
        out = at + UNDO_WINDOW
        reply.release(session, at=out)
        reply.take(session, worker="demo", at=out, lease_until=out + SEND_LEASE)
        brand = self.x.brand
        self.answered = self.x.post(brand.handle, self.past.reply, at=out, reply_to=self.post.id)
        url = f"https://x.com/{brand.handle}/status/{self.answered.id}"
        reply.move(
            session, DeliveryState.PUBLISHED, at=out, settled_at=out, post_id=self.answered.id, post_url=url
        )
        ticket.handle_published_reply(session, reply, at=out)

    def close(self, at: datetime) -> None:
        """Close the ticket without a reply, with the reason of the story."""
        self.ticket.close_no_reply_needed(self.session, by=self.past.by, at=at, reason=self.past.reason)

    def mark_not_about_us(self, at: datetime) -> None:
        """Close the ticket as not about the brand."""
        self.ticket.close_not_about_us(self.session, by=self.past.by, at=at)


def _incoming(x: XWorld, post: XPost, *, by_name_only: bool) -> IncomingPost:
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
        matched="names us" if by_name_only else "mentions us",
        in_reply_to=post.reply_to,
        answerable=NOT_ANSWERABLE if by_name_only else None,
    )


def set_up_workspace(slack: SlackWorld) -> None:
    """Add the other teammates, the channels beside #mentions, and the app from its manifest.

    The bot is in none of those channels. Gus is a guest: he can read #mentions and do nothing there.
    """
    team = load_story().people.team
    slack.add_user(team["cleo"], "Cleo Park", "cleo")
    slack.add_guest(team["gus"], "Gus (guest)", "gus", {CHANNEL})
    for channel in ("general", "product"):
        slack.add_channel(f"C0{channel.upper()}", channel, members={team["ana"], team["ben"], team["cleo"]})
    slack.install(json.loads(MANIFEST.read_text()))
