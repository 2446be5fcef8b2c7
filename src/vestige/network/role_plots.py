"""Charts of an evaluation: accuracy of every measure, and ranks beside activity with the role marked."""

from typing import TYPE_CHECKING

from vestige.errors import SettingsError
from vestige.network.measures import TRAITS, Measure
from vestige.network.position_plots import COLOURS, activity_chart
from vestige.network.position_values import measure_values
from vestige.network.rank_stability import oriented
from vestige.network.role_settings import Criterion

if TYPE_CHECKING:
    import altair as alt

    from vestige.network.roles import RoleResult

_SHOWN = (
    Measure.PAGERANK, Measure.BETWEENNESS, Measure.HARMONIC, Measure.CONSTRAINT, Measure.DEGREE, Measure.EIGENVECTOR,
)  # fmt: skip
_PANELS = 4
_ROW_HEIGHT = 17


def role_plot(result: "RoleResult", name: str) -> "alt.TopLevelMixin":
    """A chart by name; raises SettingsError for an unknown one."""
    if name == "accuracy":
        return accuracy_chart(result)
    if name == "activity":
        return _activity(result)
    raise SettingsError("there is no such chart", hint="choose one of accuracy, activity")


def accuracy_chart(result: "RoleResult") -> "alt.TopLevelMixin":
    """Area under the curve and average precision of every measure, activity in another colour."""
    import altair as alt

    rows = [
        {
            "measure": TRAITS[row.measure].title, "value": own.value, "low": own.low, "high": own.high,
            "criterion": title,
            "kind": "activity" if row.measure in result.baselines else "position",
        }
        for row in result.accuracy
        for own, title in ((row.area, "Area under the curve"), (row.precision, "Average precision"))
    ]  # fmt: skip
    order = [TRAITS[row.measure].title for row in sorted(result.accuracy, key=lambda own: -own.precision.value)]
    colour = alt.Color(
        "kind:N", title=None, scale=alt.Scale(domain=["activity", "position"], range=[COLOURS[1], COLOURS[0]])
    )
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        y=alt.Y("measure:N", title=None, sort=order), color=colour
    )  # fmt: skip
    value = alt.X("value:Q", title=None, scale=alt.Scale(domain=[0, 1]))
    interval = base.transform_filter("isValid(datum.low)").mark_rule().encode(x=alt.X("low:Q", title=None), x2="high:Q")
    points = base.mark_point(filled=True, size=45, opacity=1).encode(x=value)
    layered = (interval + points).properties(width=230, height=_ROW_HEIGHT * len(order))
    chart: alt.TopLevelMixin = layered.facet(column=alt.Column("criterion:N", title=None))
    return chart


def _activity(result: "RoleResult") -> "alt.TopLevelMixin":
    """Ranks over the whole time; the accuracy may be that of ranks before the role began."""
    baseline = result.best(Criterion.PRECISION, result.baselines)
    compared = [measure for measure in _SHOWN if measure in result.measures and measure != baseline][:_PANELS]
    wanted = (baseline, *compared)
    effort, seed = result.settings.positions.effort, result.provenance.seed or 0
    values = measure_values(result.observed.ties, wanted, effort=effort, seed=seed).values
    scores = {measure: oriented(measure, own) for measure, own in values.items()}
    return activity_chart(scores, baseline, compared, result.holders)
