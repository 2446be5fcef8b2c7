"""The search for the best optimum: many starts, screening, polishing, split and merge, and a look at what was found."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from vestige.progress import Progress, Step, ignore_progress
from vestige.trajectories.assemble import Prepared
from vestige.trajectories.cells import Histories, chunk_bounds
from vestige.trajectories.climbs import (
    Run,
    Task,
    alike,
    finish,
    first_step,
    numbered,
    polish,
    screen,
    with_exact_winner,
)
from vestige.trajectories.compiled import FloatArray, IntArray
from vestige.trajectories.degenerate import Defect, defects_of
from vestige.trajectories.histories import taken_lists
from vestige.trajectories.likelihood import Evaluator, Information
from vestige.trajectories.maximise import Optimum, expect_maximise
from vestige.trajectories.settings import SearchSettings
from vestige.trajectories.starts import (
    Origin,
    Start,
    kmeans_start,
    merge_candidates,
    quantile_start,
    smoothed_paths,
    split_merge_start,
    split_starts,
)

FULL_CANDIDATES: Final = 5
SPLIT_MERGE_TRIES: Final = 12
DECISIVE_GAP: Final = 25.0
"""An optimum of the random part this far below its best is not followed on everybody."""


Warm = Callable[[Prepared], Sequence[FloatArray]]


@dataclass(frozen=True)
class FoundOptimum:
    """An optimum that one or more starts reached.

    Attributes:
        optimum: the first start's result.
        origin: how that start was made.
        reached: how many polished starts ended here.
        defects: what is degenerate about it; such an optimum never wins over a sound one.
    """

    optimum: Optimum
    origin: Origin
    reached: int
    defects: tuple[Defect, ...]

    @property
    def sound(self) -> bool:
        """Whether no defect disqualifies it."""
        return not any(defect.disqualifies for defect in self.defects)


@dataclass(frozen=True)
class SearchOutcome:
    """What the search found.

    Attributes:
        evaluator: of the model, on all members.
        optima: distinct optima, the winner first, then by log-likelihood.
        information: at the winner.
        starts: starting points screened.
        polished: starting points followed to their optimum.
        searched_members: members in the search's random part, or None when it used everybody.
        checked_members: members in the larger random part that its optima went to next, or None.
    """

    evaluator: Evaluator
    optima: tuple[FoundOptimum, ...]
    information: Information
    starts: int
    polished: int
    searched_members: int | None
    checked_members: int | None = None

    @property
    def best(self) -> FoundOptimum:
        """The winner."""
        return self.optima[0]


def search_optimum(
    prepared: Prepared,
    build: Callable[[Prepared], Evaluator],
    settings: SearchSettings,
    *,
    seed: int,
    given: Sequence[FloatArray] = (),
    warm: Warm | None = None,
    shared_groups: bool = True,
    robust: bool = False,
    progress: Progress = ignore_progress,
) -> SearchOutcome:
    """Find the best optimum of a model.

    Args:
        prepared: the data.
        build: makes the model's evaluator from data (all, or a random part).
        settings: how hard to look.
        seed: of every random choice.
        given: (patterns, classes) posteriors to start from as well (a neighbour's fit).
        warm: makes such posteriors for all members, or for a random part of them; the best of those that a part gives
            is followed to everybody, whatever its rivals there.
        shared_groups: whether all outcomes share their groups, so that groups can be split and numbered by level.
        robust: whether the information shall hold the outer products of members' scores.
        progress: told of every start.
    """
    task = Task(settings, shared_groups, progress)
    part, searched = _random_part(prepared, settings.search_members, [seed, 1])
    evaluator, checked = build(part), None
    rough = replace(task, exact=searched is None)
    if searched is None:
        given = [*given, *(warm(prepared) if warm else ())]
    runs, starts = _search(part, evaluator, rough, seed, given if searched is None else ())
    if searched is not None:
        part, checked = _random_part(prepared, settings.check_members, [seed, 3])
        if checked is not None:
            evaluator, smaller = build(part), evaluator
            runs = _carried(runs, smaller, evaluator, rough)
            runs += _split_merge(evaluator, smoothed_paths(evaluator), runs, rough, np.random.default_rng([seed, 4]))
        warmed = _warmed(evaluator, warm(part) if warm else (), rough)
        evaluator, smaller = build(prepared), evaluator
        runs = _carried([*runs, *warmed], smaller, evaluator, rough, always=warmed[:1])
        runs += [polish(evaluator, Origin.GIVEN, first_step(evaluator, posterior), rough) for posterior in given]
        runs = with_exact_winner(evaluator, runs, task)
    outcome = _outcome(evaluator, runs, task, robust=robust)
    return replace(outcome, starts=starts, searched_members=searched, checked_members=checked)


def carry_optima(
    found: SearchOutcome, evaluator: Evaluator, settings: SearchSettings, *, robust: bool, progress: Progress
) -> SearchOutcome:
    """The optima of a search on a random part, followed to everybody; the outcome keeps the part's evaluator.

    Args:
        found: what the search on the part found.
        evaluator: of the same model, with passes over everybody.
        settings: how hard to look.
        robust: whether the information shall hold the outer products of members' scores.
        progress: told of every step.
    """
    part, task = found.evaluator, Task(settings, shared_groups=True, progress=progress)
    runs = []
    for own in found.optima:
        run = Run(own.origin, own.optimum, part.information(own.optimum.parameters))
        runs += [run] * own.reached
    carried = _carried(runs, part, evaluator, replace(task, exact=False))
    outcome = _outcome(evaluator, with_exact_winner(evaluator, carried, task), task, robust=robust)
    searched = found.searched_members or round(part.members)
    checked = None if found.searched_members is None else round(part.members)
    return replace(outcome, evaluator=part, starts=found.starts, searched_members=searched, checked_members=checked)


def _outcome(evaluator: Evaluator, runs: Sequence[Run], task: Task, *, robust: bool) -> SearchOutcome:
    tolerance = task.settings.tolerance
    distinct = [(_by_level(evaluator, run), count) for run, count in _distinct(runs, tolerance)]
    optima = _ranked(evaluator, distinct)
    information = next(run.information for run, _ in distinct if run.optimum is optima[0].optimum)
    if robust:
        information = evaluator.information(optima[0].optimum.parameters, robust=True)
    return SearchOutcome(evaluator, optima, information, len(runs), len(runs), None)


def _by_level(evaluator: Evaluator, run: Run) -> Run:
    """The same optimum with groups that are alike but for their numbers in the order of their mean expected response.

    Polishing has put nearly all of them in that order already.
    """
    parameters = numbered(evaluator, run.optimum.parameters)
    if np.array_equal(parameters, run.optimum.parameters):
        return run
    return Run(run.origin, replace(run.optimum, parameters=parameters), evaluator.information(parameters))


def _carried(
    runs: Sequence[Run], part: Evaluator, evaluator: Evaluator, task: Task, *, always: Sequence[Run] = ()
) -> list[Run]:
    """The best few optima of a random part, and those of `always`, on more members, as often as starts reached them."""
    distinct = _distinct(runs, task.settings.tolerance)
    near = [(run, count) for run, count in distinct[:FULL_CANDIDATES] if run.optimum.loglik > _decisive(distinct)]
    known = [run.optimum.loglik for run, _ in near]
    near += [
        (run, 1) for run in always if all(abs(run.optimum.loglik - own) > task.settings.tolerance for own in known)
    ]
    finished = [(finish(evaluator, part, run, task), count) for run, count in near]
    return [run for run, count in finished for _ in range(count)]


def _warmed(evaluator: Evaluator, posteriors: Sequence[FloatArray], task: Task) -> list[Run]:
    """The best two of what given posteriors lead to, best first."""
    screened = [screen(evaluator, first_step(evaluator, posterior), task.settings) for posterior in posteriors]
    screened.sort(key=lambda optimum: -optimum.loglik)
    runs = [polish(evaluator, Origin.GIVEN, own.parameters, task) for own in screened[:2]]
    return sorted(runs, key=lambda run: -run.optimum.loglik)


def _decisive(distinct: Sequence[tuple[Run, int]]) -> float:
    return distinct[0][0].optimum.loglik - DECISIVE_GAP


def _search(
    part: Prepared, evaluator: Evaluator, task: Task, seed: int, given: Sequence[FloatArray]
) -> tuple[list[Run], int]:
    generator, settings = np.random.default_rng(seed), task.settings
    classes, weight = evaluator.layout.classes, evaluator.histories.weight
    if classes == 1:
        one = np.ones((evaluator.histories.patterns, 1))
        return [polish(evaluator, Origin.QUANTILE, first_step(evaluator, one), task)], 1
    features = smoothed_paths(evaluator)
    starts = [Start(Origin.GIVEN, posterior) for posterior in given]
    starts += _basic_starts(features, weight, classes, settings, generator)
    if task.shared_groups:
        starts += _chain(part, features, weight, classes)
    starts = [_shuffled(evaluator, start, generator) for start in starts]
    screened = []
    for done, start in enumerate(starts):
        task.progress(Step("screening", done, len(starts), "starts"))
        parameters = first_step(evaluator, start.posterior)
        screened.append((start.origin, screen(evaluator, parameters, settings)))
    screened.sort(key=lambda entry: -entry[1].loglik)
    runs = []
    for done, (origin, optimum) in enumerate(screened[: settings.polished]):
        task.progress(Step("polishing", done, min(settings.polished, len(screened)), "starts"))
        runs.append(polish(evaluator, origin, optimum.parameters, task))
    extra = _split_merge(evaluator, features, runs, task, generator)
    return runs + extra, len(starts) + len(extra)


def _basic_starts(
    features: FloatArray, weight: FloatArray, classes: int, settings: SearchSettings, generator: np.random.Generator
) -> list[Start]:
    starts = [quantile_start(features, weight, classes)]
    while len(starts) < settings.starts:
        steps = 0 if len(starts) % 3 == 0 else 12
        starts.append(kmeans_start(features, weight, classes, generator, steps=steps))
    return starts


def _chain(part: Prepared, features: FloatArray, weight: FloatArray, classes: int) -> list[Start]:
    """Grow from one group by splitting, keep the best at each size, and return all splits of the last."""
    posterior = np.ones((weight.size, 1))
    for groups in range(2, classes):
        evaluator = part.shared(groups)
        tries = [
            expect_maximise(evaluator, first_step(evaluator, start.posterior), limit=8, tolerance=0.1)
            for start in split_starts(features, weight, posterior)
        ]
        best = max(tries, key=lambda optimum: optimum.loglik)
        further = expect_maximise(evaluator, best.parameters, limit=20, tolerance=0.1)
        posterior = evaluator.posterior(further.parameters)[0]
    return split_starts(features, weight, posterior)


def _split_merge(
    evaluator: Evaluator, features: FloatArray, runs: Sequence[Run], task: Task, generator: np.random.Generator
) -> list[Run]:
    """Split-and-merge moves from the best optimum until a round brings nothing better (Ueda et al. 2000)."""
    best, settings = max(runs, key=lambda run: run.optimum.loglik), task.settings
    classes, found = evaluator.layout.classes, list[Run]()
    for done in range(settings.split_merge_rounds):
        task.progress(Step("split and merge", done, settings.split_merge_rounds, "rounds"))
        posterior = evaluator.posterior(best.optimum.parameters)[0]
        starts = _moves(evaluator, features, posterior, classes, generator)
        if not starts:
            break
        screened = [screen(evaluator, first_step(evaluator, start.posterior), settings) for start in starts]
        screened.sort(key=lambda optimum: -optimum.loglik)
        polished = [polish(evaluator, Origin.SPLIT_MERGE, own.parameters, task) for own in screened[:2]]
        found += polished
        top = max(polished, key=lambda run: run.optimum.loglik)
        if top.optimum.loglik <= best.optimum.loglik + settings.tolerance:
            break
        best = top
    return found


def _moves(
    evaluator: Evaluator, features: FloatArray, posterior: FloatArray, classes: int, generator: np.random.Generator
) -> list[Start]:
    weight = evaluator.histories.weight
    moves = [
        (pair, group)
        for pair in merge_candidates(weight, posterior)
        for group in range(classes)
        if group != pair[1] and (group != pair[0] or classes == 2)  # noqa: PLR2004 - two groups: split the merged one
    ]
    near, far = moves[: 3 * SPLIT_MERGE_TRIES // 4], moves[3 * SPLIT_MERGE_TRIES // 4 :]
    if far:
        picks = generator.choice(len(far), size=min(len(far), SPLIT_MERGE_TRIES // 4), replace=False)
        near = near + [far[pick] for pick in sorted(picks)]
    starts = [split_merge_start(features, weight, posterior, pair, group) for pair, group in near]
    if not alike(evaluator):
        starts += [Start(Origin.SPLIT_MERGE, posterior[:, generator.permutation(classes)]) for _ in range(2 * classes)]
    return starts


def _shuffled(evaluator: Evaluator, start: Start, generator: np.random.Generator) -> Start:
    """Where groups differ in their orders, which cluster gets which order is part of the start."""
    if alike(evaluator) or start.origin is Origin.GIVEN:
        return start
    return replace(start, posterior=start.posterior[:, generator.permutation(start.posterior.shape[1])])


def _distinct(runs: Sequence[Run], tolerance: float) -> list[tuple[Run, int]]:
    """Runs with different log-likelihoods, best first, with how many ended in each."""
    found: list[tuple[Run, int]] = []
    for run in sorted(runs, key=lambda run: -run.optimum.loglik):
        close = found and found[-1][0].optimum.loglik - run.optimum.loglik < tolerance
        if close:
            found[-1] = (found[-1][0], found[-1][1] + 1)
        else:
            found.append((run, 1))
    return found


def _ranked(evaluator: Evaluator, distinct: Sequence[tuple[Run, int]]) -> tuple[FoundOptimum, ...]:
    optima = [
        FoundOptimum(run.optimum, run.origin, count, defects_of(evaluator, run.optimum.parameters))
        for run, count in distinct
    ]
    return tuple(sorted(optima, key=lambda optimum: (not optimum.sound, -optimum.optimum.loglik)))


def _random_part(prepared: Prepared, size: int, seed: Sequence[int]) -> tuple[Prepared, int | None]:
    """A random part of the members where there are very many, every member with the same chance."""
    lists = prepared.histories
    if lists.patterns <= size:
        return prepared, None
    generator = np.random.default_rng(seed)
    counts = generator.multinomial(size, lists.weight / lists.weight.sum())
    chosen = np.flatnonzero(counts)
    part = take_patterns(lists, chosen, counts[chosen].astype(np.float64))
    return prepared.with_histories(part), int(counts.sum())


def take_patterns(lists: Histories, chosen: IntArray, weight: FloatArray) -> Histories:
    """The histories of chosen patterns with new weights (a random part, a half, a bootstrap sample)."""
    start, cells = taken_lists(lists.start, lists.cells, chosen)
    kind = lists.kind[chosen]
    bases, risk = lists.bases, lists.risk
    if lists.direct_kinds:
        bases, risk, kind = bases[kind], risk[kind], np.arange(chosen.size, dtype=np.int32)
    return replace(
        lists, start=start, cells=cells, kind=kind, weight=weight, meat_weight=weight, bases=bases,
        risk=risk, pattern=np.arange(chosen.size), bounds=chunk_bounds(start),
    )  # fmt: skip
