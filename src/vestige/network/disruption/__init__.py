"""Which removals break a network, beside random removals of members of like activity."""

from vestige.network.disruption.orders import (
    Neighbours,
    OrderSettings,
    Strategy,
    dismantling_area,
    reinserted,
    removal_order,
)
from vestige.network.disruption.result import DisruptionResult
from vestige.network.disruption.settings import (
    ArrestSettings,
    DisruptionSettings,
    KnowledgeSettings,
    RecoverySettings,
    Rewiring,
)
from vestige.network.disruption.simulate import simulate_disruption

__all__ = [
    "ArrestSettings",
    "DisruptionResult",
    "DisruptionSettings",
    "KnowledgeSettings",
    "Neighbours",
    "OrderSettings",
    "RecoverySettings",
    "Rewiring",
    "Strategy",
    "dismantling_area",
    "reinserted",
    "removal_order",
    "simulate_disruption",
]
