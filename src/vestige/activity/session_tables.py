"""Reductions of visits as Ibis expressions, equal on DuckDB and Spark.

A visit is a run of a member's dated page views and downloads in which no pause is longer than a gap. Events of one
second belong together, whatever order an engine gives them. Times are whole seconds since 1970.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import ibis

from vestige.activity.tables import two_largest
from vestige.activity.volume_tables import DAY, HOUR, page_views, seconds

if TYPE_CHECKING:
    import ibis.expr.types as ir

MONDAY: Final = 3
"""Days from the Monday before 1970-01-01, a Thursday, to that day."""
HOURS_OF_DAY: Final = 24
_WEEK: Final = 7


def visit_events(
    view: "ir.Table", download: "ir.Table | None", members: "ir.Table", part: tuple[int, int] = (0, 1)
) -> "ir.Table":
    """Dated page views and downloads of members: forum, member, second, section, page (1 or 0), transfer (1 or 0).

    With `part` (i, n) only members whose id leaves i when divided by n.
    """
    place, number = part
    pages = page_views(view)
    if number > 1:
        pages = pages.filter(pages.member % number == place)
        download = None if download is None else download.filter(download.member % number == place)
    parts = [_events(pages, is_page=True)]
    if download is not None:
        parts.append(_events(download, is_page=False))
    rows = parts[0] if len(parts) == 1 else ibis.union(*parts, distinct=False)
    return rows.semi_join(members, ["forum", "member"])


def _events(events: "ir.Table", *, is_page: bool) -> "ir.Table":
    section = events.section if is_page else ibis.null("int64")
    return events.filter(events["at"].notnull()).select(
        "forum",
        "member",
        second=seconds(events["at"]),
        section=section,
        page=ibis.literal(int(is_page), "int64"),
        transfer=ibis.literal(int(not is_page), "int64"),
    )


def with_pauses(events: "ir.Table") -> "ir.Table":
    """The rows of `visit_events`, with pause: seconds since the member's event before; null for the first."""
    by_member = ibis.window(group_by=[events.forum, events.member], order_by=events.second)
    before = events.mutate(before=events.second.lag().over(by_member))
    return before.mutate(pause=before.second - before.before).drop("before")


def pauses_by_length(paused: "ir.Table", gaps: Sequence[int]) -> "ir.Table":
    """Pauses between the lengths of a list: place, pauses, seconds.

    Args:
        paused: the rows of `with_pauses`.
        gaps: lengths in seconds, ascending; a pause longer than just the first n of them stands at place n, and a
            member's first event at -1.
    """
    longer = ibis.literal(0, "int64")
    for gap in gaps:
        longer = longer + (paused.pause > gap).cast("int64")
    place = ibis.ifelse(paused.pause.isnull(), ibis.literal(-1, "int64"), longer)
    placed = paused.select(place=place, pause=paused.pause.fill_null(0))
    return placed.group_by("place").aggregate(pauses=placed.count(), seconds=placed.pause.sum())


def visits_of(paused: "ir.Table", gap: int) -> "ir.Table":
    """One row a visit: forum, member, number, start, length (seconds to its last event), pages, transfers, sections.

    Args:
        paused: the rows of `with_pauses`.
        gap: seconds; a longer pause begins a new visit.
    """
    begins = (paused.pause.isnull() | (paused.pause > gap)).cast("int64")
    marked = paused.mutate(begins=begins)
    running = ibis.window(group_by=[marked.forum, marked.member], order_by=marked.second, range=(None, 0))
    numbered = marked.mutate(number=marked.begins.sum().over(running))
    in_sections = numbered.group_by("forum", "member", "number", "section").aggregate(
        first=numbered.second.min(),
        last=numbered.second.max(),
        pages=numbered.page.sum(),
        transfers=numbered.transfer.sum(),
    )
    whole = in_sections.group_by("forum", "member", "number").aggregate(
        start=in_sections["first"].min(),
        end=in_sections["last"].max(),
        pages=in_sections.pages.sum(),
        transfers=in_sections.transfers.sum(),
        sections=in_sections.section.count(),
    )
    return whole.select(
        "forum", "member", "number", "start", length=whole.end - whole.start,
        pages=whole.pages.cast("int64"), transfers=whole.transfers.cast("int64"), sections=whole.sections.cast("int64"),
    )  # fmt: skip


def by_value(visits: "ir.Table", column: str) -> "ir.Table":
    """How many visits have each value of a column: value, visits."""
    return visits.group_by(value=visits[column]).aggregate(visits=visits.count())


def by_member(visits: "ir.Table") -> "ir.Table":
    """How many members have each number of visits: value, members."""
    each = visits.group_by("forum", "member").aggregate(value=visits.count())
    return each.group_by("value").aggregate(members=each.count())


def by_hour_of_week(visits: "ir.Table") -> "ir.Table":
    """Visits by the hour of the week in which they begin, in UTC.

    Returns:
        place (0 is the first hour of Monday), members, visits, and what the two busiest began: most, second.
    """
    day = ((visits.start - visits.start % DAY) / DAY).cast("int64")
    hour = ((visits.start % DAY - visits.start % HOUR) / HOUR).cast("int64")
    placed = visits.select("forum", "member", place=(day + MONDAY) % _WEEK * HOURS_OF_DAY + hour)
    each = placed.group_by("forum", "member", "place").aggregate(visits=placed.count())
    counted = each.group_by("place").aggregate(members=each.count(), visits=each.visits.sum())
    return counted.inner_join(two_largest(each, "place", "visits"), "place")


def busiest_of_all(visits: "ir.Table", column: str) -> "ir.Table":
    """What the two members made who have the largest sums of a column: value, at most two rows."""
    each = visits.group_by("forum", "member").aggregate(value=visits[column].sum().cast("int64"))
    return each.select("value").order_by(ibis.desc("value")).limit(2)
