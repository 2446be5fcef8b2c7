"""Natural cubic splines against R 4.2.2: the same functions of time in another basis.

glm(v ~ splines::ns(t, knots = quantile(unique(t), 1:(df - 1) / df), Boundary.knots = c(-1, 1)), family = poisson),
members 1-60 of sim_pois_N500, t = (wave - 10.5) / 9.5; fit and its standard error at waves 1, 7, 14 and 20.
"""

from pathlib import Path

import numpy as np
import pytest

from trajectories.reference import simulated
from vestige.trajectories import TrajectorySettings, fit_trajectories

WAVES = (np.array([1, 7, 14, 20]) - 10.5) / 9.5
GLM = {
    2: (-2800.1967276464, (1.784664851, 1.881212045, 1.692187441, 1.338839804),
        (0.100937813, 0.054921604, 0.050618500, 0.084221564)),
    3: (-2794.2060908627, (1.578966127, 2.073713874, 1.517831536, 1.532230644),
        (0.108570653, 0.082355482, 0.067262773, 0.110264831)),
    4: (-2791.4014697222, (1.673270290, 2.013149323, 1.467369972, 1.659166725),
        (0.125758836, 0.081713245, 0.068377992, 0.128942754)),
}  # fmt: skip


@pytest.mark.parametrize("columns", GLM)
def test_one_group_is_rs_glm_on_ns(shared: Path, columns: int) -> None:
    loglik, expected, errors = GLM[columns]
    panel = simulated(shared, "sim_pois_N500").take(np.arange(60))
    settings = TrajectorySettings(family="poisson", groups=1, order=columns, basis="spline")
    fit = fit_trajectories(panel, settings=settings)
    (curve,) = fit.curves(0, WAVES)
    assert fit.log_likelihood == pytest.approx(loglik, abs=1e-6)
    assert curve.expected == pytest.approx(expected, rel=1e-6)
    assert curve.error == pytest.approx(errors, rel=1e-4)
