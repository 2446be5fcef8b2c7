"""Careers as tables, each with the rule by which it may leave."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import numpy as np

from vestige.disclosure import Additive, ColumnKind, ColumnRule, Runs, TableRule
from vestige.disclosure.figures import Figures, members_column, rows_table

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from vestige.careers.incidence import Incidence
    from vestige.careers.measure import Careers
    from vestige.careers.settings import CareerSettings
    from vestige.careers.slopes import Slopes

SHOWN_MONTHS: Final = (1, 2, 3, 6, 9, 12, 18, 24, 30, 36, 48, 60, 72, 84, 96, 108, 120)
"""Times at which a curve is told."""
QUANTILES: Final = ((0.10, "p10", "tail"), (0.25, "p25", "quarter"), (0.50, "p50", "members"),
                    (0.75, "p75", "quarter"), (0.90, "p90", "tail"))  # fmt: skip
"""Level, column, and the column that counts the members beyond it."""
RISING: Final = "rising"
FALLING: Final = "falling"
UNDECIDED: Final = "neither can be told"


def career_figures(
    careers: "Careers", slopes: "Slopes", onset: "Incidence", duration: "Incidence", cohort: "NDArray[np.int64]",
    settings: "CareerSettings",
) -> Iterator[Figures]:  # fmt: skip
    """Every table of a measurement of careers."""
    yield quantities(careers, slopes, settings)
    yield curve(
        "onset",
        "Time from registration to the first event",
        "Begun",
        onset,
        counts=("awaiting-onset", "begun"),
    )
    yield curve(
        "duration",
        "Careers that have ended, by months since the first event",
        "Ended",
        duration,
        counts=("running-careers", "ended-careers"),
        from_zero=True,
    )
    yield trends(slopes, settings.confidence)
    yield cohorts(careers, cohort)


def quantities(careers: "Careers", slopes: "Slopes", settings: "CareerSettings") -> Figures:
    """Quantiles over members; a quantile needs ten members beyond it."""
    values = {
        "Days from registration to the first event": careers.onset,
        "Events": np.where(careers.events > 0, careers.events, np.nan),
        "Events a month observed": careers.frequency,
        "Events a month with any": careers.frequency_active,
        "Days from the first event to the last": careers.duration,
        "Longest gap, days": careers.longest_gap,
        f"Gaps of more than {settings.gap} days": np.where(careers.events > 1, careers.gaps, np.nan),
        "Sections": careers.sections,
        "Sections, effective number": careers.effective_sections,
        "Rate of a year as a multiple of the year before": np.exp(slopes.slope),
    }
    rule = TableRule(
        "quantities",
        "Careers of members",
        (
            ColumnRule("quantity", "Quantity", ColumnKind.LABEL, vocabulary=tuple(values)),
            members_column("members", "Members with it", additive=Additive.NO),
            members_column("quarter", "", additive=Additive.NO, shown=False),
            members_column("tail", "", additive=Additive.NO, shown=False),
            *(
                ColumnRule(name, f"{round(level * 100)} % below", ColumnKind.ESTIMATE, behind=(behind,))
                for level, name, behind in QUANTILES
            ),
        ),
        "The middle column is the median. Onsets and durations are those seen; the curves allow for those cut off.",
    )
    rows = [(name, *_quantiles(column)) for name, column in values.items()]
    return Figures(rule, rows_table(rule, rows))


def _quantiles(column: "NDArray[np.float64]") -> tuple[object, ...]:
    known = column[np.isfinite(column)]
    if not known.size:
        return (0, 0, 0, *(None for _ in QUANTILES))
    values = np.quantile(known, [level for level, _, _ in QUANTILES])
    return (known.size, known.size // 4, known.size // 10, *map(float, values))


def curve(
    name: str, title: str, happened: str, found: "Incidence", *, counts: tuple[str, str], from_zero: bool = False
) -> Figures:
    """A cumulative share by months, with those at risk; `counts` names both groups for the disclosure policy."""
    months = [str(month) for month in SHOWN_MONTHS]
    rule = TableRule(
        name,
        title,
        (
            ColumnRule("months", "Months", ColumnKind.LABEL, vocabulary=tuple(months), ordered=True),
            members_column("at_risk", "Still observed", additive=Additive.NO, counts=counts[0], runs=Runs.SHRINKING),
            members_column("events", happened, additive=Additive.NO, counts=counts[1], runs=Runs.GROWING),
            *(
                ColumnRule(column, heading, ColumnKind.PROPORTION, behind=("at_risk", "events"), restates="events")
                for column, heading in (("share", "Share"), ("low", "95 % from"), ("high", "to"))
            ),
        ),
        "Members whose time is cut off count as long as they were observed (Kaplan-Meier); intervals are pointwise.",
    )
    rows = [(str(month), *row) for month, row in zip(SHOWN_MONTHS, told(found, 0, from_zero=from_zero), strict=False)]
    return Figures(rule, rows_table(rule, rows))


def told(found: "Incidence", cause: int, *, from_zero: bool = False) -> Iterator[tuple[object, ...]]:
    """At risk, events, share, low and high at the months told, as far as the curve goes.

    Args:
        found: at every whole month from 1, or from 0.
        cause: place of the cause.
        from_zero: whether the first of its times is month 0.
    """
    for month in SHOWN_MONTHS:
        place = month if from_zero else month - 1
        if place < found.times.size:
            shares = (found.incidence, found.low, found.high)
            events = int(found.events[place, cause])
            yield (int(found.at_risk[place]), events, *(float(part[place, cause]) for part in shares))


def trends(slopes: "Slopes", confidence: float) -> Figures:
    """How many members' activity rises, falls, or does neither for certain."""
    low, high = slopes.interval(confidence)
    known = np.isfinite(slopes.slope)
    counts = {
        RISING: int((low[known] > 0).sum()),
        FALLING: int((high[known] < 0).sum()),
        UNDECIDED: int(((low[known] <= 0) & (high[known] >= 0)).sum()),
    }
    rule = TableRule(
        "trends",
        "Trends of members' activity",
        (
            ColumnRule("trend", "Trend", ColumnKind.LABEL, vocabulary=tuple(counts)),
            members_column("members", "Members", additive=Additive.DISJOINT, counts="with-trends"),
            members_column(
                "of_members", "Of members with a trend", additive=Additive.NO, counts="with-trends", whole=True
            ),
            ColumnRule("share", "Share", ColumnKind.SHARE, ratio=("members", "of_members")),
        ),
        f"A trend rises or falls if its {confidence:.0%} interval says so; by chance alone "
        f"{(1 - confidence) / 2:.1%} would seem to rise and as many to fall.",
    )
    rows = [(trend, count, int(known.sum())) for trend, count in counts.items()]
    return Figures(rule, rows_table(rule, rows))


def cohorts(careers: "Careers", cohort: "NDArray[np.int64]") -> Figures:
    """Members by the year they registered in."""
    years = [int(year) for year in np.unique(cohort)]
    rule = TableRule(
        "cohorts",
        "Careers by year of registration",
        (
            ColumnRule("year", "Registered in", ColumnKind.LABEL, vocabulary=tuple(map(str, years))),
            members_column("members", "Members", additive=Additive.DISJOINT, counts="in-cohorts"),
            members_column(
                "begun",
                "With any event",
                additive=Additive.DISJOINT,
                within="members",
                counts="begun-in-cohorts",
            ),
            ColumnRule("share", "Share", ColumnKind.SHARE, ratio=("begun", "members")),
            ColumnRule("frequency", "Median events a month observed", ColumnKind.ESTIMATE, behind=("begun",)),
        ),
        "Later cohorts had less time. Frequencies are of members with any event who were observed for a month or more.",
    )
    rows = []
    for year in years:
        own = cohort == year
        begun = own & (careers.events > 0)
        rates = careers.frequency[begun & np.isfinite(careers.frequency)]
        rows.append((str(year), int(own.sum()), int(begun.sum()), float(np.median(rates)) if rates.size else None))
    return Figures(rule, rows_table(rule, rows))


def member_table(pseudonym: "pa.Array", careers: "Careers", slopes: "Slopes", confidence: float) -> "pa.Table":
    """One row a member; null where a member has no such value."""
    import pyarrow as pa

    low, high = slopes.interval(confidence)
    columns = {
        "onset_days": careers.onset, "observed_days": careers.observed, "frequency": careers.frequency,
        "frequency_active": careers.frequency_active, "duration_days": careers.duration,
        "longest_gap_days": careers.longest_gap, "sections": careers.sections, "entropy": careers.entropy,
        "effective_sections": careers.effective_sections, "slope": slopes.slope, "slope_low": low, "slope_high": high,
    }  # fmt: skip
    plain = {name: pa.array(values, mask=~np.isfinite(values)) for name, values in columns.items()}
    whole = {"events": careers.events, "gaps": careers.gaps, "ended": careers.ended}
    return pa.table({"pseudonym": pseudonym, **{name: pa.array(values) for name, values in whole.items()}, **plain})
