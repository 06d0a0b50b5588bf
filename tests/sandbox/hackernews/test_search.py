"""The rules of Hacker News's search that bite a client."""

import json
from datetime import timedelta
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

from sandbox.hackernews import HackerNewsServer
from sandbox.hackernews.markup import to_html
from sandbox.hackernews.world import NotPossibleError
from tests.story.harness import Clock


@pytest.fixture
def server():
    with HackerNewsServer() as made:
        yield made


@pytest.fixture
def world(server):
    return server.world


def ask(server, path="/api/v1/search_by_date", **given):
    with urlopen(f"{server.url}{path}?{urlencode(given)}", timeout=120) as answer:
        return json.load(answer)


def found(server, query, **given):
    return [int(hit["objectID"]) for hit in ask(server, query=query, **given)["hits"]]


def test_words_are_found_in_titles_addresses_texts_and_names_newest_first(server, world):
    story = world.submit("maria", "A kettle", url="https://pots.example/blog")
    comment = world.comment("kettle_fan", story.id, "It boils.")

    assert found(server, "kettle") == [comment.id, story.id]
    assert found(server, "pots") == [comment.id, story.id]  # a comment has its story's address
    assert found(server, "kettle", restrictSearchableAttributes="title,comment_text") == [story.id]


def test_typos_and_beginnings_are_found_unless_that_is_switched_off(server, world):
    story = world.submit("maria", "The kettles are back")

    assert found(server, "kett") == [story.id]
    assert found(server, "katles") == []
    assert found(server, "kettlas") == [story.id]
    exact = {"typoTolerance": "false", "queryType": "prefixNone"}
    assert found(server, "kett", **exact) == found(server, "kettlas", **exact) == []


def test_phrases_and_words_to_leave_out_are_advanced_syntax(server, world):
    story = world.submit("maria", "Slow checkout at the shop")
    world.submit("tom", "Checkout: slow again")

    assert found(server, '"slow checkout"') == [story.id]
    assert found(server, "checkout -again") == [story.id]


def test_a_query_finds_a_thousand_hits_whatever_the_page(server, world):
    for number in range(1_005):
        world.submit("maria", f"tea {number}")

    first = ask(server, query="tea", hitsPerPage=5_000)
    beyond = ask(server, query="tea", hitsPerPage=100, page=10)

    assert (len(first["hits"]), first["nbHits"], first["hitsPerPage"]) == (1_000, 1_005, 1_000)
    assert (beyond["hits"], beyond["nbHits"]) == ([], 0)
    assert "you can only fetch" in beyond["message"]


def test_tags_and_numbers_filter(server, world):
    story = world.submit("maria", "Ask HN: tea?", text="Or coffee?")
    comment = world.comment("tom", story.id, "tea")

    assert found(server, "tea", tags="comment") == [comment.id]
    assert found(server, "tea", tags="(story,comment),author_maria") == [story.id]
    assert found(server, "tea", tags=f"ask_hn,story_{story.id}") == [story.id]
    assert found(server, "tea", numericFilters=f"created_at_i>{int(story.at.timestamp()) + 60}") == []
    with pytest.raises(HTTPError) as refused:
        ask(server, query="tea", numericFilters="created_at>yesterday")
    assert refused.value.code == 400
    refused.value.close()


def test_what_is_indexed_late_stands_at_its_old_place(server, world):
    world.index_delay = timedelta(hours=36)
    late = world.submit("maria", "tea one")
    world.index_delay = timedelta()
    world.submit("maria", "tea two", at=late.at + timedelta(minutes=1))
    assert late.id not in found(server, "tea")

    world.index_now()

    assert found(server, "tea")[-1] == late.id


def test_what_is_deleted_is_not_found_and_the_item_is_404(server, world):
    story = world.submit("maria", "tea")
    world.delete(story.id)

    assert found(server, "tea") == []
    with pytest.raises(HTTPError) as gone:
        ask(server, f"/api/v1/items/{story.id}")
    assert gone.value.code == 404
    gone.value.close()


def test_edits_are_possible_for_two_hours():
    clock = Clock()
    with HackerNewsServer() as server:
        server.world.clock = clock
        story = server.world.submit("maria", "Ask HN: tea?", text="one")
        clock.ahead += timedelta(hours=1)
        server.world.edit(story.id, "two")
        assert ask(server, f"/api/v1/items/{story.id}")["text"] == "two"
        clock.ahead += timedelta(hours=2)
        with pytest.raises(NotPossibleError):
            server.world.edit(story.id, "three")


def test_text_becomes_the_html_of_hacker_news():
    assert to_html("one *two*\n\n  x = a/b\n\n<b> & 'c'") == (
        "one <i>two</i><p><pre><code>  x = a&#x2F;b\n</code></pre><p>&lt;b&gt; &amp; &#x27;c&#x27;"
    )
    long = "https://tea.example/" + "a" * 60
    assert f">https:&#x2F;&#x2F;tea.example&#x2F;{'a' * 40}...</a>." in to_html(f"see {long}.")
