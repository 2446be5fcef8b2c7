"""Names of groups and sections, for the custodian's own map: the only text that is ever decoded."""

from typing import Final

_ONE_BYTE: Final = 256
_CONTROL: Final = dict.fromkeys((*range(32), *range(127, 160)), "�")


def decoded_name(name: bytes) -> str:
    """A name as text: UTF-8, or else MySQL's Latin-1; UTF-8 that was stored as that is repaired.

    Control characters are replaced. A letter that is read wrongly is still another letter than its neighbours, so that
    two names do not become one.
    """
    text = name.decode("utf-8") if _is_utf8(name) else _of_cp1252(name)
    if not text.isascii():
        repaired = _as_cp1252(text)
        if repaired is not None and _is_utf8(repaired):
            text = repaired.decode("utf-8")
    return text.translate(_CONTROL)


def _of_cp1252(raw: bytes) -> str:
    """The text that MySQL's latin1 has for bytes; the five codes cp1252 leaves open stand for themselves."""
    return "".join(raw[at : at + 1].decode("cp1252", "ignore") or chr(raw[at]) for at in range(len(raw)))


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
