"""Spells of roles from a log of groups gained and lost."""

import duckdb
import pytest

from vestige.derive.sources.role_history import dated_spells, listed_changes

CHANGES = "SELECT * FROM (VALUES {}) AS changes (member, role, rank, moment, actor, gained)"


@pytest.mark.parametrize(
    ("changes", "spells"),
    [
        ("(1, 'vip', 0, 5, 9, TRUE)", {(5, None)}),
        ("(1, 'vip', 0, 5, 9, TRUE), (1, 'vip', 0, 8, 9, FALSE)", {(5, 8)}),
        ("(1, 'vip', 0, 8, 9, FALSE)", {(None, 8)}),
        ("(1, 'vip', 0, 8, 9, FALSE), (1, 'vip', 0, 9, 9, TRUE)", {(None, 8), (9, None)}),
        ("(1, 'vip', 0, 5, 9, TRUE), (1, 'vip', 0, 6, 9, TRUE), (1, 'vip', 0, 8, 9, FALSE)", {(5, 8)}),
        ("(1, 'vip', 0, 5, 9, TRUE), (1, 'vip', 0, 7, 9, TRUE), (1, 'vip', 0, 7, 9, FALSE)", {(5, None)}),
        ("(1, 'registered', 0, 5, 9, TRUE)", set()),
    ],
)
def test_spells_follow_from_what_was_gained_and_lost(changes, spells):
    found = duckdb.sql(dated_spells(CHANGES.format(changes))).fetchall()
    assert {(start, end) for *_, start, end in found} == spells
    assert {row[:4] for row in found} <= {(1, "vip", 0, 9)}


def test_lists_of_groups_differ_by_what_stands_in_one_only():
    rows = (
        "SELECT 1 AS change, [2, 3] AS old, [3, 4] AS new UNION ALL SELECT 2, NULL, [5] UNION ALL SELECT 3, [6], NULL"
    )
    found = duckdb.sql(f"SELECT change, gained, held FROM ({listed_changes(rows, 'old', 'new')})").fetchall()
    assert sorted(found) == [(1, False, 2), (1, True, 4), (2, True, 5), (3, False, 6)]
