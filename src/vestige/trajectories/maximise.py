"""From a starting point to an optimum: EM with SQUAREM steps, then BFGS, then Newton with the observed information.

Sources: Dempster, Laird and Rubin (1977); Varadhan and Roland (2008), scheme S3; More (1978) for the damping; Nocedal
and Wright (2006, ch. 6) for BFGS.
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
NEAR_GAIN: Final = 1e-4
"""A quasi-Newton step is not taken any more when it is to gain less than this; Newton does the rest."""
ARMIJO: Final = 1e-4
"""The least part of what a quasi-Newton step is to gain that it must gain (Nocedal and Wright 2006, ch. 3)."""
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
        step, gain = _newton_step(here, strides, damping, ~_held(parameters, here.score, bounds))
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


def quasi_newton(evaluator: Evaluator, parameters: FloatArray, observed: FloatArray, *, limit: int) -> Optimum:
    """From the information at or near a point, or of a random part of the members, by BFGS (Nocedal and Wright 2006).

    A pass is one of EM's price, where Newton's costs several times that; and on ridges, where Newton's steps are held
    short, the bends that past steps met lengthen the next. Ends when a step is to gain less than `NEAR_GAIN`; steps
    that fail, and `limit`, leave the optimum unconverged. Never downhill.

    Args:
        evaluator: of the model.
        parameters: where to begin.
        observed: (parameters, parameters) information to begin with, on the scale of the evaluator's members.
        limit: of the passes.
    """
    bounds, strides = evaluator.layout.bounds(), evaluator.layout.strides()
    here = evaluator.expectation(parameters)
    score, inverse, passes = evaluator.score(parameters, here), _inverse(observed, strides), 1
    while passes < limit:
        held = _held(parameters, score, bounds)
        step = np.where(held, 0.0, inverse @ np.where(held, 0.0, score))
        step *= min(1.0, STEP_LIMIT / max(float(np.abs(step / strides).max(initial=0.0)), 1e-300))
        gain = 0.5 * float(score @ step)
        if gain < NEAR_GAIN:
            return Optimum(parameters, here.loglik, True, passes, passes)
        size = 1.0
        for _ in range(HALVINGS):
            trial = np.clip(parameters + size * step, *bounds)
            there = evaluator.expectation(trial)
            passes += 1
            if there.loglik >= here.loglik + ARMIJO * size * gain:
                break
            loss = here.loglik + 2.0 * size * gain - there.loglik
            size *= float(np.clip(size * gain / loss, 0.1, 0.5)) if loss < np.inf else 0.1
        else:
            break
        slope = evaluator.score(trial, there)
        inverse = _updated(inverse, trial - parameters, score - slope)
        parameters, here, score = trial, there, slope
    return Optimum(parameters, here.loglik, False, passes, passes)


def _held(parameters: FloatArray, score: FloatArray, bounds: FloatArray) -> BoolArray:
    """Parameters at a bound that their slope pushes against."""
    below, above = (parameters <= bounds[0]) & (score < 0.0), (parameters >= bounds[1]) & (score > 0.0)
    return np.asarray(below | above)


def _inverse(observed: FloatArray, strides: FloatArray) -> FloatArray:
    """The inverse of the information along its absolute curvature."""
    values, vectors = np.linalg.eigh(observed * strides[:, None] * strides[None, :])
    curvature = np.abs(values)
    scaled = vectors * strides[:, None]
    return np.asarray((scaled / np.maximum(curvature, 1e-10 * curvature.max(initial=1e-290))) @ scaled.T)


def _updated(inverse: FloatArray, step: FloatArray, bend: FloatArray) -> FloatArray:
    """The inverse after a step along which the score fell by `bend`; unchanged where the surface does not bend down."""
    curvature = float(step @ bend)
    if not curvature > 1e-12 * float(np.linalg.norm(step) * np.linalg.norm(bend)):
        return inverse
    bent = inverse @ bend
    cross = np.outer(bent, step)
    square = (1.0 + float(bend @ bent) / curvature) * np.outer(step, step)
    return np.asarray(inverse + (square - cross - cross.T) / curvature)


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
