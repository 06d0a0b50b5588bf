"""Lengths as each server counts them, held equal to the local servers, which refuse what is too long."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.networks.mastodon.length import measure
from bot.networks.mastodon.server_info import ServerInfo
from tests.bot.networks.mastodon.conftest import target

MASTODON = ServerInfo("brews.example", kind="mastodon")
GOTOSOCIAL = ServerInfo("brews.example", kind="gotosocial", per_link=None, counting="code points")
ROCKETEER = "\N{WOMAN}\u200d\N{ROCKET}"


@pytest.mark.parametrize(
    ("text", "mastodon", "gotosocial"),
    [
        ("hello", 5, 5),
        ("", 0, 0),
        (ROCKETEER, 1, 3),
        ("cafe\u0301", 4, 5),
        ("https://example.org/" + "x" * 100, 23, 120),
        ("https://a.de", 23, 12),
        ("example.org/menu", 16, 16),
        ("see https://a.de.", 4 + 23 + 1, 17),
        ("@ana@books.example hi", 7, 21),
        ("@ana hi", 7, 7),
        ("mail ana@books.example", 22, 22),
        ("\r\n", 1, 2),
    ],
)
def test_each_server_counts_in_its_own_way(text, mastodon, gotosocial):
    assert (measure(text, "", MASTODON), measure(text, "", GOTOSOCIAL)) == (mastodon, gotosocial)


def test_the_warning_counts():
    assert measure("hello", "tea", MASTODON) == 8
    assert measure("hello", ROCKETEER, GOTOSOCIAL) == 8


@pytest.mark.parametrize("here", ["mastodon"], indirect=True)
def test_the_handle_in_front_and_the_warning_of_a_reply_count(here):
    post = here.hear_one(spoiler="tea")

    assert here.network.length("hello", target(post)) == len("@maria hello") + len("tea")
    assert here.network.length("hello") == 5


@pytest.mark.parametrize(
    ("here", "most"),
    [("mastodon", 500), ("gotosocial", 5000), ("hollo", 10_000), ("akkoma", 5000)],
    indirect=["here"],
)
def test_the_limit_is_the_servers_own(here, most):
    assert here.network.max_length == most


WORDS = st.sampled_from(
    [
        "a",
        "tea ",
        ROCKETEER,
        "é",
        "e\u0301",
        "https://example.org/menu?x=1 ",
        "@ana@books.example ",
        "\n",
        "日本",
        "👍🏽",
    ]
)


@settings(max_examples=60)
@given(st.lists(WORDS, max_size=60).map("".join), st.sampled_from(["", "tea", "👍🏽"]))
def test_we_count_as_the_local_server_does(text, warning):
    from sandbox.mastodon.state.text import count_as_mastodon

    assert measure(text, warning, MASTODON) == count_as_mastodon(warning, text, 23)
