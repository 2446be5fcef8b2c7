"""The compiled XML machine at work on one table: blocks in, Arrow batches of numbers out.

Import this module lazily: it loads Numba.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
import pyarrow as pa

from vestige.derive import xml_kernel as kernel
from vestige.derive.cell_kernels import KINDS, Vocabularies
from vestige.derive.contract import SourceTable
from vestige.derive.xml_parts_kernel import NAME_LIMIT, VALUE_LIMIT
from vestige.errors import DumpError

CAPACITY: Final = 1 << 16

_PLAIN_HINT: Final = "give the dump as published; a file changed by hand or by another tool is not read"
_FAULTS: Final = {
    kernel.MISPLACED: ("a byte stands where it cannot", _PLAIN_HINT),
    kernel.BAD_ENTITY: ("an entity is not one of the five predefined ones nor a character by number", _PLAIN_HINT),
    kernel.BAD_VALUE: ("a value is not of its attribute's kind", _PLAIN_HINT),
    kernel.DUPLICATE: ("an attribute stands twice in a row", _PLAIN_HINT),
    kernel.INCOMPLETE_ROW: ("a row lacks a required attribute", _PLAIN_HINT),
    kernel.DECLARATION: ("a DOCTYPE, comment or CDATA section is refused", _PLAIN_HINT),
}
_OF_COLUMN: Final = frozenset({kernel.BAD_VALUE, kernel.DUPLICATE, kernel.INCOMPLETE_ROW})


class RowMachine:
    """Reads one file of rows.

    Args:
        table: what is declared of it.
        where: the file, for errors.
        take: called with each batch of nullable int64 columns, one for each declared column.

    Attributes:
        rows: complete rows read.
        offset: bytes of the file gone through.
        finished: whether the root element was closed.
    """

    def __init__(self, table: SourceTable, where: str, take: Callable[[pa.RecordBatch], None]) -> None:
        columns = table.columns
        names = [column.name.encode() for column in columns]
        longest = max((len(word) for column in columns for word in column.vocabulary), default=0)
        if len(columns) > kernel.COLUMN_LIMIT or longest > VALUE_LIMIT - 4:
            raise ValueError("a source file declares too many columns or too long a word")
        self._table = table
        self._where = where
        self._take = take
        self._names = np.frombuffer(b"".join(names), dtype=np.uint8)
        self._name_ends = np.cumsum([len(name) for name in names], dtype=np.int64)
        self._kinds = np.array([KINDS[column.cell] for column in columns], dtype=np.int64)
        self._required = sum(1 << place for place, column in enumerate(columns) if column.required)
        self._words = Vocabularies.of(columns)
        self._classes = kernel.byte_classes()
        self._registers = np.zeros(kernel.REGISTERS, dtype=np.int64)
        self._name = np.zeros(NAME_LIMIT, dtype=np.uint8)
        self._kept = np.zeros(VALUE_LIMIT, dtype=np.uint8)
        self._entity = np.zeros(kernel.ENTITY_LIMIT, dtype=np.uint8)
        self._values = np.zeros((len(columns), CAPACITY), dtype=np.int64)
        self._present = np.zeros((len(columns), CAPACITY), dtype=np.uint8)
        self._root = np.zeros(0, dtype=np.uint8)
        self.rows = 0
        self.offset = 0

    @property
    def finished(self) -> bool:
        """Whether the root element was closed."""
        return bool(self._registers[kernel.STATE] == kernel.DONE)

    @property
    def missing(self) -> tuple[str, ...]:
        """Declared attributes that no row has; none when there are no rows."""
        seen = int(self._registers[kernel.EVER_SEEN])
        if not self.rows:
            return ()
        return tuple(column.name for place, column in enumerate(self._table.columns) if not seen >> place & 1)

    def begin(self, root: bytes, offset: int, *, empty: bool) -> None:
        """Start after the root element's opening tag, which ends at a byte offset."""
        self._root = np.frombuffer(root, dtype=np.uint8)
        self.offset = offset
        if empty:
            self._registers[kernel.STATE] = kernel.DONE

    def feed(self, block: bytes) -> None:
        """Go through the next block.

        Raises:
            DumpError: a byte cannot be placed; the error says where, never what.
        """
        data = np.frombuffer(block, dtype=np.uint8)
        words = self._words
        self._registers[kernel.AT] = 0
        outcome = kernel.FULL
        while outcome == kernel.FULL:
            before = int(self._registers[kernel.ROWS])
            outcome = kernel.scan_rows(
                data, self._classes, self._registers, self._name, self._kept, self._entity, self._root,
                self._names, self._name_ends, self._kinds, self._required, words.text, words.ends, words.numbers,
                words.firsts, self._values, self._present,
            )  # fmt: skip
            self.rows += int(self._registers[kernel.ROWS]) - before
            if outcome == kernel.FULL:
                self.flush()
        at = self.offset + int(self._registers[kernel.AT])
        if outcome != kernel.MORE:
            what, hint = _FAULTS[outcome]
            place = self._table.columns[int(self._registers[kernel.COLUMN])].name if outcome in _OF_COLUMN else ""
            raise DumpError(what, where=f"{self._where}{', ' if place else ''}{place}, byte {at}", hint=hint)
        self.offset = at

    def flush(self) -> None:
        """Hand out the rows that are complete."""
        rows = int(self._registers[kernel.ROWS])
        if rows:
            arrays = [
                pa.array(values[:rows].copy(), mask=present[:rows] == 0)
                for values, present in zip(self._values, self._present, strict=True)
            ]
            self._take(pa.RecordBatch.from_arrays(arrays, [column.name for column in self._table.columns]))
        self._registers[kernel.ROWS] = 0
