"""What a source file declares, and what a reader gives back: numbers only, never text.

A source file (`sources/<software>.py`) declares the tables and columns it reads and how to assemble the dataset
from them. A reader (dump file, live database, XML folder) turns the declared columns into batches of nullable
64-bit integers, or of lists of them, and skips every other byte unread. Nothing between the two ever holds text.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, Protocol

from vestige.dataset.schema import TABLES, Software
from vestige.progress import Progress
from vestige.results import Finding, Severity

if TYPE_CHECKING:
    import pyarrow as pa


class Cell(StrEnum):
    """How a cell's bytes become a 64-bit integer. SQL NULL and an absent attribute become null.

    INTEGER: decimal digits with an optional sign, quoted or not.
    SECONDS: seconds since the epoch, as microseconds; 0 and negative become null.
    MOMENT: `YYYY-MM-DD HH:MM:SS[.ffffff]` (or `T` between) as microseconds since the epoch; `0000-00-00` is null.
    LOCAL_MOMENT: likewise, of a clock on the wall where the server stood; `--timezone` says where that was.
    WORD: the number that the column's vocabulary gives to exactly these bytes, or UNKNOWN_WORD.

    And of bytes that a reader hands to `text_cells`, which turns them into numbers at once:

    NUMBERS: the 64-bit integers packed in one cell, as a list; see Packing. A damaged cell is null and counted.
    NAME: a digest of exactly these bytes, below 0; under a key that is drawn when the program starts and dies with
        it, so that names can be joined and never be known again. A word of the vocabulary is its number (above 0).
    ACCOUNT: likewise, under a key that follows from the custodian's and the forum's code: a lasting number for members
        that a source knows by a word or an address only, so that their pseudonyms are the same in every derivation.
    NAMES: the strings in a PHP-serialised or JSON cell, as a list: of each a 0, then the string as for NAME, then, if
        it has `, ` in it, the parts between. Keys are no names.
    HANDLE: the keyed pseudonym of the normalised name, as a list of two halves; read only when linking was chosen.
        The assembly of `member` passes it on as `linked_pseudonym`.
    """

    INTEGER = "integer"
    SECONDS = "seconds"
    MOMENT = "moment"
    LOCAL_MOMENT = "local-moment"
    WORD = "word"
    NUMBERS = "numbers"
    NAME = "name"
    ACCOUNT = "account"
    NAMES = "names"
    HANDLE = "handle"


TEXT_CELLS: Final = frozenset({Cell.NUMBERS, Cell.NAME, Cell.ACCOUNT, Cell.NAMES, Cell.HANDLE})
"""Cells whose bytes go through `text_cells`."""

LIST_CELLS: Final = frozenset({Cell.NUMBERS, Cell.NAMES, Cell.HANDLE})
"""Cells that give a list (BIGINT[] in the engine); the others give one number (BIGINT)."""

UNKNOWN_WORD = -1


class Packing(StrEnum):
    """Which integers of a NUMBERS cell count. An empty cell is an empty list.

    LIST: `4,5`: all; separated by comma, semicolon, blank or bar.
    PREFIXED: `u_2:u_5`, `moved|7`: those behind a word of the vocabulary, each after the word's number; items
        (between colon, comma, semicolon, blank) that begin otherwise are passed over.
    KEYS: PHP-serialised or JSON: the keys that are integers, at any depth.
    VALUES: PHP-serialised or JSON: the values that are integers from 0, bare or as strings, at any depth. With a
        vocabulary only those under one of its keys, each after the key's number. `a:1:{s:6:"member";i:5;}` with
        {b"member": -1} is [-1, 5]; the numbers of keys are below 0, so that `x[list_position(x, -1) + 1]` finds 5.
    """

    LIST = "list"
    PREFIXED = "prefixed"
    KEYS = "keys"
    VALUES = "values"


@dataclass(frozen=True)
class SourceColumn:
    """One column that may be read.

    Attributes:
        name: its name in the source.
        cell: how its bytes become a number.
        required: a missing required column is an error, a missing optional one a fact in the manifest.
        vocabulary: for WORD, the byte strings that are recognised, each with its number; all else is UNKNOWN_WORD.
            For NAME and NAMES, names that stand for a number of their own, above 0; for NUMBERS, see Packing.
        packing: of NUMBERS.
        mixed: of NUMBERS, whether other rows of the same column rightly hold something else, as a log of changes of
            all kinds does: such a cell is null and not counted as damaged.
        secret: for HANDLE and ACCOUNT, their key; put in by derivation, never by a source file.
    """

    name: str
    cell: Cell = Cell.INTEGER
    required: bool = False
    vocabulary: Mapping[bytes, int] = field(default_factory=dict)
    packing: Packing = Packing.LIST
    mixed: bool = False
    secret: bytes = field(default=b"", repr=False)

    def __post_init__(self) -> None:
        """Refuse what no reader could read.

        Raises:
            ValueError: the vocabulary does not fit the cell.
        """
        numbers = self.vocabulary.values()
        if self.cell in {Cell.NAME, Cell.NAMES}:
            fits = all(number > 0 for number in numbers)
        elif self.cell is Cell.NUMBERS:
            marked = self.packing in {Packing.PREFIXED, Packing.VALUES}
            fits = all(number < 0 for number in numbers) and (marked or not numbers)
            fits = fits and (self.packing is not Packing.PREFIXED or bool(numbers))
        else:
            fits = self.cell is Cell.WORD or not numbers
        if not fits:
            raise ValueError(f"the vocabulary of {self.name} does not fit its cell")

    @property
    def is_list(self) -> bool:
        """Whether it gives lists of numbers."""
        return self.cell in LIST_CELLS


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


class Statements(Protocol):
    """What may be asked of the engine that holds the staged tables."""

    def run(self, statement: str) -> None:
        """Run a statement."""

    def create_in_parts(self, made: str, select: str, table: str) -> None:
        """Create a table by a SELECT that joins a large table, part after part; `{part}` chooses its rows."""

    def row(self, query: str) -> tuple[Any, ...]:
        """The first row of a query."""


@dataclass(frozen=True)
class Source:
    """One forum package: what is read, and how the dataset's tables follow from it.

    Attributes:
        software: the package.
        title: its name for people, with the versions covered.
        tables: the tables and columns that are read; all else is skipped.
        detect: table names (without prefix) that together identify the package.
        assembly: dataset table to its parts: {source table its rows come from: DuckDB SELECT over the staged tables}.
            Each SELECT names the schema's columns of that table, except `forum`, `pseudonym`, `seq` and
            `section.kind` (`linked_pseudonym` is the HANDLE column, where there is one), with the SOURCE's ids in id
            columns, microseconds since the epoch in time columns and the enums' strings; a column left out is null
            (`attachments`: 0, `is_opening`: false, `weight`: 1). Every declared column stands in its staged table (null
            throughout when the source lacks it), and a staged table that is absent is empty, so the SQL needs no
            conditions. Ids that parts of one table share must not collide. Beside the source's tables there is
            `custodian_group (id, role, rank)`, the custodian's map of groups, empty without one. Derivation makes ids
            dense (in the order of the source's ids), resolves references, numbers `seq`, cuts times, and drops and
            counts what cannot be resolved or lies outside.
        absent: dataset table, or table.column, to the reason why this package cannot supply it.
        findings: what is counted in every source of this package.
        group_table: (table, id column, name column) of the groups, for the custodian's map; None if there are none.
        section_table: likewise for the sections.
        prepare: for a package whose assembly needs more than SELECTs: makes further staged tables from those that
            were read, by statements alone, before anything is counted or assembled; returns their names.
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
    prepare: Callable[[Statements], tuple[str, ...]] | None = None

    def __post_init__(self) -> None:
        """A broken source file fails when it is imported.

        Raises:
            ValueError: it contradicts itself or the schema.
        """
        problems = list(self._problems())
        if problems:
            raise ValueError(f"{self.title}: {'; '.join(problems)}")

    @property
    def granted_detect(self) -> tuple[str, ...]:
        """The identifying tables that are read: an account of a live database sees no others."""
        declared = {table.name for table in self.tables}
        return tuple(name for name in self.detect if name in declared)

    @property
    def handle(self) -> tuple[str, str] | None:
        """Table and column of the members' handles; None when the source declares none."""
        found = [
            (table.name, column.name) for table in self.tables for column in table.columns if column.cell is Cell.HANDLE
        ]
        return found[0] if found else None

    def _problems(self) -> Iterator[str]:
        declared = {table.name: {column.name.lower() for column in table.columns} for table in self.tables}
        if len(declared) != len(self.tables) or not self.detect:
            yield "a table is declared twice, or none identifies the package"
        for table in self.tables:
            if len(declared[table.name]) != len(table.columns):
                yield f"{table.name} declares a column twice"
            if any(column.secret or (column.cell is Cell.HANDLE and column.required) for column in table.columns):
                yield f"{table.name} declares a secret, or requires a handle, which is read by choice only"
        for entry in (self.group_table, self.section_table):
            if entry is not None and entry[1].lower() not in declared.get(entry[0], ()):
                yield f"{entry[0]} has no declared {entry[1]}"
        for name, parts in self.assembly.items():
            unknown = [origin for origin in parts if origin not in declared]
            if name not in TABLES or unknown:
                yield f"{name} is no table of the schema, or comes from undeclared ones: {', '.join(unknown)}"
        yield from (f"the schema has no {what} that could be absent" for what in self.absent if not _is_known(what))
        yield from (f"the text of {one.code} has no count" for one in self.findings if "{count}" not in one.text)


def _is_known(what: str) -> bool:
    """Whether the schema has a table, or a table.column."""
    name, _, column = what.partition(".")
    return name in TABLES and (not column or column in TABLES[name].names)


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
"""Called with a table's name and a batch of columns, named as declared (missing ones left out): nullable int64, or
lists of int64 for LIST_CELLS."""


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
