"""Participation: who communicates, reacts, views, downloads; who is silent; who visits and posts where."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from vestige.activity.actor_reduce import ActorReduction, reduce_actors
from vestige.activity.findings import few_members
from vestige.activity.participation_figures import participation_tables
from vestige.activity.traces import DOWNLOADS, POSTS, REACTIONS, VIEWS
from vestige.activity.words import percent
from vestige.dataset import Dataset
from vestige.dataset.schema import State
from vestige.disclosure.result import FiguresResult
from vestige.disclosure.safe import PERCENT
from vestige.errors import SettingsError
from vestige.progress import Progress, ignore_progress
from vestige.results import Finding, Provenance, Severity, most_severe_first, plain_settings

if TYPE_CHECKING:
    from vestige.disclosure.result import ChartKind

FEW_POSTS: Final = 3
"""Posts up to which a member is a lurker by the wider definition; Nonnecke and Preece (2000), CHI, 73-80, take three or
fewer in three months, here in the whole window."""
_MOST_FEW: Final = 1_000


@dataclass(frozen=True)
class ParticipationSettings:
    """Choices of a measurement of participation.

    Attributes:
        forum: code of the one forum; None for all of the dataset together.
        states: states of threads and posts that count; by default also what was later removed.
        few_posts: posts up to which a member is a lurker by the wider definition.
    """

    forum: str | None = None
    states: tuple[State, ...] = tuple(State)
    few_posts: int = FEW_POSTS

    def __post_init__(self) -> None:
        """Refuse settings outside their range."""
        if not self.states or not all(isinstance(state, State) for state in self.states):
            raise SettingsError("no known state counts", where="states", hint="choose among State")
        if not 1 <= self.few_posts <= _MOST_FEW:
            raise SettingsError("few posts are out of range", where="few_posts", hint=f"1 to {_MOST_FEW}")


@dataclass(frozen=True)
class ParticipationResult(FiguresResult):
    """Participation. Tables from `table` are exact and for the researcher; whatever is printed goes through `safe`."""

    def charts(self) -> "Mapping[str, ChartKind]":
        """Every chart of participation."""
        from vestige.activity.participation_charts import CHARTS

        return CHARTS

    def sentences(self, *, brief: bool = False) -> tuple[str, ...]:
        """One sentence a fact, from published figures only; the main ones if `brief`."""
        names = ("participation", "lurkers") if brief else tuple(_SAY)
        tables = self.safe_by_name
        return tuple(
            words for name in names if name in tables for row in tables[name].rows() if (words := _SAY[name](row))
        )


def measure_participation(
    dataset: Dataset,
    *,
    settings: ParticipationSettings | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> ParticipationResult:
    """Measure who takes part, and how: shares with Wilson intervals, lurkers, rates, use of sections.

    Args:
        dataset: an opened dataset on either engine.
        settings: choices.
        seed: unused; nothing here is random.
        progress: called as tables are read.

    Raises:
        SettingsError: the dataset has no such forum.
        DatasetError: the tables `forum` or `member` are absent, or a file was changed.

    Source:
        Intervals of shares by Wilson (1927), JASA 22, 209-212.
    """
    chosen = settings or ParticipationSettings()
    reduction = reduce_actors(dataset, forum=chosen.forum, states=chosen.states, progress=progress or ignore_progress)
    figures = list(participation_tables(reduction, chosen.few_posts))
    return ParticipationResult(
        figures={each.rule.name: each for each in figures},
        findings=most_severe_first(_findings(reduction)),
        provenance=Provenance("measure_participation", plain_settings(chosen), seed, dataset.manifest.digest),
    )


def _findings(reduction: ActorReduction) -> Iterator[Finding]:
    yield from few_members(reduction.members)
    for trace, lost in (
        (POSTS, "who writes and who lurks"),
        (VIEWS, "who reads, and so who is silent but present"),
        (DOWNLOADS, "who downloads, and so who downloads in silence"),
        (REACTIONS, "who reacts"),
    ):
        distribution = reduction.distributions.get(trace)
        if distribution is None:
            text = f"The dataset has no {trace.title.lower()}: it cannot be said {lost}."
            yield Finding(f"no-{trace.name}", Severity.CAUTION if trace is not REACTIONS else Severity.NOTE, text)
        elif not distribution.size:
            text = f"No {trace.title.lower()} of members are recorded; that may be a gap in the record."
            yield Finding(f"empty-{trace.name}", Severity.CAUTION, text)
        elif trace not in reduction.exposures:
            text = f"{trace.title}: nothing is dated, so that no rate over time can be given."
            yield Finding(f"undated-{trace.name}", Severity.CAUTION, text)
    if VIEWS in reduction.distributions or DOWNLOADS in reduction.distributions:
        text = "Viewing and downloading are known only for the time that the source recorded them."
        yield Finding("recorded-part", Severity.NOTE, text)
    if len(reduction.windows) > 1:
        text = "Several forums are counted together; a person with accounts on two of them counts twice."
        yield Finding("several-forums", Severity.CAUTION, text)


def _interval(row: Mapping[str, Any]) -> str:
    return f"95{PERCENT} interval {percent(row['low'])} to {percent(row['high'])}"


def _say_deed(row: Mapping[str, Any]) -> str | None:
    return None if row["share"] is None else f"{row['deed']}: {percent(row['share'])} of members ({_interval(row)})."


def _say_lurkers(row: Mapping[str, Any]) -> str | None:
    if row["share"] is None:
        return None
    return f"{row['definition']}: {percent(row['share'])} of {row['population']} ({_interval(row)})."


def _say_rate(row: Mapping[str, Any]) -> str | None:
    if row["rate"] is None:
        return None
    interval = "" if row["low"] is None else f" (95{PERCENT} interval {row['low']:,.3g} to {row['high']:,.3g})"
    return f"{row['trace']}: {row['rate']:,.3g} a fortnight among {row['population']}{interval}."


_SAY: Final = {"participation": _say_deed, "lurkers": _say_lurkers, "rates": _say_rate}
