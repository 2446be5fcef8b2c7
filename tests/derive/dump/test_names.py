"""Names of groups and sections, for the custodian's map alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from derive.dump.reading import CREATES, SOURCE
from derive.dump.reference import escaped
from vestige.derive.dump import DumpReader
from vestige.derive.dump.names import decoded_name
from vestige.errors import SourceError

DUMP = CREATES + (
    b"CREATE TABLE f_groups (id int, secret text, name varchar(255));"
    b"INSERT INTO f_groups VALUES (1,'zqsecretqz','it\\'s a ''group'''),(2,'x',0x4162),(3,'',NULL),(4,'',_utf8'"
    + "Zürich".encode()
    + b"'),(NULL,'','nobody');"
    b"INSERT INTO f_topics VALUES (7,'" + b"long" * 2_000 + b"',1),(8,'a\\nb',2);"
)


def test_names_of_groups_and_sections(reading) -> None:
    reader = reading.reader(DUMP)
    assert reader.names("groups", "id", "name") == {1: "it's a 'group'", 2: "Ab", 3: "", 4: "Zürich"}
    sections = reader.names("topics", "id", "title")
    assert sections[8] == "a\N{REPLACEMENT CHARACTER}b"
    assert sections[7] == "long" * 512
    with pytest.raises(SourceError):
        reader.names("posts", "id", "body")


def test_many_names(reading) -> None:
    rows = b",".join(b"(%d,'','name %d')" % (number, number) for number in range(2_000))
    dump = DUMP[: DUMP.index(b"INSERT")] + b"INSERT INTO f_groups VALUES " + rows + b";"
    names = reading.reader(dump).names("groups", "id", "name")
    assert names == {number: f"name {number}" for number in range(2_000)}


def test_no_other_text_is_kept(reading) -> None:
    reader = reading.reader(DUMP)
    reader.names("groups", "id", "name")
    assert "zqsecretqz" not in repr(vars(reader))


def test_a_pipe_gives_both_maps_in_one_pass(monkeypatch, tmp_path) -> None:
    file = tmp_path / "dump"
    file.write_bytes(DUMP)
    with file.open("rb") as stream:
        monkeypatch.setattr("sys.stdin", stream)
        reader = DumpReader("-", SOURCE)
        assert len(reader.names("groups", "id", "name")) == 4
        assert len(reader.names("topics", "id", "title")) == 2


@given(st.text(st.characters(codec="utf-8", exclude_categories=["C"])))
def test_text_that_was_stored_as_latin1_is_repaired(text: str) -> None:
    assert decoded_name(text.encode()) in {text, _once_more(text)}
    twice = "".join(_cp1252(byte) for byte in text.encode()).encode()
    assert decoded_name(twice) == text or text.isascii()


@given(st.text(st.characters(codec="cp1252", exclude_categories=["C"])))
def test_text_in_latin1_is_read_as_such(text: str) -> None:
    assert decoded_name(text.encode("cp1252")) in {text, _once_more(text)}


def _once_more(text: str) -> str:
    """Text that happens to look like stored Latin-1 itself is taken for it."""
    try:
        return text.encode("cp1252").decode()
    except UnicodeError:
        return text


def _cp1252(byte: int) -> str:
    try:
        return bytes([byte]).decode("cp1252")
    except UnicodeError:
        return chr(byte)


def test_names_round_trip(reading) -> None:
    name = "a'b\\c\"d;e), (é漢"
    dump = DUMP[: DUMP.index(b"INSERT")] + b"INSERT INTO f_groups VALUES (1,'','" + escaped(name.encode()) + b"');"
    assert reading.reader(dump).names("groups", "id", "name") == {1: name}
