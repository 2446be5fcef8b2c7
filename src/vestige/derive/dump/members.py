"""One gzip member, zlib stream, Zstandard frame or xz stream at a time, behind one interface with bounded output."""

import lzma
import zlib
from typing import Final, Protocol

from vestige.derive.dump.formats import Packing

PIECE: Final = {Packing.GZIP: 1 << 16, Packing.ZLIB: 1 << 16, Packing.XZ: 1 << 16, Packing.ZSTANDARD: 1 << 12}
"""Compressed bytes to hand over at once. A piece of Zstandard is expanded whole, at most 128 KiB for every 4 bytes
(RFC 8878, 3.1.1.2), so that 4 KiB bound it to 128 MiB; the others take a limit for what they give back."""

_ROOM: Final = 1 << 20
_GZIP_WINDOW: Final = 31
_ZLIB_WINDOW: Final = 15
_ZSTANDARD_WINDOW: Final = 1 << 27
_XZ_MEMORY: Final = 1 << 28


class DamagedError(Exception):
    """Compressed data that cannot be what they claim; carries no message, and is never shown."""


class Member(Protocol):
    """One self-contained part of a compressed stream."""

    @property
    def ended(self) -> bool:
        """Whether its last byte has been given back."""

    @property
    def hungry(self) -> bool:
        """Whether it wants another piece before it can give more."""

    @property
    def rest(self) -> bytes:
        """Compressed bytes after its end."""

    def expand(self, piece: bytes) -> bytes:
        """Some more decompressed bytes; raises `DamagedError`."""


class _Deflated:
    def __init__(self, window: int) -> None:
        self._object = zlib.decompressobj(window)

    @property
    def ended(self) -> bool:
        return self._object.eof

    @property
    def hungry(self) -> bool:
        return not self._object.unconsumed_tail

    @property
    def rest(self) -> bytes:
        return self._object.unused_data

    def expand(self, piece: bytes) -> bytes:
        try:
            return self._object.decompress(self._object.unconsumed_tail + piece, _ROOM)
        except zlib.error:
            raise DamagedError from None


class _Xz:
    def __init__(self) -> None:
        self._object = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)

    @property
    def ended(self) -> bool:
        return self._object.eof

    @property
    def hungry(self) -> bool:
        return self._object.needs_input

    @property
    def rest(self) -> bytes:
        return self._object.unused_data

    def expand(self, piece: bytes) -> bytes:
        try:
            return self._object.decompress(piece, _ROOM)
        except lzma.LZMAError:
            raise DamagedError from None


class _Zstandard:
    def __init__(self) -> None:
        import zstandard

        self._failure = zstandard.ZstdError
        self._object = zstandard.ZstdDecompressor(max_window_size=_ZSTANDARD_WINDOW).decompressobj()

    @property
    def ended(self) -> bool:
        return self._object.eof

    @property
    def hungry(self) -> bool:
        return True

    @property
    def rest(self) -> bytes:
        return self._object.unused_data

    def expand(self, piece: bytes) -> bytes:
        try:
            return self._object.decompress(piece)
        except self._failure:
            raise DamagedError from None


def open_member(packing: Packing) -> Member:
    """A decompressor for the next member of a compressed stream."""
    if packing in {Packing.GZIP, Packing.ZLIB}:
        return _Deflated(_GZIP_WINDOW if packing is Packing.GZIP else _ZLIB_WINDOW)
    return _Xz() if packing is Packing.XZ else _Zstandard()
