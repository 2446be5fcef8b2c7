"""Compiled matching of a request's target: which page it is, by the compiled rules, and the numbers that it names.

Import this module lazily: it loads Numba.
"""

from typing import Final

from vestige.derive.dump.common_kernel import NINE, POINT, SEMICOLON, SLASH, ZERO, Array, helper
from vestige.derive.dump.vectors import WIDTH, peek, until_path_stop
from vestige.derive.log.state import (
    ANYTHING,
    CONDITION_FIRST,
    CONDITION_LAST,
    NEEDED,
    NUMBERS,
    PARAMETERS,
    PATTERN_END,
    PATTERN_START,
    PLACEHOLDER,
    RULE_SIZE,
    TO_LAST_DOT,
)

_AMPERSAND: Final = 38
_EQUALS: Final = 61
_QUESTION: Final = 63
_DIGITS: Final = 18
"""Most digits of a number: one more could leave 64 bits."""


@helper
def digits_end(data: Array, at: int, stop: int) -> int:
    """Index behind the digits at `at`."""
    while at < stop and ZERO <= peek(data, at) <= NINE:
        at += 1
    return at


@helper
def number_of(data: Array, at: int, behind: int) -> int:
    """Digits as a number; -1 for none and for one beyond 64 bits."""
    if at == behind or behind - at > _DIGITS:
        return -1
    value = 0
    while at < behind:
        value = value * 10 + peek(data, at) - ZERO
        at += 1
    return value


@helper
def _after_last_dot(data: Array, at: int, stop: int) -> int:
    """Index behind the last point of the path's part that begins at `at`; `at` where it has none."""
    found = at
    while at < stop and peek(data, at) not in (SLASH, _QUESTION, _AMPERSAND):
        at += 1
        if peek(data, at - 1) == POINT:
            found = at
    return found


@helper
def _matches(
    data: Array, at: int, stop: int, text: Array, pattern: int, pattern_end: int, out: Array, row: int, capacity: int
) -> bool:
    """Whether the target from `at` on fits a pattern; numbers of its placeholders are put into the row."""
    open_end = False
    while pattern < pattern_end:
        wanted = peek(text, pattern)
        if wanted < PLACEHOLDER:
            if at >= stop or peek(data, at) != wanted:
                return False
            at += 1
            open_end = False
        elif wanted == TO_LAST_DOT:
            at = _after_last_dot(data, at, stop)
        elif wanted == ANYTHING:
            return True
        else:
            behind = digits_end(data, at, stop)
            number = number_of(data, at, behind)
            if number < 0:
                return False
            out[(2 + wanted - PLACEHOLDER) * capacity + row] = number
            at = behind
            open_end = True
        pattern += 1
    return open_end or at >= stop or peek(data, at) == _QUESTION


@helper
def _parse_query(data: Array, at: int, stop: int, text: Array, name_ends: Array, values: Array) -> None:
    """Note where the value of each declared parameter begins; the last one counts, as in PHP."""
    names = values.size
    index = 0
    while index < names:
        values[index] = -1
        index += 1
    while at < stop:
        start = at
        while at < stop and peek(data, at) not in (_EQUALS, _AMPERSAND, SEMICOLON):
            at += 1
        if at < stop and peek(data, at) == _EQUALS:
            index = 0
            while index < names:
                begin = name_ends[2 * index]
                length = name_ends[2 * index + 1] - begin
                if length == at - start:
                    same = 0
                    while same < length and peek(data, start + same) == peek(text, begin + same):
                        same += 1
                    if same == length:
                        values[index] = at + 1
                index += 1
            while at < stop and peek(data, at) not in (_AMPERSAND, SEMICOLON):
                at += 1
        at += 1


@helper
def _holds(data: Array, stop: int, text: Array, conditions: Array, condition: int, values: Array) -> bool:
    """Whether a parameter has exactly the value asked for; none at all is as good as an empty one."""
    at = values[conditions[3 * condition]]
    wanted = conditions[3 * condition + 1]
    wanted_end = conditions[3 * condition + 2]
    if at < 0:
        empty: bool = wanted == wanted_end
        return empty
    while wanted < wanted_end:
        if at >= stop or peek(data, at) != peek(text, wanted):
            return False
        at += 1
        wanted += 1
    ends: bool = at >= stop or peek(data, at) in (_AMPERSAND, SEMICOLON)
    return ends


@helper
def _accepts(
    data: Array, stop: int, text: Array, rules: Array, rule: int, conditions: Array, values: Array,
    out: Array, row: int, capacity: int,
) -> bool:  # fmt: skip
    """Whether a rule whose path fits holds for the query too; its numbers are put into the row."""
    base = rule * RULE_SIZE
    condition = rules[base + CONDITION_FIRST]
    while condition < rules[base + CONDITION_LAST]:
        if not _holds(data, stop, text, conditions, condition, values):
            return False
        condition += 1
    have = 0
    which = 0
    while which < NUMBERS:
        place = (2 + which) * capacity + row
        parameter = rules[base + PARAMETERS + which]
        if parameter >= 0 and values[parameter] >= 0:
            at = values[parameter]
            out[place] = number_of(data, at, digits_end(data, at, stop))
        if out[place] >= 0:
            have |= 1 << which
        which += 1
    needed = rules[base + NEEDED]
    enough: bool = needed == 0 or (have & needed) != 0
    return enough


@helper
def _forget(out: Array, row: int, capacity: int) -> None:
    which = 0
    while which < NUMBERS:
        out[(2 + which) * capacity + row] = -1
        which += 1


@helper
def _query_start(data: Array, at: int, stop: int) -> int:
    """Index behind the first question mark, or `stop`."""
    while at < stop and peek(data, at) != _QUESTION:
        at += 1
    return min(at + 1, stop)


@helper
def match_target(
    data: Array, at: int, stop: int, text: Array, rules: Array, starters: Array, name_ends: Array,
    conditions: Array, values: Array, out: Array, row: int, capacity: int, base_start: int, base_end: int,
) -> int:  # fmt: skip
    """The first rule that the target fits, or -1; `values` then says where the declared parameters stand.

    Without a base, a path may begin at any slash before the query; with one, only behind it.
    """
    anchored = base_end > base_start
    target = at
    index = base_start
    while index < base_end:
        if at >= stop or peek(data, at) != peek(text, index):
            return -1
        at += 1
        index += 1
    parsed = False
    while at < stop:
        span = 0 if anchored else until_path_stop(data, at)
        at += span
        if span == WIDTH:
            continue
        if at >= stop or peek(data, at) != SLASH:
            return -1
        following = peek(data, at + 1) if at + 1 < stop else _QUESTION
        candidates = starters[following]
        rule = 0
        while candidates != 0:
            if candidates & 1:
                begin = rules[rule * RULE_SIZE + PATTERN_START]
                behind = rules[rule * RULE_SIZE + PATTERN_END]
                _forget(out, row, capacity)
                whole = behind - begin > 1 or anchored or at == target
                if whole and _matches(data, at, stop, text, begin, behind, out, row, capacity):
                    if not parsed:
                        _parse_query(data, _query_start(data, at, stop), stop, text, name_ends, values)
                        parsed = True
                    if _accepts(data, stop, text, rules, rule, conditions, values, out, row, capacity):
                        return rule
            candidates >>= 1
            rule += 1
        if anchored:
            return -1
        at += 1
    return -1
