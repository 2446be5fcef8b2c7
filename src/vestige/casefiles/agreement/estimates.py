"""Every coefficient of one matrix, with analytic and bootstrap intervals, or the reason why it is undefined."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np

from vestige.casefiles.agreement.coefficients import (
    Weighting,
    agreement_weights,
    chance_corrected,
    cohen_kappa,
    cohen_variance,
    krippendorff_alpha,
    linearised_variance,
    observed_agreement,
    pair_tables,
)
from vestige.casefiles.agreement.matrix import CodingMatrix, Floats, Level, Patterns

MOST_JACKKNIFE_PATTERNS: Final = 3000
MOST_COHEN_CODES: Final = 60
"""Kappa's tables have k x k cells; beyond, only alpha is given."""


@dataclass(frozen=True)
class Estimate:
    """One coefficient.

    Attributes:
        coefficient: its name.
        value: the estimate, or None where it is undefined.
        low, high: bootstrap interval over units, or None.
        analytic_low, analytic_high: interval from the standard error, or None.
        standard_error: analytic standard error, or None.
        units: units with at least two codes.
        undefined: why there is no value, or "".
        defined_replicates: share of bootstrap samples in which the coefficient exists.
    """

    coefficient: str
    value: float | None
    low: float | None = None
    high: float | None = None
    analytic_low: float | None = None
    analytic_high: float | None = None
    standard_error: float | None = None
    units: int = 0
    undefined: str = ""
    defined_replicates: float = 0.0


@dataclass(frozen=True)
class Coefficient:
    """How a coefficient is computed: its values for weights of patterns, and its analytic variance."""

    name: str
    values: Callable[[Floats], Floats]
    variance: Callable[[], float | None]


def coefficients_of(matrix: CodingMatrix, patterns: Patterns) -> tuple[Coefficient, ...]:
    """The coefficients that fit the matrix's level, in the order of reports."""
    return tuple(_coefficients(matrix, patterns))


def _coefficients(matrix: CodingMatrix, patterns: Patterns) -> Iterator[Coefficient]:
    size = len(matrix.labels)
    plain = np.eye(size)
    yield Coefficient("percent", lambda w: observed_agreement(patterns, w, plain), lambda: _percent_variance(patterns))
    ranked = matrix.level is not Level.NOMINAL
    weightings = tuple(Weighting) if ranked else (Weighting.IDENTITY,)
    if 1 < size <= MOST_COHEN_CODES:
        for weighting in weightings:
            yield _cohen(matrix, patterns, weighting)
        yield _corrected("fleiss", "fleiss", patterns, plain)
        yield _corrected("brennan-prediger", "brennan-prediger", patterns, plain)
        yield _corrected("gwet-ac1", "gwet", patterns, plain)
        if ranked:
            yield _corrected("gwet-ac2", "gwet", patterns, agreement_weights(size, Weighting.QUADRATIC))
    levels = tuple(Level)[: tuple(Level).index(matrix.level) + 1]
    for level in dict.fromkeys((Level.NOMINAL, levels[-1])):
        yield _alpha(matrix, patterns, level)


def _percent_variance(patterns: Patterns) -> float | None:
    kept = patterns.pairable
    units = float(patterns.weights[kept].sum())
    if units < 2:  # noqa: PLR2004 - a variance needs two units
        return None
    pairs = patterns.coded[kept] * (patterns.coded[kept] - 1)
    agreed = (patterns.counts[kept] * (patterns.counts[kept] - 1)).sum(axis=1) / pairs
    weights = patterns.weights[kept]
    mean = float(weights @ agreed / units)
    return float(weights @ (agreed - mean) ** 2 / (units * (units - 1)))


def _corrected(name: str, chance: str, patterns: Patterns, agreeing: Floats) -> Coefficient:
    return Coefficient(
        name,
        lambda weights: chance_corrected(patterns, weights, agreeing, chance),
        lambda: linearised_variance(patterns, agreeing, chance),
    )


def _cohen(matrix: CodingMatrix, patterns: Patterns, weighting: Weighting) -> Coefficient:
    """Kappa of two coders; of more, the mean over pairs (Light 1971), whose interval comes from the bootstrap."""
    agreeing = agreement_weights(len(matrix.labels), weighting)
    pairs = tuple(combinations(range(len(matrix.coders)), 2))
    suffix = "" if weighting is Weighting.IDENTITY else f"-{weighting.value}"

    def values(weights: Floats) -> Floats:
        found = np.stack([cohen_kappa(pair_tables(patterns, weights, a, b), agreeing) for a, b in pairs])
        return np.asarray(found.mean(axis=0))

    def variance() -> float | None:
        if len(pairs) > 1:
            return None
        return cohen_variance(pair_tables(patterns, patterns.weights[None], 0, 1)[0], agreeing)

    return Coefficient(("cohen" if len(pairs) == 1 else "light") + suffix, values, variance)


def _alpha(matrix: CodingMatrix, patterns: Patterns, level: Level) -> Coefficient:
    def values(weights: Floats) -> Floats:
        return krippendorff_alpha(patterns, weights, matrix.scores, level)

    return Coefficient(f"alpha-{level.value}", values, lambda: _jackknife(patterns, values))


def _jackknife(patterns: Patterns, values: Callable[[Floats], Floats]) -> float | None:
    """Delete-one-unit variance (Miller 1974), one evaluation a distinct pattern."""
    kept = np.flatnonzero(patterns.pairable & (patterns.weights > 0))
    if len(kept) > MOST_JACKKNIFE_PATTERNS or patterns.units < 3:  # noqa: PLR2004 - two must remain
        return None
    found = []
    for part in np.array_split(kept, max(1, len(kept) // 256)):
        weights = np.repeat(patterns.weights[None], len(part), axis=0)
        weights[np.arange(len(part)), part] -= 1
        found.append(values(weights))
    without, units = np.concatenate(found), patterns.units
    if np.isnan(without).any():
        return None
    share = patterns.weights[kept]
    mean = float(share @ without / units)
    return float((units - 1) / units * (share @ (without - mean) ** 2))


def estimate_all(
    matrix: CodingMatrix, patterns: Patterns, replicates: Floats, *, confidence: float
) -> tuple[tuple[Estimate, ...], dict[str, Floats]]:
    """Every coefficient with its intervals, and its value in each bootstrap sample by name.

    Args:
        matrix: the codings.
        patterns: the matrix, compressed.
        replicates: bootstrap weights of the patterns, replicates x patterns; none for no bootstrap.
        confidence: of both intervals.
    """
    coefficients = coefficients_of(matrix, patterns)
    resampled = len(replicates) > 0 and patterns.units > 0
    drawn = {each.name: each.values(replicates) if resampled else np.empty(0) for each in coefficients}
    return tuple(_estimate(each, patterns, drawn[each.name], confidence) for each in coefficients), drawn


def _estimate(coefficient: Coefficient, patterns: Patterns, samples: Floats, confidence: float) -> Estimate:
    units = patterns.units
    if not units:
        return Estimate(coefficient.name, None, undefined="no unit was coded by two coders")
    value = float(coefficient.values(patterns.weights[None])[0])
    if np.isnan(value):
        return Estimate(coefficient.name, None, units=units, undefined=_reason(patterns))
    drawn = samples[~np.isnan(samples)]
    if value == 1:
        # Resampling units without a disagreement never yields one: an interval of width 0 would mislead.
        return Estimate(coefficient.name, value, units=units)
    tails = ((1 - confidence) / 2, (1 + confidence) / 2)
    low, high = (float(end) for end in np.quantile(drawn, tails)) if len(drawn) else (None, None)
    variance = coefficient.variance() if units > 1 else None
    error = float(np.sqrt(variance)) if variance is not None and variance >= 0 else None
    reach = None if error is None else error * _student(units, confidence)
    return Estimate(
        coefficient.name,
        value,
        low,
        high,
        None if reach is None else max(-1.0, value - reach),
        None if reach is None else min(1.0, value + reach),
        error,
        units,
        defined_replicates=len(drawn) / len(samples) if len(samples) else 0.0,
    )


def _student(units: int, confidence: float) -> float:
    from scipy.stats import t

    return float(t.ppf((1 + confidence) / 2, units - 1))


def _reason(patterns: Patterns) -> str:
    used = (patterns.weights[patterns.pairable] @ patterns.counts[patterns.pairable] > 0).sum()
    if used <= 1:
        return "no variation: every coder gave every unit the same code"
    return "no variation left after chance: a pair of coders shares no units, or used one code only"


def bootstrap_weights(patterns: Patterns, count: int, rng: np.random.Generator) -> Floats:
    """Resampled units as counts of patterns: drawing n units with replacement is one multinomial draw."""
    total = int(patterns.weights.sum())
    if not count or not total:
        return np.empty((0, len(patterns.weights)))
    return rng.multinomial(total, patterns.weights / total, size=count).astype(float)
