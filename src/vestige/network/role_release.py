"""What of positions and roles may be printed: figures about all members together, checked by the disclosure policy.

Behind an area or an average precision stand all members who were compared. What tells how many hold the role, or who of
the first few, has the holders behind it, and is suppressed where they are fewer than the policy's minimum.
"""

from collections.abc import Mapping
from typing import Any, Final

from vestige.disclosure import SafeTable, check_table, check_tables
from vestige.disclosure.figures import members_column, rows_table
from vestige.disclosure.policy import Additive, ColumnKind, ColumnRule, TableRule
from vestige.network.measures import TRAITS, Measure
from vestige.network.positions import PositionResult
from vestige.network.rank_stability import Missing
from vestige.network.role_combined import LOGISTIC, MEAN_RANK
from vestige.network.role_settings import Criterion, Null
from vestige.network.role_transfer import transfer_roles
from vestige.network.roles import RoleResult

_TITLES: Final = tuple(traits.title for traits in TRAITS.values())
_KINDS: Final = ("activity", "position")
_CRITERIA: Final = {Criterion.AREA: "AUC", Criterion.PRECISION: "average precision"}
_NULLS: Final = {
    Null.LABELS: "any members",
    Null.EQUALLY_ACTIVE: "equally active members",
    Null.REWIRED: "rewired networks",
}
_NO: Final = "no"


def _label(name: str, title: str, vocabulary: tuple[str, ...]) -> ColumnRule:
    return ColumnRule(name, title, ColumnKind.LABEL, vocabulary=vocabulary)


def _estimate(name: str, title: str, behind: str = "members", *, share: bool = True) -> ColumnRule:
    kind = ColumnKind.PROPORTION if share else ColumnKind.ESTIMATE
    return ColumnRule(name, title, kind, behind=(behind,))


_MEMBERS: Final = members_column("members", "Members compared", additive=Additive.NO, shown=False)
_MEASURE: Final = _label("measure", "Measure", _TITLES)
_RULES: Final = {
    "accuracy": TableRule(
        "accuracy",
        "How well each measure finds the holders of the role",
        (
            _MEASURE, _label("kind", "Kind", _KINDS),
            _estimate("auc", "AUC", share=False), _estimate("auc_low", "from", share=False),
            _estimate("auc_high", "to", share=False), _estimate("precision", "Average precision", share=False),
            _estimate("precision_low", "from", share=False), _estimate("precision_high", "to", share=False),
            _MEMBERS,
        ),
        "AUC: chance that a holder ranks above another member. Average precision: share of holders among those ranked "
        "as high or higher, averaged over holders. 95 % bootstrap intervals.",
    ),
    "differences": TableRule(
        "differences",
        "Each position against the best activity",
        (
            _MEASURE, _label("criterion", "By", tuple(_CRITERIA.values())), _label("baseline", "Activity", _TITLES),
            _estimate("difference", "Difference", share=False), _estimate("low", "from", share=False),
            _estimate("high", "to", share=False), _estimate("corrected", "p, corrected", share=False), _MEMBERS,
        ),
        "Position less activity; p-values from the holders' paired differences, corrected for all comparisons (Holm).",
    ),
    "nulls": TableRule(
        "nulls",
        "The best position beside null models",
        (
            _MEASURE, _label("null", "Compared with", tuple(_NULLS.values())),
            _label("criterion", "By", tuple(_CRITERIA.values())), _estimate("observed", "Holders", share=False),
            _estimate("mean", "Null model", share=False), _estimate("high", "97.5 %", share=False),
            _estimate("p_value", "p", share=False), _MEMBERS,
        ),
        "Equally active members: each holder replaced by one of the members nearest in activity. Rewired: ties drawn "
        "anew, every degree kept.",
    ),
    "combined": TableRule(
        "combined",
        "Combined rankings beside the best activity",
        (
            _label("ranking", "Ranking", (MEAN_RANK, LOGISTIC)), _label("criterion", "By", tuple(_CRITERIA.values())),
            _estimate("value", "Value", share=False), _label("baseline", "Activity", _TITLES),
            _estimate("baseline_value", "Its value", share=False), _estimate("p_value", "p, corrected", share=False),
            _label("beats", "Beats it", ("yes", _NO)), _MEMBERS,
        ),
    ),
    "first": TableRule(
        "first",
        "Holders among the first",
        (
            _MEASURE, _label("first", "First", tuple(str(own) for own in range(1, 1001))),
            _estimate("precision", "Precision", "holders"), _estimate("recall", "Recall", "holders"),
            members_column("holders", "Holders", additive=Additive.NO, shown=False),
        ),
        "Precision: share of holders among the first. Recall: share of the holders who are among them.",
    ),
    "stability": TableRule(
        "stability",
        "What is left of ranks when records or members are missing",
        (
            _MEASURE, _label("missing", "Missing", tuple(own.value for own in Missing)),
            ColumnRule("share", "Share", ColumnKind.LABEL, vocabulary=tuple(f"{own} %" for own in range(1, 100))),
            _estimate("correlation", "Rank correlation", share=False), _estimate("overlap", "Top members kept"),
            _MEMBERS,
        ),
        "Records and members left out at random; rank correlation with the whole, and share of the top members that "
        "are still at the top.",
    ),
}  # fmt: skip


def released_roles(result: RoleResult) -> Mapping[str, SafeTable]:
    """Tables of an evaluation as they may leave; none has a row a member."""
    holders, members = result.counted
    baselines = {criterion: result.best(criterion, result.baselines) for criterion in Criterion}
    rows: dict[str, list[tuple[object, ...]]] = {
        "accuracy": [
            (
                TRAITS[row.measure].title, _KINDS[row.measure not in result.baselines],
                row.area.value, row.area.low, row.area.high, row.precision.value, row.precision.low, row.precision.high,
                members,
            )
            for row in result.accuracy
        ],
        "differences": [
            (
                TRAITS[row.measure].title, _CRITERIA[row.criterion], TRAITS[row.baseline].title,
                row.difference.value, row.difference.low, row.difference.high, row.corrected, members,
            )
            for row in result.differences
            if row.baseline is baselines[row.criterion]
        ],
        "nulls": _null_rows(result, members),
        "combined": [
            (
                row.ranking, _CRITERIA[row.criterion], row.value, TRAITS[row.baseline].title, row.baseline_value,
                row.corrected, "yes" if row.beats else _NO, members,
            )
            for row in result.combined
        ],
        "first": [
            (
                TRAITS[row.measure].title, str(first), min(row.precision_at[first].value, 1.0),
                min(row.recall_at[first].value, 1.0), holders,
            )
            for row in result.accuracy
            for first in result.settings.first
        ],
    }  # fmt: skip
    return check_tables({name: (rows_table(_RULES[name], own), _RULES[name]) for name, own in rows.items()})


def _null_rows(result: RoleResult, members: int) -> list[tuple[object, ...]]:
    positions = [measure for measure in result.measures if measure not in result.baselines]
    found: list[tuple[object, ...]] = []
    for criterion in Criterion:
        best = result.best(criterion, positions or None)
        found += [
            (
                TRAITS[row.measure].title, _NULLS[row.null], _CRITERIA[row.criterion],
                row.observed, row.mean, row.high, row.p_value, members,
            )
            for row in result.nulls
            if (row.measure, row.criterion) == (best, criterion)
        ]  # fmt: skip
    return found


def released_transfer(results: Mapping[str, RoleResult], *, seed: int = 0) -> SafeTable:
    """The cross-forum test as it may leave: each ordered pair of forums, by their names in `results`.

    Raises:
        SettingsError: as `transfer_roles`.
    """
    names = tuple(results)
    rule = TableRule(
        "transfer",
        "Chosen on one forum, judged on another",
        (
            _label("chosen_on", "Chosen on", names), _label("judged_on", "Judged on", names),
            _label("criterion", "By", tuple(_CRITERIA.values())), _label("measure", "Best position", _TITLES),
            _estimate("there", "There", share=False), _estimate("elsewhere", "Here", share=False),
            _label("baseline", "Best activity", _TITLES), _estimate("baseline_elsewhere", "Here", share=False),
            _estimate("p_value", "p", share=False), _MEMBERS,
        ),
        "The position and the activity that were best on the first forum, judged on the second: there, where chosen; "
        "here, where judged. p: of no difference between the two here, from the holders' paired differences.",
    )  # fmt: skip
    members = {name: result.counted[1] for name, result in results.items()}
    rows = [
        (
            row.chosen_on, row.judged_on, _CRITERIA[row.criterion], TRAITS[row.measure].title, row.there, row.elsewhere,
            TRAITS[row.baseline].title, row.baseline_elsewhere, row.p_value,
            min(members[row.chosen_on], members[row.judged_on]),
        )
        for row in transfer_roles(results, seed=seed)
    ]  # fmt: skip
    return check_table(rows_table(rule, rows), rule)


def released_positions(result: PositionResult) -> Mapping[str, SafeTable]:
    """Tables of positions as they may leave; none has a row a member."""
    members = result.observed.ties.size
    rows: list[tuple[Any, ...]] = [
        (
            TRAITS[row.measure].title, row.missing.value, f"{round(100 * row.share)} %", row.correlation, row.overlap,
            members,
        )
        for row in result.stability
        if row.measure in Measure
    ]  # fmt: skip
    return {"stability": check_table(rows_table(_RULES["stability"], rows), _RULES["stability"])}
