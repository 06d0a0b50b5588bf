"""An address that anybody typed never reaches a machine that is not on the public internet."""

import pytest

from bot.networks.feed.address import AddressRefusedError
from bot.networks.feed.fetching import FetchFailed
from bot.networks.feed.guard import Guard, is_public, parse_allowed
from tests.bot.networks.feed.internet import PUBLIC, answer, by_path, moved

CLOSED = {
    "this machine": "127.0.0.1",
    "this machine, another number": "127.9.8.7",
    "this machine in IPv6": "::1",
    "no machine": "0.0.0.0",
    "this network": "0.1.2.3",
    "no machine in IPv6": "::",
    "a private network": "10.1.2.3",
    "a private network of the middle size": "172.20.1.1",
    "a home network": "192.168.1.1",
    "a link-local address, as of a cloud's metadata": "169.254.7.7",
    "a provider's shared network": "100.64.1.1",
    "protocol assignments": "192.0.0.8",
    "a relay of 6to4": "192.88.99.1",
    "documentation": "192.0.2.1",
    "more documentation": "198.51.100.1",
    "still more documentation": "203.0.113.1",
    "a network for benchmarks": "198.18.0.1",
    "multicast": "224.0.0.251",
    "multicast inside an organisation": "239.1.1.1",
    "reserved": "240.0.0.1",
    "broadcast": "255.255.255.255",
    "link-local in IPv6": "fe80::1",
    "link-local with its interface": "fe80::1%lo",
    "a private network in IPv6": "fd00::1",
    "site-local": "fec0::1",
    "this machine, mapped into IPv6": "::ffff:127.0.0.1",
    "a public address, mapped into IPv6": "::ffff:93.184.215.14",
    "this machine, in the old compatible form": "::127.0.0.1",
    "this machine behind NAT64": "64:ff9b::7f00:1",
    "a network's own NAT64": "64:ff9b:1::1",
    "this machine behind 6to4": "2002:7f00:1::",
    "Teredo": "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "documentation in IPv6": "2001:db8::1",
    "newer documentation in IPv6": "3fff::1",
    "segment routing": "5f00::1",
    "multicast in IPv6": "ff02::1",
    "what is not a number": "localhost",
}


@pytest.mark.parametrize("address", CLOSED.values(), ids=CLOSED.keys())
def test_no_connection_is_made_to(internet, address):
    internet.names["feed.example"] = [address]

    with pytest.raises(AddressRefusedError, match=r"feed\.example is not on the public internet"):
        internet.fetcher().fetch("http://feed.example/rss")

    assert internet.connected == []


@pytest.mark.parametrize(
    "typed", ["http://127.0.0.1/", "http://[::1]:8080/", "http://[::ffff:10.0.0.1]/", "https://169.254.7.7/"]
)
def test_a_number_that_somebody_typed_is_checked_like_a_name(internet, typed):
    with pytest.raises(AddressRefusedError):
        internet.fetcher().fetch(typed)

    assert internet.connected == []


@pytest.mark.parametrize(
    "address", ["93.184.215.14", "1.1.1.1", "2606:4700:4700::1111", "2a00:1450:4001::8a"]
)
def test_ordinary_machines_are_public(address):
    assert is_public(address)


def test_one_private_address_among_several_refuses_the_host(internet):
    internet.names["feed.example"] = [PUBLIC[0], "10.0.0.1"]

    with pytest.raises(AddressRefusedError):
        internet.fetcher().fetch("http://feed.example/")

    assert internet.connected == []


def test_the_connection_goes_to_the_address_that_was_checked_whatever_dns_says_next(internet):
    server = internet.host("feed.example", answer())
    calm = internet.resolve

    def changing(host, port, seconds):
        found = calm(host, port, seconds)
        internet.names[host] = ["127.0.0.1"]
        return found

    internet.resolve = changing

    assert internet.fetcher().fetch("http://feed.example/rss").body == b"<rss/>"
    assert internet.asked_names == ["feed.example"]
    assert internet.connected == [((PUBLIC[0],), 80)]
    assert b"\r\nHost: feed.example\r\n" in server.asked[0]


def test_each_redirect_is_checked_anew(internet):
    internet.host("feed.example", moved("302 Found", "http://inside.example/rss"))
    inside = internet.host("inside.example", answer(), "10.0.0.7")

    with pytest.raises(FetchFailed, match=r"leads to an address that Heard does not read"):
        internet.fetcher().fetch("http://feed.example/rss")

    assert inside.asked == []


def test_a_redirect_of_a_stranger_does_not_open_what_an_administrator_allowed(internet):
    internet.host("feed.example", moved("302 Found", "http://wiki.internal/secret"))
    inside = internet.host(
        "wiki.internal", by_path({"/rss": moved("302 Found", "/new"), "/new": answer()}), "10.0.0.7"
    )
    fetcher = internet.fetcher("wiki.internal:80")

    with pytest.raises(FetchFailed, match="not on the public internet"):
        fetcher.fetch("http://feed.example/rss")
    assert inside.asked == []

    assert fetcher.fetch("http://wiki.internal/rss").address == "http://wiki.internal/new"


@pytest.mark.parametrize("port", [22, 25, 81, 3306, 5432, 6379, 8000, 9200, 65535])
def test_other_ports_are_not_read(internet, port):
    internet.host("feed.example", answer())

    with pytest.raises(AddressRefusedError, match=f"not {port}"):
        internet.fetcher().fetch(f"http://feed.example:{port}/")

    assert (internet.asked_names, internet.connected) == ([], [])


@pytest.mark.parametrize(
    "address", ["http://feed.example:8080/", "https://feed.example:8443/", "http://feed.example:80/"]
)
def test_the_usual_ports_are_read(internet, address):
    internet.names["feed.example"] = [PUBLIC[0]]

    with pytest.raises(FetchFailed, match="connection refused"):
        internet.fetcher().fetch(address)


def test_an_administrator_opens_one_port_of_one_host(internet):
    internet.host("forum.internal", answer(), "10.0.0.7")
    fetcher = internet.fetcher("Forum.internal:4711", "[fd00::7]:80")

    assert fetcher.fetch("http://forum.internal:4711/rss").body == b"<rss/>"
    for closed in ("http://forum.internal/", "http://other.internal:4711/", "http://forum.internal:4712/"):
        internet.names["other.internal"] = ["10.0.0.7"]
        with pytest.raises(AddressRefusedError):
            fetcher.fetch(closed)
    with pytest.raises(FetchFailed, match="connection refused"):
        fetcher.fetch("http://[fd00::7]/")


@pytest.mark.parametrize(
    "text", ["wiki.internal", "wiki.internal:0", "http://wiki.internal:80", "a:99999", "*:80"]
)
def test_what_is_no_host_and_port_is_said_at_the_start(text):
    with pytest.raises(ValueError, match="host:port"):
        parse_allowed(text)


def test_a_host_without_any_address_is_not_reached():
    with pytest.raises(OSError, match="no address"):
        Guard((), lambda *_: []).addresses("feed.example", 80, 1, allow_private=True)


def test_proxies_of_the_environment_are_left_alone(internet, monkeypatch, nobody):
    monkeypatch.setenv("http_proxy", nobody)
    monkeypatch.setenv("ALL_PROXY", nobody)
    internet.host("feed.example", answer())

    assert internet.fetcher().fetch("http://feed.example/").body == b"<rss/>"
