"""A slow reference tokenizer of one dialect, written apart from the compiled one: the tests' oracle."""

from collections.abc import Iterator, Sequence

ESCAPES = {b"0": b"\0", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"Z": b"\x1a"}

Cell = bytes | int | None


def rows_of(dump: bytes, table: bytes) -> Iterator[list[Cell]]:
    """Rows of a table, from statements whose head is INSERT INTO `TABLE` [(...)] VALUES; strings as bytes."""
    at = 0
    while (found := _next_statement(dump, at)) is not None:
        start, at = found
        statement = dump[start:at]
        head = b"INSERT INTO `" + table + b"`"
        if statement.startswith(head):
            yield from _rows(statement[statement.index(b"VALUES", len(head)) + 6 :])


def _next_statement(dump: bytes, at: int) -> tuple[int, int] | None:
    while at < len(dump) and dump[at : at + 1].isspace():
        at += 1
    start = at
    while at < len(dump):
        byte = dump[at : at + 1]
        if byte in {b"'", b'"', b"`"}:
            at = _quoted_end(dump, at)
        elif byte == b";":
            return start, at + 1
        else:
            at += 1
    return None


def _quoted_end(text: bytes, at: int) -> int:
    quote = text[at : at + 1]
    at += 1
    while True:
        byte = text[at : at + 1]
        if byte == b"\\" and quote != b"`":
            at += 2
        elif byte == quote:
            if text[at + 1 : at + 2] != quote:
                return at + 1
            at += 2
        else:
            at += 1


def _rows(text: bytes) -> Iterator[list[Cell]]:
    at = 0
    while (at := text.find(b"(", at)) >= 0:
        row: list[Cell] = []
        at += 1
        while True:
            cell, at = _cell(text, at)
            row.append(cell)
            at += 1
            if text[at - 1 : at] == b")":
                break
        yield row
        while text[at : at + 1].isspace():
            at += 1
        if text[at : at + 1] == b";":
            return


def _cell(text: bytes, at: int) -> tuple[Cell, int]:
    start = at
    while text[at : at + 1] not in {b",", b")"}:
        at = _quoted_end(text, at) if text[at : at + 1] in {b"'", b'"'} else at + 1
    literal = text[start:at].strip().removeprefix(b"_binary ")
    if literal == b"NULL":
        return None, at
    if literal.startswith(b"0x"):
        return bytes.fromhex(literal[2:].decode()), at
    if literal[:1] in {b"'", b'"'}:
        return _unescape(literal), at
    return int(literal), at


def _unescape(literal: bytes) -> bytes:
    quote, inner = literal[:1], literal[1:-1]
    out = bytearray()
    at = 0
    while at < len(inner):
        byte = inner[at : at + 1]
        if byte == b"\\":
            following = inner[at + 1 : at + 2]
            out += ESCAPES.get(following, following)
            at += 2
        elif byte == quote:
            out += quote
            at += 2
        else:
            out += byte
            at += 1
    return bytes(out)


def escaped(text: bytes) -> bytes:
    """A string literal's inside, as mysql_real_escape_string writes it."""
    table = {b"\\": b"\\\\", b"'": b"\\'", b"\0": b"\\0", b"\n": b"\\n", b"\r": b"\\r", b"\x1a": b"\\Z", b'"': b'\\"'}
    return b"".join(table.get(bytes([byte]), bytes([byte])) for byte in text)


def literal(cell: Cell) -> bytes:
    """A cell as SQL."""
    if cell is None:
        return b"NULL"
    return b"%d" % cell if isinstance(cell, int) else b"'" + escaped(cell) + b"'"


def insert(table: str, rows: Sequence[Sequence[Cell]], separator: bytes = b",") -> bytes:
    """One extended INSERT."""
    cells = [b"(" + b",".join(literal(cell) for cell in row) + b")" for row in rows]
    return b"INSERT INTO `" + table.encode() + b"` VALUES " + separator.join(cells) + b";\n"
