"""The one disclosure policy, applied to every table on its way out."""

from vestige.disclosure.check import check_table
from vestige.disclosure.policy import (
    MINIMUM_MEMBERS,
    RATIO_KINDS,
    ROUND_COUNTS_TO,
    SIGNIFICANT_DIGITS,
    Additive,
    ColumnKind,
    ColumnRule,
    Decision,
    Mark,
    Reason,
    TableRule,
)
from vestige.disclosure.safe import SafeTable

__all__ = [
    "MINIMUM_MEMBERS",
    "RATIO_KINDS",
    "ROUND_COUNTS_TO",
    "SIGNIFICANT_DIGITS",
    "Additive",
    "ColumnKind",
    "ColumnRule",
    "Decision",
    "Mark",
    "Reason",
    "SafeTable",
    "TableRule",
    "check_table",
]
