"""Where coders differ, what was decided about it, and whether coding drifted between rounds."""

from collections import defaultdict
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from vestige.casefiles.agreement.coefficients import krippendorff_alpha, observed_agreement
from vestige.casefiles.agreement.matrix import CodingMatrix, Level, compress
from vestige.casefiles.study import Coding, Study
from vestige.casefiles.values import Missing, format_value

if TYPE_CHECKING:
    import pyarrow as pa


def disagreements(study: Study) -> "pa.Table":
    """Every unit and item that two coders of one round answered differently, with pages and what was decided."""
    import pyarrow as pa

    together: dict[tuple[str, str, int], list[Coding]] = defaultdict(list)
    for coding in study.codings:
        if coding.value is not Missing.NOT_CODED:
            together[coding.unit, coding.item, coding.round].append(coding)
    settled = {(decision.unit, decision.item): decision for decision in study.adjudications}
    rows: list[dict[str, Any]] = []
    for (unit, item, round_number), codings in sorted(together.items()):
        if len({coding.value for coding in codings}) > 1:
            decision = settled.get((unit, item))
            rows.append(
                {
                    "unit": unit,
                    "item": item,
                    "round": round_number,
                    "coders": ", ".join(coding.coder for coding in codings),
                    "values": " / ".join(format_value(coding.value) for coding in codings),
                    "pages": " / ".join(format_value(coding.page) or "-" for coding in codings),
                    "settled_value": None if decision is None else format_value(decision.value),
                    "settled_by": None if decision is None else decision.decided_by,
                    "settled_on": None if decision is None else decision.decided_on,
                }
            )
    text = ("unit", "item", "coders", "values", "pages", "settled_value", "settled_by")
    fields = [("unit", pa.string()), ("item", pa.string()), ("round", pa.int64())]
    fields += [(name, pa.string()) for name in text[2:]] + [("settled_on", pa.date32())]
    return pa.Table.from_pylist(rows, schema=pa.schema(fields))


def drift(study: Study) -> "pa.Table":
    """Each coder against themself between rounds, and all coders together in each round.

    Columns: comparison ("within coder" or "within round"), who, rounds, units (pairs of unit and item), percent, alpha
    (nominal, the mean over items weighted by their units, so that items never mix); null where undefined.
    """
    import pyarrow as pa

    by_place: dict[tuple[str, int], dict[tuple[str, str], str]] = defaultdict(dict)
    for coding in study.codings:
        if coding.value is not Missing.NOT_CODED:
            by_place[coding.coder, coding.round][coding.unit, coding.item] = format_value(coding.value)
    rounds = sorted({round_number for _, round_number in by_place})
    rows = []
    for coder in study.coders:
        for one, other in combinations([r for r in rounds if (coder, r) in by_place], 2):
            answers = [by_place[coder, one], by_place[coder, other]]
            rows.append(_compared("within coder", coder, f"{one} and {other}", answers))
    for round_number in rounds:
        coders = [coder for coder in study.coders if (coder, round_number) in by_place]
        if len(coders) > 1:
            answers = [by_place[coder, round_number] for coder in coders]
            rows.append(_compared("within round", ", ".join(coders), str(round_number), answers))
    schema = pa.schema(
        [
            ("comparison", pa.string()),
            ("who", pa.string()),
            ("rounds", pa.string()),
            ("units", pa.int64()),
            ("percent", pa.float64()),
            ("alpha", pa.float64()),
        ]
    )
    return pa.Table.from_pylist(rows, schema=schema)


def _compared(comparison: str, who: str, rounds: str, answers: list[dict[tuple[str, str], str]]) -> dict[str, Any]:
    """Percent agreement over all places, and the mean of the items' alphas weighted by their units."""
    places = sorted({place for each in answers for place in each if sum(place in one for one in answers) > 1})
    percent = alpha = None
    if places:
        percent = _agreement(places, answers)[0]
        alphas = []
        for item in sorted({item for _, item in places}):
            own = [place for place in places if place[1] == item]
            value = _agreement(own, answers)[1]
            if value is not None:
                alphas.append((value, len(own)))
        if alphas:
            alpha = sum(value * units for value, units in alphas) / sum(units for _, units in alphas)
    return {
        "comparison": comparison,
        "who": who,
        "rounds": rounds,
        "units": len(places),
        "percent": percent,
        "alpha": alpha,
    }


def _agreement(places: list[tuple[str, str]], answers: list[dict[tuple[str, str], str]]) -> tuple[float, float | None]:
    labels = tuple(sorted({each[place] for each in answers for place in places if place in each}))
    position = {label: number for number, label in enumerate(labels)}
    codes = np.array([[position[each[place]] if place in each else -1 for each in answers] for place in places])
    scores = np.arange(len(labels), dtype=float)
    matrix = CodingMatrix(codes, scores, labels, tuple(str(number) for number in range(len(answers))))
    patterns = compress(matrix)
    weights = patterns.weights[None]
    alpha = float(krippendorff_alpha(patterns, weights, scores, Level.NOMINAL)[0])
    percent = float(observed_agreement(patterns, weights, np.eye(len(labels)))[0])
    return percent, None if np.isnan(alpha) else alpha
