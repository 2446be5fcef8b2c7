"""Likelihood ratios: costs against closed forms, calibration, known populations, limits, and what is refused."""

import json
import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm

from vestige.activity.cohorts import make_cohorts
from vestige.activity.likelihood_ratio import (
    LikelihoodRatioSettings,
    Populations,
    labelled_populations,
    measure_likelihood_ratio,
    two_profiles,
)
from vestige.activity.profile import ProfileResult, ProfileSettings
from vestige.activity.profile_reduce import Marks
from vestige.activity.verbal_scale import ENFSI_2015, VerbalScale, read_verbal_scale
from vestige.errors import SettingsError
from vestige.results import Provenance, Result
from vestige.statistics.calibration import best_calibration, fit_affine, least_cost, log_likelihood_ratio_cost

LOGS = st.lists(st.integers(-200, 200).map(lambda tenth: tenth / 10), min_size=1, max_size=40)


def pseudonym(number):
    return f"{number:032x}"


def profile_of(values):
    """A profile whose members have these marks; nothing else of it is needed here."""
    size = len(next(iter(values.values())))
    nothing = np.full(size, np.nan)
    marks = Marks(
        pseudonym=pa.array([pseudonym(n) for n in range(size)]), registered=nothing, values=values, unavailable={},
        window=None, reaches={}, exposure_days={}, undated={}, early=0, window_known=False,
    )  # fmt: skip
    return ProfileResult(
        figures={}, findings=(), provenance=Provenance("fit_profile", {}, 0, None), settings=ProfileSettings(),
        marks=marks, cohorts=make_cohorts(nothing, months=None, smallest=1),
    )  # fmt: skip


def two_normal(size, shift, seed=0):
    """Log posts and log views normal with variance 1 and means apart by `shift` on each; the member is the last row."""
    generator = np.random.default_rng(seed)
    label = np.arange(2 * size) < size
    logs = generator.normal(4 + np.where(label, shift / 2, -shift / 2)[:, None], 1, (2 * size, 2)).clip(0)
    logs = np.vstack((logs, np.full((1, 2), 4 + shift / 2)))
    profile = profile_of({"posts": np.expm1(logs[:, 0]), "views": np.expm1(logs[:, 1])})
    return profile, {pseudonym(n): "group-a" if label[n] else "group-b" for n in range(2 * size)}


def ratio(profile, labels, member, **settings):
    populations = labelled_populations(profile, labels, measures=("posts", "views"))
    return measure_likelihood_ratio(
        profile, pseudonym(member), populations, settings=LikelihoodRatioSettings(**{"replicates": 40, **settings})
    )


def test_cost_in_closed_form():
    """A method that always says 1 costs 1 bit; ratios of 2 and 1/2 cost log2(1.5); 1:3 wrong costs log2(4)."""
    assert log_likelihood_ratio_cost(np.zeros(3), np.zeros(7)) == pytest.approx(1)
    right = np.log(2.0)
    assert log_likelihood_ratio_cost(np.array([right]), np.array([-right])) == pytest.approx(math.log2(1.5))
    assert log_likelihood_ratio_cost(np.array([-np.log(3)]), np.array([np.log(3)])) == pytest.approx(2)
    assert log_likelihood_ratio_cost(np.array([np.inf]), np.array([-np.inf])) == 0


def test_cost_of_perfectly_calibrated_normal_scores():
    """Log ratios normal with mean +-v/2 and variance v are calibrated; their cost is an integral (van Leeuwen and
    Brümmer, 2013, The distribution of calibrated likelihood-ratios in speaker recognition)."""
    variance, generator = 4.0, np.random.default_rng(1)
    first = generator.normal(variance / 2, 2, 200_000)
    second = generator.normal(-variance / 2, 2, 200_000)
    expected, _ = quad(lambda x: np.logaddexp(0, -x) / np.log(2) * norm.pdf(x, variance / 2, 2), -30, 30)
    assert log_likelihood_ratio_cost(first, second) == pytest.approx(expected, abs=0.005)
    assert least_cost(first, second) == pytest.approx(expected, abs=0.005)


def test_pooling_by_hand():
    """Scores 1 (second), 2 (first), 3 (second), 4 (first): 2 and 3 are pooled to even odds, the ends are certain."""
    first, second = best_calibration(np.array([2.0, 4.0]), np.array([1.0, 3.0]))
    assert first.tolist() == [0.0, math.inf]
    assert second.tolist() == [-math.inf, 0.0]
    assert least_cost(np.array([2.0, 4.0]), np.array([1.0, 3.0])) == pytest.approx(0.5)


@given(LOGS, LOGS)
def test_no_calibration_costs_less_than_the_least(first, second):
    first, second = np.array(first), np.array(second)
    least = least_cost(first, second)
    assert -1e-12 <= least <= 1 + 1e-12
    assert least <= log_likelihood_ratio_cost(first, second) + 1e-9
    assert least == pytest.approx(least_cost(3 * first - 1, 3 * second - 1), abs=1e-9)


def test_affine_calibration_undoes_a_stretch():
    generator = np.random.default_rng(2)
    is_first = np.arange(4_000) < 2_000
    true = generator.normal(np.where(is_first, 2, -2), 2)
    shift, slope = fit_affine(3 * true + 1, is_first)
    assert (slope, shift) == (pytest.approx(1 / 3, rel=0.1), pytest.approx(-1 / 3, abs=0.15))


def test_without_a_pull_the_calibration_is_that_of_statsmodels():
    import statsmodels.api as sm

    is_first = np.arange(600) < 300
    scores = np.random.default_rng(10).normal(np.where(is_first, 3, 1), 2)
    reference = sm.Logit(is_first.astype(float), sm.add_constant(scores)).fit(disp=0).params
    assert fit_affine(scores, is_first, strength=1e-9) == pytest.approx(reference, abs=1e-6)


def test_a_known_ratio_is_found():
    """Two independent logs, each with means 1 apart and variance 1: at both means of the first, the log ratio is 1."""
    profile, labels = two_normal(1_000, 1.0)
    found = ratio(profile, labels, 2_000)
    assert np.log(found.ratio) == pytest.approx(1.0, abs=0.25)
    assert found.low < found.ratio < found.high
    assert found.cost == pytest.approx(log_cost(2.0), abs=0.03)


def log_cost(variance):
    deviation = math.sqrt(variance)
    value, _ = quad(lambda x: np.logaddexp(0, -x) / np.log(2) * norm.pdf(x, variance / 2, deviation), -30, 30)
    return value


def test_populations_that_do_not_differ_are_worth_nothing_and_said():
    profile, labels = two_normal(60, 0.0, seed=3)
    found = ratio(profile, labels, 120)
    assert found.cost > 0.97
    assert found.ratio == pytest.approx(1, abs=0.6)
    assert ENFSI_2015.words(found.ratio, "group-a", "group-b").startswith("no support")


def test_separated_populations_are_capped_by_their_size():
    profile, labels = two_normal(40, 12.0, seed=4)
    found = ratio(profile, labels, 80)
    assert found.ratio <= 40 < found.uncapped
    assert found.limits == (1 / 40, 40)
    assert "capped-ratio" in {finding.code for finding in found.findings}


def test_a_member_beyond_all_is_an_extrapolation():
    profile, labels = two_normal(40, 1.0, seed=5)
    profile.marks.values["posts"][80] = 1e9
    found = ratio(profile, labels, 80)
    (text,) = (finding.text for finding in found.findings if finding.code == "extrapolation")
    assert text.endswith("Posts.")


def test_the_member_is_never_among_the_reference_members():
    profile, labels = two_normal(40, 1.0, seed=6)
    labels[pseudonym(80)] = "group-b"
    found = ratio(profile, labels, 80)
    assert found.safe("ratio").rows()[0]["second"] == 40
    without = {key: label for key, label in labels.items() if key != pseudonym(80)}
    assert found.ratio == ratio(profile, without, 80).ratio


def test_it_is_a_result_with_a_tippett_plot_and_words():
    profile, labels = two_normal(60, 2.0, seed=7)
    found = ratio(profile, labels, 120)
    assert isinstance(found, Result)
    json.dumps(found.to_plain(), allow_nan=False)
    assert found.plot_names == ("tippett",)
    assert found.plot("tippett").to_dict()
    assert "times likelier in group-a than in group-b" in found.sentences()[0]
    assert ratio(profile, labels, 120).ratio == found.ratio


def test_more_reference_members_are_left_out_in_groups():
    profile, labels = two_normal(400, 1.0, seed=8)
    assert ratio(profile, labels, 800, replicates=0).cost == pytest.approx(log_cost(2.0), abs=0.06)


def test_two_profiles_share_their_measures():
    first, _ = two_normal(20, 1.0, seed=9)
    second = profile_of({"posts": np.arange(30.0), "threads": np.arange(30.0)})
    found = two_profiles(first, second, names=("north", "south"), measures=("posts",))
    assert (found.sizes, found.columns) == ((41, 30), ("posts",))
    with pytest.raises(SettingsError, match="share no measure"):
        two_profiles(first, profile_of({"threads": np.arange(30.0)}), names=("north", "south"))


@pytest.mark.parametrize(
    ("labels", "says"),
    [
        ({pseudonym(n): "group-a" for n in range(30)}, "two populations"),
        ({pseudonym(n): "group-a" if n else "group-b" for n in range(30)}, "at least 10 members"),
        ({pseudonym(n): "A name" if n % 2 else "group-b" for n in range(30)}, "neutral codes"),
        ({pseudonym(n + 25): "group-a" if n % 2 else "group-b" for n in range(30)}, "no member has"),
        ({"somebody": "group-a"}, "no pseudonym"),
    ],
)
def test_poor_labels_are_refused(labels, says):
    profile, _ = two_normal(20, 1.0)
    with pytest.raises(SettingsError, match=says):
        labelled_populations(profile, labels, measures=("posts",))


def test_a_member_without_a_measure_is_refused():
    profile, labels = two_normal(20, 1.0)
    profile.marks.values["posts"][40] = np.nan
    with pytest.raises(SettingsError, match="lacks a measure"):
        ratio(profile, labels, 40)


def test_a_house_scale_from_a_file(tmp_path):
    file = tmp_path / "scale.toml"
    bands = '[[bands]]\nfrom = 3\nwords = "some support"\n[[bands]]\nfrom = 50.5\nwords = "much support"\n'
    file.write_text('name = "house scale"\n' + bands)
    scale = read_verbal_scale(file)
    assert scale == VerbalScale("house scale", ((3, "some support"), (50.5, "much support")))
    assert scale.words(1 / 60, "a", "b") == "much support for b over a"


@pytest.mark.parametrize(
    "text",
    [
        "secret", "name = 'x'", "name = 'x'\nbands = []", "name = 'x'\nbands = [{from = 2}]",
        "name = 'x'\nbands = [{from = true, words = 'y'}]", "name = 'x'\nbands = [{from = nan, words = 'secret'}]",
        "name = 'x'\nbands = [{from = 9, words = 'secret'}, {from = 2, words = 'y'}]", "name = 1\nbands = [{}]",
        "name = 'x'\nbands = [{from = 2, words = '<b>secret</b>'}]",
    ],
)  # fmt: skip
def test_a_file_that_is_no_scale_is_not_quoted(tmp_path, text):
    file = tmp_path / "scale.toml"
    file.write_text(text)
    with pytest.raises(SettingsError, match="verbal scale") as told:
        read_verbal_scale(file)
    assert "secret" not in str(told.value)


def test_words_of_the_scale():
    assert ENFSI_2015.words(1.5, "a", "b") == "no support for a over b, or the reverse"
    assert ENFSI_2015.words(2, "a", "b") == "weak support for a over b"
    assert ENFSI_2015.words(1 / 5_000, "a", "b") == "strong support for b over a"
    with pytest.raises(SettingsError, match="ascends"):
        VerbalScale("house", ((10, "some"), (2, "less")))


@pytest.mark.parametrize(
    "wrong", [{"measures": ("age",)}, {"measures": ()}, {"ridge": 0}, {"replicates": -1}, {"confidence": 0.2}]
)
def test_settings_outside_their_range_are_refused(wrong):
    with pytest.raises(SettingsError, match="out of range"):
        LikelihoodRatioSettings(**wrong)


def test_names_of_populations_are_codes():
    with pytest.raises(SettingsError, match="neutral codes"):
        Populations(("one", "one"), ("posts",), np.ones((20, 1)), np.arange(20) < 10, np.arange(20))
