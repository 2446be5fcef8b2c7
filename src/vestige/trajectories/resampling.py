"""Bootstrap of a fit, the bootstrap likelihood-ratio test of the number of groups, and cross-validated error.

Sources: Efron and Tibshirani (1993); McLachlan (1987) for the test; Nielsen et al. (2014) for the error (crimCV).
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from vestige.errors import SettingsError
from vestige.inputs import chosen
from vestige.progress import Progress, Step, ignore_progress
from vestige.trajectories.assemble import prepare
from vestige.trajectories.compiled import FloatArray
from vestige.trajectories.fit import fit_prepared
from vestige.trajectories.histories import Panel
from vestige.trajectories.inference import reported, shares
from vestige.trajectories.labels import match_groups, relabelled
from vestige.trajectories.likelihood import Evaluator
from vestige.trajectories.maximise import expect_maximise, newton
from vestige.trajectories.predict import path_settings
from vestige.trajectories.result import TrajectoryResult
from vestige.trajectories.settings import DualTrajectorySettings
from vestige.trajectories.simulation import draw_responses
from vestige.trajectories.starts import smoothed_paths, split_starts
from vestige.trajectories.tables import expected_grid

if TYPE_CHECKING:
    import pyarrow as pa

LEAVE_OUT_STEPS = 12


class BootstrapKind(StrEnum):
    """Members drawn again, or responses drawn from the fit."""

    NONPARAMETRIC = "non-parametric"
    PARAMETRIC = "parametric"


@dataclass(frozen=True)
class BootstrapSettings:
    """How to draw.

    Attributes:
        kind: what is drawn again.
        draws: how often.
        confidence: level of the percentile intervals.
    """

    kind: BootstrapKind = BootstrapKind.NONPARAMETRIC
    draws: int = 200
    confidence: float = 0.95

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", chosen(BootstrapKind, self.kind, "kind"))
        if self.draws < 10:  # noqa: PLR2004 - fewer give no interval
            raise SettingsError("a bootstrap needs at least 10 draws", hint="use 200 or more")


@dataclass(frozen=True)
class BootstrapResult:
    """Draws of a fit's parameters and shares, their groups matched to the fit's by the Hungarian algorithm.

    Attributes:
        result: the fit.
        settings: how it was drawn.
        values: (draws, parameters) in the order of the fit's table("parameters").
        shares: (draws, groups).
    """

    result: TrajectoryResult
    settings: BootstrapSettings
    values: FloatArray
    shares: FloatArray

    def table(self, name: str = "parameters") -> "pa.Table":
        """Percentile intervals and standard errors: "parameters" or "groups".

        Raises:
            SettingsError: no such table.
        """
        import pyarrow as pa

        if name == "groups":
            labels: dict[str, object] = {"group": np.arange(1, self.shares.shape[1] + 1)}
            draws, estimate = self.shares, self.result.shares
        elif name == "parameters":
            rows = self.result.table("parameters")
            labels = {column: rows.column(column) for column in ("outcome", "group", "part", "name")}
            draws, estimate = self.values, self.result.estimates.values
        else:
            raise SettingsError(f"there is no table {name!r}", hint="choose parameters or groups")
        tail = (1.0 - self.settings.confidence) / 2.0
        return pa.table(
            labels
            | {
                "estimate": estimate, "standard_error": draws.std(axis=0, ddof=1),
                "low": np.quantile(draws, tail, axis=0), "high": np.quantile(draws, 1.0 - tail, axis=0),
            }
        )  # fmt: skip


def bootstrap_trajectories(
    result: TrajectoryResult,
    *,
    settings: BootstrapSettings | None = None,
    seed: int = 0,
    progress: Progress = ignore_progress,
) -> BootstrapResult:
    """Refit the model to drawn data, each time from the fit's own optimum.

    Args:
        result: a fit whose outcomes share their groups.
        settings: kind and number of draws.
        seed: each draw has a stream of its own.
        progress: told of every draw.

    Raises:
        SettingsError: a dual model, whose classes have no order to match by.
    """
    wanted = settings or BootstrapSettings()
    if isinstance(result.settings, DualTrajectorySettings):
        raise SettingsError("the bootstrap takes models with shared groups", hint="fit the outcomes as one model")
    base = expected_grid(result, result.parameters)
    values, drawn_shares = [], []
    for done, stream in enumerate(np.random.SeedSequence(seed).spawn(wanted.draws)):
        progress(Step("draws", done, wanted.draws, "draws"))
        evaluator = _drawn(result, wanted.kind, np.random.default_rng(stream))
        parameters = _climb(evaluator, result.parameters)
        order = match_groups(base, expected_grid(result, parameters))
        if (order != np.arange(order.size)).any():
            parameters = relabelled(evaluator, parameters, order)
        values.append(_reported_values(result, parameters))
        drawn_shares.append(shares(evaluator, parameters, np.zeros_like(result.inner_covariance))[0])
    return BootstrapResult(result, wanted, np.array(values), np.array(drawn_shares))


@dataclass(frozen=True)
class GroupTest:
    """Bootstrap likelihood-ratio test of K - 1 against K groups.

    Attributes:
        statistic: twice the gain in log-likelihood.
        p_value: share of simulated statistics at least as large, the observed one counted.
        draws: (draws,) simulated statistics under K - 1 groups.
    """

    statistic: float
    p_value: float
    draws: FloatArray


def bootstrap_group_test(
    smaller: TrajectoryResult,
    larger: TrajectoryResult,
    *,
    draws: int = 99,
    seed: int = 0,
    progress: Progress = ignore_progress,
) -> GroupTest:
    """Test a fit against one with a group more, by data simulated from the smaller (McLachlan 1987).

    Args:
        smaller: fit with K - 1 groups.
        larger: fit of the same data with K groups.
        draws: simulated data sets; 99 allow a p-value of 0.01.
        seed: of every random choice.
        progress: told of every draw.

    Raises:
        SettingsError: fits that are not neighbours.
    """
    if larger.classes != smaller.classes + 1 or isinstance(smaller.settings, DualTrajectorySettings):
        raise SettingsError("the larger fit must have one group more", hint="fit K - 1 and K groups to the same data")
    statistic = 2.0 * (larger.log_likelihood - smaller.log_likelihood)
    quick = replace(larger.settings.search, starts=5, polished=3, split_merge_rounds=0)
    settings = replace(larger.settings, search=quick)
    simulated = []
    for done, stream in enumerate(np.random.SeedSequence(seed).spawn(draws)):
        progress(Step("draws", done, draws, "draws"))
        panels = _simulated_panels(smaller, np.random.default_rng(stream))
        prepared = prepare(panels, path_settings(settings))
        null = Evaluator(smaller.search.evaluator.layout, prepared.cells, prepared.histories)
        parameters = _climb(null, smaller.parameters)
        posterior = null.posterior(parameters)[0]
        weight = null.histories.weight
        given = [start.posterior for start in split_starts(smoothed_paths(null), weight, posterior)]
        fit = fit_prepared(prepared, settings, seed=seed, given=given)
        simulated.append(2.0 * (fit.log_likelihood - null.expectation(parameters).loglik))
    values = np.array(simulated)
    return GroupTest(statistic, float((1 + (values >= statistic).sum()) / (1 + draws)), values)


@dataclass(frozen=True)
class CrossValidation:
    """Error of predicting members that the model has not seen.

    Attributes:
        mean_absolute_error: mean over members and times of |response - expected response|, the expectation being that
            of the groups weighted by the member's posterior under parameters estimated without the member (crimCV).
        mean_squared_error: the same with squares.
        deviance: minus twice the sum of left-out log-likelihoods.
    """

    mean_absolute_error: float
    mean_squared_error: float
    deviance: float


def cross_validate(result: TrajectoryResult, *, progress: Progress = ignore_progress) -> CrossValidation:
    """Leave each member out in turn (identical members once), refit from the fit's optimum, and predict the member.

    Args:
        result: a fit of one outcome.
        progress: told of every member left out.

    Raises:
        SettingsError: several outcomes.
    """
    if len(result.panels) != 1:
        raise SettingsError("cross-validation takes one outcome", hint="fit the outcomes apart")
    evaluator, panel = result.search.evaluator, result.panels[0]
    lists = evaluator.histories
    values = panel.dense()
    first_row = np.unique(lists.pattern, return_index=True)[1]
    absolute = square = deviance = cells = 0.0
    for pattern in range(lists.patterns):
        progress(Step("members", pattern, lists.patterns, "members"))
        weight = lists.weight.copy()
        weight[pattern] -= min(1.0, weight[pattern])
        without = Evaluator(evaluator.layout, evaluator.cells, replace(lists, weight=weight))
        parameters = newton(without, result.parameters, limit=LEAVE_OUT_STEPS)[0].parameters
        posterior, loglik = without.posterior(parameters)
        row = values[first_row[pattern]]
        seen = np.isfinite(row)
        expected = _member_means(without, parameters, panel, int(first_row[pattern]))
        gap = row[seen] - (expected @ posterior[pattern])[seen]
        absolute += lists.weight[pattern] * float(np.abs(gap).sum())
        square += lists.weight[pattern] * float((gap**2).sum())
        deviance -= 2.0 * lists.weight[pattern] * float(loglik[pattern])
        cells += lists.weight[pattern] * float(seen.sum())
    return CrossValidation(absolute / cells, square / cells, deviance)


def _member_means(evaluator: Evaluator, parameters: FloatArray, panel: Panel, row: int) -> FloatArray:
    """(times, groups) expected responses at one member's times, covariates and exposure."""
    outcome = evaluator.layout.outcomes[0]
    times = panel.times if panel.times.ndim == 1 else panel.times[row]
    covariates = np.zeros((times.size, 0)) if panel.covariates is None else panel.covariates[row]
    predictors = []
    for part in outcome.predictors:
        design = part.design(times, covariates)
        value = np.full((times.size, outcome.groups), part.absent)
        for group, (columns, slots) in enumerate(zip(part.columns, part.slots, strict=True)):
            if columns.size:
                value[:, group] = design[:, columns] @ parameters[slots]
        if part.name == "curve" and panel.exposure is not None:
            value += np.log(panel.exposure[row])[:, None]
        predictors.append(value)
    return outcome.family.mean(predictors)


def _drawn(result: TrajectoryResult, kind: BootstrapKind, generator: np.random.Generator) -> Evaluator:
    evaluator = result.search.evaluator
    if kind is BootstrapKind.PARAMETRIC:
        prepared = prepare(_simulated_panels(result, generator), path_settings(result.settings))
        return Evaluator(evaluator.layout, prepared.cells, prepared.histories)
    lists = evaluator.histories
    members = round(float(lists.weight.sum()))
    weight = generator.multinomial(members, lists.weight / lists.weight.sum()).astype(np.float64)
    return Evaluator(evaluator.layout, evaluator.cells, replace(lists, weight=weight, meat_weight=weight))


def _simulated_panels(result: TrajectoryResult, generator: np.random.Generator) -> list[Panel]:
    drawn = draw_responses(result, generator)
    return [replace(panel, values=values) for panel, values in zip(result.panels, drawn, strict=True)]


def _climb(evaluator: Evaluator, parameters: FloatArray) -> FloatArray:
    climbed = expect_maximise(evaluator, parameters, limit=60, tolerance=0.1)
    return newton(evaluator, climbed.parameters, limit=40)[0].parameters


def _reported_values(result: TrajectoryResult, parameters: FloatArray) -> FloatArray:
    size = parameters.size
    reference = getattr(result.settings, "reference_group", 1) - 1
    everything = np.ones(size, dtype=np.bool_)
    return reported(result.search.evaluator, parameters, np.zeros((size, size)), everything, reference).values
