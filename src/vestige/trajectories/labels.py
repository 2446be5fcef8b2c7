"""Group labels: numbering by level, moving parameters along, and matching the groups of two fits."""

from collections.abc import Sequence

import numpy as np

from vestige.trajectories.compiled import FloatArray, IntArray
from vestige.trajectories.likelihood import Evaluator


def level_order(evaluator: Evaluator, parameters: FloatArray) -> IntArray:
    """Groups from the lowest to the highest mean expected response of the first outcome over its observed times."""
    outcome, cells = evaluator.layout.outcomes[0], evaluator.cells[0]
    times, first = np.unique(cells.time, return_index=True)
    del times
    expected = outcome.family.mean([value[first] for value in evaluator.predictors(0, parameters)])
    return np.argsort(expected.mean(axis=0), kind="stable")


def relabelled(evaluator: Evaluator, parameters: FloatArray, order: Sequence[int] | IntArray) -> FloatArray:
    """Parameters after group `order[k]` has become group k, where all outcomes share groups of the same shape."""
    layout, moved = evaluator.layout, parameters.copy()
    for outcome in layout.outcomes:
        for part in outcome.predictors:
            for group, slots in enumerate(part.slots):
                moved[slots] = parameters[part.slots[order[group]]]
    membership = layout.membership(parameters)[np.asarray(order)]
    moved[: layout.membership_size] = (membership - membership[0])[1:].ravel()
    return moved


def match_groups(reference: FloatArray, other: FloatArray) -> IntArray:
    """For each group of the reference, the group of the other fit with the nearest path (Hungarian algorithm).

    Args:
        reference: (times, groups) expected paths.
        other: (times, groups) expected paths, at least as many groups.
    """
    from scipy.optimize import linear_sum_assignment

    scale = np.maximum(np.abs(reference).mean(), 1e-12)
    squeezed, compared = np.arcsinh(reference / scale), np.arcsinh(other / scale)
    distance = ((squeezed[:, :, None] - compared[:, None, :]) ** 2).sum(axis=0)
    return np.asarray(linear_sum_assignment(distance)[1], dtype=np.int64)
