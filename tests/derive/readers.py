"""A reader of tables written down in the test."""

from collections.abc import Mapping, Sequence

import pyarrow as pa

from vestige.derive.contract import ReadReport, SourceTable, TableRead, Take
from vestige.progress import Progress, Step


class WrittenReader:
    """Gives tables as numbers, as a real reader would; a column that is not there is missing, an absent table too.

    Args:
        tables: table name to column name to numbers or None.
        batch: rows handed over at a time.
    """

    def __init__(self, tables: Mapping[str, Mapping[str, Sequence[int | None]]], *, batch: int = 1000) -> None:
        self._tables = tables
        self._batch = batch

    def read(self, tables: Sequence[SourceTable], take: Take, progress: Progress) -> ReadReport:
        reads = []
        for table in tables:
            given = self._tables.get(table.name)
            if given is None:
                reads.append(TableRead(table.name, present=False, rows=0))
                continue
            wanted = [column.name for column in table.columns if column.name in given]
            kinds = {one.name: pa.list_(pa.int64()) if one.is_list else pa.int64() for one in table.columns}
            rows = pa.table({name: pa.array(given[name], kinds[name]) for name in wanted})
            for batch in rows.to_batches(max_chunksize=self._batch):
                take(table.name, batch)
            missing = tuple(column.name for column in table.columns if column.name not in given)
            reads.append(TableRead(table.name, present=True, rows=rows.num_rows, missing=missing))
        progress(Step("read", 1, 1, "steps"))
        return ReadReport(tuple(reads))

    def names(self, table: str, id_column: str, name_column: str) -> Mapping[int, str]:
        raise NotImplementedError


def from_rows(text: str) -> dict[str, list[int | None]]:
    """Columns of a table written as lines of words: names first, `-` for null."""
    header, *lines = [line.split() for line in text.strip().splitlines()]
    rows = [[None if word == "-" else int(word) for word in line] for line in lines]
    assert all(len(row) == len(header) for row in rows)
    return {name: [row[index] for row in rows] for index, name in enumerate(header)}
