"""Who did what: one pass over each table of events on the dataset's engine, held as small plain values."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from vestige.activity import actor_tables, tables
from vestige.activity.reduce import Scope, collect, rows_in_scope, scope_of
from vestige.activity.traces import DOWNLOADS, POSTS, TRACES, VIEWS, Trace
from vestige.dataset import Dataset
from vestige.dataset.schema import State
from vestige.progress import Progress, Step
from vestige.statistics.distribution import Distribution

if TYPE_CHECKING:
    import ibis.expr.types as ir

COMPLETED: Final = "completed"
"""Deed of members with at least one completed download, beside the names of the traces."""
_MOST_PAIRS: Final = 8
"""Busiest kinds of section whose pairs are compared."""


@dataclass(frozen=True)
class Exposure:
    """Sums over members for whom a trace was recorded at all, times in fortnights."""

    members: int = 0
    events: float = 0.0
    time: float = 0.0
    events_squared: float = 0.0
    events_time: float = 0.0
    time_squared: float = 0.0

    def __add__(self, other: "Exposure") -> "Exposure":
        return Exposure(
            self.members + other.members,
            self.events + other.events,
            self.time + other.time,
            self.events_squared + other.events_squared,
            self.events_time + other.events_time,
            self.time_squared + other.time_squared,
        )


@dataclass(frozen=True)
class PlaceUse:
    """Who was where. Kinds of section are numbered as in `ActorReduction.kinds`; 0 is outside any.

    Attributes:
        viewers, posters: place to members who viewed or posted there.
        both: place to members who did both.
        viewer_pairs, poster_pairs: two places to members who were in both.
    """

    viewers: Mapping[int, int]
    posters: Mapping[int, int]
    both: Mapping[int, int]
    viewer_pairs: Mapping[tuple[int, int], int]
    poster_pairs: Mapping[tuple[int, int], int]


@dataclass(frozen=True)
class ActorReduction:
    """Everything that concentration and participation need, small enough for Python.

    Attributes:
        windows: first and last moment of each forum in scope, where known.
        members: number of members.
        distributions: trace to the events of each member who has any; absent traces are left out.
        deeds: set of deeds (names of traces, and COMPLETED) to the members who did exactly those.
        exposures: trace to the sums over all members and over those with any; not for undated traces.
        kinds: place to the kind of section; empty where places were not asked for or there are none.
        places: who was where; None likewise.
    """

    windows: tuple[tuple[datetime | None, datetime | None], ...]
    members: int
    distributions: Mapping[Trace, Distribution]
    deeds: Mapping[frozenset[str], int]
    exposures: Mapping[Trace, tuple[Exposure, Exposure]]
    kinds: Mapping[int, str]
    places: PlaceUse | None

    def members_with(self, names: set[str]) -> int:
        """Members who did at least one of these deeds."""
        return sum(count for done, count in self.deeds.items() if done & names)

    def members_with_all(self, names: set[str]) -> int:
        """Members who did every one of these deeds."""
        return sum(count for done, count in self.deeds.items() if done >= names)


def reduce_actors(
    dataset: Dataset,
    *,
    forum: str | None,
    states: Sequence[State],
    traces: Sequence[Trace] = TRACES,
    together: bool = True,
    progress: Progress,
) -> ActorReduction:
    """Reduce a dataset to who did what.

    Args:
        dataset: an opened dataset with the tables `forum` and `member`.
        forum: code of the one forum; None for all together.
        states: states of threads and posts that count.
        traces: which traces; those that the dataset lacks are left out.
        together: whether deeds, exposures and places are wanted beside the distributions.
        progress: called once a table.

    Raises:
        SettingsError: the dataset has no such forum.
        DatasetError: a table that is needed is absent or was changed.
    """
    scope, windows = scope_of(dataset, forum, states)
    present = [trace for trace in traces if trace.table in dataset.tables]
    members = tables.only_members(rows_in_scope(dataset, "member", scope))
    with ExitStack() as kept:
        sections = _sections(dataset, scope, kept) if together else None
        kinds = {} if sections is None else {row["place"]: row["kind"] for row in collect(tables.kinds_of(sections))}
        totals: dict[Trace, ir.Table] = {}
        exposed = {}
        for done, trace in enumerate(present):
            progress(Step(f"reading {trace.name}", done, len(present) + 1, "tables"))
            events = _events(dataset, trace, scope, together=sections is not None)
            places = range(len(kinds) + 1) if trace in {POSTS, VIEWS} and kinds else range(0)
            every = actor_tables.actor_totals(events, trace, sections, places)
            totals[trace] = kept.enter_context(tables.of_members(every, members).cache())
            if together:
                exposed[trace] = _exposed(events, trace, members, totals[trace], rows_in_scope(dataset, "forum", scope))
        progress(Step("comparing members", len(present), len(present) + 1, "tables"))
        reduction = ActorReduction(
            windows=windows,
            members=int(members.count().to_pyarrow().as_py()),
            distributions={trace: _distribution(table) for trace, table in totals.items()},
            deeds=_deeds(totals) if together else {},
            exposures={trace: sums for trace, sums in exposed.items() if sums is not None},
            kinds=kinds,
            places=_places(totals, kinds) if kinds else None,
        )
    progress(Step("done", len(present) + 1, len(present) + 1, "tables"))
    return reduction


def _sections(dataset: Dataset, scope: Scope, kept: ExitStack) -> "ir.Table | None":
    if "section" not in dataset.tables:
        return None
    found: ir.Table = kept.enter_context(tables.section_places(rows_in_scope(dataset, "section", scope)).cache())
    return found


def _events(dataset: Dataset, trace: Trace, scope: Scope, *, together: bool) -> "ir.Table":
    events = rows_in_scope(dataset, trace.table, scope)
    if together and trace is VIEWS and "thread" in dataset.tables:
        (row,) = collect(actor_tables.views_without_section(events))
        if row["views"]:
            return actor_tables.with_thread_sections(events, dataset.table("thread"))
    return events


def _exposed(
    events: "ir.Table", trace: Trace, members: "ir.Table", totals: "ir.Table", forum: "ir.Table"
) -> tuple[Exposure, Exposure] | None:
    spans = actor_tables.recorded_spans(events, trace, forum)
    rows = collect(actor_tables.exposures(members, totals, spans))
    sums = {row.pop("any_events"): Exposure(**row) for row in rows}
    if not sums:
        return None
    active = sums.get(True, Exposure())
    return sums.get(False, Exposure()) + active, active


def _distribution(totals: "ir.Table") -> Distribution:
    rows = collect(tables.events_per_member(totals))
    return Distribution.of([row["events"] for row in rows], [row["members"] for row in rows])


def _deeds(totals: "Mapping[Trace, ir.Table]") -> dict[frozenset[str], int]:
    named = {trace.name: table for trace, table in totals.items()}
    if DOWNLOADS in totals:
        named[COMPLETED] = totals[DOWNLOADS].filter(totals[DOWNLOADS].completed > 0)
    if not named:
        return {}
    names = list(named)
    return {
        frozenset(name for place, name in enumerate(names) if row["deeds"] >> place & 1): row["members"]
        for row in collect(actor_tables.deeds(named))
    }


def _places(totals: "Mapping[Trace, ir.Table]", kinds: Mapping[int, str]) -> PlaceUse:
    every = [0, *sorted(kinds)]
    posters, poster_pairs = _use(totals.get(POSTS), every)
    viewers, viewer_pairs = _use(totals.get(VIEWS), every)
    both: dict[int, int] = {}
    if POSTS in totals and VIEWS in totals:
        (row,) = collect(actor_tables.viewers_who_post(totals[VIEWS], totals[POSTS], every))
        both = {place: int(row[f"n_{place}"]) for place in every}
    return PlaceUse(viewers, posters, both, viewer_pairs, poster_pairs)


def _use(totals: "ir.Table | None", every: list[int]) -> tuple[dict[int, int], dict[tuple[int, int], int]]:
    """Members in each place, and in both of any two of the busiest."""
    if totals is None:
        return {}, {}
    (row,) = collect(actor_tables.in_places(totals, every))
    counts = {place: int(row[f"n_{place}"]) for place in every}
    busiest = sorted(sorted(counts, key=lambda place: (-counts[place], place))[:_MOST_PAIRS])
    (pairs,) = collect(actor_tables.in_pairs(totals, busiest))
    return counts, {
        (one, other): int(pairs[f"n_{one}_{other}"])
        for rank, one in enumerate(busiest)
        for other in busiest[rank + 1 :]
    }
