"""A synthetic forum as a dump of a phpBB database, its text columns full of what breaks careless readers."""

from dataclasses import replace
from pathlib import Path
from typing import Final

from vestige.errors import SettingsError
from vestige.progress import Progress, ignore_progress
from vestige.simulate.dump_file import column_canaries, dump_chunks, single_canaries, write_chunks
from vestige.simulate.dump_layout import DumpSettings
from vestige.simulate.forum import SimulatedForum
from vestige.simulate.phpbb_accounts import SourceIds, make_source_ids
from vestige.simulate.phpbb_rows import phpbb_rows
from vestige.simulate.phpbb_tables import phpbb_tables

_PREFIX: Final = "phpbb_"
_BODY_COLUMNS: Final = frozenset({"posts.post_text", "privmsgs.message_text"})
_SELDOM_FILLED: Final = (
    "_reason", "_bitfield", "_uid", "_colour", "_username", "bcc_address", "_link", "_rules", "_password",
    "_forwarded_for", "_actkey", "_newpasswd", "reset_token", "_sig", "_jabber", "_avatar", "poll_title",
    "attach_comment",
)  # fmt: skip


def dump_canaries(seed: int, settings: DumpSettings) -> dict[str, str]:
    """Canary of every text column that has room for one, by "table.column"."""
    return column_canaries(seed, phpbb_tables(settings.version))


def row_canaries(seed: int, settings: DumpSettings) -> dict[str, tuple[str, ...]]:
    """Canaries of single rows, by "table.column", for the columns with room for long texts."""
    return single_canaries(seed, phpbb_tables(settings.version))


def write_phpbb_dump(
    file: str | Path,
    forum: SimulatedForum,
    *,
    settings: DumpSettings | None = None,
    progress: Progress = ignore_progress,
) -> SourceIds:
    """Write a dump of a phpBB database that holds the forum.

    phpBB keeps no access log, no external events and no dates of roles, so the dump holds less than the forum: read
    marks (`topics_track`) for thread views, download counters, and the groups at the window's end.

    Args:
        file: where to write; an existing file is replaced.
        forum: the forum.
        settings: layout, quoting, length of texts.
        progress: called after each table, with the bytes written.

    Returns:
        The ids in the dump, by dense id of the forum.

    Raises:
        SettingsError: no program dumps phpBB's database in that layout.
    """
    settings = settings or DumpSettings()
    if settings.of_postgresql:
        raise SettingsError("no dump of phpBB has that layout", hint="choose one of a MySQL server's")
    if settings.prefix is None:
        settings = replace(settings, prefix=_PREFIX)
    tables = phpbb_tables(settings.version)
    ids = make_source_ids(forum, forum.seed)
    rows = phpbb_rows(forum, ids, column_canaries(forum.seed, tables))
    chunks = dump_chunks(forum.seed, tables, rows, settings, bodies=_BODY_COLUMNS, seldom_filled=_SELDOM_FILLED)
    write_chunks(Path(file), chunks, settings, progress)
    return ids
