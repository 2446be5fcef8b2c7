"""Link a study's claims to figures of a dataset: which the numbers support, contradict, or cannot reach.

`claim.toml` names tables that Vestige exported from a dataset (they passed the disclosure policy there) and states
claims over their rows, alone or together with the study's own rows. A suppressed cell is unknown and a rounded count
is a band, so that a claim is never decided by what was withheld.
"""

import csv
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from vestige.casefiles.claims import Judgement, judge_claims
from vestige.casefiles.expressions import World, world_of
from vestige.casefiles.problems import ProblemList
from vestige.casefiles.schema import IDENTIFIER, Column, Kind, TableSchema
from vestige.casefiles.spreadsheet import LARGEST_FILE
from vestige.casefiles.study import Claim, Row, Study
from vestige.casefiles.tomls import Entry, allow_sections, entries, read_toml
from vestige.casefiles.values import Mangled, Missing, Quantity, Value, parse_quantity

FILE_NAME: Final = "claim.toml"
WITHHELD: Final = frozenset({"[c]", "[x]", "", "suppressed"})
"""How exported tables show a cell that was suppressed or is unavailable."""
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,40}")


@dataclass(frozen=True)
class Figure:
    """One exported table.

    Attributes:
        name: what a rule calls one of its rows.
        file: relative to the study.
        digest: of the dataset it was made from, "" when not stated.
        schema: its columns as the rule language sees them.
        rows: typed rows; none when the file is missing.
        reachable: whether the file could be read.
    """

    name: str
    file: str
    digest: str
    schema: TableSchema
    rows: tuple[Row, ...]
    reachable: bool


@dataclass(frozen=True)
class LinkedClaims:
    """Claims over dataset figures and what the numbers say.

    Attributes:
        figures: the tables.
        judgements: one a claim; "cannot tell" is "cannot reach" here.
        other_datasets: names of figures made from another dataset than the one compared with.
    """

    figures: tuple[Figure, ...]
    judgements: tuple[Judgement, ...]
    other_datasets: tuple[str, ...] = ()


def judge_linked_claims(study: Study, problems: ProblemList, *, dataset_digest: str | None = None) -> LinkedClaims:
    """Read `claim.toml` and judge its claims; faults go to `problems`.

    Args:
        study: the study, whose rows the rules may use too.
        problems: takes faults of claim.toml and of the exported tables.
        dataset_digest: of the dataset the figures should come from; figures of another one are named.
    """
    path = study.folder / FILE_NAME
    if not path.exists():
        return LinkedClaims((), ())
    content = read_toml(path, FILE_NAME, problems)
    if content is None:
        return LinkedClaims((), ())
    allow_sections(content, ("figure", "claim"), FILE_NAME, problems)
    own = world_of(study)
    figures = tuple(
        figure
        for entry in entries(content, "figure", FILE_NAME, problems)
        if (figure := _figure(entry, study.folder, own)) is not None
    )
    claims = []
    for entry in entries(content, "claim", FILE_NAME, problems):
        entry.allow("code", "page", "rule")
        rule = entry.keys.get("rule")
        if not isinstance(rule, str) or not rule.strip():
            entry.fault("rule", "a claim needs a rule", "see the reference of claims")
        claims.append(Claim(entry.identifier("code"), entry.number_of("page", 0), str(rule or ""), entry.number))
    world = World(
        {**own.schemas, **{figure.name: figure.schema for figure in figures}},
        {**own.rows, **{figure.name: figure.rows for figure in figures}},
        own.items,
        own.coded,
        own.row_by_id,
    )
    judged = judge_claims(claims, world, problems, file=FILE_NAME)
    elsewhere = tuple(f.name for f in figures if dataset_digest and f.digest and f.digest != dataset_digest)
    return LinkedClaims(figures, judged, elsewhere)


def _figure(entry: Entry, folder: Path, own: World) -> Figure | None:
    entry.allow("name", "file", "table", "dataset", "rounded", "columns")
    name = str(entry.keys.get("name", ""))
    if not _NAME.fullmatch(name) or name in own.schemas:
        entry.fault(
            "name", "not a free name of small letters, digits and _", "choose another, such as trajectory_group"
        )
        return None
    file = str(entry.keys.get("file", ""))
    path = folder / file
    if not re.fullmatch(rf"(?:{IDENTIFIER.pattern}/)*{IDENTIFIER.pattern}\.(?:csv|json)", file):
        entry.fault("file", "not a .csv or .json file of neutral name in the study's folder", "copy the table there")
        return None
    rounded = entry.keys.get("rounded", {})
    if not isinstance(rounded, dict) or not all(isinstance(step, int) and step > 0 for step in rounded.values()):
        entry.fault("rounded", "not a table of column = step", "write rounded = { members = 5 }")
        rounded = {}
    digest = str(entry.keys.get("dataset", ""))
    if digest and not re.fullmatch(r"[0-9a-f]{64}", digest):
        entry.fault("dataset", "not a dataset's digest", "copy it from the report's provenance")
        digest = ""
    cells = _cells(path, str(entry.keys.get("table", "")))
    if cells is None:
        columns = entry.keys.get("columns", {})
        schema = TableSchema(name, name, _declared(columns if isinstance(columns, dict) else {}))
        entry.problems.note(
            FILE_NAME,
            entry.number,
            "figure.file",
            "the table cannot be read",
            "claims over it cannot be reached",
        )
        return Figure(name, file, digest, schema, (), reachable=False)
    return _typed(name, file, digest, cells, rounded)


def _declared(columns: Mapping[str, Any]) -> tuple[Column, ...]:
    kinds = {"number": Kind.NUMBER, "code": Kind.CODE}
    return tuple(Column(name, kinds[str(kind)]) for name, kind in columns.items() if str(kind) in kinds)


def _cells(path: Path, table: str) -> list[dict[str, Any]] | None:
    """Rows of an exported table: CSV, or JSON as a list of rows or an object that holds `rows`."""
    rows: object = None
    try:
        if path.stat().st_size > LARGEST_FILE:
            return None
        text = path.read_text(encoding="utf-8-sig")
        rows = list(csv.DictReader(text.splitlines())) if path.suffix == ".csv" else _json_rows(json.loads(text), table)
    except (OSError, ValueError, RecursionError, csv.Error):
        rows = None
    if not isinstance(rows, list) or not all(
        isinstance(row, dict) and all(isinstance(k, str) for k in row) for row in rows
    ):
        return None
    return rows


def _json_rows(content: object, table: str) -> object:
    if isinstance(content, dict) and table:
        tables = content.get("tables", content)
        content = tables.get(table) if isinstance(tables, dict) else None
    return content.get("rows") if isinstance(content, dict) else content


def _typed(name: str, file: str, digest: str, cells: Sequence[Mapping[str, Any]], rounded: Mapping[str, int]) -> Figure:
    headings = [heading for heading in (cells[0] if cells else {}) if _NAME.fullmatch(heading)]
    columns, values = [], {}
    for heading in headings:
        read = [_value(row.get(heading), rounded.get(heading, 0)) for row in cells]
        numeric = all(isinstance(value, Quantity | Missing) for value in read)
        columns.append(Column(heading, Kind.NUMBER if numeric else Kind.CODE))
        values[heading] = [v if numeric or isinstance(v, Missing | str) else Missing.UNKNOWN for v in read]
    rows = tuple(
        Row(file, number, {heading: values[heading][number - 2] for heading in headings})
        for number in range(2, len(cells) + 2)
    )
    return Figure(name, file, digest, TableSchema(file, name, tuple(columns)), rows, reachable=True)


def _value(cell: object, rounded: int) -> Value:
    """A number (a band where counts were rounded), a code, or unknown where the cell was withheld."""
    if cell is None or (isinstance(cell, str) and cell.strip().lower() in WITHHELD):
        return Missing.UNKNOWN
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    quantity = Quantity(float(cell), float(cell)) if isinstance(cell, int | float) else None
    if isinstance(cell, str):
        text = cell.strip().removeprefix("+")
        negative = text.startswith(("-", "\u2212")) and text[1:].replace(".", "", 1).isdigit()
        read = parse_quantity(text[1:] if negative else text.removesuffix("%").strip(), whole=False)
        if isinstance(read, Mangled):
            slug = re.sub(r"[^a-z0-9]+", "-", cell.strip().lower()).strip("-")
            return slug if IDENTIFIER.fullmatch(slug) else Missing.UNKNOWN
        quantity = Quantity(-read.high, -read.low) if negative else read
    if quantity is None or not math.isfinite(quantity.low):
        return Missing.UNKNOWN
    if rounded and quantity.is_exact:
        return Quantity(quantity.low - rounded / 2, quantity.high + rounded / 2)
    return quantity
