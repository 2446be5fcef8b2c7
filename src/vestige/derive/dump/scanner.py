"""Statement after statement through a dump: what each one is, and who reads or skips it.

Every byte is accounted for: blanks and comments, statements of a kind that is known to hold no rows, and INSERT
statements. Anything else is an error with its offset.
"""

import re
from collections.abc import Callable
from typing import Final, Protocol

import numpy as np

from vestige.derive.dump import state as places
from vestige.derive.dump.job import Job
from vestige.derive.dump.modes import DoubleByte, Ending, Modes
from vestige.derive.dump.statements import Columns, Form, TableName, read_create, read_insert, target_of
from vestige.derive.dump.window import Window
from vestige.errors import DumpError

LONGEST_HEAD: Final = 16 << 20
"""Bytes of a CREATE TABLE or of an INSERT's column list; 4,096 columns with long comments take a tenth."""

_LOOK_AHEAD: Final = 64
_HEAD: Final = 4096
_SPACES: Final = re.compile(rb"[\s\x1a]*")
_WORD: Final = re.compile(rb"[A-Za-z_]+")
_CONDITIONAL: Final = re.compile(rb"/\*M?!(\d{0,6})")
_DELIMITER: Final = re.compile(rb"delimiter[ \t]+([^\s\\]{1,15})[ \t]*\r?(?:\n|$)", re.IGNORECASE)
_DATABASE: Final = re.compile(rb"use\s*(?:`((?:[^`]|``)*)`|\"([^\"]*)\"|([\w$\x80-\xff]+))", re.IGNORECASE)
_NEVER_RUN: Final = 99_999
_NEVER_RUN_LONG: Final = 990_000
_LONG_VERSION: Final = 6

_SKIPPED: Final = frozenset(
    b"ANALYZE BEGIN CALL CHANGE CHECK COMMIT DEALLOCATE DO END EXECUTE EXPLAIN FLUSH GRANT KILL LOCK OPTIMIZE PREPARE "
    b"PURGE REPAIR RESET REVOKE ROLLBACK SAVEPOINT SELECT SHOW START STOP UNLOCK WITH XA".split()
)
_CHANGES: Final = frozenset(b"ALTER DELETE DROP RENAME TRUNCATE UPDATE".split())
_OUTSIDE: Final = frozenset(b"LOAD SOURCE SYSTEM IMPORT".split())


class Listener(Protocol):
    """Who is told what the scanner finds."""

    def defined(self, table: TableName, columns: Columns | None, offset: int) -> None:
        """A CREATE TABLE."""

    def changed(self, table: TableName, words: frozenset[bytes], offset: int) -> None:
        """A statement that may remove or alter rows or columns of a table."""

    def rows_follow(self, table: TableName, columns: tuple[bytes, ...] | None, offset: int) -> bool:
        """An INSERT begins: True to have its rows read (the job's arrays are set), False to have them skipped."""

    def no_rows(self, table: TableName, offset: int) -> None:
        """An INSERT without VALUES."""

    def block_done(self) -> None:
        """Some rows were read; the room may not be full yet."""

    def flush(self) -> None:
        """The room for rows is full: take them out."""

    def row_at(self) -> str:
        """Table and row at hand, for an error; names declared tables only."""

    @property
    def content(self) -> bool:
        """False when enough has been seen."""


class Scanner:
    """One pass over a dump.

    Attributes:
        truncated: whether the dump ended too early and that was accepted.
    """

    def __init__(
        self, window: Window, job: Job, listener: Listener, report: Callable[[], None], *, allow_truncated: bool
    ) -> None:
        self.truncated = False
        self._window = window
        self._job = job
        self._listener = listener
        self._report = report
        self._allow_truncated = allow_truncated
        self._database = b""
        self._delimiter = b";"
        self._modes = Modes()
        self._ending = Ending()
        self._begun = False

    def run(self) -> None:
        """Go to the end of the dump.

        Raises:
            DumpError: a byte cannot be placed, or the dump ends too early.
        """
        while not self.truncated and self._listener.content and self._blank():
            if self._at_delimiter():
                self._window.position += len(self._delimiter)
                continue
            self._statement()
            self._begun = True
        if self.truncated or not self._listener.content:
            return
        if self._window.cut_short:
            self._ends_early("the compressed file ends in the middle")
        elif not self._begun:
            raise DumpError("the source holds no SQL statement", hint="give a dump made by mysqldump or alike")
        elif self._job.state[places.CONDITIONAL]:
            self._ends_early("the dump ends inside a comment")
        elif self._ending.missing:
            self._ends_early("the dump lacks the lines with which its tool ends")

    def _ends_early(self, what: str) -> None:
        if not self._allow_truncated:
            raise DumpError(
                what,
                where=f"byte {self._window.base + self._window.end:,}",
                hint="copy or make the dump again, or pass --allow-truncated to keep its complete rows",
            )
        self.truncated = True

    def _unplaced(self, what: str, offset: int | None = None) -> DumpError:
        at = self._window.offset if offset is None else offset
        if not self._begun:
            return DumpError(
                "the source is not an SQL dump", where=f"byte {at:,}", hint="give a dump made by mysqldump or alike"
            )
        return DumpError(what, where=f"byte {at:,}", hint="the dump is damaged or was edited; make it again")

    def _refill(self) -> bool:
        self._report()
        return self._window.refill()

    # Between statements

    def _blank(self) -> bool:
        """Go over blanks and comments; False at the end of the dump."""
        window = self._window
        while True:
            window.ensure(_LOOK_AHEAD)
            data, start, end = window.data, window.position, window.end
            if start == end:
                return False
            if window.offset == 0 and data.startswith(b"\xef\xbb\xbf", start):
                window.position += 3
                continue
            spaces = _SPACES.match(data, start, end)
            if spaces is not None and spaces.end() > start:
                window.position = spaces.end()
            elif data[start] == ord("#") or _is_dashed(data, start, end):
                self._ending.comment(bytes(data[start : start + _LOOK_AHEAD]))
                self._go_behind(b"\n", end_is_fine=True)
            elif data.startswith(b"/*", start):
                self._open_comment()
            elif data.startswith(b"*/", start) and self._job.state[places.CONDITIONAL]:
                self._job.state[places.CONDITIONAL] -= 1
                window.position += 2
            else:
                return True
            if self.truncated:
                return False

    def _at_delimiter(self) -> bool:
        return self._window.data.startswith(self._delimiter, self._window.position, self._window.end)

    def _open_comment(self) -> None:
        window = self._window
        match = _CONDITIONAL.match(window.data, window.position, window.end)
        version = match.group(1) if match else b""
        never = _NEVER_RUN_LONG if len(version) == _LONG_VERSION else _NEVER_RUN
        if match is None or int(version or b"0") >= never:
            window.position += 2
            self._go_behind(b"*/", end_is_fine=False)
            return
        self._job.state[places.CONDITIONAL] += 1
        window.position = match.end()

    def _go_behind(self, mark: bytes, *, end_is_fine: bool) -> None:
        window = self._window
        while (found := window.data.find(mark, window.position, window.end)) < 0:
            window.position = max(window.position, window.end - len(mark) + 1)
            if not self._refill():
                window.position = window.end
                if not end_is_fine:
                    self._ends_early("the dump ends inside a comment")
                return
        window.position = found + len(mark)

    # Statements

    def _statement(self) -> None:
        window = self._window
        match = _WORD.match(window.data, window.position, window.end)
        word = match.group().upper() if match else b""
        if word in {b"INSERT", b"REPLACE"}:
            self._insert()
        elif word == b"CREATE":
            self._create()
        elif word == b"SET":
            self._set()
        elif word in _CHANGES:
            self._change()
        elif word == b"USE":
            self._use()
        elif word == b"DELIMITER":
            self._set_delimiter()
        elif word in _OUTSIDE or window.data.startswith(b"\\", window.position):
            raise DumpError(
                "the dump asks for a file or a command outside it; nothing of that kind is ever done",
                where=f"byte {window.offset:,}",
                hint="make a dump that holds its rows itself",
            )
        elif word in _SKIPPED:
            self._skip(b"")
        else:
            self._refuse("a statement of an unknown kind")

    def _refuse(self, what: str) -> None:
        """Raise an error, unless the statement may only look wrong because the dump ends in it."""
        window = self._window
        rest = window.data[window.position : window.end]
        if not (self._begun and window.finished and self._delimiter not in rest and b"\n" not in rest):
            raise self._unplaced(what)
        self._ends_early("the dump ends inside a statement")

    def _skip(self, header: bytes) -> None:
        """Go behind the statement, and behind those after it that begin with the header."""
        self._job.put_bytes(places.HEADER, header)
        self._job.state[places.PHASE] = places.PLAIN
        while True:
            finished = self._window.finished
            if self._job.skip_statement() == places.ENDED:
                return
            if finished:
                self._ends_early("the dump ends inside a statement")
                return
            self._refill()

    def _whole(self) -> int:
        """Have the whole statement in memory; the index behind it, or -1 when the dump ends before (and may)."""
        window, state = self._window, self._job.state
        conditional = int(state[places.CONDITIONAL])
        self._job.put_bytes(places.HEADER, b"")
        while True:
            finished, start = window.finished, window.position
            state[places.PHASE] = places.PLAIN
            code = self._job.skip_statement()
            stop, window.position = window.position, start
            if code == places.ENDED:
                return stop
            state[places.CONDITIONAL] = conditional
            if window.end - start > LONGEST_HEAD:
                raise DumpError(
                    "a statement that defines a table is too long",
                    where=f"byte {window.offset:,}",
                    hint="the dump is damaged; make it again",
                )
            if finished:
                self._ends_early("the dump ends inside a statement")
                return -1
            window.ensure(window.end - start + 1)

    def _create(self) -> None:
        window = self._window
        window.ensure(_HEAD)
        head = window.data[window.position : window.position + _LOOK_AHEAD].upper()
        if b"TABLE" not in head:
            self._skip(b"")
            return
        offset = window.offset
        stop = self._whole()
        if stop < 0:
            return
        start = window.position
        found = read_create(window.data, start, stop, self._database, backslash=self._modes.mode.backslash)
        window.position = stop
        if found is not None:
            self._listener.defined(*found, offset)

    def _change(self) -> None:
        window = self._window
        offset = window.offset
        stop = self._whole()
        if stop < 0:
            return
        start = window.position
        tables, words = target_of(window.data, start, stop, self._database, backslash=self._modes.mode.backslash)
        window.position = stop
        for table in tables:
            self._listener.changed(table, words, offset)

    def _set(self) -> None:
        window = self._window
        stop = self._whole()
        if stop < 0:
            return
        statement = bytes(window.data[window.position : stop])
        window.position = stop
        self._ending.setting(statement)
        if self._modes.apply(statement):
            mode = self._modes.mode
            state = self._job.state
            state[places.BACKSLASH] = int(mode.backslash)
            state[places.ANSI] = int(mode.ansi)
            state[places.MULTIBYTE] = int(mode.characters is not DoubleByte.NONE)
            for place, ranges in zip((places.LEAD, places.TRAIL), mode.characters.value, strict=True):
                table = np.zeros(places.BYTES, dtype=np.uint8)
                for low, high in ranges:
                    table[low : high + 1] = 1
                self._job.put(place, table)

    def _use(self) -> None:
        window = self._window
        window.ensure(_HEAD)
        match = _DATABASE.match(window.data, window.position, window.end)
        if match is None:
            self._refuse("a USE without a database")
            return
        self._database = next(group for group in match.groups() if group is not None).lower()
        self._skip(b"")

    def _set_delimiter(self) -> None:
        window = self._window
        window.ensure(_LOOK_AHEAD)
        match = _DELIMITER.match(window.data, window.position, window.end)
        if match is None:
            self._refuse("a DELIMITER line that names none")
            return
        self._delimiter = match.group(1)
        self._job.put_bytes(places.DELIMITER, self._delimiter)
        window.position = match.end()

    # Rows

    def _insert(self) -> None:
        window = self._window
        window.ensure(_HEAD)
        while True:
            start, stop = window.position, window.end
            head = read_insert(window.data, start, stop, self._database, backslash=self._modes.mode.backslash)
            if head.form is not Form.UNFINISHED:
                break
            if stop - start > LONGEST_HEAD:
                raise self._unplaced("an INSERT whose head does not end")
            if not window.ensure(stop - start + 1):
                self._ends_early("the dump ends inside a statement")
                return
        offset = window.offset
        if head.table is None:
            raise self._unplaced("an INSERT without a table")
        if head.form is not Form.ROWS:
            self._listener.no_rows(head.table, offset)
        elif self._listener.rows_follow(head.table, head.columns, offset):
            plain = self._delimiter == b";" and not head.conditional
            self._job.put_bytes(places.HEADER, bytes(window.data[start : head.end]) if plain else b"")
            self._job.state[places.CONDITIONAL] += head.conditional
            window.position = head.end
            self._rows()
            return
        else:
            self._skip(bytes(window.data[start : head.name_end + 1]))
            return
        self._skip(b"")

    def _rows(self) -> None:
        """Read rows to the end of the statement, and of those after it that begin in the same way."""
        state = self._job.state
        state[places.PHASE] = places.BEFORE_ROW
        state[places.COLUMN] = state[places.LENGTH] = state[places.FLAVOUR] = state[places.DEPTH] = 0
        while True:
            finished = self._window.finished
            code = self._job.read_rows()
            self._listener.block_done()
            if code == places.MORE:
                if finished:
                    self._ends_early("the dump ends inside a statement")
                    return
                self._refill()
            elif code == places.FULL:
                self._listener.flush()
            elif code == places.ENDED:
                self._end_rows()
                return
            elif code != places.ODD:
                raise self._row_error(code)
            elif not self._resume():
                return

    def _end_rows(self) -> None:
        """A semicolon ended the rows; where the delimiter is longer, the rest of it must follow."""
        if self._delimiter != b";":
            self._window.position -= 1
            self._window.ensure(_LOOK_AHEAD)
            if not self._at_delimiter():
                raise self._unplaced("rows are followed by something that is no row")

    def _resume(self) -> bool:
        """Go over a comment between rows; False when the statement ends there."""
        awaited = b"(" if self._job.state[places.PHASE] == places.BEFORE_ROW else b",;"
        if not self._blank():
            self._ends_early("the dump ends inside a statement")
            return False
        if self._at_delimiter() and awaited != b"(":
            return False
        if self._window.data[self._window.position] not in awaited:
            raise self._unplaced("rows are followed by something that is no row")
        return True

    def _row_error(self, code: int) -> DumpError:
        what = {
            places.TOO_MANY_CELLS: "a row has more cells than its table has columns",
            places.TOO_FEW_CELLS: "a row has fewer cells than its table has columns",
        }.get(code, "a byte inside a row cannot be placed")
        where = f"{self._listener.row_at()}, byte {self._window.offset:,}"
        return DumpError(what, where=where, hint="the dump is damaged or was edited; make it again")


def _is_dashed(data: bytearray, start: int, end: int) -> bool:
    """Whether a `--` comment begins: the dashes must be followed by a blank, a control character or the end."""
    return data.startswith(b"--", start, end) and (end == start + 2 or data[start + 2] <= ord(" "))
