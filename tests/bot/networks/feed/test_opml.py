"""A list of feeds as other readers export it."""

import pytest

from bot.networks.feed.documents import NotAFeed
from bot.networks.feed.opml import OPML_FEEDS_MAX, parse_opml


def test_feeds_in_folders_are_listed_once_with_their_titles():
    body = b"""<?xml version="1.0" encoding="UTF-8"?><opml version="1.0"><head><title>Feeds</title></head><body>
<outline text="Tea" title="Tea &amp; co" type="rss" xmlUrl="https://tea.example/feed" htmlUrl="https://tea.example/"/>
<outline text="Folder"><outline text="Pots" type="rss" xmlUrl="http://pots.example/rss?a=1&amp;b=2"/>
<outline text="Again" type="rss" xmlUrl="https://tea.example/feed"/><outline xmlurl="https://bare.example/x"/></outline>
<outline text="A page" type="link" url="https://page.example/"/><outline text="File" type="rss" xmlUrl="file:///etc/hosts"/>
</body></opml>"""

    assert parse_opml(body) == [
        ("Tea & co", "https://tea.example/feed"),
        ("Pots", "http://pots.example/rss?a=1&b=2"),
        ("", "https://bare.example/x"),
    ]


def test_a_list_that_was_cut_off_is_read_as_far_as_it_goes():
    body = b'<opml><body><outline text="R&D" xmlUrl="https://a.example/"><outline xmlUrl="https://b.exam'

    assert parse_opml(body) == [("R&D", "https://a.example/")]


def test_an_endless_list_ends():
    body = "<opml><body>" + "".join(
        f'<outline xmlUrl="https://a.example/{number}"/>' for number in range(OPML_FEEDS_MAX + 5)
    )

    assert len(parse_opml(body.encode())) == OPML_FEEDS_MAX


@pytest.mark.parametrize("body", [b"", b"plain", b"<rss/>", b"\x00\x01"])
def test_what_is_no_list_of_feeds_is_refused(body):
    with pytest.raises(NotAFeed):
        parse_opml(body)
