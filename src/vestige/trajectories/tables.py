"""The tables of a fit."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

import numpy as np

from vestige.trajectories.adequacy import adequacy_table, group_residuals
from vestige.trajectories.compiled import FloatArray
from vestige.trajectories.dual_tables import conditional_table, margins_table
from vestige.trajectories.inference import share_interval
from vestige.trajectories.labels import match_groups

if TYPE_CHECKING:
    import pyarrow as pa

    from vestige.trajectories.result import TrajectoryResult


def _parameters(result: "TrajectoryResult") -> "pa.Table":
    import pyarrow as pa
    from scipy.stats import norm

    estimates = result.estimates
    errors = estimates.errors
    with np.errstate(divide="ignore", invalid="ignore"):
        z = estimates.values / errors
    half = norm.ppf(0.5 + result.settings.confidence / 2.0) * errors
    return pa.table(
        {
            "outcome": [row.outcome for row in estimates.rows],
            "group": pa.array([row.group for row in estimates.rows], pa.int64()),
            "part": [row.part for row in estimates.rows],
            "name": [row.name for row in estimates.rows],
            "estimate": estimates.values,
            "standard_error": errors,
            "z": z,
            "p_value": 2.0 * norm.sf(np.abs(z)),
            "low": estimates.values - half,
            "high": estimates.values + half,
        }
    )


def _groups(result: "TrajectoryResult") -> "pa.Table":
    import pyarrow as pa

    error = np.sqrt(np.maximum(np.diag(result.share_covariance), 0.0))
    share = result.shares
    weight = result.search.evaluator.histories.weight
    assigned = np.bincount(result.pattern_posterior.argmax(axis=1), weight, minlength=result.classes)
    low, high = share_interval(share, error, result.settings.confidence)
    return pa.table(
        {
            "group": np.arange(1, result.classes + 1),
            "share": share,
            "standard_error": error,
            "low": low,
            "high": high,
            "assigned_members": assigned,
            "assigned_share": assigned / assigned.sum(),
        }
    )


def _trajectories(result: "TrajectoryResult") -> "pa.Table":
    import pyarrow as pa

    columns: dict[str, list[object]] = {
        name: []
        for name in (
            "outcome", "group", "time", "expected", "standard_error", "low", "high", "band_low", "band_high", "observed"
        )
    }  # fmt: skip
    for outcome, panel in enumerate(result.panels):
        observed = observed_paths(result, outcome)
        for group, curve in enumerate(result.curves(outcome)):
            for place, time in enumerate(curve.times):
                values = (
                    panel.outcome, group + 1, float(time), curve.expected[place], curve.error[place], curve.low[place],
                    curve.high[place], curve.band_low[place], curve.band_high[place],
                    None if observed is None else float(observed[place, group]),
                )  # fmt: skip
                for column, value in zip(columns.values(), values, strict=True):
                    column.append(value)
    return pa.table(columns)


def observed_paths(result: "TrajectoryResult", outcome: int) -> FloatArray | None:
    """(times, groups) posterior-weighted mean responses; None where members have times of their own.

    With exposure they are per unit of it, as expected paths are.
    """
    if result.panels[outcome].times.ndim > 1 or result.times(outcome).size != result.panels[outcome].periods:
        return None
    evaluator = result.search.evaluator
    position = result.position(outcome)
    mass = evaluator.group_weights(position, evaluator.expectation(result.parameters))
    cells = evaluator.cells[position]
    times, place = np.unique(cells.time, return_inverse=True)
    total = np.zeros((times.size, mass.shape[1]))
    sums = np.zeros_like(total)
    np.add.at(total, place, mass if cells.offset is None else mass * np.exp(cells.offset)[:, None])
    np.add.at(sums, place, mass * cells.response[:, None])
    with np.errstate(invalid="ignore", divide="ignore"):
        means = sums / total
    at = np.full((result.times(outcome).size, mass.shape[1]), np.nan)
    at[np.searchsorted(result.times(outcome), times)] = means
    return at


def _criteria(result: "TrajectoryResult") -> "pa.Table":
    import pyarrow as pa

    criteria = result.criteria
    rows = [
        ("log_likelihood", criteria.log_likelihood, "higher"),
        ("bic_members", criteria.bic_members, "higher"),
        ("bic_observations", criteria.bic_observations, "higher"),
        ("aic", criteria.aic, "lower"),
        ("caic", criteria.caic, "lower"),
        ("adjusted_bic", criteria.adjusted_bic, "lower"),
        ("icl", criteria.icl, "lower"),
    ]
    return pa.table({
        "criterion": [row[0] for row in rows], "value": [row[1] for row in rows], "better": [row[2] for row in rows],
    })  # fmt: skip


def _optima(result: "TrajectoryResult") -> "pa.Table":
    """Every distinct optimum, with how far its paths and its members' groups lie from the best one's."""
    import pyarrow as pa

    evaluator, optima = result.search.evaluator, result.search.optima
    best = expected_grid(result, optima[0].optimum.parameters)
    weight = evaluator.histories.weight
    own = result.pattern_posterior.argmax(axis=1)
    apart, moved = [], []
    for found in optima:
        paths = expected_grid(result, found.optimum.parameters)
        order = match_groups(best, paths)
        apart.append(float(np.abs(paths[:, order] - best).max()))
        labels = np.argsort(order)[evaluator.posterior(found.optimum.parameters)[0].argmax(axis=1)]
        moved.append(float(weight[labels != own].sum() / weight.sum()))
    return pa.table(
        {
            "rank": np.arange(1, len(optima) + 1),
            "log_likelihood": [found.optimum.loglik for found in optima],
            "below_best": [optima[0].optimum.loglik - found.optimum.loglik for found in optima],
            "starts": [found.reached for found in optima],
            "origin": [found.origin.value for found in optima],
            "converged": [found.optimum.converged for found in optima],
            "defects": [", ".join(defect.kind.value for defect in found.defects) for found in optima],
            "largest_path_difference": apart,
            "members_moved": moved,
        }
    )


def expected_grid(result: "TrajectoryResult", parameters: FloatArray) -> FloatArray:
    """(cells of a first outcome at distinct times, classes) expected responses under given parameters."""
    evaluator = result.search.evaluator
    outcome, cells = evaluator.layout.outcomes[0], evaluator.cells[0]
    first = np.unique(cells.time, return_index=True)[1]
    expected = outcome.family.mean([value[first] for value in evaluator.predictors(0, parameters)])
    return expected[:, outcome.class_group]


def _assignments(result: "TrajectoryResult") -> "pa.Table":
    import pyarrow as pa

    panel, posterior = result.panels[0], result.posterior
    identifiers = np.arange(panel.rows) if panel.identifiers is None else panel.identifiers
    columns = {"member": pa.array(identifiers), "group": pa.array(result.assignments)}
    columns.update({f"posterior_{group + 1}": pa.array(posterior[:, group]) for group in range(result.classes)})
    if panel.frequencies is not None:
        columns["members"] = pa.array(panel.frequencies)
    return pa.table(columns)


def _grolts(result: "TrajectoryResult") -> "pa.Table":
    from vestige.trajectories.grolts import grolts_table

    return grolts_table(result)


TABLES: Final[Mapping[str, Callable[["TrajectoryResult"], "pa.Table"]]] = {
    "groups": _groups,
    "parameters": _parameters,
    "trajectories": _trajectories,
    "criteria": _criteria,
    "optima": _optima,
    "assignments": _assignments,
    "adequacy": adequacy_table,
    "residuals": group_residuals,
    "grolts": _grolts,
    "conditional": conditional_table,
    "margins": margins_table,
}
DUAL_TABLES: Final = frozenset({"conditional", "margins"})
"""Those of dual models alone."""
