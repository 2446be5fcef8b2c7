"""Tables of heavy tails: a power law, its rivals, and how many members reach how much."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from vestige.activity.traces import TRACES
from vestige.disclosure import Additive, ColumnKind, ColumnRule, TableRule
from vestige.disclosure.figures import Figures, members_column, rows_table
from vestige.statistics.distribution import Distribution
from vestige.statistics.heavy_tails import Comparison, HeavyTail
from vestige.statistics.tail_families import TailFamily

REACHED: Final = tuple(step * 10**power for power in range(7) for step in (1, 2, 5))
"""Numbers of events that members reach, one, two and five of every power of ten."""
_WORDS: Final = tuple(f"{count:,}" for count in REACHED)
UNDECIDED: Final = "cannot be told apart"
BETTER: Final = "fits better than a power law"
WORSE: Final = "fits worse than a power law"
ITSELF: Final = "power law"


@dataclass(frozen=True)
class Tail:
    """One trace: its name, the members with any, their distribution, and the tail if it is large enough to fit."""

    trace: str
    distribution: Distribution
    found: HeavyTail | None


def tail_figures(tails: tuple[Tail, ...]) -> Iterator[Figures]:
    """Tables of tails; none where no tail is large enough."""
    if tails:
        yield _reached(tails)
    fitted = [(tail.trace, tail.found) for tail in tails if tail.found is not None]
    if fitted:
        yield _power_laws(fitted)
        yield _rivals(fitted)


def _trace_column() -> ColumnRule:
    return ColumnRule("trace", "What", ColumnKind.LABEL, vocabulary=tuple(trace.title for trace in TRACES))


def _reached(tails: tuple[Tail, ...]) -> Figures:
    rule = TableRule(
        "reached",
        "Members who reach a number of events",
        (
            _trace_column(),
            ColumnRule("at_least", "At least", ColumnKind.LABEL, vocabulary=_WORDS),
            members_column("step", "Members between this number and the next", additive=Additive.NO, shown=False),
            ColumnRule(
                "members",
                "Members",
                ColumnKind.MEMBERS,
                behind=("step",),
                additive=Additive.NO,
                counts={trace.title: trace.actors for trace in TRACES},
            ),
            members_column("tail", "Members in the fitted tail", additive=Additive.NO, shown=False),
            ColumnRule("share", "Share of members with any", ColumnKind.PROPORTION, behind=("step",)),
            ColumnRule("power_law", "Under the power law", ColumnKind.PROPORTION, behind=("step", "tail")),
        ),
        "On logarithmic axes a power law is a straight line; so are many other tails, nearly.",
    )
    rows: list[tuple[object, ...]] = []
    for tail in tails:
        values, members = tail.distribution.values, tail.distribution.members
        reach = [int(members[values >= count].sum()) for count in REACHED]
        last = sum(count > 0 for count in reach)
        for place in range(last):
            following = reach[place + 1] if place + 1 < len(reach) else 0
            expected = _expected(tail, REACHED[place])
            of_tail = tail.found.tail if tail.found is not None else 0
            share = reach[place] / tail.distribution.size
            rows.append((tail.trace, _WORDS[place], reach[place] - following, reach[place], of_tail, share, expected))
    return Figures(rule, rows_table(rule, rows))


def _expected(tail: Tail, count: int) -> float | None:
    """Share of members with any who reach a number, as the fitted power law has it; None below its least value."""
    from vestige.statistics.heavy_tail_kernels import scaled_zeta

    found = tail.found
    if found is None or count < found.x_min:
        return None
    first, alpha = float(found.x_min), found.alpha.value
    beyond = scaled_zeta(alpha, float(count), first) / scaled_zeta(alpha, first, first)
    return min(1.0, beyond * found.tail / tail.distribution.size)


def _power_laws(fitted: list[tuple[str, HeavyTail]]) -> Figures:
    rule = TableRule(
        "power_laws",
        "Power laws of the busiest members",
        (
            _trace_column(),
            members_column("actors", "Members with any", additive=Additive.NO, shown=False),
            members_column("tail", "Members in the tail", additive=Additive.NO),
            *(
                ColumnRule(name, title, ColumnKind.ESTIMATE, behind=("tail",))
                for name, title in (
                    ("x_min", "Tail from"),
                    ("alpha", "Exponent"),
                    ("low", "95 % from"),
                    ("high", "to"),
                    ("free_low", "with the start free, from"),
                    ("free_high", "to (free)"),
                )
            ),
            ColumnRule("goodness", "Goodness of fit p", ColumnKind.PROPORTION, behind=("tail",)),
        ),
        "p: share of simulated power laws that fit no better; at most 10 % rules the power law out.",
    )
    rows = [
        (
            trace,
            found.size,
            found.tail,
            float(found.x_min),
            found.alpha.value,
            found.alpha.low,
            found.alpha.high,
            None if found.alpha_free is None else found.alpha_free.low,
            None if found.alpha_free is None else found.alpha_free.high,
            found.goodness,
        )
        for trace, found in fitted
    ]
    return Figures(rule, rows_table(rule, rows))


def _rivals(fitted: list[tuple[str, HeavyTail]]) -> Figures:
    rule = TableRule(
        "tail_rivals",
        "Distributions of the same tail",
        (
            _trace_column(),
            ColumnRule("family", "Distribution", ColumnKind.LABEL, vocabulary=tuple(each.value for each in TailFamily)),
            members_column("tail", "Members in the tail", additive=Additive.NO, shown=False),
            ColumnRule("worse_by", "AIC above the best", ColumnKind.ESTIMATE, behind=("tail",)),
            ColumnRule("p_value", "p against the power law", ColumnKind.PROPORTION, behind=("tail",)),
            ColumnRule("verdict", "Verdict", ColumnKind.LABEL, vocabulary=(ITSELF, UNDECIDED, BETTER, WORSE)),
        ),
        "Vuong's test, or a likelihood ratio for a cut-off; p above 10 % decides nothing.",
    )
    rows = []
    for trace, found in fitted:
        best = min(fit.criterion for fit in found.fits.values())
        against = _against_power_law(found)
        for family, fit in found.fits.items():
            comparison = against.get(family)
            p_value = None if comparison is None else comparison.p_value
            rows.append((trace, family.value, found.tail, fit.criterion - best, p_value, _verdict(comparison)))
    return Figures(rule, rows_table(rule, rows))


def _against_power_law(found: HeavyTail) -> Mapping[TailFamily, Comparison]:
    law = TailFamily.POWER_LAW
    pairs = [each for each in found.comparisons if law in {each.first, each.second}]
    return {each.second if each.first is law else each.first: each for each in pairs}


def _verdict(comparison: Comparison | None) -> str:
    if comparison is None:
        return ITSELF
    if comparison.favoured is None:
        return UNDECIDED
    return WORSE if comparison.favoured is TailFamily.POWER_LAW else BETTER
