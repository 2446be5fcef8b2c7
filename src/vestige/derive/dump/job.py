"""The memory that Python and the compiled tokenizer share."""

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from vestige.derive.dump import state as places
from vestige.derive.native import Kernels, load_kernels

if TYPE_CHECKING:
    from vestige.derive.dump.window import Window

_READ_ROWS: Final = "vestige.derive.dump.rows_kernel.read_rows"
_READ_COPY: Final = "vestige.derive.dump.copy_kernel.read_copy"
_SKIP_STATEMENT: Final = "vestige.derive.dump.skip_kernel.skip_statement"
KERNELS: Final = Kernels(
    "dump",
    {_READ_ROWS: 3, _READ_COPY: 3, _SKIP_STATEMENT: 3},
    (
        "vestige.derive.cell_codes",
        "vestige.derive.cell_kernels",
        "vestige.derive.dump.common_kernel",
        "vestige.derive.dump.gathered_kernel",
        "vestige.derive.dump.state",
        "vestige.derive.dump.vectors",
    ),
)


class Job:
    """The arrays of one reading, and the compiled functions that work on them.

    Args:
        window: the bytes to read.
        kernels: the functions, which take the job's address, the window's end and one more number.

    Attributes:
        state: what is remembered between blocks; places are named in `state.py`.
    """

    def __init__(self, window: "Window", kernels: Kernels = KERNELS) -> None:
        self._functions = load_kernels(kernels)
        self._window = window
        self._data: object = None
        self._arrays: list[npt.NDArray[Any]] = [np.zeros(1, dtype=np.int64)] * places.ARRAYS
        self._table = np.zeros((places.ARRAYS, 2), dtype=np.int64)
        self._address = self._table.ctypes.data
        self.state = np.zeros(places.STATES, dtype=np.int64)
        self.state[places.BACKSLASH] = 1
        self.put(places.STATE, self.state)
        for place in (places.LEAD, places.TRAIL):
            self.put(place, np.zeros(places.BYTES, dtype=np.uint8))
        self.put_bytes(places.DELIMITER, b";")
        self.put_bytes(places.HEADER, b"")

    def put(self, place: int, array: npt.NDArray[Any]) -> None:
        """Give an array to compiled code; it is kept alive here."""
        self._arrays[place] = array
        self._table[place] = array.ctypes.data, array.size

    def put_bytes(self, place: int, text: bytes) -> None:
        """Give some bytes to compiled code."""
        self.put(place, np.frombuffer(bytearray(text or b"\0"), dtype=np.uint8)[: len(text)])

    def read_rows(self) -> int:
        """Run `rows_kernel.read_rows` on the window from its position; the position moves."""
        return self.run(_READ_ROWS, self._window.base)

    def read_copy(self) -> int:
        """Run `copy_kernel.read_copy` on the window from its position; the position moves."""
        return self.run(_READ_COPY, self._window.base)

    def skip_statement(self) -> int:
        """Run `skip_kernel.skip_statement` on the window from its position; the position moves."""
        return self.run(_SKIP_STATEMENT, int(self._window.finished))

    def run(self, function: str, argument: int) -> int:
        """Run a compiled function on the window from its position; the position moves. Returns why it came back."""
        window = self._window
        if self._data is not window.view:
            self._data = window.view
            self.put(places.DATA, window.view)
        self.state[places.POSITION] = window.position
        code = self._functions[function](self._address, window.end, argument)
        window.position = int(self.state[places.POSITION])
        return code
