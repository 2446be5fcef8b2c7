"""Charts of volume, drawn from tables that passed the disclosure policy."""

from collections.abc import Callable, Mapping
from typing import Final

import altair as alt

from vestige.activity.charts import by_period, inline, period_words
from vestige.activity.traces import TRACES
from vestige.activity.volume_figures import ANSWER, GRID, LIFE
from vestige.activity.volume_tables import DAY
from vestige.activity.words import percent
from vestige.disclosure.result import ChartKind, Rows

_AXIS_DAYS: Final = {
    1 / 24: "1 hour", 1 / 3: "8 hours", 1.0: "1 day", 7.0: "1 week", 28.0: "4 weeks", 182.0: "6 months",
    730.0: "2 years",
}  # fmt: skip


def _survival(title: str) -> Callable[[Rows], alt.TopLevelMixin]:
    """Steps are drawn straight: the grid is finer than the eye; time is on a log scale, since it spans six powers."""

    def make(rows: Rows) -> alt.TopLevelMixin:
        known = [{**row, "days": GRID[row["longer_than"]] / DAY} for row in rows if row["share"] is not None]
        first, last = known[0]["days"], known[-1]["days"]
        marks = {days: words for days, words in _AXIS_DAYS.items() if first <= days <= last}
        labels = " : ".join(f"abs(datum.value - {days}) < {days / 100} ? '{words}'" for days, words in marks.items())
        axis = alt.Axis(values=list(marks), labelExpr=f"{labels} : ''" if marks else "datum.value", grid=True)
        x = alt.X("days:Q", title=title, scale=alt.Scale(type="log", domain=[first, last], nice=False), axis=axis)
        y_axis = alt.Axis(format=".0%", values=[0, 0.2, 0.4, 0.6, 0.8, 1])
        y = alt.Y("share:Q", title="Share of threads", axis=y_axis, scale=alt.Scale(domain=[0, 1]))
        base = alt.Chart(inline(known))
        band = base.mark_area(opacity=0.2).encode(x=x, y=alt.Y("low:Q"), y2="high:Q")
        return alt.layer(band, base.mark_line(point=True).encode(x=x, y=y)).properties(height=280)

    return make


def _survival_words(what: str) -> Callable[[Rows], str]:
    def describe(rows: Rows) -> str:
        known = [row for row in rows if row["share"] is not None]
        shown = [row for row in known if row["longer_than"] in {"1 hour", "1 day", "1 week", "4 weeks", "1 year"}]
        parts = [f"{row['longer_than']}: {percent(row['share'])}." for row in shown]
        return " ".join([f"Share of threads {what} longer than", *parts])

    return describe


def _replies(rows: Rows) -> alt.TopLevelMixin:
    return by_period({"share_of_replies": "Share of replies"}, "Share of posts", "period", ".0%")(rows)


def _replies_words(rows: Rows) -> str:
    known = [row["share_of_replies"] for row in rows if row["share_of_replies"] is not None]
    return f"Replies among posts: between {percent(min(known))} and {percent(max(known))} in the periods shown."


_MEMBERS: Final = {
    "new_members": "New",
    "active_members": "Active",
    "members_posts": "Posting",
    "members_downloads": "Downloading",
}
_PER_POSTER: Final = {"posts_per_poster": "Posts per posting member"}

CHARTS: Final[Mapping[str, ChartKind]] = {
    "growth": ChartKind(
        "New and active members",
        "members_over_time",
        ("new_members",),
        by_period(_MEMBERS, "Members", "period"),
        period_words(_MEMBERS, "period"),
    ),
    **{
        f"{trace.name}_over_time": ChartKind(
            f"{trace.title} over time",
            "events_over_time",
            (trace.name,),
            by_period({trace.name: trace.title}, trace.title, "period"),
            period_words({trace.name: trace.title}, "period"),
        )
        for trace in TRACES
    },
    "posts_per_poster": ChartKind(
        "Posts per posting member",
        "events_over_time",
        ("posts_per_poster",),
        by_period(_PER_POSTER, "Posts", "period", ",.1f"),
        period_words(_PER_POSTER, "period"),
    ),
    "share_of_replies": ChartKind(
        "Share of replies among posts", "posts_by_kind", ("share_of_replies",), _replies, _replies_words
    ),
    "thread_lives": ChartKind(
        "How long threads live", "thread_lives", ("share",), _survival(LIFE), _survival_words("with replies")
    ),
    "thread_answers": ChartKind(
        "How long threads wait for an answer",
        "thread_answers",
        ("share",),
        _survival(ANSWER),
        _survival_words("waiting"),
    ),
}
