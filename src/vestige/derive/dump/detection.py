"""Which forum software a dump is of, by the names of its tables alone."""

from collections.abc import Sequence
from pathlib import Path

from vestige.derive.contract import Source
from vestige.derive.dump.prefixes import Prefixes
from vestige.derive.dump.statements import FindColumns, TableName
from vestige.derive.dump.unpack import PIPE, open_stream
from vestige.errors import SourceError


def detect_software(dump: Path | str, sources: Sequence[Source], *, prefix: str | None = None) -> Source:
    """The source whose identifying tables a dump holds; the dump is read up to the last of them.

    Args:
        dump: a dump file, plain or compressed.
        sources: the packages that may be meant.
        prefix: prefix of the forum's tables, or `DATABASE.PREFIX`; None to find it.

    Raises:
        SourceError: the dump is a pipe, or holds none of the packages, or several.
        DumpError: a byte cannot be placed.
    """
    from vestige.derive.dump.dialects import open_walker
    from vestige.derive.dump.job import Job

    if dump == PIPE:
        raise SourceError("the software of a pipe cannot be found out beforehand", hint="say it with --software")
    names = _Names(sources, prefix)
    with open_stream(dump) as stream:
        window, walker = open_walker(stream, [name for source in sources for name in source.detect])
        walk = walker(window, Job(window), names, _ignore, allow_truncated=True)
        walk.run()
    found = names.found
    if not found and walk.truncated:
        hint = "make the dump again, or give --software, and --allow-truncated to keep its complete rows"
        raise SourceError("the dump ends too early to tell its package", hint=hint)
    if not found:
        other = "check --prefix, and" if prefix is not None else "check that it is of a whole forum;"
        raise SourceError(
            "the dump holds no forum of a package that is known", hint=f"{other} see vestige sources and --software"
        )
    if len(found) > 1:
        titles = ", ".join(source.software for source in found)
        raise SourceError("the dump may be of several packages", where=titles, hint="say which with --software")
    return found[0]


def _ignore() -> None:
    """Report nowhere."""


class _Names:
    """Takes table names from the scanner until one package has all that identify it."""

    def __init__(self, sources: Sequence[Source], prefix: str | None) -> None:
        self._prefixes = [
            (source, Prefixes(source.title, source.detect, [table.name for table in source.tables], prefix))
            for source in sources
        ]

    @property
    def found(self) -> list[Source]:
        """The packages that the dump holds so far."""
        return [source for source, prefixes in self._prefixes if prefixes.chosen is not None]

    @property
    def content(self) -> bool:
        """False when enough has been seen."""
        return not self.found

    def defined(self, table: TableName, _columns: FindColumns, _offset: int) -> None:
        """A CREATE TABLE."""
        for _, prefixes in self._prefixes:
            prefixes.saw(table)

    def rows_follow(self, table: TableName, _columns: tuple[bytes, ...] | None, _offset: int) -> bool:
        """An INSERT begins; its rows are never wanted."""
        for _, prefixes in self._prefixes:
            prefixes.saw(table)
        return False

    def changed(self, _table: TableName, _words: frozenset[bytes], _offset: int) -> None:
        """Of no interest."""

    def no_rows(self, _table: TableName, _offset: int) -> None:
        """Of no interest."""

    def block_done(self) -> None:
        """Never called: no rows are read."""

    def flush(self) -> None:
        """Never called: no rows are read."""

    def row_at(self) -> str:
        """Never called: no rows are read."""
        return "a table"
