"""The files of a study folder and their columns, declared once: reading, checking and the reference page follow."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

IDENTIFIER: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
"""What an id, a code and a coder look like: neutral, short, without capitals or spaces, so that no name fits in."""


class Kind(StrEnum):
    """What a column or an item holds. No kind holds free text."""

    IDENTIFIER = "id"
    REFERENCE = "reference"
    CODE = "code"
    CODES = "codes"
    ORDINAL = "ordinal"
    YES_NO = "yes-no"
    COUNT = "count"
    NUMBER = "number"
    SHARE = "share"
    DATE = "date"


NUMERIC: Final = frozenset({Kind.COUNT, Kind.NUMBER, Kind.SHARE})
CODED: Final = frozenset({Kind.CODE, Kind.CODES, Kind.ORDINAL, Kind.YES_NO})
YES_NO: Final = ("no", "yes")


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes:
        name: its heading.
        kind: what it holds.
        meaning: one line for the reference page.
        required: whether every row must say something (a value, unknown or not applicable).
        codes: the allowed codes of a coded kind, lowest first when ordinal.
        refers_to: the table whose ids a reference names.
    """

    name: str
    kind: Kind
    meaning: str = ""
    required: bool = False
    codes: tuple[str, ...] = ()
    refers_to: str | None = None


@dataclass(frozen=True)
class TableSchema:
    """One CSV file of a study.

    Attributes:
        name: plural; the file is NAME.csv.
        row_name: singular, as claims name one row ("suspect.forums").
        columns: in the order templates write them.
        key: the column whose values are unique, or None.
        optional: whether the file may be absent.
    """

    name: str
    row_name: str
    columns: tuple[Column, ...]
    key: str | None = None
    optional: bool = True

    def column(self, name: str) -> Column | None:
        """A column by its heading."""
        return next((column for column in self.columns if column.name == name), None)


CASE_KINDS: Final = ("main", "sub", "residual-intelligence", "umbrella")
LINK_KINDS: Final = ("sub", "residual-intelligence", "umbrella")
UNIT_TABLES: Final = {"case": "cases", "suspect": "suspects", "forum": "forums"}
"""What a checklist's item may be coded for."""

_ID, _REF, _DATE, _COUNT = Kind.IDENTIFIER, Kind.REFERENCE, Kind.DATE, Kind.COUNT

TABLES: Final[dict[str, TableSchema]] = {
    table.name: table
    for table in (
        TableSchema(
            "cases",
            "case",
            (
                Column("case", _ID, "neutral id of the case", required=True),
                Column("kind", Kind.CODE, "role of the investigation", required=True, codes=CASE_KINDS),
                Column("investigation_start", _DATE, "first day of the investigation", required=True),
                Column("investigation_end", _DATE, "last day of the investigation"),
                Column("conviction", _DATE, "day of the first conviction"),
                Column("suspects", _COUNT, "suspects of the case, as the file states"),
                Column("forums", _COUNT, "forums the case concerns, as the file states"),
            ),
            key="case",
            optional=False,
        ),
        TableSchema(
            "suspects",
            "suspect",
            (
                Column("suspect", _ID, "neutral id of the suspect", required=True),
                Column("case", _REF, "case the suspect belongs to", required=True, refers_to="cases"),
                Column("forum", _REF, "main forum", refers_to="forums"),
                Column("forums", _COUNT, "number of forums the suspect was active on"),
                Column("role", Kind.CODE, "highest role; the codes of roles.csv", codes=()),
                Column("active_from", _DATE, "first day active"),
                Column("active_to", _DATE, "last day active"),
                Column("convicted", _DATE, "day of conviction"),
            ),
            key="suspect",
        ),
        TableSchema(
            "forums",
            "forum",
            (
                Column("forum", _ID, "neutral id of the forum", required=True),
                Column("access", Kind.CODE, "who can enter", codes=("open", "restricted", "closed")),
                Column("members", _COUNT, "registered members"),
                Column("online_from", _DATE, "first day reachable"),
                Column("online_to", _DATE, "last day reachable"),
            ),
            key="forum",
        ),
        TableSchema(
            "roles",
            "role",
            (
                Column("forum", _REF, "forum", required=True, refers_to="forums"),
                Column("role", _ID, "neutral code of the role", required=True),
                Column("above", Kind.IDENTIFIER, "role directly above it in the same forum, empty for the top"),
                Column("holders", _COUNT, "accounts that held it"),
                Column("areas", Kind.CODES, "areas the role may enter; codes of [[area]] in study.toml", codes=()),
            ),
        ),
        TableSchema(
            "links",
            "link",
            (
                Column("case", _REF, "the case that follows from the other", required=True, refers_to="cases"),
                Column("from", _REF, "the case it follows from or falls under", required=True, refers_to="cases"),
                Column("kind", Kind.CODE, "how they are linked", required=True, codes=LINK_KINDS),
            ),
        ),
        TableSchema(
            "interviews",
            "interview",
            (
                Column("interview", _ID, "neutral id of the interview", required=True),
                Column("case", _REF, "case it is about", refers_to="cases"),
                Column("date", _DATE, "day of the interview", required=True),
                Column(
                    "respondent",
                    Kind.CODE,
                    "function of the respondent",
                    codes=("investigator", "analyst", "prosecutor", "other"),
                ),
            ),
            key="interview",
        ),
    )
}

CODING_COLUMNS: Final = (
    Column("unit", _ID, "id of the case, suspect or forum coded", required=True),
    Column("item", _ID, "code of the checklist's item", required=True),
    Column("value", Kind.CODE, "the coded value", required=True),
    Column("document", _ID, "neutral id of the document"),
    Column("page", _COUNT, "page or item number in that document"),
    Column("round", _COUNT, "coding round, 1 when empty"),
    Column("coded_on", _DATE, "day of coding"),
)
ADJUDICATION_COLUMNS: Final = (
    Column("unit", _ID, "id of the case, suspect or forum", required=True),
    Column("item", _ID, "code of the checklist's item", required=True),
    Column("value", Kind.CODE, "the value decided on", required=True),
    Column("decided_by", _ID, "neutral id of who decided", required=True),
    Column("decided_on", _DATE, "day of the decision", required=True),
    Column("page", _COUNT, "page or item number that settled it"),
)
