"""Write the reference pages that follow from the code: `python tools/generate_docs.py`.

`--check` writes nothing and exits with 1 when a page is out of date.
"""

import sys
from collections.abc import Iterable, Iterator
from enum import Enum
from importlib import import_module
from pathlib import Path
from typing import Any

import typer

from vestige.casefiles.ledger import RECORDS, SEARCHES
from vestige.casefiles.schema import ADJUDICATION_COLUMNS, CODING_COLUMNS
from vestige.casefiles.schema import TABLES as CASE_TABLES
from vestige.casefiles.schema import Column as CaseColumn
from vestige.casefiles.triangulation import SCHEMA as TRIANGULATION
from vestige.cli import COMMANDS
from vestige.cli.app import app
from vestige.dataset import Rule
from vestige.dataset.manifest import TimeResolution
from vestige.dataset.schema import CODE_PATTERN, PSEUDONYM_PATTERN, SCHEMA_VERSION, TABLES, Column, ColumnType, Table
from vestige.dataset.violations import MEANING
from vestige.derive.contract import Cell, Source, SourceColumn
from vestige.derive.features import FEATURES, LEGEND, feature_rows
from vestige.derive.opening import known_software, source_of

REFERENCE = Path(__file__).parents[1] / "docs" / "reference"
NOTICE = "<!-- Written by tools/generate_docs.py: change the code, then run it again. -->\n"

KINDS = {
    ColumnType.ID: ("64-bit integer", "a row's number; dense, from 0, within its forum"),
    ColumnType.INTEGER: ("64-bit integer", "a count or a number"),
    ColumnType.FLOAT: ("64-bit float", "a finite number"),
    ColumnType.FLAG: ("boolean", "true or false"),
    ColumnType.TIME: ("timestamp, microseconds, no zone", "a moment in UTC, cut to the dataset's resolution"),
    ColumnType.ENUM: ("string", "one of the words listed with the column"),
    ColumnType.CODE: ("string", f"a neutral code that the manifest lists, `{CODE_PATTERN}`"),
    ColumnType.PSEUDONYM: ("string", f"128 bits in hexadecimal, `{PSEUDONYM_PATTERN}`"),
}


def pages() -> dict[str, str]:
    """File name in docs/reference to its text."""
    return {
        "dataset.md": NOTICE + dataset_page(),
        "commands.md": NOTICE + commands_page(),
        "sources.md": NOTICE + sources_page(),
        "case-file-tables.md": NOTICE + case_files_page(),
    }


def dataset_page() -> str:
    lines = [
        "# The dataset",
        "",
        f"Schema version {SCHEMA_VERSION}. A dataset is a folder: `manifest.json` and, for each table, `post.parquet`",
        "or `post-1.parquet`, `post-2.parquet`, ... Tables that a source cannot fill are absent, and the manifest says",
        "why. No column can hold free text.",
        "",
        "## Times",
        "",
        "Times are UTC. They are stored without a zone, as microseconds, cut down to the start of their unit: the",
        f"dataset's resolution is one of {words(list(TimeResolution))} and stands in the manifest. A column such as",
        "`post.seq` keeps the true order, so that coarse times lose no ordering. A time that is not known is null.",
        "",
        "## Types",
        "",
        "| type | stored as | holds |",
        "|---|---|---|",
        *(f"| {kind.value} | {stored} | {cell(meaning)} |" for kind, (stored, meaning) in KINDS.items()),
        "",
        "## Tables",
        "",
    ]
    for table in TABLES.values():
        lines += table_section(table)
    lines += ["## Rules", "", "`vestige validate` checks all of this and reports every rule that is broken:", ""]
    lines += ["| rule | what is counted |", "|---|---|"]
    lines += [f"| {rule.value} | {MEANING[rule]} |" for rule in Rule]
    return "\n".join(lines) + "\n"


def case_files_page() -> str:
    lines = ["# Tables of a case-file study", "", "Columns in bold need an answer in every row. Cells are explained in"]
    lines += ["[Case files](case-files.md).", ""]
    folders = {"searches": "ledger/", "records": "ledger/"}
    for table in (*CASE_TABLES.values(), TRIANGULATION, SEARCHES, RECORDS):
        lines += [f"## {folders.get(table.name, '')}{table.name}.csv", "", *case_columns(table.columns)]
    lines += ["## codings/CODER.csv", "", *case_columns(CODING_COLUMNS)]
    return "\n".join([*lines, "## adjudications.csv", "", *case_columns(ADJUDICATION_COLUMNS)])


def case_columns(columns: Iterable[CaseColumn]) -> list[str]:
    lines = ["| column | holds | meaning |", "|---|---|---|"]
    for column in columns:
        kind = column.kind.value + (f" of {column.refers_to}" if column.refers_to else "")
        codes = f": {', '.join(column.codes)}" if column.codes else ""
        name = f"**{column.name}**" if column.required else column.name
        lines.append(f"| {name} | {kind}{codes} | {cell(column.meaning)} |")
    return [*lines, ""]


def sources_page() -> str:
    lines = [
        "# Sources",
        "",
        "For each package: the columns that are read, every other byte being skipped unread, what they become, and",
        "what the package cannot supply. A column that is not required may be missing; the manifest then names it.",
        "",
    ]
    lines += ["| package | " + " | ".join(FEATURES) + " |", "|---|" + "---|" * len(FEATURES)]
    lines += ["| " + " | ".join(row) + " |" for row in feature_rows()]
    lines += [
        "",
        f"{LEGEND} `vestige sources` prints this table.",
        "",
    ]
    for software in known_software():
        lines += source_section(source_of(software))
    return "\n".join(lines)


def source_section(source: Source) -> list[str]:
    lines = [
        f"## {source.title}",
        "",
        f"`--software {source.software}`",
        "",
        "| source table | columns read |",
        "|---|---|",
    ]
    for table in source.tables:
        columns = ", ".join(source_column(column) for column in table.columns)
        lines.append(f"| {f'**{table.name}**' if table.required else table.name} | {columns} |")
    lines += ["", "Bold: required. `#`: names that become digests; `@`: read only with `--link-handles`.", ""]
    lines += ["| dataset table | comes from |", "|---|---|"]
    lines += [f"| {name} | {', '.join(parts)} |" for name, parts in source.assembly.items()]
    lines += ["", "| not supplied | why |", "|---|---|"]
    lines += [f"| {what} | {cell(why)} |" for what, why in source.absent.items()]
    lines += ["", "What is counted and reported with each dataset:", ""]
    lines += [f"- `{finding.code}`: {finding.text.format(count='N')}" for finding in source.findings]
    return [*lines, ""]


def source_column(column: SourceColumn) -> str:
    mark = {Cell.NAME: " `#`", Cell.NAMES: " `#`", Cell.HANDLE: " `@`"}.get(column.cell, "")
    return (f"**{column.name}**" if column.required else column.name) + mark


def table_section(table: Table) -> list[str]:
    lines = [f"### {table.name}", "", table.description, "", "| column | type | null | unit | what it is |"]
    lines += ["|---|---|---|---|---|", *(column_row(column) for column in table.columns), ""]
    rules = [f"Key: {words(table.key)}." if table.key else "Rows may repeat: there is no key."]
    if table.sequence:
        place, time = table.sequence
        rules.append(f"`{place}` is unique within a forum, and `{time}` never falls when `{place}` grows.")
    if table.at_most_one:
        flag, within = table.at_most_one
        rules.append(f"At most one row of each `{within}` has `{flag}`.")
    rules += [f"`{first}` is never after `{last}`." for first, last in table.intervals]
    return [*lines, " ".join(rules), ""]


def column_row(column: Column) -> str:
    notes = [column.description]
    if column.enum is not None:
        notes.append(f"One of {words([member.value for member in column.enum])}.")
    if column.references:
        notes.append(f"Points to `{column.references}.{column.references}` of the same forum.")
    if column.minimum is not None and not column.references and not column.is_dense:
        notes.append(f"At least {column.minimum}.")
    if column.kind is ColumnType.TIME:
        notes.append("Within the forum's window." if column.in_window else "May lie outside the forum's window.")
    text = ". ".join([notes[0], " ".join(notes[1:])]) if len(notes) > 1 else notes[0]
    null = "yes" if column.nullable else "no"
    return f"| `{column.name}` | {column.kind.value} | {null} | {column.unit or ''} | {cell(text)} |"


def commands_page() -> str:
    for module in COMMANDS:
        import_module(f"vestige.cli.{module}")
    lines = [
        "# Commands",
        "",
        "Every command takes `--help`. Results go to standard output, everything else to standard error. Exit codes: 0",
        "done, 1 a validation failed, 2 bad input or usage, 130 interrupted.",
        "",
    ]
    for name, command in sorted(commands()):
        arguments = [found for found in command.params if found.param_type_name == "argument"]
        options = [found for found in command.params if found.param_type_name == "option"]
        lines += [f"## vestige {name}", "", " ".join([f"`vestige {name}", *map(usage, arguments), "[OPTIONS]`"]), ""]
        lines += [paragraph(part) for part in (command.help or "").split("\n\n")] + [""]
        lines += ["| argument or option | takes | default | what it does |", "|---|---|---|---|"]
        lines += [parameter_row(found) for found in (*arguments, *options)] + [""]
    return "\n".join(lines)


def commands() -> Iterator[tuple[str, Any]]:
    """Every command's full name and the command."""
    for module in COMMANDS:
        import_module(f"vestige.cli.{module}")
    yield from _below(typer.main.get_command(app), "")


def _below(group: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _below(command, f"{prefix}{name} ")
        else:
            yield f"{prefix}{name}", command


def usage(argument: Any) -> str:
    shown = argument.metavar or argument.name.upper()
    return shown if argument.required else f"[{shown}]"


def parameter_row(found: Any) -> str:
    is_argument = found.param_type_name == "argument"
    name = usage(found) if is_argument else ", ".join([*found.opts, *found.secondary_opts])
    flag = not is_argument and found.is_flag
    default = "" if flag or found.default in {None, ""} else f"`{plain(found.default)}`"
    needed = "required" if found.required else default
    return f"| `{name}` | {'' if flag else takes(found)} | {needed} | {cell(found.help or '')} |"


def takes(found: Any) -> str:
    annotation = found.type_descriptor.annotation
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return words([str(member.value) for member in annotation])
    known = {"Path": "path", "str": "text", "int": "whole number", "float": "number"}
    name = getattr(annotation, "__name__", "text")
    return known.get(name, name.lower())


def plain(value: Any) -> str:
    return str(value.value if isinstance(value, Enum) else value)


def paragraph(text: str) -> str:
    return " ".join(text.split()) + "\n"


def words(names: Iterable[object]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def cell(text: str) -> str:
    return text.replace("|", "\\|")


def main() -> None:
    outdated = [name for name, text in pages().items() if not same(REFERENCE / name, text)]
    if "--check" in sys.argv[1:]:
        sys.exit(f"out of date: {', '.join(outdated)}; run python tools/generate_docs.py" if outdated else 0)
    REFERENCE.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (REFERENCE / name).write_text(text, encoding="utf-8")
    print("\n".join(f"written: docs/reference/{name}" for name in outdated) or "up to date")


def same(file: Path, text: str) -> bool:
    return file.is_file() and file.read_text(encoding="utf-8") == text


if __name__ == "__main__":
    main()
