"""Every way in which tools write rows gives the same numbers."""

import pytest

from derive.dump.reading import CREATE_POSTS, CREATE_TOPICS, CREATES
from derive.dump.reference import insert
from vestige.derive.contract import UNKNOWN_WORD

HEAD = b"INSERT INTO `f_posts` VALUES "
TEXT = rb"'it\'s ''quoted'' ; ),(9,9,\"x\" /* no */ -- no # no `x` \\'"
ROW = b"(1,2," + TEXT + b",1500000000,'2020-02-29 12:30:45','ADMINISTRATORS')"
OTHER = b"(-7,NULL,NULL,0,'0000-00-00 00:00:00','else')"
EXPECTED = [
    {"id": 1, "author": 2, "at": 1_500_000_000_000_000, "moment": 1_582_979_445_000_000, "word": 1},
    {"id": -7, "author": None, "at": None, "moment": None, "word": UNKNOWN_WORD},
]
COLUMNS = b"(`id`, `author`, `body`, `at`, `moment`, `word`)"

LAYOUTS = {
    "one line": CREATES + HEAD + ROW + b"," + OTHER + b";\n",
    "one row a line": CREATES + HEAD + b"\n" + ROW + b",\n" + OTHER + b";\n",
    "one row a statement": CREATES + HEAD + ROW + b";\n" + HEAD + OTHER + b";\n",
    "CRLF": (CREATES + HEAD + b"\n" + ROW + b",\n" + OTHER + b";\n").replace(b"\n", b"\r\n"),
    "BOM": b"\xef\xbb\xbf" + CREATES + HEAD + ROW + b"," + OTHER + b";",
    "column list": CREATES + b"INSERT INTO `f_posts` " + COLUMNS + b" VALUES\n" + ROW + b",\n" + OTHER + b";",
    "column list without CREATE": CREATE_TOPICS
    + b"INSERT INTO `f_posts` " + COLUMNS + b" VALUES " + ROW + b",\t" + OTHER + b";",
    "IGNORE": CREATES + b"INSERT  IGNORE INTO `f_posts` VALUES " + ROW + b"," + OTHER + b" ; ",
    "REPLACE": CREATES + b"REPLACE INTO `f_posts` VALUES " + ROW + b"," + OTHER + b";",
    "DELAYED": CREATES + b"insert delayed ignore into `f_posts` values" + ROW + b" , " + OTHER + b";",
    "bare names": CREATES.replace(b"`f_posts`", b"f_posts")
    + b"INSERT INTO f_posts VALUES " + ROW + b"," + OTHER + b";",
    "ANSI names": b"SET sql_mode='ANSI';" + CREATES.replace(b"`f_posts`", b'"f_posts"')
    + b'INSERT INTO "f_posts" VALUES ' + ROW + b"," + OTHER + b";",
    "qualified names": b"USE `d`;" + CREATES.replace(b"`f_posts`", b"`d`.`f_posts`")
    + b"INSERT INTO d.f_posts VALUES " + ROW + b"," + OTHER + b";",
    "comments": b"-- a ' comment\n# another \"\n--\n/* a ; 'third */\n" + CREATES + HEAD + ROW
    + b",\n-- it's between\n" + OTHER + b"/* end */ ;\n",
    "conditional": CREATES + b"/*!40000 ALTER TABLE `f_posts` DISABLE KEYS */;\n/*!50000 " + HEAD + ROW + b"," + OTHER
    + b" */;\n/*!40101 SET a=1; SET b='*/' */;",
    "sandbox": rb"/*M!999999\- enable the sandbox mode */ " + b"\n" + CREATES + HEAD + ROW + b"," + OTHER + b";",
    "introducers": CREATES + HEAD + ROW.replace(TEXT, b"_binary " + TEXT).replace(b"'ADM", b"_utf8mb4'ADM")
    + b"," + OTHER + b";",
    "hexadecimal": CREATES + HEAD + ROW.replace(TEXT, b"0x00FF27").replace(
        b"'ADMINISTRATORS'", b"0x" + b"ADMINISTRATORS".hex().encode())
    + b"," + OTHER.replace(b"NULL,0", b"x'5C',0") + b";",
    "quoted numbers": CREATES + HEAD + ROW.replace(b"(1,2", b"('1','2'").replace(b"1500000000", b"'1500000000'")
    + b"," + OTHER + b";",
    "plus and zero decimals": CREATES + HEAD + ROW.replace(b"(1,2", b"( +1 , 2.00 ") + b"," + OTHER + b";",
    "double quoted strings": CREATES + HEAD + ROW.replace(b"'ADMINISTRATORS'", b'"ADMINISTRATORS"')
    + b"," + OTHER + b";",
    "no backslash escapes": b"/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_BACKSLASH_ESCAPES' */;"
    + CREATES + HEAD + ROW.replace(TEXT, rb"'it''s \'") + b"," + OTHER + b";\n/*!40101 SET SQL_MODE=@OLD_SQL_MODE */;",
    "expressions": CREATES + HEAD + ROW.replace(TEXT, b"CONCAT('a)', CHAR(39), ('b'))") + b"," + OTHER + b";",
    "floats": CREATES + HEAD + ROW.replace(TEXT, b"-1.5e-7") + b"," + OTHER.replace(b"NULL,NULL", b"NULL,.5") + b";",
    "trigger": CREATES + HEAD + ROW + b"," + OTHER + b";\nDELIMITER ;;\n/*!50003 CREATE*/ /*!50017 DEFINER=`x`@`y`*/ "
    b"/*!50003 TRIGGER t BEFORE INSERT ON f_posts FOR EACH ROW BEGIN SET @a = 'x;;'; INSERT INTO f_posts VALUES (1); "
    b"END */;;\nDELIMITER ;\n",
    "locks": b"START TRANSACTION;LOCK TABLES `f_posts` WRITE;" + CREATES + HEAD + ROW + b"," + OTHER
    + b";UNLOCK TABLES;\nCOMMIT;",
    "delimiter": CREATES + b"DELIMITER $$\n" + HEAD + ROW + b"," + OTHER + b"$$\nDELIMITER ;\n",
    "double delimiter": CREATES + b"DELIMITER ;;\n" + HEAD + ROW + b"," + OTHER + b";;\nDELIMITER ;\n",
    "GBK": b"SET NAMES gbk;" + CREATES + HEAD + ROW.replace(TEXT, b"'\xd5\x5c'") + b"," + OTHER + b";",
}  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layout(reading, layout) -> None:
    found = reading(LAYOUTS[layout])
    assert found.rows["posts"] == EXPECTED
    assert found.count("posts") == 2


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layout_in_tiny_blocks(reading, layout) -> None:
    """Windows so small that every token is cut somewhere."""
    for block in (64, 65, 67, 71):
        assert reading(LAYOUTS[layout], block=block).rows["posts"] == EXPECTED


def test_columns_may_change_between_statements(reading) -> None:
    dump = CREATES + (
        b"INSERT INTO `f_posts` (`id`,`author`) VALUES (1,2);INSERT INTO `f_posts` (`at`,`id`) VALUES (5,3),(6,4);"
        b"INSERT INTO `f_posts` VALUES (5,6,'',7,NULL,'');"
    )
    rows = reading(dump).rows["posts"]
    assert [(row["id"], row["author"], row["at"], row["word"]) for row in rows] == [
        (1, 2, None, None),
        (3, None, 5_000_000, None),
        (4, None, 6_000_000, None),
        (5, 6, 7_000_000, 3),
    ]


def test_missing_columns_and_tables_are_reported(reading) -> None:
    found = reading(
        b"CREATE TABLE f_posts (ID int, `Word` text);" + CREATE_TOPICS + b"INSERT INTO f_posts VALUES (1,'5');"
    )
    read = {one.table: one for one in found.report.tables}
    assert (read["posts"].present, read["posts"].missing) == (True, ("author", "at", "moment"))
    assert (read["groups"].present, read["groups"].missing) == (False, ("id",))
    assert found.rows["posts"] == [{"id": 1, "author": None, "at": None, "moment": None, "word": 5}]


def test_bit_columns(reading) -> None:
    create = b"CREATE TABLE f_topics (id bit(16), forum bit(1));"
    rows = reading(
        CREATE_POSTS + create + rb"INSERT INTO f_topics VALUES (b'101','\0'),(0x0102,b'1'),(_binary '\n','7');"
    )
    assert rows.rows["topics"] == [{"id": 5, "forum": 0}, {"id": 258, "forum": 1}, {"id": 10, "forum": 55}]


def test_many_rows_come_in_batches(reading) -> None:
    rows = [(number, 1, b"x" * (number % 7), 0, None, None) for number in range(70_000)]
    found = reading(CREATES + insert("f_posts", rows))
    assert found.column("posts", "id") == list(range(70_000))


def test_words_after_unescaping(reading) -> None:
    cells = [rb"'it\'s'", b"'it''s'", b"''", rb"'a\\b'", b"5", b"'5 '", b"NULL", b"'" + b"x" * 999 + b"'"]
    dump = (
        CREATES + b"INSERT INTO f_posts VALUES " + b",".join(b"(1,1,'',1,NULL," + cell + b")" for cell in cells) + b";"
    )
    assert reading(dump).column("posts", "word") == [2, 2, 3, 4, 5, UNKNOWN_WORD, None, UNKNOWN_WORD]
