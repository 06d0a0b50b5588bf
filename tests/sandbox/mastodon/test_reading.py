"""Lists and lookups, as clients meet them."""

from datetime import UTC, datetime, timedelta

import pytest

from sandbox.mastodon import FLAVOURS
from sandbox.mastodon.state.ids import sort_key

KINDS = pytest.mark.parametrize("server", FLAVOURS, indirect=True)
HONOURS_MIN_ID = pytest.mark.parametrize(
    "server", [one for one, flavour in FLAVOURS.items() if flavour.honours_min_id], indirect=True
)
NOTIFICATIONS = "/api/v1/notifications"


def mention_us(world, count):
    return [world.post("ana@books.example", f"@acmebrew {number}") for number in range(count)]


def ids(response):
    return [row["id"] for row in response.json()]


@KINDS
def test_notifications_come_newest_first_whatever_shape_their_ids_have(world, ask):
    posts = mention_us(world, 12)

    rows = ask("GET", NOTIFICATIONS).json()

    assert [row["status"]["uri"] for row in rows] == [post.uri for post in posts[::-1]]
    assert [row["id"] for row in rows] == sorted((row["id"] for row in rows), key=sort_key, reverse=True)


def test_serial_ids_of_notifications_grow_by_a_digit(world, ask):
    mention_us(world, 12)

    found = ids(ask("GET", NOTIFICATIONS))

    assert {len(one) for one in found} == {2, 3}
    assert sorted(found, reverse=True) != found


@HONOURS_MIN_ID
def test_min_id_gives_the_page_just_above_and_since_id_the_newest(world, ask):
    mention_us(world, 10)
    everything = ids(ask("GET", NOTIFICATIONS))
    lowest = everything[-1]

    assert ids(ask("GET", NOTIFICATIONS, min_id=lowest, limit=3)) == everything[-4:-1]
    assert ids(ask("GET", NOTIFICATIONS, since_id=lowest, limit=3)) == everything[:3]


@pytest.mark.parametrize("server", ["hollo"], indirect=True)
def test_hollo_ignores_min_id(world, ask):
    mention_us(world, 10)
    everything = ids(ask("GET", NOTIFICATIONS))

    assert ids(ask("GET", NOTIFICATIONS, min_id=everything[2], limit=5)) == everything[:5]


@KINDS
def test_max_id_gives_what_lies_below(world, ask):
    start = world.clock()
    for second in range(6):
        world.clock = lambda second=second: start + timedelta(seconds=second)
        mention_us(world, 1)
    everything = ids(ask("GET", NOTIFICATIONS))

    assert ids(ask("GET", NOTIFICATIONS, max_id=everything[2])) == everything[3:]


@pytest.mark.parametrize("server", ["hollo"], indirect=True)
def test_max_id_of_hollo_leaves_out_the_whole_millisecond(world, ask):
    now = world.clock()
    world.clock = lambda: now
    mention_us(world, 6)
    everything = ids(ask("GET", NOTIFICATIONS))

    assert ids(ask("GET", NOTIFICATIONS, max_id=everything[2])) == []


def test_a_page_has_at_most_80_notifications_and_40_posts(world, ask):
    for post in mention_us(world, 90):
        world.edit(post.id, "@acmebrew #fern")

    assert len(ids(ask("GET", NOTIFICATIONS, limit=500))) == 80
    assert len(ids(ask("GET", NOTIFICATIONS))) == 40
    assert len(ids(ask("GET", "/api/v1/timelines/tag/fern", limit=500))) == 40


def test_link_headers_may_be_missing(world, ask):
    mention_us(world, 1)
    with_links = ask("GET", NOTIFICATIONS).headers["Link"]
    world.link_headers = False

    assert 'rel="next"' in with_links
    assert "Link" not in ask("GET", NOTIFICATIONS).headers


def test_filtered_notifications_are_shown_only_if_asked_for_and_keep_their_old_ids(world, ask):
    world.change_user("ana@books.example", filtered=True)
    mention_us(world, 1)
    world.post("bo", "@acmebrew later")

    hidden = ids(ask("GET", NOTIFICATIONS))
    shown = ids(ask("GET", NOTIFICATIONS, include_filtered="true"))
    world.accept("ana@books.example")

    assert len(hidden) == 1
    assert len(shown) == 2
    assert ids(ask("GET", NOTIFICATIONS)) == shown


@KINDS
def test_an_edit_keeps_the_id_and_a_deletion_takes_the_notification_along(world, ask):
    post = world.post("ana@books.example", "@acmebrew helo")
    world.edit(post.id, "@acmebrew hello")

    row = ask("GET", f"/api/v1/statuses/{post.id}").json()
    assert (row["id"], row["edited_at"] is not None) == (post.id, True)
    assert len(ids(ask("GET", NOTIFICATIONS))) == 1

    world.delete(post.id)
    assert ask("GET", f"/api/v1/statuses/{post.id}").status_code == 404
    assert ids(ask("GET", NOTIFICATIONS)) == []


@KINDS
def test_a_direct_post_is_seen_by_those_it_mentions_alone(world, ask):
    ours = world.post("ana@books.example", "@acmebrew psst", visibility="direct")
    theirs = world.post("ana@books.example", "@bo psst", visibility="direct")

    assert ask("GET", f"/api/v1/statuses/{ours.id}").status_code == 200
    assert ask("GET", f"/api/v1/statuses/{theirs.id}").status_code == 404


def test_a_followers_only_post_is_seen_by_followers(world, ask):
    post = world.post("bo", "for friends", visibility="private")
    before = ask("GET", f"/api/v1/statuses/{post.id}").status_code
    world.follow("acmebrew", "bo")

    assert (before, ask("GET", f"/api/v1/statuses/{post.id}").status_code) == (404, 200)


@pytest.mark.parametrize(("server", "status"), [("mastodon", 200), ("gotosocial", 405)], indirect=["server"])
def test_several_posts_in_one_call_are_mastodons_alone(world, ask, status):
    posts = mention_us(world, 2)

    assert ask("GET", "/api/v1/statuses", **{"id[]": [post.id for post in posts]}).status_code == status


def test_a_search_finds_words_of_authors_who_opted_in(world, ask):
    world.post("ana@books.example", "the kettle is back")
    before = ask("GET", "/api/v2/search", q="kettle", type="statuses").json()["statuses"]
    world.change_user("ana@books.example", indexable=True)
    after = ask("GET", "/api/v2/search", q="kettle", type="statuses").json()["statuses"]

    assert (len(before), len(after)) == (0, 1)


@pytest.mark.parametrize("server", ["gotosocial"], indirect=True)
def test_gotosocial_finds_no_words_but_addresses(world, ask):
    post = world.post("ana@books.example", "@acmebrew the kettle is back")

    assert ask("GET", "/api/v2/search", q="kettle", type="statuses").json()["statuses"] == []
    assert len(ask("GET", "/api/v2/search", q=post.uri, resolve="true").json()["statuses"]) == 1


def test_a_post_that_was_never_seen_is_fetched_by_its_address(world, ask):
    from sandbox.mastodon import MastodonWorld

    other = MastodonWorld(domain="tea.example", handle="acmetea")
    other.add_user("cem@far.example", "Cem")
    far = other.post("cem@far.example", "far away")
    world.let_find(far, "cem@far.example")

    unresolved = ask("GET", "/api/v2/search", q=far.uri).json()["statuses"]
    (found,) = ask("GET", "/api/v2/search", q=far.uri, resolve="true").json()["statuses"]

    assert unresolved == []
    assert (found["uri"], found["account"]["acct"]) == (far.uri, "cem@far.example")


def test_a_context_holds_what_is_above_and_below(world, ask):
    first = world.post("ana@books.example", "@acmebrew one")
    second = world.post("bo", "@ana@books.example two", reply_to=first.id)
    third = world.post("ana@books.example", "@bo three", reply_to=second.id)

    found = ask("GET", f"/api/v1/statuses/{second.id}/context").json()

    assert [row["id"] for row in found["ancestors"]] == [first.id]
    assert [row["id"] for row in found["descendants"]] == [third.id]


def test_a_backdated_post_has_an_id_of_its_own_date_and_is_notified_of_now(world, ask):
    mention_us(world, 1)
    late = world.post("bo", "@acmebrew late", at=datetime(2026, 1, 1, tzinfo=UTC))

    assert ask("GET", NOTIFICATIONS).json()[0]["status"]["id"] == late.id
    assert next(iter(world.index)).id == late.id


@KINDS
def test_the_instance_says_what_it_is_and_its_limits(world, ask):
    for version in ("v2", "v1"):
        response = ask("GET", f"/api/{version}/instance")
        if response.status_code == 200:
            limits = response.json()["configuration"]["statuses"]
            assert limits["max_characters"] == world.flavour.max_characters
            assert response.json()["version"] == world.flavour.version
    assert response.status_code == 200


def test_the_reset_of_a_rate_limit_is_a_time_and_there_is_no_retry_after(world, ask):
    world.limits.set("paged", 1)
    ask("GET", NOTIFICATIONS, min_id="1")
    limited = ask("GET", NOTIFICATIONS, min_id="1")

    assert limited.status_code == 429
    assert datetime.fromisoformat(limited.headers["X-RateLimit-Reset"]) > world.clock()
    assert "Retry-After" not in limited.headers
    assert ask("GET", NOTIFICATIONS).status_code == 200


def test_a_broken_row_is_sent_as_it_is(world, ask):
    post = mention_us(world, 1)[0]
    world.corrupt(post.id, lambda row: {**row, "account": None})

    assert ask("GET", NOTIFICATIONS).json()[0]["status"]["account"] is None
