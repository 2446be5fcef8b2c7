"""A table that has passed the policy: the only kind that the report and the command line accept."""

from collections.abc import Mapping
from dataclasses import InitVar, dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from vestige.disclosure.policy import SIGNIFICANT_DIGITS, ColumnKind, ColumnRule, Decision, Mark
from vestige.errors import DisclosureError

if TYPE_CHECKING:
    import pyarrow as pa

PASS: Final = object()
"""Held by `check_table` alone; a safe table cannot be made, copied or changed without it."""

PERCENT: Final = "\N{NO-BREAK SPACE}%"
"""A percent sign that stays on the line of its number."""

_PERCENT_KINDS: Final = frozenset(
    {ColumnKind.PROPORTION, ColumnKind.SHARE, ColumnKind.SHARE_LOWER, ColumnKind.SHARE_UPPER}
)
_LARGE: Final = 100


@dataclass(frozen=True)
class SafeTable:
    """A checked table; made by `check_table` only.

    Attributes:
        name: table name.
        title: heading.
        note: one sentence on how to read it.
        columns: the shown columns' rules.
        data: the shown columns; null where a figure was suppressed or is unavailable.
        marks: column to the state of each of its cells.
        decisions: what was suppressed or rounded, and why.
    """

    name: str
    title: str
    note: str
    columns: tuple[ColumnRule, ...]
    data: "pa.Table"
    marks: Mapping[str, tuple[Mark, ...]]
    decisions: tuple[Decision, ...]
    permit: InitVar[object]

    def __post_init__(self, permit: object) -> None:
        """Refuse any maker but `check_table`."""
        if permit is not PASS:
            raise DisclosureError("a safe table is made by check_table only", hint="call check_table(table, rule)")

    def rows(self) -> list[dict[str, Any]]:
        """Rows as plain values that JSON can hold; null where suppressed or unavailable."""
        kinds = {rule.name: rule.kind for rule in self.columns}
        return [{name: plain_value(value, kinds[name]) for name, value in row.items()} for row in self.data.to_pylist()]

    def texts(self) -> list[tuple[str, ...]]:
        """Rows as a reader sees them: thousands separated, percent signs, [c] and [x] in place of missing figures."""
        columns = []
        for rule in self.columns:
            values = self.data.column(rule.name).to_pylist()
            columns.append(
                [
                    mark.value or format_value(value, rule.kind)
                    for value, mark in zip(values, self.marks[rule.name], strict=True)
                ]
            )
        return list(zip(*columns, strict=True))

    def to_plain(self) -> dict[str, Any]:
        """The table as plain values for JSON, with the places of suppressed cells."""
        return {
            "title": self.title,
            "note": self.note,
            "columns": [{"name": rule.name, "title": rule.title, "kind": rule.kind.value} for rule in self.columns],
            "rows": self.rows(),
            "suppressed": {
                name: places
                for name, marks in self.marks.items()
                if (places := [row for row, mark in enumerate(marks) if mark is Mark.SUPPRESSED])
            },
        }


def format_value(value: object, kind: ColumnKind) -> str:
    """One published value in words or digits.

    Raises:
        DisclosureError: the value does not fit the kind.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, date):
        return _date_text(value, kind)
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return _format_number(value, kind)
    raise DisclosureError("a value of an unknown type cannot be printed", hint="use the column kinds of the policy")


def plain_value(value: Any, kind: ColumnKind) -> Any:  # noqa: ANN401 - any value of a table
    """A value as JSON can hold it; dates as they are printed."""
    return _date_text(value, kind) if isinstance(value, date) else value


def _date_text(value: date, kind: ColumnKind) -> str:
    return value.isoformat() if kind is ColumnKind.DAY else value.isoformat()[:7]


def _format_number(value: float, kind: ColumnKind) -> str:
    """A label that is a number is a part of a whole."""
    if kind is ColumnKind.LABEL:
        return f"{value * 100:g}{PERCENT}"
    if kind in _PERCENT_KINDS:
        return f"{value * 100:.1f}{PERCENT}"
    if abs(value) >= _LARGE:
        return f"{value:,.0f}"
    if kind is ColumnKind.QUANTITY:
        return f"{value:.{SIGNIFICANT_DIGITS}g}"
    return f"{value:.1f}" if kind is ColumnKind.RATIO else f"{value:.{SIGNIFICANT_DIGITS}f}"
