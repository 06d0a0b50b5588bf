"""Mentions are read to the end, whatever stands between them; searches and our own posts as far as they matter."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.networks.bluesky import listings
from bot.networks.bluesky.uris import make_tid
from bot.networks.errors import Later, RequestRejected
from bot.networks.values import Position

LISTING = "GET app.bsky.notification.listNotifications"


def pages(stage, after=None):
    return list(stage.network.mentions(after or stage.start, account_id=stage.us))


def ids(found):
    return [post.id for page in found for post in page.posts]


def test_reading_goes_on_over_empty_pages(stage):
    old = stage.says("maria", "@acmebrew hello")
    ours = stage.brand_says("open!")
    stage.says("tom", "hello")
    for _ in range(250):
        stage.world.like("tom.test", ours)

    found = pages(stage)

    assert ids(found) == [old]
    assert len(found) == 3
    assert not any(page.has_gap for page in found)


def test_reading_ends_three_days_behind_its_position_and_once_a_day_two_weeks(stage):
    now = datetime.now(UTC)
    for days in range(10):
        for number in range(60):
            stage.posts("maria", "@acmebrew hello", created_at=now - timedelta(days=days, seconds=number))

    position = Position((now - timedelta(days=1)).isoformat())

    deep, shallow = pages(stage, position), pages(stage, position)

    assert len(ids(deep)) == 600
    assert len(shallow) == 3
    assert shallow[-1].posts[-1].posted_at < now - timedelta(days=4)
    assert not any(page.has_gap for page in deep + shallow)


def test_a_reading_leaves_nothing_out_for_its_age_within_its_overlap(stage):
    """Which of them are new is for the ledger to say, by their ids: a date and a key are their writer's claim."""
    now = datetime.now(UTC)
    then = now - timedelta(days=2)
    old = {"created_at": then, "rkey": make_tid(then, "old")}
    before = stage.posts("maria", "@acmebrew long ago", **old)
    recent = stage.posts("maria", "@acmebrew an hour ago", created_at=now - timedelta(hours=1))
    (first,) = pages(stage, stage.network.position_at(now - timedelta(days=1)))
    late = stage.posts("tom", "@acmebrew with a clock and a key of then", **old)

    second = pages(stage, first.position)

    assert ids([first]) == [recent, before]
    assert sorted(ids(second)) == sorted([recent, before, late])


@pytest.mark.parametrize(("days", "gap"), [(30, True), (1, False)])
def test_reading_that_is_cut_off_says_so_only_if_it_did_not_reach_its_position(stage, monkeypatch, days, gap):
    monkeypatch.setattr(listings, "_MENTION_PAGES_MAX", 2)
    now = datetime.now(UTC)
    for number in range(250):
        stage.posts("maria", "@acmebrew hello", created_at=now - timedelta(minutes=20 * number))

    found = pages(stage, Position((now - timedelta(days=days)).isoformat()))

    assert len(found) == 2
    assert [page.has_gap for page in found] == [False, gap]


def test_a_broken_row_spoils_neither_its_page_nor_the_next(stage):
    good, bad, odd = (stage.says("maria", f"@acmebrew {word}") for word in ("one", "two", "three"))
    stage.world.corrupt(bad, {"uri": bad, "reason": "mention", "author": {"did": 7}, "record": {"text": "x"}})
    stage.world.show_embed(odd, {"$type": "app.bsky.embed.hologram#view"})
    stage.world.spoil_author("maria.test", labels=[{"val": 1}], displayName="x" * 700)

    (page,) = pages(stage)

    assert ids([page]) == [odd, good]
    assert [row.post_id for row in page.unreadable] == [bad]
    assert [media.kind for media in page.posts[0].media] == ["media"]


def test_a_page_that_is_no_list_is_no_empty_list(stage):
    stage.says("maria", "@acmebrew hello")
    for kind in ("html", "garbled", "truncated", "bad_gateway", "redirected"):
        stage.world.faults.add(LISTING, kind, times=1)
        with pytest.raises(Later) as later:
            pages(stage)
        assert later.value.cause in {"server error", "unreachable"}


def test_pictures_and_their_descriptions_come_with_a_mention(stage):
    image = {"alt": "a cup", "image": {"ref": {"$link": "bafkreia"}}}
    stage.posts("maria", "@acmebrew look", embed={"$type": "app.bsky.embed.images", "images": [image]})

    (post,) = pages(stage)[0].posts

    assert [(media.kind, media.alt) for media in post.media] == [("photo", "a cup")]
    assert post.media[0].url.endswith(f"/{post.author_id}/bafkreia")


def test_rows_that_come_twice_are_one_post(stage):
    stage.says("maria", "@acmebrew hello")
    stage.world.faults.add(LISTING, "repeated")

    assert len(ids(pages(stage))) == 1


def test_a_search_leaves_out_what_is_too_old(stage):
    now = datetime.now(UTC)
    new = stage.posts("maria", "brew")
    stage.posts("maria", "brew", created_at=now - timedelta(days=3))

    found = stage.network.search("brew", Position((now - timedelta(days=1)).isoformat()), account_id=stage.us)

    assert ids(found) == [new]


def test_a_search_goes_on_below_a_page(stage):
    old, new = stage.says("maria", "brew 1"), stage.says("maria", "brew 2")
    (page,) = stage.network.search("brew", stage.start, account_id=stage.us)
    low = Position(page.posts[0].posted_at.isoformat())

    below = stage.network.search("brew", stage.start, account_id=stage.us, before=low)

    assert (ids([page]), ids(below)) == ([new, old], [new, old])
    assert page.lowest is not None


def test_a_query_that_the_server_rejects_is_told_as_such(stage):
    with pytest.raises(RequestRejected):
        list(stage.network.search("", stage.start, account_id=stage.us))


def test_ids_that_are_none_are_not_asked_for_and_fail_no_call(stage):
    post = stage.says("maria", "@acmebrew hello")
    odd = ["12", "at://maria.test/app.bsky.feed.post/3n3hqlge4w22h"]

    page, absent = stage.network.refresh([post, *odd], account_id=stage.us)

    assert ([one.id for one in page.posts], absent) == ([post], {})


def test_more_posts_than_one_call_takes_are_asked_for_in_several(stage):
    posts = [stage.says("maria", f"@acmebrew {number}") for number in range(60)]

    page, absent = stage.network.refresh(posts, account_id=stage.us)

    assert (len(page.posts), absent) == (60, {})
    assert stage.world.counts["GET app.bsky.feed.getPosts"] == 3


def test_what_is_left_of_the_rate_limit_is_known_after_a_call(stage):
    pages(stage)

    status = stage.network.rate_limit_status("mentions")

    assert status.limit == 300_000
    assert 0 < status.remaining < status.limit
    assert status.reported_at is not None


def test_our_own_posts_come_from_the_repository_at_once(stage):
    stage.world.faults.add("GET app.bsky.*", "late_index")
    ours = stage.brand_says("open!")

    assert ids(stage.network.own_posts(stage.start, account_id=stage.us)) == [ours]
