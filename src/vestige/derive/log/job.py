"""The rules as tables of numbers and bytes, and the memory that Python and the compiled reader share."""

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from vestige.derive.log import state as places
from vestige.derive.log.rules import Bearer, LogRules, PageKind, PageRule, Place, parameter_names
from vestige.derive.native import Kernels, load_kernels

if TYPE_CHECKING:
    from vestige.derive.dump.window import Window

_READ_LINES: Final = "vestige.derive.log.line_kernel.read_lines"
KERNELS: Final = Kernels(
    "log",
    {_READ_LINES: 3},
    (
        "vestige.derive.cell_codes",
        "vestige.derive.cell_kernels",
        "vestige.derive.dump.common_kernel",
        "vestige.derive.dump.vectors",
        "vestige.derive.log.bearer_kernel",
        "vestige.derive.log.state",
        "vestige.derive.log.target_kernel",
    ),
)
CAPACITY: Final = 1 << 15
_KINDS: Final = {
    PageKind.THREAD: places.KIND_THREAD,
    PageKind.SECTION: places.KIND_SECTION,
    PageKind.OBJECT: places.KIND_OBJECT,
    PageKind.VISIT: places.KIND_VISIT,
    PageKind.OTHER: places.KIND_OTHER,
}
_PLACES: Final = {Place.QUERY: places.IN_QUERY, Place.COOKIE: places.IN_COOKIE, Place.FIELD: places.IN_FIELD}
_NUMBERS: Final = ("thread", "section", "post", "object")
_NUL: Final = b"\0"

Integers = npt.NDArray[np.int64]


class _Texts:
    """Bytes that compiled code compares with, one after another."""

    def __init__(self) -> None:
        self.content = bytearray()

    def add(self, text: bytes) -> tuple[int, int]:
        """Append some bytes; returns where they begin and end."""
        start = len(self.content)
        self.content += text
        return start, len(self.content)


class LogJob:
    """The arrays of one reading, and the compiled function that works on them.

    Attributes:
        state: what is remembered between blocks; places are named in `state.py`.
    """

    def __init__(self, rules: LogRules) -> None:
        self._read_lines = load_kernels(KERNELS)[_READ_LINES]
        self._arrays: list[npt.NDArray[Any]] = [np.zeros(1, dtype=np.int64)] * places.ARRAYS
        self._table = np.zeros((places.ARRAYS, 2), dtype=np.int64)
        self._out = np.zeros((len(places.COLUMNS), CAPACITY), dtype=np.int64)
        self.state: Integers = np.zeros(places.STATES, dtype=np.int64)
        self.state[places.CAPACITY] = CAPACITY
        self.state[[places.PREVIOUS, places.EARLIEST, places.LATEST, places.ZONE]] = -1
        self._put(places.STATE, self.state)
        self._put(places.ROWS_OUT, self._out.reshape(-1))
        self._put(places.FIELDS, np.zeros(3 * places.MOST_FIELDS, dtype=np.int64))
        self._put_rules(rules)

    def read(self, window: "Window") -> int:
        """Run `line_kernel.read_lines` on the window from its position; the position moves."""
        self._put(places.DATA, window.view)
        self.state[places.POSITION] = window.position
        code: int = self._read_lines(self._table.ctypes.data, window.end, int(window.finished))
        window.position = int(self.state[places.POSITION])
        return code

    def rows(self) -> Integers:
        """Rows that are ready, a column a line, and their room given free; valid until the next `read`."""
        ready = self._out[:, : self.state[places.ROWS]]
        self.state[places.ROWS] = 0
        return ready

    def _put(self, place: int, array: npt.NDArray[Any]) -> None:
        self._arrays[place] = array
        self._table[place] = array.ctypes.data, array.size

    def _put_numbers(self, place: int, numbers: list[int]) -> None:
        self._put(place, np.array([*numbers, 0], dtype=np.int64)[: len(numbers)])

    def _put_rules(self, rules: LogRules) -> None:
        texts = _Texts()
        names = parameter_names(rules)
        self._put_numbers(places.NAME_ENDS, [end for name in names for end in texts.add(name.encode())])
        self._put(places.VALUES, np.full(max(len(names), 1), -1, dtype=np.int64)[: len(names)])
        pages: list[int] = []
        conditions: list[int] = []
        for page in rules.pages:
            pages += _page_numbers(page, names, texts, conditions)
        bearers: list[int] = []
        affixes: list[int] = []
        for bearer in rules.bearers:
            bearers += _bearer_numbers(bearer, names, texts, affixes)
        self.state[places.BASE_START], self.state[places.BASE_END] = texts.add(rules.base.encode())
        self._put_numbers(places.RULES, pages)
        self._put_numbers(places.CONDITIONS, conditions)
        self._put_numbers(places.BEARERS, bearers)
        self._put_numbers(places.AFFIX_ENDS, affixes)
        self._put(places.STARTERS, starters(rules))
        self._put(places.TEXT, np.frombuffer(bytes(texts.content) + _NUL, dtype=np.uint8))


def _page_numbers(page: PageRule, names: tuple[str, ...], texts: _Texts, conditions: list[int]) -> list[int]:
    pattern = texts.add(pattern_bytes(page.path))
    first = len(conditions) // 3
    for name, value in page.where.items():
        conditions += [names.index(name), *texts.add(value.encode())]
    parameters = [names.index(page.numbers[name]) if name in page.numbers else -1 for name in _NUMBERS]
    needed = sum(1 << _NUMBERS.index(name) for name in page.needed)
    return [_KINDS[page.kind], *pattern, *parameters, first, len(conditions) // 3, needed]


def _bearer_numbers(bearer: Bearer, names: tuple[str, ...], texts: _Texts, affixes: list[int]) -> list[int]:
    first = len(affixes) // 2
    for text in bearer.after:
        affixes += texts.add(text.encode())
    name = names.index(bearer.name) if bearer.place is Place.QUERY else -1
    return [
        _PLACES[bearer.place], name, *texts.add(bearer.name.encode()), int(bearer.any_beginning), bearer.field,
        first, len(affixes) // 2, int(bearer.is_session),
    ]  # fmt: skip


def pattern_bytes(path: str) -> bytes:
    """A path's pattern as compiled code reads it: literal bytes, and the codes of `state.py` for what is not."""
    coded = path.encode()
    for which, name in enumerate(_NUMBERS):
        coded = coded.replace(b"{%s}" % name.encode(), bytes([places.PLACEHOLDER + which]))
    for which in range(len(_NUMBERS)):
        number = bytes([places.PLACEHOLDER + which])
        coded = coded.replace(b"*." + number, bytes([places.TO_LAST_DOT]) + number)
    return coded.replace(b"*", bytes([places.ANYTHING]))


def starters(rules: LogRules) -> Integers:
    """For each byte, the rules (bits) whose path may go on with it after a slash; `?` also stands for the end."""
    table = np.zeros(256, dtype=np.int64)
    for number, page in enumerate(rules.pages):
        following = pattern_bytes(page.path)[1:2]
        if not following:
            table[ord("?")] |= 1 << number
        elif following[0] < places.PLACEHOLDER:
            table[following[0]] |= 1 << number
        elif following[0] >= places.TO_LAST_DOT:
            table[:] |= 1 << number
        else:
            table[ord("0") : ord("9") + 1] |= 1 << number
    return table
