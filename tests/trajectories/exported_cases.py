"""Small simulated panels, one an option of R's trajeR or crimCV, for tools/run_exported_code.py."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from vestige.trajectories import Panel, SearchSettings, TrajectorySettings

TIMES = np.linspace(-1.0, 1.0, 6)
MEMBERS = 150
QUICK = SearchSettings(starts=6, polished=3, split_merge_rounds=1)


def _draws(kind: str) -> np.ndarray:
    """Responses of two groups, one rising from a higher level, one falling."""
    generator = np.random.default_rng(len(kind))
    high = (generator.random(MEMBERS) < 0.4)[:, None]
    curve = np.where(high, 1.2 + 0.5 * TIMES, -0.4 - 0.6 * TIMES)
    mean = 1.0 / (1.0 + np.exp(-curve))
    if kind == "beta":
        precision = np.where(high, 20.0, 8.0)
        return np.clip(generator.beta(mean * precision, (1.0 - mean) * precision), 1e-4, 1.0 - 1e-4)
    if kind == "cnorm":
        return np.clip(generator.normal(curve, np.where(high, 0.5, 0.8)), -1.0, 2.0)
    if kind == "logit":
        return (generator.random(curve.shape) < 1.0 / (1.0 + np.exp(-2.0 * curve))).astype(float)
    counts = generator.poisson(np.exp(curve)).astype(float)
    chance = {"zip": np.full(curve.shape, 0.25), "zip-tau": 1.0 - mean}.get(kind, np.zeros(curve.shape))
    return np.where(generator.random(curve.shape) < chance, 0.0, counts)


def _panel(kind: str) -> Panel:
    return Panel(np.round(_draws(kind), 6), TIMES)


def _holed(kind: str) -> Panel:
    values = _panel(kind).values.copy()
    values[np.arange(0, MEMBERS, 3), np.arange(0, MEMBERS, 3) % 6] = np.nan
    return Panel(values, TIMES)


def _risky(panel: Panel) -> Panel:
    factors = np.round(np.random.default_rng(1).normal(size=(panel.rows, 2)), 4)
    return replace(panel, risk_factors=factors, risk_factor_names=("x", "z"))


def _covered(panel: Panel) -> Panel:
    values = np.round(np.random.default_rng(2).normal(size=(panel.rows, panel.periods, 2)), 4)
    return replace(panel, covariates=values, covariate_names=("a", "b"))


def _model(family: str, **changes: object) -> TrajectorySettings:
    return TrajectorySettings(**({"family": family, "groups": 2, "order": 1, "search": QUICK} | changes))


LIMITS = {"minimum": -1.0, "maximum": 2.0}
CASES: dict[str, tuple[Callable[[], Panel], TrajectorySettings]] = {
    "poisson, orders 0 2": (lambda: _panel("poisson"), _model("poisson", order=(0, 2))),
    "poisson, risk factors": (lambda: _risky(_panel("poisson")), _model("poisson")),
    "zip, zero orders 1 0": (lambda: _panel("zip"), _model("zip", zero_order=(1, 0))),
    "zip, missing": (lambda: _holed("zip"), _model("zip")),
    "zip, covariates": (lambda: _covered(_panel("zip")), _model("zip")),
    "zip, risk factors, reference group 2": (lambda: _risky(_panel("zip")), _model("zip", reference_group=2)),
    "logit": (lambda: _panel("logit"), _model("logit")),
    "logit, covariates": (lambda: _covered(_panel("logit")), _model("logit")),
    "cnorm, limits": (lambda: _panel("cnorm"), _model("cnorm", **LIMITS)),
    "cnorm, sigma a group": (lambda: _panel("cnorm"), _model("cnorm", spread_scope="group")),
    "cnorm, missing, covariates, risk factors": (
        lambda: _covered(_risky(_holed("cnorm"))),
        _model("cnorm", **LIMITS),
    ),
    "beta": (lambda: _panel("beta"), _model("beta")),
    "beta, covariates": (lambda: _covered(_panel("beta")), _model("beta")),
    "zip-tau": (lambda: _panel("zip-tau"), _model("zip-tau")),
    "zip-tau, missing": (lambda: _holed("zip-tau"), _model("zip-tau")),
}
