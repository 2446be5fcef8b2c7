"""Reductions of activity as Ibis expressions, equal on DuckDB and Spark.

A member is an account of kind `member`, told apart by forum and id; guests, deleted authors, bots and system
accounts never count as one. Months are whole numbers, year * 12 + month - 1, since those compare and subtract alike
on every engine. Nothing that grows with the number of events leaves the engine.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import ibis

from vestige.activity.traces import Trace
from vestige.dataset.schema import MemberKind

if TYPE_CHECKING:
    import ibis.expr.types as ir


MARKS: Final = 60
"""Bits used of a 64-bit number, well clear of its sign."""


@ibis.udf.agg.builtin  # type: ignore[untyped-decorator] # Ibis is not typed
def bit_or(marks: int) -> int:  # type: ignore[empty-body] # the engine's own function
    """Bitwise or over rows: both engines have it by this name, Ibis 12 knows only DuckDB's."""


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


def section_places(section: "ir.Table") -> "ir.Table":
    """Kinds of section numbered from 1, in the order of their codes: forum, section, kind, place."""
    return section.select("forum", "section", "kind").mutate(
        place=(ibis.dense_rank().over(order_by=section.kind) + 1).cast("int64")
    )


def kinds_of(places: "ir.Table") -> "ir.Table":
    """Of the rows of `section_places`: each place and its kind, once."""
    return places.select("place", "kind").distinct()


def dated_events(events: "ir.Table", trace: Trace) -> "ir.Table":
    """Every event: forum, member, section (null where the trace has none), month (null where undated)."""
    if trace.event is not None:
        events = events.select("forum", trace.event, trace.actor, trace.time).distinct()
    section = events.section if "section" in events.columns else ibis.null("int64")
    return events.select("forum", member=trace.actor, section=section, month=month_of(events[trace.time]))


def placed(rows: "ir.Table", places: "ir.Table | None") -> "ir.Table":
    """The rows, with place: 0 outside any section, or without `places`."""
    if places is None:
        return rows.mutate(place=ibis.literal(0, "int64"))
    joined = rows.left_join(places.select("forum", "section", "place"), ["forum", "section"])
    return joined.select(*rows.columns, place=joined.place.fill_null(0))


def span_of_months(events: "ir.Table", trace: Trace) -> "ir.Table":
    """First and last month of any event, one row; null when none is dated."""
    span = events.aggregate(first=events[trace.time].min(), last=events[trace.time].max())
    return span.select(first=month_of(span["first"]), last=month_of(span["last"]))


def actor_marks(rows: "ir.Table", months: range, places: range) -> "ir.Table":
    """Of the rows of `placed`, one row an actor: forum, member, events, undated, marks of months and places.

    A mark is a bit: `month_0` has bit i set when the actor did anything in month `months[i]`, `month_1` holds the next
    60 months, and so on. Grouping by actor alone and marking is several times cheaper than grouping by actor and month.
    """
    marks = {
        f"{name}_{chunk}": _marked(rows[name], numbers, chunk)
        for name, numbers in (("month", months), ("place", places))
        for chunk in range(-(-len(numbers) // MARKS))
    }
    counted = rows.group_by("forum", "member").aggregate(events=rows.count(), dated=rows.month.count(), **marks)
    return counted.mutate(undated=counted.events - counted.dated).drop("dated")


def _marked(value: "ir.IntegerValue", numbers: range, chunk: int) -> "ir.IntegerScalar":
    first = numbers.start + chunk * MARKS
    inside = value.between(first, min(first + MARKS, numbers.stop) - 1)
    bit = ibis.literal(1, "int64") << ibis.ifelse(inside, value - first, 0)
    return bit_or(ibis.ifelse(inside, bit, ibis.literal(0, "int64")))


def actors_marked(marks: "ir.Table", name: str, numbers: range) -> "ir.Table":
    """Of the rows of `actor_marks`: for each of the numbered months or places, n_i actors who were there; one row."""
    return marks.aggregate(
        **{
            f"n_{place}": ((marks[f"{name}_{place // MARKS}"] >> (place % MARKS)) & 1).sum().fill_null(0)
            for place in range(len(numbers))
        }
    )


def events_of_members(rows: "ir.Table", others: "ir.Table", places: "ir.Table | None") -> "ir.Table":
    """Of the rows of `dated_events`: month, place, events, leaving out the actors among `others` and no actor."""
    own = rows.filter(rows.member.notnull()).anti_join(others, ["forum", "member"])
    counted = placed(own.group_by("forum", "section", "month").aggregate(count=own.count()), places)
    return counted.group_by("month", "place").aggregate(events=counted["count"].sum())


def two_largest(rows: "ir.Table", by: str, value: str) -> "ir.Table":
    """What the busiest and the second busiest of each group made: the group, most, second (0 where one is alone)."""
    rank = ibis.row_number().over(ibis.window(group_by=rows[by], order_by=rows[value].desc()))
    ranked = rows.select(by, value, rank_in_group=rank)
    top = ranked.filter(ranked.rank_in_group < 2)  # noqa: PLR2004 - numbered from 0
    found = top.group_by(by).aggregate(most=top[value].max(), both=top[value].sum())
    return found.select(by, "most", second=found.both - found.most)


def busiest_of(
    rows: "ir.Table", own: "ir.Table", sections: "ir.Table | None", by: str, groups: Sequence[int], least: int
) -> "ir.Table":
    """Of the rows of `dated_events`: of each of the months or places asked for, what its two busiest members made.

    Args:
        rows: events.
        own: members' rows of `actor_marks`.
        sections: as for `placed`.
        by: "month" or "place".
        groups: which of them.
        least: members who made fewer events altogether are left out.
    """
    where = placed(rows, sections if by == "place" else None)
    among = where.filter(where[by].isin(list(groups))).semi_join(own.filter(own.events >= least), ["forum", "member"])
    each = among.group_by("forum", "member", by).aggregate(events=among.count())
    return two_largest(each, by, "events")


def of_members(actor_rows: "ir.Table", members: "ir.Table") -> "ir.Table":
    """The rows whose `forum` and `member` are those of a member."""
    return actor_rows.semi_join(members, ["forum", "member"])


def of_others(actor_rows: "ir.Table", members: "ir.Table") -> "ir.Table":
    """The actors that are no members: forum, member. Few, whatever the forum's size."""
    others = actor_rows.anti_join(members, ["forum", "member"])
    return others.filter(others.member.notnull()).select("forum", "member")


def by_actor_kind(totals: "ir.Table", member: "ir.Table") -> "ir.Table":
    """Of the rows of `actor_marks`, whoever acted: kind (null for no or an unknown account), events, undated."""
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


def role_holders(role_spell: "ir.Table", members: "ir.Table") -> "ir.Table":
    """Members who ever held each role, and who held it at the window's end: role, ever, at_end."""
    spells = of_members(role_spell, members)
    each = spells.group_by("forum", "member", "role").aggregate(held=spells.end_at.isnull().cast("int64").max())
    return each.group_by("role").aggregate(ever=each.count(), at_end=each.held.sum())


def acts_of_staff(moderation: "ir.Table", members: "ir.Table") -> "ir.Table":
    """What members did as staff: kind, acts (by one member), members with that many."""
    known = moderation.filter(moderation.by.notnull()).select("forum", "kind", member="by")
    own = of_members(known, members)
    each = own.group_by("forum", "member", "kind").aggregate(acts=own.count())
    return each.group_by("kind", "acts").aggregate(members=each.count())


def evidence_kinds(role_spell: "ir.Table") -> "ir.Table":
    """How roles are known: evidence, spells."""
    return role_spell.group_by("evidence").aggregate(spells=role_spell.count())
