"""Answers of a database, block by block into batches of numbers: neither a number nor a text becomes an object."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from vestige.derive.contract import TEXT_CELLS, Cell, SourceColumn
from vestige.derive.dump import state as places
from vestige.derive.dump.job import Job
from vestige.derive.dump.rows import Slots
from vestige.derive.dump.window import BLOCK, Window
from vestige.derive.live.faults import LostConnectionError
from vestige.derive.live.plan import TablePlan
from vestige.derive.native import Kernels
from vestige.errors import SourceError

if TYPE_CHECKING:
    import pyarrow as pa

READ_PACKETS: Final = "vestige.derive.live.answer_kernel.read_packets"
READ_RECORDS: Final = "vestige.derive.live.answer_kernel.read_records"
KERNELS: Final = Kernels(
    "answers",
    {READ_PACKETS: 3, READ_RECORDS: 3},
    (
        "vestige.derive.cell_codes",
        "vestige.derive.cell_kernels",
        "vestige.derive.dump.common_kernel",
        "vestige.derive.dump.state",
        "vestige.derive.dump.vectors",
    ),
)


@dataclass(frozen=True)
class Answer:
    """Rows on their way from a server.

    Attributes:
        readinto: fetches at most as many bytes as its room holds; 0 when the connection has ended.
        kernel: which function reads them.
        sequence: number of the first row's packet.
        refused: the error that stands for a number that the server sends in place of a row.
        cut_short: of no meaning here.
        alone: whether the stream ends with the answer. A connection that goes on must not be read behind it: no more
            would come, and the reader would wait.
    """

    readinto: Callable[[memoryview], int]
    kernel: str
    sequence: int = 0
    refused: Callable[[int], Exception] = lambda _number: LostConnectionError()
    cut_short: bool = False
    alone: bool = False


def read_answer(
    answer: Answer, plan: TablePlan, damaged: Counter[tuple[str, str]], block: int = BLOCK
) -> "Iterator[pa.RecordBatch]":
    """The rows as batches of nullable int64 columns (lists of them for lists), in the order of the plan.

    Args:
        answer: where they come from.
        plan: what was asked.
        damaged: counts, by table and column, the packed cells that cannot be read.
        block: bytes held at a time; grows to the longest row.

    Raises:
        LostConnectionError: the bytes end before the answer does, go on behind it, or are none.
        SourceError: a number does not fit 64 bits; or what `answer.refused` makes of the server's error.
    """
    window = Window(answer, block)
    job = Job(window, KERNELS)
    slots = Slots([_as_sent(asked.column) for asked in plan.columns])
    job.put(places.KINDS, np.array(slots.kinds, dtype=np.int64))
    job.state[places.SEQUENCE] = answer.sequence
    code = places.FULL
    while code != places.ENDED:
        if code == places.FULL:
            slots.offer(job)
        elif not window.refill():
            if window.finished:
                raise LostConnectionError
            window.grow(2 * window.capacity)
        code = job.run(answer.kernel, 0)
        if code in {places.FULL, places.ENDED}:
            yield from _batch(slots, int(job.state[places.ROW]), plan, damaged)
        elif code != places.MORE:
            raise _fault(code, answer, plan, window, int(job.state[places.COLUMN]))
    if window.position != window.end or (answer.alone and window.refill()):
        raise LostConnectionError


def _as_sent(column: SourceColumn) -> SourceColumn:
    """The column as the server sends it: it made numbers of moments and words."""
    kept = column.cell in TEXT_CELLS or column.cell is Cell.SECONDS
    return column if kept else SourceColumn(column.name)


def _batch(slots: Slots, rows: int, plan: TablePlan, damaged: Counter[tuple[str, str]]) -> "Iterator[pa.RecordBatch]":
    """The rows in the slots, if any."""
    import pyarrow as pa

    if rows:
        names = [asked.column.name for asked in plan.columns]
        batch = pa.RecordBatch.from_arrays(slots.arrays(rows), names)
        damaged.update({(plan.declared.name, names[slot]): count for slot, count in slots.damaged.items()})
        slots.damaged.clear()
        yield batch


def _fault(code: int, answer: Answer, plan: TablePlan, window: Window, column: int) -> Exception:
    """The error that a reader's code stands for."""
    if code == places.OUT_OF_RANGE:
        where = f"{plan.declared.name}.{plan.columns[column].column.name}"
        return SourceError("a number does not fit 64 bits", where=where, hint="derive from a dump instead")
    if code == places.REFUSED:
        return answer.refused(int.from_bytes(window.data[window.position + 5 : window.position + 7], "little"))
    return LostConnectionError()
