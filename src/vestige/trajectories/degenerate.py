"""What can be wrong with an optimum: empty groups, twins, a collapsed sigma, values on the edge of their range."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from vestige.trajectories.compiled import FloatArray
from vestige.trajectories.layout import TAU_LIMIT, OutcomeLayout
from vestige.trajectories.likelihood import Evaluator

EMPTY_MEMBERS: Final = 0.5
TWIN_DISTANCE: Final = 1e-4
EDGE: Final = 1e-6
EDGE_LOGIT: Final = 13.8
RUNAWAY_TAU: Final = 20.0


class DefectKind(StrEnum):
    """Kinds of degenerate solutions."""

    EMPTY_GROUP = "empty-group"
    TWIN_GROUPS = "twin-groups"
    COLLAPSED_SPREAD = "collapsed-spread"
    SEPARATION = "separation"
    VANISHED_ZEROS = "vanished-zeros"
    POISSON_LIMIT = "poisson-limit"
    UNBOUNDED_TAU = "unbounded-tau"


DISQUALIFYING: Final = frozenset({DefectKind.EMPTY_GROUP, DefectKind.TWIN_GROUPS, DefectKind.COLLAPSED_SPREAD})


@dataclass(frozen=True)
class Defect:
    """One degenerate trait of an optimum.

    Attributes:
        kind: what it is.
        outcome: position of the outcome.
        groups: inner numbers of the groups concerned.
    """

    kind: DefectKind
    outcome: int
    groups: tuple[int, ...]

    @property
    def disqualifies(self) -> bool:
        """Whether such an optimum must not win over a sound one."""
        return self.kind in DISQUALIFYING


def defects_of(evaluator: Evaluator, parameters: FloatArray) -> tuple[Defect, ...]:
    """All degenerate traits of a solution."""
    sums = evaluator.expectation(parameters)
    defects = []
    for position, outcome in enumerate(evaluator.layout.outcomes):
        mass = evaluator.group_weights(position, sums)
        sizes = np.zeros(outcome.groups)
        np.add.at(sizes, outcome.class_group, sums.kind_weights.sum(axis=0))
        empty = [group for group in range(outcome.groups) if sizes[group] < EMPTY_MEMBERS]
        if empty and not outcome.auxiliary:
            defects.append(Defect(DefectKind.EMPTY_GROUP, position, tuple(empty)))
        values = evaluator.predictors(position, parameters)
        if not outcome.auxiliary:
            defects += _twins(position, outcome, values)
        defects += _edges(position, outcome, parameters, values, mass)
    return tuple(defects)


def _twins(position: int, outcome: OutcomeLayout, values: list[FloatArray]) -> list[Defect]:
    found = []
    for one in range(outcome.groups):
        for other in range(one + 1, outcome.groups):
            apart = max(float(np.abs(value[:, one] - value[:, other]).max()) for value in values)
            same_classes = outcome.groups == outcome.class_group.size
            if apart < TWIN_DISTANCE * outcome.predictors[0].stride and same_classes:
                found.append(Defect(DefectKind.TWIN_GROUPS, position, (one, other)))
    return found


def _edges(
    position: int, outcome: OutcomeLayout, parameters: FloatArray, values: list[FloatArray], mass: FloatArray
) -> list[Defect]:
    found = []
    floors = {"sigma": DefectKind.COLLAPSED_SPREAD, "dispersion": DefectKind.POISSON_LIMIT}
    for part, value in zip(outcome.predictors, values, strict=True):
        if part.name in floors:
            margin = 0.0 if part.name == "sigma" else 4.0
            at_floor = [
                group for group, slots in enumerate(part.slots) if parameters[slots[0]] <= part.floor + margin + 1e-9
            ]
            if at_floor:
                found.append(Defect(floors[part.name], position, tuple(at_floor)))
        elif part.name == "tau":
            runaway = [group for group, slots in enumerate(part.slots) if abs(parameters[slots[0]]) >= TAU_LIMIT]
            if runaway:
                found.append(Defect(DefectKind.UNBOUNDED_TAU, position, tuple(runaway)))
        elif part.name == "curve" and outcome.family.predictors[0] == "curve" and outcome.settings.family != "cnorm":
            limits = [group for group in range(outcome.groups) if _on_edge(value[:, group], mass[:, group])]
            if limits:
                found.append(Defect(DefectKind.SEPARATION, position, tuple(limits)))
        elif part.name == "zero":
            gone = [
                group
                for group, slots in enumerate(part.slots)
                if slots.size and value[mass[:, group] > 0, group].max(initial=-np.inf) < -EDGE_LOGIT
            ]
            if gone:
                found.append(Defect(DefectKind.VANISHED_ZEROS, position, tuple(gone)))
    return found


def _on_edge(value: FloatArray, mass: FloatArray) -> bool:
    """Whether a group's rate or probability runs to the edge of its range at some time it is observed."""
    inside = value[mass > EDGE]
    return bool(inside.size and inside.min() < -EDGE_LOGIT)


def tau_limit(evaluator: Evaluator, parameters: FloatArray) -> FloatArray | None:
    """The parameters with every tau that runs away at its bound, None where none does.

    The log-odds of a structural zero, -tau times the curve, stay: the curve shrinks as its tau grows, the rate tends
    to one, and what is left of the group is a polynomial in the log-odds.
    """
    moved = parameters.copy()
    for outcome in evaluator.layout.outcomes:
        curve = outcome.predictors[0]
        for part in outcome.predictors:
            if part.name != "tau" or part.shared:
                continue
            for group, slots in enumerate(part.slots):
                tau = parameters[slots[0]]
                if abs(tau) >= RUNAWAY_TAU:
                    moved[slots[0]] = np.sign(tau) * TAU_LIMIT
                    moved[curve.slots[group]] = parameters[curve.slots[group]] * abs(tau) / TAU_LIMIT
    return None if np.array_equal(moved, parameters) else moved
