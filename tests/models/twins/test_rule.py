"""Which posts are twins: the same words by the same person on another network, and nothing less."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.twins.rule import TWIN_WINDOW, WORDS_MIN_CHARS, TwinCandidate, first_label, is_same_text, is_twin
from tests.models.ledger import NINE, minute

WORDS = "@acmebrew my kettle leaks since this morning"
ON_X = TwinCandidate("x", "maria", WORDS, NINE)
ON_MASTODON = TwinCandidate("mastodon", "maria@any.server", WORDS, minute(3))
NETWORKS = ("x", "mastodon", "bluesky")
HANDLES = st.sampled_from(
    ["maria", "Maria", "maria@any.server", "maria.bsky.social", "mario", "maria_", None, "@maria"]
)
TEXTS = st.sampled_from(
    [
        WORDS,
        WORDS.upper(),
        "@acmebrew@any.server my kettle leaks, since this morning!",
        "my kettle",
        "",
        "!!!",
    ]
)
CANDIDATES = st.builds(
    TwinCandidate,
    network=st.sampled_from(NETWORKS),
    handle=HANDLES,
    words=TEXTS,
    posted_at=st.integers(-15, 15).map(minute),
    is_private=st.booleans(),
)


@pytest.mark.parametrize("handle", ["maria", "Maria", "maria@any.server", "maria.bsky.social", "@maria"])
def test_the_first_label_of_a_handle_is_what_it_shares_with_other_networks(handle: str) -> None:
    assert first_label(handle) == "maria"


@pytest.mark.parametrize("handle", [None, "", "@", ".any.server"])
def test_who_has_no_handle_has_no_label(handle: str | None) -> None:
    assert first_label(handle) is None


def test_the_same_words_by_the_same_handle_are_a_twin() -> None:
    assert is_twin(ON_X, ON_MASTODON)


@pytest.mark.parametrize(
    "other",
    [
        replace(ON_MASTODON, handle="mario@any.server"),
        replace(ON_MASTODON, handle=None),
        replace(ON_MASTODON, network="x"),
        replace(ON_MASTODON, is_private=True),
        replace(ON_MASTODON, words="@acmebrew my kettle leaks since last morning"),
        replace(ON_MASTODON, posted_at=NINE + TWIN_WINDOW + timedelta(seconds=1)),
        replace(ON_MASTODON, posted_at=NINE - TWIN_WINDOW - timedelta(seconds=1)),
    ],
    ids=["handle", "no handle", "network", "private", "words", "late", "early"],
)
def test_one_difference_is_enough_to_be_no_twin(other: TwinCandidate) -> None:
    assert not is_twin(ON_X, other)


def test_ten_minutes_apart_is_still_a_twin() -> None:
    assert is_twin(ON_X, replace(ON_MASTODON, posted_at=NINE + TWIN_WINDOW))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("a" * WORDS_MIN_CHARS, "A" * WORDS_MIN_CHARS, True),
        ("a" * (WORDS_MIN_CHARS - 1), "a" * (WORDS_MIN_CHARS - 1), False),
        ("Où est ma commande, s'il vous plaît ?", "ou est ma commande s il vous plait", True),
        ("@acmebrew my kettle leaks", "@acmebrew@any.server my kettle leaks", True),
        ("@acmebrew my kettle leaks", "@acmebrew.bsky.social my kettle leaks", True),
        ("@acmebrew my kettle leaks again", "@acme_help@any.server my kettle leaks again", True),
        ("@acmebrew_official_support hi", "@acme_help@any.server hi", False),
        ("write to me@example.org about it", "write to me@example.com about it", False),
        ("!?! :-) …………………………………", "!?! :-) …………………………………", False),
    ],
)
def test_words_are_the_same_as_people_read_them(one: str, other: str, same: bool) -> None:
    assert is_same_text(one, other) is same


@given(CANDIDATES, CANDIDATES)
def test_the_order_of_two_posts_does_not_matter_and_a_twin_is_never_less_than_the_rule(
    one: TwinCandidate, other: TwinCandidate
) -> None:
    assert is_twin(one, other) is is_twin(other, one)
    if is_twin(one, other):
        assert one.network != other.network
        assert not one.is_private
        assert not other.is_private
        assert abs(one.posted_at - other.posted_at) <= TWIN_WINDOW
        assert first_label(one.handle) == first_label(other.handle) is not None


def test_profiles_that_link_each_other_are_one_person_whatever_their_handles() -> None:
    hers = replace(ON_X, handle="mm_1987", profile_url="https://x.com/mm_1987")
    home = replace(ON_MASTODON, profile_url="https://any.server/@maria", profile_links={hers.profile_url})

    assert not is_twin(hers, home)  # anybody may name her profile as theirs
    assert is_twin(replace(hers, profile_links={home.profile_url}), home)
