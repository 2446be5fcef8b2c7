"""The map of tables: which file and column is which table and column of the dataset. Only what it names is read.

[view]                          # a table of the dataset; [[view]] where it comes from several files
file = "events.csv.gz"          # beside the map; .csv, .tsv (also .gz, .zst) or .parquet
member = { column = "user", text = true }
at = { column = "when", format = "%d.%m.%Y %H:%M", timezone = "Europe/Berlin" }
kind = { value = "visit" }
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from vestige.dataset.schema import TABLES, Column, ColumnType, MemberKind, RoleEvidence, State
from vestige.derive.local_time import zone_named
from vestige.errors import MapError, SettingsError
from vestige.inputs import parse_toml

LARGEST_MAP: Final = 1 << 20
NOT_MAPPED: Final = frozenset({"forum", "pseudonym", "seq"})
"""Columns that derivation makes."""
NEVER_MAPPED: Final = frozenset({("section", "kind"), ("object", "class")})
"""Codes, which only a custodian gives: by the map of sections, by classify-objects."""
ROW_NUMBERED: Final = frozenset(
    {("post", "post"), ("message", "message"), ("object", "object"), ("external_event", "event")}
)
"""Own ids that are the number of the row where they are not mapped."""
WITH_DEFAULT: Final = frozenset({"attachments", "is_opening", "weight"})
GIVEN: Final[Mapping[tuple[str, str], str]] = {
    ("member", "kind"): MemberKind.MEMBER,
    ("section", "kind"): "",
    ("thread", "state"): State.VISIBLE,
    ("post", "state"): State.VISIBLE,
    ("role_spell", "evidence"): RoleEvidence.SNAPSHOT,
}
"""What stands in a column of an enum that is not mapped."""
HANDLE: Final = "linked_pseudonym"
UNITS: Final = {"seconds": 1_000_000, "milliseconds": 1_000, "microseconds": 1}
"""Formats of times that are numbers since the epoch, in microseconds."""
ISO: Final = "iso"
_DIRECTIVES: Final = re.compile(r"%[YmdHMSfjbBypI%]|[^%\n]")
"""What a format of times may hold; names of months are English."""
_TABLE_KEYS: Final = frozenset({"file", "delimiter", "null", "names"})
_KEYS: Final = frozenset({"column", "value", "text", "format", "timezone", "words", "otherwise"})
_SUFFIXES: Final = (".csv", ".tsv", ".parquet", *(f"{kind}.{packing}" for kind in (".csv", ".tsv")
                    for packing in ("gz", "zst")))  # fmt: skip


@dataclass(frozen=True)
class MappedColumn:
    """Where one column of the dataset comes from.

    Attributes:
        target: the schema's column.
        column: name in the file; None for a value that is the same in every row.
        value: that value.
        text: whether ids are words, which become keyed numbers.
        format: of times: "iso", a unit since the epoch, or a format as of strptime.
        timezone: of times: where the clock stood; UTC when None.
        words: of enums and flags: each word of the file to the schema's.
        otherwise: of enums: what any other word means; None leaves it unknown.
    """

    target: Column
    column: str | None = None
    value: str | int | bool | None = None
    text: bool = False
    format: str = ISO
    timezone: str | None = None
    words: Mapping[str, str] = field(default_factory=dict)
    otherwise: str | None = None


@dataclass(frozen=True)
class MappedTable:
    """One file as (a part of) one table of the dataset.

    Attributes:
        name: table of the dataset; a second file of it is called NAME_2, and so on.
        table: table of the dataset.
        file: the file.
        columns: what is read of it.
        delimiter: between the cells of a CSV file.
        nulls: words that mean nothing is there, beside the empty cell.
        names: of a CSV file whose first line names no columns: their names here.
    """

    name: str
    table: str
    file: Path
    columns: tuple[MappedColumn, ...]
    delimiter: str = ","
    nulls: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    def find(self, target: str) -> MappedColumn | None:
        """How a column of the dataset is mapped; None when it is not."""
        return next((column for column in self.columns if column.target.name == target), None)


def read_table_map(path: Path) -> tuple[MappedTable, ...]:
    """Read and check a map of tables.

    Raises:
        MapError: unreadable, no TOML, or naming what the schema does not have.
    """
    raw = _toml(path)
    tables = []
    for name, entry in raw.items():
        if name not in TABLES or name == "forum":
            known = ", ".join(table for table in TABLES if table != "forum")
            raise MapError("the map names a table that the schema does not have", hint=f"tables are {known}")
        entries = entry if isinstance(entry, list) else [entry]
        for number, one in enumerate(entries, 1):
            tables.append(_table(name, number, one, path.absolute().parent))
    if not tables:
        raise MapError("the map names no table", hint="begin with one such as [post] and its file")
    return tuple(tables)


def _toml(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as stream:
            return parse_toml(stream.read(LARGEST_MAP).decode("utf-8"))
    except (OSError, UnicodeDecodeError):
        failure = MapError("the map of tables cannot be read", hint="check its path and permissions")
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        failure = MapError(
            "the map of tables is no valid TOML", where=line and f"line {line[1]}", hint="mend that line"
        )
    raise failure


def _table(name: str, number: int, entry: object, folder: Path) -> MappedTable:
    place = name if number == 1 else f"{name}, file {number}"
    if not isinstance(entry, dict) or not isinstance(entry.get("file"), str):
        raise MapError("a table of the map names no file", where=place, hint='write file = "events.csv"')
    if not entry["file"].lower().endswith(_SUFFIXES):
        raise MapError("a file is neither CSV nor Parquet", where=place, hint=f"names end in {', '.join(_SUFFIXES)}")
    names = {column.name for column in TABLES[name].columns} - NOT_MAPPED
    names -= {column for table, column in NEVER_MAPPED if table == name}
    if unknown := len(entry.keys() - names - _TABLE_KEYS):
        raise MapError(
            f"{unknown} entries are no columns of that table", where=place, hint=f"{', '.join(sorted(names))}"
        )
    columns = tuple(
        _column(TABLES[name].column(key), value, f"{place}.{key}") for key, value in entry.items() if key in names
    )
    delimiter = entry.get("delimiter", "\t" if ".tsv" in entry["file"].lower() else ",")
    nulls, listed = entry.get("null", []), entry.get("names", [])
    if not isinstance(delimiter, str) or len(delimiter) != 1 or not _are_texts(nulls) or not _are_texts(listed):
        what = "delimiter is one character, null and names are lists of words"
        raise MapError(what, where=place, hint="see the documentation")
    own = name if number == 1 else f"{name}_{number}"
    mapped = MappedTable(own, name, folder / entry["file"], columns, delimiter, tuple(nulls), tuple(listed))
    _refuse_gaps(mapped, place)
    return mapped


def _refuse_gaps(mapped: MappedTable, place: str) -> None:
    """A column that may not be null must be mapped, unless derivation has a value for it."""
    given = NOT_MAPPED | WITH_DEFAULT | {name for table, name in (*ROW_NUMBERED, *GIVEN) if table == mapped.table}
    needed = [
        column.name
        for column in TABLES[mapped.table].columns
        if not column.nullable and column.name not in given and mapped.find(column.name) is None
    ]
    if needed:
        raise MapError(f"{', '.join(needed)} must be mapped", where=place, hint="name a column, or give a value")


def _column(target: Column, entry: object, place: str) -> MappedColumn:
    if isinstance(entry, str):
        entry = {"column": entry}
    if not isinstance(entry, dict) or entry.keys() - _KEYS or ("column" in entry) == ("value" in entry):
        raise MapError(
            "a column of the map is malformed", where=place, hint='write { column = "NAME" } or { value = ... }'
        )
    if not isinstance(entry.get("column", ""), str):
        raise MapError("a column's name is a word", where=place, hint="write it in quotes, as in the file's first line")
    mapped = MappedColumn(
        target,
        entry.get("column"),
        _value(target, entry["value"], place) if "value" in entry else None,
        entry.get("text", target.name == HANDLE) is True,
        _format(entry.get("format", ISO), place),
        _zone(entry.get("timezone"), place),
        dict(_words(target, entry.get("words", {}), place)),
        _word(target, entry["otherwise"], place) if "otherwise" in entry else None,
    )
    _refuse_misplaced(target, entry, place)
    return mapped


def _refuse_misplaced(target: Column, entry: Mapping[str, Any], place: str) -> None:
    allowed = {"column", "value"}
    if target.kind is ColumnType.ID or target.name == HANDLE:
        allowed |= {"text"}
    elif target.kind is ColumnType.TIME:
        allowed |= {"format", "timezone"}
    elif target.enum is not None:
        allowed |= {"words", "otherwise"}
    elif target.kind is ColumnType.FLAG:
        allowed |= {"words"}
    if misplaced := sorted(entry.keys() - allowed):
        raise MapError(f"{', '.join(misplaced)} does not belong there", where=place, hint="see the documentation")


def _value(target: Column, value: object, place: str) -> str | int | bool:
    if target.enum is not None:
        return _word(target, value, place)
    wanted = bool if target.kind is ColumnType.FLAG else int
    if type(value) is not wanted or target.kind not in {ColumnType.FLAG, ColumnType.ID, ColumnType.INTEGER}:
        raise MapError("a value is of another kind than its column", where=place, hint="times come from columns only")
    return value


def _word(target: Column, word: object, place: str) -> str:
    known = [member.value for member in target.enum] if target.enum is not None else ["true", "false"]
    if word not in known:
        raise MapError("the schema has no such word", where=place, hint=f"words are {', '.join(known)}")
    return str(word)


def _words(target: Column, entry: object, place: str) -> Iterator[tuple[str, str]]:
    """Each word of the file with the schema's."""
    if not isinstance(entry, dict):
        raise MapError("words are given by the schema's word", where=place, hint='words = { visit = ["login", "in"] }')
    seen: set[str] = set()
    for word, theirs in entry.items():
        known = _word(target, word, place)
        listed = [theirs] if isinstance(theirs, str) else theirs
        if not _are_texts(listed) or seen & set(listed):
            raise MapError("a word stands twice, or is no word", where=place, hint="list each word of the file once")
        seen |= set(listed)
        yield from ((one, known) for one in listed)


def _format(text: object, place: str) -> str:
    if text in (ISO, *UNITS):
        return str(text)
    if not isinstance(text, str) or "%" not in text or _DIRECTIVES.sub("", text):
        hint = f"use iso, {', '.join(UNITS)}, or directives such as %Y-%m-%d %H:%M:%S"
        raise MapError("that is no format of times", where=place, hint=hint)
    return text


def _zone(name: object, place: str) -> str | None:
    if name is None:
        return None
    try:
        zone_named(str(name))
        return str(name)
    except SettingsError:
        failure = MapError("there is no such time zone", where=place, hint="name it as the tz database does")
    raise failure


def _are_texts(entry: object) -> bool:
    return isinstance(entry, list) and all(isinstance(one, str) for one in entry)
