"""The forum's own table of sessions, out of a dump: hashes of the ids, and the members they belong to."""

from typing import TYPE_CHECKING, Final

from vestige.dataset.schema import Software
from vestige.derive.contract import Cell, Source, SourceColumn, SourceTable
from vestige.derive.dump.reader import DumpReader
from vestige.derive.log.rules import SessionTable

if TYPE_CHECKING:
    import pyarrow as pa

    from vestige.derive.staging import Staging

SESSION_TABLE: Final = "log_session"
TABLE: Final = SourceTable(SESSION_TABLE, (SourceColumn("session"), SourceColumn("member")))

_HASH_START: Final = 14695981039346656037
_HASH_STEP: Final = 1099511628211
_BITS_64: Final = (1 << 64) - 1
_BITS_63: Final = (1 << 63) - 1


def session_hash(session: bytes) -> int:
    """FNV-1a of a session's id, cut to 63 bits: what compiled code makes of it in a line."""
    code = _HASH_START
    for byte in session:
        code = ((code ^ byte) * _HASH_STEP) & _BITS_64
    return code & _BITS_63


def stage_sessions(staging: "Staging", dump: str, table: SessionTable, *, prefix: str | None = None) -> int:
    """Stage the sessions of a dump; their ids are hashed as they come and let go of.

    Args:
        staging: takes `TABLE`, which it has declared.
        dump: a dump of the forum's database.
        table: where its sessions stand.
        prefix: prefix of the forum's tables; found when None.

    Returns:
        Sessions that belong to somebody.

    Raises:
        SourceError: no such table, or the dump cannot be read.
    """
    rows = 0

    def take(name: str, batch: "pa.RecordBatch") -> None:
        nonlocal rows
        if name != table.table:
            return
        pairs = [
            (session_hash(session), member)
            for session, member in zip(batch[table.id].to_pylist(), batch[table.member].to_pylist(), strict=True)
            if session and member is not None
        ]
        staging.take(SESSION_TABLE, _batch(pairs))
        rows += len(pairs)

    columns = (SourceColumn(table.id, Cell.WORD, required=True), SourceColumn(table.member, required=True))
    declared = SourceTable(table.table, columns, required=True)
    beside = tuple(SourceTable(name, (SourceColumn(table.member),)) for name in table.beside)
    source = Source(Software.TABLES, "a forum with sessions", (declared, *beside), (table.table, *table.beside), {})
    DumpReader(dump, source, prefix=prefix).read_texts((declared, *beside), table.id, take)
    return rows


def _batch(pairs: list[tuple[int, int]]) -> "pa.RecordBatch":
    import numpy as np
    import pyarrow as pa

    numbers = np.array(pairs, dtype=np.int64).reshape(-1, 2).T.copy()
    arrays = [pa.Array.from_buffers(pa.int64(), len(pairs), [None, pa.py_buffer(column)]) for column in numbers]
    return pa.RecordBatch.from_arrays(arrays, ["session", "member"])
