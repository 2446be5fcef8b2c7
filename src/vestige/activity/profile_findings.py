"""What a reader must know before trusting a profile."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

import numpy as np

from vestige.activity.findings import in_words
from vestige.activity.profile_measures import ACTIVE_DAYS, LOGGED, MARK_KINDS, TENURE, VIEWS, Scale
from vestige.disclosure import MINIMUM_MEMBERS
from vestige.results import Finding, Severity, most_severe_first

if TYPE_CHECKING:
    from vestige.activity.cohorts import Cohorts
    from vestige.activity.profile_reduce import Marks

_SMALL: Final = 200
"""Members below which the upper and lower twentieth are fewer than ten."""
_COVERED: Final = 0.95
"""Part of the window that records must cover to speak of the whole window."""
_CONSTANT: Final = 1


def profile_findings(marks: "Marks", cohorts: "Cohorts", per_days: int, smallest: int) -> tuple[Finding, ...]:
    """Findings, most severe first."""
    found = [*_population(marks), *_measures(marks, per_days), *_times(marks), *_cohorts(marks, cohorts, smallest)]
    return most_severe_first(found)


def _population(marks: "Marks") -> Iterator[Finding]:
    if marks.members < MINIMUM_MEMBERS:
        text = f"Fewer than {MINIMUM_MEMBERS} members: every figure about them is suppressed."
        yield Finding("few-members", Severity.PROBLEM, text)
    elif marks.members < _SMALL:
        text = "Fewer than 200 members: the upper and lower twentieth are fewer than ten persons and are suppressed."
        yield Finding("small-population", Severity.CAUTION, text)


def _measures(marks: "Marks", per_days: int) -> Iterator[Finding]:
    totals = [kind for kind in MARK_KINDS if kind.scale is Scale.TOTAL]
    for reason, missing in _by_reason(marks.unavailable).items():
        names = [kind.title(per_days).lower() for kind in MARK_KINDS if kind.name in missing]
        severity = Severity.CAUTION if any(kind.name in missing for kind in totals) else Severity.NOTE
        yield Finding("not-measured", severity, f"Not measured: {', '.join(names)}, since {reason}.")
    if VIEWS.name in marks.unavailable:
        text = "Without page views, members who only read or download look like members who never came."
        yield Finding("no-views", Severity.CAUTION, text)
    for kind in totals:
        values = marks.values.get(kind.name)
        if values is not None and (np.nan_to_num(values) > 0).sum() < MINIMUM_MEMBERS:
            text = f"{kind.measure.title}: fewer than {MINIMUM_MEMBERS} members have any; few differ in it."
            yield Finding("hardly-anybody", Severity.CAUTION, text)


def _by_reason(unavailable: Mapping[str, str]) -> dict[str, set[str]]:
    reasons: dict[str, set[str]] = {}
    for name, reason in unavailable.items():
        reasons.setdefault(reason, set()).add(name)
    return reasons


def _times(marks: "Marks") -> Iterator[Finding]:
    if not marks.window_known:
        text = "The window is not fully known; the first and last dated events stand in for its ends."
        yield Finding("window-unknown", Severity.CAUTION, text)
    if marks.window is not None and marks.window.days < 1:
        yield Finding("short-window", Severity.CAUTION, "The window is a day or less: habits cannot be seen in it.")
    partly = [name for name in sorted(LOGGED & marks.reaches.keys()) if not _covers(marks, name)]
    if partly:
        days = max(marks.reaches[name].days for name in partly)
        text = (
            f"The {' and '.join(f'{name}s' for name in partly)} are recorded for about {days:.0f} days of a longer "
            "window; their rates refer to those days."
        )
        yield Finding("log-covers-part", Severity.NOTE, text)
        if ACTIVE_DAYS.name in marks.values and len(marks.reaches) > len(partly):
            text = "Active days are counted within those days only, since before only writing left a trace."
            yield Finding("active-days-within-log", Severity.NOTE, text)
    undated = {name: count for name, count in marks.undated.items() if count}
    if undated:
        names = " and ".join(sorted(undated))
        text = f"Some rows of {names} have no time; they count in totals, but open no visit and no active day."
        yield Finding("undated-events", Severity.NOTE, text)
    unknown = int(np.isnan(marks.registered).sum())
    if unknown:
        text = (
            f"The registration of {in_words(unknown, marks.members)} of the members is not dated; they have neither "
            "rates nor a cohort."
        )
        yield Finding("undated-registrations", Severity.CAUTION, text)
    if marks.early:
        text = (
            f"{in_words(marks.early, marks.members).capitalize()} of the members have a trace before their "
            "registration; their time on the forum is counted from that trace."
        )
        yield Finding("trace-before-registration", Severity.CAUTION, text)


def _covers(marks: "Marks", name: str) -> bool:
    return marks.window is None or marks.reaches[name].days >= _COVERED * marks.window.days


def _cohorts(marks: "Marks", cohorts: "Cohorts", smallest: int) -> Iterator[Finding]:
    if len(cohorts.cohorts) == _CONSTANT and marks.members >= MINIMUM_MEMBERS:
        text = "All members fall into one cohort of registration: a comparison within it adds nothing."
        yield Finding("one-cohort", Severity.NOTE, text)
    if any(own.members < smallest for own in cohorts.cohorts) and marks.members >= MINIMUM_MEMBERS:
        text = f"There are fewer than {smallest} members in a cohort; a comparison within it is coarse."
        yield Finding("small-cohort", Severity.CAUTION, text)
    for kind in MARK_KINDS:
        if kind.scale is Scale.RATE and kind.name in marks.values and not marks.known(kind.name).size:
            text = f"{kind.measure.title}: no member could be seen for long enough to have a rate."
            yield Finding("no-rates", Severity.CAUTION, text)
    if TENURE.name in marks.values:
        text = (
            "The time from registration to the last trace is cut off by the window's end: of members still active, it "
            "is the least it can be."
        )
        yield Finding("tenure-censored", Severity.NOTE, text)
