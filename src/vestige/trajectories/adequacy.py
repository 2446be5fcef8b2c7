"""Whether a fitted model describes its data: classification, residuals by time and group, dispersion, zero counts.

Sources: Nagin (2005, ch. 5) for average posterior probability (at least .7), odds of correct classification (at least
5) and the match of shares; Muthen (2004) for relative entropy.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from vestige.results import Finding, Severity
from vestige.trajectories.compiled import FloatArray
from vestige.trajectories.settings import COUNT_FAMILIES

if TYPE_CHECKING:
    import pyarrow as pa

    from vestige.trajectories.result import TrajectoryResult

AVERAGE_POSTERIOR_LIMIT: Final = 0.7
ODDS_LIMIT: Final = 5.0
MISMATCH_LIMIT: Final = 0.05
CHECK_DRAWS: Final = 200
TAIL: Final = 0.025
NOBODY_ASSIGNED: Final = "nobody-assigned"


@dataclass(frozen=True)
class Classification:
    """How well members can be told apart.

    Attributes:
        average_posterior: (classes,) mean posterior of the members assigned to each class; NaN where none are.
        odds: (classes,) odds of correct classification over those of a random draw.
        mismatch: (classes,) estimated share less the share assigned.
        relative_entropy: 1 for a perfect classification, 0 for none.
    """

    average_posterior: FloatArray
    odds: FloatArray
    mismatch: FloatArray
    relative_entropy: float


def classification(posterior: FloatArray, weight: FloatArray, shares: FloatArray) -> Classification:
    """Classification quality from (patterns, classes) posteriors, (patterns,) weights and (classes,) shares."""
    label = posterior.argmax(axis=1)
    classes = posterior.shape[1]
    assigned = np.bincount(label, weight, minlength=classes)
    own = np.bincount(label, weight * posterior.max(axis=1), minlength=classes)
    with np.errstate(divide="ignore", invalid="ignore"):
        average = np.where(assigned > 0, own / assigned, np.nan)
        odds = (average / (1.0 - average)) / (shares / (1.0 - shares))
    entropy = -(weight[:, None] * posterior * np.log(np.maximum(posterior, 1e-300))).sum()
    relative = 1.0 - float(entropy) / (weight.sum() * np.log(classes)) if classes > 1 else 1.0
    return Classification(average, odds, shares - assigned / assigned.sum(), relative)


def adequacy_table(result: "TrajectoryResult") -> "pa.Table":
    """One row a group: the classification figures and whether each meets the field's rule of thumb."""
    import pyarrow as pa

    found = classification(result.pattern_posterior, result.search.evaluator.histories.weight, result.shares)
    return pa.table(
        {
            "group": np.arange(1, result.classes + 1),
            "average_posterior": found.average_posterior,
            "average_posterior_met": found.average_posterior >= AVERAGE_POSTERIOR_LIMIT,
            "odds_of_correct_classification": found.odds,
            "odds_met": (found.odds >= ODDS_LIMIT) | (result.classes == 1),
            "share_mismatch": found.mismatch,
            "mismatch_met": np.abs(found.mismatch) <= MISMATCH_LIMIT,
            "relative_entropy": np.full(result.classes, found.relative_entropy),
        }
    )


def group_residuals(result: "TrajectoryResult") -> "pa.Table":
    """Observed less expected mean by outcome, time and group, with the z of the gap given the posterior weights."""
    import pyarrow as pa

    evaluator = result.search.evaluator
    sums = evaluator.expectation(result.parameters)
    columns: dict[str, list[object]] = {
        name: [] for name in ("outcome", "group", "time", "members", "observed", "expected", "residual", "z")
    }
    for outcome, panel in enumerate(result.panels):
        position = result.position(outcome)
        own, cells = evaluator.layout.outcomes[position], evaluator.cells[position]
        mass = evaluator.group_weights(position, sums)
        expected = own.family.mean(evaluator.predictors(position, result.parameters))
        times, place = np.unique(cells.time, return_inverse=True)
        parts = (
            mass,
            mass * cells.response[:, None],
            mass * expected,
            mass * (cells.response[:, None] - expected) ** 2,
        )
        size, seen, fitted, square = (_by_time(part, place, times.size) for part in parts)
        with np.errstate(invalid="ignore", divide="ignore"):
            gap, z = (seen - fitted) / size, (seen - fitted) / np.sqrt(square)
            for group in range(own.groups):
                for at, time in enumerate(times):
                    values = (
                        panel.outcome, group + 1, float(time), size[at, group], seen[at, group] / size[at, group],
                        fitted[at, group] / size[at, group], gap[at, group], z[at, group],
                    )  # fmt: skip
                    for column, value in zip(columns.values(), values, strict=True):
                        column.append(value)
    return pa.table(columns)


@dataclass(frozen=True)
class PredictiveCheck:
    """A statistic of the data among the same statistic of data simulated from the fit.

    Attributes:
        outcome: name of the outcome.
        statistic: what was compared.
        observed: in the data.
        low: 2.5 % quantile of the simulated values.
        high: 97.5 % quantile.
        p_value: two-sided share of simulated values as far out.
    """

    outcome: str
    statistic: str
    observed: float
    low: float
    high: float
    p_value: float


def predictive_checks(
    result: "TrajectoryResult", *, draws: int = CHECK_DRAWS, seed: int = 0
) -> tuple[PredictiveCheck, ...]:
    """Zero counts and dispersion of each outcome against data simulated from the fit (each with its own members)."""
    from vestige.trajectories.simulation import draw_responses

    generator = np.random.default_rng(seed)
    observed = [_statistics(result, outcome, panel.dense()) for outcome, panel in enumerate(result.panels)]
    simulated: list[list[dict[str, float]]] = [[] for _ in result.panels]
    for _ in range(draws):
        for outcome, values in enumerate(draw_responses(result, generator)):
            simulated[outcome].append(_statistics(result, outcome, values))
    checks = []
    for outcome, own in enumerate(observed):
        for name, value in own.items():
            draws_of = np.array([statistics[name] for statistics in simulated[outcome]])
            above, below = float((draws_of >= value).mean()), float((draws_of <= value).mean())
            checks.append(
                PredictiveCheck(
                    result.panels[outcome].outcome, name, value, float(np.quantile(draws_of, TAIL)),
                    float(np.quantile(draws_of, 1.0 - TAIL)), min(1.0, 2.0 * min(above, below)),
                )
            )  # fmt: skip
    return tuple(checks)


def adequacy_findings(result: "TrajectoryResult") -> tuple[Finding, ...]:
    """What the classification figures do not meet, in words."""
    found = classification(result.pattern_posterior, result.search.evaluator.histories.weight, result.shares)
    findings = []
    for group in range(result.classes):
        if found.average_posterior[group] < AVERAGE_POSTERIOR_LIMIT:
            findings.append(_finding("average-posterior", group, "an average posterior probability below 0.7"))
        if result.classes > 1 and found.odds[group] < ODDS_LIMIT:
            findings.append(_finding("odds-of-classification", group, "odds of correct classification below 5"))
        if abs(found.mismatch[group]) > MISMATCH_LIMIT:
            findings.append(_finding("share-mismatch", group, "an assigned share 5 points off its estimated share"))
        if np.isnan(found.average_posterior[group]):
            findings.append(_finding(NOBODY_ASSIGNED, group, "no member as their most probable group"))
    return tuple(findings)


def _finding(code: str, group: int, what: str) -> Finding:
    return Finding(code, Severity.CAUTION, f"Group {group + 1} has {what}.")


def _statistics(result: "TrajectoryResult", outcome: int, values: FloatArray) -> dict[str, float]:
    panel = result.panels[outcome]
    frequency = np.ones(panel.rows) if panel.frequencies is None else panel.frequencies
    seen = np.isfinite(values)
    weight = np.broadcast_to(frequency[:, None], values.shape)[seen]
    flat = values[seen]
    mean = float(np.average(flat, weights=weight))
    variance = float(np.average((flat - mean) ** 2, weights=weight))
    settings = result.search.evaluator.layout.outcomes[result.position(outcome)].settings
    if settings.family in COUNT_FAMILIES:
        members = np.where(seen, values, 0.0).sum(axis=1)
        return {
            "share of zeros": float(np.average(flat == 0, weights=weight)),
            "variance over mean": variance / max(mean, 1e-300),
            "members without any": float(np.average(members == 0, weights=frequency)),
        }
    return {"variance": variance}


def _by_time(part: FloatArray, place: np.ndarray, times: int) -> FloatArray:
    sums = np.zeros((times, part.shape[1]))
    np.add.at(sums, place, part)
    return sums
