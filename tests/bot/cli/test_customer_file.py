"""Files of customers: whatever a spreadsheet writes is read, and what is no list is refused with one sentence."""

import tracemalloc
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.cli.customer_file import LINE_MAX_CHARS, CustomerFile, CustomerFileError
from models.sources.customer import CustomerEntry

NETWORKS = {"x": "x", "mastodon": "mastodon"}


def read(
    home: Path, content: bytes | str, *, network: str | None = None, encoding: str | None = None
) -> tuple[list[CustomerEntry], CustomerFile]:
    path = home / "file.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    file = CustomerFile(path, NETWORKS, network=network, encoding=encoding)
    return list(file.entries()), file


def refused(home: Path, content: bytes | str, **more: str) -> str:
    with pytest.raises(CustomerFileError) as error:
        read(home, content, **more)
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize(
    "content",
    [
        "handle,network,plan\n@Ana,X,Größe\nBen,,\n",
        "plan;handle;network\r\nGröße;Ana;x\r\n;Ben;\r\n",
        "Handle\tNetwork\tPlan\r@Ana\tX\tGröße\rBen\t\t\r",
        '\n\nnetwork,user name,mail,username,note\nx,,m,"@ana",Größe\n,,,ben,\n\n',
        "handle,network,name,plan\nana,x,Ana Lima,Größe\nben\n",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_columns_separators_line_ends_and_encodings_are_found(
    tmp_path: Path, content: str, encoding: str
) -> None:
    found, file = read(tmp_path, content.encode(encoding))

    assert found == [CustomerEntry("x", "ana", "Größe"), CustomerEntry("", "ben", "")]
    assert (file.read, file.no_handle.count, file.no_network.count) == (2, 0, 0)


def test_a_plain_list_needs_no_header(tmp_path: Path) -> None:
    found, _ = read(tmp_path, "@ana\nhttps://x.com/Ben\n", network="x")

    assert found == [CustomerEntry("x", "ana", ""), CustomerEntry("x", "ben", "")]


def test_lines_without_a_handle_are_counted_and_the_first_is_named(tmp_path: Path) -> None:
    _, file = read(tmp_path, '\nhandle,note\nana,"a\nb"\nno handle,x\n\n,only a note\nben,\n')

    assert (file.read, file.no_handle.count) == (4, 2)
    assert (file.no_handle.first_line, file.no_handle.first_text) == (5, "no handle")


def test_a_network_that_nobody_knows_is_counted(tmp_path: Path) -> None:
    found, file = read(tmp_path, "handle,network\nana,MASTODON\nben,friendster\n")

    assert found == [CustomerEntry("mastodon", "ana", "")]
    assert (file.no_network.count, file.no_network.first_line) == (1, 3)


def test_windows_1252_is_told_by_its_line_and_read_when_it_is_named(tmp_path: Path) -> None:
    content = "handle;note\r\nana;plain\r\nben;Größe\r\n".encode("cp1252")

    assert refused(tmp_path, content) == (
        "Line 3 of file.csv is not UTF-8; save it as UTF-8, or add --encoding windows-1252."
    )
    assert read(tmp_path, content, encoding="windows-1252")[0][1].note == "Größe"
    assert (
        refused(tmp_path, b"handle\na\x81\n", encoding="windows-1252")
        == "Line 2 of file.csv is not WINDOWS-1252."
    )


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"handle\nana\nb\0b\n", "file.csv is no text: line 3 has a NUL character."),
        (b"a" * 300_000, f"Line 1 of file.csv is longer than {LINE_MAX_CHARS:,} characters."),
        (
            b"mail,phone\na@b.c,1\n",
            "The first line of file.csv names no column “handle”. It has: mail, phone.",
        ),
        (
            b"handle\xff\n",
            "Line 1 of file.csv is not UTF-8; save it as UTF-8, or add --encoding windows-1252.",
        ),
        ("handle\n".encode("utf-32"), "file.csv is UTF-32; save it as UTF-8."),
        ("handle\nana".encode("utf-16") + b"\0", "Line 2 of file.csv is not UTF-16."),
    ],
)
def test_what_is_no_list_is_refused(tmp_path: Path, content: bytes, sentence: str) -> None:
    assert refused(tmp_path, content) == sentence


def test_a_quotation_mark_that_is_never_closed_is_refused_and_does_not_fill_the_memory(
    tmp_path: Path,
) -> None:
    assert "is no CSV: line" in refused(tmp_path, 'handle,note\nana,"' + "x\n" * 200_000)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    for path, why in ((tmp_path, "Is a directory"), (tmp_path / "gone", "No such file or directory")):
        with pytest.raises(CustomerFileError, match=f"cannot be read: {why}"):
            list(CustomerFile(path, NETWORKS, network=None, encoding=None).entries())


def test_an_empty_file_has_nobody(tmp_path: Path) -> None:
    for content in ("", "\n\n", "handle,note\n", "\ufeff"):
        assert read(tmp_path, content)[0] == []


def test_a_note_is_one_short_line_without_controls(tmp_path: Path) -> None:
    ((entry,), _) = read(tmp_path, 'handle,note\nana,"\u202ea\x07 \n b' + "c" * 500 + '"\n')

    assert entry.note.startswith("a bc")
    assert len(entry.note) == 200


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "many.csv"
    with path.open("w") as file:
        file.writelines(f"user{number}\n" for number in range(200_000))
    tracemalloc.start()
    count = sum(1 for _ in CustomerFile(path, NETWORKS, network=None, encoding=None).entries())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert count == 200_000
    assert peak < 4_000_000


@given(st.binary(max_size=300))
@example(content=b'"')
@example(content=b'""\r\n')
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    home = tmp_path_factory.getbasetemp()
    try:
        found, _ = read(home, content)
    except CustomerFileError as error:
        found = [str(error)]
    assert all(found)
