"""`evaluate_roles`: do positions find those who hold a role, and better than plain activity does?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from vestige.dataset import Dataset
from vestige.errors import DatasetError, SettingsError
from vestige.network.build import forum_of
from vestige.network.graph import AnyNetwork
from vestige.network.measures import Measure
from vestige.network.observed import Observed, observe_dataset, observe_network
from vestige.network.position_values import measure_values
from vestige.network.rank_stability import highest, oriented
from vestige.network.role_accuracy import AccuracyRow, DifferenceRow, Stratum, measure_accuracy, standing
from vestige.network.role_classes import RoleClasses, find_classes, section_posts
from vestige.network.role_combined import (
    LOGISTIC,
    MEAN_RANK,
    Coefficient,
    CombinedRow,
    combined_rows,
    corrected_rows,
    logistic_scores,
    mean_rank_scores,
)
from vestige.network.role_findings import role_findings
from vestige.network.role_nulls import NullRow, drawn_labels, rewired_rows
from vestige.network.role_records import Labels, RoleRecords, role_records
from vestige.network.role_settings import Criterion, RoleSettings, Timing
from vestige.network.settings import NetworkSettings
from vestige.progress import Progress, Step, ignore_progress
from vestige.results import Finding, Provenance, plain_settings
from vestige.statistics.compiled import BoolArray

if TYPE_CHECKING:
    import altair as alt
    import pyarrow as pa

_KEY_MEMBERS: Final = 100
"""Members, highest by mean rank, who are put into classes."""


@dataclass(frozen=True, eq=False)
class RoleResult:
    """Positions held against known roles.

    Attributes:
        settings: how.
        timing: which events counted; never `auto`.
        observed: everybody's records over the whole time.
        holders: who of them holds the role. Shape (members,).
        strata: members compared with each other.
        accuracy: of each measure, activity first.
        differences: of each measure from each baseline.
        nulls: accuracy of null models.
        combined: combined rankings beside the best baseline.
        coefficients: of the logistic model.
        classes: of the most central members; None where they are too few.
        findings: what a reader must know, most severe first.
        provenance: how to get this result again.
    """

    settings: RoleSettings
    timing: Timing
    observed: Observed
    holders: BoolArray = field(repr=False)
    strata: tuple[Stratum, ...] = field(repr=False)
    accuracy: tuple[AccuracyRow, ...]
    differences: tuple[DifferenceRow, ...] = field(repr=False)
    nulls: tuple[NullRow, ...] = field(repr=False)
    combined: tuple[CombinedRow, ...]
    coefficients: tuple[Coefficient, ...]
    classes: RoleClasses | None
    findings: tuple[Finding, ...]
    provenance: Provenance

    @property
    def measures(self) -> tuple[Measure, ...]:
        """What was compared."""
        return tuple(row.measure for row in self.accuracy)

    @property
    def baselines(self) -> tuple[Measure, ...]:
        """The measures of plain activity among them."""
        return tuple(measure for measure in self.observed.ties.baselines if measure in self.measures)

    @property
    def counted(self) -> tuple[int, int]:
        """Holders that were looked for, and members they were looked for among."""
        members = np.unique(np.concatenate([stratum.members for stratum in self.strata]))
        return sum(int(stratum.holders.sum()) for stratum in self.strata), members.size

    def best(self, criterion: Criterion, among: Sequence[Measure] | None = None) -> Measure:
        """The measure with the highest accuracy.

        Args:
            criterion: by which.
            among: measures to choose from; None for all.
        """
        rows = [row for row in self.accuracy if among is None or row.measure in among]
        return max(rows, key=lambda row: (row.area if criterion is Criterion.AREA else row.precision).value).measure

    @property
    def table_names(self) -> tuple[str, ...]:
        """Names that `table` takes."""
        from vestige.network.role_tables import TABLES

        return tuple(TABLES)

    def table(self, name: str) -> "pa.Table":
        """A table by name; "holders" and "classes" have a row a member and are not for print.

        Raises:
            SettingsError: there is no such table.
        """
        from vestige.network.role_tables import TABLES

        if name not in TABLES:
            raise SettingsError("there is no such table", hint=f"choose one of {', '.join(TABLES)}")
        return TABLES[name](self)

    def summary(self) -> str:
        """The comparison in words and numbers; no single member in it."""
        from vestige.network.role_tables import role_words

        return role_words(self)

    def plot(self, name: str = "accuracy") -> "alt.TopLevelMixin":
        """A chart: "accuracy", or "activity" (a point a member: not for print).

        Raises:
            SettingsError: there is no such chart.
        """
        from vestige.network.role_plots import role_plot

        return role_plot(self, name)


def evaluate_roles(
    source: Dataset | AnyNetwork | Observed,
    *,
    labels: Labels | None = None,
    settings: RoleSettings | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> RoleResult:
    """How well observed positions tell who held a role, beside what plain activity tells.

    It is about standing that was observed, in one forum and one time; it says nothing of what anybody will do.

    Args:
        source: an opened dataset, a network, or observed members.
        labels: who holds the role; None takes the dataset's own roles.
        settings: roles, timing, repetitions.
        seed: of everything random.
        progress: called as moments, draws and networks are done.

    Raises:
        SettingsError: no such forum, several and none chosen, a network without labels, or no beginning is known
            although only events before it shall count.
        DatasetError: roles are unknown, or everybody or nobody holds one.
    """
    wanted = settings or RoleSettings()
    report = progress or ignore_progress
    network = wanted.positions.network
    if labels is None:
        if not isinstance(source, Dataset):
            raise SettingsError("a network alone does not tell who holds a role", hint="give labels")
        case = _dataset_case(source, wanted, seed, report)
    elif isinstance(source, Observed):
        case = _labelled_case(source, labels, wanted, seed)
    elif isinstance(source, Dataset):
        case = _labelled_case(observe_dataset(source, network, progress=report), labels, wanted, seed)
    else:
        case = _labelled_case(observe_network(source, projection=network.projection), labels, wanted, seed)
    return _judged(case, wanted, seed, report)


@dataclass(frozen=True, eq=False)
class _Case:
    observed: Observed
    holders: BoolArray
    strata: tuple[Stratum, ...]
    timing: Timing
    undated: int
    without_past: int
    sections: Mapping[str, "np.ndarray[tuple[int], np.dtype[np.float64]]"]


def _labelled_case(observed: Observed, labels: Labels, settings: RoleSettings, seed: int) -> _Case:
    if not labels.numbered and "labels-replaced" in {finding.code for finding in observed.findings}:
        raise SettingsError(
            "the network's labels were replaced by numbers, and the roles go by the old labels",
            hint="rename the roles' labels by node_numbers, or use whole numbers or pseudonyms as ids",
        )
    names = np.array(observed.pseudonyms)
    holders = np.isin(names, sorted(labels.holders))
    known = np.full(names.size, True) if labels.others is None else holders | np.isin(names, sorted(labels.others))
    known &= ~np.isin(names, sorted(labels.left_out))
    _refuse_one_sided(holders[known])
    stratum = _stratum(observed, holders, known, settings, seed, None)
    return _Case(observed, holders, (stratum,), Timing.WHOLE, int(holders.sum()), 0, {})


def _dataset_case(dataset: Dataset, settings: RoleSettings, seed: int, progress: Progress) -> _Case:
    network = settings.positions.network
    forum, _ = forum_of(dataset, network.forum)
    records = role_records(dataset, settings.roles, network.forum)
    if not records.members.size:
        raise DatasetError("no member holds any of the roles", hint="name other roles, or map the forum's groups")
    dated = records.dated
    timing = settings.timing
    if timing is Timing.AUTO:
        timing = Timing.BEFORE if 2 * dated.sum() >= dated.size else Timing.WHOLE
    if timing is Timing.BEFORE and not dated.any():
        raise SettingsError("no role has a known beginning", hint="use timing whole, and say so with every figure")
    observed = observe_dataset(dataset, network, progress=progress)
    holders = np.isin(observed.members, records.members)
    sections = section_posts(dataset, forum, observed.members)
    if timing is Timing.WHOLE:
        _refuse_one_sided(holders)
        everybody = np.full(holders.size, True)
        strata: tuple[Stratum, ...] = (_stratum(observed, holders, everybody, settings, seed, None),)
        absent = int(records.members.size - holders.sum())
    else:
        strata, absent = _moments(dataset, records, settings, seed, progress)
    return _Case(observed, holders, strata, timing, int((~dated).sum()), absent, sections)


def _moments(
    dataset: Dataset, records: RoleRecords, settings: RoleSettings, seed: int, progress: Progress
) -> tuple[tuple[Stratum, ...], int]:
    """A stratum for each beginning: everybody with a past by then, less those who hold or ever held the role before.

    Holders whose beginning is unknown stand nowhere, neither among the holders nor among the others.
    """
    members, start = records.members[records.dated], records.start[records.dated]
    order = np.argsort(start, kind="stable")
    groups = np.array_split(order, min(settings.most_moments, np.unique(start).size))
    strata, absent = [], 0
    for place, group in enumerate(groups):
        moment = start[group].min()
        end = moment.astype("datetime64[us]").item()
        begin = settings.positions.network.start
        network = settings.positions.network
        observed = _past(dataset, replace(network, end=end)) if begin is None or begin < end else None
        progress(Step("looking before roles", place + 1, len(groups), "moments"))
        if observed is None:
            absent += group.size
            continue
        begun = members[start < moment]
        holders = np.isin(observed.members, members[group])
        known = holders | ~np.isin(observed.members, np.concatenate([begun, records.members[~records.dated]]))
        absent += group.size - int(holders.sum())
        if holders.any() and not holders[known].all():
            strata.append(_stratum(observed, holders, known, settings, seed, str(moment.astype("datetime64[D]"))))
    if not strata:
        raise DatasetError("nobody with the role did anything before it began", hint="use timing whole, and say so")
    return tuple(strata), absent


def _past(dataset: Dataset, network: NetworkSettings) -> Observed | None:
    """Everybody's records up to the end that is set; None where nobody had any yet."""
    try:
        return observe_dataset(dataset, network, progress=ignore_progress)
    except DatasetError:
        return None


def _refuse_one_sided(holders: BoolArray) -> None:
    if not holders.any():
        raise DatasetError("nobody who holds the role is in the network", hint="check the labels and the window")
    if holders.all():
        raise DatasetError("everybody in the network holds the role", hint="name a role that tells members apart")


def _stratum(
    observed: Observed, holders: BoolArray, known: BoolArray, settings: RoleSettings, seed: int, moment: str | None
) -> Stratum:
    ties = observed.ties
    wanted = settings.positions.measures or ties.measures
    values = measure_values(ties, wanted, effort=settings.positions.effort, seed=seed).values
    scores = {measure: oriented(measure, own)[known] for measure, own in values.items()}
    return Stratum(observed.members[known], holders[known], scores, moment)


def _judged(case: _Case, settings: RoleSettings, seed: int, progress: Progress) -> RoleResult:
    strata = case.strata
    shared = set.intersection(*(set(stratum.scores) for stratum in strata))
    measures = tuple(measure for measure in Measure if measure in shared)
    baselines = tuple(measure for measure in case.observed.ties.baselines if measure in shared)
    progress(Step("comparing", 0, 3, "passes"))
    accuracy, differences = measure_accuracy(
        strata, measures, baselines, first=settings.first, replicates=settings.replicates,
        confidence=settings.confidence, seed=seed,
    )  # fmt: skip
    progress(Step("comparing", 1, 3, "passes"))
    nulls = _nulls(case, settings, measures, baselines, seed, progress)
    combined, coefficients = _combined(strata, measures, baselines, settings, seed)
    progress(Step("comparing", 3, 3, "passes"))
    return RoleResult(
        settings=settings,
        timing=case.timing,
        observed=case.observed,
        holders=case.holders,
        strata=strata,
        accuracy=accuracy,
        differences=differences,
        nulls=nulls,
        combined=combined,
        coefficients=coefficients,
        classes=_classes(case, settings, seed),
        findings=role_findings(
            case.observed.findings, case.timing, accuracy, strata, undated=case.undated, without_past=case.without_past
        ),
        provenance=Provenance("evaluate_roles", plain_settings(settings), seed, case.observed.digest),
    )


def _nulls(
    case: _Case, settings: RoleSettings, measures: Sequence[Measure], baselines: Sequence[Measure], seed: int,
    progress: Progress,
) -> tuple[NullRow, ...]:  # fmt: skip
    """Null models; networks are rewired once everything counts, since each moment has a network of its own."""
    best = max(baselines, key=lambda own: standing(case.strata, own).value(Criterion.AREA))
    drawn = drawn_labels(case.strata, measures, best, near=settings.near, draws=settings.draws, seed=seed)
    if case.timing is not Timing.WHOLE:
        return tuple(drawn)
    rows = np.searchsorted(case.observed.members, case.strata[0].members)
    networks = rewired_rows(
        case.strata[0], case.observed.ties, rows, measures, rewirings=settings.rewirings,
        effort=settings.positions.effort, seed=seed, progress=progress,
    )  # fmt: skip
    return (*drawn, *networks)


def _combined(
    strata: tuple[Stratum, ...], measures: Sequence[Measure], baselines: Sequence[Measure], settings: RoleSettings,
    seed: int,
) -> tuple[tuple[CombinedRow, ...], tuple[Coefficient, ...]]:  # fmt: skip
    standings = {measure: standing(strata, measure) for measure in baselines}
    options = {"replicates": settings.replicates, "seed": seed}
    rows = combined_rows(
        strata, mean_rank_scores(strata, measures), MEAN_RANK, standings, confidence=settings.confidence, **options
    )
    fitted = logistic_scores(strata, measures, folds=settings.folds, ridge=settings.ridge, seed=seed)
    if fitted is None:
        return corrected_rows(rows), ()
    rows += combined_rows(strata, fitted[0], LOGISTIC, standings, confidence=settings.confidence, **options)
    return corrected_rows(rows), fitted[1]


def _classes(case: _Case, settings: RoleSettings, seed: int) -> RoleClasses | None:
    """Classes of those with the highest mean rank over the whole time."""
    whole = case.strata[0]
    if case.timing is not Timing.WHOLE or whole.members.size < case.holders.size:
        whole = _stratum(case.observed, case.holders, np.full(case.holders.size, True), settings, seed, None)
    (scores,) = mean_rank_scores([whole], list(whole.scores))
    return find_classes(case.observed.ties, highest(scores)[:_KEY_MEMBERS], case.sections)
