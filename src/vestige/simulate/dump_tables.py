"""Tables as a dump states them, and the short form in which they are written down here.

A table is `name type default, name type default, ... | PRIMARY(a) name(b;c) !unique(d)`. In a type `_` stands for a
space and `;` for the comma of an `enum(a;b)`; a `?` behind it says that the column may be NULL. Short types: `key` (an
automatic key), `id`, `medium`, `small`, `flag`, `time`.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class DumpColumn:
    """One column.

    Attributes:
        name: its name.
        sql: its type in SQL.
        default: its default without quotes; None for an automatic key and for long text, which have none.
        room: most bytes of text it holds; 0 if it holds numbers.
        nullable: whether it may be NULL, which then is its default.
    """

    name: str
    sql: str
    default: str | None
    room: int
    nullable: bool = False

    @property
    def quoted(self) -> bool:
        """Whether its values are written as text."""
        return bool(self.room) or self.sql.startswith(_WORDS)

    @property
    def binary(self) -> bool:
        """Whether it holds bytes without a character set, which programs write with an introducer."""
        return self.sql.startswith(_BYTES)


@dataclass(frozen=True)
class DumpTable:
    """One table; `name` is without the forum's prefix, `keys` are lines of its CREATE TABLE."""

    name: str
    columns: tuple[DumpColumn, ...]
    keys: tuple[str, ...]
    charset: str = "utf8mb4 COLLATE=utf8mb4_bin"


def parse_table(name: str, text: str, charset: str = DumpTable.charset) -> DumpTable:
    """A table from its short form."""
    listed, _, keys = text.partition("|")
    columns = tuple(_parse_column(entry.split()) for entry in listed.split(","))
    return DumpTable(name, columns, tuple(_key_line(key) for key in keys.split()), charset)


def _parse_column(words: list[str]) -> DumpColumn:
    name, kind, *default = words
    nullable, kind = kind.endswith("?"), kind.removesuffix("?")
    sql = _SHORT.get(kind, kind.replace("_", " "))
    if kind.startswith("enum("):
        sql = "enum('" + kind[5:-1].replace(";", "','") + "')"
    base, _, size = sql.partition("(")
    room = _TEXT_ROOM.get(sql, 0)
    if base in _SIZED:
        room = int(size.rstrip(")"))
    if kind == "key" or nullable or sql in _TEXT_ROOM:
        return DumpColumn(name, sql, None, room, nullable)
    if kind.startswith("enum("):
        return DumpColumn(name, sql, default[0] if default else kind[5:-1].split(";")[0], room)
    return DumpColumn(name, sql, default[0].replace("_", " ") if default else ("" if room else "0"), room)


def _key_line(key: str) -> str:
    """`PRIMARY(a)` and `name(a;b)` as lines of a CREATE TABLE; a leading `!` stands for UNIQUE."""
    name, _, columns = key.rstrip(")").partition("(")
    listed = ",".join(f"`{column}`" for column in columns.split(";"))
    if name == "PRIMARY":
        return f"PRIMARY KEY ({listed})"
    unique = "UNIQUE " if name.startswith("!") else ""
    return f"{unique}KEY `{name.lstrip('!')}` ({listed})"


_SHORT: Final = {
    "key": "int(10) unsigned",
    "id": "int(10) unsigned",
    "medium": "mediumint(8) unsigned",
    "flag": "tinyint(1) unsigned",
    "time": "int(11) unsigned",
    "small": "smallint(4) unsigned",
}
_LONG: Final = 1 << 20
_TEXT_ROOM: Final = {
    "tinytext": 255, "text": 65_535, "mediumtext": _LONG, "longtext": _LONG,
    "tinyblob": 255, "blob": 65_535, "mediumblob": _LONG, "longblob": _LONG,
    "json": 65_535, "jsonb": 65_535, "character varying": 65_535,
}  # fmt: skip
_SIZED: Final = frozenset({"varchar", "char", "varbinary", "binary", "character varying"})
_WORDS: Final = ("enum(", "datetime", "timestamp", "date")
_BYTES: Final = ("varbinary", "binary", "tinyblob", "blob", "mediumblob", "longblob")
