"""Any table, dumped in any layout, cut into blocks anywhere, gives the same numbers; any damage is noticed."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from derive.dump.reading import CREATE_POSTS, CREATE_TOPICS, CREATES, WORDS, Reading
from derive.dump.reference import escaped, insert, literal, rows_of
from vestige.derive.contract import UNKNOWN_WORD
from vestige.errors import SourceError

integers = st.integers(-(2**63) + 1, 2**63 - 1)
nasty = st.lists(
    st.sampled_from([b"'", b'"', b"\\", b";", b")", b"(", b",", b"--", b" ", b"\n", b"/*", b"*/", b"#", b"`", b"\0",
                     b"\x1a", b"NULL", b"x" * 33, b"\xff\xfe", b"INSERT INTO `f_posts` VALUES (1);", b"\\'", b"''"]),
    max_size=8,
).map(b"".join)  # fmt: skip
texts = st.one_of(st.none(), nasty, st.binary(max_size=80))
words = st.one_of(st.none(), st.sampled_from(sorted(WORDS)), nasty)
rows = st.lists(st.tuples(integers, st.none() | integers, texts, st.integers(0, 2**40), st.none(), words), max_size=12)


def _expected(made) -> list[tuple]:
    return [
        (
            key,
            author,
            at * 1_000_000 if at and at <= (2**63 - 1) // 1_000_000 else None,
            None if word is None else WORDS.get(word, UNKNOWN_WORD),
        )
        for key, author, _, at, _, word in made
    ]


def _found(found) -> list[tuple]:
    return [(row["id"], row["author"], row["at"], row["word"]) for row in found.rows.get("posts", [])]


def _quoted(cell, how: str) -> bytes:
    if not isinstance(cell, bytes):
        return b"'%d'" % cell if how == "all quoted" and cell is not None else literal(cell)
    if how == "hexadecimal" and cell:
        return b"0x" + cell.hex().encode()
    if how == "doubled":
        return b"'" + cell.replace(b"\\", b"\\\\").replace(b"'", b"''") + b"'"
    if how == "double quotes":
        return b'_binary "' + cell.replace(b"\\", b"\\\\").replace(b'"', b'""') + b'"'
    if how == "no backslash":
        return b"'" + cell.replace(b"'", b"''") + b"'"
    return b"'" + escaped(cell) + b"'"


HOWS = ["plain", "all quoted", "hexadecimal", "doubled", "double quotes", "no backslash"]
GAPS = [b"", b"\n", b"\r\n", b" \t ", b"\n-- it's a comment\n", b"/* ' */"]


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    made=rows,
    how=st.sampled_from(HOWS),
    gap=st.sampled_from(GAPS),
    per_statement=st.integers(1, 5),
    block=st.sampled_from([64, 73, 128, 1 << 16]),
    listed=st.booleans(),
)
def test_any_table_in_any_layout(reading: Reading, made, how, gap, per_statement, block, listed) -> None:
    head = b"INSERT INTO `f_posts` " + (b"(`id`,`author`,`body`,`at`,`moment`,`word`) " if listed else b"") + b"VALUES"
    lines = [b"(" + b",".join(_quoted(cell, how) for cell in row) + b")" for row in made]
    statements = [
        head + gap + (b"," + gap).join(lines[start : start + per_statement]) + b";" + gap
        for start in range(0, len(lines), per_statement)
    ]
    mode = b"SET sql_mode='NO_BACKSLASH_ESCAPES';" if how == "no backslash" else b""
    definitions = CREATES if mode == b"" else CREATES.replace(b"it''s", b"its")
    found = reading(mode + definitions + b"".join(statements), block=block)
    assert _found(found) == _expected(made)
    assert found.count("posts") == len(made)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=rows)
def test_the_reference_agrees(reading: Reading, made) -> None:
    dump = CREATES + (insert("f_posts", made) if made else b"")
    assert list(rows_of(dump, b"f_posts")) == [list(row) for row in made]
    assert _found(reading(dump)) == _expected(made)


def test_a_block_may_end_at_every_byte(reading: Reading) -> None:
    """A comment of every length moves every byte of the dump over the block's end."""
    made = [(1, -2, b'it\'s \\ "x"; -- \n), (', 3, None, b"it's"), (4, None, None, 0, None, b"x" * 40)]
    dump = CREATES + insert("f_posts", made) + b"/*!40000 SET a='b' */;\n" + insert("f_posts", made, b",\n")
    for shift in range(128):
        found = reading(b"#" + b"c" * shift + b"\n" + dump, block=128)
        assert _found(found) == 2 * _expected(made)


def test_a_row_of_many_blocks(reading: Reading) -> None:
    body = b"it's \\ " * 60_000
    made = [(1, 2, body, 3, None, b"5"), (2, 2, b"", 3, None, body)]
    assert _found(reading(CREATES + insert("f_posts", made), block=1 << 16)) == _expected(made)


def test_a_hexadecimal_cell_of_many_blocks(reading: Reading) -> None:
    dump = CREATES + b"INSERT INTO f_posts VALUES (1,2,0x" + b"5c27" * 300_000 + b",3,NULL,NULL);"
    assert _found(reading(dump, block=1 << 16)) == [(1, 2, 3_000_000, None)]


def test_a_thousand_columns(reading: Reading) -> None:
    names = [b"`c%d`" % number for number in range(1_000)]
    create = b"CREATE TABLE f_posts (" + b",".join(name + b" int COMMENT 'a, (b'" for name in names) + b",`id` int);"
    row = b"(" + b"1," * 1_000 + b"7)"
    dump = (
        create
        + CREATE_TOPICS
        + b"INSERT INTO f_posts ("
        + b", ".join(names)
        + b",`id`) VALUES "
        + row
        + b","
        + row
        + b";"
    )
    assert reading(dump, block=256).column("posts", "id") == [7, 7]


def test_mutations_are_noticed_or_harmless(reading: Reading) -> None:
    """Random bytes put anywhere: a clean error, or as many rows as the reference sees."""
    generator = np.random.default_rng(7)
    made = [(number, 2, b"a'b\\c\n;", 5, None, b"it's") for number in range(6)]
    dump = CREATE_TOPICS + CREATE_POSTS.replace(b"it''s", b"") + insert("f_posts", made)
    start = dump.index(b"VALUES") + len(b"VALUES")
    refused: list[SourceError] = []
    for _ in range(400):
        mutated = bytearray(dump)
        place = int(generator.integers(start, len(dump)))
        mutated[place] = int(generator.choice(list(b"'\",;()\\`#-/*x0 \n\0\xff")))
        try:
            found = reading(bytes(mutated))
        except SourceError as error:
            refused.append(error)
            continue
        assert found.count("posts") == len(list(rows_of(bytes(mutated), b"f_posts"))), bytes(mutated[start:])
    assert 80 < len(refused) < 350
    assert all(error.__context__ is None and error.__cause__ is None for error in refused)


@pytest.mark.parametrize("charset", ["gbk", "big5", "sjis", "cp932", "gb18030"])
def test_second_bytes_that_look_like_a_backslash(reading: Reading, charset) -> None:
    characters = {"gbk": "誠", "big5": "功許", "sjis": "表ソ", "cp932": "能", "gb18030": "誠\U00020087"}[charset]
    encoded = characters.encode(charset)
    assert b"\\" in encoded
    mode = b"SET NAMES %b;" % charset.encode()
    dump = (
        mode
        + CREATES
        + b"INSERT INTO f_posts VALUES (1,2,'"
        + encoded
        + b"',3,NULL,'"
        + encoded
        + b"'),(2,2,'',3,NULL,'5');"
    )
    for block in (64, 65, 66, 67, 1 << 16):
        assert _found(reading(dump, block=block)) == [(1, 2, 3_000_000, UNKNOWN_WORD), (2, 2, 3_000_000, 5)]
    saved = b"SET @s = @@character_set_client; SET character_set_client = utf8;" + CREATES
    restored = mode + saved + b"SET character_set_client = @s;" + dump[len(mode) + len(CREATES) :]
    assert len(_found(reading(restored))) == 2
