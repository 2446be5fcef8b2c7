"""From the reduction of volume to tables, each with the rule by which the disclosure policy lets it leave."""

from collections.abc import Iterator
from datetime import date
from typing import Final

from vestige.activity.periods import Period
from vestige.activity.traces import DOWNLOADS, MESSAGES, POSTS, REACTIONS, THREADS, TRACES, VIEWS, Trace
from vestige.activity.volume_reduce import NOTHING, Spans, TraceVolume, VolumeReduction
from vestige.activity.volume_tables import DAY, HOUR, MINUTE
from vestige.disclosure import Additive, ColumnKind, ColumnRule, Runs, TableRule
from vestige.disclosure.figures import (
    MOST,
    Figures,
    contribution_columns,
    count_column,
    members_column,
    most_of,
    rows_table,
)
from vestige.disclosure.policy import is_dominated

GRID: Final = {
    "1 minute": MINUTE, "5 minutes": 5 * MINUTE, "15 minutes": 15 * MINUTE, "30 minutes": 30 * MINUTE, "1 hour": HOUR,
    "2 hours": 2 * HOUR, "4 hours": 4 * HOUR, "8 hours": 8 * HOUR, "16 hours": 16 * HOUR, "1 day": DAY,
    "2 days": 2 * DAY, "4 days": 4 * DAY, "1 week": 7 * DAY, "2 weeks": 14 * DAY, "4 weeks": 28 * DAY,
    "8 weeks": 56 * DAY, "13 weeks": 91 * DAY, "26 weeks": 182 * DAY, "1 year": 365 * DAY, "2 years": 730 * DAY,
    "4 years": 1_461 * DAY, "8 years": 2_922 * DAY, "16 years": 5_844 * DAY,
}  # fmt: skip
"""Lengths of time at which survival is shown: words to seconds."""
LIVES: Final = "thread_lives"
LIFE: Final = "From opening to last reply"
ANSWER: Final = "Until somebody else replies"
_ANSWERED: Final = "Answered by somebody else"
_ENDED: Final = "Fallen silent by the window's end"
ACTORS: Final = {
    POSTS.name: "Posting", THREADS.name: "Opening", MESSAGES.name: "Sending", REACTIONS.name: "Reacting",
    VIEWS.name: "Viewing", DOWNLOADS.name: "Loading",
}  # fmt: skip


def volume_figures(reduction: VolumeReduction, calendar: tuple[date, ...], period: Period) -> Iterator[Figures]:
    """Every table; those without rows are left out."""
    found = [
        _members_over_time(reduction, calendar, period),
        _events_over_time(reduction, calendar, period),
        _kinds_of_posts(reduction, calendar, period),
        _totals(reduction),
        _thread_counts(reduction),
        _medians(reduction),
        *(_survival(name, title, spans) for name, title, spans in _curves(reduction)),
    ]
    yield from (figures for figures in found if figures.data.num_rows)


def _actors(trace: Trace) -> str:
    """Who left it: views are those of pages here, without marks of what was last read."""
    return "paging" if trace is VIEWS else trace.actors


def _events(trace: Trace) -> str:
    return "page-views" if trace is VIEWS else trace.name


def _calendar_column(period: Period) -> ColumnRule:
    if period is Period.MONTH:
        return ColumnRule("period", "Month", ColumnKind.MONTH)
    week = period is Period.WEEK
    return ColumnRule("period", "Week from" if week else "Day", ColumnKind.DAY, length=7 if week else 1)


def _members_over_time(reduction: VolumeReduction, calendar: tuple[date, ...], period: Period) -> Figures:
    traces = list(reduction.traces.values())
    columns = [
        _calendar_column(period),
        members_column("new_members", "New", additive=Additive.DISJOINT, counts="registered"),
        members_column("active_members", "Active", additive=Additive.NO, counts="active"),
        *(
            members_column(
                f"members_{each.trace.name}", ACTORS[each.trace.name], additive=Additive.NO, counts=_actors(each.trace)
            )
            for each in traces
        ),
    ]
    rule = TableRule(
        "members_over_time",
        f"Members, {period.adjective}",
        tuple(columns),
        "Active: left any trace that the source records. Every period is listed, also an empty one.",
    )
    rows = [
        (
            day,
            reduction.new.get(day, 0),
            reduction.active.get(day, 0),
            *(each.periods.get(day, NOTHING).members for each in traces),
        )
        for day in calendar
    ]
    return Figures(rule, rows_table(rule, rows))


def _events_over_time(reduction: VolumeReduction, calendar: tuple[date, ...], period: Period) -> Figures:
    traces = list(reduction.traces.values())
    columns = [_calendar_column(period)]
    for each in traces:
        name = each.trace.name
        columns += [
            members_column(
                f"members_{name}", ACTORS[name], additive=Additive.NO, shown=False, counts=_actors(each.trace)
            ),
            count_column(
                name, each.trace.title, behind=f"members_{name}", counts=_events(each.trace), largest=most_of(name)
            ),
            *contribution_columns(most_of(name)),
        ]
        if each.trace is POSTS:
            columns.append(
                ColumnRule("posts_per_poster", "per poster", ColumnKind.RATIO, ratio=(name, f"members_{name}"))
            )
    rule = TableRule("events_over_time", f"Activity, {period.adjective}", tuple(columns), "Events of members.")
    rows = []
    for day in calendar if traces else ():
        row: list[object] = [day]
        for each in traces:
            counts = each.periods.get(day, NOTHING)
            row += [counts.members, counts.events, *_busiest(each, "events", day)]
        rows.append(tuple(row))
    return Figures(rule, rows_table(rule, rows))


def _kinds_of_posts(reduction: VolumeReduction, calendar: tuple[date, ...], period: Period) -> Figures:
    rule = TableRule(
        "posts_by_kind",
        f"Opening posts and replies, {period.adjective}",
        (
            _calendar_column(period),
            members_column("posters", "Posting members", additive=Additive.NO, shown=False),
            count_column("posts", "Posts", behind="posters", counts=POSTS.name, largest=most_of("posts")),
            *contribution_columns(most_of("posts")),
            *_opening_and_reply_columns(),
        ),
    )
    posts = reduction.traces.get(POSTS.name)
    rows = [_kinds_row(day, posts) for day in calendar] if posts else []
    return Figures(rule, rows_table(rule, rows))


def _opening_and_reply_columns() -> tuple[ColumnRule, ...]:
    """An opening post is the rest of the posts without replies, so that either group must leave enough members."""
    return (
        members_column("openers", "Members opening", additive=Additive.NO, shown=False),
        members_column("repliers", "Members replying", additive=Additive.NO, shown=False),
        *(
            ColumnRule(
                name,
                title,
                ColumnKind.COUNT,
                behind=("openers", "repliers"),
                counts=name,
                largest=most_of(name),
            )
            for name, title in (("openings", "Opening posts"), ("replies", "Replies"))
        ),
        *contribution_columns(most_of("openings")),
        *contribution_columns(most_of("replies")),
        ColumnRule("share_of_replies", "Share of replies", ColumnKind.SHARE, ratio=("replies", "posts")),
    )


def _kinds_row(day: date, posts: TraceVolume) -> tuple[object, ...]:
    """Where one member dominates either kind of posts, the other would give it away: neither is known well enough."""
    counts = posts.periods.get(day, NOTHING)
    replies = counts.events - counts.openings
    kinds = _busiest(posts, "openings", day), _busiest(posts, "replies", day)
    if is_dominated(counts.openings, *kinds[0]) or is_dominated(replies, *kinds[1]):
        kinds = (None, None), (None, None)
    made = (counts.members, counts.events, *_busiest(posts, "events", day), counts.openers, counts.repliers)
    return (day, *made, counts.openings, replies, *kinds[0], *kinds[1])


def _busiest(volume: TraceVolume, kind: str, day: date) -> tuple[int | None, int | None]:
    return volume.busiest.get(kind, {}).get(day, (0, 0))


def _totals(reduction: VolumeReduction) -> Figures:
    """Dated events over all periods; how many members stand behind them is at least the busiest period's number."""
    rule = TableRule(
        "volume",
        "Volume in the window",
        (
            ColumnRule("trace", "What", ColumnKind.LABEL, vocabulary=tuple(trace.title for trace in TRACES)),
            members_column("busiest", "Most members in one period", additive=Additive.NO, shown=False),
            count_column(
                "events",
                "Events",
                behind="busiest",
                additive=Additive.NO,
                counts={trace.title: _events(trace) for trace in TRACES},
                largest=MOST,
            ),
            *contribution_columns(),
        ),
        "Page views leave out marks of what was last read.",
    )
    rows = [
        (
            each.trace.title,
            max((counts.members for counts in each.periods.values()), default=0),
            each.undated + sum(counts.events for counts in each.periods.values()),
            *each.busiest_of_all,
        )
        for each in reduction.traces.values()
    ]
    return Figures(rule, rows_table(rule, rows))


def _curves(reduction: VolumeReduction) -> Iterator[tuple[str, str, Spans]]:
    if reduction.lives is not None:
        yield LIVES, LIFE, reduction.lives
    if reduction.waits is not None:
        yield "thread_answers", ANSWER, reduction.waits


def _survival(name: str, title: str, spans: Spans) -> Figures:
    rule = TableRule(
        name,
        f"Threads: {title[0].lower()}{title[1:]}",
        (
            ColumnRule("longer_than", "Longer than", ColumnKind.LABEL, vocabulary=tuple(GRID), ordered=True),
            members_column(
                "openers",
                "Members whose threads are observed longer",
                additive=Additive.NO,
                counts="observed-longer" if name == LIVES else None,
                runs=Runs.SHRINKING,
            ),
            count_column(
                "threads",
                "Threads observed longer",
                behind="openers",
                additive=Additive.NO,
                counts="threads-observed" if name == LIVES else None,
                runs=Runs.SHRINKING,
            ),
            *(
                ColumnRule(column, heading, ColumnKind.PROPORTION, behind=("openers",), restates="threads")
                for column, heading in (("share", "Share"), ("low", "95 % from"), ("high", "to"))
            ),
        ),
        "Kaplan-Meier estimate: threads whose end the window does not show count as long as they were observed.",
    )
    rows = []
    for words, seconds in GRID.items():
        threads, *shares = spans.curve.at(seconds)
        if threads == 0:
            break
        rows.append((words, spans.members_beyond(seconds), threads, *(min(1.0, max(0.0, value)) for value in shares)))
    return Figures(rule, rows_table(rule, rows))


def _thread_counts(reduction: VolumeReduction) -> Figures:
    rule = TableRule(
        "threads",
        "Threads",
        (
            ColumnRule("what", "Threads", ColumnKind.LABEL, vocabulary=(_ANSWERED, _ENDED)),
            members_column("openers", "Opened by members", additive=Additive.NO),
            count_column("threads", "Such threads", behind="openers", additive=Additive.NO),
            count_column("of_threads", "Of threads", behind="openers", additive=Additive.NO),
            ColumnRule("share", "Share", ColumnKind.SHARE, ratio=("threads", "of_threads")),
        ),
        "Dated threads; among their openers are guests and deleted authors, who are not counted as members.",
    )
    pairs = ((_ANSWERED, reduction.waits), (_ENDED, reduction.lives))
    rows = [(words, spans.members, spans.ended, spans.threads) for words, spans in pairs if spans is not None]
    return Figures(rule, rows_table(rule, rows))


def _medians(reduction: VolumeReduction) -> Figures:
    rule = TableRule(
        "thread_medians",
        "Median times of threads, in hours",
        (
            ColumnRule("what", "Time", ColumnKind.LABEL, vocabulary=(LIFE, ANSWER)),
            members_column("openers", "Members who opened them", additive=Additive.NO, shown=False),
            *(
                ColumnRule(column, heading, ColumnKind.ESTIMATE, behind=("openers",))
                for column, heading in (("median", "Median"), ("low", "95 % from"), ("high", "to"))
            ),
        ),
        "Half of the threads take longer. [x]: fewer than half end within the window.",
    )
    rows = [
        (title, spans.members, *(None if value is None else value / HOUR for value in spans.curve.median()))
        for _, title, spans in _curves(reduction)
    ]
    return Figures(rule, rows_table(rule, rows))
