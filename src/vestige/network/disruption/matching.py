"""Random members of like activity, and what is known of a network."""

from typing import Final

import numpy as np

from vestige.network.disruption.orders import Neighbours
from vestige.network.disruption.settings import KnowledgeSettings
from vestige.statistics.compiled import FloatArray, IntArray

FIRST_STRATUM: Final = 10
"""Members in the stratum of the most active; each further one has twice as many."""


def activity_strata(activity: FloatArray, generator: np.random.Generator) -> IntArray:
    """Stratum of each member by rank of activity: the 10 most active, the next 20, the next 40, and so on.

    Activity is heavy-tailed: at its top few members are alike, further down very many are. Equals are put in random
    order.
    """
    ranked = np.lexsort((generator.random(activity.size), -activity))
    place = np.empty(activity.size, dtype=np.int64)
    place[ranked] = np.arange(activity.size)
    return np.floor(np.log2(place / FIRST_STRATUM + 1)).astype(np.int64)


def matched_order(order: IntArray, strata: IntArray, generator: np.random.Generator) -> IntArray:
    """For each member of an order another draw from the same stratum, without replacement.

    Members of a stratum are exchanged at random, so that the two sequences have the same number of each stratum at
    every length: what differs between them is not how active those are who were removed.
    """
    exchanged = np.empty(strata.size, dtype=np.int64)
    for stratum in np.unique(strata):
        own = np.flatnonzero(strata == stratum)
        exchanged[own] = generator.permutation(own)
    return exchanged[order]


def seen_network(neighbours: Neighbours, settings: KnowledgeSettings, generator: np.random.Generator) -> Neighbours:
    """The network as whoever plans sees it: some ties are missing, some are false."""
    if settings.complete:
        return neighbours
    first, second = neighbours.pairs()
    kept = generator.random(first.size) < settings.ties_seen
    false = round(settings.decoys * int(kept.sum()))
    invented = generator.integers(0, neighbours.size, size=(2, false))
    return Neighbours.from_pairs(
        np.concatenate([first[kept], invented[0]]), np.concatenate([second[kept], invented[1]]), neighbours.size
    )
