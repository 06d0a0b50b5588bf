"""X through tweepy, against a local X and against answers that X should never give."""

import json
import logging
import re
import threading
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from pydantic import ValidationError

from bot.networks.answerable import ReplyAllowed, ReplyByHandOnly
from bot.networks.errors import USAGE_CAP_PHRASE, Later, Refused, Unsure, WrongAccount
from bot.networks.http_client import CallLimits
from bot.networks.values import Position, ReplyTarget
from bot.networks.x.client import XNetwork
from bot.networks.x.ids import time_of_id
from bot.networks.x.settings import XSettings
from sandbox.x import XServer
from tests.bot.networks.conftest import http
from tests.bot.networks.stages import settings, target
from tests.patience import CALL_LIMITS as LONG

AT = datetime(2026, 11, 21, 10, tzinfo=UTC)
TO = ReplyTarget("1990000000000000000", "7", "maria", AT)
ME = http("200 OK", b'{"data":{"id":"42","username":"acmebrew","name":"Acme Brew"}}')
ME_ID = "42"
DATE = "Date: Sat, 21 Nov 2026 10:00:00 GMT"


@pytest.fixture
def server():
    with XServer() as made:
        made.world.add_user("maria", "Maria")
        yield made


@pytest.fixture
def world(server):
    return server.world


@pytest.fixture
def x(server):
    return XNetwork(settings(server.url), LONG)


@pytest.fixture
def start(world):
    return Position(world.clock().isoformat())


def posts(pages):
    return [post for page in pages for post in page.posts]


def asked(world, endpoint):
    return [request for request in world.requests if request.endpoint == endpoint]


def script(answers):
    """A server's part: the answer to `users/me` always, else the next of `answers`, its last one for ever."""
    left = list(answers)

    def play(line, request):
        if b" /2/users/me" in request:
            line.sendall(ME)
        else:
            line.sendall(left.pop(0) if len(left) > 1 else left[0])

    return play


@pytest.fixture
def saying(serve):
    """An X that only ever gives these answers."""

    def make(*answers):
        made = serve(script(answers))
        return XNetwork(settings(made.url), LONG), made

    return make


def problem(detail, title="Forbidden", **more):
    return json.dumps({"detail": detail, "title": title, "type": "about:blank", **more}).encode()


CAPPED = problem(
    "Usage cap exceeded: Monthly product cap",
    "UsageCapExceeded",
    type="https://api.twitter.com/2/problems/usage-capped",
    period="Monthly",
)
GONE = {"type": "https://api.twitter.com/2/problems/resource-not-found", "detail": "Could not find it."}
OVER = {"type": "https://api.twitter.com/2/problems/service-unavailable", "detail": "Over capacity."}


# Settings


def test_no_setting_means_that_nobody_wants_x(monkeypatch):
    for name in ("X_API_KEY", "X_API_SECRET", "X_ACCESS_TOKEN", "X_ACCESS_TOKEN_SECRET", "X_API_URL"):
        monkeypatch.delenv(name, raising=False)

    assert XSettings(_env_file=None).is_configured is False
    assert XSettings(_env_file=None).api_url == "https://api.x.com"


def test_a_missing_setting_is_named_in_one_line(monkeypatch):
    monkeypatch.setenv("X_API_KEY", "key")
    monkeypatch.setenv("X_API_SECRET", "  ")
    monkeypatch.setenv("X_ACCESS_TOKEN", " token\n")
    monkeypatch.setenv("X_ACCESS_TOKEN_SECRET", "")

    found = XSettings(_env_file=None)

    assert found.is_configured is True
    assert found.access_token.get_secret_value() == "token"
    assert found.problem.startswith("X_API_SECRET and X_ACCESS_TOKEN_SECRET not set: X needs X_API_KEY,")
    with pytest.raises(ValueError, match="X_API_SECRET"):
        XNetwork(found)


@pytest.mark.parametrize(
    "url",
    [
        "api.x.com",
        "https://",
        "https://api.x.com/2",
        "ftp://x",
        "https://user:pa55@x.example",
        "https://x.example?a=1",
    ],
)
def test_an_address_that_cannot_be_right_stops_the_start_and_shows_no_password(url):
    with pytest.raises(ValidationError, match=r"https://api\.x\.com") as wrong:
        settings(url)
    assert "pa55" not in str(wrong.value)


def test_no_secret_shows_in_a_repr_or_in_json(server):
    made = settings(server.url)

    for text in (repr(made), str(made.model_dump()), made.model_dump_json(), repr(XNetwork(made))):
        assert not re.search("s3cret|t0ps3cret|1-token", text)


def test_libraries_that_log_signatures_are_held_back(x, world, caplog):
    with caplog.at_level(logging.DEBUG):
        x.account()

    assert not [record for record in caplog.records if "oauth" in record.getMessage().lower()]


# Reading


def test_we_are_asked_for_once(x, world, start):
    list(x.mentions(start, account_id=world.brand.id))
    list(x.mentions(start, account_id=world.brand.id))
    x.account()

    assert world.counts["GET /2/users/me"] == 1


def test_every_call_is_signed_as_the_user_and_names_us(x, world, start):
    list(x.mentions(start, account_id=world.brand.id))

    assert all(request.authorization.startswith("OAuth ") for request in world.requests)
    assert all(request.user_agent.startswith("Heard/0.1 (") for request in world.requests)


def test_a_poll_asks_for_whole_pages_and_for_no_people_whom_x_bills(x, world, start):
    list(x.mentions(start, account_id=world.brand.id))

    (poll,) = asked(world, "GET /2/users/:id/mentions")
    assert poll.query["max_results"] == "100"
    assert set(poll.query["expansions"].split(",")) == {"attachments.media_keys", "attachments.poll_ids"}
    assert poll.query["start_time"] == datetime.fromisoformat(start).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert "since_id" not in poll.query


def test_a_mention_that_x_indexed_late_is_heard_after_the_cursor_has_passed_it(x, world, start):
    now = world.clock()
    late = world.post(
        "maria", "@acmebrew late", at=now - timedelta(minutes=5), visible_after=now + timedelta(hours=1)
    )
    world.post("maria", "@acmebrew on time", at=now - timedelta(minutes=1))
    (page,) = x.mentions(Position((now - timedelta(hours=1)).isoformat()), account_id=world.brand.id)
    assert [post.text for post in page.posts] == ["@acmebrew on time"]
    world.clock = lambda: now + timedelta(hours=2)

    assert late.id in [post.id for post in posts(x.mentions(page.position, account_id=world.brand.id))]


def test_the_cursor_asks_for_a_quarter_of_an_hour_before_it(x, world, start):
    newest = world.post("maria", "@acmebrew hello").id

    list(x.mentions(newest, account_id=world.brand.id))

    since = asked(world, "GET /2/users/:id/mentions")[0].query["since_id"]
    assert time_of_id(newest) - time_of_id(since) == timedelta(minutes=15)


def test_more_than_x_keeps_is_a_gap_on_the_last_page(x, world, start):
    for number in range(803):
        world.post("maria", f"@acmebrew {number}")

    pages = list(x.mentions(start, account_id=world.brand.id))

    assert len(posts(pages)) == 800
    assert [page.has_gap for page in pages] == [False] * (len(pages) - 1) + [True]


def test_what_is_said_while_we_page_does_not_hide_a_gap(x, world, start):
    for number in range(900):
        world.post("maria", f"@acmebrew {number}")
    read = []
    for page in x.mentions(start, account_id=world.brand.id):
        read.append(page)
        for _ in range(20):
            world.post("maria", "@acmebrew meanwhile")

    assert len(posts(read)) < 800
    assert read[-1].has_gap is True


def test_a_list_that_cannot_have_been_cut_is_no_gap(x, world, start):
    for number in range(390):
        world.post("maria", f"@acmebrew {number}")

    assert not any(page.has_gap for page in x.mentions(start, account_id=world.brand.id))


@pytest.mark.parametrize("vocabulary", ["post", "post-only"])
def test_the_new_vocabulary_is_read_as_the_old_one(x, world, start, vocabulary):
    ours = world.post("acmebrew", "open again")
    world.post("maria", "x" * 300 + " <3", reply_to=ours.id)
    old = posts(x.mentions(start, account_id=world.brand.id))
    world.faults.vocabulary = vocabulary

    assert posts(x.mentions(start, account_id=world.brand.id)) == old
    assert old[0].text.endswith("x <3")
    assert old[0].in_reply_to == ours.id


def test_the_word_that_x_understood_is_remembered(x, world, start):
    world.faults.vocabulary = "post-only"
    list(x.mentions(start, account_id=world.brand.id))
    list(x.mentions(start, account_id=world.brand.id))

    assert [request.status for request in asked(world, "GET /2/users/:id/mentions")] == [400, 200, 200]
    world.faults.vocabulary = "tweet"
    assert list(x.mentions(start, account_id=world.brand.id))


def test_a_corrupt_row_is_kept_and_its_page_goes_on(x, world, start):
    bad, good = (world.post("maria", f"@acmebrew {word}").id for word in ("bad", "good"))
    world.corrupt(bad, lambda row: {**row, "author_id": {"oops": 1}})

    (page,) = x.mentions(start, account_id=world.brand.id)

    assert [post.id for post in page.posts] == [good]
    assert [entry.post_id for entry in page.unreadable] == [bad]


def test_people_are_looked_up_a_hundred_at_a_time_and_who_is_gone_is_left_out(x, world):
    ids = [world.add_user(f"user{number}", f"User {number}", followers=number).id for number in range(150)]
    world.change_user("user3", suspended=True)

    found = x.people([*ids, ids[0], "not an id"])

    assert world.counts["GET /2/users"] == 2
    assert {person.id for person in found} == set(ids) - {ids[3]}
    assert next(person for person in found if person.handle == "user7").followers == 7


@pytest.mark.parametrize("how", ["deleted", "protected", "suspended"])
def test_x_never_says_that_a_post_is_gone_only_that_it_does_not_show_it(x, world, how):
    world.add_user("tom", "Tom")
    kept, hidden = world.post("tom", "@acmebrew one").id, world.post("maria", "@acmebrew two").id
    world.delete(hidden) if how == "deleted" else world.change_user("maria", **{how: True})

    page, absent = x.refresh([kept, hidden], account_id=world.brand.id)

    assert [post.id for post in page.posts] == [kept]
    assert absent == {hidden: "not shown"}


@pytest.mark.parametrize(
    "errors",
    [
        [],
        [{"value": "7", "type": "https://api.x.com/2/problems/over-capacity"}],
        [{"value": "8", "type": "https://api.x.com/2/problems/resource-not-found"}],
    ],
)
def test_a_post_that_x_says_nothing_of_is_neither_there_nor_absent(saying, errors):
    me = json.dumps({"data": {"id": "1", "username": "acmebrew", "name": "Acme"}}).encode()
    row = {"id": "9", "text": "hello", "author_id": "2", "created_at": "2026-03-02T09:00:00Z"}
    answer = json.dumps({"data": [row], "errors": errors}).encode()
    x, _ = saying(http("200 OK", answer), http("200 OK", me))

    page, absent = x.refresh(["7", "9"], account_id=ME_ID)

    assert [post.id for post in page.posts] == ["9"]
    assert absent == {}


def test_a_newer_version_is_no_absence_of_the_older_one(saying):
    """X shows the edited post, and says of the version that was asked for that it is not there."""
    me = json.dumps({"data": {"id": "1", "username": "acmebrew", "name": "Acme"}}).encode()
    row = {"id": "8", "text": "new words", "author_id": "2", "created_at": "2026-03-02T09:00:00Z"}
    row |= {"edit_history_tweet_ids": ["7", "8"]}
    errors = [{"value": "7", "type": "https://api.x.com/2/problems/resource-not-found"}]
    answer = json.dumps({"data": [row], "errors": errors}).encode()
    x, _ = saying(http("200 OK", answer), http("200 OK", me))

    page, absent = x.refresh(["7"], account_id=ME_ID)

    assert [(post.id, post.latest_id, post.text) for post in page.posts] == [("7", "8", "new words")]
    assert absent == {}


def test_a_post_that_is_there_and_cannot_be_read_is_not_absent(x, world):
    post = world.post("maria", "@acmebrew hello").id
    world.corrupt(post, {"id": post, "text": None})

    page, absent = x.refresh([post], account_id=world.brand.id)

    assert [bad.post_id for bad in page.unreadable] == [post]
    assert absent == {}


def test_what_x_leaves_out_is_logged_without_what_customers_said(x, world, caplog):
    gone = world.post("maria", "@acmebrew very private words").id
    world.delete(gone)

    with caplog.at_level(logging.INFO, "bot"):
        _, missing = x.refresh([gone], account_id=world.brand.id)

    assert missing == {gone: "not shown"}
    assert "resource-not-found" in caplog.text
    assert gone not in caplog.text
    assert "private" not in caplog.text


@pytest.mark.parametrize(
    "answer",
    [
        b"[1, 2]",
        b"null",
        b"",
        b"<html>busy</html>",
        b'{"data": "x"}',
        b'{"data":',
        b"\xff\xff",
        b"[" * 50_000,
    ],
)
def test_an_unreadable_answer_to_a_read_is_later(saying, answer):
    x, _ = saying(http("200 OK", answer))

    for read in (
        lambda: list(x.mentions(Position(AT.isoformat()), account_id="42")),
        lambda: x.people(["1"]),
        lambda: x.find_reply(TO, None, AT, account_id="42"),
        lambda: x.refresh(["1"], account_id="42"),
    ):
        with pytest.raises(Later) as failed:
            read()
        assert failed.value.cause == "server error"


@pytest.mark.parametrize(
    "answer",
    [
        {"errors": [OVER]},
        {"errors": [OVER], "meta": {"result_count": 0}},
        {"data": [], "errors": [OVER]},
        {"errors": [GONE | {"resource_id": "42"}]},  # we ourselves
        {},
        {"meta": {}},
        {"meta": {"result_count": 3}},
        {"meta": {"result_count": None}},
        {"data": None},
        {"includes": {"users": []}},
    ],
)
def test_an_answer_without_rows_and_without_an_honest_none_is_a_failed_reading(saying, answer):
    x, _ = saying(http("200 OK", json.dumps(answer).encode()))

    for read in (
        lambda: list(x.mentions(Position(AT.isoformat()), account_id=ME_ID)),
        lambda: list(x.search("brew", Position(AT.isoformat()), account_id=ME_ID)),
        lambda: list(x.own_posts(Position(AT.isoformat()), account_id=ME_ID)),
        lambda: x.find_reply(TO, None, AT, account_id=ME_ID),
        lambda: x.people(["1"]),
        lambda: x.refresh(["1"], account_id=ME_ID),
    ):
        with pytest.raises(Later, match=r"^X answered with (errors alone|neither rows nor a count of 0): "):
            read()


@pytest.mark.parametrize(
    "answer",
    [
        {"meta": {"result_count": 0}},
        {"data": [], "meta": {"result_count": 0}},
        {"data": []},
        {"meta": {"result_count": 0}, "errors": [GONE | {"resource_id": "7", "resource_type": "tweet"}]},
    ],
)
def test_an_honest_none_is_an_empty_page(saying, answer):
    x, _ = saying(http("200 OK", json.dumps(answer).encode()))

    assert [page.posts for page in x.mentions(Position(AT.isoformat()), account_id=ME_ID)] == [()]
    assert x.find_reply(TO, None, AT, account_id=ME_ID) is None


def test_errors_beside_rows_are_about_single_rows(saying):
    row = {"id": TO.post_id, "text": "hi", "author_id": "7", "created_at": "2026-11-21T10:00:00Z"}
    mixed = {"data": [row], "errors": [GONE | {"resource_id": "9"}, OVER]}
    x, _ = saying(http("200 OK", json.dumps(mixed).encode()))

    assert [post.id for post in posts(x.mentions(Position(AT.isoformat()), account_id=ME_ID))] == [TO.post_id]
    assert x.refresh([TO.post_id, "9"], account_id=ME_ID)[1] == {"9": "not shown"}


def test_a_lookup_of_which_every_id_is_gone_is_an_answer(saying):
    none = {"errors": [GONE | {"resource_id": one, "value": one} for one in ("1", "2")]}
    x, _ = saying(http("200 OK", json.dumps(none).encode()))

    assert x.people(["1", "2"]) == ()
    assert x.refresh(["1", "2"], account_id=ME_ID)[1] == {"1": "not shown", "2": "not shown"}
    with pytest.raises(Later):
        x.people(["1", "2", "3"])  # of the third nothing was said


def test_a_cap_that_is_used_up_is_told_from_money_that_is_spent(saying):
    capped, _ = saying(http("429 Too Many Requests", problem("x", "y", type="about:usage-capped")))
    spent, _ = saying(http("402 Payment Required", problem("no credits", "CreditsDepleted")))

    for x, is_cap in ((capped, True), (spent, False)):
        with pytest.raises(Later) as failed:
            list(x.mentions(Position(AT.isoformat()), account_id=ME_ID))
        assert (failed.value.cause, USAGE_CAP_PHRASE in failed.value.detail) == ("out of credit", is_cap)
        assert failed.value.at is None


def test_what_headers_leave_is_known_by_kind_of_call(x, world, start):
    world.limits.set("GET /2/users/:id/mentions", 300)
    world.post("maria", "@acmebrew hello")
    (post,) = posts(x.mentions(start, account_id=world.brand.id))
    for _ in range(2):
        x.find_reply(target(post), None, post.posted_at, account_id=world.brand.id)
    x.people([post.author_id])
    x.refresh([post.id], account_id=world.brand.id)

    mentions = x.rate_limit_status("mentions")
    assert (mentions.remaining, mentions.limit) == (299, 300)
    assert (
        timedelta(minutes=14) < mentions.resets_at - mentions.reported_at <= timedelta(minutes=15, seconds=2)
    )
    assert x.rate_limit_status("own posts").remaining == 900 * 100 - 2
    assert x.rate_limit_status("people").limit == 900 * 100
    assert x.rate_limit_status("posts").limit == 5000 * 100
    assert x.rate_limit_status("search") is None


@pytest.mark.parametrize(
    "headers",
    [
        [],
        ["x-rate-limit-remaining: 5"],
        ["x-rate-limit-remaining: -5", "x-rate-limit-reset: 1795255800"],
        ["x-rate-limit-remaining: many", "x-rate-limit-reset: 1795255800"],
        ["x-rate-limit-remaining: 5", "x-rate-limit-reset: tomorrow"],
    ],
)
def test_headers_without_sense_leave_nothing_known(saying, headers):
    x, _ = saying(http("200 OK", b'{"data":[]}', *headers))
    list(x.mentions(Position(AT.isoformat()), account_id=ME_ID))

    assert x.rate_limit_status("mentions") is None


def test_who_we_are_must_be_readable(serve):
    for answer in (b"{}", b'{"data":[]}', b'{"data":{"id":"42"}}', b'{"data":{"id":{},"username":"a"}}'):
        with pytest.raises(Later):
            XNetwork(settings(serve(http("200 OK", answer)).url), LONG).account()


@pytest.mark.parametrize(
    ("status", "body", "cause"),
    [
        ("400 Bad Request", problem("no"), "server error"),
        ("401 Unauthorized", problem("Unauthorized"), "unauthorized"),
        ("402 Payment Required", problem("x", "CreditsDepleted"), "out of credit"),
        ("403 Forbidden", problem("client-not-enrolled"), "forbidden"),
        ("403 Forbidden", problem("x", type="https://api.x.com/2/problems/credits"), "out of credit"),
        ("403 Forbidden", CAPPED, "out of credit"),
        ("429 Too Many Requests", CAPPED, "out of credit"),
        ("200 OK", json.dumps({"errors": [json.loads(CAPPED)]}).encode(), "out of credit"),
        ("404 Not Found", b"<html>", "server error"),
        ("429 Too Many Requests", b"[]", "rate limit"),
        ("503 Unavailable", b"<html>", "server error"),
        ("302 Found", b"", "server error"),
        ("599 Odd", b"null", "server error"),
    ],
)
def test_every_failed_read_is_later_with_its_cause(saying, status, body, cause):
    x, _ = saying(http(status, body))

    with pytest.raises(Later) as failed:
        list(x.mentions(Position(AT.isoformat()), account_id="42"))

    assert failed.value.cause == cause


def test_a_token_that_comes_again_ends_the_paging_as_a_gap(saying):
    x, _ = saying(http("200 OK", b'{"data":[],"meta":{"next_token":"again"}}'))

    pages = list(x.mentions(Position(AT.isoformat()), account_id="42"))

    assert [page.has_gap for page in pages] == [False, True]
    with pytest.raises(Later):
        x.find_reply(TO, None, AT, account_id="42")


def test_tokens_without_end_end_the_paging_as_a_gap(serve):
    count = iter(range(10_000))

    def endless(line, request):
        token = json.dumps({"meta": {"next_token": str(next(count))}}).encode()
        line.sendall(ME if b"/2/users/me" in request else http("200 OK", token))

    pages = list(
        XNetwork(settings(serve(endless).url), LONG).mentions(Position(AT.isoformat()), account_id="42")
    )

    assert len(pages) <= 101
    assert [page.has_gap for page in pages][-1] is True


def test_a_cursor_that_is_too_old_is_moved_to_where_x_begins_and_told_as_a_gap(saying):
    stale = problem(
        "'since_id' must be a tweet id created after 2026-11-14T10:00Z. "
        "Please use a 'since_id' that is larger than 1980000000000000000",
        "Invalid Request",
    )
    x, server = saying(http("400 Bad Request", stale), http("200 OK", b'{"data":[]}'))

    (page,) = x.search("brew", Position("1500000000000000000"), account_id="42")

    assert page.has_gap is True
    assert b"since_id=1980000000000000001" in server.asked[-1]


def test_a_cursor_that_is_too_old_is_understood_among_other_complaints(saying):
    complaint = {
        "message": "'since_id' must be a tweet id created after 2026-11-14T10:00Z. "
        "Please use a 'since_id' that is larger than 1980000000000000000"
    }
    general = "One or more parameters to your request was invalid."
    stale = json.dumps({"errors": [complaint], "title": "Invalid Request", "detail": general}).encode()
    x, server = saying(http("400 Bad Request", stale), http("200 OK", b'{"data":[]}'))

    (page,) = x.search("brew", Position("1500000000000000000"), account_id="42")

    assert page.has_gap is True
    assert b"since_id=1980000000000000001" in server.asked[-1]


def test_a_server_that_calls_every_cursor_too_old_is_not_asked_for_ever(saying):
    stale = problem("'since_id' must be a tweet id … larger than 5")
    x, server = saying(http("400 Bad Request", stale))

    with pytest.raises(Later):
        list(x.mentions(Position("1500000000000000000"), account_id="42"))
    assert len(server.asked) == 3


# Writing


def test_a_reply_goes_out_as_it_was_written_and_says_where_it_is(x, world, start):
    world.post("maria", "@acmebrew hello")
    (post,) = posts(x.mentions(start, account_id=world.brand.id))

    published = x.publish("cafe\u0301 <b> & “so”\n\n:)", target(post), "key", account_id=world.brand.id)

    (reply,) = world.replies_to(post.id)
    assert reply.text == "caf\u00e9 <b> & “so”\n\n:)"
    assert published.url == f"https://x.com/acmebrew/status/{reply.id}"


def test_a_reply_costs_one_call_and_asks_nothing_else_first(server, world):
    asker = world.post("maria", "@acmebrew hello")

    keys = settings(server.url, access_token=f"{world.brand.id}-token")  # as X's own tokens begin
    published = XNetwork(keys, LONG).publish(
        "hi", ReplyTarget(asker.id, "7", "maria", AT), "key", account_id=world.brand.id
    )

    assert [request.endpoint for request in world.requests] == ["POST /2/tweets"]
    assert published.url == f"https://x.com/i/status/{published.post_id}"


NOT_SUMMONED = "Reply to this conversation is not allowed because you have not been mentioned or otherwise engaged by the author of the post you are replying to."
TABLE = [
    ("403 Forbidden", problem(NOT_SUMMONED), Refused, "not summoned"),
    ("403 Forbidden", problem("Quoting this post is not allowed because you have not been mentioned or are not part"), Refused, "not summoned"),
    ("403 Forbidden", problem("You are not allowed to create a Tweet with duplicate content."), Refused, "duplicate"),
    ("403 Forbidden", problem("You attempted to reply to a Tweet that is deleted or not visible to you."), Refused, "parent gone"),
    ("403 Forbidden", problem("Your Tweet text is too long."), Refused, "too long"),
    ("400 Bad Request", problem("Your Tweet text is too long. For more information"), Refused, "too long"),
    ("400 Bad Request", b'{"errors":[{"message":"$.text: bad"}],"title":"Invalid Request"}', Refused, "invalid"),
    ("400 Bad Request", b"[1, 2]", Refused, "invalid"),
    ("400 Bad Request", b"<html>no</html>", Refused, "invalid"),
    ("422 Unprocessable", b"{}", Refused, "invalid"),
    ("403 Forbidden", problem("You are not permitted to perform this action."), Later, "forbidden"),
    ("403 Forbidden", b"[1, 2]", Later, "forbidden"),
    ("403 Forbidden", b"<html>no</html>", Later, "forbidden"),
    ("403 Forbidden", problem("x", "CreditsDepleted"), Later, "out of credit"),
    ("401 Unauthorized", b"[]", Later, "unauthorized"),
    ("402 Payment Required", problem("x", "CreditsDepleted"), Later, "out of credit"),
    ("403 Forbidden", CAPPED, Later, "out of credit"),
    ("429 Too Many Requests", CAPPED, Later, "out of credit"),
    ("404 Not Found", b"{}", Later, "server error"),
    ("429 Too Many Requests", b"[]", Later, "rate limit"),
    ("500 Oops", b"{}", Unsure, None),
    ("503 Unavailable", b"<html>", Unsure, None),
    ("408 Request Timeout", b"", Unsure, None),
    ("307 Temporary Redirect", b"", Unsure, None),
    ("599 Odd", b"null", Unsure, None),
    ("200 OK", b"{}", Unsure, None),
    ("201 Created", b"", Unsure, None),
    ("201 Created", b'{"data":{"id":""}}', Unsure, None),
    ("201 Created", b'{"data":{"id":{"a":1}}}', Unsure, None),
    ("201 Created", b"[1]", Unsure, None),
    ("204 No Content", b"", Unsure, None),
]  # fmt: skip


@pytest.mark.parametrize(("status", "body", "kind", "reason"), TABLE)
def test_the_error_table_for_replies(saying, status, body, kind, reason):
    x, server = saying(http(status, body, "x-transaction-id: abc123"))

    with pytest.raises(kind) as failed:
        x.publish("hello", TO, "key", account_id="1")

    assert getattr(failed.value, "reason", getattr(failed.value, "cause", None)) == reason
    assert len(server.asked) == 1
    if not status.startswith("2"):
        assert f"HTTP {status[:3]}, x-transaction-id abc123" in failed.value.detail


def test_a_refusal_repeats_the_words_of_x(saying):
    x, _ = saying(
        http("403 Forbidden", problem("You are not allowed to create a Tweet with duplicate content."))
    )

    with pytest.raises(
        Refused, match=r"^You are not allowed to create a Tweet with duplicate content\. \(HTTP 403\)$"
    ):
        x.publish("hello", TO, "key", account_id="1")


def test_what_x_says_cannot_smuggle_a_secret_or_a_novel_into_slack(serve):
    secrets = "app-s3cret-0000 t0ps3cret-0000 1-token-0000 \x00\ud800"

    def echo(line, request):
        line.sendall(http("403 Forbidden", problem(f"You sent {secrets} in {request.decode()}" + "x" * 9000)))

    with pytest.raises(Later, match=r"You sent … … … \ufffd\ufffd in POST") as failed:
        XNetwork(settings(serve(echo).url), LONG).publish("hello", TO, "key", account_id="1")

    assert not re.search("s3cret|1-token", failed.value.detail)
    assert len(failed.value.detail) < 400


@pytest.mark.parametrize(
    ("headers", "at"),
    [
        (["x-rate-limit-reset: 1795255800"], datetime.fromtimestamp(1795255800, UTC)),
        (["x-rate-limit-reset: 1795255800", "x-rate-limit-remaining: 5", "x-user-limit-24hour-reset: 1795300000", "x-user-limit-24hour-remaining: 0"], datetime.fromtimestamp(1795300000, UTC)),
        (["x-rate-limit-reset: 1795255800", "x-rate-limit-remaining: 0", "x-app-limit-24hour-reset: 1795300000", "x-app-limit-24hour-remaining: 7"], datetime.fromtimestamp(1795255800, UTC)),
        ([DATE, "x-rate-limit-reset: 9999999999"], AT + timedelta(hours=25)),
        (["x-rate-limit-reset: soon"], None),
        (["x-rate-limit-reset: -5"], None),
        (["x-rate-limit-reset: 1795255800000"], datetime.fromtimestamp(1795255800, UTC)),
        (["x-rate-limit-reset: 99999999999999999999"], None),
        (["Date: yesterday", "x-rate-limit-reset: 1795255800"], datetime.fromtimestamp(1795255800, UTC)),
        ([], None),
    ],
)  # fmt: skip
def test_a_rate_limit_says_until_when(saying, headers, at):
    x, _ = saying(http("429 Too Many Requests", b"{}", *headers))

    with pytest.raises(Later) as write:
        x.publish("hello", TO, "key", account_id="1")
    with pytest.raises(Later) as read:
        list(x.mentions(Position(AT.isoformat()), account_id="42"))

    assert write.value.at == read.value.at == at


@pytest.mark.parametrize(
    "fault", ["answer_lost_after", "reset", "server_error_after", "truncated", "garbled"]
)
def test_whatever_spoils_the_answer_a_reply_that_landed_is_found_and_not_repeated(x, world, start, fault):
    world.post("maria", "@acmebrew hello")
    (post,) = posts(x.mentions(start, account_id=world.brand.id))
    world.faults.add("POST /2/tweets", fault, times=1)

    with pytest.raises(Unsure):
        x.publish("see https://acme.example/menu & more", target(post), "key", account_id=world.brand.id)

    found = x.find_reply(
        target(post), "see https://acme.example/menu & more", post.posted_at, account_id=world.brand.id
    )
    assert [reply.id for reply in world.replies_to(post.id)] == [found.post_id]
    assert world.counts["POST /2/tweets"] == 1


def test_our_reply_is_found_among_hundreds_since(x, world, start):
    world.post("maria", "@acmebrew hello")
    (post,) = posts(x.mentions(start, account_id=world.brand.id))
    reply = world.post("acmebrew", "hi!", reply_to=post.id)
    for number in range(250):
        world.post("acmebrew", f"news {number}")

    assert x.find_reply(target(post), "hi!", post.posted_at, account_id=world.brand.id).post_id == reply.id
    assert world.counts["GET /2/users/:id/tweets"] == 3


def test_a_read_in_the_middle_that_fails_is_no_answer(x, world, start):
    world.post("maria", "@acmebrew hello")
    (post,) = posts(x.mentions(start, account_id=world.brand.id))
    for number in range(150):
        world.post("acmebrew", f"news {number}")
    world.faults.add("GET /2/users/:id/tweets", "slow", times=1, seconds=0)
    world.faults.add("GET /2/users/:id/tweets", "rate_limited")

    with pytest.raises(Later):
        x.find_reply(target(post), "hi!", post.posted_at, account_id=world.brand.id)


# Taking a reply back

NO_SUCH_ROUTE = problem("Not Found", "Not Found")
NO_SUCH_POST = json.dumps({"errors": [{"resource_id": TO.post_id, "type": "https://api.x.com/2/problems/resource-not-found"}]}).encode()  # fmt: skip


@pytest.mark.parametrize(
    ("status", "body", "kind", "reason"),
    [
        ("403 Forbidden", problem("You are not authorized to delete this Tweet."), Refused, "not ours"),
        ("403 Forbidden", problem("You are not permitted to perform this action."), Later, "forbidden"),
        ("403 Forbidden", problem("x", "CreditsDepleted"), Later, "out of credit"),
        ("400 Bad Request", problem("The `id` query parameter value is not valid"), Refused, "invalid"),
        ("401 Unauthorized", b"[]", Later, "unauthorized"),
        ("429 Too Many Requests", b"[]", Later, "rate limit"),
        ("500 Oops", b"{}", Unsure, None),
        ("503 Unavailable", b"<html>", Unsure, None),
        ("408 Request Timeout", b"", Unsure, None),
        ("307 Temporary Redirect", b"", Unsure, None),
        ("200 OK", b'{"data":{"deleted":false}}', Unsure, None),
        ("200 OK", b'{"data":', Unsure, None),
        ("200 OK", b"[1]", Unsure, None),
        ("204 No Content", b"", Unsure, None),
    ],
)
def test_the_error_table_for_deletions(saying, status, body, kind, reason):
    x, server = saying(http(status, body))

    with pytest.raises(kind) as failed:
        x.delete(TO.post_id, account_id="1")

    assert getattr(failed.value, "reason", getattr(failed.value, "cause", None)) == reason
    assert len(server.asked) == 1


def test_a_post_that_x_does_not_find_is_gone_if_reading_says_so_too(saying):
    x, server = saying(http("404 Not Found", NO_SUCH_ROUTE), http("200 OK", NO_SUCH_POST))

    x.delete(TO.post_id, account_id="1")

    assert [asked.split(b" HTTP")[0].split(b"?")[0] for asked in server.asked] == [
        f"DELETE /2/tweets/{TO.post_id}".encode(),
        b"GET /2/tweets",
    ]


@pytest.mark.parametrize(
    "read",
    [
        http("404 Not Found", NO_SUCH_ROUTE),
        http("200 OK", json.dumps({"data": [{"id": TO.post_id, "text": "Hello!"}]}).encode()),
        http("200 OK", b"{}"),
    ],
)
def test_a_404_from_a_wrong_address_is_not_taken_for_a_deletion(saying, read):
    x, _ = saying(http("404 Not Found", NO_SUCH_ROUTE), read)

    with pytest.raises(Later) as failed:
        x.delete(TO.post_id, account_id="1")

    assert failed.value.cause == "server error"


def test_a_deletion_that_is_not_answered_in_time_is_unsure(serve):
    server = serve(lambda line, _: line.recv(1))  # until the caller hangs up

    with pytest.raises(Unsure, match="did not answer within"):
        XNetwork(settings(server.url), CallLimits(connect_seconds=5, call_seconds=0.2)).delete(
            TO.post_id, account_id="1"
        )


@pytest.mark.parametrize("odd", ["", "me", "../users/me", "12?x=1"])
def test_what_is_no_id_is_never_put_into_an_address(x, world, odd):
    with pytest.raises(Refused):
        x.delete(odd, account_id=world.brand.id)

    assert world.requests == []


@pytest.mark.parametrize(
    "fault", ["answer_lost_after", "reset", "server_error_after", "truncated", "garbled"]
)
def test_a_deletion_whose_answer_was_spoiled_is_done_and_may_be_repeated(x, world, fault):
    asker = world.post("maria", "@acmebrew hello")
    reply = x.publish(
        "hi", ReplyTarget(asker.id, asker.author_id, "maria", AT), "key", account_id=world.brand.id
    ).post_id
    world.faults.add("DELETE /2/tweets/:id", fault, times=1)

    with pytest.raises(Unsure):
        x.delete(reply, account_id=world.brand.id)

    assert world.replies_to(asker.id) == []
    x.delete(reply, account_id=world.brand.id)
    assert world.counts["DELETE /2/tweets/:id"] == 2


# What can be answered


def test_a_bare_answer_to_us_is_tried_once_and_then_handed_off(x, world, start):
    world.implicit_counts = False
    ours = world.post("acmebrew", "open again")
    world.post("maria", "great", reply_to=ours.id)
    (post,) = posts(x.mentions(start, account_id=world.brand.id))
    assert x.answerable(post, None) == ReplyAllowed()

    with pytest.raises(Refused, match="not been mentioned"):
        x.publish("thanks", target(post), "key", account_id=world.brand.id)

    assert isinstance(x.answerable(post, None), ReplyByHandOnly)
    world.post("maria", "@acmebrew then like this", reply_to=ours.id)
    assert x.answerable(posts(x.mentions(start, account_id=world.brand.id))[0], None) == ReplyAllowed()


def test_the_page_for_a_reply_by_hand_is_filled_in_while_it_fits_a_button(x):
    assert (
        x.reply_link("12", "a & b?\n#c")
        == "https://x.com/intent/post?in_reply_to=12&text=a%20%26%20b%3F%0A%23c"
    )
    assert x.reply_link("12", "ß" * 2000) == "https://x.com/intent/post?in_reply_to=12"


def test_addresses_hold_only_what_may_stand_in_them(x):
    assert x.post_link("12", "maria") == "https://x.com/maria/status/12"
    assert x.post_link("12", "a/../b") == "https://x.com/i/status/12"
    assert x.profile_link("maria") == "https://x.com/maria"
    assert x.profile_link("../home?") == "https://x.com/"


def test_threads_share_an_account_and_not_a_client(x, world, start):
    for number in range(40):
        world.post("maria", f"@acmebrew {number}")
    heard, failed = [], []

    def read():
        try:
            heard.append([post.id for post in posts(x.mentions(start, account_id=world.brand.id))])
        except Exception as error:  # noqa: BLE001 - told by the assertion below
            failed.append(error)

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)

    assert failed == []
    assert len(heard) == 8
    assert all(one == other and len(one) == 40 for one, other in pairwise(heard))


# Whose keys these are


def keys_of(server, user, letters="-token-0000"):
    return settings(server.url, access_token=f"{user.id}{letters}")


@pytest.fixture
def acmetea(world):
    return world.add_user("acmetea", "Acme Tea")


def test_the_number_in_an_access_token_lets_a_call_pass_without_asking_x(server, world, acmetea):
    asker = world.post("maria", "@acmetea hello")
    x = XNetwork(keys_of(server, acmetea), LONG)

    x.publish("hi", ReplyTarget(asker.id, "7", "maria", AT), "key", account_id=acmetea.id)

    assert [(one.endpoint, one.account) for one in world.requests] == [("POST /2/tweets", "acmetea")]


def test_before_a_call_is_refused_for_its_number_x_is_asked_once(server, world, acmetea):
    x = XNetwork(keys_of(server, acmetea), LONG)

    for _ in range(3):
        with pytest.raises(
            WrongAccount, match=rf"belong to @acmetea \({acmetea.id}\), not to {world.brand.id}"
        ):
            x.publish("hi", TO, "key", account_id=world.brand.id)

    assert [one.endpoint for one in world.requests] == ["GET /2/users/me"]


@pytest.mark.parametrize("token", ["no-number", "12345", "-", "9" * 30 + "-token", "1-token-0000"])
def test_a_token_of_any_shape_is_asked_about_and_believed(server, world, acmetea, token):
    """The last one's number is of nobody: what X itself says counts."""
    world.keys[token] = acmetea.id
    x = XNetwork(settings(server.url, access_token=token), LONG)
    asker = world.post("maria", "@acmetea hello")
    to = ReplyTarget(asker.id, "7", "maria", AT)

    x.publish("hi", to, "key", account_id=acmetea.id)
    with pytest.raises(WrongAccount):
        x.publish("ho", to, "key", account_id=world.brand.id)

    assert [one.endpoint for one in world.requests] == ["GET /2/users/me", "POST /2/tweets"]


@pytest.mark.parametrize(
    "fault", ["server_error_before", "rate_limited", "answer_lost_after", "forbidden_blanket", "unauthorized"]
)
def test_while_x_does_not_say_whose_keys_these_are_a_reply_waits(server, world, acmetea, fault):
    """Never unsure, never refused: provably nothing was sent."""
    world.keys["no-number"] = acmetea.id
    x = XNetwork(settings(server.url, access_token="no-number"), LONG)
    world.faults.add("GET /2/users/me", fault, times=1)

    with pytest.raises(Later) as failed:
        x.publish("hi", TO, "key", account_id=acmetea.id)

    assert not isinstance(failed.value, WrongAccount)
    assert world.counts["POST /2/tweets"] == 0


def test_many_threads_ask_once_who_we_are(server, world, acmetea):
    world.keys["no-number"] = acmetea.id
    x = XNetwork(settings(server.url, access_token="no-number"), LONG)
    world.faults.add("GET /2/users/me", "slow", seconds=0.2)
    outcomes = []

    def ask():
        try:
            outcomes.append(x.find_reply(TO, None, AT, account_id=acmetea.id))
        except Later as later:
            outcomes.append(later)

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)

    assert outcomes == [None] * 6
    assert world.counts["GET /2/users/me"] == 1


def test_what_x_refused_one_account_it_may_allow_another(server, world, acmetea):
    """That they did not type our handle is remembered for the account that it was refused to."""
    world.implicit_counts = False
    start = Position(world.clock().isoformat())
    ours, theirs = world.post("acmebrew", "open again"), world.post("acmetea", "open, too")
    x = XNetwork(settings(server.url), LONG)
    world.post("maria", "great", reply_to=ours.id)
    (post,) = posts(x.mentions(start, account_id=world.brand.id))
    with pytest.raises(Refused):
        x.publish("thanks", target(post), "key", account_id=world.brand.id)
    assert isinstance(x.answerable(post, None), ReplyByHandOnly)

    other = XNetwork(keys_of(server, acmetea), LONG)
    world.post("maria", "great", reply_to=theirs.id)
    (post,) = posts(other.mentions(start, account_id=acmetea.id))
    assert other.answerable(post, None) == ReplyAllowed()
