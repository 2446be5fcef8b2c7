"""Charts of a simulated disruption, drawn from tables that passed the disclosure policy."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import altair as alt

from vestige.disclosure.result import ChartKind, Rows
from vestige.network.disruption.disruption_figures import MATCHED, TARGETED
from vestige.network.disruption.measuring import LARGEST, LOST
from vestige.network.disruption.settings import DisruptionSettings

_HEIGHT: Final = 260
_PANEL: Final = 150
_PER_ROW: Final = 3


def disruption_charts(settings: DisruptionSettings, *, content: bool) -> Mapping[str, ChartKind]:
    """Every chart by name; that on content only where there is any."""
    axis = "Period" if settings.arrests else "Share of members removed"
    columns = ("value", "point")
    charts = {
        "dismantling": ChartKind(
            "The largest component as members are removed", "curves", columns, _overlay(axis), _overlay_words,
            ("outcome", LARGEST),
        ),
        "matched": ChartKind(
            "Each removal beside random members of like activity", "curves", columns, _panels(axis), _panel_words,
            ("outcome", LARGEST),
        ),
    }  # fmt: skip
    if content:
        title = "What is lost as members are removed"
        charts["losses"] = ChartKind(title, "curves", columns, _lost(axis), _lost_words)
    return charts


def _data(rows: Rows) -> alt.Data:
    return alt.Data(values=rows)  # type: ignore[no-untyped-call] # Altair's own gap


def _drawn(rows: Rows, variant: str | None = None) -> Rows:
    return [row for row in rows if row["value"] is not None and variant in {None, row["variant"]}]


def _layers(rows: Rows, axis: str, heading: str, colour: alt.Color) -> Any:  # noqa: ANN401 - Altair says less than it knows
    """Bands and lines; the axis is in per cent unless it counts periods."""
    scale = alt.Axis(format="%") if axis != "Period" else alt.Axis()
    base = alt.Chart(_data(rows)).encode(x=alt.X("point:Q", title=axis, axis=scale), color=colour)
    percent = alt.Axis(format="%")
    value = alt.Y("value:Q", title=heading, axis=percent, scale=alt.Scale(domainMin=0))
    band = base.mark_area(opacity=0.2).encode(y=alt.Y("low:Q", title=heading, axis=percent), y2="high:Q")
    return alt.layer(band, base.mark_line().encode(y=value))


def _overlay(axis: str) -> Callable[[Rows], alt.TopLevelMixin]:
    def make(rows: Rows) -> alt.TopLevelMixin:
        colour = alt.Color("removal:N", title=None, sort=None, legend=alt.Legend(symbolOpacity=1))
        layers = _layers(_drawn(rows, TARGETED), axis, "Share of members in it", colour)
        chart: alt.TopLevelMixin = layers.properties(height=_HEIGHT)
        return chart

    return make


def _panels(axis: str) -> Callable[[Rows], alt.TopLevelMixin]:
    def make(rows: Rows) -> alt.TopLevelMixin:
        domain = alt.Scale(domain=[TARGETED, MATCHED])
        colour = alt.Color("variant:N", title=None, scale=domain, legend=alt.Legend(symbolOpacity=1, orient="top"))
        layers = _layers(_drawn(rows), axis, "Share in it", colour).properties(width=_PANEL, height=_PANEL)
        chart: alt.TopLevelMixin = layers.facet(facet=alt.Facet("removal:N", title=None, sort=None), columns=_PER_ROW)
        return chart

    return make


def _lost(axis: str) -> Callable[[Rows], alt.TopLevelMixin]:
    def make(rows: Rows) -> alt.TopLevelMixin:
        own = [
            {**row, "outcome": row["outcome"].removesuffix(LOST)}
            for row in _drawn(rows, TARGETED)
            if row["outcome"].endswith(LOST)
        ]
        colour = alt.Color("removal:N", title=None, sort=None, legend=alt.Legend(symbolOpacity=1, orient="top"))
        layers = _layers(own, axis, "Share lost", colour).properties(width=_PANEL, height=_PANEL)
        chart: alt.TopLevelMixin = layers.facet(facet=alt.Facet("outcome:N", title=None, sort=None), columns=_PER_ROW)
        return chart

    return make


def _last(rows: Rows, key: str) -> dict[Any, dict[str, Any]]:
    return {row[key]: row for row in rows}


def _overlay_words(rows: Rows) -> str:
    ends = _last(_drawn(rows, TARGETED), "removal")
    parts = [f"{name}: {row['value']:.1%} with {row['removed']:.1%} removed." for name, row in ends.items()]
    return f"A falling line for each removal with a band over replications. {' '.join(parts)}"


def _panel_words(rows: Rows) -> str:
    targeted, matched = (_last(_drawn(rows, variant), "removal") for variant in (TARGETED, MATCHED))
    parts = [
        f"{name}: {row['value']:.1%}, matched random {matched[name]['value']:.1%}."
        for name, row in targeted.items()
        if name in matched
    ]
    return f"A panel for each removal with two lines; at their ends: {' '.join(parts)}"


def _lost_words(rows: Rows) -> str:
    own = [row for row in _drawn(rows, TARGETED) if row["outcome"].endswith(LOST)]
    ends = {(row["outcome"], row["removal"]): row for row in own}
    parts = [f"{outcome.removesuffix(LOST)} by {name}: {row['value']:.1%}." for (outcome, name), row in ends.items()]
    return f"A panel for each trace with a rising line for each removal; at their ends: {' '.join(parts)}"
