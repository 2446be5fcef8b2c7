"""The working tables as Parquet files in the schema: times cut, true order numbered, pseudonyms computed."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from vestige.dataset.schema import TABLES, Column, ColumnType, MemberKind, Software, Table
from vestige.derive.assembling import MADE_LATER, Assembled, own_id, own_is_unique
from vestige.derive.keys import PSEUDONYM_BYTES, PseudonymKey
from vestige.derive.staging import Staging

if TYPE_CHECKING:
    import pyarrow as pa

FORUM: Final = 0
"""Dense id of the one forum that a derivation yields."""

SECTION_PREFIX: Final = "section-"
"""Neutral code of a section to which the custodian gave none; numbers from 1 follow."""


@dataclass(frozen=True)
class Identity:
    """Whose rows these are.

    Attributes:
        software: package of the forum.
        code: the forum's lasting identity.
        key: pseudonymises its members.
    """

    software: Software
    code: str
    key: PseudonymKey


def write_tables(staging: Staging, assembled: Assembled, folder: Path, *, identity: Identity, unit: int) -> None:
    """Write every supplied table and `forum` into a folder.

    Args:
        staging: holds the `_kept_` tables, and `custodian_section (id, kind)`.
        assembled: which tables there are, and the window.
        folder: the unfinished dataset.
        identity: for the forum's row and the pseudonyms.
        unit: microseconds to which times are cut.
    """
    from vestige.dataset.arrow import write_parquet

    write_parquet(folder / "forum.parquet", "forum", staging.batches(_forum_query(assembled, identity, unit)))
    for name in assembled.rows:
        batches: Iterable[pa.RecordBatch] = staging.batches(_final_query(staging, TABLES[name], unit))
        if name == "member":
            batches = _with_pseudonyms(batches, identity)
        write_parquet(folder / f"{name}.parquet", name, batches)


def section_kinds(staging: Staging, assembled: Assembled) -> tuple[str, ...]:
    """The neutral codes that stand in `section.kind`, sorted."""
    if "section" not in assembled.rows:
        return ()
    return tuple(kind for (kind,) in staging.rows(f"SELECT DISTINCT kind FROM ({_KINDS}) ORDER BY kind"))


_KINDS: Final = f"""
SELECT k._source, coalesce(c.kind, '{SECTION_PREFIX}' || (i.id + 1)) AS kind
FROM _kept_section k JOIN _id_section i ON i.source = k._source LEFT JOIN custodian_section c ON c.id = k._source
"""


def _final_query(staging: Staging, table: Table, unit: int) -> str:
    made = MADE_LATER | ({"kind"} if table.name == "section" else set())
    columns = [f"{FORUM}::BIGINT AS forum"]
    columns += [_final_value(table, column, unit) for column in table.columns if column.name not in made]
    query = f'FROM "_kept_{table.name}" k'
    if table.name == "post":
        columns.append(f"{_true_order(staging)} AS seq")
    elif table.name == "member":
        columns.append("k._source")
    elif table.name == "section":
        columns.append("n.kind")
        query += f" JOIN ({_KINDS}) n ON n._source = k._source"
    if not own_is_unique(table):
        query += f' JOIN "_id_{table.name}" i ON i.source = k._source' if own_id(table) else ""
        query += " ORDER BY ALL"
    elif table.name == "section":
        query += " ORDER BY k._source"
    return f"SELECT {', '.join(columns)} {query}"


def _final_value(table: Table, column: Column, unit: int) -> str:
    name = f'"{column.name}"'
    if column.name == own_id(table):
        own = "row_number() OVER () - 1" if own_is_unique(table) else "i.id"
        return f"{own} AS {name}"
    if column.kind is ColumnType.TIME:
        return f"{_cut(f'k.{name}', unit)} AS {name}"
    return f"k.{name}::VARCHAR AS {name}" if column.kind is ColumnType.ENUM else f"k.{name}"


def _cut(time: str, unit: int) -> str:
    return f"make_timestamp({time} - {time} % {unit})"


def _true_order(staging: Staging) -> str:
    """The number of each post in the order of (exact time, id); posts of unknown time follow the post before them.

    `_kept_post` lies in the order of its ids, so that nothing but the two sorts is held, and these spill.
    """
    backwards = staging.row(
        'SELECT count(*) FROM (SELECT "at", lag("at") OVER () AS before, row_number() OVER () AS number '
        'FROM _kept_post) WHERE "at" IS NULL OR before > "at"'
    )[0]
    if not backwards:
        return "row_number() OVER () - 1"
    statements = (
        (
            "CREATE TABLE _timed AS SELECT _source, "
            'coalesce("at", max("at") OVER (ROWS UNBOUNDED PRECEDING), 0) AS filled FROM _kept_post'
        ),
        "CREATE TABLE _order AS SELECT _source FROM _timed ORDER BY filled, _source",
        (
            "CREATE TABLE _numbered AS SELECT seq FROM "
            "(SELECT _source, row_number() OVER () - 1 AS seq FROM _order) ORDER BY _source"
        ),
        "CREATE TABLE _sequenced AS SELECT * FROM _kept_post POSITIONAL JOIN _numbered",
        *(f"DROP TABLE {table}" for table in ("_timed", "_order", "_numbered", "_kept_post")),
        "ALTER TABLE _sequenced RENAME TO _kept_post",
    )
    for statement in statements:
        staging.run(statement)
    return "k.seq"


def _forum_query(assembled: Assembled, identity: Identity, unit: int) -> str:
    window = assembled.window
    start = _cut(str(window.start), unit) if window else "NULL::TIMESTAMP"
    end = _cut(str(window.end), unit) if window else "NULL::TIMESTAMP"
    return (
        f"SELECT {FORUM}::BIGINT AS forum, '{identity.code}' AS code, '{identity.software.value}' AS software, "
        f"{start} AS window_start, {end} AS window_end, NULL::VARCHAR AS access, "
        "NULL::TIMESTAMP AS online_from, NULL::TIMESTAMP AS online_to"
    )


def _with_pseudonyms(batches: Iterable["pa.RecordBatch"], identity: Identity) -> Iterator["pa.RecordBatch"]:
    """Add the pseudonyms."""
    for batch in batches:
        ids = batch["_source"].to_pylist()
        linked = _linked_column(batch["linked_pseudonym"], batch["kind"])
        yield (
            batch.drop_columns(["_source", "linked_pseudonym"])
            .append_column("pseudonym", pseudonym_column(identity, ids))
            .append_column("linked_pseudonym", linked)
        )


def _linked_column(halves: "pa.Array", kinds: "pa.Array") -> "pa.Array":
    """Linked pseudonyms in hexadecimal; of members alone, since guests, bots and the deleted share a name with many."""
    import pyarrow as pa

    if halves.null_count == len(halves):
        return pa.nulls(len(halves), pa.string())
    words = [
        b"".join(half.to_bytes(8, "big", signed=True) for half in pair).hex()
        if pair is not None and kind == MemberKind.MEMBER
        else None
        for pair, kind in zip(halves.to_pylist(), kinds.to_pylist(), strict=True)
    ]
    return pa.array(words, pa.string())


def pseudonym_column(identity: Identity, ids: list[int]) -> "pa.Array":
    """Pseudonyms of members, by their numbers; built from buffers, since `pyarrow.array` loads pandas."""
    import numpy as np
    import pyarrow as pa

    digits = b"".join(identity.key.pseudonyms(identity.software, identity.code, "member", ids)).hex()
    offsets = np.arange(0, 2 * PSEUDONYM_BYTES * len(ids) + 1, 2 * PSEUDONYM_BYTES, dtype=np.int32)
    return pa.StringArray.from_buffers(len(ids), pa.py_buffer(offsets), pa.py_buffer(digits.encode("ascii")))
