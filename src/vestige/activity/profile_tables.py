"""Tables of the profile: quantiles of every measure among all members and in each cohort of registration."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from vestige.activity.calendar import month_date
from vestige.activity.cohorts import UNKNOWN, Cohorts
from vestige.activity.profile_measures import MARK_KINDS, MarkKind, Scale
from vestige.activity.words import percent
from vestige.disclosure import Additive, ColumnKind, ColumnRule, SafeTable, TableRule
from vestige.disclosure.figures import Figures, members_column, rows_table
from vestige.statistics.distribution import Distribution
from vestige.statistics.quantiles import Quantile, order_statistic_ranks, quantiles

if TYPE_CHECKING:
    import pyarrow as pa

    from vestige.activity.profile_reduce import Marks

_NOTHING: Final = 1e-4
PROFILE: Final = "profile"
QUANTILES: Final = "quantiles"
COHORTS: Final = "cohorts"
COHORT_QUANTILES: Final = "cohort_quantiles"
WIDE: Final = (0.25, 0.5, 0.75, 0.9, 0.99)
"""Quantiles of the short table."""
COHORT_PARTS: Final = (0.25, 0.5, 0.75, 0.9)
"""Quantiles of the table by cohort; 0.9 of 100 members has ten above it."""


def profile_figures(
    marks: "Marks", cohorts: Cohorts, parts: Sequence[float], confidence: float, per_days: int
) -> Iterator[Figures]:
    """Every table but that of single members."""
    kinds = tuple(kind for kind in MARK_KINDS if kind.name in marks.values)
    spread = {kind: distribution_of(marks.values[kind.name]) for kind in kinds}
    yield _profile(spread, confidence, per_days)
    yield _quantiles(spread, parts, confidence, per_days)
    if cohorts.cohorts:
        yield _cohorts(cohorts)
        yield _cohort_quantiles(marks, cohorts, kinds, confidence, per_days)


def distribution_of(values: "np.ndarray") -> Distribution:
    """The finite values, collapsed."""
    distinct, members = np.unique(values[np.isfinite(values)], return_counts=True)
    return Distribution(distinct, members)


def part_name(part: float) -> str:
    """Name of a quantile, such as `q25`, `q99_5`."""
    return f"q{part * 100:g}".replace(".", "_")


def part_title(part: float) -> str:
    """Heading of a quantile."""
    return "Median" if part == 0.5 else f"{part * 100:g} %"  # noqa: PLR2004 - the median


def titles(per_days: int) -> tuple[str, ...]:
    """Every heading that a measure can have."""
    return tuple(kind.title(per_days) for kind in MARK_KINDS)


def shown(value: float) -> float:
    """A quantile as it is shown: what the weights of far members leave of a zero is zero."""
    return 0.0 if value < _NOTHING else value


def sides(size: int, part: float) -> tuple[int, int]:
    """Members at or below a quantile, and those above it."""
    below = int(np.floor(size * part + 1e-9))
    return below, size - below


def _profile(spread: dict[MarkKind, Distribution], confidence: float, per_days: int) -> Figures:
    columns = [
        ColumnRule("measure", "Measure", ColumnKind.LABEL, vocabulary=titles(per_days)),
        members_column("members", "Members", additive=Additive.NO),
        members_column("with_any", "With any", additive=Additive.NO, within="members", shown=False),
        ColumnRule("share", "With any", ColumnKind.SHARE, ratio=("with_any", "members")),
    ]
    for part in WIDE:
        name = part_name(part)
        columns += [
            members_column(f"{name}_below", "", additive=Additive.NO, shown=False),
            members_column(f"{name}_above", "", additive=Additive.NO, shown=False),
            ColumnRule(name, part_title(part), ColumnKind.QUANTITY, behind=(f"{name}_below", f"{name}_above")),
        ]
    rule = TableRule(
        PROFILE,
        "How much members did",
        tuple(columns),
        "Median: half of the members did at most that; 90 %: nine of ten. Those who did nothing are counted.",
    )
    rows = []
    for kind, found in spread.items():
        if not found.size:
            continue
        row: list[object] = [kind.title(per_days), found.size, found.positive().size]
        for part, own in zip(WIDE, quantiles(found, WIDE, confidence=confidence), strict=True):
            row += [*sides(found.size, part), shown(own.value)]
        rows.append(tuple(row))
    return Figures(rule, rows_table(rule, rows))


def _interval_columns(behind: tuple[str, ...]) -> list[ColumnRule]:
    return [
        ColumnRule("value", "Estimate", ColumnKind.QUANTITY, behind=behind),
        ColumnRule("low", "Interval from", ColumnKind.QUANTITY, behind=behind),
        ColumnRule("high", "to", ColumnKind.QUANTITY, behind=behind),
    ]


def _quantiles(
    spread: dict[MarkKind, Distribution], parts: Sequence[float], confidence: float, per_days: int
) -> Figures:
    rule = TableRule(
        QUANTILES,
        "Quantiles of what members did",
        (
            ColumnRule("measure", "Measure", ColumnKind.LABEL, vocabulary=titles(per_days)),
            ColumnRule("scale", "Scale", ColumnKind.LABEL, vocabulary=tuple(scale.value for scale in Scale)),
            ColumnRule("quantile", "Quantile", ColumnKind.LABEL, vocabulary=tuple(parts)),
            members_column("members", "Members", additive=Additive.NO, shown=False),
            members_column("below", "At or below", additive=Additive.NO, shown=False),
            members_column("above", "Above", additive=Additive.NO, shown=False),
            *_interval_columns(("below", "above")),
            members_column("outside_low", "Below the interval", additive=Additive.NO, shown=False),
            members_column("outside_high", "Above the interval", additive=Additive.NO, shown=False),
            ColumnRule("order_low", "By ranks from", ColumnKind.QUANTITY, behind=("outside_low", "above")),
            ColumnRule("order_high", "to", ColumnKind.QUANTITY, behind=("below", "outside_high")),
        ),
        f"Harrell-Davis estimates with {confidence * 100:g} % intervals; the interval by ranks holds for any "
        "distribution.",
    )
    rows = [
        (kind.title(per_days), kind.scale.value, own.probability, found.size,
         *sides(found.size, own.probability), *_ends(own),
         *_outside(found.size, own.probability, confidence), own.order_low, own.order_high)
        for kind, found in spread.items() if found.size
        for own in quantiles(found, parts, confidence=confidence)
    ]  # fmt: skip
    return Figures(rule, rows_table(rule, rows))


def _outside(size: int, part: float, confidence: float) -> tuple[int, int]:
    """Members from each end of the interval by ranks outwards: the end is one member's value."""
    low, high = order_statistic_ranks(size, part, confidence)
    return (low or 0), (0 if high is None else size - high + 1)


def _cohort_columns() -> list[ColumnRule]:
    return [
        ColumnRule("first_month", "Registered from", ColumnKind.MONTH),
        ColumnRule("last_month", "to", ColumnKind.MONTH),
    ]


def _cohorts(cohorts: Cohorts) -> Figures:
    rule = TableRule(
        COHORTS,
        "Cohorts of registration",
        (*_cohort_columns(), members_column("members", "Members", additive=Additive.DISJOINT)),
        "Members are compared within these as well, since whoever joined late had less time.",
    )
    rows = [(month_date(own.first_month), month_date(own.last_month), own.members) for own in cohorts.cohorts]
    return Figures(rule, rows_table(rule, rows))


def _cohort_quantiles(
    marks: "Marks", cohorts: Cohorts, kinds: Sequence[MarkKind], confidence: float, per_days: int
) -> Figures:
    rule = TableRule(
        COHORT_QUANTILES,
        "Quantiles by cohort of registration",
        (
            ColumnRule("measure", "Measure", ColumnKind.LABEL, vocabulary=titles(per_days)),
            *_cohort_columns(),
            ColumnRule("quantile", "Quantile", ColumnKind.LABEL, vocabulary=COHORT_PARTS),
            members_column("members", "Members", additive=Additive.NO),
            members_column("below", "At or below", additive=Additive.NO, shown=False),
            members_column("above", "Above", additive=Additive.NO, shown=False),
            *_interval_columns(("below", "above")),
        ),
        f"Harrell-Davis estimates with {confidence * 100:g} % intervals.",
    )
    rows = []
    for kind in kinds:
        for place, cohort in enumerate(cohorts.cohorts):
            found = distribution_of(marks.values[kind.name][cohorts.place == place])
            if not found.size:
                continue
            months = (month_date(cohort.first_month), month_date(cohort.last_month))
            rows += [
                (kind.title(per_days), *months, own.probability, found.size, *sides(found.size, own.probability),
                 *_ends(own))
                for own in quantiles(found, COHORT_PARTS, confidence=confidence)
            ]  # fmt: skip
    return Figures(rule, rows_table(rule, rows))


def _ends(own: Quantile) -> tuple[float, float, float]:
    return shown(own.value), shown(own.low), shown(own.high)


def member_table(marks: "Marks", cohorts: Cohorts) -> "pa.Table":
    """A row a member, by pseudonym: registration, cohort, and every mark; null where the member has none."""
    import pyarrow as pa

    columns: dict[str, pa.Array] = {
        "pseudonym": marks.pseudonym,
        "registered_at": _times(marks.registered),
        "cohort": pa.array(cohorts.place, mask=cohorts.place == UNKNOWN),
    }
    for name, values in marks.values.items():
        columns[name] = pa.array(values, from_pandas=True)
    for name, days in marks.exposure_days.items():
        columns[f"{name}_exposure_days"] = pa.array(days, from_pandas=True)
    return pa.table(columns).sort_by("pseudonym")


def _times(seconds: "np.ndarray") -> "pa.Array":
    import pyarrow as pa

    missing = ~np.isfinite(seconds)
    whole = np.where(missing, 0, seconds).astype(np.int64)
    return pa.array(whole * 1_000_000, pa.int64(), mask=missing).cast(pa.timestamp("us"))


def profile_sentences(table: SafeTable, per_days: int, *, brief: bool) -> tuple[str, ...]:
    """One sentence a measure, from the published short table; totals alone if `brief`."""
    sentences = []
    totals = {kind.title(per_days) for kind in MARK_KINDS if kind.scale is Scale.TOTAL}
    units = {kind.title(per_days): kind.unit(per_days) for kind in MARK_KINDS}
    for row in table.rows():
        if brief and row["measure"] not in totals:
            continue
        parts = []
        if row["share"] is not None:
            parts.append(f"{percent(row['share'])} of {row['members']:,} members had any")
        if row["q50"] is not None:
            parts.append(f"half had at most {row['q50']:,.3g}")
        if row["q90"] is not None:
            parts.append(f"nine of ten at most {row['q90']:,.3g}")
        if parts:
            sentences.append(f"{units[row['measure']].capitalize()}: {'; '.join(parts)}.")
    return tuple(sentences)
