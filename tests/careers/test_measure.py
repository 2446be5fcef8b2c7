"""Careers of a small forum, worked out by hand; the same on both engines."""

import numpy as np
import pytest

from tables import dataset_of
from vestige import open_dataset
from vestige.careers import CareerSettings, measure_careers
from vestige.errors import DatasetError, SettingsError

MEMBER = """
    member | registered_at | kind
    0      | 2020-01-01    | member
    1      | 2020-01-01    | member
    2      | 2020-02-01    | member
    3      | 2020-03-01    | member
    4      | 2020-01-01    | guest
    5      |               | member
"""
POST = """
    seq | thread | section | author | at                  | state
    0   | 0      | 0       | 0      | 2020-01-11          | visible
    1   | 0      | 0       | 0      | 2020-01-21 12:00:00 | visible
    2   | 1      | 1       | 0      | 2020-02-10          | visible
    3   | 1      | 1       | 0      | 2020-02-10          | visible
    4   | 0      | 0       | 1      | 2020-01-02          | visible
    5   | 0      | 0       | 2      | 2020-01-31          | visible
    6   | 0      | 0       | 2      | 2020-03-30          | visible
    7   | 0      | 0       | 4      | 2020-03-30          | visible
    8   | 0      | 0       | 3      | 2020-03-30          | deleted
    9   | 0      | 0       | 5      | 2020-03-30          | visible
"""
FORUM = {"member": MEMBER, "post": POST}
SETTINGS = CareerSettings(leaving_after=40, gap=15, fewest_events=4, fewest_months=3)


@pytest.fixture
def folder(tmp_path):
    thread = "thread | section\n0 | 0\n1 | 1"
    section = "section | kind\n0 | section-1\n1 | section-2"
    return dataset_of(tmp_path / "d", {**FORUM, "thread": thread, "section": section})


def test_careers_by_hand_on_both_engines(folder, open_engine):
    """Member 0 posts on days 10, 20.5, 40 and 40; member 1 on day 1; member 2 the day before registering, and later."""
    result = measure_careers(open_engine(folder), settings=SETTINGS)
    careers = result.careers
    assert result.population.member.tolist() == [0, 1, 2, 3]
    assert careers.events.tolist() == [4, 1, 2, 0]
    assert careers.onset[:3] == pytest.approx([10, 1, 0])
    assert np.isnan(careers.onset[3])
    assert careers.observed == pytest.approx([90, 90, 60, 30])
    assert careers.duration[:3] == pytest.approx([31, 1, 60])
    assert careers.ended.tolist() == [True, True, False, False]
    assert careers.longest_gap[0] == pytest.approx(19.5)
    assert careers.gaps.tolist() == [1, 0, 1, 0]
    assert careers.active_months.tolist() == [2, 1, 2, 0]
    assert careers.months.tolist() == [3, 3, 3, 1]
    assert careers.frequency[:3] == pytest.approx(np.array([4, 1, 2]) / [90, 90, 60] * 30.4375)
    assert np.isnan(careers.frequency[3]), "observed for less than a month"
    assert careers.frequency_active[:3] == pytest.approx([2, 1, 1])
    assert careers.sections[:3].tolist() == [2, 1, 1]
    assert careers.entropy[0] == pytest.approx(np.log(2))
    assert careers.effective_sections[0] == pytest.approx(2)
    assert np.isnan(careers.entropy[1]), "one post says nothing about versatility"
    assert {finding.code for finding in result.findings} >= {"trace-before-registration", "undated-registrations"}


def test_curves_count_those_cut_off(folder):
    """Onsets on days 0+, 1 and 10, and one member censored on day 30; careers of 1, 31 and, still going, 60 days."""
    with open_dataset(folder) as dataset:
        result = measure_careers(dataset, settings=SETTINGS)
    assert result.onset.incidence[0, 0] == pytest.approx(0.75)
    assert result.onset.at_risk.tolist() == [0, 0]
    assert result.duration.incidence[:, 0] == pytest.approx([1 / 3, 2 / 3, 2 / 3])


def test_few_members_are_suppressed_and_said(folder):
    with open_dataset(folder) as dataset:
        result = measure_careers(dataset, settings=SETTINGS)
    assert all(row["p50"] is None for row in result.safe("quantities").rows())
    assert "few-careers" in {finding.code for finding in result.findings}
    rows = result.member_rows().to_pylist()
    assert [row["events"] for row in rows] == [4, 1, 2, 0]
    assert rows[3]["onset_days"] is None


@pytest.mark.parametrize(
    ("settings", "words"),
    [({"outcome": "smile"}, "outcome"), ({"leaving_after": 0}, "leaving_after"), ({"gap": -1}, "gap"),
     ({"fewest_events": 1}, "fewest_events"), ({"family": "normal"}, "family"), ({"confidence": 1.0}, "confidence")],
)  # fmt: skip
def test_settings_out_of_range_are_refused(settings, words):
    with pytest.raises(SettingsError, match=words):
        CareerSettings(**settings)


def test_what_the_dataset_lacks_is_said(folder):
    with open_dataset(folder) as dataset:
        with pytest.raises(DatasetError, match="'view' is absent"):
            measure_careers(dataset, settings=CareerSettings(outcome="view"))
        with pytest.raises(SettingsError, match="no such forum"):
            measure_careers(dataset, settings=CareerSettings(forum="forum-z"))


def test_no_known_registration_is_refused(tmp_path):
    folder = dataset_of(
        tmp_path / "d", {"member": "member | registered_at\n0 | ", "post": "seq | thread | at\n0 | 0 | "}
    )
    with open_dataset(folder) as dataset, pytest.raises(DatasetError, match="no member has a known registration"):
        measure_careers(dataset)


def test_a_forum_of_one_member_and_one_day(tmp_path):
    folder = dataset_of(
        tmp_path / "d",
        {
            "forum": "window_start | window_end\n2020-01-01 | 2020-01-01 20:00:00",
            "member": "member | registered_at | kind\n0 | 2020-01-01 | member",
            "thread": "thread\n0",
            "post": "seq | thread | author | at\n0 | 0 | 0 | 2020-01-01",
        },
    )
    with open_dataset(folder) as dataset:
        result = measure_careers(dataset)
    assert result.careers.events.tolist() == [1]
    assert result.onset.times.size == 0
    assert "few-careers" in {finding.code for finding in result.findings}
    assert result.to_plain()["tables"]["onset"]["rows"] == []
