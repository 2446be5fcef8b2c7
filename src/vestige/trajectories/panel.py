"""`build_panel`: from a dataset's events to a panel of counts, member by month."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from vestige.dataset import Dataset
from vestige.dataset.events import OUTCOMES, event_months, forum_window, lasting_bans, members_of
from vestige.errors import DatasetError, SettingsError
from vestige.inputs import chosen
from vestige.trajectories.compiled import BoolArray, IndexArray, IntArray
from vestige.trajectories.histories import Panel, ShownTime, SparseCounts
from vestige.trajectories.trajectory_tables import collapsed, histories

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa


class Clock(StrEnum):
    """What a time of the panel counts from."""

    CALENDAR = "calendar"
    REGISTRATION = "registration"


class Before(StrEnum):
    """What months before registration are, on the calendar's clock."""

    MISSING = "missing"
    ZERO = "zero"


class AfterBan(StrEnum):
    """What the months from a lasting ban on are: a banned member cannot post, which zeros would take for silence."""

    MISSING = "missing"
    ZERO = "zero"


class Removed(StrEnum):
    """What posts and threads are that were deleted later, or never approved."""

    LEFT_OUT = "left-out"
    COUNTED = "counted"


@dataclass(frozen=True)
class PanelSettings:
    """Which events, on which clock.

    Attributes:
        outcome: post, thread, view, download, reaction or message.
        clock: months of the calendar, or months since registration.
        before: months before registration are missing or zero (calendar).
        after_ban: months from a ban without end on are missing or zero.
        removed: posts and threads that were deleted or never approved are left out or counted, as far as the source
            kept them.
        forum: code of the forum; None when the dataset has one.
        periods: longest panel in months; later months are cut off. None keeps all.
        collapse: whether identical histories are collapsed to one weighted row in the engine; assignments are then of
            representatives.
    """

    outcome: str = "post"
    clock: Clock = Clock.CALENDAR
    before: Before = Before.MISSING
    after_ban: AfterBan = AfterBan.MISSING
    removed: Removed = Removed.LEFT_OUT
    forum: str | None = None
    periods: int | None = None
    collapse: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "clock", chosen(Clock, self.clock, "clock"))
        object.__setattr__(self, "before", chosen(Before, self.before, "before"))
        object.__setattr__(self, "after_ban", chosen(AfterBan, self.after_ban, "after_ban"))
        object.__setattr__(self, "removed", chosen(Removed, self.removed, "removed"))
        if self.outcome not in OUTCOMES:
            raise SettingsError(f"there is no outcome {self.outcome!r}", hint=f"choose one of {', '.join(OUTCOMES)}")
        if self.periods is not None and self.periods < 2:  # noqa: PLR2004 - one period is no path
            raise SettingsError("a path needs at least two periods", hint="raise periods")


def build_panel(dataset: Dataset, *, settings: PanelSettings | None = None) -> Panel:
    """Counts of a kind of event by member and month, as a sparse panel; the counting runs in the engine.

    Times are months from 0, scaled to -1..1 over the panel's length (Nagin's advice for higher powers).

    Args:
        dataset: an opened dataset.
        settings: which events, on which clock.

    Raises:
        SettingsError: no such forum, or several and none chosen.
        DatasetError: the dataset lacks the table, its window is unknown, or it has no member.
    """
    wanted = settings or PanelSettings()
    cells, spans, length = reduced_panel(dataset, wanted)
    frequencies = None
    if wanted.collapse:
        kept = collapsed(cells, spans).order_by("member").to_pyarrow()
        frequencies = kept.column("members").to_numpy().astype(np.float64)
        cells = cells.semi_join(collapsed(cells, spans).select("member"), "member")
    else:
        kept = spans.order_by("member").to_pyarrow()
    if kept.num_rows == 0:
        raise DatasetError("the forum has no member", hint="choose another forum")
    values = _sparse(cells.order_by(["member", "period"]).to_pyarrow(), kept, length)
    return Panel(
        values,
        np.linspace(-1.0, 1.0, length),
        identifiers=kept.column("member").to_numpy(),
        frequencies=frequencies,
        outcome=wanted.outcome,
        dataset_digest=dataset.manifest.digest,
        shown=shown_months(wanted, length),
    )


def shown_months(settings: PanelSettings, length: int) -> ShownTime:
    """Times from -1 to 1 as months from 0."""
    begin = "registration" if settings.clock is Clock.REGISTRATION else "the window's first"
    return ShownTime(f"Months since {begin}", (length - 1) / 2.0, (length - 1) / 2.0)


def reduced_panel(dataset: Dataset, settings: PanelSettings) -> tuple["ir.Table", "ir.Table", int]:
    """Cells (member, period, count) and spans (member, begin, end) in the engine, and the panel's length.

    Raises:
        SettingsError, DatasetError: as `build_panel`.
    """
    window = forum_window(dataset, settings.forum)
    forum, first, last = window.forum, window.first_month, window.last_month
    people = members_of(dataset, forum)
    if settings.after_ban is AfterBan.MISSING:
        people = people.left_join(lasting_bans(dataset, forum, last), "member").drop("member_right")
    else:
        people = people.mutate(left=people.registered.nullif(people.registered))
    if settings.clock is Clock.CALENDAR and settings.before is Before.ZERO:
        people = people.mutate(registered=people.registered.fill_null(first) * 0 + first)
    events = event_months(dataset, settings.outcome, forum, removed=settings.removed is Removed.COUNTED)
    cells, spans = histories(
        events, people, first, last,
        by_registration=settings.clock is Clock.REGISTRATION,
    )  # fmt: skip
    return cells, spans, min(last - first + 1, settings.periods or last - first + 1)


def spans_as_profiles(begin: IntArray, end: IntArray, length: int) -> tuple[IndexArray, IntArray, BoolArray]:
    """Which distinct span each row has, the spans as begin * (length + 1) + end, and the periods they cover."""
    codes, profile = np.unique(begin.astype(np.int64) * (length + 1) + end, return_inverse=True)
    lowest, highest = np.divmod(codes, length + 1)
    periods = np.arange(length)
    profiles = (periods >= lowest[:, None]) & (periods <= highest[:, None])
    return profile.reshape(-1).astype(np.int32), codes, profiles


def _sparse(cells: "pa.Table", kept: "pa.Table", length: int) -> SparseCounts:
    """Sorted (member, period, count) rows and (member, begin, end) spans as sparse counts of `length` periods."""
    members = kept.column("member").to_numpy()
    begin = kept.column("begin").to_numpy().astype(np.int64)
    end = np.minimum(kept.column("end").to_numpy().astype(np.int64), length - 1)
    period = cells.column("period").to_numpy().astype(np.int64)
    row = np.searchsorted(members, cells.column("member").to_numpy())
    inside = (period >= begin[row]) & (period <= end[row])
    row, period, count = row[inside], period[inside], cells.column("count").to_numpy()[inside]
    start = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=members.size))]).astype(np.int64)
    profile, _, profiles = spans_as_profiles(begin, end, length)
    return SparseCounts(start, period.astype(np.int32), count.astype(np.int32), profile, profiles)
