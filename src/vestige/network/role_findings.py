"""What a reader must know before citing how well a role is found."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from vestige.network.role_accuracy import AccuracyRow, Stratum
from vestige.network.role_settings import Timing
from vestige.results import Finding, Severity, most_severe_first

FEW_HOLDERS: Final = 10
"""Below this, intervals span most of what is possible, and no order of the best measures can be told."""
_HIGH_AREA: Final = 0.9
_LOW_PRECISION: Final = 0.5


def role_findings(
    network: Sequence[Finding], timing: Timing, accuracy: Sequence[AccuracyRow], strata: Sequence[Stratum], *,
    undated: int, without_past: int,
) -> tuple[Finding, ...]:  # fmt: skip
    """Findings, most severe first.

    Args:
        network: of how the networks were made.
        timing: which events counted.
        accuracy: of each measure.
        strata: members compared with each other.
        undated: holders whose beginning is unknown.
        without_past: holders who did nothing that counts.
    """
    holders = sum(int(stratum.holders.sum()) for stratum in strata)
    found = [*network, *_about_time(timing, undated), *_about_numbers(accuracy, holders, without_past)]
    text = (
        "Standing was observed in one place and time. It does not tell who will hold a role, nor what anybody will do."
    )
    return most_severe_first([*found, Finding("observed-standing", Severity.NOTE, text)])


def _about_time(timing: Timing, undated: int) -> Iterator[Finding]:
    if timing is Timing.WHOLE:
        text = (
            "Everything counts, also what holders did in their role and because of it: activity and ties may follow "
            "from the role instead of telling who gets it. Nothing here says what led to a role."
        )
        yield Finding("role-times-ignored", Severity.PROBLEM, text)
    elif undated:
        text = "Some holders' roles have no known beginning; they stand neither among the holders nor among the others."
        yield Finding("undated-roles-left-out", Severity.CAUTION, text)


def _about_numbers(accuracy: Sequence[AccuracyRow], holders: int, without_past: int) -> Iterator[Finding]:
    if holders < FEW_HOLDERS:
        text = (
            f"Fewer than {FEW_HOLDERS} holders: intervals are wide, and differences between the best measures are no "
            "finding unless their corrected p-value says so."
        )
        yield Finding("few-holders", Severity.CAUTION, text)
    if without_past:
        text = (
            "Some holders did nothing that counts before their role began; no measure can find them, and they are "
            "left out."
        )
        yield Finding("holders-without-past", Severity.CAUTION, text)
    best = max(accuracy, key=lambda row: row.area.value)
    if best.area.value >= _HIGH_AREA and best.precision.value < _LOW_PRECISION:
        text = (
            f"The highest area under the curve is {best.area.value:.3f}, but its average precision "
            f"{best.precision.value:.3f}: "
            "most of those ranked as high as a holder hold no role. Report both, and never the area alone."
        )
        yield Finding("area-hides-precision", Severity.CAUTION, text)


def base_rate(strata: Sequence[Stratum]) -> float:
    """Mean, over holders, of the share of holders in their stratum: average precision of a random order, about."""
    shares = [stratum.holders.mean() for stratum in strata]
    weights = [stratum.holders.sum() for stratum in strata]
    return float(np.average(shares, weights=weights))
