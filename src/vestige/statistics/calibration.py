"""How good likelihood ratios are: log-likelihood-ratio cost, its smallest value, and the tools that calibrate.

All log likelihood ratios are natural logarithms. "First" are cases of which the first proposition is true.
"""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_STEPS = 50
_CLOSE = 1e-10


def log_likelihood_ratio_cost(first: "Floats", second: "Floats") -> float:
    """Cllr: 0 is perfect, 1 is what a method that always says "1" would cost, more is worse than saying nothing.

    Args:
        first: log likelihood ratios where the first proposition is true; may hold infinities.
        second: where the second is true.

    Raises:
        ValueError: one side is empty.

    Source:
        Brümmer and du Preez (2006), Application-independent evaluation of speaker detection, Computer Speech and
        Language 20, 230-275, equation for C_llr.
    """
    if first.size == 0 or second.size == 0:
        raise ValueError("needs a case of each kind")
    return float((np.logaddexp(0, -first).mean() + np.logaddexp(0, second).mean()) / (2 * np.log(2)))


def best_calibration(first: "Floats", second: "Floats") -> "tuple[Floats, Floats]":
    """The same cases' log likelihood ratios after the best monotone calibration, found in hindsight.

    Pool-adjacent-violators with equal weight of both kinds; ties in the scores stay ties. Ends may be infinite.

    Source:
        Brümmer and du Preez (2006), section on discrimination and calibration; the algorithm: Ayer et al. (1955).
    """
    from scipy.optimize import isotonic_regression

    scores = np.concatenate((first, second))
    distinct, place = np.unique(scores, return_inverse=True)
    of_first = np.bincount(place[: first.size], minlength=distinct.size) / first.size
    of_second = np.bincount(place[first.size :], minlength=distinct.size) / second.size
    together = of_first + of_second
    share = isotonic_regression(of_first / together, weights=together).x.clip(0, 1)
    with np.errstate(divide="ignore"):
        calibrated = np.log(share) - np.log1p(-share)
    return calibrated[place[: first.size]], calibrated[place[first.size :]]


def least_cost(first: "Floats", second: "Floats") -> float:
    """Cllr-min: the part of Cllr that is due to overlap of the two kinds, not to poor calibration."""
    return log_likelihood_ratio_cost(*best_calibration(first, second))


def balanced_weights(is_first: "NDArray[np.bool_]") -> "Floats":
    """Weights by which both kinds count alike and all together as many as there are cases; prior odds become 1."""
    size, first = is_first.size, int(is_first.sum())
    return np.where(is_first, size / (2 * first), size / (2 * (size - first)))


def fit_logistic(
    design: "Floats",
    is_first: "NDArray[np.bool_]",
    *,
    penalty: "Floats",
    centre: "Floats",
    start: "Floats | None" = None,
) -> "Floats":
    """Penalised logistic regression with both kinds weighing alike, so that the log-odds are log likelihood ratios.

    Maximises the log-likelihood minus half the penalties times the squared distances from the centre: a normal prior,
    which keeps coefficients finite where the kinds are separated.

    Args:
        design: shape (cases, columns), an intercept included.
        is_first: shape (cases,).
        penalty: shape (columns,), not negative; precision of the prior.
        centre: shape (columns,), mean of the prior.
        start: where to begin; the centre if None.

    Returns:
        Coefficients, shape (columns,).
    """
    from scipy.special import expit

    weights, wanted = balanced_weights(is_first), is_first.astype(np.float64)
    signs = 2 * wanted - 1

    def badness(found: "Floats") -> float:
        fit = weights @ np.logaddexp(0, -signs * (design @ found))
        return float(fit + penalty @ (found - centre) ** 2 / 2)

    found = centre.copy() if start is None else start.copy()
    bad = badness(found)
    for _ in range(_STEPS):
        chance = expit(design @ found)
        slope = design.T @ (weights * (wanted - chance)) - penalty * (found - centre)
        bend = (design * (weights * chance * (1 - chance))[:, None]).T @ design
        bend += np.diag(penalty + _CLOSE)
        step = np.linalg.solve(bend, slope)
        while badness(found + step) > bad and float(np.abs(step).max()) > _CLOSE:
            step = step / 2
        found = found + step
        bad = badness(found)
        if float(np.abs(step).max()) <= _CLOSE:
            break
    return found


def fit_affine(scores: "Floats", is_first: "NDArray[np.bool_]", *, strength: float = 1.0) -> "Floats":
    """Shift and slope that turn scores into calibrated log likelihood ratios, drawn towards 0 and 1.

    Source:
        Morrison (2013), Tutorial on logistic-regression calibration and fusion, Australian Journal of Forensic
        Sciences 45, 173-197; the pull towards 0 and 1 keeps the slope finite where no case is on the wrong side.
    """
    design = np.column_stack((np.ones_like(scores), scores))
    return fit_logistic(design, is_first, penalty=np.full(2, strength), centre=np.array([0.0, 1.0]))
