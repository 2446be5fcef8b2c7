"""Reductions in the engine: events of each member and month, and identical histories collapsed to one.

Months are whole numbers, year * 12 + month - 1. Only integer arithmetic decides which histories are the same, so both
engines agree.
"""

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import ibis.expr.types as ir

MODULUS: Final = 2_147_483_647
MULTIPLIERS: Final = ((2_147_483_659, 3_000_000_019), (2_500_000_001, 3_333_333_337), (2_900_000_027, 4_000_000_007))
"""To mix a cell to a number below 2^31. Above 2^31 themselves, so that every engine counts in 64 bits, and below 2^32,
so that no product leaves them."""


def histories(
    months: "ir.Table", members: "ir.Table", first: int, last: int, *, by_registration: bool
) -> tuple["ir.Table", "ir.Table"]:
    """Cells and spans of the clock. A member with a lasting ban is observed up to the month before it, at least one.

    Args:
        months: as from `event_months`.
        members: member, registered and left, the months of registration and of a lasting ban, null when unknown.
        first: first month of the window.
        last: last month of the window.
        by_registration: whether time counts from registration instead of the window's first month.

    Returns:
        (member, period, count) with periods from 0, and (member, begin, end): first and last observed period.
    """
    import ibis

    known = members.registered.fill_null(first)
    entered = ibis.greatest(ibis.least(known, ibis.literal(last)), ibis.literal(first))
    gone = ibis.greatest(ibis.least(members.left.fill_null(last + 1) - 1, ibis.literal(last)), entered)
    origin = entered if by_registration else ibis.literal(first)
    spans = members.select("member", origin=origin, begin=entered - origin, end=gone - origin)
    inside = months.filter(months.month >= first, months.month <= last).inner_join(spans, "member")
    cells = inside.select("member", "count", "begin", "end", period=inside.month - inside.origin)
    cells = cells.filter(cells.period >= cells.begin, cells.period <= cells.end).select("member", "period", "count")
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
