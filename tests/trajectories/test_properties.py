"""Properties of every family and of the likelihood: derivatives, invariances, monotone EM."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vestige.trajectories import Family, Panel, PathSettings, SearchSettings, TrajectorySettings, fit_trajectories
from vestige.trajectories.assemble import prepare
from vestige.trajectories.families import family_model
from vestige.trajectories.histories import sparse_counts
from vestige.trajectories.initial import initial_parameters
from vestige.trajectories.likelihood import Evaluator
from vestige.trajectories.maximise import expect_maximise, maximisation
from vestige.trajectories.search import take_patterns

STEP = 1e-5
QUICK = SearchSettings(starts=4, polished=2, split_merge_rounds=1)


def _settings(family: Family) -> PathSettings:
    limits = {"minimum": -1.0, "maximum": 1.5} if family is Family.CNORM else {}
    return PathSettings(family=family, order=1, zero_order=1, **limits)


def _responses(family: Family, generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    if family is Family.LOGIT:
        return (generator.random(shape) < 0.4).astype(float)
    if family is Family.BETA:
        return generator.beta(2.0, 3.0, shape)
    if family is Family.CNORM:
        return np.clip(generator.normal(0.3, 1.2, shape), -1.0, 1.5)
    return generator.negative_binomial(0.8, 0.2, shape).astype(float) * generator.choice([1, 1, 1, 150], shape)


@pytest.mark.parametrize("family", Family)
@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=15, deadline=None)
def test_family_derivatives_match_finite_differences(family: Family, seed: int) -> None:
    generator = np.random.default_rng(seed)
    model = family_model(_settings(family))
    response = _responses(family, generator, (6, 1))
    predictors = [generator.normal(0.0, 1.0, (6, 3)) for _ in model.predictors]
    jets = model.jets(response, predictors)
    assert jets.value == pytest.approx(model.log_density(response, predictors))
    means = model.mean_gradient(predictors)
    for moved in range(len(predictors)):
        up = [value + STEP * (place == moved) for place, value in enumerate(predictors)]
        down = [value - STEP * (place == moved) for place, value in enumerate(predictors)]
        slope = (model.log_density(response, up) - model.log_density(response, down)) / (2 * STEP)
        assert jets.first[moved] == pytest.approx(slope, rel=2e-5, abs=2e-4)
        assert means[moved] == pytest.approx((model.mean(up) - model.mean(down)) / (2 * STEP), rel=1e-5, abs=1e-6)
        above, below = model.jets(response, up), model.jets(response, down)
        for other in range(len(predictors)):
            bend = (above.first[other] - below.first[other]) / (2 * STEP)
            pair = (min(moved, other), max(moved, other))
            assert jets.second[pair] == pytest.approx(bend, rel=2e-5, abs=2e-4)


def _evaluator(family: Family, seed: int, groups: int = 2) -> tuple[Evaluator, np.ndarray]:
    generator = np.random.default_rng(seed)
    values = _responses(family, generator, (40, 5))
    values[generator.random(values.shape) < 0.15] = np.nan
    values[np.isnan(values).all(axis=1), 0] = 0.5 if family is Family.BETA else 0.0
    values[0, 0] = 0.5 if family is Family.BETA else 1.0
    risk = generator.normal(size=(40, 1)).round()
    panel = Panel(
        values, np.linspace(1.0, 3.0, 5), risk_factors=risk, risk_factor_names=("risk",), weights=np.linspace(1, 2, 40)
    )
    evaluator = prepare([panel], [_settings(family)]).shared(groups)
    posterior = generator.dirichlet(np.ones(groups), evaluator.histories.patterns)
    sums = evaluator.sums_of(posterior)
    return evaluator, maximisation(evaluator, initial_parameters(evaluator, sums), sums, steps=3)


@pytest.mark.parametrize("family", Family)
@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=5, deadline=None)
def test_score_and_information_match_finite_differences(family: Family, seed: int) -> None:
    evaluator, parameters = _evaluator(family, seed)
    found = evaluator.information(parameters)
    for place in range(parameters.size):
        slope, curvature = _differences(evaluator, parameters, place)
        assert found.score[place] == pytest.approx(slope, rel=1e-4, abs=1e-2)
        assert found.observed[place] == pytest.approx(-curvature, rel=1e-4, abs=2e-2)


def _differences(evaluator: Evaluator, parameters: np.ndarray, place: int) -> tuple[float, np.ndarray]:
    """Derivatives of log-likelihood and score, central differences at two steps extrapolated (Richardson 1911)."""
    rough = []
    for step in (STEP, 2 * STEP):
        move = step * (np.arange(parameters.size) == place)
        above, below = evaluator.information(parameters + move), evaluator.information(parameters - move)
        rough.append(((above.loglik - below.loglik) / (2 * step), (above.score - below.score) / (2 * step)))
    (fine, fine_score), (coarse, coarse_score) = rough
    return (4 * fine - coarse) / 3, (4 * fine_score - coarse_score) / 3


@pytest.mark.parametrize("family", Family)
@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=8, deadline=None)
def test_em_never_lowers_the_likelihood(family: Family, seed: int) -> None:
    evaluator, parameters = _evaluator(family, seed, groups=3)
    last = evaluator.expectation(parameters).loglik
    for _ in range(6):
        optimum = expect_maximise(evaluator, parameters, limit=3, tolerance=0.0)
        assert optimum.loglik >= last - 1e-9 * abs(last)
        assert evaluator.expectation(optimum.parameters).loglik == pytest.approx(optimum.loglik, rel=1e-12)
        parameters, last = optimum.parameters, optimum.loglik


def _counts(seed: int, members: int = 120) -> Panel:
    generator = np.random.default_rng(seed)
    rate = np.where(generator.random((members, 1)) < 0.4, 3.0, 0.4)
    values = generator.poisson(rate, (members, 6)).astype(float)
    values[generator.random(values.shape) < 0.1] = np.nan
    values[:, 0] = np.nan_to_num(values[:, 0])
    return Panel(values, np.arange(6.0))


def _fit_loglik(panel: Panel) -> float:
    chosen = TrajectorySettings(family="zip", groups=2, order=1, search=QUICK)
    return fit_trajectories(panel, settings=chosen).log_likelihood


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=5, deadline=None)
def test_permuting_members_and_duplicating_with_weights_change_nothing(seed: int) -> None:
    panel = _counts(seed)
    order = np.random.default_rng(seed).permutation(panel.rows)
    plain = _fit_loglik(panel)
    assert _fit_loglik(panel.take(order)) == pytest.approx(plain, abs=1e-5)
    twice = panel.take(np.repeat(np.arange(panel.rows), 2))
    doubled = replace(panel, frequencies=np.full(panel.rows, 2.0))
    assert _fit_loglik(twice) == pytest.approx(2 * plain, abs=1e-5)
    assert _fit_loglik(doubled) == pytest.approx(2 * plain, abs=1e-5)


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=10, deadline=None)
def test_sparse_collapsed_and_plain_cells_give_one_likelihood(seed: int) -> None:
    """Zeros left out and patterns collapsed, against every cell listed for every member."""
    panel = _counts(seed, members=60)
    chosen = PathSettings(family="zip", order=2, zero_order=1)
    collapsed = prepare([replace(panel, values=sparse_counts(panel.values))], [chosen]).shared(3)
    listed = prepare([replace(panel, exposure=np.ones_like(panel.values))], [chosen]).shared(3)
    parameters = np.random.default_rng(seed).normal(0.0, 0.5, collapsed.layout.size)
    one, other = collapsed.information(parameters, robust=True), listed.information(parameters, robust=True)
    assert collapsed.histories.entries < listed.histories.entries
    assert one.loglik == pytest.approx(other.loglik, rel=1e-12)
    assert one.score == pytest.approx(other.score, rel=1e-9, abs=1e-9)
    assert one.observed == pytest.approx(other.observed, rel=1e-9, abs=1e-9)
    assert one.meat == pytest.approx(other.meat, rel=1e-9, abs=1e-9)


def test_the_same_seed_gives_the_same_answer_on_any_number_of_threads() -> None:
    import numba

    from vestige.trajectories import compiled

    panel = _counts(3, members=800)
    evaluator = prepare([panel], [PathSettings(family="zip", order=2, zero_order=1)]).shared(3)
    parameters = np.random.default_rng(0).normal(0.0, 0.3, evaluator.layout.size)
    results = []
    threads = numba.get_num_threads()
    for number, limit in ((1, 0), (threads, 0), (1, compiled.WORTH_THREADS)):
        numba.set_num_threads(number)
        worth, compiled.WORTH_THREADS = compiled.WORTH_THREADS, limit
        results.append(evaluator.information(parameters))
        compiled.WORTH_THREADS = worth
    numba.set_num_threads(threads)
    for other in results[1:]:
        assert other.loglik == results[0].loglik
        assert (other.observed == results[0].observed).all()


@given(seed=st.integers(0, 2**32 - 1), parts=st.integers(2, 5))
@settings(max_examples=10, deadline=None)
def test_passes_over_partitions_add_up(seed: int, parts: int) -> None:
    """E-steps over any split of the patterns sum to the E-step over all of them."""
    evaluator = prepare([_counts(seed)], [PathSettings(family="zip", order=1, zero_order=0)]).shared(3)
    parameters = np.random.default_rng(seed).normal(0.0, 0.5, evaluator.layout.size)
    whole, lists = evaluator.expectation(parameters), evaluator.histories
    label = np.random.default_rng(seed).integers(0, parts, lists.patterns)
    sums = []
    for part in range(parts):
        chosen = np.flatnonzero(label == part)
        own = Evaluator(evaluator.layout, evaluator.cells, take_patterns(lists, chosen, lists.weight[chosen]))
        sums.append(own.expectation(parameters))
    assert sum(own.loglik for own in sums) == pytest.approx(whole.loglik, rel=1e-12)
    assert sum(own.cell_weights for own in sums) == pytest.approx(whole.cell_weights, rel=1e-8, abs=1e-8)
    assert sum(own.kind_weights for own in sums) == pytest.approx(whole.kind_weights, rel=1e-8, abs=1e-8)
