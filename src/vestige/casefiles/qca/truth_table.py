"""The truth table: every configuration of conditions, its cases, and whether they share the outcome."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from vestige.casefiles.agreement.matrix import Floats
from vestige.casefiles.qca.fit import sufficiency, term_members
from vestige.casefiles.qca.minimise import Term

MOST_CONDITIONS: Final = 12
HALF: Final = 0.5


class Outcome(StrEnum):
    """What a configuration leads to."""

    PRESENT = "1"
    ABSENT = "0"
    CONTRADICTORY = "C"
    REMAINDER = "?"


@dataclass(frozen=True)
class Configuration:
    """One row.

    Attributes:
        row: its bits, the first condition the highest; row + 1 is the number R's QCA gives it.
        outcome: what it leads to.
        cases: cases whose membership in it is above one half.
        consistency: share of membership that also belongs to the outcome; None without cases.
        pri: proportional reduction in inconsistency; None without cases.
    """

    row: int
    outcome: Outcome
    cases: tuple[str, ...]
    consistency: float | None
    pri: float | None


def truth_table(
    conditions: Floats,
    outcome: Floats,
    cases: Sequence[str],
    *,
    fewest_cases: int = 1,
    consistent: float = 1.0,
    inconsistent: float | None = None,
) -> tuple[Configuration, ...]:
    """Every configuration in the order of its bits.

    Args:
        conditions: cases x conditions, memberships between 0 and 1.
        outcome: membership of each case.
        cases: their ids.
        fewest_cases: below so many cases a configuration is a remainder.
        consistent: from this consistency on, the configuration leads to the outcome.
        inconsistent: below this consistency it does not; between the two it is contradictory. `consistent` if None.
    """
    size = conditions.shape[1]
    lower = consistent if inconsistent is None else inconsistent
    full = (1 << size) - 1
    rows = []
    for row in range(1 << size):
        members = term_members(Term(full, row), conditions)
        inside = tuple(case for case, member in zip(cases, members, strict=True) if member > HALF)
        if len(inside) < fewest_cases or not inside:
            rows.append(Configuration(row, Outcome.REMAINDER, inside, None, None))
            continue
        fit = sufficiency(members, outcome)
        reached = (fit.consistency or 0.0) + 1e-12
        state = Outcome.PRESENT if reached >= consistent else Outcome.ABSENT
        if lower <= reached < consistent:
            state = Outcome.CONTRADICTORY
        rows.append(Configuration(row, state, inside, fit.consistency, fit.pri))
    return tuple(rows)


def ambiguous_cases(conditions: Floats, cases: Sequence[str]) -> tuple[str, ...]:
    """Cases with a membership of exactly one half, which belong to no configuration."""
    half = np.flatnonzero(np.any(np.isclose(conditions, HALF), axis=1))
    return tuple(cases[int(place)] for place in half)
