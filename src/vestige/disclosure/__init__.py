"""The one disclosure policy, applied to every table on its way out."""

from vestige.disclosure.check import check_table, check_tables
from vestige.disclosure.overrides import Override, OverrideReason, overriding, read_overrides
from vestige.disclosure.policy import (
    LARGEST_SHARE,
    MINIMUM_MEMBERS,
    RATIO_KINDS,
    RIVAL_PRECISION,
    ROUND_COUNTS_TO,
    SIGNIFICANT_DIGITS,
    Additive,
    ColumnKind,
    ColumnRule,
    Decision,
    Mark,
    Reason,
    Runs,
    TableRule,
)
from vestige.disclosure.safe import SafeTable

__all__ = [
    "LARGEST_SHARE",
    "MINIMUM_MEMBERS",
    "RATIO_KINDS",
    "RIVAL_PRECISION",
    "ROUND_COUNTS_TO",
    "SIGNIFICANT_DIGITS",
    "Additive",
    "ColumnKind",
    "ColumnRule",
    "Decision",
    "Mark",
    "Override",
    "OverrideReason",
    "Reason",
    "Runs",
    "SafeTable",
    "TableRule",
    "check_table",
    "check_tables",
    "overriding",
    "read_overrides",
]
