"""`measure_structure`: size, shape and distributions of a network, beside random networks with the same degrees."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from vestige.disclosure import SafeTable, check_tables
from vestige.disclosure.figures import Figures
from vestige.errors import SettingsError
from vestige.network import shape
from vestige.network.findings import tie_findings
from vestige.network.graph import AnyNetwork, Network, TwoModeNetwork
from vestige.network.null_models import SWAPS_PER_TIE, curveball, rewired
from vestige.network.structure_tables import (
    Shape,
    band_figures,
    shape_figures,
    size_figures,
    tail_figures,
    topic_figures,
)
from vestige.network.words import opening_words
from vestige.progress import Progress, Step, ignore_progress
from vestige.results import Finding, Provenance, Severity, most_severe_first, plain_settings
from vestige.statistics.compiled import IntArray
from vestige.statistics.distribution import Distribution
from vestige.statistics.heavy_tails import HeavyTail, fit_heavy_tail

if TYPE_CHECKING:
    import pyarrow as pa
    from scipy import sparse

Measure = Callable[["sparse.csr_array"], "float | None"]

_THREADS: Final = 2
"""Random networks made at a time."""
_MOST_SWAPS: Final = 120_000_000
"""Attempted swaps of all random networks together: about a minute."""


@dataclass(frozen=True)
class StructureSettings:
    """How the structure is measured.

    Attributes:
        replicates: random networks with the same degrees to compare with; 0 for none.
    """

    replicates: int = 20

    def __post_init__(self) -> None:
        """Refuse settings outside their range."""
        if not 0 <= self.replicates <= 10_000:  # noqa: PLR2004 - a bound, not a threshold of the method
            raise SettingsError("the number of random networks is out of range", hint="0 to 10,000")


@dataclass(frozen=True)
class StructureResult:
    """The structure of a network. `table` is exact and for the researcher; what is printed goes through `safe`.

    Attributes:
        opening: the network in one sentence.
        figures: table name to the exact table and its disclosure rule.
        shapes: figures of shape by name, with their random range.
        tails: fitted tails by what is distributed; None where the tail is too short.
        findings: what to know before trusting it, most severe first.
        provenance: how to get it again.
    """

    opening: str
    figures: Mapping[str, Figures] = field(repr=False)
    shapes: Mapping[str, Shape]
    tails: Mapping[str, HeavyTail | None] = field(repr=False)
    findings: tuple[Finding, ...]
    provenance: Provenance

    @property
    def table_names(self) -> tuple[str, ...]:
        """Names of the tables."""
        return tuple(self.figures)

    def table(self, name: str) -> "pa.Table":
        """An exact table; raises SettingsError for an unknown name."""
        return self._known(name).data

    def safe(self, name: str) -> SafeTable:
        """A table as the disclosure policy lets it leave; raises SettingsError for an unknown name."""
        self._known(name)
        return self._safe_by_name[name]

    @property
    def safe_tables(self) -> tuple[SafeTable, ...]:
        """Every table as the disclosure policy lets it leave."""
        return tuple(self._safe_by_name.values())

    @cached_property
    def _safe_by_name(self) -> Mapping[str, SafeTable]:
        return check_tables({name: (own.data, own.rule) for name, own in self.figures.items()})

    def summary(self) -> str:
        """The structure in words and numbers that may leave."""
        lines = [self.opening]
        for table in self.safe_tables:
            titles = " | ".join(rule.title for rule in table.columns)
            lines += ["", table.title, titles, *(" | ".join(row) for row in table.texts())]
        lines += ["", *(f"{finding.severity.value}: {finding.text}" for finding in self.findings)]
        return "\n".join(lines)

    def to_plain(self) -> dict[str, Any]:
        """What may leave, as values that JSON can hold."""
        return {
            "network": self.opening,
            "tables": {table.name: table.rows() for table in self.safe_tables},
            "findings": [
                {"code": finding.code, "severity": finding.severity.value, "text": finding.text}
                for finding in self.findings
            ],
            "provenance": {"settings": dict(self.provenance.settings), "seed": self.provenance.seed,
                           "dataset": self.provenance.dataset_digest, "version": self.provenance.version},
        }  # fmt: skip

    def _known(self, name: str) -> Figures:
        if name not in self.figures:
            raise SettingsError("there is no such table", hint=f"choose one of {', '.join(self.figures)}")
        return self.figures[name]


def measure_structure(
    network: AnyNetwork,
    *,
    settings: StructureSettings | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> StructureResult:
    """Size, shape and distributions of a network, with random networks of the same degrees as yardsticks.

    One-mode networks are compared with tie swaps, two-mode networks with curveball; both keep every degree.

    Args:
        network: one- or two-mode.
        settings: how many random networks.
        seed: of the random networks and of drawn wedges.
        progress: called once a random network.

    Raises:
        ValueError: never for a network made by this package.
    """
    wanted = settings or StructureSettings()
    report = progress or ignore_progress
    provenance = Provenance(
        "measure_structure",
        {"network": dict(network.provenance.settings), **plain_settings(wanted)},
        seed,
        network.provenance.dataset_digest,
    )
    parts = _one_mode(network) if isinstance(network, Network) else _two_mode(network)
    replicates = _affordable(network, wanted.replicates)
    shapes = _compared(parts, replicates, seed, report)
    tails = {name: _tail(values) for name, values in parts.distributed.items()}
    figures = [
        size_figures(parts.sizes),
        shape_figures(shapes, parts.behind),
        *(band_figures(name, values) for name, values in parts.distributed.items() if name in parts.by_member),
        *([topic_figures(network)] if isinstance(network, TwoModeNetwork) else []),
        tail_figures({name: tail for name, tail in tails.items() if tail is not None}, parts.behind),
    ]
    findings = [
        *network.findings,
        *tie_findings(network.ties, network.findings),
        *_findings(wanted.replicates, replicates, parts, tails),
    ]
    return StructureResult(
        opening_words(network),
        {own.rule.name: own for own in figures if own.data.num_rows},
        shapes,
        tails,
        most_severe_first(findings),
        provenance,
    )


@dataclass(frozen=True)
class _Parts:
    """What is measured of one kind of network.

    Attributes:
        matrix: the matrix that measures take and random networks start from.
        shuffled: a random matrix of the same degrees, from a seed.
        measures: figures that random networks are compared in.
        plain: figures that follow from size and degrees alone.
        one_way: the matrix with directions, whose reciprocity is set beside random networks that keep in- and
            out-degrees. Those have fewer returned ties, hence more pairs, so that the other figures are compared
            without directions.
        sizes: (what, count, members behind it).
        distributed: whole numbers whose tails are fitted, by name.
        by_member: names among `distributed` that are of members.
        behind: members behind figures of the whole.
    """

    matrix: "sparse.csr_array"
    shuffled: Callable[[int], "sparse.csr_array"]
    measures: Mapping[str, Measure]
    plain: Mapping[str, float | None]
    one_way: "sparse.csr_array | None"
    sizes: tuple[tuple[str, int, int], ...]
    distributed: Mapping[str, IntArray]
    by_member: tuple[str, ...]
    behind: int


def _one_mode(network: Network) -> _Parts:
    joined, degree = network.joined(), network.degree
    components = shape.component_sizes(joined)
    tied, largest = int((degree > 0).sum()), int(components.max(initial=0))
    measures: dict[str, Measure] = {
        "clustering": lambda own: shape.transitivity(own, seed=0),
        "assortativity": shape.degree_assortativity,
        "largest component": lambda own: _share(shape.component_sizes(own)),
    }
    sizes = (
        ("members", network.size, network.size),
        ("members with a tie", tied, tied),
        ("ties", network.ties, tied),
        ("members of the largest component", largest, largest),
        ("components of two or more", int((components > 1).sum()), tied),
    )
    return _Parts(
        matrix=joined,
        shuffled=lambda seed: rewired(joined, directed=False, seed=seed),
        measures=measures,
        one_way=network.adjacency if network.directed else None,
        plain={
            "density": shape.density(network.ties, network.size, directed=network.directed),
            "centralisation": shape.centralisation(joined),
        },
        sizes=sizes,
        distributed={"degree": degree},
        by_member=("degree",),
        behind=network.size,
    )


def _two_mode(network: TwoModeNetwork) -> _Parts:
    membership, size = network.membership(), network.size
    largest = int(shape.two_mode_component_sizes(membership).max(initial=0))
    shared = network.thread_sizes > 1
    sharing = int((network.newman_strength > 0).sum())
    return _Parts(
        matrix=membership,
        shuffled=lambda seed: curveball(membership, seed=seed),
        one_way=None,
        measures={
            "largest component": lambda own: _share(shape.two_mode_component_sizes(own)),
            "thread size and activity": shape.size_against_activity,
            "assortativity": shape.two_mode_assortativity,
        },
        plain={"density": network.ties / max(size * len(network.threads), 1)},
        sizes=(
            ("members", size, size),
            ("threads", len(network.threads), size),
            ("threads that several wrote in", int(shared.sum()), sharing),
            ("pairs of a member and a thread", network.ties, size),
            ("members who share a thread", sharing, sharing),
            ("members of the largest component", largest, largest),
        ),
        distributed={"threads joined": network.threads_joined, "thread size": network.thread_sizes},
        by_member=("threads joined",),
        behind=size,
    )


def _share(components: IntArray) -> float | None:
    return float(components.max() / components.sum()) if components.size else None


def _affordable(network: AnyNetwork, replicates: int) -> int:
    if isinstance(network, TwoModeNetwork) or not network.ties:
        return replicates
    return min(replicates, _MOST_SWAPS // (SWAPS_PER_TIE * network.ties))


def _compared(parts: _Parts, replicates: int, seed: int, progress: Progress) -> dict[str, Shape]:
    """Each figure, with the mean and the 2.5 % and 97.5 % quantiles of random networks."""
    seeds = [int(child.generate_state(1)[0]) for child in np.random.SeedSequence(seed).spawn(replicates)]
    drawn: dict[str, list[float | None]] = {name: [] for name in parts.measures}
    returned: list[float | None] = []
    with ThreadPoolExecutor(_THREADS) as pool:
        for done, (values, back) in enumerate(pool.map(lambda own: _random_values(parts, own), seeds)):
            for name, value in values.items():
                drawn[name].append(value)
            returned.append(back)
            progress(Step("random networks", done + 1, replicates, "networks"))
    found = {name: Shape(value) for name, value in parts.plain.items()}
    found |= {name: _beside(measure(parts.matrix), drawn[name]) for name, measure in parts.measures.items()}
    if parts.one_way is not None:
        found["reciprocity"] = _beside(shape.reciprocity(parts.one_way), returned)
    return found


def _random_values(parts: _Parts, seed: int) -> tuple[dict[str, float | None], float | None]:
    """Each figure, and the share of ties returned, of one random network."""
    matrix = parts.shuffled(seed)
    values = {name: measure(matrix) for name, measure in parts.measures.items()}
    if parts.one_way is None:
        return values, None
    return values, shape.reciprocity(rewired(parts.one_way, directed=True, seed=seed))


def _beside(observed: float | None, drawn: list[float | None]) -> Shape:
    known = [value for value in drawn if value is not None]
    if observed is None or not known:
        return Shape(observed)
    low, high = np.quantile(known, (0.025, 0.975))
    return Shape(observed, float(np.mean(known)), float(low), float(high))


def _tail(values: IntArray) -> HeavyTail | None:
    positive = values[values > 0]
    if not positive.size:
        return None
    distinct, counts = np.unique(positive, return_counts=True)
    return fit_heavy_tail(Distribution(distinct.astype(np.float64), counts.astype(np.int64)))


def _findings(asked: int, replicates: int, parts: _Parts, tails: Mapping[str, HeavyTail | None]) -> Iterator[Finding]:
    if replicates < asked:
        text = (
            f"Only {replicates} of {asked} random networks were made: with so many ties each takes long. "
            if replicates
            else "The network has too many ties to be compared with random ones of the same degrees. "
        )
        yield Finding("few-random-networks", Severity.CAUTION, text + "The two-mode network can be compared.")
    if parts.behind and "clustering" in parts.measures:
        degree = parts.distributed["degree"].astype(np.float64)
        if (degree * (degree - 1) / 2).sum() > shape.EXACT_WEDGES:
            text = "Clustering is estimated from 200,000 pairs of ties drawn at random (standard error below 0.0012)."
            yield Finding("clustering-sampled", Severity.NOTE, text)
    for name, tail in tails.items():
        if tail is None:
            text = f"The distribution of {name} is too short to fit a tail to."
            yield Finding("tail-not-fitted", Severity.NOTE, text)
