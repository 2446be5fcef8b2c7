"""How far two networks of the same members lie over each other, such as public replies and private messages."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from vestige.disclosure import Additive, ColumnKind, ColumnRule, SafeTable, TableRule, check_table
from vestige.errors import SettingsError
from vestige.network.graph import Network
from vestige.network.shape import pattern
from vestige.statistics.compiled import IntArray
from vestige.statistics.ranking import rank_correlation

if TYPE_CHECKING:
    import pyarrow as pa

TOP_SHARE: Final = 0.1

_FIGURES: Final = (
    "members of the first network", "members of the second", "members of both", "pairs tied in the first",
    "pairs tied in the second", "pairs tied in both", "top members of both",
)  # fmt: skip
_RANKS: Final = ("rank correlation of degree", "share of the top that is top in both", "the same by chance")


@dataclass(frozen=True)
class Overlap:
    """Two networks side by side; a tie counts in either direction.

    Attributes:
        first, second: members of each.
        both: members of both.
        ties_first, ties_second: tied pairs among the members of both.
        ties_both: pairs tied in both networks.
        correlation: Spearman's, of the degrees of the members of both; None where they do not vary.
        top: size of the top tenth by degree, of the members of both.
        top_both: members in the top of both networks.
        top_first, top_second: ids of members in the top of one network only; member-level.
        top_shared: ids of members in the top of both; member-level.
        chance: share of the top expected in both by chance.
        chance_high: 97.5 % quantile of it (hypergeometric).
    """

    first: int
    second: int
    both: int
    ties_first: int
    ties_second: int
    ties_both: int
    correlation: float | None
    top: int
    top_both: int
    top_first: IntArray
    top_second: IntArray
    top_shared: IntArray
    chance: float
    chance_high: float


def compare_networks(first: Network, second: Network) -> Overlap:
    """Members and ties that two networks of one forum share, and who is key in one only.

    Degrees are of each whole network; ties are compared among the members of both.

    Args:
        first: such as the public network.
        second: such as the private one.

    Raises:
        SettingsError: no member is in both, so that there is nothing to compare.
    """
    from scipy.stats import hypergeom  # a second of imports, for this alone

    if first.provenance.dataset_digest != second.provenance.dataset_digest or first.forum != second.forum:
        raise SettingsError("the networks are of different datasets", hint="build both from one dataset and forum")
    both = np.intersect1d(first.members, second.members)
    if not both.size:
        raise SettingsError("no member is in both networks", hint="widen the windows")
    one, other = np.searchsorted(first.members, both), np.searchsorted(second.members, both)
    ties_one = pattern(first.part(one).joined())
    ties_other = pattern(second.part(other).joined())
    degrees = first.degree[one], second.degree[other]
    top = max(1, round(TOP_SHARE * both.size))
    tops = [set(np.lexsort((both, -degree))[:top].tolist()) for degree in degrees]
    return Overlap(
        first=first.size,
        second=second.size,
        both=both.size,
        ties_first=ties_one.nnz // 2,
        ties_second=ties_other.nnz // 2,
        ties_both=int(ties_one.multiply(ties_other).sum()) // 2,
        correlation=rank_correlation(*(degree.astype(np.float64) for degree in degrees)),
        top=top,
        top_both=len(tops[0] & tops[1]),
        top_first=both[sorted(tops[0] - tops[1])],
        top_second=both[sorted(tops[1] - tops[0])],
        top_shared=both[sorted(tops[0] & tops[1])],
        chance=top / both.size,
        chance_high=float(hypergeom.ppf(0.975, both.size, top, top)) / top,
    )


def top_members(first: Network, second: Network, found: Overlap) -> "pa.Table":
    """Who is key where: a row a member of the top tenth of either network; member-level, never for print.

    Returns:
        member, pseudonym, key_in (first, second or both), degree_first, degree_second.
    """
    import pyarrow as pa

    both = np.intersect1d(first.members, second.members)
    one, other = np.searchsorted(first.members, both), np.searchsorted(second.members, both)
    tops = [np.isin(both, top) for top in (found.top_first, found.top_second, found.top_shared)]
    shown = np.flatnonzero(np.logical_or.reduce(tops))
    where = np.select([own[shown] for own in tops], ["first", "second", "both"], default="")
    return pa.table(
        {
            "member": both[shown],
            "pseudonym": [first.pseudonyms[place] for place in one[shown]],
            "key_in": where.tolist(),
            "degree_first": first.degree[one[shown]],
            "degree_second": second.degree[other[shown]],
        }
    )


def overlap_figures(found: Overlap, first: str, second: str) -> SafeTable:
    """The comparison as a table that may leave; `first` and `second` say in words what the networks are."""
    import pyarrow as pa

    rule = TableRule(
        "overlap",
        "Two networks of the same members",
        (
            ColumnRule("figure", "Figure", ColumnKind.LABEL, vocabulary=(*_FIGURES, *_RANKS)),
            ColumnRule("count", "Count", ColumnKind.COUNT, behind=("members",), additive=Additive.NO),
            ColumnRule("value", "Value", ColumnKind.ESTIMATE, behind=("members",)),
            ColumnRule("members", "Members behind it", ColumnKind.MEMBERS, additive=Additive.NO, shown=False),
        ),
        f"First: {first}; second: {second}. Top: the tenth of the members of both with the most ties.",
    )
    both, share = found.both, found.top_both / found.top
    rows: list[tuple[str, int | None, float | None, int]] = [
        (_FIGURES[0], found.first, None, found.first),
        (_FIGURES[1], found.second, None, found.second),
        (_FIGURES[2], both, None, both),
        (_FIGURES[3], found.ties_first, None, both),
        (_FIGURES[4], found.ties_second, None, both),
        (_FIGURES[5], found.ties_both, None, both),
        (_FIGURES[6], found.top_both, None, found.top_both),
        (_RANKS[0], None, found.correlation, both),
        (_RANKS[1], None, share, found.top_both),
        (_RANKS[2], None, found.chance, both),
    ]
    columns = list(zip(*rows, strict=True))
    types = (pa.string(), pa.int64(), pa.float64(), pa.int64())
    names = ("figure", "count", "value", "members")
    arrays = {name: pa.array(values, kind) for name, values, kind in zip(names, columns, types, strict=True)}
    return check_table(pa.table(arrays), rule)
