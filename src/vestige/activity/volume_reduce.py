"""Run the reductions of volume on the dataset's engine and hold their small answers as plain values."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import accumulate
from typing import TYPE_CHECKING

from vestige.activity import tables, volume_tables
from vestige.activity.periods import Period
from vestige.activity.reduce import Scope, collect, rows_in_scope, scope_of
from vestige.activity.traces import POSTS, THREADS, TRACES, VIEWS, Trace
from vestige.dataset import Dataset
from vestige.dataset.schema import State
from vestige.progress import Progress, Step
from vestige.statistics.survival import SurvivalCurve, kaplan_meier

if TYPE_CHECKING:
    import ibis.expr.types as ir


@dataclass(frozen=True)
class PeriodCounts:
    """One period of one trace, or a sum over periods where noted: events of members, and how many members.

    Attributes:
        events: events of members.
        members: members with at least one.
        openings: posts among them that open a thread.
        openers, repliers: members with at least one opening post, and with at least one other.
    """

    events: int = 0
    members: int = 0
    openings: int = 0
    openers: int = 0
    repliers: int = 0


NOTHING = PeriodCounts()


@dataclass(frozen=True)
class TraceVolume:
    """One trace over time.

    Attributes:
        trace: what it is.
        periods: first day of a period to its counts; periods without any are left out.
        undated: events of members without a time.
        by_others: events of guests, deleted authors, bots, system accounts and unknown actors.
        busiest: "events", and of posts "openings" and "replies", to what the busiest and the second busiest member made
            of them in each period.
        busiest_of_all: the same of all events.
    """

    trace: Trace
    periods: Mapping[date, PeriodCounts]
    undated: int
    by_others: int
    busiest: Mapping[str, Mapping[date, tuple[int, int]]] = field(default_factory=dict)
    busiest_of_all: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class Spans:
    """Lengths of time over threads.

    Attributes:
        curve: how many last longer than each length.
        threads: how many threads, and how many of them ended.
        ended: threads that ended (for waits: that were answered).
        clipped: threads whose end precedes their opening; they count as length 0.
        starters: length in seconds to the members one of whose threads is at least that long, ascending.
    """

    curve: SurvivalCurve
    threads: int
    ended: int
    clipped: int
    starters: Sequence[tuple[int, int]]

    def members_beyond(self, length: float) -> int:
        """Members one of whose threads was observed longer than `length` seconds."""
        return next((members for seconds, members in self.starters if seconds > length), 0)

    @property
    def members(self) -> int:
        """Members who opened any of the threads."""
        return self.starters[0][1] if self.starters else 0


@dataclass(frozen=True)
class VolumeReduction:
    """Everything that volume needs, small enough for Python.

    Attributes:
        windows: first and last moment of each forum in scope, where known.
        members: number of members.
        new: first day of a period (None where unknown) to new members.
        traces: trace name to its volume; absent traces are left out.
        active: first day of a period to members who left any trace.
        lives: time from a thread's opening to its last reply; None without dated threads and posts.
        waits: time from a thread's opening to the first reply by somebody else; likewise.
        read_marks: rows of `view` that are marks of what was last read.
    """

    windows: tuple[tuple[datetime | None, datetime | None], ...]
    members: int
    new: Mapping[date | None, int]
    traces: Mapping[str, TraceVolume]
    active: Mapping[date, int]
    lives: Spans | None
    waits: Spans | None
    read_marks: int


def reduce_volume(
    dataset: Dataset, *, forum: str | None, states: Sequence[State], period: Period, quiet: int, progress: Progress
) -> VolumeReduction:
    """Reduce a dataset's volume.

    Args:
        dataset: an opened dataset with the tables `forum` and `member`.
        forum: code of the one forum; None for all together.
        states: states of threads and posts that count.
        period: how time is cut.
        quiet: seconds of silence before the window's end after which a thread has ended.
        progress: called once a table.

    Raises:
        SettingsError: the dataset has no such forum.
        DatasetError: a table that is needed is absent or was changed.
    """
    scope, windows = scope_of(dataset, forum, states)
    present = [trace for trace in TRACES if trace.table in dataset.tables]
    total = len(present) + 2
    members = tables.only_members(rows_in_scope(dataset, "member", scope))
    volumes = {}
    with ExitStack() as kept:
        owned = []
        for done, trace in enumerate(present):
            progress(Step(f"reading {trace.name}", done, total, "tables"))
            events = rows_in_scope(dataset, trace.table, scope)
            if trace is VIEWS:
                events = volume_tables.page_views(events)
            every = kept.enter_context(volume_tables.actor_periods(events, trace, period).cache())
            own = tables.of_members(every, members)
            owned.append(own)
            volumes[trace.name] = _volume(trace, every, own)
        progress(Step("comparing members", len(present), total, "tables"))
        active = collect(volume_tables.active_by_period(owned)) if owned else []
    progress(Step("lives of threads", len(present) + 1, total, "tables"))
    lives, waits = _thread_spans(dataset, {trace.name for trace in present}, scope, members, quiet)
    reduction = VolumeReduction(
        windows=windows,
        members=int(members.count().to_pyarrow().as_py()),
        new={row["period"]: row["members"] for row in collect(volume_tables.new_by_period(members, period))},
        traces=volumes,
        active={row["period"]: row["members"] for row in active},
        lives=lives,
        waits=waits,
        read_marks=_read_marks(dataset, scope) if VIEWS in present else 0,
    )
    progress(Step("done", total, total, "tables"))
    return reduction


def _volume(trace: Trace, every: "ir.Table", own: "ir.Table") -> TraceVolume:
    rows = {row.pop("period"): PeriodCounts(**row) for row in collect(volume_tables.by_period(own))}
    undated = rows.pop(None, NOTHING).events
    (whole,) = collect(every.aggregate(events=every.events.sum()))
    of_members = undated + sum(counts.events for counts in rows.values())
    kinds = ("events", "openings", "replies") if trace is POSTS else ("events",)
    busiest = {
        kind: {
            row["period"]: (row["most"], row["second"]) for row in collect(volume_tables.busiest_by_period(own, kind))
        }
        for kind in kinds
    }
    top = next(((row["most"], row["second"]) for row in collect(volume_tables.busiest_of_all(own))), (0, 0))
    return TraceVolume(trace, rows, undated, (whole["events"] or 0) - of_members, busiest, top)


def _read_marks(dataset: Dataset, scope: Scope) -> int:
    view = rows_in_scope(dataset, VIEWS.table, scope)
    return int(view.count().to_pyarrow().as_py()) - int(volume_tables.page_views(view).count().to_pyarrow().as_py())


def _thread_spans(
    dataset: Dataset, present: set[str], scope: Scope, members: "ir.Table", quiet: int
) -> tuple[Spans | None, Spans | None]:
    if not {THREADS.name, POSTS.name} <= present:
        return None, None
    thread, post, forum = (rows_in_scope(dataset, name, scope) for name in ("thread", "post", "forum"))
    with volume_tables.thread_lives(thread, post, forum).cache() as lives:
        return (
            _spans(volume_tables.spans_of_activity(lives, quiet), members),
            _spans(volume_tables.waits_for_answer(lives), members),
        )


def _spans(spans: "ir.Table", members: "ir.Table") -> Spans | None:
    rows = sorted(collect(volume_tables.lengths(spans)), key=lambda row: row["length"])
    if not rows:
        return None
    starters = sorted(
        ((row["length"], row["members"]) for row in collect(volume_tables.longest_of_starters(spans, members))),
        reverse=True,
    )
    beyond = accumulate(count for _, count in starters)
    return Spans(
        curve=kaplan_meier(*([row[name] for row in rows] for name in ("length", "threads", "ended"))),
        threads=sum(row["threads"] for row in rows),
        ended=sum(row["ended"] for row in rows),
        clipped=sum(row["clipped"] for row in rows),
        starters=tuple(sorted(zip((length for length, _ in starters), beyond, strict=True))),
    )
