"""Starting points: a posterior for every pattern, from quantiles, k-means, random members, splits and merges."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from vestige.trajectories.compiled import FloatArray, IntArray
from vestige.trajectories.likelihood import Evaluator

FEATURE_ORDER: Final = 2
OWN_MASS: Final = 0.9
KMEANS_STEPS: Final = 12


class Origin(StrEnum):
    """How a start was made."""

    QUANTILE = "quantile"
    KMEANS = "k-means"
    RANDOM = "random"
    SPLIT = "split"
    SPLIT_MERGE = "split-merge"
    GIVEN = "given"


@dataclass(frozen=True)
class Start:
    """One starting point.

    Attributes:
        origin: how it was made.
        posterior: (patterns, classes).
    """

    origin: Origin
    posterior: FloatArray


def smoothed_paths(evaluator: Evaluator) -> FloatArray:
    """Each pattern's coefficients on a low polynomial in time, every column scaled to its spread.

    Least squares of the linked response, with the average Gram matrix for everybody: cheap, sparse, and near enough
    to sort members for a start.
    """
    columns = []
    for position, (outcome, cells) in enumerate(zip(evaluator.layout.outcomes, evaluator.cells, strict=True)):
        if outcome.auxiliary:
            continue
        order = min(FEATURE_ORDER, np.unique(cells.time).size - 1)
        span = max(float(np.ptp(cells.time)), 1e-300)
        powers = np.polynomial.legendre.legvander(2.0 * (cells.time - cells.time.min()) / span - 1.0, order)
        response = cells.response if cells.offset is None else cells.response / np.exp(cells.offset)
        linked = outcome.family.link(response)
        table = np.zeros((evaluator.rows[-1], order + 2))
        rows = slice(evaluator.rows[position], evaluator.rows[position + 1])
        table[rows, : order + 1] = powers * linked[:, None]
        table[rows, order + 1] = 1.0
        sums = evaluator.member_sums(table)
        if cells.zero_of is None:
            observed = sums[:, -1]
        else:
            unlisted = np.isin(evaluator.histories.base_cells, cells.zero_cells + evaluator.rows[position])
            observed = evaluator.histories.bases[:, unlisted].sum(axis=1)[evaluator.histories.kind]
        gram = powers.T @ powers / len(powers)
        columns.append(np.linalg.solve(gram, (sums[:, :-1] / np.maximum(observed, 1.0)[:, None]).T).T)
    features = np.column_stack(columns)
    spread = features.std(axis=0)
    return np.asarray((features - features.mean(axis=0)) / np.where(spread > 0, spread, 1.0))


def quantile_start(features: FloatArray, weight: FloatArray, groups: int) -> Start:
    """Equal parts of the members by level."""
    order = np.argsort(features[:, 0], kind="stable")
    rank = np.empty(order.size)
    rank[order] = (np.cumsum(weight[order]) - 0.5 * weight[order]) / weight.sum()
    return Start(Origin.QUANTILE, softened(np.minimum((rank * groups).astype(np.int64), groups - 1), groups))


def kmeans_start(
    features: FloatArray, weight: FloatArray, groups: int, generator: np.random.Generator, *, steps: int = KMEANS_STEPS
) -> Start:
    """Weighted k-means on smoothed paths, seeded by k-means++ (Arthur and Vassilvitskii 2007); no step: random."""
    chance = weight / weight.sum()
    centers = features[[generator.choice(weight.size, p=chance)]]
    for _ in range(groups - 1):
        distance = _distances(features, centers).min(axis=1) if steps else np.ones(weight.size)
        mass = distance * weight
        pick = generator.choice(weight.size, p=mass / mass.sum() if mass.sum() > 0 else chance)
        centers = np.vstack([centers, features[pick]])
    for _ in range(steps):
        labels = _distances(features, centers).argmin(axis=1)
        mass = np.bincount(labels, weight, minlength=groups)
        for column in range(features.shape[1]):
            sums = np.bincount(labels, weight * features[:, column], minlength=groups)
            centers[:, column] = np.where(mass > 0, sums / np.maximum(mass, 1e-300), centers[:, column])
    labels = _distances(features, centers).argmin(axis=1)
    return Start(Origin.KMEANS if steps else Origin.RANDOM, softened(labels, groups))


def split_starts(features: FloatArray, weight: FloatArray, posterior: FloatArray) -> list[Start]:
    """One start for each group of a fit with a group less, that group cut across its widest direction."""
    return [Start(Origin.SPLIT, split_group(features, weight, posterior, group)) for group in range(posterior.shape[1])]


def split_group(features: FloatArray, weight: FloatArray, posterior: FloatArray, group: int) -> FloatArray:
    """The posterior with one more class, last: the part of `group` above its mean in its first principal direction."""
    mass = weight * posterior[:, group]
    total = max(float(mass.sum()), 1e-300)
    centered = features - (mass @ features) / total
    spread = (centered * mass[:, None]).T @ centered / total
    direction = np.linalg.eigh(spread)[1][:, -1]
    direction = direction * np.sign(direction[np.abs(direction).argmax()])
    projected = centered @ direction
    far = OWN_MASS * (projected > 0) + (1.0 - OWN_MASS) * (projected <= 0)
    part = posterior[:, group] * far
    return np.column_stack([np.where(np.arange(posterior.shape[1]) == group, (posterior[:, group] - part)[:, None],
                                     posterior), part])  # fmt: skip


def merge_candidates(weight: FloatArray, posterior: FloatArray) -> list[tuple[int, int]]:
    """Pairs of groups, those whose posteriors overlap most first (Ueda et al. 2000)."""
    overlap = (posterior * weight[:, None]).T @ posterior
    size = np.sqrt(np.diag(overlap))
    closeness = overlap / np.maximum(np.outer(size, size), 1e-300)
    first, second = np.triu_indices(posterior.shape[1], 1)
    order = np.argsort(-closeness[first, second], kind="stable")
    return [(int(first[pair]), int(second[pair])) for pair in order]


def split_merge_start(
    features: FloatArray, weight: FloatArray, posterior: FloatArray, pair: tuple[int, int], group: int
) -> Start:
    """Merge the pair into its first group, and split `group` into itself and the freed place."""
    kept, freed = pair
    merged = posterior.copy()
    merged[:, kept] += merged[:, freed]
    merged[:, freed] = 0.0
    grown = split_group(features, weight, merged, group)
    merged = grown[:, :-1]
    merged[:, freed] = grown[:, -1]
    return Start(Origin.SPLIT_MERGE, merged)


def softened(labels: IntArray, groups: int) -> FloatArray:
    """A posterior that puts most, not all, of each member's mass on its label."""
    rest = (1.0 - OWN_MASS) / max(groups - 1, 1) if groups > 1 else 1.0
    posterior = np.full((labels.size, groups), rest)
    posterior[np.arange(labels.size), labels] = OWN_MASS if groups > 1 else 1.0
    return posterior


def _distances(features: FloatArray, centers: FloatArray) -> FloatArray:
    return np.asarray(((features[:, None, :] - centers[None, :, :]) ** 2).sum(axis=2))
