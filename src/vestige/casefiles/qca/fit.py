"""Set relations between conditions and an outcome: consistency, coverage, PRI, relevance of necessity.

Sources: Ragin (2006), "Set relations in social research"; Schneider and Wagemann (2012), ch. 5 and 9.
"""

from dataclasses import dataclass

import numpy as np

from vestige.casefiles.agreement.matrix import Floats
from vestige.casefiles.qca.minimise import Term


@dataclass(frozen=True)
class Sufficiency:
    """How far a set is a subset of the outcome; None where the set has no member.

    Attributes:
        consistency: sum of min(x, y) over sum of x.
        pri: proportional reduction in inconsistency, the same without what belongs to outcome and its negation.
        coverage: sum of min(x, y) over sum of y.
    """

    consistency: float | None
    pri: float | None
    coverage: float | None


@dataclass(frozen=True)
class Necessity:
    """How far a set is a superset of the outcome; None where the divisor is 0.

    Attributes:
        consistency: sum of min(x, y) over sum of y.
        coverage: sum of min(x, y) over sum of x.
        relevance: sum of 1 - x over sum of 1 - min(x, y): near 0 when the condition is always there.
    """

    consistency: float | None
    coverage: float | None
    relevance: float | None


def _share(one: float, other: float) -> float | None:
    return one / other if other > 0 else None


def sufficiency(members: Floats, outcome: Floats) -> Sufficiency:
    """Fit of "if the set, then the outcome"."""
    both = np.minimum(members, outcome)
    trivial = float(np.minimum(both, 1 - outcome).sum())
    return Sufficiency(
        _share(float(both.sum()), float(members.sum())),
        _share(float(both.sum()) - trivial, float(members.sum()) - trivial),
        _share(float(both.sum()), float(outcome.sum())),
    )


def necessity(members: Floats, outcome: Floats) -> Necessity:
    """Fit of "only if the set, then the outcome"."""
    both = np.minimum(members, outcome)
    return Necessity(
        _share(float(both.sum()), float(outcome.sum())),
        _share(float(both.sum()), float(members.sum())),
        _share(float((1 - members).sum()), float((1 - both).sum())),
    )


def term_members(term: Term, conditions: Floats) -> Floats:
    """Membership of each case in a term: the smallest of its conditions' memberships, absence being 1 - x."""
    size = conditions.shape[1]
    members = np.ones(len(conditions))
    for place in range(size):
        bit = 1 << (size - 1 - place)
        if term.cared & bit:
            column = conditions[:, place]
            members = np.minimum(members, column if term.value & bit else 1 - column)
    return members


def model_members(terms: tuple[Term, ...], conditions: Floats) -> Floats:
    """Membership of each case in a model: the largest of its terms'."""
    if not terms:
        return np.zeros(len(conditions))
    return np.asarray(np.max([term_members(term, conditions) for term in terms], axis=0))
