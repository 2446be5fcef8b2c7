"""Reductions in the engine: events of each member and month, and identical histories collapsed to one.

Months are whole numbers, year * 12 + month - 1. Only integer arithmetic decides which histories are the same, so both
engines agree.
"""

from typing import TYPE_CHECKING, Final

from vestige.dataset.schema import MemberKind, State
from vestige.errors import SettingsError

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from vestige.dataset import Dataset

OUTCOMES: Final = {
    "post": ("post", "author"),
    "thread": ("thread", "starter"),
    "view": ("view", "member"),
    "download": ("download", "member"),
    "reaction": ("reaction", "giver"),
    "message": ("message", "sender"),
}
"""Outcome to its table and the column that says who did it."""

MODULUS: Final = 2_147_483_647
MULTIPLIERS: Final = ((2_147_483_659, 3_000_000_019), (2_500_000_001, 3_333_333_337), (2_900_000_027, 4_000_000_007))
"""To mix a cell to a number below 2^31. Above 2^31 themselves, so that every engine counts in 64 bits, and below 2^32,
so that no product leaves them."""


def event_months(dataset: "Dataset", outcome: str, forum: int) -> "ir.Table":
    """member, month, count: dated events of members of one forum, removed ones left out.

    Raises:
        SettingsError: an unknown outcome.
        DatasetError: the dataset lacks the table.
    """
    if outcome not in OUTCOMES:
        raise SettingsError(f"there is no outcome {outcome!r}", hint=f"choose one of {', '.join(OUTCOMES)}")
    name, actor = OUTCOMES[outcome]
    events = dataset.table(name)
    moment = "created_at" if name == "thread" else "at"
    events = events.filter(events.forum == forum, events[moment].notnull(), events[actor].notnull())
    if "state" in events.columns:
        events = events.filter(events.state == State.VISIBLE.value)
    if name == "message":
        events = events.select("message", "sender", "at").distinct()
    found = events.select(member=events[actor], month=events[moment].year() * 12 + events[moment].month() - 1)
    people = members_of(dataset, forum).select("member")
    kept = found.inner_join(people, "member")
    return kept.group_by("member", "month").aggregate(count=kept.count())


def members_of(dataset: "Dataset", forum: int) -> "ir.Table":
    """member, registered: members of one forum and the month they registered in (null when unknown)."""
    members = dataset.table("member")
    members = members.filter(members.forum == forum, members.kind == MemberKind.MEMBER.value)
    registered = members.registered_at.year() * 12 + members.registered_at.month() - 1
    return members.select("member", registered=registered)


def histories(
    months: "ir.Table", members: "ir.Table", first: int, last: int, *, by_registration: bool
) -> tuple["ir.Table", "ir.Table"]:
    """Cells and spans of the clock.

    Args:
        months: as from `event_months`.
        members: as from `members_of`.
        first: first month of the window.
        last: last month of the window.
        by_registration: whether time counts from registration instead of the window's first month.

    Returns:
        (member, period, count) with periods from 0, and (member, begin, end): first and last observed period.
    """
    import ibis

    known = members.registered.fill_null(first)
    entered = ibis.greatest(ibis.least(known, ibis.literal(last)), ibis.literal(first))
    spans = members.select(
        "member",
        origin=entered if by_registration else ibis.literal(first),
        begin=ibis.literal(0) if by_registration else entered - first,
        end=(ibis.literal(last) - entered) if by_registration else ibis.literal(last - first),
    )
    inside = months.filter(months.month >= first, months.month <= last).inner_join(spans, "member")
    cells = inside.select("member", "count", "begin", period=inside.month - inside.origin)
    cells = cells.filter(cells.period >= cells.begin).select("member", "period", "count")
    return cells, spans.select("member", "begin", "end")


def collapsed(cells: "ir.Table", spans: "ir.Table") -> "ir.Table":
    """member, begin, end, members: one representative of each distinct history, and how many share it.

    Histories are told apart by three order-free sums of mixed cells (93 bits), with the exact number of cells, of
    events and the span beside them.
    """
    marks = {}
    for number, (one, two) in enumerate(MULTIPLIERS):
        mixed = ((cells.period + 1) * two + cells["count"] * one) % MODULUS
        mixed = (mixed * mixed + one) % MODULUS
        marks[f"mark{number}"] = (mixed * one % MODULUS).sum()
    signed = cells.group_by("member").aggregate(cells=cells.count(), events=cells["count"].sum(), **marks)
    keys = ["begin", "end", "cells", "events", *marks]
    joined = spans.left_join(signed, "member").drop("member_right")
    filled = joined.fill_null(dict.fromkeys(["cells", "events", *marks], 0))
    grouped = filled.group_by(keys).aggregate(member=filled.member.min(), members=filled.count())
    return grouped.select("member", "begin", "end", "members")
