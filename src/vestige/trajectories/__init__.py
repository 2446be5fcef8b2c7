"""Group-based trajectory models (Nagin 1999, 2005): paths over time, and who follows which."""

from vestige.inputs import read_table_file as read_table
from vestige.trajectories.adequacy import adequacy_findings, predictive_checks
from vestige.trajectories.compare import compare_fits, replicate_trajectories
from vestige.trajectories.export_data import export_data
from vestige.trajectories.exports import Language, export_code
from vestige.trajectories.fit import fit_dual_trajectories, fit_multi_trajectories, fit_trajectories
from vestige.trajectories.histories import Panel, SparseCounts
from vestige.trajectories.panel import AfterBan, Before, Clock, PanelSettings, Removed, build_panel
from vestige.trajectories.partitions import PartitionedPanel, partition_panel
from vestige.trajectories.predict import expected_paths, predict_membership
from vestige.trajectories.profiles import ProfileSettings, profile_groups
from vestige.trajectories.readers import long_panel, wide_panel
from vestige.trajectories.release import released_tables
from vestige.trajectories.resampling import (
    BootstrapKind,
    BootstrapSettings,
    bootstrap_group_test,
    bootstrap_trajectories,
    cross_validate,
)
from vestige.trajectories.result import TrajectoryResult
from vestige.trajectories.selection import SelectionResult, SelectionSettings, select_trajectories
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
from vestige.trajectories.traits import member_traits

__all__ = [
    "AfterBan",
    "Basis",
    "Before",
    "BootstrapKind",
    "BootstrapSettings",
    "Clock",
    "DualTrajectorySettings",
    "Family",
    "Language",
    "MultiTrajectorySettings",
    "Panel",
    "PanelSettings",
    "PartitionedPanel",
    "PathSettings",
    "ProfileSettings",
    "Removed",
    "Scope",
    "SearchSettings",
    "SelectionResult",
    "SelectionSettings",
    "SparseCounts",
    "TrajectoryResult",
    "TrajectorySettings",
    "adequacy_findings",
    "bootstrap_group_test",
    "bootstrap_trajectories",
    "build_panel",
    "compare_fits",
    "cross_validate",
    "expected_paths",
    "export_code",
    "export_data",
    "fit_dual_trajectories",
    "fit_multi_trajectories",
    "fit_trajectories",
    "long_panel",
    "member_traits",
    "partition_panel",
    "predict_membership",
    "predictive_checks",
    "profile_groups",
    "read_table",
    "released_tables",
    "replicate_trajectories",
    "select_trajectories",
    "wide_panel",
]
