"""Kaplan and Meier's estimate of survival on collapsed times: a million lives are a few hundred rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

NORMAL_QUANTILE: Final = 1.959963984540054
"""Of a 95 % interval."""


@dataclass(frozen=True)
class SurvivalCurve:
    """Survival after each distinct time.

    Attributes:
        times: distinct times, ascending.
        at_risk: lives still observed just before each time.
        survival: estimated share that lasts longer than each time.
        low, high: 95 % limits, each time on its own; equal to the estimate where it is 0 or 1.
    """

    times: "Floats"
    at_risk: "NDArray[np.int64]"
    survival: "Floats"
    low: "Floats"
    high: "Floats"

    def at(self, time: float) -> tuple[int, float, float, float]:
        """Lives observed longer than `time`, and the share that lasts longer, with its limits."""
        place = int(np.searchsorted(self.times, time, side="right"))
        remaining = int(self.at_risk[place]) if place < self.times.size else 0
        if place == 0:
            return remaining, 1.0, 1.0, 1.0
        return remaining, float(self.survival[place - 1]), float(self.low[place - 1]), float(self.high[place - 1])

    def median(self) -> tuple[float | None, float | None, float | None]:
        """Time that half outlast no longer, with its 95 % limits; None where the curve does not fall that far.

        Source:
            Brookmeyer and Crowley (1982), Biometrics 38, 29-41: where the limits cross one half.
        """
        return self._first_below(self.survival), self._first_below(self.low), self._first_below(self.high)

    def _first_below(self, values: "Floats") -> float | None:
        below = np.flatnonzero(values <= 0.5)  # noqa: PLR2004 - the median
        return float(self.times[below[0]]) if below.size else None


def kaplan_meier(times: Sequence[float], lives: Sequence[int], ended: Sequence[int]) -> SurvivalCurve:
    """Kaplan-Meier estimate with limits on the log(-log) scale.

    Args:
        times: distinct lengths of observation.
        lives: how many were observed that long, whether they ended or were censored then.
        ended: how many of those ended.

    Returns:
        A curve over the times, ascending; empty for no lives.

    Raises:
        ValueError: the lengths differ, a time stands twice, or more ended than lived.

    Source:
        Kaplan and Meier (1958), JASA 53, 457-481; variance by Greenwood (1926); limits by Kalbfleisch and Prentice
        (1980), The Statistical Analysis of Failure Time Data, section 1.3.
    """
    if not len(times) == len(lives) == len(ended) or len(set(times)) < len(times):
        raise ValueError("times must be distinct and as many as lives and ended")
    order = np.argsort(np.asarray(times, np.float64), kind="stable")
    points = np.asarray(times, np.float64)[order]
    counts = np.asarray(lives, np.int64)[order]
    deaths = np.asarray(ended, np.int64)[order]
    if (deaths < 0).any() or (deaths > counts).any():
        raise ValueError("ended must lie between 0 and lives")
    at_risk = counts[::-1].cumsum()[::-1]
    kept = at_risk > 0
    points, at_risk, deaths = points[kept], at_risk[kept], deaths[kept]
    survival = np.cumprod(1 - deaths / at_risk)
    with np.errstate(divide="ignore", invalid="ignore"):
        greenwood = np.cumsum(deaths / (at_risk * (at_risk - deaths).astype(np.float64)))
        spread = np.sqrt(greenwood) / np.log(survival)
        factor = np.exp(NORMAL_QUANTILE * spread)
        low, high = survival ** (1 / factor), survival**factor
    inside = (survival > 0) & (survival < 1)
    return SurvivalCurve(points, at_risk, survival, np.where(inside, low, survival), np.where(inside, high, survival))
