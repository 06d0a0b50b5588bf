"""What a customer typed on X, read back out of what X makes of it."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.networks.values import AccountIdentity, Media, Post
from bot.networks.x.parsing import handles_of, parse_page, parse_post
from sandbox.x import Media as Attached
from sandbox.x import XWorld
from sandbox.x.api.json_rows import POST_FIELDS, Wanted, includes, post_row
from sandbox.x.state.text import links

ME = AccountIdentity("x", "42", "AcmeBrew", "Acme Brew")
ID = "1990000000000000000"
KETTLE = "https://shop.example.com/kettle?colour=red&size=2"


def row(text: str, *urls: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "id": ID,
        "author_id": "7",
        "created_at": "2026-11-21T10:00:00.000Z",
        "text": text,
        "edit_history_tweet_ids": [ID],
        "entities": {"urls": list(urls)},
        **more,
    }


def leads(short: str, to: str, text: str = "", **more: Any) -> dict[str, Any]:
    place = {"start": text.index(short), "end": text.index(short) + len(short)} if text else {}
    return {"url": short, "expanded_url": to, "display_url": to.partition("://")[2][:20], **place, **more}


def parsed(found: dict[str, Any], answer: dict[str, Any] | None = None) -> Post:
    made = parse_post(found, ME, answer or {})
    assert isinstance(made, Post), made
    return made


A, B = "https://t.co/aaaaaaaaaa", "https://t.co/bbbbbbbbbb"


@pytest.mark.parametrize(
    ("raw", "shift"),
    [
        (f"see {A} now", 0),
        (f"R&amp;D &lt;3 🍺👩‍👩‍👧 {A} now", 0),  # counted as X does: on the escaped text, in code points
        (f"🍺🍺 {A} now", 2),  # counted in UTF-16
        (f"R&amp;D {A} now", -4),  # counted on the unescaped text
        (f"see {A} now", -99),
        (f"see {A} now", 10**9),
    ],
)
def test_a_link_is_shown_as_where_it_leads_wherever_x_says_that_it_stands(raw: str, shift: int) -> None:
    link = leads(A, KETTLE.replace("&", "&amp;"), raw)
    link["start"] += shift

    found = parsed(row(raw, link)).text

    assert f" {KETTLE} now" in found
    assert "t.co" not in found
    assert "&amp;" not in found


def test_a_link_without_a_place_or_in_a_long_posts_note_is_shown_as_where_it_leads() -> None:
    note = {"text": f"{'long ' * 60}{A}", "entities": {"urls": [leads(A, KETTLE)]}}

    assert parsed(row(f"{A} and {B}", leads(A, KETTLE), leads(B, "http://e.example"))).text == (
        f"{KETTLE} and http://e.example"
    )
    assert parsed(row("long…", note_tweet=note)).text.endswith(KETTLE)
    assert parsed(row("long…", note_post=note)).text.endswith(KETTLE)


@pytest.mark.parametrize(
    ("expanded", "unwound", "shown"),
    [
        ("https://bit.ly/3abc", KETTLE, KETTLE),
        ("https://bit.ly/3abc", None, "https://bit.ly/3abc"),
        (
            "https://shop.example.com/a",
            "https://www.shop.example.com/a?session=1",
            "https://shop.example.com/a",
        ),
        ("https://tube.example/w", "https://consent.tube.example/m?to=w", "https://tube.example/w"),
        ("https://e.example/a", "javascript:alert(1)", "https://e.example/a"),
        ("https://bit.ly/3abc", f"https://e.example/{'x' * 3000}", "https://bit.ly/3abc"),
        ("javascript:alert(1)", None, A),
        ("https://e.example/a b", None, A),
        (None, None, A),
    ],
)
def test_a_shorteners_link_is_followed_and_what_is_no_address_is_not_believed(
    expanded, unwound, shown
) -> None:
    link = leads(A, expanded or "") | {"expanded_url": expanded, "unwound_url": unwound}

    assert parsed(row(f"see {A} ok", link)).text == f"see {shown} ok"


QUOTED = {"referenced_tweets": [{"type": "quoted", "id": "3"}]}
OWN_MEDIA = f"https://x.com/maria/status/{ID}/photo/1"


@pytest.mark.parametrize(
    ("raw", "urls", "more", "shown"),
    [
        (f"look {A}", [leads(A, "https://x.com/bo/status/3")], QUOTED, "look"),
        (f"look {A}", [leads(A, "https://twitter.com/i/web/status/3?s=20")], QUOTED, "look"),
        (f"{A} look", [leads(A, "https://x.com/bo/status/3")], QUOTED, "https://x.com/bo/status/3 look"),
        (f"look {A}", [leads(A, "https://x.com/bo/status/3")], {}, "look https://x.com/bo/status/3"),
        (f"look {A}", [leads(A, "https://x.com/bo/status/4")], QUOTED, "look https://x.com/bo/status/4"),
        (f"look\n{A}", [leads(A, OWN_MEDIA, media_key="3_1"), leads(A, OWN_MEDIA, media_key="3_2")], {}, "look"),
        (f"look {A}", [leads(A, OWN_MEDIA)], {}, "look"),
        (f"look {A} {B}", [leads(A, "https://x.com/bo/status/3"), leads(B, OWN_MEDIA)], QUOTED, "look"),
        (f"look {A}", [leads(A, "https://x.com/bo/status/9/photo/1")], {}, "look https://x.com/bo/status/9/photo/1"),
        (f"look {A} {B}", [leads(A, KETTLE), leads(B, OWN_MEDIA)], {}, f"look {KETTLE}"),
        (A, [leads(A, OWN_MEDIA)], {"attachments": {"media_keys": ["3_1"]}}, ""),
    ],
)  # fmt: skip
def test_the_link_that_x_appends_for_a_quote_or_for_media_goes_and_any_other_stays(
    raw, urls, more, shown
) -> None:
    assert parsed(row(raw, *urls, **more)).text == shown


@pytest.mark.parametrize(
    ("raw", "more", "shown", "addressed"),
    [
        ("@ann @acmebrew hello", {"display_text_range": [15, 20]}, "hello", ("ann", "acmebrew")),
        ("@ann hello @bo", {"display_text_range": [5, 14]}, "hello @bo", ("ann",)),
        ("@ann hello", {"display_text_range": [0, 10]}, "@ann hello", ()),
        ("@ann hello", {}, "@ann hello", ()),
        ("@ann @AcmeBrew hello", {"in_reply_to_user_id": "42"}, "hello", ("ann", "AcmeBrew")),
        ("@acmebrew", {"display_text_range": [0, 9], "in_reply_to_user_id": "42"}, "@acmebrew", ()),
        ("@acmebrew", {"in_reply_to_user_id": "42"}, "@acmebrew", ()),  # handles alone are all that was typed
        ("hello @ann", {"display_text_range": [6, 10]}, "hello @ann", ()),
        ("@ann hello", {"display_text_range": [3, 10]}, "@ann hello", ()),
        ("@ann hello", {"display_text_range": [-1, 99]}, "@ann hello", ()),
        ("@ann hello", {"display_text_range": [99, 120]}, "@ann hello", ()),
    ],
)
def test_the_handles_that_x_puts_in_front_are_context_and_not_words(raw, more, shown, addressed) -> None:
    found = parsed(row(raw, **more))

    assert (found.text, found.addressed) == (shown, addressed)


def named(*people: tuple[str, str]) -> dict[str, Any]:
    return {"mentions": [{"username": handle, "id": each, "start": 0, "end": 1} for handle, each in people]}


@pytest.mark.parametrize(
    ("more", "answers"),
    [
        ({}, None),
        ({"in_reply_to_user_id": "42"}, None),
        ({"in_reply_to_user_id": "7"}, None),  # their own thread goes on
        ({"in_reply_to_user_id": "9", "entities": named(("ann", "9"), ("acmebrew", "42"))}, "ann"),
        ({"in_reply_to_user_id": "9"}, ""),
    ],
)
def test_an_answer_to_a_third_person_says_to_whom(more, answers) -> None:
    assert parsed(row("hm", **more)).answers == answers


# --- what is attached -----------------------------------------------------------------------------------------


def test_pictures_and_polls_come_with_what_the_expansions_bring() -> None:
    pictures = [
        {
            "media_key": "3_1",
            "type": "photo",
            "url": "https://pbs.twimg.com/media/a.jpg",
            "alt_text": "a <b>",
        },
        {"media_key": "7_2", "type": "video", "preview_image_url": "https://pbs.twimg.com/v.jpg"},
        {"media_key": "16_3", "type": "animated_gif", "preview_image_url": "https://pbs.twimg.com/g.jpg"},
    ]
    options = [{"position": 2, "label": "No"}, {"position": 1, "label": "Yes"}]
    answer = {"includes": {"media": pictures, "polls": [{"id": "5", "options": options}]}}
    attached = {"media_keys": ["3_1", "7_2", "16_3", "3_9"], "poll_ids": ["5"]}

    assert parsed(row("look", attachments=attached), answer).media == (
        Media("photo", "https://pbs.twimg.com/media/a.jpg", "a <b>"),
        Media("video", "https://pbs.twimg.com/v.jpg"),
        Media("gif", "https://pbs.twimg.com/g.jpg"),
        Media("photo"),
        Media("poll", choices=("Yes", "No")),
    )


@pytest.mark.parametrize(
    "address",
    [
        "http://pbs.twimg.com/a.jpg",
        "https://evil.example/a.jpg",
        "https://pbs.twimg.com.evil.example/a.jpg",
        "https://pbs.twimg.com@evil.example/a.jpg",
        "https://pbs.twimg.com:8443/a.jpg",
        "https://pbs.twimg.com/a b.jpg",
        "https://pbs.twimg.com/a|b.jpg",
        "https://[pbs.twimg.com/a.jpg",
        "javascript:alert(1)",
        7,
    ],
)
def test_no_pictures_address_is_handed_on_but_one_of_xs_own_media_host(address) -> None:
    answer = {"includes": {"media": [{"media_key": "3_1", "type": "photo", "url": address}]}}

    assert parsed(row("look", attachments={"media_keys": ["3_1"]}), answer).media == (Media("photo"),)


# --- against what the local X makes of what was typed -----------------------------------------------------------

pieces = st.sampled_from(
    ["hi ", "& ", "<3 ", "&lt; ", "🍺 ", "👩‍👩‍👧", "é́", "日本語 ", "@bo ", "\n", f"{KETTLE} ", "e.example/a ",
     "https://t.co/typed ", "#tag ", "x" * 150 + " "]
)  # fmt: skip


@given(
    st.lists(pieces, max_size=12).map("".join).filter(str.strip), st.booleans(), st.booleans(), st.booleans()
)
@example("see e.example/a", True, True, True)
def test_what_was_typed_comes_back_whatever_x_makes_of_it(
    typed: str, is_reply: bool, has_quote: bool, has_media: bool
) -> None:
    world = XWorld()
    for handle in ("ana", "bo"):
        world.add_user(handle, handle)
    ours = world.post("acmebrew", "We are open.")
    theirs = world.post("bo", "@acmebrew hm")
    media = [Attached("https://pbs.twimg.com/a.jpg", alt="a"), Attached("https://pbs.twimg.com/b.jpg")]
    said = world.post(
        "ana",
        typed,
        reply_to=theirs.id if is_reply else None,
        quotes=ours.id if has_quote else None,
        media=media if has_media else [],
    )
    wanted = Wanted(
        post_fields=frozenset(POST_FIELDS),
        media_fields=frozenset({"url", "alt_text"}),
        expansions=frozenset({"attachments.media_keys"}),
    )
    brought, _ = includes(world, [said], wanted)
    answer = json.loads(json.dumps({"data": [post_row(world, said, wanted)], "includes": brought}))

    (found,) = parse_page(answer, AccountIdentity("x", world.brand.id, "acmebrew", "")).posts

    expected, done = "", 0
    for start, end, address in links(typed):
        expected, done = expected + typed[done:start] + address, end
    expected += typed[done:]
    assert found.text.strip() == expected.strip()
    assert found.addressed == (("bo", "acmebrew") if is_reply else ())
    assert (found.answers, found.quotes_us) == ("bo" if is_reply else None, has_quote)
    assert [one.alt for one in found.media] == (["a", None] if has_media else [])


def test_a_new_name_of_ours_is_told_by_the_posts_that_name_us() -> None:
    answer = {
        "data": [row("hi", entities=named(("AcmeNew", "42"), ("bo", "9"))), "what?", row("hm", entities=7)]
    }

    assert handles_of(answer, "42") == {"acmenew"}
    assert handles_of({}, "42") == set()


def test_somebody_who_took_our_old_name_does_not_call_us() -> None:
    assert parsed(row("@acmebrew hi", entities=named(("acmebrew", "9")))).summons == "none"
