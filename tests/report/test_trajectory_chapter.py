"""The optional chapter on posting paths: in the page when asked for, small groups held back, the same every time."""

from dataclasses import replace
from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from vestige import open_dataset
from vestige.cli import run
from vestige.report import ReportSettings, build_report
from vestige.report.chapters import Chart, Facts
from vestige.report.trajectory_chapters import paths_chapter
from vestige.trajectories import (
    Panel,
    SearchSettings,
    SelectionSettings,
    TrajectorySettings,
    profile_groups,
    select_trajectories,
)

FIRST = date(2019, 11, 1)
MONTHS = 6


def searched(few, *, seed=0):
    """300 members with about one post a month and `few` with about 60, one and two groups."""
    generator = np.random.default_rng(5)
    rates = np.repeat([1.0, 60.0], [300, few])
    counts = generator.poisson(rates[:, None], size=(rates.size, MONTHS)).astype(float)
    search = SearchSettings(starts=3, polished=2, split_merge_rounds=0)
    model = TrajectorySettings(family="zip", order=1, zero_order=0, search=search)
    settings = SelectionSettings(model=model, groups=(1, 2), split_halves=False)
    return select_trajectories(Panel(counts, np.linspace(-1, 1, MONTHS)), settings=settings, seed=seed)


def tables_of(chapter):
    return {table.name: table for table in chapter.tables}


def test_groups_and_paths_of_the_preferred_model():
    result = searched(40)
    chapter = paths_chapter(result, FIRST)
    tables = tables_of(chapter)
    assert [row["below_members"] for row in tables["trajectory_models"].rows()][1] == 0.0
    groups = tables["trajectory_groups"].rows()
    assert [row["assigned"] for row in groups] == [300, 40]
    assert groups[1]["share"] == pytest.approx(40 / 340, abs=1e-3)
    assert groups[1]["low"] < groups[1]["share"] < groups[1]["high"]
    paths = tables["trajectory_paths"].rows()
    assert [row["month"] for row in paths[:MONTHS]] == [
        "2019-11", "2019-12", "2020-01", "2020-02", "2020-03", "2020-04"
    ]  # fmt: skip
    expected = result.best().curves(0)[1].expected
    assert [row["expected"] for row in paths[MONTHS:]] == pytest.approx(expected, rel=6e-3)
    assert all(row["low"] < row["expected"] < row["high"] for row in paths)


def test_a_small_group_is_not_shown_nor_left_over():
    """With 6 members in one of two groups nothing about it is told, and no share of the other gives it away."""
    chapter = paths_chapter(searched(6), FIRST)
    tables = tables_of(chapter)
    groups = tables["trajectory_groups"].rows()
    assert [row["assigned"] for row in groups] == [None, None]
    assert [row["share"] for row in groups] == [None, None]
    assert tables["trajectory_models"].rows()[1]["smallest_share"] is None
    paths = tables["trajectory_paths"].rows()
    assert {row["expected"] is None for row in paths if row["group"] == "2"} == {True}
    assert {row["expected"] is None for row in paths if row["group"] == "1"} == {False}
    drawn = next(part for part in chapter.parts if isinstance(part, Chart))
    assert {row["group"] for row in drawn.drawing.to_dict()["data"]["values"]} == {"1"}
    codes = [finding.code for finding in chapter.findings]
    assert "groups-held-back" in codes
    assert not {"small-group", "nobody-assigned", "empty-group"}.intersection(codes)
    assert not any("Group 2" in finding.text for finding in chapter.findings)


def test_months_with_few_observed_members_are_not_shown():
    """Five of 45 busy members are observed in the first month."""
    generator = np.random.default_rng(3)
    counts = generator.poisson(np.repeat([1.0, 60.0], [300, 45])[:, None], size=(345, MONTHS)).astype(float)
    counts[305:, 0] = np.nan
    search = SearchSettings(starts=3, polished=2, split_merge_rounds=0)
    model = TrajectorySettings(family="poisson", order=0, search=search)
    settings = SelectionSettings(model=model, groups=(2,), split_halves=False)
    result = select_trajectories(Panel(counts, np.linspace(-1, 1, MONTHS)), settings=settings)
    paths = tables_of(paths_chapter(result, FIRST))["trajectory_paths"].rows()
    busy = [row["expected"] for row in paths if row["group"] == "2"]
    assert busy[0] is None
    assert None not in busy[1:]


def test_profiles_show_shares_and_means_and_hold_small_cells_back():
    """Of the 40 busy members 4 have a role: their share is not shown, nor what it would follow from."""
    result = searched(40)
    role = ["registered"] * 250 + ["vip"] * 50 + ["vip"] * 4 + ["registered"] * 36
    traits = pa.table({"member": np.arange(340), "role": role, "reactions_given": [1] * 300 + [5] * 40})
    fit = result.best()
    fit = replace(fit, panels=(replace(fit.panels[0], identifiers=np.arange(340)),))
    tables = tables_of(paths_chapter(result, FIRST, profile_groups(fit, traits)))
    assert "trajectory_profiles" not in tables
    means = {row["group"]: row for row in tables["trajectory_means"].rows()}
    assert means["1"]["value"] == pytest.approx(1.0, abs=0.02)
    assert means["2"]["value"] == pytest.approx(5.0, abs=0.02)
    enough = pa.table({"member": np.arange(340), "role": role[:300] + ["vip"] * 20 + ["registered"] * 20})
    shown = tables_of(paths_chapter(result, FIRST, profile_groups(fit, enough)))["trajectory_profiles"].rows()
    vip = {row["group"]: row for row in shown if row["category"] == "vip"}
    assert [vip[group]["value"] for group in "12"] == pytest.approx([50 / 300, 0.5], abs=5e-3)
    assert all(row["low"] < row["value"] < row["high"] for row in shown)


def test_the_same_seed_gives_the_same_chapter():
    one, other = (paths_chapter(searched(40, seed=4), FIRST) for _ in range(2))
    assert [table.to_plain() for table in one.tables] == [table.to_plain() for table in other.tables]
    assert one.findings == other.findings


def test_a_report_has_the_chapter_only_when_asked(folder, report):
    assert "trajectories" not in [chapter.key for chapter in report.chapters]
    with open_dataset(folder) as dataset:
        made = build_report(dataset, settings=ReportSettings(trajectories=(1, 2)), seed=3)
    keys = [chapter.key for chapter in made.chapters]
    assert keys.index("roles") < keys.index("trajectories") < keys.index("missing")
    chapter = made.chapters[keys.index("trajectories")]
    assert chapter.provenance is not None
    assert chapter.provenance.seed == 3
    assert chapter.provenance.dataset_digest in made.html
    facts = [part for part in made.chapters[-1].parts if isinstance(part, Facts)]
    assert facts[0].entries["Command"].endswith("--seed 3 --trajectories 1,2")
    assert any(part.entries["Analysis"] == "select_trajectories" for part in facts[1:])
    assert {"trajectory_profiles", "trajectory_means"} & {table.name for table in chapter.tables}
    assert "<script" not in made.html
    assert "http:" not in made.html


def test_the_command_refuses_what_is_no_number_of_groups(folder, tmp_path, capsys):
    arguments = ["report", str(folder), "--out", str(tmp_path / "r.html"), "--trajectories", "some", "--quiet"]
    assert run(arguments) != 0
    assert "--trajectories" in capsys.readouterr().err
    assert not (tmp_path / "r.html").exists()
