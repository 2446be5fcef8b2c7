"""Group-based trajectory models (Nagin 1999, 2005): paths over time, and who follows which."""

from vestige.trajectories.fit import fit_dual_trajectories, fit_multi_trajectories, fit_trajectories
from vestige.trajectories.histories import Panel, SparseCounts
from vestige.trajectories.result import TrajectoryResult
from vestige.trajectories.settings import (
    Basis,
    DualTrajectorySettings,
    Family,
    MultiTrajectorySettings,
    PathSettings,
    Scope,
    SearchSettings,
    TrajectorySettings,
)

__all__ = [
    "Basis",
    "DualTrajectorySettings",
    "Family",
    "MultiTrajectorySettings",
    "Panel",
    "PathSettings",
    "Scope",
    "SearchSettings",
    "SparseCounts",
    "TrajectoryResult",
    "TrajectorySettings",
    "fit_dual_trajectories",
    "fit_multi_trajectories",
    "fit_trajectories",
]
