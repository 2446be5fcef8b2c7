"""Tables of one member's comparison; the member's own numbers beside figures about the others."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from vestige.activity.profile_tables import titles
from vestige.disclosure import Additive, ColumnKind, ColumnRule, TableRule
from vestige.disclosure.figures import Figures, members_column, rows_table

if TYPE_CHECKING:
    from vestige.activity.comparison import Placed
    from vestige.activity.member_distance import Distance

POPULATIONS: Final = ("all members", "same cohort", "reference profile")
MOST_MEASURES: Final = 20


def comparison_figures(placed: "Sequence[Placed]", distance: "Distance | None", per_days: int) -> Iterator[Figures]:
    """Every table of a comparison."""
    yield _comparison(placed, per_days)
    if distance is not None:
        yield _distance(distance)
        yield _contributions(distance, per_days)


def _comparison(placed: "Sequence[Placed]", per_days: int) -> Figures:
    behind = ("others",)
    rule = TableRule(
        "comparison",
        "Where the member lies",
        (
            ColumnRule("measure", "Measure", ColumnKind.LABEL, vocabulary=titles(per_days)),
            ColumnRule("population", "Among", ColumnKind.LABEL, vocabulary=POPULATIONS),
            ColumnRule("value", "Member", ColumnKind.QUANTITY, behind=behind),
            members_column("others", "Others", additive=Additive.NO, counts="others"),
            ColumnRule("percentile", "Did less", ColumnKind.PROPORTION, behind=behind),
            ColumnRule("low", "from", ColumnKind.PROPORTION, behind=behind),
            ColumnRule("high", "to", ColumnKind.PROPORTION, behind=behind),
            ColumnRule("equal_share", "Just as much", ColumnKind.PROPORTION, behind=behind),
            ColumnRule("chance_low", "By chance from", ColumnKind.PROPORTION, behind=behind),
            ColumnRule("chance_high", "to", ColumnKind.PROPORTION, behind=behind),
        ),
        "Did less: part of the others below the member, ties counted half. By chance: where the member would lie had "
        "the same habit made as many more or fewer events as chance allows.",
    )
    rows = [
        (own.kind.title(per_days), own.population, own.value, own.rank.others, own.rank.percentile, own.low, own.high,
         own.rank.equal / own.rank.others, own.chance_low, own.chance_high)
        for own in placed
    ]  # fmt: skip
    return Figures(rule, rows_table(rule, rows))


def _distance(distance: "Distance") -> Figures:
    rule = TableRule(
        "distance",
        "Distance from the middle of all measures at once",
        (
            ColumnRule(
                "measures", "Measures", ColumnKind.LABEL, vocabulary=tuple(str(n) for n in range(MOST_MEASURES))
            ),
            members_column("others", "Others", additive=Additive.NO, counts="others"),
            ColumnRule("distance", "Distance", ColumnKind.QUANTITY, behind=("others",)),
            ColumnRule("percentile", "Others nearer to the middle", ColumnKind.PROPORTION, behind=("others",)),
        ),
        "By normal scores of ranks, correlated measures counted once.",
    )
    rows = [(str(len(distance.shares)), distance.others, distance.value, distance.percentile)]
    return Figures(rule, rows_table(rule, rows))


def _contributions(distance: "Distance", per_days: int) -> Figures:
    rule = TableRule(
        "contributions",
        "What makes the distance",
        (
            ColumnRule("measure", "Measure", ColumnKind.LABEL, vocabulary=titles(per_days)),
            ColumnRule("direction", "The member did", ColumnKind.LABEL, vocabulary=("more", "less")),
            members_column("others", "Others", additive=Additive.NO, shown=False),
            ColumnRule("share", "Part of the squared distance", ColumnKind.PROPORTION, behind=("others",)),
        ),
        "Parts sum to 1 (Garthwaite and Koch, 2016).",
    )
    parts = sorted(zip(distance.kinds, distance.scores, distance.shares, strict=True), key=lambda part: -part[2])
    rows = [
        (kind.title(per_days), "more" if score > 0 else "less", distance.others, share) for kind, score, share in parts
    ]
    return Figures(rule, rows_table(rule, rows))
