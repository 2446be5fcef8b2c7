"""Charts of visits, drawn from tables that passed the disclosure policy."""

from collections.abc import Mapping
from typing import Final

import altair as alt

from vestige.activity.charts import inline
from vestige.activity.session_figures import HOURS, WEEKDAYS
from vestige.disclosure.result import ChartKind, Rows


def _week(rows: Rows) -> alt.TopLevelMixin:
    """A cell an hour; a suppressed one is empty with a cross, so that it is not taken for a quiet hour."""
    x = alt.X("hour:O", title="Hour (UTC)", sort=list(HOURS), axis=alt.Axis(labelAngle=0))
    y = alt.Y("weekday:O", title=None, sort=list(WEEKDAYS))
    known = [row for row in rows if row["visits"] is not None]
    hidden = [row for row in rows if row["visits"] is None]
    scale = alt.Scale(type="quantize", scheme="blues", domain=[0, max(row["visits"] for row in known)], nice=True)
    legend = alt.Legend(type="symbol", symbolType="square", symbolStrokeWidth=0, symbolSize=160, format=",d")
    cells = (
        alt.Chart(inline(known))
        .mark_rect()
        .encode(x=x, y=y, color=alt.Color("visits:Q", title="Visits begun", scale=scale, legend=legend))
    )
    crosses = alt.Chart(inline(hidden)).mark_point(shape="cross", size=22, opacity=0.5).encode(x=x, y=y)
    return (alt.layer(cells, crosses) if hidden else cells).properties(height=200)


def _week_words(rows: Rows) -> str:
    known = sorted((row for row in rows if row["visits"] is not None), key=lambda row: -row["visits"])
    most, least = known[0], known[-1]
    return (
        f"Most visits begin on {most['weekday']} at {most['hour']} h UTC ({most['visits']:,}), fewest of those shown "
        f"on {least['weekday']} at {least['hour']} h ({least['visits']:,})."
    )


def _gaps(rows: Rows) -> alt.TopLevelMixin:
    known = [{**row, "minutes_of_gap": int(row["gap"].split()[0])} for row in rows if row["visits"] is not None]
    marks = [row["minutes_of_gap"] for row in known]
    axis = alt.Axis(values=marks, format="d", labelOverlap=True)
    x = alt.X("minutes_of_gap:Q", title="Gap in minutes", scale=alt.Scale(type="log", nice=False), axis=axis)
    y = alt.Y("visits:Q", title="Visits", axis=alt.Axis(format=",d"), scale=alt.Scale(zero=True))
    line: alt.TopLevelMixin = alt.Chart(inline(known)).mark_line(point=True).encode(x=x, y=y)
    return line


def _gaps_words(rows: Rows) -> str:
    known = [row for row in rows if row["visits"] is not None]
    return " ".join(["Visits:", *(f"{row['visits']:,} with a gap of {row['gap']}." for row in (known[0], known[-1]))])


CHARTS: Final[Mapping[str, ChartKind]] = {
    "hour_of_week": ChartKind("Visits by hour of the week", "hour_of_week", ("visits",), _week, _week_words),
    "gap_sensitivity": ChartKind(
        "Visits by the gap that ends them", "gap_sensitivity", ("visits",), _gaps, _gaps_words
    ),
}
