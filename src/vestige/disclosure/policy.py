"""The policy: its three numbers, what a column may be, and what a table must declare before it may leave.

Members are counted, not rows: 500 posts by one member are a cell of one. Zero to nine members are suppressed alike,
so that a suppressed cell cannot be told from an empty one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import floor
from typing import TYPE_CHECKING, Final

from vestige.disclosure.populations import EVENTS, GROUPS
from vestige.errors import DisclosureError

if TYPE_CHECKING:
    from vestige.disclosure.overrides import Override

MINIMUM_MEMBERS: Final = 10
"""Fewest members behind a figure that may leave (the usual output-checking threshold; Griffiths et al., 2019,
Handbook on Statistical Disclosure Control for Outputs, section 3)."""
LARGEST_SHARE: Final = 0.5
"""Largest part of a count that one member may have made: the dominance rule with n = 1, k = 50 % (Brandt et al., 2010,
Guidelines for the Checking of Output Based on Microdata Research, ESSnet on Statistical Disclosure Control)."""
RIVAL_PRECISION: Final = 0.1
"""How closely the second largest contributor may bound the largest: what the others made must be at least this part of
the largest (the p % rule with p = 10; Hundepool et al., 2012, Statistical Disclosure Control, section 4.2)."""
ROUND_COUNTS_TO: Final = 5
"""Counts leave as multiples of this (same source, section on rounding)."""
SIGNIFICANT_DIGITS: Final = 3
"""Estimates leave with this many digits, proportions with this many decimals, so that no exact count follows."""


def is_dominated(count: int, most: int | None, second: int | None) -> bool:
    """Whether one member made too much of a count; a contribution that is not known counts as too much.

    Args:
        count: what all made.
        most: what the busiest made, or a bound above that.
        second: what the second busiest made, or likewise.
    """
    if most is None or second is None:
        return True
    return most > LARGEST_SHARE * count or count - most - second < RIVAL_PRECISION * most


def harmless_part(count: int) -> int:
    """What two members may each have made of a count at most, so that it is not dominated by what they made.

    Beside a busiest member who made all that is allowed, a second of this much still leaves the others enough.
    """
    return floor((1 - LARGEST_SHARE * (1 + RIVAL_PRECISION)) * count)


class ColumnKind(StrEnum):
    """What a column holds, and so how it is checked. A kind that is not listed here cannot leave."""

    LABEL = "label"
    """A value of the vocabulary that the rule declares."""
    CODE = "code"
    """A neutral code of the dataset."""
    MONTH = "month"
    """The first day of a month."""
    DAY = "day"
    """A day of the calendar: itself, or the first of a week."""
    MEMBERS = "members"
    """A count of members; they stand behind it themselves."""
    COUNT = "count"
    """A count of anything else, with the members behind it in other columns."""
    CONTRIBUTION = "contribution"
    """What one member made of a count, such as the most posts by anybody; it decides, and never leaves."""
    RATIO = "ratio"
    """One column divided by another; computed again here from what those two publish."""
    SHARE = "share"
    """A ratio that is a proportion."""
    SHARE_LOWER = "share-lower"
    """Lower end of a proportion's 95 % Wilson interval, from the published counts."""
    SHARE_UPPER = "share-upper"
    """Upper end of the same interval."""
    ESTIMATE = "estimate"
    """A statistic of the members behind it, rounded to significant digits."""
    QUANTITY = "quantity"
    """An amount in its own unit, such as a quantile: an estimate that is printed without trailing zeros."""
    PROPORTION = "proportion"
    """A statistic of the members behind it that lies between 0 and 1 and is read in per cent."""


ESTIMATE_KINDS: Final = frozenset({ColumnKind.ESTIMATE, ColumnKind.QUANTITY, ColumnKind.PROPORTION})
LABEL_KINDS: Final = frozenset({ColumnKind.LABEL, ColumnKind.CODE, ColumnKind.MONTH, ColumnKind.DAY})
RATIO_KINDS: Final = frozenset({ColumnKind.RATIO, ColumnKind.SHARE, ColumnKind.SHARE_LOWER, ColumnKind.SHARE_UPPER})


class Additive(StrEnum):
    """Whether the rows of a column sum to a total that a reader may know from elsewhere."""

    NO = "no"
    """They do not sum to anything, such as members active in each month."""
    DISJOINT = "disjoint"
    """They sum, and no member stands behind two rows."""
    OVERLAPPING = "overlapping"
    """They sum, and a member may stand behind several rows; the strictest, hence the default."""


class Runs(StrEnum):
    """How the rows of a column lie to each other along the month, the day or the label that is in order."""

    SEPARATE = "separate"
    """Each row is about its own stretch."""
    GROWING = "growing"
    """Each row is about everything up to its label's end, such as members so far."""
    SHRINKING = "shrinking"
    """Each row is about everything from its label on, such as threads that lasted longer."""


class Mark(StrEnum):
    """The state of a cell; suppressed and unavailable cells print as in the GSS guidance on symbols in tables."""

    SHOWN = ""
    SUPPRESSED = "[c]"
    UNAVAILABLE = "[x]"


class Reason(StrEnum):
    """Why a decision was taken."""

    SMALL = "small"
    DOMINANT = "dominant"
    DIFFERENCE = "difference"
    COMPLEMENT = "complement"
    TOTAL = "total"
    DEPENDENT = "dependent"
    ROUNDED = "rounded"
    OVERRIDDEN = "overridden"


Counts = str | Mapping[str, str] | Mapping[tuple[str, str], str]
"""What a column counts: a name of `populations`, or a name for each row whose labels hold the given word or words."""


@dataclass(frozen=True)
class ColumnRule:
    """What one column is, declared beside the analysis that fills it.

    Attributes:
        name: column name.
        title: heading for a reader.
        kind: what it holds.
        behind: columns of the same table that count the members behind each value; every one of them must reach
            the minimum. A MEMBERS column always stands behind itself as well.
        within: of a MEMBERS column, the column with the members it is a part of; the rest must reach the minimum too.
        largest: of a COUNT column, the CONTRIBUTION columns with the most, and the second most, that one member made of
            it; where they say that one member dominates, or do not say anything, the count is suppressed.
        ratio: numerator and denominator columns of a ratio or share.
        vocabulary: every value that a LABEL may take.
        additive: whether rows sum to a total.
        counts: of a MEMBERS or COUNT column, what it counts, so that it can be compared with other tables of the run;
            left out, it is compared with every column of the same row labels.
        whole: the row's labels do not narrow what the column counts, such as all members, beside each part of them.
        runs: of a MEMBERS or COUNT column, how its rows lie to each other.
        ordered: of a LABEL column, whether its vocabulary is in the order along which columns run.
        length: of a MONTH or DAY column, how many months or days a label stands for.
        restates: of an estimate, the count that it tells in another form; it is suppressed with that.
        shown: whether a reader sees the column, or it only counts the members behind others.
    """

    name: str
    title: str
    kind: ColumnKind
    behind: tuple[str, ...] = ()
    within: str | None = None
    largest: tuple[str, str] | None = None
    ratio: tuple[str, str] | None = None
    vocabulary: tuple[str | float, ...] = ()
    additive: Additive = Additive.OVERLAPPING
    shown: bool = True
    counts: Counts | None = None
    whole: bool = False
    runs: Runs = Runs.SEPARATE
    ordered: bool = False
    length: int = 1
    restates: str | None = None

    def __post_init__(self) -> None:
        """Refuse a rule that leaves a question open."""
        declared: tuple[tuple[object, type[StrEnum]], ...] = ((self.kind, ColumnKind), (self.additive, Additive))
        if not all(isinstance(value, enum) for value, enum in declared):
            raise DisclosureError(
                f"column {self.name!r} is of no known kind", hint="declare it with ColumnKind and Additive"
            )
        if (self.kind in RATIO_KINDS) != (self.ratio is not None):
            raise DisclosureError(
                f"column {self.name!r}: a ratio, and only a ratio, names numerator and denominator",
                hint="declare ratio=(numerator, denominator)",
            )
        if (self.kind is ColumnKind.LABEL) != bool(self.vocabulary):
            raise DisclosureError(
                f"column {self.name!r}: a label, and only a label, has a vocabulary", hint="declare every value"
            )
        if self.kind is ColumnKind.CONTRIBUTION and self.shown:
            raise DisclosureError(f"column {self.name!r} is about single members", hint="declare shown=False")
        if self.largest is not None and self.kind is not ColumnKind.COUNT:
            raise DisclosureError(f"column {self.name!r}: only a count can be dominated", hint="leave largest out")
        if self.kind in {ColumnKind.COUNT, *ESTIMATE_KINDS} and not self.behind:
            raise DisclosureError(
                f"column {self.name!r} does not say which members stand behind it", hint="declare behind=(column,)"
            )
        names = {self.counts} if isinstance(self.counts, str) else set((self.counts or {}).values())
        known = {ColumnKind.MEMBERS: GROUPS, ColumnKind.COUNT: GROUPS | EVENTS}.get(self.kind, {})
        if not names <= known.keys():
            raise DisclosureError(
                f"column {self.name!r} counts what nobody declared", hint="declare it in disclosure/populations.py"
            )


@dataclass(frozen=True)
class TableRule:
    """What a table is.

    Attributes:
        name: table name.
        title: heading for a reader.
        columns: a rule for every column.
        note: one sentence on how to read it.
    """

    name: str
    title: str
    columns: tuple[ColumnRule, ...]
    note: str = ""

    def __post_init__(self) -> None:
        """Refuse references to columns that are no counts of members, or no figures."""
        kinds = {rule.name: rule.kind for rule in self.columns}
        for rule in self.columns:
            for name in (*rule.behind, *((rule.within,) if rule.within else ())):
                if kinds.get(name) is not ColumnKind.MEMBERS:
                    raise DisclosureError(
                        f"column {rule.name!r} refers to {name!r}, which is no count of members",
                        where=self.name,
                        hint="declare that column with ColumnKind.MEMBERS",
                    )
            for name in rule.largest or ():
                if kinds.get(name) is not ColumnKind.CONTRIBUTION:
                    raise DisclosureError(
                        f"column {rule.name!r} refers to {name!r}, which is no contribution",
                        where=self.name,
                        hint="declare that column with ColumnKind.CONTRIBUTION",
                    )
            for name in (*(rule.ratio or ()), *((rule.restates,) if rule.restates else ())):
                if kinds.get(name) not in {ColumnKind.MEMBERS, ColumnKind.COUNT}:
                    raise DisclosureError(
                        f"column {rule.name!r} is made of {name!r}, which is no count",
                        where=self.name,
                        hint="see ratio and restates",
                    )


@dataclass(frozen=True)
class Decision:
    """One thing done to one column; the report lists them.

    Attributes:
        table: table name.
        column: heading of the column.
        reason: why.
        cells: how many cells.
        override: of figures that a person let out, whose decision it was.
        despite: of these, why they would have been held back.
    """

    table: str
    column: str
    reason: Reason
    cells: int
    override: "Override | None" = None
    despite: Reason | None = None

    @property
    def words(self) -> str:
        """The decision as a sentence."""
        if self.reason is Reason.ROUNDED:
            return f"{self.column}: rounded."
        cells = "1 figure" if self.cells == 1 else f"{self.cells} figures"
        if self.override is not None and self.despite is not None:
            return f"{self.column}: {cells} released by {self.override.words}, although {_BECAUSE[self.despite]}."
        return f"{self.column}: {cells} suppressed, because {_BECAUSE[self.reason]}."


_BECAUSE: Final = {
    Reason.SMALL: f"fewer than {MINIMUM_MEMBERS} members stand behind the figure",
    Reason.DOMINANT: "one member made most of it, or can be bounded closely by another",
    Reason.DIFFERENCE: f"beside another figure it would tell of fewer than {MINIMUM_MEMBERS} members",
    Reason.COMPLEMENT: f"all but fewer than {MINIMUM_MEMBERS} members are counted, which tells about the rest",
    Reason.TOTAL: "it would give away a suppressed figure by subtraction from the total",
    Reason.DEPENDENT: "it is computed from a suppressed figure",
}
