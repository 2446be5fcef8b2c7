"""Rough parameters from a posterior: each group's mean and variance, through the family."""

import numpy as np

from vestige.trajectories.compiled import FloatArray
from vestige.trajectories.likelihood import Evaluator, Expectation


def initial_parameters(evaluator: Evaluator, sums: Expectation) -> FloatArray:
    """(parameters,) flat curves at each group's level, to begin the first M-step from."""
    parameters = np.zeros(evaluator.layout.size)
    for position, (outcome, cells) in enumerate(zip(evaluator.layout.outcomes, evaluator.cells, strict=True)):
        mass = evaluator.group_weights(position, sums)
        response = cells.response[:, None]
        scale = np.ones_like(response) if cells.offset is None else np.exp(cells.offset)[:, None]
        total = np.maximum((mass * scale).sum(axis=0), 1e-12)
        mean = (mass * response).sum(axis=0) / total
        variance = (mass * (response - mean * scale) ** 2).sum(axis=0) / np.maximum(mass.sum(axis=0), 1e-12)
        for part, value in zip(outcome.predictors, outcome.family.initial(mean, variance), strict=True):
            for group, slots in enumerate(part.slots):
                if slots.size:
                    parameters[slots[0]] = value.mean() if part.shared else value[group]
    return parameters
