"""The passes over all members, compiled. Chunks are fixed by the data, so any number of threads gives the same sums.

A member is a list of cells (rows of a small table of distinct response x time combinations, or, with covariates,
cells of their own) on top of a base, the value of a member of the same kind without any listed cell.
"""

from typing import Final

import numpy as np

from vestige.trajectories.compiled import FloatArray, IndexArray, IntArray, Pass, compiled, irange

NEGLIGIBLE: Final = 1e-20
"""A member's chance of a group below this adds nothing that a sum in double precision could hold."""


@Pass
def expectation_pass(  # noqa: C901 - one pass over a member, nested by nature
    start: IntArray,
    cells: IndexArray,
    kind: IndexArray,
    weight: FloatArray,
    delta: FloatArray,
    base: FloatArray,
    bounds: IntArray,
    slots: IntArray,
    cell_sums: FloatArray,
    kind_sums: FloatArray,
    chunk_loglik: FloatArray,
) -> None:
    """Log-likelihood, and weighted posterior sums by cell and by kind, in one pass.

    Args:
        start: (members + 1,) where each member's cells begin.
        cells: (entries,) rows of `delta`.
        kind: (members,) rows of `base`.
        weight: (members,).
        delta: (cells, classes) log-density of a cell (less that of a zero, where zeros are in the base).
        base: (kinds, classes) log prior plus the log-density of a member's unlisted cells.
        bounds: (chunks + 1,) members of each chunk.
        slots: (2, chunks) slot of the cell sums and of the kind sums that a chunk adds to.
        cell_sums: (slots, cells, classes), added to.
        kind_sums: (slots, kinds, classes), added to.
        chunk_loglik: (chunks,), set.
    """
    classes = delta.shape[1]
    for chunk in irange(bounds.size - 1):
        joint = np.empty(classes)
        total = 0.0
        cell_slot = slots[0, chunk]
        kind_slot = slots[1, chunk]
        for member in range(bounds[chunk], bounds[chunk + 1]):
            own = kind[member]
            for group in range(classes):
                joint[group] = base[own, group]
            for entry in range(start[member], start[member + 1]):
                cell = cells[entry]
                for group in range(classes):
                    joint[group] += delta[cell, group]
            top = joint[0]
            for group in range(1, classes):
                top = max(top, joint[group])
            mass = 0.0
            for group in range(classes):
                joint[group] = np.exp(joint[group] - top)
                mass += joint[group]
            total += weight[member] * (top + np.log(mass))
            scale = weight[member] / mass
            for group in range(classes):
                joint[group] *= scale
                kind_sums[kind_slot, own, group] += joint[group]
            for entry in range(start[member], start[member + 1]):
                cell = cells[entry]
                for group in range(classes):
                    cell_sums[cell_slot, cell, group] += joint[group]
        chunk_loglik[chunk] = total


@Pass
def posterior_pass(
    start: IntArray,
    cells: IndexArray,
    kind: IndexArray,
    delta: FloatArray,
    base: FloatArray,
    bounds: IntArray,
    posterior: FloatArray,
    loglik: FloatArray,
) -> None:
    """Posterior of each member and each member's log-likelihood; arguments as in `expectation_pass`."""
    classes = delta.shape[1]
    for chunk in irange(bounds.size - 1):
        for member in range(bounds[chunk], bounds[chunk + 1]):
            for group in range(classes):
                posterior[member, group] = base[kind[member], group]
            for entry in range(start[member], start[member + 1]):
                cell = cells[entry]
                for group in range(classes):
                    posterior[member, group] += delta[cell, group]
            top = posterior[member, 0]
            for group in range(1, classes):
                top = max(top, posterior[member, group])
            mass = 0.0
            for group in range(classes):
                posterior[member, group] = np.exp(posterior[member, group] - top)
                mass += posterior[member, group]
            for group in range(classes):
                posterior[member, group] /= mass
            loglik[member] = top + np.log(mass)


@Pass
def weighted_sums(
    start: IntArray,
    cells: IndexArray,
    kind: IndexArray,
    weighted: FloatArray,
    bounds: IntArray,
    slots: IntArray,
    cell_sums: FloatArray,
    kind_sums: FloatArray,
) -> None:
    """Sums by cell and by kind of given (members, classes) weights; arguments as in `expectation_pass`."""
    classes = weighted.shape[1]
    for chunk in irange(bounds.size - 1):
        cell_slot = slots[0, chunk]
        kind_slot = slots[1, chunk]
        for member in range(bounds[chunk], bounds[chunk + 1]):
            own = kind[member]
            for group in range(classes):
                kind_sums[kind_slot, own, group] += weighted[member, group]
            for entry in range(start[member], start[member + 1]):
                cell = cells[entry]
                for group in range(classes):
                    cell_sums[cell_slot, cell, group] += weighted[member, group]


@Pass
def member_sums(start: IntArray, cells: IndexArray, values: FloatArray, bounds: IntArray, sums: FloatArray) -> None:
    """Sum of cell values over each member's cells: (cells, columns) to (members, columns)."""
    for chunk in irange(bounds.size - 1):
        for member in range(bounds[chunk], bounds[chunk + 1]):
            for entry in range(start[member], start[member + 1]):
                for column in range(values.shape[1]):
                    sums[member, column] += values[cells[entry], column]


@compiled
def likely_groups(joint: FloatArray, likely: IntArray) -> int:
    """Turn log joint densities into chances, in place; list the groups that are not out of the question, count them."""
    top = joint[0]
    for group in range(1, joint.size):
        top = max(top, joint[group])
    mass = 0.0
    for group in range(joint.size):
        joint[group] = np.exp(joint[group] - top)
        mass += joint[group]
    number = 0
    for group in range(joint.size):
        joint[group] /= mass
        if joint[group] >= NEGLIGIBLE:
            likely[number] = group
            number += 1
    return number


@compiled
def add_products(
    scale: float, one: FloatArray, other: FloatArray, first: int, second: int, sums: FloatArray, chunk: int
) -> None:
    """Add the outer product of a row of one matrix and a row of another."""
    for left in range(one.shape[1]):
        scaled = scale * one[first, left]
        for right in range(other.shape[1]):
            sums[chunk, first, second, left, right] += scaled * other[second, right]


@Pass
def information_pass(  # noqa: C901, PLR0912, D417 - one pass over a member; shared arguments are described above
    start: IntArray,
    cells: IndexArray,
    kind: IndexArray,
    weight: FloatArray,
    meat_weight: FloatArray,
    delta: FloatArray,
    base: FloatArray,
    prior: FloatArray,
    risk: FloatArray,
    slopes: FloatArray,
    base_slopes: FloatArray,
    bounds: IntArray,
    robust: bool,
    covariance: FloatArray,
    meat: FloatArray,
) -> None:
    """Posterior covariance of the complete-data score, and the outer products of members' scores (Louis 1982).

    A class has a row of parameters of its own here, those of its membership and then those of its paths; whoever calls
    adds up what classes share.

    Args:
        prior: (kinds, classes) membership probabilities.
        risk: (kinds, risk columns) the membership design.
        slopes: (cells, classes, path parameters of a class) derivative of `delta`.
        base_slopes: (kinds, classes, path parameters of a class) derivative of the unlisted cells.
        covariance: (chunks, classes, classes, row, row), added to where the first class does not come after the second.
        meat: as `covariance`, added to when `robust`.

    The other arguments are as in `expectation_pass`.
    """
    classes, width = slopes.shape[1:]
    columns = risk.shape[1]
    for chunk in irange(bounds.size - 1):
        joint = np.empty(classes)
        likely = np.empty(classes, dtype=np.int64)
        rows = np.empty((classes, columns + width))
        for member in range(bounds[chunk], bounds[chunk + 1]):
            own = kind[member]
            for group in range(classes):
                joint[group] = base[own, group]
            for entry in range(start[member], start[member + 1]):
                cell = cells[entry]
                for group in range(classes):
                    joint[group] += delta[cell, group]
            number = likely_groups(joint, likely)
            if number == 1 and not robust:
                continue
            for place in range(number):
                group = likely[place]
                rows[group, :columns] = risk[own]
                rows[group, columns:] = base_slopes[own, group]
                for entry in range(start[member], start[member + 1]):
                    for position in range(width):
                        rows[group, columns + position] += slopes[cells[entry], group, position]
            for place in range(number):
                group = likely[place]
                share = weight[member] * joint[group]
                add_products(share * (1.0 - joint[group]), rows, rows, group, group, covariance, chunk)
                for further in range(place + 1, number):
                    add_products(-share * joint[likely[further]], rows, rows, group, likely[further], covariance, chunk)
            if robust:
                for group in range(classes):
                    if joint[group] >= NEGLIGIBLE:
                        rows[group] *= joint[group]
                    else:
                        rows[group] = 0.0
                    rows[group, :columns] = (joint[group] - prior[own, group]) * risk[own]
                for group in range(classes):
                    for other in range(group, classes):
                        add_products(meat_weight[member], rows, rows, group, other, meat, chunk)


@compiled
def with_zeros(listed: FloatArray, zero_of: IndexArray, first: int, weights: FloatArray) -> None:
    """Move the mass of listed cells off the zeros of their times.

    Args:
        listed: (cells, classes) mass of the listed cells of all outcomes.
        zero_of: (cells of one outcome,) the zero at the same time, counted within the outcome.
        first: where the outcome's cells begin.
        weights: (cells, classes), subtracted from.
    """
    for cell in range(zero_of.size):
        for group in range(listed.shape[1]):
            weights[first + zero_of[cell], group] -= listed[first + cell, group]


@compiled
def curvature_sums(
    weights: FloatArray,
    first: FloatArray,
    second: FloatArray,
    design: FloatArray,
    columns: IntArray,
    owners: IntArray,
    slots: IntArray,
    gradient: FloatArray,
    hessian: FloatArray,
) -> None:
    """Gradient and Hessian of a weighted log-density in the parameters of one outcome.

    Args:
        weights: (cells, groups).
        first: (predictors, cells, groups).
        second: (predictors, predictors, cells, groups), upper triangle.
        design: (cells, columns) the designs of all predictors side by side.
        columns: (groups, parameters of a group) columns of `design`, -1 for padding.
        owners: (groups, parameters of a group) predictor of each.
        slots: (groups, parameters of a group) position among all parameters, ascending.
        gradient: (parameters,), added to.
        hessian: (parameters, parameters), upper triangle added to.
    """
    for group in range(columns.shape[0]):
        for cell in range(weights.shape[0]):
            mass = weights[cell, group]
            if mass == 0.0:
                continue
            for one in range(columns.shape[1]):
                if columns[group, one] < 0:
                    break
                owner = owners[group, one]
                value = mass * design[cell, columns[group, one]]
                gradient[slots[group, one]] += value * first[owner, cell, group]
                for other in range(one, columns.shape[1]):
                    if columns[group, other] < 0:
                        break
                    bend = second[owner, owners[group, other], cell, group]
                    hessian[slots[group, one], slots[group, other]] += (
                        value * bend * design[cell, columns[group, other]]
                    )
