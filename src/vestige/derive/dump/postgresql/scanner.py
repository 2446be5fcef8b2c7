"""Statement after statement through the script that pg_dump writes.

Every byte is accounted for, as in `dump/scanner.py`: blanks and comments, statements of a kind that is known to hold
no rows, COPY with its rows, and INSERT. Nothing that a script asks of psql is ever done.
"""

import re
from collections.abc import Callable
from typing import Final

from vestige.derive.dump import state as places
from vestige.derive.dump.job import Job
from vestige.derive.dump.modes import DoubleByte
from vestige.derive.dump.postgresql.statements import (
    ATTACHED,
    client_encoding_of,
    read_change,
    read_copy_head,
    read_definition,
    read_insert_head,
    search_path_of,
    standard_strings_of,
    statement_end,
)
from vestige.derive.dump.statements import Form, TableName
from vestige.derive.dump.walking import HEAD, LONGEST_HEAD, LOOK_AHEAD, Listener, Walker
from vestige.derive.dump.window import Window
from vestige.errors import DumpError

_WORD: Final = re.compile(rb"[A-Za-z_]+")
_META: Final = re.compile(rb"\\(\w+)[ \t]*(?:\"([^\"\n]*)\"|([^\s\"]*))[^\n]*(?:\n|\Z)")
_LINE_END: Final = re.compile(rb"[ \t]*\r?(?:\n|\Z)")
_ROWS_END: Final = re.compile(rb"\\\.\r?(?:\n|\Z)")
_ENDED_AT_LAST: Final = frozenset({b"\\.", b"\\.\n", b"\\.\r", b"\\.\r\n"})
_EDGE: Final = re.compile(rb"/\*|\*/")
_HARMLESS_META: Final = frozenset({b"restrict", b"unrestrict", b"encoding", b"connect", b"c"})
_SKIPPED: Final = frozenset(
    b"ANALYZE BEGIN CHECKPOINT CLUSTER COMMENT COMMIT DO DISCARD END GRANT LOCK NOTIFY REASSIGN REFRESH REINDEX RESET "
    b"REVOKE ROLLBACK SAVEPOINT SECURITY START VACUUM".split()
)
_CHANGES: Final = frozenset(b"ALTER DELETE DROP TRUNCATE UPDATE".split())
_DOUBLE_BYTE: Final = {
    b"sjis": DoubleByte.SJIS,
    b"shift_jis_2004": DoubleByte.SJIS,
    b"big5": DoubleByte.BIG5,
    b"gbk": DoubleByte.GBK,
    b"gb18030": DoubleByte.GBK,
    b"uhc": DoubleByte.GBK,
    b"johab": DoubleByte.GBK,
}
_BEGINS: Final = (b"-- PostgreSQL database dump\n", b"-- PostgreSQL database cluster dump\n")
_COMPLETE: Final = (b"-- PostgreSQL database dump complete", b"-- PostgreSQL database cluster dump complete")


class PostgresqlScanner(Walker):
    """One pass over a script of pg_dump or pg_dumpall; a table's database is the schema, after the one connected to."""

    tool = "pg_dump"

    def __init__(
        self, window: Window, job: Job, listener: Listener, report: Callable[[], None], *, allow_truncated: bool
    ) -> None:
        super().__init__(window, job, listener, report, allow_truncated=allow_truncated)
        self._schema = b"public"
        self._database = b""
        self._open_dumps = 0
        job.state[places.BACKSLASH] = 0
        job.state[places.ANSI] = 1

    def _missing(self) -> str:
        return "the dump lacks the lines with which its tool ends" if self._open_dumps > 0 else ""

    # Between statements

    def _comment(self) -> bool:
        data, start, end = self._window.data, self._window.position, self._window.end
        if data.startswith(b"--", start, end):
            line = bytes(data[start : start + LOOK_AHEAD]).replace(b"\r", b"")
            self._open_dumps += line.startswith(_BEGINS) - line.startswith(_COMPLETE)
            self._go_behind(b"\n", end_is_fine=True)
        elif data.startswith(b"/*", start, end):
            self._block_comment()
        else:
            return False
        return True

    def _block_comment(self) -> None:
        level = 0
        while True:
            self._window.ensure(2)
            at = self._window.position
            level += {b"/*": 1, b"*/": -1}.get(bytes(self._window.data[at : at + 2]), 0)
            self._window.position = min(at + 2, self._window.end)
            if level == 0:
                return
            if not self._go_to_edge():
                self._ends_early("the dump ends inside a comment")
                return

    def _go_to_edge(self) -> bool:
        """Go to the next beginning or end of a comment."""
        window = self._window
        while (edge := _EDGE.search(window.data, window.position, window.end)) is None:
            window.position = max(window.position, window.end - 1)
            if not self._refill():
                window.position = window.end
                return False
        window.position = edge.start()
        return True

    # Statements

    def _statement(self) -> None:
        window = self._window
        if window.data[window.position] == ord(";"):
            window.position += 1
            return
        match = _WORD.match(window.data, window.position, window.end)
        word = match.group().upper() if match else b""
        if word == b"COPY":
            self._copy()
        elif word == b"INSERT":
            self._insert()
        elif window.data[window.position] == ord("\\"):
            self._meta()
        elif word in {b"LOAD", b"IMPORT"}:
            self._refuse_outside()
        elif word in _SKIPPED or word in _CHANGES or word in {b"CREATE", b"SET", b"SELECT"}:
            self._small(word)
        else:
            self._refuse("a statement of an unknown kind")
        self._begun = True

    def _meta(self) -> None:
        """A line for psql: some say nothing about rows, the rest is never done."""
        window = self._window
        window.ensure(HEAD)
        match = _META.match(window.data, window.position, window.end)
        if match is None or match.group(1).lower() not in _HARMLESS_META:
            self._refuse_outside()
            return
        if match.group(1).lower() in {b"connect", b"c"}:
            self._database = (match.group(2) or match.group(3) or b"").lower()
            self._schema = b"public"
        elif match.group(1).lower() == b"encoding":
            self._read_as(_DOUBLE_BYTE.get((match.group(3) or b"").lower(), DoubleByte.NONE))
        window.position = match.end()

    def _whole(self) -> int:
        """Have the whole statement in memory; the index behind it, or -1 when the dump ends before (and may)."""
        window = self._window
        while True:
            finished = window.finished
            stop = statement_end(window.data, window.position, window.end)
            if stop >= 0:
                return stop
            if window.end - window.position > LONGEST_HEAD:
                where = f"byte {window.offset:,}"
                raise DumpError("a statement is too long", where=where, hint="the dump is damaged; make it again")
            if finished:
                self._ends_early("the dump ends inside a statement")
                return -1
            window.ensure(2 * (window.end - window.position) + 1)

    def _small(self, word: bytes) -> None:
        """A statement without rows; some say how what follows is to be read."""
        window = self._window
        stop = self._whole()
        if stop < 0:
            return
        offset, start = window.offset, window.position
        if word == b"CREATE":
            found = read_definition(window.data, start, stop, self._schema)
            if found is not None:
                self._listener.defined(self._placed(found[0]), found[1], offset)
        elif word in _CHANGES:
            tables, words = read_change(window.data, start, stop, self._schema)
            for table in tables:
                if words == ATTACHED:
                    self._listener.no_rows(self._placed(table), offset)
                else:
                    self._listener.changed(self._placed(table), words, offset)
        elif word in {b"SET", b"SELECT"}:
            self._set(bytes(window.data[start:stop]))
        window.position = stop

    def _set(self, statement: bytes) -> None:
        path = search_path_of(statement)
        if path is not None:
            self._schema = path or b"public"
        standard = standard_strings_of(statement)
        if standard is not None:
            self._job.state[places.BACKSLASH] = 0 if standard else 1
        encoding = client_encoding_of(statement)
        if encoding is not None:
            self._read_as(_DOUBLE_BYTE.get(encoding, DoubleByte.NONE))

    def _placed(self, table: TableName) -> TableName:
        """The table with the database it is in, where the script connects to one."""
        return TableName(self._database + b"." + table.database, table.name) if self._database else table

    # Rows

    def _copy(self) -> None:
        window = self._window
        stop = self._whole()
        if stop < 0:
            return
        offset = window.offset
        head = read_copy_head(window.data, window.position, stop, self._schema)
        if head.table is None or not head.inline:
            self._refuse_outside()
            return
        window.position = stop
        window.ensure(LOOK_AHEAD)
        line_end = _LINE_END.match(window.data, window.position, window.end)
        if line_end is None:
            raise self._unplaced("rows do not begin on a line of their own")
        window.position = line_end.end()
        table = self._placed(head.table)
        if not head.text:
            self._listener.no_rows(table, offset)
        elif self._listener.rows_follow(table, head.columns, offset):
            self._copied_rows()
            return
        self._skip_copied()

    def _copied_rows(self) -> None:
        self._begin_rows()
        while True:
            finished = self._window.finished
            code = self._job.read_copy()
            self._listener.block_done()
            if code == places.MORE:
                if finished:
                    self._end_of_file()
                    return
                self._refill()
            elif code == places.FULL:
                self._listener.flush()
            elif code == places.ENDED:
                return
            else:
                raise self._row_error(code)

    def _end_of_file(self) -> None:
        """No byte follows: the rows are whole only when what is left says so."""
        window = self._window
        at_row = self._job.state[places.PHASE] == places.BEFORE_ROW
        if at_row and bytes(window.data[window.position : window.end]) in _ENDED_AT_LAST:
            window.position = window.end
            return
        self._ends_early("the dump ends inside a table's rows")

    def _skip_copied(self) -> None:
        """Go behind rows that are not wanted: no row can begin with a backslash and a point."""
        window = self._window
        while True:
            window.ensure(LOOK_AHEAD)
            ended = _ROWS_END.match(window.data, window.position, window.end)
            if ended is not None:
                window.position = ended.end()
                return
            found = window.data.find(b"\n\\.", window.position, window.end)
            if found >= 0:
                window.position = found + 1
                window.ensure(LOOK_AHEAD)
                if _ROWS_END.match(window.data, window.position, window.end) is None:
                    raise self._unplaced("the end of a table's rows is damaged")
                continue
            window.position = max(window.position, window.end - 2)
            if not self._refill():
                window.position = window.end
                self._ends_early("the dump ends inside a table's rows")
                return

    def _insert(self) -> None:
        window = self._window
        window.ensure(HEAD)
        while True:
            start, stop = window.position, window.end
            head = read_insert_head(window.data, start, stop, self._schema)
            if head.form is not Form.UNFINISHED:
                break
            if stop - start > LONGEST_HEAD:
                raise self._unplaced("an INSERT whose head does not end")
            if not window.ensure(stop - start + 1):
                self._ends_early("the dump ends inside a statement")
                return
        if head.table is None:
            raise self._unplaced("an INSERT without a table")
        offset, table = window.offset, self._placed(head.table)
        if head.form is not Form.ROWS:
            self._listener.no_rows(table, offset)
        elif self._listener.rows_follow(table, head.columns, offset):
            self._job.put_bytes(places.HEADER, bytes(window.data[start : head.end]))
            window.position = head.end
            self._rows()
            return
        else:
            self._skip(bytes(window.data[start : head.name_end + 1]))
            return
        self._skip(b"")

    def _end_rows(self) -> None:
        """The semicolon was all."""

    def _resume(self) -> bool:
        """Go over a comment between rows, or over what follows the last: ON CONFLICT DO NOTHING."""
        awaited = b"(" if self._job.state[places.PHASE] == places.BEFORE_ROW else b",;"
        if not self._blank():
            self._ends_early("the dump ends inside a statement")
            return False
        window = self._window
        if window.data[window.position] in awaited:
            return True
        if awaited != b"(" and bytes(window.data[window.position : window.position + 11]).upper() == b"ON CONFLICT":
            self._skip(b"")
            return False
        raise self._unplaced("rows are followed by something that is no row")
