"""What compiled code and its callers agree on: outcomes, kinds of cell, vocabularies. Loads no Numba."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from vestige.derive.contract import Cell, SourceColumn

VALUE: Final = 0
NULL: Final = 1
MALFORMED: Final = 2
"""Outcomes of a parser."""

KIND_INTEGER: Final = 0
KIND_SECONDS: Final = 1
KIND_MOMENT: Final = 2
KIND_WORD: Final = 3
KINDS: Final = {
    Cell.INTEGER: KIND_INTEGER,
    Cell.SECONDS: KIND_SECONDS,
    Cell.MOMENT: KIND_MOMENT,
    Cell.LOCAL_MOMENT: KIND_MOMENT,
    Cell.WORD: KIND_WORD,
}
"""Of the cells that become numbers where they lie; the others are texts (`contract.TEXT_CELLS`)."""


@dataclass(frozen=True)
class Vocabularies:
    """The recognised words of a table's WORD columns, flattened for compiled code.

    Attributes:
        text: all words, one after another.
        ends: end of each word in `text`; a word starts where the one before ends.
        numbers: the number of each word.
        firsts: for each column of the table, index of its first word; one more entry than columns.
    """

    text: npt.NDArray[np.uint8]
    ends: npt.NDArray[np.int64]
    numbers: npt.NDArray[np.int64]
    firsts: npt.NDArray[np.int64]

    @classmethod
    def of(cls, columns: Sequence[SourceColumn]) -> "Vocabularies":
        """Flatten the vocabularies of a table's columns."""
        words = [list(column.vocabulary.items()) for column in columns]
        every = [word for column in words for word in column]
        return cls(
            np.frombuffer(b"".join(text for text, _ in every), dtype=np.uint8),
            np.cumsum([len(text) for text, _ in every], dtype=np.int64),
            np.array([number for _, number in every], dtype=np.int64),
            np.cumsum([0, *(len(column) for column in words)], dtype=np.int64),
        )
