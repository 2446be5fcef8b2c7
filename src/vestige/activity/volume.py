"""Volume and growth: what happened in every day, week or month, who was active, and how long threads live."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from vestige.activity.findings import few_members, in_words
from vestige.activity.periods import Period, calendar_of, period_start
from vestige.activity.traces import DOWNLOADS, POSTS, VIEWS
from vestige.activity.volume_figures import ANSWER, LIFE, volume_figures
from vestige.activity.volume_reduce import VolumeReduction, reduce_volume
from vestige.activity.volume_tables import DAY, HOUR
from vestige.activity.words import percent
from vestige.dataset import Dataset
from vestige.dataset.manifest import TimeResolution
from vestige.dataset.schema import State
from vestige.disclosure.result import FiguresResult
from vestige.errors import SettingsError
from vestige.progress import Progress, ignore_progress
from vestige.results import Finding, Provenance, Severity, most_severe_first, plain_settings

if TYPE_CHECKING:
    from vestige.disclosure.result import ChartKind

QUIET_DAYS: Final = 90
"""A thread silent this long has ended. No source gives a number; the explanation shows how to try others."""
_LONGEST_QUIET: Final = 3_660


@dataclass(frozen=True)
class VolumeSettings:
    """Choices of a measurement of volume.

    Attributes:
        forum: code of the one forum; None for all of the dataset together.
        period: how time is cut. One cut a publication: figures of several cuts can be subtracted from each other.
        states: states of threads and posts that count; by default also what was later removed.
        quiet_days: days of silence before the window's end after which a thread counts as ended.
    """

    forum: str | None = None
    period: Period = Period.MONTH
    states: tuple[State, ...] = tuple(State)
    quiet_days: int = QUIET_DAYS

    def __post_init__(self) -> None:
        """Refuse settings outside their range."""
        if not isinstance(self.period, Period):
            raise SettingsError("no such period", where="period", hint="day, week or month")
        if not self.states or not all(isinstance(state, State) for state in self.states):
            raise SettingsError("no known state counts", where="states", hint="choose among State")
        if not 1 <= self.quiet_days <= _LONGEST_QUIET:
            raise SettingsError("days of silence are out of range", where="quiet_days", hint=f"1 to {_LONGEST_QUIET}")


@dataclass(frozen=True)
class VolumeResult(FiguresResult):
    """Volume over time. Tables from `table` are exact; whatever is printed goes through `safe`."""

    def charts(self) -> "Mapping[str, ChartKind]":
        """Every chart of volume."""
        from vestige.activity.volume_charts import CHARTS

        return CHARTS

    def sentences(self, *, brief: bool = False) -> tuple[str, ...]:
        """One sentence a fact, from published figures only."""
        names = ("volume", "thread_medians") if brief else ("volume", "threads", "thread_medians")
        tables = self.safe_by_name
        return tuple(
            words for name in names if name in tables for row in tables[name].rows() if (words := _SAY[name](row))
        )


def measure_volume(
    dataset: Dataset,
    *,
    settings: VolumeSettings | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> VolumeResult:
    """Measure volume over a complete calendar: events, active and new members, opening posts, lives of threads.

    Args:
        dataset: an opened dataset on either engine.
        settings: choices.
        seed: unused; nothing here is random.
        progress: called as tables are read.

    Raises:
        SettingsError: the dataset has no such forum.
        DatasetError: the tables `forum` or `member` are absent, or a file was changed.

    Source:
        Lives of threads by Kaplan and Meier (1958), JASA 53, 457-481.
    """
    chosen = settings or VolumeSettings()
    reduction = reduce_volume(
        dataset,
        forum=chosen.forum,
        states=chosen.states,
        period=chosen.period,
        quiet=chosen.quiet_days * DAY,
        progress=progress or ignore_progress,
    )
    calendar = calendar_of(reduction.windows, _seen(reduction), chosen.period)
    figures = list(volume_figures(reduction, calendar, chosen.period))
    return VolumeResult(
        figures={each.rule.name: each for each in figures},
        findings=most_severe_first(_findings(reduction, calendar, chosen, dataset.manifest.time_resolution)),
        provenance=Provenance("measure_volume", plain_settings(chosen), seed, dataset.manifest.digest),
    )


def _seen(reduction: VolumeReduction) -> set[date]:
    return {day for day in (*reduction.new, *reduction.active) if day is not None}


def _findings(
    reduction: VolumeReduction, calendar: tuple[date, ...], settings: VolumeSettings, resolution: TimeResolution
) -> Iterator[Finding]:
    yield from few_members(reduction.members)
    yield from _missing(reduction)
    yield from _calendar_findings(reduction, calendar, settings.period)
    yield from _thread_findings(reduction, settings, resolution)


def _missing(reduction: VolumeReduction) -> Iterator[Finding]:
    for trace, what in ((POSTS, "writing"), (VIEWS, "reading")):
        found = reduction.traces.get(trace.name)
        if found is None or not found.periods:
            text = f"No dated {trace.title.lower()} of members: nothing can be said about {what} over time."
            yield Finding(f"no-{trace.name}", Severity.CAUTION, text)
    if reduction.read_marks:
        text = "Marks of what was last read are states, not page views, and are left out of the volume of views."
        yield Finding("read-marks", Severity.NOTE, text)
    for found in reduction.traces.values():
        dated = sum(counts.events for counts in found.periods.values())
        if found.undated:
            text = f"{found.trace.title}: {in_words(found.undated, found.undated + dated)} are undated: in no period."
            yield Finding(f"undated-{found.trace.name}", Severity.CAUTION, text)


def _calendar_findings(reduction: VolumeReduction, calendar: tuple[date, ...], period: Period) -> Iterator[Finding]:
    if not calendar:
        text = "Nothing is dated, or the times span more than a century: no calendar is drawn."
        yield Finding("no-calendar", Severity.PROBLEM, text)
        return
    inside = set(calendar)
    for found in reduction.traces.values():
        stray = sum(counts.events for day, counts in found.periods.items() if day not in inside)
        if stray:
            dated = sum(counts.events for counts in found.periods.values())
            text = (
                f"{found.trace.title}: {in_words(stray, dated)} are dated outside the window; clocks may have jumped."
            )
            yield Finding(f"{found.trace.name}-outside-window", Severity.CAUTION, text)
        first = min((day for day in found.periods if day in inside), default=calendar[0])
        if found.trace in {VIEWS, DOWNLOADS} and first > calendar[min(1, len(calendar) - 1)]:
            text = f"{found.trace.title}: none before {first.isoformat()}; the record may have begun then."
            yield Finding(f"{found.trace.name}-begin-late", Severity.CAUTION, text)
    known = [moment for window in reduction.windows for moment in window if moment is not None]
    if len(known) < 2 * len(reduction.windows):
        text = "The window is not fully known; lives of threads leave out forums whose end is not known."
        yield Finding("window-unknown", Severity.CAUTION, text)
    elif len(calendar) == 1:
        text = f"The window lies within one {period.value}: there is no growth to see."
        yield Finding("one-period", Severity.CAUTION, text)
    elif period is not Period.DAY and period_start(min(known).date(), period) != min(known).date():
        text = f"The first {period.value} lies only partly in the window and looks smaller than it was."
        yield Finding("partial-first-period", Severity.NOTE, text)
    if len(reduction.windows) > 1:
        text = "Several forums are counted together; a person with accounts on two of them counts twice."
        yield Finding("several-forums", Severity.CAUTION, text)


def _thread_findings(
    reduction: VolumeReduction, settings: VolumeSettings, resolution: TimeResolution
) -> Iterator[Finding]:
    lives, waits = reduction.lives, reduction.waits
    if lives is None or waits is None:
        text = "Lives of threads need dated threads, posts and a known window's end; they cannot be measured here."
        yield Finding("no-thread-lives", Severity.NOTE, text)
        return
    if lives.ended < lives.threads:
        text = (
            f"Of the threads, {in_words(lives.threads - lives.ended, lives.threads)} were active in the last "
            f"{settings.quiet_days} days of the window; how long they live is known only from below."
        )
        yield Finding("censored-threads", Severity.NOTE, text)
    if waits.clipped or lives.clipped:
        part = in_words(max(waits.clipped, lives.clipped), lives.threads)
        text = f"In {part} of the threads a reply is dated before the opening; such times count as nothing."
        yield Finding("reply-before-opening", Severity.CAUTION, text)
    if resolution in {TimeResolution.HOUR, TimeResolution.DAY}:
        text = f"Times are kept to the {resolution.value}: shorter lives and waits cannot be told apart."
        yield Finding("coarse-times", Severity.CAUTION, text)


def _say_volume(row: Mapping[str, Any]) -> str | None:
    if row["events"] is None:
        return None
    return f"{row['trace']}: {row['events']:,} by members."


def _say_threads(row: Mapping[str, Any]) -> str | None:
    if row["share"] is None:
        return None
    return f"Threads {row['what'][0].lower()}{row['what'][1:]}: {percent(row['share'])} of {row['of_threads']:,}."


def _say_medians(row: Mapping[str, Any]) -> str | None:
    if row["median"] is None:
        return None
    what = {LIFE: "threads get their last reply", ANSWER: "threads are answered by somebody else"}[row["what"]]
    return f"Half of the {what} within {hours_in_words(row['median'])}."


def hours_in_words(hours: float) -> str:
    """A length of time as a reader says it."""
    seconds = hours * HOUR
    if seconds < 2 * HOUR:
        return f"{seconds / 60:.0f} minutes"
    return f"{seconds / HOUR:.0f} hours" if seconds < 3 * DAY else f"{seconds / DAY:,.0f} days"


_SAY: Final = {"volume": _say_volume, "threads": _say_threads, "thread_medians": _say_medians}
