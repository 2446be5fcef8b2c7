"""Charts of participation, drawn from tables that passed the disclosure policy."""

from collections.abc import Mapping
from typing import Final

import altair as alt

from vestige.activity.charts import BAR_PADDING, BAR_WIDTH, inline, participation_bars, participation_words
from vestige.activity.words import percent
from vestige.disclosure.result import ChartKind, Rows

_MOST_SECTIONS: Final = 15
_USES: Final = {"viewers": "Viewing", "posters": "Posting"}
_CELL: Final = 44


def _lurkers(rows: Rows) -> alt.TopLevelMixin:
    known = [row for row in rows if row["share"] is not None]
    axis = alt.Axis(format=".0%", tickCount=5)
    order = list(dict.fromkeys(row["definition"] for row in known))
    base = alt.Chart(inline(known))
    y = alt.Y("definition:N", title=None, sort=order, axis=alt.Axis(labelLimit=320))
    offset = alt.YOffset("population:N")
    x = alt.X("share:Q", title="Share", axis=axis, scale=alt.Scale(domain=[0, 1]))
    bars = base.mark_bar().encode(y=y, yOffset=offset, x=x, color=alt.Color("population:N", title=None))
    whiskers = base.mark_rule(strokeWidth=2, color="currentColor").encode(y=y, yOffset=offset, x="low:Q", x2="high:Q")
    return alt.layer(bars, whiskers).properties(width=BAR_WIDTH, height=alt.Step(18), padding=BAR_PADDING)


def _lurkers_words(rows: Rows) -> str:
    known = [row for row in rows if row["share"] is not None]
    return " ".join(f"{row['definition']}, among {row['population']}: {percent(row['share'])}." for row in known)


def _section_use(rows: Rows) -> alt.TopLevelMixin:
    shown = [row for row in rows if row["viewers"] is not None or row["posters"] is not None][:_MOST_SECTIONS]
    long = [
        {"kind": row["kind"], "series": title, "members": row[name]}
        for row in shown
        for name, title in _USES.items()
        if row[name] is not None
    ]
    chart: alt.TopLevelMixin = (
        alt.Chart(inline(long))
        .mark_bar()
        .encode(
            y=alt.Y("kind:N", title=None, sort=[row["kind"] for row in shown], axis=alt.Axis(labelLimit=320)),
            yOffset=alt.YOffset("series:N", sort=list(_USES.values())),
            x=alt.X("members:Q", title="Members", axis=alt.Axis(format=",d", tickCount=5)),
            color=alt.Color("series:N", title=None, sort=list(_USES.values())),
        )
        .properties(width=BAR_WIDTH, height=alt.Step(10), padding=BAR_PADDING)
    )
    return chart


def _section_use_words(rows: Rows) -> str:
    shown = [row for row in rows if row["viewers"] is not None or row["posters"] is not None][:_MOST_SECTIONS]
    parts = [
        ", ".join(
            [row["kind"], *(f"{title.lower()} {row[name]:,}" for name, title in _USES.items() if row[name] is not None)]
        )
        for row in shown
    ]
    return f"Members by kind of section, busiest first: {'; '.join(parts)}."


def _overlap(rows: Rows) -> alt.TopLevelMixin:
    known = [row for row in rows if row["share"] is not None]
    both = [*known, *({**row, "one": row["other"], "other": row["one"]} for row in known)]
    order = list(dict.fromkeys(name for row in known for name in (row["one"], row["other"])))
    base = alt.Chart(inline(both)).encode(
        x=alt.X("one:N", title=None, sort=order, axis=alt.Axis(labelAngle=-35, labelLimit=200)),
        y=alt.Y("other:N", title=None, sort=order, axis=alt.Axis(labelLimit=240)),
    )
    top = max(row["share"] for row in known) or 1.0
    cells = base.mark_rect().encode(
        opacity=alt.Opacity("share:Q", legend=None, scale=alt.Scale(domain=[0, top], range=[0.08, 0.9]))
    )
    texts = base.mark_text(color="currentColor", fontSize=11).encode(text=alt.Text("share:Q", format=".0%"))
    return alt.layer(cells, texts).properties(width=alt.Step(_CELL), height=alt.Step(_CELL * 0.7), padding=BAR_PADDING)


def _overlap_words(rows: Rows) -> str:
    known = sorted((row for row in rows if row["share"] is not None), key=lambda row: -row["share"])
    shown = "; ".join(f"{row['one']} and {row['other']} {percent(row['share'])}" for row in known[:3])
    return f"Share of members in both of two kinds of section, of those in either; most alike: {shown}."


CHARTS: Final[Mapping[str, ChartKind]] = {
    "participation": ChartKind("Who takes part", "participation", ("share",), participation_bars, participation_words),
    "lurkers": ChartKind("Lurkers by definition", "lurkers", ("share",), _lurkers, _lurkers_words),
    "section_use": ChartKind(
        "Who visits and who posts where", "section_use", ("posters",), _section_use, _section_use_words
    ),
    "overlap_views": ChartKind(
        "Readers in common", "section_overlap", ("share",), _overlap, _overlap_words, where=("what", "viewed")
    ),
    "overlap_posts": ChartKind(
        "Writers in common", "section_overlap", ("share",), _overlap, _overlap_words, where=("what", "posted")
    ),
}
