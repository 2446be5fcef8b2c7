"""Figures of a network's structure as tables, each with the rule by which the disclosure policy lets it leave."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from vestige.disclosure import Additive, ColumnKind, ColumnRule, TableRule
from vestige.disclosure.figures import Figures, rows_table
from vestige.network.graph import TwoModeNetwork
from vestige.statistics.compiled import IntArray
from vestige.statistics.heavy_tails import HeavyTail
from vestige.statistics.tail_families import TailFamily

BAND_STARTS: Final = (0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 5_000)
"""Lower ends of the bands in which degrees and sizes are shown."""

SIZES: Final = (
    "members", "members with a tie", "ties", "members of the largest component", "components of two or more",
    "threads", "threads that several wrote in", "pairs of a member and a thread", "members who share a thread",
)  # fmt: skip
COUNTED: Final = {
    "members": "networked", "members with a tie": "tied", "members of the largest component": "connected",
    "members who share a thread": "sharing-threads", "ties": "ties",
}  # fmt: skip
"""Of the sizes, what can be compared with other tables."""
SHAPES: Final = (
    "density", "centralisation", "clustering", "assortativity", "largest component", "reciprocity",
    "thread size and activity",
)  # fmt: skip
TAILS: Final = ("degree", "threads joined", "thread size")


@dataclass(frozen=True)
class Shape:
    """A figure, with the mean and 95 % range over random networks of the same degrees where there are any."""

    value: float | None
    random_mean: float | None = None
    random_low: float | None = None
    random_high: float | None = None

    @property
    def beyond(self) -> bool | None:
        """Whether the figure lies outside the random range; None without one."""
        if self.value is None or self.random_low is None or self.random_high is None:
            return None
        return not self.random_low <= self.value <= self.random_high


def size_figures(sizes: Sequence[tuple[str, int, int]]) -> Figures:
    """Counts of members, ties and threads."""
    rule = TableRule(
        "size",
        "Size",
        (
            ColumnRule("what", "What", ColumnKind.LABEL, vocabulary=SIZES),
            ColumnRule("count", "Count", ColumnKind.COUNT, behind=("members",), additive=Additive.NO, counts=COUNTED),
            ColumnRule("members", "Members behind it", ColumnKind.MEMBERS, additive=Additive.NO, shown=False),
        ),
        "A component is a set of members who reach each other over ties, whatever their direction.",
    )
    return Figures(rule, rows_table(rule, sizes))


def shape_figures(shapes: Mapping[str, Shape], members: int) -> Figures:
    """Density, clustering and the like, beside random networks."""
    estimate = ("value", "Value"), ("random_mean", "Random: mean"), ("random_low", "2.5 %"), ("random_high", "97.5 %")
    rule = TableRule(
        "shape",
        "Shape",
        (
            ColumnRule("figure", "Figure", ColumnKind.LABEL, vocabulary=SHAPES),
            *(ColumnRule(name, title, ColumnKind.ESTIMATE, behind=("members",)) for name, title in estimate),
            ColumnRule("members", "Members behind it", ColumnKind.MEMBERS, additive=Additive.NO, shown=False),
        ),
        "Random networks keep every degree; a figure within their range follows from the degrees alone.",
    )
    rows = [
        (name, own.value, own.random_mean, own.random_low, own.random_high, members) for name, own in shapes.items()
    ]
    return Figures(rule, rows_table(rule, rows))


def band_figures(name: str, values: IntArray) -> Figures:
    """Members by their degree, or by the threads they joined."""
    labels = _labels()
    rule = TableRule(
        name.replace(" ", "_"),
        f"Members by {name}",
        (
            ColumnRule("band", name.capitalize(), ColumnKind.LABEL, vocabulary=labels),
            ColumnRule("members", "Members", ColumnKind.MEMBERS, additive=Additive.DISJOINT, counts="networked"),
        ),
    )
    counts = np.bincount(_bands(values), minlength=len(labels))
    last = int(np.flatnonzero(counts).max(initial=0))
    return Figures(rule, rows_table(rule, list(zip(labels[: last + 1], counts.tolist(), strict=False))))


def topic_figures(network: TwoModeNetwork) -> Figures:
    """Threads by size, and how active their members are: do large threads draw the less active?"""
    labels = _labels()
    rule = TableRule(
        "thread_size",
        "Threads by size, and their members' activity",
        (
            ColumnRule("band", "Members of the thread", ColumnKind.LABEL, vocabulary=labels),
            ColumnRule("threads", "Threads", ColumnKind.COUNT, behind=("members",)),
            ColumnRule("members", "Members who wrote there", ColumnKind.MEMBERS, additive=Additive.NO),
            ColumnRule("median", "Their threads: median", ColumnKind.ESTIMATE, behind=("members",)),
            ColumnRule("mean", "Mean", ColumnKind.ESTIMATE, behind=("members",)),
        ),
        "Each member counts once a band; a member's threads are all he wrote in.",
    )
    bands = _bands(network.thread_sizes)
    rows = []
    matrix, joined = network.membership(), network.threads_joined
    for band in np.unique(bands):
        among = np.flatnonzero(np.asarray(matrix @ (bands == band).astype(np.float64)) > 0)
        threads = int((bands == band).sum())
        rows.append((labels[band], threads, among.size, float(np.median(joined[among])), float(joined[among].mean())))
    return Figures(rule, rows_table(rule, rows))


def tail_figures(tails: Mapping[str, HeavyTail], members: int) -> Figures:
    """Fitted tails: the exponent of a power law, and the families that no other family beats."""
    rule = TableRule(
        "tails",
        "Tails of the distributions",
        (
            ColumnRule("what", "What", ColumnKind.LABEL, vocabulary=TAILS),
            ColumnRule("family", "Family", ColumnKind.LABEL, vocabulary=tuple(own.value for own in TailFamily)),
            ColumnRule("standing", "Beaten by another", ColumnKind.LABEL, vocabulary=("no", "yes")),
            ColumnRule("exponent", "Power law: exponent", ColumnKind.ESTIMATE, behind=("members",)),
            ColumnRule("low", "95 % from", ColumnKind.ESTIMATE, behind=("members",)),
            ColumnRule("high", "to", ColumnKind.ESTIMATE, behind=("members",)),
            ColumnRule("x_min", "Tail from", ColumnKind.ESTIMATE, behind=("members",)),
            ColumnRule("members", "Members behind it", ColumnKind.MEMBERS, additive=Additive.NO, shown=False),
        ),
        "A family that is not beaten is not thereby right: on most tails several cannot be told apart.",
    )
    rows = []
    for name, tail in tails.items():
        behind = members if name == "thread size" else min(members, tail.tail)
        for family in tail.fits:
            power = family is TailFamily.POWER_LAW
            own = (tail.alpha.value, tail.alpha.low, tail.alpha.high) if power else (None, None, None)
            standing = "no" if family in tail.standing else "yes"
            rows.append((name, family.value, standing, *own, float(tail.x_min), behind))
    return Figures(rule, rows_table(rule, rows))


def _bands(values: IntArray) -> IntArray:
    return np.searchsorted(np.array(BAND_STARTS), values, side="right").astype(np.int64) - 1


def _labels() -> tuple[str, ...]:
    ends = [start - 1 for start in BAND_STARTS[1:]]
    ranges = zip(BAND_STARTS, ends, strict=False)
    return (*(f"{low:,}" if low == high else f"{low:,}-{high:,}" for low, high in ranges), f"{BAND_STARTS[-1]:,}+")
