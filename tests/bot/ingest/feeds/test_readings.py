"""What a reading of a feed brings into the ledger: new by id, edits, gaps, and nothing twice."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.networks.feed.fetching import FeedGone, FetchFailed, HostBusy
from models import Event, Mention
from models.sources import track_rules
from tests.bot.ingest.feeds.conftest import FORUM, FeedRoom
from tests.bot.room import room
from tests.memory_feeds import memory_feeds

pytestmark = pytest.mark.both_engines


def test_a_new_entry_becomes_a_mention_with_its_authors_name_and_a_reply_by_hand(feeds: FeedRoom) -> None:
    feeds.listen(channel="C0TALK")
    feeds.sites.show(FORUM, feeds.entry("1", "Where is the export?", text="I looked everywhere.", ago=1))

    assert feeds.read() == 1

    [ticket], [mention] = feeds.here.tickets(), feeds.here.mentions()
    assert mention.text == "Where is the export?\n\nI looked everywhere."
    assert mention.url == "https://forum.example/t/1"
    assert mention.matched == "is in “Fern forum”"
    assert ticket.channel == "C0TALK"
    assert mention.answerable is not None
    assert feeds.here.told() == []


def test_the_first_reading_takes_a_day_and_at_most_fifty_and_says_what_it_leaves_out(feeds: FeedRoom) -> None:
    feeds.listen()
    young = [feeds.entry(f"y{n}", ago=n / 10) for n in range(60)]
    feeds.sites.show(FORUM, *young, feeds.entry("old", ago=30), feeds.entry("undated", ago=None))

    feeds.read()

    assert len(feeds.titles()) == 50
    assert "Post old" not in feeds.titles()
    [told] = feeds.here.told()
    assert "12 entries are not shown here" in told
    feeds.later()
    assert len(feeds.titles()) == 50


def test_new_is_a_new_id_however_old_its_date_and_its_clock_starts_at_the_last_reading(
    feeds: FeedRoom,
) -> None:
    feeds.listen()
    feeds.sites.show(FORUM, feeds.entry("1"))
    feeds.read()
    read_at = feeds.clock()
    feeds.clock.pass_by(minutes=20)
    late = feeds.entry("2", ago=24 * 400)
    future = feeds.entry("3", ago=-24 * 365)
    feeds.sites.show(FORUM, future, late, feeds.entry("1", ago=1 / 3), feeds.entry("4", ago=None))

    feeds.read()

    times = {one.text: (one.posted_at, one.dated_at) for one in feeds.here.mentions()}
    assert times["Post 2"] == (read_at, late.posted_at)
    assert times["Post 3"] == (feeds.clock(), future.posted_at)
    assert times["Post 4"] == (feeds.clock(), None)


def test_an_entry_that_disappears_means_nothing_and_one_that_changes_is_an_edit(feeds: FeedRoom) -> None:
    feeds.listen()
    feeds.sites.show(FORUM, feeds.entry("1", "First"), feeds.entry("2", "Second"))
    feeds.read()
    feeds.sites.show(FORUM, feeds.entry("2", "Second, corrected"))
    feeds.later()
    feeds.sites.show(FORUM, feeds.entry("1", "First"), feeds.entry("2", "Second, corrected"))

    feeds.later()

    assert sorted(feeds.titles()) == ["First", "Second, corrected"]
    with feeds.here.ctx.db.read() as session:
        assert len(session.scalars(select(Event).where(Event.act == "post edited")).all()) == 1
    assert all(one.missing_since is None for one in feeds.here.mentions())


def test_words_decide_about_new_entries_and_a_change_of_them_is_not_for_old_ones(feeds: FeedRoom) -> None:
    track = feeds.listen(words="kettle")
    feeds.sites.show(FORUM, feeds.entry("1", "My Kettle whistles"), feeds.entry("2", "My teapot drips"))
    feeds.read()
    assert feeds.titles() == ["My Kettle whistles"]
    assert feeds.here.mentions()[0].matched == "matches “Kettle” in “Fern forum”"

    feeds.clock.pass_by(minutes=10)
    feeds.change(track, query="teapot")
    feeds.sites.show(
        FORUM, feeds.entry("3", "A teapot"), feeds.entry("2", "My teapot drips"), feeds.entry("4", "A kettle")
    )
    feeds.later()

    assert sorted(feeds.titles()) == ["A teapot", "My Kettle whistles"]


def test_two_tracks_share_one_request_and_one_mention(feeds: FeedRoom) -> None:
    feeds.listen(words="kettle", channel="C0A")
    feeds.listen(channel="C0B", words="whistles")
    feeds.sites.show(FORUM, feeds.entry("1", "My kettle whistles"))

    feeds.read()

    assert feeds.sites.asked[FORUM] == 1
    assert len(feeds.here.tickets()) == 1
    assert any("has its card in" in one for one in feeds.here.told())


def test_a_track_that_is_added_later_gets_the_last_day_although_nothing_has_changed(feeds: FeedRoom) -> None:
    feeds.listen(words="kettle")
    feeds.sites.show(FORUM, feeds.entry("1", "A kettle"), feeds.entry("2", "A teapot"))
    feeds.read()
    feeds.clock.pass_by(minutes=1)

    feeds.listen(words="teapot", channel="C0B")
    feeds.read()

    assert sorted(feeds.titles()) == ["A kettle", "A teapot"]


def test_what_was_posted_while_a_track_was_paused_is_not_for_it(feeds: FeedRoom) -> None:
    track = feeds.listen()
    feeds.sites.show(FORUM, feeds.entry("1"))
    feeds.read()
    feeds.clock.pass_by(minutes=5)
    with feeds.here.ctx.db.write() as session:
        track_rules.pause(session, track, at=feeds.clock())
    assert feeds.later(hours=1) == 0
    feeds.sites.show(FORUM, feeds.entry("2"), feeds.entry("1", ago=2))
    feeds.clock.pass_by(hours=1)
    with feeds.here.ctx.db.write() as session:
        track_rules.resume(session, track, at=feeds.clock())
    feeds.clock.pass_by(minutes=1)
    feeds.sites.show(FORUM, feeds.entry("3"), feeds.entry("2", ago=1))

    feeds.read()

    assert sorted(feeds.titles()) == ["Post 1", "Post 3"]


def test_a_window_in_which_no_known_entry_remains_is_a_gap_that_is_told(feeds: FeedRoom) -> None:
    feeds.listen()
    feeds.sites.show(FORUM, feeds.entry("1"), feeds.entry("2"))
    feeds.read()
    feeds.clock.pass_by(hours=1)
    feeds.sites.show(FORUM, feeds.entry("8"), feeds.entry("9"))

    feeds.read()

    assert sorted(feeds.titles()) == ["Post 1", "Post 2", "Post 8", "Post 9"]
    [told] = feeds.here.told()
    assert "lists no entry that I had already" in told
    assert "forum.example" in told


@pytest.mark.parametrize("broken", [b"<html>Be right back</html>", b'{"title": "Fern forum", "entries": []}'])
def test_a_feed_that_turns_into_a_page_or_shrinks_to_nothing_is_a_failed_reading(
    feeds: FeedRoom, broken: bytes
) -> None:
    feeds.listen()
    feeds.sites.show(FORUM, feeds.entry("1"))
    feeds.read()
    whole = feeds.sites.pages[FORUM]
    feeds.sites.pages[FORUM] = broken
    for _ in range(3):
        feeds.later()
    assert feeds.feed().failures == 3
    [told] = feeds.here.told()
    assert "can't read the feed “Fern forum” (" in told
    feeds.sites.pages[FORUM] = whole

    feeds.later()

    assert feeds.feed().failures == 0
    assert feeds.here.told()[1:] == [feeds.here.told()[-1]]
    assert "again" in feeds.here.told()[-1]
    assert feeds.titles() == ["Post 1"]


def test_a_failing_feed_keeps_its_interval_for_three_tries_then_doubles_to_a_day(feeds: FeedRoom) -> None:
    feeds.listen()
    feeds.sites.failures[FORUM] = FetchFailed("forum.example cannot be reached.")
    waits = []
    for _ in range(12):
        feeds.read()
        waits.append(feeds.feed().next_at - feeds.clock())
        feeds.clock.now = feeds.feed().next_at
    minutes = [wait / timedelta(minutes=15) for wait in waits]
    expected = [1, 1, 1, 2, 4, 8, 16, 32, 64, 96, 96, 96]
    assert all(n <= m <= n * 1.1 + 0.1 for m, n in zip(minutes, expected, strict=True)), minutes
    assert len(feeds.here.told()) == 1


def test_the_publisher_is_never_asked_more_often_than_it_says(feeds: FeedRoom) -> None:
    feeds.listen(interval_seconds=60)
    feeds.sites.show(FORUM, feeds.entry("1"))
    feeds.sites.fresh_for[FORUM] = timedelta(hours=2)
    feeds.read()

    assert feeds.later(minutes=110) == 0
    assert feeds.later(minutes=15) == 1
    feeds.sites.failures[FORUM] = FetchFailed("slow down", retry_at=feeds.clock() + timedelta(hours=9))
    feeds.later(minutes=125)
    assert feeds.later(hours=6) == 0


def test_a_busy_host_is_no_failure(feeds: FeedRoom) -> None:
    feeds.listen()
    feeds.sites.failures[FORUM] = HostBusy("busy", retry_at=feeds.clock() + timedelta(seconds=30))
    feeds.read()

    assert feeds.feed().failures == 0
    assert feeds.feed().next_at == feeds.clock() + timedelta(seconds=30)
    assert feeds.here.told() == []


def test_a_feed_that_is_gone_is_told_and_not_asked_again_until_somebody_resumes_it(feeds: FeedRoom) -> None:
    track = feeds.listen()
    feeds.sites.show(FORUM, feeds.entry("1"))
    feeds.read()
    feeds.sites.failures[FORUM] = FeedGone("forum.example says 410.")
    feeds.later()
    [told] = feeds.here.told()
    assert "is gone" in told
    assert feeds.later(days=3) == 0
    del feeds.sites.failures[FORUM]
    with feeds.here.ctx.db.write() as session:
        track_rules.pause(session, track, at=feeds.clock())
        track_rules.resume(session, track, at=feeds.clock())

    assert feeds.read() == 1
    assert feeds.feed().failing_since is None


def test_a_move_is_adopted_after_a_week_of_steadiness_and_told(feeds: FeedRoom) -> None:
    new = "https://new.example/feed"
    feeds.listen()
    feeds.sites.show(new, feeds.entry("1"))
    feeds.sites.moves[FORUM] = new
    feeds.read()
    for _ in range(6):
        feeds.later(days=1)
    assert feeds.sites.asked[new] == 0
    feeds.later(days=1)
    assert feeds.feed().moved_to == new
    [told] = feeds.here.told()
    assert "new.example" in told
    feeds.sites.show(new, feeds.entry("2"), feeds.entry("1", ago=24 * 7))

    feeds.later(days=1)

    assert feeds.sites.asked[new] == 1
    assert sorted(feeds.titles()) == ["Post 1", "Post 2"]


def test_a_move_that_leads_elsewhere_begins_its_week_anew(feeds: FeedRoom) -> None:
    feeds.listen()
    for n in range(12):
        where = f"https://new{n // 4}.example/feed"
        feeds.sites.show(where, feeds.entry("1"))
        feeds.sites.moves[FORUM] = where
        feeds.later(days=1)

    assert feeds.feed().moved_to is None


def test_a_page_that_was_added_leads_to_its_feed(feeds: FeedRoom) -> None:
    page = "https://forum.example/"
    feeds.listen(page)
    feeds.sites.pages[page] = (
        b'<html><head><link rel="alternate" type="application/rss+xml" href="/latest.rss"></head></html>'
    )
    feeds.sites.show(FORUM, feeds.entry("1"))
    feeds.read()
    feeds.read()

    assert feeds.titles() == ["Post 1"]
    [told] = feeds.here.told()
    assert "latest.rss" in told


def test_of_one_host_one_feed_is_read_at_a_time(feeds: FeedRoom) -> None:
    other = "https://forum.example/other.rss"
    for address in (FORUM, other):
        feeds.listen(address)
        feeds.sites.show(address, feeds.entry("1"))

    assert feeds.read() == 1
    assert feeds.read() == 1
    assert feeds.read() == 0
    assert feeds.sites.asked == {FORUM: 1, other: 1}


def test_an_unchanged_feed_costs_a_304_and_changes_nothing(feeds: FeedRoom) -> None:
    feeds.listen()
    feeds.sites.show(FORUM, feeds.entry("1"))
    feeds.read()

    feeds.later()

    assert feeds.sites.unchanged[FORUM] == 1
    assert feeds.feed().read_at == feeds.clock()
    with feeds.here.ctx.db.read() as session:
        assert len(session.scalars(select(Mention)).all()) == 1


def test_a_track_that_changes_during_a_reading_is_read_again(feeds: FeedRoom) -> None:
    track = feeds.listen(words="kettle")
    feeds.sites.show(FORUM, feeds.entry("1", "A teapot"))

    def change(_address: str) -> None:
        feeds.sites.on_fetch = lambda _address: None
        feeds.change(track, query="teapot")

    feeds.sites.on_fetch = change
    feeds.read()
    assert feeds.titles() == []

    feeds.read()

    assert feeds.titles() == ["A teapot"]


def test_a_worker_that_lost_its_lease_writes_nothing_twice(feeds: FeedRoom, database_url: str) -> None:
    feeds.listen()
    feeds.sites.show(FORUM, feeds.entry("1"))

    with room(database_url, feeds.clock, memory_feeds(feeds.sites), worker="other") as other:
        beside = FeedRoom(other, feeds.sites)

        def overtaken(_address: str) -> None:
            feeds.sites.on_fetch = lambda _address: None
            assert beside.read() == 0  # it is leased
            feeds.clock.pass_by(minutes=2)
            assert beside.read() == 1

        feeds.sites.on_fetch = overtaken
        feeds.read()

    assert feeds.sites.asked[FORUM] == 2
    assert feeds.titles() == ["Post 1"]
    assert feeds.feed().failures == 0
    assert feeds.feed().leased_by is None


def test_a_dead_feed_delays_no_other(feeds: FeedRoom) -> None:
    dead, other = "https://dead.example/feed", "https://other.example/feed"
    for address in (dead, FORUM, other):
        feeds.listen(address)
        feeds.sites.show(address, feeds.entry(address))
    answered = threading.Event()
    done: list[str] = []

    def hang(address: str) -> None:
        if address == dead:
            assert answered.wait(30)
        else:
            done.append(address)
            if len(done) == 2:
                answered.set()

    feeds.sites.on_fetch = hang

    assert feeds.read() == 3

    assert sorted(done) == [FORUM, other]
    assert len(feeds.titles()) == 3
