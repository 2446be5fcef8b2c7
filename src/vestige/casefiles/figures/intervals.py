"""Dots with intervals: agreement by item and structure."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import altair as alt
    import pyarrow as pa


def interval_chart(coefficients: "pa.Table") -> "alt.TopLevelMixin":
    """Chance-corrected agreement (alpha) of every scope, with its bootstrap interval; undefined scopes say so.

    Args:
        coefficients: the table of that name of an agreement result.
    """
    import altair as alt

    rows: list[dict[str, Any]] = []
    for row in coefficients.to_pylist():
        own = row["coefficient"] == (f"alpha-{row['level']}" if row["level"] else "alpha")
        if own:
            name = row["name"] or "all items"
            rows.append({**row, "place": name, "note": "undefined" if row["value"] is None else ""})
    order = [row["place"] for row in rows]
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        y=alt.Y("place:N", sort=order, title=None, axis=alt.Axis(labelLimit=260, domain=False, ticks=False))
    )
    scale = alt.Scale(domain=[min(0.0, *(row["low"] for row in rows if row["low"] is not None), 0.0), 1.0])
    lines = base.mark_rule(strokeWidth=1.6, color="#777777").encode(
        x=alt.X("low:Q", scale=scale, title="Krippendorff's alpha, with interval"), x2="high:Q"
    )
    dots = base.mark_point(filled=True, size=60, opacity=1, color="#2f78c4").encode(
        x=alt.X("value:Q", scale=scale),
        shape=alt.Shape(
            "scope:N", sort=["item", "structure", "overall"], legend=alt.Legend(title=None, orient="bottom")
        ),
    )
    notes = (
        base.transform_filter("datum.note != ''")
        .mark_text(align="left", fontStyle="italic")
        .encode(x=alt.datum(0.0), text="note:N")
    )
    chart: alt.TopLevelMixin = (lines + dots + notes).properties(
        width=420, height=alt.Step(20), padding={"left": 40, "right": 20, "top": 5, "bottom": 5}
    )
    return chart
