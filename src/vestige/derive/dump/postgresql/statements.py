"""The heads of PostgreSQL's statements, and where a statement ends; strings are stepped over."""

import re
from dataclasses import dataclass
from typing import Final

from vestige.derive.dump.statements import (
    Columns,
    Cursor,
    FindColumns,
    InsertHead,
    TableName,
    column_list,
    definitions,
    insert_head,
)

_TOKEN: Final = re.compile(
    rb"""(?P<blank>\s+|--[^\n]*|/\*.*?\*/)|(?P<string>[eE]'(?:[^'\\]|\\.|'')*+'|'(?:[^']|'')*+'|"(?:[^"]|"")*+")"""
    rb"""|(?P<bare>[\w$\x80-\xff]++)|(?P<other>.)""",
    re.DOTALL,
)
_NO_COLUMN: Final = frozenset(b"CONSTRAINT PRIMARY UNIQUE FOREIGN CHECK LIKE".split())
_BEFORE_VALUES: Final = frozenset(b"OVERRIDING SYSTEM USER VALUE".split())
_BEFORE_TABLE: Final = frozenset(b"OR REPLACE GLOBAL LOCAL TEMP TEMPORARY UNLOGGED FOREIGN".split())
_STOP: Final = re.compile(
    rb"""(?P<escaped>(?<![\w$\x80-\xff])[eE]')|(?P<quote>['"])"""
    rb"""|(?P<dollar>(?<![\w$\x80-\xff])\$(?:[A-Za-z_\x80-\xff][\w\x80-\xff]*)?\$)|(?P<dashes>--)|(?P<comment>/\*)"""
    rb"""|(?P<sign>[();])|(?P<atomic>(?<![\w$])BEGIN\s+ATOMIC\b)|(?P<opens>(?<![\w$])CASE\b)"""
    rb"""|(?P<closes>(?<![\w$])END\b)""",
    re.IGNORECASE,
)
_ESCAPED_END: Final = re.compile(rb"(?:[^'\\]|\\.|'')*+'", re.DOTALL)
_COMMENT_EDGE: Final = re.compile(rb"/\*|\*/")
_COLUMNS_CHANGE: Final = re.compile(rb"\b(?:ADD|DROP|RENAME)\s+COLUMN\b", re.IGNORECASE)
_ATTACHES: Final = re.compile(rb"\bATTACH\s+PARTITION\b|\bINHERIT\b", re.IGNORECASE)
_SEARCH_PATH: Final = re.compile(
    rb"""(?:set_config\(\s*'search_path'\s*,|SET\s+(?:SESSION\s+)?search_path\s*(?:=|TO))\s*['"]*([\w$\x80-\xff]*)""",
    re.IGNORECASE,
)
_STANDARD_STRINGS: Final = re.compile(rb"standard_conforming_strings\s*(?:=|TO)\s*'?(\w+)", re.IGNORECASE)
_CLIENT_ENCODING: Final = re.compile(rb"(?:client_encoding\s*(?:=|TO)|\bNAMES\s)\s*'?([\w-]+)", re.IGNORECASE)


ATTACHED: Final = frozenset({b"ATTACH"})
"""How `read_change` says that a table has some of its rows in another one."""


@dataclass(frozen=True)
class CopyHead:
    """A whole COPY statement.

    Attributes:
        table: the table; None when a query is copied.
        columns: its column list in lower case; None without one.
        inline: whether its rows follow in the dump.
        text: whether they come in the text format as pg_dump writes it.
    """

    table: TableName | None
    columns: tuple[bytes, ...] | None = None
    inline: bool = False
    text: bool = False


def statement_end(data: bytearray, start: int, stop: int) -> int:
    """Index behind the semicolon that ends the statement at `start`; -1 when the bytes end before it.

    Quotes, dollar quotes, nested comments, parentheses and function bodies in BEGIN ATOMIC are stepped over.
    """
    depth = blocks = 0
    at = start
    while (match := _STOP.search(data, at, stop)) is not None:
        kind = match.lastgroup
        at = match.end()
        if kind == "sign":
            sign = data[match.start()]
            depth += {ord("("): 1, ord(")"): -1}.get(sign, 0)
            if sign == ord(";") and depth <= 0 and blocks == 0:
                return at
        elif kind in {"atomic", "opens", "closes"}:
            if kind == "atomic" or blocks:
                blocks += -1 if kind == "closes" else 1
        else:
            at = _behind(data, match, stop)
            if at < 0:
                return -1
    return -1


def _behind(data: bytearray, match: re.Match[bytes], stop: int) -> int:
    """Index behind a quoted part or comment that begins at the match; -1 when it does not end."""
    at = match.end()
    if match.lastgroup == "escaped":
        found = _ESCAPED_END.match(data, at, stop)
        return found.end() if found else -1
    if match.lastgroup == "comment":
        level = 1
        while level and (edge := _COMMENT_EDGE.search(data, at, stop)) is not None:
            level += 1 if edge.group() == b"/*" else -1
            at = edge.end()
        return -1 if level else at
    mark = b"\n" if match.lastgroup == "dashes" else bytes(match.group())
    found_at = data.find(mark, at, stop)
    return found_at + len(mark) if found_at >= 0 else -1


def read_copy_head(data: bytearray, start: int, stop: int, schema: bytes) -> CopyHead:
    """What a whole COPY statement copies, and from where."""
    cursor = Cursor(data, start, stop, _TOKEN)
    cursor.step()
    plain = cursor.word() != b"BINARY"
    if not plain:
        cursor.step()
    table = cursor.table(schema)
    if table is None:
        return CopyHead(None)
    columns: tuple[bytes, ...] | None = None
    if cursor.sign() == b"(":
        columns = column_list(cursor)
        if columns is None:
            return CopyHead(None)
    if cursor.word() == b"WITH":  # before version 12: WITH OIDS
        cursor.step()
        plain &= cursor.word() == b"OIDS"
        columns = (b"oid", *columns) if columns is not None else None
        cursor.step()
    if cursor.word() != b"FROM":
        return CopyHead(table, columns)
    cursor.step()
    inline = cursor.word() == b"STDIN"
    cursor.step()
    return CopyHead(table, columns, inline, plain and cursor.sign() == b";")


def read_insert_head(data: bytearray, start: int, stop: int, schema: bytes) -> InsertHead:
    """The head of an INSERT that begins at `start`."""
    return insert_head(Cursor(data, start, stop, _TOKEN), schema, frozenset({b"INTO"}), _BEFORE_VALUES)


def read_definition(data: bytearray, start: int, stop: int, schema: bytes) -> tuple[TableName, FindColumns] | None:
    """The table of a whole CREATE TABLE, and how to find its columns; None for any other CREATE."""
    cursor = Cursor(data, start, stop, _TOKEN)
    cursor.step()
    while cursor.word() in _BEFORE_TABLE:
        cursor.step()
    if cursor.word() != b"TABLE":
        return None
    cursor.step()
    while cursor.word() in {b"IF", b"NOT", b"EXISTS"}:
        cursor.step()
    table = cursor.table(schema)
    if table is None:
        return None

    def columns() -> Columns | None:
        found = definitions(cursor, _NO_COLUMN)
        return found and found._replace(bits=frozenset())  # BIT is a string of them here

    return table, columns


def read_change(data: bytearray, start: int, stop: int, schema: bytes) -> tuple[list[TableName], frozenset[bytes]]:
    """The tables that an ALTER, DELETE, DROP, TRUNCATE or UPDATE changes, and the words that say how."""
    cursor = Cursor(data, start, stop, _TOKEN)
    verb = cursor.word()
    cursor.step()
    if verb in {b"ALTER", b"DROP"} and cursor.word() != b"TABLE":
        return [], frozenset()
    while cursor.word() in {b"TABLE", b"IF", b"EXISTS", b"ONLY", b"FROM"}:
        cursor.step()
    attaches = verb == b"ALTER" and _ATTACHES.search(data, start, stop) is not None
    if verb == b"ALTER" and not attaches and not _COLUMNS_CHANGE.search(data, start, stop):
        return [], frozenset()
    tables: list[TableName] = []
    while (table := cursor.table(schema)) is not None:
        tables.append(table)
        if cursor.sign() != b",":
            break
        cursor.step()
    if attaches:
        return tables, ATTACHED
    return tables, frozenset({b"ALTER", b"ADD", b"COLUMN"} if verb == b"ALTER" else {verb, b"TABLE"} - {b""})


def search_path_of(statement: bytes) -> bytes | None:
    """The first schema of a search path that a statement sets, in lower case; None when it sets none."""
    match = _SEARCH_PATH.search(statement)
    return match.group(1).lower() if match else None


def standard_strings_of(statement: bytes) -> bool | None:
    """Whether backslashes are plain characters from here on; None when a statement does not say."""
    match = _STANDARD_STRINGS.search(statement)
    return None if match is None else match.group(1).lower() in {b"on", b"true", b"1", b"yes"}


def client_encoding_of(statement: bytes) -> bytes | None:
    """The character set that a statement sets, in lower case; None when it sets none."""
    match = _CLIENT_ENCODING.search(statement)
    return match.group(1).lower() if match else None
