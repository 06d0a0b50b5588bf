"""Mentions into the ledger: all of them, each once, whatever happens meanwhile."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from bot.ingest import fit_to_ledger, page_writer, pages, poller, profiles
from bot.networks.errors import Later
from bot.networks.values import AccountIdentity, Position, Post, PostPage, UnreadableRow
from bot.slack import home_tab
from bot.slack.blocks.commands.help_text import incomplete_notes
from models import Account as Ours
from models import Author, Ticket
from tests.bot.room import Clock, Counting, Room, room, together


class CrashError(Exception):
    """The process ends here."""


@pytest.fixture
def known(here: Room) -> Room:
    """A desk whose account has been read before, so that no first look leaves anything out."""
    here.poll()
    here.clock.pass_by(minutes=1)
    return here


def say(network: Counting, count: int, word: str = "post") -> list[str]:
    """Let `count` customers speak, one a second before now, the newest last."""
    start = network._now() - timedelta(seconds=count)
    return [
        network.says(
            f"fan{number % 7}", f"@acmebrew {word} {number}", at=start + timedelta(seconds=number)
        ).text
        for number in range(count)
    ]


# --- each once ------------------------------------------------------------------------------------------------


def test_every_page_is_heard_while_posts_keep_arriving(known: Room, network: Counting) -> None:
    said = say(network, 250)
    network.between_pages = lambda number: said.append(
        network.says("bo", f"@acmebrew meanwhile {number}").text
    )

    heard = known.poll()
    network.between_pages = lambda _: None
    known.poll()

    assert heard is not None
    assert heard.taken == 250
    assert sorted(known.texts()) == sorted(said)


def test_a_post_of_any_length_is_heard_and_kept_to_what_the_ledger_has_room_for(
    known: Room, network: Counting
) -> None:
    network.says("fan", f"@acmebrew {'long ' * 5_000}")
    network.says("fan", f"@acmebrew {'longer ' * 100_000}")

    known.poll()

    longest, whole = sorted(known.texts(), key=len, reverse=True)
    assert len(whole) == 25_010
    assert len(longest) == page_writer.POST_MAX_CHARS
    assert longest.endswith("…")


def test_what_was_heard_before_changes_nothing(known: Room, network: Counting) -> None:
    say(network, 5)
    known.poll()
    before = [(ticket.id, ticket.revision) for ticket in known.tickets()]

    again = poller._read_pages(
        known.ctx,
        network,
        network.account(),
        network.position_at(known.clock() - timedelta(days=1)),
        known.cursor(),
    )

    assert again.taken == 0
    assert [(ticket.id, ticket.revision) for ticket in known.tickets()] == before


def test_the_cursor_moves_with_the_last_page_only(known: Room, network: Counting) -> None:
    said = say(network, 250)
    before = known.cursor().position

    def crash(number: int) -> None:
        if number == 2:
            raise CrashError

    network.between_pages = crash
    with pytest.raises(CrashError):
        known.poll()

    assert known.cursor().position == before
    network.between_pages = lambda _: None
    known.poll()
    assert known.texts() == said
    assert known.cursor().position == max((mention.post_id for mention in known.mentions()), key=int)


def test_a_reading_that_breaks_off_keeps_what_it_brought(known: Room, network: Counting) -> None:
    say(network, 250)

    def rate_limit(number: int) -> None:
        if number == 2:
            raise Later(known.clock() + timedelta(minutes=15), "rate limit", "too many requests")

    network.between_pages = rate_limit
    assert known.poll() is None

    assert len(known.texts()) == 200
    assert known.cursor().failing_since == known.clock()


def test_a_stop_between_two_pages_loses_nothing(known: Room, network: Counting) -> None:
    said = say(network, 250)
    network.between_pages = lambda number: known.ctx.stop.set() if number == 2 else None
    known.poll()
    assert known.cursor().position is None

    known.ctx.stop.clear()
    network.between_pages = lambda _: None
    known.poll()

    assert known.texts() == said


@pytest.mark.both_engines
def test_two_polls_at_once_hear_each_mention_once(known: Room, network: Counting) -> None:
    said = say(network, 150)

    assert together(known.poll, known.poll, known.sweep) == [None, None, None]

    assert known.texts() == said


def test_an_edit_is_the_same_post_in_new_words(known: Room, network: Counting) -> None:
    post = network.says("maria", "@acmebrew is the kettle bakc?")
    known.poll()
    revision = known.ticket().revision
    network.edits(post.id, "@acmebrew is the kettle back?")
    known.poll()

    [mention] = known.mentions()
    assert mention.text == "@acmebrew is the kettle back?"
    assert (mention.post_id, mention.edited_at) == (post.id, known.clock())
    assert known.ticket().revision > revision


def test_an_older_version_of_a_post_does_not_come_back(known: Room, network: Counting) -> None:
    post = network.says("maria", "@acmebrew first")
    network.edits(post.id, "@acmebrew second")
    known.poll()
    page_writer.commit_page(known.ctx, network, network.account(), PostPage((post,)), and_then=None)

    assert known.texts() == ["@acmebrew second"]


def test_our_own_posts_and_reposts_are_not_mentions(known: Room, network: Counting) -> None:
    post = network.says("maria", "@acmebrew hello")
    network.reposts("bo", post.id)
    network.says("acmebrew", "@acmebrew talks to itself")
    own = network._posts[network.says("acmebrew", "again, @acmebrew").id]
    repost = next(each for each in network._posts.values() if each.is_repost)
    page = PostPage((own, repost, post))

    taken = pages.without_own_posts(page, {network.account().id}, None)

    assert taken.posts == (post,)
    known.poll()
    assert known.texts() == ["@acmebrew hello"]


# --- the first look -------------------------------------------------------------------------------------------


def test_the_first_look_takes_the_newest_fifty_of_a_day_and_says_what_it_left(
    here: Room, network: Counting
) -> None:
    network.says("old", "@acmebrew yesterday's yesterday", at=here.clock() - timedelta(hours=25))
    said = say(network, 130)

    heard = here.poll()

    assert heard is not None
    assert (heard.taken, heard.left_out) == (50, 80)
    assert here.texts() == said[-50:]
    [told] = here.told()
    assert "*80 older ones*" in told
    assert here.cursor().left_out == 80


@pytest.mark.both_engines
def test_what_the_first_look_left_stays_left(here: Room, network: Counting) -> None:
    said = say(network, 130)
    here.poll()
    here.clock.pass_by(minutes=20)
    new = network.says("bo", "@acmebrew a new one").text

    here.sweep()
    here.poll()

    assert here.texts() == [*said[-50:], new]
    assert len(here.told()) == 1


def test_reposts_take_no_seat_in_the_first_look(here: Room, network: Counting) -> None:
    said = say(network, 40)
    for post in list(network._posts.values()):
        network._keep(replace(network.reposts("bo", post.id), summons="explicit"))

    heard = here.poll()

    assert heard is not None
    assert heard.left_out == 0
    assert here.texts() == said


def test_a_first_look_that_breaks_off_takes_fifty_all_the_same(here: Room, network: Counting) -> None:
    said = say(network, 130)

    def crash(number: int) -> None:
        raise CrashError

    network.between_pages = crash
    with pytest.raises(CrashError):
        here.poll()
    network.between_pages = lambda _: None
    here.poll()

    assert here.texts() == said[-50:]


# --- rows that make no sense ----------------------------------------------------------------------------------


def test_a_row_that_cannot_be_read_is_kept_and_its_page_goes_on(known: Room, network: Counting) -> None:
    say(network, 3)
    network.bad_rows = [UnreadableRow('{"id": 7}', "it has no text", "7")]
    known.poll()
    known.poll()

    assert len(known.texts()) == 3
    [bad] = known.quarantined()
    assert (bad.raw, bad.error, bad.post_id) == ('{"id": 7}', "it has no text", "7")


@pytest.mark.both_engines
def test_a_row_that_the_database_refuses_spoils_itself_only(known: Room, network: Counting) -> None:
    said = say(network, 5)
    bad = network.says("maria", "@acmebrew this one has an impossible language")
    network._keep(replace(bad, lang="\ud800"))

    known.poll()

    assert known.texts() == said
    [kept] = known.quarantined()
    assert kept.post_id == bad.id
    assert "impossible language" in kept.raw
    assert known.cursor().position == bad.id


def test_trouble_of_the_database_blames_no_post() -> None:
    class DeadlockError(Exception):
        sqlstate = "40P01"

    with pytest.raises(OperationalError):
        fit_to_ledger.raise_if_database_failed(OperationalError("INSERT", {}, DeadlockError()))


@pytest.mark.both_engines
def test_a_profile_that_the_database_refuses_costs_nobody_a_mention(known: Room, network: Counting) -> None:
    network.joins("maria", followers=2**70)
    network.says("maria", "@acmebrew hello")
    network.says("bo", "@acmebrew hello too")

    known.poll()
    known.poll()

    assert known.texts() == ["@acmebrew hello", "@acmebrew hello too"]
    assert len(network.bought) == 1
    assert author(known, "bo").followers == 0


# --- who speaks -----------------------------------------------------------------------------------------------


def author(here: Room, handle: str | None) -> Author:
    with here.ctx.db.read() as session:
        return session.scalars(select(Author).where(Author.handle == handle)).one()


def test_who_is_protected_is_remembered_with_their_profile(known: Room, network: Counting) -> None:
    network.joins("shy", protected=True)
    for _ in range(2):
        network.says("shy", "@acmebrew hello")
        known.poll()
        known.clock.pass_by(60)

    answerable = [mention.answerable for mention in known.mentions() if mention.text == "@acmebrew hello"]
    assert len(answerable) == 2
    assert None not in answerable
    assert len(network.bought[-1]) == 1


def test_profiles_are_bought_together_and_once_a_day(known: Room, network: Counting) -> None:
    say(network, 30)
    known.poll()
    say(network, 30, "again")
    known.poll()
    assert [len(ids) for ids in network.bought] == [7]

    known.clock.pass_by(hours=25)
    say(network, 30, "next day")
    known.poll()

    assert [len(ids) for ids in network.bought] == [7, 7]


@pytest.mark.both_engines
def test_a_mention_without_a_face_is_heard_and_the_face_follows(known: Room, network: Counting) -> None:
    network.fails("people", Later(None, "server error", "no profiles today"))
    network.joins("maria", name="Maria Silva", followers=12)
    network.says("maria", "@acmebrew hello")
    known.poll()
    assert known.texts() == ["@acmebrew hello"]
    with known.ctx.db.write() as session:
        session.get_one(Ticket, 1).drawn_revision = 1

    profiles.fetch_missing(known.ctx, network)

    assert author(known, "maria").name == "Maria Silva"
    assert known.ticket().revision == 2
    profiles.fetch_missing(known.ctx, network)
    assert len(network.bought) == 2


def test_somebody_who_is_gone_is_not_asked_for_again_today(known: Room, network: Counting) -> None:
    network.says("maria", "@acmebrew hello")
    del network._people["maria"]
    known.poll()
    profiles.fetch_missing(known.ctx, network)
    profiles.fetch_missing(known.ctx, network)

    assert len(network.bought) == 2


# --- when the network does not answer -------------------------------------------------------------------------


@pytest.mark.parametrize("cause", ["rate limit", "unauthorized", "out of credit", "forbidden", "unreachable"])
def test_a_failed_reading_is_remembered_until_one_succeeds(
    known: Room, network: Counting, cause: str
) -> None:
    began = known.clock()
    network.fails("mentions", Later(None, cause, "Not today."), times=2)
    network.says("maria", "@acmebrew hello")

    assert known.poll() is None
    known.clock.pass_by(minutes=1)
    assert known.poll() is None
    failing = known.cursor()
    known.clock.pass_by(minutes=1)
    known.poll()

    assert (failing.failing_since, failing.failure) == (began, "Not today.")
    assert (known.cursor().failing_since, known.cursor().failure, known.cursor().not_before) == (
        None,
        None,
        None,
    )
    assert known.texts() == ["@acmebrew hello"]


def test_nobody_asks_before_the_network_wants_to_be_asked(known: Room, network: Counting) -> None:
    reset = known.clock() + timedelta(minutes=15)
    network.fails("mentions", Later(reset, "rate limit", "Slower."))
    known.poll()
    asked = network.asked["mentions"]

    known.clock.pass_by(minutes=14)
    known.poll()
    known.sweep()

    assert network.asked["mentions"] == asked
    known.clock.pass_by(minutes=1)
    assert known.poll() is not None


def test_a_network_that_stays_down_is_asked_less_and_less_often(
    database_url: str, clock: Clock, network: Counting
) -> None:
    with room(database_url, clock, network, poll_seconds=1) as here:
        here.poll()
        network.fails("mentions", Later(None, "unreachable", "Nobody there."), times=10_000)
        before = network.asked["mentions"]
        for _ in range(600):
            clock.pass_by(1)
            here.poll()

        assert network.asked["mentions"] - before < 40
        network.heals()
        clock.pass_by(30)
        assert here.poll() is not None


def test_a_network_that_does_not_say_who_we_are_is_remembered_too(here: Room, network: Counting) -> None:
    network.fails("account", Later(None, "unauthorized", "Bad keys."))
    assert here.poll() is None
    asked = network.asked["mentions"]

    assert here.cursor().failure == "Bad keys."
    assert here.poll() is None  # at once: it is not pressed
    assert network.asked["mentions"] == asked
    here.clock.pass_by(minutes=1)
    assert here.poll() is not None
    assert here.cursor().account_id == network.account().id


# --- what comes late, and what is missing ---------------------------------------------------------------------


def test_a_sweep_before_the_first_look_waits(here: Room, network: Counting) -> None:
    say(network, 130)
    assert here.sweep() is None
    assert here.texts() == []


def test_a_sweep_that_fails_is_remembered(known: Room, network: Counting) -> None:
    network.fails("mentions", Later(None, "server error", "Oops."))
    assert known.sweep() is None
    assert known.cursor().failing_since == known.clock()


def lowest_of(posts: tuple[Post, ...]) -> Position | None:
    return Position(min((post.id for post in posts), key=int)) if posts else None


class Forgetful(Counting):
    """Lists only the newest 20 mentions, and says so. Its search may break off at one page, once.

    Search holds posts back for half a minute, as X does; `late` are not shown to anybody yet.
    """

    breaks_search_at: int | None = None
    late: frozenset[str] = frozenset()

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.searched: list[str] = []

    def search(self, query: str, after: Position, *, account_id: str, before: Position | None = None):
        found_pages = super().search(query, after, account_id=account_id, before=before)
        for number, page in enumerate(found_pages, 1):
            if number == self.breaks_search_at:
                self.breaks_search_at = None
                raise Later(None, "server error", "Oops.")
            until = self._now() - timedelta(seconds=30)
            found = tuple(post for post in self._indexed(page) if post.posted_at <= until)
            self.searched += [post.id for post in found]
            yield replace(page, posts=found, lowest=lowest_of(found))

    def mentions(self, after: Position, *, account_id: str):
        for page in super().mentions(after, account_id=account_id):
            listed = self._indexed(page)
            shown, is_cut = listed[:20], len(listed) > 20
            yield replace(page, posts=shown, lowest=lowest_of(shown), has_gap=is_cut)
            return

    def _indexed(self, page: PostPage):
        return tuple(post for post in page.posts if post.id not in self.late)


@pytest.fixture
def forgetful(database_url: str, clock: Clock):
    with room(database_url, clock, Forgetful(clock)) as made:
        made.poll()
        clock.pass_by(minutes=1)
        yield made


def test_a_gap_is_filled_by_searching_and_announced(forgetful: Room) -> None:
    said = say(forgetful.network, 60)
    forgetful.clock.pass_by(minutes=1)
    forgetful.poll()

    assert forgetful.texts() == said
    [told] = forgetful.told()
    assert "stopped listing mentions" in told
    assert "I searched for the rest" in told


def test_a_gap_of_this_minute_waits_until_search_can_know_of_it(forgetful: Room) -> None:
    now = forgetful.clock()
    said = [forgetful.network.says("bo", f"@acmebrew at once {number}", at=now).text for number in range(60)]
    for _ in range(4):
        forgetful.poll()
        forgetful.clock.pass_by(seconds=20)

    assert sorted(forgetful.texts()) == sorted(said)


def test_what_is_indexed_late_in_a_storm_is_found_by_a_sweep(forgetful: Room) -> None:
    late = forgetful.network.says("lea", "@acmebrew is anybody there?")
    forgetful.network.late = frozenset([late.id])
    for _ in range(4):
        say(forgetful.network, 15)
        forgetful.poll()
        forgetful.clock.pass_by(minutes=1)
    forgetful.network.late = frozenset()
    forgetful.poll()
    assert late.text not in forgetful.texts()

    forgetful.sweep()

    assert late.text in forgetful.texts()


def test_a_sweep_that_may_not_search_blames_no_reading(forgetful: Room) -> None:
    say(forgetful.network, 60)
    forgetful.clock.pass_by(minutes=1)
    forgetful.network.fails("search", Later(None, "forbidden", "Not in your plan."), times=1000)

    assert forgetful.sweep() is not None
    assert forgetful.cursor().failing_since is None


@pytest.mark.both_engines
def test_a_gap_that_cannot_be_searched_now_is_searched_later(forgetful: Room) -> None:
    said = say(forgetful.network, 60)
    forgetful.clock.pass_by(minutes=1)
    forgetful.network.fails("search", Later(None, "server error", "Oops."))

    forgetful.poll()
    assert forgetful.texts() == said[-20:]
    assert forgetful.told() == []
    with forgetful.ctx.db.read() as session:
        [unread] = incomplete_notes(home_tab.unread_sources(forgetful.ctx, session), {})
    assert "did not list every post since" in unread
    forgetful.clock.pass_by(minutes=1)
    forgetful.poll()

    assert forgetful.texts() == said


def test_a_search_that_breaks_off_goes_on_where_it_was(forgetful: Room) -> None:
    said = say(forgetful.network, 500)
    forgetful.clock.pass_by(minutes=1)
    forgetful.network.breaks_search_at = 3
    forgetful.poll()
    assert 20 < len(forgetful.texts()) < 500

    late = say(forgetful.network, 5)
    forgetful.clock.pass_by(minutes=1)
    forgetful.poll()

    assert sorted(forgetful.texts()) == sorted(said + late)
    assert max(Counter(forgetful.network.searched).values()) == 1
    assert len(forgetful.told()) == 1


@pytest.mark.both_engines
def test_a_gap_that_is_found_while_another_is_open_is_filled_too(forgetful: Room) -> None:
    said = say(forgetful.network, 60)
    forgetful.clock.pass_by(minutes=1)
    forgetful.network.fails("search", Later(None, "server error", "Oops."))
    forgetful.poll()
    said += say(forgetful.network, 60)
    forgetful.clock.pass_by(minutes=1)
    forgetful.network.fails("search", Later(None, "server error", "Oops."))
    forgetful.clock.pass_by(seconds=10)
    forgetful.poll()

    forgetful.clock.pass_by(minutes=1)
    forgetful.poll()

    assert sorted(forgetful.texts()) == sorted(said)


@pytest.mark.both_engines
def test_a_gap_that_may_never_be_searched_is_owned_up_to(forgetful: Room) -> None:
    say(forgetful.network, 60)
    forgetful.clock.pass_by(minutes=1)
    forgetful.network.fails("search", Later(None, "forbidden", "Not in your plan."), times=1000)
    forgetful.poll()

    [told] = forgetful.told()
    assert "doesn't let me search for the rest (Not in your plan.)" in told
    assert forgetful.cursor().failing_since is None


def test_a_gap_in_the_first_look_is_no_reason_to_search(database_url: str, clock: Clock) -> None:
    with room(database_url, clock, Forgetful(clock)) as here:
        said = say(here.network, 90)
        here.poll()
        assert here.texts() == said[-20:]


def test_the_names_of_our_account_are_kept_for_when_the_network_is_away(known: Room) -> None:
    us: AccountIdentity = known.network.account()
    with known.ctx.db.read() as session:
        kept = Ours.find(session, us.network, us.id)
    assert kept is not None
    assert (kept.handle, kept.name) == ("acmebrew", "Acmebrew")
