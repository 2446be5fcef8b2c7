"""Where rows go: room for their numbers, and the record batches made of it."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from vestige.derive.cell_codes import KINDS, Vocabularies
from vestige.derive.contract import TEXT_CELLS, SourceColumn
from vestige.derive.dump import state as places
from vestige.derive.dump.job import Job
from vestige.derive.packed_codes import LONGEST_TEXT

if TYPE_CHECKING:
    import pyarrow as pa

CAPACITY: Final = 1 << 16
SHORTEST_GATHERED: Final = 64
LONGEST_NAME: Final = 2048
TEXTS: Final = 1 << 20
"""Bytes of texts that are gathered before they are turned into numbers."""


class Slots:
    """Room for the declared columns of one table of a dump, one slot a column.

    Attributes:
        columns: the column of each slot.
        kinds: the kind of cell of each slot, for compiled code.
        damaged: for each slot how many of its packed cells could not be read.
    """

    def __init__(self, columns: Sequence[SourceColumn], names: frozenset[int] = frozenset()) -> None:
        """Make room for columns; slots in `names` take the bytes themselves (for the custodian's own map)."""
        self.columns = tuple(columns)
        self._names = names
        texts = [slot in names or column.cell in TEXT_CELLS for slot, column in enumerate(columns)]
        self.kinds = [
            places.KIND_TEXT if text else KINDS[column.cell] for column, text in zip(columns, texts, strict=True)
        ]
        self.damaged: Counter[int] = Counter()
        self._vocabularies = Vocabularies.of(columns)
        longest = max((len(word) for column in columns for word in column.vocabulary), default=0)
        shortest = SHORTEST_GATHERED if not any(texts) else LONGEST_NAME if names else LONGEST_TEXT
        self._gathered = np.zeros(max(shortest, 2 * longest + 8), dtype=np.uint8)
        self._text_room = TEXTS if any(texts) else 0
        self._texts = np.zeros(self._text_room + sum(texts) * len(self._gathered), dtype=np.uint8)
        self._values = np.zeros((0, 0), dtype=np.int64)
        self._valid = np.zeros((0, 0), dtype=np.uint8)
        self.errors: npt.NDArray[np.int64] = np.zeros((max(len(columns), 1), 3), dtype=np.int64)

    def offer(self, job: Job) -> None:
        """Give the room to compiled code; rows start at the front."""
        if not self._values.size:
            self._values = np.zeros((len(self.columns), CAPACITY), dtype=np.int64)
            self._valid = np.zeros((len(self.columns), CAPACITY), dtype=np.uint8)
        vocabularies = self._vocabularies
        job.state[places.ROW] = job.state[places.TEXT_END] = 0
        job.state[places.CAPACITY] = CAPACITY
        job.state[places.TEXT_ROOM] = self._text_room
        for place, array in (
            (places.VALUES, self._values),
            (places.VALID, self._valid),
            (places.ERRORS, self.errors),
            (places.GATHERED, self._gathered),
            (places.NAMES, self._texts),
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
                made.append(self._texts_of(slot, values, valid))
                continue
            present = None if valid.all() else pa.py_buffer(np.packbits(valid, bitorder="little"))
            made.append(pa.Array.from_buffers(pa.int64(), rows, [present, pa.py_buffer(values.copy())]))
        return made

    def _texts_of(self, slot: int, values: npt.NDArray[np.int64], valid: npt.NDArray[np.uint8]) -> "pa.Array":
        """The numbers that the gathered texts of a slot stand for; for the custodian's map, the texts."""
        import pyarrow as pa

        from vestige.derive.text_cells import Texts, numbers_of

        damaged = (values < 0) & (valid == 1)
        placed = np.where(values < 0, -1 - values, values)
        starts, lengths = placed // places.TEXT_SHIFT, np.where(valid == 1, placed % places.TEXT_SHIFT, 0)
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        chosen = np.repeat(starts - offsets[:-1], lengths) + np.arange(offsets[-1])
        texts = Texts(self._texts[chosen], offsets, valid == 1, damaged)
        if slot in self._names:
            return pa.array([texts.cell(row) or b"" for row in range(len(values))], pa.binary())
        numbers, count = numbers_of(self.columns[slot], texts)
        self.damaged[slot] += count
        return numbers
