"""New members under a fitted model: their groups, also from a partial history, and expected paths."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from vestige.errors import SettingsError
from vestige.trajectories.assemble import Prepared, prepare
from vestige.trajectories.histories import Panel
from vestige.trajectories.inference import curves
from vestige.trajectories.likelihood import Evaluator
from vestige.trajectories.result import TrajectoryResult
from vestige.trajectories.settings import AnySettings, PathSettings

if TYPE_CHECKING:
    import pyarrow as pa


def path_settings(settings: AnySettings) -> tuple[PathSettings, ...]:
    """Path settings of every outcome of a model."""
    return (settings,) if isinstance(settings, PathSettings) else tuple(settings.outcomes)


def evaluator_for(result: TrajectoryResult, panels: Sequence[Panel]) -> Evaluator:
    """The fitted model's evaluator on other members.

    Raises:
        SettingsError: another number of outcomes, other covariates or risk factors than the model's.
    """
    prepared = prepared_like(result, panels)
    return Evaluator(result.search.evaluator.layout, prepared.cells, prepared.histories)


def prepared_like(result: TrajectoryResult, panels: Sequence[Panel]) -> Prepared:
    """Other members' data, scaled as the fitted model's; raises SettingsError as `evaluator_for`."""
    if len(panels) != len(result.panels):
        raise SettingsError("the number of panels is not the model's number of outcomes", hint="give one an outcome")
    for new, old in zip(panels, result.panels, strict=True):
        if new.covariate_names != old.covariate_names:
            raise SettingsError("the time-varying covariates are not the model's", hint="give the same, in that order")
    return prepare(panels, path_settings(result.settings), like=result.search.evaluator.layout)


def predict_membership(result: TrajectoryResult, *panels: object) -> "pa.Table":
    """Posterior probabilities of new members' groups, given what is observed of them so far.

    Cells not yet observed are missing (NaN): the posterior uses the rest. This is a summary of observed activity under
    a model, with its uncertainty; it says nothing about what a person will do.

    Args:
        result: a fitted model.
        panels: one an outcome, times on the scale of the fit.

    Returns:
        One row a member: member, group (most probable, from 1), posterior_1, posterior_2, ...

    Raises:
        SettingsError: as for `evaluator_for`.
    """
    import pyarrow as pa

    tables = [Panel.of(panel) for panel in panels]
    evaluator = evaluator_for(result, tables)
    posterior = evaluator.posterior(result.parameters)[0][evaluator.histories.pattern]
    identifiers = tables[0].identifiers
    columns = {
        "member": pa.array(np.arange(tables[0].rows) if identifiers is None else identifiers),
        "group": pa.array(posterior.argmax(axis=1) + 1),
    }
    columns.update({f"posterior_{group + 1}": pa.array(posterior[:, group]) for group in range(posterior.shape[1])})
    return pa.table(columns)


def expected_paths(
    result: TrajectoryResult, times: object, *, covariates: object = None, outcome: int = 0
) -> "pa.Table":
    """Expected path of every group at given times and values of the time-varying covariates, exposure 1.

    Args:
        result: a fitted model.
        times: (times,).
        covariates: (times, covariates), needed when the model has some.
        outcome: position of the outcome.

    Returns:
        group, time, expected, standard_error, low, high.

    Raises:
        SettingsError: covariates that do not fit.
    """
    import pyarrow as pa

    at = np.atleast_1d(np.asarray(times, dtype=np.float64))
    names = result.panels[outcome].covariate_names
    given = np.zeros((at.size, 0)) if covariates is None else np.asarray(covariates, dtype=np.float64)
    if given.shape != (at.size, len(names)):
        raise SettingsError("the covariates do not fit", hint=f"give {len(names)} for each time")
    found = curves(
        result.search.evaluator, result.position(outcome), result.parameters, result.inner_covariance, at, given,
        result.settings.confidence, result.provenance.seed or 0,
    )  # fmt: skip
    return pa.table(
        {
            "group": np.repeat(np.arange(1, len(found) + 1), at.size),
            "time": np.tile(at, len(found)),
            "expected": np.concatenate([curve.expected for curve in found]),
            "standard_error": np.concatenate([curve.error for curve in found]),
            "low": np.concatenate([curve.low for curve in found]),
            "high": np.concatenate([curve.high for curve in found]),
        }
    )
