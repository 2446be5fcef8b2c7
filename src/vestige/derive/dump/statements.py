"""The heads of statements: which table, which columns. Only identifiers are looked at; strings are stepped over."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final, NamedTuple


class TableName(NamedTuple):
    """A table as a dump names it, in lower case; the database is empty where nothing names it."""

    database: bytes
    name: bytes


class Columns(NamedTuple):
    """The columns of a table in the order of its cells, in lower case, and those of type BIT."""

    names: tuple[bytes, ...]
    bits: frozenset[bytes]


FindColumns = Callable[[], Columns | None]
"""Looks for the columns of a CREATE TABLE while it is still in memory; most tables of a dump are not read."""


class Form(Enum):
    """What follows the table's name in an INSERT."""

    ROWS = "rows"
    OTHER = "other"
    UNFINISHED = "unfinished"


@dataclass(frozen=True)
class InsertHead:
    """An INSERT or REPLACE up to its first row.

    Attributes:
        form: whether rows follow, something else, or the bytes end before one can tell.
        table: the table, once its name is known.
        name_end: index after its name.
        columns: the column list in lower case; None without one.
        end: index after VALUES.
        conditional: how many `/*!` comments the head opens and does not close.
    """

    form: Form
    table: TableName | None = None
    name_end: int = 0
    columns: tuple[bytes, ...] | None = None
    end: int = 0
    conditional: int = 0


_BLANK: Final = rb"(?P<blank>\s+|--(?=\s)[^\n]*|\#[^\n]*|/\*(?!M?!).*?\*/)"
_MARK: Final = rb"(?P<opened>/\*M?!\d*)|(?P<closed>\*/)"
_NAMED: Final = rb"(?P<quoted>`(?:[^`]|``)*+`)|(?P<bare>[\w$\x80-\xff]++)|(?P<other>.)"
_ESCAPED: Final = rb"""(?P<string>'(?:[^'\\]|\\.|'')*+'|"(?:[^"\\]|\\.|"")*+")"""
_DOUBLED: Final = rb"""(?P<string>'(?:[^']|'')*+'|"(?:[^"]|"")*+")"""
_TOKEN: Final = {
    backslash: re.compile(b"|".join((_BLANK, _MARK, string, _NAMED)), re.DOTALL)
    for backslash, string in ((True, _ESCAPED), (False, _DOUBLED))
}
_MODIFIERS: Final = frozenset({b"LOW_PRIORITY", b"DELAYED", b"HIGH_PRIORITY", b"IGNORE", b"INTO"})
_VALUES: Final = frozenset({b"VALUES", b"VALUE"})
_NO_COLUMN: Final = frozenset(
    b"PRIMARY UNIQUE KEY INDEX FULLTEXT SPATIAL CONSTRAINT FOREIGN CHECK PERIOD LIKE VECTOR".split()
)
_UNFINISHED: Final = "unfinished"


class _Token(NamedTuple):
    kind: str
    start: int
    end: int


class Cursor:
    """The tokens of a region of a buffer, one after another; `unfinished` for ever at its end."""

    def __init__(self, data: bytearray, start: int, stop: int, pattern: re.Pattern[bytes]) -> None:
        self._data = data
        self._stop = stop
        self._tokens = _tokens(data, start, stop, pattern)
        self.conditional = 0
        self.token = _Token(_UNFINISHED, start, start)
        self.step()

    def step(self) -> None:
        """Go to the next token that means something."""
        for token in self._tokens:
            if token.kind in {"opened", "closed"}:
                self.conditional += 1 if token.kind == "opened" else -1
            elif token.kind != "blank":
                self.token = token
                return
        self.token = _Token(_UNFINISHED, self._stop, self._stop)

    def word(self) -> bytes:
        """The token in capitals when it is a bare word."""
        return bytes(self._data[self.token.start : self.token.end]).upper() if self.token.kind == "bare" else b""

    def sign(self) -> bytes:
        """The token when it is a single character that is no word."""
        return bytes(self._data[self.token.start : self.token.end]) if self.token.kind == "other" else b""

    def identifier(self) -> bytes | None:
        """The token in lower case when it can be a name; then steps on."""
        start, end = self.token.start, self.token.end
        if self.token.kind == "bare":
            name = bytes(self._data[start:end])
        elif self.token.kind == "quoted" or (self.token.kind == "string" and self._data[start] == ord('"')):
            quote = self._data[start : start + 1]
            name = bytes(self._data[start + 1 : end - 1]).replace(quote + quote, bytes(quote))
        else:
            return None
        self.step()
        return name.lower()

    def table(self, database: bytes) -> TableName | None:
        """A table's name, qualified or not."""
        name = self.identifier()
        if name is None or self.sign() != b".":
            return None if name is None else TableName(database, name)
        self.step()
        inner = self.identifier()
        return None if inner is None else TableName(name, inner)

    def ended(self) -> bool:
        """Whether the region has no more tokens."""
        return self.token.kind == _UNFINISHED


def _tokens(data: bytearray, start: int, stop: int, pattern: re.Pattern[bytes]) -> Iterator[_Token]:
    """Tokens up to the first that may go on behind the region's end."""
    while start < stop:
        match = pattern.match(data, start, stop)
        if match is None or (match.end() == stop and match.lastgroup in {"bare", "opened"}):
            return
        if match.lastgroup == "other" and (data[start] in b"`'\"" or data.startswith(b"/*", start, stop)):
            return
        yield _Token(match.lastgroup or "other", match.start(), match.end())
        start = match.end()


def read_insert(data: bytearray, start: int, stop: int, database: bytes, *, backslash: bool) -> InsertHead:
    """The head of an INSERT or REPLACE that begins at `start`."""
    return insert_head(Cursor(data, start, stop, _TOKEN[backslash]), database, _MODIFIERS, values=_VALUES)


def insert_head(
    cursor: Cursor,
    database: bytes,
    before_table: frozenset[bytes],
    before_values: frozenset[bytes] = frozenset(),
    values: frozenset[bytes] = frozenset({b"VALUES"}),
) -> InsertHead:
    """The head of an INSERT that the cursor stands at.

    Args:
        cursor: stands at the statement's first word.
        database: of tables that are named without one.
        before_table: words that may stand before the table's name.
        before_values: words that may stand between the columns and the rows.
        values: words of which one must stand before the rows.
    """
    cursor.step()
    while cursor.word() in before_table:
        cursor.step()
    table = cursor.table(database)
    if cursor.ended() or table is None:
        return InsertHead(Form.UNFINISHED if cursor.ended() else Form.OTHER)
    name_end = cursor.token.start
    columns: tuple[bytes, ...] | None = None
    if cursor.sign() == b"(":
        columns = column_list(cursor)
        if columns is None:
            return InsertHead(Form.UNFINISHED if cursor.ended() else Form.OTHER, table, name_end)
    while cursor.word() in before_values:
        cursor.step()
    if cursor.word() not in values:
        return InsertHead(Form.UNFINISHED if cursor.ended() else Form.OTHER, table, name_end)
    return InsertHead(Form.ROWS, table, name_end, columns, cursor.token.end, cursor.conditional)


def column_list(cursor: Cursor) -> tuple[bytes, ...] | None:
    """The names in a parenthesis that the cursor stands at, in lower case; None when it is no list of names."""
    names: list[bytes] = []
    cursor.step()
    while cursor.sign() != b")":
        name = cursor.identifier()
        if name is None:
            return None
        names.append(name)
        if cursor.sign() == b",":
            cursor.step()
        elif cursor.sign() != b")":
            return None
    cursor.step()
    return tuple(names)


def read_create(
    data: bytearray, start: int, stop: int, database: bytes, *, backslash: bool
) -> tuple[TableName, FindColumns] | None:
    """The table of a whole CREATE TABLE, and how to find its columns; None for any other CREATE."""
    cursor = Cursor(data, start, stop, _TOKEN[backslash])
    cursor.step()
    while cursor.word() in {b"OR", b"REPLACE", b"TEMPORARY"}:
        cursor.step()
    if cursor.word() != b"TABLE":
        return None
    cursor.step()
    while cursor.word() in {b"IF", b"NOT", b"EXISTS"}:
        cursor.step()
    table = cursor.table(database)
    if table is None:
        return None
    return table, lambda: definitions(cursor)


def definitions(cursor: Cursor, no_column: frozenset[bytes] = _NO_COLUMN) -> Columns | None:
    """The columns defined in a parenthesis that the cursor stands at; None where there is none (LIKE, SELECT).

    Args:
        cursor: stands behind the table's name.
        no_column: words that begin a constraint or an index instead.
    """
    if cursor.sign() != b"(":
        return None
    names: list[bytes] = []
    bits: set[bytes] = set()
    cursor.step()
    depth = 1
    at_start = True
    while depth and not cursor.ended():
        if at_start and depth == 1 and cursor.word() not in no_column and (name := cursor.identifier()) is not None:
            names.append(name)
            if cursor.word() == b"BIT":
                bits.add(name)
            at_start = False
            continue
        sign = cursor.sign()
        depth += {b"(": 1, b")": -1}.get(sign, 0)
        at_start = depth == 1 and sign == b","
        cursor.step()
    return Columns(tuple(names), frozenset(bits)) if names and not depth else None


def target_of(
    data: bytearray, start: int, stop: int, database: bytes, *, backslash: bool
) -> tuple[list[TableName], frozenset[bytes]]:
    """The tables that a DROP, TRUNCATE, DELETE, UPDATE, ALTER or RENAME may name first, and the words in it."""
    cursor = Cursor(data, start, stop, _TOKEN[backslash])
    words = {cursor.word()}
    cursor.step()
    while (word := cursor.word()) in {
        b"TABLE",
        b"IF",
        b"EXISTS",
        b"FROM",
        b"IGNORE",
        b"ONLINE",
        b"LOW_PRIORITY",
        b"QUICK",
    }:
        words.add(word)
        cursor.step()
    tables: list[TableName] = []
    while (table := cursor.table(database)) is not None:
        tables.append(table)
        if cursor.sign() != b",":
            break
        cursor.step()
    while not cursor.ended():
        words.add(cursor.word())
        cursor.step()
    return tables, frozenset(words - {b""})
