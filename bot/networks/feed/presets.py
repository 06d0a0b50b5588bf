"""Sites whose feed has an address that can be built from a few words.

Each form of an address was looked up in the site's source, its pages or reports of those who use it, which
are linked where it is built. None was tried here: this was written without the internet.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NoReturn
from urllib.parse import quote, quote_plus, urlsplit

from bot.networks.feed.address import AddressRefusedError, normalise_address


class PresetRefusedError(Exception):
    """No address can be built from what was typed; the message says why, or what to type."""


@dataclass(frozen=True, slots=True)
class Preset:
    """One kind of feed on one site.

    `name` stands in commands, `title` in menus, `typed` says what to type. `build` makes an address of that:
    a feed's, or of a page that names its feed. It raises `PresetRefusedError`.
    """

    name: str
    title: str
    typed: str
    build: Callable[[str], str]


_SITE = re.compile(r"[\w-]+(\.[\w-]+)+(:\d{1,5})?")
_STACK_TAG = re.compile(r"[a-z0-9+#.-]{1,35}")
_CHANNEL_ID = re.compile(r"UC[\w-]{22}")
_HANDLE = re.compile(r"@[\w.·-]{3,30}")
_COMMUNITY = re.compile(r"!?(\w{3,40})@([\w.:-]+)")
_REPOSITORY = re.compile(r"([A-Za-z0-9-]{1,39})/([A-Za-z0-9._-]{1,100})")
_SUBREDDIT = re.compile(r"(?:https?://)?(?:\w+\.)?(?:reddit\.com)?/?(?:r/)?(\w{2,21})/?(?:new/?)?")
_REDDIT_SEARCH_MAX_CHARS = 500
_DISCOURSE_ORDERS = frozenset({"latest", "new", "top", "hot", "categories", "none", "all"})


def _stack_exchange(typed: str) -> str:
    """Questions with one of the tags on a site of Stack Exchange: `apache-kafka`, or `askubuntu.com snap`.

    `/feeds/tag?tagnames=…&sort=newest`, from which programs still took entries in May 2026; `or` between tags
    is what its sites used in 2012: https://github.com/ialbert/biostar-central/issues/76.
    """
    words = typed.lower().replace(",", " ").split()
    site = "stackoverflow.com"
    if words and (host := _host_of(words[0])):
        site = host
        words = words[1:]
    tags = [word.strip("[]") for word in words if word != "or"]
    if not tags or not all(map(_STACK_TAG.fullmatch, tags)):
        raise PresetRefusedError("Type tags as the site writes them, such as apache-kafka or c#.")
    return f"https://{site}/feeds/tag?tagnames={'+or+'.join(quote_plus(tag) for tag in tags)}&sort=newest"


def _github_discussions(typed: str) -> str:
    """New discussions of a repository: `owner/repository`, or its address.

    `/discussions.atom`, which no page of GitHub names: https://github.com/feedbin/feedbin/issues/766. Without
    the query the order is that of the last comment.
    """
    return f"https://github.com/{_repository(typed)}/discussions.atom?discussions_q=sort%3Adate_created"


def _github_issues(typed: str) -> NoReturn:
    """Not offered by GitHub: https://github.com/gautamkrishnar/blog-post-workflow/issues/55.

    Bridges read its pages or its API instead, such as RSS-Bridge and RSSHub. `issues.atom` is answered 406.
    """
    repository = _repository(typed)
    raise PresetRefusedError(
        "GitHub has no feed of issues. Take its discussions, or give the address of a bridge that your team "
        f"trusts, such as https://your-rsshub.example/github/issue/{repository}."
    )


def _youtube_channel(typed: str) -> str:
    """The newest 15 videos of a channel: its id, its @handle, or the address of its page.

    `/feeds/videos.xml?channel_id=UC…`: https://github.com/scripting/reallysimple/issues/15. A handle has no
    feed of its own; the channel's page names it, except where YouTube asks for consent first:
    https://github.com/martinrotter/rssguard/issues/2142, https://github.com/fossar/selfoss/issues/1468.
    """
    text = typed.strip()
    if match := _CHANNEL_ID.search(text):
        return f"https://www.youtube.com/feeds/videos.xml?channel_id={match[0]}"
    if _HANDLE.fullmatch(text):
        return f"https://www.youtube.com/{quote(text, safe='@')}"
    page = _address(text, "Type a channel's id (UC…), its @handle, or the address of its page.")
    if urlsplit(page).hostname not in {"www.youtube.com", "youtube.com", "m.youtube.com"}:
        raise PresetRefusedError("That is no address of YouTube.")
    return page


def _lemmy_community(typed: str) -> str:
    """The newest posts of a community: `!community@server`, or its address.

    `/feeds/c/NAME.xml?sort=New`, in Lemmy 0.19 and 1.0:
    https://github.com/LemmyNet/lemmy/blob/main/crates/routes/src/feeds/mod.rs.
    """
    name, server = _community(typed.strip())
    return f"https://{server}/feeds/c/{quote(name)}.xml?sort=New"


def _discourse_topics(typed: str) -> str:
    """The newest topics of a forum, a category or a tag: the address of its page.

    `.rss` behind the list's address: https://meta.discourse.org/t/finding-discourse-rss-feeds/264134. The
    search answers in HTML and JSON only (app/controllers/search_controller.rb): give the track words instead.
    """
    base, listed = _discourse(typed)
    return f"{base}/{listed or 'latest'}.rss"


def _discourse_posts(typed: str) -> str:
    """Every new post of a forum, answers included: the forum's address, see `_discourse_topics`."""
    base, _ = _discourse(typed)
    return f"{base}/posts.rss"


def _google_alert(typed: str) -> str:
    """An alert of Google that is delivered as a feed: the address under its feed icon.

    `https://www.google.com/alerts/feeds/NUMBER/NUMBER`; whoever has it may read the alert. Setting one up
    needs a Google account: https://www.google.com/alerts, *Deliver to: RSS feed*.
    """
    how = "Paste the address of the alert's feed icon: https://www.google.com/alerts/feeds/… and two numbers."
    address = _address(typed, how)
    parts = urlsplit(address)
    if not re.fullmatch(r"/alerts/feeds/\d+/\d+", parts.path) or not re.fullmatch(
        r"(www\.)?google(\.[a-z]{2,3}){1,2}", parts.hostname or ""
    ):
        raise PresetRefusedError(how)
    return address


def _mastodon_hashtag(typed: str) -> str:
    """The newest 20 public posts with a hashtag that one server has seen: `#tag server`, or its address.

    `/tags/TAG.rss`: https://github.com/mastodon/mastodon/blob/main/app/controllers/tags_controller.rb. A
    server that is closed to strangers wants a sign-in.
    """
    how = "Type a hashtag and a server, such as #heard mastodon.social."
    words = typed.replace("@", " ").split()
    if len(words) == 1:
        parts = urlsplit(_address(words[0], how))
        match = re.fullmatch(r"/(?:web/)?tags/([^/.]+)(?:\.rss)?/?", parts.path)
        if match is None:
            raise PresetRefusedError(how)
        return f"https://{parts.netloc.rpartition('@')[2]}/tags/{match[1]}.rss"
    tag, server = next(_hashtag_and_server(words), ("", ""))
    if not tag:
        raise PresetRefusedError(how)
    return f"https://{server}/tags/{quote(tag)}.rss"


def _reddit_search(typed: str) -> str:
    """The newest posts on Reddit with some words, or the address of a feed of one's own.

    Since June 2026 Reddit lets strangers read about one feed a minute, and refuses many altogether; the
    addresses on https://www.reddit.com/prefs/feeds/, which have a token, are refused less often:
    https://github.com/QuiteRSS/quiterss/issues/1626, https://github.com/FreshRSS/FreshRSS/issues/8928.
    """
    words = " ".join(typed.split())
    if "://" in words:
        return _reddit_feed(words)
    if not words or len(words) > _REDDIT_SEARCH_MAX_CHARS:
        raise PresetRefusedError("Type what you would search for on Reddit, up to 500 characters.")
    return f"https://www.reddit.com/search.rss?q={quote_plus(words)}&sort=new"


def _subreddit(typed: str) -> str:
    """The newest posts of a subreddit, see `_reddit_search`: `r/name`, or its address."""
    if "://" in typed and ".rss" in typed:
        return _reddit_feed(typed.strip())
    match = _SUBREDDIT.fullmatch(typed.strip())
    if match is None:
        raise PresetRefusedError("Type the subreddit as in r/selfhosted.")
    return f"https://www.reddit.com/r/{match[1]}/new/.rss"


def _reddit_feed(typed: str) -> str:
    how = "Paste the address of a feed of Reddit's, such as those on https://www.reddit.com/prefs/feeds/."
    address = _address(typed, how)
    parts = urlsplit(address)
    if not re.fullmatch(r"(?:\w+\.)?reddit\.com", parts.hostname or "") or not parts.path.endswith(".rss"):
        raise PresetRefusedError(how)
    return address


PRESETS: tuple[Preset, ...] = (
    Preset(
        "reddit",
        "Reddit: posts with your words",
        "What you would search for; or the address of a feed from reddit.com/prefs/feeds",
        _reddit_search,
    ),
    Preset(
        "subreddit",
        "Reddit: posts of a subreddit",
        "The subreddit, such as r/selfhosted",
        _subreddit,
    ),
    Preset(
        "stack-exchange",
        "Stack Overflow and Stack Exchange: questions with a tag",
        "Tags, such as apache-kafka or c#; another site first, such as askubuntu.com snap",
        _stack_exchange,
    ),
    Preset(
        "github-discussions",
        "GitHub: discussions of a repository",
        "The repository, such as owner/repository",
        _github_discussions,
    ),
    Preset(
        "discourse",
        "Discourse forum: new topics",
        "The address of the forum, a category or a tag",
        _discourse_topics,
    ),
    Preset(
        "discourse-posts",
        "Discourse forum: every new post",
        "The address of the forum",
        _discourse_posts,
    ),
    Preset(
        "google-alerts",
        "Google Alerts",
        "The address of the alert's feed icon, if it is delivered to “RSS feed”",
        _google_alert,
    ),
    Preset(
        "lemmy",
        "Lemmy: posts of a community",
        "The community, such as !technology@lemmy.world",
        _lemmy_community,
    ),
    Preset(
        "mastodon-hashtag",
        "Mastodon: a hashtag, without an account",
        "The hashtag and a server, such as #heard mastodon.social",
        _mastodon_hashtag,
    ),
    Preset(
        "youtube",
        "YouTube: videos of a channel",
        "The channel's id (UC…), its @handle, or the address of its page",
        _youtube_channel,
    ),
    Preset(
        "github-issues",
        "GitHub: issues (has no feed)",
        "The repository, such as owner/repository",
        _github_issues,
    ),
)


def _address(typed: str, how: str) -> str:
    try:
        return normalise_address(typed)
    except AddressRefusedError:
        raise PresetRefusedError(how) from None


def _host_of(word: str) -> str | None:
    """Return the host of what looks like a site; None for a tag such as `.net` or `node.js`."""
    text = re.sub(r"^https?://", "", word).split("/")[0]
    if "://" in word or re.search(r"\.(com|net|org|stackexchange\.com)$", text):
        return text if _SITE.fullmatch(text) and not text.startswith("asp.") else None
    return None


def _repository(typed: str) -> str:
    text = re.sub(r"^(https?://)?(www\.)?github\.com/", "", typed.strip()).strip("/")
    match = _REPOSITORY.match(text)
    if match is None or (match.end() < len(text) and text[match.end()] not in "/?#"):
        raise PresetRefusedError("Type the repository as owner/repository.")
    return f"{match[1]}/{match[2].removesuffix('.git')}"


def _community(typed: str) -> tuple[str, str]:
    how = "Type a community and its server, such as !technology@lemmy.world."
    if match := _COMMUNITY.fullmatch(typed):
        name, server = match[1], match[2]
    else:
        parts = urlsplit(_address(typed, how))
        found = re.fullmatch(r"/c/(\w{3,40})(?:@([\w.:-]+))?/?", parts.path)
        if found is None:
            raise PresetRefusedError(how)
        name, server = found[1], found[2] or parts.netloc.rpartition("@")[2]
    if not _SITE.fullmatch(server):
        raise PresetRefusedError(how)
    return name, server.lower()


def _discourse(typed: str) -> tuple[str, str]:
    """Return the forum's address without a slash at the end, and the list that `typed` names, if any."""
    parts = urlsplit(_address(typed, "Type the address of the forum, such as https://forum.example.com."))
    base, listed = _split_discourse(parts.path)
    return f"{parts.scheme}://{parts.netloc}{base}", listed


def _split_discourse(path: str) -> tuple[str, str]:
    """Split the path of a page into where its forum is and which list it shows, without the order of that."""
    steps = [step for step in path.removesuffix("/").removesuffix(".rss").split("/") if step]
    if steps and steps[-1] in _DISCOURSE_ORDERS:
        steps.pop()
    if steps and steps[-1] == "l":
        steps.pop()
    first = next((number for number in range(len(steps)) if _is_discourse_list(steps[number:])), len(steps))
    return "".join(f"/{step}" for step in steps[:first]), "/".join(steps[first:])


def _is_discourse_list(steps: Sequence[str]) -> bool:
    """Whether the steps of a path name a list: of a category, a tag, a topic or a person."""
    match steps:
        case ["c", _] | ["tag" | "tags", _] | ["u", _, "activity"]:
            return True
        case ["t", _, number] | ["c", _, *_, number]:
            return number.isdecimal()
    return False


def _hashtag_and_server(words: list[str]) -> Iterator[tuple[str, str]]:
    """Yield the reading of two words as a hashtag and a server, in either order."""
    tags = [word.lstrip("#") for word in words if not _SITE.fullmatch(word) and re.fullmatch(r"#?\w+", word)]
    servers = [word.lower() for word in words if _SITE.fullmatch(word)]
    if len(words) == len(tags) + len(servers) and len(tags) == len(servers) == 1:
        yield tags[0], servers[0]
