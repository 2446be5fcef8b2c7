"""Apply the policy to one table. Anything the rule does not foresee is refused, never let through."""

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Final

from vestige.dataset.schema import CODE_PATTERN, PSEUDONYM_PATTERN
from vestige.disclosure.counted import Cell, Column, CountedSet, Span
from vestige.disclosure.overrides import Override, current_overrides
from vestige.disclosure.policy import (
    ESTIMATE_KINDS,
    LABEL_KINDS,
    MINIMUM_MEMBERS,
    RATIO_KINDS,
    ROUND_COUNTS_TO,
    SIGNIFICANT_DIGITS,
    Additive,
    ColumnKind,
    ColumnRule,
    Decision,
    Mark,
    Reason,
    Runs,
    TableRule,
    is_dominated,
)
from vestige.disclosure.populations import EVERYBODY, GROUPS, wider
from vestige.disclosure.release import current_release
from vestige.disclosure.safe import PASS, SafeTable, plain_value
from vestige.errors import DisclosureError
from vestige.statistics.proportions import wilson_interval

if TYPE_CHECKING:
    import pyarrow as pa

Cells = Mapping[str, Sequence[object]]
Reasons = dict[str, list[Reason | None]]
Overridden = dict[str, dict[int, tuple[Override, Reason]]]

_CODE: Final = re.compile(CODE_PATTERN)
_PSEUDONYM: Final = re.compile(PSEUDONYM_PATTERN)
_COUNT_KINDS: Final = frozenset({ColumnKind.MEMBERS, ColumnKind.COUNT})


def check_tables(tables: "Mapping[str, tuple[pa.Table, TableRule]]") -> dict[str, SafeTable]:
    """Check tables that leave together, so that none gives away what another holds back.

    Inside `one_run` they are also checked against all that the run has let out before. The largest group that
    any column is declared to lie within is taken for everybody; a count of members that falls short of it by fewer than
    10 tells about those few.

    Args:
        tables: name to the exact table and its rule.

    Raises:
        DisclosureError: as for `check_table`.
    """
    release = current_release()
    drafts = {name: _draft(*given) for name, given in tables.items() if release.known(given[1], given[0]) is None}
    release.everybody = max(
        (value for value in (release.everybody, *(draft.everybody for draft in drafts.values())) if value is not None),
        default=None,
    )
    for draft in drafts.values():
        draft.hidden = _primary(draft.cells, draft.rule, release.everybody)
        draft.overridden = _override(draft)
        draft.counts = _count_cells(draft)
    release.protect(
        [cell for draft in drafts.values() for column in draft.counts.values() for cell in column.values()],
        [column for draft in drafts.values() for column in _sums(draft)],
    )
    safe = {}
    for name, (table, rule) in tables.items():
        found = release.known(rule, table)
        if found is None:
            found = _published(drafts[name])
            release.keep(rule, table, found)
        safe[name] = found
    return safe


def check_table(table: "pa.Table", rule: TableRule) -> SafeTable:
    """Suppress, round and record; the result is the only form in which a table may be printed.

    Figures with fewer than 10 members behind them are suppressed, also where only the rest is that small. In a column
    whose rows sum to a total, further figures are suppressed until subtraction no longer gives one away. Ratios and
    intervals are computed again from the published counts. Inside `one_run` the table is checked against all
    that the run has let out before.

    Args:
        table: figures of one analysis; null means unavailable.
        rule: what every column is.

    Raises:
        DisclosureError: a column is undeclared, missing or of another type than declared, or holds what no figure may
            be (NaN, a negative count, a word outside the vocabulary, a pseudonym).
    """
    return check_tables({rule.name: (table, rule)})[rule.name]


@dataclass
class _Draft:
    """A table on its way: exact values, why each is held back, what a person lets out, its counts by column and row."""

    rule: TableRule
    cells: Cells
    hidden: Reasons = field(default_factory=dict)
    overridden: Overridden = field(default_factory=dict)
    counts: dict[str, dict[int, Cell]] = field(default_factory=dict)

    @property
    def everybody(self) -> int | None:
        """The largest group that any of its columns lies within, unless that is declared to be a part of everybody."""
        named = {column.name: column.counts for column in self.rule.columns}
        names = {column.within for column in self.rule.columns if column.within is not None}
        wholes = [name for name in names if not isinstance(named[name], str) or named[name] == EVERYBODY]
        return max((value for name in wholes for value in self.cells[name] if isinstance(value, int)), default=None)


def _draft(table: "pa.Table", rule: TableRule) -> _Draft:
    return _Draft(rule, _typed_cells(table, rule))


def _override(draft: _Draft) -> Overridden:
    """Let out what a person decided to; what members made by themselves never leaves."""
    overrides = current_overrides()
    if not overrides.entries:
        return {}
    labels = [column for column in draft.rule.columns if column.kind in LABEL_KINDS]

    def labels_of(row: int) -> dict[str, object]:
        return {column.name: plain_value(draft.cells[column.name][row], column.kind) for column in labels}

    found: Overridden = {}
    for column in (column for column in draft.rule.columns if column.shown):
        reasons = draft.hidden[column.name]
        for row, reason in enumerate(reasons):
            entry = None if reason is None else overrides.of(draft.rule.name, column.name, labels_of, row)
            if reason is not None and entry is not None:
                found.setdefault(column.name, {})[row] = entry, reason
                reasons[row] = None
    return found


def _count_cells(draft: _Draft) -> dict[str, dict[int, Cell]]:
    """The counts by column and row; where none is available there is nothing to subtract."""
    divided = {name for column in draft.rule.columns if column.shown for name in column.ratio or ()}
    rows = [_RowLabels.of(draft, row) for row in range(len(next(iter(draft.cells.values()), ())))]
    return {
        column.name: {
            row: Cell(
                counted=labels.counted(column),
                value=value,
                behind=_members_behind(draft.cells, column, row),
                reason=draft.hidden[column.name][row],
                read=column.shown or column.name in divided,
                pinned=row in draft.overridden.get(column.name, ()),
            )
            for row, labels in enumerate(rows)
            if isinstance(value := draft.cells[column.name][row], int)
        }
        for column in draft.rule.columns
        if column.kind in _COUNT_KINDS
    }


@dataclass(frozen=True)
class _RowLabels:
    """What a row is about: its labels by their headings, and where it stands along what is in order."""

    labels: frozenset[tuple[str, object]]
    span: Span | None

    @classmethod
    def of(cls, draft: _Draft, row: int) -> "_RowLabels":
        """The labels of one row of a table."""
        labels, span = set(), None
        for column in draft.rule.columns:
            if column.kind in LABEL_KINDS:
                value = draft.cells[column.name][row]
                own = _span(value, column)
                if span is None and own is not None:
                    span = own
                else:
                    labels.add((column.title, value))
        return cls(frozenset(labels), span)

    def counted(self, column: ColumnRule) -> CountedSet:
        """The set that a cell of the row counts; a label that says what is counted does not narrow it as well."""
        values = {value for _, value in self.labels}
        what = column.counts if isinstance(column.counts, str) else None
        said: set[object] = set()
        for key, name in column.counts.items() if isinstance(column.counts, Mapping) else ():
            words: set[object] = set(key) if isinstance(key, tuple) else {key}
            if words <= values and len(words) > len(said):
                what, said = name, words
        narrowing = frozenset(label for label in self.labels if label[1] not in said and not column.whole)
        span = None if self.span is None or column.whole else _run(self.span, column.runs)
        unit = ColumnKind.MEMBERS if what in GROUPS else column.kind
        return CountedSet(unit, what, narrowing, span, frozenset(values | ({self.span} if self.span else set())))


def _span(label: object, column: ColumnRule) -> Span | None:
    """Where a label stands: from its first day to the day after its last, or its place in an ordered vocabulary."""
    if isinstance(label, date):
        end = label.toordinal() + column.length
        if column.kind is ColumnKind.MONTH:
            month = label.year * 12 + label.month - 1 + column.length
            end = date(min(month // 12, date.max.year), month % 12 + 1, 1).toordinal()
        return label.toordinal(), end
    place = column.vocabulary.index(label) if column.ordered and isinstance(label, str | float) else None
    return None if place is None else (place, place + 1)


def _run(span: Span, runs: Runs) -> Span:
    start, end = span
    return (0 if runs is Runs.GROWING else start, date.max.toordinal() if runs is Runs.SHRINKING else end)


def _sums(draft: _Draft) -> Iterator[Column]:
    for column in draft.rule.columns:
        cells = tuple(draft.counts.get(column.name, {}).values())
        if column.additive is not Additive.NO and cells and cells[0].read:
            yield Column(cells, column.additive)


def _published(draft: _Draft) -> SafeTable:
    """What is left of a table once its counts are judged."""
    rule, hidden = draft.rule, dict(draft.hidden)
    for name, column in draft.counts.items():
        hidden[name] = [column[row].reason if row in column else reason for row, reason in enumerate(hidden[name])]
    published = {name: _left(draft.cells[name], hidden[name]) for name in draft.cells}
    for own in rule.columns:
        if own.restates is not None:
            told = zip(hidden[own.name], hidden[own.restates], strict=True)
            hidden[own.name] = [reason or (Reason.DEPENDENT if other else None) for reason, other in told]
            published[own.name] = _left(draft.cells[own.name], hidden[own.name])
    figures = _rounded(published, rule)
    for own in rule.columns:
        if own.ratio is not None:
            figures[own.name] = _ratios(own, figures)
            hidden[own.name] = _dependent(own, hidden, figures)
    return _sealed(rule, figures, hidden, draft.overridden)


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


def _primary(cells: Cells, rule: TableRule, everybody: int | None) -> Reasons:
    """Why each cell is held back for what it is by itself."""
    hidden: Reasons = {}
    for column in rule.columns:
        rows = len(cells[column.name])
        unjudged = column.kind in LABEL_KINDS | RATIO_KINDS or column.kind is ColumnKind.CONTRIBUTION
        hidden[column.name] = [None if unjudged else _reason(cells, column, row, everybody) for row in range(rows)]
    return hidden


def _members_behind(cells: Cells, column: ColumnRule, row: int) -> int:
    names = column.behind if column.kind is not ColumnKind.MEMBERS else (column.name, *column.behind)
    return min(_members(cells, name, row) for name in names)


def _members(cells: Cells, name: str, row: int) -> int:
    """Members in a cell; an unavailable count counts as none, which suppresses."""
    value = cells[name][row]
    return value if isinstance(value, int) else 0


def _reason(cells: Cells, column: ColumnRule, row: int, everybody: int | None) -> Reason | None:
    value = cells[column.name][row]
    if value is None:
        return None
    if _members_behind(cells, column, row) < MINIMUM_MEMBERS:
        return Reason.SMALL
    if column.within and _members(cells, column.within, row) - _members(cells, column.name, row) < MINIMUM_MEMBERS:
        return Reason.COMPLEMENT
    if column.kind is ColumnKind.MEMBERS and everybody is not None and isinstance(value, int):
        few = 0 < everybody - value < MINIMUM_MEMBERS
        return Reason.DIFFERENCE if few and not _lies_apart(column) else None
    return Reason.DOMINANT if column.largest and _is_dominated(cells, column.largest, value, row) else None


def _lies_apart(column: ColumnRule) -> bool:
    """Whether the column counts a group that is declared to be no part of everybody."""
    return isinstance(column.counts, str) and EVERYBODY not in wider(column.counts)


def _is_dominated(cells: Cells, largest: tuple[str, str], count: object, row: int) -> bool:
    most, second = (value if isinstance(value, int) else None for value in (cells[name][row] for name in largest))
    return not isinstance(count, int) or is_dominated(count, most, second)


def _left(values: Sequence[object], reasons: Sequence[Reason | None]) -> list[object]:
    return [None if reason else value for value, reason in zip(values, reasons, strict=True)]


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


def _sealed(rule: TableRule, figures: Mapping[str, list[object]], hidden: Reasons, overridden: Overridden) -> SafeTable:
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
        let_out = Counter(overridden.get(column.name, {}).values())
        decisions += [
            Decision(rule.title, column.title, Reason.OVERRIDDEN, count, entry, despite)
            for (entry, despite), count in let_out.items()
        ]
    return SafeTable(rule.name, rule.title, rule.note, shown, pa.table(arrays), marks, tuple(decisions), permit=PASS)


def _decisions(rule: TableRule, column: ColumnRule, reasons: Sequence[Reason | None]) -> list[Decision]:
    suppressed = [
        Decision(rule.title, column.title, reason, count)
        for reason in Reason
        if reason not in {Reason.ROUNDED, Reason.OVERRIDDEN}
        if (count := sum(found is reason for found in reasons))
    ]
    shown = sum(reason is None for reason in reasons)
    if column.kind in LABEL_KINDS or not shown:
        return suppressed
    return [*suppressed, Decision(rule.title, column.title, Reason.ROUNDED, shown)]
