"""Tables, findings and sentences of the rules that pick members out for review."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np

from vestige.activity.words import percent
from vestige.disclosure import MINIMUM_MEMBERS, Additive, ColumnKind, ColumnRule, TableRule
from vestige.disclosure.figures import Figures, members_column, rows_table
from vestige.results import Finding, Severity, most_severe_first

if TYPE_CHECKING:
    import pyarrow as pa

WORDS: Final = {
    "silent-engaged": "Silent but strongly engaged",
    "first-week": "Registered at the beginning",
    "rising": "Rising",
    "high-status": "High status",
}
"""Rule to its heading."""
_PASSED_ON: Final = frozenset({"few-members", "no-views", "log-covers-part", "undated-registrations", "window-unknown"})


@dataclass(frozen=True)
class Threshold:
    """One threshold of a rule: what it is on, the number (None where it is no number), and where it comes from."""

    what: str
    value: float | None
    source: str


@dataclass(frozen=True)
class Criterion:
    """What one rule found.

    Attributes:
        picked: shape (members,), whom it picks out.
        reasons: one text a member; empty for whom it does not pick out.
        thresholds: as applied.
        missing: why the rule cannot be applied; None where it was.
    """

    picked: "np.ndarray" = field(repr=False)
    reasons: tuple[str, ...] = field(repr=False)
    thresholds: tuple[Threshold, ...]
    missing: str | None = None

    @classmethod
    def unavailable(cls, reason: str) -> Self:
        """A rule that the dataset does not allow."""
        return cls(np.zeros(0, np.bool_), (), (), reason)


def group_figures(criteria: Mapping[str, Criterion], members: int) -> Iterator[Figures]:
    """Tables `rules`, `thresholds` and `overlap`."""
    applied = {rule: own for rule, own in criteria.items() if own.missing is None}
    names = tuple(WORDS.values())
    rule = TableRule(
        "rules",
        "Members picked out by each rule",
        (
            ColumnRule("rule", "Rule", ColumnKind.LABEL, vocabulary=names),
            members_column("members", "Members", additive=Additive.NO, within="of_members", counts="picked"),
            members_column("of_members", "Of members", additive=Additive.NO, counts="members", whole=True),
            ColumnRule("share", "Share", ColumnKind.SHARE, ratio=("members", "of_members")),
        ),
        "For review by a person: no score, no order, and no statement about what anybody will do.",
    )
    rows = [(WORDS[name], int(own.picked.sum()), members) for name, own in applied.items()]
    yield Figures(rule, rows_table(rule, rows))
    yield _thresholds(applied, members)
    yield _overlap(applied)


def _thresholds(applied: Mapping[str, Criterion], members: int) -> Figures:
    listed = [(WORDS[name], own.what, own.source, members, own.value) for name, rule in applied.items()
              for own in rule.thresholds]  # fmt: skip
    table = TableRule(
        "thresholds",
        "Thresholds of the rules",
        (
            ColumnRule("rule", "Rule", ColumnKind.LABEL, vocabulary=tuple(WORDS.values())),
            ColumnRule("what", "Threshold on", ColumnKind.LABEL, vocabulary=tuple(row[1] for row in listed) or ("-",)),
            ColumnRule("source", "Source", ColumnKind.LABEL, vocabulary=tuple(row[2] for row in listed) or ("-",)),
            members_column("members", "Members", additive=Additive.NO, shown=False),
            ColumnRule("value", "Value", ColumnKind.QUANTITY, behind=("members",)),
        ),
        "A convention is this program's own choice; set it for the question at hand.",
    )
    return Figures(table, rows_table(table, listed))


def _overlap(applied: Mapping[str, Criterion]) -> Figures:
    names = tuple(WORDS.values())
    table = TableRule(
        "overlap",
        "Overlap of the rules",
        (
            ColumnRule("rule", "Rule", ColumnKind.LABEL, vocabulary=names),
            ColumnRule("also", "Also", ColumnKind.LABEL, vocabulary=names),
            members_column("both", "Members of both", additive=Additive.NO, within="smaller"),
            members_column("smaller", "Of the smaller", additive=Additive.NO),
            ColumnRule("share", "Share of it", ColumnKind.SHARE, ratio=("both", "smaller")),
        ),
    )
    listed = list(applied.items())
    rows = []
    for place, (name, own) in enumerate(listed):
        for other, theirs in listed[place + 1 :]:
            smaller = min(int(own.picked.sum()), int(theirs.picked.sum()))
            rows.append((WORDS[name], WORDS[other], int((own.picked & theirs.picked).sum()), smaller))
    return Figures(table, rows_table(table, rows))


def member_list(criteria: Mapping[Any, Criterion], pseudonyms: "pa.Array") -> "pa.Table":
    """Members whom any rule picks out, by pseudonym: one flag a rule, and the reasons."""
    import pyarrow as pa

    applied = {rule: own for rule, own in criteria.items() if own.missing is None}
    anyone = np.any([own.picked for own in applied.values()], axis=0) if applied else np.zeros(0, np.bool_)
    rows = np.flatnonzero(anyone)
    reasons = [" | ".join(own.reasons[row] for own in applied.values() if own.reasons[row]) for row in rows]
    columns: dict[str, Any] = {"pseudonym": pseudonyms.take(pa.array(rows))}
    columns |= {str(rule).replace("-", "_"): pa.array(own.picked[rows]) for rule, own in applied.items()}
    return pa.table({**columns, "reasons": pa.array(reasons, pa.string())}).sort_by("pseudonym")


def group_findings(criteria: Mapping[str, Criterion], others: Iterable[Finding]) -> tuple[Finding, ...]:
    """Rules that could not be applied, and what of the profile's findings bears on them."""
    found = [own for own in others if own.code in _PASSED_ON]
    for name, own in criteria.items():
        if own.missing is not None:
            text = f"The rule {WORDS[name].lower()!r} was not applied: {own.missing}."
            found.append(Finding("rule-not-applied", Severity.CAUTION, text))
        elif own.picked.sum() < MINIMUM_MEMBERS:
            text = (
                f"The rule {WORDS[name].lower()!r} picks out fewer than {MINIMUM_MEMBERS} members; it is not counted."
            )
            found.append(Finding("rule-picks-few", Severity.NOTE, text))
    text = "A rule picks out what was observed; it says nothing of guilt, danger, or what anybody will do."
    found.append(Finding("review-list", Severity.NOTE, text))
    return most_severe_first(found)


def group_sentences(rows: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """One sentence a rule, from published figures."""
    return tuple(
        f"{row['rule']}: {row['members']:,} of {row['of_members']:,} members ({percent(row['share'])})."
        for row in rows
        if row["members"] is not None and row["share"] is not None
    )
