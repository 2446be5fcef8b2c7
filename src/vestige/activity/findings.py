"""What a reader must know before trusting a description: gaps, partial months, small groups."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from vestige.activity.calendar import LONGEST_CALENDAR, complete_calendar, ends_month, starts_month
from vestige.activity.reduce import Reduction, TraceReduction
from vestige.activity.traces import POSTS
from vestige.dataset.schema import RoleEvidence
from vestige.disclosure import MINIMUM_MEMBERS
from vestige.results import Finding, Severity

_SMALL: Final = 1_000
"""Members below which the most active hundredth is fewer than ten persons."""
_BANDS: Final = ((0.01, "under 1 %"), (0.05, "1 to 5 %"), (0.2, "5 to 20 %"), (0.5, "20 to 50 %"))
"""Coarse words for parts that nobody knows the number of persons behind."""
_ORDER: Final = (Severity.PROBLEM, Severity.CAUTION, Severity.NOTE)


def find_problems(reduction: Reduction) -> tuple[Finding, ...]:
    """Findings, most severe first."""
    found = [
        *_population(reduction),
        *_window(reduction),
        *(finding for trace in reduction.traces.values() for finding in _trace(trace)),
        *_roles(reduction),
    ]
    return tuple(sorted(found, key=lambda finding: _ORDER.index(finding.severity)))


def few_members(members: int) -> Iterator[Finding]:
    """Whether there are too few members for anything to be published."""
    if members == 0:
        yield Finding("no-members", Severity.PROBLEM, "The dataset holds no account that counts as a member.")
    elif members < MINIMUM_MEMBERS:
        text = f"Fewer than {MINIMUM_MEMBERS} members: every figure about them is suppressed."
        yield Finding("few-members", Severity.PROBLEM, text)


def _population(reduction: Reduction) -> Iterator[Finding]:
    yield from few_members(reduction.members)
    if MINIMUM_MEMBERS <= reduction.members < _SMALL:
        text = (
            "Fewer than 1,000 members: the most active 1 % are fewer than ten persons, and their share is suppressed."
        )
        yield Finding("small-population", Severity.NOTE, text)
    posts = reduction.traces.get(POSTS.name)
    if posts is None or posts.events == 0:
        yield Finding("no-posts", Severity.PROBLEM, "No post by a member: nothing can be said about who writes.")
    if len(reduction.windows) > 1:
        text = "Several forums are described together; a person with accounts on two of them counts twice."
        yield Finding("several-forums", Severity.CAUTION, text)


def _window(reduction: Reduction) -> Iterator[Finding]:
    known = [moment for window in reduction.windows for moment in window if moment is not None]
    if len(known) < 2 * len(reduction.windows):
        text = "The window is not fully known; the calendar runs from the first to the last dated event instead."
        yield Finding("window-unknown", Severity.CAUTION, text)
    seen = {month for trace in reduction.traces.values() for month in trace.by_month}
    seen |= {month for month in reduction.registrations if month is not None}
    if not complete_calendar(reduction.windows, seen):
        if seen or known:
            text = f"The times span more than {LONGEST_CALENDAR // 12} years; no calendar is drawn."
            yield Finding("absurd-window", Severity.PROBLEM, text)
        else:
            yield Finding("no-times", Severity.PROBLEM, "Nothing is dated: growth over time cannot be shown.")
    elif known:
        yield from _partial_months(min(known), max(known))
    undated = reduction.registrations.get(None, 0)
    if undated:
        share = in_words(undated, reduction.members)
        text = f"The registration of {share} of the members is undated; they are in no month."
        yield Finding("undated-registrations", Severity.NOTE, text)


def _partial_months(first: datetime, last: datetime) -> Iterator[Finding]:
    if first.year == last.year and first.month == last.month:
        yield Finding("one-month", Severity.CAUTION, "The window lies within one month: there is no growth to see.")
        return
    parts = [name for name, whole in (("first", starts_month(first)), ("last", ends_month(last))) if not whole]
    if parts:
        text = f"The {' and the '.join(parts)} month lie only partly in the window and look smaller than they were."
        yield Finding("partial-months", Severity.NOTE, text if len(parts) > 1 else text.replace("lie", "lies", 1))


def _trace(found: TraceReduction) -> Iterator[Finding]:
    name, title = found.trace.name, found.trace.title
    if found.by_others:
        share = in_words(found.by_others, found.events + found.by_others)
        text = f"{title}: {share} are by guests, deleted, automatic or unknown accounts and are left out."
        yield Finding(f"{name}-by-others", Severity.NOTE, text)
    if found.undated:
        text = f"{title}: {in_words(found.undated, found.events)} are undated; they count, but in no month."
        yield Finding(f"undated-{name}", Severity.CAUTION, text)


def _roles(reduction: Reduction) -> Iterator[Finding]:
    if reduction.roles and set(reduction.role_evidence) == {RoleEvidence.SNAPSHOT.value}:
        text = "Roles are known as they stood at the window's end only; who held one before cannot be seen."
        yield Finding("snapshot-roles", Severity.NOTE, text)


def in_words(part: int, whole: int) -> str:
    """A coarse share in words, for counts that do not tell how many persons stand behind them."""
    share = part / whole if whole else 1.0
    return next((words for limit, words in _BANDS if share < limit), "more than half" if share < 1 else "all")
