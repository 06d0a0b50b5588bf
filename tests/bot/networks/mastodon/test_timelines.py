"""Mentions without loss on every kind of server, and what hashtags and searches find."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.networks.errors import Later, SearchRefusedError
from bot.networks.mastodon.search_query import build
from bot.networks.values import Position, SearchRequest
from models.tracks.query import parse_query
from sandbox.mastodon import FLAVOURS, MastodonServer, MastodonWorld
from tests.bot.networks.mastodon.conftest import Here

KINDS = pytest.mark.parametrize("here", FLAVOURS, indirect=True)
NOTIFICATIONS = "GET /api/v1/notifications"


def say(here, count, start=0, handle="maria@remote.example"):
    return [here.world.post(handle, f"@acmebrew {start + number}").uri for number in range(count)]


@KINDS
def test_nothing_is_lost_when_more_is_said_than_a_page_holds(here):
    say(here, 50)
    position = here.pages()[0].position
    new = say(here, 230, start=50)

    found = here.heard(position)

    assert [post.id for post in found][:230] == new[::-1]
    assert len(found) == 270  # with the 40 before them
    assert not any(page.has_gap for page in here.pages(position))


@KINDS
def test_each_reading_begins_40_below_the_newest(here):
    said = say(here, 60)
    first = here.pages()[0].position

    again = here.heard(first)

    assert [post.id for post in again] == said[:-41:-1]
    assert here.pages(first)[0].position == first


@KINDS
def test_of_a_few_mentions_all_are_read_again(here):
    said = say(here, 3)
    position = here.pages()[0].position

    assert [post.id for post in here.heard(position)] == said[::-1]


@KINDS
def test_what_people_do_with_our_own_posts_is_no_mention(here):
    here.world.repost("tom", here.world.post("acmebrew", "tea!").id)
    (uri,) = say(here, 1)

    assert [post.id for post in here.heard()] == [uri]


def test_filtered_mentions_are_heard(here):
    here.world.change_user("maria@remote.example", filtered=True)
    (uri,) = say(here, 1)

    assert [post.id for post in here.heard()] == [uri]


def test_what_surfaces_below_the_newest_is_heard_late(here):
    """A mention that comes back, such as one by an account that was suspended for a while."""
    say(here, 45, handle="tom")
    here.world.change_user("maria@remote.example", suspended=True)
    (hidden,) = say(here, 1)
    say(here, 10, start=45, handle="tom")
    position = here.pages()[0].position
    here.world.change_user("maria@remote.example", suspended=False)

    assert hidden in [post.id for post in here.heard(position)]


def test_a_server_that_does_not_honour_min_id_is_read_from_its_newest_end(serve):
    from dataclasses import replace

    flavour = replace(FLAVOURS["mastodon"], honours_min_id=False)
    with MastodonServer(MastodonWorld(flavour=flavour)) as server:
        here = Here(server)
        say(here, 50)
        position = here.pages()[0].position
        new = say(here, 100, start=50)

        assert [post.id for post in here.heard(position)][:100] == new[::-1]


@pytest.mark.parametrize("here", ["mastodon", "hollo"], indirect=True)
@pytest.mark.parametrize("links", [True, False])
def test_pages_need_no_link_header(here, links):
    here.world.link_headers = links
    said = say(here, 100)

    assert [post.id for post in here.heard()] == said[::-1]


def test_every_loop_ends_and_says_so_where_something_is_left(here, monkeypatch):
    monkeypatch.setattr("bot.networks.mastodon.timelines._PAGES_MAX", 2)
    said = say(here, 200)

    pages = here.pages()

    assert [post.id for page in pages for post in page.posts] == said[:-161:-1]
    assert [page.has_gap for page in pages] == [False, True]


def test_a_flood_above_the_position_is_read_over_several_readings(here, monkeypatch):
    say(here, 50)
    position = here.pages()[0].position
    monkeypatch.setattr("bot.networks.mastodon.timelines._PAGES_MAX", 2)
    new = say(here, 300, start=50)
    found: set[str] = set()

    for _ in range(5):
        pages = here.pages(position)
        found |= {post.id for page in pages for post in page.posts}
        position = pages[0].position
        assert not any(page.has_gap for page in pages)

    assert set(new) <= found


def test_a_broken_row_spoils_itself_alone(here):
    broken, good = say(here, 2)
    here.world.corrupt(here.world.status(broken).id, lambda row: {**row, "account": [], "created_at": 7})

    (page,) = here.pages()

    assert [post.id for post in page.posts] == [good]
    assert [row.post_id for row in page.unreadable] == [broken]
    assert json.loads(page.unreadable[0].raw)["created_at"] == 7


@pytest.mark.parametrize("row", [None, 7, "text", [], {}, {"id": "1"}, {"uri": 3}])
def test_whatever_stands_in_a_rows_place_the_page_is_read(here, row):
    broken, good = say(here, 2)
    here.world.corrupt(here.world.status(broken).id, row)

    assert [post.id for post in here.heard()] == [good]


def test_each_post_without_an_id_is_kept_to_be_looked_at(here, monkeypatch):
    rows = [
        {"id": str(number), "type": "mention", "status": {"content": f"<p>{number}</p>"}} for number in (8, 9)
    ]

    def with_bad(path, params=(), *, kind):
        return rows if path.endswith("/notifications") and "max_id" not in dict(params) else []

    monkeypatch.setattr(here.network._api, "get_list", with_bad)
    bad = [row.raw for page in here.pages() for row in page.unreadable]

    assert len(bad) == len(rows)


def test_a_notification_without_an_id_is_heard_or_kept_to_be_looked_at(here, monkeypatch):
    said = say(here, 3)
    original = here.network._api.get_list

    def without_ids(path, params=(), *, kind):
        rows = original(path, params, kind=kind)
        if path.endswith("/notifications") and rows:
            first, second, *others = rows
            del first["id"], second["id"]
            second["status"] = {"content": "<p>who?</p>"}
            return [first, second, {"type": "favourite", "status": {}}, *others]
        return rows

    monkeypatch.setattr(here.network._api, "get_list", without_ids)
    pages = here.pages()

    assert sorted(post.id for page in pages for post in page.posts) == sorted([said[2], said[0]])
    (kept,) = [row for page in pages for row in page.unreadable]
    assert "who?" in kept.raw


@pytest.mark.parametrize("here", ["hollo"], indirect=True)
def test_mentions_of_one_millisecond_at_the_end_of_a_page_are_heard(here):
    """Hollo's ids say when in milliseconds, and `max_id` leaves out all that share the moment."""
    start, said = here.world.clock(), list[str]()
    for number in range(200):
        here.world.clock = lambda number=number: start + timedelta(milliseconds=number // 7)
        said += say(here, 1)

    pages = here.pages(Position((start - timedelta(seconds=1)).isoformat()))

    assert sorted(post.id for page in pages for post in page.posts) == sorted(said)
    assert not any(page.has_gap for page in pages)


def test_rows_that_come_twice_are_posts_once(here):
    said = say(here, 3)
    here.world.faults.add(NOTIFICATIONS, "repeated")

    assert sorted({post.id for post in here.heard()}) == sorted(said)
    assert len(here.heard()) == 3


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from(["mastodon", "gotosocial", "hollo"]),
    st.lists(st.integers(min_value=0, max_value=130), min_size=1, max_size=5),
    st.lists(st.integers(min_value=0, max_value=400), max_size=3),
)
def test_however_readings_and_posts_alternate_all_is_heard(kind, bursts, deleted):
    with MastodonServer(MastodonWorld(flavour=FLAVOURS[kind])) as server:
        here, said, found = Here(server), list[str](), set[str]()
        position = here.start
        for burst in bursts:
            said += say(here, burst, start=len(said))
            for number in deleted:
                if number < len(said) and server.world.index.find(said[number]):
                    server.world.delete(said[number])
            pages = here.pages(position)
            found |= {post.id for page in pages for post in page.posts}
            position = pages[0].position or position
        left = {uri for uri in said if server.world.index.find(uri)}

        assert left <= found


# Which conversation, whom it answers


def test_a_conversation_is_its_first_post_whoever_wrote_it(here):
    first = here.world.post("tom", "tea or coffee?")
    second = here.world.post("maria@remote.example", "@tom tea", reply_to=first.id)
    third = here.hear_one("@maria@remote.example @acmebrew coffee", "tom", reply_to=second.id)

    assert (third.conversation_id, third.in_reply_to) == (first.uri, second.uri)
    assert third.answers == "maria@remote.example"


def test_parents_are_asked_for_once(here):
    first = here.world.post("tom", "tea or coffee?")
    for number in range(5):
        here.world.post("maria@remote.example", f"@tom @acmebrew {number}", reply_to=first.id)
    here.heard()
    here.heard()

    assert here.calls("GET /api/v1/statuses/:id/context") == 1


def test_a_flood_of_replies_cannot_use_up_the_rate_limit(here):
    for number in range(100):
        parent = here.world.post("tom", f"tea {number}")
        here.world.post("maria@remote.example", f"@tom @acmebrew {number}", reply_to=parent.id)

    found = here.heard()

    assert here.calls("GET /api/v1/statuses/:id/context") == 60
    assert len(found) == 100


def test_where_a_parent_cannot_be_asked_for_the_post_is_heard_all_the_same(here):
    parent = here.world.post("tom", "tea?")
    here.world.post("maria@remote.example", "@tom @acmebrew yes", reply_to=parent.id)
    here.world.faults.add("GET /api/v1/statuses/:id/context", "server_error_before")

    (post,) = here.heard()

    assert post.conversation_id == post.id


# Our own posts


@KINDS
def test_our_own_posts_are_listed_back_to_a_time(here):
    old = here.world.post("acmebrew", "old", at=here.world.clock() - timedelta(days=2))
    new = [here.world.post("acmebrew", f"new {number}") for number in range(50)]
    here.world.repost("acmebrew", here.world.post("tom", "theirs").id)

    pages = list(here.network.own_posts(here.start, account_id=here.us))

    assert [post.id for page in pages for post in page.posts] == [post.uri for post in new[::-1]]
    assert old.uri not in [post.id for page in pages for post in page.posts]


# Hashtags and words


def query(*typed):
    return build([SearchRequest(parse_query(one)) for one in typed])


def search(here, text, after=None, **more):
    pages = here.network.search(text, after or here.start, account_id=here.us, **more)
    return [post.id for page in pages for post in page.posts]


@pytest.mark.parametrize(
    ("typed", "lines"),
    [
        ("fern tags", "fern tags"),
        ('"slow checkout"', '"slow checkout"'),
        ("#fern", "#fern"),
        ("#fern sale", "#fern"),
        ("#fern or farn", "#fern\nfarn"),
        ("@fern", "fern"),
        ("node.js", '"node.js"'),
        ("fern -free", "fern"),
    ],
)
def test_a_track_becomes_hashtags_and_words(typed, lines):
    assert query(typed) == lines


def test_what_mastodon_cannot_search_for_is_refused_in_a_sentence():
    with pytest.raises(SearchRefusedError, match="quote"):
        query("quotes:@fern")
    with pytest.raises(SearchRefusedError, match="two tracks"):
        query(" or ".join(f"w{number}" for number in range(11)))


@KINDS
def test_a_hashtag_is_found_on_every_server(here):
    found = here.world.post("maria@remote.example", "my #Fern is green").uri
    here.world.post("tom", "my ferns are green")

    assert search(here, query("#fern")) == [found]


def test_several_hashtags_and_words_are_merged_newest_first_each_post_once(here):
    one = here.world.post("maria@remote.example", "a #fern").uri
    two = here.world.post("tom", "a #farn and a #fern").uri
    three = here.world.post("tom", "kettle").uri

    assert search(here, query("#fern or #farn or kettle")) == [three, two, one]


@pytest.mark.parametrize("here", ["gotosocial", "pixelfed"], indirect=True)
def test_without_a_search_for_words_the_server_is_named(here):
    with pytest.raises(Later) as failed:
        search(here, query("kettle"))

    assert failed.value.cause == "forbidden"
    assert "no search for words" in failed.value.detail


@pytest.mark.parametrize(
    "wish",
    [
        {"indexable": False},
        {"noindex": True},
        {"note": "<p>gardener, #<span>nobot</span></p>"},
        {"note": "#NoBots"},
    ],
)
def test_who_does_not_want_to_be_found_is_not_but_is_heard_when_speaking_to_us(here, wish):
    here.world.change_user("tom", **wish)
    here.world.post("tom", "my #fern")
    to_us = here.world.post("tom", "@acmebrew my #fern").uri

    assert search(here, "#fern\nfern\n@acmebrew") == [to_us]
    assert len(here.heard()) == 1


def test_a_search_reaches_back_to_its_position_and_down_from_another(here):
    now = here.world.clock()
    for hours in (1, 5, 10):
        here.world.post("tom", f"#fern {hours}", at=now - timedelta(hours=hours))
    after = Position((now - timedelta(hours=6)).isoformat())

    whole = list(here.network.search("#fern", after, account_id=here.us))
    below = search(here, "#fern", after, before=whole[0].lowest)

    assert len(whole[0].posts) == 2
    assert whole[0].position is not None
    assert datetime.fromisoformat(whole[0].lowest) < now - timedelta(hours=4)
    assert below == []


def test_a_long_hashtag_is_read_page_by_page(here):
    said = [here.world.post("tom", f"#fern {number}").uri for number in range(130)]

    assert search(here, "#fern") == said[::-1]


def test_a_position_is_where_the_next_reading_goes_on(here):
    here.world.post("tom", "#fern 1")
    (page,) = here.network.search("#fern", here.start, account_id=here.us)
    second = here.world.post("tom", "#fern 2").uri

    assert second in search(here, "#fern", page.position)


# Rate limits


def test_what_is_left_of_the_rate_limit_is_what_the_headers_say(here):
    here.world.limits.set("all", 50)
    here.heard()

    status = here.network.rate_limit_status("mentions")

    assert (status.limit, status.remaining) == (50, 49)
    assert status.resets_at > datetime.now(UTC)
    assert here.network.rate_limit_status("counts") is None


def test_a_429_says_when_to_come_again(here):
    say(here, 50)
    position = here.pages()[0].position
    here.world.limits.set("paged", 1)

    with pytest.raises(Later) as failed:
        here.pages(position)

    assert failed.value.cause == "rate limit"
    assert timedelta() < failed.value.at - datetime.now(UTC) <= timedelta(minutes=15)


@pytest.mark.parametrize(
    "kind", ["html_before", "html_after", "redirect_302", "garbled", "maintenance", "truncated"]
)
def test_a_reading_that_cannot_be_read_is_never_nothing_there(here, kind):
    here.world.faults.add(NOTIFICATIONS, kind, times=1)

    with pytest.raises(Later):
        here.heard()
