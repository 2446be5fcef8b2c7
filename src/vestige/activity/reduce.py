"""Run the reductions on the dataset's engine and hold their small answers as plain values."""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from vestige.activity import tables
from vestige.activity.traces import POSTS, THREADS, TRACES, Trace
from vestige.dataset import Dataset
from vestige.dataset.schema import MemberKind, State
from vestige.disclosure.figures import busiest_two
from vestige.disclosure.policy import harmless_part, is_dominated
from vestige.errors import SettingsError
from vestige.progress import Progress, Step
from vestige.statistics.distribution import Distribution

if TYPE_CHECKING:
    import ibis.expr.types as ir

Row = dict[str, Any]

PLACED: Final = (THREADS, POSTS)
"""Traces whose section is looked at."""


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
        by_place: place of the kind of section (0 outside any) to events of members and members active in it.
        undated: events of members without a time.
        by_others: events of guests, deleted authors, bots, system accounts and unknown actors.
        busiest_by_month, busiest_by_place: the same keys to what the busiest and the second busiest member made there;
            bounds above it, from all that they made, where those already show that nobody dominates.
    """

    trace: Trace
    by_month: Mapping[int, tuple[int, int]]
    by_place: Mapping[int, tuple[int, int]]
    distribution: Distribution
    undated: int
    by_others: int
    busiest_by_month: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    busiest_by_place: Mapping[int, tuple[int, int]] = field(default_factory=dict)

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
        busiest_in_sections: kind of section to what the two busiest members made there: of threads, then of posts.
        roles: role to members who ever held it and who held it at the end.
        role_evidence: how roles are known, to number of spells.
        moderation: kind of act of staff to the acts of each member who did any.
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
    moderation: Mapping[str, Distribution]
    busiest_in_sections: Mapping[str | None, tuple[int, int, int, int]] = field(default_factory=dict)

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
    scope, windows = scope_of(dataset, forum, states)
    present = [trace for trace in TRACES if trace.table in dataset.tables]
    total = len(present) + 2
    member = rows_in_scope(dataset, "member", scope)
    members = tables.only_members(member)
    with ExitStack() as kept:
        sections = kept.enter_context(_section_places(dataset, scope).cache()) if "section" in dataset.tables else None
        kinds = {} if sections is None else {row["place"]: row["kind"] for row in collect(tables.kinds_of(sections))}
        marks = {}
        reduced = {}
        for done, trace in enumerate(present):
            progress(Step(f"reading {trace.name}", done, total, "tables"))
            traced = _traced(rows_in_scope(dataset, trace.table, scope), trace, sections, kinds, kept)
            marks[trace] = traced.marks
            reduced[trace.name] = _reduce_trace(traced, member)
        progress(Step("comparing members", len(present), total, "tables"))
        sets = _trace_sets(marks, members)
    accounts = {row["kind"]: row["accounts"] for row in collect(tables.account_kinds(member))}
    progress(Step("sections and roles", len(present) + 1, total, "tables"))
    reduction = Reduction(
        windows=windows,
        members=accounts.get(MemberKind.MEMBER.value, 0),
        accounts=accounts,
        registrations={row["month"]: row["members"] for row in collect(tables.registrations(members))},
        traces=reduced,
        trace_sets=sets,
        sections=_sections(kinds, reduced, "by_place"),
        busiest_in_sections=_sections(kinds, reduced, "busiest_by_place"),
        **_roles(dataset, scope, members),
        moderation=_moderation(dataset, scope, members),
    )
    progress(Step("done", total, total, "tables"))
    return reduction


def scope_of(
    dataset: Dataset, forum: str | None, states: Sequence[State]
) -> tuple[Scope, tuple[tuple[datetime | None, datetime | None], ...]]:
    """Which rows are meant, and the first and last moment of each forum in scope.

    Raises:
        SettingsError: the dataset has no such forum.
    """
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


def rows_in_scope(dataset: Dataset, name: str, scope: Scope) -> "ir.Table":
    """A table's rows of the forums and, where it has states, of the states in scope."""
    table = dataset.table(name)
    if scope.forums is not None:
        table = table.filter(table.forum.isin(scope.forums))
    if name in {POSTS.table, THREADS.table} and set(scope.states) != set(State):
        table = table.filter(table.state.isin([state.value for state in scope.states]))
    return table


def collect(expression: "ir.Table") -> list[Row]:
    """The rows of a small answer."""
    rows: list[Row] = expression.to_pyarrow().to_pylist()
    return rows


def _section_places(dataset: Dataset, scope: Scope) -> "ir.Table":
    return tables.section_places(rows_in_scope(dataset, "section", scope))


@dataclass(frozen=True)
class _Traced:
    """One kind of event on its way to a reduction; `months` and `places` say what the bits of `marks` stand for."""

    trace: Trace
    rows: "ir.Table"
    marks: "ir.Table"
    sections: "ir.Table | None"
    months: range
    places: range


def _traced(
    events: "ir.Table", trace: Trace, sections: "ir.Table | None", kinds: Mapping[int, str], kept: ExitStack
) -> _Traced:
    sections = sections if trace in PLACED else None
    places = range(0) if sections is None else range(len(kinds) + 1)
    (span,) = collect(tables.span_of_months(events, trace))
    months = range(0) if span["first"] is None else range(span["first"], span["last"] + 1)
    rows = tables.dated_events(events, trace)
    marks = kept.enter_context(tables.actor_marks(tables.placed(rows, sections), months, places).cache())
    return _Traced(trace, rows, marks, sections, months, places)


def _reduce_trace(traced: _Traced, member: "ir.Table") -> TraceReduction:
    members = tables.only_members(member)
    own = tables.of_members(traced.marks, members)
    others = tables.of_others(traced.marks, members)
    by_kind = collect(tables.by_actor_kind(traced.marks, member))
    counts = collect(tables.events_of_members(traced.rows, others, traced.sections))
    distribution = collect(tables.events_per_member(own))
    is_member = MemberKind.MEMBER.value
    by_month = _events_and_members(counts, own, "month", traced.months)
    by_place = _events_and_members(counts, own, "place", traced.places)
    overall = busiest_two([row["events"] for row in distribution], [row["members"] for row in distribution])
    return TraceReduction(
        trace=traced.trace,
        by_month=by_month,
        by_place=by_place,
        busiest_by_month=_busiest(traced, own, "month", by_month, overall),
        busiest_by_place=_busiest(traced, own, "place", by_place, overall),
        distribution=Distribution.of([row["events"] for row in distribution], [row["members"] for row in distribution]),
        undated=sum(row["undated"] for row in by_kind if row["kind"] == is_member),
        by_others=sum(row["events"] for row in by_kind if row["kind"] != is_member),
    )


def _busiest(
    traced: _Traced, own: "ir.Table", by: str, counts: Mapping[int, tuple[int, int]], overall: tuple[int, int]
) -> dict[int, tuple[int, int]]:
    """What the two busiest members made in each month or place.

    What they made altogether bounds it. Where that much would not dominate, it is not counted: on a large forum only
    the small months and sections are looked into, and only members who made enough altogether to matter there. Whoever
    made less is bounded by that limit, which is chosen so that such a bound never makes a count dominated by itself.
    """
    doubtful = [group for group, (events, _) in counts.items() if is_dominated(events, *overall)]
    if not doubtful:
        return dict.fromkeys(counts, overall)
    limit = harmless_part(min(counts[group][0] for group in doubtful))
    rows = collect(tables.busiest_of(traced.rows, own, traced.sections, by, doubtful, limit + 1))
    found = dict.fromkeys(doubtful, (limit, limit))
    found |= {row[by]: (max(row["most"], limit), max(row["second"], limit)) for row in rows}
    return {group: found.get(group, overall) for group in counts}


def _events_and_members(
    counts: Sequence[Row], own: "ir.Table", name: str, numbers: range
) -> dict[int, tuple[int, int]]:
    """Events of members, and members, in each of the numbered months or places where there are any."""
    if not numbers:
        return {}
    events = Counter[int]()
    for row in counts:
        if row[name] is not None:
            events[row[name]] += row["events"]
    (active,) = collect(tables.actors_marked(own, name, numbers))
    return {number: (events[number], active[f"n_{place}"]) for place, number in enumerate(numbers) if events[number]}


def _trace_sets(marks: Mapping[Trace, "ir.Table"], members: "ir.Table") -> dict[frozenset[str], int]:
    if not marks:
        return {}
    names = [trace.name for trace in marks]
    rows = collect(tables.trace_sets([tables.of_members(table, members) for table in marks.values()]))
    return {
        frozenset(name for place, name in enumerate(names) if row["traces"] >> place & 1): row["members"]
        for row in rows
    }


def _sections(
    kinds: Mapping[int, str], reduced: Mapping[str, TraceReduction], name: str
) -> dict[str | None, tuple[int, int, int, int]]:
    """A mapping by place, of threads and of posts, as one by kind of section."""
    if not kinds:
        return {}
    threads, posts = ({} if trace.name not in reduced else getattr(reduced[trace.name], name) for trace in PLACED)
    nobody = (0, 0)
    return {
        kinds.get(place): (*threads.get(place, nobody), *posts.get(place, nobody))
        for place in sorted({*threads, *posts})
    }


def _roles(dataset: Dataset, scope: Scope, members: "ir.Table") -> dict[str, Any]:
    if "role_spell" not in dataset.tables:
        return {"roles": {}, "role_evidence": {}}
    spells = rows_in_scope(dataset, "role_spell", scope)
    holders = collect(tables.role_holders(spells, members))
    evidence = collect(tables.evidence_kinds(spells))
    return {
        "roles": {row["role"]: (row["ever"], row["at_end"]) for row in holders},
        "role_evidence": {row["evidence"]: row["spells"] for row in evidence},
    }


def _moderation(dataset: Dataset, scope: Scope, members: "ir.Table") -> dict[str, Distribution]:
    if "moderation" not in dataset.tables:
        return {}
    rows = collect(tables.acts_of_staff(rows_in_scope(dataset, "moderation", scope), members))
    kinds: dict[str, list[tuple[int, int]]] = {}
    for row in rows:
        kinds.setdefault(row["kind"], []).append((row["acts"], row["members"]))
    return {kind: Distribution.of(*map(list, zip(*found, strict=True))) for kind, found in kinds.items()}
