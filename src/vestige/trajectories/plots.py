"""Charts of a fit, drawn by Altair."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from vestige.errors import SettingsError
from vestige.trajectories.settings import COUNT_FAMILIES

if TYPE_CHECKING:
    import altair as alt

    from vestige.trajectories.result import TrajectoryResult

WIDTH: Final = 460
HEIGHT: Final = 280
COLOURS: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#4d4d4d", "#8c6d31")
"""Okabe and Ito (2008), readable without colour vision; two more for models with many groups."""
SHOWN_OF_A_GROUP: Final = 100
SMALLEST_GAP: Final = 10
UNEVEN_LEVEL: Final = 10.0
LEVELS: Final = (0, 1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000, 100_000)


def fit_plot(result: "TrajectoryResult", name: str) -> "alt.TopLevelMixin":
    """A chart of a fit by name; raises SettingsError for an unknown one."""
    if name not in PLOTS:
        raise SettingsError(f"there is no chart {name!r}", hint=f"choose one of {', '.join(PLOTS)}")
    return PLOTS[name](result)


def selection_plot(rows: list[dict[str, Any]]) -> "alt.TopLevelMixin":
    """How far each model's BIC lies below the best, and relative entropy, by number of groups.

    A point a model; the lines join the best model of each number of groups. Close rivals are drawn apart.
    """
    import altair as alt

    best = {row["groups"]: row for row in sorted(rows, key=lambda row: row["bic_members"])}
    top = [best[groups] for groups in sorted(best)]
    groups = alt.X("groups:O", title="Number of groups", axis=alt.Axis(labelAngle=0))
    every = _criterion_points(rows, rows)
    lowest = min(point["value"] for point in every)
    criterion = {
        "x": groups,
        "y": alt.Y(
            "value:Q",
            title="BIC less that of the best model (0 is best)",
            scale=alt.Scale(type="symlog"),
            axis=alt.Axis(values=[-level for level in LEVELS if level <= -lowest or level <= SMALLEST_GAP]),
        ),
        "color": alt.Color(
            "criterion:N", title=None, scale=alt.Scale(range=list(COLOURS[:2])), legend=alt.Legend(orient="top")
        ),
    }
    lines = alt.Chart(_data(_criterion_points(top, rows))).mark_line().encode(**criterion)
    points = alt.Chart(_data(every)).mark_point(filled=True, size=50).encode(**criterion)
    entropy = (
        alt.Chart(_data([row for row in top if row["groups"] > 1]))
        .mark_line(point={"color": COLOURS[2], "size": 50}, color=COLOURS[2])
        .encode(x=groups, y=alt.Y("relative_entropy:Q", title="Relative entropy", scale=alt.Scale(domain=[0, 1])))
    )
    return alt.hconcat(
        (lines + points).properties(width=WIDTH * 2 // 3, height=HEIGHT, title="Which number of groups BIC prefers"),
        entropy.properties(width=WIDTH // 2, height=HEIGHT, title="How well members can be told apart"),
    )


def _criterion_points(rows: list[dict[str, Any]], every: list[dict[str, Any]]) -> list[dict[str, Any]]:
    highest = {name: max(row[name] for row in every) for name in ("bic_members", "bic_observations")}
    return [
        {"groups": row["groups"], "criterion": label, "value": row[name] - highest[name]}
        for row in rows
        for name, label in (("bic_members", "BIC (members)"), ("bic_observations", "BIC (observations)"))
    ]


def _group_labels(result: "TrajectoryResult", groups: int) -> list[str]:
    if groups == result.classes:
        return [f"{group + 1} ({share:.1%})" for group, share in enumerate(result.shares)]
    return [str(group + 1) for group in range(groups)]


def _rows(result: "TrajectoryResult") -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = result.table("trajectories").to_pylist()
    labels = _group_labels(result, max(row["group"] for row in rows))
    for row in rows:
        row["group"] = labels[row["group"] - 1]
        row["time"] = float(result.panels[0].shown.at(row["time"]))
        if row["observed"] is not None and not np.isfinite(row["observed"]):
            row["observed"] = None
    return rows


def _time_axis(result: "TrajectoryResult") -> "alt.X":
    import altair as alt

    return alt.X("time:Q", title=result.panels[0].shown.name, scale=alt.Scale(zero=False, nice=False))


def _data(rows: list[dict[str, Any]]) -> "alt.InlineData":
    import altair as alt

    return alt.InlineData(values=rows)


def _colour(rows: list[dict[str, Any]]) -> "alt.Color":
    import altair as alt

    legend = alt.Legend(symbolOpacity=1, symbolStrokeWidth=2)
    return alt.Color("group:N", scale=_scale(rows), title="Group (share)", legend=legend)


def _scale(rows: list[dict[str, Any]]) -> "alt.Scale":
    import altair as alt

    labels = list(dict.fromkeys(str(row["group"]) for row in rows))
    return alt.Scale(domain=labels, range=[COLOURS[place % len(COLOURS)] for place in range(len(labels))])


def _trajectories(result: "TrajectoryResult") -> "alt.TopLevelMixin":
    import altair as alt

    rows = _rows(result)
    base = alt.Chart(_data(rows)).encode(x=_time_axis(result), color=_colour(rows))
    level, axis = _level_scale(result, rows)
    low = alt.Y("band_low:Q", title="Expected response", scale=level, axis=axis)
    band = base.mark_area(opacity=0.18).encode(y=low, y2="band_high:Q")
    line = base.mark_line(strokeWidth=2.2).encode(y="expected:Q")
    points = base.mark_point(filled=True, size=22).encode(y="observed:Q")
    return _by_outcome(band + line + points, result)


def _level_scale(result: "TrajectoryResult", rows: list[dict[str, Any]]) -> "tuple[alt.Scale, alt.Axis]":
    """A scale that widens small figures where groups of counts differ much, else an even one."""
    import altair as alt

    counts = all(own.settings.family in COUNT_FAMILIES for own in result.search.evaluator.layout.outcomes)
    if not counts or max(row["expected"] for row in rows) < UNEVEN_LEVEL:
        return alt.Scale(zero=False), alt.Axis()
    return alt.Scale(type="symlog", domainMin=0), alt.Axis(values=list(LEVELS))


def _observed(result: "TrajectoryResult") -> "alt.TopLevelMixin":
    """Expected paths over observed ones of some members of each group, a panel a group; lines have no name."""
    import altair as alt

    panel, own = result.panels[0], result.assignments - 1
    mixed = np.random.default_rng(0).permutation(panel.rows)
    chosen = np.concatenate([mixed[own[mixed] == group][:SHOWN_OF_A_GROUP] for group in range(result.classes)])
    labels = _group_labels(result, result.classes)
    values = panel.take(chosen).dense()
    times = panel.shown.at(panel.row_times() if panel.times.ndim == 1 else panel.times[chosen])
    times = np.broadcast_to(times, values.shape)
    lines = [
        {"group": labels[own[row]], "member": place, "time": float(time), "response": float(value)}
        for place, row in enumerate(chosen)
        for time, value in zip(times[place], values[place], strict=True)
        if np.isfinite(value)
    ]
    paths = [row for row in _rows(result) if row["outcome"] == panel.outcome]
    members = (
        alt.Chart(_data(lines))
        .mark_line(opacity=0.12, strokeWidth=0.8, color="#555555")
        .encode(x=_time_axis(result),
                y=alt.Y("response:Q", title="Response", scale=alt.Scale(type="symlog")), detail="member:N")
        .properties(width=WIDTH // 2, height=HEIGHT // 2)
    )  # fmt: skip
    expected = alt.Chart(_data(paths)).mark_line(strokeWidth=2.2).encode(
        x="time:Q", y="expected:Q", color=alt.Color("group:N", legend=None, scale=_scale(paths))
    )  # fmt: skip
    charts = [
        (members.transform_filter(alt.datum.group == label) + expected.transform_filter(alt.datum.group == label))
        .properties(title=f"Group {label}")
        for label in labels
    ]  # fmt: skip
    return alt.concat(*charts, columns=3)


def _adequacy(result: "TrajectoryResult") -> "alt.TopLevelMixin":
    import altair as alt

    rows = [row for row in result.table("residuals").to_pylist() if np.isfinite(row["z"])]
    labels = _group_labels(result, max(row["group"] for row in rows))
    for row in rows:
        row["group"] = labels[row["group"] - 1]
        row["time"] = float(result.panels[0].shown.at(row["time"]))
    base = alt.Chart(_data(rows)).properties(width=WIDTH, height=HEIGHT // 2)
    points = base.mark_line(point=True).encode(
        x=_time_axis(result),
        y=alt.Y("z:Q", title="Observed less expected (standard errors)"),
        color=_colour(rows),
    )
    limits = alt.Chart(_data([{"z": -2.0}, {"z": 2.0}])).mark_rule(strokeDash=[4, 4], color="#888888")
    return _by_outcome(points + limits.encode(y="z:Q"), result, "residuals")


def _by_outcome(chart: "alt.LayerChart", result: "TrajectoryResult", title: str = "paths") -> "alt.TopLevelMixin":
    import altair as alt

    charts = [
        chart.transform_filter(alt.datum.outcome == panel.outcome).properties(
            width=WIDTH, height=HEIGHT, title=f"{panel.outcome}: {title} of {result.classes} groups"
        )
        for panel in result.panels
    ]
    return charts[0] if len(charts) == 1 else alt.vconcat(*charts)


PLOTS: Final[Mapping[str, Callable[["TrajectoryResult"], "alt.TopLevelMixin"]]] = {
    "trajectories": _trajectories,
    "observed": _observed,
    "adequacy": _adequacy,
}
