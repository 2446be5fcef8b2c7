"""Whether the hours of the day at which a forum is used jump: a sign that its clock, not its members, changed.

Members keep their hours. So the curve of posts over the day stays where it is, and where it moves by hours from one
week to the next, the server was moved, its zone was set anew, or its clock went wrong. An hour in spring and autumn is
no such sign: members change their clocks, universal time does not.

At each week the curve of the eight weeks before is laid over that of the eight weeks after, turned by every number of
hours. How much better the best turn fits than none is a log-likelihood ratio of two multinomials, both ways, divided by
how much more the curves differ than chance lets them (Wedderburn, 1974, quasi-likelihood), since members post in
bursts.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt

from vestige.derive.staging import Staging
from vestige.results import Finding, Severity

WEEK: Final = 7 * 86_400_000_000
HOURS: Final = 24
SIDE: Final = 8
"""Weeks on each side."""

LEAST: Final = 200
"""Hours of members' activity on each side, without which nothing is said."""

CLEAR: Final = 40.0
"""Least gain in log-likelihood, over dispersion. Simulated forums of 100 to 1,000 members without a jump stay below 20,
since their most active members come and go; a jump of 3 hours in one of 400 members has 80 to 220, one of a single hour
in one of 1,000 members 36 to 97. Small forums and small jumps stay unseen."""

TURNS: Final = (np.arange(HOURS) - np.arange(HOURS)[:, np.newaxis]) % HOURS
"""For every number of hours the places from which a curve turned by it takes its values."""

DEDUPLICATED: Final = 5_000_000
"""Posts up to which those of one member in one hour count once; in larger forums no burst weighs."""

_SPRING: Final = ((3, 1), (4, 30))
_AUTUMN: Final = ((9, 15), (11, 30))
"""Within which clocks change, give or take the weeks by which a jump is misplaced (tz database, 1970 to 2025)."""

_POSTS: Final = """
SELECT slot // 168 AS week, slot % 24 AS hour, count(*) AS acts
FROM (SELECT {} author, "at" // 3600000000 AS slot FROM _kept_post WHERE "at" IS NOT NULL) GROUP BY 1, 2
"""


@dataclass(frozen=True)
class Jump:
    """One jump.

    Attributes:
        week: weeks since 1970-01-01 at which it lies, to a week or two.
        hours: by how much the curve moved, to an hour; later in the day is positive.
        gain: how clear it is, see CLEAR.
    """

    week: int
    hours: int
    gain: float

    @property
    def day(self) -> date:
        """First day of that week."""
        return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=self.week * WEEK)).date()

    @property
    def seasonal(self) -> bool:
        """Whether members' clocks explain it."""
        place = (self.day.month, self.day.day)
        return abs(self.hours) == 1 and any(first <= place <= last for first, last in (_SPRING, _AUTUMN))


def daily_curve_findings(staging: Staging, posts: int) -> Iterator[Finding]:
    """What the daily curve of the kept posts says of the clock."""
    jumps = find_jumps(*_counts(staging, posts))
    odd = [jump for jump in jumps if not jump.seasonal]
    if odd:
        largest = max(odd, key=lambda jump: jump.gain)
        text = (
            f"the daily curve of posts jumps {len(odd)} times, most clearly by about {largest.hours:+d} hours in or "
            f"near {largest.day:%Y-%m}: the server may have been moved, or its clock or zone changed"
        )
        yield Finding("daily-curve-jumps", Severity.CAUTION, text)
    if len(jumps) > len(odd):
        text = f"the daily curve of posts moves by an hour {len(jumps) - len(odd)} times in spring or autumn"
        yield Finding("daily-curve-follows-seasons", Severity.NOTE, f"{text}, as members' clocks do in universal time")


def find_jumps(weeks: npt.NDArray[np.int64], counts: npt.NDArray[np.int64]) -> list[Jump]:
    """The jumps of a daily curve.

    Args:
        weeks: number of each week, ascending.
        counts: for each week the acts in each hour of the day.
    """
    if not len(weeks):
        return []
    dense = np.zeros((int(weeks[-1] - weeks[0]) + 1, HOURS), dtype=np.float64)
    dense[weeks - weeks[0]] = counts
    total = np.vstack([np.zeros(HOURS), np.cumsum(dense, axis=0)])
    found = []
    for place in range(SIDE, len(dense) - SIDE + 1):
        before, after = total[place] - total[place - SIDE], total[place + SIDE] - total[place]
        if min(before.sum(), after.sum()) >= LEAST:
            hours, gain = _best_turn(before, after)
            found.append(Jump(int(weeks[0]) + place, hours, gain))
    return _clearest([jump for jump in found if jump.hours and jump.gain >= CLEAR])


def _best_turn(before: npt.NDArray[np.float64], after: npt.NDArray[np.float64]) -> tuple[int, float]:
    """By how many hours the curve before must be turned to become the one after, and how clearly."""
    fits = _log_shares(before)[TURNS] @ after + _log_shares(after)[TURNS[-np.arange(HOURS)]] @ before
    best = int(fits.argmax())
    turned = before[TURNS[best]]
    share = (turned + after) / (turned.sum() + after.sum())
    expected = np.maximum(np.concatenate([share * before.sum(), share * after.sum()]), 1e-9)
    excess = float((((np.concatenate([turned, after]) - expected) ** 2) / expected).sum()) / (HOURS - 1)
    hours = best if best <= HOURS // 2 else best - HOURS
    return hours, float(fits[best] - fits[0]) / max(1.0, excess)


def _log_shares(counts: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    shares: npt.NDArray[np.float64] = np.log((counts + 1) / (counts.sum() + HOURS))
    return shares


def _clearest(jumps: list[Jump]) -> list[Jump]:
    """Of jumps that are too close to be told apart the clearest."""
    chosen: list[Jump] = []
    for jump in sorted(jumps, key=lambda one: -one.gain):
        if all(abs(jump.week - other.week) > SIDE for other in chosen):
            chosen.append(jump)
    return sorted(chosen, key=lambda one: one.week)


def _counts(staging: Staging, posts: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    query = _POSTS.format("DISTINCT" if posts <= DEDUPLICATED else "")
    rows = np.array(staging.rows(query), dtype=np.int64).reshape(-1, 3)
    weeks, place = np.unique(rows[:, 0], return_inverse=True)
    counts = np.zeros((len(weeks), HOURS), dtype=np.int64)
    counts[place, rows[:, 1] % HOURS] = rows[:, 2]
    return weeks, counts
