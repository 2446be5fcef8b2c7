"""Results of the case-file commands as JSON, for scripts and for tables of other programs."""

import json
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Any

from vestige.cli.console import print_line

if TYPE_CHECKING:
    import pyarrow as pa

    from vestige.casefiles.agreement import AgreementResult
    from vestige.casefiles.check import StudyCheck
    from vestige.casefiles.claims import Judgement
    from vestige.casefiles.tables import FootnotedTable


def print_json(value: object) -> None:
    """A value of plain types and dates, indented; a number that JSON has no word for is an error, not "NaN"."""
    print_line(json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False, default=_iso))


def _iso(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError("not a value that JSON can hold")


def plain_check(check: "StudyCheck") -> dict[str, Any]:
    """Problems by file, row and column, and claims by their verdict; never a cell's value, but a row's id."""
    return {
        "sound": check.is_sound,
        "study": check.study.digest,
        "problems": [{**asdict(problem), "weight": problem.weight.value} for problem in check.problems],
        "claims": [_plain_judgement(judged) for judged in (*check.judgements, *check.linked)],
    }


def _plain_judgement(judged: "Judgement") -> dict[str, Any]:
    return {
        "claim": judged.claim.code,
        "page": judged.claim.page,
        "verdict": judged.verdict.value,
        "rows": [
            {
                "file": row.table if "." in row.table else f"{row.table}.csv",
                "row": row.number,
                "id": row.text(row.table.removesuffix("s")) or None,
            }
            for row in judged.rows
        ],
    }


def plain_table(table: "pa.Table") -> dict[str, Any]:
    """A table as its columns' names and its rows as objects."""
    return {"columns": table.column_names, "rows": table.to_pylist()}


def plain_footnoted(table: "FootnotedTable") -> dict[str, Any]:
    """A table for readers: every cell as text with the letters of its footnotes."""
    rows = [
        {name: {"shown": cell, "notes": mark} for name, cell, mark in zip(table.columns, cells, marks, strict=True)}
        for cells, marks in zip(table.rows, table.marks, strict=True)
    ]
    return {"columns": list(table.columns), "rows": rows, "notes": dict(table.notes)}


def plain_agreement(result: "AgreementResult", only: str = "") -> dict[str, Any]:
    """Tables (all, or `only` one), findings and provenance."""
    names = (only,) if only else result.table_names
    return {
        "tables": {name: plain_table(result.table(name)) for name in names},
        "findings": [{**asdict(finding), "severity": finding.severity.value} for finding in result.findings],
        "provenance": asdict(result.provenance),
    }
