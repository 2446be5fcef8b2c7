"""Rules of one Parquet file that no query can see: its footer, its metadata, strings stored but used by no row."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from vestige.dataset.arrow import arrow_schema
from vestige.dataset.schema import CODE_PATTERN, PSEUDONYM_PATTERN, TABLES, Column, ColumnType
from vestige.dataset.violations import Rule, Violation

_WRITERS: Final = (
    r"(parquet-cpp-arrow version [0-9]+(\.[0-9]+)*(-SNAPSHOT)?|DuckDB version v[0-9.]+ \(build [0-9a-f]+\))"
)
_MAGIC: Final = 4
_FOOTER_END: Final = 8
_STRINGS: Final = frozenset({ColumnType.ENUM, ColumnType.CODE, ColumnType.PSEUDONYM})


@dataclass(frozen=True)
class FileFacts:
    """What one file is found to hold.

    Attributes:
        rows: rows; None when the file is no readable Parquet.
        usable: columns of the schema that the file has once, in the right type.
        violations: rules it breaks, each counted as one file or by strings.
    """

    rows: int | None
    usable: frozenset[str]
    violations: tuple[Violation, ...]


def inspect_file(file: Path, table: str, codes: Mapping[str, Collection[str]]) -> FileFacts:
    """Look at one file of a table.

    Args:
        file: the Parquet file.
        table: name of its table.
        codes: "table.column" to the neutral codes that may stand there.
    """
    try:
        stored = pq.read_schema(file)
        texts = [name for name in _string_columns(table) if stored.names.count(name) == 1 and _is_text(stored, name)]
        with pq.ParquetFile(file, read_dictionary=texts) as found:
            usable, violations = _columns(found, table)
            violations += _metadata(found, file, table)
            violations += _strings(found, table, texts, codes)
            return FileFacts(found.metadata.num_rows, usable, tuple(violations))
    except (pa.ArrowException, OSError, ValueError):
        return FileFacts(None, frozenset(), (Violation(table, "", Rule.UNREADABLE, 1),))


def _string_columns(table: str) -> list[str]:
    return [column.name for column in TABLES[table].columns if column.kind in _STRINGS]


def _is_text(stored: pa.Schema, name: str) -> bool:
    return bool(stored.field(name).type == pa.string())


def allowed_strings(column: Column, strings: pa.Array, codes: Collection[str]) -> pa.Array:
    """For each string whether it may stand in a column: an enum's member, a pseudonym, a listed code."""
    if column.enum is not None:
        return pc.is_in(strings, pa.array([member.value for member in column.enum], pa.string()))
    if column.kind is ColumnType.PSEUDONYM:
        return pc.match_substring_regex(strings, PSEUDONYM_PATTERN)
    listed = pa.array([code for code in codes if re.fullmatch(CODE_PATTERN, code, re.ASCII)], pa.string())
    return pc.is_in(strings, listed)


def _columns(found: pq.ParquetFile, table: str) -> tuple[frozenset[str], list[Violation]]:
    """The columns that can be checked further, and what is wrong with the others; unknown names are only counted."""
    wanted = arrow_schema(table)
    names = found.schema_arrow.names
    violations = []
    unknown = sum(name not in wanted.names for name in names)
    if unknown:
        violations.append(Violation(table, "", Rule.UNKNOWN_COLUMN, unknown))
    once = [name for name in wanted.names if names.count(name) == 1]
    violations += [Violation(table, name, Rule.MISSING_COLUMN, 1) for name in wanted.names if name not in once]
    if [name for name in names if name in once] != once:
        violations.append(Violation(table, "", Rule.MISSING_COLUMN, 1))
    usable = frozenset(name for name in once if _stored_type(found, name) == wanted.field(name).type)
    violations += [Violation(table, name, Rule.WRONG_TYPE, 1) for name in once if name not in usable]
    return usable, violations


def _stored_type(found: pq.ParquetFile, name: str) -> pa.DataType:
    kind = found.schema_arrow.field(name).type
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _metadata(found: pq.ParquetFile, file: Path, table: str) -> list[Violation]:
    violations = []
    footer = found.metadata
    if footer.metadata or re.fullmatch(_WRITERS, footer.created_by or "", re.ASCII) is None:
        violations.append(Violation(table, "", Rule.FILE_METADATA, 1))
    stored = sum(chunk.total_compressed_size for chunk in _chunks(footer))
    if _MAGIC + stored + footer.serialized_size + _FOOTER_END != file.stat().st_size:
        violations.append(Violation(table, "", Rule.UNACCOUNTED_BYTES, 1))
    return violations


def _chunks(footer: pq.FileMetaData) -> Iterator[pq.ColumnChunkMetaData]:
    for group in range(footer.num_row_groups):
        for index in range(footer.num_columns):
            yield footer.row_group(group).column(index)


def _strings(
    found: pq.ParquetFile, table: str, texts: Collection[str], codes: Mapping[str, Collection[str]]
) -> list[Violation]:
    """Strings in dictionary pages that no row uses, and smallest and largest strings in the statistics."""
    violations = []
    for name in texts:
        column = TABLES[table].column(name)
        listed = codes.get(f"{table}.{column.name}", ())
        unused = 0
        for group in range(found.metadata.num_row_groups):
            for chunk in found.read_row_group(group, [column.name])[column.name].chunks:
                unused += _unused(column, chunk, listed)
        unused += sum(_unread_dictionary(chunk) for chunk in _chunks(found.metadata) if chunk.path_in_schema == name)
        if unused:
            violations.append(Violation(table, column.name, Rule.UNUSED_TEXT, unused))
        if not _statistics_allowed(found.metadata, column, listed):
            violations.append(Violation(table, column.name, Rule.FILE_METADATA, 1))
    return violations


def _unread_dictionary(chunk: pq.ColumnChunkMetaData) -> bool:
    """Whether a dictionary page lies in a chunk whose data never refer to it: no reader shows what it holds."""
    return bool(chunk.has_dictionary_page and not {"RLE_DICTIONARY", "PLAIN_DICTIONARY"} & set(chunk.encodings))


def _unused(column: Column, chunk: pa.DictionaryArray, listed: Collection[str]) -> int:
    forbidden = pc.invert(pc.fill_null(allowed_strings(column, chunk.dictionary, listed), fill_value=False))
    places = pc.indices_nonzero(forbidden)
    if not len(places):
        return 0
    used = pc.is_in(places.cast(pa.int64()), pc.unique(chunk.indices.drop_null()).cast(pa.int64()))
    return len(places) - (pc.sum(used).as_py() or 0)


def _statistics_allowed(footer: pq.FileMetaData, column: Column, listed: Collection[str]) -> bool:
    """Whether the footer's extremes are strings of the rows' own kind."""
    extremes = [
        extreme
        for chunk in _chunks(footer)
        if chunk.path_in_schema == column.name and chunk.statistics is not None and chunk.statistics.has_min_max
        for extreme in (chunk.statistics.min, chunk.statistics.max)
    ]
    return bool(pc.all(allowed_strings(column, pa.array(extremes, pa.string()), listed)).as_py() in {True, None})
