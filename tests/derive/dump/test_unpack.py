"""A stream hands out every byte of a compressed file once, and says so when it cannot."""

import gzip
import lzma
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import zstandard

from vestige.derive.dump.unpack import open_stream
from vestige.errors import SourceError

CONTENT = b"\xef\xbb\xbf" + np.random.default_rng(1).integers(0, 24, 9_000_000, dtype=np.uint8).tobytes()
CODECS: dict[str, Callable[[bytes], bytes]] = {
    "plain": lambda data: data,
    "gzip": lambda data: gzip.compress(data, 1),
    "xz": lambda data: lzma.compress(data, preset=0),
    "zstd": lambda data: zstandard.ZstdCompressor(1, write_checksum=True).compress(data),
}


ROOM = 1 << 20


def _accept(head: bytes) -> None:
    """Take any content."""


def _read(file: Path) -> tuple[bytes, SourceError | None, bool]:
    """What came out, the error if any, and whether the stream says that it was cut short."""
    got, room = bytearray(), memoryview(bytearray(ROOM))
    with open_stream(file, _accept) as stream:
        try:
            while count := stream.readinto(room):
                got += room[:count]
        except SourceError as error:
            return bytes(got), error, stream.cut_short
        assert stream.consumed == stream.total
        return bytes(got), None, stream.cut_short


@pytest.fixture(scope="module")
def packed() -> dict[str, bytes]:
    return {name: compress(CONTENT) for name, compress in CODECS.items()}


@pytest.mark.parametrize("codec", CODECS)
def test_every_byte_comes_out_once(tmp_path: Path, packed: dict[str, bytes], codec: str) -> None:
    file = tmp_path / "file"
    file.write_bytes(packed[codec])
    assert _read(file) == (CONTENT, None, False)


@pytest.mark.parametrize("codec", ["gzip", "xz", "zstd"])
def test_members_follow_each_other(tmp_path: Path, codec: str) -> None:
    file = tmp_path / "file"
    padding = b"" if codec == "zstd" else bytes(8)
    file.write_bytes(b"".join(CODECS[codec](part) for part in (b"one ", b"", b"two ", b"three")) + padding)
    assert _read(file) == (b"one two three", None, False)


@pytest.mark.parametrize("codec", ["gzip", "xz", "zstd"])
def test_half_a_file_gives_its_half_and_says_so(tmp_path: Path, packed: dict[str, bytes], codec: str) -> None:
    file = tmp_path / "file"
    file.write_bytes(packed[codec][: len(packed[codec]) // 2])
    got, error, cut_short = _read(file)
    assert error is None
    assert cut_short
    assert CONTENT.startswith(got)
    assert len(got) > len(CONTENT) // 3


@pytest.mark.parametrize("codec", ["gzip", "xz", "zstd"])
def test_a_damaged_file_is_an_error_without_the_library_s_words(
    tmp_path: Path, packed: dict[str, bytes], codec: str
) -> None:
    damaged = bytearray(packed[codec])
    damaged[len(damaged) // 2 : len(damaged) // 2 + 64] = b"\xff" * 64
    file = tmp_path / "file"
    file.write_bytes(damaged)
    got, error, _ = _read(file)
    assert error is not None
    assert error.__context__ is None
    assert got != CONTENT


def test_junk_after_the_last_member_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(gzip.compress(b"content") + b"junk")
    with pytest.raises(SourceError, match="damaged"):
        _read(file)


def test_folders_and_missing_files_are_refused_without_naming_them(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing"):
        with pytest.raises(SourceError) as caught, open_stream(path):
            pass
        assert str(path) not in str(caught.value)
        assert caught.value.__context__ is None
