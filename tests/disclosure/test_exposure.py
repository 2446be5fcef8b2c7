"""The disclosure check: worked out by hand, the same on both engines, and true on a simulated forum."""

import json

import pytest

from tables import dataset_of
from vestige import open_dataset
from vestige.cli import run
from vestige.disclosure.exposure import ALONE, FEW, KNOWN, MANY, ExposureSettings, check_disclosure
from vestige.errors import DatasetError, SettingsError
from vestige.simulate import preset_settings, simulate_forum, write_simulated_dataset

TABLES = {
    "member": """
        member | registered_at | kind
        0      | 2020-01-01    | member
        1      | 2020-01-20    | member
        2      | 2020-02-01    | member
        3      | 2020-02-02    | member
        4      |               | member
        5      | 2020-01-01    | guest
    """,
    "role_spell": """
        member | role      | start_at | end_at     | evidence
        0      | moderator |          |            | snapshot
        1      | vip       |          | 2020-02-01 | log
        2      | vip       |          |            | snapshot
        2      | banned    |          |            | snapshot
    """,
    "section": "section | kind\n0 | section-1\n1 | section-2",
    "thread": "thread | section\n0 | 0",
    "post": """
        seq | thread | section | author | at
        0   | 0      | 0       | 0      | 2020-01-05 10:00:00
        1   | 0      | 0       | 1      | 2020-01-05 10:00:30
        2   | 0      | 0       | 2      | 2020-02-05 10:00:00
        3   | 0      | 0       | 3      | 2020-02-05 10:00:00
        4   | 0      | 0       | 3      | 2020-02-06 10:00:00
        5   | 0      | 0       | 5      | 2020-03-01
    """,
}


@pytest.fixture
def folder(tmp_path):
    return dataset_of(tmp_path / "d", TABLES)


def test_by_hand_on_both_engines(folder, open_engine):
    """Members 0 and 1 acted within a minute, 2 and 3 at one second; 3 acted a day later as well."""
    result = check_disclosure(open_engine(folder), settings=ExposureSettings(known_points=(1, None)))
    shares = {(own.resolution, own.known_points): (own.singled_out, own.members) for own in result.unicity}
    assert shares["second", None] == (3, 4), "0, 1 and 3; the moment of 2 fits 3 too"
    assert shares["minute", None] == (1, 4), "3 alone"
    assert shares["month", None] == (0, 4)
    sizes = list(result.class_sizes.values())
    assert sizes[0] == {ALONE: 5, FEW: 0, "with 4 to 8 others": 0, MANY: 0}
    assert result.class_sizes["Year instead of month"] == {ALONE: 5, FEW: 0, "with 4 to 8 others": 0, MANY: 0}
    assert sum(result.class_sizes["Without members of few posts"].values()) == 0, "nobody has five posts"
    codes = {finding.code for finding in result.findings}
    assert {"pseudonymised", "small-sections"} <= codes


def test_no_acts_single_nobody_out(tmp_path, open_engine):
    dataset = open_engine(dataset_of(tmp_path / "d", {"member": TABLES["member"]}))
    result = check_disclosure(dataset)
    assert all(own.members == 0 for own in result.unicity)
    assert sum(result.class_sizes[next(iter(KNOWN))].values()) == 5


def test_no_members_are_refused(tmp_path):
    folder = dataset_of(tmp_path / "d", {"member": "member | kind\n0 | guest"})
    with open_dataset(folder) as dataset, pytest.raises(DatasetError, match="no members"):
        check_disclosure(dataset)


@pytest.mark.parametrize(
    "settings", [{"known_points": ()}, {"known_points": (0,)}, {"most_members": 0}, {"most_acts": 0}]
)
def test_settings_out_of_range_are_refused(settings):
    with pytest.raises(SettingsError):
        ExposureSettings(**settings)


def test_the_command_says_what_would_lower_it(tmp_path, capsys):
    forum = simulate_forum(settings=preset_settings("posting-groups", members=1_500, months=12), seed=3)
    write_simulated_dataset(tmp_path / "f", forum)
    assert run(["disclosure-check", str(tmp_path / "f" / "dataset"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["disclosure"]
    shares = {(row["resolution"], row["known"]): row["share"] for row in found["tables"]["times"]["rows"]}
    for known in ("1", "2", "4", "all"):
        assert shares["second", known] >= shares["hour", known] >= shares["day", known] >= shares["month", known]
    assert shares["second", "1"] > 0.5
    rows = {row["known"]: row for row in found["tables"]["combinations"]["rows"]}
    assert rows["Year instead of month"]["alone"] <= rows["Month of registration, role, band of posts"]["alone"]
    text = " ".join(finding["text"] for finding in found["findings"])
    assert "never anonymous" in text
    assert "derive with --time-resolution day" in text
