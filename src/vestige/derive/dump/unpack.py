"""A dump as a stream of decompressed bytes in bounded pieces, from a file or a pipe."""

import os
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import Final, Protocol

from vestige.derive.dump.formats import SNIFFED, Packing, packing_of, refuse_foreign
from vestige.derive.dump.members import PIECE, DamagedError, Member, open_member
from vestige.errors import SourceError

PIPE: Final = "-"


class RawInput(Protocol):
    """What a stream is read from: an unbuffered binary file."""

    def readinto(self, buffer: memoryview, /) -> int | None:
        """Fill at most the buffer; 0 at the end."""


class ByteStream:
    """The decompressed bytes of one source, from front to end.

    Attributes:
        consumed: bytes taken from the source so far, compressed as they are.
        total: size of the source in bytes; None for a pipe.
        head: its first bytes, decompressed.
        cut_short: whether compressed data ended in the middle; known at the end of the stream.

    Raises:
        SourceError: on opening, when the source is empty or a file of another kind.
    """

    def __init__(
        self, raw: RawInput, total: int | None = None, refuse: Callable[[bytes], None] = refuse_foreign
    ) -> None:
        self.consumed = 0
        self.total = total
        self.cut_short = False
        self._raw = raw
        self._head = self._filled(SNIFFED)
        self._packing = packing_of(self._head)
        self._pieces: Iterator[bytes] = iter(())
        if self._packing is not Packing.PLAIN:
            self._pieces = self._unpacked()
            packed, self._head = self._head, b""
            self._packed_head = packed
            while len(self._head) < SNIFFED and (piece := next(self._pieces, None)) is not None:
                self._head += piece
        self.head = self._head[:SNIFFED]
        if self._head or not self.cut_short:
            refuse(self.head)

    def readinto(self, room: memoryview) -> int:
        """Fill at most `room`; 0 at the end of the stream.

        Raises:
            SourceError: compressed data are damaged, or the disk fails.
        """
        if not self._head:
            if self._packing is Packing.PLAIN:
                return self._read(room)
            self._head = next(self._pieces, b"")
        count = min(len(room), len(self._head))
        room[:count] = self._head[:count]
        self._head = self._head[count:]
        return count

    def _filled(self, size: int) -> bytes:
        """`size` raw bytes, fewer only at the end: a pipe may give them one by one."""
        room = bytearray(size)
        filled = 0
        while filled < size and (count := self._read(memoryview(room)[filled:])):
            filled += count
        return bytes(room[:filled])

    def _read(self, room: memoryview) -> int:
        failed = False
        count: int | None = 0
        try:
            count = self._raw.readinto(room)
        except OSError:
            failed = True
        if failed:
            raise SourceError("the source cannot be read to its end", hint="check the disk, or copy the file again")
        self.consumed += count or 0
        return count or 0

    def _piece(self) -> bytes:
        """The next compressed bytes; zeros between members are padding (tapes, `xz` to blocks)."""
        if self._packed_head:
            piece, self._packed_head = self._packed_head, b""
            return piece
        return self._filled(PIECE[self._packing])

    def _unpacked(self) -> Iterator[bytes]:
        """Non-empty decompressed pieces, member after member."""
        piece = self._piece()
        while piece:
            member = open_member(self._packing)
            while not member.ended:
                if member.hungry and not piece:
                    piece = self._piece()
                expanded = self._expand(member, piece)
                if not (expanded or piece or member.ended):
                    self.cut_short = True
                    return
                piece = b""
                if expanded:
                    yield expanded
            piece = member.rest.lstrip(b"\0")
            while not piece and (piece := self._piece()) and not (piece := piece.lstrip(b"\0")):
                pass

    def _expand(self, member: Member, piece: bytes) -> bytes:
        damaged = False
        expanded = b""
        try:
            expanded = member.expand(piece)
        except DamagedError:
            damaged = True
        if damaged:
            where = f"{self._packing} data before byte {self.consumed:,}"
            raise SourceError("the compressed data are damaged", where=where, hint="copy or compress the file again")
        return expanded


@contextmanager
def open_stream(source: Path | str, refuse: Callable[[bytes], None] = refuse_foreign) -> Iterator[ByteStream]:
    """The bytes of a dump, and its end closed; `-` is standard input.

    Args:
        source: a path, or `-`.
        refuse: raises a `SourceError` when the first decompressed bytes show another kind of file.

    Raises:
        SourceError: no such file, a directory, no permission, empty, or a file of another kind.
    """
    if source == PIPE:
        yield ByteStream(FileIO(sys.stdin.fileno(), closefd=False), refuse=refuse)
        return
    failure = ""
    descriptor = -1
    try:
        descriptor = os.open(source, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        failure = "the source does not exist"
    except PermissionError:
        failure = "the source may not be read"
    except OSError:
        failure = "the source cannot be opened"
    if failure:
        raise SourceError(failure, hint="check its path and permissions")
    status = os.fstat(descriptor)
    if stat.S_ISDIR(status.st_mode):
        os.close(descriptor)
        raise SourceError("the source is a directory without files that are known", hint="give the dump file itself")
    with os.fdopen(descriptor, "rb", buffering=0) as raw:
        yield ByteStream(raw, status.st_size or None, refuse)
