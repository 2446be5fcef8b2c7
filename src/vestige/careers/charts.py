"""Charts of careers, drawn from tables that passed the disclosure policy; the report's theme gives their looks."""

from collections.abc import Mapping
from typing import Any, Final

import altair as alt

from vestige.disclosure.result import ChartKind, Rows

_HEIGHT: Final = 240
_ROW: Final = 32
_AXIS_COUNTS: Final = (0, 1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000)
_ZERO: Final = {"months": "0", "share": 0.0, "incidence": 0.0, "low": 0.0, "high": 0.0}


def _data(rows: Rows) -> alt.Data:
    return alt.Data(values=rows)  # type: ignore[no-untyped-call] # Altair's own gap


def _from_zero(rows: Rows) -> Rows:
    """Published points, and a point at registration for each curve."""
    drawn = [row for row in rows if row.get("share", row.get("incidence")) is not None]
    causes = dict.fromkeys(row.get("cause") for row in drawn)
    zeros = [{**_ZERO, "cause": cause} for cause in causes if not any(row["months"] == "0" for row in drawn)]
    return [{**row, "months": int(row["months"])} for row in (*zeros, *drawn)]


def _curves(column: str, heading: str, title: str) -> Any:  # noqa: ANN401 - a maker of charts
    def make(rows: Rows) -> alt.TopLevelMixin:
        points = _from_zero(rows)
        several = len({row.get("cause") for row in points}) > 1
        base = alt.Chart(_data(points)).encode(x=alt.X("months:Q", title=title))
        if several:
            legend = alt.Legend(symbolOpacity=1)
            base = base.encode(color=alt.Color("cause:N", title=None, sort=None, legend=legend))
        percent = alt.Axis(format="%")
        band = base.mark_area(opacity=0.2).encode(y=alt.Y("low:Q", title=heading, axis=percent), y2="high:Q")
        line = base.mark_line(point=True).encode(y=alt.Y(f"{column}:Q", axis=percent))
        return alt.layer(band, line).properties(height=_HEIGHT)

    return make


def _curve_words(column: str, deed: str) -> Any:  # noqa: ANN401 - a describer of charts
    def describe(rows: Rows) -> str:
        points = [row for row in rows if row[column] is not None]
        last = {row.get("cause"): row for row in points}
        parts = [
            f"{(cause or deed).capitalize()}: {row[column]:.1%} by {row['months']} months "
            f"({row['low']:.1%} to {row['high']:.1%})."
            for cause, row in last.items()
        ]
        return f"A rising step a month with its 95 % band. {' '.join(parts)}"

    return describe


def _effects(rows: Rows) -> alt.TopLevelMixin:
    """Hazard ratios on a log scale; the line at 1 is no effect."""
    drawn = [row for row in rows if row["ratio"] is not None]
    base = alt.Chart(_data(drawn)).encode(y=alt.Y("covariate:N", title=None, sort=None))
    scale = alt.Scale(type="log", nice=False, padding=10)
    bars = base.mark_rule(strokeWidth=2).encode(x=alt.X("low:Q", title="Hazard ratio", scale=scale), x2="high:Q")
    points = base.mark_point(filled=True, size=70).encode(x=alt.X("ratio:Q", scale=scale))
    one = alt.Chart(_data([{"one": 1}])).mark_rule(strokeDash=[4, 4]).encode(x="one:Q")
    return alt.layer(one, bars, points).properties(height=_ROW * len(drawn) + _ROW)


def _effect_words(rows: Rows) -> str:
    parts = [
        f"{row['covariate']}: {row['ratio']:.2f} ({row['low']:.2f} to {row['high']:.2f})."
        for row in rows
        if row["ratio"] is not None
    ]
    return f"A point a covariate with its interval; 1 is no effect. {' '.join(parts)}"


def _held(rows: Rows) -> alt.TopLevelMixin:
    """Foretold against observed means; on the diagonal the forecast held."""
    drawn = [row for row in rows if row["mean"] is not None and row["observed"] is not None]
    top = max(max(row["mean"], row["high"]) for row in drawn)
    scale = alt.Scale(type="symlog", domain=[0, top * 1.1])
    axis = alt.Axis(values=[value for value in _AXIS_COUNTS if value <= top * 1.1])
    foretold = alt.X("mean:Q", title="Foretold mean events", scale=scale, axis=axis)
    base = alt.Chart(_data(drawn)).encode(x=foretold)
    bars = base.mark_rule().encode(y=alt.Y("low:Q", title="Observed mean events", scale=scale, axis=axis), y2="high:Q")
    points = base.mark_point(filled=True, size=70).encode(y=alt.Y("observed:Q", scale=scale))
    names = base.mark_text(align="left", dx=8).encode(y=alt.Y("observed:Q", scale=scale), text="early:N")
    ends = _data([{"mean": value, "same": value} for value in _diagonal(top * 1.1)])
    diagonal = alt.Chart(ends).mark_line(strokeDash=[4, 4], opacity=0.6).encode(
        x=foretold, y=alt.Y("same:Q", scale=scale)
    )  # fmt: skip
    return alt.layer(diagonal, bars, points, names).properties(height=_HEIGHT + _ROW)


def _diagonal(top: float) -> list[float]:
    return [top * step / 100 for step in range(101)]


def _held_words(rows: Rows) -> str:
    parts = [
        f"{row['early']}: foretold {row['mean']:.1f}, observed {row['observed']:.1f} "
        f"({row['low']:.1f} to {row['high']:.1f})."
        for row in rows
        if row["mean"] is not None and row["observed"] is not None
    ]
    return f"A point a group of members with as many early events; on the dashed line forecasts held. {' '.join(parts)}"


_SHARE: Final = "Share of members"
_SINCE: Final = "Months since registration"
CAREER_CHARTS: Final[Mapping[str, ChartKind]] = {
    "onset": ChartKind(
        "Begun, by months since registration", "onset", ("share",), _curves("share", _SHARE, _SINCE),
        _curve_words("share", "begun"),
    ),
    "duration": ChartKind(
        "Ended, by months since the first event", "duration", ("share",),
        _curves("share", "Share of careers", "Months since the first event"), _curve_words("share", "ended"),
    ),
}  # fmt: skip
ATTAINMENT_CHARTS: Final[Mapping[str, ChartKind]] = {
    "incidence": ChartKind(
        "What became of members", "incidence", ("incidence",), _curves("incidence", _SHARE, _SINCE),
        _curve_words("incidence", "attained"),
    ),
    "effects": ChartKind("What goes with attaining the role", "effects", ("ratio",), _effects, _effect_words),
}  # fmt: skip
FORECAST_CHARTS: Final[Mapping[str, ChartKind]] = {
    "held": ChartKind("How forecasts for groups held", "bands", ("mean", "observed"), _held, _held_words),
}
