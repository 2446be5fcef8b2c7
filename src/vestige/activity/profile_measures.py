"""What the reference profile measures of every member, and how each measure is called."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Scale(StrEnum):
    """Whether a measure is a total over the window, or divided by the time that the member was there."""

    TOTAL = "total"
    RATE = "rate"


@dataclass(frozen=True)
class Measure:
    """One thing counted of every member.

    Attributes:
        name: column name.
        title: as a heading.
        unit: what is counted, for a sentence: "412 visits".
        more: for a comparison: "more visits than ...".
        table: dataset table that it comes from; None where any trace will do.
        rated: whether dividing it by time makes sense; it does not for a number of different things.
        counted: whether it counts events, which chance would have made a few more or fewer.
    """

    name: str
    title: str
    unit: str
    more: str
    table: str | None
    rated: bool = True
    counted: bool = True


VISITS: Final = Measure("visits", "Visits", "visits", "more visits", "view")
VIEWS: Final = Measure("views", "Page views", "page views", "more page views", "view")
SECTIONS_VIEWED: Final = Measure(
    "sections_viewed", "Sections visited", "sections visited", "more sections visited", "view", False, False
)
DOWNLOADS: Final = Measure("downloads", "Downloads attempted", "downloads attempted", "more downloads", "download")
COMPLETED: Final = Measure(
    "downloads_completed", "Downloads completed", "downloads completed", "more completed downloads", "download"
)
POSTS: Final = Measure("posts", "Posts", "posts", "more posts", "post")
THREADS: Final = Measure("threads", "Threads opened", "threads opened", "more threads opened", "thread")
SECTIONS_POSTED: Final = Measure(
    "sections_posted", "Sections posted in", "sections posted in", "more sections posted in", "post", False, False
)
ACTIVE_DAYS: Final = Measure("active_days", "Active days", "active days", "more active days", None, True, False)
TENURE: Final = Measure(
    "tenure_days",
    "Days from registration to last trace",
    "days from registration to the last trace",
    "a longer time from registration to the last trace",
    None,
    False,
    False,
)

MEASURES: Final = (
    VISITS,
    VIEWS,
    SECTIONS_VIEWED,
    DOWNLOADS,
    COMPLETED,
    POSTS,
    THREADS,
    SECTIONS_POSTED,
    ACTIVE_DAYS,
    TENURE,
)
LOGGED: Final = frozenset({"view", "download"})
"""Tables that come from a log, which may cover a part of the window only; the others the software keeps by itself."""


@dataclass(frozen=True)
class MarkKind:
    """A measure on a scale: one number a member."""

    measure: Measure
    scale: Scale

    @property
    def name(self) -> str:
        """Column name: `visits`, `visits_rate`."""
        return self.measure.name if self.scale is Scale.TOTAL else f"{self.measure.name}_rate"

    def title(self, per_days: int) -> str:
        """Heading."""
        return self.measure.title + self._per(per_days)

    def more(self, per_days: int) -> str:
        """For a comparison."""
        return self.measure.more + self._per(per_days)

    def unit(self, per_days: int) -> str:
        """For a sentence."""
        return self.measure.unit + self._per(per_days)

    def _per(self, days: int) -> str:
        return "" if self.scale is Scale.TOTAL else f" per {days} days"


MARK_KINDS: Final = (
    *(MarkKind(measure, Scale.TOTAL) for measure in MEASURES),
    *(MarkKind(measure, Scale.RATE) for measure in MEASURES if measure.rated),
)
"""Totals first, then rates."""
