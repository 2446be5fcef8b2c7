"""What a run has let out, so that no two of its figures give away a third by subtraction.

A figure is a set: whom or what it counts, narrowed by the labels of its row. Sets lie within each other by declaration
(`populations`), by their labels and by their stretch of time. Tables are judged in the order they leave; what has left
cannot be called back, so that a later figure yields to an earlier one.

Sources:
    Hundepool, Domingo-Ferrer, Franconi, Giessing, Schulte Nordholt, Spicer and de Wolf (2012), Statistical Disclosure
    Control, Wiley (linked tables: a cell that tables share is suppressed in all of them, again and again until nothing
    changes). Griffiths et al. (2019), Handbook on Statistical Disclosure Control for Outputs (differencing).
"""

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING

from vestige.disclosure.counted import Cell, Column, CountedSet, Key, Part, Span
from vestige.disclosure.policy import MINIMUM_MEMBERS, Additive, ColumnKind, Reason, TableRule
from vestige.disclosure.populations import apart_from, wider
from vestige.runs import kept_in_run

if TYPE_CHECKING:
    import pyarrow as pa

    from vestige.disclosure.safe import SafeTable


@dataclass
class Release:
    """The figures of one run so far.

    Attributes:
        everybody: members of the largest group that any table so far lies within; None where none said.
    """

    everybody: int | None = None
    _sets: dict[Key, list[Cell]] = field(default_factory=lambda: defaultdict(list), repr=False)
    _rows: dict[tuple[ColumnKind, frozenset[object]], list[Cell]] = field(
        default_factory=lambda: defaultdict(list), repr=False
    )
    _columns: list[Column] = field(default_factory=list, repr=False)
    _starts: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list), repr=False)
    _longer: dict[Span, tuple[Span, ...]] = field(default_factory=dict, repr=False)
    _checked: list[tuple[TableRule, "pa.Table", "SafeTable"]] = field(default_factory=list, repr=False)

    def known(self, rule: TableRule, table: "pa.Table") -> "SafeTable | None":
        """The same table as it left before; asking again must not be judged as a second figure."""
        return next((safe for own, data, safe in self._checked if own == rule and data.equals(table)), None)

    def keep(self, rule: TableRule, table: "pa.Table", safe: "SafeTable") -> None:
        """Remember a table that leaves."""
        self._checked.append((rule, table, safe))

    def protect(self, cells: Sequence[Cell], columns: Sequence[Column]) -> None:
        """Hold back cells until neither they nor what left before give anything away; sets their reasons.

        Args:
            cells: counts of tables that leave together, those already held back with their reason.
            columns: those of them whose rows sum to a total.
        """
        self._add(cells, columns)
        mine = {cell.counted.what for cell in cells}
        sums = [own for own in self._columns if own in columns or {cell.counted.what for cell in own.cells} & mine]
        parts = [part for column in sums for part in self._parts(column)]
        changed = True
        while changed:
            changed = self._hide_twins(cells) | self._hide_differences()
            for part in parts:
                changed |= self._protect_part(part)
        for cell in cells:
            cell.pinned = cell.visible

    def _add(self, cells: Sequence[Cell], columns: Sequence[Column]) -> None:
        for cell in cells:
            if cell.read:
                self._sets[cell.counted.key].append(cell)
                self._rows[cell.counted.unit, cell.counted.words].append(cell)
        for first, end in {cell.counted.span for cell in cells if cell.read and cell.counted.span is not None}:
            starts = self._starts[end - first]
            if first not in starts[(place := bisect_left(starts, first)) : place + 1]:
                insort(starts, first)
        self._columns += columns
        self._longer.clear()

    def _is_seen(self, cell: Cell) -> bool:
        """Whether a reader learns the count, be it from another table."""
        return cell.visible or any(twin.visible for twin in self._twins(cell))

    def _twins(self, cell: Cell) -> list[Cell]:
        """Cells of the same set."""
        if cell.counted.what is None:
            return [cell]
        return [twin for twin in self._sets[cell.counted.key] if twin.value == cell.value]

    def _is_open(self, cell: Cell) -> bool:
        """Whether a reader learns the count unless it is held back now, here and in every table of this moment."""
        return cell.visible and not any(twin.visible and twin.pinned for twin in self._twins(cell))

    def _hide(self, cell: Cell, reason: Reason) -> None:
        """Hold back the cell; what is held back in one table is held back in all."""
        for twin in self._twins(cell):
            twin.reason = twin.reason or reason

    def _hide_twins(self, cells: Iterable[Cell]) -> bool:
        """A cell that was held back before, or for what its table knows, is held back in all tables."""
        changed = False
        for cell in cells:
            if self._is_open(cell) and any(not twin.visible for twin in self._twins(cell)):
                self._hide(cell, Reason.DIFFERENCE)
                changed = True
        return changed

    def _hide_differences(self) -> bool:
        """Of two sets that differ by a few, the smaller is held back."""
        changed = False
        for cell in [cell for cells in self._sets.values() for cell in cells if cell.visible]:
            for other in self._comparable(cell):
                if cell.visible and other.visible and 0 < abs(other.value - cell.value) < MINIMUM_MEMBERS:
                    changed |= self._hide_one((cell, other))
            changed |= self._hide_from_unions(cell)
        return changed

    def _comparable(self, cell: Cell) -> Iterator[Cell]:
        """Cells whose set holds this one's, as far as is known; nothing said counts as known where the rows agree."""
        if cell.counted.what is not None:
            for name in wider(cell.counted.what):
                yield from self._holding(cell.counted, name)
        for other in self._rows[cell.counted.unit, cell.counted.words]:
            if other is not cell and (cell.counted.what is None or other.counted.what is None):
                yield other

    def _hide_from_unions(self, cell: Cell) -> bool:
        """Two sets that share nobody are taken from a third together."""
        own, changed = cell.counted, False
        for name in apart_from(own.what) if own.what is not None else ():
            for other in self._sets.get((own.unit, name, own.labels, own.span), ()):
                common = set(wider(own.what or name)) & set(wider(name))
                for whole in (whole for shared in sorted(common) for whole in self._holding(own, shared)):
                    few = 0 < whole.value - cell.value - other.value < MINIMUM_MEMBERS
                    if few and cell.visible and other.visible and whole.visible:
                        changed |= self._hide_one((cell, other, whole))
        return changed

    def _holding(self, own: CountedSet, name: str) -> Iterator[Cell]:
        """Cells of the named group or kind whose labels and stretch of time hold this set's."""
        for labels in _subsets(own.labels):
            for span in self._spans_around(own.span):
                yield from self._sets.get((own.unit, name, labels, span), ())

    def _spans_around(self, span: Span | None) -> tuple[Span | None, ...]:
        if span is None:
            return (None,)
        if span not in self._longer:
            first, end = span
            self._longer[span] = tuple(
                (start, start + length)
                for length, starts in self._starts.items()
                for start in starts[bisect_left(starts, end - length) : bisect_right(starts, first)]
            )
        return (*self._longer[span], None)

    def _hide_one(self, cells: Iterable[Cell]) -> bool:
        """Hold back the smallest that still can be; nothing can be done where all have left."""
        still = [cell for cell in cells if self._is_open(cell)]
        if still:
            self._hide(min(still, key=lambda cell: cell.value), Reason.DIFFERENCE)
        return bool(still)

    def _larger(self, cell: Cell) -> list[Cell]:
        """Cells of the same name whose set holds this one's and more."""
        name = cell.counted.what
        if name is None:
            return []
        return [whole for whole in self._holding(cell.counted, name) if whole.counted.key != cell.counted.key]

    def _parts(self, column: Column) -> Iterator[Part]:
        """The column as parts of a total that is nowhere stated, and of every larger cell of the same name."""
        larger = [self._larger(cell) for cell in column.cells]
        wholes = {id(whole): whole for own in larger for whole in own}
        keys = [{whole.counted.key for whole in own} for own in larger]
        everywhere = set.intersection(*keys)
        yield Part(column, column.cells, None, tuple(
            tuple(whole for whole in own if whole.counted.key not in everywhere) for own in larger
        ))  # fmt: skip
        beyond = {name: {own.counted.key for own in self._larger(whole)} for name, whole in wholes.items()}
        for whole in wholes.values():
            key = whole.counted.key
            inside = [place for place, own in enumerate(keys) if key in own]
            covers = (tuple(own for own in larger[place] if key in beyond[id(own)]) for place in inside)
            yield Part(column, tuple(column.cells[place] for place in inside), whole, tuple(covers))

    def _protect_part(self, part: Part) -> bool:
        """Hold back the smallest further cells until what is missing from the whole has enough members behind it.

        What is missing is what subtraction gives. At least two figures are missing then, so that none is given away
        itself, and together they have 10 members behind them: their sum if no member is counted twice, otherwise the
        largest of them, which is the least that their union can be. Where nobody at all stands behind it, subtraction
        tells about nobody, and nothing more is held back.
        """
        whole, disjoint, changed = part.whole, part.column.additive is Additive.DISJOINT, False
        if whole is not None and not self._is_seen(whole):
            return False
        rest = 0 if whole is None else max(0, whole.value - sum(cell.value for cell in part.cells))
        inner = {id(cover): cover for covers in part.covers for cover in covers}
        for cell in (*sorted(part.cells, key=_size), *sorted(inner.values(), key=_size), whole, None):
            hidden = [
                own.behind for own, covers in zip(part.cells, part.covers, strict=True)
                if not (self._is_seen(own) or any(map(self._is_seen, covers)))
            ]  # fmt: skip
            missing = [*hidden, *([rest if disjoint else 0] if rest else [])]
            alone = len(missing) == 1 and bool(hidden)
            together = sum(missing) if disjoint else max(missing, default=0)
            if not (rest or any(missing)) or (together >= MINIMUM_MEMBERS and not alone):
                break
            if cell is not None and self._is_open(cell):
                self._hide(cell, Reason.TOTAL)
                changed = True
        return changed


def _subsets(labels: frozenset[tuple[str, object]]) -> Iterator[frozenset[tuple[str, object]]]:
    for size in range(len(labels) + 1):
        yield from map(frozenset, combinations(labels, size))


def _size(cell: Cell) -> int:
    return cell.behind


def current_release() -> Release:
    """The run's release; a new one where tables are checked outside any run."""
    return kept_in_run("release", Release)
