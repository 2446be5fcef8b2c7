"""Writes pg_dump archives in custom format, as pg_backup_archiver.c and pg_backup_custom.c lay them out."""

import zlib
from dataclasses import dataclass

import zstandard

NONE, GZIP, LZ4, ZSTANDARD = range(4)


@dataclass
class Block:
    """A table with its rows as COPY writes them, or with INSERT statements when `copy` is empty."""

    table: str
    columns: str
    rows: bytes
    copy: str | None = None
    kind: str = "TABLE DATA"

    @property
    def statement(self) -> str:
        return f"COPY public.{self.table} ({self.columns}) FROM stdin;\n" if self.copy is None else self.copy


class ArchiveWriter:
    """Writes one archive.

    Args:
        minor: minor version, 12 to 16.
        compression: of the blocks.
        chunk: bytes of a chunk.
        integer: bytes of an integer.
    """

    def __init__(self, minor: int = 14, compression: int = GZIP, *, chunk: int = 4096, integer: int = 4) -> None:
        self.minor, self.compression, self.chunk, self.integer = minor, compression, chunk, integer

    def number(self, value: int) -> bytes:
        return bytes([value < 0]) + abs(value).to_bytes(self.integer, "little")

    def text(self, value: str | None) -> bytes:
        raw = value.encode() if value is not None else b""
        return self.number(-1 if value is None else len(raw)) + raw

    def entry(self, number: int, name: str, kind: str, definition: str = "", copy: str = "", *, data=False) -> bytes:
        parts = [self.number(number), self.number(data), self.text("0"), self.text("0"), self.text(name)]
        parts += [self.text(kind), self.number(2), self.text(definition), self.text("DROP x;"), self.text(copy)]
        parts += [self.text("public"), self.text(None)]
        parts += [self.text("heap")] if self.minor >= 14 else []
        parts += [self.number(ord("r"))] if self.minor >= 16 else []
        parts += [self.text("owner"), self.text("false"), self.text("3"), self.text(None), bytes([1]), bytes(8)]
        return b"".join(parts)

    def header(self, form: int = 1) -> bytes:
        head = b"PGDMP" + bytes([1, self.minor, 0, self.integer, 8, form])
        head += bytes([self.compression]) if self.minor >= 15 else self.number(-1 if self.compression else 0)
        return head + b"".join(self.number(part) for part in (1, 2, 3, 4, 5, 120, 0)) + 3 * self.text("zqsecretqz")

    def packed(self, rows: bytes) -> bytes:
        return {NONE: bytes, GZIP: zlib.compress, ZSTANDARD: zstandard.compress, LZ4: bytes}[self.compression](rows)

    def block(self, number: int, rows: bytes) -> bytes:
        packed = self.packed(rows)
        chunks = [packed[start : start + self.chunk] for start in range(0, len(packed), self.chunk)]
        return b"\1" + self.number(number) + b"".join(self.number(len(one)) + one for one in chunks) + self.number(0)

    def large_objects(self, number: int) -> bytes:
        objects = [self.number(oid) + self.number(9) + b"zqsecretq" + self.number(0) for oid in (17, 18)]
        return b"\3" + self.number(number) + b"".join(objects) + self.number(0)

    def __call__(self, blocks: list[Block]) -> bytes:
        entries = [self.entry(1, "ENCODING", "ENCODING", "SET client_encoding = 'UTF8';\n")]
        entries += [self.entry(2, "f", "FUNCTION", "CREATE FUNCTION f() AS $$ ';' $$;\n")]
        written = [self.large_objects(99)]
        for number, block in enumerate(blocks, 10):
            columns = ", ".join(f"{name} text" for name in block.columns.split(", "))
            entries.append(
                self.entry(2 * number, block.table, "TABLE", f"CREATE TABLE public.{block.table} ({columns});")
            )
            entries.append(self.entry(2 * number + 1, block.table, block.kind, "", block.statement, data=True))
            written.append(self.block(2 * number + 1, block.rows))
        entries.append(self.entry(99, "BLOBS", "BLOBS", data=True))
        return self.header() + self.number(len(entries)) + b"".join(entries) + b"".join(written)
