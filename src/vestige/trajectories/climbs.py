"""Climbs: from a posterior or a point to an optimum, cheaply, exactly, or on more members than before."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from vestige.progress import Progress
from vestige.trajectories.compiled import FloatArray
from vestige.trajectories.degenerate import defects_of, tau_limit
from vestige.trajectories.initial import initial_parameters
from vestige.trajectories.labels import level_orders, relabelled_outcomes
from vestige.trajectories.likelihood import Evaluator, Information
from vestige.trajectories.maximise import Optimum, expect_maximise, maximisation, newton, quasi_newton
from vestige.trajectories.settings import SearchSettings
from vestige.trajectories.starts import Origin

NEWTON_LIMIT: Final = 60
NEAR_PASSES: Final = 150
FOLLOW_PASSES: Final = 40
"""What has not settled by then, from a part's information, is better begun again from everybody's."""
FINISHING_STEPS: Final = 15


@dataclass(frozen=True)
class Run:
    """Where one start ended.

    Attributes:
        origin: how the start was made.
        optimum: the end.
        information: there, exact where the optimum is.
    """

    origin: Origin
    optimum: Optimum
    information: Information


@dataclass(frozen=True)
class Task:
    """What every climb of a search shares.

    Attributes:
        settings: how hard to look.
        shared_groups: whether all outcomes share their groups.
        progress: told of every start.
        exact: whether optima are followed to where Newton's steps gain next to nothing; not on a random part.
    """

    settings: SearchSettings
    shared_groups: bool
    progress: Progress
    exact: bool = True


def first_step(evaluator: Evaluator, posterior: FloatArray) -> FloatArray:
    """Parameters from a posterior: moments first, then a whole M-step."""
    sums = evaluator.sums_of(posterior)
    return maximisation(evaluator, initial_parameters(evaluator, sums), sums, steps=12)


def screen(evaluator: Evaluator, parameters: FloatArray, settings: SearchSettings) -> Optimum:
    """The few EM steps that a start gets before starts are ranked."""
    return expect_maximise(evaluator, parameters, limit=settings.screening_iterations, tolerance=1e-2)


def polish(evaluator: Evaluator, origin: Origin, parameters: FloatArray, task: Task) -> Run:
    """EM until steps get short, then quasi-Newton; then Newton, and all of it once more should that have stopped early.

    Where the optimum need not be exact, Newton is left out. Groups that are alike but for their numbers are numbered by
    level after EM.
    """
    climbed = expect_maximise(evaluator, parameters, limit=task.settings.max_iterations, tolerance=0.1)
    ordered = numbered(evaluator, climbed.parameters)
    information = evaluator.information(ordered)
    near = quasi_newton(evaluator, ordered, information.observed, limit=NEAR_PASSES)
    passes = climbed.passes + near.passes + 1
    if not task.exact:
        return Run(origin, replace(near, passes=passes), evaluator.information(near.parameters))
    optimum, information = newton(evaluator, near.parameters, limit=NEWTON_LIMIT)
    passes += optimum.passes
    if not optimum.converged:
        optimum, information = _at_limit(evaluator, optimum, information)
    if not optimum.converged:
        again = expect_maximise(evaluator, optimum.parameters, limit=task.settings.max_iterations, tolerance=1e-5)
        optimum, information = newton(evaluator, again.parameters, limit=NEWTON_LIMIT)
        passes += again.passes + optimum.passes
    return Run(origin, replace(optimum, passes=passes), information)


def _at_limit(evaluator: Evaluator, optimum: Optimum, information: Information) -> tuple[Optimum, Information]:
    """Where a tau runs away, the optimum at its limit instead of one more of many steps there, if that is higher."""
    limit = tau_limit(evaluator, optimum.parameters)
    if limit is None:
        return optimum, information
    there = newton(evaluator, limit, limit=NEWTON_LIMIT)
    return there if there[0].loglik > optimum.loglik else (optimum, information)


def finish(evaluator: Evaluator, part: Evaluator, run: Run, task: Task) -> Run:
    """From the optimum of a random part: quasi-Newton steps from its information, and a whole climb if they fail."""
    observed = evaluator.members / part.members * run.information.observed
    optimum = quasi_newton(evaluator, run.optimum.parameters, observed, limit=FOLLOW_PASSES)
    if not optimum.converged:
        return polish(evaluator, run.origin, optimum.parameters, task)
    return Run(run.origin, optimum, part.information(optimum.parameters))


def with_exact_winner(evaluator: Evaluator, runs: Sequence[Run], task: Task) -> list[Run]:
    """The runs, the best of them, or the best that is sound, by Newton to where steps gain next to nothing."""
    ranked = sorted(runs, key=lambda run: -run.optimum.loglik)
    sound = (
        run for run in ranked if not any(own.disqualifies for own in defects_of(evaluator, run.optimum.parameters))
    )
    winner = next(sound, ranked[0])
    optimum, information = newton(evaluator, winner.optimum.parameters, limit=FINISHING_STEPS)
    exact = Run(winner.origin, replace(optimum, passes=optimum.passes + winner.optimum.passes), information)
    if not optimum.converged:
        exact = polish(evaluator, winner.origin, optimum.parameters, task)
    return [exact if run is winner else run for run in runs]


def numbered(evaluator: Evaluator, parameters: FloatArray) -> FloatArray:
    """The parameters with groups that are alike but for their numbers in the order of their level."""
    if not alike(evaluator):
        return parameters
    return relabelled_outcomes(evaluator, parameters, level_orders(evaluator, parameters))


def alike(evaluator: Evaluator) -> bool:
    """Whether all groups of every outcome have the same columns, so that labels are free."""
    return all(
        all(np.array_equal(columns, part.columns[0]) for columns in part.columns)
        for outcome in evaluator.layout.outcomes
        for part in outcome.predictors
    )
