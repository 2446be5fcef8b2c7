"""Time from registration to a role, with leaving and bans as competing causes, and what goes with its hazard."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from vestige.careers import reductions
from vestige.careers.attainment_figures import cohort_figures, effect_figures, incidence_figures, member_table
from vestige.careers.career_words import attainment_sentences
from vestige.careers.cox import CoxFit, ProportionalityTest, RiskRows, check_proportionality, fit_cox
from vestige.careers.hazard_rows import External, hazard_rows, read_external
from vestige.careers.incidence import EventHistories, Incidence, cumulative_incidence
from vestige.careers.population import NEVER, Population, percent, read_population
from vestige.careers.settings import AttainmentSettings, Covariate
from vestige.dataset.events import OUTCOMES, forum_window
from vestige.dataset.schema import Role
from vestige.disclosure import MINIMUM_MEMBERS
from vestige.disclosure.result import ChartKind, FiguresResult
from vestige.errors import DatasetError, ModelError
from vestige.progress import Progress, Step, ignore_progress
from vestige.results import Finding, Provenance, Severity, most_severe_first, plain_settings

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from vestige.dataset import Dataset

MONTH_DAYS: Final = 30.4375
"""Mean length of a month, in which times since registration are told."""
_MONTH_SECONDS: Final = MONTH_DAYS * 86_400
_DAY: Final = 86_400
_INSTANT: Final = 1
"""Seconds that a member who left no trace is under observation, so that the history has a length."""
_FEW_EVENTS: Final = 10
"""Events per covariate below which estimates are unreliable (Peduzzi et al. 1995, J. Clin. Epidemiol. 48, 1503)."""
_ALPHA: Final = 0.05

ATTAINED, BANNED, LEFT = 1, 2, 3
CAUSES: Final = {ATTAINED: "attained", BANNED: "banned", LEFT: "left"}


@dataclass(frozen=True)
class Effects:
    """A fitted hazard model.

    Attributes:
        names: of the covariates, in the fit's order.
        fit: the model.
        proportionality: the test of each effect against time; None when all events happened at one time.
        members: members in the model.
        events: of them, those who attained the role.
    """

    names: tuple[str, ...]
    fit: CoxFit
    proportionality: ProportionalityTest | None
    members: int
    events: int


@dataclass(frozen=True)
class CohortTest:
    """Whether cohorts of registration attain the role at the same rate (log-rank).

    Attributes:
        statistic: chi-squared.
        degrees: its degrees of freedom.
        p_value: its upper tail.
    """

    statistic: float
    degrees: int
    p_value: float


@dataclass(frozen=True)
class AttainmentResult(FiguresResult):
    """Attainment of a role.

    Attributes:
        figures: tables `incidence`, `cohorts` and, with a hazard model, `effects`, with their rules.
        findings: what to know, most severe first.
        provenance: how to get this result again.
        settings: the choices.
        members: members at risk.
        population: who they are.
        histories: time to the first cause, in seconds since registration; causes as in `CAUSES`.
        chosen: which of the population are at risk, shape (members of the population,).
        causes: the causes that could be seen.
        incidence: cumulative incidence of each of `CAUSES` by whole months since registration.
        naive: the role's incidence when other causes are taken for censoring (1 - Kaplan-Meier); it is too high.
        cohorts: calendar year of registration to the incidence among its members.
        cohort_test: whether they differ; None with fewer than two.
        effects: the hazard model; None where it was not asked for or cannot be estimated.
    """

    settings: AttainmentSettings
    members: int
    population: Population = field(repr=False)
    histories: EventHistories = field(repr=False)
    chosen: "NDArray[np.bool_]" = field(repr=False)
    causes: tuple[int, ...]
    incidence: Incidence = field(repr=False)
    naive: Incidence = field(repr=False)
    cohorts: dict[int, Incidence] = field(repr=False)
    cohort_test: CohortTest | None
    effects: Effects | None = field(repr=False)

    @property
    def shown(self) -> bool:
        """Whether so many attained the role that figures of it can be shown."""
        return int((self.histories.cause == ATTAINED).sum()) >= MINIMUM_MEMBERS

    def charts(self) -> Mapping[str, ChartKind]:
        """Charts by name."""
        from vestige.careers.charts import ATTAINMENT_CHARTS

        return ATTAINMENT_CHARTS

    def sentences(self, *, brief: bool = False) -> tuple[str, ...]:
        """One sentence a fact, from published figures only; the main ones if `brief`."""
        return attainment_sentences(self.safe_by_name, self.settings.role.value, brief=brief)

    def member_rows(self) -> "pa.Table":
        """One row a member at risk, by pseudonym: for the researcher, never printed and in no report.

        Columns: pseudonym, entry_days, end_days (since registration), cause (null where observation ended first).
        """
        return member_table(self.population.pseudonym, self.chosen, self.histories, CAUSES)


def fit_attainment(
    dataset: "Dataset",
    *,
    settings: AttainmentSettings | None = None,
    external: "pa.Table | None" = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> AttainmentResult:
    """Time to a role: cumulative incidence with competing causes, cohorts compared, and a hazard model.

    A member is at risk from registration (or the window's start, if later) until the role, a ban, the last trace before
    a long silence, or the window's end, whichever comes first.

    Args:
        dataset: an opened dataset with dated roles.
        settings: the role, the causes and the covariates.
        external: more covariates, such as network positions: columns `pseudonym`, `at` (a time from which the values
            are known) and one numeric column a covariate. A value counts from the month after `at`.
        seed: of the sample that the hazard model is fitted to when there are very many members.
        progress: called once a step.

    Raises:
        SettingsError: no such forum, or an external table that is not of that shape.
        DatasetError: no dated spell of the role, or no known registrations.

    Sources:
        Aalen and Johansen (1978); Cox (1972); Andersen, Geskus, de Witte and Putter (2012), International Journal of
        Epidemiology 41, 861-870 (competing risks).
    """
    wanted = settings or AttainmentSettings()
    tell = progress or ignore_progress
    tell(Step("reading members", 0, 4, "steps"))
    window = forum_window(dataset, wanted.forum)
    population = read_population(dataset, window)
    tell(Step("reading roles", 1, 4, "steps"))
    times = _causes(dataset, population, wanted)
    chosen, histories, findings = _histories(population, times)
    tell(Step("cumulative incidence", 2, 4, "steps"))
    at = _months(population) * _MONTH_SECONDS
    cohorts, cohort_test = _cohorts(population.cohort[chosen], histories, at, wanted.confidence)
    tell(Step("hazard model", 3, 4, "steps"))
    extra = None if external is None else read_external(external, population)
    effects, more = _effects(dataset, population, chosen, histories, wanted, extra, seed)
    naive = EventHistories(histories.entry, histories.end, (histories.cause == ATTAINED).astype(np.int64), 1)
    incidence, alone = (cumulative_incidence(each, at, confidence=wanted.confidence) for each in (histories, naive))
    tell(Step("done", 4, 4, "steps"))
    named = {cause: CAUSES[cause] for cause in times}
    sizes = {year: int((population.cohort[chosen] == year).sum()) for year in cohorts}
    tables = [incidence_figures(incidence, alone, named), cohort_figures(cohorts, sizes)]
    tables += [] if effects is None else [effect_figures(effects, wanted.confidence)]
    return AttainmentResult(
        {each.rule.name: each for each in tables},
        most_severe_first((*population.findings, *findings, *_data_findings(dataset, wanted), *more)),
        Provenance("fit_attainment", plain_settings(wanted), seed, dataset.manifest.digest),
        wanted, int(chosen.sum()), population, histories, chosen, tuple(times), incidence, alone, cohorts,
        cohort_test, effects,
    )  # fmt: skip


def _causes(dataset: "Dataset", population: Population, settings: AttainmentSettings) -> "dict[int, NDArray[np.int64]]":
    """Cause to its time for each member, of the causes that the dataset can show."""
    forum = population.window.forum
    if "role_spell" not in dataset.tables:
        raise DatasetError("the dataset has no roles", hint="see the manifest's `absent`")
    spells = reductions.role_starts(dataset, settings.role, forum)
    found = {ATTAINED: population.times(spells, "start")}
    if (found[ATTAINED] == NEVER).all():
        raise DatasetError(
            f"no spell of the role {settings.role.value} has a known beginning",
            hint="most software keeps only the roles of today; choose a role that a log dates",
        )
    if settings.role is not Role.BANNED and (banned := reductions.bans(dataset, forum)) is not None:
        found[BANNED] = population.times(banned, "start")
    if settings.leaving_after is not None:
        last = np.where(found[ATTAINED] == NEVER, population.last, np.maximum(population.last, found[ATTAINED]))
        silent = population.end - last > settings.leaving_after * _DAY
        found[LEFT] = np.where(silent, np.maximum(last, population.registered + _INSTANT), NEVER)
    return found


def _histories(
    population: Population, times: "dict[int, NDArray[np.int64]]"
) -> "tuple[NDArray[np.bool_], EventHistories, list[Finding]]":
    """Who is at risk, and the first cause of each; the role comes first among causes at one moment."""
    causes = np.array(list(times))
    stacked = np.stack(list(times.values()))
    first = stacked.argmin(axis=0)
    moment = stacked[first, np.arange(first.size)]
    cause = np.where(moment <= population.end, causes[first], 0)
    end = np.minimum(moment, population.end)
    entry = np.maximum(population.registered, population.start)
    chosen = end > entry
    before = (times[ATTAINED] <= entry) & (times[ATTAINED] != NEVER)
    findings = []
    if before.any():
        text = (
            f"{percent(int(before.sum()), int((times[ATTAINED] != NEVER).sum()))} of those with the role held it when "
            "they came under observation; how they came to it cannot be seen, and they are left out."
        )
        findings.append(Finding("held-from-the-start", Severity.CAUTION, text))
    chosen &= ~before
    histories = EventHistories(
        (entry - population.registered)[chosen].astype(float),
        (end - population.registered)[chosen].astype(float),
        cause[chosen],
        len(CAUSES),
    )
    attained = int((histories.cause == ATTAINED).sum())
    if attained < MINIMUM_MEMBERS:
        text = f"Fewer than {MINIMUM_MEMBERS} members attained the role while observed: nothing firm can be said."
        findings.append(Finding("few-attained", Severity.PROBLEM, text))
    if (histories.entry > 0).any():
        text = "Some members registered before the window; they count from its start on (delayed entry)."
        findings.append(Finding("delayed-entry", Severity.NOTE, text))
    return chosen, histories, findings


def _months(population: Population) -> "NDArray[np.float64]":
    """Whole months since registration that the window can show."""
    longest = (population.end - population.registered.min()) / _MONTH_SECONDS
    return np.arange(1, int(longest) + 1, dtype=float)


def _cohorts(
    year: "NDArray[np.int64]", histories: EventHistories, at: "NDArray[np.float64]", confidence: float
) -> tuple[dict[int, Incidence], CohortTest | None]:
    """Incidence of each year of registration, and the log-rank test as the score test of indicators."""
    from scipy.stats import chi2

    years = [int(value) for value in np.unique(year)]
    curves = {
        value: cumulative_incidence(histories.select(year == value), at, confidence=confidence) for value in years
    }
    event = histories.cause == ATTAINED
    if len(years) < 2 or not event.any():  # noqa: PLR2004 - two are compared
        return curves, None
    indicators = np.stack([year == value for value in years[1:]], axis=1).astype(float)
    try:
        fit = fit_cox(RiskRows(histories.entry, histories.end, event, indicators))
    except ModelError:
        return curves, None
    degrees = len(years) - 1
    return curves, CohortTest(fit.score_statistic, degrees, float(chi2.sf(fit.score_statistic, degrees)))


def _effects(
    dataset: "Dataset", population: Population, chosen: "NDArray[np.bool_]", histories: EventHistories,
    settings: AttainmentSettings, external: External | None, seed: int,
) -> tuple[Effects | None, list[Finding]]:  # fmt: skip
    if not settings.covariates and external is None:
        return None, []
    rows, findings = np.flatnonzero(chosen), []
    kept = np.arange(rows.size)
    if rows.size > settings.most_members:
        kept = np.sort(np.random.default_rng(seed).choice(rows.size, settings.most_members, replace=False))
        text = f"The hazard model is fitted to a random {settings.most_members:,} of the members."
        findings.append(Finding("sampled", Severity.NOTE, text))
    own = histories.select(np.isin(np.arange(rows.size), kept))
    try:
        names, risk, members = hazard_rows(dataset, population, rows[kept], own, settings, external)
        fit = fit_cox(risk)
    except ModelError as error:
        return None, [*findings, Finding("no-hazard-model", Severity.PROBLEM, f"No hazard model: {error}.")]
    events = int(risk.event.sum())
    tested = check_proportionality(fit) if np.unique(fit.event_times).size > 1 else None
    return Effects(names, fit, tested, members, events), [*findings, *_model_findings(names, tested, events)]


def _model_findings(names: tuple[str, ...], tested: ProportionalityTest | None, events: int) -> "list[Finding]":
    found = []
    if events < _FEW_EVENTS * len(names):
        text = f"Fewer than {_FEW_EVENTS} attainments per covariate: hazard ratios are unreliable."
        found.append(Finding("few-events", Severity.CAUTION, text))
    changing = [] if tested is None else [
        name for name, p in zip(names, tested.p_value, strict=True) if p < _ALPHA
    ]  # fmt: skip
    if changing:
        text = (
            f"The effect of {', '.join(changing)} changes over time (proportional hazards rejected at 5 %): its "
            "hazard ratio is an average over the time observed."
        )
        found.append(Finding("not-proportional", Severity.CAUTION, text))
    return found


def _data_findings(dataset: "Dataset", settings: AttainmentSettings) -> "list[Finding]":
    found = []
    seen = [outcome for outcome, (name, _) in OUTCOMES.items() if name in dataset.tables]
    if settings.leaving_after is not None:
        text = f"A member is taken to have left after {settings.leaving_after} days without a trace ({', '.join(seen)})"
        silent = "view" not in seen
        text += "; whoever only reads looks gone, since there are no views." if silent else "."
        found.append(Finding("leaving", Severity.CAUTION if silent else Severity.NOTE, text))
    if Covariate.THANKS in settings.covariates and "reaction" not in dataset.tables:
        text = "The dataset has no reactions: thanks received is left out of the hazard model."
        found.append(Finding("no-thanks", Severity.CAUTION, text))
    return found
