"""Tables on their way out: the exact figures, and the rule by which the policy lets them leave."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from vestige.disclosure.policy import RATIO_KINDS, Additive, ColumnKind, ColumnRule, Counts, Runs, TableRule

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Figures:
    """A table and the rule by which it may leave."""

    rule: TableRule
    data: "pa.Table"


def members_column(
    name: str,
    title: str,
    *,
    additive: Additive,
    within: str | None = None,
    shown: bool = True,
    counts: Counts | None = None,
    whole: bool = False,
    runs: Runs = Runs.SEPARATE,
) -> ColumnRule:
    """A column that counts members."""
    return ColumnRule(
        name,
        title or name,
        ColumnKind.MEMBERS,
        additive=additive,
        within=within,
        shown=shown,
        counts=counts,
        whole=whole,
        runs=runs,
    )


def count_column(
    name: str,
    title: str,
    *,
    behind: str,
    additive: Additive = Additive.OVERLAPPING,
    shown: bool = True,
    largest: tuple[str, str] | None = None,
    counts: Counts | None = None,
    whole: bool = False,
    runs: Runs = Runs.SEPARATE,
) -> ColumnRule:
    """A column that counts events, with the column that counts the members behind them."""
    return ColumnRule(
        name,
        title,
        ColumnKind.COUNT,
        behind=(behind,),
        additive=additive,
        shown=shown,
        largest=largest,
        counts=counts,
        whole=whole,
        runs=runs,
    )


MOST: Final = ("most", "second")
"""Columns with what the busiest and the second busiest member made of a count."""


def most_of(name: str) -> tuple[str, str]:
    """The columns of MOST for one of several counts of a table."""
    return f"{name}_{MOST[0]}", f"{name}_{MOST[1]}"


def contribution_columns(names: tuple[str, str] = MOST) -> tuple[ColumnRule, ...]:
    """The columns that decide whether one member dominates a count; they never leave."""
    return tuple(ColumnRule(name, name, ColumnKind.CONTRIBUTION, shown=False) for name in names)


def busiest_two(values: Sequence[float], members: Sequence[int]) -> tuple[int, int]:
    """The largest and second largest contribution, from a distribution: values, and how many members have each."""
    counted = sorted(((value, count) for value, count in zip(values, members, strict=True) if count), reverse=True)
    tops = [round(value) for value, count in counted[:2] for _ in range(min(int(count), 2))][:2]
    return (*tops, 0, 0)[0], (*tops, 0, 0)[1]


def rows_table(rule: TableRule, rows: Sequence[tuple[object, ...]]) -> "pa.Table":
    """Rows in the order of the rule's columns, computed ones left out."""
    import pyarrow as pa

    types = {
        ColumnKind.MONTH: pa.date32(),
        ColumnKind.DAY: pa.date32(),
        ColumnKind.MEMBERS: pa.int64(),
        ColumnKind.COUNT: pa.int64(),
        ColumnKind.CONTRIBUTION: pa.int64(),
        ColumnKind.ESTIMATE: pa.float64(),
        ColumnKind.QUANTITY: pa.float64(),
        ColumnKind.PROPORTION: pa.float64(),
    }
    given = [column for column in rule.columns if column.kind not in RATIO_KINDS]
    schema = pa.schema([pa.field(column.name, types.get(column.kind, _label_type(column))) for column in given])
    columns = list(zip(*rows, strict=True)) or [()] * len(given)
    return pa.Table.from_arrays(
        [pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)], schema=schema
    )


def _label_type(column: ColumnRule) -> "pa.DataType":
    import pyarrow as pa

    return pa.float64() if column.vocabulary and isinstance(column.vocabulary[0], float) else pa.string()
