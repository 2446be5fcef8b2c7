"""The description: known answers on a small forum, both engines alike, and every kind of poor input."""

import json
import math
from functools import cache

import numpy as np
import pytest

from tables import dataset_of
from vestige import open_dataset
from vestige.activity import DescribeSettings, describe_dataset
from vestige.activity.calendar import complete_calendar, month_date
from vestige.activity.concentration_figures import lorenz_grid
from vestige.dataset.schema import State
from vestige.errors import SettingsError
from vestige.results import Result, Severity


def member_rows(count, registered="2020-01-15"):
    return "\n".join(["member | registered_at", *(f"{place} | {registered}" for place in range(count))])


def post_rows(authors, moment="2020-02-10"):
    return "\n".join(
        ["post | author | at", *(f"{place} | {author} | {moment}" for place, author in enumerate(authors))]
    )


def describe(folder, **settings):
    with open_dataset(folder) as dataset:
        return describe_dataset(dataset, settings=DescribeSettings(replicates=50, **settings), seed=1)


@pytest.fixture(scope="module")
def forum(tmp_path_factory):
    """40 members; 0 to 19 write one post each, 20 to 29 write nine each, ten never write."""
    authors = [*range(20), *(author for author in range(20, 30) for _ in range(9))]
    tables = {"member": member_rows(40), "post": post_rows(authors)}
    return dataset_of(tmp_path_factory.mktemp("describe") / "dataset", tables)


def rows(result, name):
    return result.table(name).to_pylist()


def test_exact_tables_hold_the_counts(forum):
    result = describe(forum)
    assert rows(result, "volume") == [{"trace": "Posts", "events": 110, "members": 30, "most": 9, "second": 9}]
    months = {row["month"].isoformat(): row for row in rows(result, "months")}
    assert [*months] == ["2020-01-01", "2020-02-01", "2020-03-01"]
    assert [row["new_members"] for row in months.values()] == [40, 0, 0]
    assert [row["posts"] for row in months.values()] == [0, 110, 0]
    assert [row["members_posts"] for row in months.values()] == [0, 30, 0]
    bands = {row["band"]: (row["members"], row["events"]) for row in rows(result, "posts_per_member")}
    assert bands == {"0": (10, 0), "1": (20, 20), "2-4": (0, 0), "5-9": (10, 90)}


def test_published_tables_hold_no_small_cell(forum):
    safe = describe(forum).safe("months")
    assert [row["new_members"] for row in safe.rows()] == [40, None, None]
    assert [row["posts"] for row in safe.rows()] == [None, 110, None]


def test_concentration_of_both_populations(forum):
    gini = {row["population"]: row["gini"] for row in rows(describe(forum), "gini")}
    values = np.array([0] * 10 + [1] * 20 + [9] * 10, float)
    for population, chosen in (("all members", values), ("members with any", values[values > 0])):
        naive = np.abs(chosen[:, None] - chosen[None, :]).mean() / (2 * chosen.mean())
        assert gini[population] == pytest.approx(naive)


def test_one_writer_among_many_members_is_not_published(tmp_path):
    """Among 200 members a Gini of 1 - 1/200 says that one of them wrote everything."""
    tables = {"member": member_rows(200), "post": post_rows([7] * 30)}
    result = describe(dataset_of(tmp_path / "dataset", tables))
    assert result.table("gini").to_pylist()[0]["gini"] == pytest.approx(1 - 1 / 200)
    for name, column in (("gini", "gini"), ("top_shares", "share"), ("lorenz", "share")):
        for row in result.safe(name).rows():
            assert row[column] is row["low"] is row["high"] is None


def test_where_everybody_wrote_there_is_one_population(tmp_path):
    tables = {"member": member_rows(12), "post": post_rows(range(12))}
    result = describe(dataset_of(tmp_path / "dataset", tables))
    assert [row["population"] for row in rows(result, "gini")] == ["all members"]
    assert rows(result, "gini")[0]["gini"] == pytest.approx(0, abs=1e-12)


def test_the_result_has_the_common_shape(forum):
    result = describe(forum)
    assert isinstance(result, Result)
    assert result.provenance.verb == "describe_dataset"
    assert result.provenance.seed == 1
    assert len(result.provenance.dataset_digest) == 64
    with pytest.raises(SettingsError, match="known: volume"):
        result.table("nothing")
    with pytest.raises(SettingsError, match="no such chart"):
        result.plot("nothing")
    assert "Posts: 110, by 30 members." in result.summary()
    for name in result.plot_names:
        json.dumps(result.plot(name).to_dict())


@cache
def poor_inputs():
    members, posts = member_rows(30), post_rows([*range(25)] * 2)
    forum = "window_start | window_end\n2020-01-01 | 2020-03-31"
    return {
        "no posts": ({"member": members, "post": "post | author | at"}, "no-posts"),
        "no post table": ({"member": members}, "no-posts"),
        "one member": ({"member": member_rows(1), "post": post_rows([0, 0])}, "few-members"),
        "no members": ({"member": "member | kind\n0 | guest", "post": post_rows([0])}, "no-members"),
        "all guests": (
            {"member": "member | kind\n" + "\n".join(f"{i} | guest" for i in range(20)), "post": post_rows(range(20))},
            "no-members",
        ),
        "no times": (
            {
                "forum": "code | window_start | window_end\nforum-a | | ",
                "member": member_rows(30, ""),
                "post": post_rows(range(25), ""),
            },
            "no-times",
        ),
        "one day": (
            {"forum": "window_start | window_end\n2020-02-10 | 2020-02-10 23:00", "member": members, "post": posts},
            "one-month",
        ),
        "unknown window": (
            {"forum": "code | window_start | window_end\nforum-a | | ", "member": members, "post": posts},
            "window-unknown",
        ),
        "absurd window": (
            {"forum": "window_start | window_end\n0200-01-01 | 2020-03-31", "member": members, "post": posts},
            "absurd-window",
        ),
        "partial months": (
            {"forum": "window_start | window_end\n2020-01-03 | 2020-03-20", "member": members, "post": posts},
            "partial-months",
        ),
        "two forums": ({"forum": "forum | code\n0 | a\n1 | b", "member": members, "post": posts}, "several-forums"),
        "undated posts": ({"forum": forum, "member": members, "post": post_rows(range(25), "")}, "undated-posts"),
        "deleted authors": (
            {"member": members + "\n99 |", "post": posts.replace("| 24 |", "|  |")},
            "posts-by-others",
        ),
    }


@pytest.mark.parametrize("case", sorted(poor_inputs()))
def test_poor_input_is_a_finding_and_never_nan(case, tmp_path):
    tables, code = poor_inputs()[case]
    result = describe(dataset_of(tmp_path / "dataset", tables))
    assert code in {finding.code for finding in result.findings}
    order = [list(Severity).index(finding.severity) for finding in result.findings]
    assert order == sorted(order, reverse=True)
    text = json.dumps(result.to_plain(), allow_nan=False)
    assert "NaN" not in text
    assert result.summary()
    for name in result.table_names:
        for row in rows(result, name):
            assert not any(isinstance(value, float) and not math.isfinite(value) for value in row.values())


@pytest.mark.parametrize(
    "wrong",
    [
        {"replicates": -1},
        {"top": (0.0,)},
        {"top": (1.5,)},
        {"top": (0.1, 0.1)},
        {"states": ()},
        {"states": ("visible",)},
    ],
)
def test_settings_outside_their_range_are_refused(wrong):
    with pytest.raises(SettingsError):
        DescribeSettings(**wrong)


def test_removed_posts_can_be_left_out(tmp_path):
    posts = "\n".join(
        ["post | author | state", *(f"{i} | {i} | {'deleted' if i < 5 else 'visible'}" for i in range(25))]
    )
    folder = dataset_of(tmp_path / "dataset", {"member": member_rows(30), "post": posts})
    assert rows(describe(folder), "volume")[0]["events"] == 25
    assert rows(describe(folder, states=(State.VISIBLE,)), "volume")[0]["events"] == 20


@pytest.mark.parametrize("size", [0, 1, 9, 10, 19, 20, 57, 100, 1_000, 123_456])
def test_lorenz_points_are_ten_members_apart(size):
    grid = lorenz_grid(size)
    assert grid[0] == 0.0
    assert grid[-1] == 1.0
    steps = np.diff(grid) * size
    assert len(grid) == 2 or steps.min() >= 10 - 1e-9


def test_the_calendar_has_no_holes():
    calendar = complete_calendar([(None, None)], [2020 * 12 + 10, 2021 * 12 + 1])
    assert [month_date(number).isoformat()[:7] for number in calendar] == ["2020-11", "2020-12", "2021-01", "2021-02"]
    assert list(complete_calendar([(None, None)], [])) == []
