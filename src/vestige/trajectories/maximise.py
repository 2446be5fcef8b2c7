"""From a starting point to an optimum: EM with SQUAREM steps, then Newton with the observed information.

Sources: Dempster, Laird and Rubin (1977); Varadhan and Roland (2008), scheme S3; More (1978) for the damping.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from vestige.trajectories.compiled import BoolArray, FloatArray
from vestige.trajectories.likelihood import Curvature, Evaluator, Expectation, Information, membership_information
from vestige.trajectories.sheets import RowWeights

STEP_LIMIT: Final = 3.0
NEWTON_GAIN: Final = 1e-9
SETTLED: Final = 1e-4
"""A Newton step that gains this little of what would end the climb is not taken any more."""
HALVINGS: Final = 12
MEMBERSHIP_STEPS: Final = 4


@dataclass(frozen=True)
class Optimum:
    """Where one start ended.

    Attributes:
        parameters: inner parameters.
        loglik: log-likelihood there.
        converged: whether a further Newton step would gain next to nothing.
        iterations: EM steps and Newton steps taken.
        passes: passes over all members.
    """

    parameters: FloatArray
    loglik: float
    converged: bool
    iterations: int
    passes: int


def maximisation(evaluator: Evaluator, parameters: FloatArray, expectation: Expectation, *, steps: int) -> FloatArray:
    """A whole M-step: membership and every outcome's curves given the posterior sums; never lowers their part.

    Args:
        evaluator: of the model.
        parameters: where to begin.
        expectation: posterior sums.
        steps: Newton steps for the curves at most.
    """
    found = parameters.copy()
    _maximise_membership(evaluator, found, expectation)
    for outcome in range(len(evaluator.layout.outcomes)):
        weights = evaluator.row_weights(outcome, expectation)
        found = _maximise_outcome(evaluator, outcome, found, weights, steps)
    return found


def expect_maximise(evaluator: Evaluator, parameters: FloatArray, *, limit: int, tolerance: float) -> Optimum:
    """EM with squared extrapolation until a step gains less than `tolerance`, or `limit` passes are spent.

    An M-step is one Newton step (Lange 1995) from derivatives the E-step has at hand; where that loses, a whole M-step.
    """
    here = evaluator.expectation(parameters)
    passes = 1
    while passes < limit:
        one, first = _em_step(evaluator, parameters, here)
        two, second = _em_step(evaluator, one, first)
        passes += 2
        gained = second.loglik - here.loglik
        leap = _leap(evaluator, parameters, one, two)
        parameters, here = two, second
        if gained < tolerance:
            return Optimum(parameters, here.loglik, True, passes, passes)
        if leap is not None:
            there = evaluator.expectation(leap)
            passes += 1
            if there.loglik > here.loglik:
                parameters, here = leap, there
    return Optimum(parameters, here.loglik, False, passes, passes)


def _em_step(evaluator: Evaluator, parameters: FloatArray, here: Expectation) -> tuple[FloatArray, Expectation]:
    trial = parameters.copy()
    _maximise_membership(evaluator, trial, here)
    strides = evaluator.layout.strides()
    for outcome in range(len(evaluator.layout.outcomes)):
        part = evaluator.curvature(outcome, here.jets[outcome], evaluator.row_weights(outcome, here))
        trial += _outcome_step(evaluator, outcome, part, strides)[0]
    trial = np.clip(trial, *evaluator.layout.bounds())
    there = evaluator.expectation(trial)
    if there.loglik >= here.loglik - 1e-11 * abs(here.loglik):
        return trial, there
    trial = maximisation(evaluator, parameters, here, steps=2)
    return trial, evaluator.expectation(trial)


def _leap(evaluator: Evaluator, start: FloatArray, one: FloatArray, two: FloatArray) -> FloatArray | None:
    """The squared step of scheme S3, or None where it would be shorter than two EM steps."""
    first, second = one - start, two - 2.0 * one + start
    bend = float(np.linalg.norm(second))
    length = float(np.linalg.norm(first)) / bend if bend > 0.0 else 1.0
    if length <= 1.0:
        return None
    return np.asarray(np.clip(start + 2.0 * length * first + length**2 * second, *evaluator.layout.bounds()))


def newton(evaluator: Evaluator, parameters: FloatArray, *, limit: int) -> tuple[Optimum, Information]:
    """Damped Newton with the observed information, along absolute curvature (Dauphin et al. 2014), never downhill.

    A parameter at a bound that its slope pushes against stays there, and the others go on without it.

    Returns:
        The optimum, and the information there.
    """
    bounds, strides = evaluator.layout.bounds(), evaluator.layout.strides()
    here = evaluator.information(parameters)
    damping, passes, gain = 0.0, 1, np.inf
    for _ in range(limit):
        held = ((parameters <= bounds[0]) & (here.score < 0.0)) | ((parameters >= bounds[1]) & (here.score > 0.0))
        step, gain = _newton_step(here, strides, damping, ~held)
        enough = NEWTON_GAIN * max(1.0, 1e-4 * abs(here.loglik))
        if gain < SETTLED * enough and damping == 0.0:
            return Optimum(parameters, here.loglik, True, passes, passes), here
        trial = np.clip(parameters + step, *bounds)
        there = evaluator.information(trial)
        passes += 1
        if there.loglik >= here.loglik - 1e-10 * abs(here.loglik):
            small = gain < enough and damping < 1.0
            parameters, here, damping = trial, there, damping / 10.0 if damping > 1e-6 else 0.0  # noqa: PLR2004
            if small:
                return Optimum(parameters, here.loglik, True, passes, passes), here
        else:
            damping = max(damping * 10.0, 1e-3)
            if damping > 1e6:  # noqa: PLR2004 - no direction leads uphill any more
                break
    return Optimum(parameters, here.loglik, bool(gain < 1e-6), passes, passes), here  # noqa: PLR2004


def approach(evaluator: Evaluator, parameters: FloatArray, observed: FloatArray, *, limit: int) -> Optimum:
    """Newton steps with the information of a random part of the members: a pass of EM's price each, a gain of Newton's.

    Ends when a step gains next to nothing, or fails; the latter and `limit` leave the optimum unconverged.

    Args:
        evaluator: of the model on everybody.
        parameters: the optimum of the random part.
        observed: (parameters, parameters) information there, scaled to everybody.
        limit: of the passes.
    """
    bounds, strides = evaluator.layout.bounds(), evaluator.layout.strides()
    here = evaluator.expectation(parameters)
    for passes in range(1, limit):
        step, gain = _uphill(observed[None], evaluator.score(parameters, here)[None], strides[None], 0.0)
        if gain < SETTLED * NEWTON_GAIN * max(1.0, 1e-4 * abs(here.loglik)):
            return Optimum(parameters, here.loglik, True, passes, passes)
        trial = np.clip(parameters + step[0], *bounds)
        there = evaluator.expectation(trial)
        if not there.loglik >= here.loglik - 1e-11 * abs(here.loglik):
            return Optimum(parameters, here.loglik, False, passes, passes + 1)
        parameters, here = trial, there
    return Optimum(parameters, here.loglik, False, limit, limit)


def _newton_step(here: Information, strides: FloatArray, damping: float, free: BoolArray) -> tuple[FloatArray, float]:
    step = np.zeros_like(strides)
    own, gain = _uphill(here.observed[np.ix_(free, free)][None], here.score[free][None], strides[free][None], damping)
    step[free] = own[0]
    return step, gain


def _maximise_membership(evaluator: Evaluator, parameters: FloatArray, expectation: Expectation) -> None:
    layout, risk = evaluator.layout, evaluator.histories.risk
    size = layout.membership_size
    if size == 0:
        return
    mass = expectation.kind_weights
    if risk.shape[1] == 1:
        logs = np.log(np.maximum(mass.sum(axis=0), 1e-12))
        parameters[:size] = logs[1:] - logs[0]
        return
    total = mass.sum(axis=1)
    value = float((mass * evaluator.log_priors(parameters)).sum())
    for _ in range(MEMBERSHIP_STEPS):
        prior = evaluator.priors(parameters)
        gradient = ((mass - total[:, None] * prior)[:, 1:].T @ risk).ravel()
        information = membership_information(prior, risk, total)
        step, gain = _uphill(information[None], gradient[None], np.ones((1, size)), 0.0)
        value = _climb_membership(evaluator, parameters, mass, step[0], value)
        if gain < 1e-10 * max(1.0, abs(value)):
            break


def _climb_membership(
    evaluator: Evaluator, parameters: FloatArray, mass: FloatArray, step: FloatArray, value: float
) -> float:
    """Move along the step, in place, as far as the membership part does not fall; returns that part."""
    start = parameters[: step.size].copy()
    for halving in range(HALVINGS):
        parameters[: step.size] = start + step * 0.5**halving
        reached = float((mass * evaluator.log_priors(parameters)).sum())
        if reached >= value:
            return reached
    parameters[: step.size] = start
    return value


def _outcome_step(evaluator: Evaluator, outcome: int, part: Curvature, strides: FloatArray) -> tuple[FloatArray, float]:
    """A Newton step for each set of groups that share parameters; sets of equal size are solved together."""
    step, gain = np.zeros_like(part.gradient), 0.0
    for slots in evaluator.components(outcome).stacks:
        blocks = part.hessian[slots[:, :, None], slots[:, None, :]]
        own, gained = _uphill(-blocks, part.gradient[slots], strides[slots], 0.0)
        step[slots] = own
        gain += gained
    return step, gain


def _maximise_outcome(
    evaluator: Evaluator, outcome: int, parameters: FloatArray, weights: RowWeights, steps: int
) -> FloatArray:
    components = evaluator.components(outcome)
    bounds, strides = evaluator.layout.bounds(), evaluator.layout.strides()
    here = parameters
    for _ in range(steps):
        part = evaluator.curvature(outcome, evaluator.jets(outcome, here), weights)
        step, gain = _outcome_step(evaluator, outcome, part, strides)
        if gain < 1e-10 * max(1.0, 1e-4 * abs(float(part.value.sum()))):
            break
        for _ in range(HALVINGS):
            trial = np.clip(here + step, *bounds)
            value = evaluator.value(outcome, trial, weights)
            worse = [
                slots
                for groups, slots in components.sets
                if not value[groups].sum() >= part.value[groups].sum() - 1e-9 * abs(part.value[groups].sum())
            ]
            if not worse:
                break
            for slots in worse:
                step[slots] *= 0.25
        else:
            for slots in worse:
                trial[slots] = here[slots]
        here = trial
    return here


def _uphill(
    information: FloatArray, score: FloatArray, strides: FloatArray, damping: float
) -> tuple[FloatArray, float]:
    """Newton steps along absolute curvature for a stack of problems, none longer than STEP_LIMIT strides."""
    values, vectors = np.linalg.eigh(information * strides[:, :, None] * strides[:, None, :])
    curvature = np.abs(values)
    least = 1e-10 * np.maximum(curvature.max(axis=1, initial=0.0), 1e-290)[:, None]
    curvature = np.maximum(curvature, least) + damping * curvature.mean(axis=1)[:, None]
    slope = np.einsum("nij,ni->nj", vectors, score * strides)
    parts = slope / curvature
    step = np.einsum("nij,nj->ni", vectors, parts)
    longest = np.abs(step).max(axis=1, initial=0.0)
    scale = np.minimum(1.0, STEP_LIMIT / np.maximum(longest, 1e-300))
    gain = 0.5 * (slope * parts).sum(axis=1) * scale
    return step * scale[:, None] * strides, float(gain.sum())
