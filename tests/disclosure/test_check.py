"""The disclosure policy: nothing small leaves, nothing undeclared leaves, subtraction gives nothing away."""

import dataclasses
from datetime import date, datetime

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestige.disclosure import (
    Additive,
    ColumnKind,
    ColumnRule,
    Mark,
    Reason,
    SafeTable,
    TableRule,
    check_table,
    check_tables,
)
from vestige.disclosure.policy import harmless_part, is_dominated
from vestige.errors import DisclosureError
from vestige.statistics.proportions import wilson_interval

NAMES = tuple("abcdefghij")
LABEL = ColumnRule("label", "Label", ColumnKind.LABEL, vocabulary=NAMES)


def rule_of(*columns: ColumnRule) -> TableRule:
    return TableRule("test", "A test", (LABEL, *columns))


def table_of(**columns: list) -> pa.Table:
    rows = len(next(iter(columns.values())))
    return pa.table({"label": list(NAMES[:rows]), **columns})


def members(name="members", **options):
    return ColumnRule(name, name.title(), ColumnKind.MEMBERS, **options)


def test_members_are_counted_not_rows():
    rule = rule_of(
        members(additive=Additive.NO),
        ColumnRule("posts", "Posts", ColumnKind.COUNT, behind=("members",), additive=Additive.NO),
    )
    safe = check_table(table_of(members=[1, 9, 10, 0], posts=[500, 12, 503, 0]), rule)
    assert safe.data.column("members").to_pylist() == [None, None, 10, None]
    assert safe.data.column("posts").to_pylist() == [None, None, 505, None]
    assert safe.texts()[0] == ("a", "[c]", "[c]")
    assert [(decision.reason, decision.cells) for decision in safe.decisions][:2] == [
        (Reason.SMALL, 3),
        (Reason.ROUNDED, 1),
    ]


def test_counts_leave_as_multiples_of_five():
    safe = check_table(table_of(members=[12, 13, 17, 1_002]), rule_of(members()))
    assert safe.data.column("members").to_pylist() == [10, 15, 15, 1_000]


def test_a_single_suppressed_figure_takes_a_second_with_it():
    safe = check_table(table_of(members=[3, 40, 20, 60]), rule_of(members(additive=Additive.DISJOINT)))
    assert safe.data.column("members").to_pylist() == [None, 40, None, 60]
    assert {decision.reason for decision in safe.decisions} == {Reason.SMALL, Reason.TOTAL, Reason.ROUNDED}


def test_several_small_disjoint_figures_protect_each_other():
    table = table_of(members=[6, 40, 5, 60])
    disjoint = check_table(table, rule_of(members(additive=Additive.DISJOINT)))
    overlapping = check_table(table, rule_of(members(additive=Additive.OVERLAPPING)))
    assert disjoint.data.column("members").to_pylist() == [None, 40, None, 60]
    assert overlapping.data.column("members").to_pylist() == [None, None, None, 60]


def test_empty_figures_look_small_but_cost_no_other_figure():
    table = table_of(members=[0, 40, 0, 60])
    safe = check_table(table, rule_of(members(additive=Additive.DISJOINT)))
    assert safe.data.column("members").to_pylist() == [None, 40, None, 60]


def test_a_share_of_almost_all_tells_about_the_rest():
    rule = rule_of(
        members("total", additive=Additive.NO),
        members("members", within="total", additive=Additive.NO),
        ColumnRule("share", "Share", ColumnKind.SHARE, ratio=("members", "total")),
    )
    safe = check_table(table_of(total=[100, 100, 100], members=[91, 90, 100]), rule)
    assert safe.data.column("share").to_pylist() == [None, 0.9, None]
    assert safe.marks["share"] == (Mark.SUPPRESSED, Mark.SHOWN, Mark.SUPPRESSED)


def test_shares_and_intervals_follow_from_the_published_counts():
    rule = rule_of(
        members("total", additive=Additive.NO),
        members("members", additive=Additive.NO),
        ColumnRule("share", "Share", ColumnKind.SHARE, ratio=("members", "total")),
        ColumnRule("low", "Low", ColumnKind.SHARE_LOWER, ratio=("members", "total")),
        ColumnRule("high", "High", ColumnKind.SHARE_UPPER, ratio=("members", "total")),
    )
    safe = check_table(table_of(total=[203], members=[52]), rule)
    (row,) = safe.rows()
    assert row["share"] == 50 / 205
    assert (row["low"], row["high"]) == wilson_interval(50, 205)


def test_estimates_lose_their_digits():
    rule = rule_of(members(additive=Additive.NO), ColumnRule("gini", "Gini", ColumnKind.ESTIMATE, behind=("members",)))
    safe = check_table(table_of(members=[50, 50], gini=[0.123456, None]), rule)
    assert safe.data.column("gini").to_pylist() == [0.123, None]
    assert safe.marks["gini"] == (Mark.SHOWN, Mark.UNAVAILABLE)


def test_an_unavailable_count_of_members_suppresses():
    rule = rule_of(members(additive=Additive.NO), ColumnRule("posts", "Posts", ColumnKind.COUNT, behind=("members",)))
    safe = check_table(table_of(members=pa.array([None], pa.int64()), posts=[700]), rule)
    assert safe.marks["posts"] == (Mark.SUPPRESSED,)


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (ColumnKind.MEMBERS, [-1]),
        (ColumnKind.MEMBERS, [12.5]),
        (ColumnKind.MEMBERS, [True]),
        (ColumnKind.MEMBERS, ["many"]),
        (ColumnKind.CODE, ["A Title, In Words"]),
        (ColumnKind.CODE, ["0123456789abcdef0123456789abcdef"]),
        (ColumnKind.CODE, pa.array([None], pa.string())),
        (ColumnKind.MONTH, [date(2020, 1, 2)]),
        (ColumnKind.MONTH, [datetime(2020, 1, 1)]),  # noqa: DTZ001 - the dataset's times carry no zone
    ],
)
def test_what_does_not_fit_its_kind_is_refused_without_quoting_it(kind, values):
    with pytest.raises(DisclosureError) as caught:
        check_table(table_of(figure=values), rule_of(ColumnRule("figure", "Figure", kind)))
    assert "A Title" not in str(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 3, "0.5"])
def test_no_estimate_is_nan_or_infinite(value):
    rule = rule_of(members(), ColumnRule("mean", "Mean", ColumnKind.ESTIMATE, behind=("members",)))
    with pytest.raises(DisclosureError):
        check_table(table_of(members=[50], mean=[value]), rule)


def test_undeclared_missing_and_foreign_columns_are_refused():
    with pytest.raises(DisclosureError, match="not the declared ones"):
        check_table(table_of(members=[50], extra=[1]), rule_of(members()))
    with pytest.raises(DisclosureError, match="not the declared ones"):
        check_table(table_of(other=[50]), rule_of(members()))
    with pytest.raises(DisclosureError):
        check_table(pa.table({"label": ["not declared"], "members": [50]}), rule_of(members()))


@pytest.mark.parametrize("kind", ["members", "Members", "MEMBERS", "raw", None])
def test_a_kind_that_is_no_member_of_the_enum_is_refused(kind):
    with pytest.raises(DisclosureError):
        ColumnRule("figure", "Figure", kind)


def test_rules_must_say_who_stands_behind():
    with pytest.raises(DisclosureError, match="stand behind"):
        ColumnRule("posts", "Posts", ColumnKind.COUNT)
    with pytest.raises(DisclosureError, match="no count of members"):
        rule_of(members(), ColumnRule("posts", "Posts", ColumnKind.COUNT, behind=("label",)))
    with pytest.raises(DisclosureError, match="no count of members"):
        rule_of(ColumnRule("posts", "Posts", ColumnKind.COUNT, behind=("nobody",)))
    with pytest.raises(DisclosureError, match="ratio"):
        ColumnRule("share", "Share", ColumnKind.SHARE)


def test_a_safe_table_cannot_be_made_or_changed_elsewhere():
    safe = check_table(table_of(members=[50]), rule_of(members()))
    forged = pa.table({"label": ["a"], "members": [1]})
    with pytest.raises(DisclosureError):
        SafeTable("test", "A test", "", safe.columns, forged, safe.marks, (), permit=None)
    with pytest.raises((DisclosureError, ValueError)):
        dataclasses.replace(safe, data=forged)
    with pytest.raises(dataclasses.FrozenInstanceError):
        safe.data = forged


def test_an_empty_table_is_an_empty_table():
    safe = check_table(
        pa.table({"label": pa.array([], pa.string()), "members": pa.array([], pa.int64())}), rule_of(members())
    )
    assert safe.texts() == []


COUNTS = st.lists(st.one_of(st.integers(0, 12), st.integers(0, 10_000)), min_size=1, max_size=10)


@given(COUNTS)
def test_no_small_cell_leaves_and_no_total_gives_one_away(counts):
    rule = rule_of(members(additive=Additive.DISJOINT))
    published = check_table(table_of(members=counts), rule).data.column("members").to_pylist()
    for value, figure in zip(counts, published, strict=True):
        assert figure is None or (value >= 10 and figure % 5 == 0 and abs(figure - value) <= 2)
    missing = [value for value, figure in zip(counts, published, strict=True) if figure is None]
    everything = len(missing) == len(counts)
    assert not any(missing) or everything or (len(missing) > 1 and sum(missing) >= 10)


@given(st.data())
def test_events_of_overlapping_members_cannot_be_subtracted(data):
    counts = data.draw(COUNTS)
    events = [value * data.draw(st.integers(1, 50)) for value in counts]
    rule = rule_of(members(additive=Additive.NO), ColumnRule("posts", "Posts", ColumnKind.COUNT, behind=("members",)))
    published = check_table(table_of(members=counts, posts=events), rule).data.column("posts").to_pylist()
    missing = [value for value, figure in zip(counts, published, strict=True) if figure is None]
    everything = len(missing) == len(counts)
    assert not any(missing) or everything or (len(missing) > 1 and max(missing) >= 10)
    assert all(figure is None or value >= 10 for value, figure in zip(counts, published, strict=True))


CONTRIBUTIONS = (
    members(additive=Additive.NO),
    ColumnRule(
        "posts", "Posts", ColumnKind.COUNT, behind=("members",), additive=Additive.NO, largest=("most", "second")
    ),
    ColumnRule("most", "most", ColumnKind.CONTRIBUTION, shown=False),
    ColumnRule("second", "second", ColumnKind.CONTRIBUTION, shown=False),
)


def test_a_count_that_one_member_made_is_suppressed():
    """Half or less by the busiest may leave; more may not, nor what the second busiest bounds to a tenth."""
    safe = check_table(
        table_of(
            members=[20, 20, 20, 20, 20, 20],
            posts=[100, 100, 1_000, 1_000, 0, 100],
            most=[50, 51, 480, 480, 0, None],
            second=[5, 5, 472, 471, 0, 5],
        ),
        rule_of(*CONTRIBUTIONS),
    )
    assert safe.data.column("posts").to_pylist() == [100, None, 1_000, 1_000, 0, None]
    assert safe.data.column_names == ["label", "members", "posts"]
    closer = check_table(
        table_of(members=[20, 20], posts=[1_000, 1_000], most=[480, 480], second=[473, 472]), rule_of(*CONTRIBUTIONS)
    )
    assert closer.data.column("posts").to_pylist() == [None, 1_000]
    assert {decision.reason for decision in safe.decisions} == {Reason.DOMINANT, Reason.ROUNDED}


@given(
    parts=st.lists(st.integers(0, 1_000), min_size=10, max_size=40),
)
def test_what_leaves_is_made_by_more_than_one_or_two(parts):
    total = sum(parts)
    first, second, *_ = sorted(parts, reverse=True)
    table = table_of(members=[len(parts)], posts=[total], most=[first], second=[second])
    (shown,) = check_table(table, rule_of(*CONTRIBUTIONS)).data.column("posts").to_pylist()
    if shown is not None:
        assert 2 * first <= total
        assert 10 * (total - first - second) >= first


@given(count=st.integers(0, 10_000), data=st.data())
def test_a_bound_that_is_harmless_never_decides(count, data):
    """In place of a smaller contribution, it changes no decision."""
    limit = harmless_part(count)
    most = data.draw(st.integers(0, count))
    second = data.draw(st.integers(0, min(most, count - most, limit)))
    assert is_dominated(count, most, second) == is_dominated(count, max(most, limit), max(second, limit))


@pytest.mark.parametrize(
    "columns",
    [
        lambda: (ColumnRule("most", "most", ColumnKind.CONTRIBUTION),),
        lambda: (members(largest=("most", "second")),),
        lambda: (
            members(),
            ColumnRule("posts", "Posts", ColumnKind.COUNT, behind=("members",), largest=("members",) * 2),
        ),
    ],
)
def test_contributions_never_leave_and_are_declared(columns):
    with pytest.raises(DisclosureError):
        rule_of(*columns())


def test_a_figure_held_back_in_one_table_is_not_in_another():
    """995 of 1,000 did it: one table suppresses the count, the other did not know that there are 1,000."""
    within = rule_of(members("doers", within="all", additive=Additive.NO), members("all", additive=Additive.NO))
    plain = rule_of(
        members("doers", additive=Additive.NO),
        ColumnRule("deeds", "Deeds", ColumnKind.COUNT, behind=("doers",), additive=Additive.NO),
        ColumnRule("each", "Each", ColumnKind.RATIO, ratio=("deeds", "doers")),
    )
    one = table_of(doers=[995, 700], all=[1_000, 1_000])
    other = table_of(doers=[995, 990, 1_000, 700], deeds=[4_000, 4_000, 4_000, 4_000])
    assert check_table(other, plain).data.column("doers").to_pylist() == [995, 990, 1_000, 700]
    safe = check_tables({"one": (one, within), "other": (other, plain)})
    assert safe["one"].data.column("doers").to_pylist() == [None, 700]
    assert safe["other"].data.column("doers").to_pylist() == [None, 990, 1_000, 700]
    assert safe["other"].data.column("each").to_pylist()[0] is None
    assert {decision.reason for decision in safe["other"].decisions} == {
        Reason.DIFFERENCE, Reason.DEPENDENT, Reason.ROUNDED,
    }  # fmt: skip


@given(
    everybody=st.integers(10, 2_000),
    counts=st.lists(st.integers(0, 2_000), min_size=1, max_size=10),
    additive=st.sampled_from(Additive),
)
def test_no_table_of_a_run_tells_of_all_but_a_few(everybody, counts, additive):
    within = rule_of(members("doers", within="all", additive=Additive.NO), members("all", additive=Additive.NO))
    one = table_of(doers=[everybody // 2], all=[everybody])
    other = table_of(members=[min(count, everybody) for count in counts])
    safe = check_tables({"one": (one, within), "other": (other, rule_of(members(additive=additive)))})
    for shown, exact in zip(
        safe["other"].data.column("members").to_pylist(), other["members"].to_pylist(), strict=True
    ):
        assert shown is None or everybody == exact or everybody - exact >= 10
