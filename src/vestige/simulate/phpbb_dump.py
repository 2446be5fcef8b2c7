"""A synthetic forum as a dump of a phpBB database, its text columns full of what breaks careless readers."""

import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import numpy as np

from vestige.progress import Progress, Step, ignore_progress
from vestige.simulate.dump_layout import (
    DumpSettings,
    file_head,
    file_tail,
    table_frame,
)
from vestige.simulate.forum import SimulatedForum
from vestige.simulate.hostile_text import ROW_CANARIES, canary_length, make_canary, make_pool
from vestige.simulate.packing import opened
from vestige.simulate.phpbb_accounts import SourceIds, TableRows, make_source_ids
from vestige.simulate.phpbb_rows import phpbb_rows
from vestige.simulate.phpbb_tables import DumpTable, phpbb_tables
from vestige.simulate.sql_rows import TextColumn, draw_texts, make_text_column, row_chunks

_BODY_COLUMNS: Final = frozenset({"posts.post_text", "privmsgs.message_text"})
_BODY_TEXTS: Final = 2000
_TEXTS: Final = 60
_MEAN_TEXT: Final = 24
_SHORT_TEXT: Final = 12
_ROW_CANARY_ROOM: Final = 255
_SELDOM_FILLED: Final = (
    "_reason", "_bitfield", "_uid", "_colour", "_username", "bcc_address", "_link", "_rules", "_password",
    "_forwarded_for", "_actkey", "_newpasswd", "reset_token", "_sig", "_jabber", "_avatar", "poll_title",
    "attach_comment",
)  # fmt: skip


def dump_canaries(seed: int, settings: DumpSettings) -> dict[str, str]:
    """Canary of every text column that has room for one, by "table.column"."""
    return {
        f"{table.name}.{column.name}": make_canary(seed, table.name, column.name, length=canary_length(column.room))
        for table in phpbb_tables(settings.version)
        for column in table.columns
        if canary_length(column.room)
    }


def row_canaries(seed: int, settings: DumpSettings) -> dict[str, tuple[str, ...]]:
    """Canaries of single rows, by "table.column", for the columns with room for long texts."""
    return {
        f"{table.name}.{column.name}": tuple(
            make_canary(seed, table.name, column.name, str(row)) for row in range(ROW_CANARIES)
        )
        for table in phpbb_tables(settings.version)
        for column in table.columns
        if column.room >= _ROW_CANARY_ROOM
    }


def write_phpbb_dump(
    file: str | Path,
    forum: SimulatedForum,
    *,
    settings: DumpSettings | None = None,
    progress: Progress = ignore_progress,
) -> SourceIds:
    """Write a dump of a phpBB database that holds the forum.

    phpBB keeps no access log, no external events and no dates of roles, so the dump holds less than the forum: read
    marks (`topics_track`) for thread views, download counters, and the groups at the window's end.

    Args:
        file: where to write; an existing file is replaced.
        forum: the forum.
        settings: layout, quoting, length of texts.
        progress: called after each table, with the bytes written.

    Returns:
        The ids in the dump, by dense id of the forum.
    """
    settings = settings or DumpSettings()
    canaries = dump_canaries(forum.seed, settings)
    ids = make_source_ids(forum, forum.seed)
    rows = phpbb_rows(forum, ids, canaries)
    written = 0
    with opened(Path(file), settings.compression) as stream:
        for chunk in _chunks(forum.seed, rows, canaries, settings):
            stream.write(chunk)
            written += len(chunk)
            progress(Step("dump", written, None, "bytes"))
    return ids


def _chunks(
    seed: int, rows: Mapping[str, TableRows], canaries: Mapping[str, str], settings: DumpSettings
) -> Iterator[bytes | memoryview]:
    rare = row_canaries(seed, settings)
    yield file_head(settings)
    for table in phpbb_tables(settings.version):
        of_table = rows[table.name]
        frame = table_frame(table, settings)
        yield frame.before
        texts = _text_columns(seed, table, of_table, canaries, rare, settings)
        generator = np.random.default_rng([seed, 2, zlib.crc32(table.name.encode())])
        chosen = {name: draw_texts(generator, column, of_table.rows) for name, column in texts.items()}
        yield from row_chunks(table, of_table.values, texts, chosen, of_table.rows, frame, settings)
        yield frame.after
    yield file_tail(settings)


def _text_columns(
    seed: int,
    table: DumpTable,
    rows: TableRows,
    canaries: Mapping[str, str],
    rare: Mapping[str, tuple[str, ...]],
    settings: DumpSettings,
) -> dict[str, TextColumn]:
    columns = {}
    for column in table.columns:
        name = f"{table.name}.{column.name}"
        if name not in canaries or column.name in rows.values:
            continue
        generator = np.random.default_rng([seed, 3, zlib.crc32(name.encode())])
        body = name in _BODY_COLUMNS
        mean = settings.text_bytes if body else _SHORT_TEXT if column.room < 1 << 8 else _MEAN_TEXT
        size = _BODY_TEXTS if body else _TEXTS
        pool = make_pool(generator, canaries[name], rare.get(name, ()), column.room, mean, size)
        sparse = column.name.endswith(_SELDOM_FILLED)
        columns[column.name] = make_text_column(pool, settings, sparse=sparse)
    return columns
