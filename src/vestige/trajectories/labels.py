"""Group labels: numbering by level, moving parameters along, and matching the groups of two fits."""

from collections.abc import Sequence

import numpy as np

from vestige.trajectories.compiled import FloatArray, IntArray
from vestige.trajectories.likelihood import Evaluator


def level_orders(evaluator: Evaluator, parameters: FloatArray) -> tuple[IntArray, ...]:
    """For each outcome, its groups from the lowest to the highest mean expected response over the observed times.

    Outcomes that share their groups take the first's order; a drop-out part takes that of the outcome before it.
    """
    orders: list[IntArray] = []
    outcomes = evaluator.layout.outcomes
    for position, outcome in enumerate(outcomes):
        if orders and (outcome.auxiliary or np.array_equal(outcome.class_group, outcomes[0].class_group)):
            orders.append(orders[-1])
            continue
        first = np.unique(evaluator.cells[position].time, return_index=True)[1]
        expected = outcome.family.mean([value[first] for value in evaluator.predictors(position, parameters)])
        orders.append(np.argsort(expected.mean(axis=0), kind="stable"))
    return tuple(orders)


def relabelled(evaluator: Evaluator, parameters: FloatArray, order: Sequence[int] | IntArray) -> FloatArray:
    """Parameters after group `order[k]` has become group k, where all outcomes share groups of the same shape."""
    return relabelled_outcomes(evaluator, parameters, [np.asarray(order)] * len(evaluator.layout.outcomes))


def relabelled_outcomes(evaluator: Evaluator, parameters: FloatArray, orders: Sequence[IntArray]) -> FloatArray:
    """Parameters after each outcome's group `orders[outcome][k]` has become its group k, all of the same shape."""
    layout, moved = evaluator.layout, parameters.copy()
    for outcome, order in zip(layout.outcomes, orders, strict=True):
        for part in outcome.predictors:
            for group, slots in enumerate(part.slots):
                moved[slots] = parameters[part.slots[order[group]]]
    old = np.array([outcome.class_group for outcome in layout.outcomes]).T
    new = np.array([order[outcome.class_group] for outcome, order in zip(layout.outcomes, orders, strict=True)]).T
    source = (new[:, None, :] == old[None, :, :]).all(axis=2).argmax(axis=1)
    membership = layout.membership(parameters)[source]
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
