"""Participation: known answers on both engines, the preset's shares recovered, and every kind of poor input."""

import json

import pytest

from public_sites import SITES, site_dataset
from tables import dataset_of
from vestige import open_dataset, simulate_forum
from vestige.activity import ParticipationSettings, measure_participation
from vestige.activity.actor_reduce import Exposure
from vestige.activity.participation_figures import (
    ALL,
    ANY,
    COMMUNICATED,
    DONE,
    FEW_WORDS,
    NEVER_POSTED,
    NEVER_SPOKE,
    READ_ONLY,
    SEEN,
    SILENT,
    TRACELESS,
    rate_of,
)
from vestige.errors import SettingsError
from vestige.results import Result
from vestige.simulate import Preset, preset_settings, write_simulated_dataset

TABLES = {
    "member": """
    member | kind    | registered_at
    0      | guest   |
    1      | member  | 2020-01-01
    2      | member  | 2020-01-01
    3      | member  | 2020-02-03
    4      | member  |
    5      | member  | 2020-03-01
    6      | deleted |
    """,
    "section": "section | kind\n0 | talk\n1 | trade\n2 | talk",
    "thread": """
    thread | section | starter | created_at
    0      | 0       | 1       | 2020-01-05
    1      | 1       | 6       | 2020-01-05
    """,
    "post": """
    post | thread | section | author | at         | is_opening
    0    | 0      | 0       | 1      | 2020-01-05 | yes
    1    | 0      | 0       | 1      | 2020-01-06 | no
    2    | 1      | 1       | 1      | 2020-01-07 | no
    3    | 0      | 2       | 1      | 2020-01-08 | no
    4    | 1      | 1       | 2      | 2020-01-09 | no
    5    | 1      | 1       | 0      | 2020-01-09 | no
    6    | 1      |         | 6      | 2020-01-09 | no
    """,
    "message": "message | sender | recipient | at\n0 | 5 | 1 | 2020-03-02\n0 | 5 | 2 | 2020-03-02",
    "view": """
    member | at         | section | thread
    1      | 2020-03-18 | 0       |
    2      | 2020-03-18 |         | 1
    3      | 2020-03-19 |         | 0
    3      | 2020-03-20 | 1       |
    5      | 2020-03-20 |         |
    0      | 2020-03-20 | 1       |
    """,
    "download": """
    member | at         | outcome
    1      | 2020-03-18 | completed
    3      | 2020-03-18 | attempted
    3      | 2020-03-18 | completed
    4      | 2020-03-25 | attempted
    """,
}


@pytest.fixture(scope="module")
def forum(tmp_path_factory):
    return dataset_of(tmp_path_factory.mktemp("participation") / "dataset", TABLES)


def rows(result, name):
    return result.table(name).to_pylist()


def test_counts_on_both_engines(forum, open_engine):
    result = measure_participation(open_engine(forum), settings=ParticipationSettings(few_posts=1))
    deeds = {row["deed"]: (row["members"], row["added"], row["superset"]) for row in rows(result, "participation")}
    assert deeds == {
        "Wrote a post": (2, 2, 5),
        "Opened a thread": (1, 1, 5),
        "Sent a private message": (1, 1, 5),
        "Viewed a page": (4, 4, 5),
        "Downloaded": (3, 3, 5),
        COMMUNICATED: (3, 1, 5),
        READ_ONLY: (1, 1, 4),
        DONE: (2, 2, 3),
        SILENT: (2, 2, 3),
        TRACELESS: (0, 0, 5),
    }
    lurkers = {(row["definition"], row["population"]): row["members"] for row in rows(result, "lurkers")}
    assert lurkers == {
        (NEVER_POSTED, ALL): 3,
        (NEVER_SPOKE, ALL): 2,
        (FEW_WORDS.format(1), ALL): 4,
        (NEVER_POSTED, SEEN): 3,
        (NEVER_SPOKE, SEEN): 2,
        (FEW_WORDS.format(1), SEEN): 4,
    }
    use = {row["kind"]: (row["viewers"], row["posters"], row["both"]) for row in rows(result, "section_use")}
    assert use == {"talk": (2, 1, 1), "trade": (2, 2, 1), "outside-any": (1, 0, 0)}
    overlap = {
        (row["what"], row["one"], row["other"]): (row["both"], row["either"]) for row in rows(result, "section_overlap")
    }
    assert overlap[("viewed", "talk", "trade")] == (1, 3)
    assert overlap[("posted", "talk", "trade")] == (1, 2)
    rates = {(row["trace"], row["population"]): row for row in rows(result, "rates")}
    downloads = rates[("Downloads", ANY)]
    assert downloads["members"] == 3
    assert downloads["rate"] == pytest.approx(4 / (3 * 13 / 14))  # 13 days from the first download to the window's end
    assert rates[("Downloads", ALL)]["rate"] == pytest.approx(4 / (5 * 13 / 14))
    assert rates[("Posts", ANY)]["rate"] == pytest.approx(5 / (2 * 86 / 14))


def test_a_registration_after_the_first_post_exposes_from_the_post(tmp_path):
    tables = {
        "member": "member | registered_at\n0 | 2020-03-24",
        "post": "post | author | at\n0 | 0 | 2020-03-17\n1 | 0 | 2020-03-25",
    }
    with open_dataset(dataset_of(tmp_path / "dataset", tables)) as dataset:
        result = measure_participation(dataset)
    assert {row["rate"] for row in rows(result, "rates")} == {2.0}


def test_the_silent_downloaders_are_recovered(tmp_path):
    """Published: 3.4 % ever wrote, 93.6 % downloaded, 77 files a fortnight on average among those who did."""
    settings = preset_settings(Preset.SILENT_DOWNLOADERS, members=12_000)
    write_simulated_dataset(tmp_path / "forum", simulate_forum(settings=settings, seed=0))
    with open_dataset(tmp_path / "forum" / "dataset") as dataset:
        result = measure_participation(dataset)
    shares = {row["deed"]: row for row in result.safe("participation").rows()}
    assert shares["Wrote a post"]["low"] < 0.034 < shares["Wrote a post"]["high"]
    assert shares["Downloaded"]["low"] < 0.936 < shares["Downloaded"]["high"]
    rate = next(row for row in rows(result, "rates") if (row["trace"], row["population"]) == ("Downloads", ANY))
    assert rate["low"] < 77 < rate["high"]
    assert {"participation", "lurkers", "section_use", "overlap_views", "overlap_posts"} <= set(result.plot_names)
    for name in result.plot_names:
        assert result.plot(name).to_dict()
        assert result.charts()[name].words(result.safe_by_name)


def test_rate_is_a_ratio_of_means():
    """Three members: 2, 4 and 9 events in 1, 2 and 3 fortnights; variance by Cochran's formula, by hand."""
    sums = Exposure(3, 15.0, 6.0, 4 + 16 + 81, 2 + 8 + 27, 1 + 4 + 9)
    rate, low, high = rate_of(sums)
    residuals = (2 - 2.5) ** 2 + (4 - 5) ** 2 + (9 - 7.5) ** 2
    error = (residuals * 3 / 2) ** 0.5 / 6
    assert rate == 2.5
    assert (low * high) ** 0.5 == pytest.approx(2.5)
    assert high / rate == pytest.approx(2.718281828 ** (1.959964 * error / 2.5), rel=1e-5)
    assert rate_of(Exposure(1, 3.0, 2.0, 9.0, 6.0, 4.0)) == (1.5, None, None)


@pytest.mark.parametrize(
    ("tables", "codes"),
    [
        ({"member": "member\n"}, {"no-members", "no-posts", "no-views", "no-downloads"}),
        ({"member": "member\n0"}, {"few-members", "no-posts"}),
        ({"member": "member\n0", "post": "post | author\n0 | 0"}, {"undated-posts", "no-views"}),
        ({"member": "member | kind\n0 | guest", "post": "post | author | at\n0 | 0 | 2020-02-01"}, {"empty-posts"}),
    ],
)
def test_poor_input_gives_findings(tmp_path, tables, codes):
    with open_dataset(dataset_of(tmp_path / "dataset", tables)) as dataset:
        result = measure_participation(dataset)
    assert isinstance(result, Result)
    assert codes <= {finding.code for finding in result.findings}
    assert json.dumps(result.to_plain(), allow_nan=False)
    assert result.summary()


def test_public_sites_through_the_verb(shared, tmp_path):
    for site in SITES:
        with open_dataset(site_dataset(shared / "data" / "stackexchange" / site, tmp_path / site)) as dataset:
            result = measure_participation(dataset)
        assert "no-views" in {finding.code for finding in result.findings}
        shares = {row["definition"]: row["members"] for row in rows(result, "lurkers") if row["population"] == ALL}
        assert 0 < shares[NEVER_SPOKE] <= shares[NEVER_POSTED] < shares[FEW_WORDS.format(3)]


def test_settings_out_of_range():
    with pytest.raises(SettingsError, match="few posts"):
        ParticipationSettings(few_posts=0)
    with pytest.raises(SettingsError, match="state"):
        ParticipationSettings(states=())
