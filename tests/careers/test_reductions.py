"""Reductions of careers that the tests by hand do not reach, on both engines."""

from tables import dataset_of
from vestige.careers import reductions

TABLES = {
    "member": "member | kind\n0 | member\n1 | member\n2 | guest",
    "reaction": """
        giver | receiver | kind     | at                  | weight
        1     | 0        | thanks   | 2020-01-31 23:59:59 | 1
              | 0        | up       | 2020-01-01          | 1
        1     | 0        | down     | 2020-01-01          | 1
        2     | 0        | like     | 2020-02-01          | 1
        0     | 1        | thanks   |                     | 1
        0     |          | thanks   | 2020-02-01          | 1
        0     | 2        | thanks   | 2020-02-01          | 1
    """,
    "role_spell": """
        member | role   | start_at   | evidence
        0      | banned | 2020-02-03 | log
        1      | banned |            | snapshot
    """,
    "sanction": "member | kind | at\n0 | ban | 2020-02-02\n1 | warning | 2020-01-05",
}


def rows(table, *order):
    return table.order_by(list(order)).to_pyarrow().to_pylist()


def test_thanks_received_count_by_month_and_votes_against_do_not(tmp_path, open_engine):
    dataset = open_engine(dataset_of(tmp_path / "d", TABLES))
    january, february = 2020 * 12, 2020 * 12 + 1
    assert rows(reductions.thanks_months(dataset, 0), "member", "month") == [
        {"member": 0, "month": january, "count": 2},
        {"member": 0, "month": february, "count": 1},
    ]


def test_the_first_ban_counts_whether_a_sanction_or_a_role_tells_it(tmp_path, open_engine):
    dataset = open_engine(dataset_of(tmp_path / "d", TABLES))
    (row,) = rows(reductions.bans(dataset, 0), "member")
    assert (row["member"], row["start"].day) == (0, 2)


def test_without_any_trace_nobody_has_a_last_one(tmp_path, open_engine):
    dataset = open_engine(dataset_of(tmp_path / "d", {"member": TABLES["member"]}))
    assert rows(reductions.last_traces(dataset, 0), "member") == []
