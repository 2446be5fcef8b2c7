"""Counts on their way out, as sets that can be compared across tables."""

from dataclasses import dataclass

from vestige.disclosure.policy import Additive, ColumnKind, Reason

Span = tuple[int, int]
"""First day and the day after the last (`date.toordinal`); or the same of places in an ordered vocabulary."""
Key = tuple[ColumnKind, str | None, frozenset[tuple[str, object]], Span | None]


@dataclass(frozen=True, slots=True)
class CountedSet:
    """Whom or what a figure counts.

    Attributes:
        unit: members, or events.
        what: the declared name; None where the column does not say.
        labels: what narrows it besides time: columns and their values.
        span: the stretch of time that narrows it.
        words: every label of the row; two figures that do not say what they count are compared where these are equal.
    """

    unit: ColumnKind
    what: str | None
    labels: frozenset[tuple[str, object]]
    span: Span | None
    words: frozenset[object]

    @property
    def key(self) -> Key:
        """What tells sets apart."""
        return self.unit, self.what, self.labels, self.span


@dataclass(eq=False, slots=True)
class Cell:
    """A count on its way out.

    Attributes:
        counted: its set.
        value: the exact count.
        behind: members behind it, at least.
        reason: why it is held back; None while it is not.
        read: whether a reader sees it, or can compute it from a ratio.
        pinned: it has left already, or a person decided to release it; it can no longer be held back.
    """

    counted: CountedSet
    value: int
    behind: int
    reason: Reason | None
    read: bool
    pinned: bool = False

    @property
    def visible(self) -> bool:
        """Whether a reader learns the count."""
        return self.read and self.reason is None


@dataclass(frozen=True, slots=True)
class Column:
    """Counts of one column that sum to something.

    Attributes:
        cells: in the order of the rows.
        additive: whether a member may stand behind several.
    """

    cells: tuple[Cell, ...]
    additive: Additive


@dataclass(frozen=True, slots=True)
class Part:
    """Cells of a column that lie within a larger figure, and all that is known about what they sum to.

    Attributes:
        column: where they stand.
        cells: those of it that lie within the larger figure.
        whole: the larger figure; None for a total that a reader may know from elsewhere.
        covers: of each cell, the figures of other columns that hold it and lie within the larger one.
    """

    column: Column
    cells: tuple[Cell, ...]
    whole: Cell | None
    covers: tuple[tuple[Cell, ...], ...]
