"""Bytes of a source file in blocks, decompressed on the way and never all in memory."""

import lzma
import stat
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Protocol, Self

from vestige.errors import DumpError, SourceError

BLOCK: Final = 1 << 22
_RAW: Final = 1 << 18
_ZSTD_RAW: Final = 1 << 10
"""Compressed bytes taken at a time: small for zstd, which cannot bound its output, so that a bomb stays small."""

_UNREADABLE: Final = {
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"PK\x03\x04": "a zip archive",
    b"Rar!\x1a\x07": "a rar archive",
    b"BZh": "a bzip2 file",
}
_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_XZ: Final = b"\xfd7zXZ\x00"


class EndsTooEarlyError(DumpError):
    """The compressed file stops before its end; all blocks before were handed out."""


class Blocks:
    """The decompressed bytes of a file or stream, by blocks of about `BLOCK` bytes.

    The format (plain, gzip, zstd, xz) is told by the first bytes, not by the name.

    Args:
        stream: a binary stream; it is closed with the blocks.
        size: bytes of the stream, or None for a pipe.
        where: what to call it in an error; never a path.
    """

    def __init__(self, stream: BinaryIO, size: int | None, where: str) -> None:
        self._stream = stream
        self._where = where
        self.size = size
        self.taken = 0
        """Bytes taken from the stream so far, compressed if it is."""

    @classmethod
    def of_file(cls, path: Path, where: str) -> Self:
        """Open a regular file.

        Raises:
            SourceError: there is no such file, it is no regular file, or it may not be read.
        """
        stream: BinaryIO | None = None
        try:
            stream = path.open("rb", buffering=0)
            information = path.stat()
        except OSError:
            information = None
        if stream is None or information is None or not stat.S_ISREG(information.st_mode):
            raise SourceError("the file cannot be read", where=where, hint="check that it exists and may be read")
        return cls(stream, information.st_size, where)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.close()

    def __iter__(self) -> Iterator[bytes]:
        """Every byte once, in order.

        Raises:
            SourceError: an archive or format that is not read.
            EndsTooEarlyError: a compressed stream stops before its end.
            DumpError: a compressed stream is damaged, or the disk failed.
        """
        first = self._take(_RAW)
        for magic, name in _UNREADABLE.items():
            if first.startswith(magic):
                raise SourceError(
                    f"this is {name}", where=self._where, hint="unpack it first (.gz, .zst, .xz are read)"
                )
        yield from _joined(self._pieces(first))

    def _pieces(self, first: bytes) -> Iterator[bytes]:
        for magic, codec in _CODECS.items():
            if first.startswith(magic):
                return self._decompressed(first, codec)
        return self._plain(first)

    def _take(self, count: int) -> bytes:
        data: bytes | None = None
        try:
            data = self._stream.read(count)
        except OSError:
            data = None
        if data is None:
            raise DumpError("reading failed", where=self._where, hint="check the disk, or copy the file again")
        self.taken += len(data)
        return data

    def _plain(self, data: bytes) -> Iterator[bytes]:
        while data:
            yield data
            data = self._take(BLOCK)

    def _decompressed(self, data: bytes, codec: Callable[[], "_Codec"]) -> Iterator[bytes]:
        """Members, streams or frames, one after another; zero bytes between and after them are padding."""
        while data:
            member = codec()
            while not member.finished:
                if not data:
                    raise EndsTooEarlyError(
                        "the compressed file ends too early",
                        where=self._where,
                        hint="get the whole file, or pass --allow-truncated to keep its complete rows",
                    )
                yield from self._fed(member, data)
                data = member.rest or self._take(_RAW)
            while data and not data.strip(b"\0"):
                data = self._take(_RAW)
            data = data.lstrip(b"\0")

    def _fed(self, member: "_Codec", data: bytes) -> Iterator[bytes]:
        """What a codec makes of some bytes. Its own errors may quote what it read: they are replaced."""
        damaged = False
        try:
            yield from member.feed(data)
        except Exception:  # noqa: BLE001 - each library has errors of its own, and any of them means this
            damaged = True
        if damaged:
            raise DumpError("the compressed file is damaged", where=self._where, hint="get the file again")


def _joined(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Small pieces joined to blocks; what came before an error is handed out before it is raised."""
    held: list[bytes] = []
    length = 0
    failure: DumpError | None = None
    try:
        for piece in pieces:
            held.append(piece)
            length += len(piece)
            if length >= BLOCK:
                yield b"".join(held)
                held, length = [], 0
    except DumpError as error:
        failure = error
    if length:
        yield b"".join(held)
    if failure is not None:
        raise failure


class _Codec(Protocol):
    """One gzip member, xz stream or zstd frame; `rest` is what follows it once it is finished."""

    @property
    def finished(self) -> bool: ...

    @property
    def rest(self) -> bytes: ...

    def feed(self, data: bytes) -> Iterator[bytes]: ...


class _Gzip:
    def __init__(self) -> None:
        self._inner = zlib.decompressobj(wbits=31)

    @property
    def finished(self) -> bool:
        return self._inner.eof

    @property
    def rest(self) -> bytes:
        return self._inner.unused_data

    def feed(self, data: bytes) -> Iterator[bytes]:
        while data and not self._inner.eof:
            yield self._inner.decompress(data, BLOCK)
            data = self._inner.unconsumed_tail


class _Xz:
    def __init__(self) -> None:
        self._inner = lzma.LZMADecompressor(lzma.FORMAT_XZ)

    @property
    def finished(self) -> bool:
        return self._inner.eof

    @property
    def rest(self) -> bytes:
        return self._inner.unused_data

    def feed(self, data: bytes) -> Iterator[bytes]:
        yield self._inner.decompress(data, BLOCK)
        while not self._inner.needs_input and not self._inner.eof:
            yield self._inner.decompress(b"", BLOCK)


class _Zstd:
    def __init__(self) -> None:
        import zstandard

        self._inner = zstandard.ZstdDecompressor(max_window_size=1 << 27).decompressobj()
        self.rest = b""

    @property
    def finished(self) -> bool:
        return self._inner.eof

    def feed(self, data: bytes) -> Iterator[bytes]:
        for begin in range(0, len(data), _ZSTD_RAW):
            yield self._inner.decompress(data[begin : begin + _ZSTD_RAW])
            if self._inner.eof:
                self.rest = self._inner.unused_data + data[begin + _ZSTD_RAW :]
                return


_CODECS: Final[Mapping[bytes, Callable[[], _Codec]]] = {_GZIP: _Gzip, _XZ: _Xz, _ZSTD: _Zstd}
