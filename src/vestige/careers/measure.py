"""Careers of members: onset, frequency, duration, interruptions, versatility, escalation."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from vestige.careers import reductions
from vestige.careers.career_figures import career_figures, member_table
from vestige.careers.career_words import career_sentences
from vestige.careers.incidence import EventHistories, Incidence, cumulative_incidence
from vestige.careers.population import NEVER, Population, month_of, read_population, seconds
from vestige.careers.settings import CareerSettings
from vestige.careers.slopes import MonthlyCounts, Slopes, fit_slopes
from vestige.dataset.events import event_months, forum_window
from vestige.disclosure import MINIMUM_MEMBERS
from vestige.disclosure.result import ChartKind, FiguresResult
from vestige.progress import Progress, Step, ignore_progress
from vestige.results import Finding, Provenance, Severity, most_severe_first, plain_settings

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa
    from numpy.typing import NDArray

    from vestige.dataset import Dataset

DAY: Final[float] = reductions.DAY_SECONDS
MONTH_DAYS: Final = 30.4375
"""Mean length of a month."""


@dataclass(frozen=True)
class Careers:
    """One value a member of the population, in its order; NaN where a member has none.

    Attributes:
        events: events of the outcome in the window.
        onset: days from registration to the first event.
        observed: days from registration (or the window's start, if later) to the window's end.
        active_months: calendar months with an event.
        months: calendar months observed.
        duration: days from the first event to the last, both counted.
        ended: whether the last event lies `leaving_after` days or more before the window's end.
        longest_gap: days between two successive events, at most.
        gaps: gaps longer than the settings' `gap`.
        sections: sections with an event.
        entropy: Shannon entropy over sections, nats.
    """

    events: "NDArray[np.int64]"
    onset: "NDArray[np.float64]"
    observed: "NDArray[np.float64]"
    active_months: "NDArray[np.int64]"
    months: "NDArray[np.int64]"
    duration: "NDArray[np.float64]"
    ended: "NDArray[np.bool_]"
    longest_gap: "NDArray[np.float64]"
    gaps: "NDArray[np.int64]"
    sections: "NDArray[np.float64]"
    entropy: "NDArray[np.float64]"

    @property
    def frequency(self) -> "NDArray[np.float64]":
        """Events a month (30.4 days) observed; NaN for members observed for less than one."""
        long = self.observed >= MONTH_DAYS
        return np.asarray(
            np.divide(self.events * MONTH_DAYS, self.observed, out=np.full(long.size, np.nan), where=long)
        )

    @property
    def frequency_active(self) -> "NDArray[np.float64]":
        """Events of each month that has any."""
        begun = self.active_months > 0
        return np.asarray(np.divide(self.events, self.active_months, out=np.full(begun.size, np.nan), where=begun))

    @property
    def effective_sections(self) -> "NDArray[np.float64]":
        """Number of equally used sections with the same entropy (Hill 1973, Ecology 54, 427-432, order 1)."""
        return np.asarray(np.exp(self.entropy))


@dataclass(frozen=True)
class CareersResult(FiguresResult):
    """Careers.

    Attributes:
        figures: tables `quantities`, `onset`, `duration`, `trends` and `cohorts`, with their rules.
        findings: what to know, most severe first.
        provenance: how to get this result again.
        settings: the choices.
        population: the members.
        careers: one value a member.
        slopes: escalation.
        onset: cumulative share who have begun, by whole months since registration.
        duration: share of careers that have ended, by whole months since their first event.
    """

    settings: CareerSettings
    population: Population = field(repr=False)
    careers: Careers = field(repr=False)
    slopes: Slopes = field(repr=False)
    onset: Incidence = field(repr=False)
    duration: Incidence = field(repr=False)

    def charts(self) -> Mapping[str, ChartKind]:
        """Charts by name."""
        from vestige.careers.charts import CAREER_CHARTS

        return CAREER_CHARTS

    def sentences(self, *, brief: bool = False) -> tuple[str, ...]:
        """One sentence a fact, from published figures only; the main ones if `brief`."""
        return career_sentences(self.safe_by_name, brief=brief)

    def member_rows(self) -> "pa.Table":
        """One row a member, by pseudonym: for the researcher, never printed and in no report.

        Columns: pseudonym, events, onset_days, observed_days, frequency, frequency_active, duration_days, ended,
        longest_gap_days, gaps, sections, entropy, effective_sections, slope, slope_low, slope_high (log rate a year).
        """
        return member_table(self.population.pseudonym, self.careers, self.slopes, self.settings.confidence)


def measure_careers(
    dataset: "Dataset", *, settings: CareerSettings | None = None, progress: Progress | None = None
) -> CareersResult:
    """Careers in one outcome, every part with its censoring.

    Whoever has not begun by the window's end may yet begin (onset is censored there); a career whose last event is
    recent may go on (its duration is censored there); frequency and escalation are over the time observed.

    Args:
        dataset: an opened dataset.
        settings: the outcome and the conventions.
        progress: called once a step.

    Raises:
        SettingsError: no such forum.
        DatasetError: the outcome's table is absent, or no registration is known.

    Source:
        The dimensions are those of Blumstein, Cohen, Roth and Visher (1986), Criminal Careers and "Career Criminals".
    """
    wanted = settings or CareerSettings()
    tell = progress or ignore_progress
    tell(Step("reading members", 0, 3, "steps"))
    window = forum_window(dataset, wanted.forum)
    population = read_population(dataset, window)
    tell(Step("reading careers", 1, 3, "steps"))
    events = _inside(reductions.events_of(dataset, wanted.outcome, window.forum), population)
    spans = reductions.first_and_last(events, wanted.gap).to_pyarrow()
    placed = reductions.versatility(events).to_pyarrow()
    months = event_months(dataset, wanted.outcome, window.forum)
    cells = months.filter(months.month >= window.first_month, months.month <= window.last_month).to_pyarrow()
    tell(Step("trends", 2, 3, "steps"))
    counts = _counts(population, cells)
    careers, first = _careers(population, spans, placed, counts, wanted)
    enough = (careers.events >= wanted.fewest_events) & (careers.months >= wanted.fewest_months)
    slopes = fit_slopes(counts, enough, wanted.family)
    onset, duration = _onset(population, first, wanted.confidence), _duration(population, careers, wanted.confidence)
    tell(Step("done", 3, 3, "steps"))
    tables = career_figures(careers, slopes, onset, duration, population.cohort, wanted)
    return CareersResult(
        {each.rule.name: each for each in tables},
        most_severe_first((*population.findings, *_findings(careers, slopes, wanted))),
        Provenance("measure_careers", plain_settings(wanted), None, dataset.manifest.digest),
        wanted, population, careers, slopes, onset, duration,
    )  # fmt: skip


def _inside(events: "ir.Table", population: Population) -> "ir.Table":
    return events.filter(events["at"] >= population.window.start, events["at"] <= population.window.end)


def _counts(population: Population, cells: "pa.Table") -> MonthlyCounts:
    """Cells on each member's own time, from the month in which observation begins."""
    joined = month_of(np.maximum(population.registered, population.start))
    member = cells.column("member").to_numpy()
    known = np.isin(member, population.member)
    row = np.searchsorted(population.member, member[known])
    period = cells.column("month").to_numpy().astype(np.int64)[known] - joined[row]
    order = np.lexsort((period, row))
    count = cells.column("count").to_numpy()[known]
    return MonthlyCounts(row[order], period[order], count[order], population.window.last_month - joined + 1)


def _careers(
    population: Population, spans: "pa.Table", placed: "pa.Table", counts: MonthlyCounts, settings: CareerSettings
) -> "tuple[Careers, NDArray[np.int64]]":
    """Careers, and the second of each first event (NEVER without one)."""
    size = population.member.size
    member = spans.column("member").to_numpy()
    first, last = (population.aligned(member, seconds(spans.column(name))) for name in ("first", "last"))
    events, gaps = (
        _aligned(population, spans, spans.column(name).to_numpy(), 0).astype(np.int64) for name in ("events", "gaps")
    )
    longest = spans.column("longest_gap").cast("double").fill_null(np.nan).to_numpy()
    sections, entropy = (
        _aligned(population, placed, placed.column(name).to_numpy().astype(float), np.nan)
        for name in ("sections", "entropy")
    )
    few = _aligned(population, placed, placed.column("placed").to_numpy(), 0) < settings.fewest_events
    begun = first != NEVER
    entered = np.maximum(population.registered, population.start)
    careers = Careers(
        events=events,
        onset=np.where(begun, (first - population.registered) / DAY, np.nan),
        observed=(population.end - entered) / DAY,
        active_months=np.bincount(counts.row, minlength=size),
        months=counts.periods,
        duration=np.where(begun, (last - first) / DAY + 1, np.nan),
        ended=begun & (population.end - np.where(begun, last, population.end) >= settings.leaving_after * DAY),
        longest_gap=_aligned(population, spans, longest / DAY, np.nan),
        gaps=gaps,
        sections=sections,
        entropy=np.where(few, np.nan, np.maximum(entropy, 0.0)),
    )
    return careers, first


def _aligned(
    population: Population, table: "pa.Table", values: "NDArray[np.float64] | NDArray[np.int64]", missing: float
) -> "NDArray[np.float64]":
    """A reduction's values in the population's order."""
    member = table.column("member").to_numpy()
    known = np.isin(member, population.member)
    found = np.full(population.member.size, missing, dtype=np.float64)
    found[np.searchsorted(population.member, member[known])] = values[known]
    return found


def _onset(population: Population, first: "NDArray[np.int64]", confidence: float) -> Incidence:
    """From registration to the first event; members who were there before the window enter at its start."""
    entry = np.maximum(population.registered, population.start)
    happened = first <= population.end
    end = np.where(happened, np.maximum(first, entry + 1), population.end)  # an event at once is one second later
    entered, ended = (((moment - population.registered) / DAY).astype(np.float64) for moment in (entry, end))
    longest = (population.end - population.registered.min()) / DAY / MONTH_DAYS
    at = np.arange(1.0, int(longest) + 1) * MONTH_DAYS
    histories = EventHistories(entered, ended, happened.astype(np.int64), 1)
    return cumulative_incidence(histories, at, confidence=confidence)


def _duration(population: Population, careers: Careers, confidence: float) -> Incidence:
    """From the first event to the last, censored where the career may go on."""
    begun = careers.events > 0
    length = careers.duration[begun]
    months = int((population.end - population.start) / DAY / MONTH_DAYS)
    at = np.arange(0.0, months + 1) * MONTH_DAYS + 1
    histories = EventHistories(np.zeros(length.size), length, careers.ended[begun].astype(np.int64), 1)
    return cumulative_incidence(histories, at, confidence=confidence)


def _findings(careers: Careers, slopes: Slopes, settings: CareerSettings) -> list[Finding]:
    found = []
    begun = int((careers.events > 0).sum())
    if begun < MINIMUM_MEMBERS:
        text = f"Fewer than {MINIMUM_MEMBERS} members have any {settings.outcome}: figures are suppressed."
        found.append(Finding("few-careers", Severity.PROBLEM, text))
    if np.isfinite(slopes.slope).sum() < MINIMUM_MEMBERS:
        text = (
            f"Fewer than {MINIMUM_MEMBERS} members have {settings.fewest_events} events and {settings.fewest_months} "
            "months observed: escalation is not shown."
        )
        found.append(Finding("few-trends", Severity.CAUTION, text))
    if (careers.observed <= settings.leaving_after).all():
        text = "The window is shorter than the silence that ends a career: no career can be seen to end."
        found.append(Finding("window-too-short", Severity.CAUTION, text))
    text = (
        f"A career counts as ended after {settings.leaving_after} days without a {settings.outcome}; the end is a "
        "convention, and later returns are not foreseen."
    )
    found.append(Finding("career-end", Severity.NOTE, text))
    return found
