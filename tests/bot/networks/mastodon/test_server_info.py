"""What a server is, by its own words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.networks.mastodon.server_info import parse_instance
from sandbox.mastodon import FLAVOURS

MASTODON = "https://github.com/mastodon/mastodon"


@pytest.mark.parametrize(
    ("version", "source", "kind", "release"),
    [
        ("4.6.2", MASTODON, "mastodon", (4, 6)),
        ("4.3.0", MASTODON + "/", "mastodon", (4, 3)),
        ("4.6.0-beta.1", MASTODON, "mastodon fork", None),
        ("4.5.0+glitch", "https://github.com/glitch-soc/mastodon", "mastodon fork", None),
        ("4.6.2", "", "unknown", None),
        ("0.20.0+git-9d2a1b1", "https://codeberg.org/superseriousbusiness/gotosocial", "gotosocial", None),
        ("0.6.10", "https://github.com/fedify-dev/hollo", "hollo", None),
        ("2.7.2 (compatible; Pleroma 2.9.1)", "", "pleroma", None),
        ("2.7.2 (compatible; Akkoma 3.15.2)", MASTODON, "akkoma", None),
        ("3.5.3 (compatible; Pixelfed 0.12.5)", "", "pixelfed", None),
        ("4.6.2 (compatible; Iceshrimp 1.0)", MASTODON, "unknown", None),
        ("", "", "unknown", None),
    ],
)
def test_a_server_is_recognised(version, source, kind, release):
    found = parse_instance({"version": version, "source_url": source}, "brews.example")

    assert (found.kind, found.release, found.may_repeat) == (kind, release, release == (4, 6))
    assert found.host == "brews.example"


@pytest.mark.parametrize("here", FLAVOURS, indirect=True)
def test_the_doctor_is_told_what_the_server_is_and_cannot_do(here):
    told = " ".join(here.network.advice())

    assert "brews.example runs" in told
    assert ("no search for words" in told) is (here.world.flavour.searches is None)
    assert ("never sent again" in told) is (here.world.flavour.name != "mastodon")
    assert here.token not in told


def test_a_token_that_lacks_a_scope_is_named(here):
    here.token = here.world.grants.grant(
        here.world.brand.id, frozenset({"read:accounts", "read:statuses"})
    ).secret
    network = here.restarted()
    network.account()

    told = " ".join(network.advice())

    assert "lacks read:notifications, read:search, write:media, write:statuses" in told


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(
        st.sampled_from(["version", "source_url", "configuration", "domain", "uri", "api_versions"]),
        json_values,
    )
)
def test_whatever_a_server_says_of_itself_there_is_a_limit(document):
    found = parse_instance(document, "brews.example")

    assert found.max_length > 0
    assert found.describe()


def test_a_limit_of_the_document_holds():
    limits = {"statuses": {"max_characters": 1500, "characters_reserved_per_url": 30}}
    found = parse_instance({"version": "4.4.0", "source_url": MASTODON, "configuration": limits}, "b.example")

    assert (found.max_length, found.per_link, found.has_batch, found.notifies_of_quotes) == (
        1500,
        30,
        True,
        False,
    )
