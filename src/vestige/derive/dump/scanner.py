"""Statement after statement through a dump: what each one is, and who reads or skips it.

Every byte is accounted for: blanks and comments, statements of a kind that is known to hold no rows, and INSERT
statements. Anything else is an error with its offset.
"""

import re
from collections.abc import Callable
from typing import Final

from vestige.derive.dump import state as places
from vestige.derive.dump.job import Job
from vestige.derive.dump.modes import Ending, Modes
from vestige.derive.dump.statements import Form, read_create, read_insert, target_of
from vestige.derive.dump.walking import HEAD, LONGEST_HEAD, LOOK_AHEAD, Listener, Walker
from vestige.derive.dump.window import Window
from vestige.errors import DumpError

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


class Scanner(Walker):
    """One pass over a dump of MySQL, MariaDB or their kin."""

    def __init__(
        self, window: Window, job: Job, listener: Listener, report: Callable[[], None], *, allow_truncated: bool
    ) -> None:
        super().__init__(window, job, listener, report, allow_truncated=allow_truncated)
        self._database = b""
        self._modes = Modes()
        self._ending = Ending()

    def _missing(self) -> str:
        if self._job.state[places.CONDITIONAL]:
            return "the dump ends inside a comment"
        return "the dump lacks the lines with which its tool ends" if self._ending.missing else ""

    # Between statements

    def _comment(self) -> bool:
        data, start, end = self._window.data, self._window.position, self._window.end
        if data[start] == ord("#") or _is_dashed(data, start, end):
            self._ending.comment(bytes(data[start : start + LOOK_AHEAD]))
            self._go_behind(b"\n", end_is_fine=True)
        elif data.startswith(b"/*", start):
            self._open_comment()
        elif data.startswith(b"*/", start) and self._job.state[places.CONDITIONAL]:
            self._job.state[places.CONDITIONAL] -= 1
            self._window.position += 2
        else:
            return False
        return True

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

    # Statements

    def _statement(self) -> None:
        if self._at_delimiter():
            self._window.position += len(self._delimiter)
            return
        self._one_statement()
        self._begun = True

    def _one_statement(self) -> None:
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
            self._refuse_outside()
        elif word in _SKIPPED:
            self._skip(b"")
        else:
            self._refuse("a statement of an unknown kind")

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
        window.ensure(HEAD)
        head = window.data[window.position : window.position + LOOK_AHEAD].upper()
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
            self._read_as(mode.characters)

    def _use(self) -> None:
        window = self._window
        window.ensure(HEAD)
        match = _DATABASE.match(window.data, window.position, window.end)
        if match is None:
            self._refuse("a USE without a database")
            return
        self._database = next(group for group in match.groups() if group is not None).lower()
        self._skip(b"")

    def _set_delimiter(self) -> None:
        window = self._window
        window.ensure(LOOK_AHEAD)
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
        window.ensure(HEAD)
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

    def _end_rows(self) -> None:
        """A semicolon ended the rows; where the delimiter is longer, the rest of it must follow."""
        if self._delimiter != b";":
            self._window.position -= 1
            self._window.ensure(LOOK_AHEAD)
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


def _is_dashed(data: bytearray, start: int, end: int) -> bool:
    """Whether a `--` comment begins: the dashes must be followed by a blank, a control character or the end."""
    return data.startswith(b"--", start, end) and (end == start + 2 or data[start + 2] <= ord(" "))
