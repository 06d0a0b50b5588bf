"""What a fetch sends, what it makes of an answer, and how it ends with a publisher that misbehaves."""

import base64
import gzip
import itertools
import zlib
from datetime import timedelta

import pytest

from bot.networks.feed.address import AddressRefusedError
from bot.networks.feed.fetching import FeedGone, FetchFailed, HostBusy, Validators
from bot.networks.http_client import CallLimits
from tests.bot.networks.feed.internet import NOON, answer, by_path, moved

FEED = "http://feed.example/rss"
SMALL = CallLimits(connect_seconds=5, call_seconds=30, max_bytes=100_000)
SHORT = CallLimits(connect_seconds=5, call_seconds=0.5, max_bytes=100_000)


def failure(internet, script, limits=SMALL, address=FEED):
    internet.host("feed.example", script)
    with pytest.raises(FetchFailed) as failed:
        internet.fetcher(limits=limits).fetch(address)
    return failed.value


def test_a_fetch_says_who_asks_and_sends_no_more(internet):
    server = internet.host("feed.example", answer())

    fetched = internet.fetcher().fetch(FEED)

    assert (fetched.body, fetched.content_type, fetched.address) == (b"<rss/>", "application/rss+xml", FEED)
    assert (fetched.moved_to, fetched.fresh_for, fetched.validators) == (None, None, Validators())
    head = server.asked[0].decode()
    assert head.startswith("GET /rss HTTP/1.1\r\n")
    names = [line.partition(":")[0] for line in head.split("\r\n")[1:] if line]
    assert sorted(names) == ["Accept", "Accept-Encoding", "Connection", "Host", "User-Agent"]
    assert "User-Agent: Heard/0.1 (+https://team.example)" in head


def test_validators_go_back_word_for_word_and_304_has_no_body(internet):
    odd = Validators(' W/"a,b" ; é'.strip(), "Montag, 30. Nov 2026")
    fields = (f"ETag: {odd.etag}", f"Last-Modified: {odd.last_modified}")
    server = internet.host("feed.example", answer("200 OK", b"<rss/>", *fields).decode().encode("latin-1"))
    fetcher = internet.fetcher()

    first = fetcher.fetch(FEED)
    assert first.validators == odd

    internet.servers.clear()
    again = internet.host("feed.example", answer("304 Not Modified", b"", "Cache-Control: max-age=600"))
    second = fetcher.fetch(FEED, first.validators)

    assert (second.body, second.validators, second.fresh_for) == (None, odd, timedelta(minutes=10))
    asked = again.asked[0].decode("latin-1")
    assert f"\r\nIf-None-Match: {odd.etag}\r\n" in asked
    assert f"\r\nIf-Modified-Since: {odd.last_modified}\r\n" in asked
    assert b"If-None-Match" not in server.asked[0]


def test_a_304_that_nobody_asked_for_is_a_failure(internet):
    failed = failure(internet, answer("304 Not Modified", b""))

    assert failed.sentence == f"{FEED} says that it has not changed, although it was never read (HTTP 304)."


def test_validators_that_cannot_be_sent_back_are_dropped(internet):
    internet.host("feed.example", answer("200 OK", b"", "ETag: " + "x" * 5_000))

    assert internet.fetcher().fetch(FEED).validators == Validators()


@pytest.mark.parametrize(
    ("steps", "moved_to"),
    [
        (["301", "308"], "http://feed.example/2"),
        (["301", "302", "301"], "http://feed.example/1"),
        (["302", "301"], None),
        (["307"], None),
        (["303"], None),
        (["308"] * 5, "http://feed.example/5"),
    ],
)
def test_only_an_unbroken_chain_of_permanent_redirects_moves_a_feed(internet, steps, moved_to):
    answers = {f"/{n}": moved(f"{code} Moved", f"/{n + 1}") for n, code in enumerate(steps)}
    answers[f"/{len(steps)}"] = answer()
    internet.host("feed.example", by_path(answers))

    fetched = internet.fetcher().fetch("http://feed.example/0")

    assert (fetched.address, fetched.moved_to) == (f"http://feed.example/{len(steps)}", moved_to)


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (
            by_path({"/rss": moved("301 Moved", "/b"), "/b": moved("302 Found", "/rss")}),
            "leads back to itself",
        ),
        (moved("301 Moved", "/rss#again"), "leads back to itself"),
        (moved("301 Moved", "file:///etc/hostname"), "leads to something that is no address"),
        (moved("302 Found", "http://"), "leads back to itself"),
        (moved("302 Found", "javascript:alert(1)"), "leads to something that is no address"),
        (moved("302 Found", "http://feed.example:25/"), "leads to an address that Heard does not read"),
        (answer("302 Found", b""), "answered with HTTP 302"),
        (answer("404 Not Found", b"no"), "is not there (HTTP 404)"),
        (answer("401 Unauthorized", b""), "wants a sign-in (HTTP 401)"),
        (answer("403 Forbidden", b""), "does not let Heard read it (HTTP 403)"),
        (answer("500 Internal", b""), "answered with HTTP 500"),
        (answer("206 Partial", b"<rss"), "answered with HTTP 206"),
        (b"", "did not answer as a web server does"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "did not answer as a web server does"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhalf", "broke off before its answer was complete"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe",
            "broke off before its answer was complete",
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            "broke off before its answer was complete",
        ),
        (answer("200 OK", b"not gzip", "Content-Encoding: gzip"), "could not be unpacked"),
        (answer("200 OK", b"x", "Content-Encoding: br"), "is packed in a way that Heard did not ask for"),
        (
            answer("200 OK", b"x", "Content-Encoding: gzip, gzip"),
            "is packed in a way that Heard did not ask for",
        ),
    ],
)
def test_what_cannot_be_read_is_one_sentence_that_names_the_feed(internet, script, words):
    sentence = failure(internet, script).sentence

    assert sentence.startswith(f"{FEED} {words}")
    assert sentence.endswith(".")


def test_a_chain_of_more_than_five_redirects_is_not_followed(internet):
    def on_and_on(line, asked):
        line.sendall(moved("302 Found", f"/{int(asked.split(b'/')[1].split()[0]) + 1}"))

    failed = failure(internet, on_and_on, address="http://feed.example/0")

    assert "leads on more than 5 times" in failed.sentence
    assert len(internet.connected) == 6


def test_a_feed_that_is_gone_says_so(internet):
    internet.host(
        "feed.example",
        by_path(
            {"/rss": moved("301 Moved", "/b"), "/b": answer("410 Gone", b""), "/c": moved("302 Found", "/b")}
        ),
    )

    with pytest.raises(FeedGone, match=r"was taken away for good"):
        internet.fetcher().fetch(FEED)
    with pytest.raises(FetchFailed) as failed:
        internet.fetcher().fetch("http://feed.example/c")
    assert not isinstance(failed.value, FeedGone)


@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Unavailable", "403 Forbidden"])
def test_a_host_that_asks_for_a_pause_gets_it_for_all_its_feeds(internet, status):
    server = internet.host("feed.example", answer(status, b"", "Retry-After: 120"))
    internet.host("other.example", answer())
    fetcher = internet.fetcher()

    with pytest.raises(FetchFailed) as failed:
        fetcher.fetch(FEED)
    assert failed.value.retry_at == NOON + timedelta(minutes=2)
    with pytest.raises(HostBusy) as busy:
        fetcher.fetch("http://feed.example/another")
    assert busy.value.retry_at == fetcher.ready_at(FEED) == NOON + timedelta(minutes=2)
    assert fetcher.fetch("http://other.example/").body == b"<rss/>"

    internet.now = NOON + timedelta(minutes=3)
    with pytest.raises(FetchFailed):
        fetcher.fetch(FEED)
    assert len(server.asked) == 2


def test_a_sign_in_in_the_address_stays_with_its_server(internet):
    here = by_path(
        {"/rss": moved("302 Found", "/here"), "/here": moved("302 Found", "http://x:y@other.example/")}
    )
    server = internet.host("feed.example", here)
    other = internet.host("other.example", answer())

    fetched = internet.fetcher().fetch("http://ana:s%C3%A9same@feed.example/rss")

    sent = b"\r\nAuthorization: Basic " + base64.b64encode("ana:sésame".encode()) + b"\r\n"
    assert [sent in asked for asked in server.asked] == [True, True]
    assert b"Authorization" not in other.asked[0]
    assert fetched.address == "http://other.example/"


def test_nothing_secret_is_in_a_sentence(internet):
    secret = "http://ana:sesame@feed.example/private-3f9b2c7d8e1a4b5c6d7e8f9a/rss?key=opensesame"

    failed = failure(internet, answer("404 Not Found", b"opensesame"), address=secret)

    assert failed.sentence == "http://…@feed.example/…/rss?key=… is not there (HTTP 404)."


def test_a_cookie_is_neither_kept_nor_sent(internet):
    server = internet.host("feed.example", answer("200 OK", b"", "Set-Cookie: a=b"))
    fetcher = internet.fetcher()

    fetcher.fetch(FEED)
    fetcher.fetch(FEED)

    assert b"Cookie" not in server.asked[1]


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress], ids=["gzip", "deflate"])
def test_a_packed_feed_is_unpacked(internet, pack):
    name = "gzip" if pack is gzip.compress else "deflate"
    internet.host(
        "feed.example", answer("200 OK", pack(b"<rss>" + b" " * 50_000), f"Content-Encoding: {name}")
    )

    assert internet.fetcher().fetch(FEED).body == b"<rss>" + b" " * 50_000


def test_what_unpacks_to_more_than_the_limit_stops_at_the_limit(internet):
    large = gzip.compress(bytes(1_000_000))

    assert len(large) < 2_000
    assert (
        "is larger than 0.1 MB"
        in failure(internet, answer("200 OK", large, "Content-Encoding: gzip")).sentence
    )


ENDLESS = {
    "a body": (b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 8_192),
    "chunks": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"400\r\n" + b"x" * 1_024 + b"\r\n"),
    "tiny chunks": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 500),
    "the line of a chunk": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"0" * 8_192),
    "trailers": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X-A: b\r\n" * 500),
    "a header": (b"HTTP/1.1 200 OK\r\nX-Long: ", b"x" * 8_192),
    "headers": (b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n" * 500),
    "first answers": (b"", b"HTTP/1.1 100 Continue\r\nX: y\r\n\r\n" * 200),
    "packed nothing": (
        b"HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\n\r\n\x78\x9c",
        b"\x00\x00\x00\xff\xff" * 2_000,
    ),
}


@pytest.mark.parametrize(("begin", "again"), ENDLESS.values(), ids=ENDLESS.keys())
def test_an_answer_that_never_ends_is_left(internet, begin, again):
    def script(line, asked):
        line.sendall(begin)
        for _ in itertools.count():
            line.sendall(again)

    sentence = failure(internet, script).sentence

    assert sentence.startswith(f"{FEED} ")
    assert "too long to answer" not in sentence  # the size ends it, not the clock


@pytest.mark.parametrize("part", ["nothing", "header", "body"])
def test_a_server_that_drips_is_left_when_the_time_is_over(internet, part):
    def script(line, asked):
        if part != "nothing":
            line.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: " + (b"\r\n\r\n" if part == "body" else b""))
        while not internet.servers["93.184.215.14"].stopped.wait(0.02):
            line.sendall(b"x" if part != "nothing" else b"")

    assert failure(internet, script, SHORT).sentence == f"{FEED} took too long to answer."


def test_a_slow_chain_of_redirects_has_the_time_of_one_fetch(internet):
    def script(line, asked):
        internet.servers["93.184.215.14"].stopped.wait(0.3)
        line.sendall(moved("302 Found", f"/{asked.split(b'/')[1].decode().split()[0]}x"))

    assert failure(internet, script, SHORT).sentence == f"{FEED} took too long to answer."


def test_a_page_that_a_link_leads_to_is_seen_with_its_title(internet):
    page = "<!doctype html><title>Sync &amp; <b>save</b>\n fails \u202e</title><p>".encode()
    server = internet.host(
        "forum.example",
        by_path(
            {
                "/t/1": moved("301 Moved", "/t/sync/1"),
                "/t/sync/1": answer("200 OK", page + b"x" * 900_000, kind="text/html; charset=utf-8"),
                "/gone": answer("404 Not Found", b"<title>No</title>", kind="text/html"),
                "/pdf": answer("200 OK", b"<title>No</title>", kind="application/pdf"),
            }
        ),
    )
    fetcher = internet.fetcher()

    seen = fetcher.look_at("http://forum.example/t/1")
    assert (seen.title, seen.status) == ("Sync & save fails", 200)
    assert b"Accept: text/html" in server.asked[0]
    assert fetcher.look_at("http://forum.example/gone").status == 404
    assert fetcher.look_at("http://forum.example/pdf").title is None
    with pytest.raises(AddressRefusedError):
        fetcher.look_at("http://127.0.0.1/")
