"""How source files write what staff did: words and numbers of a package's log, and the schema's kinds."""

from collections.abc import Mapping

from vestige.dataset.schema import ModerationKind

_FIRST = 100
"""Numbers below are a source file's own: what its log says of members and groups."""


def word_of(kind: ModerationKind) -> int:
    """The number that a vocabulary gives to the words for a kind."""
    return _FIRST + list(ModerationKind).index(kind)


def words_of(kinds: Mapping[ModerationKind, tuple[bytes, ...]]) -> dict[bytes, int]:
    """A vocabulary: every word of every kind."""
    return {word: word_of(kind) for kind, words in kinds.items() for word in words}


def kind_of(column: str) -> str:
    """SQL: the kind that a column of such numbers says; null for any other number."""
    return cases(column, {word_of(kind): kind for kind in ModerationKind})


def cases(column: str, kinds: Mapping[int, ModerationKind]) -> str:
    """SQL: the kind that a column of a package's own numbers says; null for any other number."""
    known = " ".join(f"WHEN {number} THEN '{kind}'" for number, kind in kinds.items())
    return f"CASE {column} {known} END"
