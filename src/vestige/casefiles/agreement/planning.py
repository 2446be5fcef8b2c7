"""How many units two coders must both code for an interval of a wanted width."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from vestige.casefiles.agreement.coefficients import cohen_variance
from vestige.casefiles.agreement.matrix import Floats
from vestige.errors import SettingsError

_LEAST: Final = 10


@dataclass(frozen=True)
class DoubleCodingPlan:
    """Units needed.

    Attributes:
        units: units that both coders must code.
        standard_error: of kappa with so many units.
        kappa: the agreement expected.
        half_width: wanted half width of the interval.
        confidence: of the interval.
    """

    units: int
    standard_error: float
    kappa: float
    half_width: float
    confidence: float


def plan_double_coding(
    prevalence: Sequence[float], *, kappa: float = 0.7, half_width: float = 0.1, confidence: float = 0.95
) -> DoubleCodingPlan:
    """Units two coders must both code so that kappa's interval reaches `half_width` to either side.

    Args:
        prevalence: share of each code, in any order; they sum to 1.
        kappa: agreement expected, from a pilot or the literature.
        half_width: wanted half width.
        confidence: of the interval.

    Returns:
        The plan. Both coders are taken to use the codes equally often, so that each pair of codes (i, j) has the
        share (1 - kappa) p_i p_j, plus kappa p_i where i = j; its large-sample variance (Fleiss, Cohen and Everitt
        1969) then gives n = (z / half width)^2 times the variance of one unit. At least 10 units are asked for.

    Raises:
        SettingsError: shares that do not sum to 1, fewer than two codes, or values out of range.
    """
    shares = np.asarray(prevalence, dtype=float)
    if len(shares) < 2 or bool((shares <= 0).any()) or abs(float(shares.sum()) - 1) > 1e-6:  # noqa: PLR2004 - two codes
        raise SettingsError("prevalence is not a list of shares that sum to 1", hint="for example 0.2,0.8")
    if not (0 <= kappa < 1 and 0 < half_width < 1 and 0 < confidence < 1):
        raise SettingsError("kappa, half width or confidence is out of range", hint="all lie between 0 and 1")
    from scipy.stats import norm

    table = expected_table(shares, kappa)
    variance = cohen_variance(table, np.eye(len(shares)))
    reach = float(norm.ppf((1 + confidence) / 2))
    units = max(_LEAST, int(np.ceil(variance * (reach / half_width) ** 2)))
    return DoubleCodingPlan(units, float(np.sqrt(variance / units)), kappa, half_width, confidence)


def expected_table(prevalence: Floats, kappa: float) -> Floats:
    """Shares of each pair of codes, whose kappa is exactly the one given."""
    return (1 - kappa) * np.outer(prevalence, prevalence) + kappa * np.diag(prevalence)
