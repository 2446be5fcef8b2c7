"""Networks of members: who wrote in the same threads, who answered, thanked or messaged whom."""

from vestige.network.build import build_network, edge_expression
from vestige.network.exports import ExportFormat, export_network
from vestige.network.graph import AnyNetwork, Network, TwoModeNetwork
from vestige.network.overlap import Overlap, compare_networks
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
from vestige.network.structure import StructureResult, StructureSettings, measure_structure
from vestige.network.windows import NetworkSeries, WindowSettings, build_windows

__all__ = [
    "AnyNetwork",
    "EdgeListSettings",
    "ExportFormat",
    "Network",
    "NetworkKind",
    "NetworkSeries",
    "NetworkSettings",
    "Overlap",
    "Projection",
    "ProjectionSettings",
    "ReplyRule",
    "Source",
    "StructureResult",
    "StructureSettings",
    "TwoModeNetwork",
    "WindowSettings",
    "build_network",
    "build_windows",
    "compare_networks",
    "edge_expression",
    "export_network",
    "measure_structure",
    "read_edge_list",
]
