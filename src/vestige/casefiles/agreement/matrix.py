"""Codings as a matrix of units by coders, and its compression to distinct patterns with their counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from vestige.errors import SettingsError

MISSING: Final = -1
_DIRECT_KEYS: Final = 1 << 22
"""Up to so many possible patterns are counted in a table; beyond, they are sorted."""

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


class Level(StrEnum):
    """Level of measurement of the codes (Stevens 1946)."""

    NOMINAL = "nominal"
    ORDINAL = "ordinal"
    INTERVAL = "interval"
    RATIO = "ratio"


@dataclass(frozen=True)
class CodingMatrix:
    """What each coder gave each unit.

    Attributes:
        codes: units x coders, integers 0 .. k-1; `MISSING` (-1) where a coder gave no code.
        scores: the number each of the k codes stands for; their order is the scale's order.
        labels: the word each of the k codes stands for.
        coders: names of the columns.
        level: level of measurement.
    """

    codes: npt.NDArray[np.integer[Any]]
    scores: Floats
    labels: tuple[str, ...]
    coders: tuple[str, ...]
    level: Level = Level.NOMINAL

    def __post_init__(self) -> None:
        if self.codes.ndim != 2 or self.codes.shape[1] != len(self.coders):  # noqa: PLR2004 - a matrix
            raise SettingsError("codes are not a matrix of units by coders", hint="one row a unit, one column a coder")
        if len(self.labels) != len(self.scores):
            raise SettingsError("labels and scores differ in number", hint="one of each for every code")
        if self.codes.size and (int(self.codes.min()) < MISSING or int(self.codes.max()) >= len(self.labels)):
            raise SettingsError("a code lies outside its labels", hint="codes are 0 .. k-1, and -1 where missing")

    @classmethod
    def of_values(
        cls,
        values: Sequence[Sequence[float]] | Floats,
        *,
        level: Level | str = Level.NOMINAL,
        coders: Sequence[str] = (),
    ) -> "CodingMatrix":
        """From numbers, units x coders, NaN where missing; the codes are the distinct numbers in ascending order."""
        numbers = np.asarray(values, dtype=float)
        present = ~np.isnan(numbers)
        scores, positions = np.unique(numbers[present], return_inverse=True)
        codes = np.full(numbers.shape, MISSING, dtype=np.int64)
        codes[present] = positions
        names = tuple(coders) or tuple(f"coder-{number}" for number in range(1, numbers.shape[1] + 1))
        return cls(codes, scores, tuple(f"{score:g}" for score in scores), names, Level(level))


@dataclass(frozen=True)
class Patterns:
    """Distinct rows of a coding matrix.

    Attributes:
        codes: patterns x coders.
        weights: how many units show each pattern.
        counts: patterns x codes, how many coders gave each code.
        coded: how many coders coded, per pattern.
        unit_pattern: the pattern of each unit, only kept when asked for.
    """

    codes: Integers
    weights: Floats
    counts: Floats
    coded: Floats
    unit_pattern: Integers | None = None

    @property
    def pairable(self) -> npt.NDArray[np.bool_]:
        """Patterns with at least two codes."""
        return self.coded >= 2  # noqa: PLR2004 - a pair

    @property
    def units(self) -> int:
        """Units with at least two codes."""
        return int(self.weights[self.pairable].sum())


def compress(matrix: CodingMatrix, *, keep_units: bool = False) -> Patterns:
    """Distinct patterns of a matrix; every coefficient depends on these counts only.

    One million units of three coders take about 20 ms: patterns are numbered in base k + 1 and counted.
    """
    size, coders = len(matrix.labels), len(matrix.coders)
    base = size + 1
    if coders * np.log2(base) >= 62:  # noqa: PLR2004 - bits of a signed integer
        rows, inverse, weights = np.unique(matrix.codes, axis=0, return_inverse=True, return_counts=True)
        codes = rows.astype(np.int64)
    else:
        keys = np.zeros(len(matrix.codes), dtype=np.int64)
        for column in range(coders - 1, -1, -1):
            keys *= base
            keys += matrix.codes[:, column]
            keys += 1
        inverse = np.empty(0, dtype=np.int64)
        if base**coders <= _DIRECT_KEYS:
            table = np.bincount(keys, minlength=base**coders)
            found = np.flatnonzero(table)
            weights = table[found]
            if keep_units:
                inverse = np.searchsorted(found, keys)
        elif keep_units:
            found, inverse, weights = np.unique(keys, return_inverse=True, return_counts=True)
        else:
            found, weights = np.unique(keys, return_counts=True)
        codes = np.stack([found // base**column % base - 1 for column in range(coders)], axis=1)
    counts = np.zeros((len(codes), size))
    for column in range(coders):
        given = codes[:, column] >= 0
        counts[np.flatnonzero(given), codes[given, column]] += 1
    return Patterns(codes, weights.astype(float), counts, counts.sum(axis=1), inverse.ravel() if keep_units else None)
