"""What every pass over a dump shares: bytes by the block, rows by compiled code, and how it ends."""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Final, Protocol

import numpy as np

from vestige.derive.dump import state as places
from vestige.derive.dump.job import Job
from vestige.derive.dump.modes import DoubleByte
from vestige.derive.dump.statements import FindColumns, TableName
from vestige.derive.dump.window import Window
from vestige.errors import DumpError

LONGEST_HEAD: Final = 16 << 20
"""Bytes of a CREATE TABLE or of an INSERT's column list; 4,096 columns with long comments take a tenth."""

LOOK_AHEAD: Final = 64
HEAD: Final = 4096
_SPACES: Final = re.compile(rb"[\s\x1a]*")
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_AGAIN: Final = "the dump is damaged or was edited; make it again"


class Listener(Protocol):
    """Who is told what the scanner finds."""

    def defined(self, table: TableName, columns: FindColumns, offset: int) -> None:
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


class Walker(ABC):
    """One pass over a dump, statement after statement.

    Attributes:
        truncated: whether the dump ended too early and that was accepted.
    """

    tool = "mysqldump"
    """What makes such dumps, for hints."""

    def __init__(
        self, window: Window, job: Job, listener: Listener, report: Callable[[], None], *, allow_truncated: bool
    ) -> None:
        self.truncated = False
        self._window = window
        self._job = job
        self._listener = listener
        self._report = report
        self._allow_truncated = allow_truncated
        self._delimiter = b";"
        self._begun = False

    def run(self) -> None:
        """Go to the end of the dump.

        Raises:
            DumpError: a byte cannot be placed, or the dump ends too early.
        """
        while not self.truncated and self._listener.content and self._blank():
            self._statement()
        if self.truncated or not self._listener.content:
            return
        missing = "the compressed file ends in the middle" if self._window.cut_short else self._missing()
        if not self._begun and not self._window.cut_short:
            raise DumpError("the source holds no SQL statement", hint=f"give a dump made by {self.tool} or alike")
        if missing:
            self._ends_early(missing)

    @abstractmethod
    def _comment(self) -> bool:
        """Go over what is no statement, such as a comment; False when a statement begins here."""

    @abstractmethod
    def _statement(self) -> None:
        """Go over one statement."""

    @abstractmethod
    def _missing(self) -> str:
        """At the end of the dump, what shows that it ended too early; empty when nothing does."""

    @abstractmethod
    def _resume(self) -> bool:
        """Go over what stands between rows and is no row; False when the statement ends there."""

    @abstractmethod
    def _end_rows(self) -> None:
        """A semicolon ended the rows."""

    def _blank(self) -> bool:
        """Go over blanks and comments; False at the end of the dump."""
        window = self._window
        while True:
            window.ensure(LOOK_AHEAD)
            if window.position == window.end:
                return False
            if window.offset == 0 and window.data.startswith(_BYTE_ORDER_MARK, window.position):
                window.position += len(_BYTE_ORDER_MARK)
                continue
            spaces = _SPACES.match(window.data, window.position, window.end)
            if spaces is not None and spaces.end() > window.position:
                window.position = spaces.end()
            elif not self._comment():
                return True
            if self.truncated:
                return False

    def _read_as(self, characters: DoubleByte) -> None:
        """From here on, strings are of a character set in which a second byte may look like a sign."""
        self._job.state[places.MULTIBYTE] = int(characters is not DoubleByte.NONE)
        for place, ranges in zip((places.LEAD, places.TRAIL), characters.value, strict=True):
            table = np.zeros(places.BYTES, dtype=np.uint8)
            for low, high in ranges:
                table[low : high + 1] = 1
            self._job.put(place, table)

    def _ends_early(self, what: str) -> None:
        if not self._allow_truncated:
            raise DumpError(
                what,
                where=f"byte {self._window.base + self._window.end:,}",
                hint="copy or make the dump again, or pass --allow-truncated to keep its complete rows",
            )
        self.truncated = True

    def _unplaced(self, what: str) -> DumpError:
        where = f"byte {self._window.offset:,}"
        if not self._begun:
            return DumpError(
                "the source is not an SQL dump", where=where, hint=f"give a dump made by {self.tool} or alike"
            )
        return DumpError(what, where=where, hint=_AGAIN)

    def _refuse(self, what: str) -> None:
        """Raise an error, unless the statement may only look wrong because the dump ends in it."""
        window = self._window
        rest = window.data[window.position : window.end]
        if not (self._begun and window.finished and self._delimiter not in rest and b"\n" not in rest):
            raise self._unplaced(what)
        self._ends_early("the dump ends inside a statement")

    def _refuse_outside(self) -> None:
        raise DumpError(
            "the dump asks for a file or a command outside it; nothing of that kind is ever done",
            where=f"byte {self._window.offset:,}",
            hint="make a dump that holds its rows itself",
        )

    def _refill(self) -> bool:
        self._report()
        return self._window.refill()

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

    def _begin_rows(self) -> None:
        state = self._job.state
        state[places.PHASE] = places.BEFORE_ROW
        state[places.COLUMN] = state[places.LENGTH] = state[places.FLAVOUR] = state[places.DEPTH] = 0

    def _rows(self) -> None:
        """Read rows to the end of the statement, and of those after it that begin in the same way."""
        self._begin_rows()
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

    def _row_error(self, code: int) -> DumpError:
        what = {
            places.TOO_MANY_CELLS: "a row has more cells than its table has columns",
            places.TOO_FEW_CELLS: "a row has fewer cells than its table has columns",
        }.get(code, "a byte inside a row cannot be placed")
        where = f"{self._listener.row_at()}, byte {self._window.offset:,}"
        return DumpError(what, where=where, hint=_AGAIN)
