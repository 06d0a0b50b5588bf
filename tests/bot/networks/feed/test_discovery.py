"""The feeds and the title that a page names, found without reading the page as a browser does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.networks.feed.discovery import FoundFeed, find_feeds
from bot.networks.feed.fetching import Fetched, Validators
from bot.networks.feed.page_head import one_line, read_head


def page(html, address="https://blog.example/2026/post", kind="text/html; charset=utf-8"):
    body = html if isinstance(html, bytes) else html.encode()
    return Fetched(body, kind, address, None, Validators(), None)


def test_feeds_are_found_in_the_order_of_the_page_with_whole_addresses():
    found = find_feeds(
        page(
            """<!DOCTYPE html><html><head>
            <link rel="stylesheet" href="/a.css"><LINK REL='home alternate' TYPE="Application/RSS+XML; charset=utf-8"
              TITLE='Ana&#39;s &lt;blog&gt;' HREF=/rss>
            <link rel=alternate type=application/atom+xml href="atom.xml?a=1&amp;b=2" />
            <link type="application/feed+json" rel="alternate nofollow" href="//cdn.example/feed.json">
            <link rel="alternate" type="application/rss+xml" href="/rss#again">
            <link rel="alternate" type="text/html" hreflang="de" href="/de">
            <link rel="alternate" type="application/json" href="https://blog.example/wp-json/wp/v2/posts/1">
            <link rel="alternate" type="application/json+oembed" href="/oembed">
            <link rel="alternate" type="application/rss+xml" href="javascript:alert(1)">
            <link rel="alternate" type="application/rss+xml" href="">
            """
        )
    )

    assert found == (
        FoundFeed("https://blog.example/rss", "Ana's <blog>", "RSS"),
        FoundFeed("https://blog.example/2026/atom.xml?a=1&b=2", "", "Atom"),
        FoundFeed("https://cdn.example/feed.json", "", "JSON Feed"),
    )


def test_a_page_may_have_another_base():
    found = find_feeds(page('<base href="/en/"><link rel=alternate type=application/rss+xml href=feed>'))

    assert [feed.address for feed in found] == ["https://blog.example/en/feed"]


@pytest.mark.parametrize(
    "hidden",
    [
        "<!-- {} -->",
        "<script>var a = '{}'</script>",
        "<style>/* {} */</style>",
        "<textarea>{}</textarea>",
        "<template>{}</template>",
        "<title>{}</title>",
        "<!-- never closed {}",
        "<script> never closed {}",
        "&lt;link rel=alternate type=application/rss+xml href=/rss>",
    ],
)
def test_what_is_no_tag_of_the_page_names_no_feed(hidden):
    link = '<link rel="alternate" type="application/rss+xml" href="/rss">'

    assert find_feeds(page(hidden.replace("{}", link))) == ()


def test_a_page_with_hundreds_of_feeds_offers_twenty():
    links = "".join(f"<link rel=alternate type=application/rss+xml href=/{n}>" for n in range(500))

    assert len(find_feeds(page(links))) == 20


@pytest.mark.parametrize(
    "html", ["", "<", "<link", "<title>", "{}", b"\xff\xfe\x00", "plain words", "<link rel=alternate"]
)
def test_what_is_no_page_names_nothing(html):
    assert find_feeds(page(html)) == ()


@pytest.mark.parametrize(
    ("html", "title"),
    [
        ("<title>Sync\n  fails</title>", "Sync fails"),
        ("<TITLE lang=en>A &amp; B</TITLE >", "A & B"),
        ("<title>a<b>c</b></title>", "a c"),
        ("<title>1 < 2</title>", "1 < 2"),
        ("<title></title><title>second</title>", "second"),
        ("<svg><title>icon</title></svg><title>page</title>", "page"),
        ("<titles>no</titles>", None),
        ("<title>never closed", "never closed"),
        ("<title>\u202egnp.exe</title>", "gnp.exe"),
        ("<title>" + "x" * 300 + "</title>", "x" * 199 + "…"),
    ],
)
def test_a_title_is_one_line_of_plain_text(html, title):
    assert read_head(html.encode(), "text/html; charset=utf-8").title == title


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("<title>Żółw</title>".encode(), "text/html"),
        ("<title>Żółw</title>".encode("utf-16"), "text/html"),
        ("<title>Żółw</title>".encode("iso-8859-2"), "text/html; charset=ISO-8859-2"),
        ('<meta charset="iso-8859-2"><title>Żółw</title>'.encode("iso-8859-2"), "text/html"),
        ("<title>Żółw</title>".encode(), "text/html; charset=no-such-thing"),
        ("<title>Żółw</title>".encode(), "text/html; charset=base64"),
    ],
)
def test_a_title_is_read_in_the_encoding_of_its_page(body, kind):
    assert read_head(body, kind).title == "Żółw"


def test_what_is_declared_latin_is_read_as_browsers_do():
    assert read_head(b"<title>\x93Heard\x94</title>", "text/html; charset=iso-8859-1").title == "“Heard”"


@given(
    st.lists(
        st.sampled_from(
            [
                "<link",
                "<title>",
                "</title>",
                "<!--",
                "-->",
                '"',
                "'",
                ">",
                " rel=",
                "alternate",
                "<script>",
                "<base href=",
                "&#",
                "\x00",
                "x",
            ]
        ),
        max_size=60,
    )
)
def test_no_page_breaks_the_reading(pieces):
    html = "".join(pieces)

    read_head(html.encode(), "text/html")
    assert len(one_line(html)) <= 200
