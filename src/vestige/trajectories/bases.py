"""Functions of time that make up a curve, well-conditioned inside, in the user's own powers outside."""

from dataclasses import dataclass

import numpy as np

from vestige.trajectories.compiled import FloatArray
from vestige.trajectories.settings import Basis

POWER_NAMES = ("intercept", "linear", "quadratic", "cubic", "quartic", "quintic")


@dataclass(frozen=True)
class TimeBasis:
    """Columns of a design in time.

    Attributes:
        kind: polynomial or natural cubic spline.
        order: highest power, or spline columns beside the intercept.
        lowest: first time.
        highest: last time.
        knots: of the spline, ends included.
    """

    kind: Basis
    order: int
    lowest: float
    highest: float
    knots: tuple[float, ...] = ()

    @classmethod
    def of(cls, kind: Basis, order: int, times: FloatArray) -> "TimeBasis":
        """The basis for the given observed times; spline knots stand at their quantiles."""
        lowest, highest = float(times.min()), float(times.max())
        knots: tuple[float, ...] = ()
        if kind is Basis.SPLINE and order > 1:
            knots = tuple(float(knot) for knot in np.quantile(np.unique(times), np.linspace(0.0, 1.0, order + 1)))
        return cls(kind, order, lowest, highest if highest > lowest else lowest + 1.0, knots)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns as reported."""
        if self.knots:
            return ("intercept", "linear", *(f"spline{column}" for column in range(1, self.order)))
        return POWER_NAMES[: self.order + 1]

    def design(self, times: FloatArray) -> FloatArray:
        """(cells, order + 1) inner columns: Legendre polynomials on [-1, 1], or the natural spline's."""
        scaled = (2.0 * times - self.lowest - self.highest) / (self.highest - self.lowest)
        if not self.knots:
            return np.asarray(np.polynomial.legendre.legvander(scaled, self.order), dtype=np.float64)
        inner = (2.0 * np.array(self.knots) - self.lowest - self.highest) / (self.highest - self.lowest)
        return np.column_stack([np.ones_like(scaled), scaled, *_natural_columns(scaled, inner)])

    def to_user(self) -> FloatArray:
        """Matrix from inner coefficients to those on 1, t, t^2, ... (upper triangular); splines stay scaled in t."""
        if self.knots:
            return np.eye(self.order + 1)
        matrix = np.zeros((self.order + 1, self.order + 1))
        for column in range(self.order + 1):
            inner = np.polynomial.Legendre.basis(column, domain=[self.lowest, self.highest])
            powers = inner.convert(kind=np.polynomial.Polynomial, domain=[-1.0, 1.0]).coef
            matrix[: powers.size, column] = powers
        return matrix


def _natural_columns(scaled: FloatArray, knots: FloatArray) -> list[FloatArray]:
    """Truncated-power natural cubic spline (Hastie, Tibshirani and Friedman 2009, eq. 5.4-5.5)."""

    def piece(knot: float) -> FloatArray:
        above = np.maximum(scaled - knot, 0.0) ** 3 - np.maximum(scaled - knots[-1], 0.0) ** 3
        return np.asarray(above / (knots[-1] - knot))

    last = piece(float(knots[-2]))
    return [piece(float(knot)) - last for knot in knots[:-2]]
