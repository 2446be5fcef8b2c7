"""Every measure of position of some members, with how it was computed."""

from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import numpy as np

from vestige.network.centrality import (
    column_sums,
    eigenvector,
    k_core,
    page_rank,
    reciprocity,
    row_sums,
    two_mode_hits,
)
from vestige.network.communities import Communities, bridging, find_communities, networkit_graph
from vestige.network.holes import hole_steps, structural_holes
from vestige.network.measures import ACTIVITY, Measure
from vestige.network.paths import Paths, TopBetweenness, TopSearch, shortest_paths, top_betweenness
from vestige.network.ties import Ties
from vestige.statistics.compiled import FloatArray


@dataclass(frozen=True)
class Effort:
    """How much work a measure may take.

    Attributes:
        exact_steps: betweenness and closeness start from every member while members times ties is below this.
        sources: members that paths start from otherwise.
        partitions: seeds from which communities are looked for.
        hole_steps: constraint and effective size are left out when they would take more innermost steps.
    """

    exact_steps: float = 1e10
    sources: int = 64
    partitions: int = 5
    hole_steps: float = 3e10


class Family(StrEnum):
    """Measures that are computed together."""

    ACTIVITY = "activity"
    DEGREES = "degrees"
    PAGERANK = "pagerank"
    EIGENVECTOR = "eigenvector"
    TWO_MODE = "two-mode"
    CORE = "core"
    PATHS = "paths"
    HOLES = "holes"
    COMMUNITIES = "communities"
    RECIPROCITY = "reciprocity"


FAMILIES: Final[Mapping[Family, tuple[Measure, ...]]] = {
    Family.ACTIVITY: ACTIVITY,
    Family.DEGREES: (
        Measure.STRENGTH, Measure.OUT_STRENGTH, Measure.IN_STRENGTH,
        Measure.DEGREE, Measure.OUT_DEGREE, Measure.IN_DEGREE,
    ),
    Family.PAGERANK: (Measure.PAGERANK,),
    Family.EIGENVECTOR: (Measure.EIGENVECTOR,),
    Family.TWO_MODE: (Measure.TWO_MODE_HITS,),
    Family.CORE: (Measure.CORE,),
    Family.PATHS: (Measure.HARMONIC, Measure.BETWEENNESS),
    Family.HOLES: (Measure.CONSTRAINT, Measure.EFFECTIVE_SIZE),
    Family.COMMUNITIES: (Measure.BRIDGING, Measure.PARTICIPATION),
    Family.RECIPROCITY: (Measure.RECIPROCITY,),
}  # fmt: skip

_WALK_STEPS: Final = 80
"""Products with the matrix until a walk or an eigenvector has settled, roughly."""
_LEIDEN_STEPS: Final = 60


@dataclass(frozen=True, eq=False)
class Measured:
    """Values of measures and how they came about.

    Attributes:
        values: of each measure, NaN where it is not defined. Shape (members,) each.
        methods: how a measure was computed, where that is not plain from its name.
        communities: partitions behind bridging.
        paths: what is known of the paths behind betweenness.
        highest: the highest betweenness with a guarantee, where it was looked for.
        left_out: measures that would have taken too long.
    """

    values: Mapping[Measure, FloatArray] = field(repr=False)
    methods: Mapping[Measure, str]
    communities: Communities | None = None
    paths: Paths | None = None
    highest: TopBetweenness | None = None
    left_out: tuple[Measure, ...] = ()


def measure_values(
    ties: Ties, wanted: Collection[Measure], *, effort: Effort, seed: int, top: TopSearch | None = None
) -> Measured:
    """Every wanted measure that the records allow.

    NetworKit's part runs beside the others: it takes one processor as long as all of them take another.

    Args:
        ties: the records.
        wanted: which measures.
        effort: how much work they may take.
        seed: of sampled sources and of communities.
        top: how to look for the highest betweenness where betweenness is sampled; None for not at all.
    """
    possible = set(wanted) & set(ties.measures)
    families = [family for family, members in FAMILIES.items() if possible & set(members)]
    with ThreadPoolExecutor(1) as pool:
        beside = pool.submit(_searched, ties, families, effort, seed, top if Measure.BETWEENNESS in possible else None)
        found = _computed(ties, families, effort, seed)
        communities, highest = beside.result()
    values, methods = dict(found.values), dict(found.methods)
    if communities is not None:
        values |= dict(zip(FAMILIES[Family.COMMUNITIES], bridging(ties.joined, communities), strict=True))
        methods |= _community_methods(communities, seed)
    return Measured(
        values={measure: values[measure] for measure in Measure if measure in possible and measure in values},
        methods={own: text for own, text in methods.items() if own in possible},
        communities=communities,
        paths=found.paths,
        highest=highest,
        left_out=tuple(measure for measure in found.left_out if measure in possible),
    )


def _searched(
    ties: Ties, families: Collection[Family], effort: Effort, seed: int, top: TopSearch | None
) -> tuple[Communities | None, TopBetweenness | None]:
    """What NetworKit finds; its betweenness knows no directions."""
    sampled = Family.PATHS in families and not ties.directed and sampled_sources(ties, effort) is not None
    graph = None if top is None or not sampled else networkit_graph(ties.joined, directed=False)
    communities = None
    if Family.COMMUNITIES in families:
        communities = find_communities(ties.joined, partitions=effort.partitions, seed=seed, graph=graph)
    highest = None if top is None or graph is None else top_betweenness(graph, top, seed=seed)
    return communities, highest


def _computed(ties: Ties, families: Collection[Family], effort: Effort, seed: int) -> Measured:
    """Every measure of the families that needs no search."""
    values: dict[Measure, FloatArray] = {}
    methods: dict[Measure, str] = {}
    paths: Paths | None = None
    left_out: tuple[Measure, ...] = ()
    for family in families:
        if family is Family.COMMUNITIES:
            continue
        if family is Family.HOLES and hole_steps(ties) > effort.hole_steps:
            left_out = FAMILIES[family]
        elif family is Family.PATHS:
            paths, found = _path_values(ties, effort, seed)
            values |= found
            methods |= _path_methods(paths, seed, directed=ties.directed)
        else:
            values |= _plain_values(ties, family)
    return Measured(values, methods, paths=paths, left_out=left_out)


def _plain_values(ties: Ties, family: Family) -> Mapping[Measure, FloatArray]:
    members = FAMILIES[family]
    match family:
        case Family.ACTIVITY:
            return dict(ties.activity)
        case Family.DEGREES:
            return _degrees(ties)
        case Family.HOLES:
            return dict(zip(members, structural_holes(ties), strict=True))
        case _:
            return {members[0]: _SINGLE[family](ties)}


def _hits(ties: Ties) -> FloatArray:
    return np.zeros(ties.size) if ties.membership is None else two_mode_hits(ties.membership)


_SINGLE: Final[Mapping[Family, Callable[[Ties], FloatArray]]] = {
    Family.PAGERANK: lambda ties: page_rank(ties.adjacency, symmetric=not ties.directed),
    Family.EIGENVECTOR: lambda ties: eigenvector(ties.joined),
    Family.TWO_MODE: _hits,
    Family.CORE: k_core,
    Family.RECIPROCITY: lambda ties: reciprocity(ties.adjacency),
}


def _degrees(ties: Ties) -> dict[Measure, FloatArray]:
    found = {
        Measure.STRENGTH: row_sums(ties.joined),
        Measure.DEGREE: np.diff(ties.joined.indptr).astype(np.float64),
    }
    if ties.directed:
        found |= {
            Measure.OUT_STRENGTH: row_sums(ties.adjacency),
            Measure.IN_STRENGTH: column_sums(ties.adjacency),
            Measure.OUT_DEGREE: np.diff(ties.adjacency.indptr).astype(np.float64),
            Measure.IN_DEGREE: np.bincount(ties.adjacency.indices, minlength=ties.size).astype(np.float64),
        }
    return found


def sampled_sources(ties: Ties, effort: Effort) -> int | None:
    """Members that paths start from; None for all."""
    pairs = ties.joined.nnz / 2
    return None if ties.size * pairs < effort.exact_steps else effort.sources


def _path_values(ties: Ties, effort: Effort, seed: int) -> tuple[Paths, dict[Measure, FloatArray]]:
    sources = sampled_sources(ties, effort)
    paths = shortest_paths(ties.adjacency, sources=sources, seed=seed)
    harmonic = paths.harmonic
    if ties.directed:
        harmonic = shortest_paths(ties.joined, sources=sources, seed=seed).harmonic
    return paths, {Measure.HARMONIC: harmonic, Measure.BETWEENNESS: paths.betweenness}


def _path_methods(paths: Paths, seed: int, *, directed: bool) -> dict[Measure, str]:
    along = "along directions" if directed else "every tie one step"
    if paths.exact:
        exact = f"exact, {along} (Brandes 2001)"
        return {Measure.BETWEENNESS: exact, Measure.HARMONIC: "exact, either direction one step"}
    agreement = (
        "" if paths.agreement is None else f"; halves of the sources agree with rank correlation {paths.agreement:.3f}"
    )
    drawn = f"estimated from {paths.sources} members drawn with seed {seed}"
    return {
        Measure.BETWEENNESS: f"{drawn}, {along} (Brandes and Pich 2007){agreement}",
        Measure.HARMONIC: f"{drawn} (Eppstein and Wang 2004)",
    }


def _community_methods(communities: Communities, seed: int) -> dict[Measure, str]:
    agreement = "" if communities.agreement is None else f", adjusted Rand index {communities.agreement:.2f} among them"
    text = f"mean over {len(communities.labels)} Leiden partitions, seed {seed}{agreement}"
    return {Measure.BRIDGING: text, Measure.PARTICIPATION: text}


def family_steps(ties: Ties, family: Family, effort: Effort) -> float:
    """About how many innermost steps a family takes; to decide what can be repeated hundreds of times."""
    arcs = float(ties.joined.nnz)
    sources = sampled_sources(ties, effort) or ties.size
    incidences = 0.0 if ties.incidence is None else float(ties.incidence.nnz)
    return (
        ties.size
        + {
            Family.ACTIVITY: incidences,
            Family.DEGREES: 4 * arcs,
            Family.PAGERANK: _WALK_STEPS * arcs,
            Family.EIGENVECTOR: _WALK_STEPS * arcs,
            Family.TWO_MODE: 2 * _WALK_STEPS * incidences,
            Family.CORE: 10 * arcs,
            Family.PATHS: 4.0 * sources * arcs * (2 if ties.directed else 1),
            Family.HOLES: hole_steps(ties) if family is Family.HOLES else 0.0,
            Family.COMMUNITIES: _LEIDEN_STEPS * effort.partitions * arcs,
            Family.RECIPROCITY: 20 * arcs,
        }[family]
    )
