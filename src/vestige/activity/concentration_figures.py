"""Tables of concentration over members, in both populations that a reader may mean."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import ceil, floor
from typing import Final

import numpy as np

from vestige.activity.traces import TRACES, Trace
from vestige.disclosure import MINIMUM_MEMBERS, Additive, ColumnKind, ColumnRule, TableRule
from vestige.disclosure.figures import Figures, members_column, rows_table
from vestige.disclosure.populations import EVERYBODY
from vestige.statistics.concentration import Concentration, Estimate, measure_spread
from vestige.statistics.distribution import Distribution

ALL: Final = "all members"
ACTIVE: Final = "members with any"
CONFIDENCE: Final = 0.95

_GRID: Final = (*(step / 20 for step in range(20)), 0.96, 0.97, 0.98, 0.99, 0.995, 0.999, 1.0)
"""Parts of the population at which a Lorenz curve may be shown; finer where the most active are."""
_ROUNDING: Final = 1e-9
"""Keeps 29 % of 100 members from being 28 of them."""
_TITLES: Final = tuple(trace.title for trace in TRACES)
_COUNTED: Final = {(trace.title, ALL): EVERYBODY for trace in TRACES} | {
    (trace.title, ACTIVE): trace.actors for trace in TRACES
}


@dataclass(frozen=True)
class Spread:
    """Concentration of one trace in one population, and how many of it did anything: only they stand behind it."""

    trace: str
    actors: int
    population: str
    concentration: Concentration


def measure_spreads(
    distributions: Mapping[Trace, Distribution],
    members: int,
    *,
    top: tuple[float, ...],
    cover: tuple[float, ...] = (),
    replicates: int,
    seed: int,
) -> tuple[Spread, ...]:
    """Concentration of each trace among all members and among those with any, where the two differ.

    Args:
        distributions: trace to the events of each member who has any.
        members: number of all members.
        top: parts of the population whose share is measured.
        cover: parts of everything for which the members needed are counted.
        replicates: bootstrap samples.
        seed: of the bootstrap.
    """
    spreads = []
    for trace, own in distributions.items():
        for population, distribution in _populations(own, members):
            measured = measure_spread(
                distribution,
                top=top,
                grid=lorenz_grid(distribution.size),
                cover=cover,
                replicates=replicates,
                confidence=CONFIDENCE,
                seed=seed,
            )
            if measured is not None:
                spreads.append(Spread(trace.title, own.size, population, measured))
    return tuple(spreads)


def _populations(own: Distribution, members: int) -> Iterator[tuple[str, Distribution]]:
    silent = members - own.size
    yield ALL, Distribution.of(np.append(own.values, 0.0), np.append(own.members, silent))  # type: ignore[arg-type] # arrays are sequences here
    if silent:
        yield ACTIVE, own


def lorenz_grid(size: int) -> tuple[float, ...]:
    """Points of the Lorenz curve with at least ten members between any two, so that no step is a small cell."""
    kept = [1.0]
    for part in reversed(_GRID[1:-1]):
        if min(kept[-1] - part, part) * size >= MINIMUM_MEMBERS:
            kept.append(part)
    return (0.0, *reversed(kept))


def concentration_figures(spreads: tuple[Spread, ...]) -> Iterator[Figures]:
    """Tables of Gini coefficients, top shares and Lorenz curves."""
    if spreads:
        yield _gini(spreads)
        yield _top_shares(spreads)
        yield _lorenz(spreads)


def _gini(spreads: tuple[Spread, ...]) -> Figures:
    rule = TableRule(
        "gini",
        "Gini coefficient",
        (
            *_labels(),
            members_column("members", "Members", additive=Additive.NO, counts=_COUNTED),
            _actors(),
            *_estimates("gini", "Gini", ColumnKind.ESTIMATE, "members"),
        ),
        "0: all did equally much; 1: one did everything. Studentised bootstrap intervals over members.",
    )
    rows: list[tuple[object, ...]] = [
        (each.trace, each.population, each.concentration.size, each.actors, *_ends(each.concentration.gini))
        for each in spreads
    ]
    return Figures(rule, rows_table(rule, rows))


def _top_shares(spreads: tuple[Spread, ...]) -> Figures:
    parts = tuple(spreads[0].concentration.top)
    rule = TableRule(
        "top_shares",
        "Share of the most active",
        (
            *_labels(),
            ColumnRule("part", "Top", ColumnKind.LABEL, vocabulary=parts or (0.0,)),
            members_column("members", "Members", additive=Additive.NO),
            _actors(),
            *_estimates("share", "Share", ColumnKind.PROPORTION, "members"),
        ),
        "What the most active part of a population did, of everything done; members: those in that part.",
    )
    rows: list[tuple[object, ...]] = [
        (
            each.trace,
            each.population,
            part,
            floor(part * each.concentration.size + _ROUNDING),
            each.actors,
            *_ends(estimate),
        )
        for each in spreads
        for part, estimate in each.concentration.top.items()
    ]
    return Figures(rule, rows_table(rule, rows))


def _lorenz(spreads: tuple[Spread, ...]) -> Figures:
    rule = TableRule(
        "lorenz",
        "Lorenz curves",
        (
            *_labels(),
            ColumnRule("part", "Least active", ColumnKind.LABEL, vocabulary=_GRID),
            members_column("step", "Members since the last point", additive=Additive.NO, shown=False),
            _actors(),
            *_estimates("share", "Share", ColumnKind.PROPORTION, "step"),
        ),
        "What the least active part of the population did, of everything done.",
    )
    rows: list[tuple[object, ...]] = []
    for each in spreads:
        size = each.concentration.size
        parts = list(each.concentration.lorenz)
        for place, (part, estimate) in enumerate(each.concentration.lorenz.items()):
            nearest = min(abs(part - other) for other in parts[max(0, place - 1) : place + 2] if other != part)
            rows.append((each.trace, each.population, part, round(nearest * size), each.actors, *_ends(estimate)))
    return Figures(rule, rows_table(rule, rows))


def theil_figures(spreads: tuple[Spread, ...]) -> Figures:
    """Theil's index of each trace and population."""
    rule = TableRule(
        "theil",
        "Theil index",
        (
            *_labels(),
            members_column("members", "Members", additive=Additive.NO, counts=_COUNTED),
            _actors(),
            *_estimates("theil", "Theil", ColumnKind.ESTIMATE, "members"),
        ),
        "0: all did equally much; the log of the number of members: one did everything. It weighs the busiest most.",
    )
    rows: list[tuple[object, ...]] = [
        (each.trace, each.population, each.concentration.size, each.actors, value.value, value.low, value.high)
        for each in spreads
        for value in (each.concentration.theil,)
    ]
    return Figures(rule, rows_table(rule, [_no_negative_zero(row) for row in rows]))


def _no_negative_zero(row: tuple[object, ...]) -> tuple[object, ...]:
    """Equal shares may come out as -1e-17."""
    return (*row[:4], *(max(0.0, value) if isinstance(value, float) else value for value in row[4:]))


def coverage_figures(spreads: tuple[Spread, ...]) -> Figures:
    """How many members account for a part of everything; a member counts in proportion where the part ends in one."""
    rule = TableRule(
        "coverage",
        "Members who account for a part of everything",
        (
            *_labels(),
            ColumnRule(
                "part",
                "Part of everything",
                ColumnKind.LABEL,
                vocabulary=tuple(spreads[0].concentration.coverage) or (0.5,),
            ),
            members_column("needed", "Members needed", additive=Additive.NO),
            members_column("members", "Of members", additive=Additive.NO, counts=_COUNTED, whole=True),
            _actors(),
            *_estimates("share", "Share of members", ColumnKind.PROPORTION, "needed"),
        ),
        "The smallest group of members who together did that part.",
    )
    rows: list[tuple[object, ...]] = [
        (
            each.trace,
            each.population,
            part,
            ceil(estimate.value * each.concentration.size - _ROUNDING),
            each.concentration.size,
            each.actors,
            *_ends(estimate),
        )
        for each in spreads
        for part, estimate in each.concentration.coverage.items()
    ]
    return Figures(rule, rows_table(rule, rows))


def _labels() -> tuple[ColumnRule, ColumnRule]:
    return (
        ColumnRule("trace", "What", ColumnKind.LABEL, vocabulary=_TITLES),
        ColumnRule("population", "Among", ColumnKind.LABEL, vocabulary=(ALL, ACTIVE)),
    )


def _estimates(name: str, title: str, kind: ColumnKind, behind: str) -> tuple[ColumnRule, ColumnRule, ColumnRule]:
    return (
        ColumnRule(name, title, kind, behind=(behind, "actors")),
        ColumnRule("low", "95 % from", kind, behind=(behind, "actors")),
        ColumnRule("high", "to", kind, behind=(behind, "actors")),
    )


def _actors() -> ColumnRule:
    """A thousand members of whom one wrote everything are one member behind the figure."""
    return members_column("actors", "Members with any", additive=Additive.NO, shown=False)


def _ends(estimate: Estimate) -> tuple[float | None, float | None, float | None]:
    """An estimate and its interval, kept inside [0, 1] against the last digit of floating point."""
    low, high = estimate.low, estimate.high
    return _unit(estimate.value), None if low is None else _unit(low), None if high is None else _unit(high)


def _unit(value: float) -> float:
    return min(1.0, max(0.0, value))
