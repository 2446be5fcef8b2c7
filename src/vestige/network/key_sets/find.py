"""`find_key_set`: greedy, then swaps, then how far from the best set it can be."""

import itertools
import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import numpy as np

from vestige.errors import SettingsError
from vestige.network.findings import tie_findings
from vestige.network.graph import AnyNetwork, TwoModeNetwork
from vestige.network.key_sets.objectives import Objective, objective_of
from vestige.network.key_sets.result import KeySetResult
from vestige.network.key_sets.settings import KeySetMeasure, KeySetSettings
from vestige.progress import Progress, Step, ignore_progress
from vestige.results import Finding, Provenance, Severity, most_severe_first, plain_settings
from vestige.statistics.compiled import FloatArray, IntArray

MOST_SWAPS: Final = 200
GREEDY_GUARANTEE: Final = 1 - 1 / math.e
"""Of the best possible, for monotone submodular measures (Nemhauser, Wolsey and Fisher 1978)."""
SMALLEST_GAIN: Final = 1e-12
"""Improvements below this are rounding."""


def find_key_set(
    network: AnyNetwork, *, settings: KeySetSettings | None = None, seed: int = 0, progress: Progress | None = None
) -> KeySetResult:
    """A set of members who together fragment the network when removed, or together reach most of it.

    A greedy set is improved by swapping one member for another while that helps; so are random sets, and the best is
    kept. Where there are few sets all are tried. Members chosen one by one for their own centrality are redundant:
    the set with most ties stands beside the result.

    Args:
        network: of members; a two-mode network is projected first. Fragmentation leaves directions out, reach
            follows them. Weights are left out.
        settings: measure, size, effort.
        seed: of the random sets.
        progress: called after each start.

    Raises:
        SettingsError: a set as large as the network or larger, or reach that cannot be held in memory.
    """
    wanted = settings or KeySetSettings()
    plain = network.project() if isinstance(network, TwoModeNetwork) else network
    if wanted.size >= plain.size:
        raise SettingsError(
            "the set must be smaller than the network", where=f"{wanted.size} of {plain.size}", hint="lower size"
        )
    exact = _work(plain.size, wanted) <= wanted.exhaustive
    objective = objective_of(plain, replace(wanted, candidates=None) if exact else wanted)
    report = progress or ignore_progress
    greedy, path = _greedy(objective, wanted.size)
    best = greedy
    if exact:
        best = _best_of_all(objective, wanted.size)
    else:
        for done, start in enumerate(_starts(objective, greedy, wanted, np.random.default_rng(seed))):
            report(Step("swapping members", done, wanted.restarts + 1, "starts"))
            swapped = _swapped(objective, start)
            if objective.value(swapped) > objective.value(best) + SMALLEST_GAIN:
                best = swapped
    value = objective.value(best)
    bound = value if exact else _bound(objective, greedy, best, wanted)
    by_ties = np.argsort(-plain.degree, kind="stable")[: wanted.size]
    return KeySetResult(
        settings=wanted,
        network=plain,
        chosen=_by_contribution(objective, best),
        value=value,
        before=objective.value(np.zeros(0, dtype=np.int64)),
        path=path,
        with_most_ties=objective.value(by_ties),
        bound=bound,
        exact=exact,
        findings=most_severe_first(
            (*plain.findings, *tie_findings(plain.ties, plain.findings), *_findings(plain.size, wanted, exact))
        ),
        provenance=Provenance("find_key_set", plain_settings(wanted), seed, plain.provenance.dataset_digest),
    )


def _greedy(objective: Objective, size: int) -> tuple[IntArray, tuple[float, ...]]:
    """Members added one by one, each the best at the time, and the value after each."""
    chosen = np.zeros(0, dtype=np.int64)
    path = []
    for _ in range(size):
        values = objective.extended(chosen)
        chosen = np.append(chosen, int(values.argmax()))
        path.append(float(values.max()))
    return chosen, tuple(path)


def _work(nodes: int, settings: KeySetSettings) -> int:
    """Sets to try; each costs a walk from every member where all distances are needed."""
    walks = nodes if settings.measure is KeySetMeasure.DISTANCE_FRAGMENTATION else 1
    return math.comb(nodes, settings.size) * walks


def _best_of_all(objective: Objective, size: int) -> IntArray:
    """The best set, each smaller set enlarged by everybody at once."""
    best, highest = np.zeros(0, dtype=np.int64), -math.inf
    for own in itertools.combinations(range(objective.size), size - 1):
        chosen = np.array(own, dtype=np.int64)
        values = objective.extended(chosen)
        last = int(values.argmax())
        if values[last] > highest + SMALLEST_GAIN:
            best, highest = np.append(chosen, last), float(values[last])
    return best


def _starts(
    objective: Objective, greedy: IntArray, settings: KeySetSettings, generator: np.random.Generator
) -> Iterator[IntArray]:
    yield greedy
    for _ in range(settings.restarts):
        yield generator.choice(objective.size, settings.size, replace=False)


def _swapped(objective: Objective, start: IntArray) -> IntArray:
    """Swaps of one member, the best found for each place in turn, until none helps."""
    chosen = start.copy()
    value = objective.value(chosen)
    unchanged = 0
    for swap in range(MOST_SWAPS * chosen.size):
        place = swap % chosen.size
        others = np.delete(chosen, place)
        values = objective.extended(others)
        best = int(values.argmax())
        if values[best] > value + SMALLEST_GAIN:
            chosen[place], value, unchanged = best, float(values[best]), 0
        else:
            unchanged += 1
            if unchanged == chosen.size:
                break
    return chosen


def _bound(objective: Objective, greedy: IntArray, best: IntArray, settings: KeySetSettings) -> float | None:
    """An upper bound on the best set's value, for submodular measures (Minoux 1978; Leskovec et al. 2007).

    From any set, the best set adds at most the sum of the largest single gains; the tightest over the greedy sets and
    the final one is taken.
    """
    if not settings.measure.submodular:
        return None
    known = [*(greedy[:size] for size in range(settings.size + 1)), best]
    bounds = [1.0]
    for own in known:
        value = objective.value(own)
        gains = objective.extended(own) - value
        bounds.append(value + float(np.sort(gains[np.isfinite(gains)])[-settings.size :].sum()))
    return max(min(bounds), objective.value(best))


def _by_contribution(objective: Objective, chosen: IntArray) -> tuple[tuple[int, float], ...]:
    """Members with what the set loses without them, most first."""
    value = objective.value(chosen)
    losses: FloatArray = np.array([value - objective.value(np.delete(chosen, own)) for own in range(chosen.size)])
    return tuple((int(chosen[place]), float(losses[place])) for place in np.argsort(-losses, kind="stable"))


def _findings(nodes: int, settings: KeySetSettings, exact: bool) -> Iterator[Finding]:
    if not exact and not settings.measure.submodular:
        text = "The set is the best that was found; how far from the best possible cannot be bounded for this measure."
        yield Finding("no-bound", Severity.NOTE, text)
    limited = settings.candidates is not None and nodes > settings.candidates
    if settings.measure is KeySetMeasure.DISTANCE_FRAGMENTATION and limited and not exact:
        text = f"Only the {settings.candidates} members with most ties were tried at each step."
        yield Finding("candidates-limited", Severity.CAUTION, text)
