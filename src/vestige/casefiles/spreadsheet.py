"""Read a CSV file as people's spreadsheets really write it, and place every fault by row and column."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from vestige.casefiles.problems import ProblemList

LARGEST_FILE: Final = 64 * 1024 * 1024
_BOMS: Final = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_DELIMITERS: Final = ",;\t"
_FIRST_NON_ASCII: Final = 0x80


@dataclass(frozen=True)
class Sheet:
    """The cells of one file, trimmed.

    Attributes:
        columns: heading of each kept column.
        rows: spreadsheet row number and the cells under the kept columns.
        decimal_comma: whether cells are separated by semicolons, as where the comma is the decimal mark.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    decimal_comma: bool


def read_sheet(path: Path, file: str, expected: Sequence[str], problems: ProblemList) -> Sheet | None:
    """Read one file; faults go to `problems`.

    Args:
        path: the file.
        file: its name in messages.
        expected: headings the schema declares; others are reported by position, never quoted.
        problems: takes every fault found.

    Returns:
        The sheet, or None when there is no heading to read it by.
    """
    text = _decode(path, file, problems)
    if text is None:
        return None
    delimiter = _delimiter(text)
    lines = text.split("\n", 1)
    skipped = 1 if lines[0].strip().lower() in {f"sep={mark}" for mark in _DELIMITERS} else 0
    records = _records(lines[1] if skipped and len(lines) > 1 else text, delimiter, file, problems)
    if records is None:
        return None
    numbered = [(number, [cell.strip() for cell in record]) for number, record in enumerate(records, start=1 + skipped)]
    numbered = [(number, record) for number, record in numbered if any(record)]
    if not numbered:
        problems.error(file, 0, "", "the file is empty", "write a heading row, or remove the file")
        return None
    if delimiter != ",":
        mark = "semicolons" if delimiter == ";" else "tabs"
        problems.note(file, numbered[0][0], "", f"cells are separated by {mark}; read as such", "save as plain CSV")
    return _under_headings(numbered, file, expected, problems, decimal_comma=delimiter == ";")


def _decode(path: Path, file: str, problems: ProblemList) -> str | None:
    try:
        raw = path.read_bytes() if path.stat().st_size <= LARGEST_FILE else None
    except OSError:
        problems.error(file, 0, "", "the file cannot be read", "check its permissions")
        return None
    if raw is None or b"\0" in raw[:4096].removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff")[::2][:64]:
        problems.error(file, 0, "", "this is not a CSV file", "export the sheet as CSV (UTF-8)")
        return None
    for mark, encoding in _BOMS:
        if raw.startswith(mark):
            problems.note(file, 1, "", "the file starts with a byte order mark; skipped", "nothing to do")
            text = _strict(raw, encoding)
            if text is None:
                problems.error(file, 0, "", "the bytes are not the encoding they announce", "save as CSV (UTF-8)")
            return text
    text = _strict(raw, "utf-8")
    return text if text is not None else _from_windows(raw, file, problems)


def _strict(raw: bytes, encoding: str) -> str | None:
    try:
        return raw.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeError:
        return None


def _from_windows(raw: bytes, file: str, problems: ProblemList) -> str | None:
    """A file that is not UTF-8: Windows-1252, with the place of its first such byte."""
    first = next(index for index, byte in enumerate(raw) if byte >= _FIRST_NON_ASCII)
    before = raw[:first].replace(b"\r\n", b"\n").split(b"\n")
    delimiter = _delimiter(raw[:first].decode("ascii") or ",").encode()
    text = _strict(raw, "cp1252")
    if text is None:
        problems.error(file, len(before), "", "the encoding is neither UTF-8 nor Windows-1252", "save as CSV (UTF-8)")
        return None
    column = f"column {before[-1].count(delimiter) + 1}"
    problems.note(file, len(before), column, "the file is not UTF-8; read as Windows-1252", "save as CSV (UTF-8)")
    return text


def _delimiter(text: str) -> str:
    first = text.lstrip("\n").split("\n", 1)[0]
    if first.strip().lower().startswith("sep=") and len(first.strip()) == len("sep=;"):
        return first.strip()[-1]
    return max(_DELIMITERS, key=lambda mark: (first.count(mark), mark == ","))


def _records(text: str, delimiter: str, file: str, problems: ProblemList) -> list[list[str]] | None:
    try:
        return list(csv.reader(io.StringIO(text), delimiter=delimiter, strict=True))
    except csv.Error:
        problems.error(file, 0, "", "the quoting of cells is broken", "export the sheet again as CSV")
        return None


def _under_headings(
    numbered: list[tuple[int, list[str]]],
    file: str,
    expected: Sequence[str],
    problems: ProblemList,
    *,
    decimal_comma: bool,
) -> Sheet:
    (heading_row, heading), body = numbered[0], numbered[1:]
    kept: list[int] = []
    names: list[str] = []
    for index in range(max(len(record) for _, record in numbered)):
        name = heading[index].lower() if index < len(heading) else ""
        filled = [number for number, record in body if index < len(record) and record[index]]
        place = f"column {index + 1}"
        if not name and not filled:
            problems.note(file, heading_row, place, "the column is empty; skipped", "delete it from the sheet")
        elif not name:
            problems.error(file, filled[0], place, "the column has cells but no heading", "give it a declared heading")
        elif name not in expected:
            known = ", ".join(expected)
            problems.error(
                file, heading_row, place, "the heading is not declared", f"known: {known}; or declare a [[column]]"
            )
        elif name in names:
            problems.error(file, heading_row, name, "the heading stands twice", "keep one of the two columns")
        else:
            kept.append(index)
            names.append(name)
            if body and not filled:
                problems.note(file, heading_row, name, "every cell of the column is empty", "code it, or remove it")
    rows = tuple((number, tuple(record[i] if i < len(record) else "" for i in kept)) for number, record in body)
    return Sheet(tuple(names), rows, decimal_comma)
