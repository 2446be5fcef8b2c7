"""Profiles of groups against traits, with the answer worked out by hand."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tables import dataset_of
from vestige.errors import SettingsError
from vestige.trajectories import (
    Panel,
    ProfileSettings,
    SearchSettings,
    TrajectoryResult,
    TrajectorySettings,
    fit_trajectories,
    member_traits,
    profile_groups,
)
from vestige.trajectories.profiles import _small_cells

QUICK = SearchSettings(starts=4, polished=2, split_merge_rounds=0)


@pytest.fixture(scope="module")
def fit() -> TrajectoryResult:
    """Two groups so far apart that posteriors are 0 and 1: members 0-59 low, 60-99 high."""
    rate = np.repeat([0.5, 20.0], [60, 40])[:, None]
    values = np.random.default_rng(0).poisson(rate, (100, 8)).astype(float)
    panel = Panel(values, np.arange(8.0), identifiers=np.arange(100))
    return fit_trajectories(panel, settings=TrajectorySettings(family="poisson", groups=2, order=0, search=QUICK))


def _traits() -> pd.DataFrame:
    role = ["moderator"] * 3 + ["vip"] * 30 + ["registered"] * 27 + ["vip"] * 20 + ["registered"] * 20
    return pd.DataFrame({"member": np.arange(100)[::-1], "role": role[::-1], "age": np.arange(100.0)[::-1]})


def test_shares_and_means_by_group(fit: TrajectoryResult) -> None:
    rows = profile_groups(fit, _traits()).to_pylist()
    found = {(row["group"], row["trait"], row["category"]): row for row in rows}
    low = found[1, "role", "vip"]
    assert low["value"] == pytest.approx(30 / 60, abs=1e-6)
    assert found[2, "role", "vip"]["value"] == pytest.approx(20 / 40, abs=1e-6)
    assert low["low"] < 0.5 < low["high"]
    assert found[1, "age", None]["value"] == pytest.approx(np.arange(60).mean(), abs=1e-4)
    error = np.arange(60).std() / np.sqrt(60)
    assert found[1, "age", None]["high"] - found[1, "age", None]["value"] == pytest.approx(1.96 * error, rel=1e-3)


def test_small_cells_are_suppressed_unless_the_data_are_ones_own(fit: TrajectoryResult) -> None:
    rows = {(row["group"], row["category"]): row for row in profile_groups(fit, _traits()).to_pylist()}
    assert rows[1, "moderator"]["value"] is None
    assert rows[1, "moderator"]["members"] is None
    own = profile_groups(fit, _traits(), settings=ProfileSettings(suppress=False)).to_pylist()
    shown = {(row["group"], row["category"]): row for row in own}
    assert shown[1, "moderator"]["value"] == pytest.approx(3 / 60, abs=1e-6)


def test_a_lone_suppressed_category_takes_another_along(fit: TrajectoryResult) -> None:
    """Otherwise the hidden count follows from the group's others."""
    rows = [row for row in profile_groups(fit, _traits()).to_pylist() if row["group"] == 1 and row["trait"] == "role"]
    hidden = [row for row in rows if row["members"] is None]
    assert len(hidden) >= 2


def test_a_hidden_cell_does_not_follow_from_the_other_groups() -> None:
    """Four groups of 100: group 1 alone has few vip, so that another group's vip are hidden with it."""
    members = np.array([[3.0, 40.0, 57.0], [30.0, 40.0, 30.0], [20.0, 50.0, 30.0], [40.0, 40.0, 20.0]])
    hidden = _small_cells(members)
    assert hidden[0, 0]
    assert (hidden.sum(axis=1) != 1).all()
    assert (hidden.sum(axis=0) != 1).all()
    assert not hidden[3].all()


TRAITS = """
forum | member | kind   | registered_at
0     | 0      | guest  |
0     | 1      | member | 2019-01-05
0     | 2      | member | 2020-02-10
0     | 3      | member |
"""
ROLES = """
forum | member | role       | rank | start_at   | end_at     | evidence
0     | 1      | registered |      | 2019-01-05 | 2020-01-01 | log
0     | 1      | vip        |      | 2020-01-01 |            | log
0     | 1      | moderator  |      | 2020-01-09 |            | log
0     | 2      | moderator  |      | 2020-02-10 | 2020-03-01 | log
0     | 2      | vip        |      | 2020-03-01 |            | log
0     | 2      | banned     |      | 2020-03-05 |            | log
"""
TRAIT_POSTS = """
forum | post | thread | section | author | at         | is_opening | state
0     | 0    | 0      | 0       | 1      | 2020-01-06 | no         | visible
0     | 1    | 1      | 1       | 1      | 2020-01-31 | no         | visible
0     | 2    | 1      | 1       | 1      | 2020-03-01 | no         | visible
0     | 3    | 0      | 0       | 1      | 2020-03-02 | no         | deleted
0     | 4    | 0      | 0       | 1      | 2020-03-03 | no         | deleted
0     | 5    | 1      | 1       | 2      | 2020-02-29 | no         | visible
0     | 6    | 0      | 0       | 2      | 2020-02-29 | no         | visible
"""
TRAIT_THREADS = """
forum | thread | section | starter | created_at | state
0     | 0      | 0       | 1       | 2020-01-06 | visible
0     | 1      | 1       | 1       | 2020-01-31 | visible
"""
TRAIT_SECTIONS = "forum | section | kind\n0 | 0 | talk\n0 | 1 | files"
REACTIONS = """
forum | giver | receiver | post | at         | kind   | weight
0     | 1     | 2        | 5    | 2020-03-01 | thanks | 1
0     | 1     | 2        | 6    | 2020-03-02 | thanks | 1
0     | 2     | 1        | 0    | 2020-03-02 | thanks | 1
"""


def test_traits_of_members_counted_by_hand(tmp_path: Path, open_engine) -> None:
    """The highest lasting role, a ban above all; the section with most visible posts, the lower of equals."""
    tables = {
        "member": TRAITS, "role_spell": ROLES, "post": TRAIT_POSTS, "thread": TRAIT_THREADS,
        "section": TRAIT_SECTIONS, "reaction": REACTIONS,
    }  # fmt: skip
    rows = member_traits(open_engine(dataset_of(tmp_path / "dataset", tables))).to_pylist()
    assert [tuple(row.values()) for row in rows] == [
        (1, "2019", "moderator", "files", 2, 1),
        (2, "2020", "banned", "talk", 1, 2),
        (3, None, "registered", None, 0, 0),
    ]
    assert list(rows[0]) == ["member", "registered", "role", "section", "reactions_given", "reactions_received"]


def test_traits_that_do_not_fit_are_refused(fit: TrajectoryResult) -> None:
    with pytest.raises(SettingsError, match="twice"):
        profile_groups(fit, _traits().assign(member=1))
    with pytest.raises(SettingsError, match="no member"):
        profile_groups(fit, _traits().assign(member=lambda table: table["member"] + 1000))
    with pytest.raises(SettingsError, match="no column"):
        profile_groups(fit, _traits(), member="who")
    with pytest.raises(SettingsError, match="categories"):
        profile_groups(fit, _traits().assign(role=lambda table: table["member"].astype(str)))
