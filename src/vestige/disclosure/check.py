"""Apply the policy to one table. Anything the rule does not foresee is refused, never let through."""

import math
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Final

from vestige.dataset.schema import CODE_PATTERN, PSEUDONYM_PATTERN
from vestige.disclosure.policy import (
    ESTIMATE_KINDS,
    LABEL_KINDS,
    LARGEST_SHARE,
    MINIMUM_MEMBERS,
    RATIO_KINDS,
    RIVAL_PRECISION,
    ROUND_COUNTS_TO,
    SIGNIFICANT_DIGITS,
    Additive,
    ColumnKind,
    ColumnRule,
    Decision,
    Mark,
    Reason,
    TableRule,
)
from vestige.disclosure.safe import PASS, SafeTable
from vestige.errors import DisclosureError
from vestige.statistics.proportions import wilson_interval

if TYPE_CHECKING:
    import pyarrow as pa

Cells = Mapping[str, Sequence[object]]
Reasons = dict[str, list[Reason | None]]

_CODE: Final = re.compile(CODE_PATTERN)
_PSEUDONYM: Final = re.compile(PSEUDONYM_PATTERN)
_COUNT_KINDS: Final = frozenset({ColumnKind.MEMBERS, ColumnKind.COUNT})


def check_tables(tables: "Mapping[str, tuple[pa.Table, TableRule]]") -> dict[str, SafeTable]:
    """Check the tables of one run together, so that none gives away what another holds back.

    The largest group that any column is declared to lie within is taken for everybody. A count of members anywhere in
    the run that falls short of it by fewer than 10 tells about those few, and is suppressed also where its own table
    does not know how many there are.

    Args:
        tables: name to the exact table and its rule.

    Raises:
        DisclosureError: as for `check_table`.
    """
    totals = [
        value
        for table, rule in tables.values()
        for name in {column.within for column in rule.columns if column.within is not None}
        if name in table.column_names
        for value in table.column(name).to_pylist()
        if isinstance(value, int)
    ]
    everybody = max(totals, default=None)
    return {name: check_table(table, rule, everybody=everybody) for name, (table, rule) in tables.items()}


def check_table(table: "pa.Table", rule: TableRule, *, everybody: int | None = None) -> SafeTable:
    """Suppress, round and record; the result is the only form in which a table may be printed.

    Figures with fewer than 10 members behind them are suppressed, also where only the rest is that small. In a column
    whose rows sum to a total, further figures are suppressed until subtraction no longer gives one away. Ratios and
    intervals are computed again from the published counts.

    Args:
        table: figures of one analysis; null means unavailable.
        rule: what every column is.
        everybody: members of the run's largest group, where another table tells; counts of all but a few of them are
            suppressed.

    Raises:
        DisclosureError: a column is undeclared, missing or of another type than declared, or holds what no figure may
            be (NaN, a negative count, a word outside the vocabulary, a pseudonym).
    """
    cells = _typed_cells(table, rule)
    hidden = _hidden(cells, rule, everybody)
    published = {
        name: [None if reason else value for value, reason in zip(cells[name], hidden[name], strict=True)]
        for name in cells
    }
    figures = _rounded(published, rule)
    for column in rule.columns:
        if column.ratio is not None:
            figures[column.name] = _ratios(column, figures)
            hidden[column.name] = _dependent(column, hidden, figures)
    return _sealed(rule, figures, hidden)


def _typed_cells(table: "pa.Table", rule: TableRule) -> dict[str, Sequence[object]]:
    declared = [column.name for column in rule.columns]
    given = {column.name for column in rule.columns if column.kind not in RATIO_KINDS}
    if len(set(declared)) != len(declared) or set(table.column_names) != given:
        raise DisclosureError(
            "the table's columns are not the declared ones",
            where=f"table {rule.name}, {len(set(table.column_names) ^ given)} columns differ",
            hint="declare every column in its TableRule; ratios and shares are computed, not given",
        )
    cells: dict[str, Sequence[object]] = {}
    for column in rule.columns:
        if column.kind in RATIO_KINDS:
            cells[column.name] = [None] * table.num_rows
            continue
        cells[column.name] = table.column(column.name).to_pylist()
        for value in cells[column.name]:
            if not _fits(value, column):
                raise DisclosureError(
                    f"a value of column {column.name!r} is not what it is declared to be",
                    where=f"table {rule.name}, kind {column.kind.value}",
                    hint="see ColumnKind for what each kind may hold",
                )
    return cells


def _fits(value: object, column: ColumnRule) -> bool:
    if column.kind in LABEL_KINDS:
        return _fits_label(value, column)
    return value is None or _fits_figure(value, column.kind)


def _fits_label(value: object, column: ColumnRule) -> bool:
    if column.kind in {ColumnKind.MONTH, ColumnKind.DAY}:
        whole = isinstance(value, date) and not isinstance(value, datetime)
        return whole and (column.kind is ColumnKind.DAY or value.day == 1)  # type: ignore[attr-defined] # a date
    if isinstance(value, str) and _PSEUDONYM.match(value):
        return False
    if column.kind is ColumnKind.CODE:
        return isinstance(value, str) and bool(_CODE.match(value))
    return column.kind is ColumnKind.LABEL and value in column.vocabulary


def _fits_figure(value: object, kind: ColumnKind) -> bool:
    if kind in _COUNT_KINDS or kind is ColumnKind.CONTRIBUTION:
        return isinstance(value, int) and not isinstance(value, bool) and value >= 0
    if kind is ColumnKind.PROPORTION:
        return isinstance(value, float) and 0 <= value <= 1
    return kind in ESTIMATE_KINDS and isinstance(value, float) and math.isfinite(value)


def _hidden(cells: Cells, rule: TableRule, everybody: int | None) -> Reasons:
    hidden: Reasons = {}
    for column in rule.columns:
        rows = len(cells[column.name])
        if column.kind in LABEL_KINDS or column.kind in RATIO_KINDS or column.kind is ColumnKind.CONTRIBUTION:
            hidden[column.name] = [None] * rows
            continue
        behind = [_members_behind(cells, column, row) for row in range(rows)]
        reasons = [_reason(cells, column, row, behind[row], everybody) for row in range(rows)]
        if column.kind in _COUNT_KINDS:
            _protect_total(cells[column.name], behind, reasons, column.additive)
        hidden[column.name] = reasons
    return hidden


def _members_behind(cells: Cells, column: ColumnRule, row: int) -> int:
    names = column.behind if column.kind is not ColumnKind.MEMBERS else (column.name, *column.behind)
    return min(_members(cells, name, row) for name in names)


def _members(cells: Cells, name: str, row: int) -> int:
    """Members in a cell; an unavailable count counts as none, which suppresses."""
    value = cells[name][row]
    return value if isinstance(value, int) else 0


def _reason(cells: Cells, column: ColumnRule, row: int, behind: int, everybody: int | None) -> Reason | None:
    value = cells[column.name][row]
    if value is None:
        return None
    if behind < MINIMUM_MEMBERS:
        return Reason.SMALL
    if column.within and _members(cells, column.within, row) - _members(cells, column.name, row) < MINIMUM_MEMBERS:
        return Reason.COMPLEMENT
    if column.kind is ColumnKind.MEMBERS and everybody is not None and isinstance(value, int):
        return Reason.DIFFERENCE if 0 < everybody - value < MINIMUM_MEMBERS else None
    return Reason.DOMINANT if column.largest and _is_dominated(cells, column.largest, value, row) else None


def _is_dominated(cells: Cells, largest: tuple[str, str], count: object, row: int) -> bool:
    """Whether one member made too much of a count; a contribution that is not known counts as too much."""
    first, second = (cells[name][row] for name in largest)
    if not isinstance(count, int) or not isinstance(first, int) or not isinstance(second, int):
        return True
    return first > LARGEST_SHARE * count or count - first - second < RIVAL_PRECISION * first


def _protect_total(
    values: Sequence[object], behind: Sequence[int], reasons: list[Reason | None], additive: Additive
) -> None:
    """Suppress the smallest further figures until what is missing from the total has enough members behind it.

    At least two figures are missing then, and together they have 10 members behind them: their sum if no member is
    counted twice, otherwise the largest of them, which is the least that their union can be. Where nobody at all
    stands behind what is missing, subtraction tells about nobody, and nothing more is suppressed.
    """
    if additive is Additive.NO or not any(behind[row] for row, reason in enumerate(reasons) if reason is not None):
        return
    open_rows = [row for row, reason in enumerate(reasons) if reason is None and values[row] is not None]
    for row in sorted(open_rows, key=lambda row: (behind[row], row)):
        missing = [behind[other] for other, reason in enumerate(reasons) if reason is not None]
        together = sum(missing) if additive is Additive.DISJOINT else max(missing)
        if len(missing) > 1 and together >= MINIMUM_MEMBERS:
            return
        reasons[row] = Reason.TOTAL


def _rounded(published: Cells, rule: TableRule) -> dict[str, list[object]]:
    rounded: dict[str, list[object]] = {}
    for column in rule.columns:
        values = published[column.name]
        if column.kind in _COUNT_KINDS:
            rounded[column.name] = [_round_count(value) if isinstance(value, int) else None for value in values]
        elif column.kind in ESTIMATE_KINDS:
            digits = _round_proportion if column.kind is ColumnKind.PROPORTION else _round_estimate
            rounded[column.name] = [digits(value) if isinstance(value, float) else None for value in values]
        else:
            rounded[column.name] = list(values)
    return rounded


def _round_count(value: int) -> int:
    return ROUND_COUNTS_TO * round(value / ROUND_COUNTS_TO)


def _round_estimate(value: float) -> float:
    return float(f"{value:.{SIGNIFICANT_DIGITS}g}")


def _round_proportion(value: float) -> float:
    return round(value, SIGNIFICANT_DIGITS)


def _ratios(column: ColumnRule, figures: Mapping[str, Sequence[object]]) -> list[object]:
    numerator, denominator = column.ratio or ("", "")
    return [
        _ratio(column.kind, above, below) for above, below in zip(figures[numerator], figures[denominator], strict=True)
    ]


def _ratio(kind: ColumnKind, above: object, below: object) -> float | None:
    if not isinstance(above, int) or not isinstance(below, int) or below == 0:
        return None
    if kind is ColumnKind.RATIO:
        return _round_estimate(above / below)
    if kind is ColumnKind.SHARE:
        return above / below
    low, high = wilson_interval(min(above, below), below)
    return low if kind is ColumnKind.SHARE_LOWER else high


def _dependent(column: ColumnRule, hidden: Reasons, figures: Mapping[str, Sequence[object]]) -> list[Reason | None]:
    parts = [hidden[name] for name in column.ratio or ()]
    return [
        Reason.DEPENDENT if value is None and any(part[row] for part in parts) else None
        for row, value in enumerate(figures[column.name])
    ]


def _sealed(rule: TableRule, figures: Mapping[str, list[object]], hidden: Reasons) -> SafeTable:
    import pyarrow as pa

    types = {
        ColumnKind.CODE: pa.string(),
        ColumnKind.MONTH: pa.date32(),
        ColumnKind.DAY: pa.date32(),
        ColumnKind.MEMBERS: pa.int64(),
        ColumnKind.COUNT: pa.int64(),
    }
    shown = tuple(column for column in rule.columns if column.shown)
    arrays, marks, decisions = {}, {}, []
    for column in shown:
        values, reasons = figures[column.name], hidden[column.name]
        default = pa.string() if isinstance(next(iter(column.vocabulary), None), str) else pa.float64()
        arrays[column.name] = pa.array(values, types.get(column.kind, default))
        marks[column.name] = tuple(
            Mark.SUPPRESSED if reason else Mark.UNAVAILABLE if value is None else Mark.SHOWN
            for value, reason in zip(values, reasons, strict=True)
        )
        decisions += _decisions(rule, column, reasons)
    return SafeTable(rule.name, rule.title, rule.note, shown, pa.table(arrays), marks, tuple(decisions), permit=PASS)


def _decisions(rule: TableRule, column: ColumnRule, reasons: Sequence[Reason | None]) -> list[Decision]:
    suppressed = [
        Decision(rule.title, column.title, reason, count)
        for reason in Reason
        if reason is not Reason.ROUNDED
        if (count := sum(found is reason for found in reasons))
    ]
    shown = sum(reason is None for reason in reasons)
    if column.kind in LABEL_KINDS or not shown:
        return suppressed
    return [*suppressed, Decision(rule.title, column.title, Reason.ROUNDED, shown)]
