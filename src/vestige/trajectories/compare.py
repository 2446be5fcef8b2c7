"""Two fits side by side, and a fitted model on a second forum."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vestige.errors import SettingsError
from vestige.progress import Progress, ignore_progress
from vestige.trajectories.compiled import FloatArray, IntArray
from vestige.trajectories.fit import fit_prepared
from vestige.trajectories.histories import Panel
from vestige.trajectories.labels import match_groups
from vestige.trajectories.predict import evaluator_for, prepared_like
from vestige.trajectories.result import TrajectoryResult
from vestige.trajectories.selection import adjusted_rand

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class FitComparison:
    """Two fits whose groups were matched by their paths (Hungarian algorithm).

    Attributes:
        matched: (groups of the first,) group of the second, from 1, that each is matched with.
        path_difference: (groups of the first,) largest absolute difference of the matched expected paths.
        share_difference: (groups of the first,) second fit's share less the first's.
        transitions: (groups of the first, groups of the second) members by both assignments; None when the fits have
            different members.
        adjusted_rand: agreement of the assignments; None when the fits have different members.
    """

    matched: IntArray
    path_difference: FloatArray
    share_difference: FloatArray
    transitions: FloatArray | None
    adjusted_rand: float | None

    def table(self) -> "pa.Table":
        """One row a group of the first fit."""
        import pyarrow as pa

        return pa.table(
            {
                "group": np.arange(1, self.matched.size + 1),
                "matched_group": self.matched,
                "largest_path_difference": self.path_difference,
                "share_difference": self.share_difference,
            }
        )


def compare_fits(first: TrajectoryResult, second: TrajectoryResult) -> FitComparison:
    """Match the groups of two fits of the same outcome, and cross their assignments where the members are the same.

    Raises:
        SettingsError: the second has fewer groups than the first.
    """
    if second.classes < first.classes:
        raise SettingsError("the second fit has fewer groups than the first", hint="swap the two")
    times = np.intersect1d(first.times(), second.times())
    times = times if times.size > 1 else first.times()
    paths = [np.column_stack([curve.expected for curve in fit.curves(times=times)]) for fit in (first, second)]
    order = match_groups(paths[0], paths[1])
    same = first.panels[0].rows == second.panels[0].rows and _same_labels(first.panels[0], second.panels[0])
    transitions = rand = None
    if same:
        weight = first.panels[0].frequencies
        weight = np.ones(first.panels[0].rows) if weight is None else weight.astype(np.float64)
        transitions = np.zeros((first.classes, second.classes))
        np.add.at(transitions, (first.assignments - 1, second.assignments - 1), weight)
        rand = adjusted_rand(first.assignments - 1, second.assignments - 1, weight)
    return FitComparison(
        matched=order + 1,
        path_difference=np.abs(paths[1][:, order] - paths[0]).max(axis=0),
        share_difference=second.shares[order] - first.shares,
        transitions=transitions,
        adjusted_rand=rand,
    )


@dataclass(frozen=True)
class Replication:
    """A fitted model on other members.

    Attributes:
        fixed_log_likelihood: of the other members under the fitted parameters as they are.
        fixed_shares: (groups,) their mean posterior under those.
        refitted: the same model fitted to them freely.
        comparison: the original against the refitted one.
    """

    fixed_log_likelihood: float
    fixed_shares: FloatArray
    refitted: TrajectoryResult
    comparison: FitComparison

    @property
    def loss(self) -> float:
        """Log-likelihood that the fixed parameters give away against the refitted ones."""
        return self.refitted.log_likelihood - self.fixed_log_likelihood


def replicate_trajectories(
    result: TrajectoryResult, *panels: object, seed: int = 0, progress: Progress = ignore_progress
) -> Replication:
    """Put a fitted model to other members (a second forum): as it is, and fitted again from there.

    Args:
        result: the fitted model.
        panels: the other members, one panel an outcome, times on the same scale.
        seed: of the search.
        progress: told of every start.

    Raises:
        SettingsError: other covariates or risk factors than the model's, or data its family cannot have.
    """
    tables = [Panel.of(panel) for panel in panels]
    evaluator = evaluator_for(result, tables)
    posterior, loglik = evaluator.posterior(result.parameters)
    weight = evaluator.histories.weight
    refitted = fit_prepared(
        prepared_like(result, tables), result.settings, seed=seed, given=[posterior], progress=progress
    )
    return Replication(
        float(weight @ loglik), weight @ posterior / weight.sum(), refitted, compare_fits(result, refitted)
    )


def _same_labels(one: Panel, other: Panel) -> bool:
    if one.identifiers is None or other.identifiers is None:
        return one.identifiers is other.identifiers
    return bool(np.array_equal(one.identifiers, other.identifiers))
