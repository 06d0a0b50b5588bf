"""What every network promises, whichever it is."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.networks.answerable import ReplyAllowed, ReplyByHandOnly, ReplyImpossible
from bot.networks.errors import Later, Refused, Unsure, WrongAccount
from bot.networks.values import ReplyTarget
from models.sources.no_account import NO_ACCOUNT_ID
from tests.bot.networks.stages import READERS, STAGES, target

EVERYWHERE = pytest.mark.parametrize("stage", [*STAGES, *READERS], indirect=True)


@pytest.fixture(params=STAGES)
def stage(request):
    with (STAGES | READERS)[request.param]() as made:
        yield made


@pytest.fixture
def network(stage):
    return stage.network


def lacking(reason: str) -> None:
    """Leave a test out, and say what the network lacks for it."""
    pytest.skip(reason)


def heard(stage, after=None):
    return [
        post
        for page in stage.network.mentions(after or stage.start, account_id=stage.us)
        for post in page.posts
    ]


def one(stage):
    (post,) = heard(stage)
    return post


def test_the_account_is_the_one_we_speak_as(stage):
    account = stage.network.account()

    assert (account.handle, account.network) == (stage.full_handle("acmebrew"), stage.network.name)


def test_a_mention_is_heard_with_its_words_its_author_and_its_time(stage):
    post_id = stage.says("maria", "@acmebrew is the kettle back?")

    post = one(stage)

    assert (post.id, post.latest_id, post.text) == (post_id, post_id, "@acmebrew is the kettle back?")
    assert (post.network, post.summons, post.is_repost) == (stage.network.name, "explicit", False)
    assert post.posted_at.tzinfo is not None
    assert [person.handle for person in stage.network.people([post.author_id])] == [
        stage.full_handle("maria")
    ]


def test_an_answer_to_us_calls_us_without_our_name(stage):
    ours = stage.brand_says("We are open again!")
    stage.says("maria", "wonderful", under=ours)

    post = one(stage)

    assert (post.in_reply_to, post.summons) == (ours, "implicit")


def test_posts_sort_by_their_order_keys_as_they_were_posted(stage):
    ids = [stage.says("maria", f"@acmebrew {number}") for number in range(12)]

    assert [post.id for post in sorted(heard(stage), key=lambda post: post.order_key)] == ids


def test_an_edit_sorts_after_the_version_before_it_and_where_its_post_was(stage):
    post_id = stage.says("maria", "@acmebrew hallo")
    before = one(stage)
    stage.edits(post_id, "@acmebrew hello")
    after = one(stage)

    assert after.order_key == before.order_key
    assert (after.version_key > before.version_key) is stage.rules.versions_sort


def test_a_reading_from_now_on_finds_only_what_comes_then(stage):
    stage.says("maria", "@acmebrew hello")
    (page,) = stage.network.mentions(stage.start, account_id=stage.us)
    second = stage.says("maria", "@acmebrew and again")

    later = heard(stage, page.position)

    assert later[0].id == second
    assert isinstance(page.position, str)


def test_what_does_not_concern_us_is_not_a_mention(stage):
    stage.says("maria", "I like tea")
    stage.brand_says("we like tea")

    assert heard(stage) == []


def test_the_newest_is_told_first_and_only_on_the_first_page(stage):
    ids = [stage.says("maria", f"@acmebrew {number}") for number in range(205)]

    pages = list(stage.network.mentions(stage.start, account_id=stage.us))

    assert [post.id for page in pages for post in page.posts] == ids[::-1]
    assert [page.position is not None for page in pages] == [True] + [False] * (len(pages) - 1)
    assert heard(stage, pages[0].position)[:1] in ([], [next(iter(pages[0].posts))])
    assert len(pages) in {3, 4}  # Hollo reads the posts of one millisecond again
    assert not any(page.has_gap for page in pages)


def test_nothing_said_is_one_page_with_nothing_on_it(stage):
    (page,) = stage.network.mentions(stage.start, account_id=stage.us)

    assert (page.posts, page.unreadable, page.position, page.has_gap) == ((), (), None, False)


def test_what_came_after_the_cursor_is_always_heard(stage):
    stage.says("maria", "@acmebrew one")
    (page,) = stage.network.mentions(stage.start, account_id=stage.us)
    second = stage.says("maria", "@acmebrew two")

    assert second in [post.id for post in heard(stage, page.position)]


def test_an_edited_post_is_one_post_with_new_words(stage):
    first = stage.says("maria", "@acmebrew helo")
    stage.edits(first, "@acmebrew hello")

    newest = one(stage)

    assert (newest.id, newest.text) == (first, "@acmebrew hello")
    assert newest.edit_keeps_id is not stage.rules.edits_get_ids
    assert (newest.latest_id != first) is stage.rules.edits_get_ids


def test_a_repost_is_marked_as_one(stage):
    post_id = stage.says("maria", "@acmebrew hello")
    stage.reposts("tom", post_id)

    reposts = [post for post in heard(stage) if post.is_repost]

    assert all(post.summons == "none" for post in reposts)
    assert all(isinstance(stage.network.answerable(post, None), ReplyImpossible) for post in reposts)


@EVERYWHERE
def test_a_search_finds_words_that_do_not_name_us(stage):
    if not stage.rules.searches_words:
        lacking("it has no search for words")
    found = stage.says("maria", "acme brew is closed?")
    stage.says("maria", "I like tea")

    assert [
        p.id for page in stage.network.search("brew", stage.start, account_id=stage.us) for p in page.posts
    ] == [found]


@pytest.mark.parametrize(
    "text",
    ["Yes! Back on Monday.", "a < b & c > d &amp; e", "cafe\u0301 ☕️ 日本", "see https://acme.example/menu"],
)
def test_a_reply_is_published_under_its_post_and_found_there(stage, text):
    stage.says("maria", "@acmebrew is the kettle back?")
    post = one(stage)

    published = stage.network.publish(text, target(post), "key-1", account_id=stage.us)

    assert len(stage.replies_to(post.id)) == 1
    found = stage.network.find_reply(target(post), text, post.posted_at, account_id=stage.us)
    assert found is not None
    assert found.post_id == published.post_id
    assert (published.post_id in published.url) is stage.rules.ids_in_addresses
    assert published.url.startswith("https://")


def test_a_reply_is_part_of_what_our_account_said(stage):
    stage.says("maria", "@acmebrew hello")
    post = one(stage)
    published = stage.network.publish("Hello!", target(post), "key-1", account_id=stage.us)

    ours = [p for page in stage.network.own_posts(stage.start, account_id=stage.us) for p in page.posts]

    assert [(p.id, p.in_reply_to) for p in ours] == [(published.post_id, post.id)]


def test_a_reply_that_somebody_made_by_hand_is_found_whatever_it_says(stage):
    stage.says("maria", "@acmebrew hello")
    post = one(stage)
    by_hand = stage.brand_says("hi there", under=post.id)

    found = stage.network.find_reply(target(post), None, post.posted_at, account_id=stage.us)

    assert found is not None
    assert found.post_id == by_hand
    assert (
        stage.network.find_reply(target(post), "something else", post.posted_at, account_id=stage.us) is None
    )


def test_a_reply_to_somebody_else_is_not_taken_for_the_one_we_seek(stage):
    stage.says("maria", "@acmebrew hello")
    stage.says("tom", "@acmebrew hello")
    toms, marias = heard(stage)
    stage.network.publish("Hello!", target(toms), "key-1", account_id=stage.us)

    assert stage.network.find_reply(target(marias), "Hello!", marias.posted_at, account_id=stage.us) is None
    assert stage.network.find_reply(target(marias), None, marias.posted_at, account_id=stage.us) is None


def test_a_reply_from_before_our_try_is_not_taken_for_it(stage):
    stage.says("maria", "@acmebrew hello")
    post = one(stage)
    stage.brand_says("hi there", under=post.id)

    assert (
        stage.network.find_reply(target(post), None, post.posted_at + timedelta(hours=1), account_id=stage.us)
        is None
    )


def test_a_call_that_finds_nobody_at_home_has_sent_nothing(stage):
    stage.says("maria", "@acmebrew hello")
    post = one(stage)
    stage.trouble("unreachable", writing=True)

    with pytest.raises(Later) as failed:
        stage.network.publish("Hello!", target(post), "key-1", account_id=stage.us)

    assert failed.value.cause == "unreachable"
    assert stage.replies_to(post.id) == []


@pytest.mark.parametrize(("trouble", "landed"), [("lost before", 0), ("lost after", 1)])
def test_a_lost_answer_leaves_us_unsure_and_reading_tells(stage, trouble, landed):
    stage.says("maria", "@acmebrew hello")
    post = one(stage)
    stage.trouble(trouble, writing=True)

    with pytest.raises(Unsure):
        stage.network.publish("Hello!", target(post), "key-1", account_id=stage.us)

    assert len(stage.replies_to(post.id)) == landed
    assert (
        stage.network.find_reply(target(post), "Hello!", post.posted_at, account_id=stage.us) is not None
    ) == bool(landed)


def test_whether_the_credentials_work_is_asked_anew(stage):
    before = stage.network.account()
    assert stage.network.check_account() == before

    stage.trouble("unauthorized", writing=False)

    with pytest.raises(Later) as refused:
        stage.network.check_account()
    assert refused.value.cause == "unauthorized"


@pytest.mark.parametrize("cause", ["rate limit", "unauthorized"])
def test_a_reply_that_the_network_puts_off_was_not_said(stage, cause):
    stage.says("maria", "@acmebrew hello")
    post = one(stage)
    stage.trouble(cause, writing=True)

    with pytest.raises(Later) as failed:
        stage.network.publish("Hello!", target(post), "key-1", account_id=stage.us)

    assert failed.value.cause == cause
    assert stage.replies_to(post.id) == []
    stage.network.publish("Hello!", target(post), "key-1", account_id=stage.us)
    assert len(stage.replies_to(post.id)) == 1


@pytest.mark.parametrize("stage", READERS, indirect=True)
@pytest.mark.parametrize("trouble", ["unreachable", "lost after", "rate limit", "unauthorized"])
@pytest.mark.parametrize(
    "read",
    [
        lambda stage: list(stage.network.search("brew", stage.start, account_id=stage.us)),
        lambda stage: stage.network.refresh(["1"], account_id=stage.us),
    ],
    ids=["search", "refresh"],
)
def test_a_read_without_an_account_that_fails_says_later(stage, trouble, read):
    stage.trouble(trouble, writing=False)

    with pytest.raises(Later):
        read(stage)


@pytest.mark.parametrize("stage", READERS, indirect=True)
def test_where_nobody_signs_in_the_account_has_no_handle_and_costs_no_call(stage):
    account = stage.network.account()

    assert (account.id, account.handle, account.network) == (NO_ACCOUNT_ID, "", stage.network.name)
    assert stage.network.expected_account_id() == NO_ACCOUNT_ID
    assert not stage.world.counts


@pytest.mark.parametrize("trouble", ["lost after", "rate limit", "unauthorized"])
@pytest.mark.parametrize(
    "read",
    [
        lambda stage, post: list(stage.network.mentions(stage.start, account_id=stage.us)),
        lambda stage, post: list(stage.network.own_posts(stage.start, account_id=stage.us)),
        lambda stage, post: stage.network.people([post.author_id]),
        lambda stage, post: stage.network.find_reply(
            target(post), "Hello!", post.posted_at, account_id=stage.us
        ),
        lambda stage, post: stage.network.refresh([post.id], account_id=stage.us),
    ],
    ids=["mentions", "own_posts", "people", "find_reply", "refresh"],
)
def test_a_read_that_fails_says_later_and_never_nothing_there(stage, trouble, read):
    stage.says("maria", "@acmebrew hello")
    post = one(stage)
    if stage.rules.profiles_come_along:
        stage.network.people([post.author_id])
    stage.trouble(trouble, writing=False)

    with pytest.raises(Later):
        read(stage, post)


@pytest.mark.parametrize(
    ("spoil", "text", "reason"),
    [
        (lambda stage, post: stage.deletes(post.id), "Hello!", "parent gone"),
        (lambda stage, post: stage.brand_says("Hello!", under=post.id), "Hello!", "duplicate"),
        (lambda stage, post: None, None, "too long"),
    ],
    ids=["gone", "said before", "long"],
)
def test_a_refusal_says_why_and_says_nothing_in_public(stage, spoil, text, reason):
    if reason not in stage.rules.refuses:
        lacking(f"it refuses nothing as {reason}")
    stage.says("maria", "@acmebrew hello")
    post = one(stage)
    spoil(stage, post)
    text = text or "x" * (stage.network.max_length + 1)

    with pytest.raises(Refused) as refused:
        stage.network.publish(text, target(post), "key-1", account_id=stage.us)

    assert refused.value.reason == reason
    assert refused.value.detail


def test_a_post_that_did_not_call_us_is_handed_off_and_refused(stage):
    if not stage.rules.needs_summons:
        lacking("it lets us answer anybody")
    stage.says("maria", "acme brew, anybody?")
    (post,) = [
        p for page in stage.network.search("brew", stage.start, account_id=stage.us) for p in page.posts
    ]

    assert isinstance(stage.network.answerable(post, None), ReplyByHandOnly)
    with pytest.raises(Refused) as refused:
        stage.network.publish("Yes, us!", target(post), "key-1", account_id=stage.us)
    assert refused.value.reason == "not summoned"


def test_a_post_that_called_us_can_be_answered(stage):
    stage.says("maria", "@acmebrew hello")
    post = one(stage)
    (maria,) = stage.network.people([post.author_id])

    assert stage.network.answerable(post, maria) == ReplyAllowed()
    locked = stage.network.answerable(post, replace(maria, protected=True))
    assert isinstance(locked, ReplyByHandOnly if stage.rules.locks_posts else ReplyAllowed)


@EVERYWHERE
def test_looking_again_shows_edits_and_what_is_gone(stage):
    kept, edited, deleted = (stage.says("maria", f"@acmebrew {word}") for word in ("one", "two", "three"))
    stage.edits(edited, "@acmebrew two, corrected")
    stage.deletes(deleted)

    page, gone = stage.network.refresh([kept, edited, deleted], account_id=stage.us)

    assert {post.id: post.text for post in page.posts} == {
        kept: "@acmebrew one",
        edited: "@acmebrew two, corrected",
    }
    assert list(gone) == [deleted]


@EVERYWHERE
def test_how_a_post_is_absent_is_said_by_type(stage):
    deleted = stage.says("maria", "@acmebrew one")
    stage.deletes(deleted)

    assert set(stage.network.refresh([deleted], account_id=stage.us)[1].values()) <= {"gone", "not shown"}


@EVERYWHERE
def test_looking_up_nobody_asks_nobody(network):
    assert network.people([]) == ()
    page, gone = network.refresh([], account_id=network.account().id)
    assert (page.posts, gone) == ((), {})


@EVERYWHERE
def test_the_length_of_plain_words_is_what_it_looks(network):
    assert network.length("hello") == 5
    assert network.length("") == 0
    assert network.length("x" * 100_000) > network.max_length


@EVERYWHERE
def test_addresses_are_whole_whatever_goes_into_them(network):
    odd = "https://evil.example/?a=b&c"
    for address in (
        network.post_link("12", None),
        network.post_link("12", "maria"),
        network.profile_link("maria"),
        network.reply_link("12", f"hi & bye {odd} \ud800\n" + "ß" * 5000),
    ):
        assert address.startswith("https://")
        assert address.isascii()
        assert not set(address) & set(" \n<>|")


def test_what_a_teammate_reads_names_no_secret(stage):
    stage.says("maria", "@acmebrew hello")
    post = one(stage)
    stage.trouble("unauthorized", writing=True)

    with pytest.raises(Later) as failed:
        stage.network.publish("Hello!", target(post), "key-1", account_id=stage.us)

    assert "s3cret" not in failed.value.detail + repr(failed.value) + repr(stage.network)


def test_a_target_that_never_was_is_refused(stage):
    nowhere = ReplyTarget("999", "1", "maria", datetime(2026, 1, 1, tzinfo=UTC))

    with pytest.raises(Refused):
        stage.network.publish("Hello!", nowhere, "key-1", account_id=stage.us)


# Frozen, and sent once


def freeze(stage, post, text="Hello!"):
    return stage.network.freeze(text, target(post), "key-1", at=post.posted_at, account_id=stage.us)


def test_freezing_a_reply_says_nothing_in_public(stage):
    stage.says("maria", "@acmebrew hello")
    post = one(stage)

    freeze(stage, post)

    assert stage.replies_to(post.id) == []


def test_a_frozen_reply_is_published_and_found_again(stage):
    stage.says("maria", "@acmebrew hello")
    post = one(stage)
    frozen = freeze(stage, post)

    published = stage.network.publish("Hello!", target(post), "key-1", account_id=stage.us, frozen=frozen)
    found = stage.network.find_reply(
        target(post), "Hello!", post.posted_at, account_id=stage.us, frozen=frozen
    )

    assert stage.replies_to(post.id) == ["Hello!"]
    assert found is not None
    assert found.post_id == published.post_id


def test_a_repeat_of_what_was_lost_makes_no_second_post(stage):
    stage.says("maria", "@acmebrew hello")
    post = one(stage)
    frozen = freeze(stage, post)
    stage.trouble("lost after", writing=True)
    with pytest.raises(Unsure):
        stage.network.publish("Hello!", target(post), "key-1", account_id=stage.us, frozen=frozen)

    rule = stage.network.repeat_rule(account_id=stage.us)
    if rule is None:
        with pytest.raises(Unsure):
            stage.network.repeat(target(post), "key-1", account_id=stage.us, frozen=frozen)
    else:
        stage.network.repeat(target(post), "key-1", account_id=stage.us, frozen=frozen)

    assert stage.replies_to(post.id) == ["Hello!"]
    assert rule is None or (rule.looks >= 1 and rule.latest < timedelta(hours=1))


# Taking a reply back


@pytest.fixture
def said(stage):
    """A mention, and our reply to it."""
    stage.says("maria", "@acmebrew hello")
    post = one(stage)
    return post, stage.network.publish("Hello!", target(post), "key-1", account_id=stage.us).post_id


def test_a_deleted_reply_is_gone_from_the_network_and_from_what_we_read(stage, said):
    post, reply = said

    stage.network.delete(reply, account_id=stage.us)

    assert stage.replies_to(post.id) == []
    assert stage.network.find_reply(target(post), None, post.posted_at, account_id=stage.us) is None
    assert [p for page in stage.network.own_posts(stage.start, account_id=stage.us) for p in page.posts] == []
    assert list(stage.network.refresh([reply], account_id=stage.us)[1]) == [reply]


def test_a_reply_may_be_deleted_twice(stage, said):
    post, reply = said

    stage.network.delete(reply, account_id=stage.us)
    stage.network.delete(reply, account_id=stage.us)

    assert stage.replies_to(post.id) == []


def test_deleting_takes_away_nothing_else(stage, said):
    post, reply = said
    other = stage.brand_says("and welcome", under=post.id)

    stage.network.delete(reply, account_id=stage.us)

    assert stage.replies_to(post.id) == ["and welcome"]
    assert stage.network.find_reply(target(post), None, post.posted_at, account_id=stage.us).post_id == other


def test_what_somebody_else_said_is_not_ours_to_delete(stage, said):
    post, _ = said

    with pytest.raises(Refused) as refused:
        stage.network.delete(post.id, account_id=stage.us)

    assert refused.value.reason == "not ours"
    assert one(stage).id == post.id


@pytest.mark.parametrize(("trouble", "left"), [("lost before", ["Hello!"]), ("lost after", [])])
def test_a_deletion_whose_answer_was_lost_is_repeated_until_it_is_known(stage, said, trouble, left):
    post, reply = said
    stage.trouble(trouble, writing=True)

    with pytest.raises(Unsure):
        stage.network.delete(reply, account_id=stage.us)

    assert stage.replies_to(post.id) == left
    stage.network.delete(reply, account_id=stage.us)
    assert stage.replies_to(post.id) == []


@pytest.mark.parametrize("cause", ["unreachable", "rate limit", "unauthorized"])
def test_a_deletion_that_is_put_off_leaves_the_reply_where_it_is(stage, said, cause):
    post, reply = said
    stage.trouble(cause, writing=True)

    with pytest.raises(Later) as failed:
        stage.network.delete(reply, account_id=stage.us)

    assert failed.value.cause == cause
    assert stage.replies_to(post.id) == ["Hello!"]


# Other credentials


CALLS = {
    "mentions": lambda net, us, stage, post: list(net.mentions(stage.start, account_id=us)),
    "search": lambda net, us, stage, post: list(net.search("hello", stage.start, account_id=us)),
    "own_posts": lambda net, us, stage, post: list(net.own_posts(stage.start, account_id=us)),
    "refresh": lambda net, us, stage, post: net.refresh([post.id], account_id=us),
    "find_reply": lambda net, us, stage, post: net.find_reply(
        target(post), "Hello!", post.posted_at, account_id=us
    ),
    "publish": lambda net, us, stage, post: net.publish("Again!", target(post), "key-2", account_id=us),
    "delete": lambda net, us, stage, post: net.delete(post.id, account_id=us),
}


@pytest.mark.parametrize("call", CALLS)
def test_no_call_for_one_account_is_made_with_the_credentials_of_another(stage, said, call):
    post, reply = said
    about = replace(post, id=reply) if call == "delete" else post
    theirs = stage.connects("acmetea")

    with pytest.raises(WrongAccount) as wrong:
        CALLS[call](stage.network, stage.us, stage, about)

    assert (wrong.value.wanted_id, wrong.value.connected.id) == (stage.us, theirs)
    assert wrong.value.connected.handle == stage.full_handle("acmetea")
    assert (wrong.value.cause, wrong.value.at) == ("other account", None)
    assert [stage.said_in(each) for each in stage.said_by("acmebrew")] == ["Hello!"]
    assert stage.said_by("acmetea") == []


def test_another_account_hears_and_says_what_is_its_own(stage, said):
    theirs = stage.connects("acmetea")
    stage.says("maria", "@acmetea and you?")

    (post,) = [p for page in stage.network.mentions(stage.start, account_id=theirs) for p in page.posts]
    published = stage.network.publish("Fine!", target(post), "key-2", account_id=theirs)

    assert (post.text, post.summons) == ("@acmetea and you?", "explicit")
    assert [stage.said_in(each) for each in stage.said_by("acmetea")] == ["Fine!"]
    found = stage.network.find_reply(target(post), "Fine!", post.posted_at, account_id=theirs)
    assert found.post_id == published.post_id
    assert [p.id for p in heard_of(stage, theirs)] == [published.post_id]


def heard_of(stage, account_id):
    return [
        post for page in stage.network.own_posts(stage.start, account_id=account_id) for post in page.posts
    ]


def test_an_account_that_is_connected_again_is_ours_again(stage, said):
    post, reply = said
    stage.connects("acmetea")
    with pytest.raises(WrongAccount):
        stage.network.delete(reply, account_id=stage.us)

    assert stage.connects("acmebrew") == stage.us
    stage.network.delete(reply, account_id=stage.us)

    assert stage.replies_to(post.id) == []


@EVERYWHERE
def test_how_to_connect_an_account_is_a_sentence_without_secrets(network):
    said = network.how_to_connect()

    assert said.endswith(".")
    assert "s3cret" not in said
