"""The figures of a study: link map, role chart, timeline, matrix of items."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from vestige.casefiles.figures.svg import Arrow, Box, Fill, Line, draw_diagram
from vestige.casefiles.study import Study
from vestige.casefiles.tables import sign_of
from vestige.casefiles.values import Day, Missing, Value, format_value
from vestige.errors import SettingsError

if TYPE_CHECKING:
    import altair as alt

_CASE_FILLS: Final = {
    "main": Fill.DARK,
    "sub": Fill.WHITE,
    "residual-intelligence": Fill.LIGHT,
    "umbrella": Fill.MIDDLE,
}
PADDING: Final = {"left": 40, "right": 20, "top": 5, "bottom": 5}
"""Room for labels where the reader's font is wider than the one the chart was measured with."""
_LINK_LINES: Final = {"sub": Line.SOLID, "residual-intelligence": Line.DASHED, "umbrella": Line.DOTTED}


def link_map(study: Study) -> str:
    """Investigations and how they follow from one another, as SVG: umbrella on top, what follows below."""
    boxes = {}
    for row in study.tables.get("cases", ()):
        start, end = format_value(row.value("investigation_start")), format_value(row.value("investigation_end"))
        suspects = format_value(row.value("suspects"))
        lines = (row.text("case"), row.text("kind").replace("-", " "), f"{start} to {end or 'not coded'}")
        boxes[row.text("case")] = Box(
            lines if not suspects else (*lines, f"suspects: {suspects}"), _CASE_FILLS.get(row.text("kind"), Fill.WHITE)
        )
    arrows = [
        Arrow(row.text("from"), row.text("case"), _LINK_LINES.get(row.text("kind"), Line.SOLID))
        for row in study.tables.get("links", ())
        if row.text("from") in boxes and row.text("case") in boxes
    ]
    kinds = {row.text("kind") for row in study.tables.get("links", ())}
    meaning = {
        "sub": "sub-investigation of",
        "residual-intelligence": "started from residual intelligence of",
        "umbrella": "falls under the umbrella of",
    }
    legend: list[tuple[Line | Fill, str]] = [
        (_LINK_LINES[kind], meaning[kind]) for kind in _LINK_LINES if kind in kinds
    ]
    return draw_diagram(boxes, arrows, "Map of linked investigations", legend=legend)


def role_chart(study: Study, forum: str) -> str:
    """Roles of one forum from the top down, with their holders and the areas each may enter, as SVG.

    Raises:
        SettingsError: roles.csv has no row of that forum.
    """
    rows = [row for row in study.tables.get("roles", ()) if row.text("forum") == forum]
    if not rows:
        known = sorted({row.text("forum") for row in study.tables.get("roles", ())})
        raise SettingsError("roles.csv has no role of that forum", hint=f"known: {', '.join(known)}")
    boxes = {}
    for row in rows:
        areas = row.value("areas")
        holders = format_value(row.value("holders")) or "not coded"
        boxes[row.text("role")] = Box((row.text("role"), f"holders: {holders}", *_areas(study, areas)))
    arrows = [Arrow(row.text("above"), row.text("role")) for row in rows if row.text("above") in boxes]
    return draw_diagram(boxes, arrows, f"Roles of {forum}")


def _areas(study: Study, areas: Value) -> list[str]:
    """A filled square before an area the role may enter, an empty one before the others."""
    if not isinstance(areas, tuple):
        return ["areas unknown"]
    return [("\u25a0 " if area in areas else "\u25a1 ") + area for area in study.head.areas]


def timeline(study: Study, *, suspects: bool = True) -> "alt.TopLevelMixin":
    """When cases, suspects and forums ran: dark where sure, light where only the month or year is known.

    Args:
        study: the study.
        suspects: whether each suspect gets a bar; leave them out where readers may not see single persons.
    """
    import altair as alt

    rows: list[dict[str, Any]] = []
    for table, key, start, end in (
        ("cases", "case", "investigation_start", "investigation_end"),
        ("suspects", "suspect", "active_from", "active_to"),
        ("forums", "forum", "online_from", "online_to"),
    ):
        for row in study.tables.get(table, ()) if suspects or table != "suspects" else ():
            rows += _bars(table, row.text(key), row.value(start), row.value(end))
    points = [
        {"table": "cases", "name": row.text("case"), "day": day.first.isoformat(), "what": "conviction"}
        for row in study.tables.get("cases", ())
        if isinstance(day := row.value("conviction"), Day)
    ] + [
        {"table": "cases", "name": row.text("case"), "day": day.first.isoformat(), "what": "interview"}
        for row in study.tables.get("interviews", ())
        if isinstance(day := row.value("date"), Day)
    ]
    y = alt.Y("name:N", title=None, axis=alt.Axis(labelLimit=200, domain=False, ticks=False))
    bars = alt.Chart(alt.InlineData(values=[row for row in rows if row["part"] != "open"])).mark_bar(height=9)
    bars = bars.encode(
        x=alt.X(
            "start:T",
            title=None,
            scale=alt.Scale(nice="year"),
            axis=alt.Axis(format="%Y", tickCount="year", labelFlush=False),
        ),
        x2="end:T",
        y=y,
        color=alt.Color(
            "part:N",
            scale=alt.Scale(domain=["certain", "month or year only"], range=["#444444", "#bdbdbd"]),
            legend=alt.Legend(title=None, orient="bottom"),
        ),
    )
    open_ends = alt.Chart(alt.InlineData(values=[row for row in rows if row["part"] == "open"]))
    open_marks = open_ends.mark_text(text="\u2192 end unknown", align="left", dx=4, fontSize=10).encode(x="end:T", y=y)
    marks = (
        alt.Chart(alt.InlineData(values=points))
        .mark_point(filled=True, size=60, color="#b0521b")
        .encode(
            x="day:T",
            y=y,
            shape=alt.Shape(
                "what:N",
                scale=alt.Scale(domain=["conviction", "interview"], range=["diamond", "cross"]),
                legend=alt.Legend(title=None, orient="top"),
            ),
        )
    )
    return _stacked(bars, open_marks, marks, rows)


def _stacked(
    bars: "alt.Chart", open_marks: "alt.Chart", marks: "alt.Chart", rows: list[dict[str, Any]]
) -> "alt.TopLevelMixin":
    import altair as alt

    charts = []
    for table in dict.fromkeys(row["table"] for row in rows):
        keep = f"datum.table == '{table}'"
        layers = [layer.transform_filter(keep) for layer in (bars, open_marks, *([marks] if table == "cases" else []))]
        charts.append(alt.layer(*layers).properties(width=520, height=alt.Step(17), title=table))
    stacked: alt.TopLevelMixin = alt.vconcat(*charts, padding=PADDING).resolve_scale(
        x="shared", color="shared", shape="shared"
    )
    return stacked


def _bars(table: str, name: str, start: object, end: object) -> list[dict[str, Any]]:
    if not isinstance(start, Day):
        return []
    head = {"table": table, "name": name}
    bars = []
    if not isinstance(end, Day):
        last = start.last.isoformat()
        return [
            {**head, "start": start.first.isoformat(), "end": last, "part": "month or year only"},
            {**head, "end": last, "part": "open"},
        ]
    if start.last < end.first:
        bars.append({**head, "start": start.last.isoformat(), "end": end.first.isoformat(), "part": "certain"})
    for each in (start, end):
        if not each.is_exact:
            span = {"start": each.first.isoformat(), "end": each.last.isoformat(), "part": "month or year only"}
            bars.append({**head, **span})
    return bars


def item_matrix_plot(study: Study, level: str = "case") -> "alt.TopLevelMixin":
    """Units by items: a filled square where a sign was coded, an empty one where not, a question mark where unknown."""
    import altair as alt

    rows = []
    for item in study.items(level):
        for unit in study.units(level):
            value = study.coded(unit, item.code)
            sign = sign_of(item, value)
            state = {True: "present", False: "absent", None: "cannot tell"}[sign]
            if value is Missing.NOT_APPLICABLE:
                state = "not applicable"
            rows.append({"item": item.code, "unit": unit, "structure": item.structure or "other", "state": state})
    states = ["present", "absent", "cannot tell", "not applicable"]
    fills = ["#333333", "#ffffff", "#cfcfcf", "#f4f4f4"]
    named = "{'cannot tell': '? cannot tell', 'not applicable': 'n/a (not applicable)'}[datum.label] || datum.label"
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        x=alt.X("unit:N", title=None, axis=alt.Axis(orient="top", labelAngle=-45), sort=list(study.units(level))),
        y=alt.Y("item:N", title=None, sort=[item.code for item in study.items(level)], axis=alt.Axis(labelLimit=260)),
    )
    squares = base.mark_rect(stroke="#777777").encode(
        color=alt.Color(
            "state:N",
            scale=alt.Scale(domain=states, range=fills),
            legend=alt.Legend(title=None, symbolStrokeColor="#777777", labelExpr=named),
        )
    )
    marks = (
        base.transform_calculate(
            mark="datum.state == 'cannot tell' ? '?' : datum.state == 'not applicable' ? 'n/a' : ''"
        )
        .mark_text(fontSize=11)
        .encode(text="mark:N")
    )
    chart: alt.TopLevelMixin = (squares + marks).properties(width=alt.Step(30), height=alt.Step(22), padding=PADDING)
    return chart


def chart_svg(chart: "alt.TopLevelMixin") -> str:
    """A chart as SVG text, drawn by vl-convert: nothing is fetched."""
    import vl_convert

    svg: str = vl_convert.vegalite_to_svg(chart.to_json())
    return svg


def study_figures(study: Study) -> Mapping[str, Callable[[], str]]:
    """Every figure the study has data for, by name, drawn when called."""
    figures: dict[str, Callable[[], str]] = {}
    if study.tables.get("links"):
        figures["links"] = lambda: link_map(study)
    figures["timeline"] = lambda: chart_svg(timeline(study))
    if study.codings:
        figures["items"] = lambda: chart_svg(item_matrix_plot(study))
    for forum in dict.fromkeys(row.text("forum") for row in study.tables.get("roles", ())):
        figures[f"roles-{forum}"] = _roles(study, forum)
    return figures


def _roles(study: Study, forum: str) -> Callable[[], str]:
    return lambda: role_chart(study, forum)
