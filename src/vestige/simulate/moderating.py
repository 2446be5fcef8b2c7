"""What a synthetic forum's staff did to threads and posts."""

from typing import Final

import numpy as np

from vestige.dataset.schema import ModerationKind
from vestige.simulate.calendar import DAY, UNKNOWN, Integers, Window
from vestige.simulate.people import People
from vestige.simulate.tables import Columns, code_of, draw_staff

_KINDS: Final = {
    ModerationKind.MOVE: 0.35,
    ModerationKind.MERGE: 0.1,
    ModerationKind.SPLIT: 0.1,
    ModerationKind.CLOSE: 0.2,
    ModerationKind.STICK: 0.1,
    ModerationKind.EDIT: 0.15,
}
_WITHIN: Final = 30 * DAY
"""Mean time from a thread's opening to what staff did to it."""


def moderation_table(
    generator: np.random.Generator,
    window: Window,
    people: People,
    threads: Columns,
    opening: Integers,
    first_member: int,
    per_thread: float,
) -> Columns:
    """One row an act, in time order; a thread that was moved stands where its last move led.

    Args:
        generator: source of randomness.
        window: the forum's months.
        people: who is staff, and since when.
        threads: the table of threads.
        opening: opening post of each thread.
        first_member: table id of the first member.
        per_thread: mean acts a thread draws.
    """
    count = len(threads["thread"])
    target = np.sort(generator.integers(max(count, 1), size=int(generator.poisson(per_thread * count)) if count else 0))
    at = threads["created_at"][target] + (generator.standard_exponential(len(target)) * _WITHIN).astype(np.int64)
    kind = generator.choice([code_of(known) for known in _KINDS], len(target), p=list(_KINDS.values()))
    staff = draw_staff(generator, people, at, first_member)
    source = (generator.random(len(target)) * target).astype(np.int64)
    section = threads["section"]
    origin = generator.integers(int(section.max(initial=0)) + 1, size=len(target))
    possible = (at <= window.end) & (staff != UNKNOWN)
    possible &= (kind != code_of(ModerationKind.SPLIT)) | (target > 0)
    possible &= (kind != code_of(ModerationKind.MOVE)) | (section.max(initial=0) > 0)
    order = np.flatnonzero(possible)
    order = order[np.argsort(at[order], kind="stable")]
    target, at, kind, source = target[order], at[order], kind[order], source[order]
    merged, split, edited = (kind == code_of(known) for known in _TOLD_OTHERWISE)
    left, reached = _moves(kind == code_of(ModerationKind.MOVE), target, origin[order], section)
    return {
        "by": staff[order],
        "kind": kind.astype(np.int8),
        "at": at,
        "thread": np.where(merged, UNKNOWN, np.where(split, source, target)).astype(np.int32),
        "post": np.where(edited, opening[target], UNKNOWN).astype(np.int32),
        "from_section": left,
        "to_section": reached,
        "target_thread": np.where(merged | split, target, UNKNOWN).astype(np.int32),
    }


_TOLD_OTHERWISE: Final = (ModerationKind.MERGE, ModerationKind.SPLIT, ModerationKind.EDIT)


def _moves(moved: Integers, thread: Integers, origin: Integers, section: Integers) -> tuple[Integers, Integers]:
    """Where each move came from and led, back from where the thread stands; no move leads to where it began."""
    left = np.full(len(thread), UNKNOWN, np.int32)
    reached = left.copy()
    stands: dict[int, int] = {}
    sections = int(section.max(initial=0)) + 1
    for row in np.flatnonzero(moved)[::-1]:
        place = stands.get(int(thread[row]), int(section[thread[row]]))
        before = int(origin[row])
        if before == place:
            before = (before + 1) % sections
        left[row], reached[row] = before, place
        stands[int(thread[row])] = before
    return left, reached
