"""Run the reductions of visits on the dataset's engine and hold their small answers as plain values."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import ibis

from vestige.activity import session_tables, tables
from vestige.activity.reduce import collect, rows_in_scope, scope_of
from vestige.activity.traces import DOWNLOADS, VIEWS
from vestige.activity.volume_tables import on_grid, page_views
from vestige.dataset import Dataset
from vestige.dataset.schema import State
from vestige.disclosure.figures import busiest_two
from vestige.progress import Progress, Step
from vestige.statistics.distribution import Distribution

if TYPE_CHECKING:
    import ibis.expr.types as ir

ROWS_AT_ONCE: Final = 20_000_000
"""Events that are sorted at a time: some 3 GB."""
_SIZES: Final = ("pages", "sections", "transfers")


@dataclass(frozen=True)
class GapCounts:
    """What another gap would have made of the same events.

    Attributes:
        gap: seconds.
        visits: visits.
        seconds: their lengths together.
    """

    gap: int
    visits: int
    seconds: int


@dataclass(frozen=True)
class SessionReduction:
    """Everything that visits need, small enough for Python.

    Attributes:
        members: members in scope.
        visitors: members with at least one visit.
        visits: visits.
        pages: their page views.
        transfers: their downloads.
        seconds: their lengths together.
        lengths: seconds, on a grid, to visits.
        sizes: "pages", "sections", "transfers" to the visits of each number.
        of_members: members by number of visits.
        hours: (weekday from 0, Monday; hour) to members, visits begun, and how many the two busiest began.
        busiest: "visits", "pages", "transfers" to what the busiest and the second busiest member made.
        gaps: the same events by other gaps.
        undated: page views without a time.
        with_sections: whether any view names a section.
        with_downloads: whether downloads are among the events.
    """

    members: int
    visitors: int
    visits: int
    pages: int
    transfers: int
    seconds: int
    lengths: Distribution
    sizes: Mapping[str, Distribution]
    of_members: Distribution
    hours: Mapping[tuple[int, int], tuple[int, int, int, int]]
    busiest: Mapping[str, tuple[int, int]]
    gaps: tuple[GapCounts, ...]
    undated: int
    with_sections: bool
    with_downloads: bool


def reduce_sessions(
    dataset: Dataset, *, forum: str | None, gap: int, gaps: Sequence[int], progress: Progress
) -> SessionReduction:
    """Reduce a dataset's visits.

    Args:
        dataset: an opened dataset with the tables `forum`, `member` and `view`.
        forum: code of the one forum; None for all together.
        gap: seconds of inactivity that end a visit.
        gaps: other gaps to show, ascending.
        progress: called once a part of the members.

    Raises:
        SettingsError: the dataset has no such forum.
        DatasetError: a table that is needed is absent or was changed.
    """
    scope, _ = scope_of(dataset, forum, tuple(State))
    members = tables.only_members(rows_in_scope(dataset, "member", scope))
    view = rows_in_scope(dataset, VIEWS.table, scope)
    has_downloads = DOWNLOADS.table in dataset.tables
    download = rows_in_scope(dataset, DOWNLOADS.table, scope) if has_downloads else None
    pages = page_views(view)
    shards = _shards(dataset)
    pauses: dict[int, dict[str, int]] = {}
    with ExitStack() as kept:
        parts = []
        for shard in range(shards):
            progress(Step("visits", shard, shards, "parts"))
            events = session_tables.visit_events(view, download, members, part=(shard, shards))
            with_pauses = session_tables.with_pauses(events)
            with with_pauses.cache() if shards > 1 else nullcontext(with_pauses) as paused:
                for row in collect(session_tables.pauses_by_length(paused, gaps)):
                    before = pauses.get(row["place"], {"pauses": 0, "seconds": 0})
                    pauses[row["place"]] = {name: before[name] + row[name] for name in before}
                parts.append(kept.enter_context(session_tables.visits_of(paused, gap).cache()))
        progress(Step("visits", shards, shards, "parts"))
        visits = parts[0] if shards == 1 else ibis.union(*parts, distinct=False)
        (whole,) = collect(
            visits.aggregate(
                visits=visits.count(), pages=visits.pages.sum(), transfers=visits.transfers.sum(),
                sections=visits.sections.sum(), seconds=visits.length.sum(),
            )
        )  # fmt: skip
        of_members = _distribution(session_tables.by_member(visits), "members")
        return SessionReduction(
            members=int(members.count().to_pyarrow().as_py()),
            visitors=of_members.size,
            visits=whole["visits"],
            pages=whole["pages"] or 0,
            transfers=whole["transfers"] or 0,
            seconds=whole["seconds"] or 0,
            lengths=_distribution(
                session_tables.by_value(visits.mutate(length=on_grid(visits.length)), "length"), "visits"
            ),
            sizes={name: _distribution(session_tables.by_value(visits, name), "visits") for name in _SIZES},
            of_members=of_members,
            hours={
                divmod(row["place"], session_tables.HOURS_OF_DAY): (
                    row["members"],
                    row["visits"],
                    row["most"],
                    row["second"],
                )
                for row in collect(session_tables.by_hour_of_week(visits))
            },
            busiest={
                "visits": busiest_two(of_members.values.tolist(), of_members.members.tolist()),
                **{name: _busiest(visits, name) for name in ("pages", "transfers")},
            },
            gaps=tuple(_by_gap(pauses, gaps)),
            undated=int(pages.filter(pages["at"].isnull()).count().to_pyarrow().as_py()),
            with_sections=bool(whole["sections"]),
            with_downloads=has_downloads,
        )


def _shards(dataset: Dataset) -> int:
    """Parts of the members whose events are sorted one after another, so that memory stays bounded."""
    files = (*dataset.manifest.files_of(VIEWS.table), *dataset.manifest.files_of(DOWNLOADS.table))
    return max(1, -(-sum(entry.rows for entry in files) // ROWS_AT_ONCE))


def _by_gap(pauses: Mapping[int, Mapping[str, int]], gaps: Sequence[int]) -> list[GapCounts]:
    """A visit begins with a member's first event and after every pause longer than the gap; shorter ones are in it."""
    found = []
    for place, gap in enumerate(gaps):
        visits = sum(row["pauses"] for at, row in pauses.items() if at == -1 or at > place)
        seconds = sum(row["seconds"] for at, row in pauses.items() if 0 <= at <= place)
        found.append(GapCounts(gap, visits, seconds))
    return found


def _busiest(visits: "ir.Table", column: str) -> tuple[int, int]:
    made = [row["value"] for row in collect(session_tables.busiest_of_all(visits, column))]
    return (*made, 0, 0)[0], (*made, 0, 0)[1]


def _distribution(counted: "ir.Table", count: str) -> Distribution:
    rows = collect(counted)
    return Distribution.of([row["value"] for row in rows], [row[count] for row in rows])
