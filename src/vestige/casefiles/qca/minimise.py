"""Quine-McCluskey: prime implicants and every smallest cover (Quine 1952; McCluskey 1956)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from vestige.errors import SettingsError


@dataclass(frozen=True, order=True)
class Term:
    """A conjunction of conditions.

    Attributes:
        cared: bit mask of the conditions that stand in the term, the first condition being the highest bit.
        value: those of them that are present; bits outside `cared` are 0.
    """

    cared: int
    value: int

    def covers(self, row: int) -> bool:
        """Whether a configuration (its bits) falls under the term."""
        return row & self.cared == self.value

    def contains(self, other: "Term") -> bool:
        """Whether every configuration of the other term falls under this one."""
        return self.cared & other.cared == self.cared and other.value & self.cared == self.value

    def text(self, conditions: Sequence[str]) -> str:
        """As in "DEV*~URB": ~ for absence."""
        size = len(conditions)
        literals = [
            (name if self.value >> (size - 1 - place) & 1 else f"~{name}")
            for place, name in enumerate(conditions)
            if self.cared >> (size - 1 - place) & 1
        ]
        return "*".join(literals) or "1"


def prime_implicants(rows: Iterable[int], size: int) -> list[Term]:
    """All prime implicants of a set of configurations.

    Args:
        rows: configurations as bits.
        size: number of conditions.
    """
    full = (1 << size) - 1
    current = {Term(full, row) for row in rows}
    primes: list[Term] = []
    while current:
        merged: set[Term] = set()
        following: set[Term] = set()
        for term in current:
            for place in range(size):
                bit = 1 << place
                if term.cared & bit and not term.value & bit:
                    partner = Term(term.cared, term.value | bit)
                    if partner in current:
                        merged |= {term, partner}
                        following.add(Term(term.cared ^ bit, term.value))
        primes += sorted(current - merged)
        current = following
    return primes


def minimal_models(positive: Sequence[int], optional: Sequence[int], size: int) -> list[tuple[Term, ...]]:
    """Every model with the fewest terms, and among them the fewest conditions, that covers the positive rows.

    Args:
        positive: configurations to be covered.
        optional: configurations that may be covered (remainders); none for the conservative solution.
        size: number of conditions.

    Returns:
        Models, each a tuple of prime implicants in the order of their text; empty when nothing is positive. Models
        of as many terms but more conditions are kept too, as R's QCA does: they are rivals, not refuted.

    Raises:
        SettingsError: so many prime implicants that an exact search is out of reach.
    """
    if not positive:
        return []
    primes = [p for p in prime_implicants({*positive, *optional}, size) if any(p.covers(row) for row in positive)]
    columns = {row: frozenset(i for i, prime in enumerate(primes) if prime.covers(row)) for row in set(positive)}
    essential = {next(iter(by)) for by in columns.values() if len(by) == 1}
    open_rows = {row: by for row, by in columns.items() if not by & essential}
    candidates = sorted({index for by in open_rows.values() for index in by})
    for count in range(len(open_rows) + 1):
        if _combinations(len(candidates), count) > 3_000_000:  # noqa: PLR2004 - seconds of work
            raise SettingsError("too many prime implicants for an exact search", hint="use fewer conditions")
        found = [
            essential | set(extra)
            for extra in combinations(candidates, count)
            if all(by & set(extra) for by in open_rows.values())
        ]
        if found:
            return sorted(tuple(primes[index] for index in sorted(model)) for model in found)
    return []


def _combinations(total: int, count: int) -> int:
    from math import comb

    return comb(total, count)


def easy_counterfactuals(
    conservative: Sequence[Term],
    parsimonious: Sequence[Term],
    remainders: Iterable[int],
    expected: Sequence[int | None],
) -> list[int]:
    """Remainders that theory would let lead to the outcome (Ragin and Sonnett 2005).

    A condition is dropped from a conservative term only if the parsimonious solution drops it and its presence or
    absence there contradicts the direction expected of it.

    Args:
        conservative: terms without any remainder.
        parsimonious: terms with every simplifying remainder.
        remainders: configurations without cases.
        expected: for each condition 1 (presence helps), 0 (absence helps) or None (no expectation).
    """
    size = len(expected)
    terms = []
    for narrow in conservative:
        for wide in parsimonious:
            if wide.contains(narrow):
                cared = wide.cared
                for place, direction in enumerate(expected):
                    bit = 1 << (size - 1 - place)
                    if narrow.cared & bit and (direction is None or bool(narrow.value & bit) is bool(direction)):
                        cared |= bit
                terms.append(Term(cared, narrow.value & cared))
    return sorted(
        row for row in remainders if any(t.covers(row) for t in terms) and any(p.covers(row) for p in parsimonious)
    )
