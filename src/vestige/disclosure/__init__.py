"""The one disclosure policy, applied to every table on its way out."""

from vestige.disclosure.check import check_table, check_tables
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
    TableRule,
)
from vestige.disclosure.release import released_together
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
    "Reason",
    "SafeTable",
    "TableRule",
    "check_table",
    "check_tables",
    "released_together",
]
