"""Writes the demo's two weeks of history into the local networks, the local Slack and the bot's database.

The database is written through the bot's own rules (`models`), each act at its own time. The cards are
placeholders until the bot runs: it draws them itself.
"""

import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
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
from models.sources.cursor import MENTIONS_CURSOR
from models.sources.track_rules import TrackDraft
from models.tickets.delivery_state import DeliveryState
from models.tickets.incoming_post import IncomingPost, IngestTarget
from models.tickets.ingest import ingest_page
from models.tickets.state import ReminderLevel
from sandbox.demo.local_networks import LocalNetworks
from sandbox.demo.past_posts import (
    NOT_ANSWERABLE,
    OurAccount,
    PastNetwork,
    Published,
    past_networks,
)
from sandbox.demo.story import (
    CHANNEL,
    PRIVATE_CHANNEL,
    AuthorNote,
    ChannelPost,
    Fix,
    Network,
    PastMention,
    Story,
    ThreadNote,
    load_story,
)
from sandbox.slack import SlackWorld

MANIFEST = Path(__file__).parent.parent.parent / "manifest.json"
REPLY_TARGET = timedelta(minutes=30)
POLL_DELAY = timedelta(seconds=40)  # between a post and its mention: the bot polls every minute
DRAW_DELAY = timedelta(seconds=1)
ISSUE_DELAY = timedelta(minutes=2)  # between a post and the moment somebody adds it to an issue
CLAIM_DELAY = timedelta(minutes=4)
CLAIMED_AFTER = 0.3  # of the time that a reply took: then somebody claimed the ticket
UNDO_WINDOW = timedelta(seconds=10)
SEND_LEASE = timedelta(seconds=12)
Act = tuple[datetime, Callable[[], None]]


def seed(
    networks: LocalNetworks, slack: SlackWorld, database: Database, now: datetime, *, forum_feed: str
) -> None:
    """Write the whole story up to `now`; the bot is to read the forum's feed at `forum_feed`.

    Call it before Slack's server starts, so that no events are sent.
    """
    story = load_story()
    past = (*story.two_weeks.mentions, *story.other_networks.mentions)
    began = now - max(one.ago for one in past)
    networks.set_clock(began)
    for one in story.people.customers:
        networks.add(one)
    places = past_networks(networks)
    with database.write() as session:
        for place in places.values():
            _listen(session, place.account, began=began, now=now)
        brand = networks.x.brand.handle
        # What is said about the brand to nobody in particular; those who write its handle come as mentions.
        track_rules.add(session, TrackDraft("search", "x", f"{brand} -@{brand}"), at=now)
        track_rules.add(session, TrackDraft("feed", "feed", brand, address=forum_feed), at=now)
        history = History(places, slack, session, story, now)
        for at, act in sorted(history.acts(), key=lambda one: one[0]):
            slack.clock = at.timestamp
            networks.set_clock(at)
            act()
        for issue_id in session.scalars(select(Issue.id).where(Issue.fixed_at.is_not(None))).all():
            reconcile_reports(session, issue_id, at=now)
        for late in session.scalars(select(Ticket).where(Ticket.is_open(), Ticket.due_at <= now)):
            late.record_breach(session, at=now)  # mark the reminders as sent, else the demo starts with them
            late.nudges |= ReminderLevel.HALF | ReminderLevel.OWNER
    slack.clock = lambda: datetime.now(UTC).timestamp()
    told = (*story.two_weeks.fresh, *story.other_networks.fresh, *story.forum.fresh)
    for fresh in sorted(told, key=lambda one: -one.ago):
        networks.set_clock(now - fresh.ago)
        networks.post_fresh(story.people.customer(fresh.author), fresh, now)
    networks.start_clocks()
    networks.discuss(now)


def _listen(session: Session, ours: OurAccount, *, began: datetime, now: datetime) -> None:
    """Write down the brand's account, its track of mentions, and that the bot has read them since `began`."""
    Account.record_profile(
        session,
        network=ours.network,
        network_id=ours.network_id,
        handle=ours.handle,
        name=ours.name,
        server=ours.server,
        at=now,
        source=FROM_ENVIRONMENT,
    )
    Track.mentions_of(session, ours.network, ours.network_id, at=began)
    Cursor.of(session, ours.network, ours.network_id, MENTIONS_CURSOR, at=began)


@dataclass
class History:
    """The story as timed acts on the networks, Slack and the database."""

    places: Mapping[Network, PastNetwork]
    slack: SlackWorld
    session: Session
    story: Story
    now: datetime

    def acts(self) -> Iterator[Act]:
        """Everything that happens, in no particular order."""
        told = self.story.two_weeks
        for past in (*told.mentions, *self.story.other_networks.mentions):
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
        self.slack, self.session = history.slack, history.session
        self.author = history.story.people.customer(past.author)
        self.place = history.places[self.author.network]
        self.post: IncomingPost | None = None
        self.answered: Published | None = None
        self.card_ts = ""

    @property
    def ticket(self) -> Ticket:
        """The ticket of the latest post."""
        assert self.post is not None
        query = select(Ticket).join(Mention).where(Mention.post_id == self.post.post_id)
        return self.session.scalars(query).one()

    def post_mention(self, at: datetime) -> None:
        """The customer posts."""
        past = self.past
        self.post = self.place.post(past.author, past.text, at, media=past.media, warning=past.warning)
        if past.by_name_only:
            self.post = replace(self.post, matched="names us", answerable=NOT_ANSWERABLE)

    def post_follow_up(self, at: datetime) -> None:
        """The customer answers the reply."""
        assert self.answered is not None
        self.post = self.place.follow_up(self.past.author, self.past.follow_up, at, to=self.answered)

    def ingest(self, at: datetime) -> None:
        """Store the post in the database, and put a card into the channel unless there is one."""
        assert self.post is not None
        post, ours = self.post, self.place.account
        track = Track.mentions_of(self.session, ours.network, ours.network_id, at=at)
        policy = SlaPolicy(ALWAYS_OPEN, REPLY_TARGET)
        target = IngestTarget(ours.network, ours.network_id, CHANNEL, policy, track.id)
        ingest_page(self.session, [post], target, at=at)
        self.ticket.restart_owner_clock(at)
        author = self.session.scalars(select(Author).where(Author.network_id == post.author_id)).one()
        author.update_profile(
            handle=self.place.author_handle(self.author.handle),
            name=self.author.name,
            followers=self.author.followers,
            verified=self.author.verified,
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
            to_post_id=self.post.post_id,
            undo_until=at + UNDO_WINDOW,
            key=uuid.uuid4().hex,
        )
        out = at + UNDO_WINDOW
        reply.release(session, at=out)
        reply.take(session, worker="demo", at=out, lease_until=out + SEND_LEASE)
        self.answered = self.place.answer(self.post, self.past.reply, out)
        post_id, url = self.answered
        reply.move(session, DeliveryState.PUBLISHED, at=out, settled_at=out, post_id=post_id, post_url=url)
        ticket.handle_published_reply(session, reply, at=out)

    def close(self, at: datetime) -> None:
        """Close the ticket without a reply, with the reason of the story."""
        self.ticket.close_no_reply_needed(self.session, by=self.past.by, at=at, reason=self.past.reason)

    def mark_not_about_us(self, at: datetime) -> None:
        """Close the ticket as not about the brand."""
        self.ticket.close_not_about_us(self.session, by=self.past.by, at=at)


def set_up_workspace(slack: SlackWorld) -> None:
    """Add the other teammates, the channels beside #mentions, and the app from its manifest.

    Of these channels the bot is only in the private one, which is there for mentions that are not public.
    Gus is a guest: he can read #mentions and do nothing there.
    """
    team = load_story().people.team
    slack.add_user(team["cleo"], "Cleo Park", "cleo")
    slack.add_guest(team["gus"], "Gus (guest)", "gus", {CHANNEL})
    for channel in ("general", "product"):
        slack.add_channel(f"C0{channel.upper()}", channel, members={team["ana"], team["ben"], team["cleo"]})
    trusted = {team["ana"], team["ben"], slack.app.user_id}
    slack.add_channel(PRIVATE_CHANNEL, "mentions-private", private=True, members=trusted)
    slack.install(json.loads(MANIFEST.read_text()))
