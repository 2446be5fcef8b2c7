"""Every tokenizer and parser of foreign bytes, as a function of bytes for a fuzzer, with bytes to begin from.

A target may raise `VestigeError` and nothing else, whatever it is given, and what that error says must not have come
from the input. The readers of dumps, XML and logs read each input twice, in blocks of different sizes: both must
give the same rows, or both an error.
"""

import ast
import functools
import re
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import vestige
from derive.answers import answered, packets, records, rows_of
from derive.dump.archives import GZIP, ArchiveWriter, Block
from derive.dump.reading import CREATES, SOURCE
from derive.log_lines import line
from vestige.derive.contract import Cell, Packing, SourceColumn
from vestige.derive.live.answer import READ_PACKETS, READ_RECORDS
from vestige.derive.live.faults import LostConnectionError
from vestige.errors import VestigeError
from vestige.progress import ignore_progress

LONGEST = 4096
"""Bytes of an input; what needs more is tried by the tests of layouts and sizes."""

TOKEN = re.compile(rb"[A-Za-z0-9_]{7,}")


class LeakError(AssertionError):
    """An error's words came from the input."""


class DisagreementError(AssertionError):
    """Two ways of reading the same bytes differ."""


@dataclass(frozen=True)
class Target:
    """One parser.

    Attributes:
        feed: reads some bytes in a folder of its own.
        seeds: what the fuzzer begins from.
    """

    feed: Callable[[bytes, Path], object]
    seeds: tuple[bytes, ...]

    def __call__(self, content: bytes) -> bool:
        """Feed it; whether the input was accepted.

        Raises:
            LeakError: an error quotes the input.
        """
        with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
            try:
                self.feed(content, Path(folder))
            except VestigeError as error:
                said = str(error).encode()
                leaked = set(TOKEN.findall(said)) & set(TOKEN.findall(content)) - our_words()
                if leaked or error.__context__ is not None:
                    raise LeakError("an error quotes its input, or carries another that may") from None
                return False
            return True


@functools.cache
def our_words() -> frozenset[bytes]:
    """Words that stand in our own sentences and declarations: an error may say them."""
    words: set[bytes] = set()
    for file in Path(vestige.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes):
                text = node.value.encode() if isinstance(node.value, str) else node.value
                words.update(TOKEN.findall(text))
    for table in SOURCE.tables:
        words.update(column.name.encode() for column in table.columns)
    return frozenset(words)


def dump(content: bytes, folder: Path) -> object:
    """A dump file of MySQL, MariaDB or PostgreSQL, in blocks of two sizes."""
    from vestige.derive.dump import DumpReader
    from vestige.derive.dump.window import Window

    file = folder / "dump"
    file.write_bytes(content)

    def read(block: int) -> object:
        rows: dict[str, list[object]] = {}
        with patch.object(Window.__init__, "__defaults__", (block,)):
            reader = DumpReader(file, SOURCE)
            reader.read(SOURCE.tables, lambda table, batch: rows.setdefault(table, []).extend(batch.to_pylist()))
        return rows

    return _twice(read, 1 << 20, 97)


def xml(content: bytes, folder: Path) -> object:
    """An XML file of rows, in blocks of two sizes."""
    from vestige.derive import xml_rows
    from vestige.derive.sources.stackexchange import STACKEXCHANGE

    (table,) = (table for table in STACKEXCHANGE.tables if table.name == "Votes")
    (folder / "Votes.xml").write_bytes(content)

    def read(block: int) -> object:
        rows: list[object] = []
        with patch.object(xml_rows, "_BLOCK", block):
            reader = xml_rows.XmlFolderReader(folder)
            reader.read((table,), lambda _name, batch: rows.extend(batch.to_pylist()), ignore_progress)
        return rows

    return _twice(read, 1 << 20, 37)


def access_log(content: bytes, folder: Path) -> object:
    """An access log, in blocks of two sizes."""
    from vestige.derive.dump.window import Window
    from vestige.derive.log.reader import read_logs
    from vestige.derive.log.rules import read_rules

    file = folder / "access.log"
    file.write_bytes(content)
    rules = [read_rules(name) for name in ("phpbb", "mybb", "smf", "xenforo")]

    def read(block: int) -> object:
        rows: list[object] = []
        with patch.object(Window.__init__, "__defaults__", (block,)):
            for rule in rules[: 1 + len(content) % len(rules)]:
                read_logs(file, rule, lambda _name, batch: rows.extend(batch.to_pylist()), ignore_progress)
        return rows

    return _twice(read, 1 << 20, 1 << 12)


PACKED = (
    SourceColumn("c", Cell.NUMBERS),
    SourceColumn("c", Cell.NUMBERS, packing=Packing.PREFIXED, vocabulary={b"u_": -1, b"moved|": -2}),
    SourceColumn("c", Cell.NUMBERS, packing=Packing.KEYS),
    SourceColumn("c", Cell.NUMBERS, packing=Packing.VALUES),
    SourceColumn("c", Cell.NUMBERS, packing=Packing.VALUES, vocabulary={b"member": -1, b"topic": -2}),
    SourceColumn("c", Cell.NAMES, vocabulary={b"ADMINISTRATORS": 1}),
    SourceColumn("c", Cell.NAME),
    SourceColumn("c", Cell.HANDLE, secret=b"s" * 32),
)


def packed_cells(content: bytes, _folder: Path) -> object:
    """Cells that pack lists: each line one cell, read in every packing."""
    from vestige.derive.text_cells import Texts, numbers_of

    cells = content.split(b"\n")
    return [numbers_of(column, Texts.of(cells))[0].validate(full=True) for column in PACKED]


def custodian_map(content: bytes, folder: Path) -> object:
    """The custodian's map of groups and sections."""
    from vestige.derive.group_map import read_map

    (folder / "map.toml").write_bytes(content)
    return read_map(folder / "map.toml")


def log_rules(content: bytes, folder: Path) -> object:
    """Rules of an access log."""
    from vestige.derive.log.rules import read_rules

    (folder / "rules.toml").write_bytes(content)
    return read_rules(folder / "rules.toml")


TABLE_MAP = b"""[post]
file = "events.csv"
author = { column = "account", text = true }
at = { column = "when", format = "%d.%m.%Y %H:%M", timezone = "Europe/Berlin" }
thread = { column = "page", text = true }
is_opening = { column = "what", words = { true = ["opened"], false = ["answered"] } }
"""


def table_map(content: bytes, folder: Path) -> object:
    """A map of tables."""
    from vestige.derive.tables.table_map import read_table_map

    (folder / "map.toml").write_bytes(content)
    return read_table_map(folder / "map.toml")


def mapped_table(content: bytes, folder: Path) -> object:
    """A CSV file under a map."""
    from vestige.derive.tables.table_map import read_table_map
    from vestige.derive.tables.table_reader import TableReader
    from vestige.derive.tables.table_source import source_of_tables
    from vestige.derive.text_cells import bound_tables

    (folder / "map.toml").write_bytes(TABLE_MAP)
    (folder / "events.csv").write_bytes(content)
    tables = read_table_map(folder / "map.toml")
    bound = bound_tables(source_of_tables(tables).tables, None, b"k" * 16)
    rows: list[object] = []
    TableReader(tables).read(bound, lambda _name, batch: rows.extend(batch.to_pylist()), ignore_progress)
    return rows


def mail(content: bytes, folder: Path) -> object:
    """An mbox file, in blocks of two sizes."""
    from vestige.derive.mail import archive
    from vestige.derive.mail.reader import MailReader
    from vestige.derive.sources.mailbox import MAILBOX
    from vestige.derive.text_cells import bound_tables

    (folder / "box.mbox").write_bytes(content)
    tables = bound_tables(MAILBOX.tables, b"h" * 32, b"k" * 16)

    def read(block: int) -> object:
        rows: dict[str, list[object]] = {}
        with patch.object(archive, "BLOCK", block):
            reader = MailReader(folder / "box.mbox")
            reader.read(
                tables, lambda name, batch: rows.setdefault(name, []).extend(batch.to_pylist()), ignore_progress
            )
        return rows

    return _twice(read, 1 << 20, 61)


def mysql_packets(content: bytes, _folder: Path) -> object:
    """What a MySQL server may send in place of rows, in blocks of two sizes."""
    return _answer(READ_PACKETS, content)


def postgresql_records(content: bytes, _folder: Path) -> object:
    """What a PostgreSQL server may send in place of rows, in blocks of two sizes."""
    return _answer(READ_RECORDS, content)


def _answer(kernel: str, content: bytes) -> object:
    def read(block: int) -> object:
        answer = answered(kernel, content)
        rows: object = None
        try:
            rows = rows_of(answer, block)
        except LostConnectionError:
            rows = None
        # MySQL's connection goes on behind an answer: the next query would find the rest
        spoiled = kernel == READ_PACKETS and answer.readinto(memoryview(bytearray(1)))
        return None if spoiled else rows

    return _twice(read, 1 << 20, 7)


def verbal_scale(content: bytes, folder: Path) -> object:
    """A laboratory's verbal scale of likelihood ratios."""
    from vestige.activity import read_verbal_scale

    (folder / "scale.toml").write_bytes(content)
    return read_verbal_scale(folder / "scale.toml")


def qda_project(content: bytes, folder: Path) -> object:
    """A REFI-QDA project: a zip file with XML in it."""
    from vestige.casefiles.refi.project import read_project

    (folder / "project.qdpx").write_bytes(content)
    return read_project(folder / "project.qdpx")


def qda_codebook(content: bytes, _folder: Path) -> object:
    """A REFI-QDA codebook: XML."""
    from vestige.casefiles.refi.codebook import parse_codebook

    return parse_codebook(content)


def edge_list(content: bytes, folder: Path) -> object:
    """A list of ties."""
    from vestige.network import read_edge_list

    (folder / "ties.csv").write_bytes(content)
    return read_edge_list(folder / "ties.csv")


def manifest(content: bytes, folder: Path) -> object:
    """The manifest of a dataset, which anybody may have written."""
    from vestige.dataset import open_dataset

    (folder / "manifest.json").write_bytes(content)
    return open_dataset(folder)


def _twice(read: Callable[[int], object], *blocks: int) -> object:
    """What reading gives, the same for each size of block."""
    results = []
    for block in blocks:
        failure: VestigeError | None = None
        try:
            results.append((read(block), None))
        except VestigeError as error:
            failure = error
        if failure is not None:
            results.append((None, failure))
    (first, failed), (second, failed_too) = results
    if (failed is None) != (failed_too is None) or first != second:
        raise DisagreementError("blocks of another size give other rows")
    if failed is not None:
        raise failed
    return first


def _dumps() -> Iterator[bytes]:
    yield CREATES + (
        b"INSERT INTO `f_posts` VALUES (1,2,'it\\'s; (',1600000000,'2020-01-02 03:04:05','5'),(2,NULL,'',0,NULL,'');\n"
    )
    yield CREATES + (
        b"/*!40000 ALTER TABLE `f_posts` DISABLE KEYS */;\n"
        b"INSERT INTO `f_topics` (`id`,`forum`) VALUES\n(1,2),\n(3,4);\n"
        b"-- a comment\nUPDATE x SET y=1;\nDELIMITER ;;\nSELECT 1;;\nDELIMITER ;\n"
        b"INSERT INTO f_posts VALUES (1,-1,_binary 'a',7,'0000-00-00','a\\\\b');\n"
    )
    yield (
        b"SET client_encoding = 'UTF8';\nCREATE TABLE public.f_posts (\n    id integer NOT NULL,\n    author integer,\n"
        b"    body text,\n    at bigint,\n    moment timestamp without time zone,\n    word character varying\n);\n"
        b"CREATE TABLE public.f_topics (id integer, forum integer);\n"
        b"COPY public.f_posts (id, author, body, at, moment, word) FROM stdin;\n"
        b"1\t\\N\ta\\tb\\\\\t5\t2020-01-02 03:04:05.5\t5\n\\.\n"
        b"COPY public.f_topics (id, forum) FROM stdin;\n7\t8\n\\.\n"
    )


def _archives() -> Iterator[bytes]:
    posts = Block("f_posts", "id, author, at", b"1\t2\t3\n4\t\\N\t5\n\\.\n")
    topics = Block("f_topics", "id, forum", b"1\t2\n\\.\n")
    for minor, compression in ((12, GZIP), (14, 0), (16, 0)):
        yield ArchiveWriter(minor, compression, chunk=32)([posts, topics])


XML_SEED = (
    b'\xef\xbb\xbf<?xml version="1.0" encoding="utf-8"?>\n<votes>\n'
    b'  <row Id="1" PostId="2" VoteTypeId="2" UserId="&#x31;5" CreationDate="2020-01-02T00:00:00.000" />\n'
    b"  <row Id='3' PostId='4' VoteTypeId='8' Unread='a &lt; b &amp; c' />\n</votes>"
)
LOG_SEED = "".join(
    line(target, **given)
    for target, given in (
        ("/viewtopic.php?f=3&amp;t=17", {}),
        ("/showthread.php?tid=5&action=lastpost", {"cookie": "mybbuser=7_x"}),
        ("/index.php?topic=5.0", {"cookie": None}),
        ("/threads/title.55/page-2", {"status": 206, "size": "-"}),
        ("/download/file.php?id=9%31", {"agent": '"a\\"b"'}),
    )
).encode()
PACKED_SEED = (
    b'4,5\nu_2:u_5\nmoved|7\na:2:{s:2:"to";a:1:{i:0;s:1:"2";}s:3:"bcc";a:0:{}}\n{"member":5,"old":{"topic": "8"}}\n'
    b'a:1:{i:5;s:4:"name";}\n["a, b",null,true,1.5e3]\nO:8:"stdClass":1:{s:1:"x";b:1;}\nN;\nd:0.5;'
)
MAIL_SEED = (
    b'From a@example.org Mon Jan  3 00:00:00 2005\nFrom: "No. 1" <User1@Example.com>\nDate: Mon, 3 Jan 2005'
    b" 01:02:03 +0100\n"
    b"Message-ID: <1@example.org>\nList-Id: A list <list.example.org>\nSubject: =?utf-8?q?folded?=\n and more\n\n"
    b">From x\n\n"
    b"From b\nFROM: b@example.org (B)\nDate: 04 Jan 05 00:00 GMT\nMessage-ID: <2@example.org>\n"
    b"References:\n\t<1@example.org>\nIn-Reply-To: <1@example.org>\nNewsgroups: a.b,c.d\r\n\r\nbody\n"
)
ANSWER = ((1, 1313612336, b"4,5"), (None, -7, None), (2, 0, b"7," * 130 + b"x"))
SCALE_SEED = b'name = "ours"\n[[bands]]\nfrom = 2\nwords = "weak support"\n[[bands]]\nfrom = 10\nwords = "more"\n'
MAP_SEED = (
    b'[[group]]\nid = 5\nname = "x"\nrole = "moderator"\nrank = 2\n[[section]]\nid = 1\nname = "y"\nkind = "alpha"\n'
)
TABLE_SEED = b'account,when,what,page\nA-17,03.04.2015 10:15,opened,plaza\n"B ""2""",,answered,yard\n'
CODEBOOK_SEED = (
    b'<?xml version="1.0" encoding="utf-8"?>\n<CodeBook xmlns="urn:QDA-XML:codebook:1.0" origin="x"><Codes>'
    b'<Code guid="6f6c5ac5-8b7c-4b8a-9d10-2b6c0c1c8a11" name="alpha" isCodable="true"><Description>d</Description>'
    b"</Code>"
    b"</Codes></CodeBook>"
)
TIES_SEED = b"from,to,weight\n1,2,1.5\n2,3,\n3,1,2\n"
MANIFEST_SEED = b"""{"format": "vestige-dataset", "schema_version": 1, "version": "0.1.0", "created_at": null,
"digest": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "time_resolution": "hour", "files": [],
"forums": [{"forum": 0, "code": "north", "software": "phpbb"}], "absent": {"view": "none"}, "key_fingerprint": null,
"codes": {"forum.code": ["north"]}, "findings": [{"code": "a", "severity": "note", "text": "b"}], "options": {},
"source_counts": [{"table": "posts", "read": 1, "kept": 1}], "parts": []}"""


def _qda_seed() -> bytes:
    import io
    import zipfile

    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr(zipfile.ZipInfo("project.qde"), b'<Project xmlns="urn:QDA-XML:project:1.0"><Users/></Project>')
    return held.getvalue()


def _rule_seeds() -> Iterator[bytes]:
    from importlib import resources

    for name in ("phpbb", "xenforo"):
        yield (resources.files("vestige.derive.log") / "shipped" / f"{name}.toml").read_bytes()


TARGETS = {
    "dump": Target(dump, (*_dumps(),)),
    "archive": Target(dump, (*_archives(),)),
    "xml": Target(xml, (XML_SEED,)),
    "access-log": Target(access_log, (LOG_SEED,)),
    "packed-cells": Target(packed_cells, (PACKED_SEED,)),
    "mysql-packets": Target(mysql_packets, (packets(ANSWER),)),
    "postgresql-records": Target(postgresql_records, (records(ANSWER),)),
    "custodian-map": Target(custodian_map, (MAP_SEED,)),
    "log-rules": Target(log_rules, (*_rule_seeds(),)),
    "table-map": Target(table_map, (TABLE_MAP,)),
    "mapped-table": Target(mapped_table, (TABLE_SEED,)),
    "mail": Target(mail, (MAIL_SEED,)),
    "verbal-scale": Target(verbal_scale, (SCALE_SEED,)),
    "qda-project": Target(qda_project, (_qda_seed(),)),
    "qda-codebook": Target(qda_codebook, (CODEBOOK_SEED,)),
    "edge-list": Target(edge_list, (TIES_SEED,)),
    "manifest": Target(manifest, (MANIFEST_SEED,)),
}
