"""The header and table of contents of a pg_dump archive in custom format (pg_backup_archiver.c, versions 1.12 to 1.16).

Of each entry only what is needed to find and read rows is kept; the rest is gone past.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from vestige.derive.dump.formats import Packing
from vestige.errors import DumpError, SourceError

_MAGIC: Final = b"PGDMP"
_CUSTOM: Final = 1
_TAR: Final = 3
_DIRECTORY: Final = 5
_FORMATS: Final = {_TAR: "tar", _DIRECTORY: "directory"}
_OLDEST: Final = (1, 12)
_NEWEST: Final = (1, 16)
_WITH_ALGORITHM: Final = (1, 15)
_WITH_RELATION_KIND: Final = (1, 16)
_WITH_ACCESS_METHOD: Final = (1, 14)
_PACKINGS: Final = {0: Packing.PLAIN, 1: Packing.ZLIB, 3: Packing.ZSTANDARD}
_LARGEST_INTEGER: Final = 8
_LONGEST_TEXT: Final = 16 << 20
_LARGEST_KEPT: Final = 64 << 20
_PASSED_OVER: Final = 1 << 16
_BLOCK: Final = 1 << 18
_SETTINGS: Final = frozenset({b"ENCODING", b"STDSTRINGS", b"SEARCHPATH"})
_SCRIPT: Final = "unpack it first: pg_restore -f - FILE | vestige derive -"
_DAMAGED: Final = "copy or make the archive again"


@dataclass(frozen=True)
class Entry:
    """One entry that matters for rows.

    Attributes:
        number: its id, which its block of data carries.
        name: of the table, as the archive writes it.
        definition: SQL that defines a table or sets how rows are written; empty for data.
        copy: the COPY statement of data; empty where they are INSERT statements.
        has_data: whether a block of data follows.
    """

    number: int
    name: bytes
    definition: bytes
    copy: bytes
    has_data: bool


@dataclass(frozen=True)
class Contents:
    """What an archive holds.

    Attributes:
        packing: how blocks of data are compressed.
        settings: statements that say how rows are written.
        tables: entries that define tables.
        data: entries with rows, by number.
    """

    packing: Packing
    settings: tuple[bytes, ...]
    tables: tuple[Entry, ...]
    data: dict[int, Entry]


class CutShortError(DumpError):
    """The archive ends too early."""


class ArchiveBytes:
    """The bytes of an archive from front to end; nothing is ever sought backwards, so that a pipe will do.

    Args:
        readinto: fills a buffer, 0 at the end.

    Attributes:
        offset: bytes gone through.
        integer: bytes of an integer, beside its sign.
        offset_size: bytes of an offset in the file.
    """

    def __init__(self, readinto: Callable[[memoryview], int]) -> None:
        self._readinto = readinto
        self._block = b""
        self._at = 0
        self.offset = 0
        self.integer = 4
        self.offset_size = 8

    def exactly(self, size: int) -> bytes:
        """So many bytes.

        Raises:
            CutShortError: the archive ends before.
        """
        piece = self.at_most(size)
        if len(piece) < size:
            where = f"byte {self.offset:,} of the archive"
            raise CutShortError("the archive ends too early", where=where, hint=_DAMAGED)
        return piece

    def at_most(self, size: int) -> bytes:
        """So many bytes, fewer only at the end."""
        piece = self._block[self._at : self._at + size]
        self._at += len(piece)
        if len(piece) < size:
            piece += self._more(size - len(piece))
        self.offset += len(piece)
        return piece

    def _more(self, size: int) -> bytes:
        """So many bytes behind the block at hand, fewer only at the end; a chunk of an archive is a few kB."""
        pieces: list[bytes] = []
        room = bytearray(_BLOCK)
        while size and (count := self._readinto(memoryview(room))):
            self._block, self._at = bytes(room[:count]), min(size, count)
            pieces.append(self._block[: self._at])
            size -= self._at
        return b"".join(pieces)

    def byte(self) -> int:
        """One byte."""
        return self.exactly(1)[0]

    def number(self) -> int:
        """An integer: a byte for its sign, then its bytes, lowest first."""
        raw = self.exactly(1 + self.integer)
        value = int.from_bytes(raw[1:], "little")
        return -value if raw[0] else value

    def text(self) -> bytes:
        """A string; a missing one is empty."""
        size = self.number()
        if size > _LONGEST_TEXT:
            raise self.damaged("a text in the archive's table of contents is too long")
        return self.exactly(size) if size > 0 else b""

    def pass_text(self) -> bool:
        """Go past a string; False when it is missing."""
        size = self.number()
        self.pass_over(max(size, 0))
        return size >= 0

    def pass_over(self, size: int) -> None:
        """Go past so many bytes."""
        while size:
            size -= len(self.exactly(min(size, _PASSED_OVER)))

    def damaged(self, what: str) -> DumpError:
        """An error at the byte at hand."""
        return DumpError(what, where=f"byte {self.offset:,} of the archive", hint=_DAMAGED)


def read_contents(source: ArchiveBytes) -> Contents:
    """Read the header and the table of contents.

    Raises:
        DumpError: the archive is damaged or ends early.
        SourceError: an archive of another format or version, or compressed in a way that is not read.
    """
    version, packing = _read_header(source)
    settings: list[bytes] = []
    tables: list[Entry] = []
    data: dict[int, Entry] = {}
    kept = 0
    for _ in range(_count(source)):
        kind, entry = _read_entry(source, version)
        kept += len(entry.definition) + len(entry.copy) + len(entry.name)
        if kept > _LARGEST_KEPT:
            raise source.damaged("the archive's table of contents is too large")
        if kind in _SETTINGS:
            settings.append(entry.definition)
        elif kind == b"TABLE":
            tables.append(entry)
        elif kind == b"TABLE DATA":
            if entry.number in data:
                raise source.damaged("two entries of the archive have the same number")
            data[entry.number] = entry
    return Contents(packing, tuple(settings), tuple(tables), data)


def _read_header(source: ArchiveBytes) -> tuple[tuple[int, int], Packing]:
    if source.exactly(len(_MAGIC)) != _MAGIC:
        raise source.damaged("the archive has no header")
    version = source.byte(), source.byte()
    source.byte()  # revision
    if not _OLDEST <= version <= _NEWEST:
        raise SourceError("the archive is of a version that is not read", where="its header", hint=_SCRIPT)
    source.integer = source.byte()
    offset_size, form = source.byte(), source.byte()
    if not (0 < source.integer <= _LARGEST_INTEGER and 0 < offset_size <= _LARGEST_INTEGER):
        raise source.damaged("the archive's header is damaged")
    source.offset_size = offset_size
    if form != _CUSTOM:
        what = f"the archive is in {_FORMATS.get(form, 'another')} format, not in custom format"
        raise SourceError(what, where="its header", hint=_SCRIPT)
    algorithm = source.byte() if version >= _WITH_ALGORITHM else 1 if source.number() else 0
    if algorithm not in _PACKINGS:
        raise SourceError("the archive is compressed in a way that is not read", where="its header", hint=_SCRIPT)
    for _ in range(7):  # the moment of its making
        source.number()
    for _ in range(3):  # database, versions of server and of pg_dump
        source.pass_text()
    return version, _PACKINGS[algorithm]


def _count(source: ArchiveBytes) -> int:
    count = source.number()
    if count < 0:
        raise source.damaged("the archive's table of contents is damaged")
    return count


def _read_entry(source: ArchiveBytes, version: tuple[int, int]) -> tuple[bytes, Entry]:
    """Kind and entry; the order of the fields is that of ReadToc."""
    number, has_data = source.number(), source.number() != 0
    source.pass_text()  # oid of the catalogue
    source.pass_text()  # oid of the object
    name, kind = source.text(), source.text()
    source.number()  # section
    wanted = kind == b"TABLE" or kind in _SETTINGS
    definition = source.text() if wanted else b""
    if not wanted:
        source.pass_text()
    source.pass_text()  # statement that drops it
    copy = source.text() if kind == b"TABLE DATA" else b""
    if kind != b"TABLE DATA":
        source.pass_text()
    source.pass_text()  # schema
    source.pass_text()  # table space
    if version >= _WITH_ACCESS_METHOD:
        source.pass_text()
    if version >= _WITH_RELATION_KIND:
        source.number()
    source.pass_text()  # owner
    source.pass_text()  # with oids
    while source.pass_text():  # dependencies, up to a missing text
        pass
    source.pass_over(1 + source.offset_size)
    return kind, Entry(number, name, definition, copy, has_data)
