"""Unicity: counted by brute force, and known in closed form."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vestige.errors import SettingsError
from vestige.statistics.unicity import measure_unicity


def figures(member, time, resolutions, **options):
    found = measure_unicity(np.array(member, dtype=np.int64), np.array(time, dtype=np.int64), resolutions, **options)
    return {(figure.resolution, figure.known_points): (figure.singled_out, figure.members) for figure in found}


def test_a_small_forum_by_hand():
    # one and two share every hour; three was there once, in an hour of its own; all were there on one day
    member = [1, 1, 2, 2, 3]
    time = [0, 1, 0, 1, 5]
    found = figures(member, time, {"hour": 1, "day": 24})
    assert found["hour", 1] == found["hour", None] == (1, 3)
    assert found["day", 1] == found["day", None] == (0, 3)


def test_everybody_is_singled_out_when_no_moment_is_shared():
    found = figures(range(50), range(50), {"second": 1, "all of it": 50})
    assert found["second", 1] == (50, 50)
    assert found["all of it", None] == (0, 50)


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 30)), min_size=1, max_size=60), st.integers(1, 7))
def test_all_known_points_agree_with_brute_force(acts, length):
    traces = {}
    for member, time in acts:
        traces.setdefault(member, set()).add(time // length)
    alone = sum(sum(own <= other for other in traces.values()) == 1 for own in traces.values())
    member, time = zip(*acts, strict=True)
    assert figures(member, time, {"cell": length})["cell", None] == (alone, len(traces))


def test_one_known_point_has_the_expected_share():
    # each member has n cells of which one is shared with the next member: a drawn point singles out with 1 - 2/n
    n, members = 10, 1000
    member = np.repeat(np.arange(members), n)
    time = member * (n - 1) + np.tile(np.arange(n), members)
    singled_out, tried = figures(member, time, {"cell": 1}, known_points=(1,), seed=3)["cell", 1]
    inner = 1 - 2 / n
    assert tried == members
    assert abs(singled_out / tried - inner) < 4 * np.sqrt(inner * (1 - inner) / members)


def test_members_are_sampled_by_seed():
    generator = np.random.default_rng(5)
    member, time = generator.integers(0, 500, 5000), generator.integers(0, 400, 5000)
    first = figures(member, time, {"cell": 3}, most_members=100, seed=1)
    assert first == figures(member, time, {"cell": 3}, most_members=100, seed=1)
    assert all(tried == 100 for _, tried in first.values())


def test_without_acts_nobody_is_singled_out():
    assert figures([], [], {"hour": 1}) == {("hour", points): (0, 0) for points in (1, 4, None)}


def test_settings_are_checked():
    with pytest.raises(SettingsError, match="shape"):
        figures([1, 2], [1], {"hour": 1})
    with pytest.raises(SettingsError, match="start at 1"):
        figures([1], [1], {"hour": 0})
    with pytest.raises(SettingsError, match="start at 1"):
        figures([1], [1], {"hour": 1}, known_points=(0,))
