"""Networks of members: who wrote in the same threads, who answered, thanked or messaged whom."""

from vestige.network.build import build_network, edge_expression
from vestige.network.graph import AnyNetwork, Network, TwoModeNetwork
from vestige.network.reading import read_edge_list
from vestige.network.settings import (
    EdgeListSettings,
    NetworkKind,
    NetworkSettings,
    Projection,
    ProjectionSettings,
    ReplyRule,
    Source,
)

__all__ = [
    "AnyNetwork",
    "EdgeListSettings",
    "Network",
    "NetworkKind",
    "NetworkSettings",
    "Projection",
    "ProjectionSettings",
    "ReplyRule",
    "Source",
    "TwoModeNetwork",
    "build_network",
    "edge_expression",
    "read_edge_list",
]
