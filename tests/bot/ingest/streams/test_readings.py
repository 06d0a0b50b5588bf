"""What a stream asks for is read at once, once, and again where the network shows it late."""

from datetime import timedelta

from bot.ingest.streams.inbox import StreamInbox
from bot.networks.errors import Later
from bot.networks.streams import StreamEvent
from bot.networks.values import RateLimitStatus
from bot.scheduled_job import lease_name
from models.sources import track_rules
from tests.bot.ingest.streams.streaming import MENTIONS, OneStream, Streaming, add_track
from tests.bot.room import Room


def test_a_mention_on_the_stream_has_the_mentions_read_at_once(
    here: Room, stream: OneStream, network: Streaming
) -> None:
    network.says("maria", "@acmebrew is the kettle back?")
    stream.inbox.put(MENTIONS)
    stream.readings.run_due()

    assert here.texts() == ["@acmebrew is the kettle back?"]


def test_nothing_is_read_at_rest(stream: OneStream, network: Streaming) -> None:
    assert stream.readings.run_due() is None
    stream.inbox.put(StreamEvent("alive", bytes_read=100))
    assert stream.readings.run_due() is None

    assert network.calls() == []


def test_a_storm_of_mentions_is_one_reading_a_second(stream: OneStream, network: Streaming) -> None:
    for _ in range(500):
        stream.inbox.put(MENTIONS)
    stream.readings.run_due()
    for _ in range(500):
        stream.inbox.put(MENTIONS)
    wait = stream.readings.run_due()

    assert network.calls() == ["mentions"]
    assert wait == 1
    stream.pass_by(wait)
    assert stream.readings.run_due() is None
    assert network.calls() == ["mentions"]


def test_readings_are_further_apart_once_half_of_the_rate_limit_is_used(
    stream: OneStream, network: Streaming, here: Room
) -> None:
    at = here.clock()
    network.allowances["mentions"] = RateLimitStatus(
        limit=300, remaining=90, resets_at=at + timedelta(seconds=600), reported_at=at
    )
    stream.inbox.put(MENTIONS)
    stream.readings.run_due()
    stream.inbox.put(MENTIONS)

    assert stream.readings.run_due() == 10


def test_while_a_poll_is_under_way_another_reading_follows_it(
    here: Room, stream: OneStream, network: Streaming
) -> None:
    with stream.leases.acquire(lease_name("poll", network), 60):
        stream.inbox.put(MENTIONS)
        wait = stream.readings.run_due()
        assert network.calls() == []
    assert wait is not None
    stream.pass_by(wait)
    stream.readings.run_due()

    assert network.calls() == ["mentions"]


def test_a_mention_that_is_listed_late_is_read_for_again(
    here: Room, stream: OneStream, network: Streaming
) -> None:
    post = network.says("maria", "@acmebrew hello").id
    network.hides(post)
    stream.inbox.put(StreamEvent("mentions", post_id=post))
    waits = [stream.readings.run_due()]
    stream.pass_by(1)
    waits.append(stream.readings.run_due())
    network.shows(post)
    stream.pass_by(2)

    assert waits == [1, 2]
    assert stream.readings.run_due() is None
    assert here.texts() == ["@acmebrew hello"]


def test_a_mention_that_a_poll_found_meanwhile_is_not_read_for_again(
    here: Room, stream: OneStream, network: Streaming
) -> None:
    post = network.says("maria", "@acmebrew hello").id
    network.hides(post)
    stream.inbox.put(StreamEvent("mentions", post_id=post))
    stream.readings.run_due()
    network.shows(post)
    here.poll()
    network.calls()
    stream.pass_by(1)

    assert stream.readings.run_due() is None
    assert network.calls() == []


def test_a_mention_that_is_never_listed_is_left_to_the_next_poll(
    stream: OneStream, network: Streaming
) -> None:
    stream.inbox.put(StreamEvent("mentions", post_id="404"))
    passed, wait = 0.0, stream.readings.run_due()
    while wait is not None:
        stream.pass_by(wait)
        passed += wait
        wait = stream.readings.run_due()

    assert network.calls() == ["mentions"] * 5
    assert passed == 15


def test_a_post_that_looks_like_a_tracks_is_fetched_and_matched(
    here: Room, stream: OneStream, network: Streaming
) -> None:
    track = add_track(here, "kettle")
    wanted, other = network.says("maria", "my kettle broke").id, network.says("bo", "my cup broke").id
    stream.tracks.refresh(network.account().id)
    for post in (wanted, other):
        stream.inbox.put(StreamEvent("post", post_id=post))
    stream.readings.run_due()

    assert network.refreshed == [[wanted, other]]
    assert [(one.text, one.track_id, one.matched) for one in here.mentions()] == [
        ("my kettle broke", track, "matches “kettle”")
    ]


def test_a_search_finds_again_what_the_stream_found_and_changes_nothing(
    here: Room, stream: OneStream, network: Streaming
) -> None:
    add_track(here, "kettle")
    stream.tracks.refresh(network.account().id)
    stream.inbox.put(StreamEvent("post", post_id=network.says("maria", "my kettle broke").id))
    stream.readings.run_due()
    stream.tracks.refresh(network.account().id)
    stream.inbox.wake_all()
    stream.pass_by(1)
    stream.readings.run_due()

    assert "search kettle" in network.calls()
    assert len(here.tickets()) == 1


def test_a_post_for_a_track_that_was_just_changed_is_left_to_its_search(
    here: Room, stream: OneStream, network: Streaming
) -> None:
    track = add_track(here, "kettle")
    stream.tracks.refresh(network.account().id)
    with here.ctx.db.write() as session:
        track_rules.remove(session, track, at=here.clock())
    stream.inbox.put(StreamEvent("post", post_id=network.says("maria", "my kettle broke").id))
    stream.readings.run_due()

    assert here.tickets() == []


def test_our_own_posts_on_the_stream_are_not_mentions(
    here: Room, stream: OneStream, network: Streaming
) -> None:
    add_track(here, "kettle")
    stream.tracks.refresh(network.account().id)
    stream.inbox.put(StreamEvent("post", post_id=network.says("acmebrew", "our kettle is back").id))
    stream.readings.run_due()

    assert here.tickets() == []


def test_a_post_that_is_not_shown_yet_is_asked_for_again(
    here: Room, stream: OneStream, network: Streaming
) -> None:
    add_track(here, "kettle")
    stream.tracks.refresh(network.account().id)
    post = network.says("maria", "my kettle broke").id
    network.hides(post)
    stream.inbox.put(StreamEvent("post", post_id=post))
    waits = [stream.readings.run_due()]
    for shown in (False, False, True):
        if shown:
            network.shows(post)
        stream.pass_by(waits[-1] or 0)
        waits.append(stream.readings.run_due())

    assert waits == [1, 2, 4, None]
    assert here.texts() == ["my kettle broke"]


def test_posts_wait_while_the_network_does_not_answer(
    here: Room, stream: OneStream, network: Streaming
) -> None:
    add_track(here, "kettle")
    stream.tracks.refresh(network.account().id)
    network.fails("refresh", Later(None, "server error", "Not now."))
    stream.inbox.put(StreamEvent("post", post_id=network.says("maria", "my kettle broke").id))
    wait = stream.readings.run_due()
    assert here.tickets() == []
    stream.pass_by(wait or 0)
    stream.readings.run_due()

    assert here.texts() == ["my kettle broke"]


def test_more_posts_than_may_wait_are_searched_for_instead(here: Room, network: Streaming) -> None:
    stream = OneStream(here, network, most=20)
    add_track(here, "kettle")
    stream.tracks.refresh(network.account().id)
    for number in range(30):
        post = network.says(f"fan{number}", "my kettle broke").id
        stream.inbox.put(StreamEvent("post", post_id=post))
    stream.readings.run_due()

    assert network.calls() == ["search kettle"]
    assert len(here.mentions()) == 30
    assert stream.inbox.take_dropped() == 21


def test_a_stream_that_brings_too_much_all_the_time_has_its_tracks_searched_every_ten_seconds(
    here: Room, network: Streaming
) -> None:
    stream = OneStream(here, network, most=20)
    add_track(here, "kettle")
    stream.tracks.refresh(network.account().id)
    searched = []
    for _ in range(30):
        for number in range(30):
            stream.inbox.put(StreamEvent("post", post_id=f"{stream.steady()} {number}"))
        stream.readings.run_due()
        searched.append(network.calls())
        stream.pass_by(1)

    assert [second for second, calls in enumerate(searched) if calls] == [0, 10, 20]


def test_a_hashtag_on_the_stream_has_only_its_own_tracks_read_whenever_they_were_read_last(
    here: Room, stream: OneStream, network: Streaming
) -> None:
    for query, kind in (("#gardening", "hashtag"), ("#tea", "hashtag"), ("kettle", "search")):
        add_track(here, query, kind=kind)
    stream.tracks.refresh(network.account().id)
    stream.inbox.wake_all()
    stream.readings.run_due()
    network.calls()
    network.says("maria", "look #Gardening")
    stream.pass_by(1)
    stream.inbox.put(StreamEvent("tracks", hashtag="gardening"))
    stream.readings.run_due()

    assert network.calls() == ["search #gardening"]
    assert here.texts() == ["look #Gardening"]


def test_the_wish_follows_the_tracks(here: Room, stream: OneStream, network: Streaming) -> None:
    me = network.account().id
    stream.tracks.refresh(me)
    assert stream.tracks.wish.wants_text is None
    add_track(here, "#Gardening", kind="hashtag")
    add_track(here, '"copper kettle"')
    stream.tracks.refresh(me)
    wish = stream.tracks.wish
    assert wish.wants_text is not None

    assert wish.hashtags == {"gardening"}
    assert wish.wants_text("a copper kettle!")
    assert wish.wants_text("nice #gardening")
    assert not wish.wants_text("a kettle of copper")


def test_an_inbox_says_nothing_is_due_until_something_comes(stream: OneStream) -> None:
    inbox: StreamInbox = stream.inbox
    assert inbox.seconds_until_due() is None
    inbox.put(MENTIONS)

    assert inbox.seconds_until_due() == 0
    assert stream.wake.is_set()
