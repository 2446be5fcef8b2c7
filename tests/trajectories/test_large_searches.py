"""Searches on random parts: what they find, what they say, and that everybody's optimum is reached."""

import numpy as np
import pytest

from vestige.trajectories import Panel, SearchSettings, TrajectoryResult, TrajectorySettings, fit_trajectories
from vestige.trajectories.assemble import prepare
from vestige.trajectories.histories import sparse_counts
from vestige.trajectories.maximise import NEAR_GAIN, newton, quasi_newton

MEMBERS, TIMES, RARE = 8_000, 12, 40


@pytest.fixture(scope="module")
def panel() -> Panel:
    """Two groups of thousands, and 40 members of 8,000 who post in the last months alone."""
    generator = np.random.default_rng(11)
    scaled = np.linspace(-1.0, 1.0, TIMES)
    rates = np.exp(np.stack([0.4 - 0.8 * scaled, 1.6 + 0.3 * scaled, -2.0 + 5.0 * scaled]))
    group = np.where(np.arange(MEMBERS) < RARE, 2, generator.integers(0, 2, MEMBERS))
    counts = generator.poisson(rates[group])
    return Panel(sparse_counts(counts), scaled)


def _fit(panel: Panel, **search: int) -> TrajectoryResult:
    chosen = SearchSettings(starts=4, polished=2, split_merge_rounds=2, **search)
    return fit_trajectories(panel, settings=TrajectorySettings(family="poisson", groups=3, order=1, search=chosen))


def test_a_group_too_small_for_the_first_part_shows_in_the_second(panel: Panel) -> None:
    """Of the 40, half a member is expected in a part of 100: only the part of 4,000, with 20, can show them."""
    everybody = _fit(panel, search_members=10_000, check_members=10_000)
    parts = _fit(panel, search_members=100, check_members=4_000)
    assert parts.log_likelihood == pytest.approx(everybody.log_likelihood, abs=1e-3)
    assert parts.shares.min() == pytest.approx(RARE / MEMBERS, abs=0.001)
    texts = {finding.code: finding.text for finding in parts.findings}
    assert "100 members" in texts["searched-part"]
    assert "4,000" in texts["searched-part"]
    assert "fewer than 0.25% of the members" in texts["small-groups-unseen"]
    assert not {"searched-part", "small-groups-unseen"} & {finding.code for finding in everybody.findings}


def test_quasi_newton_from_a_parts_information_ends_at_everybodys_optimum(panel: Panel) -> None:
    """From where a part's optimum lies about, and with nine tenths of the information, to within the last gain."""
    model = TrajectorySettings(family="poisson", groups=3, order=1)
    evaluator = prepare([panel], [model]).shared(3)
    fit = _fit(panel, search_members=10_000, check_members=10_000)
    best, observed = fit.parameters, fit.search.information.observed
    near = best + np.random.default_rng(2).normal(0.0, 0.3, best.size) / np.sqrt(np.diag(observed))
    reached = quasi_newton(evaluator, near, 0.9 * observed, limit=20)
    assert reached.converged
    assert reached.loglik == pytest.approx(newton(evaluator, near, limit=40)[0].loglik, abs=3 * NEAR_GAIN)
    gap = reached.parameters - best
    assert 0.5 * gap @ observed @ gap < 3 * NEAR_GAIN


def test_quasi_newton_climbs_from_afar_and_never_goes_down(panel: Panel) -> None:
    """Groups hardly apart, and information off by up to ten times: up all the way."""
    model = TrajectorySettings(family="poisson", groups=3, order=1)
    evaluator = prepare([panel], [model]).shared(3)
    start = np.linspace(-0.2, 0.2, evaluator.layout.size)
    observed = np.diag(np.geomspace(0.1, 10.0, start.size)) * evaluator.members
    values = [quasi_newton(evaluator, start, observed, limit=limit).loglik for limit in (1, 5, 10, 20, 40, 80)]
    assert np.all(np.diff(values) >= 0.0)
    assert values[-1] > values[0] + 1_000.0
    assert not quasi_newton(evaluator, start, observed, limit=5).converged
