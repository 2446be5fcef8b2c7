"""Coefficients of agreement as functions of pattern weights, so that one call serves data, bootstrap and jackknife.

Every function takes `weights` of shape (replicates, patterns) and returns one value a replicate; NaN stands for
"undefined" inside this module only and never leaves `measure_agreement`.

Sources: Cohen (1960, 1968); Fleiss (1971) in Gwet's (2008) form for missing codes; Brennan and Prediger (1981);
Gwet (2008, 2014) AC1 and AC2; Krippendorff (2011), "Computing Krippendorff's alpha-reliability".
"""

from enum import StrEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from vestige.casefiles.agreement.matrix import Floats, Level, Patterns

_FLAT: Final = 1e-12
"""An expected disagreement this small is rounding: every code given was the same."""


class Weighting(StrEnum):
    """How near two different codes count as agreement (Cohen 1968)."""

    IDENTITY = "identity"
    LINEAR = "linear"
    QUADRATIC = "quadratic"


def agreement_weights(size: int, weighting: Weighting, scores: Floats | None = None) -> Floats:
    """Weights, codes x codes, 1 on the diagonal: 1 - |i - j| / range, or its square, over scores or positions."""
    if weighting is Weighting.IDENTITY:
        return np.eye(size)
    positions = np.arange(size, dtype=float) if scores is None else scores
    distance = np.abs(positions[:, None] - positions[None, :]) / max(float(np.ptp(positions)), 1e-300)
    return 1 - (distance if weighting is Weighting.LINEAR else distance**2)


def _divide(one: Floats, other: Floats) -> Floats:
    safe = np.abs(other) > _FLAT
    return np.asarray(np.where(safe, one / np.where(safe, other, 1.0), np.nan))


def _varied(patterns: Patterns, weights: Floats) -> npt.NDArray[np.bool_]:
    """Replicates in which at least two different codes stand in units that two coders coded."""
    used = weights @ (patterns.counts * patterns.pairable[:, None])
    varied: npt.NDArray[np.bool_] = (used > _FLAT).sum(axis=1) > 1
    return varied


def observed_agreement(patterns: Patterns, weights: Floats, agreeing: Floats) -> Floats:
    """Share of agreeing pairs of coders, averaged over units with at least two codes."""
    pairable = patterns.pairable
    per_pattern = _pattern_agreement(patterns, agreeing)
    return _divide(weights @ per_pattern, weights @ pairable.astype(float))


def _pattern_agreement(patterns: Patterns, agreeing: Floats) -> Floats:
    pairs = patterns.coded * (patterns.coded - 1)
    agreed = (patterns.counts * (patterns.counts @ agreeing - 1)).sum(axis=1)
    return np.asarray(np.where(patterns.pairable, agreed / np.where(pairs > 0, pairs, 1.0), 0.0))


def _prevalence(patterns: Patterns, weights: Floats) -> Floats:
    """Mean share of each code over coded units, replicates x codes."""
    shares = patterns.counts / np.maximum(patterns.coded, 1)[:, None]
    coded = weights @ (patterns.coded > 0).astype(float)
    return np.asarray((weights @ shares) / np.maximum(coded, 1)[:, None])


def expected_agreement(patterns: Patterns, weights: Floats, agreeing: Floats, name: str) -> Floats:
    """Agreement expected by chance: "fleiss", "brennan-prediger" or "gwet"."""
    size = len(agreeing)
    prevalence = _prevalence(patterns, weights)
    if name == "fleiss":
        return np.asarray(np.einsum("bi,ij,bj->b", prevalence, agreeing, prevalence))
    if name == "brennan-prediger":
        return np.full(len(weights), agreeing.sum() / size**2)
    spread = (prevalence * (1 - prevalence)).sum(axis=1)
    return np.asarray(agreeing.sum() * spread / max(size * (size - 1), 1))


def chance_corrected(patterns: Patterns, weights: Floats, agreeing: Floats, name: str) -> Floats:
    """(observed - expected) / (1 - expected), NaN where the codes do not vary."""
    observed = observed_agreement(patterns, weights, agreeing)
    expected = expected_agreement(patterns, weights, agreeing, name)
    return np.where(_varied(patterns, weights), _divide(observed - expected, 1 - expected), np.nan)


def linearised_variance(patterns: Patterns, agreeing: Floats, name: str) -> float:
    """Gwet's (2008) variance of a chance-corrected coefficient, from each unit's share in it.

    Source: Gwet (2014), Handbook of Inter-Rater Reliability, ch. 5; the finite-population factor is 0.
    """
    coded = patterns.coded > 0
    weights = patterns.weights[None, :] * coded
    units = float(weights.sum())
    pairable = float((patterns.weights * patterns.pairable).sum())
    expected = float(expected_agreement(patterns, weights, agreeing, name)[0])
    value = float(chance_corrected(patterns, weights, agreeing, name)[0])
    prevalence = _prevalence(patterns, weights)[0]
    shares = patterns.counts / np.maximum(patterns.coded, 1)[:, None]
    chance = {
        "fleiss": shares @ (agreeing @ prevalence + agreeing.T @ prevalence) / 2,
        "brennan-prediger": np.full(len(shares), expected),
        "gwet": agreeing.sum() / max(len(agreeing) * (len(agreeing) - 1), 1) * (shares @ (1 - prevalence)),
    }[name]
    own = (units / pairable) * (_pattern_agreement(patterns, agreeing) - expected * patterns.pairable) / (1 - expected)
    influence = own - 2 * (1 - value) * (chance - expected) / (1 - expected)
    return float((patterns.weights * coded * (influence - value) ** 2).sum() / (units * (units - 1)))


def krippendorff_alpha(patterns: Patterns, weights: Floats, scores: Floats, level: Level) -> Floats:
    """Krippendorff's alpha: 1 - observed / expected disagreement over pairable codes; NaN where nothing varies."""
    kept = patterns.pairable
    counts, coded = patterns.counts[kept], patterns.coded[kept]
    weights = weights[:, kept]
    margins = weights @ counts
    total = margins.sum(axis=1)
    if level in {Level.INTERVAL, Level.ORDINAL}:
        if level is Level.ORDINAL:
            places = np.cumsum(margins, axis=1) - margins / 2
        else:
            places = np.broadcast_to(scores - scores.mean(), margins.shape)
        squares, sums = places**2 @ counts.T, places @ counts.T
        observed = (weights * 2 * (coded * squares - sums**2) / (coded - 1)).sum(axis=1)
        expected = 2 * (total * (margins * places**2).sum(axis=1) - (margins * places).sum(axis=1) ** 2)
    else:
        distance = _ratio_distance(scores) if level is Level.RATIO else 1 - np.eye(len(scores))
        observed = weights @ ((counts @ distance * counts).sum(axis=1) / (coded - 1))
        expected = ((margins @ distance) * margins).sum(axis=1)
    alpha = 1 - _divide((total - 1) * observed, np.where(_varied(patterns, _unkept(weights, kept)), expected, 0.0))
    return np.asarray(alpha)


def _unkept(weights: Floats, kept: npt.NDArray[np.bool_]) -> Floats:
    full = np.zeros((len(weights), len(kept)))
    full[:, kept] = weights
    return full


def _ratio_distance(scores: Floats) -> Floats:
    sums = scores[:, None] + scores[None, :]
    apart = scores[:, None] - scores[None, :]
    return np.where(sums == 0, 0.0, apart / np.where(sums == 0, 1.0, sums)) ** 2


def pair_tables(patterns: Patterns, weights: Floats, one: int, other: int) -> Floats:
    """Contingency tables of two coders, replicates x k x k, over the units both coded."""
    size = patterns.counts.shape[1]
    both = (patterns.codes[:, one] >= 0) & (patterns.codes[:, other] >= 0)
    cells = patterns.codes[both, one] * size + patterns.codes[both, other]
    used, column = np.unique(cells, return_inverse=True)
    placed = np.zeros((len(cells), len(used)))
    placed[np.arange(len(cells)), column] = 1
    tables = np.zeros((len(weights), size * size))
    tables[:, used] = weights[:, both] @ placed
    return tables.reshape(-1, size, size)


def cohen_kappa(tables: Floats, agreeing: Floats) -> Floats:
    """Cohen's weighted kappa of each table; NaN where the two coders together used one code only."""
    shares = _divide(tables, tables.sum(axis=(1, 2), keepdims=True))
    rows, columns = shares.sum(axis=2), shares.sum(axis=1)
    observed = (shares * agreeing).sum(axis=(1, 2))
    expected = np.einsum("bi,ij,bj->b", rows, agreeing, columns)
    return _divide(observed - expected, 1 - expected)


def cohen_variance(table: Floats, agreeing: Floats) -> float:
    """Large-sample variance of a weighted kappa (Fleiss, Cohen and Everitt 1969, eq. 13)."""
    units = float(table.sum())
    shares = table / units
    rows, columns = shares.sum(axis=1), shares.sum(axis=0)
    expected = float(rows @ agreeing @ columns)
    value = float(cohen_kappa(table[None], agreeing)[0])
    mean_of_row, mean_of_column = agreeing @ columns, rows @ agreeing
    inner = agreeing - (mean_of_row[:, None] + mean_of_column[None, :]) * (1 - value)
    spread = float((shares * inner**2).sum()) - (value - expected * (1 - value)) ** 2
    return spread / (units * (1 - expected) ** 2)
