"""What a source file declares, and what a reader gives back: numbers only, never text.

A source file (`sources/<software>.py`) declares the tables and columns it reads and how to assemble the dataset
from them. A reader (dump file, live database, XML folder) turns the declared columns into batches of nullable
64-bit integers and skips every other byte unread. Nothing between the two ever holds text.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from vestige.dataset.schema import Software
from vestige.progress import Progress
from vestige.results import Finding, Severity

if TYPE_CHECKING:
    import pyarrow as pa


class Cell(StrEnum):
    """How a cell's bytes become a 64-bit integer. SQL NULL and an absent attribute become null.

    INTEGER: decimal digits with an optional sign, quoted or not.
    SECONDS: seconds since the epoch, as microseconds; 0 and negative become null.
    MOMENT: `YYYY-MM-DD HH:MM:SS[.ffffff]` (or `T` between) as microseconds since the epoch; `0000-00-00` is null.
    WORD: the number that the column's vocabulary gives to exactly these bytes, or UNKNOWN_WORD.
    """

    INTEGER = "integer"
    SECONDS = "seconds"
    MOMENT = "moment"
    WORD = "word"


UNKNOWN_WORD = -1


@dataclass(frozen=True)
class SourceColumn:
    """One column that may be read.

    Attributes:
        name: its name in the source.
        cell: how its bytes become a number.
        required: a missing required column is an error, a missing optional one a fact in the manifest.
        vocabulary: for WORD, the byte strings that are recognised, each with its number; all else is UNKNOWN_WORD.
    """

    name: str
    cell: Cell = Cell.INTEGER
    required: bool = False
    vocabulary: Mapping[bytes, int] = field(default_factory=dict)


@dataclass(frozen=True)
class SourceTable:
    """One table that may be read; `name` is without the forum's prefix."""

    name: str
    columns: tuple[SourceColumn, ...]
    required: bool = False


@dataclass(frozen=True)
class SourceFinding:
    """Something this package is known to get wrong or to hide, counted in each source.

    Attributes:
        code: short stable identifier, such as "deleted-authors-collapsed".
        severity: its weight.
        text: one sentence with `{count}` in it, such as "{count} posts by deleted authors share one account".
        count: DuckDB SELECT of one number over the staged tables; the finding is reported when it is above 0.
    """

    code: str
    severity: Severity
    text: str
    count: str


@dataclass(frozen=True)
class Source:
    """One forum package: what is read, and how the dataset's tables follow from it.

    Attributes:
        software: the package.
        title: its name for people, with the versions covered.
        tables: the tables and columns that are read; all else is skipped.
        detect: table names (without prefix) that together identify the package.
        assembly: dataset table to its parts: {source table its rows come from: DuckDB SELECT over the staged tables}.
            Each SELECT names the schema's columns of that table, except `forum`, `pseudonym`, `linked_pseudonym`,
            `seq` and `section.kind`, with the SOURCE's ids in id columns, microseconds since the epoch in time columns
            and the enums' strings; a column left out is null (`attachments`: 0, `is_opening`: false, `weight`: 1).
            Every declared column stands in its staged table (null throughout when the source lacks it), and a staged
            table that is absent is empty, so the SQL needs no conditions. Ids that parts of one table share must not
            collide. Beside the source's tables there is `custodian_group (id, role, rank)`, the custodian's map of
            groups, empty without one. Derivation makes ids dense (in the order of the source's ids), resolves
            references, numbers `seq`, cuts times, and drops and counts what cannot be resolved or lies outside.
        absent: dataset table, or table.column, to the reason why this package cannot supply it.
        findings: what is counted in every source of this package.
        group_table: (table, id column, name column) of the groups, for the custodian's map; None if there are none.
        section_table: likewise for the sections.
    """

    software: Software
    title: str
    tables: tuple[SourceTable, ...]
    detect: tuple[str, ...]
    assembly: Mapping[str, Mapping[str, str]]
    absent: Mapping[str, str] = field(default_factory=dict)
    findings: tuple[SourceFinding, ...] = ()
    group_table: tuple[str, str, str] | None = None
    section_table: tuple[str, str, str] | None = None


@dataclass(frozen=True)
class TableRead:
    """What a reader found of one declared table.

    Attributes:
        table: name without prefix.
        present: whether the source has the table.
        rows: rows read.
        missing: declared columns that the source's table lacks.
    """

    table: str
    present: bool
    rows: int
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReadReport:
    """What a reader found altogether.

    Attributes:
        tables: one entry for each declared table, present or not.
        size: bytes of the source that were gone through, decompressed; None when there is no such number.
        findings: what the reader noticed, such as a truncated dump that was accepted.
    """

    tables: tuple[TableRead, ...]
    size: int | None = None
    findings: tuple[Finding, ...] = ()


Take = Callable[[str, "pa.RecordBatch"], None]
"""Called with a table's name and a batch of nullable int64 columns, named as declared (missing ones left out)."""


class Reader(Protocol):
    """One way to read a source: a dump file or pipe, a live database, a folder of XML files."""

    def read(self, tables: Sequence[SourceTable], take: Take, progress: Progress) -> ReadReport:
        """Read the declared columns of the declared tables, in whatever order the source has them.

        Progress is reported as stage "read", in bytes where there are bytes to count, with the rows so far.

        Raises:
            SourceError: wrong software, a required table or column is missing, a byte cannot be placed.
        """

    def names(self, table: str, id_column: str, name_column: str) -> Mapping[int, str]:
        """For the custodian's own map only: ids and names of groups or sections. Nothing else may call it."""
