"""Links, handles and hashtags are found where readers see them, and their offsets count bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.networks.bluesky.facets import HANDLES_MAX, build_facets, find_spans


def found(text):
    return [(span.kind, span.value) for span in find_spans(text)]


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("see https://e.org/a?b=c&d=e#f now", ["https://e.org/a?b=c&d=e#f"]),
        ("「https://e.org」。", ["https://e.org"]),
        ("見てhttps://e.org/path。次は", ["https://e.org/path"]),
        ("https://e.orgです", ["https://e.org"]),
        ("https://example.org/日本語", ["https://example.org/日本語"]),
        ("看 https://e.org/路径。", ["https://e.org/路径"]),
        ("https://münchen.de/x, https://日本語.jp", ["https://münchen.de/x", "https://日本語.jp"]),
        ("(https://e.org/a_(b)).", ["https://e.org/a_(b)"]),
        ("“https://e.org”! *https://f.org*", ["https://e.org", "https://f.org"]),
        ("https://e.org:8443/x#top", ["https://e.org:8443/x#top"]),
        ("at acme.com/menu, or www.acme.co.uk.", ["https://acme.com/menu", "https://www.acme.co.uk"]),
        ("mail info@acme.com or info@münchen.de", []),
        ("Done.Next v2.0 3.14 e.g. this.that file.txtx", []),
        ("http:// https://x https://", []),
    ],
)
def test_a_link_is_found_as_a_reader_would(text, links):
    assert [value for kind, value in found(text) if kind == "link"] == links


@pytest.mark.parametrize(
    ("text", "handles"),
    [
        ("@ana.bsky.social's post", ["ana.bsky.social"]),
        ("(@Ana.Test) and @b.test.", ["ana.test", "b.test"]),
        ("@ana @a.b @user@mastodon.social me@ana.test", ["a.b"]),
        ("見て@ana.test、", ["ana.test"]),
        ("@-ana.test @ana-.test @ana.1test", []),
    ],
)
def test_a_handle_is_found_as_bluesky_reads_it(text, handles):
    assert [value for kind, value in found(text) if kind == "mention"] == handles


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("#tea #日本 \uff03full", ["tea", "日本", "full"]),
        ("#c++ ##x #a. #1 #2tea #🙂", ["c++", "#x", "a", "2tea", "🙂"]),
        ("x#y #️⃣ # #!", []),
        ("#" + "x" * 65, []),
    ],
)
def test_a_hashtag_is_found_as_bluesky_reads_it(text, tags):
    assert [value for kind, value in found(text) if kind == "tag"] == tags


def test_a_handle_that_nobody_has_stays_plain_text():
    facets = build_facets("@ana.test @nobody.test", {"ana.test": "did:plc:ana"}.get)

    assert [facet["features"][0]["did"] for facet in facets] == ["did:plc:ana"]


def test_only_so_many_handles_are_looked_up():
    asked = []
    text = " ".join(f"@a{number}.test" for number in range(HANDLES_MAX + 5))

    build_facets(text, asked.append)

    assert len(asked) == HANDLES_MAX


@given(
    st.lists(
        st.sampled_from(
            ["日本", "é", "👩🏽‍🚀", " ", "。", "「", "https://e.org/x", "@ana.test", "#tea", "ab"]
        )
    )
)
def test_offsets_are_those_of_the_utf8_text_and_never_overlap(parts):
    text, end = "".join(parts), 0

    for facet in build_facets(text, lambda handle: "did:plc:someone"):
        start, stop = facet["index"]["byteStart"], facet["index"]["byteEnd"]
        words = text.encode()[start:stop].decode()
        assert start >= end
        assert words[0] in "h@#e"
        end = stop
