"""Visits: planted ones are found again, both engines agree, and what cannot be told is said."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tables import dataset_of
from vestige import open_dataset
from vestige.activity import SessionSettings, measure_sessions, tables
from vestige.activity.session_figures import LENGTH, OF_MEMBERS, PAGES, SECTIONS, TRANSFERS, quantile
from vestige.activity.session_tables import visit_events, visits_of, with_pauses
from vestige.dataset.manifest import TimeResolution
from vestige.errors import SettingsError
from vestige.results import Result
from vestige.simulate import preset_settings, simulate_forum, write_simulated_dataset
from vestige.statistics.distribution import Distribution

MEMBERS = """
member | kind
0      | guest
1      | member
2      | member
3      | member
"""
VIEWS = """
member | at                  | section | kind
0      | 2020-01-06 08:00:00 | 0       | thread
1      | 2020-01-06 10:00:00 | 0       | thread
1      | 2020-01-06 10:30:00 | 1       | section
1      | 2020-01-06 10:30:00 | 1       | thread
1      | 2020-01-06 11:00:01 | 0       | thread
1      | 2020-01-06 11:00:30 |         | read-mark
1      |                     | 0       | thread
2      | 2020-01-12 23:59:59 |         | visit
2      | 2020-01-13 00:10:00 | 1       | section
"""
DOWNLOADS = """
member | at                  | outcome
1      | 2020-01-06 11:10:01 | completed
2      | 2020-01-20 05:00:00 | attempted
2      |                     | attempted
"""
SECTIONS_TEXT = """
section | kind
0       | section-1
1       | section-2
"""
GIVEN = {"member": MEMBERS, "section": SECTIONS_TEXT, "view": VIEWS, "download": DOWNLOADS}
EXPECTED = [
    (1, "2020-01-06 10:00:00", 1_800, 3, 0, 2),
    (1, "2020-01-06 11:00:01", 600, 1, 1, 1),
    (2, "2020-01-12 23:59:59", 601, 2, 0, 1),
    (2, "2020-01-20 05:00:00", 0, 0, 1, 0),
]
"""Member, start, length, pages, transfers, sections with a gap of 30 minutes: a pause of exactly that ends nothing."""


def visits(dataset, gap=1_800):
    """Every visit as a sorted row."""
    events = visit_events(
        dataset.table("view"),
        dataset.table("download") if "download" in dataset.tables else None,
        tables.only_members(dataset.table("member")),
    )
    found = visits_of(with_pauses(events), gap).to_pyarrow().to_pylist()
    return sorted(
        (row["member"], row["start"], row["length"], row["pages"], row["transfers"], row["sections"]) for row in found
    )


def second(text):
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def test_visits_by_hand(open_engine, tmp_path):
    with open_engine(dataset_of(tmp_path / "dataset", GIVEN)) as dataset:
        assert visits(dataset) == [(row[0], second(row[1]), *row[2:]) for row in EXPECTED]
        result = measure_sessions(dataset)
    assert isinstance(result, Result)
    (row,) = result.table("visits").to_pylist()
    made = {}
    for member, _, _, pages, transfers, _ in EXPECTED:
        made.setdefault(member, []).append((1, pages, transfers))
    each = [tuple(map(sum, zip(*rows, strict=True))) for rows in made.values()]
    most = {
        f"{name}_{rank}": sorted(own[place] for own in each)[-1 - number]
        for place, name in enumerate(("visits", "pages", "transfers"))
        for number, rank in enumerate(("most", "second"))
    }
    assert row == {"members": 3, "visitors": 2, "visits": 4, "pages": 6, "transfers": 2, **most}
    sizes = {row["what"]: row for row in result.table("visit_sizes").to_pylist()}
    assert {what: row["mean"] for what, row in sizes.items()} == {
        LENGTH: pytest.approx((1_800 + 600 + 601) / 4 / 60),
        PAGES: 1.5,
        SECTIONS: 1.0,
        TRANSFERS: 0.5,
        OF_MEMBERS: 2.0,
    }
    assert [sizes[PAGES][name] for name in ("quarter", "median", "upper", "most")] == [0, 1, 2, 3]
    hours = {(row["weekday"], row["hour"]): row["visits"] for row in result.table("hour_of_week").to_pylist()}
    assert len(hours) == 168
    assert {cell: count for cell, count in hours.items() if count} == {
        ("Monday", "10"): 1, ("Monday", "11"): 1, ("Sunday", "23"): 1, ("Monday", "05"): 1,
    }  # fmt: skip
    alone = [row for row in result.table("hour_of_week").to_pylist() if row["visits"]]
    assert {(row["most"], row["second"]) for row in alone} == {(1, 0)}
    gaps = {row["gap"]: (row["visits"], row["minutes"]) for row in result.table("gap_sensitivity").to_pylist()}
    assert gaps["30 minutes"] == (4, pytest.approx((1_800 + 600 + 601) / 4 / 60))
    assert gaps["5 minutes"][0] == 7
    assert gaps["45 minutes"] == (3, pytest.approx((4_201 + 601) / 3 / 60))
    codes = {finding.code for finding in result.findings}
    assert {"few-members", "undated-views", "gap-matters", "last-page"} <= codes
    assert all(value is None for value in result.safe("hour_of_week").rows()[10].values() if isinstance(value, int))


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """A simulated forum with its planted sessions."""
    folder = tmp_path_factory.mktemp("sessions")
    preset = preset_settings("silent-downloaders", members=400, months=4)
    forum = simulate_forum(settings=preset, seed=6)
    write_simulated_dataset(folder / "forum", forum)
    truth = pq.read_table(folder / "forum" / "truth" / "session.parquet").to_pylist()
    return folder / "forum" / "dataset", truth, forum


def test_planted_sessions_are_found_again(open_engine, planted):
    path, truth, forum = planted
    wanted = sorted(
        (row["member"], second(str(row["start_at"])), int((row["end_at"] - row["start_at"]).total_seconds()),
         row["views"], row["downloads"])
        for row in truth
    )  # fmt: skip
    assert len(wanted) > 2_000
    with open_engine(path) as dataset:
        found = visits(dataset)
        result = measure_sessions(dataset)
    assert [row[:5] for row in found] == wanted
    (row,) = result.table("visits").to_pylist()
    assert (row["visits"], row["visitors"]) == (len(wanted), len({row[0] for row in wanted}))
    starts = np.array([row[1] for row in wanted])
    weekday, hour = (starts // 86_400 + 3) % 7, starts % 86_400 // 3_600
    counted = np.bincount(weekday * 24 + hour, minlength=168)
    assert [row["visits"] for row in result.table("hour_of_week").to_pylist()] == counted.tolist()
    assert len(forum.tables["view"]["at"]) == row["pages"]


@pytest.mark.parametrize("minutes", [21, 30, 44])
def test_any_gap_between_pause_and_absence_finds_them(planted, minutes):
    """Planted pauses last at most 20 minutes, absences at least 45."""
    with open_dataset(planted[0]) as dataset:
        result = measure_sessions(dataset, settings=SessionSettings(gap_minutes=minutes))
    (row,) = result.table("visits").to_pylist()
    assert row["visits"] == len(planted[1])
    gaps = [row["visits"] for row in result.table("gap_sensitivity").to_pylist()]
    assert gaps == sorted(gaps, reverse=True)
    assert f"{minutes} minutes" in [row["gap"] for row in result.table("gap_sensitivity").to_pylist()]


def test_members_in_parts_give_the_same(planted, monkeypatch):
    with open_dataset(planted[0]) as dataset:
        whole = measure_sessions(dataset)
        rows = sum(entry.rows for name in ("view", "download") for entry in dataset.manifest.files_of(name))
        monkeypatch.setattr("vestige.activity.session_reduce.ROWS_AT_ONCE", rows // 3)
        parts = measure_sessions(dataset)
    assert parts.to_plain() == whole.to_plain()
    assert all(parts.table(name).equals(whole.table(name)) for name in whole.table_names)


def test_charts_sentences_and_json(planted):
    with open_dataset(planted[0]) as dataset:
        result = measure_sessions(dataset)
    assert result.plot_names == ("hour_of_week", "gap_sensitivity")
    for name in result.plot_names:
        assert result.plot(name).to_dict()["data" if name == "gap_sensitivity" else "height"]
        chart = result.charts()[name]
        assert chart.words(result.safe_by_name)
    assert "visits by" in result.sentences()[0]
    assert len(result.sentences()) == 4
    assert set(result.to_plain()["tables"]) == set(result.table_names)


@pytest.mark.parametrize(
    ("resolution", "minutes", "told"),
    [("second", 1, True), ("minute", 2, True), ("minute", 1, False), ("hour", 30, False), ("hour", 120, True),
     ("day", 1_440, False)],
)  # fmt: skip
def test_times_too_coarse_are_refused_with_the_reason(tmp_path, resolution, minutes, told):
    preset = preset_settings("silent-downloaders", members=30, months=2)
    forum = simulate_forum(settings=replace(preset, time_resolution=TimeResolution(resolution)), seed=6)
    write_simulated_dataset(tmp_path / "forum", forum)
    with open_dataset(tmp_path / "forum" / "dataset") as dataset:
        result = measure_sessions(dataset, settings=SessionSettings(gap_minutes=minutes))
    assert bool(result.table_names) is told
    if not told:
        assert [finding.code for finding in result.findings] == ["times-too-coarse"]
        assert resolution in result.summary()


def test_no_views_no_dated_views_one_member(tmp_path):
    with open_dataset(dataset_of(tmp_path / "none", {"member": MEMBERS})) as dataset:
        result = measure_sessions(dataset)
    assert [finding.code for finding in result.findings] == ["no-views"]
    assert result.sentences() == ()
    undated = "member | at | kind\n1 | | thread\n0 | 2020-01-01 | thread"
    with open_dataset(dataset_of(tmp_path / "undated", {"member": MEMBERS, "view": undated})) as dataset:
        assert [finding.code for finding in measure_sessions(dataset).findings] == ["no-visits"]
    single = "member | at | kind\n1 | 2020-01-01 | visit"
    with open_dataset(dataset_of(tmp_path / "single", {"member": MEMBERS, "view": single})) as dataset:
        result = measure_sessions(dataset)
    assert result.table("visits").to_pylist()[0]["visits"] == 1
    assert {"short-visits", "views-alone"} <= {finding.code for finding in result.findings}
    assert result.plot_names == ()


@pytest.mark.parametrize("minutes", [0, 1_441, 2.5, True, "30"])
def test_gaps_out_of_range(minutes):
    with pytest.raises(SettingsError):
        SessionSettings(gap_minutes=minutes)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 9)), min_size=1, max_size=20), st.floats(0.01, 1.0))
def test_quantiles_are_numpys(pairs, share):
    values, counts = zip(*pairs, strict=True)
    whole = np.repeat(values, counts)
    wanted = np.quantile(whole, share, method="inverted_cdf")
    assert quantile(Distribution.of(values, counts), share) == wanted
