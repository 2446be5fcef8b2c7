"""Networks in windows of months: who is in which, and growth."""

from pathlib import Path

import pytest

from tables import dataset_of
from vestige.dataset import open_dataset
from vestige.errors import SettingsError
from vestige.network import NetworkSettings, WindowSettings, build_windows, growth_chart

MEMBERS = "member | kind\n" + "\n".join(f"{member} | member" for member in range(5))
MESSAGES = """
    message | sender | recipient | at
    0       | 0      | 1         | 2020-01-05
    1       | 1      | 2         | 2020-02-05
    2       | 2      | 3         | 2020-02-29 23:59:59
    3       | 3      | 4         | 2020-03-01
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return dataset_of(tmp_path / "dataset", {"member": MEMBERS, "message": MESSAGES})


def test_windows_slide(folder: Path) -> None:
    with open_dataset(folder) as dataset:
        settings = NetworkSettings(kind="messages")
        apart = build_windows(dataset, settings=settings, windows=WindowSettings(1, 1))
        sliding = build_windows(dataset, settings=settings, windows=WindowSettings(2, 1))
        growing = build_windows(dataset, settings=settings, windows=WindowSettings(1, 1, cumulative=True))
    assert [network.members.tolist() for network in apart.networks] == [[0, 1], [1, 2, 3], [3, 4]]
    assert [network.members.tolist() for network in sliding.networks] == [[0, 1, 2, 3], [1, 2, 3, 4]]
    assert [network.ties for network in growing.networks] == [1, 3, 4]
    assert apart.table().column("stayed").to_pylist() == [0, 1, 1]
    assert growing.table().column("largest").to_pylist() == [2, 4, 5]
    assert [str(month) for month in growing.table().column("month").to_pylist()] == [
        "2020-01-01", "2020-02-01", "2020-03-01"
    ]  # fmt: skip
    assert "stayed" not in growing.safe().data.column_names
    assert all(row["members"] is None for row in apart.safe().rows())


def test_a_window_that_makes_no_sense() -> None:
    with pytest.raises(SettingsError, match="1 to 600 months"):
        WindowSettings(0)


def test_growth_is_drawn_from_what_may_leave(tmp_path: Path) -> None:
    """Twelve members write in each of three months; one also writes to a thirteenth, whom no figure tells."""
    members = "member | kind\n" + "\n".join(f"{member} | member" for member in range(13))
    rows = [
        f"{12 * month + own} | {own} | {(own + 1) % 12} | 2020-0{month + 1}-05"
        for month in range(3)
        for own in range(12)
    ]
    messages = "message | sender | recipient | at\n" + "\n".join([*rows, "36 | 0 | 12 | 2020-03-07"])
    path = dataset_of(tmp_path / "dataset", {"member": members, "message": messages})
    with open_dataset(path) as dataset:
        settings = NetworkSettings(kind="messages")
        windows, growth = (
            build_windows(dataset, settings=settings, windows=WindowSettings(1, 1, cumulative=own)).safe()
            for own in (False, True)
        )
    drawn = growth_chart(windows, growth).to_dict()
    each, ties, so_far = (drawn["datasets"][panel["data"]["name"]] for panel in drawn["vconcat"])
    assert [row["members"] for row in windows.rows()] == [10, 10, 15]
    assert {row["series"] for row in each} == {"Members"}, "all but a few are in the largest component: not published"
    assert [row["value"] for row in ties] == [10, 10, 15]
    assert [row["members"] for row in growth.rows()] == [None, None, 15], "one more than before tells of one member"
    assert so_far == []
