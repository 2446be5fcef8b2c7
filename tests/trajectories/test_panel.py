"""Panels from a dataset, on both engines, on events small enough to count by hand; and panels from tables."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from tables import dataset_of
from vestige.errors import DatasetError, SettingsError, SourceError
from vestige.trajectories import PanelSettings, build_panel, long_panel, read_table, wide_panel
from vestige.trajectories.histories import sparse_counts

MEMBERS = """
forum | member | kind   | registered_at
0     | 0      | guest  |
0     | 1      | member | 2020-01-05
0     | 2      | member | 2020-02-10
0     | 3      | member | 2019-06-01
0     | 4      | member |
0     | 5      | member | 2020-02-20
"""
POSTS = """
forum | post | thread | section | author | at         | is_opening | state
0     | 0    | 0      | 0       | 1      | 2020-01-06 | no         | visible
0     | 1    | 0      | 0       | 1      | 2020-01-31 | no         | visible
0     | 2    | 0      | 0       | 1      | 2020-03-01 | no         | visible
0     | 3    | 0      | 0       | 2      | 2020-02-29 | no         | visible
0     | 4    | 0      | 0       | 2      | 2020-03-29 | no         | deleted
0     | 5    | 0      | 0       | 0      | 2020-03-29 | no         | visible
0     | 6    | 0      | 0       | 5      | 2020-02-21 | no         | visible
0     | 7    | 0      | 0       | 3      |            | no         | visible
"""
THREADS = """
forum | thread | section | starter | created_at | state
0     | 0      | 0       | 1       | 2020-01-06 | visible
"""
SECTIONS = "forum | section | kind\n0 | 0 | talk"
NAN = np.nan
CALENDAR = [[2, 0, 1], [NAN, 1, 0], [0, 0, 0], [0, 0, 0], [NAN, 1, 0]]
ZERO = [[2, 0, 1], [0, 1, 0], [0, 0, 0], [0, 0, 0], [0, 1, 0]]
REGISTRATION = [[2, 0, 1], [1, 0, NAN], [0, 0, 0], [0, 0, 0], [1, 0, NAN]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tables = {"member": MEMBERS, "post": POSTS, "thread": THREADS, "section": SECTIONS}
    return dataset_of(tmp_path / "dataset", tables)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (PanelSettings(), CALENDAR),
        (PanelSettings(before="zero"), ZERO),
        (PanelSettings(clock="registration"), REGISTRATION),
        (PanelSettings(periods=2), [row[:2] for row in CALENDAR]),
    ],
)
def test_counts_by_member_and_month(folder: Path, open_engine, settings: PanelSettings, expected: list) -> None:
    """Removed and undated posts and guests do not count; a member who registered before the window is there at once."""
    panel = build_panel(open_engine(folder), settings=settings)
    np.testing.assert_array_equal(panel.dense(), np.array(expected, dtype=float))
    assert panel.identifiers.tolist() == [1, 2, 3, 4, 5]
    assert panel.dataset_digest


SANCTIONS = """
forum | member | by | kind    | at         | until
0     | 1      |    | ban     | 2020-01-20 | 2020-02-01
0     | 1      |    | ban     | 2020-03-02 |
0     | 2      |    | warning | 2020-02-12 |
0     | 3      |    | ban     | 2020-02-03 | 2020-03-01
0     | 4      |    | ban     | 2019-11-01 |
0     | 5      |    | ban     | 2020-02-27 | 2021-01-01
"""
BANNED = [[2, 0, NAN], [NAN, 1, 0], [0, 0, 0], [0, NAN, NAN], [NAN, 1, NAN]]
BANNED_FROM_REGISTRATION = [[2, 0, NAN], [1, 0, NAN], [0, 0, 0], [0, NAN, NAN], [1, NAN, NAN]]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (PanelSettings(), BANNED),
        (PanelSettings(clock="registration"), BANNED_FROM_REGISTRATION),
        (PanelSettings(after_ban="zero"), CALENDAR),
    ],
)
def test_months_after_a_lasting_ban_are_missing(
    tmp_path: Path, open_engine, settings: PanelSettings, expected: list
) -> None:
    """A ban that ended within the window takes nothing; a member banned at once keeps the month of registration."""
    tables = {"member": MEMBERS, "post": POSTS, "thread": THREADS, "section": SECTIONS, "sanction": SANCTIONS}
    panel = build_panel(open_engine(dataset_of(tmp_path / "dataset", tables)), settings=settings)
    np.testing.assert_array_equal(panel.dense(), np.array(expected, dtype=float))


def test_posts_that_were_deleted_count_if_asked(folder: Path, open_engine) -> None:
    panel = build_panel(open_engine(folder), settings=PanelSettings(removed="counted"))
    expected = np.array(CALENDAR, dtype=float)
    expected[1, 2] += 1.0
    np.testing.assert_array_equal(panel.dense(), expected)
    assert panel.shown.at(panel.times).tolist() == [0.0, 1.0, 2.0]


def test_identical_histories_collapse_in_the_engine(folder: Path, open_engine) -> None:
    panel = build_panel(open_engine(folder), settings=PanelSettings(collapse=True))
    assert panel.members == 5
    found = {
        tuple(np.nan_to_num(row, nan=-1)): weight for row, weight in zip(panel.dense(), panel.frequencies, strict=True)
    }
    assert found == {(2, 0, 1): 1, (-1, 1, 0): 2, (0, 0, 0): 2}


def test_what_a_dataset_cannot_give_is_said(folder: Path, open_engine) -> None:
    dataset = open_engine(folder)
    with pytest.raises(DatasetError, match="view"):
        build_panel(dataset, settings=PanelSettings(outcome="view"))
    with pytest.raises(SettingsError, match="no such forum"):
        build_panel(dataset, settings=PanelSettings(forum="other"))


def test_sparse_counts_keep_every_cell() -> None:
    values = np.array([[0.0, 3.0, NAN], [1.0, 0.0, 2.0]])
    np.testing.assert_array_equal(sparse_counts(values).dense(), values)
    np.testing.assert_array_equal(sparse_counts(values).take(np.array([1, 1, 0])).dense(), values[[1, 1, 0]])


WIDE = pd.DataFrame({"id": ["a", "b"], "y1": [1, 2], "y2": [0.5, None], "t1": [0, 0], "t2": [1, 2], "x": [0.1, 0.9]})


@pytest.mark.parametrize("table", [WIDE, pa.Table.from_pandas(WIDE)], ids=["pandas", "arrow"])
def test_wide_tables(table: object) -> None:
    panel = wide_panel(table, "y1:y2", identifier="id", times="t1:t2", risk=["x"])
    np.testing.assert_array_equal(panel.dense(), [[1, 0.5], [2, NAN]])
    np.testing.assert_array_equal(panel.times, [[0, 1], [0, 2]])
    assert panel.identifiers.tolist() == ["a", "b"]
    assert panel.risk_factors[:, 0].tolist() == [0.1, 0.9]


def test_long_tables_with_common_and_with_own_times() -> None:
    rows = pd.DataFrame({"who": [2, 1, 1, 2], "when": [0.0, 1.0, 0.0, 1.0], "y": [5, 2, 1, 6], "w": [2, 1, 1, 2]})
    panel = long_panel(rows, identifier="who", time="when", response="y", weight="w")
    np.testing.assert_array_equal(panel.dense(), [[1, 2], [5, 6]])
    assert panel.weights.tolist() == [1, 2]
    own = long_panel(rows.assign(when=[0.3, 1.0, 0.1, 1.7]), identifier="who", time="when", response="y")
    np.testing.assert_array_equal(own.times, [[0.1, 1.0], [0.3, 1.7]])


def test_bad_tables_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no column 'y9'"):
        wide_panel(WIDE, "y1:y9")
    with pytest.raises(SettingsError, match="does not hold numbers"):
        wide_panel(WIDE, ["id"])
    with pytest.raises(SettingsError, match="not a table"):
        wide_panel(object(), "y1")
    rows = pd.DataFrame({"who": [1, 1], "when": [0.0, 0.0], "y": [1, 2]})
    with pytest.raises(SettingsError, match="same time twice"):
        long_panel(rows, identifier="who", time="when", response="y")
    with pytest.raises(SettingsError, match="identifier occurs twice"):
        wide_panel(WIDE.assign(id="a"), "y1:y2", identifier="id")
    file = tmp_path / "broken.parquet"
    file.write_bytes(b"not parquet")
    with pytest.raises(SourceError, match="neither") as caught:
        read_table(file)
    assert caught.value.__context__ is None
