"""Tables, findings and sentences of a likelihood ratio."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from vestige.disclosure import MINIMUM_MEMBERS, Additive, ColumnKind, ColumnRule, TableRule
from vestige.disclosure.figures import Figures, members_column, rows_table
from vestige.results import Finding, Severity, most_severe_first

if TYPE_CHECKING:
    from vestige.activity.verbal_scale import VerbalScale

WORTHLESS: Final = 1.0
POOR_CALIBRATION: Final = 0.1
_TIPPETT_STEPS: Final = 61
FEW: Final = 50
"""Members of a population below which a ratio is uncertain whatever it says; by convention."""


def ratio_figures(
    *,
    names: tuple[str, str],
    sizes: tuple[int, int],
    ratio: float,
    interval: tuple[float | None, float | None],
    cost: float,
    least: float,
    of_first: "np.ndarray",
    of_second: "np.ndarray",
) -> Iterator[Figures]:
    """Tables `ratio`, `calibration` and `tippett`."""
    behind = ("first", "second")
    counts = (
        members_column("first", f"Members of {names[0]}", additive=Additive.NO),
        members_column("second", f"Members of {names[1]}", additive=Additive.NO),
    )
    rule = TableRule(
        "ratio",
        f"Likelihood ratio, {names[0]} to {names[1]}",
        (
            *counts,
            ColumnRule("ratio", "Ratio", ColumnKind.QUANTITY, behind=behind),
            ColumnRule("low", "from", ColumnKind.QUANTITY, behind=behind),
            ColumnRule("high", "to", ColumnKind.QUANTITY, behind=behind),
        ),
        "How many times likelier the member's activity is in the first population than in the second.",
    )
    yield Figures(rule, rows_table(rule, [(*sizes, ratio, *interval)]))
    rule = TableRule(
        "calibration",
        "How good the ratios of the reference members are",
        (
            *counts,
            ColumnRule("cost", "Cllr", ColumnKind.ESTIMATE, behind=behind),
            ColumnRule("least", "Cllr-min", ColumnKind.ESTIMATE, behind=behind),
        ),
        "Log-likelihood-ratio cost of members left out in turn: 0 is perfect, 1 is worth nothing (Brümmer and du "
        "Preez, 2006). What lies between Cllr-min and Cllr is poor calibration.",
    )
    yield Figures(rule, rows_table(rule, [(*sizes, cost, least)]))
    yield _tippett(names, of_first, of_second)


def _tippett(names: tuple[str, str], of_first: "np.ndarray", of_second: "np.ndarray") -> Figures:
    """Part of each population with at least a ratio; the steps are even, so that no member's own ratio shows."""
    rule = TableRule(
        "tippett",
        "Tippett plot of the reference members",
        (
            ColumnRule("population", "Population", ColumnKind.LABEL, vocabulary=names),
            ColumnRule("log10_lr", "log10 ratio", ColumnKind.ESTIMATE, behind=("members",)),
            members_column("members", "Members", additive=Additive.NO, shown=False),
            members_column("reached", "At least that", additive=Additive.NO, within="members", shown=False),
            ColumnRule("share", "Part with at least that", ColumnKind.SHARE, ratio=("reached", "members")),
        ),
        "Each member was left out of the model that scored it.",
    )
    widest = float(np.ceil(np.abs(np.concatenate((of_first, of_second))).max() / np.log(10)))
    grid = np.round(np.linspace(-widest, widest, _TIPPETT_STEPS), 3)
    rows = [
        (name, float(at), own.size, int((own / np.log(10) >= at).sum()))
        for name, own in zip(names, (of_first, of_second), strict=True)
        for at in grid
    ]
    return Figures(rule, rows_table(rule, rows))


def ratio_findings(
    *, sizes: tuple[int, int], capped: bool, cost: float, least: float, outside: Sequence[str]
) -> tuple[Finding, ...]:
    """What to know before using a ratio, most severe first."""
    found = []
    if cost >= WORTHLESS:
        text = "These measures do not tell the two populations apart (Cllr is 1 or more): the ratio must not be used."
        found.append(Finding("worthless-ratios", Severity.PROBLEM, text))
    elif cost - least > POOR_CALIBRATION:
        text = "The ratios are poorly calibrated, too large or too small throughout: Cllr is well above Cllr-min."
        found.append(Finding("poor-calibration", Severity.CAUTION, text))
    if capped:
        text = (
            "The ratio was cut to the limit that so many reference members can support: one over the members of the "
            "first population, and the members of the second."
        )
        found.append(Finding("capped-ratio", Severity.CAUTION, text))
    if outside:
        text = f"The member lies beyond every reference member, so that the ratio extrapolates: {', '.join(outside)}."
        found.append(Finding("extrapolation", Severity.CAUTION, text))
    if min(sizes) < FEW:
        text = f"A reference population has fewer than {FEW} members; the ratio is uncertain whatever it says."
        found.append(Finding("few-reference-members", Severity.CAUTION, text))
    text = (
        "The ratio compares two given populations; it holds only if the member is of one of them, and only with prior "
        "odds does it say which."
    )
    found.append(Finding("two-populations-only", Severity.NOTE, text))
    return most_severe_first(found)


def ratio_sentences(
    ratios: Sequence[Mapping[str, Any]],
    calibration: Sequence[Mapping[str, Any]],
    names: tuple[str, str],
    scale: "VerbalScale",
    *,
    brief: bool,
) -> tuple[str, ...]:
    """The ratio in words, from published figures only."""
    sentences = []
    for row in ratios:
        if row["ratio"] is None:
            return (f"A population has fewer than {MINIMUM_MEMBERS} members: no ratio is shown.",)
        favoured, other, times = (*names, row["ratio"]) if row["ratio"] >= 1 else (names[1], names[0], 1 / row["ratio"])
        interval = "" if row["low"] is None else f" (interval of the ratio {row['low']:,.3g} to {row['high']:,.3g})"
        sentences.append(
            f"Such activity is about {times:,.2g} times likelier in {favoured} than in {other}{interval}: "
            f"{scale.words(row['ratio'], *names)}, by the {scale.name}."
        )
    if not brief:
        sentences += [
            f"Of the reference members, left out in turn, Cllr is {row['cost']:.2f} and Cllr-min {row['least']:.2f}; a "
            "method that always says 1 has 1."
            for row in calibration
            if row["cost"] is not None
        ]
    return tuple(sentences)
