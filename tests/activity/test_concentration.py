"""The verb on concentration: known answers on both engines, truth recovered, and every kind of poor input."""

import json

import numpy as np
import pytest

from public_sites import site_dataset
from tables import dataset_of
from vestige import open_dataset
from vestige.activity import ConcentrationSettings, measure_concentration
from vestige.activity.concentration_figures import ACTIVE, ALL
from vestige.activity.tail_figures import BETTER, ITSELF
from vestige.errors import SettingsError
from vestige.results import Result

QUICK = {"replicates": 60, "tail_replicates": 10}


def forum_of(folder, counts, members):
    """A forum whose member i wrote counts[i] posts, one a minute."""
    authors = np.repeat(np.arange(len(counts)), counts)
    posts = "\n".join(f"{place} | {author} | 2020-02-10" for place, author in enumerate(authors))
    tables = {
        "member": "member\n" + "\n".join(map(str, range(members))),
        "post": "post | author | at\n" + posts,
    }
    return dataset_of(folder, tables)


def measure(folder, **settings):
    with open_dataset(folder) as dataset:
        return measure_concentration(dataset, settings=ConcentrationSettings(**QUICK, **settings), seed=1)


def rows(result, name):
    return result.table(name).to_pylist()


def test_small_forum_by_hand(tmp_path, open_engine):
    """10, 5, 3, 1, 1 posts and five silent members: half is done by one of five, or one of ten."""
    dataset = open_engine(forum_of(tmp_path / "dataset", [10, 5, 3, 1, 1], 10))
    result = measure_concentration(dataset, settings=ConcentrationSettings(**QUICK, cover=(0.5, 0.75)), seed=1)
    coverage = {(row["population"], row["part"]): (row["needed"], row["share"]) for row in rows(result, "coverage")}
    assert coverage[(ALL, 0.5)] == (1, pytest.approx(0.1))
    assert coverage[(ACTIVE, 0.5)] == (1, pytest.approx(0.2))
    assert coverage[(ACTIVE, 0.75)] == (2, pytest.approx(0.4))
    reached = {row["at_least"]: (row["members"], row["step"]) for row in rows(result, "reached")}
    assert reached == {"1": (5, 2), "2": (3, 1), "5": (2, 1), "10": (1, 1)}
    gini = {row["population"]: row["gini"] for row in rows(result, "gini")}
    values = np.array([10, 5, 3, 1, 1])
    assert gini[ACTIVE] == pytest.approx(np.abs(values[:, None] - values).mean() / (2 * values.mean()))
    for name in result.table_names:
        for row in result.safe(name).rows():
            assert not [value for name, value in row.items() if isinstance(value, float) and value and name != "part"]


def test_truth_is_recovered(tmp_path):
    """2,000 writers among 3,000 members, posts a rounded log-normal: Gini, Theil, and the tail."""
    generator = np.random.default_rng(4)
    counts = np.ceil(generator.lognormal(1.2, 1.1, 2_000)).astype(int)
    result = measure(forum_of(tmp_path / "dataset", counts, 3_000), traces=("posts",))
    many = np.ceil(generator.lognormal(1.2, 1.1, 400_000))
    many.sort()
    ranks = (np.arange(many.size) + 0.5) / many.size
    truth = 2 * (many @ ranks) / many.sum() - 1
    gini = {row["population"]: row for row in rows(result, "gini")}
    assert gini[ACTIVE]["low"] < truth < gini[ACTIVE]["high"]
    assert gini[ALL]["gini"] == pytest.approx(1 - 2 / 3 * (1 - gini[ACTIVE]["gini"]))
    theil = {row["population"]: row["theil"] for row in rows(result, "theil")}
    assert theil[ALL] == pytest.approx(theil[ACTIVE] + np.log(3 / 2))
    verdicts = {row["family"]: row["verdict"] for row in rows(result, "tail_rivals")}
    assert verdicts["power law"] == ITSELF
    assert result.tails["Posts"].tail >= 50
    assert {"lorenz_posts", "coverage_posts", "reached_posts"} <= set(result.plot_names)
    for name in result.plot_names:
        assert result.plot(name).to_dict()
        assert result.charts()[name].words(result.safe_by_name)
    assert any("account for half" in sentence for sentence in result.sentences())


def test_a_tail_that_is_no_power_law(tmp_path):
    counts = np.random.default_rng(1).poisson(12, 800) + 1
    result = measure(forum_of(tmp_path / "dataset", counts, 800), minimum_tail=700)
    verdicts = {row["family"]: row["verdict"] for row in rows(result, "tail_rivals")}
    assert BETTER in verdicts.values()
    assert "no-power-law-posts" in {finding.code for finding in result.findings}


def test_seed_decides(tmp_path):
    folder = forum_of(tmp_path / "dataset", list(range(1, 60)), 80)
    assert measure(folder).to_plain() == measure(folder).to_plain()


@pytest.mark.parametrize(
    ("counts", "members", "codes"),
    [
        ([], 0, {"no-members"}),
        ([], 30, {"no-posts", "no-views"}),
        ([4], 1, {"few-members"}),
        ([3] * 40, 40, {"no-tail-posts"}),
        ([1] * 20 + [2] * 20, 60, {"no-tail-posts"}),
    ],
    ids=["nobody", "all zero", "one member", "all alike", "two values"],
)
def test_poor_input_gives_findings(tmp_path, counts, members, codes):
    result = measure(forum_of(tmp_path / "dataset", counts, members))
    assert isinstance(result, Result)
    assert codes <= {finding.code for finding in result.findings}
    assert json.dumps(result.to_plain(), allow_nan=False)
    assert result.summary()


def test_a_public_site(shared, tmp_path):
    folder = site_dataset(shared / "data" / "stackexchange" / "french-meta-2021", tmp_path / "site")
    result = measure(folder)
    for row in rows(result, "gini"):
        assert row["low"] - 1e-12 <= row["gini"] <= row["high"] + 1e-12
    for row in rows(result, "coverage"):
        assert 0 <= row["low"] <= row["share"] + 1e-12
        assert row["share"] - 1e-12 <= row["high"] <= 1
    assert result.tails["Posts"].alpha.value > 1


@pytest.mark.parametrize(
    "settings",
    [{"traces": ("words",)}, {"top": (0,)}, {"cover": ()}, {"replicates": -1}, {"minimum_tail": 5}, {"states": ()}],
)
def test_settings_out_of_range(settings):
    with pytest.raises(SettingsError):
        ConcentrationSettings(**settings)
