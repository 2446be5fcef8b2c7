"""Vestige: study hidden communities from the traces they leave, without their content.

The public verbs load on first use, so that `import vestige` stays fast.
"""

from importlib import import_module
from typing import Any

from vestige.version import __version__

_VERBS = {
    "build_network": "vestige.network",
    "build_report": "vestige.report",
    "check_study": "vestige.casefiles",
    "classify_objects": "vestige.derive.classifying",
    "compare_configurations": "vestige.casefiles",
    "compare_member": "vestige.activity",
    "derive_dataset": "vestige.derive.pipeline",
    "derive_log": "vestige.derive.log.deriving",
    "describe_dataset": "vestige.activity",
    "evaluate_roles": "vestige.network",
    "find_key_set": "vestige.network.key_sets",
    "fit_attainment": "vestige.careers",
    "fit_dual_trajectories": "vestige.trajectories",
    "fit_multi_trajectories": "vestige.trajectories",
    "fit_profile": "vestige.activity",
    "fit_trajectories": "vestige.trajectories",
    "forecast_activity": "vestige.careers",
    "measure_agreement": "vestige.casefiles",
    "measure_careers": "vestige.careers",
    "measure_concentration": "vestige.activity",
    "measure_groups": "vestige.activity",
    "measure_likelihood_ratio": "vestige.activity",
    "measure_participation": "vestige.activity",
    "measure_positions": "vestige.network",
    "measure_sessions": "vestige.activity",
    "measure_structure": "vestige.network",
    "measure_volume": "vestige.activity",
    "merge_datasets": "vestige.dataset",
    "open_dataset": "vestige.dataset",
    "open_source": "vestige.derive.opening",
    "open_study": "vestige.casefiles",
    "read_codebook": "vestige.casefiles",
    "read_edge_list": "vestige.network",
    "select_trajectories": "vestige.trajectories",
    "simulate_disruption": "vestige.network.disruption",
    "simulate_forum": "vestige.simulate",
    "validate_dataset": "vestige.dataset",
}

__all__ = [
    "__version__",
    "build_network",
    "build_report",
    "check_study",
    "classify_objects",
    "compare_configurations",
    "compare_member",
    "derive_dataset",
    "derive_log",
    "describe_dataset",
    "evaluate_roles",
    "find_key_set",
    "fit_attainment",
    "fit_dual_trajectories",
    "fit_multi_trajectories",
    "fit_profile",
    "fit_trajectories",
    "forecast_activity",
    "measure_agreement",
    "measure_careers",
    "measure_concentration",
    "measure_groups",
    "measure_likelihood_ratio",
    "measure_participation",
    "measure_positions",
    "measure_sessions",
    "measure_structure",
    "measure_volume",
    "merge_datasets",
    "open_dataset",
    "open_source",
    "open_study",
    "read_codebook",
    "read_edge_list",
    "select_trajectories",
    "simulate_disruption",
    "simulate_forum",
    "validate_dataset",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a module attribute can be anything
    if name in _VERBS:
        return getattr(import_module(_VERBS[name]), name)
    raise AttributeError(f"module 'vestige' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
