"""Hacker News: what is found, what is not lost, and what its HTML says."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.networks import registry
from bot.networks.errors import Later, RequestRejected, SearchRefusedError
from bot.networks.hackernews import PAGE_SIZE, HackerNews, HackerNewsSettings
from bot.networks.http_client import CallLimits
from bot.networks.values import Position, SearchRequest
from models.sources.no_account import NO_ACCOUNT_ID
from models.tracks.query import parse_query
from sandbox.hackernews import HackerNewsServer
from tests.story.harness import Clock


@pytest.fixture
def server():
    with HackerNewsServer() as made:
        yield made


@pytest.fixture
def world(server):
    return server.world


@pytest.fixture
def network(server):
    return HackerNews(HackerNewsSettings(_env_file=None, url=server.url), CallLimits(5, 20))


START = Position("1000000000")


def text_of(query):
    return HackerNews.search_text([SearchRequest(parse_query(query))])


def pages(network, query="tea", after=START):
    return list(network.search(text_of(query), after, account_id=NO_ACCOUNT_ID))


def ids(found):
    return [int(post.id) for page in found for post in page.posts]


def one(network, query="tea"):
    [page] = pages(network, query)
    [post] = page.posts
    return post


# --- being there --------------------------------------------------------------------------------------------


def test_it_is_there_without_any_setting(monkeypatch):
    monkeypatch.delenv("HACKERNEWS_URL", raising=False)
    registration = registry.registered()["hackernews"]

    assert registration.is_always_there
    assert HackerNewsSettings(_env_file=None).url == "https://hn.algolia.com"


def test_its_address_is_that_of_a_server():
    assert HackerNewsSettings(_env_file=None, url="http://127.0.0.1:8004/").url == "http://127.0.0.1:8004"
    with pytest.raises(ValueError, match="address of a server"):
        HackerNewsSettings(_env_file=None, url="https://hn.algolia.com/api/v1")


# --- what is found ------------------------------------------------------------------------------------------


def test_a_story_is_its_title_its_address_and_its_text(network, world):
    story = world.submit("maria", "Show HN: Tea & more", url="https://tea.example/a?b=c&d")
    world.submit("tom", "Ask HN: Coffee?", text="Or *tea*?")

    [page] = pages(network)

    assert [post.text for post in page.posts] == [
        "Ask HN: Coffee?\n\nOr tea?",
        "Show HN: Tea & more\n\nhttps://tea.example/a?b=c&d",
    ]
    post = page.posts[1]
    assert (post.id, post.conversation_id, post.author_id) == (str(story.id), str(story.id), "maria")
    assert (post.in_reply_to, post.answers, post.edit_keeps_id) == (None, None, True)
    assert post.url == f"https://news.ycombinator.com/item?id={story.id}"


def test_a_comment_is_in_the_conversation_of_its_story_and_names_it(network, world):
    story = world.submit("maria", "A kettle")
    parent = world.comment("tom", story.id, "nice")
    comment = world.comment("ana", parent.id, "for tea?")

    post = one(network)

    assert (post.id, post.conversation_id, post.in_reply_to) == (
        str(comment.id),
        str(story.id),
        str(parent.id),
    )
    assert network.thread_title(post.reply_context) == "A kettle"
    shown, _ = network.refresh([post.in_reply_to], account_id=NO_ACCOUNT_ID)
    assert [each.text for each in shown.posts] == ["nice"]


def test_a_poll_is_found(network, world):
    world.poll("maria", "Poll: tea or coffee?")

    assert one(network).text == "Poll: tea or coffee?"


def test_html_is_text_again(network, world):
    address = "https://tea.example/" + "a" * 60
    world.submit("maria", "Ask HN: tea?", text=f"a < b & 'c'\n\nsee {address}.\n\n  if x:\n      y()")

    assert one(network).text == f"Ask HN: tea?\n\na < b & 'c'\n\nsee {address}.\n\n  if x:\n      y()"


def test_people_are_their_names_and_cost_no_call(network, world):
    [person] = network.people(["dang"])

    assert (person.handle, person.name, person.followers) == ("dang", "", None)
    assert network.handle_sign == ""
    assert network.profile_link("dang") == "https://news.ycombinator.com/user?id=dang"
    assert not world.counts


@pytest.mark.parametrize(
    ("query", "searches"),
    [
        ('fern "slow checkout"', '["fern \\"slow checkout\\""]'),
        ("fern or node.js", '["fern", "\\"node.js\\""]'),
        ("#fern @maria -free", '["fern maria"]'),
    ],
)
def test_a_track_is_a_search_for_each_side_of_or(query, searches):
    assert text_of(query) == searches


@pytest.mark.parametrize(
    "query", ["quotes:@fern", " or ".join(f"fern{number}" for number in range(9)), "ß" * 300]
)
def test_what_cannot_be_searched_for_is_refused_with_a_sentence(query):
    with pytest.raises(SearchRefusedError) as refused:
        text_of(query)
    assert str(refused.value)


def test_tracks_are_searched_for_one_by_one():
    with pytest.raises(SearchRefusedError):
        HackerNews.search_text([SearchRequest(parse_query("fern")), SearchRequest(parse_query("tea"))])


def test_both_sides_of_or_are_read(network, world):
    world.submit("maria", "tea")
    world.submit("maria", "coffee")

    assert len(ids(pages(network, "tea or coffee"))) == 2


def test_counting_is_one_cheap_call(network, world):
    for number in range(120):
        world.submit("maria", f"tea {number}")

    since = datetime.now(UTC) - timedelta(days=1)
    assert network.count_matches(text_of("tea"), since, account_id=NO_ACCOUNT_ID) == 120
    assert sum(world.counts.values()) == 1


# --- nothing is lost ----------------------------------------------------------------------------------------


def test_more_than_the_search_lists_is_read_window_by_window(network, world):
    began = datetime.now(UTC) - timedelta(hours=10)
    made = [world.submit("maria", f"tea {n}", at=began + timedelta(seconds=n // 3)) for n in range(1_250)]

    found = pages(network)

    assert ids(found) == [story.id for story in reversed(made)]
    assert [page.position is not None for page in found] == [True] + [False] * (len(found) - 1)
    assert not any(page.has_gap for page in found)


def test_a_second_with_more_than_fits_into_a_call_is_a_gap_that_is_told(network, world):
    at = datetime.now(UTC) - timedelta(hours=1)
    before = world.submit("maria", "tea", at=at - timedelta(minutes=1))
    for _ in range(PAGE_SIZE + 5):
        world.submit("maria", "tea", at=at)

    found = pages(network)

    assert before.id in ids(found)
    assert len(ids(found)) == PAGE_SIZE + 1
    assert any(page.has_gap for page in found)


def test_a_search_goes_on_below_a_page(network, world):
    began = datetime.now(UTC) - timedelta(hours=1)
    made = [world.submit("maria", f"tea {n}", at=began + timedelta(seconds=n)) for n in range(250)]
    first = next(iter(network.search(text_of("tea"), START, account_id=NO_ACCOUNT_ID)))

    rest = list(network.search(text_of("tea"), START, account_id=NO_ACCOUNT_ID, before=first.lowest))

    assert {*ids([first]), *ids(rest)} == {story.id for story in made}


def test_what_is_indexed_hours_late_is_found_by_the_overlap(network, world):
    [page] = pages(network)
    world.index_delay = timedelta(hours=2)
    late = world.submit("maria", "tea one", at=datetime.now(UTC) - timedelta(minutes=90))
    world.index_delay = timedelta()
    world.submit("maria", "tea two")
    after = pages(network, after=page.position)[0].position
    world.index_now()

    assert late.id in ids(pages(network, after=after))


def test_what_is_indexed_days_late_is_found_when_it_is_read_far_back(network, world, server):
    old = datetime.now(UTC) - timedelta(hours=36)
    late = world.submit("maria", "tea", at=old)
    after = Position(f"{int(datetime.now(UTC).timestamp())}/1000000000")
    assert late.id in ids(pages(network, after=after))  # the first reading of a process is a deep one
    assert late.id not in ids(pages(network, after=after))

    again = HackerNews(HackerNewsSettings(_env_file=None, url=server.url), CallLimits(5, 20))
    assert late.id in ids(pages(again, after=after))


def test_nothing_from_before_the_first_reading_comes_later(network, world):
    began = datetime.now(UTC) - timedelta(hours=1)
    world.submit("maria", "tea", at=began - timedelta(minutes=1))
    new = world.submit("maria", "tea")

    [page] = pages(network, after=network.position_at(began))

    assert ids([page]) == [new.id]
    assert ids(pages(network, after=page.position)) == [new.id]


def test_a_search_that_finds_nothing_goes_on_from_the_servers_time(network, world):
    clock = world.clock = Clock()
    clock.ahead = timedelta(days=2)

    [page] = pages(network, after=network.position_at(datetime.now(UTC)))

    assert page.posts == ()
    assert int(page.position.split("/")[0]) >= int((datetime.now(UTC) + timedelta(days=2)).timestamp()) - 5


def test_an_edit_has_the_same_id_and_new_words(network, world):
    story = world.submit("maria", "Ask HN: tea?", text="one")
    before = one(network)
    world.edit(story.id, "two")

    after = one(network)

    assert (before.id, before.latest_id) == (after.id, after.latest_id)
    assert (before.text, after.text) == ("Ask HN: tea?\n\none", "Ask HN: tea?\n\ntwo")


def test_what_is_deleted_or_dead_is_not_shown(network, world):
    story = world.submit("maria", "tea")
    kept = world.comment("tom", story.id, "more tea")
    world.delete(story.id)

    page, absent = network.refresh([str(story.id), str(kept.id), "1"], account_id=NO_ACCOUNT_ID)

    assert ids([page]) == [kept.id]
    assert absent == {str(story.id): "not shown", "1": "not shown"}


# --- trouble ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "cause"),
    [
        ("down", "unreachable"),
        ("answer_lost", "unreachable"),
        ("truncated", "unreachable"),
        ("server_error", "server error"),
        ("html", "server error"),
        ("rate_limited", "rate limit"),
        ("unauthorized", "forbidden"),
    ],
)
@pytest.mark.parametrize(
    "read",
    [
        pages,
        lambda network: network.refresh(["1"], account_id=NO_ACCOUNT_ID),
        lambda network: network.count_matches('["tea"]', datetime.now(UTC), account_id=NO_ACCOUNT_ID),
    ],
    ids=["search", "refresh", "count"],
)
def test_a_call_that_fails_says_later_and_why(network, world, kind, cause, read):
    world.faults.add("*", kind)

    with pytest.raises(Later) as failed:
        read(network)

    assert failed.value.cause == cause
    assert failed.value.detail.endswith(".")


def test_the_wait_that_it_asks_for_is_kept(network, world):
    world.faults.add("*", "rate_limited", seconds=40)

    with pytest.raises(Later) as failed:
        pages(network)

    wait = failed.value.at - datetime.now(UTC)
    assert timedelta(seconds=30) < wait <= timedelta(seconds=40)


def test_a_query_that_it_does_not_take_is_rejected(network):
    with pytest.raises(RequestRejected):
        list(network.search("x" * 600, START, account_id=NO_ACCOUNT_ID))


def test_calls_are_counted_against_the_limit_of_an_address(network):
    pages(network)
    pages(network)

    left = network.rate_limit_status("search")

    assert left.limit - left.remaining == 2
    assert timedelta() < left.resets_at - left.reported_at <= timedelta(minutes=15)


def test_a_row_that_cannot_be_read_does_not_hold_up_the_others(network, world, monkeypatch):
    kept = world.submit("maria", "tea")
    spoilt = world.submit("tom", "tea")
    known = type(world).hit
    monkeypatch.setattr(
        type(world),
        "hit",
        lambda self, item: known(self, item) | ({"objectID": "x"} if item.id == spoilt.id else {}),
    )

    [page] = pages(network)

    assert ids([page]) == [kept.id]
    assert [row.post_id for row in page.unreadable] == ["x"]


@pytest.mark.parametrize(
    ("address", "number"),
    [
        ("https://news.ycombinator.com/item?id=44000001", "44000001"),
        (" https://news.ycombinator.com/item?id=44000000#44000002 ", "44000002"),
        ("https://news.ycombinator.com/user?id=dang", None),
        ("https://news.ycombinator.com/item?id=x", None),
        ("https://hn.example/item?id=44000001", None),
        ("https://[", None),
    ],
)
def test_the_post_at_an_address_is_known(network, address, number):
    assert network.post_id_at(address) == number
