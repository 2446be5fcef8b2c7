"""Charts of a description, drawn from tables that passed the disclosure policy.

They carry no colours or fonts of their own: the report's theme sets them, so that every chapter looks alike. Data
are written into the chart; nothing is ever loaded.
"""

from collections.abc import Callable, Mapping
from typing import Final

import altair as alt

from vestige.activity.traces import DOWNLOADS, POSTS
from vestige.activity.words import percent
from vestige.disclosure.result import ChartKind, Rows

_MOST_SECTIONS: Final = 20
_FEW_MONTHS: Final = 24
_FEW_BANDS: Final = 9
BAR_WIDTH: Final = 420
BAR_PADDING: Final = {"left": 40, "top": 5, "right": 5, "bottom": 5}
"""Room for labels that a reader's font draws wider than the font they were measured with."""


def inline(rows: Rows) -> alt.Data:
    """Rows as data inside the chart."""
    return alt.Data(values=rows)  # type: ignore[no-untyped-call] # Altair's own gap


def by_period(
    columns: Mapping[str, str], heading: str, key: str = "month", form: str = ",d"
) -> Callable[[Rows], alt.TopLevelMixin]:
    """Lines over the calendar; a period whose figure is suppressed is a gap with a cross on the axis."""

    def make(rows: Rows) -> alt.TopLevelMixin:
        long = [
            {"month": first_day(row[key]), "series": title, "value": row[name], "hidden": name in row["suppressed"]}
            for row in rows
            for name, title in columns.items()
            if name in row
        ]
        order = [title for name, title in columns.items() if name in rows[0]]
        month = alt.X(
            "month:T", title=None, axis=alt.Axis(format="%b %Y", labelOverlap=True, labelFlush=False, tickCount=8)
        )
        series = alt.Color(
            "series:N",
            title=None,
            sort=order,
            scale=alt.Scale(domain=order),
            legend=None if len(order) == 1 else alt.Legend(),
        )
        lines = (
            alt.Chart(inline(long))
            .mark_line(point=len(rows) <= _FEW_MONTHS, invalid="break-paths-show-domains")
            .encode(x=month, y=alt.Y("value:Q", title=heading, axis=alt.Axis(format=form)), color=series)
        )
        gaps = (
            alt.Chart(inline([row for row in long if row["hidden"]]))
            .mark_point(shape="cross", size=22, opacity=0.5)
            .encode(x=month, y=alt.datum(0), color=series)
        )
        return alt.layer(lines, gaps) if any(row["hidden"] for row in long) else lines

    return make


def first_day(name: str) -> str:
    """The first day of a period by its name: a month, or a day."""
    return f"{name}-01" if len(name) == len("2020-01") else name


def period_words(columns: Mapping[str, str], key: str = "month") -> Callable[[Rows], str]:
    """The highest and the last figure of each line."""

    def describe(rows: Rows) -> str:
        parts = [f"Figures from {rows[0][key]} to {rows[-1][key]}."]
        for name, title in columns.items():
            known = [(row[name], row[key]) for row in rows if row.get(name) is not None]
            if known:
                most, when = max(known, key=lambda cell: (cell[0], cell[1]))
                parts.append(f"{title}: highest {most:,}, in {when}; last shown {known[-1][0]:,}, in {known[-1][1]}.")
        return " ".join(parts)

    return describe


def lorenz(rows: Rows) -> alt.TopLevelMixin:
    """Lorenz curves of both populations with their intervals, and the line of equality."""
    percent_axis = alt.Axis(format=".0%", values=[0, 0.2, 0.4, 0.6, 0.8, 1])
    x = alt.X("part:Q", title="Least active part of the population", axis=percent_axis)
    legend = alt.Legend(symbolType="stroke", symbolOpacity=1, symbolFillColor="transparent")
    population = alt.Color("population:N", title=None, legend=legend)
    known = alt.Chart(inline([row for row in rows if row["share"] is not None]))
    equal = alt.Chart(inline([{"part": 0, "share": 0}, {"part": 1, "share": 1}])).mark_line(
        strokeDash=[4, 4], strokeWidth=1, opacity=0.6, color="currentColor"
    )
    y = alt.Y("share:Q", title="Its share", axis=percent_axis)
    band = known.mark_area(opacity=0.2).encode(x=x, y=alt.Y("low:Q"), y2="high:Q", color=population)
    return alt.layer(equal.encode(x=x, y=y), band, known.mark_line().encode(x=x, y=y, color=population)).properties(
        height=340
    )


def lorenz_words(rows: Rows) -> str:
    """What the least active half of each population holds."""
    parts = ["The further a curve sags below the dashed diagonal, the more is done by few."]
    for population in dict.fromkeys(row["population"] for row in rows):
        known = [row for row in rows if row["population"] == population and row["share"] is not None]
        middle = min(known, key=lambda row: abs(row["part"] - 0.5), default=None)
        if middle is not None and 0 < middle["part"] < 1:
            least, held = f"{middle['part'] * 100:g} %", percent(middle["share"])
            parts.append(f"Among {population}, the least active {least} account for {held}.")
    return " ".join(parts)


def participation_bars(rows: Rows) -> alt.TopLevelMixin:
    """A bar for each deed, with its interval."""
    known = [row for row in rows if row["share"] is not None]
    deed = alt.Y("deed:N", title=None, sort=[row["deed"] for row in known], axis=alt.Axis(labelLimit=320))
    axis = alt.Axis(format=".0%", tickCount=5)
    base = alt.Chart(inline(known))
    bars = base.mark_bar().encode(y=deed, x=alt.X("share:Q", title="Share of members", axis=axis))
    whiskers = base.mark_rule(strokeWidth=2, color="currentColor").encode(y=deed, x="low:Q", x2="high:Q")
    return alt.layer(bars, whiskers).properties(width=BAR_WIDTH, height=alt.Step(26), padding=BAR_PADDING)


def participation_words(rows: Rows) -> str:
    """Every published share."""
    return " ".join(f"{row['deed']}: {percent(row['share'])}." for row in rows if row["share"] is not None)


def _per_member(title: str) -> Callable[[Rows], alt.TopLevelMixin]:
    def make(rows: Rows) -> alt.TopLevelMixin:
        names = {"share": "Members", "share_of_events": title}
        long = [
            {"band": row["band"], "series": series, "share": row[name]}
            for row in rows
            for name, series in names.items()
            if row[name] is not None
        ]
        order = list(names.values())
        chart: alt.TopLevelMixin = (
            alt.Chart(inline(long))
            .mark_bar()
            .encode(
                x=alt.X(
                    "band:N",
                    title=f"{title} per member",
                    sort=[row["band"] for row in rows],
                    axis=alt.Axis(labelAngle=0 if len(rows) <= _FEW_BANDS else -35),
                ),
                xOffset=alt.XOffset("series:N", sort=order),
                y=alt.Y("share:Q", title="Share", axis=alt.Axis(format=".0%")),
                color=alt.Color("series:N", title=None, sort=order, scale=alt.Scale(domain=order), legend=alt.Legend()),
            )
        )
        return chart

    return make


def _per_member_words(title: str) -> Callable[[Rows], str]:
    def describe(rows: Rows) -> str:
        parts = [
            f"{row['band']}: {percent(row['share'])} of members, {percent(row['share_of_events'])} of {title.lower()}."
            for row in rows
            if row["share"] is not None and row["share_of_events"] is not None
        ]
        return " ".join([f"Members by their number of {title.lower()}.", *parts])

    return describe


def _sections(rows: Rows) -> alt.TopLevelMixin:
    known = [row for row in rows if row["posts"] is not None][:_MOST_SECTIONS]
    chart: alt.TopLevelMixin = (
        alt.Chart(inline(known))
        .mark_bar()
        .encode(
            y=alt.Y("kind:N", title=None, sort=[row["kind"] for row in known], axis=alt.Axis(labelLimit=320)),
            x=alt.X("posts:Q", title="Posts", axis=alt.Axis(format=",d")),
        )
        .properties(width=BAR_WIDTH, height=alt.Step(20), padding=BAR_PADDING)
    )
    return chart


def _sections_words(rows: Rows) -> str:
    known = [row for row in rows if row["posts"] is not None][:_MOST_SECTIONS]
    listed = ", ".join(f"{row['kind']} {row['posts']:,}" for row in known)
    return f"Posts by kind of section, busiest first: {listed}."


_MEMBERS: Final = {"new_members": "New members", "members_posts": "Members posting"}
_POSTS: Final = {"posts": "Posts"}
_DOWNLOADS: Final = {"downloads": "Downloads"}

CHARTS: Final[Mapping[str, ChartKind]] = {
    "members_by_month": ChartKind(
        "New and posting members by month",
        "months",
        ("new_members",),
        by_period(_MEMBERS, "Members"),
        period_words(_MEMBERS),
    ),
    "posts_by_month": ChartKind(
        "Posts by month", "months", ("posts",), by_period(_POSTS, "Posts"), period_words(_POSTS)
    ),
    "downloads_by_month": ChartKind(
        "Downloads by month", "months", ("downloads",), by_period(_DOWNLOADS, "Downloads"), period_words(_DOWNLOADS)
    ),
    "participation": ChartKind("Who takes part", "participation", ("share",), participation_bars, participation_words),
    "posts_per_member": ChartKind(
        "Posts per member", "posts_per_member", ("share",), _per_member("Posts"), _per_member_words("Posts")
    ),
    "downloads_per_member": ChartKind(
        "Downloads per member",
        "downloads_per_member",
        ("share",),
        _per_member("Downloads"),
        _per_member_words("Downloads"),
    ),
    "lorenz_posts": ChartKind(
        "Lorenz curves of posts", "lorenz", ("share",), lorenz, lorenz_words, where=("trace", POSTS.title)
    ),
    "lorenz_downloads": ChartKind(
        "Lorenz curves of downloads", "lorenz", ("share",), lorenz, lorenz_words, where=("trace", DOWNLOADS.title)
    ),
    "sections": ChartKind("Posts by kind of section", "sections", ("posts",), _sections, _sections_words),
}
