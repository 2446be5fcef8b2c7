"""Qualitative comparative analysis for small numbers of cases (Ragin 1987, 2008)."""

from vestige.casefiles.qca.analyse import QcaData, QcaResult, QcaSettings, compare_configurations, memberships_of

__all__ = ["QcaData", "QcaResult", "QcaSettings", "compare_configurations", "memberships_of"]
