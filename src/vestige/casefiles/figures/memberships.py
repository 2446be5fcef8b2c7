"""Membership in a solution against membership in the outcome."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import altair as alt


def membership_chart(rows: Sequence[dict[str, Any]], outcome: str) -> "alt.TopLevelMixin":
    """One panel a solution: cases by name, with the diagonal on which both memberships are equal.

    Args:
        rows: solution, case, model and outcome (memberships between 0 and 1).
        outcome: its name, for the axis.
    """
    import altair as alt

    scale = alt.Scale(domain=[0, 1])
    panels = []
    for solution in dict.fromkeys(row["solution"] for row in rows):
        own = [row for row in rows if row["solution"] == solution]
        merged: dict[tuple[float, float], list[str]] = {}
        for row in own:
            merged.setdefault((row["model"], row["outcome"]), []).append(row["case"])
        values = [{"model": x, "outcome": y, "cases": ", ".join(cases)} for (x, y), cases in merged.items()]
        base = alt.Chart(alt.InlineData(values=values)).encode(
            x=alt.X("model:Q", scale=scale, title="membership in the model"),
            y=alt.Y("outcome:Q", scale=scale, title=f"membership in {outcome}"),
        )
        ends = alt.InlineData(values=[{"model": 0, "outcome": 0}, {"model": 1, "outcome": 1}])
        line = alt.Chart(ends).mark_line(strokeDash=[4, 4], color="#777777").encode(x="model:Q", y="outcome:Q")
        dots = base.mark_point(filled=True, size=50, opacity=1, color="#2f78c4")
        names = base.mark_text(dy=-9, fontSize=10).encode(text="cases:N")
        panels.append(alt.layer(line, dots, names).properties(width=230, height=230, title=solution))
    chart: alt.TopLevelMixin = alt.hconcat(*panels, padding=25)
    return chart
