"""Read a study folder: every file, every cell, all faults at once."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from vestige.casefiles.cells import Fault, read_cell
from vestige.casefiles.checklist import Checklist, read_checklist
from vestige.casefiles.problems import ProblemList
from vestige.casefiles.schema import ADJUDICATION_COLUMNS, CODING_COLUMNS, IDENTIFIER, TABLES, Column, Kind, TableSchema
from vestige.casefiles.spreadsheet import Sheet, read_sheet
from vestige.casefiles.study import (
    CODINGS_FOLDER,
    STUDY_FILE,
    Adjudication,
    Claim,
    Coding,
    Row,
    Study,
    StudyHead,
    SumRule,
)
from vestige.casefiles.tomls import Entry, allow_sections, entries, head_of, read_toml
from vestige.casefiles.values import Day, Missing, Quantity, Value
from vestige.errors import StudyError

INTERVIEW_RULES: Final = ("investigation_start", "investigation_end", "conviction", "none")
EXTRA_KINDS: Final = ("code", "codes", "ordinal", "yes-no", "count", "number", "share", "date")


def read_study(folder: Path, problems: ProblemList) -> Study:
    """Read a folder; faults go to `problems`, and what could be read is returned.

    Raises:
        StudyError: the folder has no study.toml, so that there is nothing to read.
    """
    if not (folder / STUDY_FILE).is_file():
        raise StudyError(
            "the folder holds no study", where=STUDY_FILE, hint="make one: vestige casefile new DIR --template NAME"
        )
    head = _read_head(folder, problems)
    checklist = read_checklist(folder, problems)
    tables = {name: read_table(folder, schema, problems) for name, schema in head.schemas.items()}
    codings, coders = _read_codings(folder, checklist, problems)
    adjudications = _read_adjudications(folder, checklist, problems)
    return Study(folder, head, checklist, tables, codings, adjudications, coders, folder_digest(folder))


def folder_digest(folder: Path) -> str:
    """SHA-256 over the relative names and bytes of the study's TOML, CSV and JSON files."""
    digest = hashlib.sha256()
    for file in sorted(
        path for path in folder.rglob("*") if path.suffix in {".toml", ".csv", ".json"} and path.is_file()
    ):
        digest.update(
            f"{file.relative_to(folder).as_posix()}\0{hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode()
        )
    return digest.hexdigest()


def _read_head(folder: Path, problems: ProblemList) -> StudyHead:
    content = read_toml(folder / STUDY_FILE, STUDY_FILE, problems) or {}
    allow_sections(content, ("study", "column", "area", "claim", "sum"), STUDY_FILE, problems)
    head = head_of(content, "study", STUDY_FILE, problems)
    head.allow("code", "title", "interview_after", "source")
    areas = tuple(entry.identifier("code") for entry in entries(content, "area", STUDY_FILE, problems))
    schemas = _schemas(content, areas, problems)
    claims = tuple(_claim(entry) for entry in entries(content, "claim", STUDY_FILE, problems))
    sums = tuple(
        rule for entry in entries(content, "sum", STUDY_FILE, problems) if (rule := _sum(entry, schemas)) is not None
    )
    return StudyHead(
        code=head.identifier("code"),
        title=head.label("title", required=True),
        interview_after=head.choice("interview_after", INTERVIEW_RULES, "investigation_start"),
        areas=areas,
        claims=claims,
        sums=sums,
        schemas=schemas,
    )


def _schemas(content: Mapping[str, Any], areas: tuple[str, ...], problems: ProblemList) -> dict[str, TableSchema]:
    extra: dict[str, list[Column]] = {name: [] for name in TABLES}
    for entry in entries(content, "column", STUDY_FILE, problems):
        entry.allow("table", "name", "kind", "values", "meaning")
        table = entry.choice("table", tuple(TABLES))
        name = str(entry.keys.get("name", ""))
        if not name.replace("_", "").isalnum() or name != name.lower() or not name.isascii():
            entry.fault("name", "not a heading of small letters, digits and _", "write for example members_active")
            continue
        if TABLES[table].column(name) or name in {column.name for column in extra[table]}:
            entry.fault("name", "the column exists already", "choose another name, or remove the entry")
            continue
        codes = entry.identifiers("values")
        extra[table].append(Column(name, Kind(entry.choice("kind", EXTRA_KINDS)), entry.label("meaning"), codes=codes))
    schemas = {name: replace(table, columns=table.columns + tuple(extra[name])) for name, table in TABLES.items()}
    roles = schemas["roles"]
    columns = tuple(replace(column, codes=areas) if column.name == "areas" else column for column in roles.columns)
    return {**schemas, "roles": replace(roles, columns=columns)}


def _claim(entry: Entry) -> Claim:
    entry.allow("code", "page", "rule")
    rule = entry.keys.get("rule")
    if not isinstance(rule, str) or not rule.strip():
        entry.fault("rule", "a claim needs a rule", 'write rule = "all(suspect.forums > 1)"')
        rule = ""
    return Claim(entry.identifier("code"), entry.number_of("page", 0), rule, entry.number)


def _sum(entry: Entry, schemas: Mapping[str, TableSchema]) -> SumRule | None:
    entry.allow("table", "total", "parts", "rows")
    table = entry.choice("table", tuple(schemas))
    columns = {column.name for column in schemas[table].columns if column.kind is Kind.COUNT}
    total = str(entry.keys.get("total", ""))
    parts = entry.keys.get("parts", [])
    rows = str(entry.keys.get("rows", ""))
    if total not in columns:
        entry.fault("total", "not a count column of that table", f"known: {', '.join(sorted(columns))}")
        return None
    if not isinstance(parts, list) or any(str(part) not in columns for part in parts) or bool(parts) == bool(rows):
        entry.fault(
            "parts", "needs either count columns as parts, or a table whose rows are counted", "see the reference"
        )
        return None
    if rows and (rows not in schemas or not any(c.refers_to == table for c in schemas[rows].columns)):
        entry.fault("rows", "not a table whose rows refer to that one", "use for example suspects for cases")
        return None
    return SumRule(table, total, tuple(parts), rows, entry.number)


def read_table(folder: Path, schema: TableSchema, problems: ProblemList) -> tuple[Row, ...]:
    """Typed rows of one CSV file; an optional file that is absent has none; faults go to `problems`."""
    file = f"{schema.name}.csv"
    if not (folder / file).exists():
        if not schema.optional:
            problems.error(file, 0, "", "the file is missing", "every study lists its cases there")
        return ()
    sheet = read_sheet(folder / file, file, [column.name for column in schema.columns], problems)
    if sheet is None:
        return ()
    rows = _typed(sheet, schema.columns, file, problems)
    return tuple(Row(schema.name, number, values) for number, values in rows)


def _typed(
    sheet: Sheet, columns: Sequence[Column], file: str, problems: ProblemList
) -> list[tuple[int, dict[str, Value]]]:
    declared = {column.name: column for column in columns}
    for column in columns:
        if column.required and column.name not in sheet.columns:
            problems.error(file, 1, column.name, "the column is missing", "add it with that heading")
    rows = []
    for number, cells in sheet.rows:
        values: dict[str, Value] = {}
        for name, cell in zip(sheet.columns, cells, strict=True):
            column = declared[name]
            value = read_cell(
                cell, column.kind, column.codes, decimal_comma=sheet.decimal_comma, open_codes=name in {"role", "areas"}
            )
            if isinstance(value, Fault):
                problems.error(file, number, name, value.what, value.hint)
            elif value is Missing.NOT_CODED and column.required:
                problems.error(file, number, name, "the cell is empty", "write the value, ? for unknown, or n/a")
            else:
                values[name] = value
        rows.append((number, values))
    return rows


def _read_codings(
    folder: Path, checklist: Checklist, problems: ProblemList
) -> tuple[tuple[Coding, ...], tuple[str, ...]]:
    codings: list[Coding] = []
    coders: list[str] = []
    files = sorted((folder / CODINGS_FOLDER).glob("*.csv"))
    for position, path in enumerate(files, start=1):
        if not IDENTIFIER.fullmatch(path.stem):
            problems.error(
                f"{CODINGS_FOLDER}/",
                0,
                f"file {position}",
                "a coder's file has no neutral name",
                "rename it coder-1.csv",
            )
            continue
        coders.append(path.stem)
        file = f"{CODINGS_FOLDER}/{path.name}"
        sheet = read_sheet(path, file, [column.name for column in CODING_COLUMNS], problems)
        if sheet is not None:
            codings += _codings_of(path.stem, sheet, file, checklist, problems)
    return tuple(codings), tuple(coders)


def _codings_of(coder: str, sheet: Sheet, file: str, checklist: Checklist, problems: ProblemList) -> list[Coding]:
    found = []
    for number, values, value in _answers(sheet, CODING_COLUMNS, file, checklist, problems):
        round_number = values.get("round", Missing.NOT_CODED)
        if isinstance(round_number, Quantity) and not (round_number.is_exact and round_number.low >= 1):
            problems.error(file, number, "round", "not a round number", "write 1, 2, ...")
            round_number = Missing.NOT_CODED
        found.append(
            Coding(
                coder,
                str(values["unit"]),
                str(values["item"]),
                value,
                document=_text(values.get("document")),
                page=values.get("page", Missing.NOT_CODED),
                round=int(round_number.low) if isinstance(round_number, Quantity) else 1,
                coded_on=values.get("coded_on", Missing.NOT_CODED),
                row=number,
            )
        )
    return found


def _answers(
    sheet: Sheet, columns: Sequence[Column], file: str, checklist: Checklist, problems: ProblemList
) -> list[tuple[int, dict[str, Value], Value]]:
    """Rows whose unit and item can be read, with the value typed by the item."""
    others = [column for column in columns if column.name != "value"]
    position = sheet.columns.index("value") if "value" in sheet.columns else None
    if position is None:
        problems.error(file, 1, "value", "the column is missing", "add it with that heading")
        return []
    kept = [index for index in range(len(sheet.columns)) if index != position]
    rest = Sheet(
        tuple(sheet.columns[index] for index in kept),
        tuple((number, tuple(cells[index] for index in kept)) for number, cells in sheet.rows),
        sheet.decimal_comma,
    )
    answers = []
    for (number, values), (_, cells) in zip(_typed(rest, others, file, problems), sheet.rows, strict=True):
        item = checklist.item(_text(values.get("item")))
        if item is None or "unit" not in values:
            if item is None and "item" in values:
                problems.error(file, number, "item", "the checklist has no such item", "correct the item's code")
            continue
        value = read_cell(cells[position], item.kind, item.codes, decimal_comma=sheet.decimal_comma)
        if isinstance(value, Fault):
            problems.error(file, number, f"value (item {item.code})", value.what, value.hint)
            continue
        answers.append((number, values, value))
    return answers


def _text(value: Value | None) -> str:
    return value if isinstance(value, str) and not isinstance(value, Missing) else ""


def _read_adjudications(folder: Path, checklist: Checklist, problems: ProblemList) -> tuple[Adjudication, ...]:
    file = "adjudications.csv"
    if not (folder / file).exists():
        return ()
    sheet = read_sheet(folder / file, file, [column.name for column in ADJUDICATION_COLUMNS], problems)
    if sheet is None:
        return ()
    return tuple(
        Adjudication(
            str(values["unit"]),
            str(values["item"]),
            value,
            _text(values.get("decided_by")),
            day.first if isinstance(day := values.get("decided_on"), Day) else None,
            number,
        )
        for number, values, value in _answers(sheet, ADJUDICATION_COLUMNS, file, checklist, problems)
    )
