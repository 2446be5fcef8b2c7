"""Turn a study's codings into one matrix an item."""

from dataclasses import dataclass

import numpy as np

from vestige.casefiles.agreement.matrix import MISSING, CodingMatrix, Level
from vestige.casefiles.checklist import Item
from vestige.casefiles.schema import NUMERIC, Kind
from vestige.casefiles.study import Coding, Study
from vestige.casefiles.values import Missing, Quantity, Value, format_value
from vestige.results import Finding, Severity


@dataclass(frozen=True)
class ItemMatrix:
    """One item's codings of one round.

    Attributes:
        item: the item.
        units: ids of the rows.
        matrix: units x coders.
        findings: what had to be decided to make a matrix of it.
    """

    item: Item
    units: tuple[str, ...]
    matrix: CodingMatrix
    findings: tuple[Finding, ...] = ()


def item_matrix(study: Study, item: Item, round_number: int) -> ItemMatrix:
    """All coders' answers to one item in one round, every unit of the item's level a row.

    Exact numbers are ratio-scaled; as soon as one coder gives a band or a bound, the answers are compared as words
    (nominal), since a band has no place on the scale. "Unknown" and "not applicable" are answers like others on a
    nominal scale and are left out of ordered ones. A cell that is not coded never counts.
    """
    units = study.units(item.level)
    row_of = {unit: number for number, unit in enumerate(units)}
    given = [
        coding
        for coding in study.codings
        if coding.item == item.code and coding.round == round_number and coding.value is not Missing.NOT_CODED
    ]
    given = [coding for coding in given if coding.unit in row_of]
    level, findings = _level(item, given)
    ordered = level is not Level.NOMINAL
    kept = [coding for coding in given if not (ordered and isinstance(coding.value, Missing))]
    if len(kept) < len(given):
        findings.append(
            Finding(
                "off-scale-answers",
                Severity.NOTE,
                f"item {item.code}: {len(given) - len(kept)} answers 'unknown' or 'not applicable' have no place on an "
                "ordered scale and are left out",
            )
        )
    scores, labels = _scale(item, level, [coding.value for coding in kept])
    positions = {label: number for number, label in enumerate(labels)}
    codes = np.full((len(units), len(study.coders)), MISSING, dtype=np.int64)
    for coding in kept:
        codes[row_of[coding.unit], study.coders.index(coding.coder)] = positions[format_value(coding.value)]
    matrix = CodingMatrix(codes, np.asarray(scores, dtype=float), labels, study.coders, level)
    return ItemMatrix(item, units, matrix, tuple(findings))


def _level(item: Item, given: list[Coding]) -> tuple[Level, list[Finding]]:
    if item.kind is Kind.ORDINAL:
        return Level.ORDINAL, []
    if item.kind in NUMERIC:
        inexact = [c for c in given if isinstance(c.value, Quantity) and not c.value.is_exact]
        if not inexact:
            return Level.RATIO, []
        text = f"item {item.code}: bands or bounds were coded, so its numbers are compared as words, not on a scale"
        return Level.NOMINAL, [Finding("bands-compared-as-words", Severity.NOTE, text)]
    return Level.NOMINAL, []


def _scale(item: Item, level: Level, values: list[Value]) -> tuple[list[float], tuple[str, ...]]:
    if level is Level.RATIO:
        numbers = sorted({value.low for value in values if isinstance(value, Quantity)})
        return numbers, tuple(format_value(Quantity(number, number)) for number in numbers)
    used = {format_value(value) for value in values}
    declared = [code for code in item.codes if code in used or item.kind is not Kind.CODES]
    labels = tuple(declared) + tuple(sorted(used - set(declared)))
    return [float(number) for number in range(len(labels))], labels
