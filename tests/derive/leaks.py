"""Look for words in bytes, however they are encoded, packed or turned."""

import base64
import binascii
import codecs
import contextlib
import io
import lzma
import urllib.parse
import zlib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

WINDOW = 8
_PACKED = (
    (b"\x28\xb5\x2f\xfd", lambda data: zstandard.ZstdDecompressor().stream_reader(io.BytesIO(data)).read(1 << 24)),
    (b"\x1f\x8b", lambda data: zlib.decompressobj(31).decompress(data, 1 << 24)),
    (b"\xfd7zXZ\x00", lambda data: lzma.LZMADecompressor().decompress(data, 1 << 24)),
    (b"\x78\x01", lambda data: zlib.decompressobj().decompress(data, 1 << 24)),
    (b"\x78\x5e", lambda data: zlib.decompressobj().decompress(data, 1 << 24)),
    (b"\x78\x9c", lambda data: zlib.decompressobj().decompress(data, 1 << 24)),
    (b"\x78\xda", lambda data: zlib.decompressobj().decompress(data, 1 << 24)),
)


def disguises(word):
    """Every form of a word that is looked for."""
    plain = word.encode()
    forms = {plain}
    for turned in (word, word[::-1], word.upper(), word.swapcase()):
        for encoding in ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "latin-1", "cp1252"):
            forms.add(turned.encode(encoding))
        forms |= {binascii.hexlify(turned.encode()), binascii.hexlify(turned.encode()).upper()}
    forms.add("".join(f"%{byte:02x}" for byte in plain).encode())
    forms.add("".join(f"%{byte:02X}" for byte in plain).encode())
    forms.add(urllib.parse.quote(word).encode())
    forms.add("".join(f"\\u{ord(character):04x}" for character in word).encode())
    forms.add("".join(f"&#{ord(character)};" for character in word).encode())
    forms.add(codecs.encode(word, "rot13").encode())
    forms |= {bytes((byte + step) % 256 for byte in plain) for step in (1, -1)}
    for before in range(3):  # base64 works on three bytes, so a word has three forms; its edges depend on neighbours
        padded = base64.b64encode(bytes(before) + plain)
        forms.add(padded[4 if before else 0 : -4])
    return forms


def disclosed(words, *places):
    """The words found in bytes, in files, or in any file of folders; also inside packed data and Parquet columns."""
    forms = {form: word for word in words for form in disguises(word)}
    assert min(map(len, forms)) >= WINDOW
    heads = np.unique(np.array([_number(form) for form in forms], dtype=np.uint64))
    by_head = {}
    for form in forms:
        by_head.setdefault(form[:WINDOW], []).append(form)
    found = set()
    for content in _contents(places):
        for start in _candidates(content, heads):
            for form in by_head[content[start : start + WINDOW]]:
                if content.startswith(form, start):
                    found.add(forms[form])
    return found


def _number(form):
    return int.from_bytes(form[:WINDOW], "little")


def _candidates(content, heads):
    for shift in range(WINDOW):
        usable = (len(content) - shift) // WINDOW * WINDOW
        if usable <= 0:
            continue
        numbers = np.frombuffer(content, dtype="<u8", count=usable // WINDOW, offset=shift)
        yield from (int(place) * WINDOW + shift for place in np.flatnonzero(np.isin(numbers, heads)))


def _contents(places):
    for place in places:
        if isinstance(place, bytes):
            yield from _unpacked(place)
            continue
        for file in [place, *place.rglob("*")] if place.is_dir() else [place]:
            yield str(file.name).encode()
            if file.is_file():
                yield from _unpacked(file.read_bytes())
                if file.suffix == ".parquet":
                    yield _parquet_values(file)


def _unpacked(content):
    yield content
    for magic, unpack in _PACKED:
        start = content.find(magic)
        while start >= 0:
            with contextlib.suppress(EOFError, zlib.error, lzma.LZMAError, zstandard.ZstdError):  # bytes by chance
                yield unpack(content[start:])
            start = content.find(magic, start + 1)


def _parquet_values(file: Path):
    """Values as they are when unpacked; of a file that a killed run left unfinished there are only its bytes."""
    try:
        table = pq.read_table(file)
    except pa.ArrowInvalid:
        assert any(".partial-" in part for part in file.parts), f"an unreadable Parquet file: {file.name}"
        return b""
    return repr(table.schema.metadata).encode() + b"\n".join(
        str(value).encode() for name in table.column_names for value in set(table[name].to_pylist())
    )
