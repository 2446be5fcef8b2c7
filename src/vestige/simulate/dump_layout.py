"""How programs lay out a dump: its frame, its statements, its quoting."""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from vestige.errors import SettingsError
from vestige.simulate.dump_tables import DumpColumn, DumpTable
from vestige.simulate.phpbb_tables import PhpbbVersion


class DumpLayout(StrEnum):
    """The program whose layout is followed."""

    MYSQLDUMP = "mysqldump"
    MARIADB_DUMP = "mariadb-dump"
    PHPMYADMIN = "phpmyadmin"
    ADMINER = "adminer"
    ONE_ROW = "one-row"
    PG_DUMP = "pg-dump"


class InsertVerb(StrEnum):
    """How rows are put in."""

    INSERT = "INSERT INTO"
    INSERT_IGNORE = "INSERT IGNORE INTO"
    REPLACE = "REPLACE INTO"


class TextForm(StrEnum):
    """How text is written: quoted, quoted with a character set introducer, or hexadecimal."""

    QUOTED = "quoted"
    BINARY = "binary"
    HEX = "hex"


class Compression(StrEnum):
    """How the file is packed; the value is its suffix."""

    NONE = ""
    GZIP = ".gz"
    ZSTANDARD = ".zst"
    XZ = ".xz"


@dataclass(frozen=True)
class DumpSettings:
    """What the dump looks like.

    Attributes:
        layout: whose layout.
        version: phpBB's generation.
        prefix: the tables' prefix; None for the one that the package gives by itself.
        text_bytes: mean length of a post's or message's text.
        verb: how rows are put in.
        text: how text is written.
        column_lists: whether statements name their columns; None for the layout's habit.
        crlf: whether lines end in CR LF.
        backslash_escapes: False for a server in NO_BACKSLASH_ESCAPES mode; such a dump holds NUL bytes as they are, and
            the client restores it with --binary-mode only.
        statement_bytes: length from which a statement ends, where the layout puts many rows into one.
        compression: how the file is packed.
    """

    layout: DumpLayout = DumpLayout.MYSQLDUMP
    version: PhpbbVersion = PhpbbVersion.V33
    prefix: str | None = None
    text_bytes: int = 400
    verb: InsertVerb = InsertVerb.INSERT
    text: TextForm = TextForm.QUOTED
    column_lists: bool | None = None
    crlf: bool = False
    backslash_escapes: bool = True
    statement_bytes: int = 1_000_000
    compression: Compression = field(default=Compression.NONE)

    def __post_init__(self) -> None:
        rules = {
            "prefix": not self.prefix or (self.prefix.replace("_", "").isalnum() and self.prefix.isascii()),
            "length of prefix": len(self.prefix or "") <= 20,  # noqa: PLR2004
            "text_bytes": 1 <= self.text_bytes <= 100_000,  # noqa: PLR2004
            "statement_bytes": self.statement_bytes >= 1,
        }
        for name, holds in rules.items():
            if not holds:
                raise SettingsError(f"{name} is out of range", hint="see docs/how-to/simulate-a-forum.md")

    @property
    def of_postgresql(self) -> bool:
        """Whether a PostgreSQL server is dumped: every table first, then the rows as COPY blocks."""
        return self.layout is DumpLayout.PG_DUMP

    def of_column(self, column: DumpColumn) -> "DumpSettings":
        """How a column's texts are written: bytes without a character set get an introducer."""
        return replace(self, text=TextForm.BINARY) if column.binary and self.text is TextForm.QUOTED else self


_ESCAPES: Final = (
    (b"\\", b"\\\\"),
    (b"\x00", b"\\0"),
    (b"\n", b"\\n"),
    (b"\r", b"\\r"),
    (b"\x1a", b"\\Z"),
    (b"'", b"\\'"),
    (b'"', b'\\"'),
)


def quote(text: bytes, settings: DumpSettings) -> bytes:
    """A text as an SQL literal, or as a field of COPY."""
    if settings.of_postgresql:
        return _copy_field(text)
    if settings.text is TextForm.HEX and text:
        return b"0x" + text.hex().upper().encode()
    if settings.backslash_escapes:
        for plain, escaped in _ESCAPES:
            text = text.replace(plain, escaped)
    else:
        text = text.replace(b"'", b"''")
    introducer = b"_binary " if settings.text is TextForm.BINARY else b""
    return introducer + b"'" + text + b"'"


def _copy_field(text: bytes) -> bytes:
    """PostgreSQL holds neither NUL bytes nor invalid UTF-8 in text."""
    text = text.replace(b"\x00", b"").decode("utf-8", "ignore").encode()
    for plain, escaped in ((b"\\", b"\\\\"), (b"\n", b"\\n"), (b"\r", b"\\r"), (b"\t", b"\\t")):
        text = text.replace(plain, escaped)
    return text


@dataclass(frozen=True)
class Frame:
    """The fixed strings around a table's rows.

    Attributes:
        heading: the table's definition.
        before: everything from there to its first statement.
        statement: beginning of a statement.
        row_separator: between two rows of a statement.
        value_separator: between two values.
        after: everything after the table's last statement.
        row: what stands before and after a row's values.
        statement_end: end of a statement.
    """

    heading: bytes
    before: bytes
    statement: bytes
    row_separator: bytes
    value_separator: bytes
    after: bytes
    row: tuple[bytes, bytes]
    statement_end: bytes


def file_head(settings: DumpSettings, charset: str) -> bytes:
    """Everything before the first table; `charset` is what texts are written in."""
    mode = "NO_AUTO_VALUE_ON_ZERO" + ("" if settings.backslash_escapes else ",NO_BACKSLASH_ESCAPES")
    if settings.layout is DumpLayout.PHPMYADMIN:
        text = _PHPMYADMIN_HEAD.replace("[mode]", mode)
    elif settings.of_postgresql:
        text = _PG_HEAD
    elif settings.layout is DumpLayout.ADMINER:
        text = _ADMINER_HEAD.replace("[mode]", mode)
    else:
        sandbox = settings.layout is DumpLayout.MARIADB_DUMP
        first = _MARIADB_FIRST if sandbox else _MYSQL_FIRST
        text = first + _MYSQLDUMP_HEAD.replace("[mode]", mode)
    return _lines(text.replace("NAMES utf8mb4", f"NAMES {charset}"), settings)


def file_tail(settings: DumpSettings) -> bytes:
    """Everything after the last table."""
    tails = {DumpLayout.PHPMYADMIN: _PHPMYADMIN_TAIL, DumpLayout.ADMINER: _ADMINER_TAIL, DumpLayout.PG_DUMP: _PG_TAIL}
    return _lines(tails.get(settings.layout, _MYSQLDUMP_TAIL), settings)


def table_frame(table: DumpTable, settings: DumpSettings) -> Frame:
    """The strings around one table's rows."""
    if settings.of_postgresql:
        return _copy_frame(table, settings)
    name = f"`{settings.prefix}{table.name}`"
    of_tool = settings.layout in {DumpLayout.PHPMYADMIN, DumpLayout.ADMINER}
    listed = of_tool if settings.column_lists is None else settings.column_lists
    columns = " (" + ", ".join(f"`{column.name}`" for column in table.columns) + ")" if listed else ""
    on_lines = of_tool or settings.layout is DumpLayout.MARIADB_DUMP
    statement = f"{settings.verb}{' '}{name}{columns} VALUES" + ("\n" if on_lines else " ")
    separator = ",\n" if on_lines else ","
    if settings.layout is DumpLayout.ONE_ROW:
        separator = ";\n" + statement
    before, after = "", "\n"
    if not of_tool:
        before = f"LOCK TABLES {name} WRITE;\n/*!40000 ALTER TABLE {name} DISABLE KEYS */;\n"
        after = f"/*!40000 ALTER TABLE {name} ENABLE KEYS */;\nUNLOCK TABLES;\n"
    if settings.layout is DumpLayout.PHPMYADMIN:
        adding = ",\n".join(f"  ADD {key}" for key in table.keys)
        after = f"\n--\n-- Indexes for table {name}\n--\nALTER TABLE {name}\n{adding};\n\n"
    value_separator = {DumpLayout.PHPMYADMIN: ", ", DumpLayout.ADMINER: ",\t"}.get(settings.layout, ",")
    return Frame(
        _lines(_heading(table, name, settings), settings),
        _lines(before, settings),
        _lines(statement, settings),
        _lines(separator, settings),
        value_separator.encode(),
        _lines(after, settings),
        (b"(", b")"),
        _lines(";\n", settings),
    )


def _copy_frame(table: DumpTable, settings: DumpSettings) -> Frame:
    """PostgreSQL's: one COPY block a table, a row on each line."""
    name = f"public.{settings.prefix}{table.name}"
    lines = []
    for column in table.columns:
        quote = "'" if column.quoted else ""
        default = "" if column.default is None else f" DEFAULT {quote}{column.default}{quote}"
        lines.append(f"    {_pg_name(column.name)} {column.sql}{default}{'' if column.nullable else ' NOT NULL'}")
    inside = ",\n".join(lines)
    listed = ", ".join(_pg_name(column.name) for column in table.columns)
    title = f"--\n-- {{}} {settings.prefix}{table.name}; Type: TABLE{{}}; Schema: public; Owner: forum\n--\n\n"
    heading = title.format("Name:", "") + f"CREATE TABLE {name} (\n{inside}\n);\n\n\n"
    before = title.format("Data for Name:", " DATA") + f"COPY {name} ({listed}) FROM stdin;\n"
    return Frame(heading.encode(), before.encode(), b"", b"", b"\t", b"\\.\n\n\n", (b"", b"\n"), b"")


def _pg_name(name: str) -> str:
    """PostgreSQL quotes names with capitals and its own words."""
    return name if name.islower() and name not in _PG_WORDS else f'"{name}"'


def _heading(table: DumpTable, name: str, settings: DumpSettings) -> str:
    tool = settings.layout
    key = next(
        (column.name for column in table.columns if column.default is None and not (column.room or column.nullable)),
        None,
    )
    lines = []
    for column in table.columns:
        default = "" if column.default is None else f" DEFAULT '{column.default}'"
        filled = " DEFAULT NULL" if column.nullable else f" NOT NULL{default}"
        auto = " AUTO_INCREMENT" if column.name == key and tool is not DumpLayout.PHPMYADMIN else ""
        lines.append(f"  `{column.name}` {column.sql}{filled}{auto}")
    keys = () if tool is DumpLayout.PHPMYADMIN else table.keys
    inside = ",\n".join([*lines, *(f"  {line}" for line in keys)])
    create = f"CREATE TABLE {name} (\n{inside}\n) ENGINE=InnoDB DEFAULT CHARSET={table.charset};\n"
    if tool is DumpLayout.PHPMYADMIN:
        structure = f"--\n-- Table structure for table {name}\n--\n\n{create}\n"
        return f"{structure}--\n-- Dumping data for table {name}\n--\n\n"
    if tool is DumpLayout.ADMINER:
        return f"DROP TABLE IF EXISTS {name};\n{create}\n"
    around = f"/*!40101 SET @saved_cs_client     = @@character_set_client */;\n/*!50503 SET character_set_client = utf8mb4 */;\n{create}/*!40101 SET character_set_client = @saved_cs_client */;\n"  # noqa: E501 - lines of the format
    return (
        f"\n--\n-- Table structure for table {name}\n--\n\nDROP TABLE IF EXISTS {name};\n{around}"
        f"\n--\n-- Dumping data for table {name}\n--\n\n"
    )


def _lines(text: str, settings: DumpSettings) -> bytes:
    return text.replace("\n", "\r\n").encode() if settings.crlf else text.encode()


_MYSQL_FIRST: Final = "-- MySQL dump 10.13  Distrib 8.0.36, for Linux (x86_64)\n"
_MARIADB_FIRST: Final = (
    "/*M!999999\\- enable the sandbox mode */ \n-- MariaDB dump 10.19-11.4.2-MariaDB, for debian-linux-gnu (x86_64)\n"
)
_MYSQLDUMP_HEAD: Final = """--
-- Host: localhost    Database: forum
-- ------------------------------------------------------
-- Server version\t8.0.36

/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;
/*!40101 SET @OLD_CHARACTER_SET_RESULTS=@@CHARACTER_SET_RESULTS */;
/*!40101 SET @OLD_COLLATION_CONNECTION=@@COLLATION_CONNECTION */;
/*!50503 SET NAMES utf8mb4 */;
/*!40103 SET @OLD_TIME_ZONE=@@TIME_ZONE */;
/*!40103 SET TIME_ZONE='+00:00' */;
/*!40014 SET @OLD_UNIQUE_CHECKS=@@UNIQUE_CHECKS, UNIQUE_CHECKS=0 */;
/*!40014 SET @OLD_FOREIGN_KEY_CHECKS=@@FOREIGN_KEY_CHECKS, FOREIGN_KEY_CHECKS=0 */;
/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='[mode]' */;
/*!40111 SET @OLD_SQL_NOTES=@@SQL_NOTES, SQL_NOTES=0 */;
"""
_MYSQLDUMP_TAIL: Final = """/*!40103 SET TIME_ZONE=@OLD_TIME_ZONE */;

/*!40101 SET SQL_MODE=@OLD_SQL_MODE */;
/*!40014 SET FOREIGN_KEY_CHECKS=@OLD_FOREIGN_KEY_CHECKS */;
/*!40014 SET UNIQUE_CHECKS=@OLD_UNIQUE_CHECKS */;
/*!40101 SET CHARACTER_SET_CLIENT=@OLD_CHARACTER_SET_CLIENT */;
/*!40101 SET CHARACTER_SET_RESULTS=@OLD_CHARACTER_SET_RESULTS */;
/*!40101 SET COLLATION_CONNECTION=@OLD_COLLATION_CONNECTION */;
/*!40111 SET SQL_NOTES=@OLD_SQL_NOTES */;

-- Dump completed on 2020-01-01  0:00:00
"""
_PHPMYADMIN_HEAD: Final = """-- phpMyAdmin SQL Dump
-- version 5.2.1
--
-- Host: localhost:3306
-- Generation Time: Jan 01, 2020 at 12:00 AM

SET SQL_MODE = "[mode]";
START TRANSACTION;
SET time_zone = "+00:00";

/*!40101 SET NAMES utf8mb4 */;

--
-- Database: `forum`
--

"""
_PHPMYADMIN_TAIL: Final = "COMMIT;\n"
_ADMINER_HEAD: Final = """-- Adminer 4.8.1 MySQL 8.0.36 dump

SET NAMES utf8;
SET time_zone = '+00:00';
SET foreign_key_checks = 0;
SET sql_mode = '[mode]';

SET NAMES utf8mb4;

"""
_ADMINER_TAIL: Final = "-- 2020-01-01 00:00:00\n"
_PG_WORDS: Final = frozenset({"user", "order", "group", "default", "primary", "table", "column", "limit", "offset"})
_PG_HEAD: Final = """--
-- PostgreSQL database dump
--

-- Dumped from database version 15.6
-- Dumped by pg_dump version 15.6

SET statement_timeout = 0;
SET lock_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET row_security = off;

SET default_tablespace = '';

SET default_table_access_method = heap;

"""
_PG_TAIL: Final = """--
-- PostgreSQL database dump complete
--

"""
