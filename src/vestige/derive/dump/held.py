"""Batches that wait until it is known whose they are: in memory, and beyond a limit in a nameless file.

Nothing but the declared columns' numbers is ever held. The file has no name (it is unlinked as it is made), so a
killed process leaves nothing behind.
"""

import tempfile
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import pyarrow as pa

MEMORY_LIMIT: Final = 64 << 20


class HeldBatches:
    """Record batches of one schema, given back in the order they came."""

    def __init__(self, limit: int = MEMORY_LIMIT) -> None:
        self._limit = limit
        self._size = 0
        self._batches: list[pa.RecordBatch] = []
        self._file: IO[bytes] | None = None
        self._writer: Any = None

    def add(self, batch: "pa.RecordBatch") -> None:
        """Hold one more batch."""
        self._batches.append(batch)
        self._size += batch.nbytes
        if self._size > self._limit:
            self._spill(batch.schema)

    def drain(self) -> Iterator["pa.RecordBatch"]:
        """Every batch, once."""
        import pyarrow as pa

        if self._file is not None:
            self._writer.close()
            self._file.seek(0)
            with pa.ipc.open_stream(self._file) as stored:
                yield from stored
        yield from self._batches
        self.drop()

    def drop(self) -> None:
        """Forget everything."""
        self._batches = []
        self._size = 0
        if self._file is not None:
            self._file.close()
            self._file = self._writer = None

    def _spill(self, schema: "pa.Schema") -> None:
        import pyarrow as pa

        if self._file is None:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as what it holds
            self._writer = pa.ipc.new_stream(self._file, schema)
        for batch in self._batches:
            self._writer.write_batch(batch)
        self._batches = []
        self._size = 0
