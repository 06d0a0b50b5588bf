"""From what somebody typed to the HTML that servers send, and how long servers count it."""

import html
import re

import regex

MENTION = re.compile(r"(?<![=/\w])@([A-Za-z0-9_]+(?:[.-]+[A-Za-z0-9_]+)*)(?:@([A-Za-z0-9.-]+[A-Za-z0-9]))?")
TAG = re.compile(r"(?<![\w/&#])#(\w*[^\W\d]\w*)")
LINK = re.compile(r"https?://[^\s<>]+[^\s<>.,;:!?)\"']")
_TOKEN = re.compile(f"({LINK.pattern})|(?:{MENTION.pattern})|(?:{TAG.pattern})")
_SHOWN_MAX = 30  # characters of an address that a reader sees


def render(text: str, profile: "dict[str, str]", domain: str) -> str:
    """Return `text` as Mastodon's HTML. `profile` has the address of each handle that is a mention."""
    paragraphs = re.split(r"\n{2,}", text.strip())
    lines = ["<br />".join(_line(line, profile, domain) for line in one.split("\n")) for one in paragraphs]
    return "".join(f"<p>{one}</p>" for one in lines)


def _line(line: str, profile: "dict[str, str]", domain: str) -> str:
    made, done = "", 0
    for found in _TOKEN.finditer(line):
        made += html.escape(line[done : found.start()], quote=False)
        done = found.end()
        link, name, _, tag = found.groups()
        if link:
            made += _link(link)
        elif tag:
            page = f"https://{domain}/tags/{html.escape(tag.lower())}"
            made += f'<a href="{page}" class="mention hashtag" rel="tag">#<span>{html.escape(tag)}</span></a>'
        elif (address := profile.get(found[0].lower())) is not None:
            made += (
                f'<span class="h-card" translate="no"><a href="{html.escape(address)}" class="u-url mention">'
                f"@<span>{html.escape(name)}</span></a></span>"
            )
        else:
            made += html.escape(found[0], quote=False)
    return made + html.escape(line[done:], quote=False)


def _link(address: str) -> str:
    """An address as Mastodon shows it: without protocol, and cut; the rest is there but not seen."""
    protocol = address[: address.index("//") + 2]
    shown, rest = address[len(protocol) :][:_SHOWN_MAX], address[len(protocol) :][_SHOWN_MAX:]
    visible = "ellipsis" if rest else ""
    return (
        f'<a href="{html.escape(address)}" target="_blank" rel="nofollow noopener" translate="no">'
        f'<span class="invisible">{html.escape(protocol)}</span>'
        f'<span class="{visible}">{html.escape(shown)}</span>'
        f'<span class="invisible">{html.escape(rest)}</span></a>'
    )


def count_as_mastodon(spoiler: str, text: str, per_url: int) -> int:
    """Graphemes of warning and text; a link counts `per_url`, a handle without its domain."""
    text = LINK.sub("x" * per_url, text)
    text = MENTION.sub(lambda found: f"@{found[1]}", text)
    return len(regex.findall(r"\X", spoiler + text))
