"""A sliding window over a stream of bytes, shared by Python's scanner and the compiled tokenizer."""

from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    import numpy.typing as npt

BLOCK: Final = 1 << 20
PADDING: Final = 64
"""Readable bytes behind the last one, so that compiled code may load whole vectors."""


class Stream(Protocol):
    """What a window slides over."""

    @property
    def cut_short(self) -> bool:
        """Whether compressed data ended in the middle; known at the end."""

    def readinto(self, room: memoryview, /) -> int:
        """Fill at most the room; 0 at the end."""


class Window:
    """The part of a stream that is in memory: `data[position:end]` is not yet consumed.

    Attributes:
        data: the bytes; only `position` to `end` are meaningful.
        view: the same memory as an array of uint8, for compiled code.
        position: index of the first byte not yet consumed.
        end: index after the last byte that is present.
        base: offset in the stream of `data[0]`.
        finished: whether the stream has no bytes after `end`.
    """

    def __init__(self, stream: Stream, block: int = BLOCK) -> None:
        self._stream = stream
        self._allocate(block)
        self.position = 0
        self.end = 0
        self.base = 0
        self.finished = False

    @property
    def offset(self) -> int:
        """Offset in the stream of the first byte not yet consumed."""
        return self.base + self.position

    @property
    def cut_short(self) -> bool:
        """Whether compressed data ended in the middle."""
        return self._stream.cut_short

    @property
    def capacity(self) -> int:
        """How many bytes fit."""
        return len(self.data) - PADDING

    def refill(self) -> bool:
        """Drop what is consumed and read more; False when nothing more came, since the stream or the room ended."""
        kept = self.end - self.position
        if self.position:
            self.data[:kept] = self.data[self.position : self.end]
            self.base += self.position
            self.position, self.end = 0, kept
        if self.finished or kept == self.capacity:
            return False
        room = memoryview(self.data)[kept : self.capacity]
        count = self._stream.readinto(room)
        room.release()
        self.end += count
        self.finished = count == 0
        return count > 0

    def ensure(self, count: int) -> bool:
        """Have at least `count` unconsumed bytes; False when the stream ends before."""
        while self.end - self.position < count:
            if count > self.capacity:
                self.grow(count)
            if not self.refill():
                return False
        return True

    def grow(self, count: int) -> None:
        """Make room for at least `count` unconsumed bytes."""
        old, end = self.data, self.end
        self._allocate(max(count, 2 * self.capacity))
        self.data[:end] = old[:end]

    def _allocate(self, size: int) -> None:
        import numpy as np

        self.data = bytearray(size + PADDING)
        self.view: npt.NDArray[np.uint8] = np.frombuffer(self.data, dtype=np.uint8)
