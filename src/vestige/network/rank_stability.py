"""How firm ranks are: drawn anew (bootstrap), and with a part of the records missing.

Private contacts, other forums and deleted threads are never seen, so a rank that would not survive the loss of a tenth
of the records is no finding (Borgatti, Carley and Krackhardt 2006, On the robustness of centrality measures under
conditions of imperfect data, Social Networks 28, 124-136).
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from vestige.network.measures import TRAITS, Measure
from vestige.network.position_values import FAMILIES, Effort, Family, family_steps, measure_values
from vestige.network.resampled import drawn_anew, without_members, without_records
from vestige.network.ties import Ties
from vestige.progress import Progress, Step
from vestige.statistics.compiled import BoolArray, FloatArray, IntArray
from vestige.statistics.ranking import rank_correlation, ranks

_MOST_NUMBERS: Final = 100_000_000
"""Ranks held at a time, as 4-byte numbers: 400 MB."""
_FEWEST_REPLICATES: Final = 20
_PROJECTION_STEPS: Final = 10
"""Joining members through threads once, in steps a pair."""


class Missing(StrEnum):
    """What is missing at random: records (a member's part in a thread, or a tie), or members with all they did."""

    RECORDS = "records"
    MEMBERS = "members"


@dataclass(frozen=True, eq=False)
class RankInterval:
    """Percentile interval of each member's rank.

    Attributes:
        low: shape (members,).
        high: shape (members,).
    """

    low: FloatArray
    high: FloatArray


@dataclass(frozen=True)
class StabilityRow:
    """How ranks of one measure survive a loss; means over replicates.

    Attributes:
        measure: the measure.
        missing: what is missing.
        share: how much of it.
        replicates: losses that were drawn.
        correlation: rank correlation of what is left with the whole; None where a measure is constant.
        low: 5 % quantile of it over replicates.
        high: 95 % quantile.
        first_stays: share of replicates in which the first is still first.
        first_in_three: ... is among the first three.
        overlap: share of the first `top` that are still among the first `top`.
    """

    measure: Measure
    missing: Missing
    share: float
    replicates: int
    correlation: float | None
    low: float | None
    high: float | None
    first_stays: float
    first_in_three: float
    overlap: float


def oriented(measure: Measure, values: FloatArray) -> FloatArray:
    """Values turned so that higher is more central; NaN comes last."""
    turned = -values if TRAITS[measure].low_is_central else values
    return np.where(np.isnan(turned), -np.inf, turned)


def affordable(
    ties: Ties, wanted: Collection[Measure], effort: Effort, runs: int, budget: float
) -> tuple[Measure, ...]:
    """Measures that can be computed so many times; the quick ones first.

    Args:
        ties: the records.
        wanted: which measures.
        effort: of one run.
        runs: how many runs.
        budget: innermost steps altogether.
    """
    kept: list[Measure] = []
    left = budget / max(runs, 1)
    if ties.projection is not None:
        left -= _PROJECTION_STEPS * float(ties.joined.nnz)
    costs = {family: family_steps(ties, family, effort) for family, own in FAMILIES.items() if set(own) & set(wanted)}
    for family in sorted(costs, key=lambda own: costs[own]):
        if left < costs[family] and family is not Family.ACTIVITY:
            break
        left -= costs[family]
        kept += [measure for measure in FAMILIES[family] if measure in wanted]
    return tuple(kept)


def rank_intervals(
    ties: Ties, wanted: Collection[Measure], *, effort: Effort, replicates: int, confidence: float, seed: int,
    progress: Progress,
) -> Mapping[Measure, RankInterval]:  # fmt: skip
    """Bootstrap intervals of ranks: threads (or ties), days and thanks drawn with replacement.

    Args:
        ties: the records.
        wanted: which measures; tenure is no matter of chance and gets none.
        effort: of one run.
        replicates: bootstrap samples.
        confidence: such as 0.95.
        seed: of the draws.
        progress: told of each replicate.

    Source:
        Percentile intervals: Efron and Tibshirani (1993), chapter 13; threads as clusters, since posts of one thread
        are not independent.
    """
    measures = [own for own in wanted if own is not Measure.TENURE]
    if not measures or not replicates:
        return {}
    runs = min(replicates, max(_FEWEST_REPLICATES, _MOST_NUMBERS // (len(measures) * max(ties.size, 1))))
    drawn = {measure: np.empty((runs, ties.size), np.float32) for measure in measures}
    for run, own in enumerate(np.random.SeedSequence(seed).spawn(runs)):
        again = drawn_anew(ties, np.random.default_rng(own))
        found = measure_values(again, measures, effort=effort, seed=seed).values
        for measure, store in drawn.items():
            store[run] = ranks(oriented(measure, found[measure]))
        progress(Step("drawing anew", run + 1, runs, "replicates"))
    tail = (1 - confidence) / 2
    return {
        measure: RankInterval(*np.quantile(store, (tail, 1 - tail), axis=0).astype(np.float64))
        for measure, store in drawn.items()
    }


def stability_rows(
    ties: Ties, wanted: Sequence[Measure], whole: Mapping[Measure, FloatArray], *, effort: Effort,
    shares: Sequence[float], replicates: int, top: int, seed: int, progress: Progress,
) -> Iterator[StabilityRow]:  # fmt: skip
    """What is left of each measure's ranks when records or members are missing at random.

    Args:
        ties: the records.
        wanted: which measures.
        whole: values of the whole, by measure.
        effort: of one run.
        shares: parts that are missing.
        replicates: losses drawn for each part.
        top: members at the top whose overlap is measured.
        seed: of the draws.
        progress: told of each loss.
    """
    total = len(Missing) * len(shares) * replicates
    done = 0
    for kind in Missing:
        for share in shares:
            losses: dict[Measure, list[_Loss]] = {measure: [] for measure in wanted}
            for own in np.random.SeedSequence([seed, *kind.value.encode(), round(1e6 * share)]).spawn(replicates):
                again, seen = _with_loss(ties, kind, share, np.random.default_rng(own))
                found = measure_values(again, wanted, effort=effort, seed=seed).values
                for measure in wanted:
                    one, two = oriented(measure, whole[measure]), oriented(measure, found[measure])
                    losses[measure].append(_loss(one[seen], two[seen], top))
                done += 1
                progress(Step("leaving out", done, total, "replicates"))
            for measure in wanted:
                yield _row(measure, kind, share, losses[measure])


def _with_loss(ties: Ties, kind: Missing, share: float, generator: np.random.Generator) -> tuple[Ties, BoolArray]:
    everybody = np.full(ties.size, True)
    if kind is Missing.RECORDS:
        return without_records(ties, share, generator), everybody
    gone = generator.permutation(ties.size)[: round(share * ties.size)]
    everybody[gone] = False
    return without_members(ties, everybody), everybody


@dataclass(frozen=True)
class _Loss:
    correlation: float | None
    first_place: int
    overlap: float


def _loss(whole: FloatArray, left: FloatArray, top: int) -> _Loss:
    """Compare two orders of the members who are seen."""
    before, after = highest(whole), highest(left)
    first = min(top, before.size)
    shared = np.intersect1d(before[:first], after[:first]).size
    place = int(np.flatnonzero(after == before[0])[0]) if before.size else 0
    return _Loss(rank_correlation(whole, left), place, shared / max(first, 1))


def highest(scores: FloatArray) -> IntArray:
    """Members from the highest score down; ties in the order of the members."""
    return np.argsort(-scores, kind="stable")


def _row(measure: Measure, kind: Missing, share: float, losses: Sequence[_Loss]) -> StabilityRow:
    known = [loss.correlation for loss in losses if loss.correlation is not None]
    ends = np.quantile(known, (0.05, 0.95)) if known else (None, None)
    return StabilityRow(
        measure, kind, share, len(losses),
        float(np.mean(known)) if known else None,
        None if ends[0] is None else float(ends[0]),
        None if ends[1] is None else float(ends[1]),
        float(np.mean([loss.first_place == 0 for loss in losses])),
        float(np.mean([loss.first_place < 3 for loss in losses])),  # noqa: PLR2004 - the paper's own three
        float(np.mean([loss.overlap for loss in losses])),
    )  # fmt: skip
