"""The addresses that presets build, and what they say where a site has no feed."""

import pytest

from bot.networks.feed.address import normalise_address
from bot.networks.feed.presets import PRESETS, PresetRefusedError

BUILD = {preset.name: preset.build for preset in PRESETS}


@pytest.mark.parametrize(
    ("name", "typed", "address"),
    [
        (
            "reddit",
            ' fernpress  or "fern press"',
            "https://www.reddit.com/search.rss?q=fernpress+or+%22fern+press%22&sort=new",
        ),
        (
            "reddit",
            "https://www.reddit.com/saved.rss?feed=abc&user=ana",
            "https://www.reddit.com/saved.rss?feed=abc&user=ana",
        ),
        ("subreddit", "r/selfhosted", "https://www.reddit.com/r/selfhosted/new/.rss"),
        ("subreddit", "selfhosted", "https://www.reddit.com/r/selfhosted/new/.rss"),
        (
            "subreddit",
            "https://old.reddit.com/r/selfhosted/",
            "https://www.reddit.com/r/selfhosted/new/.rss",
        ),
        (
            "stack-exchange",
            "apache-kafka",
            "https://stackoverflow.com/feeds/tag?tagnames=apache-kafka&sort=newest",
        ),
        (
            "stack-exchange",
            "C# or c++, node.js",
            "https://stackoverflow.com/feeds/tag?tagnames=c%23+or+c%2B%2B+or+node.js&sort=newest",
        ),
        ("stack-exchange", "asp.net", "https://stackoverflow.com/feeds/tag?tagnames=asp.net&sort=newest"),
        ("stack-exchange", "askubuntu.com snap", "https://askubuntu.com/feeds/tag?tagnames=snap&sort=newest"),
        (
            "stack-exchange",
            "https://unix.stackexchange.com/ [bash]",
            "https://unix.stackexchange.com/feeds/tag?tagnames=bash&sort=newest",
        ),
        (
            "github-discussions",
            "acme/rocket.js",
            "https://github.com/acme/rocket.js/discussions.atom?discussions_q=sort%3Adate_created",
        ),
        (
            "github-discussions",
            "https://github.com/acme/rocket/issues?q=a",
            "https://github.com/acme/rocket/discussions.atom?discussions_q=sort%3Adate_created",
        ),
        (
            "github-discussions",
            "github.com/acme/rocket.git",
            "https://github.com/acme/rocket/discussions.atom?discussions_q=sort%3Adate_created",
        ),
        (
            "youtube",
            "UC6nSFpj9HTCZ5t-N3Rm3-HA",
            "https://www.youtube.com/feeds/videos.xml?channel_id=UC6nSFpj9HTCZ5t-N3Rm3-HA",
        ),
        (
            "youtube",
            "https://www.youtube.com/channel/UC6nSFpj9HTCZ5t-N3Rm3-HA/videos",
            "https://www.youtube.com/feeds/videos.xml?channel_id=UC6nSFpj9HTCZ5t-N3Rm3-HA",
        ),
        ("youtube", "@acme", "https://www.youtube.com/@acme"),
        ("youtube", "youtube.com/@acme/videos", "https://youtube.com/@acme/videos"),
        ("lemmy", "!technology@lemmy.world", "https://lemmy.world/feeds/c/technology.xml?sort=New"),
        ("lemmy", "https://lemmy.ml/c/linux", "https://lemmy.ml/feeds/c/linux.xml?sort=New"),
        (
            "lemmy",
            "https://lemmy.ml/c/technology@lemmy.world",
            "https://lemmy.world/feeds/c/technology.xml?sort=New",
        ),
        ("discourse", "forum.example.com", "https://forum.example.com/latest.rss"),
        ("discourse", "https://forum.example.com/latest", "https://forum.example.com/latest.rss"),
        ("discourse", "https://forum.example.com/c/support/12", "https://forum.example.com/c/support/12.rss"),
        (
            "discourse",
            "https://forum.example.com/c/support/billing/13/l/latest",
            "https://forum.example.com/c/support/billing/13.rss",
        ),
        ("discourse", "https://forum.example.com/tag/sync", "https://forum.example.com/tag/sync.rss"),
        (
            "discourse",
            "https://example.com/forum/c/support/12.rss",
            "https://example.com/forum/c/support/12.rss",
        ),
        ("discourse-posts", "https://example.com/forum/c/support/12", "https://example.com/forum/posts.rss"),
        (
            "google-alerts",
            " https://www.google.com/alerts/feeds/01441943357185983502/10271601532123878621 ",
            "https://www.google.com/alerts/feeds/01441943357185983502/10271601532123878621",
        ),
        (
            "google-alerts",
            "https://www.google.co.uk/alerts/feeds/1/2",
            "https://www.google.co.uk/alerts/feeds/1/2",
        ),
        ("mastodon-hashtag", "#heard mastodon.social", "https://mastodon.social/tags/heard.rss"),
        ("mastodon-hashtag", "fosstodon.org Żółw", "https://fosstodon.org/tags/%C5%BB%C3%B3%C5%82w.rss"),
        ("mastodon-hashtag", "https://mastodon.social/tags/heard", "https://mastodon.social/tags/heard.rss"),
    ],
)
def test_words_become_an_address(name, typed, address):
    assert BUILD[name](typed) == address
    assert normalise_address(address) == address


@pytest.mark.parametrize("name", BUILD)
@pytest.mark.parametrize("typed", ["", "   ", "x" * 3_000, "https://"])
def test_what_does_not_fit_is_refused_with_a_sentence(name, typed):
    with pytest.raises(PresetRefusedError, match=r"^[A-Z].*\.$"):
        BUILD[name](typed)


@pytest.mark.parametrize("name", sorted(BUILD.keys() - {"reddit"}))  # it searches for any words
@pytest.mark.parametrize("typed", ["a b c d é", "javascript:alert(1)"])
def test_words_that_are_no_name_there_are_refused_with_a_sentence(name, typed):
    with pytest.raises(PresetRefusedError, match=r"^[A-Z].*\.$"):
        BUILD[name](typed)


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("google-alerts", "https://www.google.com/alerts"),
        ("google-alerts", "https://google.evil.example/alerts/feeds/1/2"),
        ("youtube", "https://example.com/@acme"),
        ("reddit", "https://reddit.evil.example/r/a/.rss"),
        ("reddit", "https://www.reddit.com/r/selfhosted/"),
        ("subreddit", "r/self hosted"),
        ("lemmy", "technology"),
        ("mastodon-hashtag", "#heard"),
        ("github-discussions", "acme"),
    ],
)
def test_half_an_answer_is_refused(name, typed):
    with pytest.raises(PresetRefusedError):
        BUILD[name](typed)


def test_a_site_without_feeds_says_what_to_do_instead():
    with pytest.raises(PresetRefusedError, match=r"no feed of issues"):
        BUILD["github-issues"]("acme/rocket")


def test_presets_fit_into_a_menu_of_slack():
    for preset in PRESETS:
        assert len(preset.title) <= 75
        assert len(preset.typed) <= 150
    assert len(BUILD) == len(PRESETS)
