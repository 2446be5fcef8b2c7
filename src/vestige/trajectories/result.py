"""The result of a fit: numbers as attributes, everything else as named tables, a summary, plots and exports."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from vestige.errors import SettingsError
from vestige.results import Finding, Provenance
from vestige.trajectories.compiled import FloatArray, IntArray
from vestige.trajectories.criteria import Criteria
from vestige.trajectories.histories import Panel
from vestige.trajectories.inference import Curve, Estimates, WaldTest, curves, shares, wald_test
from vestige.trajectories.search import SearchOutcome
from vestige.trajectories.settings import AnySettings, DualTrajectorySettings

if TYPE_CHECKING:
    import altair as alt
    import pyarrow as pa

GRID_TIMES = 60


@dataclass(frozen=True)
class TrajectoryResult:
    """A fitted trajectory model.

    Attributes:
        settings: of the model.
        panels: the data, one panel an outcome.
        search: optima found, evaluator, information.
        estimates: parameters in the user's units with their covariance.
        inner_covariance: covariance of the inner parameters.
        criteria: log-likelihood and information criteria.
        pattern_posterior: (patterns, classes) posterior probabilities.
        findings: what a reader must know, most severe first.
        provenance: how to get this result again.
    """

    settings: AnySettings
    panels: tuple[Panel, ...]
    search: SearchOutcome = field(repr=False)
    estimates: Estimates = field(repr=False)
    inner_covariance: FloatArray = field(repr=False)
    criteria: Criteria
    pattern_posterior: FloatArray = field(repr=False)
    findings: tuple[Finding, ...]
    provenance: Provenance

    @property
    def log_likelihood(self) -> float:
        """Log-likelihood of the best optimum, every constant included."""
        return self.criteria.log_likelihood

    @property
    def converged(self) -> bool:
        """Whether the best optimum's steps became negligible."""
        return self.search.best.optimum.converged

    @property
    def starts_at_best(self) -> int:
        """How many polished starts ended at the best optimum."""
        return self.search.best.reached

    @property
    def parameters(self) -> FloatArray:
        """Inner parameters of the best optimum."""
        return self.search.best.optimum.parameters

    @property
    def classes(self) -> int:
        """Number of groups (pairs of groups in a dual model)."""
        return self.search.evaluator.layout.classes

    @cached_property
    def shares(self) -> FloatArray:
        """(classes,) estimated shares of the population."""
        return shares(self.search.evaluator, self.parameters, self.inner_covariance)[0]

    @cached_property
    def share_covariance(self) -> FloatArray:
        """(classes, classes) covariance of the shares."""
        return shares(self.search.evaluator, self.parameters, self.inner_covariance)[1]

    @property
    def posterior(self) -> FloatArray:
        """(rows of the panel, classes) posterior probabilities of membership."""
        return self.pattern_posterior[self.search.evaluator.histories.pattern]

    @property
    def assignments(self) -> IntArray:
        """(rows of the panel,) most probable group, from 1."""
        return np.asarray(self.pattern_posterior.argmax(axis=1)[self.search.evaluator.histories.pattern] + 1)

    def times(self, outcome: int = 0) -> FloatArray:
        """Times at which an outcome's paths are shown: the observed ones, or a grid where there are very many."""
        times = np.unique(self.panels[outcome].times)
        return times if times.size <= GRID_TIMES else np.linspace(times[0], times[-1], GRID_TIMES)

    def curves(self, outcome: int = 0, times: FloatArray | None = None) -> tuple[Curve, ...]:
        """Expected paths of an outcome's groups, with bands; covariates at their mean, exposure 1.

        Args:
            outcome: position of the outcome.
            times: where; None for the observed times.
        """
        at = self.times(outcome) if times is None else np.asarray(times, dtype=np.float64)
        panel = self.panels[outcome]
        covariates = np.zeros((at.size, 0))
        if panel.covariates is not None:
            covariates = np.tile(np.nanmean(panel.covariates, axis=(0, 1)), (at.size, 1))
        return curves(
            self.search.evaluator, self.position(outcome), self.parameters, self.inner_covariance, at, covariates,
            self.settings.confidence, self.provenance.seed or 0,
        )  # fmt: skip

    def position(self, outcome: int) -> int:
        """Where an outcome stands among the layout's outcomes, drop-out parts being outcomes of their own there."""
        real = [place for place, own in enumerate(self.search.evaluator.layout.outcomes) if not own.auxiliary]
        return real[outcome]

    def wald(self, matrix: object, constant: object = 0.0) -> WaldTest:
        """Test linear hypotheses about the parameters, in the order of table("parameters").

        Args:
            matrix: (hypotheses, parameters).
            constant: (hypotheses,) or one number.

        Raises:
            SettingsError: shapes that do not fit, redundant rows, or parameters the data do not determine.
        """
        rows = np.atleast_2d(np.asarray(matrix, dtype=np.float64))
        return wald_test(self.estimates, rows, np.broadcast_to(np.asarray(constant, dtype=np.float64), (len(rows),)))

    @property
    def table_names(self) -> tuple[str, ...]:
        """Names that `table` takes."""
        from vestige.trajectories.tables import DUAL_TABLES, TABLES

        dual = isinstance(self.settings, DualTrajectorySettings)
        return tuple(name for name in TABLES if dual or name not in DUAL_TABLES)

    def table(self, name: str) -> "pa.Table":
        """A table by name, as Arrow.

        Raises:
            SettingsError: no such table.
        """
        from vestige.trajectories.tables import TABLES

        if name not in self.table_names:
            raise SettingsError(f"there is no table {name!r}", hint=f"choose one of {', '.join(self.table_names)}")
        return TABLES[name](self)

    def summary(self) -> str:
        """The fit in words and numbers."""
        from vestige.trajectories.summaries import fit_summary

        return fit_summary(self)

    def plot(self, name: str = "trajectories") -> "alt.TopLevelMixin":
        """A chart: "trajectories", "observed" or "adequacy".

        Raises:
            SettingsError: no such chart.
        """
        from vestige.trajectories.plots import fit_plot

        return fit_plot(self, name)
