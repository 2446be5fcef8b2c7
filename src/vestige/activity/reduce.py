"""Run the reductions on the dataset's engine and hold their small answers as plain values."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from vestige.activity import tables
from vestige.activity.traces import POSTS, THREADS, TRACES, Trace
from vestige.dataset import Dataset
from vestige.dataset.schema import MemberKind, State
from vestige.errors import SettingsError
from vestige.progress import Progress, Step
from vestige.statistics.distribution import Distribution

if TYPE_CHECKING:
    import ibis.expr.types as ir

Row = dict[str, Any]


@dataclass(frozen=True)
class Scope:
    """Which rows are described.

    Attributes:
        forums: ids of the forums; None for all.
        states: states of threads and posts that count.
    """

    forums: tuple[int, ...] | None
    states: tuple[State, ...]


@dataclass(frozen=True)
class TraceReduction:
    """One kind of event, reduced.

    Attributes:
        trace: what it is.
        by_month: month number to events of members and members active.
        distribution: events of each member who has any.
        undated: events of members without a time.
        by_others: events of guests, deleted authors, bots, system accounts and unknown actors.
    """

    trace: Trace
    by_month: Mapping[int, tuple[int, int]]
    distribution: Distribution
    undated: int
    by_others: int

    @property
    def members(self) -> int:
        """Members with at least one event."""
        return self.distribution.size

    @property
    def events(self) -> int:
        """Events of members."""
        return round(self.distribution.total)


@dataclass(frozen=True)
class Reduction:
    """Everything that describing a dataset needs, small enough for Python.

    Attributes:
        windows: first and last moment of each forum in scope, where known.
        members: number of members.
        accounts: accounts of each kind.
        registrations: month number (None where unknown) to new members.
        traces: trace name to its reduction; absent traces are left out.
        trace_sets: set of trace names to the members who left exactly those.
        sections: kind of section to (threads, thread openers, posts, posting members); None for outside any.
        roles: role to members who ever held it and who held it at the end.
        role_evidence: how roles are known, to number of spells.
    """

    windows: tuple[tuple[datetime | None, datetime | None], ...]
    members: int
    accounts: Mapping[str, int]
    registrations: Mapping[int | None, int]
    traces: Mapping[str, TraceReduction]
    trace_sets: Mapping[frozenset[str], int]
    sections: Mapping[str | None, tuple[int, int, int, int]]
    roles: Mapping[str, tuple[int, int]]
    role_evidence: Mapping[str, int]

    def members_with(self, names: set[str]) -> int:
        """Members who left at least one of these traces."""
        return sum(count for traces, count in self.trace_sets.items() if traces & names)


def reduce_dataset(dataset: Dataset, *, forum: str | None, states: Sequence[State], progress: Progress) -> Reduction:
    """Reduce a dataset's activity.

    Args:
        dataset: an opened dataset with the tables `forum` and `member`.
        forum: code of the one forum to describe; None for all together.
        states: states of threads and posts that count.
        progress: called once a table.

    Raises:
        SettingsError: the dataset has no such forum.
        DatasetError: a table that is needed is absent or was changed.
    """
    scope, windows = _scope(dataset, forum, states)
    present = [trace for trace in TRACES if trace.table in dataset.tables]
    total = len(present) + 2
    member = _rows(dataset, "member", scope)
    members = tables.only_members(member)
    with ExitStack() as kept:
        totals = {}
        reduced = {}
        for done, trace in enumerate(present):
            progress(Step(f"reading {trace.name}", done, total, "tables"))
            months = kept.enter_context(tables.actor_months(_rows(dataset, trace.table, scope), trace).cache())
            totals[trace] = kept.enter_context(tables.actor_totals(months).cache())
            reduced[trace.name] = _reduce_trace(trace, months, totals[trace], member)
        progress(Step("comparing members", len(present), total, "tables"))
        sets = _trace_sets(totals, members)
    accounts = {row["kind"]: row["accounts"] for row in _collect(tables.account_kinds(member))}
    progress(Step("sections and roles", len(present) + 1, total, "tables"))
    reduction = Reduction(
        windows=windows,
        members=accounts.get(MemberKind.MEMBER.value, 0),
        accounts=accounts,
        registrations={row["month"]: row["members"] for row in _collect(tables.registrations(members))},
        traces=reduced,
        trace_sets=sets,
        sections=_sections(dataset, scope, members),
        **_roles(dataset, scope, members),
    )
    progress(Step("done", total, total, "tables"))
    return reduction


def _scope(
    dataset: Dataset, forum: str | None, states: Sequence[State]
) -> tuple[Scope, tuple[tuple[datetime | None, datetime | None], ...]]:
    listed = dataset.manifest.forums
    chosen = {entry.forum for entry in listed if forum in {None, entry.code}}
    if not chosen:
        raise SettingsError(
            "the dataset has no such forum",
            where="setting forum",
            hint=f"it has {', '.join(sorted(entry.code for entry in listed)) or 'none; derive it again'}",
        )
    rows = dataset.arrow("forum").select(["forum", "window_start", "window_end"]).to_pylist()
    windows = tuple((row["window_start"], row["window_end"]) for row in rows if row["forum"] in chosen)
    return Scope(None if forum is None else tuple(sorted(chosen)), tuple(states)), windows


def _rows(dataset: Dataset, name: str, scope: Scope) -> "ir.Table":
    table = dataset.table(name)
    if scope.forums is not None:
        table = table.filter(table.forum.isin(scope.forums))
    if name in {POSTS.table, THREADS.table} and set(scope.states) != set(State):
        table = table.filter(table.state.isin([state.value for state in scope.states]))
    return table


def _collect(expression: "ir.Table") -> list[Row]:
    rows: list[Row] = expression.to_pyarrow().to_pylist()
    return rows


def _reduce_trace(trace: Trace, months: "ir.Table", totals: "ir.Table", member: "ir.Table") -> TraceReduction:
    members = tables.only_members(member)
    by_kind = _collect(tables.by_actor_kind(totals, member))
    by_month = _collect(tables.by_month(tables.of_members(months, members)))
    distribution = _collect(tables.events_per_member(tables.of_members(totals, members)))
    is_member = MemberKind.MEMBER.value
    return TraceReduction(
        trace=trace,
        by_month={row["month"]: (row["events"], row["members"]) for row in by_month},
        distribution=Distribution.of([row["events"] for row in distribution], [row["members"] for row in distribution]),
        undated=sum(row["undated"] for row in by_kind if row["kind"] == is_member),
        by_others=sum(row["events"] for row in by_kind if row["kind"] != is_member),
    )


def _trace_sets(totals: Mapping[Trace, "ir.Table"], members: "ir.Table") -> dict[frozenset[str], int]:
    if not totals:
        return {}
    names = [trace.name for trace in totals]
    rows = _collect(tables.trace_sets([tables.of_members(table, members) for table in totals.values()]))
    return {
        frozenset(name for place, name in enumerate(names) if row["traces"] >> place & 1): row["members"]
        for row in rows
    }


def _sections(dataset: Dataset, scope: Scope, members: "ir.Table") -> dict[str | None, tuple[int, int, int, int]]:
    if "section" not in dataset.tables:
        return {}
    section = _rows(dataset, "section", scope)
    found: dict[Trace, dict[str | None, tuple[int, int]]] = {}
    for trace in (THREADS, POSTS):
        if trace.table in dataset.tables:
            events = _rows(dataset, trace.table, scope)
            rows = _collect(tables.by_section_kind(events, trace, section, members))
            found[trace] = {row["kind"]: (row["events"], row["members"]) for row in rows}
    kinds = {kind for rows in found.values() for kind in rows}
    return {
        kind: (*found.get(THREADS, {}).get(kind, (0, 0)), *found.get(POSTS, {}).get(kind, (0, 0))) for kind in kinds
    }


def _roles(dataset: Dataset, scope: Scope, members: "ir.Table") -> dict[str, Any]:
    if "role_spell" not in dataset.tables:
        return {"roles": {}, "role_evidence": {}}
    spells = _rows(dataset, "role_spell", scope)
    holders = _collect(tables.role_holders(spells, members))
    evidence = _collect(tables.evidence_kinds(spells))
    return {
        "roles": {row["role"]: (row["ever"], row["at_end"]) for row in holders},
        "role_evidence": {row["evidence"]: row["spells"] for row in evidence},
    }
