"""What comes instead of a feed, in too large a feed, and any text at all."""

import json
from contextlib import suppress
from html import escape
from xml.sax.saxutils import escape as xml_escape

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.networks.feed.documents import ENTRIES_MAX, TEXT_MAX_CHARS, NotAFeed
from bot.networks.feed.parsing import parse_document
from tests.bot.networks.feed.table import ADDRESS, cases


def read(body, content_type="application/xml"):
    return parse_document(body.encode() if isinstance(body, str) else body, content_type, ADDRESS)


def rss(items):
    return (
        f'<rss version="2.0"><channel><title>t</title><link>https://e.example/</link>{items}</channel></rss>'
    )


# --- what is no feed ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "reason", "sentence"),
    [
        ("", "empty", "It is empty."),
        (" \r\n\t", "empty", "It is empty."),
        ("\ufeff", "empty", "It is empty."),
        ("<!DOCTYPE html><html><body>Sign in</body></html>", "html", "It is a web page, not a feed."),
        ("\n<HTML><p>x", "html", "It is a web page, not a feed."),
        (
            '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"/>',
            "html",
            "It is a web page, not a feed.",
        ),
        ("<!-- cached --><html><br></html>", "html", "It is a web page, not a feed."),
        ('{"status": "ok"}', "json", "It is JSON, but not a JSON Feed."),
        ("[]", "json", "It is JSON, but not a JSON Feed."),
        ('{"version": 2}', "json", "It is JSON, but not a JSON Feed."),
        ('{"version": "https://json', "json", "It begins like JSON, but is not valid JSON."),
        ("[" * 100_000, "json", "It begins like JSON, but is not valid JSON."),
        ('<opml version="2.0"><body/></opml>', "opml", "It is a list of feeds (OPML), not a feed."),
        ("<urlset/>", "other", "It is a sitemap, not a feed."),
        ("<note>x</note>", "other", "It is XML, but not a feed: it begins with <note>."),
        ("Service unavailable", "other", "It is neither XML nor JSON, so it is no feed."),
        ("a < b", "other", "It is neither XML nor JSON, so it is no feed."),
        (b"\x89PNG\r\n\x1a\n\0\0", "other", "It is neither XML nor JSON, so it is no feed."),
    ],
)
def test_what_is_no_feed_is_named_for_what_it_is(body, reason, sentence):
    with pytest.raises(NotAFeed) as caught:
        read(body)

    assert (str(caught.value), caught.value.reason) == (sentence, reason)


def test_what_a_document_is_counts_before_what_its_header_says():
    assert read(rss(""), "text/html").kind == "RSS 2.0"
    assert (
        read('{"version": "https://jsonfeed.org/version/1.1", "items": []}', "text/xml").kind
        == "JSON Feed 1.1"
    )


def test_an_abbreviation_made_of_others_is_refused():
    body = '<!DOCTYPE rss [<!ENTITY a "tea"><!ENTITY b "&a;&a;">]>' + rss("<item><title>&b;</title></item>")

    with pytest.raises(NotAFeed, match="abbreviations"):
        read(body)


def test_a_document_that_grows_while_it_is_read_is_refused():
    body = f'<!DOCTYPE rss [<!ENTITY a "{"tea " * 500}">]>' + rss(
        f"<item><title>{'&a;' * 100}</title></item>"
    )

    with pytest.raises(NotAFeed, match="many times its size") as caught:
        read(body)

    assert caught.value.reason == "too long"


def test_a_file_that_an_entity_names_is_not_read():
    body = '<!DOCTYPE rss [<!ENTITY f SYSTEM "file:///etc/hostname">]>' + rss(
        "<item><title>a&f;b</title></item>"
    )

    assert read(body).entries[0].title == "ab"


# --- too much of it -----------------------------------------------------------------------------------------


def test_of_more_than_two_hundred_entries_the_first_count():
    items = "".join(f"<item><guid>{number}</guid></item>" for number in range(ENTRIES_MAX + 50))
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "items": [{"id": n} for n in range(ENTRIES_MAX + 50)],
    }

    for document in (read(rss(items)), read(json.dumps(feed))):
        assert [entry.key for entry in document.entries] == [str(number) for number in range(ENTRIES_MAX)]


def test_what_describes_the_feed_behind_its_last_entry_is_read_all_the_same():
    items = "<item><guid>1</guid></item>" * (ENTRIES_MAX + 1) + "<language>de</language>"

    assert read(rss(items)).entries[0].lang == "de"


def test_a_long_text_is_cut_and_a_longer_one_does_no_harm():
    items = f"<item><title>{'T' * 5_000}</title><description>{'word ' * 100_000}</description></item>"

    entry = read(rss(items)).entries[0]

    assert len(entry.text) <= TEXT_MAX_CHARS
    assert entry.text.endswith("word…")
    assert len(entry.title) == 1_000


def test_elements_within_each_other_without_end_do_no_harm():
    deep = "<b>" * 30_000

    assert (
        read(rss(f"<item><guid>1</guid><description>{deep}tea</description></item>")).entries[0].text == "tea"
    )
    assert read(rss(f"<item><guid>1</guid>{deep}</item>")).entries[0].key == "1"
    with pytest.raises(NotAFeed, match="100,000 elements"):
        read("<rss>" + "<b/>" * 100_001 + "</rss>")


def test_a_row_that_cannot_be_read_is_kept_as_it_was():
    document = read(rss("<item><category>tea</category></item><item><title>fine</title></item>"))

    assert [(row.raw, row.error) for row in document.unreadable] == [
        ("<category>tea</category>", "It has no id, no link, no title and no text.")
    ]


# --- any text at all ----------------------------------------------------------------------------------------

# What XML can carry: https://www.w3.org/TR/xml/#charsets; of the line ends only LF, as XML makes one of all.
CHARACTERS = st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff") | st.just("\n")
# They begin unlike each other, as a text that begins with its title loses that.
TITLES = st.text(CHARACTERS, max_size=100).map(lambda words: f"T {words}".strip())
TEXTS = st.text(CHARACTERS, max_size=200).map(lambda words: f"X {words}".strip())
TRICKY = "List<String> &lt;3 &amp;nbsp; ]]> <b>x</b> Ã© \u2028 \u00a0 {x} <![CDATA[ &#146; </title>"
tricky = example(f"T {TRICKY}", f"X {TRICKY}")


def one_line(text):
    return " ".join(text.split())


@given(TITLES, TEXTS)
@tricky
def test_any_text_survives_atom_as_text(title, text):
    body = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>1</id>'
        f"<title>{xml_escape(title)}</title><content>{xml_escape(text)}</content></entry></feed>"
    )

    (entry,) = read(body).entries

    assert (entry.title, entry.text) == (one_line(title), text)


@given(TITLES, TEXTS)
@tricky
def test_any_text_survives_json_feed(title, text):
    item = {"id": "1", "title": title, "content_text": text}

    (entry,) = read(json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": [item]})).entries

    assert (entry.title, entry.text) == (one_line(title), text)


@given(TITLES, TEXTS)
@tricky
def test_any_text_survives_rss_as_html(title, text):
    """Escaped twice, as RSS 2.0 has it, with tags that say that it is HTML, where blanks are one blank."""
    html = f"<p>{escape(text)}</p>".replace("\n", "<br>")
    items = (
        f"<item><guid>1</guid><title>{xml_escape(f'<b>{escape(title)}</b>')}</title>"
        f"<description>{xml_escape(html)}</description></item>"
    )

    (entry,) = read(rss(items)).entries

    assert (entry.title, one_line(entry.text)) == (one_line(title), one_line(text))


DOCUMENTS = [case.body for case in cases()]


@given(st.sampled_from(DOCUMENTS), st.data())
def test_no_document_is_an_error_however_broken(body, data):
    start = data.draw(st.integers(0, len(body)))
    end = data.draw(st.integers(start, min(len(body), start + 40)))
    broken = body[:start] + data.draw(st.binary(max_size=20)) + body[end:]

    with suppress(NotAFeed):
        document = parse_document(broken, "application/xml", ADDRESS)
        assert all(entry.link is None or entry.link.startswith("http") for entry in document.entries)


@given(st.binary(max_size=300))
def test_no_bytes_are_an_error(body):
    with pytest.raises(NotAFeed):
        parse_document(body, "", "")
