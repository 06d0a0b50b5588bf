"""The local forum, as a reader of feeds and a visitor with a browser find it."""

import json
import re
from datetime import UTC, datetime, timedelta
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPRedirectHandler, Request, build_opener, urlopen
from xml.etree import ElementTree as ET

import pytest

from bot.networks.feed.discovery import find_feeds
from bot.networks.feed.fetching import FeedGone, Fetcher, FetchFailed, Validators
from bot.networks.http_client import CallLimits
from sandbox.feeds import ForumServer, ForumWorld

ATOM = "{http://www.w3.org/2005/Atom}"
AT = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.fixture
def forum():
    with ForumServer(ForumWorld(clock=lambda: AT)) as server:
        yield server


@pytest.fixture
def fetcher(forum):
    """A reader that is allowed to read the forum and that leaves what takes long soon."""
    limits = CallLimits(connect_seconds=2, call_seconds=1, max_bytes=200_000)
    return Fetcher(user_agent="test", allow=[f"127.0.0.1:{forum.port}"], limits=limits)


def refusal(address: str, body: bytes | None = None, **headers: str) -> tuple[int, str]:
    """The status of an answer that is no success, and where it leads."""

    class NoRedirect(HTTPRedirectHandler):
        def redirect_request(self, *args):
            return None

    with pytest.raises(HTTPError) as refused:
        build_opener(NoRedirect).open(Request(address, body, headers), timeout=120)
    with refused.value as answer:
        return answer.code, answer.headers.get("Location", "")


def read(address: str) -> str:
    with urlopen(address, timeout=120) as answer:
        return answer.read().decode()


def test_a_page_leads_to_its_feeds(forum, fetcher):
    topic = forum.world.post_topic("ana", "The tap <drips>", "Since the update.")

    at_home = find_feeds(fetcher.fetch(forum.url))
    assert [feed.address.removeprefix(forum.url) for feed in at_home] == [
        "/posts.atom",
        "/posts.rss",
        "/posts.json",
        "/topics.rss",
    ]
    assert [feed.kind for feed in at_home[:3]] == ["Atom", "RSS", "JSON Feed"]
    own = find_feeds(fetcher.fetch(f"{forum.url}/t/{topic.id}"))
    assert own[0].title == "Comments on “The tap <drips>” (Atom)"
    assert fetcher.fetch(own[0].address).content_type == "application/atom+xml; charset=utf-8"


def test_each_format_says_the_same(forum):
    topic = forum.world.post_topic("ana", "Tap & “hose”", "It drips.\n\nA <b> or\nc?")
    comment = forum.world.comment(topic.id, "ben", "Mine too.", at=AT + timedelta(minutes=1))
    forum.world.edit(comment.id, "Mine, too.")

    atom = ET.fromstring(read(f"{forum.url}/posts.atom"))
    rss = ET.fromstring(read(f"{forum.url}/posts.rss"))
    items = json.loads(read(f"{forum.url}/posts.json"))["items"]

    html = "<p>It drips.</p><p>A &lt;b&gt; or<br>c?</p>"
    entries = atom.findall(f"{ATOM}entry")
    assert [one.findtext(f"{ATOM}title") for one in entries] == ["Re: Tap & “hose”", "Tap & “hose”"]
    assert [one.findtext("title") for one in rss.iter("item")] == ["Re: Tap & “hose”", "Tap & “hose”"]
    assert [one["title"] for one in items] == ["Re: Tap & “hose”", "Tap & “hose”"]
    assert [entries[1].findtext(f"{ATOM}content"), rss.findall(".//item")[1].findtext("description")] == [
        html
    ] * 2
    assert items[1]["content_html"] == html
    links = [entries[0].find(f"{ATOM}link").get("href"), rss.findtext(".//item/link"), items[0]["url"]]
    assert set(links) == {f"{forum.url}/t/{topic.id}#post-{comment.id}"}
    assert entries[0].findtext(f"{ATOM}id") == items[0]["id"] == "tag:forum.example,2026:post/2"
    assert json.loads(read(f"{forum.url}/topics.json"))["items"][0]["authors"][0]["name"] == "ana"


def test_what_has_not_changed_is_not_sent_again(forum, fetcher):
    forum.world.post_topic("ana", "The tap drips", "Since the update.")
    first = fetcher.fetch(f"{forum.url}/posts.atom")

    again = fetcher.fetch(first.address, first.validators)
    by_date = fetcher.fetch(first.address, Validators(last_modified=first.validators.last_modified))
    assert (again.body, by_date.body) == (None, None)

    forum.world.post_topic("ben", "Mine too", "A flood.")
    assert b"A flood." in fetcher.fetch(first.address, first.validators).body
    assert [one.status for one in forum.world.requests] == [200, 304, 304, 200]
    assert forum.world.requests[1].if_none_match == first.validators.etag


def test_a_long_topic_has_pages_and_each_post_its_address(forum):
    topic = forum.world.post_topic("ana", "Long", "One.")
    posts = [forum.world.comment(topic.id, "ben", f"Number {n}.") for n in range(2, 24)]

    items = json.loads(read(f"{forum.url}/t/{topic.id}.json"))["items"]
    assert items[0]["url"] == f"{forum.url}/t/{topic.id}?page=2#post-{posts[-1].id}"
    second = read(items[0]["url"])
    assert f'<article id="post-{posts[-1].id}">' in second
    assert re.findall(r"Number \d+", second) == ["Number 21", "Number 22", "Number 23"]
    assert refusal(f"{forum.url}/t/{topic.id}?page=3") == (404, "")


def test_the_brand_answers_by_hand_on_the_page(forum):
    topic = forum.world.post_topic("ana", "The tap drips", "Since the update.")

    form = urlencode({"text": "A new washer\r\nis on its way."}).encode()
    posted = refusal(f"{forum.url}/t/{topic.id}", form)

    [answer] = forum.world.answers_to(topic.id)
    assert posted == (303, f"{forum.url}/t/{topic.id}#post-{answer.id}")
    assert (answer.author, answer.text) == ("acmebrew", "A new washer\nis on its way.")
    assert refusal(f"{forum.url}/t/{topic.id}", form, Origin="http://elsewhere.example") == (403, "")


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/api/topics", b'{"author": "ana", "title": "", "text": "x"}', 422),
        ("/api/topics", b'{"author": "a b", "title": "x", "text": "x"}', 422),
        ("/api/topics", b"[]", 422),
        ("/api/topics", b"no json", 422),
        ("/api/topics/9/comments", b'{"author": "ana", "text": "x"}', 404),
        ("/api/nothing", b'{"author": "ana", "text": "x"}', 404),
    ],
)
def test_what_the_forum_does_not_take_it_refuses(forum, path, body, status):
    assert refusal(forum.url + path, body) == (status, "")


def test_a_deleted_post_is_not_listed(forum):
    topic = forum.world.post_topic("ana", "One", "a")
    kept = forum.world.post_topic("ana", "Two", "b")
    forum.world.comment(topic.id, "ben", "c")
    forum.world.delete(topic.id)

    assert [one["title"] for one in json.loads(read(f"{forum.url}/posts.json"))["items"]] == [kept.title]


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("gone", "taken away for good"),
        ("missing", "is not there"),
        ("server_error", "HTTP 500"),
        ("rate_limited", "asked too often"),
        ("sign_in", "wants a sign-in"),
        ("drip", "took too long to answer"),
        ("endless", "is larger than 0.2 MB"),
        ("down", "connection refused"),
    ],
)
def test_a_feed_that_cannot_be_read(forum, fetcher, kind, words):
    forum.world.faults.add("*" if kind == "down" else "/posts.atom", kind, seconds=120)

    with pytest.raises(FetchFailed, match=words) as failed:
        fetcher.fetch(f"{forum.url}/posts.atom")

    assert isinstance(failed.value, FeedGone) == (kind == "gone")
    assert (failed.value.retry_at is not None) == (kind == "rate_limited")
    forum.world.faults.clear()
    if kind != "rate_limited":
        assert fetcher.fetch(f"{forum.url}/posts.atom").body


@pytest.mark.parametrize(("kind", "is_permanent"), [("moved", True), ("elsewhere", False)])
def test_a_feed_that_moved_answers_where_it_is_now(forum, fetcher, kind, is_permanent):
    forum.world.faults.add("/posts.atom", kind)

    fetched = fetcher.fetch(f"{forum.url}/posts.atom")

    assert fetched.address == f"{forum.url}/moved/posts.atom"
    assert fetched.moved_to == (fetched.address if is_permanent else None)


@pytest.mark.parametrize(
    ("kind", "is_so"),
    [
        ("html", lambda body: body.startswith(b"<!doctype html>")),
        ("empty", lambda body: body == b""),
        ("shrunk", lambda body: b"</feed>" in body and b"<entry>" not in body),
        ("not_xml", lambda body: b"</feed>" not in body),
        ("wrong_encoding", lambda body: b"caf\xe9" in body and b'encoding="utf-8"' in body),
    ],
)
def test_a_feed_whose_document_is_damaged_comes_even_if_it_is_known(forum, fetcher, kind, is_so):
    forum.world.post_topic("ana", "A café", "x")
    known = fetcher.fetch(f"{forum.url}/posts.atom").validators
    forum.world.faults.add("/posts.atom", kind)

    assert is_so(fetcher.fetch(f"{forum.url}/posts.atom", known).body)


def test_a_slow_answer_comes_when_the_fault_is_cleared(forum, fetcher):
    fault = forum.world.faults.add("*", "slow", seconds=600)
    fault.release()

    assert fetcher.fetch(f"{forum.url}/posts.atom").body
