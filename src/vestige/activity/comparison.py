"""Where one member lies among all: percentiles with intervals, overall and in the cohort, and a robust distance."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

import numpy as np

from vestige.activity.cohorts import UNKNOWN
from vestige.activity.comparison_tables import comparison_figures
from vestige.activity.comparison_words import NOT_A_RATIO, comparison_sentences
from vestige.activity.member_distance import Distance, distance_among, distance_from
from vestige.activity.profile import ProfileResult, ProfileSettings, fit_profile
from vestige.activity.profile_file import SavedProfile
from vestige.activity.profile_measures import MarkKind
from vestige.dataset import Dataset
from vestige.dataset.schema import PSEUDONYM_PATTERN
from vestige.disclosure import MINIMUM_MEMBERS
from vestige.disclosure.result import ChartKind, FiguresResult
from vestige.errors import SettingsError
from vestige.progress import Progress
from vestige.results import Finding, Provenance, Severity, most_severe_first, plain_settings
from vestige.statistics.ranks import Rank, RankInterval, rank_interval

ALL_MEMBERS: Final = "all members"
COHORT: Final = "same cohort"
REFERENCE: Final = "reference profile"
_FEW: Final = 100
"""Others below which one member is more than a percentile."""


class Population(StrEnum):
    """What the members seen stand for."""

    LIKE = "like"
    """A sample of the members that such a forum attracts: the percentile has an interval."""
    SEEN = "seen"
    """Themselves, all of them seen: the percentile is exact, and says nothing beyond this forum and window."""


@dataclass(frozen=True)
class ComparisonSettings:
    """Choices of a comparison.

    Attributes:
        population: what the members seen stand for.
        interval: how the interval of a percentile is made.
        confidence: of the intervals.
        shrinkage: of the correlation between measures towards independence, for the distance; 0.05 by convention, so
            that attempted and completed downloads, nearly the same, do not make each other look extreme.
    """

    population: Population = Population.LIKE
    interval: RankInterval = RankInterval.WILSON
    confidence: float = 0.95
    shrinkage: float = 0.05

    def __post_init__(self) -> None:
        """Refuse settings outside their range."""
        for holds, name, rule in (
            (self.population in list(Population), "population", f"one of {', '.join(Population)}"),
            (self.interval in list(RankInterval), "interval", f"one of {', '.join(RankInterval)}"),
            (0.5 < self.confidence < 1, "confidence", "between 0.5 and 1"),  # noqa: PLR2004 - a level below is a mistake
            (0 < self.shrinkage <= 1, "shrinkage", "above 0, at most 1"),
        ):
            if not holds:
                raise SettingsError("a setting of the comparison is out of range", where=name, hint=rule)
        object.__setattr__(self, "population", Population(self.population))
        object.__setattr__(self, "interval", RankInterval(self.interval))


@dataclass(frozen=True)
class Placed:
    """One measure of the member among one population.

    Attributes:
        kind: the measure and its scale.
        population: "all members", "same cohort" or "reference profile".
        value: the member's number.
        rank: how many others lie below, on and above it.
        low: lower end of the percentile's interval; the percentile itself if all members are seen and meant.
        high: upper end.
        chance_low: percentile that the lower end of the count's Poisson interval would have; None where no count.
        chance_high: that of the upper end.
    """

    kind: MarkKind
    population: str
    value: float
    rank: Rank
    low: float
    high: float
    chance_low: float | None = None
    chance_high: float | None = None


@dataclass(frozen=True)
class ComparisonResult(FiguresResult):
    """One member's place. It is about one person by design; its other figures pass the disclosure policy.

    Attributes:
        pseudonym: of the member.
        settings: choices.
        per_days: days that rates are stated for.
        placed: every measure that the member has, in each population.
        distance: from the middle of all measures at once; None where it cannot be measured.
    """

    pseudonym: str
    settings: ComparisonSettings
    per_days: int
    placed: tuple[Placed, ...] = field(repr=False)
    distance: Distance | None

    def charts(self) -> Mapping[str, ChartKind]:
        """Percentiles with intervals, and what makes the distance."""
        from vestige.activity.profile_charts import COMPARISON_CHARTS

        return COMPARISON_CHARTS

    def sentences(self, *, brief: bool = False) -> tuple[str, ...]:
        """The comparison in sentences fit for a report, from published figures only; among all members if `brief`."""
        rows = self.safe("comparison").rows()
        distance = self.safe("distance").rows() if "distance" in self.figures else []
        if brief:
            rows = [row for row in rows if row["population"] != COHORT]
        return comparison_sentences(
            rows, distance, self.settings.confidence, exact=self.settings.population is Population.SEEN,
            per_days=self.per_days,
        )  # fmt: skip

    def summary(self) -> str:
        """The comparison in sentences, its findings, and what a percentile is not."""
        return f"{super().summary()}\n{NOT_A_RATIO}"

    def member_values(self) -> dict[str, float]:
        """Heading of each measure to the member's number, rounded as in the table, for a mark in a chart."""
        rows = self.safe("comparison").rows()
        return {row["measure"]: row["value"] for row in rows if row["value"] is not None}

    def to_plain(self) -> dict[str, Any]:
        """Published tables, sentences, findings and provenance as values that JSON can hold."""
        plain = super().to_plain()
        return {
            "pseudonym": self.pseudonym,
            "sentences": list(self.sentences()),
            "not_a_likelihood_ratio": NOT_A_RATIO,
            **plain,
        }


def compare_member(
    source: Dataset | ProfileResult,
    pseudonym: str,
    *,
    reference: SavedProfile | None = None,
    settings: ComparisonSettings | None = None,
    profile_settings: ProfileSettings | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> ComparisonResult:
    """Where one member lies among all members, and among those who registered in the same cohort.

    The member is left out of those compared with. A percentile is by mid-rank: those with just as much count half.

    Args:
        source: a profile, or a dataset to make one of.
        pseudonym: of the member, as in the dataset.
        reference: a saved profile of another forum to compare with, instead of the members of this one.
        settings: choices.
        profile_settings: of the profile, where `source` is a dataset.
        seed: kept in the provenance; nothing here is random.
        progress: called as tables are read.

    Raises:
        SettingsError: the pseudonym is malformed, unknown, or that of no member (a guest, a bot); fewer than two
            members; or the reference states rates for other days or another visit gap.
        DatasetError: as for `fit_profile`.
    """
    settings = settings or ComparisonSettings()
    check_pseudonym(pseudonym)
    if isinstance(source, ProfileResult):
        profile = source
    else:
        profile = fit_profile(source, settings=profile_settings, seed=seed, progress=progress)
    row = row_of(profile, pseudonym)
    if reference is None:
        if profile.marks.members <= MINIMUM_MEMBERS:
            raise SettingsError(
                f"a member cannot be compared with fewer than {MINIMUM_MEMBERS} others",
                hint="compare with a saved profile of a larger forum",
            )
        placed = [*_among_all(profile, row, settings), *_in_cohort(profile, row, settings)]
        distance = distance_among(profile, row, settings.shrinkage)
    else:
        reference.check_fits(profile.settings)
        placed = _among_reference(profile, row, reference, settings)
        distance = distance_from(reference, {own.kind.name: own.value for own in placed})
    figures = comparison_figures(placed, distance, profile.settings.per_days)
    return ComparisonResult(
        pseudonym=pseudonym,
        settings=settings,
        per_days=profile.settings.per_days,
        placed=tuple(placed),
        distance=distance,
        figures={each.rule.name: each for each in figures},
        findings=_findings(profile, placed, distance, reference),
        provenance=Provenance(
            verb="compare_member",
            settings={"comparison": plain_settings(settings), "profile": plain_settings(profile.settings)},
            seed=seed,
            dataset_digest=profile.provenance.dataset_digest,
        ),
    )


def check_pseudonym(pseudonym: str) -> None:
    """Raise SettingsError unless it has the form of a pseudonym; the error never quotes it."""
    import re

    if not re.fullmatch(PSEUDONYM_PATTERN, pseudonym):
        raise SettingsError(
            "that is no pseudonym", hint="a pseudonym is 32 digits and letters a to f, as in the member table"
        )


def row_of(profile: ProfileResult, pseudonym: str) -> int:
    """The member's row in the profile's marks; SettingsError if there is none."""
    import pyarrow.compute as pc

    row = int(pc.index(profile.marks.pseudonym, pseudonym).as_py())
    if row < 0:
        raise SettingsError(
            "no member has this pseudonym",
            hint="it is unknown here, or stands for a guest, a deleted author, a bot or the system",
        )
    return row


def rank_among(value: float, others: "np.ndarray") -> Rank:
    """Rank of a value among others; NaN of them left out."""
    known = others[np.isfinite(others)]
    below, equal = int((known < value).sum()), int((known == value).sum())
    return Rank(below, equal, known.size - below - equal)


def _among_all(profile: ProfileResult, row: int, settings: ComparisonSettings) -> list[Placed]:
    others = np.ones(profile.marks.members, np.bool_)
    others[row] = False
    return _among(profile, row, others, ALL_MEMBERS, settings)


def _in_cohort(profile: ProfileResult, row: int, settings: ComparisonSettings) -> list[Placed]:
    own = profile.cohorts.place[row]
    if own == UNKNOWN or len(profile.cohorts.cohorts) < 2:  # noqa: PLR2004 - one cohort is everybody again
        return []
    others = profile.cohorts.place == own
    others[row] = False
    return _among(profile, row, others, COHORT, settings) if others.sum() >= MINIMUM_MEMBERS else []


def _among(
    profile: ProfileResult, row: int, others: "np.ndarray", population: str, settings: ComparisonSettings
) -> list[Placed]:
    placed = []
    for kind in profile.kinds:
        values = profile.marks.values[kind.name]
        own, compared = float(values[row]), values[others]
        if not np.isfinite(own) or not np.isfinite(compared).any():
            continue
        rank = rank_among(own, compared)
        low, high = _interval(rank, settings)
        chance = _by_chance(profile, kind, row, settings.confidence)
        ends = (None, None) if chance is None else tuple(rank_among(end, compared).percentile for end in chance)
        placed.append(Placed(kind, population, own, rank, low, high, *ends))
    return placed


def _interval(rank: Rank, settings: ComparisonSettings) -> tuple[float, float]:
    if settings.population is Population.SEEN:
        return rank.percentile, rank.percentile
    return rank_interval(rank, kind=settings.interval, confidence=settings.confidence)


def _by_chance(profile: ProfileResult, kind: MarkKind, row: int, confidence: float) -> tuple[float, float] | None:
    """The numbers that the ends of the Poisson interval of the member's count make (Garwood, 1936, Biometrika 28)."""
    from scipy.stats import chi2

    if not kind.measure.counted:
        return None
    count = float(profile.marks.values[kind.measure.name][row])
    tail = (1 - confidence) / 2
    ends = (0.0 if count == 0 else chi2.ppf(tail, 2 * count) / 2, chi2.ppf(1 - tail, 2 * count + 2) / 2)
    own = float(profile.marks.values[kind.name][row])
    days = profile.marks.exposure_days.get(kind.name)
    scale = 1.0 if days is None else profile.settings.per_days / float(days[row])
    low, high = (float(end) * scale for end in ends)
    return min(low, own), max(high, own)


def _among_reference(
    profile: ProfileResult, row: int, reference: SavedProfile, settings: ComparisonSettings
) -> list[Placed]:
    placed = []
    for kind in profile.kinds:
        own = float(profile.marks.values[kind.name][row])
        if not np.isfinite(own) or kind.name not in reference.marks:
            continue
        rank = reference.marks[kind.name].rank(own)
        chance = _by_chance(profile, kind, row, settings.confidence)
        ends = (
            (None, None) if chance is None else tuple(reference.marks[kind.name].rank(end).percentile for end in chance)
        )
        low, high = rank_interval(rank, kind=settings.interval, confidence=settings.confidence)
        placed.append(Placed(kind, REFERENCE, own, rank, low, high, *ends))
    return placed


def _findings(
    profile: ProfileResult,
    placed: list[Placed],
    distance: Distance | None,
    reference: SavedProfile | None,
) -> tuple[Finding, ...]:
    found = [own for own in profile.findings if own.code in _PASSED_ON]
    if not any(kind.name in {own.kind.name for own in placed} for kind in profile.kinds if kind.name.endswith("_rate")):
        text = "The member could not be seen for long enough to have rates; totals are compared alone."
        found.append(Finding("no-rate-of-member", Severity.CAUTION, text))
    if reference is None and not any(own.population == COHORT for own in placed):
        text = "There is no cohort of registration with enough others; early and late joiners are compared together."
        found.append(Finding("no-cohort", Severity.CAUTION, text))
    sizes = [own.rank.others for own in placed]
    if sizes and min(sizes) < _FEW:
        text = "Fewer than 100 others in a comparison: a single member is more than one percentile of it."
        found.append(Finding("few-others", Severity.CAUTION, text))
    if distance is None:
        text = "No distance over all measures: fewer than two of them vary, or the member lacks one."
        found.append(Finding("no-distance", Severity.NOTE, text))
    if reference is not None:
        text = (
            "The members compared with are those of a saved profile; percentiles are read from its rounded quantiles."
        )
        found.append(Finding("saved-profile", Severity.CAUTION, text))
    return most_severe_first(found)


_PASSED_ON: Final = frozenset(
    {"few-members", "small-population", "no-views", "log-covers-part", "trace-before-registration", "window-unknown",
     "short-window", "active-days-within-log"}
)  # fmt: skip
"""Findings of the profile that a reader of one comparison needs as well."""
