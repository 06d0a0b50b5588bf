"""What the HTML of a post says: Mastodon's own, other software's, and whatever else may come."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.networks.html_text import html_to_text
from sandbox.mastodon.state.text import render

LONG = "https://example.org/a/very/long/path/that/goes/on?x=1&y=2"


def link(address, words, **attributes):
    more = "".join(f' {name.strip("_")}="{value}"' for name, value in attributes.items())
    return f'<a href="{address}"{more}>{words}</a>'


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>one</p><p>two<br>three</p>", "one\n\ntwo\nthree"),
        ("<p>a</p>\n  <p>b</p>", "a\n\nb"),
        ("plain\n words<br/>next", "plain words\nnext"),
        ("<p>a &lt;b&gt; &amp;amp; c</p>", "a <b> &amp; c"),
        ("<div>a</div><div>b</div>", "a\nb"),
        ("<h1>Title</h1><p>text</p>", "Title\n\ntext"),
        ("<p>a <b>b</b> <em>c</em><del>d</del></p>", "a b cd"),
        ("", ""),
        ("<p></p>", ""),
        ("<p>x</p><p></p><p>y</p>", "x\n\ny"),
        # links
        (
            link(LONG.replace("&", "&amp;"), '<span class="invisible">https://</span><span class="ellipsis">'
                 'example.org/a/very</span><span class="invisible">/long/path/that/goes/on?x=1&amp;y=2</span>'),
            LONG,
        ),
        (link("https://example.org/", '<span class="invisible">https://</span>example.org'), "https://example.org"),
        (link("https://ok.example/menu", "our menu"), "our menu (https://ok.example/menu)"),
        (link("https://evil.example/", "https://bank.example/"), "https://bank.example/ (https://evil.example/)"),
        (link("javascript:alert(1)", "here"), "here"),
        ('<p><span class="invisible">unseen</span>seen</p>', "seen"),
        # names and tags
        (
            '<span class="h-card">' + link("https://r.example/@ana", "@<span>ana</span>", class_="u-url mention") + "</span> hi",
            "@ana hi",
        ),
        (link("https://r.example/tags/fern", "#<span>Fern</span>", class_="mention hashtag"), "#Fern"),
        (link("https://pleroma.example/users/ana", "@ana"), "@ana"),
        # quotes in old clients' form
        ('<p class="quote-inline">RE: ' + link("https://x.example/1", "x") + "</p><p>mine</p>", "mine"),
        ('<p><span class="quote-inline"><br>RE: x</span>mine</p>', "mine"),
        # lists, quotes, code
        ("<ul><li>a</li><li>b</li></ul><p>c</p>", "- a\n- b\n\nc"),
        ("<ol><li><p>a</p></li><li>b</li></ol>", "1. a\n2. b"),
        ("<ul><li>a<ul><li>b</li></ul></li></ul>", "- a\n  - b"),
        ("<blockquote><p>a</p><p>b<br>c</p></blockquote><p>d</p>", "> a\n>\n> b\n> c\n\nd"),
        ("<p>x</p><pre><code>if a:\n    b</code></pre><p>y</p>", "x\n\nif a:\n    b\n\ny"),
        ("<p>run <code>a  b</code></p>", "run a b"),
        # pictures in the text, and readings
        ('<p>hi <img alt=":blobcat:" src="https://e.example/c.png"></p>', "hi :blobcat:"),
        ("<ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby>", "漢(kan)"),
        ("<script>alert(1)</script><style>p{}</style>a<!-- b -->", "a"),
    ],
)  # fmt: skip
def test_html_says_what_its_author_wrote(html, text):
    assert html_to_text(html) == text


WORDS = st.sampled_from(
    ["tea", "&", "<b>", "&amp;", "a<b", "[x](y)", "**bold**", "日本", "🙂", "#Fern", "@ana@books.example", "@ana", LONG,
     "https://e.example/ü", "`code`", "_it_", "\\", "1.", "-", ">"]
)  # fmt: skip
LINES = st.lists(WORDS, min_size=1, max_size=6).map(" ".join)
TEXTS = st.lists(st.lists(LINES, min_size=1, max_size=3).map("\n".join), min_size=1, max_size=3).map(
    "\n\n".join
)
PROFILES = {"@ana": "https://brews.example/@ana", "@ana@books.example": "https://books.example/@ana"}


@given(TEXTS)
def test_what_was_typed_comes_back_as_it_was_typed(text):
    shown = text.replace("@ana@books.example", "@ana")  # Mastodon shows no domains

    assert html_to_text(render(text, PROFILES, "brews.example")) == shown


@given(TEXTS)
def test_without_accounts_and_tags_not_a_character_is_changed(text):
    assert html_to_text(render(text, {}, "brews.example")) == text


TAGS = st.sampled_from(
    ["p", "br", "a", "span", "ul", "ol", "li", "blockquote", "pre", "code", "img", "ruby", "rt", "x"]
)
PIECES = st.one_of(
    TAGS.map(lambda tag: f"<{tag}>"),
    TAGS.map(lambda tag: f"</{tag}>"),
    st.sampled_from(
        [
            '<span class="invisible">',
            '<p class="quote-inline">',
            '<a href="https://e.example">',
            "&#0;",
            "&lt;",
        ]
    ),
    st.text(max_size=10),
)


@given(st.lists(PIECES, max_size=30).map("".join))
def test_whatever_a_server_sends_becomes_text_that_can_be_stored(html):
    text = html_to_text(html)

    assert "\x00" not in text
    text.encode()


def test_a_very_long_post_is_read_in_time():
    assert html_to_text("<p>a &amp; b</p>" * 1_500).split() == ["a", "&", "b"] * 1_500


def test_quotes_within_quotes_do_not_grow_without_end():
    assert len(html_to_text("<blockquote>a<br>" * 200)) < 4_000
