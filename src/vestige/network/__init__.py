"""Networks of members: who wrote in the same threads, who answered, thanked or messaged whom."""

from vestige.network.build import build_network, edge_expression
from vestige.network.exports import ExportFormat, export_network
from vestige.network.graph import AnyNetwork, Network, TwoModeNetwork
from vestige.network.measures import Measure
from vestige.network.overlap import Overlap, compare_networks, top_members
from vestige.network.position_values import Effort
from vestige.network.positions import PositionResult, PositionSettings, measure_positions
from vestige.network.reading import node_numbers, read_edge_list
from vestige.network.role_records import Labels, LabelSettings, read_labels
from vestige.network.role_settings import RoleSettings, Timing
from vestige.network.role_transfer import transfer_roles
from vestige.network.roles import RoleResult, evaluate_roles
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
from vestige.network.windows import NetworkSeries, WindowSettings, build_windows, growth_chart

__all__ = [
    "AnyNetwork",
    "EdgeListSettings",
    "Effort",
    "ExportFormat",
    "LabelSettings",
    "Labels",
    "Measure",
    "Network",
    "NetworkKind",
    "NetworkSeries",
    "NetworkSettings",
    "Overlap",
    "PositionResult",
    "PositionSettings",
    "Projection",
    "ProjectionSettings",
    "ReplyRule",
    "RoleResult",
    "RoleSettings",
    "Source",
    "StructureResult",
    "StructureSettings",
    "Timing",
    "TwoModeNetwork",
    "WindowSettings",
    "build_network",
    "build_windows",
    "compare_networks",
    "edge_expression",
    "evaluate_roles",
    "export_network",
    "growth_chart",
    "measure_positions",
    "measure_structure",
    "node_numbers",
    "read_edge_list",
    "read_labels",
    "top_members",
    "transfer_roles",
]
