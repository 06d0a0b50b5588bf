"""Random teams and customers: nobody ever reads, in any place, what they may not see.

Each private post, each private reply and each customer who only wrote in private has a word of its own. After each
act all that Slack was handed is looked through: what stands in a channel that is not private, and what one person
was shown, by itself or in a file, who is in no private channel that has it.
"""

import itertools
import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.ingest import backfill
from bot.jobs import digest, reminders, snooze_wakeup
from bot.networks.x.settings import XSettings
from bot.runtime.signed_in_accounts import SignedInAccounts
from bot.slack import private_cards, redaction
from bot.slack.private_access import NOT_A_READER
from models import Author, Mention, Notice, Reply, Ticket, Track
from models.reports.health import has_stale_card
from sandbox.slack import Person, SlackServer
from sandbox.slack.errors import NotOnScreenError
from sandbox.slack.workspace.message import Message
from tests.memory_network import MemoryNetwork
from tests.story.harness import KEYS, Bot, Clock, eventually, settings_for, started, worlds

DEFAULT, OPEN, ONE, OTHER = "C0MENTIONS", "C0OPEN", "C0ONE", "C0OTHER"
PEOPLE = ("U0ANA", "U0BEN", "U0CLEO")
SENTENCE = "Thanks for telling us, we have sent you a new kettle today and it should be with you on Monday"
WEIGHTS = {"public": 4, "unlisted": 1, "followers": 2, "direct": 4}


class Team:
    """A bot between the network in memory and a Slack with public and private channels, and who may know what."""

    def __init__(self, bot: Bot, network: MemoryNetwork, clock: Clock, seed: int) -> None:
        self.bot, self.network, self.clock = bot, network, clock
        self.random, self.numbers = random.Random(seed), itertools.count(1)
        self.slack: SlackServer = bot.slack
        self.secrets: dict[
            str, Callable[[Any], Any]
        ] = {}  # each word, and the query for its ticket's channel
        self.posts: list[str] = []
        self.clues: list[str] = []
        self.seen: set[str] = set()
        self.shown = Counter[str]()  # where somebody was shown what they may see

    # --- what happens ----------------------------------------------------------------------------------------

    def word(self, kind: str) -> str:
        return f"zq{kind}{next(self.numbers)}zq"

    def post(self) -> None:
        visibility = self.random.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        is_private = visibility in {"followers", "direct"}
        word = self.word("post")
        author = self.random.choice(["maria", "jo"])
        if is_private and self.random.random() < 0.5:
            author = self.word("hush")
            self.secrets[author] = self._by_author(author)
        under = self.random.choice(self.posts) if self.posts and self.random.random() < 0.5 else None
        clue = f"clue{len(self.clues)}"  # by which it can be looked for without typing the secret
        self.clues.append(clue)
        text = f"@acmebrew the kettle {word} {clue} lawyer refund please?"
        made = self.network.says(author, text, under=under, at=self.clock(), visibility=visibility)
        self.posts.append(made.id)
        if is_private:
            self.secrets[word] = self._by_text(word)
        backfill.poll_and_backfill(self.bot.ctx, self.network)

    def route(self) -> None:
        with self.bot.ctx.db.write() as session:
            track = Track.mentions_of(session, "memory", self.network.account().id, at=self.clock())
            track.channel = self.random.choice([None, DEFAULT, OPEN, ONE, ONE, ONE, OTHER, OTHER])
        self.later()

    def flip(self) -> None:
        with self.slack.world.lock:
            channel = self.slack.world.channel(self.random.choice([ONE, OTHER]))
            channel.is_private = channel.id != OPEN and self.random.random() < 0.7
        self.later()

    def move(self) -> None:
        with self.slack.world.lock:
            channel = self.slack.world.channel(self.random.choice([ONE, OTHER]))
            who = self.random.choice(PEOPLE)
            channel.members = (
                channel.members - {who} if self.random.random() < 0.4 else channel.members | {who}
            )
        self.later()

    def later(self) -> None:
        """Let what Slack has said lately count no more."""
        self.clock.ahead += timedelta(seconds=20)

    def a_day_later(self) -> None:
        self.clock.ahead += timedelta(hours=self.random.choice([1, 25]))
        for job in (reminders.send_due, snooze_wakeup.run_due, digest.write_due):
            job(self.bot.ctx)

    # --- what people do --------------------------------------------------------------------------------------

    def read(self) -> None:
        who, anything = self.someone(), self.random.choice([*self.clues, "kettle", "kettle"])
        typed = self.random.choice(
            [
                *(
                    "open",
                    "open top",
                    "mine",
                    "search kettle",
                    f"search {anything}",
                    "search @maria",
                    "muted",
                ),
                *("search thanks", "issues", "issues kettles", "stats 7d", "tracks", "export tickets"),
                *("export replies jsonl", "export events"),
            ]
        )
        outcome = who.command("/mentions", typed, DEFAULT)
        self.bot.told_all()
        for message in outcome.ephemerals:
            for label in ("Share to channel", "Open", "Older"):
                if label in message.buttons and self.random.random() < 0.5:
                    who.press(message, label)
                    self.bot.told_all()

    def look_home(self) -> None:
        self.someone().open_home()
        self.bot.told_all()

    def act(self) -> None:
        """Press something on a card that they can see."""
        who = self.someone()
        card = self.a_card(who)
        if card is None:
            return
        label = self.random.choice(
            ["Show context", "Claim", "Author history", "Add to issue…", "Reply", "Reply"]
        )
        try:
            outcome = who.press(card, label) if "…" not in label else who.press(card, "more", value=label)
        except (NotOnScreenError, LookupError):
            return
        view = outcome.view
        if view is None:
            return
        if label == "Reply" and view.callback_id == "composer":
            self.reply(who, card, view)
        if label == "Add to issue…":
            view.fill("kettles")
            view.submit()
        self.bot.told_all()

    def reply(self, who: Person, card: Message, view: Any) -> None:
        """Answer; what is said in private has a word of its own, and is else said to everybody."""
        is_private = self.random.random() < 0.7 and any(word in str(card.blocks) for word in self.secrets)
        word = self.word("reply") if is_private else ""
        for _ in range(2):  # once more if it is almost the same as an earlier one
            if view.is_open and view.fill(f"{SENTENCE} {word}".strip()).submit().closed:
                break
        query = self._by_reply(word)
        with self.bot.ctx.db.read() as session:
            is_kept = word and session.scalars(query).first() is not None
        if is_kept:
            self.secrets[word] = query
        with self.slack.world.lock:
            self.slack.world.views.stacks.clear()  # what they have typed is theirs

    def someone(self) -> Person:
        return self.slack.person(self.random.choice(PEOPLE))

    def a_card(self, who: Person) -> Message | None:
        with self.slack.world.lock:
            channels = [
                one for one in self.slack.world.channels.values() if self.slack.world.sees(who.id, one)
            ]
            found = [
                m for one in channels for m in one.messages if m.metadata and not m.is_reply and not one.is_im
            ]
        return self.random.choice(found).snapshot() if found else None

    # --- what nobody else may see ----------------------------------------------------------------------------

    def _by_text(self, word: str) -> Any:
        return (
            select(Ticket.channel)
            .join(Mention, Mention.ticket_id == Ticket.id)
            .where(Mention.text.contains(word))
        )

    def _by_author(self, handle: str) -> Any:
        return (
            select(Ticket.channel).join(Author, Author.id == Ticket.author_id).where(Author.handle == handle)
        )

    def _by_reply(self, word: str) -> Any:
        return (
            select(Ticket.channel).join(Reply, Reply.ticket_id == Ticket.id).where(Reply.text.contains(word))
        )

    def settle(self) -> None:
        """Wait until Slack shows what the ledger says."""
        ctx = self.bot.ctx
        self.bot.told_all()
        private_cards.check_channels(ctx)

        def look() -> bool:
            redaction.redraw_stale(ctx)
            with ctx.db.read() as session:
                stale = session.scalars(select(Ticket.id).where(has_stale_card())).all()
                old = session.scalars(select(Notice.id).where(Notice.is_stale, Notice.ts.is_not(None))).all()
            assert (stale, old) == ([], [])
            return True

        eventually(look)

    def readers(self) -> dict[str, set[str]]:
        """Who may see each secret now."""
        found: dict[str, set[str]] = {}
        with self.bot.ctx.db.read() as session:
            channels = {word: set(session.scalars(query)) for word, query in self.secrets.items()}
        with self.slack.world.lock:
            for word, places in channels.items():
                known = [self.slack.world.channels[one] for one in places if one]
                found[word] = set().union(*(one.members for one in known if one.is_private))
        return found

    def check(self) -> None:
        readers = self.readers()
        for where, to, text in self.everything():
            leaked = [word for word in readers if word in text and (to is None or to not in readers[word])]
            assert not leaked, f"{leaked} in {where}, shown to {to or 'everybody'}: {text}"
            if to is not None and any(word in text for word in readers):
                self.shown[where] += 1

    def everything(self) -> Iterator[tuple[str, str | None, str]]:
        """All that is public, and all that one person was shown since the last time."""
        world = self.slack.world
        with world.lock:
            for channel in world.channels.values():
                if channel.is_im:
                    yield from self._direct(channel)
                elif not channel.is_private:
                    for message in channel.messages:
                        yield f"#{channel.name}", None, f"{message.text} {message.blocks}"
                for message in channel.ephemerals:
                    if self.is_new(f"{channel.id} {message.ts}"):
                        yield "an answer", message.ephemeral_to, f"{message.text} {message.blocks}"
            yield from self._views()

    def _views(self) -> Iterator[tuple[str, str | None, str]]:
        views = self.slack.world.views
        for user, stack in views.stacks.items():
            for view in stack:
                yield "a modal", user, str(view.given)
        for user, view in views.homes.items():
            if self.is_new(f"{user} {view.hash}"):
                yield "Home", user, str(view.given)
        views.stacks.clear()

    def is_new(self, name: str) -> bool:
        """Whether that was not looked at before."""
        found = name not in self.seen
        self.seen.add(name)
        return found

    def _direct(self, channel: Any) -> Iterator[tuple[str, str | None, str]]:
        [to] = channel.members & set(PEOPLE)
        for message in channel.messages:
            if self.is_new(f"{channel.id} {message.ts}"):
                files = [(one.data or b"").decode() for one in message.files]
                yield "a direct message", to, f"{message.text} {message.blocks} {files}"

    def live(self, steps: int) -> None:
        acts = [self.post] * 5 + [self.read] * 8 + [self.act] * 8
        acts += [
            self.look_home,
            self.look_home,
            self.route,
            self.route,
            self.flip,
            self.move,
            self.a_day_later,
        ]
        with self.bot.ctx.db.write() as session:
            Track.mentions_of(session, "memory", self.network.account().id, at=self.clock()).channel = ONE
        for _ in range(steps):
            self.random.choice(acts)()
            self.settle()
            self.check()


@contextmanager
def team(url: str, seed: int) -> Iterator[Team]:
    clock = Clock()
    with worlds() as (slack, x):
        network = MemoryNetwork("acmebrew", now=clock)
        world = slack.world
        world.add_user("U0CLEO", "Cleo", "cleo")
        world.channel(DEFAULT).members |= set(PEOPLE)
        world.add_channel(OPEN, "open")
        for channel, members in ((ONE, {"U0ANA"}), (OTHER, {"U0ANA", "U0BEN"})):
            world.add_channel(channel, channel.lower(), private=True, members={*members, world.app.user_id})
        settings, networks = settings_for(url, slack, digest_at="09:00"), SignedInAccounts.fixed(network)
        with started(
            settings, XSettings(api_url=x.url, **KEYS), slack, x, networks=networks, now=clock
        ) as bot:
            yield Team(bot, network, clock, seed)


@pytest.mark.parametrize("seed", range(3))
def test_nobody_is_ever_shown_what_is_private_and_not_for_them(database_url: str, seed: int) -> None:
    with team(database_url, seed) as here:
        here.live(50)

        assert here.secrets
        assert here.shown  # and it is shown to those who may see it


def test_a_button_of_a_private_ticket_is_refused_to_someone_who_has_left_its_channel(
    database_url: str,
) -> None:
    with team(database_url, 0) as here:
        backfill.poll_and_backfill(here.bot.ctx, here.network)
        here.network.says("maria", "@acmebrew psst, my order", at=here.clock(), visibility="direct")
        with here.bot.ctx.db.write() as session:
            Track.mentions_of(session, "memory", here.network.account().id, at=here.clock()).channel = ONE
        backfill.poll_and_backfill(here.bot.ctx, here.network)
        here.settle()
        ana = here.slack.person("U0ANA")
        with here.slack.world.lock:
            [card] = here.slack.world.channel(ONE).messages
        ana.press(card.snapshot(), "Claim")
        here.settle()
        home = ana.open_home()
        assert home is not None
        assert "maria" in str(home.given)
        assert "my order" not in str(home.given)
        assert ana.press(home, "Reply").view is not None
        with here.slack.world.lock:
            here.slack.world.views.stacks.clear()
            here.slack.world.channel(ONE).members.discard("U0ANA")
        here.later()

        assert here.bot.opens_nothing(ana.press(home, "Reply"))
        assert NOT_A_READER in str(ana.home.given if ana.home else "")


def test_a_private_mention_is_assigned_in_its_thread_to_someone_in_the_channel_alone(
    database_url: str,
) -> None:
    with team(database_url, 0) as here:
        backfill.poll_and_backfill(here.bot.ctx, here.network)
        here.network.says("maria", "@acmebrew psst, my order", at=here.clock(), visibility="direct")
        with here.bot.ctx.db.write() as session:
            Track.mentions_of(session, "memory", here.network.account().id, at=here.clock()).channel = OTHER
        backfill.poll_and_backfill(here.bot.ctx, here.network)
        here.settle()
        ana = here.slack.person("U0ANA")
        with here.slack.world.lock:
            channel = here.slack.world.channel(OTHER)
            [card] = channel.messages

        ana.say(OTHER, "<@U0HEARD> assign <@U0CLEO>", thread_ts=card.ts)

        here.bot.whisper("is not in the private channel that has this card", to=ana)
        with here.bot.ctx.db.read() as session:
            assert session.scalars(select(Ticket.owner)).all() == [None]
        ana.say(OTHER, "<@U0HEARD> assign <@U0BEN>", thread_ts=card.ts)
        eventually(lambda: _owner(here) == "U0BEN")


def _owner(here: Team) -> str | None:
    with here.bot.ctx.db.read() as session:
        return session.scalar(select(Ticket.owner))
