"""Files that are packed as they are written."""

import gzip
import lzma
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from vestige.simulate.dump_layout import Compression


@contextmanager
def opened(file: Path, compression: Compression) -> Iterator[IO[bytes]]:
    """The file, packing as it is written; no time of packing in it, so that same content means same bytes."""
    with file.open("wb") as raw:
        if compression is Compression.NONE:
            yield raw
        elif compression is Compression.GZIP:
            with gzip.GzipFile(filename="", fileobj=raw, mode="wb", compresslevel=1, mtime=0) as packed:
                yield cast("IO[bytes]", packed)
        elif compression is Compression.XZ:
            with lzma.open(raw, "wb", preset=0) as packed_xz:
                yield cast("IO[bytes]", packed_xz)
        else:
            import zstandard

            with zstandard.ZstdCompressor(level=1).stream_writer(raw, closefd=False) as packed_zst:
                yield cast("IO[bytes]", packed_zst)
