"""Searches on the local X: what is said to nobody in particular becomes a mention, once, in the right channel."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.ingest import track_search
from bot.ingest.poller import FIRST_POLL_MAX_POSTS
from bot.networks.errors import Later
from bot.notices import clock_set_back
from bot.slack import home_tab
from bot.slack.blocks.commands.help_text import incomplete_notes
from models import Alarm, AlsoHeard, Cursor, LeftOutPost, Mention, Notice, Ticket
from models.sources import track_rules
from models.sources.track_rules import TrackDraft
from models.tickets import not_shown
from sandbox.x import XServer
from sandbox.x.state import search_query as local_query
from tests.bot.room import ANA, CHANNEL, Room

SEARCH = "GET /2/tweets/search/recent"
PEOPLE = "GET /2/users"
TALK = "C0TALK"


@pytest.fixture
def room(on_x: Room, x: XServer) -> Room:
    """A desk whose account has been read before, beside two people whom nobody asked."""
    x.world.add_user("theo", "Theo Brandt", followers=12)
    x.world.add_user("acmefan", "A Fan")
    on_x.poll()
    on_x.clock.pass_by(minutes=1)
    return on_x


def listen(room: Room, query: str, *, channel: str | None = None, kind: str = "search", **more) -> int:
    with room.ctx.db.write() as session:
        draft = TrackDraft(kind, "x", query, channel=channel, **more)
        return track_rules.add(session, draft, at=room.clock(), by=ANA).id


def search(room: Room) -> int | None:
    return track_search.search_tracks(room.ctx, room.network)


def later(room: Room, **time: float) -> None:
    room.clock.pass_by(**(time or {"minutes": 60}))


def reasons(room: Room) -> list[tuple[int, str]]:
    with room.ctx.db.read() as session:
        rows = session.scalars(select(AlsoHeard).order_by(AlsoHeard.mention_id, AlsoHeard.track_id))
        return [(row.track_id, row.matched) for row in rows]


def pointers(room: Room) -> list[tuple[str | None, str, int | None]]:
    with room.ctx.db.read() as session:
        found = session.scalars(select(Notice).where(Notice.card_of.is_not(None)).order_by(Notice.id))
        return [(one.channel, one.text, one.card_of) for one in found]


def incomplete(room: Room) -> list[str]:
    """What `/mentions open` says of its list."""
    with room.ctx.db.read() as session:
        return incomplete_notes(home_tab.unread_sources(room.ctx, session), {"x": "X"})


def test_what_is_said_to_nobody_is_a_card_that_can_only_be_answered_by_hand(room: Room, x: XServer) -> None:
    track = listen(room, "acmebrew tags", channel=TALK)
    x.world.post("theo", "Acmebrew would be nicer with TAGS.")
    x.world.post("theo", "acmebrew is fine as it is")
    room.clock.pass_by(minutes=2)

    assert search(room) == 1

    [mention], [ticket] = room.mentions(), room.tickets()
    assert mention.text == "Acmebrew would be nicer with TAGS."
    assert mention.track_id == track
    assert mention.matched == "matches “Acmebrew”, “TAGS”"
    assert ticket.channel == TALK
    assert mention.answerable == "They neither mentioned nor quoted us, so X accepts no reply from its API."


def test_one_that_mentions_us_is_a_mention_whatever_found_it_and_only_once(room: Room, x: XServer) -> None:
    track = listen(room, "kettle", channel=TALK)
    x.world.post("theo", "@acmebrew the kettle drips")
    room.clock.pass_by(minutes=2)
    search(room)
    room.poll()
    search(room)

    [mention], [ticket] = room.mentions(), room.tickets()
    assert mention.matched == "mentions us"
    assert ticket.channel == CHANNEL
    assert mention.answerable is None
    assert reasons(room) == [(track, "matches “kettle”")]
    assert pointers(room) == [
        (TALK, f"A post on X that matches “kettle” has its card in <#{CHANNEL}>: {{card}}.", ticket.id)
    ]


def test_a_mention_that_a_search_finds_later_gets_one_more_reason(room: Room, x: XServer) -> None:
    track = listen(room, "kettle", channel=TALK)
    x.world.post("theo", "@acmebrew the kettle drips")
    room.poll()
    assert reasons(room) == []
    before = room.tickets()[0].revision
    room.clock.pass_by(minutes=2)
    search(room)

    assert reasons(room) == [(track, "matches “kettle”")]
    assert room.tickets()[0].revision == before + 1
    later(room)
    search(room)
    assert room.tickets()[0].revision == before + 1  # it is redrawn once


def test_several_tracks_share_a_query_and_the_best_one_has_the_card(room: Room, x: XServer) -> None:
    tag = listen(room, "#kettle", kind="hashtag", channel=TALK)
    first = listen(room, "kettle", channel=TALK)
    second = listen(room, "drips or leaks")
    search(room)  # each once by itself
    later(room)
    asked = x.world.counts[SEARCH]
    x.world.post("theo", "my new #kettle leaks")
    room.clock.pass_by(minutes=2)
    search(room)

    assert x.world.counts[SEARCH] - asked == 1
    [mention] = room.mentions()
    assert mention.track_id == first
    assert reasons(room) == [(tag, "matches “#kettle”"), (second, "matches “leaks”")]
    assert [channel for channel, _, _ in pointers(room)] == [CHANNEL]  # the tag's channel has the card


def test_what_the_network_finds_and_the_query_does_not_mean_is_no_mention(room: Room, x: XServer) -> None:
    """A network has its own idea of a phrase: the local X finds "kettle on" in "kettle only", too."""
    listen(room, '"kettle on"')
    x.world.post("acmefan", "a kettle only for tea")
    x.world.post("acmefan", "put the kettle on")
    room.clock.pass_by(minutes=2)
    search(room)

    assert room.texts() == ["put the kettle on"]
    assert x.world.counts[PEOPLE] == 1  # nobody is paid for whose post is for no track


def test_a_domain_finds_posts_that_only_link_there(room: Room, x: XServer) -> None:
    listen(room, "acmebrew.example")
    x.world.post("theo", "read this https://blog.acmebrew.example/kettles?x=1")
    x.world.post("theo", "read that https://acme.example/brew")
    room.clock.pass_by(minutes=2)
    search(room)

    [mention] = room.mentions()
    assert mention.text == "read this https://blog.acmebrew.example/kettles?x=1"
    assert mention.matched == "matches “acmebrew.example”"


def test_people_and_languages_that_are_left_out_are_not_heard(room: Room, x: XServer) -> None:
    listen(room, "kettle", languages=("en",), excluded_handles=("AcmeFan",))
    x.world.post("acmefan", "kettle!")
    x.world.post("theo", "Kettle, bitte", lang="de")
    x.world.post("theo", "kettle please")
    x.world.post("acmebrew", "our kettle is new")
    room.clock.pass_by(minutes=2)
    search(room)

    assert room.texts() == ["kettle please"]
    query = next(one.query["query"] for one in x.world.requests if one.endpoint == SEARCH)
    assert query == "kettle lang:en -from:AcmeFan -is:retweet"


def test_a_first_reading_takes_the_newest_of_a_day_and_the_rest_never_comes(room: Room, x: XServer) -> None:
    listen(room, "kettle")
    start = room.clock() - timedelta(hours=30)
    for number in range(90):
        x.world.post("theo", f"kettle {number}", at=start + timedelta(minutes=20 * number))
    search(room)
    said = room.texts()
    later(room, minutes=1)
    search(room)
    x.world.post("theo", "kettle now")
    room.clock.pass_by(minutes=2)
    search(room)

    [told] = room.told()
    assert told.startswith("I searched the last 24 hours of X for “kettle” (track")
    assert "the newest 50 posts have cards. Older ones are not shown" in told
    assert said == [f"kettle {number}" for number in range(90 - FIRST_POLL_MAX_POSTS, 90)]
    assert room.texts() == [*said, "kettle now"]


def test_a_first_reading_buys_no_more_than_it_needs_and_remembers_what_may_come_again(
    room: Room, x: XServer
) -> None:
    listen(room, "kettle")
    start = room.clock() - timedelta(minutes=10)
    for number in range(130):
        x.world.post("theo", f"kettle {number}", at=start + timedelta(seconds=number))
    for number in range(300):
        x.world.post("theo", f"old kettle {number}", at=start - timedelta(hours=2, seconds=number))
    search(room)
    calls = x.world.counts[SEARCH]
    room.clock.pass_by(minutes=2)
    search(room)

    assert calls == 2  # of five pages
    assert len(room.texts()) == FIRST_POLL_MAX_POSTS
    with room.ctx.db.read() as session:
        left_out = session.scalars(select(LeftOutPost.post_id)).all()
    assert len(left_out) == 200 - FIRST_POLL_MAX_POSTS


def test_a_change_is_for_what_is_said_from_then_on(room: Room, x: XServer) -> None:
    track = listen(room, "kettle")
    search(room)
    room.clock.pass_by(minutes=5)
    x.world.post("theo", "my teapot is old")
    room.clock.pass_by(minutes=1)
    with room.ctx.db.write() as session:
        track_rules.edit(session, track, TrackDraft("search", "x", "teapot"), revision=1, at=room.clock())
    room.clock.pass_by(minutes=1)
    x.world.post("theo", "my teapot is new")
    for _ in range(3):
        room.clock.pass_by(minutes=2)
        search(room)

    assert room.texts() == ["my teapot is new"]


def edit(room: Room, track: int, query: str, **more) -> None:
    with room.ctx.db.write() as session:
        track_rules.edit(
            session, track, TrackDraft("search", "x", query, **more), revision=None, at=room.clock()
        )


def test_a_change_loses_nothing_that_the_old_words_had_matched(room: Room, x: XServer) -> None:
    track = listen(room, "kettle")
    search(room)
    x.world.faults.add(SEARCH, "server_error_before", times=None)
    for number in range(6):
        x.world.post("theo", f"kettle {number}")
        room.clock.pass_by(minutes=10)
        search(room)
    edit(room, track, "teapot", excluded_handles=("acmefan",))
    x.world.post("theo", "kettle after the change")
    x.world.post("theo", "teapot after the change")
    x.world.faults.clear()
    for _ in range(4):
        room.clock.pass_by(minutes=2)
        search(room)

    assert room.texts() == [*(f"kettle {number}" for number in range(6)), "teapot after the change"]


def test_a_track_that_is_edited_before_its_first_reading_is_read_as_it_is(room: Room, x: XServer) -> None:
    x.world.post("theo", "my kettle is old")
    room.clock.pass_by(minutes=5)
    track = listen(room, "ketle")
    edit(room, track, "kettle")
    search(room)

    assert room.texts() == ["my kettle is old"]


def test_after_a_change_a_clock_that_is_set_back_loses_nothing(room: Room, x: XServer) -> None:
    if not room.ctx.db.is_sqlite:
        pytest.skip("on PostgreSQL the database's own clock decides")
    track = listen(room, "kettle")
    search(room)
    room.clock.pass_by(minutes=5)
    edit(room, track, "kettle or pot")
    room.clock.pass_by(minutes=2)
    search(room)
    room.clock.pass_by(minutes=-30)
    clock_set_back.repair(room.ctx)
    room.clock.pass_by(minutes=1)
    x.world.post("theo", "kettle now")
    asked = x.world.counts[SEARCH]
    for _ in range(60):
        room.clock.pass_by(seconds=5)
        search(room)

    assert room.texts() == ["kettle now"]
    assert x.world.counts[SEARCH] - asked <= 6  # in five minutes


def test_what_is_posted_while_a_track_is_paused_is_not_for_it_and_nothing_else_is_lost(
    room: Room, x: XServer
) -> None:
    track = listen(room, "kettle")
    search(room)
    room.clock.pass_by(minutes=5)
    x.world.post("theo", "kettle just before")
    room.clock.pass_by(seconds=20)
    with room.ctx.db.write() as session:
        track_rules.pause(session, track, at=room.clock())
    x.world.post("theo", "kettle while nobody listens")
    for _ in range(12):
        room.clock.pass_by(minutes=2)
        search(room)
    assert room.texts() == ["kettle just before"]
    asked = x.world.counts[SEARCH]
    later(room, hours=5)
    assert search(room) is None
    assert x.world.counts[SEARCH] == asked
    x.world.post("theo", "kettle much later, paused")
    room.clock.pass_by(minutes=1)
    with room.ctx.db.write() as session:
        track_rules.resume(session, track, at=room.clock())
    x.world.post("theo", "kettle again")
    for _ in range(2):
        room.clock.pass_by(minutes=2)
        search(room)

    assert room.texts() == ["kettle just before", "kettle again"]


@pytest.mark.parametrize("what", ["moved", "changed", "removed"])
def test_a_track_that_is_changed_while_it_is_read_goes_by_what_it_is_then(
    room: Room, x: XServer, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    track = listen(room, "kettle", channel=TALK)
    search(room)
    room.clock.pass_by(minutes=2)
    x.world.post("theo", "my kettle and my teapot")
    room.clock.pass_by(minutes=2)
    real = track_search._pages

    def pages(*given):
        for page in real(*given):
            if what == "removed":
                with room.ctx.db.write() as session:
                    track_rules.remove(session, track, at=room.clock())
            else:
                edit(room, track, "kettle" if what == "moved" else "teapot -kettle", channel="C0NEW")
            yield page
            monkeypatch.setattr(track_search, "_pages", real)

    monkeypatch.setattr(track_search, "_pages", pages)
    for _ in range(3):
        search(room)
        room.clock.pass_by(minutes=2)

    if what == "removed":
        assert room.tickets() == []
    else:
        assert [(one.channel, one.track_id) for one in room.tickets()] == [("C0NEW", track)]


def test_one_query_that_x_rejects_holds_up_no_other_and_is_told_in_its_channel(
    room: Room, x: XServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    listen(room, "kettle")
    listen(room, "badword", channel=TALK)
    search(room)
    room.clock.pass_by(minutes=2)
    parse = local_query.parse

    def picky(query: str):
        if "badword" in query:
            raise local_query.QueryError("no such word")
        return parse(query)

    monkeypatch.setattr(local_query, "parse", picky)
    for number in range(5):
        x.world.post("theo", f"kettle {number}")
        room.clock.pass_by(minutes=2)
        search(room)

    assert room.texts() == [f"kettle {number}" for number in range(5)]
    [told] = room.told()
    assert told.startswith(":warning: X doesn't accept the search for “badword” (track")
    asked = x.world.counts[SEARCH]
    room.clock.pass_by(minutes=61)
    search(room)
    assert x.world.counts[SEARCH] - asked <= 3


def test_new_tracks_do_not_hold_up_those_that_are_read(room: Room, x: XServer) -> None:
    listen(room, "kettle")
    search(room)
    for number in range(40):
        listen(room, f"word{number} other{number}")
    room.clock.pass_by(minutes=2)
    x.world.post("theo", "kettle")
    room.clock.pass_by(minutes=1)
    search(room)

    assert room.texts() == ["kettle"]
    for _ in range(12):
        search(room)
    with room.ctx.db.read() as session:
        read = session.scalars(select(Cursor.name).where(Cursor.name.startswith("track "))).all()
    assert len(read) == 41


def test_a_first_poll_leaves_the_old_ones_out_whatever_a_search_finds(on_x: Room, x: XServer) -> None:
    now = on_x.clock()
    x.world.add_user("theo", "Theo")
    x.world.post("theo", "kettle ages ago", at=now - timedelta(hours=20))
    for number in range(120):
        x.world.post("theo", f"@acmebrew old {number}", at=now - timedelta(minutes=240 - number))
    on_x.clock.pass_by(minutes=2)
    on_x.poll()
    listen(on_x, "kettle")
    search(on_x)
    on_x.clock.pass_by(minutes=2)
    on_x.poll()
    on_x.sweep()

    assert len(on_x.texts()) == FIRST_POLL_MAX_POSTS + 1


def test_words_that_are_erased_are_gone_from_the_reasons_and_the_lines_too(room: Room, x: XServer) -> None:
    listen(room, '"my kettle exploded"', channel=TALK)
    x.world.post("theo", "@acmebrew My kettle exploded")
    room.clock.pass_by(minutes=2)
    search(room)
    with room.ctx.db.write() as session:
        mention = session.scalars(select(Mention)).one()
        ticket = Ticket.lock(session, mention.ticket_id)
        not_shown.erase_text(session, ticket, mention, at=room.clock())

    assert [why for _, why in reasons(room)] == ["matches a search"]
    [(_, line, _)] = pointers(room)
    assert line == f"A post on X that matches a search has its card in <#{CHANNEL}>: {{card}}."


def test_a_removed_track_is_read_no_more_and_goes_on_where_it_was_within_a_week(
    room: Room, x: XServer
) -> None:
    track = listen(room, "kettle")
    search(room)
    with room.ctx.db.write() as session:
        track_rules.remove(session, track, at=room.clock())
    later(room, hours=5)
    x.world.post("theo", "kettle in between")
    room.clock.pass_by(minutes=2)
    assert search(room) is None
    assert listen(room, "kettle") == track
    search(room)

    assert room.texts() == ["kettle in between"]


def test_late_posts_are_found_and_nothing_comes_twice(room: Room, x: XServer) -> None:
    listen(room, "kettle")
    search(room)
    x.world.post("theo", "kettle one")
    x.world.post("theo", "kettle late", visible_after=600)
    for _ in range(12):
        room.clock.pass_by(minutes=2)
        search(room)

    assert sorted(room.texts()) == ["kettle late", "kettle one"]


def test_a_quiet_track_never_asks_from_further_back_than_x_answers(room: Room, x: XServer) -> None:
    listen(room, "kettle")
    search(room)
    for _ in range(10):
        later(room, days=1)
        search(room)
    x.world.post("theo", "kettle at last")
    room.clock.pass_by(minutes=2)
    search(room)

    assert room.texts() == ["kettle at last"]
    assert {one.status for one in x.world.requests if one.endpoint == SEARCH} == {200}


@pytest.mark.parametrize("before", [0, 1], ids=["a quiet track", "one that found something"])
def test_after_a_week_away_what_cannot_be_searched_any_more_is_told_once(
    room: Room, x: XServer, before: int
) -> None:
    for query in ("kettle", *(" or ".join(f"w{n}x{m}" for m in range(40)) for n in range(4))):
        listen(room, query)
    for _ in range(before):
        x.world.post("theo", "kettle before")
    for _ in range(3):
        room.clock.pass_by(minutes=2)
        search(room)
    later(room, days=9)
    x.world.post("theo", "kettle after")
    for _ in range(3):
        room.clock.pass_by(minutes=2)
        search(room)

    assert room.texts() == [*["kettle before"] * before, "kettle after"]
    assert {one.status for one in x.world.requests if one.endpoint == SEARCH} == {200}
    [told] = [text for text in room.told() if "searches only" in text]
    assert told.startswith(
        ":warning: X searches only the last 7 days, and I last searched before that: posts from "
    )
    assert "2026-03-02" in told
    assert "2026-03-04" in told


def test_a_search_that_fails_is_told_once_and_apart_from_mentions(room: Room, x: XServer) -> None:
    listen(room, "kettle", channel=TALK)
    search(room)
    x.world.faults.add(SEARCH, "server_error_before", times=None)
    for _ in range(8):
        room.clock.pass_by(minutes=1)
        search(room)
        room.poll()
    with room.ctx.db.read() as session:
        assert [alarm.key.split()[0] for alarm in session.scalars(select(Alarm))] == ["searching"]
    [short] = incomplete(room)
    assert re.match(
        r"X hasn't answered searches since <!date.*> \(.*\): this list may be incomplete\.", short
    )
    x.world.faults.clear()
    x.world.post("theo", "kettle")
    room.clock.pass_by(minutes=2)
    search(room)
    room.poll()

    told = [text for text in room.told() if "search" in text or "Until" in text]
    assert len(told) == 2
    assert "posts that don't address us are not found there" in told[0]
    assert incomplete(room) == []
    assert told[1] == ":white_check_mark: I can search X again for @acmebrew."
    assert room.texts() == ["kettle"]


def test_an_alarm_is_not_cleared_by_a_search_that_works_beside_those_that_fail(
    room: Room, x: XServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    listen(room, "kettle")
    search(room)
    later(room, hours=1)
    listen(room, "teapot")
    search(room)  # read an hour apart, they do not share a query
    read = type(room.network).search

    def searched(network, query, after, **more):
        if "kettle" in query and "teapot" not in query:
            raise Later(None, "server error", "X answered Service Unavailable")
        return read(network, query, after, **more)

    monkeypatch.setattr(type(room.network), "search", searched)
    with room.ctx.db.write() as session:
        for cursor in session.scalars(select(Cursor).where(Cursor.name == "track 2")):
            cursor.read_at -= timedelta(hours=1)
    for _ in range(120):  # the one that fails waits a while, and the other is read meanwhile
        room.clock.pass_by(seconds=5)
        search(room)

    with room.ctx.db.read() as session:
        assert [one.key.split()[0] for one in session.scalars(select(Alarm))] == ["searching"]
    [told] = room.told()
    assert "posts that don't address us are not found there" in told
