"""The simulated forum: the preset's numbers come out, keys hold, the same seed gives the same forum."""

from dataclasses import replace

import numpy as np
import pytest

from vestige.dataset.schema import TABLES, ColumnType
from vestige.errors import SettingsError
from vestige.simulate import (
    ForumSettings,
    PostingGroup,
    PostingSettings,
    SimulatedForum,
    preset_settings,
    simulate_forum,
)
from vestige.simulate.calendar import UNKNOWN


@pytest.fixture(scope="module")
def forum() -> SimulatedForum:
    return simulate_forum(settings=preset_settings("posting-groups", members=3000), seed=5)


def rows_of(forum: SimulatedForum, table: str) -> int:
    return len(next(iter(forum.tables[table].values())))


@pytest.mark.parametrize("table", [name for name in TABLES if name != "forum"])
def test_references_point_to_rows_and_times_lie_in_the_window(forum: SimulatedForum, table: str) -> None:
    assert rows_of(forum, table) > 0
    for column in TABLES[table].columns:
        if column.name not in forum.tables[table]:
            continue
        values = forum.tables[table][column.name]
        assert len(values) == rows_of(forum, table)
        assert column.nullable or values.min() >= 0, column.name
        if column.references not in (None, "forum"):
            assert values.max() < rows_of(forum, column.references), column.name
        if column.kind is ColumnType.TIME and column.in_window:
            known = values[values >= 0]
            assert known.min() >= forum.window.start, column.name
            assert known.max() <= forum.window.end, column.name


def test_same_seed_same_forum_and_other_seed_another() -> None:
    settings = preset_settings("posting-groups", members=200, months=6)
    one, same, other = (simulate_forum(settings=settings, seed=seed) for seed in (3, 3, 4))
    for name, columns in one.tables.items():
        for column, values in columns.items():
            assert np.array_equal(values, same.tables[name][column]), (name, column)
    assert not np.array_equal(one.tables["post"]["at"], other.tables["post"]["at"])


def test_nobody_acts_before_registration_or_after_a_ban(forum: SimulatedForum) -> None:
    people = forum.truth.people
    until = people.active_until(forum.window)
    for table, who in (("post", "author"), ("view", "member"), ("download", "member"), ("message", "sender")):
        member = forum.tables[table][who] - forum.first_member
        at = forum.tables[table]["at"][member >= 0]
        member = member[member >= 0]
        assert (at >= people.registered_at[member]).all(), table
        assert (at <= until[member]).all(), table


@pytest.mark.parametrize(("members", "months"), [(1, 1), (1, 48), (2, 2), (50, 1)])
def test_tiny_forums_are_whole(members: int, months: int) -> None:
    for preset in ("posting-groups", "silent-downloaders", "one-group"):
        made = simulate_forum(settings=preset_settings(preset, members=members, months=months), seed=1)
        assert rows_of(made, "member") == made.first_member + members


def test_anonymous_votes_come_on_top_and_have_a_receiver_only() -> None:
    plain = preset_settings("posting-groups", members=300, months=12)
    structure = replace(plain.structure, anonymous_votes_per_post=0.5)
    made = simulate_forum(settings=replace(plain, structure=structure), seed=3)
    given, post = made.tables["reaction"], made.tables["post"]
    votes = given["giver"] == UNKNOWN
    before = simulate_forum(settings=plain, seed=3).tables["reaction"]
    for name, column in before.items():
        np.testing.assert_array_equal(given[name][~votes], column)
    assert (given["receiver"][votes] == post["author"][given["post"][votes]]).all()
    assert (given["at"] >= post["at"][given["post"]]).all()
    assert (given["receiver"] >= made.first_member).all()
    expected = 0.5 * (post["author"] >= made.first_member).sum()
    assert 0.8 * expected < votes.sum() < 1.05 * expected  # some come after the window, or would go to chatter
    down = given["weight"][votes] < 0
    assert 0.05 < down.mean() < 0.15


def test_a_forum_without_posts_has_no_threads() -> None:
    nobody = PostingSettings(groups=(PostingGroup(1.0, 0.0),))
    made = simulate_forum(settings=ForumSettings(members=50, months=3, posting=nobody))
    for table in ("post", "thread", "reaction", "message", "object"):
        assert rows_of(made, table) == 0, table
    assert (made.tables["view"]["thread"] == -1).all()


def test_impossible_settings_are_refused_with_a_hint() -> None:
    with pytest.raises(SettingsError, match="Hint"):
        ForumSettings(members=0)
    with pytest.raises(SettingsError, match="seed"):
        simulate_forum(seed=-1)
    with pytest.raises(SettingsError, match="preset"):
        preset_settings("unheard-of")
    with pytest.raises(SettingsError, match="share"):
        PostingSettings(groups=(PostingGroup(0.0, 1.0),))
