"""Visits: when members come, how long they stay, how much they see, and how far that depends on where a visit ends."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from vestige.activity.findings import few_members, in_words
from vestige.activity.session_figures import GAPS, LENGTH, OF_MEMBERS, PAGES, session_figures
from vestige.activity.session_reduce import SessionReduction, reduce_sessions
from vestige.activity.traces import VIEWS
from vestige.activity.volume_tables import DAY, HOUR, MINUTE
from vestige.dataset import Dataset
from vestige.dataset.manifest import TimeResolution
from vestige.dataset.store import NOT_SUPPLIED
from vestige.disclosure.result import FiguresResult
from vestige.errors import SettingsError
from vestige.progress import Progress, ignore_progress
from vestige.results import Finding, Provenance, Severity, most_severe_first, plain_settings

if TYPE_CHECKING:
    from vestige.disclosure.result import ChartKind

GAP_MINUTES: Final = 30
"""The usual cut, after Catledge and Pitkow (1995), Computer Networks and ISDN Systems 27, 1065-1073, who found 25.5."""
_UNITS: Final = {
    TimeResolution.SECOND: 1, TimeResolution.MINUTE: MINUTE, TimeResolution.HOUR: HOUR, TimeResolution.DAY: DAY,
}  # fmt: skip
_AROUND: Final = (15, 60)
_SENSITIVE: Final = 0.2
"""Change of the number of visits between the gaps around the usual one from which on a reader must know."""
_SHORT: Final = 0.5


@dataclass(frozen=True)
class SessionSettings:
    """Choices of a measurement of visits.

    Attributes:
        forum: code of the one forum; None for all of the dataset together.
        gap_minutes: a pause longer than this ends a visit.
    """

    forum: str | None = None
    gap_minutes: int = GAP_MINUTES

    def __post_init__(self) -> None:
        """Refuse settings outside their range."""
        if isinstance(self.gap_minutes, bool) or not isinstance(self.gap_minutes, int):
            raise SettingsError("the gap is no whole number of minutes", where="gap_minutes", hint="30, for instance")
        if not 1 <= self.gap_minutes <= DAY // MINUTE:
            raise SettingsError("the gap is out of range", where="gap_minutes", hint="1 to 1440 minutes")


@dataclass(frozen=True)
class SessionResult(FiguresResult):
    """Visits. Tables from `table` are exact; whatever is printed goes through `safe`. Empty where none can be told."""

    def charts(self) -> "Mapping[str, ChartKind]":
        """Every chart of visits."""
        from vestige.activity.session_charts import CHARTS

        return CHARTS

    def sentences(self, *, brief: bool = False) -> tuple[str, ...]:
        """One sentence a fact, from published figures only."""
        tables = self.safe_by_name
        names = ("visits",) if brief else ("visits", "visit_sizes")
        return tuple(
            words for name in names if name in tables for row in tables[name].rows() if (words := _SAY[name](row))
        )


def measure_sessions(
    dataset: Dataset,
    *,
    settings: SessionSettings | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> SessionResult:
    """Measure visits: runs of a member's page views and downloads without a long pause.

    Where visits cannot be told apart (no views, times kept to the hour), the result has no table and a finding that
    says why.

    Args:
        dataset: an opened dataset on either engine.
        settings: choices.
        seed: unused; nothing here is random.
        progress: called as the events are read.

    Raises:
        SettingsError: the dataset has no such forum.
        DatasetError: the tables `forum` or `member` are absent, or a file was changed.

    Source:
        Catledge and Pitkow (1995); Halfaker et al. (2015), User session identification based on strong regularities in
        inter-activity time, WWW '15, on how the gap may be chosen from the data.
    """
    chosen = settings or SessionSettings()
    provenance = Provenance("measure_sessions", plain_settings(chosen), seed, dataset.manifest.digest)
    refusal = _refusal(dataset, chosen)
    if refusal is not None:
        return SessionResult({}, (refusal,), provenance)
    gap = chosen.gap_minutes * MINUTE
    gaps = sorted({*(minutes * MINUTE for minutes in GAPS), gap})
    unit = _UNITS[dataset.manifest.time_resolution]
    reduction = reduce_sessions(
        dataset,
        forum=chosen.forum,
        gap=gap,
        gaps=[each for each in gaps if each >= 2 * unit],
        progress=progress or ignore_progress,
    )
    if not reduction.visits:
        text = "No dated page view or download of a member: there are no visits to measure."
        return SessionResult({}, (Finding("no-visits", Severity.PROBLEM, text),), provenance)
    return SessionResult(
        figures={each.rule.name: each for each in session_figures(reduction)},
        findings=most_severe_first(_findings(reduction, dataset.manifest.time_resolution)),
        provenance=provenance,
    )


def _refusal(dataset: Dataset, settings: SessionSettings) -> Finding | None:
    """Why visits cannot be told apart; None where they can."""
    resolution = dataset.manifest.time_resolution
    if VIEWS.table not in dataset.tables:
        reason = dataset.manifest.absent.get(VIEWS.table, NOT_SUPPLIED)
        text = f"Visits cannot be measured: the dataset has no views ({reason})."
        return Finding("no-views", Severity.PROBLEM, text)
    if 2 * _UNITS[resolution] > settings.gap_minutes * MINUTE:
        text = (
            f"Visits cannot be measured: times are kept to the {resolution.value}, too coarse for a gap of "
            f"{settings.gap_minutes} minutes."
        )
        return Finding("times-too-coarse", Severity.PROBLEM, text)
    return None


def _findings(reduction: SessionReduction, resolution: TimeResolution) -> Iterator[Finding]:
    yield from few_members(reduction.members)
    if reduction.undated:
        text = f"Of the page views, {in_words(reduction.undated, reduction.undated + reduction.pages)} are undated."
        yield Finding("undated-views", Severity.CAUTION, text)
    by_gap = {counts.gap // MINUTE: counts.visits for counts in reduction.gaps}
    few, many = (by_gap.get(minutes) for minutes in reversed(_AROUND))
    if few and many and many / few - 1 > _SENSITIVE:
        text = (
            f"The number of visits depends on the gap: {_AROUND[0]} minutes give {many / few - 1:.0%} more visits than "
            f"{_AROUND[1]} minutes."
        )
        yield Finding("gap-matters", Severity.CAUTION, text)
    short = int(reduction.lengths.members[reduction.lengths.values == 0].sum())
    if short > _SHORT * reduction.visits:
        text = "More than half of the visits are shorter than a minute or a single event: lengths say little here."
        yield Finding("short-visits", Severity.CAUTION, text)
    if resolution is not TimeResolution.SECOND:
        text = f"Times are kept to the {resolution.value}: lengths are off by up to one {resolution.value}."
        yield Finding("coarse-times", Severity.NOTE, text)
    if not reduction.with_downloads:
        text = "The dataset has no downloads: visits are made of page views alone."
        yield Finding("views-alone", Severity.NOTE, text)
    text = "The last page of a visit was read for an unknown time: a visit's length ends with its last request."
    yield Finding("last-page", Severity.NOTE, text)


def _say_visits(row: Mapping[str, Any]) -> str | None:
    if row["visits"] is None:
        return None
    ratio = "" if row["pages_per_visit"] is None else f", {row['pages_per_visit']:,.3g} pages each"
    by = "members" if row["visitors"] is None else f"{row['visitors']:,} members"
    return f"{row['visits']:,} visits by {by}{ratio}."


def _say_sizes(row: Mapping[str, Any]) -> str | None:
    words = {LENGTH: "last at most {} minutes", PAGES: "have at most {} pages"}
    if row["median"] is None or row["what"] not in {*words, OF_MEMBERS}:
        return None
    median = f"{row['median']:,.10g}"
    if row["what"] == OF_MEMBERS:
        return f"Half of the visiting members came at most {median} times."
    return f"Half of the visits {words[row['what']].format(median)}."


_SAY: Final = {"visits": _say_visits, "visit_sizes": _say_sizes}
