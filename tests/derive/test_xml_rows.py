"""The reader of XML rows against expat on the same bytes, and its refusal of everything that is not a dump."""

import gzip
import lzma
from pathlib import Path
from typing import TYPE_CHECKING
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from vestige.derive.contract import Cell, ReadReport, SourceColumn, SourceTable
from vestige.derive.xml_machine import RowMachine
from vestige.derive.xml_rows import XmlFolderReader
from vestige.errors import DumpError, SourceError
from vestige.progress import Step, ignore_progress

if TYPE_CHECKING:
    import pyarrow as pa

TABLE = SourceTable(
    "Posts",
    (
        SourceColumn("Id", required=True),
        SourceColumn("OwnerUserId"),
        SourceColumn("CreationDate", Cell.MOMENT),
        SourceColumn("Name", Cell.WORD, vocabulary={b"R&D": 1, "Café".encode(): 2}),
    ),
    required=True,
)
CANARY = "canary-7f3a"
HEAD = b'\xef\xbb\xbf<?xml version="1.0" encoding="utf-8"?>\r\n<posts>\r\n'
ROW = b'  <row Id="1" Body="' + CANARY.encode() + b' &lt;p&gt; &#xA; \'quoted\' &#233;" OwnerUserId="7" />\n'
TAIL = b"</posts>"


def _write(folder: Path, content: bytes, name: str = "Posts.xml") -> Path:
    (folder / name).write_bytes(content)
    return folder


def _read(folder: Path, *, allow_truncated: bool = False) -> tuple[list[dict[str, int | None]], ReadReport]:
    batches: list[pa.RecordBatch] = []
    reader = XmlFolderReader(folder, allow_truncated=allow_truncated)
    report = reader.read((TABLE,), lambda _, batch: batches.append(batch), ignore_progress)
    return [row for batch in batches for row in batch.to_pylist()], report


def _machine_rows(content: bytes, size: int) -> list[dict[str, int | None]]:
    """Rows of what follows the prolog, fed in blocks of a size."""
    batches: list[pa.RecordBatch] = []
    machine = RowMachine(TABLE, "Posts.xml", batches.append)
    machine.begin(b"posts", 0, empty=False)
    for begin in range(0, len(content), size):
        machine.feed(content[begin : begin + size])
    machine.flush()
    assert machine.finished
    return [row for batch in batches for row in batch.to_pylist()]


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12) | st.sampled_from(
    ["<row Id='9' />", "&amp;", '"/>', "</posts>", "]]>", "R&D", "x" * 300, "\n\t ", "0"]
)
records = st.fixed_dictionaries(
    {"Id": st.integers(-(2**63) + 1, 2**63 - 1).map(str)},
    optional={
        "OwnerUserId": st.integers(-9, 10**9).map(str),
        "CreationDate": st.datetimes().map(lambda moment: f"{moment:%H:%M:%S}").map(lambda at: f"2011-08-17T{at}.507"),
        "Name": texts | st.sampled_from(["R&D", "Café"]),
        "Body": texts,
        "Identity": texts,
        "I": texts,
    },
)


def _layout(record: dict[str, str], order: list[str], *, single: bool, numeric: bool) -> bytes:
    """One row in one of the ways XML allows."""
    attributes = []
    for name in order:
        value = "".join(f"&#{ord(letter)};" for letter in record[name]) if numeric else quoteattr(record[name])[1:-1]
        quote = "'" if single and "'" not in value else '"'
        attributes.append(f"{name} = {quote}{value.replace(quote, '&#34;' if quote == chr(34) else '&#39;')}{quote}")
    return f"<row {' '.join(attributes)}/>\n".encode()


@settings(deadline=None)
@given(st.data(), st.lists(records, max_size=6), st.integers(1, 40))
def test_rows_are_what_expat_reads_whatever_the_layout_and_blocks(
    data: st.DataObject, rows: list[dict[str, str]], size: int
) -> None:
    content = b"".join(
        _layout(
            row,
            data.draw(st.permutations(list(row))),
            single=data.draw(st.booleans()),
            numeric=data.draw(st.booleans()),
        )
        for row in rows
    )
    seen: list[dict[str, str]] = []
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda name, attributes: seen.append(attributes) if name == "row" else None
    parser.Parse(b"<posts>" + content + TAIL, True)
    words = {"R&D": 1, "Café": 2}
    hour = 3_600_000_000
    got = _machine_rows(content + TAIL, size)
    assert len(got) == len(seen)
    for mine, theirs in zip(got, seen, strict=True):
        assert mine["Id"] == int(theirs["Id"])
        assert mine["OwnerUserId"] == (int(theirs["OwnerUserId"]) if "OwnerUserId" in theirs else None)
        assert mine["Name"] == (words.get(theirs["Name"], -1) if "Name" in theirs else None)
        if "CreationDate" in theirs:
            clock = theirs["CreationDate"][11:]
            assert mine["CreationDate"] is not None
            assert mine["CreationDate"] % (24 * hour) // hour == int(clock[:2])


TOLERATED = {
    expat.errors.XML_ERROR_DUPLICATE_ATTRIBUTE,
    expat.errors.XML_ERROR_BAD_CHAR_REF,
    expat.errors.XML_ERROR_INVALID_TOKEN,
    expat.errors.XML_ERROR_PARTIAL_CHAR,
}
"""In attributes that are skipped, bytes are not checked to be UTF-8, names not to be unique or letters."""


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 400), st.binary(min_size=0, max_size=3)), min_size=1, max_size=4))
def test_what_the_machine_accepts_expat_accepts(changes: list[tuple[int, bytes]]) -> None:
    content = bytearray(ROW * 3 + TAIL)
    for at, change in changes:
        content[at : at + len(change)] = change
    try:
        got = _machine_rows(bytes(content), 11)
    except (DumpError, AssertionError):
        return
    parser = expat.ParserCreate()
    seen: list[str] = []
    parser.StartElementHandler = lambda name, attributes: seen.append(name)
    failure = None
    try:
        parser.Parse(b"<posts>" + bytes(content), True)
    except expat.ExpatError as error:
        failure = expat.errors.messages[error.code]
    assert failure in TOLERATED or (failure is None and len(seen) == len(got) + 1)


def test_a_folder_is_read_with_progress_in_bytes(tmp_path: Path) -> None:
    steps: list[Step] = []
    _write(tmp_path, HEAD + ROW * 1000 + TAIL)
    report = XmlFolderReader(tmp_path).read((TABLE,), lambda *_: None, steps.append)
    size = (tmp_path / "Posts.xml").stat().st_size
    assert report.size == size
    assert (report.tables[0].rows, report.tables[0].missing) == (1000, ("CreationDate", "Name"))
    assert (steps[-1].done, steps[-1].total, steps[-1].rows) == (size, size, 1000)


def test_more_rows_than_a_batch_holds(tmp_path: Path) -> None:
    rows, report = _read(_write(tmp_path, HEAD + b"".join(b'<row Id="%d" />' % n for n in range(200_000)) + TAIL))
    assert [row["Id"] for row in rows] == list(range(200_000))
    assert report.tables[0].rows == 200_000


def test_one_row_may_be_larger_than_a_block(tmp_path: Path) -> None:
    rows, _ = _read(_write(tmp_path, HEAD + b'<row Body="' + b"x" * 20_000_000 + b'" Id="5" />' + TAIL))
    assert [row["Id"] for row in rows] == [5]


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("posts.XML", lambda data: data),
        ("Posts.xml.gz", gzip.compress),
        ("Posts.xml.xz", lzma.compress),
        ("Posts.xml.zst", zstandard.compress),
    ],
)
def test_packed_files_read_alike(tmp_path: Path, name: str, pack) -> None:
    rows, _ = _read(_write(tmp_path, pack(HEAD + ROW + TAIL), name))
    assert rows == [{"Id": 1, "OwnerUserId": 7, "CreationDate": None, "Name": None}]


@pytest.mark.parametrize("content", [HEAD + TAIL, b"<posts/>", b"<posts />\n", b"\n<posts>\n</posts >\n"])
def test_a_table_may_be_empty(tmp_path: Path, content: bytes) -> None:
    assert _read(_write(tmp_path, content))[0] == []


def test_an_empty_value_is_null(tmp_path: Path) -> None:
    rows, _ = _read(_write(tmp_path, HEAD + b'<row Id="3" OwnerUserId="" CreationDate="" />' + TAIL))
    assert rows == [{"Id": 3, "OwnerUserId": None, "CreationDate": None, "Name": None}]


BROKEN = {
    "nothing": b"",
    "blanks": b" \n",
    "binary": bytes(range(256)) * 20,
    "html": b"<!DOCTYPE html><html><body>" + CANARY.encode(),
    "doctype": b'<?xml version="1.0"?><!DOCTYPE posts [<!ENTITY a "b">]><posts></posts>',
    "utf-16": ("\ufeff<posts></posts>").encode("utf-16"),
    "latin-1": b'<?xml version="1.0" encoding="iso-8859-1"?><posts></posts>',
    "another table": b"<users></users>",
    "no end": HEAD + ROW,
    "end of another": HEAD + ROW + b"</users>",
    "cut in a row": HEAD + ROW + ROW[:40],
    "cut in the end": HEAD + ROW + b"</pos",
    "junk before a row": HEAD + CANARY.encode() + ROW + TAIL,
    "junk after the end": HEAD + ROW + TAIL + b"<row/>",
    "comment": HEAD + b"<!-- " + CANARY.encode() + b" -->" + TAIL,
    "cdata": HEAD + b"<![CDATA[x]]>" + TAIL,
    "other element": HEAD + b'<line Id="1" />' + TAIL,
    "longer element": HEAD + b'<rows Id="1" />' + TAIL,
    "open row": HEAD + b'<row Id="1"></row>' + TAIL,
    "row in a row": HEAD + b'<row Id="1" <row Id="2" />' + TAIL,
    "no quotes": HEAD + b"<row Id=1 />" + TAIL,
    "mismatched quotes": HEAD + b"<row Id=\"1' />" + TAIL,
    "no space": HEAD + b'<row Id="1"OwnerUserId="2" />' + TAIL,
    "no equals": HEAD + b'<row Id "1" />' + TAIL,
    "unknown entity": HEAD + b'<row Id="1" Body="&nbsp;" />' + TAIL,
    "bare ampersand": HEAD + b'<row Id="1" Body="a & b" />' + TAIL,
    "empty reference": HEAD + b'<row Id="1" Body="&#;" />' + TAIL,
    "huge reference": HEAD + b'<row Id="1" Body="&#99999999;" />' + TAIL,
    "control byte": HEAD + b'<row Id="1" Body="a\x00b" />' + TAIL,
    "less-than in a value": HEAD + b'<row Id="1" Body="a<b" />' + TAIL,
    "twice": HEAD + b'<row Id="1" Id="2" />' + TAIL,
    "no id": HEAD + b'<row OwnerUserId="2" />' + TAIL,
    "empty id": HEAD + b'<row Id="" />' + TAIL,
    "no attributes": HEAD + b"<row/>" + TAIL,
    "a word for a number": HEAD + f'<row Id="{CANARY}" />'.encode() + TAIL,
    "a long number": HEAD + b'<row Id="' + b"1" * 5000 + b'" />' + TAIL,
    "a reference in a number": HEAD + b'<row Id="1&#x65E5;" />' + TAIL,
    "month 13": HEAD + b'<row Id="1" CreationDate="2011-13-17T00:00:00.000" />' + TAIL,
    "year 10000": HEAD + b'<row Id="1" CreationDate="10000-01-01T00:00:00.000" />' + TAIL,
    "half a gzip": gzip.compress(HEAD + ROW * 9 + TAIL)[:-12],
    "7z": b"7z\xbc\xaf\x27\x1c" + bytes(200),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_no_dump_is_refused_without_quoting_it(tmp_path: Path, case: str) -> None:
    with pytest.raises(SourceError) as caught:
        _read(_write(tmp_path, BROKEN[case]))
    assert "Posts.xml" in str(caught.value)
    assert CANARY not in str(caught.value)
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None


def test_an_error_gives_the_byte(tmp_path: Path) -> None:
    content = HEAD + ROW + b'  <row Id="x" />' + TAIL
    with pytest.raises(DumpError, match=rf"Id, byte {content.index(b'x' + bytes([34, 32])) + 1}\b"):
        _read(_write(tmp_path, content))


@pytest.mark.parametrize("case", ["no end", "cut in a row", "cut in the end", "half a gzip"])
def test_complete_rows_of_a_truncated_file_are_kept_on_request(tmp_path: Path, case: str) -> None:
    rows, report = _read(_write(tmp_path, BROKEN[case]), allow_truncated=True)
    assert len(rows) >= 1
    assert {row["Id"] for row in rows} == {1}
    assert [finding.code for finding in report.findings] == ["truncated-source"]


def test_folders_that_are_no_dump(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"Posts\.xml"):
        _read(tmp_path)
    with pytest.raises(SourceError, match="not a readable folder"):
        _read(tmp_path / "missing")
    _write(tmp_path, HEAD + TAIL)
    _write(tmp_path, gzip.compress(HEAD + TAIL), "posts.xml.gz")
    with pytest.raises(SourceError, match="more than one file"):
        _read(tmp_path)
