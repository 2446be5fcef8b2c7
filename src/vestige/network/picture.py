"""A picture of a network that stays readable at 100,000 nodes: density, and the names of a few.

Small networks are drawn node by node; larger ones as a smoothed density of nodes, in which nobody can be told apart.
Only the first of a rank are named, by the beginnings of their pseudonyms.
"""

from dataclasses import dataclass
from typing import Final

import altair as alt
import numpy as np
from scipy import ndimage

from vestige.errors import SettingsError
from vestige.network.graph import AnyNetwork, Network, TwoModeNetwork
from vestige.network.layout import drawn_nodes, place_nodes, strongest_ties
from vestige.network.settings import ProjectionSettings
from vestige.statistics.compiled import FloatArray, IntArray

WIDTH: Final = 640
HEIGHT: Final = 520
_SHORT: Final = 6
_INK: Final = "#1f4e79"
_PALE: Final = "#f2f6fa"
_ACCENT: Final = "#b3411f"
_LEVELS: Final = 12
_BLUR: Final = 0.8
"""Cells; more with few members, so that none is seen by himself."""
_OVERLAP: Final = 0.2
"""Of a cell: bars that only touch leave pale seams where they are drawn."""
_MOST_PAIRS: Final = 50_000_000
_MARGIN: Final = 0.04
_NEAR: Final = 0.8
"""Share of the nodes within which distances are drawn as they are."""


@dataclass(frozen=True)
class PictureSettings:
    """What is drawn.

    Attributes:
        names: how many of the highest rank are named; 0 for none.
        each_node: networks of at most this many nodes are drawn node by node, larger ones as density.
        cells: cells of the density across; as many as the picture's height allows down.
        seed: of the layout.
    """

    names: int = 12
    each_node: int = 1_500
    cells: int = 128
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse settings outside their range."""
        if not 0 <= self.names <= 50 or not 8 <= self.cells <= 400 or self.each_node < 0:  # noqa: PLR2004 - bounds
            raise SettingsError("the picture cannot be drawn so", hint="0 to 50 names, 8 to 400 cells")


def draw_network(
    network: Network, *, rank: FloatArray | None = None, settings: PictureSettings | None = None
) -> alt.TopLevelMixin:
    """A drawing of the network; nodes without a tie and in tiny components are left out, as the caption says.

    Args:
        network: one-mode; directions are not drawn.
        rank: of each node, high first; degree when None. Shape (nodes,).
        settings: what is drawn.

    Raises:
        SettingsError: no two members are joined, or a rank of another length.
    """
    wanted = settings or PictureSettings()
    score = network.degree.astype(np.float64) if rank is None else np.asarray(rank, dtype=np.float64)
    if score.shape != (network.size,):
        raise SettingsError("the rank has another number of rows than the network has nodes", hint="give one a node")
    joined = network.joined()
    kept = np.flatnonzero(drawn_nodes(joined))
    if not kept.size:
        raise SettingsError("there is no component of three members or more to draw", hint="widen the network")
    inside = joined[kept][:, kept]
    places = _scaled(place_nodes(inside, seed=wanted.seed))
    layers: list[alt.Chart] = []
    if kept.size <= wanted.each_node:
        layers += _ties(places, strongest_ties(inside)), _nodes(places, score[kept])
    else:
        layers.append(_density(places, wanted.cells))
    if wanted.names:
        names = tuple(network.pseudonyms[node] for node in kept)
        layers += _named(places, score[kept], names, wanted.names)
    title = alt.TitleParams(
        text=f"{network.kind.value} network", subtitle=_caption(network, kept.size, wanted), anchor="start"
    )
    chart: alt.LayerChart | alt.FacetChart = alt.layer(*layers).properties(width=WIDTH, height=HEIGHT, title=title)
    framed: alt.TopLevelMixin = chart.configure_view(stroke=None)
    return framed


def drawable(network: AnyNetwork) -> Network | None:
    """The network to draw: itself, or the projection of a two-mode one; None where nothing can be drawn.

    A projection that would be too large is made of smaller threads.
    """
    if isinstance(network, TwoModeNetwork):
        sizes = np.sort(network.thread_sizes)
        fits = sizes[np.cumsum(sizes * (sizes - 1) // 2) <= _MOST_PAIRS]
        limit = max(int(fits.max(initial=2)), 2)
        network = network.project(ProjectionSettings(largest_thread=min(limit, 200), most_pairs=2 * _MOST_PAIRS))
    return network if drawn_nodes(network.joined()).any() else None


def short_names(names: tuple[str, ...]) -> tuple[str, ...]:
    """The beginnings of pseudonyms, as short as tells them apart, at least six signs."""
    length = _SHORT
    while len({name[:length] for name in names}) < len(set(names)):
        length += 1
    return tuple(name[:length] for name in names)


def _caption(network: Network, drawn: int, settings: PictureSettings) -> list[str]:
    left = network.size - drawn
    lines = ["Near: tied to each other or to the same others. Directions and distances have no unit."]
    if drawn > settings.each_node:
        lines.append("Shading: how many members lie there, on a scale by roots.")
    if left:
        share = left / network.size
        lines.append(f"Not drawn, without a tie or in tiny components: {share:.0%} of the members.".replace("%", " %"))
    return lines


def _scaled(places: FloatArray) -> FloatArray:
    """Places within the unit square, the same scale both ways; what lies far out is drawn in by the log of distance."""
    away = places - np.median(places, axis=0)
    distance = np.hypot(away[:, 0], away[:, 1])
    near = max(float(np.quantile(distance, _NEAR)), 1e-9)
    ratio = np.maximum(distance / near, 1.0)
    drawn = away * ((1.0 + np.log(ratio)) / ratio)[:, None]
    low, high = drawn.min(axis=0), drawn.max(axis=0)
    span = max(float((high - low).max()), 1e-9)
    return np.asarray((drawn - (low + high) / 2) / span * (1 - 2 * _MARGIN) + 0.5, dtype=np.float64)


def _frame(name: str) -> tuple[alt.X, alt.Y]:
    scale = alt.Scale(domain=[0, 1], nice=False, zero=False)
    return alt.X(f"{name}x:Q", scale=scale, axis=None), alt.Y(f"{name}y:Q", scale=scale, axis=None)


def _data(**columns: FloatArray | IntArray | tuple[str, ...]) -> alt.Data:
    lists = {
        name: list(values) if isinstance(values, tuple) else np.round(values, 4).tolist()
        for name, values in columns.items()
    }
    rows = [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]
    return alt.Data(values=rows)  # type: ignore[no-untyped-call] # Altair's own gap


def _ties(places: FloatArray, ties: object) -> alt.Chart:
    from scipy import sparse

    upper = sparse.coo_array(sparse.triu(ties))
    one, other = places[upper.coords[0]], places[upper.coords[1]]
    x, y = _frame("")
    data = _data(x=one[:, 0], y=one[:, 1], x2=other[:, 0], y2=other[:, 1])
    weight = 0.35 if upper.nnz < 2_000 else 0.15  # noqa: PLR2004 - many lines cover each other
    rules = alt.Chart(data).mark_rule(color="#777777", opacity=weight, strokeWidth=0.7)
    lines: alt.Chart = rules.encode(x, y, x2="x2:Q", y2="y2:Q")
    return lines


def _nodes(places: FloatArray, score: FloatArray) -> alt.Chart:
    x, y = _frame("")
    largest = max(float(score.max(initial=0.0)), 1e-12)
    size = 8 + 110 * np.clip(score / largest, 0, 1)
    encoded = alt.Size("size:Q", scale=None, legend=None)
    chart = alt.Chart(_data(x=places[:, 0], y=places[:, 1], size=size))
    circles: alt.Chart = chart.mark_circle(color=_INK, opacity=0.75).encode(x, y, size=encoded)
    return circles


def _density(places: FloatArray, cells: int) -> alt.Chart:
    """Smoothed density in equal steps of its root; cells of one step in a row are drawn as one bar."""
    counts, _, _ = np.histogram2d(places[:, 1], places[:, 0], bins=cells, range=[[0, 1], [0, 1]])
    spread = max(_BLUR, cells / np.sqrt(max(len(places), 1)))
    smooth = np.sqrt(ndimage.gaussian_filter(counts, spread))
    steps = np.ceil(_LEVELS * smooth / smooth.max() - 0.35).astype(np.int64)
    row, start, end, level = _runs(np.clip(steps, 0, _LEVELS))
    x, y = _frame("")
    data = _data(
        x=start / cells, x2=(end + _OVERLAP) / cells, y=row / cells, y2=(row + 1 + _OVERLAP) / cells,
        level=level / _LEVELS,
    )  # fmt: skip
    colour = alt.Color("level:Q", scale=alt.Scale(domain=[0, 1], range=[_PALE, _INK]), legend=None)
    cells_drawn: alt.Chart = alt.Chart(data).mark_rect().encode(x, y, x2="x2:Q", y2="y2:Q", color=colour)
    return cells_drawn


def _runs(steps: IntArray) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    """Row, first and past-the-last column, and step of each run of equal steps above 0."""
    columns = steps.shape[1]
    flat = steps.reshape(-1)
    begins = np.flatnonzero(np.r_[True, (flat[1:] != flat[:-1]) | (np.arange(1, flat.size) % columns == 0)])
    ends = np.r_[begins[1:], flat.size]
    filled = flat[begins] > 0
    begins, ends = begins[filled], ends[filled]
    row = begins // columns
    return row, begins - row * columns, ends - row * columns, flat[begins]


def _named(places: FloatArray, score: FloatArray, names: tuple[str, ...], count: int) -> tuple[alt.Chart, ...]:
    """Points and labels of the highest ranks; labels are moved apart up and down, and a line leads to each."""
    top = np.lexsort((np.arange(score.size), -score))[:count]
    short = short_names(tuple(names[node] for node in top))
    at = places[top]
    label = _apart(at[:, 0] + 0.012, at[:, 1])
    x, y = _frame("")
    points = alt.Chart(_data(x=at[:, 0], y=at[:, 1])).mark_circle(color=_ACCENT, size=42, opacity=1).encode(x, y)
    chart = alt.Chart(_data(x=label[:, 0], y=label[:, 1], name=short)).encode(x, y, text="name:N")
    texts = chart.mark_text(align="left", baseline="middle", fontSize=11, fontWeight="bold", color=_ACCENT)
    halo = chart.mark_text(
        align="left", baseline="middle", fontSize=11, fontWeight="bold", color="white",
        stroke="white", strokeWidth=3, strokeJoin="round", opacity=0.8,
    )  # fmt: skip
    lead = _data(x=at[:, 0], y=at[:, 1], x2=label[:, 0], y2=label[:, 1])
    lines = alt.Chart(lead).mark_rule(color=_ACCENT, strokeWidth=0.8).encode(x, y, x2="x2:Q", y2="y2:Q")
    return lines, points, halo, texts


def _apart(across: FloatArray, along: FloatArray) -> FloatArray:
    """Places of labels, moved up and down until none covers another."""
    wide, high = 0.115, 0.026
    moved = along.copy()
    order = np.argsort(along, kind="stable")
    for _ in range(60):
        for place, one in enumerate(order):
            for other in order[place + 1 :]:
                gap = high - abs(moved[other] - moved[one])
                if gap > 0 and abs(across[one] - across[other]) < wide:
                    sign = 1.0 if moved[other] >= moved[one] else -1.0
                    moved[one] -= sign * gap / 2
                    moved[other] += sign * gap / 2
    return np.column_stack([across, np.clip(moved, 0.01, 0.99)])
