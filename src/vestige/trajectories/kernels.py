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
def sum_paths(cells: IndexArray, slopes: FloatArray, base: FloatArray, paths: FloatArray) -> None:
    """Set (classes, path parameters) `paths` to a base and the slopes of listed cells."""
    size = paths.size
    sums, table = paths.reshape(size), slopes.reshape((slopes.shape[0], size))
    sums[:] = base.reshape(size)
    for cell in cells:
        own = table[cell]
        for position in range(size):
            sums[position] += own[position]


@compiled
def add_covariance(
    weight: float, joint: FloatArray, likely: IntArray, rows: FloatArray, expected: FloatArray, sums: FloatArray
) -> None:
    """Add a member's posterior covariance of rows that are zero but for the class.

    Args:
        weight: of the member.
        joint: (classes,) chances.
        likely: the classes with a chance worth counting.
        rows: (classes, row) the row of each class.
        expected: (classes * row,) the rows times their chances, zero for unlikely classes.
        sums: (classes * row, classes * row), upper triangle added to; within a class the whole block.
    """
    width = rows.shape[1]
    for group in likely:
        further = expected[(group + 1) * width :]
        for left in range(width):
            target = sums[group * width + left]
            scaled = weight * expected[group * width + left]
            own, later = target[group * width : (group + 1) * width], target[(group + 1) * width :]
            within = scaled * (1.0 - joint[group])
            for right in range(width):
                own[right] += within * rows[group, right]
            for right in range(further.size):
                later[right] -= scaled * further[right]


@compiled
def add_square(weight: float, values: FloatArray, sums: FloatArray) -> None:
    """Add the outer product of a vector with itself to the upper triangle of `sums`."""
    for left in range(values.size):
        target, further = sums[left, left:], values[left:]
        scaled = weight * values[left]
        for right in range(further.size):
            target[right] += scaled * further[right]


@Pass
def information_pass(  # noqa: C901, D417 - one pass over a member; shared arguments are described above
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
        covariance: (chunks, classes * row, classes * row), upper triangle added to.
        meat: as `covariance`, added to when `robust`.

    The other arguments are as in `expectation_pass`.
    """
    classes, width = slopes.shape[1:]
    columns = risk.shape[1]
    for chunk in irange(bounds.size - 1):
        joint, likely = np.empty(classes), np.empty(classes, dtype=np.int64)
        paths, rows = np.empty((classes, width)), np.empty((classes, columns + width))
        own_covariance, own_meat = covariance[chunk], meat[chunk * robust]
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
            sum_paths(cells[start[member] : start[member + 1]], slopes, base_slopes[own], paths)
            expected = np.zeros(classes * (columns + width))
            for group in likely[:number]:
                rows[group, :columns] = risk[own]
                rows[group, columns:] = paths[group]
                for position in range(columns + width):
                    expected[group * (columns + width) + position] = joint[group] * rows[group, position]
            add_covariance(weight[member], joint, likely[:number], rows, expected, own_covariance)
            if robust:
                for group in range(classes):
                    for column in range(columns):
                        place = group * (columns + width) + column
                        expected[place] = (joint[group] - prior[own, group]) * risk[own, column]
                add_square(meat_weight[member], expected, own_meat)


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
def linear_predictors(design: FloatArray, coefficients: FloatArray, values: FloatArray) -> None:
    """Set (cells, groups) `values` to the design times (columns, groups) coefficients."""
    for cell in range(design.shape[0]):
        own = values[cell]
        for group in range(own.size):
            own[group] = 0.0
        for column in range(design.shape[1]):
            for group in range(own.size):
                own[group] += design[cell, column] * coefficients[column, group]


@compiled
def curvature_sums(
    weights: FloatArray,
    first: FloatArray,
    second: FloatArray,
    design: FloatArray,
    owners: IntArray,
    products: IntArray,
    gradient: FloatArray,
    hessian: FloatArray,
) -> None:
    """Gradient and Hessian of a weighted log-density in the coefficients of each group's design columns.

    Args:
        weights: (cells, groups).
        first: (predictors, cells, groups) derivative in each predictor.
        second: (pairs, cells, groups) derivative in each pair of predictors.
        design: (cells, columns) the designs of all predictors side by side.
        owners: (columns,) predictor of each column.
        products: (products, 3) pair of predictors and two columns, pairs ascending.
        gradient: (groups, columns), added to.
        hessian: (groups, products), added to.
    """
    number = products.shape[0]
    values = np.empty(number)
    for cell in range(weights.shape[0]):
        for place in range(number):
            values[place] = design[cell, products[place, 1]] * design[cell, products[place, 2]]
        for group in range(weights.shape[1]):
            mass = weights[cell, group]
            if mass == 0.0:
                continue
            for column in range(owners.size):
                gradient[group, column] += mass * first[owners[column], cell, group] * design[cell, column]
            for place in range(number):
                hessian[group, place] += mass * second[products[place, 0], cell, group] * values[place]


@compiled
def cell_slopes(  # noqa: D417 - shared arguments are described above
    first: tuple[FloatArray, ...], design: FloatArray, columns: IntArray, owners: IntArray, places: IntArray,
    class_group: IntArray, slopes: FloatArray, curve: FloatArray,
) -> None:  # fmt: skip
    """Derivatives of cells' log-densities, and of their curves, in the parameters of each class.

    Args:
        first: as in `curvature_sums`, as are `design`, `columns` and `owners`.
        places: (classes, parameters of a group) position of each parameter among those of the class.
        class_group: (classes,) the group of each class.
        slopes: (cells, classes, parameters of a class), set where a parameter moves the cell.
        curve: the same of the curve alone; or no cell, where it is not wanted.
    """
    for cell in range(slopes.shape[0]):
        for position in range(class_group.size):
            group = class_group[position]
            for one in range(columns.shape[1]):
                if columns[group, one] < 0:
                    break
                owner, place = owners[group, one], places[position, one]
                value = design[cell, columns[group, one]]
                slopes[cell, position, place] = value * first[owner][cell, group]
                if owner == 0 and curve.size:
                    curve[cell, position, place] = value
