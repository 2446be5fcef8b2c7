"""Which tables of a dump are the forum's: prefixes are learned while the rows go by, and decided once.

A table whose name ends in a declared one is a candidate under whatever stands in front. Its rows are read, and wait
until one prefix has all the tables that identify the software; the others are then dropped. A malformed cell of a
candidate counts only if the candidate turns out to be the forum's.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from vestige.derive.cell_codes import KIND_INTEGER
from vestige.derive.contract import SourceColumn, SourceTable, TableRead, Take
from vestige.derive.dump import state as places
from vestige.derive.dump.held import HeldBatches
from vestige.derive.dump.job import Job
from vestige.derive.dump.prefixes import Place, Prefixes
from vestige.derive.dump.rows import Slots
from vestige.derive.dump.statements import Columns, FindColumns, TableName
from vestige.errors import DumpError, SourceError

_DAMAGED = "the dump is damaged or was edited; make it again"
_REMOVES = frozenset({b"DROP", b"DELETE", b"TRUNCATE", b"UPDATE", b"RENAME"})
_RESHAPES = frozenset({b"ADD", b"DROP", b"CHANGE", b"RENAME"})
_OF_COLUMNS = frozenset({b"COLUMN", b"CHANGE", b"RENAME"})


@dataclass
class _Candidate:
    """One declared table under one prefix; `slots` has the slot of each of its columns."""

    place: Place
    table: SourceTable
    slots: list[int]
    rows: int = 0
    damaged: Counter[tuple[str, str]] = field(default_factory=Counter)
    present: set[bytes] = field(default_factory=set)
    problem: DumpError | None = None
    held: HeldBatches = field(default_factory=HeldBatches)


@dataclass(frozen=True)
class _Layout:
    """How the cells of a row go into slots."""

    kinds: npt.NDArray[np.int64]
    slots: npt.NDArray[np.int64]
    absent: list[int]


@dataclass
class _Stored:
    """One table of the dump that may be one or more of the declared ones."""

    candidates: list[_Candidate]
    slots: Slots
    columns: Columns | None = None
    layouts: dict[tuple[bytes, ...], _Layout] = field(default_factory=dict)


class Forums:
    """Takes what the scanner finds and passes on the rows of the one forum that is wanted.

    Attributes:
        rows: rows read so far.
        content: False would stop the scanner; a forum's rows may stand anywhere in a dump.
    """

    content = True

    def __init__(
        self,
        job: Job,
        tables: Sequence[SourceTable],
        prefixes: Prefixes,
        take: Take,
        names: frozenset[str] = frozenset(),
    ) -> None:
        """Begin with nothing read.

        Args:
            job: the arrays shared with compiled code.
            tables: the declared tables.
            prefixes: decides which prefix is the forum's.
            take: takes the batches.
            names: columns whose bytes are wanted as they are, for the custodian's own map only.
        """
        self.rows = 0
        self._job = job
        self._declared = {table.name.lower().encode(): table for table in tables}
        self._prefixes = prefixes
        self._take = take
        self._names = names
        self._stored: dict[TableName, _Stored | None] = {}
        self._candidates: list[_Candidate] = []
        self._current: _Stored | None = None

    # What the scanner tells

    def defined(self, table: TableName, columns: FindColumns, offset: int) -> None:
        """A CREATE TABLE."""
        stored = self._stored_of(table)
        if stored is None:
            return
        self._refuse_if_filled(stored, "a table is defined again after its rows: are two dumps in one?", offset)
        stored.columns = columns()
        stored.layouts.clear()
        for candidate in stored.candidates:
            candidate.present = set(stored.columns.names) if stored.columns else set()

    def changed(self, table: TableName, words: frozenset[bytes], offset: int) -> None:
        """A statement that may remove or alter rows or columns of a table."""
        stored = self._stored.get(table)
        if stored is None:
            return
        if b"ALTER" not in words:
            if words & _REMOVES:
                self._refuse_if_filled(stored, "a table is changed after its rows: are two dumps in one?", offset)
            if words & {b"DROP", b"RENAME"} and b"DELETE" not in words and b"UPDATE" not in words:
                stored.columns = None
        elif words & _RESHAPES and words & _OF_COLUMNS and not _rows_began(stored):
            stored.columns = None

    def rows_follow(self, table: TableName, columns: tuple[bytes, ...] | None, offset: int) -> bool:
        """An INSERT begins; True when its rows are wanted."""
        stored = self._stored_of(table)
        if stored is None or not any(self._alive(candidate) for candidate in stored.candidates):
            return False
        layout = columns if columns is not None else stored.columns.names if stored.columns else ()
        if not layout or len(set(layout)) != len(layout):
            twice, nowhere = "a table's rows name a column twice", "a table has neither CREATE TABLE nor a column list"
            self._fail(stored, twice if layout else nowhere, offset)
            return False
        for candidate in stored.candidates:
            candidate.present.update(layout)
        self._turn_to(stored)
        self._lay_out(stored, layout)
        return True

    def no_rows(self, table: TableName, offset: int) -> None:
        """An INSERT without VALUES: what it inserts cannot be known."""
        stored = self._stored_of(table)
        if stored is not None:
            self._fail(stored, "a table's rows are inserted in another way than by VALUES", offset)

    def block_done(self) -> None:
        """Look for malformed cells."""
        current = self._current
        if current is None or not current.slots.errors.any():
            return
        for slot in np.flatnonzero(current.slots.errors[:, 0]):
            _, row, offset = (int(number) for number in current.slots.errors[slot])
            column = current.slots.columns[slot].name
            for candidate in current.candidates:
                if slot in candidate.slots and self._alive(candidate):
                    place = f"table {candidate.table.name}, column {column}"
                    where = f"{place}, row {candidate.rows + row + 1:,}, byte {offset:,}"
                    self._blame(candidate, "a cell does not hold what its column should", where)
        current.slots.errors[:] = 0

    def flush(self) -> None:
        """Pass the rows on, or hold them."""
        rows = int(self._job.state[places.ROW])
        if self._current is None or not rows:
            return
        import pyarrow as pa

        arrays = self._current.slots.arrays(rows)
        damaged, self._current.slots.damaged = self._current.slots.damaged, Counter()
        self._job.state[places.ROW] = self._job.state[places.TEXT_END] = 0
        self.rows += rows
        for candidate in self._current.candidates:
            if not self._alive(candidate):
                continue
            candidate.rows += rows
            for slot, column in zip(candidate.slots, candidate.table.columns, strict=True):
                candidate.damaged[candidate.table.name, column.name] += damaged[slot]
            columns = [arrays[slot] for slot in candidate.slots]
            batch = pa.RecordBatch.from_arrays(columns, names=[column.name for column in candidate.table.columns])
            if self._prefixes.chosen is None:
                candidate.held.add(batch)
            else:
                self._take(candidate.table.name, batch)

    def row_at(self) -> str:
        """Table and row at hand, in declared words."""
        candidates = self._current.candidates if self._current is not None else []
        alive = [candidate for candidate in candidates if self._alive(candidate)]
        if not alive:
            return "a table that is not declared"
        return f"table {alive[0].table.name}, row {alive[0].rows + int(self._job.state[places.ROW]) + 1:,}"

    def finish(self) -> tuple[TableRead, ...]:
        """The last rows, the decision, and what was found of each declared table.

        Raises:
            SourceError: no forum of the software, or several; a required table or column is missing.
        """
        self.flush()
        chosen = self._prefixes.decide()
        if self._prefixes.newly_chosen():
            self._release()
        found = {one.table.name: one for one in self._candidates if one.place == chosen}
        return tuple(self._table_read(table, found.get(table.name)) for table in self._declared.values())

    def _table_read(self, table: SourceTable, candidate: _Candidate | None) -> TableRead:
        where = f"table {table.name}"
        if candidate is None:
            if table.required:
                raise SourceError(
                    "the dump lacks a table that is needed", where=where, hint="make the dump again, whole"
                )
            return TableRead(table.name, present=False, rows=0, missing=tuple(column.name for column in table.columns))
        missing = [column for column in table.columns if column.name.lower().encode() not in candidate.present]
        for column in missing:
            if column.required and (candidate.present or candidate.rows):
                hint = "is it another version, or another software? see --software"
                raise SourceError(
                    "a table lacks a column that is needed", where=f"{where}, column {column.name}", hint=hint
                )
        return TableRead(table.name, present=True, rows=candidate.rows, missing=tuple(one.name for one in missing))

    @property
    def damaged(self) -> Counter[tuple[str, str]]:
        """Packed cells that could not be read, by table and column of the chosen forum."""
        chosen = (one.damaged for one in self._candidates if one.place == self._prefixes.chosen)
        return sum(chosen, Counter())

    # Candidates

    def _stored_of(self, table: TableName) -> _Stored | None:
        if table not in self._stored:
            places_of = self._prefixes.saw(table)
            if self._prefixes.newly_chosen():
                self._release()
            self._stored[table] = self._recognise(places_of)
        return self._stored[table]

    def _recognise(self, found: Sequence[tuple[Place, bytes]]) -> _Stored | None:
        candidates: list[_Candidate] = []
        columns: list[SourceColumn] = []
        for place, name in sorted(found, key=lambda one: -len(one[1])):
            table = self._declared.get(name)
            if table is None or self._prefixes.chosen not in {None, place}:
                continue
            slots = _share(columns, table.columns)
            if slots is not None:
                candidates.append(_Candidate(place, table, slots))
        self._candidates.extend(candidates)
        if not candidates:
            return None
        names = frozenset(slot for slot, column in enumerate(columns) if column.name in self._names)
        return _Stored(candidates, Slots(columns, names))

    def _alive(self, candidate: _Candidate) -> bool:
        return candidate.problem is None and self._prefixes.chosen in {None, candidate.place}

    def _release(self) -> None:
        """The forum is known: pass on what its tables held, drop the rest."""
        self.flush()
        for candidate in self._candidates:
            if candidate.place != self._prefixes.chosen:
                candidate.held.drop()
            elif candidate.problem is not None:
                raise candidate.problem
            else:
                for batch in candidate.held.drain():
                    self._take(candidate.table.name, batch)

    def _refuse_if_filled(self, stored: _Stored, what: str, offset: int) -> None:
        if _rows_began(stored) or (stored is self._current and self._job.state[places.ROW]):
            self._fail(stored, what, offset)

    def _fail(self, stored: _Stored, what: str, offset: int) -> None:
        for candidate in stored.candidates:
            if self._alive(candidate):
                self._blame(candidate, what, f"table {candidate.table.name}, byte {offset:,}")

    def _blame(self, candidate: _Candidate, what: str, where: str) -> None:
        candidate.problem = DumpError(what, where=where, hint=_DAMAGED)
        if self._prefixes.chosen == candidate.place:
            raise candidate.problem

    # Layouts

    def _turn_to(self, stored: _Stored) -> None:
        if self._current is not stored:
            self.flush()
            if self._current is not None:
                self._current.slots.release()
            self._current = stored
            stored.slots.offer(self._job)

    def _lay_out(self, stored: _Stored, names: tuple[bytes, ...]) -> None:
        if names not in stored.layouts:
            stored.layouts[names] = _layout(stored, names)
        layout = stored.layouts[names]
        self._job.put(places.KINDS, layout.kinds)
        self._job.put(places.SLOTS, layout.slots)
        stored.slots.blank(layout.absent, int(self._job.state[places.ROW]))


def _layout(stored: _Stored, names: tuple[bytes, ...]) -> _Layout:
    place_of = {name: index for index, name in enumerate(names)}
    kinds = np.full(len(names), places.SKIP, dtype=np.int64)
    slots = np.zeros(len(names), dtype=np.int64)
    absent = []
    bits = stored.columns.bits if stored.columns else frozenset()
    for slot, column in enumerate(stored.slots.columns):
        name = column.name.lower().encode()
        if name not in place_of:
            absent.append(slot)
            continue
        kind = stored.slots.kinds[slot]
        kinds[place_of[name]] = places.KIND_BITS if kind == KIND_INTEGER and name in bits else kind
        slots[place_of[name]] = slot
    return _Layout(kinds, slots, absent)


def _rows_began(stored: _Stored) -> bool:
    return any(candidate.rows for candidate in stored.candidates)


def _share(columns: list[SourceColumn], wanted: Sequence[SourceColumn]) -> list[int] | None:
    """The slots of the wanted columns, added where they are new; None when one is wanted in two ways."""
    by_name = {column.name.lower(): slot for slot, column in enumerate(columns)}
    if any(columns[by_name[one.name.lower()]] != one for one in wanted if one.name.lower() in by_name):
        return None
    slots = []
    for column in wanted:
        if column.name.lower() not in by_name:
            by_name[column.name.lower()] = len(columns)
            columns.append(column)
        slots.append(by_name[column.name.lower()])
    return slots
