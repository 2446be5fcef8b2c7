"""How much more likely a member's activity is in one reference population than in another, and how good that figure is.

The ratio compares two populations that somebody else has told apart. It says nothing about which of them the member
belongs to: that takes prior odds, which are for a court, and it is no forecast of anything.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from vestige.activity.comparison import check_pseudonym, row_of
from vestige.activity.likelihood_ratio_tables import ratio_figures, ratio_findings, ratio_sentences
from vestige.activity.member_distance import distance_kinds
from vestige.activity.profile_measures import MARK_KINDS, MarkKind
from vestige.activity.verbal_scale import ENFSI_2015, VerbalScale
from vestige.dataset.schema import CODE_PATTERN
from vestige.disclosure import MINIMUM_MEMBERS
from vestige.disclosure.result import ChartKind, FiguresResult
from vestige.errors import SettingsError
from vestige.progress import Progress, Step, ignore_progress
from vestige.results import Provenance, plain_settings
from vestige.statistics.calibration import fit_affine, fit_logistic, least_cost, log_likelihood_ratio_cost

if TYPE_CHECKING:
    from vestige.activity.profile import ProfileResult

_ONE_AT_A_TIME: Final = 300
"""Reference members up to which each is left out alone; above, they are left out in this many groups' worth."""
_GROUPS: Final = 30
_MOST_REPLICATES: Final = 10_000


@dataclass(frozen=True)
class LikelihoodRatioSettings:
    """Choices of a likelihood ratio.

    Attributes:
        measures: names of the measures to use; None for those of the distance (rates, and different sections).
        ridge: precision of the normal prior on each standardised coefficient; 1 by convention: a standard deviation of
            a measure is not expected to change the odds by more than about a factor of seven.
        replicates: bootstrap samples of the reference members, for the interval of the ratio.
        confidence: of that interval.
        scale: words for ratios.
    """

    measures: tuple[str, ...] | None = None
    ridge: float = 1.0
    replicates: int = 200
    confidence: float = 0.95
    scale: VerbalScale = ENFSI_2015

    def __post_init__(self) -> None:
        """Refuse settings outside their range."""
        known = {kind.name for kind in MARK_KINDS}
        for holds, name, rule in (
            (self.measures is None or (bool(self.measures) and set(self.measures) <= known), "measures", "known marks"),
            (self.ridge > 0, "ridge", "above 0"),
            (0 <= self.replicates <= _MOST_REPLICATES, "replicates", "0 to 10,000"),
            (0.5 < self.confidence < 1, "confidence", "between 0.5 and 1"),  # noqa: PLR2004 - a level below is a mistake
        ):
            if not holds:
                raise SettingsError("a setting of the likelihood ratio is out of range", where=name, hint=rule)


@dataclass(frozen=True)
class Populations:
    """Members of two reference populations.

    Attributes:
        names: neutral codes of the first and the second population.
        columns: names of the measures.
        values: shape (members, measures), not negative.
        is_first: shape (members,), whether each belongs to the first population.
        rows: row of each member in the profile that the values are from; -1 where they are from elsewhere.
    """

    names: tuple[str, str]
    columns: tuple[str, ...]
    values: "np.ndarray" = field(repr=False)
    is_first: "np.ndarray" = field(repr=False)
    rows: "np.ndarray" = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse names that may say something, and populations too small to tell anything apart."""
        import re

        if len(set(self.names)) != 2 or not all(re.fullmatch(CODE_PATTERN, name) for name in self.names):  # noqa: PLR2004 - two populations
            raise SettingsError(
                "populations are named by two neutral codes", where="populations", hint="such as group-a and group-b"
            )
        for count in (int(self.is_first.sum()), int((~self.is_first).sum())):
            if count < MINIMUM_MEMBERS:
                raise SettingsError(
                    f"a reference population needs at least {MINIMUM_MEMBERS} members with every measure",
                    where="populations",
                    hint="add members, or choose fewer measures",
                )

    @property
    def sizes(self) -> tuple[int, int]:
        """Members of each."""
        return int(self.is_first.sum()), int((~self.is_first).sum())

    def without(self, row: int) -> "Populations":
        """The same without one member of the profile, who is compared with them."""
        kept = self.rows != row
        return Populations(self.names, self.columns, self.values[kept], self.is_first[kept], self.rows[kept])


def labelled_populations(
    profile: "ProfileResult", labels: Mapping[str, str], *, measures: Sequence[str] | None = None
) -> Populations:
    """Two populations among the members of one profile.

    Args:
        profile: of the dataset.
        labels: pseudonym to the code of a population; of the two codes, the first by alphabet is the first population.
        measures: names of marks; None for those of the distance.

    Raises:
        SettingsError: a pseudonym is malformed or unknown, there are not two codes, or a population is too small.
    """
    for pseudonym in labels:
        check_pseudonym(pseudonym)
    names = tuple(sorted(set(labels.values())))
    if len(names) != 2:  # noqa: PLR2004 - a ratio compares two
        raise SettingsError("a likelihood ratio needs two populations", where="populations", hint="give two codes")
    rows = np.array([row_of(profile, pseudonym) for pseudonym in labels])
    is_first = np.array([label == names[0] for label in labels.values()])
    columns = _columns(profile, measures)
    values = np.column_stack([profile.marks.values[name][rows] for name in columns])
    kept = np.isfinite(values).all(axis=1)
    return Populations((names[0], names[1]), columns, values[kept], is_first[kept], rows[kept])


def two_profiles(
    first: "ProfileResult", second: "ProfileResult", *, names: tuple[str, str], measures: Sequence[str] | None = None
) -> Populations:
    """The members of two forums as two populations; measures that both can give.

    Raises:
        SettingsError: they share no measure, count in other units, or one is too small.
    """
    if (first.settings.per_days, first.settings.visit_gap_minutes) != (
        second.settings.per_days,
        second.settings.visit_gap_minutes,
    ):
        raise SettingsError("the two profiles count in other units", hint="fit both with the same settings")
    columns = tuple(name for name in _columns(first, measures) if name in _columns(second, measures))
    if not columns:
        raise SettingsError("the two profiles share no measure", hint="see their findings for what is not measured")
    parts = [np.column_stack([own.marks.values[name] for name in columns]) for own in (first, second)]
    parts = [part[np.isfinite(part).all(axis=1)] for part in parts]
    is_first = np.repeat([True, False], [len(part) for part in parts])
    return Populations(names, columns, np.concatenate(parts), is_first, np.full(is_first.size, -1))


def _columns(profile: "ProfileResult", measures: Sequence[str] | None) -> tuple[str, ...]:
    if measures is None:
        return tuple(kind.name for kind in distance_kinds(profile))
    missing = [name for name in measures if name not in profile.marks.values]
    if missing:
        raise SettingsError("the profile lacks a measure that was asked for", hint="see its findings")
    return tuple(measures)


@dataclass(frozen=True)
class LikelihoodRatioResult(FiguresResult):
    """A likelihood ratio for one member, with its calibration.

    Attributes:
        settings: choices.
        names: codes of the two populations.
        ratio: how many times likelier the member's activity is in the first population, within the limits.
        low: lower end of its bootstrap interval, None without one.
        high: upper end.
        limits: smallest and largest ratio that so many reference members can support.
        uncapped: the ratio before the limits.
        cost: log-likelihood-ratio cost of the reference members left out in turn; 1 is worth nothing.
        least_cost: what of it no calibration could remove.
    """

    settings: LikelihoodRatioSettings
    names: tuple[str, str]
    ratio: float
    low: float | None
    high: float | None
    limits: tuple[float, float]
    uncapped: float
    cost: float
    least_cost: float

    def charts(self) -> Mapping[str, ChartKind]:
        """The Tippett plot."""
        from vestige.activity.profile_charts import TIPPETT

        return TIPPETT

    def sentences(self, *, brief: bool = False) -> tuple[str, ...]:
        """The ratio in words, and how good it is."""
        return ratio_sentences(
            self.safe("ratio").rows(), self.safe("calibration").rows(), self.names, self.settings.scale, brief=brief
        )

    def to_plain(self) -> dict[str, Any]:
        """Published tables, sentences, findings and provenance as values that JSON can hold."""
        return {"sentences": list(self.sentences()), **super().to_plain()}


def measure_likelihood_ratio(
    profile: "ProfileResult",
    pseudonym: str,
    populations: Populations,
    *,
    settings: LikelihoodRatioSettings | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> LikelihoodRatioResult:
    """The likelihood ratio of one member's activity between two reference populations, with calibration and limits.

    A ridge-penalised logistic regression on log(1 + value), both populations weighing alike, is calibrated on the
    reference members' own scores, each scored by a model that it was left out of. The member compared is never among
    them.

    Args:
        profile: the member's own profile.
        pseudonym: of the member.
        populations: from `labelled_populations` or `two_profiles`.
        settings: choices.
        seed: of the bootstrap, and of the groups left out.
        progress: called as reference members are left out.

    Raises:
        SettingsError: the pseudonym is unknown or malformed, the member lacks a measure, or a population is too small.

    Source:
        Morrison (2013), Australian Journal of Forensic Sciences 45, 173-197; limits: Vergeer et al. (2016), Science and
        Justice 56, 482-491, on ratios that lie beyond what the data can show.
    """
    settings = settings or LikelihoodRatioSettings()
    check_pseudonym(pseudonym)
    row = row_of(profile, pseudonym)
    known = populations.without(row)
    missing = [name for name in known.columns if name not in profile.marks.values]
    own = np.array([np.nan if name in missing else profile.marks.values[name][row] for name in known.columns])
    if not np.isfinite(own).all():
        raise SettingsError(
            "the member lacks a measure of the populations",
            hint="choose other measures, such as totals",
        )
    scores = _left_out_scores(known, settings.ridge, seed, progress or ignore_progress)
    calibrated = _left_out_calibration(scores, known.is_first, seed)
    score = _Model.fit(known.values, known.is_first, settings.ridge).score(own[None, :])
    log_ratio = _applied(fit_affine(scores, known.is_first), score)[0]
    limits = 1 / known.sizes[0], float(known.sizes[1])
    ends = _bootstrap(known, own, scores, settings, seed)
    capped = [float(np.clip(np.exp(value), *limits)) for value in (log_ratio, *ends)]
    of_first, of_second = calibrated[known.is_first], calibrated[~known.is_first]
    cost, least = log_likelihood_ratio_cost(of_first, of_second), least_cost(of_first, of_second)
    outside = _outside(own, known)
    low, high = (capped[1], capped[2]) if ends else (None, None)
    figures = ratio_figures(
        names=known.names, sizes=known.sizes, ratio=capped[0], interval=(low, high), cost=cost, least=least,
        of_first=of_first, of_second=of_second,
    )  # fmt: skip
    return LikelihoodRatioResult(
        figures={each.rule.name: each for each in figures},
        findings=ratio_findings(
            sizes=known.sizes, capped=not limits[0] < np.exp(log_ratio) < limits[1], cost=cost, least=least,
            outside=[_title(name, profile.settings.per_days) for name in outside],
        ),
        provenance=Provenance(
            verb="measure_likelihood_ratio",
            settings={**plain_settings(settings), "measures": list(known.columns), "populations": list(known.names)},
            seed=seed,
            dataset_digest=profile.provenance.dataset_digest,
        ),
        settings=settings,
        names=known.names,
        ratio=capped[0],
        low=low,
        high=high,
        limits=limits,
        uncapped=float(np.exp(log_ratio)),
        cost=cost,
        least_cost=least,
    )  # fmt: skip


@dataclass(frozen=True)
class _Model:
    """Logistic regression on standardised log(1 + value)."""

    middle: "np.ndarray"
    spread: "np.ndarray"
    coefficients: "np.ndarray"

    @classmethod
    def fit(
        cls, values: "np.ndarray", is_first: "np.ndarray", ridge: float, start: "np.ndarray | None" = None
    ) -> "_Model":
        logs = np.log1p(values)
        middle, spread = logs.mean(axis=0), logs.std(axis=0)
        spread = np.where(spread > 0, spread, 1.0)
        design = np.column_stack((np.ones(len(logs)), (logs - middle) / spread))
        penalty = np.concatenate(([0.0], np.full(values.shape[1], ridge)))
        found = fit_logistic(design, is_first, penalty=penalty, centre=np.zeros(penalty.size), start=start)
        return cls(middle, spread, found)

    def score(self, values: "np.ndarray") -> "np.ndarray":
        """Log-odds with both populations weighing alike."""
        scaled = (np.log1p(values) - self.middle) / self.spread
        return np.asarray(self.coefficients[0] + scaled @ self.coefficients[1:])


def _groups(size: int, seed: int) -> list["np.ndarray"]:
    """Which members are left out together: each alone where they are few."""
    if size <= _ONE_AT_A_TIME:
        return [np.array([place]) for place in range(size)]
    return np.array_split(np.random.default_rng(seed).permutation(size), _GROUPS)


def _left_out_scores(known: Populations, ridge: float, seed: int, progress: Progress) -> "np.ndarray":
    scores = np.zeros(known.is_first.size)
    whole = _Model.fit(known.values, known.is_first, ridge)
    groups = _groups(known.is_first.size, seed)
    for done, group in enumerate(groups):
        progress(Step("leaving out", done, len(groups), "groups"))
        kept = np.ones(known.is_first.size, np.bool_)
        kept[group] = False
        model = _Model.fit(known.values[kept], known.is_first[kept], ridge, whole.coefficients)
        scores[group] = model.score(known.values[group])
    return scores


def _left_out_calibration(scores: "np.ndarray", is_first: "np.ndarray", seed: int) -> "np.ndarray":
    """Calibrated log likelihood ratios, each by a calibration that its member was left out of."""
    calibrated = np.zeros(scores.size)
    for group in _groups(scores.size, seed):
        kept = np.ones(scores.size, np.bool_)
        kept[group] = False
        calibrated[group] = _applied(fit_affine(scores[kept], is_first[kept]), scores[group])
    return calibrated


def _applied(shift_and_slope: "np.ndarray", scores: "np.ndarray") -> "np.ndarray":
    return np.asarray(shift_and_slope[0] + shift_and_slope[1] * scores)


def _bootstrap(
    known: Populations, own: "np.ndarray", scores: "np.ndarray", settings: LikelihoodRatioSettings, seed: int
) -> list[float]:
    """Ends of the percentile interval of the log ratio, reference members drawn anew within each population."""
    if settings.replicates == 0:
        return []
    generator = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(1,)))
    sides = [np.flatnonzero(known.is_first), np.flatnonzero(~known.is_first)]
    drawn = np.zeros(settings.replicates)
    for replicate in range(settings.replicates):
        rows = np.concatenate([generator.choice(side, side.size) for side in sides])
        model = _Model.fit(known.values[rows], known.is_first[rows], settings.ridge)
        affine = fit_affine(scores[rows], known.is_first[rows])
        drawn[replicate] = _applied(affine, model.score(own[None, :]))[0]
    tail = (1 - settings.confidence) / 2
    return [float(end) for end in np.quantile(drawn, (tail, 1 - tail))]


def _outside(own: "np.ndarray", known: Populations) -> list[str]:
    """Measures on which the member lies beyond all reference members."""
    low, high = known.values.min(axis=0), known.values.max(axis=0)
    return [name for name, value, least, most in zip(known.columns, own, low, high, strict=True)
            if not least <= value <= most]  # fmt: skip


def _title(name: str, per_days: int) -> str:
    kind: MarkKind = next(kind for kind in MARK_KINDS if kind.name == name)
    return kind.title(per_days)
