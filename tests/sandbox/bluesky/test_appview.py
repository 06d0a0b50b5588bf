"""What the AppView lists, as AppView 0.0.280 does."""

from datetime import timedelta

import pytest


def error(answer):
    return answer.status_code, answer.json()["error"]


def reasons(brand, **params):
    return [
        (row["reason"], row["record"].get("text")) for row in brand.notifications(**params)["notifications"]
    ]


def test_a_page_is_strictly_older_than_the_one_before_and_loses_what_has_its_time(brand, world, clock):
    moment = clock.now - timedelta(minutes=1)
    for number in range(5):
        world.post("ana.test", f"@acmebrew.test {number}", created_at=moment)
    world.post("ana.test", "@acmebrew.test older", created_at=moment - timedelta(minutes=1))

    first = brand.notifications(limit=2)
    second = brand.notifications(limit=2, cursor=first["cursor"])

    assert len(first["notifications"]) == 2
    assert [row["record"]["text"] for row in second["notifications"]] == ["@acmebrew.test older"]
    assert len(brand.notifications()["notifications"]) == 6


def test_pages_can_be_empty_and_have_a_cursor(brand, world):
    mention = world.post("ana.test", "@acmebrew.test hello")
    ours = world.post("acmebrew.test", "open!")
    for _ in range(3):
        world.like("ben.test", ours.uri)

    page = brand.notifications(limit=2, reasons=["mention"])

    assert (page["notifications"], "cursor" in page) == ([], True)
    after = brand.notifications(limit=2, reasons=["mention"], cursor=page["cursor"])
    assert [row["uri"] for row in after["notifications"]] == [mention.uri]


def test_a_back_dated_post_stands_as_deep_as_its_date_and_a_future_one_where_it_was_seen(brand, world, clock):
    world.post("ana.test", "@acmebrew.test now")
    world.post("ben.test", "@acmebrew.test then", created_at=clock.now - timedelta(days=2))
    world.post("ben.test", "@acmebrew.test soon", created_at=clock.now + timedelta(days=2))

    rows = brand.notifications()["notifications"]

    assert [row["record"]["text"].split()[1] for row in rows] == ["soon", "now", "then"]
    assert rows[0]["indexedAt"].startswith("2026-03-01T12:00:00")
    assert rows[2]["indexedAt"].startswith("2026-02-27")


def test_a_post_that_mentions_answers_and_quotes_us_is_one_notification(brand, world):
    ours = world.post("acmebrew.test", "open!")
    world.post("ana.test", "@acmebrew.test hm", reply_to=ours.uri, quote=ours.uri)

    assert reasons(brand) == [("mention", "@acmebrew.test hm")]


def test_answers_are_notified_four_levels_up(brand, world):
    above = world.post("acmebrew.test", "open!").uri
    for number in range(1, 7):
        above = world.post("ana.test", f"{number}", reply_to=above).uri

    assert [text for _, text in reasons(brand)] == ["4", "3", "2", "1"]


def test_only_facets_notify(brand, world):
    world.post("ana.test", "@acmebrew.test is not linked", facets=[])
    feature = {"$type": "app.bsky.richtext.facet#mention", "did": world.brand.did}
    facet = {"index": {"byteStart": 0, "byteEnd": 3}, "features": [feature]}
    world.post("ben.test", "you there", facets=[facet])

    assert reasons(brand) == [("mention", "you there")]


def test_deleting_our_post_takes_the_answers_off_the_list(brand, world):
    ours = world.post("acmebrew.test", "open!")
    world.post("ana.test", "wonderful", reply_to=ours.uri)
    world.post("ben.test", "look", quote=ours.uri)
    assert len(reasons(brand)) == 2

    world.delete(ours.uri)

    assert reasons(brand) == []


def test_an_edit_changes_the_one_notification(brand, world):
    mention = world.post("ana.test", "@acmebrew.test helo")
    world.edit(mention.uri, "@acmebrew.test hello")

    assert reasons(brand) == [("mention", "@acmebrew.test hello")]
    world.edit(mention.uri, "never mind")
    assert reasons(brand) == []


def test_a_block_hides_posts_and_notifications_until_it_is_lifted(brand, world):
    mention = world.post("ana.test", "@acmebrew.test hello")
    world.block("ana.test", "acmebrew.test")

    assert (reasons(brand), brand.get("app.bsky.feed.getPosts", uris=[mention.uri]).json()) == (
        [],
        {"posts": []},
    )
    thread = brand.get("app.bsky.feed.getPostThread", uri=mention.uri).json()["thread"]
    assert thread["$type"].endswith("#blockedPost")
    profile = brand.get("app.bsky.actor.getProfile", actor="ana.test").json()
    assert profile["viewer"]["blockedBy"]
    world.unblock("ana.test", "acmebrew.test")
    assert len(reasons(brand)) == 1


def test_a_deactivated_author_looks_like_a_deleted_post(brand, world):
    mention = world.post("ana.test", "@acmebrew.test hello")
    world.deactivate("ana.test")

    assert brand.get("app.bsky.feed.getPosts", uris=[mention.uri]).json() == {"posts": []}
    assert error(brand.get("app.bsky.feed.getPostThread", uri=mention.uri)) == (400, "NotFound")
    assert error(brand.get("app.bsky.actor.getProfile", actor="ana.test")) == (400, "AccountDeactivated")
    assert brand.get("app.bsky.actor.getProfiles", actors=["ana.test"]).json() == {"profiles": []}


@pytest.mark.parametrize(
    ("label", "count"), [("spam", 1), ("!hide", 1), ("!takedown", 0), ("needs-review", 0)]
)
def test_some_labels_keep_a_mention_out(brand, world, label, count):
    mention = world.post("ana.test", "@acmebrew.test hello")
    world.label(mention.uri, label)

    assert len(reasons(brand)) == count


def test_a_reply_into_a_closed_thread_is_taken_and_nobody_sees_it(brand, ana, world):
    root = world.post("ana.test", "@acmebrew.test hello")
    world.gate(root.uri)
    (row,) = brand.get("app.bsky.feed.getPosts", uris=[root.uri]).json()["posts"]
    reply = world.post("acmebrew.test", "hi", reply_to=root.uri)

    assert row["viewer"]["replyDisabled"]
    assert world.thread(root.uri, "ana.test") == []
    assert ana.notifications()["notifications"] == []
    assert len(brand.get("app.bsky.feed.getPosts", uris=[reply.uri]).json()["posts"]) == 1


def test_a_gate_may_let_in_who_was_mentioned(brand, world):
    root = world.post("ana.test", "@acmebrew.test hello")
    world.gate(root.uri, [{"$type": "app.bsky.feed.threadgate#mentionRule"}])

    (row,) = brand.get("app.bsky.feed.getPosts", uris=[root.uri]).json()["posts"]
    world.post("ben.test", "me too", reply_to=root.uri)
    world.post("acmebrew.test", "hi", reply_to=root.uri)

    assert row["viewer"]["replyDisabled"] is False
    assert world.thread(root.uri, "ana.test") == ["hi"]


def test_a_hidden_reply_stays_out_of_the_thread(world):
    root = world.post("ana.test", "hello")
    reply = world.post("acmebrew.test", "hi", reply_to=root.uri)
    world.gate(root.uri, None, hidden=[reply.uri])

    assert world.thread(root.uri, "ben.test") == []


def test_a_reply_with_a_false_root_hangs_in_no_thread(brand, world):
    ours, other = world.post("acmebrew.test", "open!"), world.post("ben.test", "elsewhere")
    reply = world.post("ana.test", "x", reply_to=ours.uri)
    value = reply.value["reply"] | {"root": {"uri": other.uri, "cid": other.cid}}
    world.edit(reply.uri, "y", reply=value)

    assert (world.thread(ours.uri, "ben.test"), reasons(brand)) == ([], [])


def test_calls_that_fail_for_ever_look_like_an_outage(brand, ana):
    by_handle = "at://ana.test/app.bsky.feed.post/3kg7myimnydfy"

    assert brand.get("app.bsky.feed.getPosts", uris=[by_handle]).status_code == 502
    assert brand.get("app.bsky.notification.listNotifications", cursor="bad").status_code == 502
    assert error(brand.get("app.bsky.feed.getPosts", uris=["nonsense"])) == (400, "InvalidRequest")
    assert error(brand.get("app.bsky.feed.getPosts", uris=[f"at://{ana.did}/a.b.c/x"] * 26)) == (
        400,
        "InvalidRequest",
    )
    assert error(brand.get("app.bsky.notification.listNotifications", limit=101)) == (400, "InvalidRequest")
    assert error(brand.get("app.bsky.notification.listNotifications", seenAt="x")) == (400, "InvalidRequest")
    assert error(brand.get("app.bsky.feed.nothing")) == (501, "MethodNotImplemented")


def test_a_search_wants_all_words_between_its_times(brand, world, clock):
    early = world.post("ana.test", "acme brew is closed")
    clock.forward(hours=1)
    late = world.post("ana.test", "Acme has new #Brew")
    world.post("ana.test", "tea")

    def found(**params):
        return [row["uri"] for row in brand.get("app.bsky.feed.searchPosts", **params).json()["posts"]]

    assert found(q="brew acme") == [late.uri, early.uri]
    assert found(q='"acme brew"') == [early.uri]
    assert found(q="brew", tag=["brew"]) == [late.uri]
    assert found(q="brew", since="2026-03-01T12:30:00Z") == [late.uri]
    assert found(q="brew", until="2026-03-01T12:30:00Z") == [early.uri]
    assert error(brand.get("app.bsky.feed.searchPosts", q="")) == (400, "InvalidRequest")


def test_a_feed_shows_the_newest_first_page_by_page(brand, world):
    uris = [world.post("ana.test", f"{number}").uri for number in range(3)]

    first = brand.get("app.bsky.feed.getAuthorFeed", actor="ana.test", limit=2).json()
    rest = brand.get("app.bsky.feed.getAuthorFeed", actor="ana.test", limit=2, cursor=first["cursor"]).json()

    assert [row["post"]["uri"] for row in first["feed"] + rest["feed"]] == uris[::-1]


def test_a_missing_parent_is_told_as_such(brand, world):
    root = world.post("ana.test", "hello")
    reply = world.post("ben.test", "hi", reply_to=root.uri)
    world.delete(root.uri)

    thread = brand.get("app.bsky.feed.getPostThread", uri=reply.uri).json()["thread"]

    assert thread["parent"]["$type"].endswith("#notFoundPost")


def test_rows_authors_and_embeds_can_be_broken_one_by_one(brand, world):
    one, two = world.post("ana.test", "@acmebrew.test 1"), world.post("ben.test", "@acmebrew.test 2")
    world.corrupt(one.uri, {"uri": one.uri})
    world.spoil_author("ben.test", labels=[{"val": "x"}])
    world.show_embed(two.uri, {"$type": "app.bsky.embed.hologram#view"})

    (row, broken), (post,) = (
        brand.notifications()["notifications"],
        brand.get("app.bsky.feed.getPosts", uris=[two.uri]).json()["posts"],
    )

    assert (broken, row["author"]["labels"]) == ({"uri": one.uri}, [{"val": "x"}])
    assert post["embed"]["$type"] == "app.bsky.embed.hologram#view"
