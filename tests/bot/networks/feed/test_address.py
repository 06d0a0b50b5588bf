"""Addresses as people type them, and as people may see them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.networks.feed.address import (
    AddressRefusedError,
    hidden_address,
    normalise_address,
    secrets_of,
)


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("example.com/feed", "https://example.com/feed"),
        ("  <https://example.com/feed> ", "https://example.com/feed"),
        ("HTTPS://Example.COM:443", "https://example.com/"),
        ("http://example.com:80/a?b=c#d", "http://example.com/a?b=c"),
        ("http://example.com:8080/", "http://example.com:8080/"),
        ("feed://example.com/rss", "https://example.com/rss"),
        ("feed:https://example.com/rss", "https://example.com/rss"),
        ("example.com:8443/rss", "https://example.com:8443/rss"),
        ("https://bücher.example/neu?q=ü", "https://xn--bcher-kva.example/neu?q=%C3%BC"),
        ("https://example.com/a%20b?c=%26", "https://example.com/a%20b?c=%26"),
        ("https://ana:geheim@example.com/", "https://ana:geheim@example.com/"),
        ("http://1.2.3.4./", "http://1.2.3.4/"),
        ("http://[2606:4700:0:0::1111]/", "http://[2606:4700::1111]/"),
    ],
)
def test_an_address_has_one_spelling(typed, address):
    assert normalise_address(typed) == address
    assert normalise_address(address) == address


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "   ",
        "http://",
        "ftp://example.com/",
        "file:///feed.xml",
        "javascript:alert(1)",
        "mailto:ana@example.com",
        "http://example.com\\@feed.example/",
        "http://a@b@example.com/",
        "http://example.com:99999/",
        "http://example.com:0/",
        "https://example.com/a b",
        "https://example.com/\r\nX: y",
        "http://a..b/",
        "http://-a.example/",
        "http://0x7f.1/",
        "http://2130706433/",
        "http://127.1/",
        "http://[fe80::1%25eth0]/",
        "http://[not an address]/",
        "https://example.com/" + "a" * 2_000,
    ],
)
def test_what_is_no_address_is_refused_with_a_sentence(typed):
    with pytest.raises(AddressRefusedError, match=r"^[A-Z].*\.$"):
        normalise_address(typed)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://example.com/blog/feed.xml", "https://example.com/blog/feed.xml"),
        (
            "https://example.com:8443/2026/11/how-we-moved-in-2024/",
            "https://example.com:8443/2026/11/how-we-moved-in-2024/",
        ),
        ("https://example.com/rss?key=abc&sort=new&flag", "https://example.com/rss?key=…&sort=…&…"),
        ("https://ana:geheim@example.com/", "https://…@example.com/"),
        (
            "https://www.google.com/alerts/feeds/01441943357185983502/10271601532123878621",
            "https://www.google.com/alerts/feeds/…/…",
        ),
        ("https://example.com/private-3f9b2c7d8e1a4b5c6d7e8f9a/feed.xml", "https://example.com/…/feed.xml"),
        ("https://example.com/f/6ba7b810-9dad-11d1-80b4-00c04fd430c8", "https://example.com/f/…"),
        (
            "https://lemmy.example/feeds/c/functional_programming.xml",
            "https://lemmy.example/feeds/c/functional_programming.xml",
        ),
        ("no address", "…"),
    ],
)
def test_people_see_an_address_without_its_secrets(address, shown):
    assert hidden_address(address) == shown


def test_the_log_hides_secrets_in_each_spelling_but_not_the_words_that_are_searched():
    address = "https://ana:ge%3Aheim@e.org/3f9b2c7d8e1a4b5c6d7e8f9a/rss?token=ABC%2Fdefgh&q=acme+rocket"

    secrets = secrets_of(address)

    for each in (
        "ge%3Aheim",
        "ge:heim",
        "3f9b2c7d8e1a4b5c6d7e8f9a",
        "ABC%2Fdefgh",
        "ABC/defgh",
        "q=acme+rocket",
    ):
        assert each in secrets
    assert "acme rocket" not in secrets


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=60))
def test_whatever_is_typed_has_one_spelling_or_is_refused(text):
    try:
        address = normalise_address(text)
    except AddressRefusedError:
        return
    assert normalise_address(address) == address
    assert address.isascii()


@given(st.from_regex(r"[A-Za-z0-9]{24,40}", fullmatch=True), st.from_regex(r"[a-z]{1,8}", fullmatch=True))
def test_no_value_of_a_query_is_ever_shown(value, name):
    address = f"https://{name}:{value}@example.com/{name}?{name}={value}"

    assert value not in hidden_address(address)
    assert value in secrets_of(address)
