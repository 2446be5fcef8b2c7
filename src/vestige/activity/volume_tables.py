"""Reductions of volume over time and of the lives of threads, as Ibis expressions equal on DuckDB and Spark.

Periods are the date of their first day. Times are compared in whole seconds since 1970. What leaves the engine has a
row a period, or a row a length of time on a grid; it does not grow with the number of events.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import ibis

from vestige.activity.periods import Period, period_of
from vestige.activity.tables import two_largest
from vestige.activity.traces import Trace
from vestige.dataset.schema import ViewKind

if TYPE_CHECKING:
    import ibis.expr.types as ir

MINUTE: Final = 60
HOUR: Final = 3_600
DAY: Final = 86_400
_BY_MINUTE: Final = 2 * HOUR
_BY_HOUR: Final = 3 * DAY


def page_views(view: "ir.Table") -> "ir.Table":
    """Views of a page: marks of what was last read are states of a member, not clicks."""
    return view.filter(view.kind != ViewKind.READ_MARK.value)


def actor_periods(events: "ir.Table", trace: Trace, period: Period) -> "ir.Table":
    """One row an actor and period: forum, member, period (null where undated), events, openings (of posts)."""
    if trace.event is not None:
        events = events.select("forum", trace.event, trace.actor, trace.time).distinct()
    opening = events.is_opening.cast("int64") if "is_opening" in events.columns else ibis.literal(0, "int64")
    rows = events.select(
        "forum", member=events[trace.actor], period=period_of(events[trace.time], period), opening=opening
    )
    known = rows.filter(rows.member.notnull())
    return known.group_by("forum", "member", "period").aggregate(events=known.count(), openings=known.opening.sum())


def by_period(actors: "ir.Table") -> "ir.Table":
    """Of the rows of `actor_periods`: period, events, members, openings, openers, repliers."""
    replies = actors.events - actors.openings
    return actors.group_by("period").aggregate(
        events=actors.events.sum(),
        members=actors.count(),
        openings=actors.openings.sum(),
        openers=(actors.openings > 0).cast("int64").sum(),
        repliers=(replies > 0).cast("int64").sum(),
    )


def busiest_by_period(actors: "ir.Table", events: str) -> "ir.Table":
    """Of the rows of `actor_periods`: period, most, second; of the events, openings or replies of single members."""
    return two_largest(actors.mutate(replies=actors.events - actors.openings), "period", events)


def busiest_of_all(actors: "ir.Table") -> "ir.Table":
    """Of the rows of `actor_periods`: what the two busiest made in all periods together, one row: most, second."""
    each = actors.group_by("forum", "member").aggregate(events=actors.events.sum())
    return two_largest(each.mutate(whole=ibis.literal(0, "int64")), "whole", "events")


def active_by_period(traces: Sequence["ir.Table"]) -> "ir.Table":
    """Of the rows of `actor_periods` of every trace: period, members who left any dated trace in it."""
    rows = [table.filter(table.period.notnull()).select("forum", "member", "period") for table in traces]
    pairs = rows[0] if len(rows) == 1 else ibis.union(*rows, distinct=True)
    return pairs.group_by("period").aggregate(members=pairs.count())


def new_by_period(members: "ir.Table", period: Period) -> "ir.Table":
    """New members: period (null where unknown), members."""
    return members.group_by(period=period_of(members.registered_at, period)).aggregate(members=members.count())


def seconds(time: "ir.TimestampValue") -> "ir.IntegerValue":
    """Whole seconds since 1970, cut down; null for null."""
    return time.truncate("s").epoch_seconds().cast("int64")


def on_grid(length: "ir.IntegerValue") -> "ir.IntegerValue":
    """A length of time in seconds, cut to minutes below two hours, to hours below three days, else to days."""
    unit = ibis.cases((length < _BY_MINUTE, MINUTE), (length < _BY_HOUR, HOUR), else_=DAY)
    return (length - length % unit).cast("int64")


def thread_lives(thread: "ir.Table", post: "ir.Table", forum: "ir.Table") -> "ir.Table":
    """One row a dated thread: forum, starter, opened, end, last (reply), answered (by somebody else), seconds.

    A reply is a post that does not open its thread. Null: no dated reply, or a window whose end is not known.
    """
    replies = post.filter(~post.is_opening, post["at"].notnull())
    opened = thread.filter(thread.created_at.notnull())
    starters = opened.select("forum", "thread", "starter")
    joined = replies.select("forum", "thread", "author", "at").inner_join(starters, ["forum", "thread"])
    other = (joined.author != joined.starter).fill_null(True)
    each = joined.group_by("forum", "thread").aggregate(
        last=joined["at"].max(), answered=ibis.ifelse(other, joined["at"], ibis.null("timestamp")).min()
    )
    whole = opened.left_join(each, ["forum", "thread"]).select(
        "forum", "starter", opened.created_at, each["last"], each.answered
    )
    ends = forum.select("forum", "window_end")
    placed = whole.left_join(ends, "forum").select(*whole.columns, "window_end")
    return placed.select(
        "forum",
        "starter",
        opened=seconds(placed.created_at),
        end=seconds(placed.window_end),
        last=seconds(placed["last"]),
        answered=seconds(placed.answered),
    )


def spans_of_activity(lives: "ir.Table", quiet: int) -> "ir.Table":
    """Time from opening to the last reply: forum, starter, length, ended, clipped (it would be negative).

    A thread has ended if it was silent for `quiet` seconds before the window's end; else its length is only a lower
    limit. A thread without a reply has length 0 from its opening.
    """
    final = ibis.coalesce(lives["last"], lives.opened)
    return lives.filter(lives.end.notnull()).select(
        "forum",
        "starter",
        length=on_grid(ibis.greatest(final - lives.opened, 0)),
        ended=lives.end - ibis.greatest(final, lives.opened) >= quiet,
        clipped=(final < lives.opened).cast("int64"),
    )


def waits_for_answer(lives: "ir.Table") -> "ir.Table":
    """Time from opening to the first reply by somebody else: forum, starter, length, ended (answered), clipped."""
    known = lives.filter(lives.end.notnull())
    final = ibis.coalesce(known.answered, known.end)
    return known.select(
        "forum",
        "starter",
        length=on_grid(ibis.greatest(final - known.opened, 0)),
        ended=known.answered.notnull(),
        clipped=(known.answered < known.opened).fill_null(False).cast("int64"),
    )


def lengths(spans: "ir.Table") -> "ir.Table":
    """Of the rows of either: length, threads, ended, clipped."""
    return spans.group_by("length").aggregate(
        threads=spans.count(), ended=spans.ended.cast("int64").sum(), clipped=spans.clipped.sum()
    )


def longest_of_starters(spans: "ir.Table", members: "ir.Table") -> "ir.Table":
    """Members by the longest of their own threads: length, members. Those at or above a length are at risk there."""
    own = spans.semi_join(members, [("forum", "forum"), ("starter", "member")])
    each = own.group_by("forum", "starter").aggregate(length=own.length.max())
    return each.group_by("length").aggregate(members=each.count())
