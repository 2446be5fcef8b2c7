"""Operations that reductions are made of agree on DuckDB and on Spark, on random rows.

Rows hold what real data hold: nulls, ties, times before 1970, ends of months, ids beyond 2^53. Each operation notes
that it ran on rows that can show a difference; the last test fails if one never did.
"""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from dataset.datasets import write
from vestige.dataset import Engine, open_dataset

pytestmark = [pytest.mark.spark, pytest.mark.xdist_group("spark"), pytest.mark.usefixtures("_spark")]
EXERCISED: Counter[str] = Counter()
MOMENTS = st.datetimes(datetime.fromisoformat("1969-11-30"), datetime.fromisoformat("2024-03-02"))
EDGES = [
    datetime.fromisoformat(text)
    for text in ("1969-12-31T23:59:59.999999", "1970-01-01", "2020-02-29T23:00", "2023-12-31T23:59:59", "2024-01-01")
]
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "forum": st.integers(0, 1),
            "message": st.one_of(st.integers(0, 30), st.just(2**53 + 1)),
            "sender": st.one_of(st.none(), st.integers(0, 4)),
            "recipient": st.integers(0, 6),
            "at": st.one_of(st.none(), st.sampled_from(EDGES), MOMENTS),
        }
    ),
    min_size=3,
    max_size=25,
)


def months(t: ir.Table) -> ir.Table:
    month = t["at"].truncate("M")
    return t.group_by("forum", month=month).agg(rows=t.count(), senders=t["sender"].nunique())


def calendar_parts(t: ir.Table) -> ir.Table:
    at = t["at"]
    return t.select(
        "message", "recipient", "at", year=at.year(), month=at.month(), day=at.day(), hour=at.hour(),
        weekday=at.day_of_week.index(), week=at.truncate("W"), day_start=at.truncate("D"),
    )  # fmt: skip


def month_numbers(t: ir.Table) -> ir.Table:
    """Months since year 0, and seconds since the epoch from the cut time: the way to measure distance."""
    at = t["at"]
    return t.select("message", "recipient", number=at.year() * 12 + at.month() - 1, at_second=at.truncate("s"))


def whole_seconds(t: ir.Table) -> ir.Table:
    return t.select("message", "recipient", seconds=t["at"].truncate("s").epoch_seconds())


def complete_calendar(t: ir.Table) -> ir.Table:
    """Every month of the window for every forum, zero where nothing happened."""
    month = t["at"].truncate("M")
    counts = t.filter(t["at"].notnull()).group_by("forum", month=month).agg(rows=ibis._.count())
    starts = [datetime.fromisoformat(f"{1969 + n // 12}-{n % 12 + 1:02}-01") for n in range(10, 10 + 8 * 12)]
    calendar = ibis.memtable(pa.table({"month": pa.array(starts, pa.timestamp("us"))}))
    grid = t.select("forum").distinct().cross_join(calendar)
    joined = grid.left_join(counts, ["forum", "month"])
    return joined.select("forum", "month", rows=joined["rows"].fill_null(0))


def windows(t: ir.Table) -> ir.Table:
    order = [t["at"].asc(nulls_first=False), "message", "recipient"]
    within = ibis.window(group_by="sender", order_by=order)
    return t.mutate(
        place=ibis.row_number().over(within),
        previous=t["at"].lag().over(within),
        following=t["message"].lead().over(within),
        running=t.count().over(ibis.cumulative_window(group_by="sender", order_by=order)),
    )


def quantiles(t: ir.Table) -> ir.Table:
    return t.group_by("forum").agg(
        median=t["recipient"].median(), upper=t["recipient"].quantile(0.9), mean=t["recipient"].mean()
    )


def joins(t: ir.Table) -> ir.Table:
    sent = t.group_by("forum", member=t["sender"]).agg(sent=t.count())
    received = t.group_by("forum", member=t["recipient"]).agg(received=t.count())
    both = sent.outer_join(received, ["forum", "member"])
    return both.select(
        forum=ibis.coalesce(both["forum"], both["forum_right"]),
        member=ibis.coalesce(both["member"], both["member_right"]),
        sent=both["sent"].fill_null(0),
        received=both["received"].fill_null(0),
    )


def anti_joins(t: ir.Table) -> ir.Table:
    """Recipients who sent nothing; a null sender matches nobody on either engine."""
    return t.anti_join(t.select(recipient="sender"), "recipient")


def shares(t: ir.Table) -> ir.Table:
    """A share with a guarded denominator: null where there is nothing to divide by."""
    own = t.group_by("forum").agg(rows=t.count(), named=t["sender"].count())
    return own.mutate(share=(own["rows"] / own["named"].nullif(0)))


def first_and_last(t: ir.Table) -> ir.Table:
    """The member of the latest message; ties are broken by the id, never left to the engine."""
    order = ibis.window(group_by="forum", order_by=[t["at"].desc(nulls_first=False), t["message"].desc(), "recipient"])
    ranked = t.mutate(rank=ibis.row_number().over(order))
    return ranked.filter(ranked["rank"] == 0).drop("rank")


def large_ids(t: ir.Table) -> ir.Table:
    return t.group_by("forum").agg(
        largest=t["message"].max(), different=t["message"].nunique(), total=t["message"].sum()
    )


def sampling(t: ir.Table) -> ir.Table:
    """A sample by SHA-256 is the same on both; `hash()` is not."""
    return t.mutate(draw=t["message"].cast("string").hexdigest("sha256"))


OPERATIONS: dict[str, Callable[[ir.Table], ir.Table]] = {
    found.__name__: found
    for found in (
        months, calendar_parts, month_numbers, whole_seconds, complete_calendar, windows, quantiles, joins, anti_joins,
        shares, first_and_last, large_ids, sampling,
    )
}  # fmt: skip


def plain_rows(found: pa.Table) -> Counter[str]:
    """Rows as a multiset; floats to twelve digits, since sums may differ in the last."""
    rows = found.to_pylist()
    return Counter(repr({name: round(v, 12) if isinstance(v, float) else v for name, v in row.items()}) for row in rows)


@given(rows=ROWS)
@settings(
    max_examples=4, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate]
)
def test_engines_agree(tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]]) -> None:
    unique = list({(row["forum"], row["message"], row["recipient"]): row for row in rows}.values())
    folder = write(tmp_path_factory.mktemp("agree") / "dataset", {"message": unique})
    telling = len(unique) > 2 and any(row["at"] for row in unique) and any(row["sender"] is not None for row in unique)
    with open_dataset(folder) as small, open_dataset(folder, engine=Engine.SPARK) as large:
        for name, operation in OPERATIONS.items():
            one, other = (operation(dataset.table("message")).to_pyarrow() for dataset in (small, large))
            assert plain_rows(one) == plain_rows(other), name
            assert one.schema == other.schema, name
            EXERCISED[name] += telling


def test_every_operation_was_exercised() -> None:
    assert {name for name in OPERATIONS if not EXERCISED[name]} == set()
