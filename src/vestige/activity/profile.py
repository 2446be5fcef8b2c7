"""The reference profile: how much every member did, also those who never posted, and how sure its quantiles are."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from vestige.activity.calendar import LONGEST_CALENDAR
from vestige.activity.cohorts import Cohorts, make_cohorts
from vestige.activity.profile_findings import profile_findings
from vestige.activity.profile_measures import MARK_KINDS, MarkKind
from vestige.activity.profile_reduce import MarkRequest, Marks, reduce_marks
from vestige.activity.profile_tables import member_table, profile_figures, profile_sentences
from vestige.dataset import Dataset
from vestige.dataset.schema import State
from vestige.disclosure.result import ChartKind, FiguresResult
from vestige.errors import SettingsError
from vestige.progress import Progress, ignore_progress
from vestige.results import Provenance, plain_settings

if TYPE_CHECKING:
    import pyarrow as pa

_LONGEST_GAP_MINUTES: Final = 1_440
_LONGEST_RATE_DAYS: Final = 3_660
_LEAST_CONFIDENCE: Final = 0.5
MEMBERS_TABLE: Final = "members"


@dataclass(frozen=True)
class ProfileSettings:
    """Choices of a profile.

    Attributes:
        forum: code of the forum; may be None where the dataset has one.
        states: states of threads and posts that count; by default also what was later removed, since it was written.
        visit_gap_minutes: inactivity that ends a visit; 30 by the convention of web analytics, from the 25.5 minutes of
            Catledge and Pitkow (1995).
        per_days: days that a rate is stated for; 30, a month, by convention.
        shortest_exposure_days: a member who could be seen for less has no rate, since one visit on the first day would
            make it the highest of all; 7 by convention, so that each weekday is in it.
        quantiles: which quantiles are shown.
        confidence: of the intervals.
        cohort_months: months of registration that make a cohort; None takes the shortest of 1, 3, 6, 12, 24, 60 and 120
            that makes at most twelve cohorts.
        smallest_cohort: members below which a cohort is joined to its neighbour; 100, so that its upper and lower
            tenth are ten members each, the fewest that may be shown.
    """

    forum: str | None = None
    states: tuple[State, ...] = tuple(State)
    visit_gap_minutes: float = 30
    per_days: int = 30
    shortest_exposure_days: float = 7
    quantiles: tuple[float, ...] = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)
    confidence: float = 0.95
    cohort_months: int | None = None
    smallest_cohort: int = 100

    def __post_init__(self) -> None:
        """Refuse settings outside their range."""
        for holds, name, rule in (
            (bool(self.states) and all(isinstance(own, State) for own in self.states), "states", "among State"),
            (0 < self.visit_gap_minutes <= _LONGEST_GAP_MINUTES, "visit_gap_minutes", "above 0, at most a day"),
            (1 <= self.per_days <= _LONGEST_RATE_DAYS, "per_days", "1 to 3,660"),
            (self.shortest_exposure_days > 0, "shortest_exposure_days", "above 0"),
            (bool(self.quantiles) and all(0 < part < 1 for part in self.quantiles), "quantiles", "between 0 and 1"),
            (list(self.quantiles) == sorted(set(self.quantiles)), "quantiles", "ascending, each once"),
            (_LEAST_CONFIDENCE < self.confidence < 1, "confidence", "between 0.5 and 1"),
            (self.cohort_months is None or 1 <= self.cohort_months <= LONGEST_CALENDAR, "cohort_months", "1 to 1,200"),
            (self.smallest_cohort >= 1, "smallest_cohort", "1 or more"),
        ):
            if not holds:
                raise SettingsError("a setting of the profile is out of range", where=name, hint=rule)

    @property
    def request(self) -> MarkRequest:
        """What the reduction needs to know of it."""
        return MarkRequest(
            self.forum,
            self.states,
            round(self.visit_gap_minutes * 60),
            self.per_days,
            self.shortest_exposure_days,
        )


@dataclass(frozen=True)
class ProfileResult(FiguresResult):
    """The profile of all members. `table` is exact and for the researcher; whatever is printed goes through `safe`.

    Attributes:
        settings: choices.
        marks: one row of numbers a member.
        cohorts: who registered when.
    """

    settings: ProfileSettings
    marks: Marks = field(repr=False)
    cohorts: Cohorts = field(repr=False)

    @property
    def kinds(self) -> tuple[MarkKind, ...]:
        """What the dataset could give, totals first."""
        return tuple(kind for kind in MARK_KINDS if kind.name in self.marks.values)

    @property
    def table_names(self) -> tuple[str, ...]:
        """Names of the tables; `members`, with a row a member, has no published form."""
        return (*self.figures, MEMBERS_TABLE)

    def table(self, name: str) -> "pa.Table":
        """An exact table, for further analysis within the project; not for printing. `members` has a row a member.

        Raises:
            SettingsError: there is no such table.
        """
        return member_table(self.marks, self.cohorts) if name == MEMBERS_TABLE else super().table(name)

    def charts(self) -> Mapping[str, ChartKind]:
        """Strips of quantiles, of totals and of rates."""
        from vestige.activity.profile_charts import profile_charts

        return profile_charts(self.settings.per_days)

    def sentences(self, *, brief: bool = False) -> tuple[str, ...]:
        """One sentence a measure, from published figures only; totals alone if `brief`."""
        return profile_sentences(self.safe("profile"), self.settings.per_days, brief=brief)

    def to_plain(self) -> dict[str, Any]:
        """Published tables, reasons, findings and provenance as values that JSON can hold."""
        return {**super().to_plain(), "unavailable": dict(self.marks.unavailable)}

    def save(self, path: str | Path, *, replace: bool = False) -> None:
        """Write the profile as a content-free file: quantiles that may leave, and nothing about any one member.

        Raises:
            OutputError: the file exists, or cannot be written.
        """
        from vestige.activity.profile_file import save_profile

        save_profile(self, Path(path), replace=replace)


def fit_profile(
    dataset: Dataset,
    *,
    settings: ProfileSettings | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> ProfileResult:
    """The reference profile of all members of a forum: visits, page views, sections, downloads, posts, days, tenure.

    Every account of kind `member` counts, whatever it did; guests, deleted authors, bots and system accounts never do.
    A measure that the dataset cannot give is listed with the reason.

    Args:
        dataset: an opened dataset on either engine.
        settings: choices.
        seed: kept in the provenance; nothing here is random.
        progress: called as tables are read.

    Raises:
        SettingsError: no such forum, or several and none chosen.
        DatasetError: the tables `forum` or `member` are absent, the forum has no member, or a file was changed.
    """
    settings = settings or ProfileSettings()
    marks = reduce_marks(dataset, settings.request, progress or ignore_progress)
    cohorts = make_cohorts(marks.registered, months=settings.cohort_months, smallest=settings.smallest_cohort)
    figures = profile_figures(marks, cohorts, settings.quantiles, settings.confidence, settings.per_days)
    return ProfileResult(
        settings=settings,
        marks=marks,
        cohorts=cohorts,
        figures={each.rule.name: each for each in figures},
        findings=profile_findings(marks, cohorts, settings.per_days, settings.smallest_cohort),
        provenance=Provenance(
            verb="fit_profile",
            settings=plain_settings(settings),
            seed=seed,
            dataset_digest=dataset.manifest.digest,
        ),
    )
