"""Character positions beyond Unicode's basic plane.

The standard counts code points; some programs count UTF-16 units, where a character beyond the basic plane (an emoji,
a rare script) is two. Whoever holds the text can list the positions of such characters, numbers only, and positions of
the two kinds can then be turned into each other without the text.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence

BASIC_PLANE_END = 0x10000


def positions_beyond_basic_plane(text: Iterable[str]) -> tuple[int, ...]:
    """Code-point positions of characters beyond the basic plane; for the one who holds the text.

    Args:
        text: the text in pieces of any size.
    """
    found, passed = [], 0
    for piece in text:
        found += [passed + place for place, character in enumerate(piece) if ord(character) >= BASIC_PLANE_END]
        passed += len(piece)
    return tuple(found)


def to_utf16_units(position: int, beyond: Sequence[int]) -> int:
    """A code-point position in UTF-16 units."""
    return position + bisect_left(beyond, position)


def to_code_points(position: int, beyond: Sequence[int]) -> int:
    """A position in UTF-16 units as code points; one inside a character moves to its start."""
    low, high = 0, position
    while low < high:
        middle = (low + high + 1) // 2
        if to_utf16_units(middle, beyond) <= position:
            low = middle
        else:
            high = middle - 1
    return low
