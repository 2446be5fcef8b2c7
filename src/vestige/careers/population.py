"""Members with the times that careers are made of, as arrays; times are whole seconds since 1970."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from vestige.careers import reductions
from vestige.dataset.events import MONTHS_A_YEAR, ForumWindow, event_months
from vestige.errors import DatasetError
from vestige.results import Finding, Severity

if TYPE_CHECKING:
    from datetime import datetime

    import ibis.expr.types as ir
    import pyarrow as pa
    from numpy.typing import NDArray

    from vestige.dataset import Dataset

NEVER: Final = np.iinfo(np.int64).max
"""The time of what did not happen."""
_EPOCH_MONTH: Final = 1970 * MONTHS_A_YEAR


@dataclass(frozen=True)
class Population:
    """Members of one forum, in the order of their ids; arrays of shape (members,).

    Attributes:
        window: the forum and its window.
        member: ids.
        pseudonym: pseudonyms.
        registered: seconds; a trace before the registration moves it there.
        last: seconds of the last trace of any kind; the registration where there is none.
        findings: members left out or mended.
    """

    window: ForumWindow
    member: "NDArray[np.int64]"
    pseudonym: "pa.Array"
    registered: "NDArray[np.int64]"
    last: "NDArray[np.int64]"
    findings: tuple[Finding, ...]

    @property
    def start(self) -> int:
        """First second of the window."""
        return seconds_of(self.window.start)

    @property
    def end(self) -> int:
        """Last second of the window."""
        return seconds_of(self.window.end)

    @property
    def cohort(self) -> "NDArray[np.int64]":
        """Calendar year of registration."""
        return month_of(self.registered) // MONTHS_A_YEAR

    def times(self, table: "ir.Table", column: str) -> "NDArray[np.int64]":
        """A reduction's times (member, column) in this population's order; NEVER for members without one."""
        found = table.select("member", column).filter(table[column].notnull()).to_pyarrow()
        return self.aligned(found.column("member").to_numpy(), seconds(found.column(column)))

    def aligned(self, member: "NDArray[np.int64]", moment: "NDArray[np.int64]") -> "NDArray[np.int64]":
        """Times of some members in this population's order; NEVER for the others."""
        known = np.isin(member, self.member)
        found = np.full(self.member.size, NEVER)
        found[np.searchsorted(self.member, member[known])] = moment[known]
        return found

    def cells(self, table: "ir.Table") -> "MonthCells":
        """A reduction (member, month, count) as cells of this population."""
        found = table.to_pyarrow()
        return MonthCells.of(
            self.member, found.column("member").to_numpy(), found.column("month").to_numpy(),
            found.column("count").to_numpy(),
        )  # fmt: skip


@dataclass(frozen=True)
class MonthCells:
    """Counts by member and month, sorted; months number from 0 at year 0.

    Attributes:
        key: row * 2^20 + month, ascending, shape (cells,).
        total: counts summed up to and without each cell, shape (cells + 1,).
    """

    key: "NDArray[np.int64]"
    total: "NDArray[np.int64]"

    @classmethod
    def of(
        cls, members: "NDArray[np.int64]", member: "NDArray[np.int64]", month: "NDArray[np.int64]",
        count: "NDArray[np.int64]",
    ) -> "MonthCells":  # fmt: skip
        """Cells of the given members; those of others are left out."""
        known = np.isin(member, members)
        key = (np.searchsorted(members, member[known]) << 20) + month[known]
        order = np.argsort(key)
        return cls(key[order], np.concatenate([[0], np.cumsum(count[known][order])]).astype(np.int64))

    def between(
        self, row: "NDArray[np.int64]", first: "NDArray[np.int64]", last: "NDArray[np.int64]"
    ) -> "NDArray[np.int64]":
        """Events of each row from month `first` up to and without month `last`."""
        low, high = (np.searchsorted(self.key, (row << 20) + month) for month in (first, last))
        return self.total[high] - self.total[low]


def read_population(dataset: "Dataset", window: ForumWindow) -> Population:
    """Members with a known registration before the window's end.

    Raises:
        DatasetError: there are none.
    """
    members = reductions.registrations(dataset, window.forum).left_join(
        reductions.last_traces(dataset, window.forum), "member"
    )
    found = members.select("member", "pseudonym", "registered_at", "first", "last").order_by("member").to_pyarrow()
    known = ~found.column("registered_at").is_null().to_numpy(zero_copy_only=False)
    kept = found.filter(known)
    registered, first, last = (seconds(kept.column(name)) for name in ("registered_at", "first", "last"))
    silent = first == NEVER
    early = ~silent & (first < registered)
    registered = np.where(early, first, registered)
    last = np.where(silent, registered, last)
    inside = registered < seconds_of(window.end)
    if not inside.any():
        raise DatasetError("no member has a known registration in the window", hint="careers count from registration")
    return Population(
        window,
        kept.column("member").to_numpy()[inside],
        kept.filter(inside).column("pseudonym").combine_chunks(),
        registered[inside],
        last[inside],
        tuple(_findings(int((~known).sum()), int(early.sum()), found.num_rows)),
    )


def _findings(undated: int, early: int, members: int) -> "list[Finding]":
    found = []
    if undated:
        text = f"{percent(undated, members)} of the members have no known registration and are left out."
        found.append(Finding("undated-registrations", Severity.CAUTION, text))
    if early:
        text = (
            f"{percent(early, members)} of the members left a trace before their registration; their career begins "
            "with that trace. Times of the source may be wrong."
        )
        found.append(Finding("trace-before-registration", Severity.CAUTION, text))
    return found


def post_cells(dataset: "Dataset", population: Population, outcome: str = "post") -> MonthCells:
    """Cells of one outcome."""
    return population.cells(event_months(dataset, outcome, population.window.forum))


def percent(part: int, whole: int) -> str:
    """A coarse share for a sentence, which never tells a small number."""
    share = part / whole if whole else 0.0
    return next(
        (words for limit, words in ((0.01, "Under 1 %"), (0.05, "1 to 5 %"), (0.2, "5 to 20 %"), (0.5, "20 to 50 %"))
         if share < limit),
        "More than half",
    )  # fmt: skip


def seconds(column: "pa.ChunkedArray") -> "NDArray[np.int64]":
    """Times as whole seconds since 1970, NEVER where null."""
    import pyarrow as pa

    plain = column.cast(pa.timestamp("us")).cast(pa.int64())
    micro = plain.fill_null(NEVER).to_numpy()
    return np.where(micro == NEVER, NEVER, micro // 1_000_000)


def seconds_of(moment: "datetime") -> int:
    """A time without a zone, taken as UTC, in whole seconds."""
    return int(np.datetime64(moment, "s").astype(np.int64))


def month_of(second: "NDArray[np.int64]") -> "NDArray[np.int64]":
    """Number of the month, year * 12 + month - 1."""
    return second.astype("datetime64[s]").astype("datetime64[M]").astype(np.int64) + _EPOCH_MONTH


def month_start(month: "NDArray[np.int64]") -> "NDArray[np.int64]":
    """First second of a month."""
    return (month - _EPOCH_MONTH).astype("datetime64[M]").astype("datetime64[s]").astype(np.int64)
