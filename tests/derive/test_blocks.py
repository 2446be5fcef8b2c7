"""Blocks hand out every byte of a compressed file once, and say so when they cannot."""

import gzip
import lzma
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import zstandard

from vestige.derive.blocks import Blocks, EndsTooEarlyError
from vestige.errors import DumpError, SourceError

CONTENT = b"\xef\xbb\xbf" + np.random.default_rng(1).integers(0, 24, 9_000_000, dtype=np.uint8).tobytes()
CODECS: dict[str, Callable[[bytes], bytes]] = {
    "plain": lambda data: data,
    "gzip": lambda data: gzip.compress(data, 1),
    "xz": lambda data: lzma.compress(data, preset=0),
    "zstd": lambda data: zstandard.ZstdCompressor(1, write_checksum=True).compress(data),
}


def _read(file: Path) -> tuple[bytes, DumpError | None]:
    got = bytearray()
    with Blocks.of_file(file, "Posts") as blocks:
        try:
            for block in blocks:
                got += block
        except DumpError as error:
            return bytes(got), error
        assert blocks.taken == blocks.size
    return bytes(got), None


@pytest.fixture(scope="module")
def packed() -> dict[str, bytes]:
    return {name: compress(CONTENT) for name, compress in CODECS.items()}


@pytest.mark.parametrize("codec", CODECS)
def test_every_byte_comes_out_once(tmp_path: Path, packed: dict[str, bytes], codec: str) -> None:
    file = tmp_path / "file"
    file.write_bytes(packed[codec])
    assert _read(file) == (CONTENT, None)


@pytest.mark.parametrize("codec", ["gzip", "xz", "zstd"])
def test_members_follow_each_other(tmp_path: Path, codec: str) -> None:
    file = tmp_path / "file"
    padding = b"" if codec == "zstd" else bytes(8)
    file.write_bytes(b"".join(CODECS[codec](part) for part in (b"one ", b"", b"two ", b"three")) + padding)
    assert _read(file) == (b"one two three", None)


@pytest.mark.parametrize("codec", ["gzip", "xz", "zstd"])
def test_half_a_file_gives_its_half_and_an_error(tmp_path: Path, packed: dict[str, bytes], codec: str) -> None:
    file = tmp_path / "file"
    file.write_bytes(packed[codec][: len(packed[codec]) // 2])
    got, error = _read(file)
    assert isinstance(error, EndsTooEarlyError)
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
    got, error = _read(file)
    assert error is not None
    assert "Posts" in str(error)
    assert error.__context__ is None
    assert got != CONTENT


def test_junk_after_the_last_member_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(gzip.compress(b"content") + b"junk")
    got, error = _read(file)
    assert got == b"content"
    assert isinstance(error, DumpError)


@pytest.mark.parametrize("magic", [b"7z\xbc\xaf\x27\x1c", b"PK\x03\x04", b"Rar!\x1a\x07\x00", b"BZh9"])
def test_archives_are_refused_by_name(tmp_path: Path, magic: bytes) -> None:
    file = tmp_path / "file"
    file.write_bytes(magic + bytes(100))
    with pytest.raises(SourceError, match="unpack"), Blocks.of_file(file, "Posts") as blocks:
        list(blocks)


def test_folders_and_missing_files_are_refused_without_naming_them(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing"):
        with pytest.raises(SourceError) as caught:
            Blocks.of_file(path, "Posts")
        assert str(path) not in str(caught.value)
        assert caught.value.__context__ is None


def test_a_bomb_comes_out_in_small_pieces(tmp_path: Path) -> None:
    for name in ("gzip", "xz", "zstd"):
        file = tmp_path / name
        file.write_bytes(CODECS[name](bytes(100_000_000)))
        with Blocks.of_file(file, "Posts") as blocks:
            longest = max(len(block) for block in blocks)
        assert longest < 50_000_000
