"""What X bills by our own count, held against what the local X bills; and whom it is for."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select

from bot.ingest import missing_posts, profiles, refresh_post, track_search
from bot.jobs import cleanup
from bot.networks.values import SearchRequest
from bot.networks.x.client import XNetwork
from bot.networks.x.settings import XSettings
from bot.publish import manual_posting
from bot.runtime import charge_writer
from models import BilledResource, DailyCost, Reply, Ticket, Track
from models.sources import track_rules
from models.sources.track_rules import TrackDraft, TrackRuleError
from models.tickets.delivery_state import PUBLIC_STATES
from models.tickets.state import OPEN_STATES
from models.tracks.query import parse_query
from sandbox.x import XServer, XWorld
from tests.bot.conftest import KEYS
from tests.bot.room import ANA, BEN, Clock, Room, room
from tests.patience import CALL_LIMITS

PEOPLE = ("maria", "joe", "theo")
TEXTS = (
    "@acmebrew hello",
    "@acmebrew the kettle drips",
    "the kettle leaks",
    "my teapot is fine",
    "kettle or teapot?",
)
QUERIES = ("kettle", "kettle -leaks", "teapot or kettle")


@contextmanager
def world(url: str, **more: object) -> Iterator[tuple[Room, XServer]]:
    """A desk on the ledger at `url`, whose account hears the local X over real HTTP."""
    clock = Clock()
    clock.now = clock.now.replace(hour=18)  # some hours before X's day ends
    with XServer(XWorld(clock=clock)) as x:
        for name in PEOPLE:
            x.world.add_user(name, name.title())
        network = XNetwork(XSettings(_env_file=None, api_url=x.url, **KEYS), CALL_LIMITS)
        with room(url, clock, network, **more) as made:
            yield made, x


@pytest.fixture
def on_bill(database_url: str) -> Iterator[tuple[Room, XServer]]:
    with world(database_url) as made:
        yield made


def counted(here: Room) -> list[DailyCost]:
    with here.ctx.db.read() as session:
        return list(
            session.scalars(select(DailyCost).order_by(DailyCost.day, DailyCost.kind, DailyCost.track_id))
        )


def usd(here: Room) -> Decimal:
    return sum((Decimal(one.micros) for one in counted(here)), Decimal()) / 1_000_000


def listen(here: Room, query: str) -> int:
    with here.ctx.db.write() as session:
        return track_rules.add(session, TrackDraft("search", "x", query), at=here.clock(), by=ANA).id


class Story:
    """What may happen on X and in Heard, in any order; each act by a number that picks whom or what it is about."""

    def __init__(self, here: Room, x: XServer) -> None:
        self.here, self.x = here, x

    def do(self, act: str, number: int) -> None:
        getattr(self, act)(number)
        self.here.ctx.record_charges()  # as the scheduler does after each job

    def says(self, number: int) -> None:
        author, text = PEOPLE[number % len(PEOPLE)], TEXTS[number % len(TEXTS)]
        self.x.world.post(author, f"{text} {len(self.x.world.posts)}")

    def edits(self, number: int) -> None:
        theirs = [one for one in self.x.world.posts.values() if one.author_id != self.x.world.brand.id]
        if theirs:
            post = theirs[number % len(theirs)]
            newest = self.x.world.versions(post.id)[-1]
            if len(self.x.world.versions(post.id)) < 5:
                self.x.world.edit(newest, f"@acmebrew edited {len(self.x.world.posts)}")

    def vanishes(self, number: int) -> None:
        theirs = [one for one in self.x.world.posts.values() if one.author_id != self.x.world.brand.id]
        if theirs:
            self.x.world.delete(theirs[number % len(theirs)].id)

    def listens(self, number: int) -> None:
        with suppress(TrackRuleError):  # it is there already
            listen(self.here, QUERIES[number % len(QUERIES)])

    def polls(self, _number: int) -> None:
        self.here.poll()

    def searches(self, _number: int) -> None:
        track_search.search_tracks(self.here.ctx, self.here.network)

    def sweeps(self, _number: int) -> None:
        missing_posts.sweep_and_check(self.here.ctx, self.here.network)

    def looks_again(self, _number: int) -> None:
        missing_posts.run_due(self.here.ctx)

    def buys_profiles(self, _number: int) -> None:
        profiles.fetch_missing(self.here.ctx, self.here.network)

    def watches(self, _number: int) -> None:
        self.here.watch()

    def counts(self, number: int) -> None:
        network, since = self.here.network, self.here.clock() - timedelta(days=1)
        query = network.search_text([SearchRequest(parse_query(QUERIES[number % len(QUERIES)]))])
        network.count_matches(query, since, account_id=network.account().id)

    def refreshes(self, number: int) -> None:
        tickets = self.here.tickets()
        if tickets:
            refresh_post.refresh_target(self.here.ctx, tickets[number % len(tickets)].id)

    def answers(self, number: int) -> None:
        waiting = [one.id for one in self.here.tickets() if one.state in OPEN_STATES]
        if waiting:
            ticket_id = waiting[number % len(waiting)]
            with self.here.ctx.db.read() as session:
                if session.get_one(Ticket, ticket_id).live_reply(session) is not None:
                    return
            link = " https://example.com" if number % 2 else ""
            self.here.submit(ticket_id, f"Thanks {len(self.x.world.posts)}{link}")
            self.here.send()

    def answers_unheard(self, number: int) -> None:
        self.x.world.faults.add("POST /2/tweets", "answer_lost_after", times=1)
        self.answers(number)
        self.x.world.faults.clear()

    def takes_back(self, number: int) -> None:
        with self.here.ctx.db.write() as session:
            public = Reply.state.in_(PUBLIC_STATES), Reply.unsay_by.is_(None), Reply.post_id.is_not(None)
            replies = session.scalars(select(Reply).where(*public).order_by(Reply.id)).all()
            if not replies:
                return
            reply = replies[number % len(replies)]
            ticket = Ticket.lock(session, reply.ticket_id)
            ticket.request_deletion(session, reply, by=BEN, at=self.here.clock())
        self.here.send()

    def sends(self, _number: int) -> None:
        self.here.send()
        manual_posting.confirm_seen(self.here.ctx, self.here.network)

    def tidies(self, _number: int) -> None:
        cleanup.delete_expired(self.here.ctx)

    def waits(self, number: int) -> None:
        self.here.clock.pass_by(minutes=(1, 3, 20, 200, 700)[number % 5])

    def settles(self) -> None:
        """Let what is in doubt be found."""
        for _ in range(8):
            self.here.clock.pass_by(minutes=2)
            self.here.send()
            self.here.ctx.record_charges()


ACTS = [name for name in vars(Story) if not name.startswith("_") and name not in {"do", "settles"}]
USUAL = ["says", "polls", "searches", "waits", "answers", "sweeps", "waits", "says"]
STORIES = st.lists(st.tuples(st.sampled_from(ACTS + USUAL), st.integers(0, 29)), min_size=12, max_size=40)


OPENING = [("says", 0), ("says", 1), ("polls", 0), ("waits", 1), ("listens", 0), ("searches", 0)]


@pytest.mark.both_engines
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(story=STORIES)
@example([("answers", 0), ("takes_back", 0), ("waits", 4), ("sweeps", 0), ("refreshes", 0), ("counts", 0)])
@example([("answers_unheard", 0), ("waits", 2), ("sends", 0), ("watches", 0), ("tidies", 0), ("sweeps", 0)])
@example(
    [("says", 2), ("waits", 1), ("searches", 0), ("edits", 2), ("waits", 1), ("searches", 0), ("polls", 0)]
)
@example(
    [("vanishes", 0), ("sweeps", 0), ("waits", 4), ("looks_again", 0), ("refreshes", 0), ("refreshes", 1)]
)
def test_our_figures_agree_with_what_x_bills(
    new_database: Callable[[], str], story: list[tuple[str, int]]
) -> None:
    with world(new_database()) as (here, x):
        told, in_doubt = Story(here, x), False
        for act, number in OPENING + story:
            told.do(act, number)
            in_doubt |= act == "answers_unheard"  # then X knows more than we do, until the reply is found
            if not in_doubt:
                assert usd(here) == Decimal(str(x.world.cost)), act
        told.settles()

        assert usd(here) == Decimal(str(x.world.cost))


def test_each_reading_is_counted_for_its_track_and_account(on_bill: tuple[Room, XServer]) -> None:
    here, x = on_bill
    here.poll()
    first, second = listen(here, "kettle"), listen(here, "teapot")
    track_search.search_tracks(here.ctx, here.network)  # each once by itself
    x.world.post("maria", "@acmebrew hello")
    x.world.post("joe", "my kettle drips")
    x.world.post("theo", "my teapot drips")
    here.clock.pass_by(minutes=2)
    here.poll()
    track_search.search_tracks(here.ctx, here.network)  # both in one query

    with here.ctx.db.read() as session:
        [mentions] = session.scalars(select(Track.id).where(Track.kind == "mentions"))
    rows = [(one.track_id, one.kind, one.units, one.micros) for one in counted(here)]
    assert rows == [
        (mentions, "owned_read", 1, 1_000),
        (first, "post_read", 1, 5_000),
        (second, "post_read", 1, 5_000),
        (mentions, "user_read", 1, 10_000),
        (first, "user_read", 1, 10_000),
        (second, "user_read", 1, 10_000),
    ]
    assert {(one.network, one.account_id) for one in counted(here)} == {("x", x.world.brand.id)}


def test_empty_answers_write_nothing(on_bill: tuple[Room, XServer]) -> None:
    here, x = on_bill
    here.poll()
    sent: list[str] = []
    event.listen(here.ctx.db.engine, "before_cursor_execute", lambda *args: sent.append(args[2]))
    here.clock.pass_by(minutes=1)
    here.poll()
    here.ctx.record_charges()

    assert x.world.counts["GET /2/users/:id/mentions"] == 2
    assert sent
    assert not [one for one in sent if "billed_resources" in one or "daily_costs" in one]


def test_a_transaction_that_fails_leaves_what_was_billed_to_the_next(on_bill: tuple[Room, XServer]) -> None:
    here, x = on_bill
    post = x.world.post("maria", "@acmebrew hello")
    me = here.network.account().id
    here.network.refresh([post.id], account_id=me)
    here.network.count_matches("kettle", here.clock() - timedelta(hours=1), account_id=me)
    with suppress(ZeroDivisionError), here.ctx.db.write() as session:
        charge_writer.write(session, here.network, at=here.clock())
        raise ZeroDivisionError
    assert usd(here) == 0

    here.ctx.record_charges()
    here.ctx.record_charges()

    assert usd(here) == Decimal("0.010") == Decimal(str(x.world.cost))


def test_sums_outlive_the_ids_that_they_were_counted_by(on_bill: tuple[Room, XServer]) -> None:
    here, x = on_bill
    x.world.post("maria", "@acmebrew hello")
    here.poll()
    before = usd(here)
    assert before == Decimal("0.011")

    here.clock.pass_by(days=2)
    cleanup.delete_expired(here.ctx)

    with here.ctx.db.read() as session:
        assert session.scalars(select(BilledResource)).all() == []
    assert usd(here) == before


def test_a_page_cut_off_by_a_crash_is_billed_once_and_counted_once(on_bill: tuple[Room, XServer]) -> None:
    here, x = on_bill
    x.world.post("maria", "@acmebrew hello")
    me = here.network.account()
    list(here.network.mentions(here.network.position_at(here.clock() - timedelta(hours=1)), account_id=me.id))
    here.network.charges.take()  # what a process that dies takes with it

    here.poll()

    assert usd(here) == Decimal("0.011") == Decimal(str(x.world.cost))


def test_prices_of_ones_own_replace_the_list_prices(database_url: str, x: XServer, clock: Clock) -> None:
    mine = XSettings(_env_file=None, api_url=x.url, prices="owned_read=0.005", **KEYS)
    x.world.post("maria", "@acmebrew hello")
    with room(database_url, clock, XNetwork(mine, CALL_LIMITS)) as here:
        here.poll()

        assert usd(here) == Decimal("0.015")
