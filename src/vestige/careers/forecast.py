"""How well early activity foretells later activity, for groups of members with a like beginning.

What comes out is the distribution of what was observed for members who began alike, and how well it held for members
who registered later. There is no figure for a person.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from vestige.careers import reductions
from vestige.careers.career_words import forecast_sentences
from vestige.careers.forecast_figures import forecast_figures
from vestige.careers.population import NEVER, MonthCells, Population, month_of, month_start, post_cells, read_population
from vestige.careers.settings import ForecastSettings
from vestige.dataset.events import forum_window
from vestige.disclosure.result import ChartKind, FiguresResult
from vestige.errors import DatasetError
from vestige.progress import Progress, Step, ignore_progress
from vestige.results import Finding, Provenance, Severity, most_severe_first, plain_settings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vestige.dataset import Dataset

BAND_STARTS: Final = (0, 1, 2, 5, 10, 20, 50, 100, 200, 500)
"""Lower ends of the bands of early activity."""
FEWEST_LEARNT: Final = 30
"""Members of a band that a distribution is learnt from; a smaller band joins the one below."""


@dataclass(frozen=True)
class Sample:
    """Members of one side of the split.

    Attributes:
        early: events in the early months, shape (members,).
        later: events in the later months, shape (members,).
        attained: whether the role was attained in the later months; all false without a role.
    """

    early: "NDArray[np.int64]"
    later: "NDArray[np.int64]"
    attained: "NDArray[np.bool_]"


@dataclass(frozen=True)
class Band:
    """Members with a like beginning.

    Attributes:
        start: fewest early events.
        learnt: later events of the members learnt from, ascending.
        attained: share of them who attained the role.
    """

    start: int
    learnt: "NDArray[np.int64]"
    attained: float


@dataclass(frozen=True)
class Scores:
    """How far forecasts were from what happened, over the members judged; lower is better.

    Attributes:
        name: of the forecast.
        score: mean continuous ranked probability score in events (Gneiting and Raftery 2007); for a single number it
            is the mean absolute error.
        low: lower end of its bootstrap interval over members.
        high: upper end.
        gain: how much lower than that of the cohort's distribution, as a share of it.
        gain_low: lower end of the gain's interval.
        gain_high: upper end.
    """

    name: str
    score: float
    low: float
    high: float
    gain: float
    gain_low: float
    gain_high: float


@dataclass(frozen=True)
class ForecastResult(FiguresResult):
    """A forecast and how it held.

    Attributes:
        figures: tables `bands`, `spread`, `scores` and, with a role, `standing`, `standing_scores`, with their rules.
        findings: what to know, most severe first.
        provenance: how to get this result again.
        settings: the choices.
        split: month number before which everything lies that was learnt from, and from which on members registered
            who are judged.
        learnt: number of members learnt from.
        bands: the groups and what was learnt.
        judged: members who registered after the split.
        scores: of the forecast by bands and of the two baselines.
        standing: Brier scores in place of those, for the role; empty without a role.
        correlation: Spearman's, of early and later activity among those judged, with its interval.
    """

    settings: ForecastSettings
    split: int
    learnt: int
    bands: tuple[Band, ...] = field(repr=False)
    judged: Sample = field(repr=False)
    scores: tuple[Scores, ...]
    standing: tuple[Scores, ...]
    correlation: tuple[float, float, float]

    def charts(self) -> Mapping[str, ChartKind]:
        """Charts by name."""
        from vestige.careers.charts import FORECAST_CHARTS

        return FORECAST_CHARTS

    def sentences(self, *, brief: bool = False) -> tuple[str, ...]:
        """One sentence a fact, from published figures only; the main ones if `brief`."""
        return forecast_sentences(self.safe_by_name, self.settings, brief=brief)

    def band_of(self, early: "NDArray[np.int64]") -> "NDArray[np.int64]":
        """Number of the band that each count of early events falls into."""
        return _band(self.bands, early)


def forecast_activity(
    dataset: "Dataset", *, settings: ForecastSettings | None = None, seed: int = 0, progress: Progress | None = None
) -> ForecastResult:
    """Learn from members whose later months ended before a split, judge on members who registered after it.

    The split depends on registrations and the window alone. Nothing that happened after it is learnt from.

    Args:
        dataset: an opened dataset.
        settings: the periods and the outcome.
        seed: of the bootstrap.
        progress: called once a step.

    Raises:
        SettingsError: no such forum.
        DatasetError: the outcome is absent, or the window is too short for both sides.

    Sources:
        Gneiting and Raftery (2007), JASA 102, 359-378 (scores). Brier (1950).
    """
    wanted = settings or ForecastSettings()
    tell = progress or ignore_progress
    tell(Step("reading members", 0, 3, "steps"))
    population = read_population(dataset, forum_window(dataset, wanted.forum))
    tell(Step("reading activity", 1, 3, "steps"))
    cells = post_cells(dataset, population, wanted.outcome)
    attained = np.full(population.member.size, NEVER)
    if wanted.role is not None and "role_spell" in dataset.tables:
        spells = reductions.role_starts(dataset, wanted.role, population.window.forum)
        attained = population.times(spells, "start")
    joined = month_of(population.registered)
    split = _split(joined, population, wanted)
    span = wanted.early + wanted.later
    first_whole = population.window.first_month
    learning = (joined >= first_whole) & (joined + span <= split)
    judging = (joined >= split) & (joined + span <= _end_month(population))
    learnt = _sample(cells, joined, attained, learning, wanted)
    judged = _sample(cells, joined, attained, judging, wanted)
    tell(Step("judging", 2, 3, "steps"))
    bands = _learn(learnt)
    scores, standing = _judge(bands, learnt, judged, wanted, seed)
    standing = standing if attained.min() != NEVER else ()
    tell(Step("done", 3, 3, "steps"))
    tables = forecast_figures(bands, judged, _band(bands, judged.early), scores, standing, wanted, seed)
    return ForecastResult(
        {each.rule.name: each for each in tables},
        most_severe_first((*population.findings, *_findings(scores, judged))),
        Provenance("forecast_activity", plain_settings(wanted), seed, dataset.manifest.digest),
        wanted, split, int(learning.sum()), bands, judged, scores, standing, _correlation(judged, wanted),
    )  # fmt: skip


def _end_month(population: Population) -> int:
    """First month that is not wholly observed."""
    last = population.window.last_month
    whole = population.end >= int(month_start(np.array([last + 1]))[0]) - reductions.DAY_SECONDS
    return last + 1 if whole else last


def _split(joined: "NDArray[np.int64]", population: Population, settings: ForecastSettings) -> int:
    """The month that leaves most members on the smaller side; from registrations and the window alone."""
    span = settings.early + settings.later
    first, end = population.window.first_month, _end_month(population)
    candidates = np.arange(first + span, end - span + 1)
    registered = np.sort(joined[joined >= first])
    learning = np.searchsorted(registered, candidates - span, side="right")
    judged_to = np.searchsorted(registered, end - span, side="right")
    judging = judged_to - np.searchsorted(registered, candidates, side="left")
    smaller = np.minimum(learning, judging)
    if not candidates.size or smaller.max() < FEWEST_LEARNT:
        raise DatasetError(
            f"the window is too short to learn from {span} months of some members and to judge on {span} of others",
            where=f"fewer than {FEWEST_LEARNT} members on one side",
            hint="choose shorter periods",
        )
    return int(candidates[smaller.argmax()])


def _sample(
    cells: MonthCells, joined: "NDArray[np.int64]", attained: "NDArray[np.int64]", chosen: "NDArray[np.bool_]",
    settings: ForecastSettings,
) -> Sample:  # fmt: skip
    """Early and later events of the chosen members; the early months begin with that of registration."""
    row, start = np.flatnonzero(chosen), joined[chosen]
    middle, end = start + settings.early, start + settings.early + settings.later
    moment = attained[chosen]
    within = (moment >= month_start(middle)) & (moment < month_start(end))
    return Sample(cells.between(row, start, middle), cells.between(row, middle, end), within)


def _learn(sample: Sample) -> tuple[Band, ...]:
    """Bands of early activity; one with too few members joins the one below it."""
    starts = [0]
    for start in BAND_STARTS[1:]:
        below = (sample.early >= starts[-1]) & (sample.early < start)
        if below.sum() >= FEWEST_LEARNT and (sample.early >= start).sum() >= FEWEST_LEARNT:
            starts.append(start)
    place = np.searchsorted(starts, sample.early, side="right") - 1
    return tuple(
        Band(start, np.sort(sample.later[place == number]), float(sample.attained[place == number].mean()))
        for number, start in enumerate(starts)
    )


def _band(bands: tuple[Band, ...], early: "NDArray[np.int64]") -> "NDArray[np.int64]":
    return np.searchsorted([band.start for band in bands], early, side="right") - 1


def _judge(
    bands: tuple[Band, ...], learnt: Sample, judged: Sample, settings: ForecastSettings, seed: int
) -> tuple[tuple[Scores, ...], tuple[Scores, ...]]:
    place = _band(bands, judged.early)
    by_band = np.zeros(judged.later.size)
    for number, band in enumerate(bands):
        by_band[place == number] = ranked_probability_score(band.learnt, judged.later[place == number])
    cohort = ranked_probability_score(np.sort(learnt.later), judged.later)
    unchanged = np.abs(judged.early * (settings.later / settings.early) - judged.later)
    parts = {"like beginning": by_band, "no change": unchanged, "cohort": cohort}
    chance = np.array([band.attained for band in bands])[place]
    share = np.full(chance.size, learnt.attained.mean())
    brier = {"like beginning": (chance - judged.attained) ** 2, "cohort": (share - judged.attained) ** 2}
    return _scores(parts, settings, seed), _scores(brier, settings, seed)


def ranked_probability_score(sample: "NDArray[np.int64]", seen: "NDArray[np.int64]") -> "NDArray[np.float64]":
    """The continuous ranked probability score of an empirical distribution: E|X - y| - E|X - X'| / 2.

    Args:
        sample: ascending, shape (size,), at least one.
        seen: what happened, shape (members,).

    Source:
        Gneiting and Raftery (2007), JASA 102, equation 21.
    """
    size = sample.size
    total = np.concatenate([[0], np.cumsum(sample)]).astype(float)
    below = np.searchsorted(sample, seen, side="right")
    distance = (seen * (2.0 * below - size) + total[-1] - 2 * total[below]) / size
    spread = 2 * (sample * (2.0 * np.arange(1, size + 1) - size - 1)).sum() / size**2
    return np.asarray(distance - spread / 2)


def _scores(parts: "dict[str, NDArray[np.float64]]", settings: ForecastSettings, seed: int) -> tuple[Scores, ...]:
    """Means over members, compared with the cohort's, with percentile intervals from drawing members again."""
    table = np.stack(list(parts.values()), axis=1)
    drawn = _resampled_means(table, settings.replicates, seed)
    means, tail = table.mean(axis=0), (1 - settings.confidence) / 2
    ends = np.quantile(drawn, [tail, 1 - tail], axis=0)
    base = list(parts).index("cohort")
    found = []
    for number, name in enumerate(parts):
        gains = 1 - _ratio(drawn[:, number], drawn[:, base])
        low, high = np.quantile(gains, [tail, 1 - tail])
        gain = 1 - _ratio(means[number], means[base])
        found.append(Scores(name, float(means[number]), *map(float, (*ends[:, number], gain, low, high))))
    return tuple(found)


def _ratio(one: "NDArray[np.float64]", two: "NDArray[np.float64]") -> "NDArray[np.float64]":
    return np.divide(one, two, out=np.ones_like(one), where=two > 0)


def _resampled_means(table: "NDArray[np.float64]", replicates: int, seed: int) -> "NDArray[np.float64]":
    """Means of whole members drawn with replacement, shape (replicates, columns)."""
    generator = np.random.default_rng(seed)
    size = table.shape[0]
    return np.stack([table[generator.integers(0, size, size)].mean(axis=0) for _ in range(replicates)])


def _correlation(judged: Sample, settings: ForecastSettings) -> tuple[float, float, float]:
    """Spearman's rank correlation with Fisher's interval (Bonett and Wright 2000, Psychometrika 65, 23-28)."""
    from scipy.stats import norm, rankdata

    one, two = rankdata(judged.early), rankdata(judged.later)
    if one.std() == 0 or two.std() == 0:
        return (0.0, -1.0, 1.0)
    rho = float(np.corrcoef(one, two)[0, 1])
    width = norm.ppf(0.5 + settings.confidence / 2) * np.sqrt((1 + rho**2 / 2) / max(1, one.size - 3))
    centre = np.arctanh(np.clip(rho, -1 + 1e-12, 1 - 1e-12))
    return (rho, float(np.tanh(centre - width)), float(np.tanh(centre + width)))


def _findings(scores: tuple[Scores, ...], judged: Sample) -> list[Finding]:
    ours = scores[0]
    text = "This tells of groups: members who began alike differ widely later, and nothing here is about one person."
    found = [Finding("groups-only", Severity.NOTE, text)]
    if ours.gain_low <= 0:
        text = "Early activity does not foretell later activity better than the cohort's distribution does."
        found.append(Finding("no-gain", Severity.CAUTION, text))
    if not judged.later.any():
        text = "None of the members judged was active in the later months; nothing could be told apart."
        found.append(Finding("nothing-later", Severity.PROBLEM, text))
    return found
