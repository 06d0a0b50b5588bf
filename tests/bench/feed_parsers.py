"""`python -m tests.bench.feed_parsers`: readers of feeds side by side, on the documents of the table.

The others are no part of Heard. Give each an environment with
`pip install feedparser==6.0.14 fastfeedparser==0.6.5 feedparser-rs==0.7.1 atoma==0.0.17`, and Heard's own
dependencies, and run this there; a reader that is not installed is left out.

A field counts as right if it is equal to what the table says. Each reader gets what its own documentation
offers to make it right: the feed's address, its type of titles. HTML is made plain by the same function for
all, so what differs is the reading. Time is the processor's, of a process that only reads: for Heard with
making HTML plain, for the others without.
"""

import importlib
import subprocess
import sys
import warnings
from calendar import timegm
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from urllib.parse import urljoin

from bot.networks.feed.formats.entry_text import body_text, title_and_text, title_text
from bot.networks.feed.parsing import parse_document
from tests.bot.networks.feed.table import Case, cases

FIELDS = ("key", "link", "title", "text", "author", "posted_at", "lang", "media", "comments_link")
ENTRIES, ROUNDS = 200, 9
Rows = list[dict[str, Any]]


def long_feed() -> bytes:
    """An Atom feed of 200 entries with some paragraphs of HTML each: 380 kB."""
    paragraph = '&lt;p&gt;We tried the &lt;a href="/pots/{0}"&gt;pot&lt;/a&gt; and it &lt;em&gt;leaks&lt;/em&gt;, again.&lt;/p&gt;\n'
    entry = (
        '<entry><id>tag:tea.example,2026:{0}</id><title type="html">Pot {0} &amp;amp; lid</title>'
        '<link href="/pots/{0}"/><author><name>Ana {0}</name></author>'
        "<published>2026-11-27T10:00:00+01:00</published><updated>2026-11-27T11:00:00Z</updated>"
        f'<content type="html">{paragraph * 12}</content></entry>'
    )
    entries = "".join(entry.replace("{0}", str(number)) for number in range(ENTRIES))
    return f'<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title><id>u</id>{entries}</feed>'.encode()


def ours(case: Case) -> Rows:
    document = parse_document(case.body, case.content_type, case.address)
    return [
        {
            **{name: getattr(entry, name) for name in FIELDS if name != "media"},
            "media": {media.url for media in (*entry.pictures, *entry.enclosures)},
        }
        for entry in document.entries
    ]


def with_feedparser(case: Case) -> Rows:
    read = importlib.import_module("feedparser").parse(
        BytesIO(case.body),
        response_headers={"content-type": case.content_type, "content-location": case.address},
    )
    return [_feedparser_row(entry, read.feed, case.address) for entry in read.entries]


def with_feedparser_rs(case: Case) -> Rows:
    read = importlib.import_module("feedparser_rs").parse(case.body)
    return [_feedparser_row(entry, read.feed, case.address) for entry in read.entries]


def _feedparser_row(entry: Any, feed: Any, address: str) -> dict[str, Any]:
    """Of what feedparser, and its twin in Rust, give: the fields as their documentation has them."""
    title, summary = _get(entry, "title_detail"), _get(entry, "summary_detail")
    contents = _get(entry, "content") or []
    body = contents[0] if contents else summary
    media = [_get(one, "href") for one in _get(entry, "enclosures") or []]
    media += [_get(one, "url") for one in _get(entry, "media_content") or []]
    media = media or [_get(one, "url") for one in _get(entry, "media_thumbnail") or []]
    replies = [_get(one, "href") for one in _get(entry, "links") or [] if _get(one, "rel") == "replies"]
    return _row(
        address,
        key=_get(entry, "id") or _get(entry, "link"),
        link=_get(entry, "link"),
        title=_typed(title_text, title, _get(entry, "title"), address),
        text=_typed(body_text, body, _get(entry, "summary"), address),
        author=", ".join(filter(None, (_get(one, "name") for one in _get(entry, "authors") or [])))
        or _get(entry, "author"),
        posted_at=_get(entry, "published_parsed") or _get(entry, "updated_parsed"),
        lang=_get(title, "language") or _get(body, "language") or _get(feed, "language"),
        media=media,
        comments_link=_get(entry, "comments") or (replies[0] if replies else None),
    )


def with_fastfeedparser(case: Case) -> Rows:
    read = importlib.import_module("fastfeedparser").parse(case.body)
    return [_fast_row(entry, case.address) for entry in read.entries]


def _fast_row(entry: Mapping[str, Any], address: str) -> dict[str, Any]:
    contents = entry.get("content") or []
    body = contents[0].get("value") if contents else entry.get("description")
    published = entry.get("published") or entry.get("updated")
    media = [one.get("url") for one in (*entry.get("enclosures", ()), *entry.get("media_content", ()))]
    return _row(
        address,
        key=entry.get("id") or entry.get("link"),
        link=entry.get("link"),
        title=title_text(entry.get("title") or "", "unsaid", address),
        text=body_text(body or "", "unsaid", address),
        author=entry.get("author"),
        posted_at=datetime.fromisoformat(published) if published else None,
        lang=entry.get("language"),
        media=media or [one.get("url") for one in entry.get("media_thumbnail") or ()],
        comments_link=entry.get("comments"),
    )


def with_atoma(case: Case) -> Rows:
    atoma = importlib.import_module("atoma")
    start = case.body.lstrip()[:1]
    if start == b"{":
        return [_atoma_row(item, case.address) for item in atoma.parse_json_feed_bytes(case.body).items]
    if b"<rss" in case.body[:400] or b"<rdf" in case.body[:400].lower():
        return [_atoma_row(item, case.address) for item in atoma.parse_rss_bytes(case.body).items]
    return [_atoma_row(entry, case.address) for entry in atoma.parse_atom_bytes(case.body).entries]


def _atoma_row(entry: Any, address: str) -> dict[str, Any]:
    links = _get(entry, "links") or []
    pages = [one.href for one in links if one.rel in {None, "alternate"}]
    replies = [one.href for one in links if one.rel == "replies"]
    title, content = _get(entry, "title"), _get(entry, "content")
    encoded = _get(entry, "content_encoded") or _get(entry, "content_html") or _get(entry, "content_text")
    media = [one.url for one in (*(_get(entry, "enclosures") or ()), *(_get(entry, "attachments") or ()))]
    body = (
        _get(content, "value")
        or encoded
        or _get(entry, "description")
        or _get(_get(entry, "summary"), "value")
    )
    authors = [getattr(one, "name", one) for one in _get(entry, "authors") or []]
    return _row(
        address,
        key=_get(entry, "id_") or _get(entry, "guid") or _get(entry, "link"),
        link=(pages or [None])[0] or _get(entry, "link") or _get(entry, "url"),
        title=title_text(
            _get(title, "value") or (title if isinstance(title, str) else ""), "unsaid", address
        ),
        text=body_text(body if isinstance(body, str) else "", "unsaid", address),
        author=", ".join(map(str, authors)) or _get(_get(entry, "author"), "name") or _get(entry, "author"),
        posted_at=_get(entry, "published")
        or _get(entry, "updated")
        or _get(entry, "pub_date")
        or _get(entry, "date_published"),
        lang=None,
        media=media or [one.href for one in links if one.rel == "enclosure"],
        comments_link=_get(entry, "comments") or (replies[0] if replies else None),
    )


def _row(address: str, **given: Any) -> dict[str, Any]:
    """The fields made comparable, by what any caller would do: only web addresses, only dates in UTC."""
    title, text = title_and_text(given["title"] or "", given["text"] or "")
    moment = given["posted_at"]
    if moment is not None and not isinstance(moment, datetime):
        moment = datetime.fromtimestamp(timegm(tuple(moment)), UTC)
    return {
        **given,
        "key": str(given["key"] or "").strip(),
        "title": title,
        "text": text,
        "posted_at": moment.astimezone(UTC) if moment else None,
        **{name: _web(given[name], address) for name in ("link", "comments_link")},
        "media": {url for one in given["media"] if (url := _web(one, address))},
    }


def _web(link: Any, address: str) -> str | None:
    whole = urljoin(address, str(link)) if link else ""
    return whole if whole.startswith(("http://", "https://")) else None


def _get(thing: Any, name: str) -> Any:
    if isinstance(thing, Mapping):
        return thing.get(name)
    return getattr(thing, name, None)


def _typed(read: Callable[..., str], detail: Any, value: Any, address: str) -> str:
    kind = _get(detail, "type") or "unsaid"
    markup = "text" if kind in {"text/plain", "text"} else "html"
    return read(_get(detail, "value") or value or "", "unsaid" if kind == "unsaid" else markup, address)


ALONE = {
    "Heard": (
        "from bot.networks.feed.parse_worker import _leave_out_the_ledger; _leave_out_the_ledger()\n"
        "from bot.networks.feed.parsing import parse_document\n"
        "read = lambda body: parse_document(body, 'application/atom+xml', 'https://tea.example/feed')"
    ),
    "feedparser": "import feedparser, io\nread = lambda body: feedparser.parse(io.BytesIO(body))",
    "feedparser-rs": "from feedparser_rs import parse as read",
    "fastfeedparser": "from fastfeedparser import parse as read",
    "atoma": "from atoma import parse_atom_bytes as read",
}
READERS: Mapping[str, tuple[str | None, Callable[[Case], Rows]]] = {
    "Heard": (None, ours),
    "feedparser": ("feedparser", with_feedparser),
    "feedparser-rs": ("feedparser_rs", with_feedparser_rs),
    "fastfeedparser": ("fastfeedparser", with_fastfeedparser),
    "atoma": ("atoma", with_atoma),
}


def compare(read: Callable[[Case], Rows], wanted: Iterable[Case]) -> tuple[int, int, int, int, list[str]]:
    """Return how many documents and fields are right, of how many, and what is wrong."""
    documents = fields = all_documents = all_fields = 0
    wrong: list[str] = []
    for case in wanted:
        try:
            rows = read(case)
        except Exception as error:  # noqa: BLE001 - each reader has errors of its own
            rows = []
            wrong.append(f"{case.theme}: {case.name}: {type(error).__name__}: {str(error)[:80]}")
        misses = 0
        for place, entry in enumerate(case.entries):
            row = rows[place] if place < len(rows) else {}
            for name, value in _expected(entry).items():
                all_fields += 1
                seen = row.get(name)
                if (seen or "") == (value or ""):
                    fields += 1
                else:
                    misses += 1
                    wrong.append(f"{case.theme}: {case.name}: {name} {seen!r}, not {value!r}"[:300])
        all_documents += 1
        documents += not misses and len(rows) == len(case.entries)
    return documents, all_documents, fields, all_fields, wrong


def _expected(entry: Mapping[str, Any]) -> dict[str, Any]:
    wanted = {name: value for name, value in entry.items() if name in FIELDS}
    if "pictures" in entry or "enclosures" in entry:
        wanted["media"] = {
            *(one.split(" ", 1)[0] for one in entry.get("pictures", ())),
            *(one.split(" ", 1)[1] for one in entry.get("enclosures", ())),
        }
    return wanted


def _measure(name: str) -> str:
    """The median time to read 200 entries, and the most memory, of a process that does nothing else."""
    code = (
        "import pathlib, sys, time\n"
        "body, times = sys.stdin.buffer.read(), []\n"
        f"{ALONE[name]}\n"
        f"for _ in range({ROUNDS}):\n"
        "    begun = time.process_time()\n"
        "    read(body)\n"
        "    times.append(time.process_time() - begun)\n"
        "most = int(pathlib.Path('/proc/self/status').read_text().partition('VmHWM:')[2].split()[0])\n"
        "print(f'{sorted(times)[len(times) // 2] * 1000:.0f} ms | {most / 1024:.0f} MB')"
    )
    return (
        subprocess.run([sys.executable, "-c", code], input=long_feed(), capture_output=True, check=True)
        .stdout.decode()
        .strip()
    )


def _say(*lines: str) -> None:
    print(*lines, sep="\n")  # noqa: T201 - the table is what this is for


def main() -> None:
    """Print the table, or with a reader's name what it reads wrongly."""
    warnings.simplefilter("ignore")  # of the others, about dates
    wanted = [case for case in cases() if not case.is_our_rule]
    if sys.argv[1:]:
        _say(*compare(READERS[sys.argv[1]][1], wanted)[4])
        return
    _say("| Reader | Documents right | Fields right | 200 entries | Memory |", "|---|---|---|---|---|")
    for name, (module, read) in READERS.items():
        try:
            importlib.import_module(module or "json")
        except ImportError:
            continue
        documents, all_documents, fields, all_fields, _ = compare(read, wanted)
        _say(f"| {name} | {documents} of {all_documents} | {fields} of {all_fields} | {_measure(name)} |")


if __name__ == "__main__":
    main()
