"""Tests of paired differences in small groups, and many of them at once."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_EXACT: Final = 14
"""Pairs up to which all sign patterns (16,384) are gone through; above it they are drawn."""


def sign_flip_test(differences: "NDArray[np.float64]", *, draws: int, seed: int) -> float:
    """Two-sided p-value of a mean paired difference of 0: under it, each difference is as likely of either sign.

    With n pairs no p-value below 2 / 2^n is possible: four pairs can never give less than .125.

    Args:
        differences: one a pair, shape (pairs,).
        draws: sign patterns to draw where there are too many to go through.
        seed: of the draws.

    Source:
        Fisher (1935), The Design of Experiments, section 21; one pattern is the observed one (Phipson and Smyth 2010).
    """
    size = differences.size
    if size == 0 or not differences.any():
        return 1.0
    observed = abs(differences.sum())
    slack = 1e-12 * np.abs(differences).sum()
    if size <= MOST_EXACT:
        patterns = (np.arange(1 << size)[:, np.newaxis] >> np.arange(size)) & 1
        return float((np.abs((1 - 2 * patterns) @ differences) >= observed - slack).mean())
    generator = np.random.default_rng(seed)
    hits = 0
    for start in range(0, draws, 1000):
        signs = generator.choice((-1.0, 1.0), size=(min(1000, draws - start), size))
        hits += int((np.abs(signs @ differences) >= observed - slack).sum())
    return (hits + 1) / (draws + 1)


def holm(p_values: Sequence[float]) -> list[float]:
    """P-values corrected so that the chance of any false rejection among them stays at the level.

    Source:
        Holm (1979), A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6.
    """
    given = np.asarray(p_values, np.float64)
    order = np.argsort(given, kind="stable")
    raised = np.maximum.accumulate(given[order] * (given.size - np.arange(given.size)))
    corrected = np.empty_like(given)
    corrected[order] = np.minimum(raised, 1.0)
    return [float(value) for value in corrected]
