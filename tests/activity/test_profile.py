"""The reference profile: every mark counted by hand on both engines, and every kind of poor input."""

import json
from datetime import datetime

import numpy as np
import pytest

from tables import dataset_of
from vestige import open_dataset
from vestige.activity.cohorts import UNKNOWN, make_cohorts
from vestige.activity.profile import ProfileSettings, fit_profile
from vestige.dataset.schema import State
from vestige.errors import DatasetError, SettingsError
from vestige.results import Result, Severity

MEMBERS = """
member | kind    | registered_at
0      | guest   |
1      | member  | 2019-06-01
2      | member  | 2020-01-11
3      | member  | 2020-03-30
4      | member  |
5      | deleted |
6      | bot     | 2020-02-01
7      | member  | 2020-02-10
"""
VIEWS = """
member | at                  | section | thread | kind
1      | 2020-01-01 00:00:00 |         |        | visit
1      | 2020-01-01 00:20:00 | 0       | 1      | thread
1      | 2020-01-01 00:50:01 | 1       |        | section
1      | 2020-03-31 00:00:00 | 1       |        | section
2      | 2020-02-01 10:00:00 | 0       |        | thread
2      |                     | 2       |        | thread
2      | 2020-02-02 10:00:00 | 0       |        | read-mark
0      | 2020-02-01 10:00:00 | 0       |        | thread
6      | 2020-02-01 10:00:00 | 0       |        | thread
"""
DOWNLOADS = """
member | at                  | outcome
1      | 2020-01-01          | completed
1      | 2020-03-31          | attempted
7      | 2020-02-09 23:00:00 | completed
0      | 2020-03-31          | completed
"""
POSTS = """
post | thread | section | author | at                  | state
0    | 0      | 0       | 1      | 2020-01-01 12:00:00 | visible
1    | 0      | 0       | 1      | 2020-01-02 12:00:00 | deleted
2    | 0      | 1       | 2      | 2020-01-31 12:00:00 | visible
3    | 0      |         | 2      |                     | visible
4    | 0      | 0       | 5      | 2020-01-31 12:00:00 | visible
5    | 0      | 0       |        | 2020-01-31 12:00:00 | visible
"""
THREADS = """
thread | section | starter | created_at
0      | 0       | 1       | 2020-01-01 12:00:00
1      | 0       | 5       | 2020-01-31 12:00:00
"""
SECTIONS = "section | kind\n0 | talk\n1 | talk\n2 | trade"
TABLES = {
    "member": MEMBERS,
    "view": VIEWS,
    "download": DOWNLOADS,
    "post": POSTS,
    "thread": THREADS,
    "section": SECTIONS,
}
NAMES = (
    "visits",
    "views",
    "sections_viewed",
    "downloads",
    "downloads_completed",
    "posts",
    "threads",
    "sections_posted",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return dataset_of(tmp_path_factory.mktemp("profile") / "dataset", TABLES)


def fitted(folder, **settings):
    with open_dataset(folder) as dataset:
        return fit_profile(dataset, settings=ProfileSettings(**settings))


def marks(result, name):
    return dict(zip(("1", "2", "3", "4", "7"), result.marks.values[name].tolist(), strict=True))


def codes(result):
    return {finding.code for finding in result.findings}


def test_every_mark_by_hand(folder, open_engine):
    result = fit_profile(open_engine(folder))
    found = {name: result.marks.values[name].tolist() for name in (*NAMES, "active_days")}
    assert found == {
        #                  1  2  3  4  7
        "visits":          [3, 1, 0, 0, 0],
        "views":           [4, 2, 0, 0, 0],
        "sections_viewed": [2, 2, 0, 0, 0],
        "downloads":       [2, 0, 0, 0, 1],
        "downloads_completed": [1, 0, 0, 0, 1],
        "posts":           [2, 2, 0, 0, 0],
        "threads":         [1, 0, 0, 0, 0],
        "sections_posted": [1, 1, 0, 0, 0],
        "active_days":     [3, 2, 0, 0, 1],
    }  # fmt: skip
    tenure = result.marks.values["tenure_days"]
    assert tenure[[0, 1, 2]].tolist() == pytest.approx([304, 21 + 10 / 24, 0])
    assert np.isnan(tenure[3])
    assert tenure[4] == 0


def test_rates_are_per_exposure(folder):
    """The log covers 1 January to 31 March, the whole window; member 2 was there for 80 days of it."""
    result = fitted(folder)
    exposure = result.marks.exposure_days["views_rate"]
    assert exposure[[0, 1, 2]].tolist() == pytest.approx([90, 80, 1])
    assert marks(result, "views_rate")["1"] == pytest.approx(4 / 90 * 30)
    assert marks(result, "views_rate")["2"] == pytest.approx(2 / 80 * 30)
    assert np.isnan(marks(result, "views_rate")["3"]), "a day is too short for a rate"
    assert np.isnan(marks(result, "views_rate")["4"]), "without a registration there is no exposure"
    assert marks(fitted(folder, per_days=14), "views_rate")["1"] == pytest.approx(4 / 90 * 14)


def test_a_trace_before_registration_moves_the_begin_and_is_said(folder):
    result = fitted(folder)
    assert result.marks.exposure_days["downloads_rate"][4] == pytest.approx(50 + 1 / 24)
    assert "trace-before-registration" in codes(result)


def test_states_can_be_left_out(folder):
    assert marks(fitted(folder, states=(State.VISIBLE,)), "posts")["1"] == 1


def test_a_shorter_gap_makes_more_visits(folder):
    assert marks(fitted(folder, visit_gap_minutes=10), "visits")["1"] == 4


def test_only_members_have_a_row(folder):
    table = fitted(folder).table("members")
    assert table.num_rows == 5
    assert table.column("pseudonym").to_pylist() == [f"{place:032x}" for place in (1, 2, 3, 4, 7)]


def test_no_views_says_what_cannot_be_measured_and_why(tmp_path):
    tables = {name: text for name, text in TABLES.items() if name not in {"view", "download"}}
    absent = {"view": "the software keeps no log"}
    result = fitted(dataset_of(tmp_path / "dataset", tables, absent=absent))
    assert result.marks.unavailable["visits"] == "the dataset has no view table: the software keeps no log"
    assert {"no-views", "not-measured"} <= codes(result)
    assert "visits" not in result.marks.values
    assert "Not measured: visits" in result.summary()


def test_when_members_were_last_there_is_no_log(tmp_path):
    views = "member | at | kind\n1 | 2020-03-20 | visit\n2 | 2020-02-20 | visit\n3 | 2020-03-31 | visit"
    result = fitted(dataset_of(tmp_path / "dataset", {**TABLES, "view": views, "download": "member | at"}))
    assert result.marks.unavailable["views"] == "it is only known when each member was last there"
    assert "visits" not in result.marks.values
    assert result.marks.values["tenure_days"][1] == 40, "but it tells how long a member stayed"
    assert marks(result, "active_days")["2"] == 1, "and is no active day of its own: others' would be missing"


def test_coarse_times_refuse_visits_with_the_reason(tmp_path):
    folder = dataset_of(tmp_path / "dataset", TABLES)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["time_resolution"] = "hour"
    (folder / "manifest.json").write_text(json.dumps(manifest))
    assert "too coarse" in fitted(folder).marks.unavailable["visits"]
    assert "visits" in fitted(folder, visit_gap_minutes=120).marks.values


def test_a_log_of_the_last_days_is_the_exposure_and_is_said(tmp_path):
    views = "member | at\n1 | 2020-03-17\n1 | 2020-03-31\n2 | 2020-03-20"
    result = fitted(
        dataset_of(tmp_path / "dataset", {**TABLES, "view": views, "download": "member | at\n1 | 2020-03-31"})
    )
    assert result.marks.exposure_days["views_rate"][0] == 14
    assert result.marks.exposure_days["posts_rate"][0] == 90
    assert {"log-covers-part", "active-days-within-log"} <= codes(result)
    assert "less than 7 days" in result.marks.unavailable["downloads_rate"]


def test_a_window_of_a_day_has_no_rates(tmp_path):
    forum = "window_start | window_end\n2020-01-01 | 2020-01-01 23:59:59"
    tables = {"forum": forum, "member": "member\n0\n1", "post": "post | author | at\n0 | 0 | 2020-01-01 12:00"}
    result = fitted(dataset_of(tmp_path / "dataset", tables))
    assert "less than 7 days" in result.marks.unavailable["posts_rate"]
    assert {"short-window", "undated-registrations"} <= codes(result)


def test_one_member_is_suppressed_everywhere(tmp_path):
    tables = {"member": "member | registered_at\n0 | 2020-01-01", "post": "post | author | at\n0 | 0 | 2020-01-02"}
    result = fitted(dataset_of(tmp_path / "dataset", tables))
    assert result.findings[0].severity is Severity.PROBLEM
    for table in result.safe_tables:
        for row in table.rows():
            figures = {
                name: value for name, value in row.items() if isinstance(value, (int, float)) and name != "quantile"
            }
            assert set(figures) <= set(), (table.name, row)


def test_nothing_done_is_zero_and_said(tmp_path):
    members = "\n".join(["member | registered_at", *(f"{place} | 2020-01-{place % 28 + 1:02}" for place in range(40))])
    post = "post | author | at\n0 | | 2020-01-02"
    result = fitted(dataset_of(tmp_path / "dataset", {"member": members, "post": post}))
    assert "hardly-anybody" in codes(result)
    (row,) = (row for row in result.safe("profile").rows() if row["measure"] == "Posts")
    assert (row["q50"], row["q25"]) == (0, 0)
    assert result.plot_names == ("profile", "profile_rates")
    assert result.plot("profile").to_dict()


def test_an_empty_log_is_not_a_log_of_zeros(tmp_path):
    result = fitted(dataset_of(tmp_path / "dataset", {**TABLES, "view": "member | at"}))
    assert "nothing was recorded" in result.marks.unavailable["views"]


def test_no_member_is_a_clear_error(tmp_path):
    folder = dataset_of(tmp_path / "dataset", {"member": "member | kind\n0 | guest", "post": POSTS})
    with pytest.raises(DatasetError, match="no account that counts"):
        fitted(folder)


def test_several_forums_need_a_choice(tmp_path):
    forum = "forum | code\n0 | forum-a\n1 | forum-b"
    members = "forum | member\n0 | 0\n1 | 0\n1 | 1"
    folder = dataset_of(
        tmp_path / "dataset", {"forum": forum, "member": members, "post": "post | author | at\n0|0|2020-01-02"}
    )
    with pytest.raises(SettingsError, match="choose one of forum-a, forum-b"):
        fitted(folder)
    assert fitted(folder, forum="forum-b").marks.members == 2
    assert "window-unknown" in codes(fitted(folder, forum="forum-a"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"states": ()},
        {"visit_gap_minutes": 0},
        {"per_days": 0},
        {"quantiles": (0.5, 1.0)},
        {"quantiles": (0.9, 0.5)},
        {"confidence": 0.4},
        {"cohort_months": 0},
        {"smallest_cohort": 0},
        {"shortest_exposure_days": 0},
    ],
)
def test_settings_outside_their_range_are_refused(wrong):
    with pytest.raises(SettingsError, match="out of range"):
        ProfileSettings(**wrong)


def seconds(*months):
    return np.array(
        [np.nan if text is None else datetime.fromisoformat(f"{text}-15T00:00:00+00:00").timestamp() for text in months]
    )


def test_cohorts_are_calendar_periods_and_small_ones_join_their_neighbour():
    registered = seconds(*["2020-01"] * 5, *["2020-04"] * 2, *["2020-07"] * 5, "2020-10", None)
    found = make_cohorts(registered, months=3, smallest=4)
    assert [(own.first_month - 2020 * 12, own.last_month - 2020 * 12, own.members) for own in found.cohorts] == [
        (0, 2, 5),
        (3, 11, 8),
    ]
    assert found.place.tolist() == [0] * 5 + [1] * 8 + [UNKNOWN]


def test_the_length_of_cohorts_follows_from_the_span():
    assert make_cohorts(seconds("2020-01", "2020-12"), months=None, smallest=1).months == 1
    assert make_cohorts(seconds(*(f"{year}-01" for year in range(2000, 2020))), months=None, smallest=1).months == 24
    assert make_cohorts(seconds(None), months=None, smallest=1).cohorts == ()


def test_it_is_a_result_and_says_how_to_get_it_again(folder):
    result = fitted(folder)
    assert isinstance(result, Result)
    assert result.provenance.settings["visit_gap_minutes"] == 30
    json.dumps(result.to_plain(), allow_nan=False)
    with pytest.raises(SettingsError, match="known: profile"):
        result.table("nothing")
    with pytest.raises(SettingsError, match="no such table"):
        result.safe("members")
