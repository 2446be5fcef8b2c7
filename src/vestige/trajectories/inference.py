"""Parameters in the user's units with standard errors, shares, curves and bands, and Wald tests.

Sources: Louis (1982) for the information, White (1982) for the sandwich, Montiel Olea and Plagborg-Moller (2019) for
simultaneous bands (sup-t).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from vestige.errors import SettingsError
from vestige.trajectories.compiled import BoolArray, FloatArray
from vestige.trajectories.layout import SPREAD_PREDICTORS, OutcomeLayout, PredictorLayout
from vestige.trajectories.likelihood import Evaluator, Information

EXPONENTIATED: Final = frozenset({"sigma", "dispersion", "precision"})
UNIDENTIFIED: Final = 1e-10
BAND_DRAWS: Final = 4000
LOADING: Final = 1e-2


@dataclass(frozen=True)
class ParameterRow:
    """What one reported parameter is.

    Attributes:
        outcome: name of the outcome, or "membership".
        group: group from 1; None where all groups share it.
        part: curve, zero, sigma, dispersion, precision, tau or membership.
        name: intercept, linear, ..., a covariate or a risk factor.
    """

    outcome: str
    group: int | None
    part: str
    name: str


@dataclass(frozen=True)
class Estimates:
    """Reported parameters.

    Attributes:
        rows: what each is.
        values: (parameters,).
        covariance: (parameters, parameters).
        jacobian: (reported, inner) derivative of the reported in the inner parameters.
        identified: (parameters,) whether the data determine it; its standard error is NaN elsewhere.
    """

    rows: tuple[ParameterRow, ...]
    values: FloatArray
    covariance: FloatArray
    jacobian: FloatArray
    identified: BoolArray

    @property
    def errors(self) -> FloatArray:
        """(parameters,) standard errors."""
        return np.where(self.identified, np.sqrt(np.maximum(np.diag(self.covariance), 0.0)), np.nan)


@dataclass(frozen=True)
class WaldTest:
    """A test of linear hypotheses: chi-squared statistic, its degrees of freedom and p-value."""

    statistic: float
    degrees: int
    p_value: float


@dataclass(frozen=True)
class Curve:
    """Expected path of one group of one outcome.

    Attributes:
        times: (times,).
        expected: (times,) expected response.
        error: (times,) its standard error (delta method).
        low: (times,) pointwise interval, lower end.
        high: (times,) pointwise interval, upper end.
        band_low: (times,) simultaneous band, lower end.
        band_high: (times,) simultaneous band, upper end.
    """

    times: FloatArray
    expected: FloatArray
    error: FloatArray
    low: FloatArray
    high: FloatArray
    band_low: FloatArray
    band_high: FloatArray


def inner_covariance(
    evaluator: Evaluator, information: Information, *, robust: bool, members: int
) -> tuple[FloatArray, BoolArray]:
    """Covariance of the inner parameters, and which of them the data determine.

    Args:
        evaluator: of the model.
        information: at the optimum, with the outer products when `robust`.
        robust: whether to use the sandwich, clustered by member.
        members: number of members (clusters).
    """
    strides = evaluator.layout.strides()
    values, vectors = np.linalg.eigh(information.observed * np.outer(strides, strides))
    sound = values > UNIDENTIFIED * values.max(initial=1e-300)
    inverse = (vectors[:, sound] / values[sound]) @ vectors[:, sound].T
    inverse = inverse * np.outer(strides, strides)
    identified = (np.abs(vectors[:, ~sound]) < LOADING).all(axis=1)
    if robust:
        inverse = inverse @ information.meat @ inverse * members / max(members - 1, 1)
    return inverse, identified


def reported(
    evaluator: Evaluator, parameters: FloatArray, covariance: FloatArray, identified: BoolArray, reference: int
) -> Estimates:
    """Parameters in the user's units.

    Args:
        evaluator: of the model.
        parameters: inner parameters.
        covariance: of the inner parameters.
        identified: which inner parameters the data determine.
        reference: class (from 0) that membership is relative to.
    """
    rows: list[ParameterRow] = []
    lines: list[FloatArray] = []
    values: list[float] = []
    for outcome in evaluator.layout.outcomes:
        for part in outcome.predictors:
            _report_part(outcome, part, parameters, rows, lines, values)
    _report_membership(evaluator, parameters, reference, rows, lines, values)
    jacobian = np.array(lines).reshape(len(lines), parameters.size)
    loads = np.abs(jacobian) > 0
    return Estimates(
        tuple(rows),
        np.array(values),
        jacobian @ covariance @ jacobian.T,
        jacobian,
        np.asarray(~(loads & ~identified).any(axis=1), dtype=np.bool_),
    )


def wald_test(estimates: Estimates, matrix: FloatArray, constant: FloatArray) -> WaldTest:
    """Test that matrix @ parameters = constant.

    Raises:
        SettingsError: shapes that do not fit, redundant rows, or a parameter the data do not determine.
    """
    from scipy.stats import chi2

    if matrix.ndim != 2 or matrix.shape[1] != estimates.values.size or constant.shape != (len(matrix),):  # noqa: PLR2004
        raise SettingsError(
            "the hypothesis does not fit the parameters", hint="one column a row of table('parameters')"
        )
    if (np.abs(matrix[:, ~estimates.identified]) > 0).any():
        raise SettingsError("the hypothesis involves a parameter the data do not determine", hint="see the findings")
    gap = matrix @ estimates.values - constant
    spread = matrix @ estimates.covariance @ matrix.T
    if np.linalg.matrix_rank(spread) < len(matrix):
        raise SettingsError("the hypotheses are redundant", hint="drop a row")
    statistic = float(gap @ np.linalg.solve(spread, gap))
    return WaldTest(statistic, len(matrix), float(chi2.sf(statistic, len(matrix))))


def shares(evaluator: Evaluator, parameters: FloatArray, covariance: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(classes,) mean membership probabilities, and their (classes, classes) covariance by the delta method."""
    layout, lists = evaluator.layout, evaluator.histories
    prior = evaluator.priors(parameters)
    weight = np.bincount(lists.kind, lists.weight, minlength=len(prior))
    weight = weight / weight.sum()
    size = layout.membership_size
    slopes = np.zeros((layout.classes, size))
    columns = lists.risk.shape[1]
    for free in range(1, layout.classes):
        move = prior * ((np.arange(layout.classes) == free) - prior[:, [free]])
        slopes[:, (free - 1) * columns : free * columns] = (move * weight[:, None]).T @ lists.risk
    return weight @ prior, slopes @ covariance[:size, :size] @ slopes.T


def share_interval(share: FloatArray, error: FloatArray, confidence: float) -> tuple[FloatArray, FloatArray]:
    """Interval of shares on the log-odds scale, so that it stays between 0 and 1."""
    from scipy.special import expit, logit
    from scipy.stats import norm

    inside = np.clip(share, 1e-12, 1.0 - 1e-12)
    half = float(norm.ppf(0.5 + confidence / 2.0)) * error / (inside * (1.0 - inside))
    odds = logit(inside)
    return expit(odds - half), expit(odds + half)


def curves(
    evaluator: Evaluator, outcome: int, parameters: FloatArray, covariance: FloatArray, times: FloatArray,
    covariates: FloatArray, confidence: float, seed: int,
) -> tuple[Curve, ...]:  # fmt: skip
    """Expected paths of all groups with pointwise and simultaneous bands, exposure 1.

    Args:
        evaluator: of the model.
        outcome: position of the outcome.
        parameters: inner parameters.
        covariance: of the inner parameters.
        times: (times,) where to draw.
        covariates: (times, covariates) time-varying covariates there.
        confidence: level of the bands.
        seed: of the simulation behind the simultaneous bands.
    """
    own = evaluator.layout.outcomes[outcome]
    designs = [part.design(times, covariates) for part in own.predictors]
    found = []
    for group in range(own.groups):
        predictors, slots_of = [], []
        for part, design in zip(own.predictors, designs, strict=True):
            columns, slots = part.columns[group], part.slots[group]
            value = design[:, columns] @ parameters[slots] if columns.size else np.full(times.size, part.absent)
            predictors.append(value[:, None])
            slots_of.append((design[:, columns], slots))
        expected = own.family.mean(predictors)[:, 0]
        slope = np.zeros((times.size, parameters.size))
        for gradient, (design, slots) in zip(own.family.mean_gradient(predictors), slots_of, strict=True):
            slope[:, slots] += gradient * design
        spread = slope @ covariance @ slope.T
        found.append(_curve(own, times, expected, spread, confidence, seed))
    return tuple(found)


def _curve(
    own: OutcomeLayout, times: FloatArray, expected: FloatArray, spread: FloatArray, confidence: float, seed: int
) -> Curve:
    from scipy.stats import norm

    error = np.sqrt(np.maximum(np.diag(spread), 0.0))
    pointwise = float(norm.ppf(0.5 + confidence / 2.0))
    uniform = max(_uniform_quantile(spread, error, confidence, seed), pointwise)
    low, high = _interval(own, expected, error, pointwise)
    band_low, band_high = _interval(own, expected, error, uniform)
    return Curve(times, expected, error, low, high, band_low, band_high)


def _uniform_quantile(spread: FloatArray, error: FloatArray, confidence: float, seed: int) -> float:
    scale = np.where(error > 0, error, 1.0)
    values, vectors = np.linalg.eigh(spread / np.outer(scale, scale))
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    draws = np.random.default_rng(seed).standard_normal((BAND_DRAWS, times_of(spread)))
    return float(np.quantile(np.abs(draws @ root.T).max(axis=1), confidence))


def times_of(spread: FloatArray) -> int:
    """Number of times that a covariance matrix of a curve covers."""
    return int(spread.shape[0])


def _interval(
    own: OutcomeLayout, expected: FloatArray, error: FloatArray, quantile: float
) -> tuple[FloatArray, FloatArray]:
    """On the log scale for counts, on the logit scale for shares and probabilities, plain for the normal."""
    family = own.settings.family.value
    if family == "cnorm":
        return expected - quantile * error, expected + quantile * error
    if family in {"logit", "beta"}:
        inside = np.clip(expected, 1e-300, 1.0 - 1e-16)
        half = quantile * error / (inside * (1.0 - inside))
        odds = np.log(inside) - np.log1p(-inside)
        return 1.0 / (1.0 + np.exp(-(odds - half))), 1.0 / (1.0 + np.exp(-(odds + half)))
    half = np.minimum(quantile * error / np.maximum(expected, 1e-300), 700.0)
    return expected * np.exp(-half), expected * np.exp(half)


def _report_part(
    outcome: OutcomeLayout, part: PredictorLayout, parameters: FloatArray,
    rows: list[ParameterRow], lines: list[FloatArray], values: list[float],
) -> None:  # fmt: skip
    to_user = part.to_user()
    for group in range(1 if part.shared else outcome.groups):
        columns, slots = part.columns[group], part.slots[group]
        block = to_user[np.ix_(columns, columns)]
        for place, column in enumerate(columns):
            line = np.zeros(parameters.size)
            line[slots] = block[place]
            value = float(line @ parameters)
            if part.name in EXPONENTIATED:
                value = float(np.exp(value))
                line *= value
            name = part.name if part.name in SPREAD_PREDICTORS else part.names[column]
            rows.append(ParameterRow(outcome.name, None if part.shared else group + 1, part.name, name))
            lines.append(line)
            values.append(value)


def _report_membership(
    evaluator: Evaluator, parameters: FloatArray, reference: int,
    rows: list[ParameterRow], lines: list[FloatArray], values: list[float],
) -> None:  # fmt: skip
    layout = evaluator.layout
    columns = len(layout.risk_names)
    for own in range(layout.classes):
        if own == reference:
            continue
        for column, name in enumerate(layout.risk_names):
            line = np.zeros(parameters.size)
            for target, sign in ((own, 1.0), (reference, -1.0)):
                if target > 0:
                    first = (target - 1) * columns
                    line[first + column] += sign / layout.risk_scale[column]
                    if column == 0:
                        line[first + 1 : first + columns] -= sign * layout.risk_center[1:] / layout.risk_scale[1:]
            rows.append(ParameterRow("membership", own + 1, "membership", name))
            lines.append(line)
            values.append(float(line @ parameters))
