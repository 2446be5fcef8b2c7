"""What a file is, by its first bytes; its name is never asked."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from vestige.errors import SourceError

SNIFFED: Final = 512
"""Bytes that `refuse_foreign` and `packing_of` want to see (a tar header names itself at byte 257)."""


class Packing(StrEnum):
    """How a stream is compressed; zlib only inside archives of pg_dump."""

    PLAIN = "plain"
    GZIP = "gzip"
    ZLIB = "zlib"
    ZSTANDARD = "zstandard"
    XZ = "xz"


_PACKED: Final = ((b"\x1f\x8b", Packing.GZIP), (b"\x28\xb5\x2f\xfd", Packing.ZSTANDARD), (b"\xfd7zXZ\x00", Packing.XZ))


@dataclass(frozen=True)
class _Foreign:
    magic: bytes
    what: str
    hint: str
    at: int = 0


_FOREIGN: Final = (
    _Foreign(b"7z\xbc\xaf\x27\x1c", "a 7z archive", "unpack it first: 7z x -so FILE | vestige derive -"),
    _Foreign(b"PK\x03\x04", "a zip archive", "unpack it first: unzip -p FILE | vestige derive -"),
    _Foreign(b"PK\x05\x06", "an empty zip archive", "ask for the dump again"),
    _Foreign(b"Rar!\x1a\x07", "a rar archive", "unpack it first: unrar p -inul FILE | vestige derive -"),
    _Foreign(b"BZh", "a bzip2 file", "unpack it first: bzip2 -dc FILE | vestige derive -"),
    _Foreign(b"\x04\x22\x4d\x18", "an lz4 file", "unpack it first: lz4 -dc FILE | vestige derive -"),
    _Foreign(b"ustar", "a tar archive", "unpack it first: tar -xOf FILE NAME | vestige derive -", 257),
    _Foreign(b"SQLite format 3\x00", "an SQLite database", "give a dump in SQL"),
    _Foreign(b"\xff\xfe", "a file in UTF-16", "convert it first: iconv -f UTF-16 -t UTF-8 FILE | vestige derive -"),
    _Foreign(b"\xfe\xff", "a file in UTF-16", "convert it first: iconv -f UTF-16 -t UTF-8 FILE | vestige derive -"),
    _Foreign(b"<?xml", "an XML file", "give the folder of a Stack Exchange dump, or a dump in SQL"),
    _Foreign(b"From ", "a mailbox", "see --software mailbox"),
)
_ARCHIVE: Final = b"PGDMP"
_POSTGRESQL: Final = re.compile(
    rb"^(?:-- PostgreSQL database |SET (?:statement_timeout|lock_timeout|client_encoding|standard_conforming_strings|"
    rb"search_path)\b|SELECT pg_catalog\.|COPY [^\n;]+ FROM stdin|\\(?:restrict|connect) )",
    re.MULTILINE,
)
_LAST_ASCII: Final = 0x7F
_CONTROL: Final = frozenset(range(32)) - {9, 10, 12, 13, 26}


def packing_of(head: bytes) -> Packing:
    """The compression of a stream that begins with `head`."""
    for magic, packing in _PACKED:
        if head.startswith(magic):
            return packing
    return Packing.PLAIN


def refuse_foreign(head: bytes) -> None:
    """Raise a `SourceError` with the way out when the (decompressed) stream is no SQL dump at all."""
    if not head:
        raise SourceError("the source is empty", hint="ask for the dump again")
    for foreign in _FOREIGN:
        if head.startswith(foreign.magic, foreign.at):
            raise SourceError(f"the source is {foreign.what}, not an SQL dump", hint=foreign.hint)
    zeros = head.count(0)
    if zeros * 4 > len(head) and (head[1::2].count(0) == zeros or head[::2].count(0) == zeros):
        hint = "convert it first: iconv -f UTF-16 -t UTF-8 FILE | vestige derive -"
        raise SourceError("the source is a file in UTF-16, not an SQL dump", hint=hint)
    if head[0] in _CONTROL or (head[0] > _LAST_ASCII and not head.startswith(b"\xef\xbb\xbf")):
        hint = "give a dump made by mysqldump, pg_dump or alike"
        raise SourceError("the source is a binary file, not an SQL dump", hint=hint)


def is_archive(head: bytes) -> bool:
    """Whether a (decompressed) stream is an archive of pg_dump."""
    return head.startswith(_ARCHIVE)


def is_postgresql(head: bytes) -> bool:
    """Whether a (decompressed) stream is a script of pg_dump or of psql."""
    return _POSTGRESQL.search(head) is not None
