"""Where rows go: room for their numbers, and the record batches made of it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from vestige.derive.cell_codes import KINDS, Vocabularies
from vestige.derive.contract import SourceColumn
from vestige.derive.dump import state as places
from vestige.derive.dump.job import Job

if TYPE_CHECKING:
    import pyarrow as pa

CAPACITY: Final = 1 << 16
SHORTEST_GATHERED: Final = 64
NAMES_CAPACITY: Final = 512
LONGEST_NAME: Final = 2048


class Slots:
    """Room for the declared columns of one table of a dump, one slot a column.

    Attributes:
        columns: the column of each slot.
        kinds: the kind of cell of each slot, for compiled code.
    """

    def __init__(self, columns: Sequence[SourceColumn], names: frozenset[int] = frozenset()) -> None:
        """Make room for columns; slots in `names` take the bytes themselves (for the custodian's own map)."""
        self.columns = tuple(columns)
        self.kinds = [places.KIND_TEXT if slot in names else KINDS[column.cell] for slot, column in enumerate(columns)]
        self._capacity = CAPACITY if not names else NAMES_CAPACITY
        self._vocabularies = Vocabularies.of(columns)
        longest = max((len(word) for column in columns for word in column.vocabulary), default=0)
        shortest = SHORTEST_GATHERED if not names else LONGEST_NAME
        self._gathered = np.zeros(max(shortest, 2 * longest + 8), dtype=np.uint8)
        self._names = np.zeros(len(names) * NAMES_CAPACITY * len(self._gathered), dtype=np.uint8)
        self._values = np.zeros((0, 0), dtype=np.int64)
        self._valid = np.zeros((0, 0), dtype=np.uint8)
        self.errors: npt.NDArray[np.int64] = np.zeros((max(len(columns), 1), 3), dtype=np.int64)

    def offer(self, job: Job) -> None:
        """Give the room to compiled code; rows start at the front."""
        if not self._values.size:
            self._values = np.zeros((len(self.columns), self._capacity), dtype=np.int64)
            self._valid = np.zeros((len(self.columns), self._capacity), dtype=np.uint8)
        vocabularies = self._vocabularies
        job.state[places.ROW] = job.state[places.TEXT_END] = 0
        job.state[places.CAPACITY] = self._capacity
        for place, array in (
            (places.VALUES, self._values),
            (places.VALID, self._valid),
            (places.ERRORS, self.errors),
            (places.GATHERED, self._gathered),
            (places.NAMES, self._names),
            (places.WORDS, vocabularies.text),
            (places.WORD_ENDS, vocabularies.ends),
            (places.WORD_NUMBERS, vocabularies.numbers),
            (places.WORD_FIRSTS, vocabularies.firsts),
        ):
            job.put(place, array)

    def release(self) -> None:
        """Give the room back to the system."""
        self._values = np.zeros((0, 0), dtype=np.int64)
        self._valid = np.zeros((0, 0), dtype=np.uint8)

    def blank(self, slots: Sequence[int], row: int) -> None:
        """Make the cells of these slots null from a row on: the rows that follow do not have them."""
        if slots and self._valid.size:
            self._valid[list(slots), row:] = 0

    def numbers(self, slot: int, rows: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8]]:
        """Values and validity of the first rows of a slot."""
        return self._values[slot, :rows], self._valid[slot, :rows]

    def arrays(self, rows: int) -> list["pa.Array"]:
        """The first rows of every slot as Arrow arrays that own their memory."""
        import pyarrow as pa

        made = []
        for slot in range(len(self.columns)):
            values, valid = self.numbers(slot, rows)
            if self.kinds[slot] == places.KIND_TEXT:
                made.append(pa.array([self._name(int(value)) for value in values], pa.binary()))
                continue
            present = None if valid.all() else pa.py_buffer(np.packbits(valid, bitorder="little"))
            made.append(pa.Array.from_buffers(pa.int64(), rows, [present, pa.py_buffer(values.copy())]))
        return made

    def _name(self, value: int) -> bytes:
        start, length = divmod(value, 1 << 16)
        return self._names[start : start + length].tobytes()
