"""Selection, resampling, prediction, comparison, replication, adequacy, exports and charts on data of known truth."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import chi2

from trajectories.reference import records, toronto
from vestige.errors import SettingsError
from vestige.results import Result
from vestige.trajectories import (
    BootstrapSettings,
    Panel,
    SearchSettings,
    SelectionSettings,
    TrajectoryResult,
    TrajectorySettings,
    adequacy_findings,
    bootstrap_group_test,
    bootstrap_trajectories,
    compare_fits,
    cross_validate,
    expected_paths,
    fit_trajectories,
    predict_membership,
    predictive_checks,
    released_tables,
    replicate_trajectories,
    select_trajectories,
)
from vestige.trajectories.selection import adjusted_rand

QUICK = SearchSettings(starts=6, polished=3, split_merge_rounds=1)
MODEL = TrajectorySettings(family="poisson", groups=2, order=1, search=QUICK)
TIMES = np.linspace(-1.0, 1.0, 8)
SHARES = (0.7, 0.3)
CURVES = ((-0.5, 0.4), (1.4, -0.3))


def _truth(seed: int = 0, members: int = 400) -> tuple[Panel, np.ndarray]:
    generator = np.random.default_rng(seed)
    group = generator.choice(2, size=members, p=SHARES)
    rate = np.exp(np.array([[one + two * time for time in TIMES] for one, two in CURVES]))
    return Panel(generator.poisson(rate[group]).astype(float), TIMES), group


@pytest.fixture(scope="module")
def fit() -> TrajectoryResult:
    return fit_trajectories(_truth()[0], settings=MODEL)


def test_known_truth_is_found(fit: TrajectoryResult) -> None:
    _, group = _truth()
    assert (fit.assignments - 1 == group).mean() > 0.98
    rows = {(row["group"], row["name"]): row for row in fit.table("parameters").to_pylist()}
    for number, (intercept, slope) in enumerate(CURVES, 1):
        for name, truth in (("intercept", intercept), ("linear", slope)):
            row = rows[number, name]
            assert abs(row["estimate"] - truth) < 3.5 * row["standard_error"]
    assert isinstance(fit, Result)
    for name in fit.table_names:
        assert fit.table(name).num_rows > 0
    with pytest.raises(SettingsError, match="no table"):
        fit.table("winner")
    assert "2 groups" in fit.summary()


def test_model_and_clustered_errors_agree_when_the_model_is_true(fit: TrajectoryResult) -> None:
    robust = fit_trajectories(_truth()[0], settings=replace(MODEL, robust=True))
    assert robust.estimates.values == pytest.approx(fit.estimates.values, abs=1e-6)
    assert robust.estimates.errors == pytest.approx(fit.estimates.errors, rel=0.25)
    assert (robust.estimates.errors != fit.estimates.errors).any()


def test_a_wald_test_of_one_parameter_is_its_squared_z(fit: TrajectoryResult) -> None:
    row = np.zeros(fit.estimates.values.size)
    row[1] = 1.0
    test = fit.wald(row)
    z = fit.estimates.values[1] / fit.estimates.errors[1]
    assert test.statistic == pytest.approx(z**2)
    assert test.p_value == pytest.approx(chi2.sf(z**2, 1))
    with pytest.raises(SettingsError, match="redundant"):
        fit.wald(np.vstack([row, row]))


def test_simultaneous_bands_are_wider_than_pointwise_ones(fit: TrajectoryResult) -> None:
    for curve in fit.curves():
        assert (curve.band_low < curve.low).all()
        assert (curve.low < curve.expected).all()
        assert (curve.expected < curve.high).all()
        assert (curve.high < curve.band_high).all()


def test_selection_gives_the_whole_table_and_the_truth_wins() -> None:
    settings = SelectionSettings(model=MODEL, groups=(1, 2, 3), orders=(0, 1))
    result = select_trajectories(_truth()[0], settings=settings)
    models = result.table("models").to_pylist()
    assert [(row["groups"], row["order"]) for row in models] == [
        (1, "0"), (1, "1"), (2, "0"), (2, "1"), (3, "0"), (3, "1")
    ]  # fmt: skip
    assert result.best().classes == 2
    assert result.best("aic").classes >= 2
    logliks = [row["log_likelihood"] for row in models if row["order"] == "1"]
    assert logliks == sorted(logliks)
    assert next(row["split_half_rand"] for row in models if row["groups"] == 2) > 0.95
    assert result.table("stability").num_rows == 2
    answers = {row["item"]: (row["answer"], row["report"]) for row in result.table("grolts").to_pylist()}
    assert answers["11"] == ("met", "6 models, with 1, 2, 3 groups.")
    assert answers["7"] == ("met", "Orders fitted: 0; 1.")
    assert "K = 2, order 1: " in answers["10"][1]
    assert "bic_members" in result.summary()


def test_the_order_of_each_group_is_found() -> None:
    """Three groups of orders 0, 1 and 2, from a start with order 2 throughout; every model tried is in the table."""
    generator = np.random.default_rng(4)
    curves = (np.full(8, -0.5), 1.5 - 0.9 * TIMES, 1.0 - 1.5 * TIMES**2)
    group = generator.choice(3, size=600, p=(0.4, 0.3, 0.3))
    values = generator.poisson(np.exp(np.array(curves))[group]).astype(float)
    settings = SelectionSettings(
        model=replace(MODEL, order=2), groups=(2, 3), search_orders=True, highest_order=3, split_halves=False
    )
    result = select_trajectories(Panel(values, TIMES), settings=settings)
    best = result.best()
    levels = np.argsort([curve.expected.mean() for curve in best.curves()])
    true_levels = np.argsort([np.exp(curve).mean() for curve in curves])
    orders = np.array(best.settings.order)
    assert orders[levels].tolist() == np.array([0, 1, 2])[true_levels].tolist()
    models = result.table("models").to_pylist()
    assert len({(row["groups"], row["order"]) for row in models}) == len(models) > 6
    at_best = [row for row in models if row["groups"] == 3 and row["bic_members"] == best.criteria.bic_members]
    assert at_best[0]["starts"] > 1
    with pytest.raises(SettingsError, match="splines"):
        SelectionSettings(model=replace(MODEL, basis="spline"), search_orders=True)


def test_a_null_of_one_group_keeps_one_group() -> None:
    values = np.random.default_rng(5).poisson(1.5, (300, 6)).astype(float)
    settings = SelectionSettings(model=replace(MODEL, order=0), groups=(1, 2), split_halves=False)
    assert select_trajectories(values, settings=settings).best().classes == 1


def test_adjusted_rand_index_has_its_closed_form() -> None:
    """Hubert and Arabie (1985): relabelling changes nothing, and the textbook 2 x 2 example gives -0.5."""
    labels, ones = np.array([0, 0, 1, 1]), np.ones(4)
    assert adjusted_rand(labels, 1 - labels, ones) == pytest.approx(1.0)
    assert adjusted_rand(labels, np.array([0, 1, 0, 1]), ones) == pytest.approx(-0.5)


@pytest.mark.parametrize("kind", ["non-parametric", "parametric"])
def test_bootstrap_errors_are_near_the_analytic_ones(fit: TrajectoryResult, kind: str) -> None:
    drawn = bootstrap_trajectories(fit, settings=BootstrapSettings(kind=kind, draws=60), seed=1)
    errors = np.array(drawn.table("parameters").column("standard_error").to_pylist())
    assert errors == pytest.approx(fit.estimates.errors, rel=0.4)
    groups = drawn.table("groups").to_pylist()
    assert all(row["low"] < row["estimate"] < row["high"] for row in groups)


def test_the_bootstrap_test_sees_two_groups_and_not_three(fit: TrajectoryResult) -> None:
    one, three = (fit_trajectories(_truth()[0], settings=replace(MODEL, groups=groups)) for groups in (1, 3))
    assert bootstrap_group_test(one, fit, draws=19, seed=1).p_value == pytest.approx(0.05)
    assert bootstrap_group_test(fit, three, draws=19, seed=1).p_value > 0.05
    with pytest.raises(SettingsError, match="one group more"):
        bootstrap_group_test(one, three, draws=19)


def test_cross_validated_error_is_crimcvs(shared: Path) -> None:
    """crimCV 1.0.0, TO1adj, ZIPt, two groups, where its fit reaches the best optimum: CVE 1.0202."""
    fit = fit_trajectories(
        toronto(shared, "crimCV_TO1adj"), settings=TrajectorySettings(family="zip-tau", groups=2, order=2, search=QUICK)
    )
    reference = records(shared, "crimCV_TO1adj.ref_CVE")[1]
    found = cross_validate(fit)
    assert fit.log_likelihood == pytest.approx(reference["loglik"], abs=0.01)
    assert found.mean_absolute_error == pytest.approx(reference["CVE_mean_abs"], abs=2e-3)
    assert found.deviance == pytest.approx(reference["LOO_minus2loglik"], rel=2e-3)


def test_prediction_repeats_the_fit_and_takes_partial_histories(fit: TrajectoryResult) -> None:
    panel, group = _truth()
    predicted = predict_membership(fit, panel)
    assert np.column_stack([predicted.column(f"posterior_{own}") for own in (1, 2)]) == pytest.approx(fit.posterior)
    partial = panel.values.copy()
    partial[:, 2:] = np.nan
    early = predict_membership(fit, replace(panel, values=partial))
    assert (np.array(early.column("group")) - 1 == group).mean() > 0.85
    surest = np.column_stack([early.column(f"posterior_{own}") for own in (1, 2)]).max(axis=1)
    assert surest.mean() < fit.posterior.max(axis=1).mean() - 0.005
    silent = predict_membership(fit, Panel(np.zeros((1, 8)), TIMES))
    assert silent.column("group").to_pylist() == [1]


def test_expected_paths_are_the_curves(fit: TrajectoryResult) -> None:
    found = expected_paths(fit, TIMES)
    assert found.column("expected").to_pylist()[:8] == pytest.approx(fit.curves()[0].expected)
    with pytest.raises(SettingsError, match="covariates do not fit"):
        expected_paths(fit, TIMES, covariates=np.ones((8, 1)))


def test_observed_paths_are_per_unit_of_exposure() -> None:
    """Expected paths are those at exposure 1; drawn beside raw means they would look as if the model did not fit."""
    generator = np.random.default_rng(3)
    exposure = generator.uniform(0.2, 0.6, (400, 8))
    high = generator.random(400) < 0.4
    rate = np.exp(np.where(high, 1.8, 0.2)[:, None] + 0.3 * TIMES)
    panel = Panel(generator.poisson(rate * exposure).astype(float), TIMES, exposure=exposure)
    rows = fit_trajectories(panel, settings=MODEL).table("trajectories").to_pylist()
    assert np.array([row["observed"] / row["expected"] for row in rows]) == pytest.approx(1.0, abs=0.2)


def test_comparison_matches_groups_and_crosses_assignments(fit: TrajectoryResult) -> None:
    three = fit_trajectories(_truth()[0], settings=replace(MODEL, groups=3))
    found = compare_fits(fit, three)
    assert len(set(found.matched)) == 2
    assert found.transitions.sum() == 400
    same = compare_fits(fit, fit)
    assert same.matched.tolist() == [1, 2]
    assert same.adjusted_rand == pytest.approx(1.0)
    with pytest.raises(SettingsError, match="fewer groups"):
        compare_fits(three, fit)


def test_replication_on_a_forum_of_the_same_kind_loses_little(fit: TrajectoryResult) -> None:
    found = replicate_trajectories(fit, _truth(seed=9)[0])
    assert 0.0 <= found.loss < 15.0
    assert found.fixed_shares == pytest.approx(SHARES, abs=0.08)
    assert found.comparison.matched.tolist() == [1, 2]


def test_adequacy_is_said_in_words(fit: TrajectoryResult) -> None:
    assert adequacy_findings(fit) == ()
    assert all(row["average_posterior"] > 0.95 for row in fit.table("adequacy").to_pylist())
    checks = {check.statistic: check for check in predictive_checks(fit, draws=60)}
    assert checks["share of zeros"].p_value > 0.02
    noise = np.random.default_rng(1).negative_binomial(0.5, 0.2, (300, 8)).astype(float)
    bad = fit_trajectories(Panel(noise, TIMES), settings=MODEL)
    worse = {check.statistic: check for check in predictive_checks(bad, draws=60)}
    assert worse["share of zeros"].p_value < 0.05
    items = fit.table("grolts").to_pylist()
    assert [row["item"] for row in items][:5] == ["1", "2", "3a", "3b", "3c"]
    assert len(items) == 21


def test_what_leaves_of_a_dataset_hides_small_groups() -> None:
    panel, _ = _truth(members=40)
    values = np.vstack([panel.values, np.full((4, 8), 60.0)])
    fit = fit_trajectories(Panel(values, TIMES), settings=replace(MODEL, groups=3))
    tables = released_tables(fit)
    assert "assignments" not in tables
    counts = tables["groups"].column("assigned_members").to_pylist()
    assert counts[-1] is None
    assert all(count % 5 == 0 for count in counts if count is not None)
    rows = [row for row in tables["trajectories"].to_pylist() if row["group"] == 3]
    assert all(row["observed"] is None for row in rows)


@pytest.mark.parametrize("name", ["trajectories", "observed", "adequacy"])
def test_charts_draw(fit: TrajectoryResult, name: str) -> None:
    import vl_convert

    assert vl_convert.vegalite_to_svg(fit.plot(name).to_json()).count("<path") > 5
    with pytest.raises(SettingsError, match="no chart"):
        fit.plot("pie")


def test_a_large_panel_is_searched_on_a_part_and_finished_on_everybody() -> None:
    panel, _ = _truth(members=3000)
    search = replace(QUICK, search_members=500)
    part = fit_trajectories(panel, settings=replace(MODEL, search=search))
    whole = fit_trajectories(panel, settings=MODEL)
    assert part.search.searched_members == 500
    assert part.log_likelihood == pytest.approx(whole.log_likelihood, abs=1e-4)
    assert "searched-part" in {finding.code for finding in part.findings}
