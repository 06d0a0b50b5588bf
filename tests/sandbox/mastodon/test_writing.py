"""What becomes of a post by an API client, on each kind of server."""

from dataclasses import replace

import pytest

from sandbox.mastodon import FLAVOURS, MastodonServer, MastodonWorld

KINDS = pytest.mark.parametrize("server", FLAVOURS, indirect=True)
STATUSES = "/api/v1/statuses"


@pytest.fixture
def mention(world):
    return world.post("ana@books.example", "@acmebrew hi", visibility="direct", spoiler="food", lang="de")


@KINDS
def test_nothing_is_handed_down_from_the_post_that_a_reply_answers(world, ask, mention):
    row = ask("POST", STATUSES, json={"status": "@ana@books.example hi", "in_reply_to_id": mention.id}).json()

    assert row["visibility"] == {"gotosocial": "unlisted"}.get(world.flavour.name, "public")
    assert (row["spoiler_text"], row["language"]) == ("", None)
    assert row["in_reply_to_id"] == mention.id


def test_a_post_that_names_no_visibility_has_the_accounts_own(world, ask):
    world.change_user("acmebrew", default_visibility="private")

    assert ask("POST", STATUSES, json={"status": "hi"}).json()["visibility"] == "private"


@KINDS
def test_a_reply_to_what_is_gone_is_a_404(world, ask, mention):
    world.delete(mention.id)

    assert ask("POST", STATUSES, json={"status": "hi", "in_reply_to_id": mention.id}).status_code == 404


@pytest.mark.parametrize(
    ("server", "text", "warning", "status"),
    [
        ("mastodon", "x" * 500, "", 200),
        ("mastodon", "x" * 501, "", 422),
        ("mastodon", "x" * 490, "y" * 11, 422),
        ("mastodon", "https://example.org/" + "x" * 600, "", 200),
        ("mastodon", "@ana@books.example " + "x" * 495, "", 200),
        ("mastodon", "@ana@books.example " + "x" * 496, "", 422),
        ("mastodon", "\N{WOMAN}\u200d\N{ROCKET}" * 500, "", 200),
        ("gotosocial", "https://example.org/" + "x" * 5000, "", 400),
        ("gotosocial", "\N{WOMAN}\u200d\N{ROCKET}" * 2000, "", 400),
        ("hollo", "x" * 20_000, "", 200),
    ],
    indirect=["server"],
)
def test_each_server_counts_in_its_own_way(ask, text, warning, status):
    made = ask("POST", STATUSES, json={"status": text, "spoiler_text": warning})

    assert made.status_code == status


@pytest.mark.parametrize(
    ("server", "posts", "status"),
    [
        ("mastodon", 1, 200),
        ("gotosocial", 2, 200),
        ("hollo", 1, 200),
        ("pixelfed", 2, 200),
        ("akkoma", 1, 200),
    ],
    indirect=["server"],
)
def test_a_key_makes_one_post_where_the_server_knows_it(world, ask, posts, status):
    said = [ask("POST", STATUSES, json={"status": "hi"}, headers={"Idempotency-Key": "k"}) for _ in range(2)]

    assert [each.status_code for each in said] == [status, status]
    assert len(world.posts_by("acmebrew")) == posts
    assert len({each.json()["id"] for each in said}) == posts


@pytest.mark.parametrize(
    ("server", "status", "left"), [("mastodon", 404, 0), ("hollo", 200, 1)], indirect=["server"]
)
def test_a_key_of_a_deleted_post(world, ask, status, left):
    post = {"json": {"status": "hi"}, "headers": {"Idempotency-Key": "k"}}
    world.delete(ask("POST", STATUSES, **post).json()["id"])

    assert ask("POST", STATUSES, **post).status_code == status
    assert len(world.posts_by("acmebrew")) == left


def test_some_releases_answer_500_to_a_repeat_although_the_post_is_there():
    flavour = replace(FLAVOURS["mastodon"], version="4.5.4", idempotency="500 although posted")
    with MastodonServer(MastodonWorld(flavour=flavour)) as server:
        import requests

        post = {
            "json": {"status": "hi"},
            "headers": {"Idempotency-Key": "k", "Authorization": "Bearer t"},
            "timeout": 5,
        }
        statuses = [requests.post(server.url + STATUSES, **post).status_code for _ in range(2)]

        assert (statuses, len(server.world.posts_by("acmebrew"))) == ([200, 500], 1)


def test_mentions_that_the_client_did_not_name_are_refused(world, ask):
    ana = world.user("ana@books.example").id
    stray = ask("POST", STATUSES, json={"status": "@ana@books.example and @bo", "allowed_mentions": [ana]})

    assert (stray.status_code, world.posts_by("acmebrew")) == (422, [])
    assert ask("POST", STATUSES, json={"status": "@ana@books.example", "allowed_mentions": [ana]}).ok


def test_a_post_may_be_deleted_by_its_author_alone(world, ask, mention):
    own = ask("POST", STATUSES, json={"status": "hi"}).json()["id"]

    assert ask("DELETE", f"{STATUSES}/{mention.id}").status_code == 404
    assert ask("DELETE", f"{STATUSES}/{own}").json()["text"] == "hi"
    assert ask("DELETE", f"{STATUSES}/{own}").status_code == 404


def test_a_token_may_do_what_its_scopes_say(world, ask):
    token = world.grants.grant(world.brand.id, frozenset({"read"})).secret
    reader = {"Authorization": f"Bearer {token}"}

    assert ask("GET", "/api/v1/notifications", headers=reader).status_code == 200
    assert ask("POST", STATUSES, json={"status": "hi"}, headers=reader).status_code == 403
    assert ask("GET", "/api/v1/notifications", headers={"Authorization": "Bearer nobody"}).status_code == 401


def test_the_source_of_our_own_post_is_what_was_typed(ask):
    made = ask("POST", STATUSES, json={"status": "a < b"}).json()

    assert "&lt;" in made["content"]
    assert ask("GET", f"{STATUSES}/{made['id']}/source").json()["text"] == "a < b"


@pytest.mark.parametrize(
    ("kind", "posted", "status"),
    [
        ("redirect_301", 0, 301),
        ("redirect_302", 0, 302),
        ("redirect_308", 0, 308),
        ("html_before", 0, 200),
        ("html_after", 1, 200),
        ("server_error_before", 0, 500),
        ("server_error_after", 1, 500),
        ("maintenance", 0, 503),
        ("rate_limited", 0, 429),
        ("garbled", 1, 200),
    ],
)
def test_a_fault_takes_effect_or_not_as_its_name_says(world, ask, kind, posted, status):
    world.faults.add("POST /api/v1/statuses", kind, times=1)

    assert ask("POST", STATUSES, json={"status": "hi"}).status_code == status
    assert len(world.posts_by("acmebrew")) == posted


@pytest.mark.parametrize(
    ("kind", "posted"),
    [
        ("answer_lost_before", 0),
        ("answer_lost_after", 1),
        ("reset_before", 0),
        ("reset", 1),
        ("truncated", 1),
    ],
)
def test_a_lost_answer_looks_the_same_whether_or_not_the_post_is_there(world, ask, kind, posted):
    import requests

    world.faults.add("POST /api/v1/statuses", kind, times=1)

    with pytest.raises(requests.RequestException):
        ask("POST", STATUSES, json={"status": "hi"})
    assert len(world.posts_by("acmebrew")) == posted
