"""A pg_dump archive in custom format as the script that its rows stand for, streamed from front to end.

The script is: how rows are written, the definitions of the wanted tables, and then each block of a wanted table's
data behind its COPY statement. Blocks of other tables and large objects are gone past and never decompressed.
"""

from collections.abc import Callable, Iterator
from typing import Final

from vestige.derive.dump.formats import Packing
from vestige.derive.dump.members import PIECE, DamagedError, Member, open_member
from vestige.derive.dump.postgresql.contents import ArchiveBytes, Contents, CutShortError, read_contents
from vestige.derive.dump.unpack import ByteStream

_DATA: Final = 1
_LARGE_OBJECTS: Final = 3
_PLAIN_PIECE: Final = 1 << 16
_BEHIND_END: Final = "compressed rows go on behind their end"


class ArchiveScript:
    """The script, by the piece; stands in for a `ByteStream` of it.

    Args:
        stream: the archive.
        wanted: whether a table of that name may be one that is read.

    Raises:
        SourceError: the archive is of a format or version that is not read.
        DumpError: it is damaged; also later, from `readinto`.
    """

    def __init__(self, stream: ByteStream, wanted: Callable[[bytes], bool]) -> None:
        self._stream = stream
        self._source = ArchiveBytes(stream.readinto)
        self._wanted = wanted
        self._contents = read_contents(self._source)
        self._pieces = self._script()
        self._rest = memoryview(b"")
        self._early = False

    @property
    def cut_short(self) -> bool:
        """Whether the archive ended in the middle."""
        return self._early or self._stream.cut_short

    def readinto(self, room: memoryview) -> int:
        """Fill at most `room`; 0 at the end of the script."""
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = memoryview(piece)
        count = min(len(room), len(self._rest))
        room[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count

    def _script(self) -> Iterator[bytes]:
        try:
            yield from self._statements()
        except CutShortError:
            self._early = True

    def _statements(self) -> Iterator[bytes]:
        contents = self._contents
        yield from contents.settings
        for entry in contents.tables:
            if self._wanted(entry.name):
                yield entry.definition + b"\n"
        awaited = {number for number, entry in contents.data.items() if entry.has_data and self._wanted(entry.name)}
        while kind := self._source.at_most(1):
            number = self._source.number()
            if kind[0] == _LARGE_OBJECTS:
                self._pass_large_objects()
            elif kind[0] != _DATA:
                raise self._source.damaged("a block of the archive is of an unknown kind")
            elif number in awaited:
                awaited.discard(number)
                yield contents.data[number].copy
                yield from self._rows(contents)
                yield b"\n"
            else:
                self._pass_chunks()
        self._early = bool(awaited)

    def _rows(self, contents: Contents) -> Iterator[bytes]:
        """The decompressed pieces of a block of data."""
        if contents.packing is Packing.PLAIN:
            yield from self._chunks(_PLAIN_PIECE)
            return
        member = open_member(contents.packing)
        for piece in self._chunks(PIECE[contents.packing]):
            if member.ended:
                raise self._source.damaged(_BEHIND_END)
            yield from self._expanded(member, piece)
        while not member.ended:
            expanded = self._expand(member, b"")
            if not expanded:
                raise self._source.damaged("compressed rows end too early")
            yield expanded
        if member.rest:
            raise self._source.damaged(_BEHIND_END)

    def _expanded(self, member: Member, piece: bytes) -> Iterator[bytes]:
        while True:
            expanded = self._expand(member, piece)
            if expanded:
                yield expanded
            piece = b""
            if member.ended or member.hungry:
                return

    def _expand(self, member: Member, piece: bytes) -> bytes:
        damaged = False
        expanded = b""
        try:
            expanded = member.expand(piece)
        except DamagedError:
            damaged = True
        if damaged:
            raise self._source.damaged("the archive's compressed rows are damaged")
        return expanded

    def _chunks(self, most: int) -> Iterator[bytes]:
        """The bytes of a block in pieces of `most`, the last one shorter, whatever its chunks claim to hold."""
        gathered: list[bytes] = []
        room = most
        try:
            while size := self._size():
                while size:
                    gathered.append(self._source.exactly(min(size, room)))
                    size -= len(gathered[-1])
                    room -= len(gathered[-1])
                    if not room:
                        yield b"".join(gathered)
                        gathered, room = [], most
        except CutShortError:
            if gathered:
                yield b"".join(gathered)
            raise
        if gathered:
            yield b"".join(gathered)

    def _size(self) -> int:
        size = self._source.number()
        if size < 0:
            raise self._source.damaged("a block of the archive is damaged")
        return size

    def _pass_chunks(self) -> None:
        while size := self._size():
            self._source.pass_over(size)

    def _pass_large_objects(self) -> None:
        while self._source.number():
            self._pass_chunks()
