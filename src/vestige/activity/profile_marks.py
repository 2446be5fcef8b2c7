"""What every member did, as one Ibis expression with a row a member, equal on DuckDB and Spark.

Events are counted where they lie; nothing that grows with their number leaves the engine. Times are whole seconds
since 1970, which compare and subtract alike on every engine.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import ibis

from vestige.dataset.schema import DownloadOutcome, MemberKind, ViewKind

if TYPE_CHECKING:
    import ibis.expr.types as ir

DAY: Final = 86_400
ACTORS: Final[Mapping[str, tuple[str, str]]] = {
    "post": ("author", "at"),
    "thread": ("starter", "created_at"),
    "view": ("member", "at"),
    "download": ("member", "at"),
    "message": ("sender", "at"),
    "reaction": ("giver", "at"),
}
"""Table of events to the columns with the acting member and the moment."""


def seconds(time: "ir.TimestampValue") -> "ir.IntegerValue":
    """Whole seconds since 1970, cut down; null for null."""
    return time.truncate("s").epoch_seconds().cast("int64")


def members_of(member: "ir.Table") -> "ir.Table":
    """Accounts that count as members: member, pseudonym, registered (seconds, null where unknown)."""
    own = member.filter(member.kind == MemberKind.MEMBER.value)
    return own.select("member", "pseudonym", registered=seconds(own.registered_at))


def page_views(view: "ir.Table") -> "ir.Table":
    """Views of a page: marks of what was last read are states, not clicks."""
    return view.filter(view.kind != ViewKind.READ_MARK.value)


def is_last_seen_only(view: "ir.Table") -> "ir.Table":
    """One row: pages, the views of a page; most, the visits of the member with most of them.

    Software that keeps no log often keeps when each member was last there: one visit a member, and no page.
    """
    visits = view.filter(view.kind == ViewKind.VISIT.value)
    each = visits.group_by("member").aggregate(visits=visits.count())
    paged = view.filter(view.kind.notin([ViewKind.VISIT.value, ViewKind.READ_MARK.value]))
    most = each.aggregate(most=each.visits.max().fill_null(0))
    return paged.aggregate(pages=paged.count()).cross_join(most)


def last_seen(view: "ir.Table") -> "ir.Table":
    """When each member was last there: member, seen_last (seconds)."""
    return view.group_by("member").aggregate(seen_last=seconds(view["at"]).max())


def recorded_span(events: "ir.Table", time: str) -> "ir.Table":
    """One row: rows, first and last second of any event by anybody (null when none is dated)."""
    return events.aggregate(rows=events.count(), first=seconds(events[time]).min(), last=seconds(events[time]).max())


def events_of_actors(events: "ir.Table", table: str) -> "ir.Table":
    """Every event: member, second (null where undated)."""
    actor, time = ACTORS[table]
    known = events.filter(events[actor].notnull())
    if table == "message":
        known = known.select("message", actor, time).distinct()
    return known.select(member=known[actor], second=seconds(known[time]))


def counted(events: "ir.Table", table: str) -> "ir.Table":
    """Events of each actor: member, TABLE_rows, TABLE_undated, TABLE_first, TABLE_last (seconds)."""
    each = events_of_actors(events, table)
    return each.group_by("member").aggregate(
        **{
            f"{table}_rows": each.count(),
            f"{table}_undated": each.second.isnull().cast("int64").sum(),
            f"{table}_first": each.second.min(),
            f"{table}_last": each.second.max(),
        }
    )


def completed_downloads(download: "ir.Table") -> "ir.Table":
    """Transfers of each member that reached their end: member, completed."""
    done = download.filter(download.outcome == DownloadOutcome.COMPLETED.value)
    return done.group_by("member").aggregate(completed=done.count())


def different_sections(events: "ir.Table", actor: str, name: str) -> "ir.Table":
    """Sections that each actor's events lie in: member and their number, as `name`."""
    placed = events.filter(events[actor].notnull(), events.section.notnull())
    pairs = placed.select("section", member=placed[actor]).distinct()
    return pairs.group_by("member").aggregate(**{name: pairs.count()})


def visits_of_members(view: "ir.Table", gap: int) -> "ir.Table":
    """Visits of each member: member, visits. A dated view opens one if none of his lies in the `gap` seconds before."""
    dated = view.filter(view["at"].notnull()).select("member", second=seconds(view["at"]))
    before = dated.second.lag().over(ibis.window(group_by=dated.member, order_by=dated.second))
    marked = dated.mutate(before=before)
    opens = (marked.before.isnull() | (marked.second - marked.before > gap)).cast("int64")
    return marked.group_by("member").aggregate(visits=opens.sum())


def days_of_members(tables: Mapping[str, "ir.Table"], first: int, last: int) -> "ir.Table":
    """Each day on which a member left any dated trace, once: member, day (since 1970).

    Args:
        tables: tables of events by name.
        first: second from which on traces count.
        last: second up to which they count.
    """
    days = []
    for name, events in tables.items():
        each = events_of_actors(events, name)
        dated = each.filter(each.second.between(first, last))
        days.append(dated.select("member", day=(dated.second // DAY).cast("int64")).distinct())
    return days[0] if len(days) == 1 else ibis.union(*days, distinct=True)


def active_days(days: "ir.Table") -> "ir.Table":
    """Of the rows of `days_of_members`: member, active_days."""
    return days.group_by("member").aggregate(active_days=days.count())


def member_marks(members: "ir.Table", parts: Sequence["ir.Table"]) -> "ir.Table":
    """The members in the order of their ids, with the columns of every part beside them; null where a part has none."""
    joined = members
    for part in parts:
        added = [name for name in part.columns if name != "member"]
        joined = joined.left_join(part, "member").select(*joined.columns, *(part[name] for name in added))
    return joined.order_by("member")
