"""Rows of a dump as bytes, many at a time: Arrow joins the pieces, no loop over rows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vestige.simulate.calendar import Integers
from vestige.simulate.dump_layout import DumpSettings, Frame, TextForm, quote
from vestige.simulate.dump_tables import DumpColumn, DumpTable
from vestige.simulate.hostile_text import Pool

BATCH_ROWS: Final = 1 << 14
_SPARSE_SHARE: Final = 0.05


@dataclass(frozen=True)
class Words:
    """Text from a short list, by position."""

    code: Integers
    words: tuple[bytes, ...]


@dataclass(frozen=True)
class Numbered:
    """Text that is a fixed beginning and a number, so that it is unique."""

    number: Integers
    before: bytes = b""


@dataclass(frozen=True)
class Queried:
    """What an SQL query gave: numbers, truth values, texts and moments, or NULL."""

    values: pa.Array


Value = Integers | Words | Numbered | Queried
"""What a column holds; a column without a value holds its default, or texts of its pool."""


@dataclass(frozen=True)
class TextColumn:
    """A text column's literals, ready to be joined.

    Attributes:
        literals: quoted texts: the empty one, the ordinary ones, then the rare ones.
        ordinary: number of ordinary texts.
        sparse: whether most rows are empty, as in columns that forums seldom fill.
    """

    literals: pa.Array
    ordinary: int
    sparse: bool


def make_text_column(pool: Pool, settings: DumpSettings, *, sparse: bool) -> TextColumn:
    """Quote a pool's texts."""
    texts = (b"", *pool.ordinary, *pool.rare)
    return TextColumn(pa.array([quote(text, settings) for text in texts], pa.binary()), len(pool.ordinary), sparse)


def draw_texts(generator: np.random.Generator, column: TextColumn, rows: int) -> Integers:
    """Which literal each row holds; each rare one stands in one row, and the first row is never empty."""
    chosen = generator.integers(1, column.ordinary + 1, size=rows, dtype=np.int32)
    if column.sparse:
        chosen[generator.random(rows, dtype=np.float32) >= _SPARSE_SHARE] = 0
    chosen[:1] = 1
    rare = np.arange(column.ordinary + 1, len(column.literals), dtype=np.int32)[: max(rows - 1, 0)]
    places = 1 + np.arange(len(rare)) * (rows - 1) // max(len(rare), 1)
    chosen[places] = rare
    return chosen


def row_chunks(
    table: DumpTable,
    values: Mapping[str, Value],
    texts: Mapping[str, TextColumn],
    chosen: Mapping[str, Integers],
    rows: int,
    frame: Frame,
    settings: DumpSettings,
) -> Iterator[memoryview]:
    """A table's statements, in chunks of bytes.

    Args:
        table: the table.
        values: columns that are not left to default or pool.
        texts: literals of every text column that draws on a pool.
        chosen: which literal each row of these holds.
        rows: number of rows.
        frame: the layout's strings.
        settings: quoting, and the length of statements.
    """
    for start in range(0, rows, BATCH_ROWS):
        stop = min(start + BATCH_ROWS, rows)
        pieces: list[Any] = [frame.row_separator, frame.row[0]]
        for column in table.columns:
            form = settings.of_column(column)
            pieces += _pieces(column, values.get(column.name), texts, chosen, slice(start, stop), form)
            pieces.append(frame.value_separator)
        pieces[-1] = frame.row[1]
        yield from _statements(_join(pieces, stop - start), frame, settings.statement_bytes)


def _pieces(
    column: DumpColumn,
    value: Value | None,
    texts: Mapping[str, TextColumn],
    chosen: Mapping[str, Integers],
    rows: slice,
    settings: DumpSettings,
) -> list[Any]:
    if isinstance(value, Words):
        literals = pa.array([quote(word, settings) for word in value.words], pa.binary())
        return [literals.take(pa.array(value.code[rows]))]
    if isinstance(value, Numbered):
        return _numbered(value, rows, settings)
    if isinstance(value, Queried):
        return [_literals(value.values[rows], settings)]
    if isinstance(value, np.ndarray):
        return [_digits(value[rows])]
    if column.name in texts:
        return [texts[column.name].literals.take(pa.array(chosen[column.name][rows]))]
    return [_default(column, settings)]


def _default(column: DumpColumn, settings: DumpSettings) -> bytes:
    if column.nullable:
        return _null(settings)
    if column.quoted:
        return quote((column.default or "").encode(), settings)
    default = (column.default or "0").encode()
    return default[:1] if column.sql == "boolean" else default  # COPY writes `t` and `f`


def _literals(values: pa.Array, settings: DumpSettings) -> pa.Array:
    if pa.types.is_boolean(values.type):
        yes, no = (b"t", b"f") if settings.of_postgresql else (b"1", b"0")
        spelled = pc.if_else(values, pa.scalar(yes), pa.scalar(no))
    elif pa.types.is_integer(values.type):
        spelled = values.cast(pa.string()).cast(pa.binary())
    else:
        if pa.types.is_timestamp(values.type):
            values = pc.strftime(values, "%Y-%m-%d %H:%M:%S")
        texts = values.cast(pa.binary()).to_pylist()
        spelled = pa.array([None if text is None else quote(text, settings) for text in texts], pa.binary())
    return spelled.fill_null(_null(settings))


def _null(settings: DumpSettings) -> bytes:
    return b"\\N" if settings.of_postgresql else b"NULL"


def _numbered(value: Numbered, rows: slice, settings: DumpSettings) -> list[Any]:
    digits = _digits(value.number[rows])
    if settings.text is not TextForm.HEX:
        head, tail = quote(value.before + b"0", settings).rsplit(b"0", 1)
        return [head, digits, tail]
    spelled = pc.replace_substring_regex(digits.cast(pa.string()), "([0-9])", "3\\1").cast(pa.binary())
    return [b"0x" + value.before.hex().upper().encode(), spelled]


def _digits(numbers: Integers) -> pa.Array:
    return pa.array(numbers).cast(pa.string()).cast(pa.binary())


def _join(pieces: list[Any], rows: int) -> pa.Array:
    """Join row by row, after merging constants that follow each other."""
    merged: list[Any] = []
    for piece in pieces:
        if isinstance(piece, bytes) and merged and isinstance(merged[-1], bytes):
            merged[-1] += piece
        else:
            merged.append(piece)
    if all(isinstance(piece, bytes) for piece in merged):
        return pa.array(merged * rows, pa.binary())
    columns = [pa.scalar(piece, pa.binary()) if isinstance(piece, bytes) else piece for piece in merged]
    return pc.binary_join_element_wise(*columns, pa.scalar(b"", pa.binary()))


def _statements(joined: pa.Array, frame: Frame, statement_bytes: int) -> Iterator[memoryview]:
    _, offsets_buffer, data_buffer = joined.buffers()
    offsets = np.frombuffer(offsets_buffer, np.int32)[joined.offset : joined.offset + len(joined) + 1]
    data = memoryview(data_buffer)
    row = 0
    while row < len(joined):
        last = int(np.searchsorted(offsets, offsets[row] + statement_bytes, side="left"))
        last = max(row + 1, min(last, len(joined)))
        yield memoryview(frame.statement)
        yield data[int(offsets[row]) + len(frame.row_separator) : int(offsets[last])]
        yield memoryview(frame.statement_end)
        row = last
