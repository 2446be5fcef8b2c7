"""Which package a source is of, and how it is read: a dump, a pipe, a folder of XML files, or a live database."""

import re
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final

from vestige.dataset.schema import Software
from vestige.derive.contract import Source
from vestige.derive.live.address import is_address, password_from_environment
from vestige.derive.pipeline import OpenSource
from vestige.errors import SettingsError, SourceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from vestige.derive.live.address import LiveAddress

PIPE: Final = "-"
MAP_SUFFIX: Final = ".toml"
"""Of a map of tables."""
MAILBOX_NAME: Final = re.compile(r"\.mbo?x(\.(gz|zst|xz))?$")

_SOURCES: Final = {
    Software.PHPBB: ("phpbb", "PHPBB"),
    Software.PHPBB2: ("phpbb2", "PHPBB2"),
    Software.VBULLETIN3: ("vbulletin", "VBULLETIN"),
    Software.VBULLETIN5: ("vbulletin5", "VBULLETIN5"),
    Software.XENFORO: ("xenforo", "XENFORO"),
    Software.MYBB: ("mybb", "MYBB"),
    Software.STACKEXCHANGE: ("stackexchange", "STACKEXCHANGE"),
    Software.DISCOURSE: ("discourse", "DISCOURSE"),
    Software.FLARUM: ("flarum", "FLARUM"),
    Software.VANILLA: ("vanilla", "VANILLA"),
    Software.SMF: ("smf", "SMF"),
    Software.MAILBOX: ("mailbox", "MAILBOX"),
}
"""Module in `sources` and name of the source, by package."""

_IN_FOLDERS: Final = frozenset({Software.STACKEXCHANGE})
_ARCHIVES: Final = frozenset({Software.MAILBOX})


def known_software() -> tuple[Software, ...]:
    """The packages that can be read."""
    return tuple(_SOURCES)


def source_of(software: Software) -> Source:
    """What a package supplies.

    Raises:
        SettingsError: it cannot be read yet.
    """
    if software not in _SOURCES:
        raise SettingsError("that package cannot be read", hint=f"choose one of {', '.join(_SOURCES)}")
    module, name = _SOURCES[software]
    source: Source = getattr(import_module(f"vestige.derive.sources.{module}"), name)
    return source


def open_source(
    source: str,
    *,
    software: Software | None = None,
    prefix: str | None = None,
    allow_truncated: bool = False,
    password: str | None = None,
) -> OpenSource:
    """Prepare to read a source; nothing of its content is read yet, except that names of tables tell its package.

    Args:
        source: a dump file, `-` for a pipe, a folder of XML files, a map of tables (.toml), a mail archive (mbox,
            Maildir or a folder of them), or a live database's address.
        software: its package; found from what the source is when None. A dump is then read up to the last table that
            identifies it, and once more when it is derived; a pipe, which can be read once, needs it.
        prefix: prefix of the forum's tables; found when None.
        allow_truncated: whether a source that ends too early is read as far as its last complete row.
        password: of a live database; from the environment when None.

    Raises:
        SourceError: nothing is there, it cannot be of that package, or the package cannot be told.
        SettingsError: the package cannot be read.
    """
    if is_address(source):
        return _live_source(source, software, prefix, password)
    if source.lower().endswith(MAP_SUFFIX):
        return _mapped_tables(Path(source), software)
    if software is Software.MAILBOX or (software is None and _is_mail(source)):
        return _mail(source)
    folder = source != PIPE and Path(source).is_dir()
    chosen = Software.STACKEXCHANGE if folder and software is None else software
    declared = source_of(chosen) if chosen is not None else _detected(source, prefix)
    if folder != (declared.software in _IN_FOLDERS):
        shape = (
            "a folder of XML files" if declared.software in _IN_FOLDERS else "a dump file, a pipe or a live database"
        )
        given = "a folder" if folder else "no folder"
        raise SourceError(f"the source is {given}", where=declared.title, hint=f"give {shape}, or another --software")
    if folder:
        from vestige.derive.xml_rows import XmlFolderReader

        return OpenSource(declared, XmlFolderReader(Path(source), allow_truncated=allow_truncated))
    from vestige.derive.dump.reader import DumpReader

    return OpenSource(declared, DumpReader(source, declared, prefix=prefix, allow_truncated=allow_truncated))


def _mapped_tables(path: Path, software: Software | None) -> OpenSource:
    from vestige.derive.tables.table_map import read_table_map
    from vestige.derive.tables.table_reader import TableReader
    from vestige.derive.tables.table_source import source_of_tables

    if software not in {None, Software.TABLES}:
        raise SettingsError("a map of tables is no dump of a package", hint="leave --software out")
    tables = read_table_map(path)
    return OpenSource(source_of_tables(tables), TableReader(tables))


def _in_databases() -> tuple[Source, ...]:
    """What a dump or a live database may hold."""
    return tuple(source_of(software) for software in _SOURCES if software not in _IN_FOLDERS | _ARCHIVES)


def _detected(dump: str, prefix: str | None) -> Source:
    from vestige.derive.dump.detection import detect_software

    return detect_software(dump, _in_databases(), prefix=prefix)


def _is_mail(source: str) -> bool:
    """Whether a path's name or folder says that it holds mail."""
    path = Path(source)
    if source != PIPE and path.is_dir():
        names = {entry.name.lower() for entry in path.iterdir()}
        return {"cur", "new"} <= names or any(MAILBOX_NAME.search(name) for name in names)
    return bool(MAILBOX_NAME.search(path.name.lower()))


def _mail(source: str) -> OpenSource:
    from vestige.derive.mail.reader import MailReader

    if source == PIPE or not Path(source).exists():
        raise SourceError("there is no such mailbox", hint="give an mbox file, a Maildir, or a folder of them; no pipe")
    return OpenSource(source_of(Software.MAILBOX), MailReader(Path(source)))


def _live_source(source: str, software: Software | None, prefix: str | None, password: str | None) -> OpenSource:
    from vestige.derive.live.address import Engine, parse_address
    from vestige.derive.live.mysql import MysqlDatabase
    from vestige.derive.live.postgresql import PostgresqlDatabase
    from vestige.derive.live.reader import LiveReader, detect_live

    address = parse_address(source)
    kinds: dict[Engine, Callable[[LiveAddress, str | None], MysqlDatabase | PostgresqlDatabase]] = {
        Engine.MYSQL: MysqlDatabase,
        Engine.POSTGRESQL: PostgresqlDatabase,
    }
    database = kinds[address.engine](address, password or password_from_environment())
    declared = source_of(software) if software is not None else detect_live(database, _in_databases(), prefix)
    return OpenSource(declared, LiveReader(database, declared.granted_detect, prefix))
