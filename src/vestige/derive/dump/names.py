"""Names of groups and sections, for the custodian's own map: the only text that is ever decoded."""

from typing import Final

_ONE_BYTE: Final = 256
_CONTROL: Final = dict.fromkeys((*range(32), *range(127, 160)), "�")


def decoded_name(name: bytes) -> str:
    """A name as text; UTF-8 that was stored as Latin-1 (cp1252) is repaired, control characters are replaced."""
    text = name.decode("utf-8", "replace")
    if not text.isascii():
        repaired = _as_cp1252(text)
        if repaired is not None:
            text = repaired.decode("utf-8", "replace") if _is_utf8(repaired) else text
    return text.translate(_CONTROL)


def _as_cp1252(text: str) -> bytes | None:
    """The bytes that MySQL's latin1 has for a text; the five codes cp1252 leaves open stand for themselves."""
    raw = bytearray()
    for character in text:
        encoded = character.encode("cp1252", "ignore")
        if encoded:
            raw += encoded
        elif ord(character) < _ONE_BYTE:
            raw.append(ord(character))
        else:
            return None
    return bytes(raw)


def _is_utf8(raw: bytes) -> bool:
    return raw.decode("utf-8", "ignore").encode() == raw
