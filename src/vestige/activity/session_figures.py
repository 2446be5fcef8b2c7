"""From the reduction of visits to tables, each with the rule by which the disclosure policy lets it leave."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from vestige.activity.session_reduce import SessionReduction
from vestige.activity.volume_tables import MINUTE
from vestige.disclosure import Additive, ColumnKind, ColumnRule, TableRule
from vestige.disclosure.figures import (
    MOST,
    Figures,
    contribution_columns,
    count_column,
    members_column,
    most_of,
    rows_table,
)
from vestige.statistics.distribution import Distribution

GAPS: Final = (5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240)
"""Gaps in minutes at which the number of visits is shown beside the chosen one."""
LENGTH: Final = "Minutes from first to last event"
PAGES: Final = "Pages"
SECTIONS: Final = "Sections"
TRANSFERS: Final = "Downloads"
OF_MEMBERS: Final = "Visits of a member"
WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
HOURS: Final = tuple(f"{hour:02}" for hour in range(24))
_MADE: Final = ("visits", "pages", "transfers")
_QUANTILES: Final = (
    ("quarter", "25 %", 0.25),
    ("median", "Median", 0.5),
    ("upper", "75 %", 0.75),
    ("most", "90 %", 0.9),
)


def session_figures(reduction: SessionReduction) -> Iterator[Figures]:
    """Every table of visits."""
    yield _visits(reduction)
    yield _sizes(reduction)
    yield _sensitivity(reduction)
    yield _hours(reduction)


def gap_words(gap: int) -> str:
    """A gap in seconds as the tables name it."""
    return f"{gap // MINUTE} minutes"


def _visits(reduction: SessionReduction) -> Figures:
    rule = TableRule(
        "visits",
        "Visits",
        (
            members_column("members", "Members", additive=Additive.NO, counts="members"),
            members_column("visitors", "Visiting members", additive=Additive.NO, within="members", counts="visiting"),
            _made("visits", "Visits", "visits"),
            _made("pages", "Page views", "page-views"),
            _made("transfers", "Downloads", "downloads"),
            ColumnRule(
                "visits_per_member", "Visits per visiting member", ColumnKind.RATIO, ratio=("visits", "visitors")
            ),
            ColumnRule("pages_per_visit", "Pages per visit", ColumnKind.RATIO, ratio=("pages", "visits")),
            *(column for name in _MADE for column in contribution_columns(most_of(name))),
        ),
        "Runs of a member's page views and downloads without a pause longer than the gap.",
    )
    row = (reduction.members, reduction.visitors, reduction.visits, reduction.pages, reduction.transfers)
    made = (value for name in _MADE for value in reduction.busiest[name])
    return Figures(rule, rows_table(rule, [(*row, *made)]))


def _made(name: str, title: str, counts: str) -> ColumnRule:
    return count_column(name, title, behind="visitors", additive=Additive.NO, counts=counts, largest=most_of(name))


def _sizes(reduction: SessionReduction) -> Figures:
    rule = TableRule(
        "visit_sizes",
        "Visits: length, pages, sections",
        (
            ColumnRule(
                "what", "Of a visit", ColumnKind.LABEL, vocabulary=(LENGTH, PAGES, SECTIONS, TRANSFERS, OF_MEMBERS)
            ),
            members_column("visitors", "Visiting members", additive=Additive.NO, shown=False),
            ColumnRule("mean", "Mean", ColumnKind.ESTIMATE, behind=("visitors",)),
            *(ColumnRule(name, title, ColumnKind.QUANTITY, behind=("visitors",)) for name, title, _ in _QUANTILES),
        ),
        "Quantiles over visits; in the last row, over visiting members. A visit of one event has length 0. Quantiles "
        "of lengths are cut to whole minutes, longer ones to hours.",
    )
    found = [(LENGTH, reduction.lengths, float(reduction.seconds), MINUTE)]
    found += [(what, distribution, distribution.total, 1) for what, distribution in _counted(reduction)]
    rows = [
        (
            what,
            reduction.visitors,
            total / distribution.size / unit,
            *(quantile(distribution, share) / unit for *_, share in _QUANTILES),
        )
        for what, distribution, total, unit in found
        if distribution.size
    ]
    return Figures(rule, rows_table(rule, rows))


def _counted(reduction: SessionReduction) -> Iterator[tuple[str, Distribution]]:
    yield PAGES, reduction.sizes["pages"]
    if reduction.with_sections:
        yield SECTIONS, reduction.sizes["sections"]
    if reduction.with_downloads:
        yield TRANSFERS, reduction.sizes["transfers"]
    yield OF_MEMBERS, reduction.of_members


def quantile(distribution: Distribution, share: float) -> float:
    """The smallest value that at least a share of the distribution does not exceed (Hyndman and Fan, 1996, type 1)."""
    reached = np.cumsum(distribution.members) >= share * distribution.size
    return float(distribution.values[np.argmax(reached)])


def _sensitivity(reduction: SessionReduction) -> Figures:
    rule = TableRule(
        "gap_sensitivity",
        "Visits by the gap that ends them",
        (
            ColumnRule(
                "gap", "Gap", ColumnKind.LABEL, vocabulary=tuple(gap_words(counts.gap) for counts in reduction.gaps)
            ),
            members_column("visitors", "Visiting members", additive=Additive.NO, shown=False),
            count_column("visits", "Visits", behind="visitors", additive=Additive.NO),
            count_column(
                "pages",
                "Page views",
                behind="visitors",
                additive=Additive.NO,
                shown=False,
                counts="page-views",
                whole=True,
            ),
            ColumnRule("pages_per_visit", "Pages per visit", ColumnKind.RATIO, ratio=("pages", "visits")),
            ColumnRule("minutes", "Mean length in minutes", ColumnKind.ESTIMATE, behind=("visitors",)),
        ),
        "The same events, cut by other gaps. Where the figures change little, the gap matters little.",
    )
    rows = [
        (
            gap_words(counts.gap),
            reduction.visitors,
            counts.visits,
            reduction.pages,
            counts.seconds / counts.visits / MINUTE if counts.visits else None,
        )
        for counts in reduction.gaps
    ]
    return Figures(rule, rows_table(rule, rows))


def _hours(reduction: SessionReduction) -> Figures:
    rule = TableRule(
        "hour_of_week",
        "Visits by hour of the week",
        (
            ColumnRule("weekday", "Day", ColumnKind.LABEL, vocabulary=WEEKDAYS),
            ColumnRule("hour", "Hour (UTC)", ColumnKind.LABEL, vocabulary=HOURS),
            members_column("visitors", "Members", additive=Additive.NO, counts="visiting"),
            count_column("visits", "Visits begun", behind="visitors", counts="visits", largest=MOST),
            *contribution_columns(),
        ),
        "Hours are UTC: a pattern may belong to another part of the world than it seems.",
    )
    rows = [
        (weekday, hour, *reduction.hours.get((place, int(hour)), (0, 0, 0, 0)))
        for place, weekday in enumerate(WEEKDAYS)
        for hour in HOURS
    ]
    return Figures(rule, rows_table(rule, rows))
