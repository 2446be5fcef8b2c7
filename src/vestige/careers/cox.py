"""Cox's proportional hazards in counting-process form: covariates that change, delayed entry, tied times.

Every row is at risk over (start, stop], so that sums over risk sets are differences of cumulative sums: a million
rows cost a fraction of a second, where a loop over event times takes minutes.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from vestige.errors import ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MOST_STEPS: Final = 50
_MOST_HALVINGS: Final = 30
_DECREMENT: Final = 1e-9
"""Newton stops when the expected gain in log-likelihood falls below this ..."""
_STEP: Final = 1e-3
"""... and no standardised effect still moves by this: an infinite one moves by about 1 however little it gains."""
_LARGEST: Final = 15.0
"""A standardised effect beyond this is on its way to infinity: its covariate separates those with events."""


@dataclass(frozen=True)
class RiskRows:
    """Rows of a counting process.

    Attributes:
        start: shape (rows,); a row is at risk after it.
        stop: shape (rows,), after `start`.
        event: whether the row ends with the event.
        covariates: shape (rows, covariates).
    """

    start: "NDArray[np.float64]"
    stop: "NDArray[np.float64]"
    event: "NDArray[np.bool_]"
    covariates: "NDArray[np.float64]"


@dataclass(frozen=True)
class CoxFit:
    """A fitted model; arrays of shape (covariates,) unless said otherwise.

    Attributes:
        coefficients: log hazard ratios for one unit of each covariate.
        covariance: shape (covariates, covariates), the inverse of the observed information.
        log_likelihood: the partial likelihood's logarithm at the maximum.
        null_log_likelihood: the same without covariates.
        score_statistic: the score test of no effect at all; chi-squared with as many degrees as covariates. With
            indicators of groups it is the log-rank test.
        steps: Newton steps taken.
        event_times: time of each event, ascending, shape (events,).
        schoenfeld: covariates of each event less their expectation in its risk set, shape (events, covariates).
    """

    coefficients: "NDArray[np.float64]"
    covariance: "NDArray[np.float64]"
    log_likelihood: float
    null_log_likelihood: float
    score_statistic: float
    steps: int
    event_times: "NDArray[np.float64]"
    schoenfeld: "NDArray[np.float64]"


def fit_cox(rows: RiskRows) -> CoxFit:
    """Maximise the partial likelihood with Efron's treatment of ties by Newton's method.

    Args:
        rows: members' times at risk; several rows a member where covariates change.

    Raises:
        ModelError: no event, a covariate that does not vary, covariates that determine one another, or an effect that
            is infinite because a covariate separates those with the event from the others.

    Sources:
        Cox (1972), JRSS B 34, 187-220. Efron (1977), JASA 72, 557-565. Andersen and Gill (1982), Annals of
        Statistics 10, 1100-1120.
    """
    if not rows.event.any():
        raise ModelError("nobody has the event", hint="choose another role or a longer window")
    centre, scale = rows.covariates.mean(axis=0), rows.covariates.std(axis=0)
    if (scale <= 1e-12 * (1 + np.abs(centre))).any():
        raise ModelError("a covariate does not vary", hint="leave it out")
    likelihood = _PartialLikelihood(rows, (rows.covariates - centre) / scale)
    beta = np.zeros(scale.size)
    null, gradient, information = likelihood(beta)
    score = float(gradient @ _solve(information, gradient))
    value, steps = null, 0
    for steps in range(1, _MOST_STEPS + 1):  # noqa: B007 - the number is reported
        step = _solve(information, gradient)
        gained = float(gradient @ step)
        beta, value, gradient, information = _climb(likelihood, beta, value, step)
        if gained < _DECREMENT and np.abs(step).max() < _STEP:
            break
        if np.abs(beta).max() > _LARGEST:
            raise ModelError("a covariate separates those with the event from the others", hint="leave it out")
    else:
        raise ModelError("the model did not converge", hint="leave out covariates that say nearly the same")
    inverse = _solve(information, np.eye(scale.size)) / np.outer(scale, scale)
    times, residuals = likelihood.schoenfeld(beta)
    return CoxFit(beta / scale, inverse, value, null, score, steps, times, residuals * scale)


def _climb(
    likelihood: "_PartialLikelihood", beta: "NDArray[np.float64]", value: float, step: "NDArray[np.float64]"
) -> "tuple[NDArray[np.float64], float, NDArray[np.float64], NDArray[np.float64]]":
    """Half the step until the likelihood does not fall."""
    for _ in range(_MOST_HALVINGS):
        found, gradient, information = likelihood(beta + step)
        if found >= value - 1e-9 * abs(value):
            break
        step = step / 2
    return beta + step, found, gradient, information


def _solve(information: "NDArray[np.float64]", right: "NDArray[np.float64]") -> "NDArray[np.float64]":
    spectrum = np.linalg.eigvalsh(information)
    if not spectrum[0] > 1e-10 * max(spectrum[-1], 1e-300):  # also where it is NaN
        raise ModelError("the covariates determine one another", hint="leave one of them out")
    return np.asarray(np.linalg.solve(information, right))


class _PartialLikelihood:
    """Value, gradient and information of standardised covariates; what does not depend on the effects is kept."""

    def __init__(self, rows: RiskRows, covariates: "NDArray[np.float64]") -> None:
        self._x = covariates
        self._moments, place = np.unique(rows.stop[rows.event], return_inverse=True)
        self._enters = np.searchsorted(self._moments, rows.start, side="right")
        self._leaves = np.searchsorted(self._moments, rows.stop, side="right")
        self._events = np.flatnonzero(rows.event)[np.argsort(place, kind="stable")]
        self._tied = np.bincount(place)
        self._of_event = np.repeat(np.arange(self._moments.size), self._tied)
        first = np.cumsum(self._tied) - self._tied
        self._efron = (np.arange(self._of_event.size) - first[self._of_event]) / self._tied[self._of_event]
        self._pairs = np.triu_indices(covariates.shape[1])

    def __call__(self, beta: "NDArray[np.float64]") -> "tuple[float, NDArray[np.float64], NDArray[np.float64]]":
        predictor = self._x @ beta
        highest = predictor.max()
        hazard = np.exp(predictor - highest)
        total = self._sums(hazard)
        mean = self._sums(hazard[:, None] * self._x) / total[:, None]
        one, two = self._pairs
        second = self._sums(hazard[:, None] * self._x[:, one] * self._x[:, two]) / total[:, None]
        information = np.zeros((beta.size, beta.size))
        information[one, two] = (second - mean[:, one] * mean[:, two]).sum(axis=0)
        information = information + np.triu(information, 1).T
        gradient = self._x[self._events].sum(axis=0) - mean.sum(axis=0)
        value = float(predictor[self._events].sum() - (np.log(total) + highest).sum())
        return value, gradient, information

    def schoenfeld(self, beta: "NDArray[np.float64]") -> "tuple[NDArray[np.float64], NDArray[np.float64]]":
        """Time and residual of each event; tied events share the mean of Efron's expectations."""
        predictor = self._x @ beta
        hazard = np.exp(predictor - predictor.max())
        mean = self._sums(hazard[:, None] * self._x) / self._sums(hazard)[:, None]
        expected = np.stack([np.bincount(self._of_event, column) for column in mean.T], axis=1) / self._tied[:, None]
        return self._moments[self._of_event], self._x[self._events] - expected[self._of_event]

    def _sums(self, values: "NDArray[np.float64]") -> "NDArray[np.float64]":
        """Sums over the risk set of each event, less Efron's part of those tied with it."""
        if values.ndim > 1:
            return np.stack([self._sums(column) for column in values.T], axis=1)
        size = self._moments.size + 1
        at_risk = np.bincount(self._enters, values, size) - np.bincount(self._leaves, values, size)
        tied = np.bincount(self._of_event, values[self._events])
        risk = np.cumsum(at_risk)[:-1]
        return risk[self._of_event] - self._efron * tied[self._of_event]


@dataclass(frozen=True)
class ProportionalityTest:
    """Whether effects stay the same over time; arrays of shape (covariates,).

    Attributes:
        correlation: of each scaled residual with the rank of time.
        statistic: chi-squared with one degree of freedom.
        p_value: its upper tail.
    """

    correlation: "NDArray[np.float64]"
    statistic: "NDArray[np.float64]"
    p_value: "NDArray[np.float64]"


def check_proportionality(fit: CoxFit) -> ProportionalityTest:
    """The test of Grambsch and Therneau (1994), Biometrika 81, 515-526, against the rank of the event time.

    Args:
        fit: a fitted model with at least two distinct event times.

    Raises:
        ModelError: fewer than two distinct event times.
    """
    from scipy.stats import chi2, rankdata

    ranks = rankdata(fit.event_times)
    centred = ranks - ranks.mean()
    spread = float(centred @ centred)
    if spread == 0:
        raise ModelError("all events happened at one time", hint="use finer times")
    events = fit.event_times.size
    scaled = events * fit.schoenfeld @ fit.covariance
    slope = centred @ scaled
    statistic = slope**2 / (events * np.diag(fit.covariance) * spread)
    norm = np.sqrt(spread * ((scaled - scaled.mean(axis=0)) ** 2).sum(axis=0))
    correlation = np.divide(slope, norm, out=np.zeros_like(slope), where=norm > 0)
    return ProportionalityTest(correlation, statistic, chi2.sf(statistic, 1))
