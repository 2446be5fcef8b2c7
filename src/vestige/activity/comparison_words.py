"""A comparison in sentences that may stand in a report, from published figures only."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from vestige.activity.profile_measures import MARK_KINDS, Scale
from vestige.disclosure.safe import PERCENT

Row = Mapping[str, Any]

NOT_A_RATIO: Final = (
    "A percentile is not a likelihood ratio: it says how common such activity is among the members compared with, and "
    "nothing about why this member was so active, who used the account, or whether any proposition in a case is true."
)
_MANY_TIES: Final = 0.01
"""Share of members with the same number from which on they are mentioned."""
_EDGE: Final = 0.01


def comparison_sentences(
    rows: Sequence[Row], distance: Sequence[Row], confidence: float, *, exact: bool, per_days: int
) -> tuple[str, ...]:
    """One sentence a measure and population, and one on the distance.

    Args:
        rows: of the checked table `comparison`.
        distance: of the checked table `distance`.
        confidence: of the intervals.
        exact: whether the members seen are all that is meant, so that nothing is uncertain.
        per_days: days that rates are stated for.
    """
    kinds = {kind.title(per_days): kind for kind in MARK_KINDS}
    sentences = []
    for row in rows:
        kind = kinds[row["measure"]]
        told = kind.scale is Scale.TOTAL or row["value"] != 0
        if row["percentile"] is not None and row["value"] is not None and told:
            sentences.append(_sentence(row, kind.more(per_days), kind.unit(per_days), exact, confidence))
    return (*sentences, *_distance(distance))


def _sentence(row: Row, more: str, unit: str, exact: bool, confidence: float) -> str:
    whom = _POPULATIONS[row["population"]]
    share, equal = row["percentile"], row["equal_share"] or 0.0
    interval = (
        "exactly, all of them being seen"
        if exact
        else f"{confidence * 100:g}{PERCENT} interval {of_hundred(row['low'])} to {of_hundred(row['high'])}"
    )
    if row["value"] == 0:
        return f"No {unit}: {of_hundred(equal)} of 100 other {whom} had none either."
    if share == 1:
        return f"{row['value']:,.4g} {unit}: {more} than any of the other {whom} ({interval} of 100)."
    ties = f"; {of_hundred(equal)} of 100 had just as many and count half" if equal >= _MANY_TIES else ""
    return f"{row['value']:,.4g} {unit}: {more} than {of_hundred(share)} of 100 other {whom} ({interval}{ties})."


def of_hundred(share: float) -> str:
    """A share of 100 members: whole, but with a decimal within one of either end, where it matters most."""
    if share in {0.0, 1.0}:
        return f"{share * 100:.0f}"
    if min(share, 1 - share) >= _EDGE:
        return f"{share * 100:.0f}"
    return f"{min(max(share * 100, 0.1), 99.9):.1f}"


def _distance(rows: Sequence[Row]) -> Iterator[str]:
    for row in rows:
        if row["percentile"] is not None:
            yield (
                f"Over {row['measures']} measures at once, the member lies further from the middle than "
                f"{of_hundred(row['percentile'])} of 100 others; the distance says how unusual, not in what respect."
            )


_POPULATIONS: Final = {
    "all members": "members",
    "same cohort": "members of the same cohort of registration",
    "reference profile": "members of the reference profile",
}
