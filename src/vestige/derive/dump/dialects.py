"""Whose dump it is, MySQL's kin or PostgreSQL's, and the walker that goes through it."""

from collections.abc import Iterable

from vestige.derive.dump.formats import is_archive, is_postgresql
from vestige.derive.dump.unpack import ByteStream
from vestige.derive.dump.walking import Walker
from vestige.derive.dump.window import Window


def open_walker(stream: ByteStream, names: Iterable[str]) -> tuple[Window, type[Walker]]:
    """The bytes of a dump as a script of statements, and what walks through it.

    Args:
        stream: the dump.
        names: tables that may be read, without prefix; an archive's other tables are gone past.

    Raises:
        SourceError: an archive of a format or version that is not read.
        DumpError: an archive's table of contents is damaged.
    """
    if not is_archive(stream.head) and not is_postgresql(stream.head):
        from vestige.derive.dump.scanner import Scanner

        return Window(stream), Scanner
    from vestige.derive.dump.postgresql.archive import ArchiveScript
    from vestige.derive.dump.postgresql.scanner import PostgresqlScanner

    if not is_archive(stream.head):
        return Window(stream), PostgresqlScanner
    endings = tuple(name.lower().encode() for name in names)
    return Window(ArchiveScript(stream, lambda table: table.lower().endswith(endings))), PostgresqlScanner
