"""X's rows as posts and people: both vocabularies, and whatever else may come down the wire."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.networks.values import AccountIdentity, AuthorProfile, Post, UnreadableRow
from bot.networks.x.ids import id_with_overlap, parse_id, post_url, since_id_for, time_of_id
from bot.networks.x.parsing import (
    is_reply_to,
    missing_ids,
    parse_json,
    parse_page,
    parse_post,
    parse_profile,
    post_fields,
)

ME = AccountIdentity("x", "42", "AcmeBrew", "Acme Brew")
ID = "1990000000000000000"
ROW = {
    "id": ID,
    "author_id": "7",
    "conversation_id": ID,
    "created_at": "2026-11-21T10:00:00.000Z",
    "text": "@acmebrew is the kettle back?",
    "edit_history_tweet_ids": [ID],
    "entities": {"mentions": [{"start": 0, "end": 9, "username": "acmebrew", "id": "42"}]},
    "lang": "en",
}

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
odd_rows = st.dictionaries(
    st.sampled_from(
        [
            *ROW,
            "note_tweet", "note_post", "referenced_tweets", "referenced_posts", "edit_history_post_ids",
            "display_text_range", "in_reply_to_user_id", "attachments", "username", "name", "public_metrics",
        ]
    ),
    json_values
    | st.sampled_from([ID, "42", 42, "@acmebrew hi", "\ud800", "\x00", [0, 5], [-1, None], [None], [{}], [{"id": None}]])
    | st.fixed_dictionaries({"text": json_values, "entities": json_values})
    | st.lists(st.fixed_dictionaries({"type": st.sampled_from(["replied_to", "quoted", "retweeted"]), "id": json_values}))
    | st.fixed_dictionaries({"mentions": st.lists(json_values), "urls": st.lists(json_values)})
    | st.fixed_dictionaries({"media_keys": json_values, "poll_ids": json_values})
)  # fmt: skip


def parsed(**changes) -> Post:
    found = parse_post({**ROW, **changes}, ME, {})
    assert isinstance(found, Post), found
    return found


@given(st.one_of(json_values, odd_rows, odd_rows.map(lambda changes: {**ROW, **changes})))
def test_any_row_is_a_post_or_a_bad_row_and_never_an_exception(row):
    found = parse_post(row, ME, {"includes": row})

    assert isinstance(found, Post | UnreadableRow)
    if isinstance(found, Post):
        attached = [text for one in found.media for text in (one.url or "", one.alt or "", *one.choices)]
        stored = [found.text, found.lang or "", *attached]
    else:
        stored = [found.raw, found.error]
    for text in stored:
        assert text.encode() is not None  # a lone surrogate would raise
        assert "\x00" not in text or isinstance(found, UnreadableRow)


@given(st.one_of(json_values, odd_rows))
def test_any_row_is_a_person_or_nobody_and_never_an_exception(row):
    found = parse_profile(row)

    assert found is None or (isinstance(found, AuthorProfile) and found.name.encode() is not None)


@given(st.binary() | json_values.map(lambda value: json.dumps(value).encode()))
def test_any_answer_is_an_object_or_one_kind_of_error(body):
    try:
        answer = parse_json(body)
        assert parse_page(answer, ME).has_gap is False
    except ValueError:
        pass


@given(st.one_of(json_values, odd_rows), st.none() | st.text())
def test_any_row_of_our_own_is_our_reply_or_is_not(row, text):
    assert is_reply_to(row, {ID}, text, datetime(2026, 1, 1, tzinfo=UTC)) in {True, False}


def test_a_bad_row_spoils_nothing_but_itself():
    answer = {"data": [ROW, "what?", {**ROW, "id": "5", "author_id": None}, 7], "meta": {"newest_id": ID}}

    found = parse_page(answer, ME)

    assert [good.id for good in found.posts] == [ID]
    assert [(bad.post_id, bad.error) for bad in found.unreadable] == [
        (None, "not an object"),
        ("5", "it has no author_id"),
        (None, "not an object"),
    ]
    assert json.loads(found.unreadable[1].raw)["text"] == ROW["text"]
    assert found.position == ID


def test_an_absurd_number_or_an_endless_row_spoils_nothing_but_itself():
    deep = "[" * 90 + "]" * 90
    body = '{"data":[{"id":' + "9" * 5000 + '},{"text":' + deep + "}," + json.dumps(ROW) + "]}"

    found = parse_page(parse_json(body.encode()), ME)

    assert ([good.id for good in found.posts], len(found.unreadable)) == ([ID], 2)


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"<html>", b'{"data":', b"[" * 100_000, b"\xff\xfe"])
def test_an_answer_that_is_no_object_is_an_error(body):
    with pytest.raises(ValueError, match=r"\w"):
        parse_json(body)


def test_the_cursor_is_told_by_the_first_page_alone_and_never_made_up():
    assert parse_page({"data": [ROW], "meta": {"newest_id": "junk"}}, ME).position == ID
    assert parse_page({"data": [ROW], "meta": []}, ME, first=False).position is None
    assert parse_page({"meta": {"result_count": 0}}, ME).position is None


def test_both_vocabularies_say_the_same():
    new = {
        "edit_history_tweet_ids": ["5", ID],
        "note_tweet": {"text": "long"},
        "referenced_tweets": [{"type": "replied_to", "id": "3"}],
    }
    post_words = json.loads(json.dumps(ROW | new).replace("tweet", "post"))

    assert parse_post(post_words, ME, {}) == parsed(**new)
    assert post_fields("tweet") != post_fields("post")
    assert "tweet" not in post_fields("post")


def test_html_is_unescaped_exactly_once():
    assert (
        parsed(text="a &lt; b &amp;amp; c &gt; d &amp;lt; &copy; &quot;").text
        == "a < b &amp; c > d &lt; &copy; &quot;"
    )


def test_a_long_post_is_told_whole():
    assert parsed(note_tweet={"text": "x" * 25_000}, text="xxx…").text == "x" * 25_000
    assert parsed(note_tweet={"text": ""}, text="short").text == "short"


def test_what_cannot_be_stored_is_replaced_everywhere():
    assert parsed(text="a\ud83db\x00c").text == "a\ufffdb\ufffdc"
    assert parse_profile({"id": "7", "username": "ma\x00ria", "name": "\ud800"}) == AuthorProfile(
        "7", "ma\ufffdria", "\ufffd"
    )


@pytest.mark.parametrize(
    ("history", "first"),
    [(["5", "6", ID], "5"), (["", ID], ID), ([""], ID), ([], ID), (None, ID), ("junk", ID)],
)
def test_an_edit_chain_is_known_by_its_first_real_id(history, first):
    found = parsed(edit_history_tweet_ids=history)

    assert (found.id, found.latest_id) == (first, ID)


def test_a_missing_time_is_read_from_the_id():
    at = datetime(2026, 11, 21, 10, tzinfo=UTC)
    snowflake = (int(at.timestamp() * 1000) - 1288834974657) << 22

    assert parsed(id=str(snowflake), created_at=None).posted_at == at
    assert parsed(id=str(snowflake), created_at="yesterday").posted_at == at
    assert isinstance(parse_post({**ROW, "id": "1001", "created_at": None}, ME, {}), UnreadableRow)


def test_what_a_post_refers_to_is_told_apart():
    both = [{"type": "replied_to", "id": "3"}, {"type": "quoted", "id": "4"}]

    assert (parsed(referenced_tweets=both).in_reply_to, parsed(referenced_tweets=both).quoted) == ("3", "4")
    repost = parsed(referenced_tweets=[{"type": "retweeted", "id": "3"}])
    assert (repost.is_repost, repost.summons) == (True, "none")


def test_media_are_told_by_their_kind():
    found = parsed(attachments={"media_keys": ["3_1", "7_2", "16_3", "99_4", None], "poll_ids": ["1"]})

    assert tuple(one.kind for one in found.media) == ("photo", "video", "gif", "media", "media", "poll")


@pytest.mark.parametrize(
    ("code", "lang"),
    [
        ("en", "en"),
        ("zh-TW", "zh-TW"),
        ("und", None),
        ("qme", None),
        ("qu", "qu"),
        ("zxx", None),
        ("", None),
        (5, None),
    ],
)
def test_a_code_for_no_language_is_no_language(code, lang):
    assert parsed(lang=code).lang == lang


def test_an_address_holds_a_handle_only_if_it_is_one():
    assert parsed().url == f"https://x.com/i/status/{ID}"
    with_users = {"includes": {"users": [{"id": "7", "username": "maria"}]}}
    assert parse_post(ROW, ME, with_users).url == f"https://x.com/maria/status/{ID}"
    assert post_url("5", "../../evil?") == "https://x.com/i/status/5"
    assert post_url("5/../6", "maria") == "https://x.com/maria/status/0"


def mention(start, handle="acmebrew"):
    return {"mentions": [{"start": start, "username": handle}]}


REPLY = {"in_reply_to_user_id": "42", "referenced_tweets": [{"type": "replied_to", "id": "3"}]}
QUOTE = {"referenced_tweets": [{"type": "quoted", "id": "3"}]}
QUOTED_LINK = {"urls": [{"url": "https://t.co/a", "expanded_url": "https://x.com/AcmeBrew/status/3"}]}


@pytest.mark.parametrize(
    ("row", "summons"),
    [
        ({}, "explicit"),
        ({"entities": mention(0, "ACMEBREW")}, "explicit"),
        ({"entities": mention(0, "acmebrewery")}, "none"),
        ({"entities": mention(0), "display_text_range": [0, 30]}, "explicit"),
        ({"entities": mention(0), "display_text_range": [10, 30], **REPLY}, "implicit"),
        ({"entities": mention(15), "display_text_range": [10, 30], **REPLY}, "explicit"),
        ({"entities": mention(0), "display_text_range": [10, 30], "in_reply_to_user_id": "9"}, "implicit"),
        ({"entities": mention(0), **REPLY}, "implicit"),
        ({"entities": mention(0), "in_reply_to_user_id": "9"}, "explicit"),
        ({"text": "@bob @acmebrew hm @acmebrew", "entities": mention(18), **REPLY}, "explicit"),
        ({"text": "nice", "entities": {}, **REPLY}, "implicit"),
        ({"text": "nice", "entities": {}}, "none"),
        ({"text": "cut…", "entities": mention(0, "bob"), "note_tweet": {"text": "cut @acmebrew", "entities": mention(4)}}, "explicit"),
        ({"text": "hi @AcmeBrew!", "entities": None}, "explicit"),
        ({"text": "mail me@acmebrew.example", "entities": None}, "none"),
        ({"text": "look", "entities": QUOTED_LINK, **QUOTE}, "implicit"),
        ({"text": "look", "entities": {"urls": [{"expanded_url": "https://x.com/other/status/3"}]}, **QUOTE}, "none"),
    ],
)  # fmt: skip
def test_how_the_author_called_us(row, summons):
    assert parsed(**row).summons == summons


@pytest.mark.parametrize("beside", ["tweets", "posts"])
def test_a_quote_of_ours_is_known_by_what_came_beside_it(beside):
    answer = {"includes": {beside: [{"id": "3", "author_id": "42"}]}}

    assert parse_post({**ROW, "text": "look", "entities": {}, **QUOTE}, ME, answer).summons == "implicit"


OURS = {**ROW, "author_id": "42", "referenced_tweets": [{"type": "replied_to", "id": "3"}]}
NOON = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("sent", "shown", "urls"),
    [
        ("Back on Monday.", "@maria @bob Back on Monday.", {}),
        ("@maria Back on Monday.", "@maria Back on Monday.", {}),
        ("a < b & c", "@maria a &lt; b &amp; c", {}),
        ("a &amp; b", "@maria a &amp;amp; b", {}),
        ("cafe\u0301", "@maria caf\u00e9", {}),
        ("two\n\nlines ", "@maria two\n\nlines", {}),
        ("see acme.example", "@maria see https://t.co/a", {"https://t.co/a": "http://acme.example"}),
        ("https://acme.example/?a=1&b=2 and acme.example/x", "@maria https://t.co/ab and https://t.co/a",
         {"https://t.co/a": "http://acme.example/x", "https://t.co/ab": "https://acme.example/?a=1&b=2"}),
    ],
)  # fmt: skip
def test_our_words_are_known_again_after_x_has_dressed_them(sent, shown, urls):
    entities = {"urls": [{"url": short, "expanded_url": long} for short, long in urls.items()]}
    row = {**OURS, "text": shown, "entities": entities}

    assert is_reply_to(row, {"3"}, sent, NOON)
    assert is_reply_to(row, {"3"}, None, NOON)
    assert not is_reply_to(row, {"3"}, sent + " and more", NOON)
    assert not is_reply_to(row, {"4"}, sent, NOON)
    assert not is_reply_to(row, {"3"}, sent, NOON + timedelta(hours=1))


def test_who_may_not_be_shown_any_more_is_told_from_the_errors():
    answer = {
        "errors": [
            {"value": "1", "type": "https://api.twitter.com/2/problems/resource-not-found"},
            {"resource_id": "2", "type": "https://api.x.com/2/problems/not-authorized-for-resource"},
            {"value": "3", "type": "https://api.x.com/2/problems/over-capacity"},
            "what?",
        ]
    }

    assert missing_ids(answer) == {"1", "2"}


@given(st.integers(min_value=1 << 50, max_value=(1 << 63) - 1))
def test_asking_goes_back_a_quarter_of_an_hour(number):
    back = id_with_overlap(str(number))

    assert (
        time_of_id(str(number)) - timedelta(minutes=15, milliseconds=1)
        < datetime.fromtimestamp(((int(back) >> 22) + 1288834974657) / 1000, UTC)
        < time_of_id(str(number)) - timedelta(minutes=14, seconds=59)
    )


@pytest.mark.parametrize(
    ("post_id", "before"), [("1", None), ("100", None), ("101", "1"), ("5000", "4900"), ("junk", None)]
)
def test_ids_that_only_count_are_stepped_back_by_counting(post_id, before):
    assert id_with_overlap(post_id) == before
    assert time_of_id(post_id) is None


def test_a_search_for_our_reply_begins_at_the_later_of_target_and_try():
    at = time_of_id(ID)

    assert since_id_for(ID, at - timedelta(days=3)) == ID
    assert time_of_id(since_id_for(ID, at + timedelta(days=3))) == pytest.approx(
        at + timedelta(days=3, minutes=-2), abs=timedelta(milliseconds=2)
    )
    assert since_id_for("1001", at) == "1001"


@pytest.mark.parametrize("value", [None, True, 1.0, "", "-1", "1 ", "1\n", "٣", "1" * 20, [], {}])
def test_what_is_no_id_is_none(value):
    assert parse_id(value) is None
