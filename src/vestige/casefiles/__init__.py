"""Coded case files: studies, agreement between coders, tables and figures, crime scripts, claims, ledgers."""

from importlib import import_module
from typing import Any

_VERBS = {
    "check_study": "vestige.casefiles.check",
    "measure_agreement": "vestige.casefiles.agreement",
    "new_study": "vestige.casefiles.templates",
    "open_study": "vestige.casefiles.check",
}

__all__ = ["check_study", "measure_agreement", "new_study", "open_study"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a module attribute can be anything
    if name in _VERBS:
        return getattr(import_module(_VERBS[name]), name)
    raise AttributeError(f"module 'vestige.casefiles' has no attribute {name!r}")
