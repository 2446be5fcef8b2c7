"""Coded case files: studies, agreement between coders, tables and figures, crime scripts, claims, ledgers."""

from importlib import import_module
from typing import Any

_VERBS = {
    "check_study": "vestige.casefiles.check",
    "compare_configurations": "vestige.casefiles.qca",
    "measure_agreement": "vestige.casefiles.agreement",
    "measure_overlap_of_coders": "vestige.casefiles.refi",
    "memberships_of": "vestige.casefiles.qca",
    "new_study": "vestige.casefiles.templates",
    "open_study": "vestige.casefiles.check",
    "plan_double_coding": "vestige.casefiles.agreement",
    "read_codebook": "vestige.casefiles.refi",
    "read_project": "vestige.casefiles.refi",
    "write_codebook": "vestige.casefiles.refi",
}

__all__ = [
    "check_study",
    "compare_configurations",
    "measure_agreement",
    "measure_overlap_of_coders",
    "memberships_of",
    "new_study",
    "open_study",
    "plan_double_coding",
    "read_codebook",
    "read_project",
    "write_codebook",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a module attribute can be anything
    if name in _VERBS:
        return getattr(import_module(_VERBS[name]), name)
    raise AttributeError(f"module 'vestige.casefiles' has no attribute {name!r}")
