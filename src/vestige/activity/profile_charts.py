"""Charts of the profile and of one member's place in it, drawn from figures that passed the disclosure policy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import altair as alt

from vestige.activity.profile_measures import Scale
from vestige.disclosure.result import ChartKind, Rows

_TICKS: Final = (0, 0.1, 0.3, 1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000, 100_000, 1_000_000)
_WIDTH: Final = 380
_WHOLE: Final = 3
"""From here on whole numbers are labels enough."""
_ROW: Final = 20
_OUTER: Final = (0.05, 0.95)
_INNER: Final = (0.25, 0.75)
_MEDIAN: Final = 0.5
_PADDING: Final = {"left": 5, "top": 5, "right": 20, "bottom": 5}


def profile_charts(per_days: int, member: Mapping[str, float] | None = None) -> dict[str, ChartKind]:
    """Charts of a profile's quantiles: `profile` (totals) and `profile_rates`.

    Args:
        per_days: days that rates are stated for.
        member: heading of a measure to the number of one member, whose place is marked; None for nobody.
    """
    return {
        name: ChartKind(title, "quantiles", ("value",), _Strips(member).draw, _Strips(member).words, ("scale", scale))
        for name, title, scale in (
            ("profile", "What members did in the window", Scale.TOTAL.value),
            ("profile_rates", f"What members did per {per_days} days", Scale.RATE.value),
        )
    }


@dataclass(frozen=True)
class _Strips:
    """One strip a measure, each on its own scale, since visits and downloads have no common one."""

    member: Mapping[str, float] | None

    def draw(self, rows: Rows) -> alt.TopLevelMixin:
        """The strips."""
        charts = [_strip(band, (self.member or {}).get(band.heading)) for band in _bands(rows)]
        return alt.vconcat(*charts, spacing=4).properties(padding=_PADDING)

    def words(self, rows: Rows) -> str:
        """The strips in words."""
        return _seen(_bands(rows), self.member)


def _bands(rows: Rows) -> list["_Band"]:
    bands = (_band(rows, heading) for heading in dict.fromkeys(row["measure"] for row in rows))
    return [band for band in bands if band is not None]


@dataclass(frozen=True)
class _Band:
    """Published quantiles of one measure: quantile to value."""

    heading: str
    values: Mapping[float, float]

    def span(self, ends: tuple[float, float]) -> tuple[float, float] | None:
        """Values of two quantiles, where both are published."""
        return (self.values[ends[0]], self.values[ends[1]]) if set(ends) <= self.values.keys() else None


def _band(rows: Rows, heading: str) -> _Band | None:
    values = {row["quantile"]: row["value"] for row in rows if row["measure"] == heading and row["value"] is not None}
    return _Band(heading, values) if _MEDIAN in values and len(values) > 1 else None


def _data(rows: Sequence[Mapping[str, Any]]) -> alt.Data:
    return alt.Data(values=list(rows))  # type: ignore[no-untyped-call] # Altair's own gap


def _strip(band: _Band, own: float | None) -> alt.LayerChart | alt.FacetChart:
    values = [*band.values.values(), *([] if own is None else [own])]
    top = max(values) or 1.0
    least = max(top / 100, 1.0 if top >= _WHOLE else 0.0)
    ticks = [tick for tick in _TICKS if tick == 0 or least <= tick <= top]
    axis = alt.Axis(values=ticks, format=",~f", grid=True, labelOverlap=True)
    scale = alt.Scale(type="symlog", constant=max(top / 300, 0.05), domain=[0, top], nice=False)
    x = alt.X("low:Q", scale=scale, axis=axis, title=None)
    y = alt.Y("measure:N", title=None, axis=alt.Axis(labelLimit=220, minExtent=220, maxExtent=220))
    layers = []
    for ends, width, opacity in ((_OUTER, 4, 0.35), (_INNER, 12, 0.7)):
        span = band.span(ends)
        if span is not None:
            row = {"measure": band.heading, "low": span[0], "high": span[1]}
            layers.append(alt.Chart(_data([row])).mark_bar(size=width, opacity=opacity).encode(x=x, x2="high:Q", y=y))
    middle = {"measure": band.heading, "low": band.values[_MEDIAN]}
    layers.append(alt.Chart(_data([middle])).mark_tick(thickness=2, size=16, color="currentColor").encode(x=x, y=y))
    if own is not None:
        mark = alt.Chart(_data([{"measure": band.heading, "low": own}]))
        layers.append(
            mark.mark_point(shape="diamond", size=110, filled=True, opacity=1, color="#d5732a").encode(x=x, y=y)
        )
    return alt.layer(*layers).properties(width=_WIDTH, height=_ROW)


def _seen(bands: Sequence[_Band], member: Mapping[str, float] | None) -> str:
    parts = [
        "For each measure, on a scale of its own that widens small figures.",
        "The tick is the median, the thick bar holds the middle half of the members, the thin bar nine of ten.",
    ]
    if member is not None:
        parts.append("The diamond is the member asked for.")
    for band in bands:
        inner = band.span(_INNER)
        spread = "" if inner is None else f", middle half {inner[0]:,.3g} to {inner[1]:,.3g}"
        own = "" if member is None or band.heading not in member else f", the member {member[band.heading]:,.3g}"
        parts.append(f"{band.heading}: median {band.values[_MEDIAN]:,.3g}{spread}{own}.")
    return " ".join(parts)


def _percentiles(rows: Rows) -> alt.TopLevelMixin:
    known = [row for row in rows if row["percentile"] is not None]
    populations = list(dict.fromkeys(row["population"] for row in known))
    measures = list(dict.fromkeys(row["measure"] for row in known))
    y = alt.Y("measure:N", title=None, sort=measures, axis=alt.Axis(labelLimit=260, grid=True))
    offset = alt.YOffset("population:N", sort=populations)
    legend = alt.Legend(orient="top", symbolOpacity=1)
    colour = alt.Color("population:N", title=None, sort=populations, scale=alt.Scale(domain=populations), legend=legend)
    axis = alt.Axis(format=".0%", values=[0, 0.25, 0.5, 0.75, 0.9, 1], labelOverlap=True)
    scale = alt.Scale(domain=[0, 1])
    title = "Part of the others who did less (ties count half)"
    base = alt.Chart(_data(known)).encode(y=y, yOffset=offset, color=colour)
    bars = base.mark_rule(strokeWidth=3, opacity=0.5).encode(
        x=alt.X("low:Q", scale=scale, axis=axis, title=title), x2="high:Q"
    )
    points = base.mark_point(size=60, filled=True, opacity=1).encode(x=alt.X("percentile:Q", scale=scale))
    height = alt.Step(30, **{"for": "position"})
    return alt.layer(bars, points).properties(width=_WIDTH, height=height, padding=_PADDING)


def _percentile_words(rows: Rows) -> str:
    listed = " ".join(
        f"{row['measure']}, {row['population']}: {row['percentile'] * 100:.1f} of 100."
        for row in rows
        if row["percentile"] is not None
    )
    return f"Each point is the part of the others who did less, the line its interval. {listed}"


def _contributions(rows: Rows) -> alt.TopLevelMixin:
    known = [row for row in rows if row["share"] is not None]
    chart: alt.TopLevelMixin = (
        alt.Chart(_data(known))
        .mark_bar()
        .encode(
            y=alt.Y("measure:N", sort=[row["measure"] for row in known], title=None, axis=alt.Axis(labelLimit=260)),
            x=alt.X("share:Q", title="Part of the squared distance", axis=alt.Axis(format=".0%", tickCount=5)),
        )
        .properties(width=_WIDTH, height=alt.Step(22), padding=_PADDING)
    )
    return chart


def _contribution_words(rows: Rows) -> str:
    return " ".join(
        f"{row['measure']} ({row['direction']} than the middle): {row['share'] * 100:.0f} %."
        for row in rows
        if row["share"] is not None
    )


COMPARISON_CHARTS: Final[Mapping[str, ChartKind]] = {
    "percentiles": ChartKind("Where the member lies", "comparison", ("percentile",), _percentiles, _percentile_words),
    "contributions": ChartKind(
        "What makes the distance", "contributions", ("share",), _contributions, _contribution_words
    ),
}


def _tippett(rows: Rows) -> alt.TopLevelMixin:
    """Part of the cases whose likelihood ratio is at least as large, for each population."""
    populations = list(dict.fromkeys(row["population"] for row in rows))
    legend = alt.Legend(orient="top")
    colour = alt.Color("population:N", title=None, scale=alt.Scale(domain=populations), legend=legend)
    share = alt.Y(
        "share:Q",
        title="Part with at least this ratio",
        axis=alt.Axis(format=".0%", tickCount=5),
        scale=alt.Scale(domain=[0, 1]),
    )
    known = alt.Chart(_data([row for row in rows if row["share"] is not None]))
    lines = known.mark_line().encode(x=alt.X("log10_lr:Q", title="log10 likelihood ratio"), y=share, color=colour)
    zero = alt.Chart(_data([{"log10_lr": 0}])).mark_rule(strokeDash=[4, 4], color="currentColor", opacity=0.6)
    return alt.layer(zero.encode(x="log10_lr:Q"), lines).properties(width=_WIDTH + 100, height=260)


def _tippett_words(rows: Rows) -> str:
    """What a Tippett plot shows."""
    parts = ["Left of the dashed line a ratio speaks for the second population, right of it for the first."]
    for population in dict.fromkeys(row["population"] for row in rows):
        own = [row for row in rows if row["population"] == population and row["share"] is not None]
        nearest = min(own, key=lambda row: abs(row["log10_lr"]), default=None)
        if nearest is not None:
            parts.append(f"{population}: {nearest['share'] * 100:.0f} of 100 have a ratio above 1.")
    return " ".join(parts)


TIPPETT: Final[Mapping[str, ChartKind]] = {
    "tippett": ChartKind("Tippett plot of the reference members", "tippett", ("share",), _tippett, _tippett_words)
}
