"""Run the reduction of the profile, and hold one row a member as columns of numbers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from vestige.activity import profile_marks as marks
from vestige.activity.profile_measures import (
    ACTIVE_DAYS,
    COMPLETED,
    DOWNLOADS,
    LOGGED,
    MARK_KINDS,
    POSTS,
    SECTIONS_POSTED,
    SECTIONS_VIEWED,
    TENURE,
    THREADS,
    VIEWS,
    VISITS,
    Scale,
)
from vestige.dataset import Dataset
from vestige.dataset.manifest import TimeResolution
from vestige.dataset.schema import State
from vestige.errors import DatasetError
from vestige.progress import Progress, Step

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_RESOLUTION_SECONDS: Final = {
    TimeResolution.SECOND: 1,
    TimeResolution.MINUTE: 60,
    TimeResolution.HOUR: 3_600,
    TimeResolution.DAY: 86_400,
}
_SOURCES: Final = {
    VIEWS.name: "view_rows",
    VISITS.name: "visits",
    SECTIONS_VIEWED.name: "sections_viewed",
    DOWNLOADS.name: "download_rows",
    COMPLETED.name: "completed",
    POSTS.name: "post_rows",
    THREADS.name: "thread_rows",
    SECTIONS_POSTED.name: "sections_posted",
    ACTIVE_DAYS.name: "active_days",
}
"""Measure to the column of the reduction that counts it."""


@dataclass(frozen=True)
class Reach:
    """From which second to which a kind of event was recorded."""

    first: int
    last: int

    @property
    def days(self) -> float:
        """Length in days."""
        return (self.last - self.first) / marks.DAY


@dataclass(frozen=True)
class MarkRequest:
    """What the reduction is asked for.

    Attributes:
        forum: code of the forum; None when the dataset has one.
        states: states of threads and posts that count.
        gap_seconds: inactivity that ends a visit.
        per_days: days that a rate is stated for.
        shortest_exposure_days: with less exposure than this, a member has no rate.
    """

    forum: str | None
    states: tuple[State, ...]
    gap_seconds: int
    per_days: int
    shortest_exposure_days: float


@dataclass(frozen=True)
class Marks:
    """One row a member, in the order of their ids.

    Attributes:
        pseudonym: of each member.
        registered: seconds since 1970; NaN where unknown.
        values: mark name to the numbers of all members; NaN where a member has none. Absent where nobody has one.
        unavailable: mark name to the reason why nobody has one.
        window: the observed window; None where it is not known and nothing is dated.
        reaches: table to when its events were recorded.
        exposure_days: mark name (of a rate) to the days that each member could have been seen.
        undated: table to its events of members without a time.
        early: members with a trace before their registration.
        window_known: whether the forum's window is stated.
    """

    pseudonym: "pa.Array" = field(repr=False)
    registered: "Floats" = field(repr=False)
    values: Mapping[str, "Floats"] = field(repr=False)
    unavailable: Mapping[str, str]
    window: Reach | None
    reaches: Mapping[str, Reach]
    exposure_days: Mapping[str, "Floats"] = field(repr=False)
    undated: Mapping[str, int]
    early: int
    window_known: bool

    @property
    def members(self) -> int:
        """Number of members."""
        return int(self.registered.size)

    def known(self, name: str) -> "Floats":
        """The numbers of the members who have one."""
        values = self.values[name]
        return values[np.isfinite(values)]


def forum_tables(dataset: Dataset, code: str | None, states: tuple[State, ...]) -> tuple[dict[str, "ir.Table"], Any]:
    """Every present table of one forum, and the forum's row.

    Raises:
        SettingsError: no such forum, or several and none chosen.
        DatasetError: the tables `forum` or `member` are absent.
    """
    forum = dataset.manifest.only_forum(code).forum
    row = next(row for row in dataset.arrow("forum").to_pylist() if row["forum"] == forum)
    tables = {}
    for name in ("member", "role_spell", *marks.ACTORS):
        if name not in dataset.tables and name != "member":
            continue
        table = dataset.table(name)
        tables[name] = table.filter(table.forum == forum)
        if name in {"post", "thread"} and set(states) != set(State):
            tables[name] = tables[name].filter(tables[name].state.isin([state.value for state in states]))
    return tables, row


def reduce_marks(dataset: Dataset, request: MarkRequest, progress: Progress) -> Marks:
    """Reduce a dataset to one row of marks a member.

    Raises:
        SettingsError: no such forum, or several and none chosen.
        DatasetError: the tables `forum` or `member` are absent, the forum has no member, or a file was changed.
    """
    tables, forum = forum_tables(dataset, request.forum, request.states)
    progress(Step("profile", 0, 3, "steps"))
    tables, seen = without_last_seen(tables)
    reaches = recorded(tables)
    unavailable = _unavailable(dataset, tables, reaches, request)
    progress(Step("profile", 1, 3, "steps"))
    parts = _parts(tables, reaches, unavailable, request)
    parts += [] if seen is None else [marks.last_seen(seen)]
    found = marks.member_marks(marks.members_of(tables["member"]), parts).to_pyarrow()
    progress(Step("profile", 2, 3, "steps"))
    if found.num_rows == 0:
        raise DatasetError("the forum has no account that counts as a member", hint="choose another forum")
    gathered = _gathered(found, forum, reaches, unavailable, request)
    progress(Step("profile", 3, 3, "steps"))
    return gathered


def without_last_seen(tables: Mapping[str, "ir.Table"]) -> tuple[dict[str, "ir.Table"], "ir.Table | None"]:
    """The tables; without that of views, given apart, where it only says when each member was last there."""
    kept = dict(tables)
    if "view" in kept:
        (row,) = marks.is_last_seen_only(kept["view"]).to_pyarrow().to_pylist()
        if row["pages"] == 0 and row["most"] == 1:
            seen = kept.pop("view")
            return kept, seen
    return kept, None


def recorded(tables: Mapping[str, "ir.Table"]) -> dict[str, Reach | None]:
    """When the events of each table were recorded, by anybody; None where it has no dated row, absent without any."""
    found: dict[str, Reach | None] = {}
    for name, (_, time) in marks.ACTORS.items():
        if name not in tables:
            continue
        rows = marks.page_views(tables[name]) if name == "view" else tables[name]
        (span,) = marks.recorded_span(rows, time).to_pyarrow().to_pylist()
        if span["rows"]:
            found[name] = None if span["first"] is None else Reach(span["first"], span["last"])
    return found


def common_reach(reaches: Mapping[str, Reach | None]) -> Reach | None:
    """The time that every log covers; without a log, the time of all dated events. None where there is none.

    Outside it a day of a member who only reads or downloads leaves no trace, while a day of a writer does.
    """
    dated = {name: reach for name, reach in reaches.items() if reach is not None}
    logs = [reach for name, reach in dated.items() if name in LOGGED]
    if logs:
        first, last = max(log.first for log in logs), min(log.last for log in logs)
    elif dated:
        first, last = min(reach.first for reach in dated.values()), max(reach.last for reach in dated.values())
    return Reach(first, last) if dated and first <= last else None


def _unavailable(
    dataset: Dataset, tables: Mapping[str, "ir.Table"], reaches: Mapping[str, Reach | None], request: MarkRequest
) -> dict[str, str]:
    """Measure to the reason why the dataset cannot give it."""
    reasons = {}
    for name, source in ((measure.name, measure.table) for measure in (kind.measure for kind in MARK_KINDS)):
        if source is not None and source not in tables:
            present = source in dataset.tables
            absent = f"the dataset has no {source} table: {_absence(dataset, source)}"
            reasons[name] = "it is only known when each member was last there" if present else absent
        elif source is not None and source not in reaches:
            reasons[name] = f"the {source} table holds no such row: nothing was recorded"
    if VISITS.name not in reasons and (reason := _no_visits(dataset, reaches["view"], request.gap_seconds)):
        reasons[VISITS.name] = reason
    if not any(reach is not None for reach in reaches.values()):
        reasons[ACTIVE_DAYS.name] = "nothing is dated"
        reasons[TENURE.name] = "nothing is dated"
    elif common_reach(reaches) is None:
        reasons[ACTIVE_DAYS.name] = "views and downloads were recorded at different times"
    for name, table in ((SECTIONS_VIEWED.name, "view"), (SECTIONS_POSTED.name, "post")):
        if name not in reasons and not _any_section(tables[table]):
            reasons[name] = f"no row of the {table} table names a section"
    return reasons


def _no_visits(dataset: Dataset, views: Reach | None, gap_seconds: int) -> str | None:
    """Why visits cannot be told apart; None where they can."""
    resolution = dataset.manifest.time_resolution
    if views is None:
        return "no view is dated"
    if 2 * _RESOLUTION_SECONDS[resolution] > gap_seconds:
        return f"times are kept to the {resolution.value}, too coarse to tell one visit from the next"
    return None


def _absence(dataset: Dataset, table: str) -> str:
    from vestige.dataset.store import NOT_SUPPLIED

    return dataset.manifest.absent.get(table, NOT_SUPPLIED)


def _any_section(events: "ir.Table") -> bool:
    return bool(events.filter(events.section.notnull()).limit(1).count().to_pyarrow().as_py())


def _parts(
    tables: Mapping[str, "ir.Table"],
    reaches: Mapping[str, Reach | None],
    unavailable: Mapping[str, str],
    request: MarkRequest,
) -> list["ir.Table"]:
    events = {name: tables[name] for name in reaches}
    if "view" in events:
        events["view"] = marks.page_views(events["view"])
    parts = [marks.counted(own, name) for name, own in events.items()]
    if VISITS.name not in unavailable:
        parts.append(marks.visits_of_members(events["view"], request.gap_seconds))
    if SECTIONS_VIEWED.name not in unavailable:
        parts.append(marks.different_sections(tables["view"], "member", SECTIONS_VIEWED.name))
    if SECTIONS_POSTED.name not in unavailable:
        parts.append(marks.different_sections(events["post"], "author", SECTIONS_POSTED.name))
    if COMPLETED.name not in unavailable:
        parts.append(marks.completed_downloads(events["download"]))
    together = common_reach(reaches)
    if ACTIVE_DAYS.name not in unavailable and together is not None:
        dated = {name: own for name, own in events.items() if reaches[name] is not None}
        parts.append(marks.active_days(marks.days_of_members(dated, together.first, together.last)))
    return parts


def _gathered(
    found: "pa.Table",
    forum: Mapping[str, Any],
    reaches: Mapping[str, Reach | None],
    unavailable: Mapping[str, str],
    request: MarkRequest,
) -> Marks:
    dated = {name: reach for name, reach in reaches.items() if reach is not None}
    registered = _numbers(found, "registered")
    first, last = (_extreme(found, reaches, which) for which in ("first", "last"))
    began = np.fmin(registered, first)
    began[np.isnan(registered)] = np.nan
    stated = [forum["window_start"], forum["window_end"]]
    window = _window(stated, dated)
    values = {
        name: np.nan_to_num(_numbers(found, column)) for name, column in _SOURCES.items() if name not in unavailable
    }
    if TENURE.name not in unavailable:
        values[TENURE.name] = np.maximum(np.nan_to_num(last, nan=-np.inf) - began, 0.0) / marks.DAY
    reasons, exposures = dict(unavailable), {}
    for kind in MARK_KINDS:
        if kind.scale is Scale.TOTAL:
            continue
        reach = _reach_of(kind.measure.table, window, dated)
        reason, exposure = _exposure(reach, began, window, request)
        if kind.measure.name in unavailable or reason is not None:
            reasons[kind.name] = unavailable.get(kind.measure.name) or reason or ""
            continue
        exposures[kind.name] = exposure
        long_enough = exposure >= request.shortest_exposure_days
        values[kind.name] = np.full(exposure.size, np.nan)
        values[kind.name][long_enough] = (
            values[kind.measure.name][long_enough] * request.per_days / exposure[long_enough]
        )
    return Marks(
        pseudonym=found.column("pseudonym").combine_chunks(),
        registered=registered,
        values=values,
        unavailable=reasons,
        window=window,
        reaches=dated,
        exposure_days=exposures,
        undated={name: int(np.nan_to_num(_numbers(found, f"{name}_undated")).sum()) for name in reaches},
        early=int((first < registered).sum()),
        window_known=None not in stated,
    )


def _window(stated: list[Any], dated: Mapping[str, Reach]) -> Reach | None:
    """The stated window; where an end is unknown, the first or last dated event stands in for it."""
    from datetime import UTC

    ends = [None if moment is None else int(moment.replace(tzinfo=UTC).timestamp()) for moment in stated]
    if None in ends and not dated:
        return None
    first = ends[0] if ends[0] is not None else min(reach.first for reach in dated.values())
    last = ends[1] if ends[1] is not None else max(reach.last for reach in dated.values())
    return Reach(first, last)


def _reach_of(table: str | None, window: Reach | None, dated: Mapping[str, Reach]) -> Reach | None:
    """When something could have been recorded: what the software keeps by itself, in the whole window."""
    if table in LOGGED:
        return dated.get(table)
    return common_reach(dated) if table is None and LOGGED & dated.keys() else window


def _exposure(
    reach: Reach | None, began: "Floats", window: Reach | None, request: MarkRequest
) -> tuple[str | None, "Floats"]:
    """Days on which each member could have been seen doing it; or the reason why that is not known."""
    nobody = np.full(began.size, np.nan)
    if window is None:
        return "the window is not known", nobody
    if reach is None:
        return "nothing of it is dated, so that the time covered is not known", nobody
    first, last = max(reach.first, window.first), min(reach.last, window.last)
    if (last - first) / marks.DAY < request.shortest_exposure_days:
        return f"the records cover less than {request.shortest_exposure_days:g} days", nobody
    if np.isnan(began).all():
        return "no registration is dated", nobody
    return None, np.maximum(last - np.maximum(began, first), 0.0) / marks.DAY


def _numbers(found: "pa.Table", name: str) -> "Floats":
    """A column as floats; NaN for null."""
    return np.asarray(found.column(name).to_numpy().astype(np.float64))


def _extreme(found: "pa.Table", reaches: Mapping[str, object], which: str) -> "Floats":
    """First or last trace of each member over all tables; NaN without any."""
    pick = np.fmin if which == "first" else np.fmax
    extreme = np.full(found.num_rows, np.nan)
    for name in (*reaches, "seen"):
        if f"{name}_{which}" in found.column_names:
            extreme = pick(extreme, _numbers(found, f"{name}_{which}"))
    return extreme
