"""Tables of a study: overview of cases, cross-case matrices, counts with exact intervals, co-coding, similarity.

Case-file studies have few cases by nature. Figures that count cases, items or codings are shown as they are: they
describe files, not a population from which a person could be singled out, and a table of six cases with every small
cell suppressed says nothing. What protects persons is that a study holds no names and no words, only coded values.
See docs/explanation/case-files.md for when a study should be banded further before it is published.
"""

import math
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final

from vestige.casefiles.checklist import Item
from vestige.casefiles.schema import Kind
from vestige.casefiles.study import Study
from vestige.casefiles.values import Day, Missing, Quantity, Value, format_value

if TYPE_CHECKING:
    import pyarrow as pa

NONE_CODES: Final = frozenset({"none", "no", "nobody", "not", "not-at-all"})
"""Codes that say a thing was absent, wherever they stand among an item's codes."""


@dataclass(frozen=True)
class FootnotedTable:
    """A table for readers.

    Attributes:
        columns: headings.
        rows: cells as text; a cell's notes follow it in `marks`.
        marks: for each cell the letters of its footnotes.
        notes: letter to footnote, only those used.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    marks: tuple[tuple[str, ...], ...]
    notes: tuple[tuple[str, str], ...]


_NOTES: Final = (
    ("a", "a band, as the file gives it"),
    ("b", "a bound: the true value is higher or lower"),
    ("c", "unknown: the file does not say"),
    ("d", "not applicable"),
    ("e", "known to the month or year only"),
    ("f", "not coded"),
)


def case_overview(study: Study) -> FootnotedTable:
    """One row a case: every column of cases.csv, and how many suspects, interviews and links it has in the study."""
    columns = [column.name for column in study.head.schemas["cases"].columns]
    rows, marks = [], []
    for row in study.tables.get("cases", ()):
        values = [row.value(column) for column in columns]
        case = row.text("case")
        listed = [
            str(sum(other.text("case") == case for other in study.tables.get(table, ())))
            for table in ("suspects", "interviews")
        ]
        rows.append((*(format_value(value) or "\u2013" for value in values), *listed))
        marks.append((*(_mark(value) for value in values), "", ""))
    used = {mark for line in marks for mark in line}
    headings = (*(column.replace("_", " ") for column in columns), "suspects in study", "interviews")
    return FootnotedTable(headings, tuple(rows), tuple(marks), tuple(note for note in _NOTES if note[0] in used))


def _mark(value: Value) -> str:
    if isinstance(value, Missing):
        return {Missing.UNKNOWN: "c", Missing.NOT_APPLICABLE: "d", Missing.NOT_CODED: "f"}[value]
    if isinstance(value, Quantity) and not value.is_exact:
        return "b" if math.isinf(value.high) or value.high_open or value.low == 0 else "a"
    return "e" if isinstance(value, Day) and not value.is_exact else ""


def item_matrix_table(study: Study, level: str = "case") -> FootnotedTable:
    """Units by items: the study's settled value of each."""
    items = list(study.items(level))
    units = study.units(level)
    values = [[study.coded(unit, item.code) for item in items] for unit in units]
    rows = tuple((unit, *(format_value(v) or "\u2013" for v in line)) for unit, line in zip(units, values, strict=True))
    marks = tuple(("", *(_mark(v) for v in line)) for line in values)
    used = {mark for line in marks for mark in line}
    notes = tuple(note for note in _NOTES if note[0] in used)
    return FootnotedTable((level, *(item.code for item in items)), rows, marks, notes)


def sign_of(item: Item, value: Value) -> bool | None:
    """Whether an answer is a sign that the thing asked for was there; None where the answer does not tell.

    Yes; any ordinal answer above the lowest; any code but those that say "none"; any number surely above 0.
    """
    if isinstance(value, Quantity):
        positive = value.low > 0 or (value.low == 0 and value.low_open)
        return True if positive else (False if value.high == 0 else None)
    if isinstance(value, tuple):
        return bool(set(value) - NONE_CODES)
    if isinstance(value, Missing) or not isinstance(value, str):
        return None
    return value != item.codes[0] if item.kind is Kind.ORDINAL else value not in NONE_CODES


def structure_matrix(study: Study) -> "pa.Table":
    """Structure by case: items with a sign of the structure, items without, items that do not tell."""
    import pyarrow as pa

    rows = []
    for structure in study.checklist.structures:
        items = [item for item in study.items("case") if item.structure == structure.code]
        for case in study.units("case"):
            signs = [sign_of(item, study.coded(case, item.code)) for item in items]
            rows.append(
                {
                    "structure": structure.code,
                    "case": case,
                    "present": signs.count(True),
                    "absent": signs.count(False),
                    "cannot_tell": signs.count(None),
                }
            )
    fields = [("structure", pa.string()), ("case", pa.string())]
    fields += [(name, pa.int64()) for name in ("present", "absent", "cannot_tell")]
    return pa.Table.from_pylist(rows, schema=pa.schema(fields))


def clopper_pearson(successes: int, trials: int, confidence: float = 0.95) -> tuple[float, float]:
    """Exact interval of a share (Clopper and Pearson 1934): it covers the truth at least as often as stated.

    Args:
        successes: 0 .. trials.
        trials: at least 1.
        confidence: of the interval.
    """
    from scipy.stats import beta

    tail = (1 - confidence) / 2
    low = 0.0 if successes == 0 else float(beta.ppf(tail, successes, trials - successes + 1))
    high = 1.0 if successes == trials else float(beta.ppf(1 - tail, successes + 1, trials - successes))
    return low, high


def item_counts(study: Study, *, confidence: float = 0.95) -> "pa.Table":
    """Every code of every item: units with it, of how many known, share with exact interval, and the missing kinds."""
    import pyarrow as pa

    rows: list[dict[str, Any]] = []
    for item in study.checklist.items:
        if not item.codes:
            continue
        values = [study.coded(unit, item.code) for unit in study.units(item.level)]
        known = [value for value in values if not isinstance(value, Missing)]
        for code in item.codes:
            count = sum(value == code or (isinstance(value, tuple) and code in value) for value in known)
            low, high = clopper_pearson(count, len(known), confidence) if known else (None, None)
            rows.append(
                {
                    "item": item.code,
                    "code": code,
                    "units": count,
                    "known": len(known),
                    "share": count / len(known) if known else None,
                    "low": low,
                    "high": high,
                    "unknown": values.count(Missing.UNKNOWN),
                    "not_applicable": values.count(Missing.NOT_APPLICABLE),
                    "not_coded": values.count(Missing.NOT_CODED),
                }
            )
    counts = ("units", "known", "unknown", "not_applicable", "not_coded")
    fields = [("item", pa.string()), ("code", pa.string()), ("units", pa.int64()), ("known", pa.int64())]
    fields += [(name, pa.float64()) for name in ("share", "low", "high")] + [(name, pa.int64()) for name in counts[2:]]
    return pa.Table.from_pylist(rows, schema=pa.schema(fields))


def co_coding(study: Study, level: str = "case") -> "pa.Table":
    """Each pair of items: units with a sign of both, of one only, of neither, and Jaccard's (1912) index."""
    import pyarrow as pa

    rows = []
    for one, other in combinations(list(study.items(level)), 2):
        counts = {(True, True): 0, (True, False): 0, (False, True): 0, (False, False): 0}
        for unit in study.units(level):
            first = sign_of(one, study.coded(unit, one.code))
            second = sign_of(other, study.coded(unit, other.code))
            if first is not None and second is not None:
                counts[first, second] += 1
        both, first_only, second_only, neither = counts.values()
        either = both + first_only + second_only
        rows.append(
            {
                "one": one.code,
                "other": other.code,
                "both": both,
                "one_only": first_only,
                "other_only": second_only,
                "neither": neither,
                "jaccard": both / either if either else None,
            }
        )
    fields = [("one", pa.string()), ("other", pa.string())]
    fields += [(name, pa.int64()) for name in ("both", "one_only", "other_only", "neither")]
    return pa.Table.from_pylist(rows, schema=pa.schema([*fields, ("jaccard", pa.float64())]))


def case_similarity(study: Study) -> "pa.Table":
    """Each pair of cases: Gower's (1971) coefficient over the items known for both, and how many those are.

    Codes match or not; several codes by Jaccard; ordinal places and exact numbers by their distance over the range.
    Bands count as known only when they are written alike.
    """
    import pyarrow as pa

    items = list(study.items("case"))
    spans = {item.code: _span(study, item) for item in items}
    rows = []
    for one, other in combinations(study.units("case"), 2):
        scores = []
        for item in items:
            score = _alike(item, study.coded(one, item.code), study.coded(other, item.code), spans[item.code])
            if score is not None:
                scores.append(score)
        similarity = sum(scores) / len(scores) if scores else None
        rows.append({"one": one, "other": other, "similarity": similarity, "items": len(scores)})
    fields = [("one", pa.string()), ("other", pa.string()), ("similarity", pa.float64()), ("items", pa.int64())]
    return pa.Table.from_pylist(rows, schema=pa.schema(fields))


def _span(study: Study, item: Item) -> float:
    numbers = [
        value.low
        for unit in study.units(item.level)
        if isinstance(value := study.coded(unit, item.code), Quantity) and value.is_exact
    ]
    return max(numbers) - min(numbers) if numbers else 0.0


def _alike(item: Item, one: Value, other: Value, span: float) -> float | None:
    if isinstance(one, Missing) or isinstance(other, Missing):
        return None
    if isinstance(one, Quantity) and isinstance(other, Quantity):
        if one.is_exact and other.is_exact:
            return 1 - abs(one.low - other.low) / span if span else 1.0
        return 1.0 if one == other else None
    if item.kind is Kind.ORDINAL:
        return 1 - abs(item.codes.index(str(one)) - item.codes.index(str(other))) / max(len(item.codes) - 1, 1)
    if isinstance(one, tuple) and isinstance(other, tuple):
        union = set(one) | set(other)
        return len(set(one) & set(other)) / len(union) if union else 1.0
    return float(one == other)
