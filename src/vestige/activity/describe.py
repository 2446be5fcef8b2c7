"""The first look at a dataset: growth, who takes part, and how concentrated it is."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from vestige.activity.concentration_figures import concentration_figures, measure_spreads
from vestige.activity.figures import describe_figures
from vestige.activity.findings import find_problems
from vestige.activity.reduce import reduce_dataset
from vestige.activity.traces import DOWNLOADS, POSTS
from vestige.activity.words import sentences
from vestige.dataset import Dataset
from vestige.dataset.schema import State
from vestige.disclosure.result import FiguresResult
from vestige.errors import SettingsError
from vestige.progress import Progress, Step, ignore_progress
from vestige.results import Provenance, plain_settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vestige.disclosure.result import ChartKind


CONCENTRATED: Final = (POSTS, DOWNLOADS)
"""Traces whose concentration a first look shows."""


@dataclass(frozen=True)
class DescribeSettings:
    """Choices of a description.

    Attributes:
        forum: code of the one forum to describe; None describes all of the dataset together.
        states: states of threads and posts that count; by default also what was later removed, since it was written.
        replicates: bootstrap samples; 1,000 and more for 95 % intervals (Efron and Tibshirani, 1993, section 19.3).
        top: parts of the population whose share is measured, 1 % and 10 % by custom.
    """

    forum: str | None = None
    states: tuple[State, ...] = tuple(State)
    replicates: int = 1_000
    top: tuple[float, ...] = (0.01, 0.1)

    def __post_init__(self) -> None:
        """Refuse settings outside their range."""
        if not self.states or not all(isinstance(state, State) for state in self.states):
            raise SettingsError("no known state counts", where="states", hint="choose among State")
        if not 0 <= self.replicates <= 100_000:  # noqa: PLR2004 - a bound, not a threshold of the method
            raise SettingsError("the number of replicates is out of range", where="replicates", hint="0 to 100,000")
        if not all(0 < part < 1 for part in self.top) or len(set(self.top)) != len(self.top):
            raise SettingsError("parts of the population must lie between 0 and 1", where="top", hint="such as 0.01")


@dataclass(frozen=True)
class DescribeResult(FiguresResult):
    """A description. Tables from `table` are exact and for the researcher; whatever is printed goes through `safe`."""

    def charts(self) -> "Mapping[str, ChartKind]":
        """Every chart of a description."""
        from vestige.activity.charts import CHARTS

        return CHARTS

    def sentences(self, *, brief: bool = False) -> tuple[str, ...]:
        """One sentence a fact, from published figures only; the main ones if `brief`."""
        return tuple(sentences(self.safe_by_name, brief=brief))


def describe_dataset(
    dataset: Dataset,
    *,
    settings: DescribeSettings | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> DescribeResult:
    """Describe a dataset: volume, growth by month, participation, concentration, sections, roles.

    Args:
        dataset: an opened dataset on either engine.
        settings: choices; the defaults suit a first look.
        seed: of the bootstrap.
        progress: called as tables are read.

    Raises:
        SettingsError: the dataset has no such forum.
        DatasetError: the tables `forum` or `member` are absent, or a file was changed.
    """
    settings = settings or DescribeSettings()
    progress = progress or ignore_progress
    reduction = reduce_dataset(dataset, forum=settings.forum, states=settings.states, progress=progress)
    progress(Step("bootstrap", 0, 1, "steps"))
    found = {
        trace: reduction.traces[trace.name].distribution for trace in CONCENTRATED if trace.name in reduction.traces
    }
    spreads = measure_spreads(found, reduction.members, top=settings.top, replicates=settings.replicates, seed=seed)
    progress(Step("bootstrap", 1, 1, "steps"))
    figures = [*describe_figures(reduction), *concentration_figures(spreads)]
    return DescribeResult(
        figures={each.rule.name: each for each in figures},
        findings=find_problems(reduction),
        provenance=Provenance(
            verb="describe_dataset",
            settings=plain_settings(settings),
            seed=seed,
            dataset_digest=dataset.manifest.digest,
        ),
    )
