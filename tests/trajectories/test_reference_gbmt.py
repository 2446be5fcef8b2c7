"""gbmt's multivariate normal mixture, stated as a multi-trajectory model: each outcome given those before it.

gbmt 0.1.4: gbmt(c("speaking", "reading", "writing", "math"), unit="id", time="time", d=1, ng=k, data=achievement,
scaling=0, pruning=FALSE). Means are linear in time; every group has a free 4 x 4 covariance of its own. A multivariate
normal density is the product of each outcome's normal given the outcomes before it, whose coefficients are free in
each group: earlier outcomes as time-varying covariates of the later ones, with a sigma a group.
"""

from pathlib import Path

import numpy as np
import pytest

from trajectories.reference import records, table
from vestige.trajectories import (
    MultiTrajectorySettings,
    Panel,
    PathSettings,
    TrajectoryResult,
    fit_multi_trajectories,
)

OUTCOMES = ("speaking", "reading", "writing", "math")
GAINS = {1: 0.0, 2: 0.0, 3: 2.537}
"""gbmt's start stops below the best optimum with three groups."""


def _fit(shared: Path, groups: int) -> TrajectoryResult:
    data = table(shared, "gbmt_achievement")
    wide = {name: data.pivot_table(index="id", columns="time", values=name).to_numpy() for name in OUTCOMES}
    panels = []
    for place, name in enumerate(OUTCOMES):
        before = OUTCOMES[:place]
        covariates = np.stack([wide[earlier] for earlier in before], axis=2) if before else None
        panels.append(
            Panel(wide[name], np.arange(1.0, 6.0), covariates=covariates, covariate_names=before, outcome=name)
        )
    paths = tuple(PathSettings(family="cnorm", order=1, spread_scope="group") for _ in OUTCOMES)
    return fit_multi_trajectories(panels, settings=MultiTrajectorySettings(paths, groups=groups))


def _moments(fit: TrajectoryResult, group: int) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients of the means (powers x outcomes) and covariance of one group, from its conditional normals."""
    frame = fit.table("parameters").to_pandas()
    own = frame[frame["group"] == group + 1].set_index(["outcome", "name"])["estimate"]
    means, lead, spread = np.zeros((2, 4)), np.eye(4), np.zeros(4)
    for place, name in enumerate(OUTCOMES):
        means[:, place] = own[name, "intercept"], own[name, "linear"]
        spread[place] = own[name, "sigma"]
        for earlier in range(place):
            lead[place, earlier] = -own[name, OUTCOMES[earlier]]
    back = np.linalg.inv(lead)
    return means @ back.T, back @ np.diag(spread**2) @ back.T


@pytest.mark.parametrize("groups", GAINS)
def test_gbmts_fits_are_reached_or_beaten(shared: Path, groups: int) -> None:
    reference = next(fit for fit in records(shared, "gbmt_achievement.ref_gbmt") if fit["ng"] == groups)
    fit = _fit(shared, groups)
    assert fit.log_likelihood - reference["loglik"] == pytest.approx(GAINS[groups], abs=0.01)
    assert fit.criteria.parameters == reference["npar"]
    if GAINS[groups]:
        return
    theirs = sorted(reference["beta"], key=lambda label: reference["beta"][label][1][1])
    ours = sorted(range(groups), key=lambda group: _moments(fit, group)[0][1, 1])
    for label, group in zip(theirs, ours, strict=True):
        means, covariance = _moments(fit, group)
        assert means == pytest.approx(np.array(reference["beta"][label]), abs=1e-3)
        assert covariance == pytest.approx(np.array(reference["Sigma"][label]), abs=1e-3)
        share = np.atleast_1d(reference["prior"])[int(label) - 1]
        assert fit.shares[group] == pytest.approx(share, abs=1e-3)
