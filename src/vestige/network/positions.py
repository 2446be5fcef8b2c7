"""`measure_positions`: where members stand, how firm that is, and the plain activity beside it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vestige.dataset import Dataset
from vestige.errors import SettingsError
from vestige.inputs import chosen
from vestige.network.graph import AnyNetwork
from vestige.network.measures import Measure
from vestige.network.observed import Observed, observe_dataset, observe_network
from vestige.network.paths import TopBetweenness, TopSearch
from vestige.network.position_findings import position_findings
from vestige.network.position_values import Effort, Measured, measure_values
from vestige.network.rank_stability import RankInterval, StabilityRow, affordable, rank_intervals, stability_rows
from vestige.network.settings import NetworkSettings
from vestige.progress import Progress, Step, ignore_progress
from vestige.results import Finding, Provenance, plain_settings

if TYPE_CHECKING:
    import altair as alt
    import pyarrow as pa


@dataclass(frozen=True)
class PositionSettings:
    """How positions are measured.

    Attributes:
        network: which events join members, of a dataset; the projection also holds for a two-mode network.
        measures: which measures; None for all that the records allow.
        effort: how much work each measure may take.
        replicates: bootstrap samples behind intervals of ranks; 0 for none.
        missing: shares of records and of members left out to see what ranks survive (5 to 50 % as in the paper).
        missing_replicates: losses drawn for each share; 0 for none.
        repeat_steps: innermost steps that all repetitions may take together; measures that would take more get no
            interval and no stability, and a finding says so.
        top: members at the top that are compared and listed.
        confidence: level of intervals.
        top_error: error of the highest betweenness where it is sampled (KADABRA).
        top_chance: chance that the error is larger.
    """

    network: NetworkSettings = field(default_factory=NetworkSettings)
    measures: tuple[Measure, ...] | None = None
    effort: Effort = field(default_factory=Effort)
    replicates: int = 200
    missing: tuple[float, ...] = (0.05, 0.1, 0.2, 0.3, 0.5)
    missing_replicates: int = 20
    repeat_steps: float = 2e10
    top: int = 20
    confidence: float = 0.95
    top_error: float = 0.01
    top_chance: float = 0.1

    def __post_init__(self) -> None:
        """Refuse settings outside their range."""
        if self.measures is not None:
            object.__setattr__(self, "measures", tuple(chosen(Measure, own, "measures") for own in self.measures))
        if self.replicates < 0 or self.missing_replicates < 0:
            raise SettingsError("replicates cannot be negative", hint="use 0 for none")
        if any(not 0 < share < 1 for share in self.missing):
            raise SettingsError("a missing share lies between 0 and 1", hint="for example 0.1")
        if not 0.5 < self.confidence < 1:  # noqa: PLR2004 - a level below one half is a mistake
            raise SettingsError("the confidence level must lie between 0.5 and 1", hint="use 0.95")
        if self.top < 1 or self.effort.sources < 1 or self.effort.partitions < 1:
            raise SettingsError("top, sources and partitions start at 1", hint="raise them")


@dataclass(frozen=True, eq=False)
class PositionResult:
    """Positions of members.

    Attributes:
        settings: how they were measured.
        observed: the members and their records.
        measured: values, methods and communities.
        intervals: bootstrap intervals of ranks, of the measures that could be repeated.
        stability: what is left of ranks when records or members are missing.
        highest_betweenness: the top with a guarantee, where betweenness itself is estimated; None elsewhere.
        findings: what a reader must know, most severe first.
        provenance: how to get this result again.
    """

    settings: PositionSettings
    observed: Observed
    measured: Measured
    intervals: Mapping[Measure, RankInterval] = field(repr=False)
    stability: tuple[StabilityRow, ...] = field(repr=False)
    highest_betweenness: TopBetweenness | None
    findings: tuple[Finding, ...]
    provenance: Provenance

    @property
    def measures(self) -> tuple[Measure, ...]:
        """What was measured, activity first."""
        return tuple(self.measured.values)

    @property
    def baselines(self) -> tuple[Measure, ...]:
        """The measures of plain activity among them."""
        return tuple(measure for measure in self.observed.ties.baselines if measure in self.measured.values)

    @property
    def table_names(self) -> tuple[str, ...]:
        """Names that `table` takes."""
        from vestige.network.position_tables import TABLES

        return tuple(TABLES)

    def table(self, name: str) -> "pa.Table":
        """A table by name; "positions", "top" and "communities" have a row a member and are not for print.

        Raises:
            SettingsError: there is no such table.
        """
        from vestige.network.position_tables import TABLES

        if name not in TABLES:
            raise SettingsError("there is no such table", hint=f"choose one of {', '.join(TABLES)}")
        return TABLES[name](self)

    def summary(self) -> str:
        """Positions in words and numbers; no single member in it."""
        from vestige.network.position_tables import position_words

        return position_words(self)

    def plot(self, name: str = "stability") -> "alt.TopLevelMixin":
        """A chart: "stability" or "activity" (a point a member: not for print).

        Raises:
            SettingsError: there is no such chart.
        """
        from vestige.network.position_plots import position_plot

        return position_plot(self, name)


def measure_positions(
    source: Dataset | AnyNetwork | Observed,
    *,
    settings: PositionSettings | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> PositionResult:
    """Where members stand in a network, beside what they plainly did.

    Args:
        source: an opened dataset (its network is made as the settings say), or a network.
        settings: measures, effort and repetitions.
        seed: of sampled paths, communities and repetitions.
        progress: called as measures and replicates are done.

    Raises:
        SettingsError: no such forum, several and none chosen, or a projection that is too large.
        DatasetError: the table is absent, or nobody is left.
    """
    wanted = settings or PositionSettings()
    report = progress or ignore_progress
    if isinstance(source, Observed):
        observed = source
    elif isinstance(source, Dataset):
        observed = observe_dataset(source, wanted.network, progress=report)
    else:
        observed = observe_network(source, projection=wanted.network.projection)
    ties = observed.ties
    report(Step("measuring", 0, 2, "passes"))
    top = TopSearch(wanted.top_error, wanted.top_chance, wanted.top)
    measured = measure_values(ties, wanted.measures or ties.measures, effort=wanted.effort, seed=seed, top=top)
    report(Step("measuring", 2, 2, "passes"))
    runs = wanted.replicates + 2 * len(wanted.missing) * wanted.missing_replicates
    repeated = affordable(ties, measured.values, wanted.effort, runs, wanted.repeat_steps)
    intervals = rank_intervals(
        ties, repeated, effort=wanted.effort, replicates=wanted.replicates, confidence=wanted.confidence, seed=seed,
        progress=report,
    )  # fmt: skip
    stability = tuple(
        stability_rows(
            ties, repeated, measured.values, effort=wanted.effort, shares=wanted.missing,
            replicates=wanted.missing_replicates, top=wanted.top, seed=seed, progress=report,
        )
    ) if wanted.missing_replicates else ()  # fmt: skip
    once = tuple(measure for measure in measured.values if measure not in repeated) if runs else ()
    return PositionResult(
        settings=wanted,
        observed=observed,
        measured=measured,
        intervals=intervals,
        stability=stability,
        highest_betweenness=measured.highest,
        findings=position_findings(observed, measured, once),
        provenance=Provenance("measure_positions", plain_settings(wanted), seed, observed.digest),
    )
