"""Rankings made of several measures, plain enough to be recomputed by hand, and beside the baseline they must beat."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from vestige.network.measures import Measure
from vestige.network.role_accuracy import Interval, Standing, Stratum, percentiles
from vestige.network.role_settings import Criterion
from vestige.statistics.comparisons import holm, sign_flip_test
from vestige.statistics.compiled import BoolArray, FloatArray, IntArray
from vestige.statistics.ranking import Placed, Places, places

MEAN_RANK = "mean rank of all measures"
LOGISTIC = "logistic model, cross-validated"
LEVEL = 0.05
_STEPS = 100


@dataclass(frozen=True)
class CombinedRow:
    """A combined ranking beside the best baseline; never shown without it.

    Attributes:
        ranking: what was combined, and how.
        criterion: by which.
        value: its accuracy.
        baseline: the baseline with the highest accuracy by this criterion.
        baseline_value: its accuracy.
        difference: combined less baseline; the interval is None where there are too few holders.
        p_value: of no difference, by flipping the signs of the holders' paired differences.
        corrected: the same, corrected for all combined rankings and criteria (Holm 1979).
        beats: whether the difference is above 0 with a corrected p-value below .05.
    """

    ranking: str
    criterion: Criterion
    value: float
    baseline: Measure
    baseline_value: float
    difference: Interval
    p_value: float
    corrected: float
    beats: bool


@dataclass(frozen=True)
class Coefficient:
    """Weight of one measure's percentile in the logistic model, per standard deviation, from all members."""

    measure: Measure
    value: float


def design(stratum: Stratum, measures: Sequence[Measure]) -> FloatArray:
    """Percentiles of each measure within a stratum. Shape (members, measures)."""
    return np.column_stack([percentiles(stratum.scores[measure]) for measure in measures])


def mean_rank_scores(strata: Sequence[Stratum], measures: Sequence[Measure]) -> list[FloatArray]:
    """Mean percentile over the measures (Borda's count), nothing fitted."""
    return [design(stratum, measures).mean(axis=1) for stratum in strata]


def fit_logistic(columns: FloatArray, holders: BoolArray, ridge: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Penalised logistic regression by Newton's method.

    Args:
        columns: shape (rows, measures).
        holders: shape (rows,).
        ridge: penalty on the squares of the standardised coefficients, the intercept excepted.

    Returns:
        Coefficients with the intercept first, means and standard deviations of the columns.

    Source:
        le Cessie and van Houwelingen (1992), Ridge estimators in logistic regression, Applied Statistics 41.
    """
    mean, spread = columns.mean(axis=0), columns.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    rows = np.column_stack([np.ones(len(columns)), (columns - mean) / spread])
    penalty = np.diag([0.0, *np.full(columns.shape[1], ridge)])
    share = np.clip(holders.mean(), 1e-9, 1 - 1e-9)
    coefficients = np.zeros(rows.shape[1])
    coefficients[0] = np.log(share / (1 - share))
    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(-np.clip(rows @ coefficients, -30, 30)))
        slope = rows.T @ (holders - chance) - penalty @ coefficients
        curvature = (rows * (chance * (1 - chance))[:, np.newaxis]).T @ rows + penalty
        step = np.linalg.solve(curvature, slope)
        coefficients = coefficients + np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-9:  # noqa: PLR2004 - settled
            break
    return coefficients, mean, spread


def logistic_scores(
    strata: Sequence[Stratum], measures: Sequence[Measure], *, folds: int, ridge: float, seed: int
) -> tuple[list[FloatArray], tuple[Coefficient, ...]] | None:
    """Scores of a logistic model, each member's from a fit that did not see him, and the coefficients of a fit to all.

    None where there are fewer than two holders, or fewer holders than folds would need.
    """
    matrices = [design(stratum, measures) for stratum in strata]
    rows = np.concatenate(matrices)
    holders = np.concatenate([stratum.holders for stratum in strata])
    members = np.concatenate([stratum.members for stratum in strata])
    held = np.unique(members[holders])
    parts = min(folds, held.size)
    if parts < 2:  # noqa: PLR2004 - nothing can be left out
        return None
    fold = _folds(members, held, parts, seed)
    scores = np.empty(rows.shape[0])
    for part in range(parts):
        own = fold == part
        coefficients, mean, spread = fit_logistic(rows[~own], holders[~own], ridge)
        scores[own] = (rows[own] - mean) / spread @ coefficients[1:] + coefficients[0]
    coefficients, _, _ = fit_logistic(rows, holders, ridge)
    ends = np.cumsum([len(matrix) for matrix in matrices])[:-1]
    weights = tuple(Coefficient(own, float(value)) for own, value in zip(measures, coefficients[1:], strict=True))
    return np.split(scores, ends), weights


def _folds(members: IntArray, held: IntArray, parts: int, seed: int) -> IntArray:
    """A part for each row: the same for all rows of a member, holders dealt out evenly."""
    everybody = np.unique(members)
    generator = np.random.default_rng(seed)
    part = np.empty(everybody.size, np.int64)
    for group in (np.isin(everybody, held), ~np.isin(everybody, held)):
        part[group] = generator.permutation(int(group.sum())) % parts
    return part[np.searchsorted(everybody, members)]


def combined_rows(
    strata: Sequence[Stratum], scores: Sequence[FloatArray], ranking: str, standings: Mapping[Measure, Standing],
    *, replicates: int, confidence: float, seed: int,
) -> list[CombinedRow]:  # fmt: skip
    """A combined ranking against the best baseline by each criterion.

    Args:
        strata: members who are compared.
        scores: of the combined ranking, higher is more central, one a stratum.
        ranking: its name.
        standings: of the baselines.
        replicates: bootstrap samples of the holders' paired differences.
        confidence: such as 0.95.
        seed: of the samples.
    """
    parts = [places(Placed.of(own, stratum.holders)) for own, stratum in zip(scores, strata, strict=True)]
    whole = Places(*(np.concatenate([getattr(part, name) for part in parts])
                     for name in ("placement", "precision", "above", "level")))  # fmt: skip
    own = Standing((), whole)
    rows = []
    for criterion in Criterion:
        best = max(standings, key=lambda measure: standings[measure].value(criterion))
        difference = own.contributions(criterion) - standings[best].contributions(criterion)
        p_value = sign_flip_test(difference, draws=9999, seed=seed)
        interval = paired_interval(difference, replicates, confidence, seed)
        rows.append(
            CombinedRow(
                ranking, criterion, own.value(criterion), best, standings[best].value(criterion), interval, p_value,
                corrected=p_value, beats=_better(interval, p_value),
            )
        )  # fmt: skip
    return rows


def corrected_rows(rows: Sequence[CombinedRow]) -> tuple[CombinedRow, ...]:
    """The rows with p-values corrected for each other."""
    found = holm([row.p_value for row in rows])
    return tuple(
        replace(row, corrected=value, beats=_better(row.difference, value))
        for row, value in zip(rows, found, strict=True)
    )


def _better(difference: Interval, p_value: float) -> bool:
    return difference.value > 0 and p_value < LEVEL


def paired_interval(differences: FloatArray, replicates: int, confidence: float, seed: int) -> Interval:
    """Mean paired difference of the holders with its bootstrap interval; None for its ends with fewer than two."""
    value = float(differences.mean())
    if differences.size < 2 or not replicates:  # noqa: PLR2004 - one holder cannot be drawn anew
        return Interval(value, None, None)
    generator = np.random.default_rng(seed)
    drawn = differences[generator.integers(differences.size, size=(replicates, differences.size))].mean(axis=1)
    tail = (1 - confidence) / 2
    return Interval(value, *map(float, np.quantile(drawn, (tail, 1 - tail))))
