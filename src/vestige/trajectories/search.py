"""The search for the best optimum: many starts, screening, polishing, split and merge, and a look at what was found."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from vestige.progress import Progress, Step, ignore_progress
from vestige.trajectories.assemble import Prepared
from vestige.trajectories.cells import Histories, chunk_bounds
from vestige.trajectories.compiled import FloatArray, IntArray
from vestige.trajectories.degenerate import Defect, defects_of
from vestige.trajectories.labels import level_orders, relabelled_outcomes
from vestige.trajectories.likelihood import Evaluator, Information
from vestige.trajectories.maximise import Optimum, expect_maximise, maximisation, newton
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

FULL_CANDIDATES: Final = 3
SPLIT_MERGE_TRIES: Final = 12
NEWTON_LIMIT: Final = 60
FINISHING_STEPS: Final = 15
DECISIVE_GAP: Final = 25.0
"""An optimum of the random part this far below its best is not followed on everybody."""


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
    """

    evaluator: Evaluator
    optima: tuple[FoundOptimum, ...]
    information: Information
    starts: int
    polished: int
    searched_members: int | None

    @property
    def best(self) -> FoundOptimum:
        """The winner."""
        return self.optima[0]


@dataclass(frozen=True)
class _Run:
    origin: Origin
    optimum: Optimum


def search_optimum(
    prepared: Prepared,
    build: Callable[[Prepared], Evaluator],
    settings: SearchSettings,
    *,
    seed: int,
    given: Sequence[FloatArray] = (),
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
        shared_groups: whether all outcomes share their groups, so that groups can be split and numbered by level.
        robust: whether the information shall hold the outer products of members' scores.
        progress: told of every start.
    """
    part, members = _random_part(prepared, settings, seed)
    evaluator = build(part)
    runs, starts = _search(part, evaluator, settings, seed, [] if members else list(given), shared_groups, progress)
    if members is not None:
        evaluator = build(prepared)
        top = max(run.optimum.loglik for run in runs)
        chosen = [
            (run, count)
            for run, count in _distinct(runs, settings.tolerance)[:FULL_CANDIDATES]
            if run.optimum.loglik > top - DECISIVE_GAP
        ]
        whole = [(run.origin, run.optimum.parameters) for run, _ in chosen]
        whole += [(Origin.GIVEN, _first_step(evaluator, posterior)) for posterior in given]
        reached = [count for _, count in chosen] + [1] * len(given)
        finals = [_Run(origin, _finish(evaluator, start, settings)) for origin, start in whole]
        runs = [run for run, count in zip(finals, reached, strict=True) for _ in range(count)]
    distinct = _distinct(runs, settings.tolerance)
    if _alike(evaluator):
        distinct = [(_numbered_by_level(evaluator, run), count) for run, count in distinct]
    optima = _ranked(evaluator, distinct)
    information = evaluator.information(optima[0].optimum.parameters, robust=robust)
    return SearchOutcome(evaluator, optima, information, starts, len(runs), members)


def _numbered_by_level(evaluator: Evaluator, run: _Run) -> _Run:
    """The same optimum with its groups in the order of their mean expected response."""
    orders = level_orders(evaluator, run.optimum.parameters)
    parameters = relabelled_outcomes(evaluator, run.optimum.parameters, orders)
    return replace(run, optimum=replace(run.optimum, parameters=parameters))


def _finish(evaluator: Evaluator, parameters: FloatArray, settings: SearchSettings) -> Optimum:
    """From the optimum of a random part: a few Newton steps on everybody, and a whole climb should they not settle."""
    optimum, _ = newton(evaluator, parameters, limit=FINISHING_STEPS)
    return optimum if optimum.converged else _polish(evaluator, optimum.parameters, settings)


def _search(
    part: Prepared, evaluator: Evaluator, settings: SearchSettings, seed: int, given: list[FloatArray],
    shared_groups: bool, progress: Progress,
) -> tuple[list[_Run], int]:  # fmt: skip
    generator = np.random.default_rng(seed)
    classes, weight = evaluator.layout.classes, evaluator.histories.weight
    if classes == 1:
        one = np.ones((evaluator.histories.patterns, 1))
        return [_Run(Origin.QUANTILE, _polish(evaluator, _first_step(evaluator, one), settings))], 1
    features = smoothed_paths(evaluator)
    starts = [Start(Origin.GIVEN, posterior) for posterior in given]
    starts += _basic_starts(features, weight, classes, settings, generator)
    if shared_groups:
        starts += _chain(part, features, weight, classes)
    starts = [_shuffled(evaluator, start, generator) for start in starts]
    screened = []
    for done, start in enumerate(starts):
        progress(Step("screening", done, len(starts), "starts"))
        parameters = _first_step(evaluator, start.posterior)
        screened.append((start.origin, _screen(evaluator, parameters, settings)))
    screened.sort(key=lambda entry: -entry[1].loglik)
    runs = []
    for done, (origin, optimum) in enumerate(screened[: settings.polished]):
        progress(Step("polishing", done, min(settings.polished, len(screened)), "starts"))
        runs.append(_Run(origin, _polish(evaluator, optimum.parameters, settings)))
    extra = _split_merge(evaluator, features, runs, settings, generator, progress)
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
            expect_maximise(evaluator, _first_step(evaluator, start.posterior), limit=8, tolerance=0.1)
            for start in split_starts(features, weight, posterior)
        ]
        best = max(tries, key=lambda optimum: optimum.loglik)
        further = expect_maximise(evaluator, best.parameters, limit=20, tolerance=0.1)
        posterior = evaluator.posterior(further.parameters)[0]
    return split_starts(features, weight, posterior)


def _split_merge(
    evaluator: Evaluator, features: FloatArray, runs: list[_Run], settings: SearchSettings,
    generator: np.random.Generator, progress: Progress,
) -> list[_Run]:  # fmt: skip
    """Split-and-merge moves from the best optimum until a round brings nothing better (Ueda et al. 2000)."""
    best = max(runs, key=lambda run: run.optimum.loglik)
    classes, found = evaluator.layout.classes, list[_Run]()
    for done in range(settings.split_merge_rounds):
        progress(Step("split and merge", done, settings.split_merge_rounds, "rounds"))
        posterior = evaluator.posterior(best.optimum.parameters)[0]
        starts = _moves(evaluator, features, posterior, classes, generator)
        if not starts:
            break
        screened = [_screen(evaluator, _first_step(evaluator, start.posterior), settings) for start in starts]
        screened.sort(key=lambda optimum: -optimum.loglik)
        polished = [_polish(evaluator, optimum.parameters, settings) for optimum in screened[:2]]
        found += [_Run(Origin.SPLIT_MERGE, optimum) for optimum in polished]
        top = max(polished, key=lambda optimum: optimum.loglik)
        if top.loglik <= best.optimum.loglik + settings.tolerance:
            break
        best = _Run(Origin.SPLIT_MERGE, top)
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
    if not _alike(evaluator):
        starts += [Start(Origin.SPLIT_MERGE, posterior[:, generator.permutation(classes)]) for _ in range(2 * classes)]
    return starts


def _alike(evaluator: Evaluator) -> bool:
    """Whether all groups of every outcome have the same columns, so that labels are free."""
    return all(
        all(np.array_equal(columns, part.columns[0]) for columns in part.columns)
        for outcome in evaluator.layout.outcomes
        for part in outcome.predictors
    )


def _shuffled(evaluator: Evaluator, start: Start, generator: np.random.Generator) -> Start:
    """Where groups differ in their orders, which cluster gets which order is part of the start."""
    if _alike(evaluator) or start.origin is Origin.GIVEN:
        return start
    return replace(start, posterior=start.posterior[:, generator.permutation(start.posterior.shape[1])])


def _first_step(evaluator: Evaluator, posterior: FloatArray) -> FloatArray:
    """Parameters from a posterior: moments first, then a whole M-step."""
    from vestige.trajectories.initial import initial_parameters

    sums = evaluator.sums_of(posterior)
    return maximisation(evaluator, initial_parameters(evaluator, sums), sums, steps=12)


def _screen(evaluator: Evaluator, parameters: FloatArray, settings: SearchSettings) -> Optimum:
    return expect_maximise(evaluator, parameters, limit=settings.screening_iterations, tolerance=1e-2)


def _polish(evaluator: Evaluator, parameters: FloatArray, settings: SearchSettings) -> Optimum:
    """EM until steps get short, then Newton; once more should Newton have stopped early."""
    climbed = expect_maximise(evaluator, parameters, limit=settings.max_iterations, tolerance=0.1)
    optimum, _ = newton(evaluator, climbed.parameters, limit=NEWTON_LIMIT)
    if optimum.converged:
        return replace(optimum, passes=optimum.passes + climbed.passes)
    again = expect_maximise(evaluator, optimum.parameters, limit=settings.max_iterations, tolerance=1e-5)
    final, _ = newton(evaluator, again.parameters, limit=NEWTON_LIMIT)
    return replace(final, passes=final.passes + again.passes + optimum.passes + climbed.passes)


def _distinct(runs: Sequence[_Run], tolerance: float) -> list[tuple[_Run, int]]:
    """Runs with different log-likelihoods, best first, with how many ended in each."""
    found: list[tuple[_Run, int]] = []
    for run in sorted(runs, key=lambda run: -run.optimum.loglik):
        close = found and found[-1][0].optimum.loglik - run.optimum.loglik < tolerance
        if close:
            found[-1] = (found[-1][0], found[-1][1] + 1)
        else:
            found.append((run, 1))
    return found


def _ranked(evaluator: Evaluator, distinct: Sequence[tuple[_Run, int]]) -> tuple[FoundOptimum, ...]:
    optima = [
        FoundOptimum(run.optimum, run.origin, count, defects_of(evaluator, run.optimum.parameters))
        for run, count in distinct
    ]
    return tuple(sorted(optima, key=lambda optimum: (not optimum.sound, -optimum.optimum.loglik)))


def _random_part(prepared: Prepared, settings: SearchSettings, seed: int) -> tuple[Prepared, int | None]:
    """A random part of the members where there are very many, every member with the same chance."""
    lists = prepared.histories
    if lists.patterns <= settings.search_members:
        return prepared, None
    generator = np.random.default_rng([seed, 1])
    total = lists.weight.sum()
    counts = generator.multinomial(settings.search_members, lists.weight / total)
    chosen = np.flatnonzero(counts)
    return replace(prepared, histories=take_patterns(lists, chosen, counts[chosen].astype(np.float64))), int(
        counts.sum()
    )


def take_patterns(lists: Histories, chosen: IntArray, weight: FloatArray) -> Histories:
    """The histories of chosen patterns with new weights (a random part, a half, a bootstrap sample)."""
    lengths = np.diff(lists.start)[chosen]
    start = np.concatenate([[0], np.cumsum(lengths)])
    entries = np.repeat(lists.start[:-1][chosen] - start[:-1], lengths) + np.arange(start[-1])
    kind = lists.kind[chosen]
    bases, risk = lists.bases, lists.risk
    if lists.direct_kinds:
        bases, risk, kind = bases[kind], risk[kind], np.arange(chosen.size, dtype=np.int32)
    return replace(
        lists, start=start, cells=lists.cells[entries], kind=kind, weight=weight, meat_weight=weight, bases=bases,
        risk=risk, pattern=np.arange(chosen.size), bounds=chunk_bounds(start),
    )  # fmt: skip
