"""Jumps of the daily curve: found where they were put, not found where there are none."""

import numpy as np
import pytest

from derive.derivations import derive, findings
from vestige.derive.daily_curve import SIDE, WEEK, Jump, find_jumps
from vestige.simulate import preset_settings, simulate_forum

HOUR = 3600
SUMMER = [(1_364_688_000, 1_382_832_000), (1_396_137_600, 1_414_281_600)]
"""31 March to 27 October 2013, 30 March to 26 October 2014."""


@pytest.fixture(scope="module", params=[1, 2])
def posts(request):
    """Times (seconds) and authors of the posts of a forum whose members keep their hours in universal time."""
    forum = simulate_forum(settings=preset_settings("posting-groups", members=400, months=24), seed=request.param)
    table = forum.tables["post"]
    known = table["at"] > 0
    return table["at"][known].astype(np.int64), table["author"][known].astype(np.int64)


def jumps_of(at, author):
    slots = np.unique(np.stack([at // HOUR, author]), axis=1)[0]
    weeks, place = np.unique(slots // 168, return_inverse=True)
    counts = np.zeros((len(weeks), 24), np.int64)
    np.add.at(counts, (place, slots % 24), 1)
    return find_jumps(weeks, counts)


def test_no_jump_is_found_where_there_is_none(posts):
    assert jumps_of(*posts) == []


@pytest.mark.parametrize("hours", [3, -5, 12])
def test_a_jump_is_found_where_and_by_how_much_it_was_made(posts, hours):
    at, author = posts
    moved = int(np.quantile(at, 0.6))
    (jump,) = jumps_of(np.where(at > moved, at + hours * HOUR, at), author)
    assert abs((jump.hours - hours + 12) % 24 - 12) <= 1
    assert abs(jump.week - moved * 1_000_000 // WEEK) <= 2


def test_moving_there_and_back_is_two_jumps(posts):
    at, author = posts
    first, last = (int(at.min() + share * (at.max() - at.min())) for share in (0.6, 0.85))
    jumps = jumps_of(np.where((at > first) & (at < last), at - 6 * HOUR, at), author)
    assert [jump.hours for jump in jumps] == pytest.approx([-6, 6], abs=1)


def test_an_hour_in_spring_or_autumn_is_the_members_own_clock():
    generator = np.random.default_rng(4)
    start = 1_356_998_400
    day = start + generator.integers(0, 2 * 365, 300_000) * 24 * HOUR
    local = day + (generator.normal(20, 3, len(day)) * HOUR).astype(np.int64)
    summer = np.any([(first < local) & (local < last) for first, last in SUMMER], axis=0)
    jumps = jumps_of(local - summer * HOUR, np.arange(len(local)))
    assert [jump.hours for jump in jumps] == [-1, 1, -1, 1]
    assert all(jump.seasonal for jump in jumps)
    assert not Jump(jumps[0].week, 3, 1.0).seasonal
    assert not Jump(jumps[0].week + 10, 1, 1.0).seasonal


def test_silence_and_a_short_forum_say_nothing():
    assert find_jumps(np.zeros(0, np.int64), np.zeros((0, 24), np.int64)) == []
    short = np.full((2 * SIDE - 1, 24), 100)
    assert find_jumps(np.arange(len(short)), short) == []
    gap = np.zeros((2, 24), np.int64)
    gap[0, 3] = gap[1, 15] = 10_000
    assert find_jumps(np.array([0, 500]), gap) == []


def test_the_dataset_says_so(tmp_path):
    generator = np.random.default_rng(1)
    count, second = 20_000, 1_000_000
    day = np.sort(generator.integers(0, 300, count)) * 24 * HOUR + 1_388_534_400
    at = day + (generator.normal(12, 3, count) * HOUR).astype(np.int64)
    at += np.where(day > day[count // 2], 7 * HOUR, 0)
    tables = {
        "users": {"user_id": [1, *range(2, 202)], "user_type": [2] + [0] * 200, "user_regdate": [None] * 201},
        "forums": {"forum_id": [1], "parent_id": [0]},
        "topics": {"topic_id": [1], "forum_id": [1], "topic_poster": [2], "topic_time": [int(at[0]) * second]},
        "posts": {
            "post_id": list(range(count)),
            "topic_id": [1] * count,
            "poster_id": generator.integers(2, 202, count).tolist(),
            "post_time": (at * second).tolist(),
        },
    }
    said = findings(derive(tmp_path, tables))["daily-curve-jumps"]
    assert "jumps 1 times, most clearly by about +7 hours in or near 2014-0" in said
