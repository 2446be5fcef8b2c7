"""A synthetic forum written down: as a dataset, or as a dump; the truth in a folder of its own."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from vestige.dataset import ForumEntry, Manifest, TimeResolution, write_dataset
from vestige.dataset.arrow import arrow_schema
from vestige.dataset.schema import TABLES, Column, ColumnType, Software
from vestige.errors import SettingsError
from vestige.outputs import staged_folder
from vestige.progress import Progress, Step, ignore_progress
from vestige.results import plain_settings
from vestige.simulate.access_log import AccessLogSettings, log_canaries, write_access_log
from vestige.simulate.calendar import UNKNOWN, Integers
from vestige.simulate.dump_file import column_canaries, single_canaries
from vestige.simulate.dump_layout import DumpSettings
from vestige.simulate.forum import SimulatedForum
from vestige.simulate.packages import Package, package_settings, write_package_dump
from vestige.simulate.phpbb_accounts import SourceIds
from vestige.simulate.phpbb_dump import write_phpbb_dump
from vestige.simulate.phpbb_tables import phpbb_tables
from vestige.simulate.settings import Preset
from vestige.simulate.truth import truth_document, truth_tables

_BATCH_ROWS: Final = 1 << 20
_FORUM: Final = 0
_MICROSECONDS: Final = 1_000_000
_UNIT_SECONDS: Final = {
    TimeResolution.SECOND: 1,
    TimeResolution.MINUTE: 60,
    TimeResolution.HOUR: 3600,
    TimeResolution.DAY: 86_400,
}

DATASET_FOLDER: Final = "dataset"
TRUTH_FOLDER: Final = "truth"
DUMP_NAME: Final = "forum.sql"
LOG_FOLDER: Final = "logs"


def write_simulated_dataset(
    path: str | Path,
    forum: SimulatedForum,
    *,
    preset: Preset | None = None,
    replace: bool = False,
    progress: Progress = ignore_progress,
) -> Manifest:
    """Write a folder with `dataset/` and `truth/`, whole or not at all.

    Args:
        path: the new folder.
        forum: the forum.
        preset: the preset it was made from, to be named in the truth.
        replace: whether a folder at `path` may be replaced.
        progress: called after each table.

    Returns:
        The dataset's manifest.

    Raises:
        OutputError: `path` exists or cannot be written.
    """
    with staged_folder(Path(path), replace=replace) as folder:
        manifest = write_dataset(folder / DATASET_FOLDER, _tables(forum, progress), _manifest(forum))
        write_truth(folder / TRUTH_FOLDER, forum, preset=preset)
    return manifest


def write_simulated_dump(
    path: str | Path,
    forum: SimulatedForum,
    *,
    settings: DumpSettings | None = None,
    package: Package | None = None,
    log: AccessLogSettings | None = None,
    preset: Preset | None = None,
    replace: bool = False,
    progress: Progress = ignore_progress,
) -> Path:
    """Write a folder with a dump, `forum.sql` and its packing's suffix, and `truth/`, whole or not at all.

    With `log`, the folder also holds `logs/`, the access log of the same phpBB forum.

    Args:
        path: the new folder.
        forum: the forum.
        settings: what the dump looks like.
        package: of whose database (`packages.package_of`); phpBB's if None.
        log: what the access log looks like; None for none.
        preset: the preset it was made from, to be named in the truth.
        replace: whether a folder at `path` may be replaced.
        progress: called with the bytes written.

    Returns:
        Where the dump stands.

    Raises:
        OutputError: `path` exists or cannot be written.
        SettingsError: a log was asked for, and the package is not phpBB; or nothing dumps it in that layout.
    """
    if package is not None and log is not None:
        raise SettingsError("access logs are simulated for phpBB only", hint="leave out the log")
    settings = package_settings(package, settings) if package is not None else settings or DumpSettings()
    name = DUMP_NAME + settings.compression.value
    with staged_folder(Path(path), replace=replace) as folder:
        if package is None:
            ids = write_phpbb_dump(folder / name, forum, settings=settings, progress=progress)
            tables = phpbb_tables(settings.version)
        else:
            ids = write_package_dump(folder / name, forum, package, settings=settings, progress=progress)
            tables = package.dump_tables()
        write_truth(folder / TRUTH_FOLDER, forum, preset=preset, ids=ids)
        canaries: dict[str, Any] = {
            "columns": column_canaries(forum.seed, tables),
            "rows": single_canaries(forum.seed, tables),
        }
        if log is not None:
            (folder / LOG_FOLDER).mkdir()
            write_access_log(folder / LOG_FOLDER, forum, ids, settings=log)
            canaries["log"] = log_canaries(forum.seed)
        _write_json(folder / TRUTH_FOLDER / "canaries.json", canaries)
    return Path(path) / name


def write_truth(
    folder: Path, forum: SimulatedForum, *, preset: Preset | None = None, ids: SourceIds | None = None
) -> None:
    """Write what was put in: `truth.json` and one Parquet file a table.

    Args:
        folder: the new folder.
        forum: the forum.
        preset: the preset, to be named.
        ids: ids in the dump, if the forum was written as one.
    """
    folder.mkdir()
    for name, table in truth_tables(forum, pseudonyms(forum), ids).items():
        pq.write_table(table, folder / f"{name}.parquet", compression="zstd")
    document = {"preset": preset, "seed": forum.seed, "settings": plain_settings(forum.settings)}
    _write_json(folder / "truth.json", {**document, **truth_document(forum)})


def pseudonyms(forum: SimulatedForum) -> pa.Array:
    """One pseudonym an account: 128 bits that follow from the seed, in hexadecimal."""
    seed = int.from_bytes(hashlib.sha256(f"vestige simulate {forum.seed}".encode()).digest(), "big")
    count = len(forum.tables["member"]["member"])
    letters = np.random.default_rng(seed).bytes(16 * count).hex().encode()
    offsets = np.arange(0, 32 * count + 1, 32, dtype=np.int64)
    large = pa.Array.from_buffers(pa.large_string(), count, [None, pa.py_buffer(offsets), pa.py_buffer(letters)])
    return large.cast(pa.string()) if count < (1 << 31) // 32 else large


def _write_json(file: Path, document: Mapping[str, Any]) -> None:
    file.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def _manifest(forum: SimulatedForum) -> Manifest:
    return Manifest(
        forums=(ForumEntry(_FORUM, forum.settings.code, Software.SIMULATED),),
        time_resolution=forum.settings.time_resolution,
        absent={
            "member.linked_pseudonym": "linking was not chosen",
            "object.class": "a simulated forum has no list to join",
            "role_spell.rank": "a simulated forum has no ranks",
        },
        codes={
            "forum.code": (forum.settings.code,),
            "section.kind": _section_kinds(forum),
        },
        options={"simulated": True, "views_and_downloads_from": _iso(forum.truth.log_start)},
    )


def _section_kinds(forum: SimulatedForum) -> tuple[str, ...]:
    """The codes that derivation gives to sections without a kind of the custodian's."""
    return tuple(f"section-{number + 1}" for number in range(len(forum.tables["section"]["section"])))


def _iso(seconds: int) -> str:
    return str(np.datetime64(seconds, "s"))


def _tables(forum: SimulatedForum, progress: Progress) -> dict[str, pa.Table | Iterator[pa.RecordBatch]]:
    tables: dict[str, pa.Table | Iterator[pa.RecordBatch]] = {"forum": _forum_table(forum)}
    for number, name in enumerate(forum.tables):
        tables[name] = _reported(_batches(forum, name), progress, number, len(forum.tables))
    return tables


def _reported(
    batches: Iterator[pa.RecordBatch], progress: Progress, number: int, total: int
) -> Iterator[pa.RecordBatch]:
    yield from batches
    progress(Step("write", number + 1, total, "tables"))


def _forum_table(forum: SimulatedForum) -> pa.Table:
    unit = _UNIT_SECONDS[forum.settings.time_resolution]
    row: dict[str, Any] = dict.fromkeys(arrow_schema("forum").names)
    row |= {
        "forum": _FORUM,
        "code": forum.settings.code,
        "software": Software.SIMULATED.value,
        "window_start": forum.window.start * _MICROSECONDS,
        "window_end": forum.window.end // unit * unit * _MICROSECONDS,
    }
    schema = arrow_schema("forum")
    return pa.table({name: pa.array([row[name]]).cast(schema.field(name).type) for name in schema.names}, schema)


def _batches(forum: SimulatedForum, name: str) -> Iterator[pa.RecordBatch]:
    """The table's rows in the schema's columns; `sanction.post` and the like, which only a dump has, are left out."""
    columns = forum.tables[name]
    rows = len(next(iter(columns.values())))
    strings = {"pseudonym": pseudonyms(forum)} if name == "member" else {}
    if name == "section":
        strings = {"kind": pa.array(_section_kinds(forum))}
    for start in range(0, rows, _BATCH_ROWS):
        part = slice(start, min(start + _BATCH_ROWS, rows))
        arrays = [
            strings[column.name][part] if column.name in strings else _arrow(forum, name, column, part)
            for column in TABLES[name].columns
        ]
        yield pa.RecordBatch.from_arrays(arrays, schema=arrow_schema(name))


def _arrow(forum: SimulatedForum, table: str, column: Column, part: slice) -> pa.Array:
    kind = arrow_schema(table).field(column.name).type
    count = part.stop - part.start
    if column.name == "forum":
        return pa.repeat(pa.scalar(_FORUM, pa.int64()), count)
    if column.name not in forum.tables[table]:
        return pa.nulls(count, kind)
    return _typed(forum.tables[table][column.name][part], column, kind, forum.settings.time_resolution)


def _typed(values: Integers, column: Column, kind: pa.DataType, resolution: TimeResolution) -> pa.Array:
    if column.kind is ColumnType.FLAG:
        return pa.array(values, pa.bool_())
    null = values == UNKNOWN if column.nullable else None
    if column.kind is ColumnType.TIME:
        unit = _UNIT_SECONDS[resolution]
        return pa.array(values // unit * unit * _MICROSECONDS, pa.int64(), mask=null).cast(kind)
    if column.kind is ColumnType.ENUM and column.enum is not None:
        words = pa.array([member.value for member in column.enum])
        return pa.DictionaryArray.from_arrays(pa.array(values, pa.int32(), mask=null), words).cast(kind)
    return pa.array(values, kind, mask=null)
