"""Forecasts for groups: nothing later is learnt from, scores have closed forms, and a planted link is found."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tables import filled
from vestige import open_dataset
from vestige.careers import ForecastSettings, forecast_activity
from vestige.careers.forecast import ranked_probability_score
from vestige.dataset import ForumEntry, Manifest, TimeResolution, write_dataset
from vestige.dataset.schema import Software
from vestige.errors import DatasetError, SettingsError

MONTHS = np.arange("2018-01", "2020-01", dtype="datetime64[M]")
MEMBERS = 1_200


@pytest.fixture
def forum():
    """Members register over 24 months; half post about twice a month for good, half half a time a month."""
    generator = np.random.default_rng(7)
    joined = np.sort(generator.integers(0, 24, MEMBERS))
    rate = np.where(generator.random(MEMBERS) < 0.5, 2.0, 0.5)
    member = np.repeat(np.arange(MEMBERS), 24 - joined)
    month = np.arange(member.size) - np.repeat(np.cumsum(24 - joined) - (24 - joined), 24 - joined) + joined[member]
    counts = generator.poisson(rate[member])
    return {"joined": joined, "author": np.repeat(member, counts), "month": np.repeat(month, counts)}


def write(folder, forum):
    """The forum as a dataset; posts in the middle of their month."""
    posts = forum["author"].size
    order = np.argsort(forum["month"], kind="stable")
    moment = (MONTHS.astype("datetime64[us]")[forum["month"]] + np.timedelta64(14, "D"))[order]
    tables = {
        "forum": {"code": ["forum-a"], "window_start": [MONTHS[0].astype("datetime64[us]")],
                  "window_end": [np.datetime64("2019-12-31T23:59:59", "us")]},
        "member": {"member": np.arange(MEMBERS), "registered_at": MONTHS.astype("datetime64[us]")[forum["joined"]],
                   "pseudonym": [f"{number:032x}" for number in range(MEMBERS)]},
        "thread": {"thread": [0]},
        "post": {"post": np.arange(posts), "seq": np.arange(posts), "thread": np.zeros(posts, int),
                 "author": forum["author"][order], "at": moment},
    }  # fmt: skip
    manifest = Manifest((ForumEntry(0, "forum-a", Software.TABLES),), TimeResolution.SECOND)
    write_dataset(folder, {name: filled(name, columns) for name, columns in tables.items()}, manifest)
    return folder


def run(folder, **settings):
    with open_dataset(folder) as dataset:
        return forecast_activity(dataset, settings=ForecastSettings(replicates=200, **settings), seed=1)


def test_a_lasting_difference_is_foretold(tmp_path, forum):
    """Early counts tell the two rates apart, so bands beat the cohort, and means lie on the diagonal."""
    result = run(write(tmp_path / "a", forum))
    ours, unchanged, cohort = result.scores
    assert ours.gain_low > 0.1
    assert ours.score < unchanged.score
    assert cohort.gain == 0
    assert result.correlation[1] > 0.4
    place = result.band_of(result.judged.early)
    for number, band in enumerate(result.bands):
        seen = result.judged.later[place == number]
        error = np.sqrt(band.learnt.var() / band.learnt.size + seen.var() / seen.size)
        assert abs(band.learnt.mean() - seen.mean()) < 4 * error
    spread = result.table("spread").to_pylist()
    assert sum(row["inside"] * row["judged"] for row in spread) / sum(row["judged"] for row in spread) > 0.75


def test_nothing_that_happened_after_the_split_is_learnt_from(tmp_path, forum):
    """Every later post is moved to other members and months: what was learnt, and the split, stay as they were."""
    before = run(write(tmp_path / "a", forum))
    first = before.split - 2018 * 12
    later = forum["month"] >= first
    generator = np.random.default_rng(3)
    changed = forum["author"].copy()
    old = forum["joined"] < first
    changed[later] = generator.choice(np.flatnonzero(old), later.sum())
    after = run(write(tmp_path / "b", {**forum, "author": changed}))
    assert after.split == before.split
    assert [band.start for band in after.bands] == [band.start for band in before.bands]
    for one, two in zip(before.bands, after.bands, strict=True):
        assert one.learnt.tolist() == two.learnt.tolist()
    assert after.scores[0].score != before.scores[0].score, "while what is judged on has changed"


def test_members_are_on_one_side_of_the_split_only(tmp_path, forum):
    result = run(write(tmp_path / "a", forum))
    first = result.split - 2018 * 12
    assert result.learnt == ((forum["joined"] + 9) <= first).sum()
    assert result.judged.early.size == ((forum["joined"] >= first) & (forum["joined"] + 9 <= 24)).sum()


def test_a_window_too_short_is_refused(tmp_path, forum):
    folder = write(tmp_path / "a", forum)
    with pytest.raises(DatasetError, match="too short to learn from 18 months"):
        run(folder, early=6, later=12)


@pytest.mark.parametrize("settings", [{"early": 0}, {"later": 0}, {"outcome": "smile"}, {"role": "queen"}])
def test_settings_out_of_range_are_refused(settings):
    with pytest.raises(SettingsError):
        ForecastSettings(**settings)


@given(st.lists(st.integers(0, 20), min_size=1, max_size=12), st.lists(st.integers(0, 25), min_size=1, max_size=5))
def test_the_score_is_the_mean_distance_less_half_the_mean_spread(sample, seen):
    """The definition, member by member (Gneiting and Raftery 2007, equation 21)."""
    found = ranked_probability_score(np.sort(np.array(sample)), np.array(seen))
    spread = np.mean([abs(one - two) for one in sample for two in sample])
    expected = [np.mean([abs(one - value) for one in sample]) - spread / 2 for value in seen]
    assert found == pytest.approx(expected, abs=1e-9)
