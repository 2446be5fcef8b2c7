"""Tables of positions. Those with a row a member are for the researcher, and for a list of the highest ranks."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from vestige.network.measures import TRAITS, Measure
from vestige.network.rank_stability import Missing, highest, oriented
from vestige.statistics.compiled import FloatArray
from vestige.statistics.ranking import rank_correlation, ranks

if TYPE_CHECKING:
    from vestige.network.positions import PositionResult


def column_of(measure: Measure) -> str:
    """Name of a measure's column."""
    return measure.value.replace("-", "_")


def nullable(values: FloatArray) -> "pa.Array":
    """Numbers with null for what is not defined."""
    return pa.array(values, pa.float64(), mask=np.isnan(values))


def position_table(result: "PositionResult") -> "pa.Table":
    """One row a member: member, pseudonym, community, then of each measure its value, rank and rank interval.

    Rank 1 is the most central, ties share the mean of their ranks; of constraint that is the lowest value.
    """
    observed, measured = result.observed, result.measured
    columns: dict[str, Any] = {"member": observed.members, "pseudonym": pa.array(observed.pseudonyms, pa.string())}
    if measured.communities is not None:
        columns["community"] = measured.communities.labels[0]
    for measure, values in measured.values.items():
        name = column_of(measure)
        columns[name] = nullable(values)
        columns[f"{name}_rank"] = ranks(oriented(measure, values))
        if measure in result.intervals:
            columns[f"{name}_rank_low"] = result.intervals[measure].low
            columns[f"{name}_rank_high"] = result.intervals[measure].high
    return pa.table(columns)


def top_table(result: "PositionResult") -> "pa.Table":
    """The first members of each measure: measure, place, member, pseudonym, value, rank interval."""
    rows = []
    for measure, values in result.measured.values.items():
        scores = oriented(measure, values)
        interval = result.intervals.get(measure)
        for place, row in enumerate(highest(scores)[: result.settings.top], 1):
            if np.isfinite(scores[row]):
                rows.append(
                    {
                        "measure": measure.value, "place": place, "member": int(result.observed.members[row]),
                        "pseudonym": result.observed.pseudonyms[row], "value": float(values[row]),
                        "rank_low": None if interval is None else float(interval.low[row]),
                        "rank_high": None if interval is None else float(interval.high[row]),
                    }
                )  # fmt: skip
    return pa.Table.from_pylist(rows, _TOP)


_TOP: Final = pa.schema(
    [("measure", pa.string()), ("place", pa.int64()), ("member", pa.int64()), ("pseudonym", pa.string()),
     ("value", pa.float64()), ("rank_low", pa.float64()), ("rank_high", pa.float64())]
)  # fmt: skip


def method_table(result: "PositionResult") -> "pa.Table":
    """How each measure was computed: measure, title, words, activity (whether it is a baseline), method, interval."""
    rows = [
        {
            "measure": measure.value,
            "title": TRAITS[measure].title,
            "words": TRAITS[measure].words,
            "activity": measure in result.baselines,
            "method": result.measured.methods.get(measure, "exact"),
            "interval": measure in result.intervals,
        }
        for measure in result.measures
    ]
    return pa.Table.from_pylist(rows)


def stability_table(result: "PositionResult") -> "pa.Table":
    """What is left of ranks when a share of records or members is missing; see `StabilityRow`."""
    rows = [{**asdict(row), "measure": row.measure.value, "missing": row.missing.value} for row in result.stability]
    return pa.Table.from_pylist(rows, _STABILITY)


_STABILITY: Final = pa.schema(
    [("measure", pa.string()), ("missing", pa.string()), ("share", pa.float64()), ("replicates", pa.int64()),
     *((name, pa.float64()) for name in ("correlation", "low", "high", "first_stays", "first_in_three", "overlap"))]
)  # fmt: skip


def agreement_table(result: "PositionResult") -> "pa.Table":
    """Rank correlation of each two measures: one, two, correlation; null where a measure is the same for all."""
    scores = {measure: oriented(measure, values) for measure, values in result.measured.values.items()}
    rows = [
        {"one": one.value, "two": two.value, "correlation": rank_correlation(scores[one], scores[two])}
        for one, two in combinations(scores, 2)
    ]
    return pa.Table.from_pylist(
        rows, pa.schema([("one", pa.string()), ("two", pa.string()), ("correlation", pa.float64())])
    )


def community_table(result: "PositionResult") -> "pa.Table":
    """Partitions: partition, communities, largest (share of the members), modularity."""
    found = result.measured.communities
    labels = [] if found is None else list(found.labels)
    modularity = [] if found is None else found.modularity.tolist()
    return pa.table(
        {
            "partition": pa.array(range(1, len(labels) + 1), pa.int64()),
            "communities": pa.array([int(own.max(initial=-1)) + 1 for own in labels], pa.int64()),
            "largest": pa.array([float(np.bincount(own).max() / own.size) for own in labels], pa.float64()),
            "modularity": pa.array(modularity, pa.float64()),
        }
    )


def highest_table(result: "PositionResult") -> "pa.Table":
    """The highest betweenness with its guarantee: place, member, pseudonym, share, error; empty where it is exact."""
    found = result.highest_betweenness
    rows = [] if found is None else [
        {
            "place": place, "member": int(result.observed.members[row]),
            "pseudonym": result.observed.pseudonyms[row], "share": float(score), "error": found.error,
        }
        for place, (row, score) in enumerate(zip(found.members.tolist(), found.scores, strict=True), 1)
    ]  # fmt: skip
    fields = [("place", pa.int64()), ("member", pa.int64()), ("pseudonym", pa.string()), ("share", pa.float64())]
    return pa.Table.from_pylist(rows, pa.schema([*fields, ("error", pa.float64())]))


TABLES: Final[Mapping[str, Callable[["PositionResult"], "pa.Table"]]] = {
    "positions": position_table,
    "top": top_table,
    "highest_betweenness": highest_table,
    "methods": method_table,
    "stability": stability_table,
    "agreement": agreement_table,
    "communities": community_table,
}


_LOSS: Final = (Missing.RECORDS, 0.1)


def position_words(result: "PositionResult") -> str:
    """How many members, how alike the measures are, and what ranks survive; no single member."""
    ties = result.observed.ties
    pairs = ties.adjacency.nnz if ties.directed else ties.adjacency.nnz // 2
    lines = [f"{ties.size:,} members, {pairs:,} {'directed ' if ties.directed else ''}ties ({result.observed.kind})."]
    scores = {measure: oriented(measure, values) for measure, values in result.measured.values.items()}
    plain = result.baselines
    for measure in result.measures:
        line = f"{TRAITS[measure].title}: {result.measured.methods.get(measure, 'exact')}"
        if measure not in plain and plain:
            nearest = [(rank_correlation(scores[measure], scores[own]), own) for own in plain]
            known = [(value, own) for value, own in nearest if value is not None]
            if known:
                value, own = max(known)
                line += f"; rank correlation with {TRAITS[own].title.lower()} {value:.2f}"
        kept = [
            row.correlation for row in result.stability if (row.measure, row.missing, row.share) == (measure, *_LOSS)
        ]
        if kept and kept[0] is not None:
            line += f"; with a tenth of the records missing {kept[0]:.2f} with itself"
        lines.append(line + ".")
    return "\n".join([*lines, *(f"{finding.severity.value}: {finding.text}" for finding in result.findings)])
