"""Where a family is evaluated: at every cell, or, where responses enter through their sums alone, twice a time.

For Poisson and zero-inflated Poisson counts and for yes or no, the log-density of a positive response is a line in the
response, log f(y) = log f(1) + (y - 1) curve + base(y). So 2 rows a time (a zero and a one) carry the derivatives of
thousands of cells, and a Newton step for the curves needs no more than posterior mass and excess by time and group.
"""

from dataclasses import dataclass

import numpy as np

from vestige.trajectories.cells import OutcomeCells
from vestige.trajectories.compiled import FloatArray, IndexArray, compiled
from vestige.trajectories.families import FamilyModel, Jets


@dataclass(frozen=True)
class Spread:
    """How cells follow from the rows of a sheet.

    Attributes:
        row: (cells,) the row of each cell.
        excess: (cells,) its response above that of the row.
        base: (cells,) the part of its log-density that no parameter moves.
    """

    row: IndexArray
    excess: FloatArray
    base: FloatArray


@dataclass(frozen=True)
class Sheet:
    """The rows of one outcome on which its family is evaluated.

    Attributes:
        response: (rows, 1).
        time: (rows,).
        covariates: (rows, covariates).
        offset: (rows,) logarithm of the exposure, or None.
        spread: how the cells follow; None where rows are the cells themselves.
    """

    response: FloatArray
    time: FloatArray
    covariates: FloatArray
    offset: FloatArray | None
    spread: Spread | None

    def cell_values(self, value: FloatArray, curve: FloatArray) -> FloatArray:
        """(cells, groups) log-densities from those of the rows and from the rows' curves."""
        if self.spread is None:
            return value
        table = np.empty((self.spread.row.size, value.shape[1]))
        _spread_rows(self.spread.row, self.spread.excess, self.spread.base, value, curve, table)
        return table

    def cell_slopes(self, slopes: FloatArray, curve_slopes: FloatArray) -> FloatArray:
        """(cells, classes, parameters of a class) derivatives of log-densities.

        Args:
            slopes: (rows, classes, parameters of a class) those of the rows.
            curve_slopes: the same of the curve.
        """
        if self.spread is None:
            return slopes
        excess = self.spread.excess[:, None, None]
        return np.asarray(slopes[self.spread.row] + excess * curve_slopes[self.spread.row])

    def row_weights(self, weights: FloatArray) -> "RowWeights":
        """What the rows carry of (cells, groups) posterior mass."""
        if self.spread is None:
            return RowWeights(weights, None)
        shape = (self.time.size, weights.shape[1])
        mass, excess = np.zeros(shape), np.zeros(shape)
        _gather_rows(self.spread.row, self.spread.excess, weights, mass, excess)
        return RowWeights(mass, excess)


@dataclass(frozen=True)
class RowWeights:
    """Posterior mass on the rows of a sheet.

    Attributes:
        mass: (rows, groups).
        excess: (rows, groups) sum of mass times the cells' responses above the row's; None where there are none.
    """

    mass: FloatArray
    excess: FloatArray | None


@dataclass(frozen=True)
class RowJets:
    """Log-densities and derivatives on the rows of a sheet, with the curve they were taken at."""

    curve: FloatArray
    jets: Jets

    def slopes(self, weights: RowWeights) -> list[FloatArray]:
        """(rows, groups) average derivative of the log-density over the cells of each row, one a predictor."""
        first = [np.broadcast_to(own, self.jets.value.shape) for own in self.jets.first]
        if weights.excess is not None:
            mean = np.divide(weights.excess, weights.mass, out=np.zeros_like(weights.mass), where=weights.mass > 0.0)
            first[0] = first[0] + mean
        return first


def sheet_of(cells: OutcomeCells, family: FamilyModel) -> Sheet:
    """The sheet of one outcome's cells."""
    base = None if cells.zero_of is None else family.positive_base(cells.response)
    if base is None or cells.zero_of is None:
        return Sheet(cells.response[:, None], cells.time, cells.covariates, cells.offset, None)
    times = cells.zero_cells.size
    positive = cells.response > 0.0
    time = cells.time[cells.zero_cells]
    return Sheet(
        response=np.repeat([0.0, 1.0], times)[:, None],
        time=np.concatenate([time, time]),
        covariates=np.zeros((2 * times, 0)),
        offset=None,
        spread=Spread(
            (cells.zero_of + times * positive).astype(np.int32),
            np.where(positive, cells.response - 1.0, 0.0),
            np.where(positive, base, 0.0),
        ),
    )


@compiled
def _spread_rows(
    row: IndexArray, excess: FloatArray, base: FloatArray, value: FloatArray, curve: FloatArray, table: FloatArray
) -> None:
    for cell in range(row.size):
        for group in range(value.shape[1]):
            table[cell, group] = value[row[cell], group] + excess[cell] * curve[row[cell], group] + base[cell]


@compiled
def _gather_rows(
    row: IndexArray, excess: FloatArray, weights: FloatArray, mass: FloatArray, excesses: FloatArray
) -> None:
    for cell in range(row.size):
        for group in range(weights.shape[1]):
            mass[row[cell], group] += weights[cell, group]
            excesses[row[cell], group] += excess[cell] * weights[cell, group]
