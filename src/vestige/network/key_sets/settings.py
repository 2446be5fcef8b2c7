"""What makes a set of members a key set."""

from dataclasses import dataclass
from enum import StrEnum

from vestige.errors import SettingsError


class KeySetMeasure(StrEnum):
    """What a set is judged by; Borgatti (2006), Computational and Mathematical Organization Theory 12, 21-34.

    fragmentation: KPP-NEG; share of the pairs left after the set is removed who cannot reach each other (F).
    distance-fragmentation: KPP-NEG; 1 minus the mean of 1 / distance over those pairs (DF).
    reach: KPP-POS; share of all members at most `steps` away from the set, the set included.
    distance-reach: KPP-POS; mean over all members of 1 / distance to the set, 1 within the set.
    """

    FRAGMENTATION = "fragmentation"
    DISTANCE_FRAGMENTATION = "distance-fragmentation"
    REACH = "reach"
    DISTANCE_REACH = "distance-reach"

    @property
    def submodular(self) -> bool:
        """Whether each member adds less the larger the set already is, so that greedy sets can be bounded."""
        return self in {KeySetMeasure.REACH, KeySetMeasure.DISTANCE_REACH}


@dataclass(frozen=True)
class KeySetSettings:
    """Choices of a search.

    Attributes:
        measure: what a set is judged by.
        size: members of the set.
        steps: how far `reach` goes.
        restarts: random sets that swapping begins with, beside the greedy one.
        exhaustive: sets up to which all are tried; then the result is exact. For distance-fragmentation, sets times
            members.
        candidates: of distance-fragmentation, members tried at each step, those with most ties; None for all.
    """

    measure: KeySetMeasure = KeySetMeasure.FRAGMENTATION
    size: int = 3
    steps: int = 2
    restarts: int = 4
    exhaustive: int = 1_000_000
    candidates: int | None = 200

    def __post_init__(self) -> None:
        """Refuse settings outside their range."""
        if self.measure not in set(KeySetMeasure):
            raise SettingsError("there is no such measure", hint=f"choose one of {', '.join(KeySetMeasure)}")
        object.__setattr__(self, "measure", KeySetMeasure(self.measure))
        if self.size < 1 or self.steps < 1:
            raise SettingsError("a set has one member at least and reaches one step", hint="raise size or steps")
        if self.restarts < 0 or self.exhaustive < 0 or (self.candidates is not None and self.candidates < 1):
            raise SettingsError("restarts, exhaustive and candidates are counts", hint="give numbers from 0 or 1")
