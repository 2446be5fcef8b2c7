"""The custodian's lookup: which id of the dataset a number of the forum has become. Sealed under the custodian's key.

A dataset holds no number of the forum's own, so nothing that names threads by them, such as an access log, can be
joined to it later. The lookup keeps the way back, for members, threads, sections, objects and posts (which thread each
is in). It is encrypted with AES-256-GCM under a key that HKDF derives from the custodian's, part by part; a part that
was changed, moved or left out is an error. Without the key it says nothing but its size.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from secrets import token_bytes
from typing import IO, TYPE_CHECKING, Any, Final

from vestige.dataset.manifest import Manifest
from vestige.dataset.store import file_digest
from vestige.derive.keys import PseudonymKey
from vestige.derive.staging import Staging
from vestige.errors import LookupFileError

if TYPE_CHECKING:
    import pyarrow as pa

HEADER: Final = b"vestige-lookup-1\n"
BOUND_TABLES: Final = ("member", "section", "thread")
"""Tables whose files a lookup is bound to: it fits any dataset that has the very same ones."""

_NONCE: Final = 12
_LENGTH: Final = 4
_LARGEST_PART: Final = 64 << 20
_ENTITIES: Final = {
    "thread": ("thread", "SELECT source, id FROM _id_thread ORDER BY source"),
    "section": ("section", "SELECT source, id FROM _id_section ORDER BY source"),
    "object": ("object", "SELECT source, id FROM _id_object ORDER BY source"),
    "post": ("post", 'SELECT _source AS source, thread AS id FROM "_kept_post" ORDER BY _source'),
}
"""Entity to the dataset table that must be there, and the numbers; a post leads to its thread."""


@dataclass(frozen=True)
class Binding:
    """The dataset that a lookup belongs to.

    Attributes:
        software: package of the forum.
        code: the forum's lasting identity.
        digests: SHA-256 of the files of `BOUND_TABLES`, by table; "" for an absent one.
    """

    software: str
    code: str
    digests: Mapping[str, str]


def write_lookup(
    file: Path,
    staging: Staging,
    tables: Mapping[str, int],
    folder: Path,
    *,
    key: PseudonymKey,
    software: str,
    code: str,
) -> None:
    """Write the lookup of a dataset that was just assembled.

    Args:
        file: the new file; its place and permissions are the caller's business.
        staging: holds the `_id_` tables and `_kept_post`.
        tables: dataset tables there are.
        folder: holds their Parquet files.
        key: seals the lookup.
        software: package of the forum.
        code: the forum's lasting identity.
    """
    digests = {
        name: file_digest(folder / f"{name}.parquet") if (folder / f"{name}.parquet").exists() else ""
        for name in BOUND_TABLES
    }
    with file.open("wb") as stream:
        seal = _Seal(key)
        stream.write(HEADER)
        seal.write(stream, json.dumps(asdict(Binding(software, code, digests))).encode())
        for entity, (table, query) in _ENTITIES.items():
            if table in tables:
                for batch in staging.batches(query):
                    seal.write(stream, entity.encode() + b"\0" + _packed(batch))
        seal.write(stream, b"")


Parts = Iterator[tuple[str, "pa.RecordBatch"]]
"""Entities, each with batches of `source` and `id`."""


def open_lookup(file: Path, key: PseudonymKey) -> tuple[Binding, Parts]:
    """The dataset that a lookup is bound to, and its parts: an entity, and batches of `source` and `id`.

    Raises:
        LookupFileError: not a lookup, of another key, damaged or incomplete; also while the parts are read.
    """
    parts = _parts(file, key)
    binding = _binding(next(parts, b""))
    return binding, _numbers(parts)


def open_lookup_of(folder: Path, manifest: Manifest, file: Path, key: PseudonymKey) -> Parts:
    """The parts of the lookup that belongs to a dataset of one forum.

    Raises:
        LookupFileError: as for `open_lookup`, or it belongs to another dataset.
    """
    binding, parts = open_lookup(file, key)
    (forum,) = manifest.forums
    digests = {
        name: file_digest(folder / manifest.files_of(name)[0].path) if name in manifest.tables else ""
        for name in BOUND_TABLES
    }
    if (binding.software, binding.code, dict(binding.digests)) != (forum.software.value, forum.code, digests):
        raise LookupFileError(
            "the lookup belongs to another dataset", hint="give the one that was written when this one was derived"
        )
    return parts


def _numbers(parts: Iterator[bytes]) -> Parts:
    for part in parts:
        entity, _, content = part.partition(b"\0")
        yield entity.decode(), _unpacked(content)


def _binding(content: bytes) -> Binding:
    raw: Any = None
    try:
        raw = json.loads(content)
        return Binding(raw["software"], raw["code"], dict(raw["digests"]))
    except (ValueError, KeyError, TypeError):
        pass
    raise _unusable()


def _parts(file: Path, key: PseudonymKey) -> Iterator[bytes]:
    """The decrypted parts; the last, empty one proves that none is missing."""
    failure: LookupFileError | None = None
    try:
        with file.open("rb") as stream:
            if stream.read(len(HEADER)) != HEADER:
                raise _unusable()
            seal = _Seal(key)
            while part := seal.read(stream):
                yield part
    except OSError:
        failure = LookupFileError("the lookup cannot be read", hint="check its path and permissions")
    if failure is not None:
        raise failure


def _unusable() -> LookupFileError:
    return LookupFileError(
        "that is no lookup of this key, or it was damaged", hint="derive the dataset again with --lookup and this key"
    )


class _Seal:
    """Encrypts and decrypts the parts of one lookup in turn."""

    def __init__(self, key: PseudonymKey) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self._cipher = AESGCM(key.sealing_key())
        self._number = 0

    def write(self, stream: IO[bytes], content: bytes) -> None:
        """Append one part."""
        nonce = token_bytes(_NONCE)
        sealed = self._cipher.encrypt(nonce, content, self._place())
        stream.write(len(sealed).to_bytes(_LENGTH, "little") + nonce + sealed)

    def read(self, stream: IO[bytes]) -> bytes:
        """The next part.

        Raises:
            LookupFileError: it is not what was written there.
        """
        from cryptography.exceptions import InvalidTag

        size = int.from_bytes(stream.read(_LENGTH), "little")
        nonce = stream.read(_NONCE)
        if 0 < size <= _LARGEST_PART and len(nonce) == _NONCE:
            try:
                return self._cipher.decrypt(nonce, stream.read(size), self._place())
            except InvalidTag:
                pass
        raise _unusable()

    def _place(self) -> bytes:
        """What a part is bound to beside its content: its number, so that none can be moved or left out."""
        self._number += 1
        return self._number.to_bytes(8, "little")


def _packed(batch: "pa.RecordBatch") -> bytes:
    import zstandard

    numbers = b"".join(_bytes_of(batch[name]) for name in ("source", "id"))
    return zstandard.ZstdCompressor(level=1).compress(numbers)


def _bytes_of(column: "pa.Array") -> bytes:
    """The 64-bit integers of a column without nulls."""
    content: bytes = column.buffers()[1].to_pybytes()
    return content[8 * column.offset : 8 * (column.offset + len(column))]


def _unpacked(content: bytes) -> "pa.RecordBatch":
    import pyarrow as pa
    import zstandard

    numbers = zstandard.ZstdDecompressor().decompress(content, max_output_size=_LARGEST_PART)
    rows = len(numbers) // 16
    arrays = [
        pa.Array.from_buffers(pa.int64(), rows, [None, pa.py_buffer(part)])
        for part in (numbers[: 8 * rows], numbers[8 * rows :])
    ]
    return pa.RecordBatch.from_arrays(arrays, ["source", "id"])
