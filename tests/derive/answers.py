"""Answers as MySQL and PostgreSQL send them, from plain rows; and a stream that gives them out in pieces."""

import struct
from collections import Counter
from collections.abc import Iterable, Sequence

from vestige.derive.contract import Cell, SourceColumn, SourceTable
from vestige.derive.live.answer import READ_PACKETS, READ_RECORDS, Answer, read_answer
from vestige.derive.live.plan import Asked, TablePlan

COLUMNS = (SourceColumn("id"), SourceColumn("at", Cell.SECONDS), SourceColumn("list", Cell.NUMBERS))
PLAN = TablePlan(SourceTable("posts", COLUMNS), "f_posts", tuple(Asked(column, column.name) for column in COLUMNS), ())
END_OF_ROWS = b"\xfe\0\0\2\0"
FIRST = 250
"""Number of the first row's packet; the numbers go round after 255."""
BIGINT = 20
BYTEA = 17

Row = Sequence[int | bytes | None]


def packet(sequence: int, content: bytes) -> bytes:
    """A packet of MySQL's."""
    return len(content).to_bytes(3, "little") + bytes([sequence & 0xFF]) + content


def row_packet(cells: Iterable[bytes | None]) -> bytes:
    """The content of a row's packet in the text protocol."""
    return b"".join(b"\xfb" if cell is None else _counted(cell) for cell in cells)


def packets(rows: Iterable[Row]) -> bytes:
    """A whole answer of MySQL's."""
    contents = [row_packet([str(cell).encode() if isinstance(cell, int) else cell for cell in row]) for row in rows]
    return b"".join(packet(FIRST + place, content) for place, content in enumerate([*contents, END_OF_ROWS]))


def records(rows: Iterable[Row]) -> bytes:
    """A whole answer of PostgreSQL's, with the end that stands behind it."""
    return b"".join(struct.pack(">i", len(row)) + b"".join(map(_field, row)) for row in rows) + b"\xff" * 4


def answered(kernel: str, content: bytes, piece: int = 1 << 20) -> Answer:
    """A connection over which some bytes come, then its end."""
    left = memoryview(content)

    def readinto(room: memoryview) -> int:
        nonlocal left
        count = min(len(left), len(room), piece)
        room[:count], left = left[:count], left[count:]
        return count

    return Answer(readinto, kernel, sequence=FIRST if kernel == READ_PACKETS else 0, alone=kernel == READ_RECORDS)


def rows_of(answer: Answer, block: int = 1 << 20) -> tuple[list[tuple[object, ...]], Counter[tuple[str, str]]]:
    """The rows that are read, and what is damaged in them."""
    damaged: Counter[tuple[str, str]] = Counter()
    batches = list(read_answer(answer, PLAN, damaged, block))
    for batch in batches:
        batch.validate(full=True)
    return [tuple(row.values()) for batch in batches for row in batch.to_pylist()], damaged


WAYS = {READ_PACKETS: packets, READ_RECORDS: records}


def _counted(cell: bytes) -> bytes:
    if len(cell) < 0xFB:
        return bytes([len(cell)]) + cell
    if len(cell) < 1 << 16:
        return b"\xfc" + len(cell).to_bytes(2, "little") + cell
    return b"\xfd" + len(cell).to_bytes(3, "little") + cell


def _field(cell: int | bytes | None) -> bytes:
    if cell is None:
        return struct.pack(">ii", BYTEA, -1)
    if isinstance(cell, int):
        return struct.pack(">iiq", BIGINT, 8, cell)
    return struct.pack(">ii", BYTEA, len(cell)) + cell
