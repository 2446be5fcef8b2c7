"""Reader of a folder of XML files with one `<row a="..." />` a record, such as a Stack Exchange data dump.

Bytes only, no XML library: a parser hands every attribute to Python as text, this one none (see docs/decisions). It
is stricter than XML: a declaration, a comment, text between rows or an entity beyond the five predefined ones is an
error with its offset, and so is a row without its required attributes.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from vestige.derive.contract import ReadReport, SourceTable, TableRead, Take
from vestige.derive.dump.unpack import ByteStream, open_stream
from vestige.errors import DumpError, SourceError
from vestige.progress import Progress, Step
from vestige.results import Finding, Severity

if TYPE_CHECKING:
    from vestige.derive.xml_machine import RowMachine

SUFFIXES: Final = (".xml", ".xml.gz", ".xml.zst", ".xml.xz")
_PROLOG: Final = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml(?P<declaration>[^<>?]{0,200})\?>\s*)?<(?P<root>[A-Za-z]{1,40})\s*(?P<empty>/?)>"
)
_ENCODING: Final = re.compile(rb"""encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_PROLOG_LIMIT: Final = 1024
_BLOCK: Final = 1 << 20


@dataclass
class _Tally:
    """How far the reading is."""

    total: int
    finished: int = 0
    rows: int = 0
    size: int = 0
    findings: list[Finding] = field(default_factory=list)


class XmlFolderReader:
    """Reads the declared attributes of the declared tables from a folder of XML files.

    Args:
        folder: holds `Posts.xml` and so on; `.xml.gz`, `.xml.zst` and `.xml.xz` are read too, in any case.
        allow_truncated: keep the complete rows of a file that ends too early, with a finding.
    """

    def __init__(self, folder: Path, *, allow_truncated: bool = False) -> None:
        self._folder = folder
        self._allow_truncated = allow_truncated

    def read(self, tables: Sequence[SourceTable], take: Take, progress: Progress) -> ReadReport:
        """Read each declared table that has a file.

        An attribute that no row of its file has counts as missing; a required one must stand in every row.

        Raises:
            SourceError: not a folder, no file for a required table, two files for one table, an unreadable format.
            DumpError: a byte cannot be placed, a value is not of its kind, a file ends too early.
        """
        files = find_files(self._folder, [table.name for table in tables])
        absent = [table.name for table in tables if table.required and table.name not in files]
        if absent:
            raise SourceError(
                "the folder lacks files that the dump must have",
                where=", ".join(f"{name}.xml" for name in absent),
                hint="give the folder that holds the unpacked dump (7z x SITE.7z), with all its files",
            )
        tally = _Tally(sum(file.stat().st_size for file in files.values()))
        found = [
            self._read_file(files[table.name], table, take, progress, tally)
            if table.name in files
            else TableRead(table.name, present=False, rows=0)
            for table in tables
        ]
        return ReadReport(tuple(found), tally.size, tuple(tally.findings))

    def names(self, table: str, id_column: str, name_column: str) -> Mapping[int, str]:  # noqa: ARG002 - the protocol
        """No package with XML files has groups or sections of its own."""
        return {}

    def _read_file(self, file: Path, table: SourceTable, take: Take, progress: Progress, tally: _Tally) -> TableRead:
        from vestige.derive.xml_machine import RowMachine

        where = f"{table.name}.xml"
        machine = RowMachine(table, where, lambda batch: take(table.name, batch))
        with _located(where), open_stream(file, _accept_any) as stream:
            for block in _after_prolog(_blocks(stream), table.name, machine):
                machine.feed(block)
                done = tally.finished + stream.consumed
                progress(Step("read", done, tally.total, "bytes", tally.rows + machine.rows))
            tally.finished += stream.consumed
            whole = machine.finished and not stream.cut_short
        machine.flush()
        if not whole:
            self._keep_truncated(machine, where, tally)
        tally.rows += machine.rows
        tally.size += machine.offset
        return TableRead(table.name, present=True, rows=machine.rows, missing=machine.missing)

    def _keep_truncated(self, machine: "RowMachine", where: str, tally: _Tally) -> None:
        if not self._allow_truncated:
            raise DumpError(
                "the file ends too early",
                where=f"{where}, byte {machine.offset}",
                hint="get the whole file, or pass --allow-truncated to keep its complete rows",
            )
        text = f"{where} ends too early at byte {machine.offset}; its {machine.rows} complete rows were kept"
        tally.findings.append(Finding("truncated-source", Severity.PROBLEM, text))


def find_files(folder: Path, tables: Sequence[str]) -> dict[str, Path]:
    """The file of each table that has one.

    Raises:
        SourceError: not a readable folder, or two files for one table.
    """
    try:
        entries = sorted(entry for entry in folder.iterdir() if entry.is_file())
    except OSError:
        entries = None
    if entries is None:
        raise SourceError("that is not a readable folder", hint="give the folder that holds the dump's XML files")
    wanted = {f"{table}{suffix}".lower(): table for table in tables for suffix in SUFFIXES}
    found: dict[str, Path] = {}
    for entry in entries:
        table = wanted.get(entry.name.lower())
        if table is None:
            continue
        if table in found:
            raise SourceError(
                "the folder has more than one file for a table", where=table, hint="keep one of them, plain or packed"
            )
        found[table] = entry
    return found


@contextmanager
def _located(where: str) -> Iterator[None]:
    """Errors about a file that do not say which get its table's name."""
    failure: SourceError | None = None
    try:
        yield
    except SourceError as error:
        place = error.where or ""
        if place.startswith(where):
            raise
        failure = type(error)(error.what, where=f"{where}, {place}" if place else where, hint=error.hint)
    if failure is not None:
        raise failure


def _accept_any(head: bytes) -> None:
    """The prolog decides what kind of file it is."""


def _blocks(stream: ByteStream) -> Iterator[bytes]:
    room = memoryview(bytearray(_BLOCK))
    while count := stream.readinto(room):
        yield bytes(room[:count])


def _after_prolog(blocks: Iterator[bytes], table: str, machine: "RowMachine") -> Iterator[bytes]:
    """The file's bytes after the root element's opening tag.

    Raises:
        DumpError: the file does not begin as an XML file with the table's root element in UTF-8.
    """
    head = b""
    begun = False
    for block in blocks:
        if begun:
            yield block
            continue
        head += block
        if len(head) < _PROLOG_LIMIT and not _PROLOG.match(head):
            continue
        begun = True
        yield _without_prolog(head, table, machine)
    if not begun:
        yield _without_prolog(head, table, machine)


def _without_prolog(head: bytes, table: str, machine: "RowMachine") -> bytes:
    where = f"{table}.xml"
    if not head:
        raise DumpError("the file is empty", where=where, hint="get the file again")
    match = _PROLOG.match(head, 0, _PROLOG_LIMIT)
    if match is None:
        raise DumpError(
            "the file does not begin as an XML file of rows",
            where=f"{where}, byte 0",
            hint="unpack an archive first (7z x SITE.7z); a DOCTYPE or another encoding than UTF-8 is refused",
        )
    encoding = _ENCODING.search(match["declaration"] or b"")
    if encoding is not None and encoding[1].lower() not in {b"utf-8", b"us-ascii", b"ascii"}:
        raise DumpError("the file is not in UTF-8", where=where, hint="convert it, or give the dump as published")
    if match["root"].lower() != table.lower().encode():
        raise DumpError(
            "the file holds another table than its name says", where=where, hint="give the dump's files unrenamed"
        )
    machine.begin(match["root"], match.end(), empty=bool(match["empty"]))
    return head[match.end() :]
