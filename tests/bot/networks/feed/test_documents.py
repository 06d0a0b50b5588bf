"""Each document of the table is read as its format's rules say."""

import pytest

from bot.networks.feed.parsing import parse_document
from tests.bot.networks.feed.table import cases

CASES = cases()


def as_written(entry, field):
    if field == "key_starts":
        return entry.key[: entry.key.index(":") + 1]
    if field == "pictures":
        return [f"{media.url} {media.alt or ''}".strip() for media in entry.pictures]
    if field == "enclosures":
        return [f"{media.kind} {media.url}" for media in entry.enclosures]
    value = getattr(entry, field)
    return "" if value is None else value


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_document_is_read_as_its_format_says(case):
    document = parse_document(case.body, case.content_type, case.address)

    whole = {
        "ttl_minutes": document.ttl and document.ttl.total_seconds() / 60,
        "unreadable": len(document.unreadable),
        "title": document.title,
        "link": document.link,
        "kind": document.kind,
    }
    assert {name: whole[name] for name in case.feed} == case.feed
    seen = [
        {field: as_written(entry, field) for field in wanted}
        for entry, wanted in zip(document.entries, case.entries, strict=True)
    ]
    assert seen == case.entries


def test_the_table_has_the_documents_that_the_choice_of_a_parser_stands_on():
    assert len(CASES) >= 60
    assert len({case.name for case in CASES}) == len(CASES)
