"""Files of tables: packed in the ways Arrow unpacks, and read by Arrow's own threads only."""

import gzip
import lzma

import pyarrow as pa
import pytest
import zstandard

from vestige.derive.tables import files
from vestige.derive.tables.files import TableFile, batches_of, reading
from vestige.errors import SourceError

ROWS = b"a,b\n1,x\n2,y\n"
SECRET = "qrtzrmssnwwvjhwvhhvj"


def read(tmp_path, content):
    (tmp_path / "t.csv").write_bytes(content)
    file = TableFile(tmp_path / "t.csv", "t")
    with reading(file):
        return [value for batch, _ in batches_of(file, {"a": "a"}) for value in batch.column(0).to_pylist()]


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard.compress])
def test_however_it_is_packed(tmp_path, pack):
    assert read(tmp_path, pack(ROWS)) == [b"1", b"2"]


def test_packed_in_several_members(tmp_path):
    assert read(tmp_path, gzip.compress(ROWS) + gzip.compress(b"3,z\n")) == [b"1", b"2", b"3"]


@pytest.mark.parametrize("pack", [lzma.compress, lambda rows: gzip.compress(rows)[:-20]], ids=["xz", "cut short"])
def test_what_cannot_be_unpacked_is_said(tmp_path, pack):
    content = pack(ROWS * 999 + SECRET.encode())
    with pytest.raises(SourceError) as caught:
        read(tmp_path, content)
    assert SECRET not in str(caught.value)
    assert caught.value.__context__ is None


def test_no_python_object_is_read_by_arrows_threads(tmp_path):
    """Its thread would wait for the interpreter's lock while the interpreter waits for the thread."""
    (tmp_path / "t.csv").write_bytes(gzip.compress(ROWS))
    with files._opened(TableFile(tmp_path / "t.csv", "t")) as opened:
        assert not any(isinstance(stream, pa.PythonFile) for stream in opened)
