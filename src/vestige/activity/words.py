"""A description in sentences, from published figures only."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from vestige.activity.concentration_figures import ACTIVE, ALL
from vestige.activity.figures import sentence_case
from vestige.activity.traces import REACTIONS, THREADS, VIEWS
from vestige.dataset.schema import MemberKind
from vestige.disclosure import SafeTable
from vestige.disclosure.safe import PERCENT

Row = Mapping[str, Any]

_HALF: Final = 0.5
POPULATIONS: Final = {ALL: "all members", ACTIVE: "the members with any"}


def sentences(tables: Mapping[str, SafeTable], *, brief: bool) -> Iterator[str]:
    """One sentence a fact; a suppressed figure makes none.

    Args:
        tables: published tables by name.
        brief: whether to leave out what a first page can do without.
    """
    for name, (needed, sentence) in _SENTENCES.items():
        for row in tables[name].rows() if name in tables else ():
            told = row[needed] is not None and not (brief and _SECONDARY.intersection(map(str, row.values())))
            if told and (words := sentence(row)):
                yield words


def percent(share: float) -> str:
    """A share as a reader sees it."""
    return f"{share * 100:.1f}{PERCENT}"


def _accounts(row: Row) -> str:
    counted = "members" if row["kind"] == MemberKind.MEMBER.value else f"accounts of kind {row['kind']}"
    return f"{row['accounts']:,} {counted}."


def _volume(row: Row) -> str:
    by = "members" if row["members"] is None else f"{row['members']:,} members"
    return f"{row['trace']}: {row['events']:,}, by {by}."


def _participation(row: Row) -> str:
    interval = f"95{PERCENT} interval {percent(row['low'])} to {percent(row['high'])}"
    return f"{row['deed']}: {percent(row['share'])} of members ({interval})."


def _gini(row: Row) -> str:
    value = f"{row['gini']:.3f}{_interval(row, '.3f')}"
    return f"{row['trace']}: Gini coefficient among {POPULATIONS[row['population']]} {value}."


def _top_shares(row: Row) -> str:
    part, population = f"{row['part'] * 100:g}{PERCENT}", POPULATIONS[row["population"]]
    held = percent(row["share"])
    return f"{row['trace']}: the most active {part} of {population} account for {held}{_interval(row, '.1%')}."


def _coverage(row: Row) -> str | None:
    """Half of everything is what readers ask for; the other parts are in the table."""
    if row["part"] != _HALF:
        return None
    share = f"{percent(row['share'])}{_interval(row, '.1%')}"
    needed = "" if row["needed"] is None else f"{row['needed']:,} of "
    return f"{row['trace']}: {needed}{POPULATIONS[row['population']]}, {share}, account for half."


def _power_law(row: Row) -> str:
    tail = "" if row["tail"] is None else f", {row['tail']:,} members in the tail"
    return (
        f"{row['trace']}: from {row['x_min']:,.0f} on, a power law fits with exponent {row['alpha']:.2f}"
        f"{_interval(row, '.2f')}{tail}."
    )


def _interval(row: Row, form: str) -> str:
    if row["low"] is None or row["high"] is None:
        return ""
    low, high = (f"{row[end]:{form}}".replace("%", PERCENT) for end in ("low", "high"))
    return f" (95{PERCENT} interval {low} to {high})"


_SENTENCES: Final[Mapping[str, tuple[str, Callable[[Row], str | None]]]] = {
    "accounts": ("accounts", _accounts),
    "volume": ("events", _volume),
    "participation": ("share", _participation),
    "gini": ("gini", _gini),
    "top_shares": ("share", _top_shares),
    "coverage": ("share", _coverage),
    "power_laws": ("alpha", _power_law),
}
"""Table name to the column that must be published, and the sentence it makes."""

_SECONDARY: Final = frozenset(
    {
        ACTIVE,
        *(trace.title for trace in (REACTIONS, VIEWS)),
        *(sentence_case(trace.deed) for trace in (THREADS, REACTIONS, VIEWS)),
    }
)
"""Labels of rows that a first page can do without."""
