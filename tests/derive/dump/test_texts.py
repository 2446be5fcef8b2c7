"""Packed cells, names and handles in a dump: the same numbers in every layout and block, and damage that is counted."""

import pytest

from derive.dump.reading import CREATES as CREATES_ALL
from derive.dump.reading import SOURCE
from vestige.derive.contract import Cell, Packing, SourceColumn, SourceTable
from vestige.derive.text_cells import Texts, numbers_of

POSTS = SourceTable("posts", (SourceColumn("id", required=True),))
TOPICS = SourceTable(
    "topics",
    (
        SourceColumn("id"),
        SourceColumn("groups", Cell.NUMBERS),
        SourceColumn("data", Cell.NAMES, vocabulary={b"STAFF": 4}),
        SourceColumn("name", Cell.NAME),
        SourceColumn("to", Cell.NUMBERS, packing=Packing.KEYS),
    ),
)
HANDLES = SourceTable("topics", (SourceColumn("id"), SourceColumn("name", Cell.HANDLE, secret=bytes(32))))
CREATES = (
    b"CREATE TABLE `f_posts` (`id` int);\n"
    b"CREATE TABLE `f_topics` (`id` int, `groups` text, `data` text, `name` varchar(9), `to` blob);\n"
)
DATA = 'a:2:{i:0;s:5:"STAFF";i:1;s:9:"It\'s, Zo\\";}'
ROWS = [
    (1, "4,5", DATA, "Zo\\", 'a:1:{i:7;s:2:"\'x";}'),
    (2, "", "", "It's", None),
    (3, None, None, None, ""),
    (4, "4,x", "a:2:{}", "", "a:0:{}"),
]
BLOCKS = [None, 65536, 4096, 600]


def quoted(value):
    return b"NULL" if value is None else b"'" + value.encode().replace(b"\\", b"\\\\").replace(b"'", b"''") + b"'"


def hexadecimal(value):
    return b"NULL" if value is None else b"0x" + value.encode().hex().encode() if value else b"''"


def binary(value):
    return b"NULL" if value is None else b"_binary " + quoted(value)


def dump(write, rows=ROWS):
    values = (b"(%d," % number + b",".join(map(write, cells)) + b")" for number, *cells in rows)
    return CREATES + b"INSERT INTO `f_topics` VALUES " + b",\n".join(values) + b";\n"


def name(text, **vocabulary):
    return numbers_of(SourceColumn("c", Cell.NAME), Texts.of([text.encode()]))[0][0].as_py()


@pytest.mark.parametrize("write", [quoted, hexadecimal, binary])
@pytest.mark.parametrize("block", BLOCKS)
def test_every_layout_gives_the_same_numbers(reading, write, block) -> None:
    found = reading(dump(write), block=block, tables=(POSTS, TOPICS))
    assert found.column("topics", "groups") == [[4, 5], [], None, None]
    names = found.column("topics", "data")
    assert names[0] == [0, 4, 0, name("It's, Zo\\"), name("It's"), name("Zo\\")]
    assert names[1:] == [[], None, None]
    assert found.column("topics", "name") == [name("Zo\\"), name("It's"), None, None]
    assert found.column("topics", "to") == [[7], None, [], []]
    assert [finding.text.split(" are ")[0] for finding in found.report.findings] == [
        "1 cells of topics.data",
        "1 cells of topics.groups",
    ]


def test_many_texts_come_in_several_batches(reading, monkeypatch) -> None:
    monkeypatch.setattr("vestige.derive.dump.rows.TEXTS", 300)
    rows = [(number, f"{number},{number + 1}", DATA, "n", None) for number in range(500)]
    found = reading(dump(quoted, rows), tables=(POSTS, TOPICS))
    assert found.column("topics", "groups") == [[number, number + 1] for number in range(500)]
    assert found.column("topics", "id") == list(range(500))


def test_a_cell_that_is_too_long_is_damaged(reading) -> None:
    longest = 1 << 18
    rows = [(1, "1," * (longest // 2), "", "", ""), (2, "1," * (longest // 2) + "1", "", "", ""), (3, "7", "", "", "")]
    found = reading(dump(quoted, rows), tables=(POSTS, TOPICS))
    lists = found.column("topics", "groups")
    assert lists[1:] == [None, [7]]
    assert lists[0] is None or len(lists[0]) == longest // 2


def test_handles_are_read_only_when_they_are_asked_for(reading) -> None:
    found = reading(dump(quoted), tables=(POSTS, HANDLES))
    handles = found.column("topics", "name")
    assert [handle and len(handle) for handle in handles] == [2, 2, None, None]
    assert handles[0] != handles[1]


def test_the_custodians_names_come_as_before(reading) -> None:
    dumped = CREATES_ALL + b"CREATE TABLE f_groups (id int, name text);\n"
    dumped += b"INSERT INTO f_groups VALUES (1,'A, b'),(2,NULL),(3,'" + b"x" * 3000 + b"');\n"
    names = reading.reader(dumped, source=SOURCE).names("groups", "id", "name")
    assert names == {1: "A, b", 2: "", 3: "x" * 2048}
