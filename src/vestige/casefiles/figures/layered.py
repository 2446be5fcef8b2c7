"""A small layered layout for diagrams of tens of boxes (Sugiyama, Tagawa and Toda 1981, simplified).

Layers follow the longest path from a source; the order within a layer follows the mean place of a box's neighbours,
swept down and up; places within a layer keep boxes apart and as near to their neighbours as that allows.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

SWEEPS: Final = 12


@dataclass(frozen=True)
class Place:
    """Where a box stands: its centre and its layer."""

    x: float
    y: float
    layer: int


def layered_places(
    sizes: Mapping[str, tuple[float, float]],
    edges: Sequence[tuple[str, str]],
    *,
    gap: float = 24,
    layer_gap: float = 54,
) -> dict[str, Place]:
    """Places of boxes, from the top down.

    Args:
        sizes: width and height of each box.
        edges: pairs (upper, lower); edges that would close a circle are left out of the layering.
        gap: between boxes of a layer.
        layer_gap: between layers.
    """
    edges = [(one, other) for one, other in edges if one in sizes and other in sizes and one != other]
    layers = _layers(list(sizes), edges)
    rows: dict[int, list[str]] = defaultdict(list)
    for name in sizes:
        rows[layers[name]].append(name)
    near: dict[str, list[str]] = defaultdict(list)
    for one, other in edges:
        near[one].append(other)
        near[other].append(one)
    _order(rows, near)
    xs = _positions(rows, near, {name: size[0] for name, size in sizes.items()}, gap)
    left = min((xs[name] - sizes[name][0] / 2 for name in sizes), default=0.0)
    places: dict[str, Place] = {}
    top = 0.0
    for layer in sorted(rows):
        height = max(sizes[name][1] for name in rows[layer])
        for name in rows[layer]:
            places[name] = Place(xs[name] - left, top + height / 2, layer)
        top += height + layer_gap
    return places


def _layers(names: list[str], edges: Sequence[tuple[str, str]]) -> dict[str, int]:
    below: dict[str, list[str]] = defaultdict(list)
    for one, other in edges:
        below[one].append(other)
    layer = dict.fromkeys(names, 0)
    state: dict[str, int] = {}
    order: list[str] = []

    def visit(name: str) -> None:
        state[name] = 1
        for lower in list(below[name]):
            if state.get(lower) == 1:
                below[name].remove(lower)
            elif lower not in state:
                visit(lower)
        state[name] = 2
        order.append(name)

    for name in names:
        if name not in state:
            visit(name)
    for name in reversed(order):
        for lower in below[name]:
            layer[lower] = max(layer[lower], layer[name] + 1)
    return layer


def _order(rows: dict[int, list[str]], near: Mapping[str, Sequence[str]]) -> None:
    for sweep in range(SWEEPS):
        for layer in sorted(rows, reverse=bool(sweep % 2)):
            rank = {name: place / max(len(row) - 1, 1) for row in rows.values() for place, name in enumerate(row)}
            rows[layer].sort(key=lambda name: _mean([rank[other] for other in near[name]], rank[name]))


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _positions(
    rows: Mapping[int, Sequence[str]], near: Mapping[str, Sequence[str]], widths: Mapping[str, float], gap: float
) -> dict[str, float]:
    xs: dict[str, float] = {}
    for row in rows.values():
        x = 0.0
        for name in row:
            xs[name] = x + widths[name] / 2
            x += widths[name] + gap
        for name in row:
            xs[name] -= (x - gap) / 2
    for sweep in range(SWEEPS):
        for layer in sorted(rows, reverse=bool(sweep % 2)):
            wanted = [_mean([xs[other] for other in near[name]], xs[name]) for name in rows[layer]]
            _apart(rows[layer], wanted, xs, widths, gap)
    return xs


def _apart(
    row: Sequence[str], wanted: Sequence[float], xs: dict[str, float], widths: Mapping[str, float], gap: float
) -> None:
    """Place a row as near to the wanted places as its order and gaps allow: the mean of packing from either side."""
    pairs = [(widths[one] + widths[other]) / 2 + gap for one, other in pairwise(row)]
    from_left, from_right = list(wanted), list(wanted)
    for place, distance in enumerate(pairs, start=1):
        from_left[place] = max(from_left[place], from_left[place - 1] + distance)
    for place in range(len(pairs) - 1, -1, -1):
        from_right[place] = min(from_right[place], from_right[place + 1] - pairs[place])
    for name, left, right in zip(row, from_left, from_right, strict=True):
        xs[name] = (left + right) / 2
