"""Agreement between coders against published examples, stored values of other programs, and definitions."""

import json
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.inter_rater import cohens_kappa, fleiss_kappa

from vestige.casefiles.agreement import AgreementSettings, CodingMatrix, Level, measure_agreement, plan_double_coding
from vestige.casefiles.agreement.coefficients import (
    Weighting,
    agreement_weights,
    chance_corrected,
    cohen_kappa,
    cohen_variance,
    krippendorff_alpha,
    linearised_variance,
)
from vestige.casefiles.agreement.matrix import compress
from vestige.casefiles.check import open_study
from vestige.casefiles.templates import new_study
from vestige.cli import run
from vestige.errors import SettingsError

NAN = float("nan")
FOUR_CODERS = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, NAN, NAN, NAN],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NAN, 3],
        [NAN, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NAN],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NAN],
    ]
).T
"""Krippendorff (2011), example C: twelve units, four coders, missing codes; also irrCAC's cac.raw4raters (Gwet)."""

NO_BOOTSTRAP = AgreementSettings(bootstrap=0)


def value(matrix, coefficient):
    return measure_agreement(matrix, settings=NO_BOOTSTRAP).estimate(coefficient).value


@pytest.mark.parametrize(
    ("level", "published"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849), ("ratio", 0.797)]
)
def test_alpha_of_krippendorffs_example(level, published):
    """Published by Krippendorff (2011); to more digits from the package krippendorff 0.9.0:

    krippendorff.alpha(reliability_data=FOUR_CODERS.T, level_of_measurement=level)
    """
    found = value(CodingMatrix.of_values(FOUR_CODERS, level=level), f"alpha-{level}")
    stored = {
        "nominal": 0.743421052631579,
        "ordinal": 0.8153875037548814,
        "interval": 0.8491071428571428,
        "ratio": 0.7974027747116121,
    }
    assert found == pytest.approx(published, abs=5e-4)
    assert found == pytest.approx(stored[level], abs=1e-12)


@pytest.mark.parametrize(
    ("weighting", "chance", "stored", "error"),
    [
        ("identity", "fleiss", 0.7611692754, 0.1530192035),
        ("identity", "gwet", 0.7754440681, 0.1429499506),
        ("identity", "brennan-prediger", 0.7727272727, 0.1447166199),
        ("linear", "fleiss", 0.8179447671, 0.1485043555),
        ("linear", "gwet", 0.8587391364, 0.1173290219),
        ("linear", "brennan-prediger", 0.8484848485, 0.1233561245),
        ("quadratic", "fleiss", 0.8649350649, 0.1460336108),
        ("quadratic", "gwet", 0.9140007236, 0.1039622446),
        ("quadratic", "brennan-prediger", 0.9015151515, 0.1108943750),
    ],
)
def test_values_and_standard_errors_of_irrcac(weighting, chance, stored, error):
    """From irrCAC 0.4.4: CAC(pandas.DataFrame(FOUR_CODERS), weights=weighting, digits=10).fleiss()["est"]."""
    matrix = CodingMatrix.of_values(FOUR_CODERS)
    patterns, agreeing = compress(matrix), agreement_weights(5, Weighting(weighting))
    found = chance_corrected(patterns, patterns.weights[None], agreeing, chance)[0]
    assert found == pytest.approx(stored, abs=1e-9)
    assert linearised_variance(patterns, agreeing, chance) ** 0.5 == pytest.approx(error, abs=1e-9)


def test_published_values_reach_the_result():
    """Gwet's data: AC1 0.7754, Fleiss 0.7612 (irrCAC vignette); observed agreement 0.8182."""
    result = measure_agreement(CodingMatrix.of_values(FOUR_CODERS, level="ordinal"), seed=3)
    for coefficient, published in (("gwet-ac1", 0.7754), ("fleiss", 0.7612), ("percent", 0.8182)):
        assert result.estimate(coefficient).value == pytest.approx(published, abs=5e-5)
    alpha = result.estimate("alpha-ordinal")
    assert alpha.low < alpha.value < alpha.high
    assert alpha.units == 11
    assert result.estimate("gwet-ac2").value == pytest.approx(0.9140007236, abs=1e-9)


@pytest.mark.parametrize(("weights", "ours"), [(None, "identity"), ("linear", "linear"), ("quadratic", "quadratic")])
def test_cohen_and_its_variance_equal_statsmodels(weights, ours):
    """statsmodels.stats.inter_rater.cohens_kappa(table, wt=...) gives kappa and the variance of Fleiss (1969)."""
    table = np.array([[13.0, 2, 0], [1, 20, 7], [0, 4, 56]])
    oracle = cohens_kappa(table, wt=weights)
    agreeing = agreement_weights(3, Weighting(ours))
    assert cohen_kappa(table[None], agreeing)[0] == pytest.approx(oracle.kappa, abs=1e-12)
    assert cohen_variance(table, agreeing) == pytest.approx(oracle.var_kappa, abs=1e-12)


def test_fleiss_without_missing_codes_equals_statsmodels():
    codes = np.random.default_rng(5).integers(0, 4, (40, 3))
    counts = np.stack([(codes == code).sum(axis=1) for code in range(4)], axis=1)
    assert value(CodingMatrix.of_values(codes), "fleiss") == pytest.approx(fleiss_kappa(counts), abs=1e-12)


def naive_alpha(values, level):
    """Krippendorff's alpha straight from its definition: every pair of codes within units, and of all codes."""
    units = [[code for code in unit if not np.isnan(code)] for unit in values]
    units = [unit for unit in units if len(unit) > 1]
    everything = sorted(code for unit in units for code in unit)

    def distance(one, other):
        if one == other:
            return 0.0
        if level == "nominal":
            return 1.0
        if level == "interval":
            return (one - other) ** 2
        if level == "ratio":
            return ((one - other) / (one + other)) ** 2
        low, high = min(one, other), max(one, other)
        between = sum(low <= code <= high for code in everything)
        return (between - (everything.count(one) + everything.count(other)) / 2) ** 2

    total = len(everything)
    observed = sum(2 * sum(distance(a, b) for a, b in combinations(unit, 2)) / (len(unit) - 1) for unit in units) / max(
        total, 1
    )
    expected = 2 * sum(distance(a, b) for a, b in combinations(everything, 2)) / max(total * (total - 1), 1)
    return None if expected == 0 else 1 - observed / expected


codings = st.integers(2, 4).flatmap(
    lambda coders: st.lists(
        st.lists(st.sampled_from([1.0, 2.0, 3.0, 7.0, NAN]), min_size=coders, max_size=coders), min_size=1, max_size=12
    )
)


@settings(deadline=None, max_examples=80)
@given(codings, st.sampled_from(["nominal", "ordinal", "interval", "ratio"]), st.randoms(use_true_random=False))
def test_alpha_equals_its_definition_whatever_the_order(values, level, shuffler):
    numbers = np.array(values)
    expected = naive_alpha(values, level)
    rows, columns = list(range(len(numbers))), list(range(numbers.shape[1]))
    shuffler.shuffle(rows)
    shuffler.shuffle(columns)
    for each in (numbers, numbers[rows][:, columns]):
        matrix = CodingMatrix.of_values(each, level=level)
        patterns = compress(matrix)
        found = krippendorff_alpha(patterns, patterns.weights[None], matrix.scores, matrix.level)[0]
        assert np.isnan(found) if expected is None else found == pytest.approx(expected, abs=1e-9)


@settings(deadline=None, max_examples=30)
@given(codings, st.integers(0, 2**32 - 1))
def test_weights_of_patterns_mean_resampled_units(values, seed):
    """A replicate's weights give what the resampled matrix itself gives, so the bootstrap is one over units."""
    matrix = CodingMatrix.of_values(values)
    patterns = compress(matrix, keep_units=True)
    chosen = np.random.default_rng(seed).integers(0, len(matrix.codes), len(matrix.codes))
    weights = np.bincount(patterns.unit_pattern[chosen], minlength=len(patterns.weights)).astype(float)
    resampled = CodingMatrix(matrix.codes[chosen], matrix.scores, matrix.labels, matrix.coders)
    again = compress(resampled)
    one = krippendorff_alpha(patterns, weights[None], matrix.scores, Level.NOMINAL)
    other = krippendorff_alpha(again, again.weights[None], matrix.scores, Level.NOMINAL)
    assert np.allclose(one, other, equal_nan=True)


def test_jackknife_equals_deleting_units_one_by_one():
    matrix = CodingMatrix.of_values(FOUR_CODERS, level="interval")
    kept = FOUR_CODERS[(~np.isnan(FOUR_CODERS)).sum(axis=1) > 1]
    without = [
        value(CodingMatrix.of_values(np.delete(kept, row, axis=0), level="interval"), "alpha-interval")
        for row in range(11)
    ]
    expected = (10 / 11 * np.sum((np.array(without) - np.mean(without)) ** 2)) ** 0.5
    found = measure_agreement(matrix, settings=NO_BOOTSTRAP).estimate("alpha-interval").standard_error
    assert found == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("level", list(Level))
def test_undefined_is_said_where_nothing_varies(level):
    result = measure_agreement(CodingMatrix.of_values(np.full((20, 3), 2.0), level=level))
    for estimate in result.scopes[0].estimates:
        if estimate.coefficient == "percent":
            assert estimate.value == 1
        else:
            assert estimate.value is None
            assert "no variation" in estimate.undefined
    assert any(finding.code == "undefined-agreement" for finding in result.findings) or "undefined" in result.summary()


def test_undefined_without_a_double_coded_unit():
    estimates = measure_agreement(CodingMatrix.of_values([[1, NAN], [NAN, 2]])).scopes[0].estimates
    assert {estimate.value for estimate in estimates} == {None}
    assert all("two coders" in estimate.undefined for estimate in estimates)


def test_missing_is_no_category():
    """Units and coders without codes change no estimate of agreement."""
    padded = np.vstack([FOUR_CODERS, np.full((30, 4), NAN)])
    padded = np.hstack([padded, np.full((42, 1), NAN)])
    for coefficient in ("percent", "fleiss", "gwet-ac1", "brennan-prediger", "alpha-ordinal"):
        one = measure_agreement(CodingMatrix.of_values(FOUR_CODERS, level="ordinal"), settings=NO_BOOTSTRAP)
        other = measure_agreement(CodingMatrix.of_values(padded, level="ordinal"), settings=NO_BOOTSTRAP)
        assert one.estimate(coefficient).value == pytest.approx(other.estimate(coefficient).value, abs=1e-12)
        assert one.estimate(coefficient).standard_error == pytest.approx(other.estimate(coefficient).standard_error)


def test_many_codes_and_coders_are_compressed_by_sorting():
    codes = np.random.default_rng(1).integers(0, 40, (500, 14)).astype(float)
    patterns = compress(CodingMatrix.of_values(codes))
    assert patterns.weights.sum() == 500
    assert patterns.counts.sum() == 500 * 14


def test_bootstrap_interval_covers_the_truth():
    """Two coders who share a code with probability 0.6, else draw from (0.7, 0.3): kappa is 0.6.

    Of 200 samples of 100 units, about 95 % of the 95 % intervals hold it; fewer than 90 % has a chance below 0.002.
    """
    rng = np.random.default_rng(11)
    held = analytic = 0
    for seed in range(200):
        one, other = (rng.random((2, 100)) < 0.3).astype(float)
        shared = rng.random(100) < 0.6
        result = measure_agreement(
            CodingMatrix.of_values(np.column_stack([one, np.where(shared, one, other)])),
            settings=AgreementSettings(bootstrap=300),
            seed=seed,
        )
        kappa = result.estimate("cohen")
        held += kappa.low <= 0.6 <= kappa.high
        analytic += kappa.analytic_low <= 0.6 <= kappa.analytic_high
    assert min(held, analytic) >= 180


@pytest.mark.parametrize(("prevalence", "kappa"), [(0.2, 0.7), (0.5, 0.4), (0.05, 0.8)])
def test_planned_units_follow_the_closed_form_for_two_codes(prevalence, kappa):
    """Blackman and Koval (2000): with equal margins, the variance of one unit is

    (1 - k) [(1 - k)(1 - 2k) + k (2 - k) / (2 p (1 - p))].
    """
    spread = (1 - kappa) * ((1 - kappa) * (1 - 2 * kappa) + kappa * (2 - kappa) / (2 * prevalence * (1 - prevalence)))
    plan = plan_double_coding([prevalence, 1 - prevalence], kappa=kappa, half_width=0.1)
    assert plan.units == int(np.ceil(spread * (1.959963984540054 / 0.1) ** 2))


@pytest.mark.parametrize(
    "wrong", [{"prevalence": [0.5, 0.6]}, {"prevalence": [1.0]}, {"prevalence": [0.5, 0.5], "kappa": 1.0}]
)
def test_plans_refuse_what_cannot_be(wrong):
    with pytest.raises(SettingsError):
        plan_double_coding(**wrong)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("agreement") / "study"
    new_study(folder, "worked-example")
    return open_study(folder)


def test_study_per_item_structure_and_overall(study):
    result = measure_agreement(study, seed=1)
    assert {scope.scope for scope in result.scopes} == {"item", "structure", "overall"}
    sanctions = result.estimate("percent", scope="item", name="sanctions")
    assert (sanctions.value, sanctions.units) == (pytest.approx(5 / 6), 6)
    own = [
        result.estimate("percent", scope="item", name=item) for item in ("rules-of-conduct", "sanctions", "admission")
    ]
    pooled = result.estimate("percent", scope="structure", name="illegal-governance").value
    assert pooled == pytest.approx(np.average([e.value for e in own], weights=[e.units for e in own]))
    assert any(finding.code == "bands-compared-as-words" for finding in result.findings)
    assert result.provenance.dataset_digest == study.digest
    assert "overall: 88 % agreement" in result.summary()
    assert result.estimate("percent", scope="item", name="hierarchy").low is None


def test_a_study_without_codings_or_without_units_of_a_level(tmp_path):
    new_study(tmp_path / "study", "market-needs")
    checklist = tmp_path / "study" / "checklist.toml"
    item = '[[item]]\ncode = "young"\nlabel = "Young?"\nkind = "yes-no"\nlevel = "suspect"\n'
    checklist.write_text(checklist.read_text() + item)
    codings = tmp_path / "study" / "codings"
    (codings / "coder-2.csv").write_text((codings / "coder-1.csv").read_text())
    result = measure_agreement(open_study(tmp_path / "study"))
    assert {estimate.value for scope in result.scopes for estimate in scope.estimates} == {None}
    assert result.table("disagreements").num_rows == 0


def test_disagreements_name_pages_and_decisions(study):
    rows = measure_agreement(study, settings=NO_BOOTSTRAP).table("disagreements").to_pylist()
    assert len(rows) == 8
    settled = next(row for row in rows if (row["unit"], row["item"]) == ("case-3", "proceeds"))
    assert settled["values"] == "no / yes"
    assert (settled["settled_value"], settled["settled_by"]) == ("no", "coder-3")
    assert settled["settled_on"].isoformat() == "2018-10-02"
    assert settled["pages"] == "48 / 48"


def test_drift_compares_rounds_within_and_between_coders(study):
    rows = {
        (r["comparison"], r["who"], r["rounds"]): r
        for r in measure_agreement(study, settings=NO_BOOTSTRAP).table("drift").to_pylist()
    }
    assert rows["within coder", "coder-2", "1 and 2"]["percent"] == pytest.approx(0.5)
    assert rows["within coder", "coder-1", "1 and 2"]["percent"] == pytest.approx(0.75)
    assert rows["within round", "coder-1, coder-2", "2"]["units"] == 4


def test_prevalence_and_bias_of_two_codes_follow_byrt():
    """a = 40, b = 9, c = 6, d = 45: prevalence index |a - d| / n = 0.05, bias index |b - c| / n = 0.03."""
    values = np.repeat([[0, 0], [0, 1], [1, 0], [1, 1]], [40, 9, 6, 45], axis=0)
    row = measure_agreement(CodingMatrix.of_values(values), settings=NO_BOOTSTRAP).table("pairs").to_pylist()[0]
    assert (row["prevalence_index"], row["bias_index"]) == (pytest.approx(0.05), pytest.approx(0.03))
    assert row["kappa"] == pytest.approx((0.85 - 0.5008) / (1 - 0.5008))


def test_one_coder_is_not_enough():
    with pytest.raises(SettingsError):
        measure_agreement(CodingMatrix.of_values([[1], [2]]))


def test_command_line(study, capsys):
    assert run(["casefile", "agreement", str(study.folder), "--bootstrap", "50"]) == 0
    assert "overall: 88 % agreement" in capsys.readouterr().out
    assert run(["casefile", "agreement", str(study.folder), "--table", "disagreements", "--bootstrap", "0"]) == 0
    assert "coder-3" in capsys.readouterr().out
    assert run(["casefile", "agreement", str(study.folder), "--table", "nothing"]) == 2
    assert run(["casefile", "plan", "--prevalence", "0.2,0.8"]) == 0
    assert "314 units" in capsys.readouterr().out
    assert run(["casefile", "plan", "--prevalence", "a,b"]) == 2


def test_json_of_agreement(study, capsys):
    assert run(["casefile", "agreement", str(study.folder), "--bootstrap", "20", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    result = measure_agreement(study, settings=AgreementSettings(bootstrap=20))
    assert {name: len(table["rows"]) for name, table in shown["tables"].items()} == {
        name: result.table(name).num_rows for name in result.table_names
    }
    assert shown["provenance"]["dataset_digest"] == study.digest
    assert {finding["severity"] for finding in shown["findings"]} == {"caution", "note"}
    one = ["casefile", "agreement", str(study.folder), "--bootstrap", "0", "--table", "disagreements", "--json"]
    assert run(one) == 0
    disagreements = json.loads(capsys.readouterr().out)["tables"]["disagreements"]["rows"]
    assert "2018-10-02" in {row["settled_on"] for row in disagreements}
