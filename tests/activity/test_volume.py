"""Volume over time: known answers on both engines, lives of threads, and every kind of poor input."""

import json
import math
from datetime import date

import pytest

from public_sites import SITES, site_dataset
from tables import dataset_of
from vestige import open_dataset
from vestige.activity import Period, VolumeSettings, measure_volume
from vestige.activity.periods import calendar_of, period_start
from vestige.activity.volume import hours_in_words
from vestige.activity.volume_figures import ANSWER, LIFE
from vestige.errors import SettingsError
from vestige.results import Result

MEMBERS = """
member | kind    | registered_at
0      | guest   |
1      | member  | 2020-01-05
2      | member  | 2020-01-31 23:59:59.5
3      | member  | 2020-03-01
4      | member  |
"""
THREADS = """
thread | starter | created_at
0      | 1       | 2020-01-06 00:00:00
1      | 2       | 2020-01-10 00:00:00
2      | 0       | 2020-03-30 12:00:00
3      | 1       | 2020-01-20 00:00:00
4      | 3       |
"""
POSTS = """
post | thread | author | at                  | is_opening
0    | 0      | 1      | 2020-01-06          | yes
1    | 0      | 1      | 2020-01-06 00:10:00 | no
2    | 0      | 2      | 2020-01-06 05:30:00 | no
3    | 1      | 2      | 2020-01-10          | yes
4    | 1      | 0      | 2020-01-12          | no
5    | 2      | 0      | 2020-03-30 12:00:00 | yes
6    | 2      | 3      | 2020-03-30 12:00:30 | no
7    | 3      | 1      | 2020-01-20          | yes
8    | 0      | 2      |                     | no
9    | 3      | 4      | 2020-01-19 23:00:00 | no
"""
VIEWS = """
member | at                  | kind
1      | 2020-01-31 23:00:00 | thread
1      | 2020-01-31 23:30:00 | section
3      | 2020-02-03 00:00:00 | thread
4      | 2020-02-09 23:59:59 | thread
4      | 2020-02-10 00:00:00 | read-mark
"""
DOWNLOADS = """
member | at         | outcome
4      | 2020-03-08 | completed
4      | 2020-03-08 | attempted
"""
TABLES = {"member": MEMBERS, "thread": THREADS, "post": POSTS, "view": VIEWS, "download": DOWNLOADS}


@pytest.fixture(scope="module")
def forum(tmp_path_factory):
    return dataset_of(tmp_path_factory.mktemp("volume") / "dataset", TABLES)


def rows(result, name):
    return result.table(name).to_pylist()


def by_period(result, name):
    return {row.pop("period").isoformat(): row for row in rows(result, name)}


def test_months_count_members_and_events(forum, open_engine):
    result = measure_volume(open_engine(forum))
    members, events = by_period(result, "members_over_time"), by_period(result, "events_over_time")
    assert [*members] == ["2020-01-01", "2020-02-01", "2020-03-01"]
    assert [row["new_members"] for row in members.values()] == [2, 0, 1]
    assert [row["active_members"] for row in members.values()] == [3, 2, 2]
    assert [row["members_posts"] for row in members.values()] == [3, 0, 1]
    assert [row["posts"] for row in events.values()] == [6, 0, 1]
    assert [row["threads"] for row in events.values()] == [3, 0, 0]
    assert [row["views"] for row in events.values()] == [2, 2, 0]
    assert [row["downloads"] for row in events.values()] == [0, 0, 2]
    kinds = by_period(result, "posts_by_kind")["2020-01-01"]
    assert (kinds["openings"], kinds["replies"], kinds["openers"], kinds["repliers"]) == (3, 3, 2, 3)
    assert (kinds["posts_most"], kinds["posts_second"]) == (3, 2)
    assert (kinds["openings_most"], kinds["replies_most"]) == (None, None), "one member made most of the openings"
    assert [(row["posts_most"], row["posts_second"]) for row in events.values()] == [(3, 2), (0, 0), (1, 0)]
    assert [(row["views_most"], row["views_second"]) for row in events.values()] == [(2, 0), (1, 1), (0, 0)]
    assert {row["trace"]: (row["most"], row["second"]) for row in rows(result, "volume")}["Posts"] == (3, 3)
    assert {row["trace"]: row["events"] for row in rows(result, "volume")} == {
        "Posts": 8, "Threads": 4, "Page views": 4, "Downloads": 2,
    }  # fmt: skip


def test_days_list_every_day(forum):
    with open_dataset(forum) as dataset:
        result = measure_volume(dataset, settings=VolumeSettings(period=Period.DAY))
    events = by_period(result, "events_over_time")
    assert len(events) == 31 + 29 + 31
    assert events["2020-01-06"]["posts"] == 3
    assert events["2020-01-06"]["members_posts"] == 2
    assert result.safe("members_over_time").rows()[0]["period"] == "2020-01-01"


def test_weeks_and_lives_of_threads(forum, open_engine):
    """Thread 0 lives 5.5 hours, cut to 5; 1 two days; 3 nothing (its reply precedes it); 2 half a minute and is open.

    Answered by somebody else: 0 after 5 hours, 1 after two days, 2 after nothing (under a minute), 3 after nothing.
    """
    result = measure_volume(open_engine(forum), settings=VolumeSettings(quiet_days=30, period=Period.WEEK))
    life = {row["longer_than"]: (row["threads"], row["share"], row["openers"]) for row in rows(result, "thread_lives")}
    assert life["1 minute"] == (2, pytest.approx(3 / 4), 2)
    assert life["4 hours"] == life["1 minute"]
    assert life["8 hours"] == (1, pytest.approx(3 / 8), 1)
    assert "4 days" not in life
    counts = {row["what"]: (row["threads"], row["of_threads"], row["openers"]) for row in rows(result, "threads")}
    assert counts == {"Answered by somebody else": (4, 4, 2), "Fallen silent by the window's end": (3, 4, 2)}
    medians = {row["what"]: row["median"] for row in rows(result, "thread_medians")}
    assert medians == {LIFE: 5, ANSWER: 0}
    events = by_period(result, "events_over_time")
    assert len(events) == 14
    assert next(iter(events)) == "2019-12-30", "weeks begin on Monday"
    assert {week: row["views"] for week, row in events.items() if row["views"]} == {"2020-01-27": 2, "2020-02-03": 2}
    codes = {finding.code for finding in result.findings}
    assert {"censored-threads", "reply-before-opening", "undated-posts", "read-marks", "few-members"} <= codes


def test_a_thread_without_a_reply_waits_until_the_end(tmp_path):
    tables = {
        "member": "member | registered_at\n0 | 2020-01-01\n1 | 2020-01-01",
        "thread": "thread | starter | created_at\n0 | 0 | 2020-01-01\n1 | 1 | 2020-03-21",
        "post": "post | thread | author | at | is_opening\n0 | 0 | 0 | 2020-01-01 | yes\n1 | 1 | 1 | 2020-03-21 | yes",
    }
    with open_dataset(dataset_of(tmp_path / "dataset", tables)) as dataset:
        result = measure_volume(dataset)
    waits = {row["longer_than"]: (row["threads"], row["share"]) for row in rows(result, "thread_answers")}
    assert waits["1 week"] == (2, 1.0)
    assert waits["4 weeks"] == (1, 1.0)
    assert {row["what"]: row["median"] for row in rows(result, "thread_medians")} == {LIFE: 0, ANSWER: None}


def test_periods_of_a_calendar():
    assert period_start(date(2020, 2, 29), Period.MONTH) == date(2020, 2, 1)
    assert period_start(date(2020, 3, 1), Period.WEEK) == date(2020, 2, 24)
    assert calendar_of(((None, None),), [], Period.DAY) == ()
    seen = [date(2019, 12, 31), date(2020, 1, 2)]
    assert calendar_of(((None, None),), seen, Period.DAY) == (date(2019, 12, 31), date(2020, 1, 1), date(2020, 1, 2))
    assert calendar_of(((None, None),), [date(1, 1, 1), date(2020, 1, 1)], Period.MONTH) == ()
    assert calendar_of(((None, None),), [date(1, 1, 1), date(2020, 1, 1)], Period.DAY) == ()


@pytest.mark.parametrize(("hours", "words"), [(0.5, "30 minutes"), (5.0, "5 hours"), (72.0, "3 days")])
def test_hours_in_words(hours, words):
    assert hours_in_words(hours) == words


@pytest.mark.parametrize(
    ("tables", "codes"),
    [
        ({"member": "member\n"}, {"no-members", "no-posts", "no-views", "no-thread-lives"}),
        ({"member": "member | registered_at\n0 | 2020-02-02"}, {"few-members", "no-posts"}),
        (
            {"member": "member\n0", "post": "post | author | at\n0 | 0 | 1970-01-01\n1 | 0 | 2020-02-01"},
            {"posts-outside-window"},
        ),
        (
            {
                "member": "member | registered_at\n0 | 2020-01-05 12:00:00",
                "forum": "window_start | window_end\n2020-01-05 | 2020-01-05 23:59:59",
                "post": "post | author | at\n0 | 0 | 2020-01-05 11:00:00",
            },
            {"one-period"},
        ),
        (
            {
                "member": "member\n0",
                "forum": "code | window_start | window_end\nforum-a | | ",
                "post": "post | author\n0 | 0",
            },
            {"no-calendar", "undated-posts"},
        ),
    ],
)
@pytest.mark.parametrize("period", Period)
def test_poor_input_gives_findings(tmp_path, tables, codes, period):
    with open_dataset(dataset_of(tmp_path / "dataset", tables)) as dataset:
        result = measure_volume(dataset, settings=VolumeSettings(period=period))
    assert isinstance(result, Result)
    assert codes <= {finding.code for finding in result.findings}
    assert "NaN" not in json.dumps(result.to_plain(), allow_nan=False)
    assert result.summary()


def test_small_cells_are_suppressed(forum):
    with open_dataset(forum) as dataset:
        result = measure_volume(dataset)
    for name in result.table_names:
        for row in result.safe(name).rows():
            figures = [value for value in row.values() if not isinstance(value, str)]
            assert all(value is None for value in figures), name
    assert result.plot_names == ()


def test_public_sites_through_the_verb(shared, tmp_path):
    for site in SITES:
        folder = site_dataset(shared / "data" / "stackexchange" / site, tmp_path / site)
        with open_dataset(folder) as dataset:
            result = measure_volume(dataset)
        numbers = [
            value
            for name in result.table_names
            for row in rows(result, name)
            for value in row.values()
            if isinstance(value, float)
        ]
        assert all(math.isfinite(value) for value in numbers)
        assert {"growth", "posts_over_time", "thread_lives"} <= set(result.plot_names)
        for name in result.plot_names:
            assert result.plot(name).to_dict()
            assert result.charts()[name].words(result.safe_by_name)


def test_settings_out_of_range():
    with pytest.raises(SettingsError, match="silence"):
        VolumeSettings(quiet_days=0)
    with pytest.raises(SettingsError, match="period"):
        VolumeSettings(period="year")
    with pytest.raises(SettingsError, match="state"):
        VolumeSettings(states=())
