"""From panels to cells: the distinct combinations of design and response, and which of them each member has.

Where the design depends on time only, a cell is a (time, response) pair, zeros are left out of the lists (they are
in the member's base), and members with identical lists become one weighted pattern. With covariates, exposure or
own times, cells are distinct rows of all of these.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from vestige.trajectories.compiled import BoolArray, FloatArray, IndexArray, IntArray, compiled
from vestige.trajectories.histories import Panel, SparseCounts, sparse_counts, taken_lists
from vestige.trajectories.settings import COUNT_FAMILIES, Family, PathSettings

MAX_CODES: Final = 50_000_000
SHARED_KINDS: Final = 1024
CHUNKS: Final = 32
MAX_SLOT_NUMBERS: Final = 24_000_000
SLOT_WORK: Final = 8


@dataclass(frozen=True)
class OutcomeCells:
    """The cells of one outcome.

    Attributes:
        response: (cells,) the response.
        time: (cells,) its time.
        covariates: (cells, covariates), or (cells, 0).
        offset: (cells,) logarithm of the exposure, or None.
        zero_of: (cells,) the cell of a zero at the same time, or None where zeros are listed like others.
        zero_cells: (times,) cells of a zero at each time; empty where zeros are listed.
        start: (members + 1,) where each member's list begins.
        cells: (entries,) listed cells.
        profile: (members,) row of `profiles`.
        profiles: (profiles, times) unlisted zeros that a member of the profile has.
    """

    response: FloatArray
    time: FloatArray
    covariates: FloatArray
    offset: FloatArray | None
    zero_of: IndexArray | None
    zero_cells: IndexArray
    start: IntArray
    cells: IndexArray
    profile: IndexArray
    profiles: FloatArray


@dataclass(frozen=True)
class Histories:
    """All outcomes' cell lists of every pattern, and what is known of each pattern beside them.

    Attributes:
        start: (patterns + 1,) where each pattern's list begins.
        cells: (entries,) rows of the stacked cells of all outcomes.
        kind: (patterns,) row of `bases` and `risk`.
        weight: (patterns,) sum of its members' weights.
        meat_weight: (patterns,) sum of their squared weights (for clustered standard errors).
        bases: (kinds, unlisted cells) how often each unlisted cell stands in a member of the kind.
        base_cells: (unlisted cells,) rows of the stacked cells.
        risk: (kinds, risk columns) membership design, first column 1.
        pattern: (rows of the panel,) the pattern of each row.
        bounds: (chunks + 1,) patterns of each chunk.
        direct_cells: whether no cell is listed twice.
        direct_kinds: whether no two patterns share a kind.
    """

    start: IntArray
    cells: IndexArray
    kind: IndexArray
    weight: FloatArray
    meat_weight: FloatArray
    bases: FloatArray
    base_cells: IndexArray
    risk: FloatArray
    pattern: IntArray
    bounds: IntArray
    direct_cells: bool
    direct_kinds: bool

    @property
    def patterns(self) -> int:
        """Number of patterns."""
        return int(self.kind.size)

    @property
    def entries(self) -> int:
        """Number of listed cells."""
        return int(self.cells.size)


def outcome_cells(panel: Panel, settings: PathSettings) -> OutcomeCells:
    """The cells of one panel under one family."""
    by_time = panel.times.ndim == 1 and panel.exposure is None and panel.covariates is None
    if by_time and (settings.family in COUNT_FAMILIES or settings.family is Family.LOGIT):
        counts = panel.values if isinstance(panel.values, SparseCounts) else sparse_counts(panel.values)
        return count_cells(counts, panel.times)
    return _listed_cells(panel)


def count_cells(counts: SparseCounts, times: FloatArray) -> OutcomeCells:
    """The cells of counts whose design depends on time only."""
    cells, period, response = _distinct(counts)
    zero_cells = np.arange(counts.times, dtype=np.int32)
    return OutcomeCells(
        response=np.concatenate([np.zeros(counts.times), response.astype(np.float64)]),
        time=np.concatenate([times, times[period]]),
        covariates=np.zeros((counts.times + period.size, 0)),
        offset=None,
        zero_of=np.concatenate([zero_cells, period.astype(np.int32)]),
        zero_cells=zero_cells,
        start=counts.start,
        cells=cells,
        profile=counts.profile,
        profiles=counts.profiles.astype(np.float64),
    )


def _distinct(counts: SparseCounts) -> tuple[IndexArray, IntArray, IntArray]:
    """The cell of every entry, after those of the zeros, and the period and count of each cell, both in order."""
    width = int(counts.count.max(initial=0)) + 1
    if counts.times * width > MAX_CODES:
        codes, inverse = np.unique(counts.period.astype(np.int64) * width + counts.count, return_inverse=True)
        cells = (inverse.reshape(-1) + counts.times).astype(np.int32)
    else:
        number = np.zeros((counts.times, width), dtype=np.int32)
        _mark_cells(counts.period, counts.count, number)
        codes = np.flatnonzero(number)
        number.reshape(-1)[codes] = np.arange(codes.size, dtype=np.int32) + np.int32(counts.times)
        cells = np.empty(counts.period.size, dtype=np.int32)
        _number_cells(counts.period, counts.count, number, cells)
    period, response = np.divmod(codes, width)
    return cells, period, response


@compiled
def _mark_cells(period: IndexArray, count: IndexArray, number: IndexArray) -> None:
    for entry in range(period.size):
        number[period[entry], count[entry]] = 1


@compiled
def _number_cells(period: IndexArray, count: IndexArray, number: IndexArray, cells: IndexArray) -> None:
    for entry in range(period.size):
        cells[entry] = number[period[entry], count[entry]]


def _listed_cells(panel: Panel) -> OutcomeCells:
    values = panel.dense()
    observed = np.isfinite(values)
    member, _ = np.nonzero(observed)
    times = np.broadcast_to(panel.row_times(), values.shape)[observed]
    columns = [times, values[observed]]
    if panel.exposure is not None:
        columns.append(np.log(panel.exposure[observed]))
    covariates = np.zeros((times.size, 0)) if panel.covariates is None else panel.covariates[observed]
    rows = np.column_stack([*columns, covariates])
    found, first, inverse = np.unique(rows, axis=0, return_index=True, return_inverse=True)
    if 4 * len(found) > len(rows):
        first = inverse = np.arange(len(rows))
    return OutcomeCells(
        response=values[observed][first],
        time=times[first],
        covariates=covariates[first],
        offset=None if panel.exposure is None else columns[2][first],
        zero_of=None,
        zero_cells=np.zeros(0, dtype=np.int32),
        start=np.concatenate([[0], np.cumsum(np.bincount(member, minlength=panel.rows))]).astype(np.int64),
        cells=inverse.reshape(-1).astype(np.int32),
        profile=np.zeros(panel.rows, dtype=np.int32),
        profiles=np.zeros((1, 0)),
    )


def stack_histories(
    outcomes: Sequence[OutcomeCells], risk: FloatArray, weight: FloatArray, frequency: FloatArray
) -> Histories:
    """Join the outcomes' lists member by member, and collapse identical members to patterns.

    Args:
        outcomes: cells of each outcome, same members in the same order.
        risk: (members, risk columns) membership design, first column 1.
        weight: (members,) sampling weights.
        frequency: (members,) how many members each row stands for.
    """
    start, cells = _joined_lists(outcomes)
    kind, bases, risk_of_kind = _kinds(outcomes, risk)
    keep, pattern = _collapse(start, cells, kind)
    if keep.size < kind.size:
        start, cells = taken_lists(start, cells, keep)
        kind = kind[keep]
    offsets = np.concatenate([[0], np.cumsum([outcome.response.size for outcome in outcomes])])
    base_cells = [outcome.zero_cells + offset for outcome, offset in zip(outcomes, offsets[:-1], strict=True)]
    total = int(offsets[-1])
    return Histories(
        start=start,
        cells=cells,
        kind=kind,
        weight=weighted_counts(pattern, weight * frequency, keep.size),
        meat_weight=weighted_counts(pattern, weight**2 * frequency, keep.size),
        bases=bases,
        base_cells=np.concatenate(base_cells).astype(np.int32),
        risk=risk_of_kind,
        pattern=pattern,
        bounds=chunk_bounds(start),
        direct_cells=bool(cells.size <= total and np.bincount(cells, minlength=total).max(initial=0) <= 1),
        direct_kinds=bool(len(bases) == kind.size and np.unique(kind).size == kind.size),
    )


def held_cells(outcomes: Sequence[OutcomeCells], histories: Histories) -> tuple[tuple[OutcomeCells, ...], Histories]:
    """The cells that occur in the histories, renumbered; those of counts by time are few and are all kept."""
    total = sum(outcome.response.size for outcome in outcomes)
    used = np.zeros(total, dtype=np.bool_)
    used[histories.cells] = True
    first, kept = 0, []
    for outcome in outcomes:
        own = used[first : first + outcome.response.size]
        first += outcome.response.size
        if outcome.zero_of is not None:
            own[:] = True
        elif not own.all():
            offset = None if outcome.offset is None else outcome.offset[own]
            outcome = replace(  # noqa: PLW2901 - the part takes the place of the whole
                outcome, response=outcome.response[own], time=outcome.time[own], covariates=outcome.covariates[own],
                offset=offset,
            )  # fmt: skip
        kept.append(outcome)
    number = np.cumsum(used, dtype=np.int32) - 1
    return tuple(kept), replace(
        histories, cells=number[histories.cells], base_cells=number[histories.base_cells].astype(np.int32)
    )


def weighted_counts(codes: IntArray, weight: FloatArray, size: int) -> FloatArray:
    """(size,) sum of the weights of each code."""
    return np.bincount(codes, weight, minlength=size).astype(np.float64)


def slots_for(histories: Histories, cells: int, classes: int) -> int:
    """How many slots the sums need: one a chunk, or fewer where they would outweigh the pass, or fill the memory."""
    worthwhile = histories.entries // (SLOT_WORK * max(cells, 1))
    affordable = MAX_SLOT_NUMBERS // max(cells * classes, 1)
    return int(max(1, min(histories.bounds.size - 1, worthwhile, affordable)))


def _joined_lists(outcomes: Sequence[OutcomeCells]) -> tuple[IntArray, IndexArray]:
    if len(outcomes) == 1:
        return outcomes[0].start.astype(np.int64), outcomes[0].cells
    lengths = np.array([np.diff(outcome.start) for outcome in outcomes])
    start = np.concatenate([[0], np.cumsum(lengths.sum(axis=0))]).astype(np.int64)
    cells = np.empty(start[-1], dtype=np.int32)
    offset, begin = 0, start[:-1].copy()
    for outcome, length in zip(outcomes, lengths, strict=True):
        position = np.repeat(begin - outcome.start[:-1], length) + np.arange(outcome.cells.size)
        cells[position] = outcome.cells + np.int32(offset)
        offset += outcome.response.size
        begin += length
    return start, cells


def _kinds(outcomes: Sequence[OutcomeCells], risk: FloatArray) -> tuple[IndexArray, FloatArray, FloatArray]:
    members = len(risk)
    if len(outcomes) == 1 and risk.shape[1] == 1 and len(outcomes[0].profiles) <= SHARED_KINDS:
        return outcomes[0].profile, outcomes[0].profiles, np.ones((len(outcomes[0].profiles), 1))
    code, codes = np.zeros(members, dtype=np.int64), 1
    for outcome in outcomes:
        code = code * len(outcome.profiles) + outcome.profile
        codes *= len(outcome.profiles)
    if risk.shape[1] > 1:
        keys = np.column_stack([code.astype(np.float64), risk[:, 1:]])
        _, first, inverse = np.unique(keys, axis=0, return_index=True, return_inverse=True)
        kind = inverse.reshape(-1)
    elif codes > 1:
        _, first, kind = np.unique(code, return_index=True, return_inverse=True)
    else:
        first, kind = np.zeros(1, dtype=np.int64), code
    if first.size > SHARED_KINDS:
        first = kind = np.arange(members)
    bases = np.column_stack([outcome.profiles[outcome.profile[first]] for outcome in outcomes])
    return kind.astype(np.int32), bases, risk[first]


def _collapse(start: IntArray, cells: IndexArray, kind: IndexArray) -> tuple[IntArray, IntArray]:
    """Rows to keep, one a pattern in order of appearance, and each row's pattern."""
    table = np.full(1 << max(4, (2 * kind.size - 1).bit_length()), -1, dtype=np.int32)
    keep, pattern = np.empty(kind.size, dtype=np.int64), np.empty(kind.size, dtype=np.int64)
    found = _number_patterns(start, cells, kind, table, keep, pattern)
    return keep[:found].copy(), pattern


@compiled
def _number_patterns(
    start: IntArray, cells: IndexArray, kind: IndexArray, table: IndexArray, keep: IntArray, pattern: IntArray
) -> int:
    """Number the different lists by a hash table with open addressing; equal hashes are compared entry by entry."""
    mask, found = np.uint64(table.size - 1), 0
    for member in range(kind.size):
        code = np.uint64(14695981039346656037) ^ np.uint64(kind[member])
        for entry in range(start[member], start[member + 1]):
            code = (code ^ np.uint64(cells[entry] + 1)) * np.uint64(1099511628211)
            code ^= code >> np.uint64(29)
        place = code & mask
        while True:
            number = table[place]
            if number < 0:
                table[place], keep[found], pattern[member] = found, member, found
                found += 1
                break
            if kind[member] == kind[keep[number]] and _same_list(start, cells, member, keep[number]):
                pattern[member] = number
                break
            place = (place + np.uint64(1)) & mask
    return found


@compiled
def _same_list(start: IntArray, cells: IndexArray, one: int, other: int) -> bool:
    length = start[one + 1] - start[one]
    if length != start[other + 1] - start[other]:
        return False
    for entry in range(length):  # noqa: SIM110 - compiled: a generator would be slower
        if cells[start[one] + entry] != cells[start[other] + entry]:
            return False
    return True


def chunk_bounds(start: IntArray) -> IntArray:
    """Chunks of about equal work; a member counts a little even with an empty list."""
    members = start.size - 1
    work = start + 4 * np.arange(members + 1)
    chunks = max(1, min(CHUNKS, members // 64))
    bounds = np.searchsorted(work, np.linspace(0.0, float(work[-1]), chunks + 1))
    bounds[0], bounds[-1] = 0, members
    return np.asarray(bounds, dtype=np.int64)


def observed_profiles(panel: Panel) -> BoolArray:
    """(members, times) whether a response was observed."""
    if isinstance(panel.values, SparseCounts):
        return panel.values.profiles[panel.values.profile]
    return np.isfinite(panel.values)
