"""What is left of a network, and of what its members had given, along a sequence of removals."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from vestige.network.disruption import path_kernels
from vestige.network.disruption.content import Content
from vestige.network.disruption.orders import Neighbours
from vestige.network.disruption.recovery import LivingNetwork
from vestige.statistics.compiled import BoolArray, FloatArray, IntArray

LARGEST: Final = "largest component"
PAIRS: Final = "pair connectivity"
EFFICIENCY: Final = "efficiency"
LOST: Final = " lost"
"""Ending of the outcomes about content."""

EFFICIENCY_WORK: Final = 1_000_000
"""Visits of ties that the efficiency of one state of the network may take; else distances from sampled sources."""
FEWEST_SOURCES: Final = 16

Replan = Callable[[Neighbours], IntArray]


@dataclass(frozen=True, eq=False)
class Measured:
    """One sequence of removals, measured.

    Attributes:
        removed: members removed at each point. Shape (points,).
        outcomes: name to its value at each point, all as shares of what there was at first.
        area: area R of the whole sequence; NaN where the network recovers or the sequence ends early.
        order: members in the order in which they were removed.
    """

    removed: IntArray
    outcomes: Mapping[str, FloatArray]
    area: float
    order: IntArray


def efficiency_sources(neighbours: Neighbours, generator: np.random.Generator) -> IntArray:
    """Nodes from which distances are taken: all, or a random part where that would take too long."""
    wanted = max(FEWEST_SOURCES, EFFICIENCY_WORK // max(neighbours.others.size, 1))
    return np.sort(generator.permutation(neighbours.size)[:wanted])


def measure_sequence(
    neighbours: Neighbours, order: IntArray, marks: IntArray, contents: Sequence[Content], sources: IntArray
) -> dict[str, FloatArray]:
    """Outcomes of removals from a network that does not answer.

    Args:
        neighbours: the network.
        order: every node once.
        marks: numbers of removals at which to look, ascending.
        contents: traces whose loss is measured.
        sources: nodes for efficiency; none leave it out.
    """
    largest, pairs = path_kernels.removal_path(neighbours.starts, neighbours.others, order)
    nodes = neighbours.size
    outcomes = {LARGEST: largest[marks] / nodes, PAIRS: pairs[marks] / (nodes * (nodes - 1) / 2)}
    if sources.size:
        gone = np.zeros(nodes, dtype=np.bool_)
        values = np.empty(marks.size)
        for place, mark in enumerate(marks):
            gone[order[:mark]] = True
            values[place] = _efficiency(neighbours, gone, sources)
        outcomes[EFFICIENCY] = values
    return outcomes | lost_content(order, marks, contents)


def lost_content(order: IntArray, marks: IntArray, contents: Sequence[Content]) -> dict[str, FloatArray]:
    """Share of each trace that was the removed members'."""
    return {
        own.name + LOST: np.concatenate([[0.0], np.cumsum(own.counts[order])])[marks] / own.total for own in contents
    }


def measure_recovery(
    living: LivingNetwork,
    order: IntArray,
    marks: IntArray,
    contents: Sequence[Content],
    sources: IntArray,
    replan: Replan | None,
) -> tuple[dict[str, FloatArray], IntArray]:
    """Outcomes of removals from a network that recovers between the points.

    Args:
        living: the network; it is changed.
        order: members in the order planned.
        marks: numbers of removals at which to look, ascending from 0.
        contents: traces whose loss is measured; what was lost stays lost.
        sources: nodes for efficiency; none leave it out.
        replan: orders those who are left anew after each point; None keeps to the first order.

    Returns:
        Outcomes, and the members in the order in which they were first removed.
    """
    nodes = order.size
    removed = np.zeros(nodes, dtype=np.bool_)
    sequence: list[int] = []
    states = [_state(living.neighbours(), living.gone, sources)]
    for taken in np.diff(marks):
        planned = order if replan is None or not sequence else replan(living.neighbours())
        targets = planned[~removed[planned]][:taken]
        living.remove(targets)
        removed[targets] = True
        sequence.extend(targets.tolist())
        states.append(_state(living.neighbours(), living.gone, sources))
    outcomes = {name: np.array([state[name] for state in states]) for name in states[0]}
    actual = np.array(sequence, dtype=np.int64)
    return outcomes | lost_content(actual, np.minimum(marks, actual.size), contents), actual


def _state(neighbours: Neighbours, gone: BoolArray, sources: IntArray) -> dict[str, float]:
    """Outcomes of one state; empty places count as members without a tie, in no component."""
    present = np.flatnonzero(~gone)
    nodes = neighbours.size
    order = np.concatenate([np.flatnonzero(gone), present])
    largest, pairs = path_kernels.removal_path(neighbours.starts, neighbours.others, order)
    first = nodes - present.size
    state = {LARGEST: largest[first] / nodes, PAIRS: pairs[first] / (nodes * (nodes - 1) / 2)}
    if sources.size:
        state[EFFICIENCY] = _efficiency(neighbours, gone, sources)
    return state


def _efficiency(neighbours: Neighbours, gone: BoolArray, sources: IntArray) -> float:
    total = path_kernels.sampled_efficiency(neighbours.starts, neighbours.others, gone, sources)
    return float(total) / (sources.size * (neighbours.size - 1))
