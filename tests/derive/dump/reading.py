"""Reads bytes as a dump of a forum of three tables, and gives back plain integers."""

from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from vestige.dataset.schema import Software
from vestige.derive.contract import Cell, ReadReport, Source, SourceColumn, SourceTable
from vestige.derive.dump import DumpReader
from vestige.derive.dump.window import Window

WORDS = {b"ADMINISTRATORS": 1, b"it's": 2, b"": 3, b"a\\b": 4, b"5": 5}
POSTS = SourceTable(
    "posts",
    (
        SourceColumn("id", required=True),
        SourceColumn("author"),
        SourceColumn("at", Cell.SECONDS),
        SourceColumn("moment", Cell.MOMENT),
        SourceColumn("word", Cell.WORD, vocabulary=WORDS),
    ),
    required=True,
)
TOPICS = SourceTable("topics", (SourceColumn("id"), SourceColumn("forum")))
GROUPS = SourceTable("groups", (SourceColumn("id"),))
SOURCE = Source(
    Software.PHPBB,
    "phpBB",
    (POSTS, TOPICS, GROUPS),
    ("posts", "topics"),
    {},
    group_table=("groups", "id", "name"),
    section_table=("topics", "id", "title"),
)
CREATE_POSTS = (
    b"CREATE TABLE `f_posts` (\n  `id` int(10) unsigned NOT NULL AUTO_INCREMENT,\n  `author` int DEFAULT '0',\n"
    b"  `body` mediumtext COMMENT 'it''s; (a) `b`, -- c',\n  `at` int,\n  `moment` datetime,\n  `word` varchar(9),\n"
    b"  PRIMARY KEY (`id`),\n  KEY `k` (`author`,`body`(10))\n) ENGINE=InnoDB DEFAULT CHARSET=utf8;\n"
)
CREATE_TOPICS = b"CREATE TABLE `f_topics` (`id` int, `title` varchar(255), `forum` int);\n"
CREATES = CREATE_POSTS + CREATE_TOPICS


@dataclass
class Found:
    """What a reading gave: rows by table, as dictionaries, and the report."""

    rows: dict[str, list[dict[str, int | None]]]
    report: ReadReport

    def column(self, table: str, name: str) -> list[int | None]:
        return [row[name] for row in self.rows.get(table, [])]

    def count(self, table: str) -> int:
        return next(read.rows for read in self.report.tables if read.table == table)


class Reading:
    """Reads dumps out of a temporary folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def reader(self, dump: bytes, **options) -> DumpReader:
        file = self._folder / "dump"
        file.write_bytes(dump)
        return DumpReader(file, options.pop("source", SOURCE), **options)

    def __call__(self, dump: bytes, *, block: int | None = None, tables=SOURCE.tables, **options) -> Found:
        rows: dict[str, list[dict[str, int | None]]] = {}

        def take(table: str, batch) -> None:
            rows.setdefault(table, []).extend(batch.to_pylist())

        reader = self.reader(dump, **options)
        if block is None:
            return Found(rows, reader.read(tables, take))
        with patch.object(Window.__init__, "__defaults__", (block,)):
            return Found(rows, reader.read(tables, take))
