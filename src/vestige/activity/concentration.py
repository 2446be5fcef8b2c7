"""Concentration: how much few members do, in every trace, with intervals; and how heavy the tail is."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from vestige.activity.actor_reduce import ActorReduction, reduce_actors
from vestige.activity.concentration_figures import (
    concentration_figures,
    coverage_figures,
    measure_spreads,
    theil_figures,
)
from vestige.activity.findings import few_members
from vestige.activity.tail_figures import Tail, tail_figures
from vestige.activity.traces import DOWNLOADS, POSTS, THREADS, TRACES, VIEWS, Trace
from vestige.activity.words import sentences
from vestige.dataset import Dataset
from vestige.dataset.schema import State
from vestige.disclosure import MINIMUM_MEMBERS
from vestige.disclosure.result import FiguresResult
from vestige.errors import SettingsError
from vestige.progress import Progress, Step, ignore_progress
from vestige.results import Finding, Provenance, Severity, most_severe_first, plain_settings
from vestige.statistics.heavy_tails import IMPLAUSIBLE, MINIMUM_TAIL, HeavyTail, fit_heavy_tail
from vestige.statistics.tail_bootstrap import fit_tail

if TYPE_CHECKING:
    from vestige.disclosure.result import ChartKind

HEAVY: Final = 2.0
"""Pareto shape at or below which a distribution has no variance, and intervals of inequality under-cover."""


@dataclass(frozen=True)
class ConcentrationSettings:
    """Choices of a measurement of concentration.

    Attributes:
        forum: code of the one forum; None for all of the dataset together.
        states: states of threads and posts that count; by default also what was later removed.
        traces: names of the traces, such as "posts"; those that the dataset lacks are left out.
        top: parts of the population whose share is measured, 1 % and 10 % by custom.
        cover: parts of everything for which the members needed are counted.
        replicates: bootstrap samples; 1,000 and more for 95 % intervals (Efron and Tibshirani, 1993, section 19.3).
        tail_replicates: bootstrap samples of a heavy tail's fit; 200 give its p-value to within 0.035.
        minimum_tail: members that a tail must have to be fitted.
    """

    forum: str | None = None
    states: tuple[State, ...] = tuple(State)
    traces: tuple[str, ...] = (POSTS.name, THREADS.name, VIEWS.name, DOWNLOADS.name)
    top: tuple[float, ...] = (0.01, 0.05, 0.1, 0.2)
    cover: tuple[float, ...] = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
    replicates: int = 1_000
    tail_replicates: int = 200
    minimum_tail: int = MINIMUM_TAIL

    def __post_init__(self) -> None:
        """Refuse settings outside their range."""
        known = {trace.name for trace in TRACES}
        if not self.traces or not set(self.traces) <= known:
            raise SettingsError("no such trace", where="traces", hint=f"choose among {', '.join(sorted(known))}")
        if not self.states or not all(isinstance(state, State) for state in self.states):
            raise SettingsError("no known state counts", where="states", hint="choose among State")
        for name in ("top", "cover"):
            parts = getattr(self, name)
            if not parts or not all(0 < part < 1 for part in parts) or len(set(parts)) != len(parts):
                raise SettingsError("parts must lie between 0 and 1", where=name, hint="such as 0.01")
        for name in ("replicates", "tail_replicates"):
            if not 0 <= getattr(self, name) <= 100_000:  # noqa: PLR2004 - a bound, not a threshold of the method
                raise SettingsError("the number of replicates is out of range", where=name, hint="0 to 100,000")
        if self.minimum_tail < MINIMUM_MEMBERS:
            raise SettingsError("the tail is too small", where="minimum_tail", hint=f"at least {MINIMUM_MEMBERS}")


@dataclass(frozen=True)
class ConcentrationResult(FiguresResult):
    """Concentration. Tables from `table` are exact and for the researcher; whatever is printed goes through `safe`.

    Attributes:
        tails: trace name to the fit of its tail, for further analysis within the project.
    """

    tails: Mapping[str, HeavyTail]

    def charts(self) -> "Mapping[str, ChartKind]":
        """Every chart of concentration."""
        from vestige.activity.concentration_charts import CHARTS

        return CHARTS

    def sentences(self, *, brief: bool = False) -> tuple[str, ...]:
        """One sentence a fact, from published figures only; the main ones if `brief`."""
        return tuple(sentences(self.safe_by_name, brief=brief))


def measure_concentration(
    dataset: Dataset,
    *,
    settings: ConcentrationSettings | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> ConcentrationResult:
    """Measure how concentrated activity is: Lorenz and coverage curves, Gini, Theil, top shares, heavy tails.

    Args:
        dataset: an opened dataset on either engine.
        settings: choices.
        seed: of the bootstraps.
        progress: called as tables are read and samples drawn.

    Raises:
        SettingsError: the dataset has no such forum.
        DatasetError: the tables `forum` or `member` are absent, or a file was changed.

    Source:
        Cowell and Flachaire (2007), Journal of Econometrics 141, 1044-1072, for the intervals; Clauset, Shalizi and
        Newman (2009), SIAM Review 51, 661-703, for the tails.
    """
    chosen = settings or ConcentrationSettings()
    tell = progress or ignore_progress
    wanted = tuple(trace for trace in TRACES if trace.name in chosen.traces)
    reduction = reduce_actors(
        dataset, forum=chosen.forum, states=chosen.states, traces=wanted, together=False, progress=tell
    )
    tell(Step("bootstrap", 0, 1, "steps"))
    spreads = measure_spreads(
        reduction.distributions,
        reduction.members,
        top=chosen.top,
        cover=chosen.cover,
        replicates=chosen.replicates,
        seed=seed,
    )
    tell(Step("bootstrap", 1, 1, "steps"))
    tails = tuple(_tails(reduction, chosen, seed, tell))
    figures = [
        *concentration_figures(spreads),
        *([theil_figures(spreads), coverage_figures(spreads)] if spreads else []),
        *tail_figures(tails),
    ]
    return ConcentrationResult(
        figures={each.rule.name: each for each in figures},
        findings=most_severe_first(_findings(reduction, wanted, tails)),
        provenance=Provenance("measure_concentration", plain_settings(chosen), seed, dataset.manifest.digest),
        tails={tail.trace: tail.found for tail in tails if tail.found is not None},
    )


def _tails(reduction: ActorReduction, settings: ConcentrationSettings, seed: int, progress: Progress) -> Iterator[Tail]:
    for trace, distribution in reduction.distributions.items():
        found = fit_heavy_tail(
            distribution,
            minimum_tail=settings.minimum_tail,
            replicates=settings.tail_replicates,
            seed=seed,
            progress=progress,
        )
        if distribution.size:
            yield Tail(trace.title, distribution, found)


def _findings(reduction: ActorReduction, wanted: tuple[Trace, ...], tails: tuple[Tail, ...]) -> Iterator[Finding]:
    yield from few_members(reduction.members)
    for trace in wanted:
        distribution = reduction.distributions.get(trace)
        if distribution is None or not distribution.size:
            why = "the source does not record it" if distribution is None else "no member has any"
            text = f"{trace.title}: concentration cannot be measured, since {why}."
            yield Finding(f"no-{trace.name}", Severity.CAUTION, text)
    if len(reduction.windows) > 1:
        text = "Several forums are counted together; a person with accounts on two of them counts twice."
        yield Finding("several-forums", Severity.CAUTION, text)
    for tail in tails:
        yield from _tail_findings(tail)


def _tail_findings(tail: Tail) -> Iterator[Finding]:
    name = tail.trace.lower().replace(" ", "-")
    if tail.distribution.size < MINIMUM_MEMBERS:
        return
    pareto = fit_tail(tail.distribution)
    if pareto is not None and pareto.shape <= HEAVY:
        text = (
            f"{tail.trace}: the tail is so heavy that 95 % intervals of concentration cover less often than they say "
            "(the explanation of concentration has measured figures)."
        )
        yield Finding(f"heavy-tail-{name}", Severity.CAUTION, text)
    if tail.found is None:
        text = f"{tail.trace}: too few members, or too few different values, for a tail to be fitted."
        yield Finding(f"no-tail-{name}", Severity.NOTE, text)
    elif tail.found.goodness is not None and tail.found.goodness <= IMPLAUSIBLE:
        text = f"{tail.trace}: a power law is ruled out by its goodness of fit; its exponent describes nothing."
        yield Finding(f"no-power-law-{name}", Severity.NOTE, text)
    elif len(tail.found.standing) > 1:
        text = f"{tail.trace}: the data do not decide between {len(tail.found.standing)} distributions of the tail."
        yield Finding(f"tail-undecided-{name}", Severity.NOTE, text)
