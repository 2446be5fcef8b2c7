"""Do two coders mark the same stretches? Overlap and chance-corrected agreement per code.

Each coder's stretches of a code are merged. Per code: Jaccard's index of the marked characters, the share of each
coder's stretches that the other touches, and Krippendorff's alpha over characters (marked or not), which is his
unitising alpha for the binary question of relevance when every character is a unit. Boundaries one word apart lower
it little, a missed stretch much. It is undefined where neither coder, or both everywhere, marked anything.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vestige.casefiles.agreement.coefficients import krippendorff_alpha
from vestige.casefiles.agreement.matrix import Level, Patterns
from vestige.casefiles.refi.project import QdaProject, Unit
from vestige.errors import SettingsError

if TYPE_CHECKING:
    import pyarrow as pa

Span = tuple[int, int]


@dataclass(frozen=True)
class CodeOverlap:
    """Agreement of two coders on one code.

    Attributes:
        code: neutral id in the first project.
        label: its label.
        one, other: merged stretches each coder marked.
        jaccard: shared characters over marked characters; None when nobody marked any.
        one_touched, other_touched: share of a coder's stretches that the other touches; None without stretches.
        alpha: over characters; None where undefined.
    """

    code: str
    label: str
    one: int
    other: int
    jaccard: float | None
    one_touched: float | None
    other_touched: float | None
    alpha: float | None


def measure_overlap_of_coders(
    one: QdaProject, other: QdaProject, *, lengths: Mapping[str, int] | None = None
) -> tuple[CodeOverlap, ...]:
    """Compare two coders' projects made from the same sources.

    Args:
        one: a coder's project.
        other: the other coder's.
        lengths: characters of each source by its neutral id in the first project; the last marked character of
            either coder where not given, which makes alpha a little too low.

    Raises:
        SettingsError: the projects share no source.
    """
    shared = {guid: name for name, guid in one.source_guids.items() if guid and guid in other.source_guids.values()}
    if not shared:
        raise SettingsError("the two projects share no source", hint="code copies of the same project")
    names = {name: shared[guid] for name, guid in other.source_guids.items() if guid in shared}
    pairs = _matched_codes(one, other)
    first = _spans(one, {name: name for name in shared.values()})
    second = _spans(other, names)
    ends = dict(lengths or {})
    for spans in (first, second):
        for (source, _), marked in spans.items():
            ends.setdefault(source, 0)
            if not lengths or source not in lengths:
                ends[source] = max(ends[source], marked[-1][1])
    labels = {code.code: code.label for code in one.codebook.codes}
    return tuple(
        compare_spans(
            code,
            labels[code],
            {source: first.get((source, code), []) for source in shared.values()},
            {source: second.get((source, pairs[code]), []) for source in shared.values()},
            ends,
        )
        for code in pairs
        if any(key[1] == code for key in first) or any(key[1] == pairs[code] for key in second)
    )


def _matched_codes(one: QdaProject, other: QdaProject) -> dict[str, str]:
    by_guid = {code.guid: code.code for code in other.codebook.codes}
    by_label = {code.label: code.code for code in other.codebook.codes if code.label}
    pairs = {}
    for code in one.codebook.codes:
        match = by_guid.get(code.guid) or by_label.get(code.label)
        if match:
            pairs[code.code] = match
    return pairs


def _spans(project: QdaProject, sources: Mapping[str, str]) -> dict[tuple[str, str], list[Span]]:
    found: dict[tuple[str, str], list[Span]] = defaultdict(list)
    for coding in project.codings:
        start, end = coding.start, coding.end
        placed = coding.unit is Unit.CHARACTERS and coding.source in sources
        if placed and start is not None and end is not None and end > start:
            found[sources[coding.source], coding.code].append((start, end))
    return {key: merge_spans(spans) for key, spans in found.items()}


def merge_spans(spans: Sequence[Span]) -> list[Span]:
    """Stretches in order, those that overlap or touch made one."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def compare_spans(
    code: str,
    label: str,
    one: Mapping[str, Sequence[Span]],
    other: Mapping[str, Sequence[Span]],
    lengths: Mapping[str, int],
) -> CodeOverlap:
    """Two coders' merged stretches of one code, by source."""
    both = sum(_shared(one[source], other[source]) for source in one)
    first = sum(end - start for spans in one.values() for start, end in spans)
    second = sum(end - start for spans in other.values() for start, end in spans)
    neither = max(0, sum(lengths.get(source, 0) for source in one) - (first + second - both))
    either = first + second - both
    return CodeOverlap(
        code,
        label,
        sum(len(spans) for spans in one.values()),
        sum(len(spans) for spans in other.values()),
        both / either if either else None,
        _touched(one, other),
        _touched(other, one),
        _alpha(both, first - both, second - both, neither),
    )


def _shared(one: Sequence[Span], other: Sequence[Span]) -> int:
    total = left = right = 0
    while left < len(one) and right < len(other):
        start, end = max(one[left][0], other[right][0]), min(one[left][1], other[right][1])
        total += max(0, end - start)
        if one[left][1] <= other[right][1]:
            left += 1
        else:
            right += 1
    return total


def _touched(one: Mapping[str, Sequence[Span]], other: Mapping[str, Sequence[Span]]) -> float | None:
    marks = [bool(_shared([span], other[source])) for source, spans in one.items() for span in spans]
    return sum(marks) / len(marks) if marks else None


def _alpha(both: int, one_only: int, other_only: int, neither: int) -> float | None:
    codes = np.array([[1, 1], [1, 0], [0, 1], [0, 0]])
    counts = np.array([[0.0, 2], [1, 1], [1, 1], [2, 0]])
    weights = np.array([both, one_only, other_only, neither], dtype=float)
    patterns = Patterns(codes, weights, counts, np.full(4, 2.0))
    value = float(krippendorff_alpha(patterns, weights[None], np.arange(2.0), Level.NOMINAL)[0])
    return None if np.isnan(value) else value


def overlap_table(overlaps: Sequence[CodeOverlap]) -> "pa.Table":
    """The comparison as a table, one row a code."""
    import pyarrow as pa

    numbers = ("jaccard", "one_touched", "other_touched", "alpha")
    fields = [("code", pa.string()), ("label", pa.string()), ("one", pa.int64()), ("other", pa.int64())]
    fields += [(name, pa.float64()) for name in numbers]
    rows = [{name: getattr(each, name) for name, _ in fields} for each in overlaps]
    return pa.Table.from_pylist(rows, schema=pa.schema(fields))
