"""What the compiled reader of texts and its caller agree on. Loads no Numba."""

from typing import Final

from vestige.derive.contract import Cell, Packing, SourceColumn

TEXT: Final = 0
OFFSETS: Final = 1
COUNTS: Final = 2
NUMBERS: Final = 3
WORDS: Final = 4
WORD_ENDS: Final = 5
WORD_NUMBERS: Final = 6
KEY: Final = 7
STACK: Final = 8
ARRAYS: Final = 9
"""Arrays of a job. TEXT: the cells' bytes. OFFSETS: where each cell begins, and where the last one ends. COUNTS: for
each cell ABSENT when it is not to be read, and afterwards how many numbers it gave, or DAMAGED. NUMBERS: room for
them. WORDS, WORD_ENDS, WORD_NUMBERS: the column's vocabulary. KEY: two halves of the key of names. STACK: room for
`DEEPEST` open arrays."""

ABSENT: Final = -1
DAMAGED: Final = -2

AS_LIST: Final = 0
AS_PREFIXED: Final = 1
AS_KEYS: Final = 2
AS_VALUES: Final = 3
AS_NAMES: Final = 4
AS_NAME: Final = 5

DEEPEST: Final = 16
"""Arrays inside one another; the packages nest three deep."""

FRAME: Final = 4
LEFT: Final = 0
WANTS: Final = 1
INHERITED: Final = 2
MARKER: Final = 3
"""Of an open array: entries that must still come (or, in JSON, whether it has keys), what comes next, the number of
the key it stands under, the number of the key at hand."""

UNMARKED: Final = 0

LONGEST_TEXT: Final = 1 << 18
"""Bytes of a packed cell or name; 16,000 recipients of one message take as many. A longer one is damaged."""

MOST_NUMBERS: Final = 1 << 16
"""Numbers in one cell; no package packs a tenth of that."""

_MODES: Final = {
    Packing.LIST: AS_LIST,
    Packing.PREFIXED: AS_PREFIXED,
    Packing.KEYS: AS_KEYS,
    Packing.VALUES: AS_VALUES,
}


def mode_of(column: SourceColumn) -> int:
    """How compiled code reads a column's cells."""
    if column.cell in {Cell.NAME, Cell.ACCOUNT}:
        return AS_NAME
    return AS_NAMES if column.cell is Cell.NAMES else _MODES[column.packing]
