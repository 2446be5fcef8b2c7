"""How many members their own activity times single out.

Unicity is the share of people whose trace is the only one that contains p points known about them (de Montjoye,
Hidalgo, Verleysen and Blondel, 2013, Unique in the Crowd, Scientific Reports 3, 1376). Here a point is a moment of
activity, coarsened to a resolution; whoever knows from elsewhere when somebody was active knows such points.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from vestige.errors import SettingsError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

KNOWN_POINTS: Final = (1, 4, None)
"""Points known about a member; None is every moment of the trace. Four is the number of the paper's abstract."""

MOST_MEMBERS: Final = 2000
"""Members that are tried; drawn at random where there are more. The standard error is then at most 1.1 points."""


@dataclass(frozen=True)
class Unicity:
    """One figure of the table.

    Attributes:
        resolution: name of the resolution.
        known_points: points known, or None for all.
        members: members tried.
        singled_out: of them, those whose known points fit nobody else.
    """

    resolution: str
    known_points: int | None
    members: int
    singled_out: int

    @property
    def share(self) -> float:
        """Share of the members tried; 0 without any."""
        return self.singled_out / self.members if self.members else 0.0


def measure_unicity(
    member: "NDArray[np.int64]",
    time: "NDArray[np.int64]",
    resolutions: Mapping[str, int],
    *,
    known_points: tuple[int | None, ...] = KNOWN_POINTS,
    most_members: int = MOST_MEMBERS,
    seed: int = 0,
) -> tuple[Unicity, ...]:
    """Members singled out, for every resolution and number of known points.

    A member with fewer points than are known is tried with all of them. Known points are drawn without replacement
    from the member's distinct points.

    Args:
        member: who was active, any integers, shape (events,).
        time: when, in any integer unit, shape (events,).
        resolutions: name to length of the resolution in the unit of `time`.
        known_points: numbers of points known.
        most_members: members tried at most.
        seed: of the draws.

    Raises:
        SettingsError: the arrays differ in length, or a resolution or a number of points is below 1.
    """
    if member.shape != time.shape or member.ndim != 1:
        raise SettingsError("members and times differ in shape", hint="pass two arrays of one dimension")
    if (
        min(resolutions.values(), default=1) < 1
        or min((1 if points is None else points for points in known_points), default=1) < 1
    ):
        raise SettingsError("resolutions and known points start at 1", hint="pass positive numbers")
    found = []
    for name, length in resolutions.items():
        traces = _Traces(member, time // length)
        found += [_tried(traces, name, points, most_members, seed) for points in known_points]
    return tuple(found)


class _Traces:
    """Distinct (member, cell) pairs, by member and by cell."""

    def __init__(self, member: "NDArray[np.int64]", cell: "NDArray[np.int64]") -> None:
        import numpy as np

        _, members = np.unique(member, return_inverse=True)
        _, cells = np.unique(cell, return_inverse=True)
        self.members = int(members.max(initial=-1)) + 1
        count = int(cells.max(initial=-1)) + 1
        pairs = np.unique(members.astype(np.int64) * max(count, 1) + cells)
        who, where = pairs // max(count, 1), pairs % max(count, 1)
        self._cells = where
        self._first_cell = np.searchsorted(who, np.arange(self.members + 1))
        order = np.argsort(where, kind="stable")
        self._who = who[order]
        self._first_who = np.searchsorted(where[order], np.arange(count + 1))

    def cells_of(self, member: int) -> "NDArray[np.int64]":
        """The member's cells, ascending."""
        return self._cells[self._first_cell[member] : self._first_cell[member + 1]]

    def is_only_one(self, cells: "NDArray[np.int64]") -> bool:
        """Whether exactly one member was active in all of these cells."""
        import numpy as np

        starts, ends = self._first_who[cells], self._first_who[cells + 1]
        rarest_first = np.argsort(ends - starts, kind="stable")
        candidates = self._who[starts[rarest_first[0]] : ends[rarest_first[0]]]
        for index in rarest_first[1:]:
            if candidates.size == 1:
                return True
            others = self._who[starts[index] : ends[index]]
            place = np.searchsorted(others, candidates)
            candidates = candidates[(place < others.size) & (others[np.minimum(place, others.size - 1)] == candidates)]
        return candidates.size == 1


def _tried(traces: _Traces, name: str, points: int | None, most_members: int, seed: int) -> Unicity:
    import numpy as np

    generator = np.random.default_rng(seed)
    tried = np.arange(traces.members)
    if tried.size > most_members:
        tried = np.sort(generator.choice(tried, most_members, replace=False))
    singled_out = 0
    for member in tried:
        cells = traces.cells_of(int(member))
        if points is not None and cells.size > points:
            cells = generator.choice(cells, points, replace=False)
        singled_out += traces.is_only_one(cells)
    return Unicity(name, points, int(tried.size), singled_out)
