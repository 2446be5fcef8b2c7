"""Who shall be removed: strategies, the values of a column, and costs."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from vestige.dataset.schema import CODE_PATTERN
from vestige.errors import SettingsError
from vestige.network.disruption.orders import Neighbours, OrderSettings, Strategy, removal_order
from vestige.statistics.compiled import FloatArray, IntArray

if TYPE_CHECKING:
    import pyarrow as pa

MOST_VALUES: Final = 40
"""Values of a text column; more are no groups."""
ROLE: Final = "role"
IDENTIFIERS: Final = ("pseudonym", "member")


@dataclass(frozen=True, eq=False)
class Removal:
    """A sequence of removals.

    Attributes:
        label: what it is called.
        strategy: where it follows from the network.
        chosen: nodes of a group, in random order; then nobody else is removed.
        score: where those with the highest values are removed first.
    """

    label: str
    strategy: Strategy | None = None
    chosen: IntArray | None = None
    score: FloatArray | None = None

    def order(
        self,
        seen: Neighbours,
        cost: FloatArray,
        generator: np.random.Generator,
        *,
        reinsertion: bool,
        settings: OrderSettings,
    ) -> IntArray:
        """Every node once; a group's members come first."""
        if self.strategy is not None:
            better = reinsertion and self.strategy is not Strategy.RANDOM
            return removal_order(
                seen, self.strategy, generator=generator, cost=cost, reinsertion=better, settings=settings
            )
        key = generator.random(seen.size)
        if self.score is not None:
            return np.lexsort((key, -self.score / cost))
        last = np.ones(seen.size)
        last[self.chosen] = 0
        return np.lexsort((key, last))


def column_removals(column: str, values: Sequence[Any]) -> tuple[Removal, ...]:
    """Removals after a column: numbers highest first, text a value at a time.

    Args:
        column: its name.
        values: of each node; None where it is not known. Those are removed last, or never.

    Raises:
        SettingsError: nothing is known, text is no neutral code or has more than `MOST_VALUES` values.
    """
    known = [value for value in values if value is not None]
    if not known:
        raise SettingsError(f"column {column!r} has no value for any member of the network", hint="check its ids")
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in known):
        score = np.array([np.nan if value is None else float(value) for value in values])
        low = np.nanmin(score) if np.isfinite(score).any() else 0.0
        return (Removal(f"{column}, highest first", score=np.where(np.isfinite(score), score, min(low, 0.0) - 1.0)),)
    levels = sorted({str(value) for value in known})
    if len(levels) > MOST_VALUES:
        raise SettingsError(f"column {column!r} has more than {MOST_VALUES} values", hint="group them, or give numbers")
    if not all(re.match(CODE_PATTERN, level) for level in levels):
        raise SettingsError(
            f"a value of column {column!r} is no neutral code", hint="use lower-case codes such as group-1"
        )
    texts = np.array(["" if value is None else str(value) for value in values])
    return tuple(Removal(f"{column} {level}", chosen=np.flatnonzero(texts == level)) for level in levels)


def aligned_column(table: "pa.Table", column: str, members: IntArray, pseudonyms: tuple[str, ...]) -> list[Any]:
    """A column's value for each node; None where the table has no row for it.

    Raises:
        SettingsError: no such column, no column of ids, or two rows for one member.
    """
    if column not in table.column_names or column in IDENTIFIERS:
        raise SettingsError("the table of attributes has no such column", hint="see --by, --cost and its header")
    identifier = next((name for name in IDENTIFIERS if name in table.column_names), None)
    if identifier is None:
        raise SettingsError(
            "the table of attributes says of nobody who it is", hint="give a column pseudonym or member"
        )
    keys = [str(key) for key in table.column(identifier).to_pylist()]
    if len(set(keys)) != len(keys):
        raise SettingsError("the table of attributes has two rows for one member", where=identifier, hint="keep one")
    found = dict(zip(keys, table.column(column).to_pylist(), strict=True))
    wanted = pseudonyms if identifier == "pseudonym" else tuple(map(str, members.tolist()))
    return [found.get(key) for key in wanted]


def checked_cost(values: Sequence[Any]) -> FloatArray:
    """Costs of all members.

    Raises:
        SettingsError: a cost is missing, no number, or not above 0.
    """
    if any(value is None for value in values):
        missing = sum(value is None for value in values)
        raise SettingsError("costs are missing", where=f"{missing} members", hint="give every member a cost")
    if not all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        raise SettingsError("a cost must be a number", hint="see the column's type")
    cost = np.array(values, dtype=np.float64)
    bad = int((~np.isfinite(cost) | (cost <= 0)).sum())
    if bad:
        raise SettingsError("a cost must be above 0", where=f"{bad} members", hint="give every member a cost above 0")
    return cost
