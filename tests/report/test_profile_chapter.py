"""The chapters on the profile and on one member."""

import pyarrow.parquet as pq
import pytest

from vestige import open_dataset
from vestige.errors import SettingsError
from vestige.report import ReportSettings, build_report
from vestige.simulate import preset_settings, simulate_forum, write_simulated_dataset


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("forum") / "f"
    forum = simulate_forum(settings=preset_settings("silent-downloaders", members=1_000), seed=4)
    write_simulated_dataset(folder, forum)
    return folder / "dataset"


def test_the_profile_and_one_member_stand_in_the_report_without_a_pseudonym(folder):
    rows = pq.read_table(folder / "member.parquet").to_pylist()
    member = next(row["pseudonym"] for row in rows if row["kind"] == "member")
    with open_dataset(folder) as dataset:
        report = build_report(dataset, settings=ReportSettings(chapters=("profile",), member=member))
    titles = [chapter.title for chapter in report.chapters]
    assert titles.index("One member among all") == titles.index("The profile of all members") + 1
    assert member not in report.html
    assert "about one member" in report.html
    assert "A percentile is not a likelihood ratio" in report.html
    assert "--with profile --member PSEUDONYM" in report.html


def test_a_member_needs_the_chapter():
    with pytest.raises(SettingsError, match="in the chapter profile only"):
        ReportSettings(member="0" * 32)
