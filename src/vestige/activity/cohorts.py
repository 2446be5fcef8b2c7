"""Cohorts of registration: members who joined at about the same time had about the same time to do anything."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_COHORTS: Final = 12
LENGTHS: Final = (1, 3, 6, 12, 24, 60, 120)
"""Months; a forum older than a century's twelve decades has mistaken times, and is cut into more."""
UNKNOWN: Final = -1


@dataclass(frozen=True)
class Cohort:
    """Members who registered from one month to another, both included, as year * 12 + month - 1."""

    first_month: int
    last_month: int
    members: int


@dataclass(frozen=True)
class Cohorts:
    """The cohorts in order of time.

    Attributes:
        cohorts: each with its size.
        place: shape (members,), each member's cohort; UNKNOWN where the registration is.
        months: length that was chosen, before small cohorts were joined.
    """

    cohorts: tuple[Cohort, ...]
    place: "NDArray[np.int64]" = field(repr=False)
    months: int


def make_cohorts(registered: "NDArray[np.float64]", *, months: int | None, smallest: int) -> Cohorts:
    """Cut the registrations into cohorts of equal calendar length, and join those that are too small.

    Args:
        registered: seconds since 1970, shape (members,); NaN where unknown.
        months: length of a cohort; None for the shortest that makes at most twelve.
        smallest: members below which a cohort is joined to the one after it (the last to the one before).
    """
    known = np.isfinite(registered)
    place = np.full(registered.size, UNKNOWN, np.int64)
    if not known.any():
        return Cohorts((), place, months or LENGTHS[0])
    month = (
        registered[known].astype(np.int64).astype("datetime64[s]").astype("datetime64[M]").astype(np.int64) + 1970 * 12
    )
    length = months or next((own for own in LENGTHS if np.unique(month // own).size <= MOST_COHORTS), LENGTHS[-1])
    period, code, members = np.unique(month // length, return_inverse=True, return_counts=True)
    joined = _joined(members, smallest)
    place[known] = joined[code]
    cohorts = []
    for own in range(int(joined[-1]) + 1):
        inside = np.flatnonzero(joined == own)
        first, last = int(period[inside[0]]) * length, int(period[inside[-1]] + 1) * length - 1
        cohorts.append(Cohort(first, last, int(members[inside].sum())))
    return Cohorts(tuple(cohorts), place, length)


def _joined(members: "NDArray[np.int64]", smallest: int) -> "NDArray[np.int64]":
    """Number of the cohort that each period belongs to, from 0."""
    number = np.zeros(members.size, np.int64)
    current, held = 0, 0
    for period, count in enumerate(members):
        if held >= smallest:
            current, held = current + 1, 0
        number[period] = current
        held += int(count)
    if held < smallest and current:
        number[number == current] = current - 1
    return number
