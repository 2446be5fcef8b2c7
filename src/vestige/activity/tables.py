"""Reductions of activity as Ibis expressions, equal on DuckDB and Spark.

A member is an account of kind `member`, told apart by forum and id; guests, deleted authors, bots and system
accounts never count as one. Months are whole numbers, year * 12 + month - 1, since those compare and subtract alike
on every engine. Nothing that grows with the number of events leaves the engine.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import ibis

from vestige.activity.traces import Trace
from vestige.dataset.schema import MemberKind

if TYPE_CHECKING:
    import ibis.expr.types as ir


def month_of(time: "ir.TimestampValue") -> "ir.IntegerValue":
    """Number of a time's month, year * 12 + month - 1; null for null."""
    return (time.year() * 12 + time.month() - 1).cast("int64")


def only_members(member: "ir.Table") -> "ir.Table":
    """Accounts that count as members: forum, member, registered_at."""
    return member.filter(member.kind == MemberKind.MEMBER.value).select("forum", "member", "registered_at")


def account_kinds(member: "ir.Table") -> "ir.Table":
    """Accounts of each kind: kind, accounts."""
    return member.group_by("kind").aggregate(accounts=member.count())


def registrations(members: "ir.Table") -> "ir.Table":
    """New members a month: month (null where unknown), members."""
    return members.group_by(month=month_of(members.registered_at)).aggregate(members=members.count())


def actor_months(events: "ir.Table", trace: Trace) -> "ir.Table":
    """Events of each account in each month: forum, member, month (null where undated), events.

    The one pass over all events; keep it (`.cache()`) and reduce it further with the functions below.
    """
    if trace.event is not None:
        events = events.select("forum", trace.event, trace.actor, trace.time).distinct()
    return events.group_by(
        forum=events.forum, member=events[trace.actor], month=month_of(events[trace.time])
    ).aggregate(events=events.count())


def of_members(actor_rows: "ir.Table", members: "ir.Table") -> "ir.Table":
    """The rows whose `forum` and `member` are those of a member."""
    return actor_rows.semi_join(members, ["forum", "member"])


def by_month(months: "ir.Table") -> "ir.Table":
    """Of the rows of `actor_months`: month, events, and members active in it."""
    dated = months.filter(months.month.notnull())
    return dated.group_by("month").aggregate(events=dated.events.sum(), members=dated.count())


def actor_totals(months: "ir.Table") -> "ir.Table":
    """Of the rows of `actor_months`: forum, member, events, undated (events). Worth keeping: one row an actor."""
    return months.group_by("forum", "member").aggregate(
        events=months.events.sum(), undated=ibis.ifelse(months.month.isnull(), months.events, 0).sum()
    )


def by_actor_kind(totals: "ir.Table", member: "ir.Table") -> "ir.Table":
    """Of the rows of `actor_totals`, whoever acted: kind (null for no or an unknown account), events, undated."""
    kinds = member.select("forum", "member", "kind")
    joined = totals.left_join(kinds, ["forum", "member"]).select("kind", "events", "undated")
    return joined.group_by("kind").aggregate(events=joined.events.sum(), undated=joined.undated.sum())


def events_per_member(totals: "ir.Table") -> "ir.Table":
    """The distribution over those who acted at all: events, members with that many."""
    return totals.group_by("events").aggregate(members=totals.count())


def trace_sets(totals: Sequence["ir.Table"]) -> "ir.Table":
    """Which traces members left together: traces (sum of 2**place in the argument), members with just those."""
    sets = [
        table.select("forum", "member").mutate(bit=ibis.literal(1 << place, "int64"))
        for place, table in enumerate(totals)
    ]
    marked = sets[0] if len(sets) == 1 else ibis.union(*sets, distinct=False)
    combined = marked.group_by("forum", "member").aggregate(traces=marked.bit.sum())
    return combined.group_by("traces").aggregate(members=combined.count())


def by_section_kind(events: "ir.Table", trace: Trace, section: "ir.Table", members: "ir.Table") -> "ir.Table":
    """Events of members in each kind of section: kind (null outside any), events, members.

    Kinds are numbered first: grouping many rows by a number is much cheaper than by a word.
    """
    numbered = section.select("forum", "section", "kind").mutate(place=ibis.dense_rank().over(order_by=section.kind))
    placed = events.left_join(numbered.select("forum", "section", "place"), ["forum", "section"])
    rows = placed.select("place", "forum", member=trace.actor)
    each = of_members(rows.group_by("place", "forum", "member").aggregate(events=rows.count()), members)
    by_place = each.group_by("place").aggregate(events=each.events.sum(), members=each.count())
    return by_place.left_join(numbered.select("place", "kind").distinct(), "place").select("kind", "events", "members")


def role_holders(role_spell: "ir.Table", members: "ir.Table") -> "ir.Table":
    """Members who ever held each role, and who held it at the window's end: role, ever, at_end."""
    spells = of_members(role_spell, members)
    each = spells.group_by("forum", "member", "role").aggregate(held=spells.end_at.isnull().cast("int64").max())
    return each.group_by("role").aggregate(ever=each.count(), at_end=each.held.sum())


def evidence_kinds(role_spell: "ir.Table") -> "ir.Table":
    """How roles are known: evidence, spells."""
    return role_spell.group_by("evidence").aggregate(spells=role_spell.count())
