"""Charts of concentration, drawn from tables that passed the disclosure policy."""

from collections.abc import Callable, Mapping
from typing import Final

import altair as alt

from vestige.activity.charts import inline, lorenz, lorenz_words
from vestige.activity.traces import TRACES
from vestige.activity.words import percent
from vestige.disclosure.result import ChartKind, Rows

_LEAST_SHARE: Final = 1e-6
_HALF: Final = 0.5


def _coverage(rows: Rows) -> alt.TopLevelMixin:
    """Share of members on a log scale: that half of everything hangs on a thousandth is the point."""
    known = [row for row in rows if row["share"]]
    least = min(row["low"] or row["share"] for row in known)
    x = alt.X(
        "part:Q",
        title="Part of everything",
        axis=alt.Axis(format=".0%", values=[0, 0.2, 0.4, 0.6, 0.8, 1]),
        scale=alt.Scale(domain=[0, 1]),
    )
    domain = [max(_LEAST_SHARE, least / 1.2), 1]
    y = alt.Y(
        "share:Q",
        title="Share of members needed",
        scale=alt.Scale(type="log", domain=domain),
        axis=alt.Axis(format="~%", tickCount=6),
    )
    legend = alt.Legend(symbolType="stroke", symbolOpacity=1, symbolFillColor="transparent")
    colour = alt.Color("population:N", title=None, legend=legend)
    base = alt.Chart(inline(known))
    band = base.mark_area(opacity=0.2).encode(x=x, y=alt.Y("low:Q"), y2="high:Q", color=colour)
    return alt.layer(band, base.mark_line(point=True).encode(x=x, y=y, color=colour)).properties(height=300)


def _coverage_words(rows: Rows) -> str:
    halves = [row for row in rows if row["part"] == _HALF and row["share"] is not None]
    parts = [f"Among {row['population']}, {percent(row['share'])} account for half." for row in halves]
    return " ".join(["The lower a curve, the fewer members account for that part.", *parts])


def _reached(title: str) -> Callable[[Rows], alt.TopLevelMixin]:
    def make(rows: Rows) -> alt.TopLevelMixin:
        known = [{**row, "events": int(row["at_least"].replace(",", ""))} for row in rows if row["share"]]
        least = min(row["share"] for row in known)
        x = alt.X(
            "events:Q",
            title=f"At least so many {title.lower()}",
            scale=alt.Scale(type="log", nice=False),
            axis=alt.Axis(format=",d", tickCount=6),
        )
        scale = alt.Scale(type="log", domain=[max(_LEAST_SHARE, least / 2), 1])
        axis = alt.Axis(format="~%", tickCount=6)
        seen = alt.Chart(inline(known)).mark_point(filled=True, size=45)
        y = alt.Y("share:Q", title="Share of members with any", scale=scale, axis=axis)
        law = alt.Chart(inline([row for row in known if row["power_law"]])).mark_line(strokeDash=[5, 4], opacity=0.8)
        fitted = law.encode(x=x, y=alt.Y("power_law:Q", scale=scale), color=alt.value("currentColor"))
        return alt.layer(fitted, seen.encode(x=x, y=y)).properties(height=300)

    return make


def _reached_words(title: str) -> Callable[[Rows], str]:
    def describe(rows: Rows) -> str:
        known = [row for row in rows if row["share"] is not None]
        shown = ", ".join(f"{row['at_least']}: {percent(row['share'])}" for row in known[1::3])
        return (
            f"Members with any {title.lower()} who reach a number of them, on logarithmic axes: {shown}. "
            "The dashed line is the fitted power law, from where it begins."
        )

    return describe


def _charts() -> dict[str, ChartKind]:
    charts = {}
    for trace in TRACES:
        name, title = trace.name, trace.title
        only = ("trace", title)
        charts[f"lorenz_{name}"] = ChartKind(
            f"Lorenz curves: {title.lower()}", "lorenz", ("share",), lorenz, lorenz_words, where=only
        )
        charts[f"coverage_{name}"] = ChartKind(
            f"How many members account for how much: {title.lower()}",
            "coverage",
            ("share",),
            _coverage,
            _coverage_words,
            where=only,
        )
        charts[f"reached_{name}"] = ChartKind(
            f"The tail: {title.lower()}", "reached", ("share",), _reached(title), _reached_words(title), where=only
        )
    return charts


CHARTS: Final[Mapping[str, ChartKind]] = _charts()
