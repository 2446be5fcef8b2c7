"""What a simulated disruption is: who is removed, with what knowledge, and what the network does about it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from vestige.errors import SettingsError
from vestige.network.disruption.orders import OrderSettings, Strategy

MOST_REPLICATIONS: Final = 10_000
MOST_POINTS: Final = 1_001
DEFAULT_STRATEGIES: Final = (
    Strategy.RANDOM,
    Strategy.DEGREE,
    Strategy.ADAPTIVE_DEGREE,
    Strategy.PAGERANK,
    Strategy.COREHD,
    Strategy.COLLECTIVE_INFLUENCE,
    Strategy.NETWORK_DISMANTLING,
)


def _require(condition: bool, name: str, rule: str) -> None:
    if not condition:
        raise SettingsError(f"{name} must be {rule}", hint="see docs/explanation/disruption.md")


def chosen_strategies(names: Sequence[str]) -> tuple[Strategy, ...]:
    """Strategies by name, each once; raises SettingsError for an unknown one."""
    if not set(names) <= set(Strategy):
        raise SettingsError("there is no such strategy", hint=f"choose among {', '.join(Strategy)}")
    return tuple(dict.fromkeys(Strategy(own) for own in names))


@dataclass(frozen=True)
class KnowledgeSettings:
    """What whoever plans a removal knows of the network; outcomes are always taken from the whole network.

    Attributes:
        ties_seen: share of the ties that are seen, each by itself.
        decoys: false ties between random members, as a share of the ties seen.
    """

    ties_seen: float = 1.0
    decoys: float = 0.0

    def __post_init__(self) -> None:
        """Refuse shares outside their range."""
        _require(0 < self.ties_seen <= 1, "ties_seen", "above 0 and at most 1")
        _require(0 <= self.decoys <= 10, "decoys", "between 0 and 10")  # noqa: PLR2004 - a bound, not a threshold

    @property
    def complete(self) -> bool:
        """Whether everything is seen and nothing false."""
        return self.ties_seen == 1 and self.decoys == 0


class Rewiring(StrEnum):
    """Whom a member who lost a tie to a removal turns to (Duijn, Kashirin and Sloot 2014).

    none: to nobody.
    random: to anybody.
    distance: to somebody two steps away, else to another who lost the same contact.
    degree: to anybody, in proportion to their ties.
    """

    NONE = "none"
    RANDOM = "random"
    DISTANCE = "distance"
    DEGREE = "degree"


@dataclass(frozen=True)
class RecoverySettings:
    """What the others do after a removal.

    Attributes:
        rewiring: whom those turn to who lost a tie.
        rewired: chance that such a member makes one new tie for the one lost.
        replaced: chance that a newcomer takes a removed member's place.
        inherited: chance that a newcomer keeps each tie of who was there before. What that member had written or
            uploaded stays lost.
    """

    rewiring: Rewiring = Rewiring.NONE
    rewired: float = 1.0
    replaced: float = 0.0
    inherited: float = 0.5

    def __post_init__(self) -> None:
        """Refuse what no recovery can be."""
        if self.rewiring not in set(Rewiring):
            raise SettingsError("there is no such rewiring", hint=f"choose one of {', '.join(Rewiring)}")
        object.__setattr__(self, "rewiring", Rewiring(self.rewiring))
        for name in ("rewired", "replaced", "inherited"):
            _require(0 <= getattr(self, name) <= 1, name, "between 0 and 1")

    @property
    def active(self) -> bool:
        """Whether anything happens."""
        return (self.rewiring is not Rewiring.NONE and self.rewired > 0) or self.replaced > 0


@dataclass(frozen=True)
class ArrestSettings:
    """Removals that arrive over time.

    Attributes:
        periods: number of periods.
        each: expected removals a period; their number is Poisson.
        success: chance that an attempt removes its target; a target that gets away is not tried again.
    """

    periods: int = 20
    each: float = 5.0
    success: float = 1.0

    def __post_init__(self) -> None:
        """Refuse what cannot be simulated."""
        _require(1 <= self.periods <= MOST_POINTS, "periods", f"between 1 and {MOST_POINTS:,}")
        _require(0 < self.each <= 1e6, "each", "above 0 and at most a million")  # noqa: PLR2004 - a bound
        _require(0 < self.success <= 1, "success", "above 0 and at most 1")


@dataclass(frozen=True)
class DisruptionSettings:
    """Choices of a simulated disruption.

    Attributes:
        strategies: orders of removal that follow from the network.
        reinsertion: whether these orders are bettered by reinsertion.
        by: columns after which members are removed: "role", a trace of `dataset` such as "posts" or "downloads
            served", or a column of `attributes`. Of text, each of its values is a removal of its own, in random
            order; numbers are removed highest first.
        cost: column of `attributes` with the cost of each removal, above 0; None for the same for all.
        matched: whether each removal is compared with random members of like activity.
        up_to: share of the members (of the cost, where there is one) up to which curves are drawn.
        points: points of a curve.
        replications: how often everything random is drawn again.
        confidence: of intervals.
        efficiency: whether efficiency is computed, which takes most of the time.
        component: size of the largest component, as a share of all members, that counts as broken.
        lost: share of content whose loss is asked for; 0.3 in Wolak, Liberatore and Levine (2014).
        knowledge: what is known of the network.
        recovery: what the others do.
        arrests: removals over time; None for one removal after the other.
        orders: how much is computed for betweenness.
    """

    strategies: tuple[Strategy, ...] = DEFAULT_STRATEGIES
    reinsertion: bool = False
    by: tuple[str, ...] = ()
    cost: str | None = None
    matched: bool = True
    up_to: float = 0.3
    points: int = 31
    replications: int = 20
    confidence: float = 0.95
    efficiency: bool = True
    component: float = 0.1
    lost: float = 0.3
    knowledge: KnowledgeSettings = KnowledgeSettings()
    recovery: RecoverySettings = RecoverySettings()
    arrests: ArrestSettings | None = None
    orders: OrderSettings = field(default_factory=OrderSettings)

    def __post_init__(self) -> None:
        """Refuse settings outside their range."""
        object.__setattr__(self, "strategies", chosen_strategies(self.strategies))
        _require(bool(self.strategies or self.by), "strategies", "at least one, unless columns are given")
        _require(0 < self.up_to <= 1, "up_to", "above 0 and at most 1")
        _require(2 <= self.points <= MOST_POINTS, "points", f"between 2 and {MOST_POINTS:,}")  # noqa: PLR2004 - both ends
        _require(1 <= self.replications <= MOST_REPLICATIONS, "replications", f"between 1 and {MOST_REPLICATIONS:,}")
        for name in ("confidence", "component", "lost"):
            _require(0 < getattr(self, name) < 1, name, "between 0 and 1")
