"""Every table of a dump as bytes: given values where there are some, hostile texts in the other text columns."""

import zlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from vestige.progress import Progress, Step
from vestige.simulate.dump_layout import DumpSettings, file_head, file_tail, table_frame
from vestige.simulate.dump_tables import DumpTable
from vestige.simulate.hostile_text import ROW_CANARIES, canary_length, make_canary, make_pool
from vestige.simulate.packing import opened
from vestige.simulate.sql_rows import TextColumn, Value, draw_texts, make_text_column, row_chunks

_BODY_TEXTS: Final = 2000
_TEXTS: Final = 60
_MEAN_TEXT: Final = 24
_SHORT_TEXT: Final = 12
_ROW_CANARY_ROOM: Final = 255


@dataclass(frozen=True)
class TableRows:
    """One table's rows.

    Attributes:
        rows: how many.
        values: columns that are not left to their default or to random text.
    """

    rows: int
    values: Mapping[str, Value]


def column_canaries(seed: int, tables: Collection[DumpTable]) -> dict[str, str]:
    """Canary of every text column that has room for one, by "table.column"."""
    return {
        f"{table.name}.{column.name}": make_canary(seed, table.name, column.name, length=canary_length(column.room))
        for table in tables
        for column in table.columns
        if canary_length(column.room)
    }


def single_canaries(seed: int, tables: Collection[DumpTable]) -> dict[str, tuple[str, ...]]:
    """Canaries of single rows, by "table.column", for the columns with room for long texts."""
    return {
        f"{table.name}.{column.name}": tuple(
            make_canary(seed, table.name, column.name, str(row)) for row in range(ROW_CANARIES)
        )
        for table in tables
        for column in table.columns
        if column.room >= _ROW_CANARY_ROOM
    }


def dump_chunks(
    seed: int,
    tables: Collection[DumpTable],
    rows: Mapping[str, TableRows],
    settings: DumpSettings,
    *,
    bodies: Collection[str],
    seldom_filled: tuple[str, ...],
) -> Iterator[bytes | memoryview]:
    """A whole dump, piece by piece.

    Args:
        seed: of texts and canaries.
        tables: the tables in the dump's order.
        rows: their rows by name.
        settings: layout and quoting.
        bodies: "table.column" of the columns that hold posts and messages.
        seldom_filled: ends of the names of columns that are mostly empty.
    """
    frames = {table.name: table_frame(table, settings) for table in tables}
    yield file_head(settings, next((table.charset.split()[0] for table in tables), "utf8mb4"))
    if settings.of_postgresql:
        for frame in frames.values():
            yield frame.heading
    for table in tables:
        of_table, frame = rows[table.name], frames[table.name]
        yield frame.before if settings.of_postgresql else frame.heading + frame.before
        texts = _text_columns(seed, table, of_table.values, settings, bodies, seldom_filled)
        generator = np.random.default_rng([seed, 2, zlib.crc32(table.name.encode())])
        chosen = {name: draw_texts(generator, column, of_table.rows) for name, column in texts.items()}
        yield from row_chunks(table, of_table.values, texts, chosen, of_table.rows, frame, settings)
        yield frame.after
    yield file_tail(settings)


def _text_columns(
    seed: int,
    table: DumpTable,
    given: Collection[str],
    settings: DumpSettings,
    bodies: Collection[str],
    seldom_filled: tuple[str, ...],
) -> dict[str, TextColumn]:
    """Texts of the columns that have room for a canary and no value of their own."""
    canaries, rare = column_canaries(seed, [table]), single_canaries(seed, [table])
    texts: dict[str, TextColumn] = {}
    for column in table.columns:
        name = f"{table.name}.{column.name}"
        if name not in canaries or column.name in given:
            continue
        generator = np.random.default_rng([seed, 3, zlib.crc32(name.encode())])
        body = name in bodies
        mean = settings.text_bytes if body else _SHORT_TEXT if column.room < 1 << 8 else _MEAN_TEXT
        size = _BODY_TEXTS if body else _TEXTS
        pool = make_pool(generator, canaries[name], rare.get(name, ()), column.room, mean, size)
        sparse = column.name.endswith(seldom_filled)
        texts[column.name] = make_text_column(pool, settings.of_column(column), sparse=sparse)
    return texts


def write_chunks(file: Path, chunks: Iterator[bytes | memoryview], settings: DumpSettings, progress: Progress) -> None:
    """Write a dump, packed as the settings say; progress counts the bytes before packing."""
    written = 0
    with opened(file, settings.compression) as stream:
        for chunk in chunks:
            stream.write(chunk)
            written += len(chunk)
            progress(Step("dump", written, None, "bytes"))
