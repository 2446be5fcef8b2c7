"""Cells whose bytes say more than one number, or a name: turned into numbers as soon as a reader has them.

Every reader comes here with the bytes of NUMBERS, NAME, ACCOUNT, NAMES and HANDLE cells, one column of a batch at a
time, and takes away 64-bit integers. The bytes stay in the memory of the process and are never decoded, except that a
handle is normalised, cell by cell, when linking was chosen.
"""

import secrets
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from vestige.derive import packed_codes as places
from vestige.derive.cell_codes import Vocabularies
from vestige.derive.contract import Cell, SourceColumn, SourceTable
from vestige.derive.handles import pseudonyms_of_handles
from vestige.derive.keys import ACCOUNT_KEY_BYTES
from vestige.derive.native import Kernels, load_kernels
from vestige.results import Finding, Severity

if TYPE_CHECKING:
    import pyarrow as pa

_READ_CELLS: Final = "vestige.derive.packed_kernel.read_cells"
KERNELS: Final = Kernels(
    "packed",
    {_READ_CELLS: 2},
    (
        "vestige.derive.dump.common_kernel",
        "vestige.derive.dump.vectors",
        "vestige.derive.packed_codes",
    ),
)
_PADDING: Final = 32
_LARGEST_OFFSET: Final = 2**31 - 1


@dataclass(frozen=True)
class Texts:
    """The cells of one column, as a reader found them.

    Attributes:
        data: their bytes, one after another.
        offsets: where each begins, and where the last one ends.
        present: for each cell whether it is there; NULL is not.
        damaged: for each cell whether the reader could not have the whole of it.
    """

    data: npt.NDArray[np.uint8]
    offsets: npt.NDArray[np.int64]
    present: npt.NDArray[np.bool_]
    damaged: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, cells: Sequence[bytes | None]) -> "Texts":
        """Those of a reader that has each cell as bytes."""
        lengths = [len(cell) if cell is not None else 0 for cell in cells]
        return cls(
            np.frombuffer(b"".join(cell for cell in cells if cell), dtype=np.uint8),
            np.cumsum([0, *lengths], dtype=np.int64),
            np.array([cell is not None for cell in cells], dtype=np.bool_),
            np.array(lengths) > places.LONGEST_TEXT,
        )

    def __len__(self) -> int:
        return len(self.present)

    def cell(self, index: int) -> bytes | None:
        """The bytes of one cell."""
        if not self.present[index]:
            return None
        return self.data[self.offsets[index] : self.offsets[index + 1]].tobytes()


def numbers_of(column: SourceColumn, texts: Texts) -> tuple["pa.Array", int]:
    """What a column's cells stand for: one array of int64 or of lists of int64, and how many cells are damaged.

    Raises:
        ValueError: the column holds no texts, or accounts without the key for them.
    """
    if column.cell is Cell.HANDLE:
        return _handles(column, texts), 0
    made, counts = _read(column, texts)
    damaged = 0 if column.mixed else int((counts == places.DAMAGED).sum())
    lengths = np.maximum(counts, 0)
    if column.is_list:
        return _lists(made, lengths, counts >= 0), damaged
    found = lengths == 1  # an empty name is none
    values = np.zeros(len(texts), dtype=np.int64)
    values[found] = made
    return _integers(values, found), damaged


def damage_findings(damaged: Counter[tuple[str, str]]) -> tuple[Finding, ...]:
    """A finding for each column (table, column) with damaged cells, by their count."""
    return tuple(
        Finding(
            "packed-cells-damaged",
            Severity.CAUTION,
            f"{count:,} cells of {table}.{column} are not packed as this package packs them: what they list is unknown",
        )
        for (table, column), count in sorted(damaged.items())
        if count
    )


def bound_tables(
    tables: Iterable[SourceTable], handle_key: bytes | None, account_key: bytes
) -> tuple[SourceTable, ...]:
    """The tables as a reader is to read them: without handles, or with the key for them when linking was chosen."""
    from dataclasses import replace

    secrets_of = {Cell.HANDLE: handle_key or b"", Cell.ACCOUNT: account_key}
    bound = []
    for table in tables:
        columns = tuple(
            replace(column, secret=secrets_of[column.cell]) if column.cell in secrets_of else column
            for column in table.columns
            if column.cell is not Cell.HANDLE or handle_key
        )
        bound.append(replace(table, columns=columns))
    return tuple(bound)


@cache
def _key_of_this_run() -> bytes:
    """The key of names: drawn once, kept nowhere."""
    return secrets.token_bytes(16)


def _read(column: SourceColumn, texts: Texts) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """All numbers, and for each cell how many are its own, or ABSENT or DAMAGED."""
    if column.cell not in {Cell.NUMBERS, Cell.NAME, Cell.ACCOUNT, Cell.NAMES}:
        raise ValueError(f"{column.name} holds no text")
    if column.cell is Cell.ACCOUNT and len(column.secret) != ACCOUNT_KEY_BYTES:
        raise ValueError(f"{column.name} cannot be read without a key")
    counts = np.zeros(len(texts), dtype=np.int64)
    counts[texts.damaged] = places.DAMAGED
    counts[~texts.present] = places.ABSENT
    size = int(texts.offsets[-1] - texts.offsets[0])
    data = np.concatenate([texts.data, np.zeros(_PADDING, dtype=np.uint8)])
    made = np.empty(size + len(texts) + 1, dtype=np.int64)
    words = Vocabularies.of([column])
    arrays = (
        data,
        np.ascontiguousarray(texts.offsets),
        counts,
        made,
        words.text,
        words.ends,
        words.numbers,
        np.frombuffer(column.secret or _key_of_this_run(), dtype=np.int64),
        np.zeros(places.FRAME * places.DEEPEST, dtype=np.int64),
    )
    job = np.array([[array.ctypes.data, array.size] for array in arrays], dtype=np.int64)
    count = load_kernels(KERNELS)[_READ_CELLS](job.ctypes.data, places.mode_of(column))
    return made[:count], counts


def _handles(column: SourceColumn, texts: Texts) -> "pa.Array":
    """Pseudonyms of handles; without a key none is looked at, and all are null."""
    if not column.secret:
        return _lists(np.zeros(0, np.int64), np.zeros(len(texts), np.int64), np.zeros(len(texts), np.bool_))
    halves = pseudonyms_of_handles((texts.cell(index) for index in range(len(texts))), column.secret)
    made = np.array([half for pair in halves if pair for half in pair], dtype=np.int64)
    present = np.array([pair is not None for pair in halves], dtype=np.bool_)
    return _lists(made, present * np.int64(2), present)


def _lists(made: npt.NDArray[np.int64], lengths: npt.NDArray[np.int64], present: npt.NDArray[np.bool_]) -> "pa.Array":
    import pyarrow as pa

    if len(made) > _LARGEST_OFFSET:
        raise ValueError("a batch holds too many numbers")
    offsets = np.zeros(len(lengths) + 1, dtype=np.int32)
    np.cumsum(lengths, out=offsets[1:])
    values = pa.Array.from_buffers(pa.int64(), len(made), [None, pa.py_buffer(made.copy())])
    buffers = [_bitmap(present), pa.py_buffer(offsets)]
    return pa.Array.from_buffers(pa.list_(pa.int64()), len(lengths), buffers, children=[values])


def _integers(values: npt.NDArray[np.int64], present: npt.NDArray[np.bool_]) -> "pa.Array":
    import pyarrow as pa

    return pa.Array.from_buffers(pa.int64(), len(values), [_bitmap(present), pa.py_buffer(values)])


def _bitmap(present: npt.NDArray[np.bool_]) -> "pa.Buffer | None":
    import pyarrow as pa

    return None if present.all() else pa.py_buffer(np.packbits(present, bitorder="little"))
