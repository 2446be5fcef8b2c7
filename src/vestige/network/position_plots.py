"""Charts of positions: what ranks survive, and ranks beside plain activity. The latter has a point a member."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from vestige.errors import SettingsError
from vestige.network.measures import TRAITS, Measure
from vestige.network.rank_stability import oriented
from vestige.statistics.compiled import BoolArray, FloatArray
from vestige.statistics.ranking import ranks

if TYPE_CHECKING:
    import altair as alt

    from vestige.network.positions import PositionResult

COLOURS: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#4d4d4d", "#8c6d31")
"""Okabe and Ito (2008), readable without colour vision."""
GREY: Final = "#b5b5b5"
WIDTH: Final = 230
HEIGHT: Final = 230
_MOST_POINTS: Final = 3000
_TICKS: Final = (1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000, 100_000, 1_000_000)
_SHOWN: Final = (
    Measure.POSTS, Measure.OUT_STRENGTH, Measure.STRENGTH, Measure.THANKS_RECEIVED, Measure.PAGERANK,
    Measure.BETWEENNESS, Measure.HARMONIC, Measure.CONSTRAINT, Measure.EIGENVECTOR,
)  # fmt: skip
"""Measures that a chart shows; more lines than colours could not be told apart."""


def position_plot(result: "PositionResult", name: str) -> "alt.TopLevelMixin":
    """A chart by name; raises SettingsError for an unknown one, or one that needs what was not measured."""
    if name == "stability":
        return stability_chart(result)
    if name == "activity":
        compared = [measure for measure in result.measures if measure not in result.baselines and measure in _SHOWN]
        scores = {measure: oriented(measure, values) for measure, values in result.measured.values.items()}
        return activity_chart(scores, result.baselines[0], compared[:4], None)
    raise SettingsError("there is no such chart", hint="choose one of stability, activity")


def stability_chart(result: "PositionResult") -> "alt.TopLevelMixin":
    """Rank correlation with the whole, by the share that is missing.

    Raises:
        SettingsError: nothing was left out to see what survives.
    """
    import altair as alt

    shown = [measure for measure in _SHOWN if measure in result.measures][: len(COLOURS)]
    rows: list[dict[str, Any]] = [
        {
            "measure": TRAITS[row.measure].title, "missing": f"{row.missing.value} missing", "share": row.share,
            "correlation": row.correlation, "low": row.low, "high": row.high,
        }
        for row in result.stability
        if row.measure in shown and row.correlation is not None
    ]  # fmt: skip
    if not rows:
        raise SettingsError("nothing was left out", hint="set missing_replicates above 0")
    titles = [TRAITS[measure].title for measure in shown]
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        x=alt.X(
            "share:Q", title="Share missing", axis=alt.Axis(format="%", values=sorted({row["share"] for row in rows}))
        )
    )
    colour = alt.Color(
        "measure:N",
        title=None,
        scale=alt.Scale(domain=titles, range=list(COLOURS[: len(titles)])),
        legend=alt.Legend(symbolOpacity=1, symbolType="stroke", symbolStrokeWidth=3),
    )
    line = base.mark_line(point=True).encode(
        y=alt.Y("correlation:Q", title="Rank correlation with the whole", scale=alt.Scale(zero=False)), color=colour
    )
    band = base.mark_area(opacity=0.1).encode(y="low:Q", y2="high:Q", color=colour)
    layered = (band + line).properties(width=WIDTH + 70, height=HEIGHT)
    chart: alt.TopLevelMixin = layered.facet(facet=alt.Facet("missing:N", title=None), columns=2)
    return chart


def activity_chart(
    scores: Mapping[Measure, FloatArray], baseline: Measure, measures: Sequence[Measure], holders: BoolArray | None
) -> "alt.TopLevelMixin":
    """Rank by each measure against rank by a baseline, one panel a measure, holders of a role marked.

    Args:
        scores: higher is more central. Shape (members,) each.
        baseline: measure of the horizontal axis.
        measures: measures of the panels.
        holders: who holds the role; None where that is not asked. Shape (members,).

    Raises:
        SettingsError: no measure to compare.
    """
    import altair as alt

    if not measures:
        raise SettingsError("there is no measure beside activity", hint="measure a position as well")
    across = ranks(scores[baseline])
    marked = np.zeros(across.size, np.bool_) if holders is None else holders
    panels = []
    for measure in measures:
        upward = ranks(scores[measure])
        shown = np.flatnonzero((np.minimum(across, upward) <= _MOST_POINTS / 2) | marked)
        rows = [
            {"activity": float(across[row]), "rank": float(upward[row]), "holds": bool(marked[row])} for row in shown
        ]
        panels.append(_panel(rows, TRAITS[baseline].title, TRAITS[measure].title))
    diamonds = "Diamonds hold the role. " if holders is not None else ""
    title = alt.TitleParams(f"{diamonds}On the dashed line both ranks agree.", fontSize=12, anchor="start")
    return alt.concat(*panels, columns=2).properties(title=title)


def _panel(rows: list[dict[str, Any]], across: str, upward: str) -> "alt.LayerChart | alt.FacetChart":
    """Points on logarithmic axes with rank 1 at the upper right; the diagonal is where both agree."""
    import altair as alt

    far = max(max(row["activity"], row["rank"]) for row in rows)
    scale = alt.Scale(type="log", reverse=True, domain=[0.8, far * 1.25], nice=False)
    base = alt.Chart(alt.InlineData(values=rows)).properties(width=WIDTH, height=HEIGHT, title=upward)
    axis = alt.Axis(values=list(_TICKS), format=",d")
    x = alt.X("activity:Q", axis=axis, title=f"Rank by {across.lower()}", scale=scale)
    y = alt.Y("rank:Q", axis=axis, title=f"Rank by {upward if upward == 'PageRank' else upward.lower()}", scale=scale)
    others = base.transform_filter("!datum.holds").mark_circle(size=14, opacity=0.5, color=GREY).encode(x=x, y=y)
    held = base.transform_filter("datum.holds").mark_point(
        size=55, filled=True, opacity=0.95, color=COLOURS[1], shape="diamond", stroke="white", strokeWidth=0.6
    ).encode(x=x, y=y)  # fmt: skip
    ends = [{"activity": 1.0, "rank": 1.0}, {"activity": far, "rank": far}]
    diagonal = alt.Chart(alt.InlineData(values=ends)).mark_line(strokeDash=[4, 4], color="#888888", strokeWidth=1)
    return alt.layer(diagonal.encode(x=x, y=y), others, held)
