"""Key sets as a table that may leave: what sets do, never who is in them."""

from collections.abc import Sequence
from typing import Final

from vestige.disclosure import Additive, ColumnKind, ColumnRule, SafeTable, TableRule, check_table
from vestige.disclosure.figures import members_column, rows_table
from vestige.network.key_sets.result import KeySetResult
from vestige.network.key_sets.settings import KeySetMeasure

EXACT: Final = "exact"
BOUNDED: Final = "bounded"
UNBOUNDED: Final = "no bound"


def key_set_figures(results: Sequence[KeySetResult]) -> SafeTable:
    """A row a measure: the set's value beside none, the members with most ties, and the best that is possible.

    Args:
        results: of sets of one size in one network.
    """
    size = results[0].settings.size
    rule = TableRule(
        "key_sets",
        f"Sets of {size} key members",
        (
            ColumnRule("measure", "Measure", ColumnKind.LABEL, vocabulary=tuple(own.value for own in KeySetMeasure)),
            *(
                ColumnRule(name, title, ColumnKind.PROPORTION, behind=("members",))
                for name, title in (
                    ("value", "Set"), ("before", "No set"), ("with_most_ties", "Most ties"), ("bound", "Limit"),
                    ("gap", "Gap"),
                )
            ),
            ColumnRule("search", "Search", ColumnKind.LABEL, vocabulary=(EXACT, BOUNDED, UNBOUNDED)),
            members_column("members", "Members of the network", additive=Additive.NO, shown=False),
        ),
        "Fragmentation: share of the pairs left that are cut off once the set is removed. Reach: share of all members "
        "that the set reaches. Most ties: the same number of members, those with most ties. "
        "Exact: all sets were tried. Bounded: no set exceeds the limit; the gap is the share of it that is missing.",
    )  # fmt: skip
    rows = [
        (
            own.settings.measure.value, own.value, own.before, own.with_most_ties, own.bound, own.gap,
            EXACT if own.exact else UNBOUNDED if own.bound is None else BOUNDED, own.network.size,
        )
        for own in results
    ]  # fmt: skip
    return check_table(rows_table(rule, rows), rule)
