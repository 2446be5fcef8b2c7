"""Profiles of groups against traits, with the answer worked out by hand."""

import numpy as np
import pandas as pd
import pytest

from vestige.errors import SettingsError
from vestige.trajectories import (
    Panel,
    ProfileSettings,
    SearchSettings,
    TrajectoryResult,
    TrajectorySettings,
    fit_trajectories,
    profile_groups,
)

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


def test_traits_that_do_not_fit_are_refused(fit: TrajectoryResult) -> None:
    with pytest.raises(SettingsError, match="twice"):
        profile_groups(fit, _traits().assign(member=1))
    with pytest.raises(SettingsError, match="no member"):
        profile_groups(fit, _traits().assign(member=lambda table: table["member"] + 1000))
    with pytest.raises(SettingsError, match="no column"):
        profile_groups(fit, _traits(), member="who")
    with pytest.raises(SettingsError, match="categories"):
        profile_groups(fit, _traits().assign(role=lambda table: table["member"].astype(str)))
