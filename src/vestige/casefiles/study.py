"""A study folder: what it declares, its tables of typed values, and its codings."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

from vestige.casefiles.checklist import Checklist, Item
from vestige.casefiles.schema import UNIT_TABLES, TableSchema
from vestige.casefiles.values import Missing, Value

STUDY_FILE: Final = "study.toml"
CODINGS_FOLDER: Final = "codings"


@dataclass(frozen=True)
class Claim:
    """A sentence of the study's text that its data must bear.

    Attributes:
        code: neutral code.
        page: page of the text where it stands; never the sentence.
        rule: an expression over rows and items, see `casefiles.expressions`.
        entry: number of its `[[claim]]`.
    """

    code: str
    page: int
    rule: str
    entry: int


@dataclass(frozen=True)
class SumRule:
    """A total and what must add up to it.

    Attributes:
        table: table whose rows state the total.
        total: column of the total.
        parts: columns that add up to it, or () when rows are counted.
        rows: table whose rows belonging to the row are counted, or "".
        entry: number of its `[[sum]]`.
    """

    table: str
    total: str
    parts: tuple[str, ...]
    rows: str
    entry: int


@dataclass(frozen=True)
class StudyHead:
    """What study.toml declares.

    Attributes:
        code: neutral code of the study.
        title: its name.
        interview_after: which date of its case an interview may not precede.
        areas: areas of a forum that roles may enter.
        claims, sums: consistency rules.
        schemas: every table with the study's own columns added.
    """

    code: str
    title: str
    interview_after: str
    areas: tuple[str, ...]
    claims: tuple[Claim, ...]
    sums: tuple[SumRule, ...]
    schemas: Mapping[str, TableSchema]


@dataclass(frozen=True)
class Row:
    """One row of a table; `number` is its row in the spreadsheet."""

    table: str
    number: int
    values: Mapping[str, Value]

    def text(self, column: str) -> str:
        """An id or a code of the row, or "" when it has none."""
        value = self.values.get(column, Missing.NOT_CODED)
        return value if isinstance(value, str) and not isinstance(value, Missing) else ""

    def value(self, column: str) -> Value:
        """The value of a column; not coded when the file lacks the column."""
        return self.values.get(column, Missing.NOT_CODED)


@dataclass(frozen=True)
class Coding:
    """One coder's answer for one unit and item; it points to a page, never to words."""

    coder: str
    unit: str
    item: str
    value: Value
    document: str = ""
    page: Value = Missing.NOT_CODED
    round: int = 1
    coded_on: Value = Missing.NOT_CODED
    row: int = 0


@dataclass(frozen=True)
class Adjudication:
    """A disagreement settled: what was decided, by whom, on which day."""

    unit: str
    item: str
    value: Value
    decided_by: str
    decided_on: date | None
    row: int = 0


@dataclass(frozen=True)
class Study:
    """A study as read from its folder.

    Attributes:
        folder: where it stands.
        head: what study.toml declares.
        checklist: the instrument.
        tables: rows by table name; a table whose file is absent has none.
        codings: every coding of every coder and round.
        adjudications: settled disagreements.
        coders: coders in the order of their files.
        digest: SHA-256 over the names and bytes of all files of the study.
    """

    folder: Path
    head: StudyHead
    checklist: Checklist
    tables: Mapping[str, tuple[Row, ...]]
    codings: tuple[Coding, ...]
    adjudications: tuple[Adjudication, ...]
    coders: tuple[str, ...]
    digest: str
    _units: dict[str, dict[str, Row]] = field(init=False, repr=False, compare=False, default_factory=dict)
    _consensus: dict[tuple[str, str], Value] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        for name, schema in self.head.schemas.items():
            if schema.key is not None:
                self._units[name] = {row.text(schema.key): row for row in self.tables.get(name, ())}
        self._consensus.update(_consensus(self.codings, self.adjudications))

    def row(self, table: str, key: str) -> Row | None:
        """A row by its id."""
        return self._units.get(table, {}).get(key)

    def units(self, level: str) -> tuple[str, ...]:
        """Ids of all cases, suspects or forums, in the order of their file."""
        return tuple(self._units.get(UNIT_TABLES[level], {}))

    def coded(self, unit: str, item: str) -> Value:
        """The study's value: the adjudicated one, else what all coders of the last round agree on, else unknown.

        Coders who left the item empty do not count; a disagreement that nobody settled is unknown, never a majority.
        """
        return self._consensus.get((unit, item), Missing.NOT_CODED)

    def items(self, level: str) -> Iterator[Item]:
        """The checklist's items of one level."""
        return (item for item in self.checklist.items if item.level == level)


def _consensus(
    codings: tuple[Coding, ...], adjudications: tuple[Adjudication, ...]
) -> Iterator[tuple[tuple[str, str], Value]]:
    latest: dict[tuple[str, str], dict[str, Coding]] = {}
    for coding in codings:
        if coding.value is not Missing.NOT_CODED:
            by_coder = latest.setdefault((coding.unit, coding.item), {})
            if coding.coder not in by_coder or by_coder[coding.coder].round < coding.round:
                by_coder[coding.coder] = coding
    for place, by_coder in latest.items():
        last = max(coding.round for coding in by_coder.values())
        values = {coding.value for coding in by_coder.values() if coding.round == last}
        yield place, values.pop() if len(values) == 1 else Missing.UNKNOWN
    for decision in adjudications:
        yield (decision.unit, decision.item), decision.value
