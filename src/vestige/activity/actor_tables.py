"""Reductions of who did what, as Ibis expressions equal on DuckDB and Spark: one row an actor, then small answers."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import ibis

from vestige.activity.tables import MARKS, bit_or
from vestige.activity.traces import Trace
from vestige.activity.volume_tables import seconds
from vestige.dataset.schema import DownloadOutcome

if TYPE_CHECKING:
    import ibis.expr.types as ir

FORTNIGHT: Final = 14 * 86_400


def with_thread_sections(view: "ir.Table", thread: "ir.Table") -> "ir.Table":
    """Views of a thread without a section take the section of the thread."""
    placed = thread.select("forum", "thread", of_thread="section")
    joined = view.left_join(placed, ["forum", "thread"])
    others = [name for name in view.columns if name != "section"]
    return joined.select(*(view[name] for name in others), section=ibis.coalesce(view.section, placed.of_thread))


def views_without_section(view: "ir.Table") -> "ir.Table":
    """One row: views that name a thread and no section."""
    return view.aggregate(views=(view.section.isnull() & view.thread.notnull()).cast("int64").sum())


def actor_totals(events: "ir.Table", trace: Trace, sections: "ir.Table | None", places: range) -> "ir.Table":
    """One row a known actor: forum, member, events, first (second; null: undated), completed, place_0, ...

    `completed` counts downloads that reached their end and is 0 elsewhere. `place_0` has bit i set when the actor did
    anything in place i of the kinds of section, and so on.
    """
    if trace.event is not None:
        events = events.select("forum", trace.event, trace.actor, trace.time).distinct()
    done = (
        (events.outcome == DownloadOutcome.COMPLETED.value).cast("int64")
        if "outcome" in events.columns
        else ibis.literal(0, "int64")
    )
    section = events.section if "section" in events.columns else ibis.null("int64")
    rows = events.select("forum", member=events[trace.actor], at=events[trace.time], done=done, section=section).filter(
        lambda row: row.member.notnull()
    )
    if sections is not None and places:
        own = sections.select("forum", "section", "place")
        joined = rows.left_join(own, ["forum", "section"])
        rows = joined.select("forum", "member", "at", "done", place=joined.place.fill_null(0))
    marks = {f"place_{chunk}": _marks(rows.place, places, chunk) for chunk in range(-(-len(places) // MARKS))}
    totals = rows.group_by("forum", "member").aggregate(
        events=rows.count(), earliest=rows["at"].min(), completed=rows.done.sum(), **marks
    )
    return totals.mutate(first=seconds(totals.earliest)).drop("earliest")


def _marks(place: "ir.IntegerValue", places: range, chunk: int) -> "ir.IntegerScalar":
    first = chunk * MARKS
    inside = place.between(first, min(first + MARKS, places.stop) - 1)
    bit = ibis.literal(1, "int64") << ibis.ifelse(inside, place - first, 0)
    return bit_or(ibis.ifelse(inside, bit, ibis.literal(0, "int64")))


def deeds(totals: Mapping[str, "ir.Table"]) -> "ir.Table":
    """What members did together: deeds (bit i for the i-th of the names), members with just those.

    Args:
        totals: name of a deed to a table with a row for each member who did it.
    """
    rows = [
        table.select("forum", "member").mutate(bit=ibis.literal(1 << place, "int64"))
        for place, table in enumerate(totals.values())
    ]
    marked = rows[0] if len(rows) == 1 else ibis.union(*rows, distinct=False)
    each = marked.group_by("forum", "member").aggregate(deeds=marked.bit.sum())
    return each.group_by("deeds").aggregate(members=each.count())


def recorded_spans(events: "ir.Table", trace: Trace, forum: "ir.Table") -> "ir.Table":
    """From when to when a trace was recorded: forum, start (its first second), end (of the window, else its last)."""
    each = events.group_by("forum").aggregate(first=events[trace.time].min(), last=events[trace.time].max())
    joined = each.left_join(forum.select("forum", "window_end"), "forum")
    known = joined.select("forum", "first", "last", "window_end").filter(lambda row: row["first"].notnull())
    return known.select(
        "forum", start=seconds(known["first"]), end=ibis.coalesce(seconds(known.window_end), seconds(known["last"]))
    )


def exposures(members: "ir.Table", totals: "ir.Table", spans: "ir.Table") -> "ir.Table":
    """One row each for all members and those with any: any_events, members, sums of events, fortnights, products.

    A member is exposed from registration, or from the first event where that is earlier, to the end of the record.
    """
    own = members.left_join(totals.select("forum", "member", "events", "first"), ["forum", "member"])
    whole = own.select("forum", "member", "registered_at", "events", "first").inner_join(spans, "forum")
    joined = ibis.coalesce(seconds(whole.registered_at), whole.start)
    begin = ibis.greatest(whole.start, ibis.least(joined, ibis.coalesce(whole["first"], joined)))
    each = whole.select(
        events=whole.events.fill_null(0).cast("float64"),
        time=(ibis.greatest(whole.end - begin, 0) / FORTNIGHT).cast("float64"),
    ).filter(lambda row: row.time > 0)
    return each.group_by(any_events=each.events > 0).aggregate(
        members=each.count(),
        events=each.events.sum(),
        time=each.time.sum(),
        events_squared=(each.events * each.events).sum(),
        events_time=(each.events * each.time).sum(),
        time_squared=(each.time * each.time).sum(),
    )


def in_places(totals: "ir.Table", places: Sequence[int]) -> "ir.Table":
    """One row: n_PLACE members who were there, for each of the places."""
    return totals.aggregate(**{f"n_{place}": _bit(totals, place).sum().fill_null(0) for place in places})


def in_pairs(totals: "ir.Table", places: Sequence[int]) -> "ir.Table":
    """One row: members, and n_PLACE_OTHER members who were in both, for each pair of the places."""
    pairs = [(one, other) for rank, one in enumerate(places) for other in places[rank + 1 :]]
    return totals.aggregate(
        members=totals.count(),
        **{f"n_{one}_{other}": (_bit(totals, one) * _bit(totals, other)).sum().fill_null(0) for one, other in pairs},
    )


def viewers_who_post(viewers: "ir.Table", posters: "ir.Table", places: Sequence[int]) -> "ir.Table":
    """One row: n_PLACE members who both viewed and posted there."""
    seen = viewers.select("forum", "member", **{f"seen_{place}": _bit(viewers, place) for place in places})
    wrote = posters.select("forum", "member", **{f"wrote_{place}": _bit(posters, place) for place in places})
    both = seen.inner_join(wrote, ["forum", "member"])
    return both.aggregate(
        **{f"n_{place}": (both[f"seen_{place}"] * both[f"wrote_{place}"]).sum().fill_null(0) for place in places}
    )


def _bit(totals: "ir.Table", place: int) -> "ir.IntegerValue":
    return (totals[f"place_{place // MARKS}"] >> (place % MARKS)) & 1
