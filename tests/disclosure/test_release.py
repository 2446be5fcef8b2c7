"""No two figures of a run give away a third: attacks by subtraction over everything that was printed.

The attacker knows which sets lie within which, knows every printed count exactly (rounding is no protection here), and
solves: a set of members is isolated if its indicator is a linear combination of the printed sets' indicators over the
cells of the finest partition. All sets are tried.
"""

from datetime import date
from itertools import product

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestige.disclosure import (
    Additive,
    ColumnKind,
    ColumnRule,
    Reason,
    Runs,
    TableRule,
    check_table,
    check_tables,
)
from vestige.disclosure.populations import EVENTS, GROUPS, apart_from, wider
from vestige.errors import DisclosureError
from vestige.runs import one_run


def members(name, counts, additive=Additive.NO, **options):
    return ColumnRule(name, name, ColumnKind.MEMBERS, counts=counts, additive=additive, **options)


def plain(name, columns, counts):
    """A table of one row and no labels."""
    rule = TableRule(name, name, tuple(members(column, what) for column, what in columns.items()))
    return pa.table({column: [counts[what]] for column, what in columns.items()}), rule


def calendar(name, starts, counts, *, kind=ColumnKind.MONTH, length=1, additive=Additive.DISJOINT):
    rule = TableRule(
        name, name, (ColumnRule("from", "From", kind, length=length), members("new", "registered", additive))
    )
    return pa.table({"from": starts, "new": counts}), rule


def shown(table, column):
    return table.data.column(column).to_pylist()


def isolated(atoms, printed):
    """Sizes of all sets that the printed ones determine; atoms (members in each), printed (0/1 rows over atoms)."""
    sizes = np.asarray(atoms)
    if not printed:
        return set()
    matrix = np.array(printed, dtype=np.float64)
    _, values, basis = np.linalg.svd(matrix)
    basis = basis[: int((values > 1e-9).sum())]
    sets = np.array(list(product((0.0, 1.0), repeat=sizes.size)))
    inside = np.abs(sets - sets @ basis.T @ basis).max(axis=1) < 1e-6
    return {int(size) for size in sets[inside] @ sizes}


def few(sizes):
    return {size for size in sizes if 0 < size < 10}


def test_the_attack_finds_what_subtraction_gives():
    """Two printed sets of 40 and 37, one within the other, and three members between them."""
    assert few(isolated([37, 3], [[1, 0], [1, 1]])) == {3}
    assert few(isolated([37, 3, 20], [[1, 0, 0], [1, 1, 1]])) == set()


def test_two_tables_that_differ_by_a_few():
    """One table counts the members who posted, another those who communicated at all."""
    counts = {"posting": 140, "communicating": 147, "active": 160}
    one, other = plain("one", {"a": "posting"}, counts), plain("two", {"b": "communicating", "c": "active"}, counts)
    assert shown(check_table(*one), "a") == [140]
    safe = check_tables({"one": one, "two": other})
    assert shown(safe["one"], "a") == [None]
    assert (shown(safe["two"], "b"), shown(safe["two"], "c")) == ([145], [160])
    assert Reason.DIFFERENCE in {decision.reason for decision in safe["one"].decisions}


def test_groups_that_do_not_lie_within_each_other_may_be_alike():
    counts = {"posting": 140, "downloading": 147}
    safe = check_tables({"one": plain("one", {"a": "posting", "b": "downloading"}, counts)})
    assert (shown(safe["one"], "a"), shown(safe["one"], "b")) == ([140], [145])


def test_what_is_not_declared_is_compared_where_the_labels_agree():
    label = ColumnRule("deed", "Deed", ColumnKind.LABEL, vocabulary=("x", "y"))
    rule = [TableRule(name, name, (label, members("m", None))) for name in ("one", "two")]
    tables = [pa.table({"deed": ["x", "y"], "m": own}) for own in ([140, 300], [146, 340])]
    safe = check_tables({"one": (tables[0], rule[0]), "two": (tables[1], rule[1])})
    assert shown(safe["one"], "m") == [None, 300]
    assert shown(safe["two"], "m") == [145, 340]


def test_what_has_left_makes_later_tables_yield():
    """A report's chapters are checked one after another; the larger figure yields when the smaller has left."""
    counts = {"posting": 140, "communicating": 147}
    with one_run():
        first = check_table(*plain("one", {"a": "posting"}, counts))
        later = check_table(*plain("two", {"b": "communicating"}, counts))
        assert check_table(*plain("one", {"a": "posting"}, counts)) is first
    assert (shown(first, "a"), shown(later, "b")) == ([140], [None])
    assert shown(check_table(*plain("two", {"b": "communicating"}, counts)), "b") == [145]


def test_blocks_inside_each_other_are_one_run():
    counts = {"posting": 140, "communicating": 147}
    with one_run():
        check_table(*plain("one", {"a": "posting"}, counts))
        with one_run():
            assert shown(check_table(*plain("two", {"b": "communicating"}, counts)), "b") == [None]


def test_a_figure_held_back_once_is_held_back_everywhere():
    """The first table suppresses a month beside a small one; the second, without the small one, must as well."""
    months = [date(2020, month, 1) for month in range(1, 5)]
    one = calendar("one", months, [3, 20, 40, 60])
    two = calendar("two", months[1:], [20, 40, 60])
    safe = check_tables({"one": one, "two": two})
    assert shown(check_table(*one), "new") == [None, None, 40, 60]
    assert shown(check_table(*two), "new") == [20, 40, 60]
    assert shown(safe["one"], "new") == [None, None, None, 60]
    assert shown(safe["two"], "new") == [None, None, 60]


def test_months_and_quarters():
    """One small month in each quarter: a second is held back in each, since the quarter is known."""
    months = [date(2020, month, 1) for month in range(1, 7)]
    counts = [3, 40, 50, 60, 4, 70]
    quarters = calendar("quarters", [months[0], months[3]], [93, 134], length=3)
    both = check_tables({"months": calendar("months", months, counts), "quarters": quarters})
    assert shown(both["months"], "new") == [None, None, 50, None, None, 70]
    assert shown(both["quarters"], "new") == [95, 135]
    alone = check_tables({"months": calendar("months", months, counts)})
    assert shown(alone["months"], "new") == [None, None, 50, 60, None, 70]


def test_members_whose_month_is_not_known_are_the_rest_of_the_total():
    months = [date(2020, month, 1) for month in range(1, 4)]
    total = plain("total", {"all": "registered"}, {"registered": 104})
    safe = check_tables({"months": calendar("months", months, [20, 30, 50]), "total": total})
    assert shown(check_table(*calendar("months", months, [20, 30, 50])), "new") == [20, 30, 50]
    assert shown(safe["months"], "new") == [None, None, 50]


def test_growth_month_by_month_is_a_row_of_sets_within_each_other():
    rule = TableRule(
        "growth", "Growth", (ColumnRule("to", "To", ColumnKind.MONTH), members("m", "networked", runs=Runs.GROWING))
    )
    table = pa.table({"to": [date(2020, 1, 1), date(2020, 2, 1), date(2020, 3, 1)], "m": [30, 35, 60]})
    assert shown(check_table(table, rule), "m") == [None, 35, 60]


def test_an_estimate_that_restates_a_count_goes_with_it():
    """A cumulative share times its members is the cumulative count."""
    rule = TableRule(
        "curve",
        "Curve",
        (
            ColumnRule("months", "Months", ColumnKind.LABEL, vocabulary=("1", "2", "3"), ordered=True),
            members("events", "begun", runs=Runs.GROWING),
            ColumnRule("share", "Share", ColumnKind.PROPORTION, behind=("events",), restates="events"),
        ),
    )
    table = pa.table({"months": ["1", "2", "3"], "events": [30, 35, 60], "share": [0.3, 0.35, 0.6]})
    safe = check_table(table, rule)
    assert (shown(safe, "events"), shown(safe, "share")) == ([None, 35, 60], [None, 0.35, 0.6])


def test_labels_narrow_what_is_counted_unless_the_column_is_about_the_whole():
    columns = (
        ColumnRule("trace", "What", ColumnKind.LABEL, vocabulary=("Posts", "Threads")),
        members("doing", {"Posts": "posting", "Threads": "opening"}),
        members("of", "communicating", whole=True),
    )
    table = pa.table({"trace": ["Posts", "Threads"], "doing": [95, 50], "of": [100, 100]})
    safe = check_table(table, TableRule("t", "T", columns))
    assert (shown(safe, "doing"), shown(safe, "of")) == ([None, 50], [100, 100])


def test_two_groups_that_share_nobody_are_taken_from_a_third():
    counts = {"communicating": 100, "silent-downloading": 40, "active": 145}
    safe = check_tables({"one": plain("one", {"a": "communicating", "b": "silent-downloading", "c": "active"}, counts)})
    assert [shown(safe["one"], name) for name in "abc"] == [[100], [None], [145]]


def test_a_hidden_column_counts_as_read_where_a_ratio_gives_it_away():
    columns = (members("a", "posting"), members("b", "communicating", shown=False))
    share = ColumnRule("share", "Share", ColumnKind.SHARE, ratio=("a", "b"))
    table = pa.table({"a": [140], "b": [147]})
    assert shown(check_table(table, TableRule("t", "T", columns)), "a") == [140]
    assert shown(check_table(table, TableRule("t", "T", (*columns, share))), "a") == [None]


def test_names_are_declared():
    with pytest.raises(DisclosureError, match="nobody declared"):
        members("a", "people")
    with pytest.raises(DisclosureError, match="nobody declared"):
        members("a", "posts")
    ColumnRule("a", "A", ColumnKind.COUNT, behind=("b",), counts={"x": "posts", "y": "networked"})
    names = GROUPS | EVENTS
    assert all(parent in names for parents in names.values() for parent in parents)
    assert all(set(wider(name)) <= names.keys() and name not in apart_from(name) for name in names)
    assert "members" in wider("viewing-and-posting")
    assert "active" not in wider("others")


CHAIN = ("members", "active", "communicating", "posting", "replying")
TREE = {"active": None, "communicating": "active", "downloading": "active", "posting": "communicating"}
SIZES = st.one_of(st.integers(0, 14), st.integers(10, 500))


@given(parts=st.lists(SIZES, min_size=5, max_size=5), split=st.integers(1, 4), in_turn=st.booleans())
def test_no_chain_of_groups_isolates_a_few(parts, split, in_turn):
    """Groups within each other, spread over two tables that leave together or one after another."""
    counts = {name: sum(parts[place:]) for place, name in enumerate(CHAIN)}
    tables = [plain(str(own), {name: name for name in names}, counts)
              for own, names in enumerate((CHAIN[:split], CHAIN[split:]))]  # fmt: skip
    with one_run():
        if in_turn:
            safe = [check_table(*own) for own in tables]
        else:
            safe = list(check_tables({str(own): table for own, table in enumerate(tables)}).values())
    seen = [name for own in safe for name in own.data.column_names if shown(own, name) != [None]]
    printed = [[float(atom >= CHAIN.index(name)) for atom in range(5)] for name in seen]
    assert not few(isolated(parts, printed))


@given(data=st.data())
def test_no_tree_of_groups_isolates_a_few(data):
    """Groups of which only the inclusions are known: every pattern of membership that those allow is an atom."""
    names = list(TREE)
    patterns = [
        own for own in product((0, 1), repeat=len(names))
        if all(TREE[name] is None or own[place] <= own[names.index(TREE[name])] for place, name in enumerate(names))
    ]  # fmt: skip
    atoms = [data.draw(SIZES) for _ in patterns]
    counts = {name: sum(size for size, own in zip(atoms, patterns, strict=True) if own[place])
              for place, name in enumerate(names)}  # fmt: skip
    order = data.draw(st.permutations(names))
    with one_run():
        safe = {name: check_table(*plain(name, {name: name}, counts)) for name in order}
    seen = [name for name in names if shown(safe[name], name) != [None]]
    printed = [[float(own[names.index(name)]) for own in patterns] for name in seen]
    assert not few(isolated(atoms, printed))


@given(data=st.data())
def test_no_calendars_within_each_other_isolate_a_few(data):
    """Months, two, four of them and the total with some undated, in any order of tables."""
    months = [date(2020, month, 1) for month in range(1, 9)]
    parts = [data.draw(SIZES) for _ in months] + [data.draw(st.one_of(st.just(0), SIZES))]
    atoms = np.array(parts)
    lengths = data.draw(st.permutations((1, 2, 4)))
    tables = {
        str(length): calendar(
            str(length), months[::length], [int(atoms[own : own + length].sum()) for own in range(0, 8, length)],
            length=length,
        )
        for length in lengths
    }  # fmt: skip
    tables["all"] = plain("all", {"new": "registered"}, {"registered": int(atoms.sum())})
    order = data.draw(st.permutations(tuple(tables)))
    with one_run():
        if data.draw(st.booleans()):
            safe = check_tables({name: tables[name] for name in order})
        else:
            safe = {name: check_table(*tables[name]) for name in order}
    printed = []
    for name, table in safe.items():
        for row, value in enumerate(shown(table, "new")):
            length = 9 if name == "all" else int(name)
            if value is not None:
                printed.append([float(row * length <= atom < (row + 1) * length) for atom in range(9)])
    assert not few(isolated(parts, printed))
