"""What validation may find: rules, each with what it means, and violations that name places and counts only."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Rule(StrEnum):
    """A rule of the schema."""

    UNLISTED_FILE = "unlisted-file"
    MISSING_FILE = "missing-file"
    MISSING_TABLE = "missing-table"
    CHECKSUM = "checksum"
    ROW_COUNT = "row-count"
    UNREADABLE = "unreadable"
    FILE_METADATA = "file-metadata"
    UNUSED_TEXT = "unused-text"
    UNACCOUNTED_BYTES = "unaccounted-bytes"
    UNKNOWN_COLUMN = "unknown-column"
    MISSING_COLUMN = "missing-column"
    WRONG_TYPE = "wrong-type"
    NULL = "null"
    NOT_FINITE = "not-finite"
    BELOW_MINIMUM = "below-minimum"
    NOT_IN_ENUM = "not-in-enum"
    NOT_A_PSEUDONYM = "not-a-pseudonym"
    NOT_A_LISTED_CODE = "not-a-listed-code"
    DANGLING = "dangling"
    OUTSIDE_WINDOW = "outside-window"
    TOO_FINE = "too-fine"
    INTERVAL = "interval"
    DUPLICATE_KEY = "duplicate-key"
    NOT_DENSE = "not-dense"
    DUPLICATE_SEQUENCE = "duplicate-sequence"
    SEQUENCE_AGAINST_TIME = "sequence-against-time"
    MORE_THAN_ONE = "more-than-one"
    MANIFEST_TEXT = "manifest-text"
    MANIFEST_FORM = "manifest-form"
    MANIFEST_FORUMS = "manifest-forums"
    MANIFEST_ABSENT = "manifest-absent"


MEANING: Final = {
    Rule.UNLISTED_FILE: "files that the manifest does not list",
    Rule.MISSING_FILE: "files that the manifest lists and that are not there, or are no plain files",
    Rule.MISSING_TABLE: "a table that every dataset must have",
    Rule.CHECKSUM: "files whose SHA-256 or size is not the manifest's",
    Rule.ROW_COUNT: "files whose number of rows is not the manifest's",
    Rule.UNREADABLE: "files that are no readable Parquet",
    Rule.FILE_METADATA: "files with text in their metadata: remarks, statistics or an unknown writer",
    Rule.UNUSED_TEXT: "strings stored in a file that no row uses and the schema does not allow",
    Rule.UNACCOUNTED_BYTES: "files with bytes that belong to no column",
    Rule.UNKNOWN_COLUMN: "columns that the schema does not have",
    Rule.MISSING_COLUMN: "files without the column, or with it twice or out of order",
    Rule.WRONG_TYPE: "files in which the column has another type",
    Rule.NULL: "rows with null where none may stand",
    Rule.NOT_FINITE: "rows with infinity or not-a-number",
    Rule.BELOW_MINIMUM: "rows with a number below the smallest allowed",
    Rule.NOT_IN_ENUM: "rows with a string that is not of the declared enum",
    Rule.NOT_A_PSEUDONYM: "rows with a string that is not 32 hexadecimal digits",
    Rule.NOT_A_LISTED_CODE: "rows with a string that is not a neutral code listed in the manifest",
    Rule.DANGLING: "rows that point to an id which does not exist in their forum",
    Rule.OUTSIDE_WINDOW: "rows with a time outside their forum's window",
    Rule.TOO_FINE: "rows with a time finer than the dataset's resolution",
    Rule.INTERVAL: "rows whose interval ends before it begins",
    Rule.DUPLICATE_KEY: "rows that repeat another row's key",
    Rule.NOT_DENSE: "ids missing between 0 and the largest",
    Rule.DUPLICATE_SEQUENCE: "rows that repeat another row's place in the order",
    Rule.SEQUENCE_AGAINST_TIME: "rows whose place in the order contradicts their time",
    Rule.MORE_THAN_ONE: "rows beyond the one that may be marked",
    Rule.MANIFEST_TEXT: "strings of the manifest that are no code, name or plain sentence",
    Rule.MANIFEST_FORM: "a manifest that is not written as Vestige writes it",
    Rule.MANIFEST_FORUMS: "forums on which manifest and forum table disagree",
    Rule.MANIFEST_ABSENT: "tables that are present and said to be absent, or neither present nor explained",
}
"""What is counted, to stand after a number."""


@dataclass(frozen=True, order=True)
class Violation:
    """One rule broken at one place.

    Attributes:
        table: a table of the schema, "manifest", or "" for the folder as a whole.
        column: a column of the schema, a field of the manifest, or "" for the table as a whole.
        rule: the rule.
        count: how many rows, files, columns or strings break it; `MEANING` says what is counted.
    """

    table: str
    column: str
    rule: Rule
    count: int

    @property
    def place(self) -> str:
        """Where: table, table.column, or the folder."""
        return ".".join(part for part in (self.table, self.column) if part) or "folder"

    def __str__(self) -> str:
        return f"{self.place}: {self.rule.value}: {self.count:,} {MEANING[self.rule]}"
