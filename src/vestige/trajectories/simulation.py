"""Data drawn from a fitted model, in the shape of the data it was fitted to."""

from typing import TYPE_CHECKING

import numpy as np

from vestige.trajectories.compiled import FloatArray

if TYPE_CHECKING:
    from vestige.trajectories.result import TrajectoryResult


def draw_responses(result: "TrajectoryResult", generator: np.random.Generator) -> list[FloatArray]:
    """One (rows, times) array of responses an outcome, NaN where the panel has none.

    Each row draws a class from its prior, then every response from that class's path; a row that stands for several
    members still draws once.
    """
    evaluator = result.search.evaluator
    layout = evaluator.layout
    prior = evaluator.priors(result.parameters)[evaluator.histories.kind][evaluator.histories.pattern]
    draws = generator.random(len(prior))
    own_class = np.minimum((draws[:, None] > np.cumsum(prior, axis=1)).sum(axis=1), layout.classes - 1)
    drawn = []
    for outcome, panel in enumerate(result.panels):
        position = result.position(outcome)
        own = layout.outcomes[position]
        seen = np.isfinite(panel.dense())
        member, column = np.nonzero(seen)
        time = np.broadcast_to(panel.row_times(), seen.shape)[member, column]
        covariates = np.zeros((member.size, 0)) if panel.covariates is None else panel.covariates[member, column]
        group = own.class_group[own_class[member]]
        predictors = []
        for part in own.predictors:
            design = part.design(time, covariates)
            coefficients = np.zeros((own.groups, design.shape[1]))
            absent = np.zeros(own.groups)
            for place, (columns, slots) in enumerate(zip(part.columns, part.slots, strict=True)):
                coefficients[place, columns] = result.parameters[slots]
                absent[place] = part.absent if columns.size == 0 else 0.0
            value = (design * coefficients[group]).sum(axis=1) + absent[group]
            if part.name == "curve" and panel.exposure is not None:
                value += np.log(panel.exposure[member, column])
            predictors.append(value[:, None])
        values = np.full(seen.shape, np.nan)
        values[member, column] = own.family.draw(predictors, generator)[:, 0]
        drawn.append(values)
    return drawn
