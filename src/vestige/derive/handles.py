"""One handle, however it is written: the form in which handles of several forums are compared, and its pseudonym.

Two accounts get the same pseudonym when their handles are equal after: repair of UTF-8 stored as Latin-1, HTML entities
(forums store names escaped), compatibility forms (NFKC), letter case (case folding), blanks and invisible characters
left out, and the look-alikes below taken for the Latin letter they resemble. What a shared handle proves and what not
is told in docs/explanation/linked-handles.md.
"""

import html
import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from vestige.derive.dump.names import decoded_name

_CYRILLIC: Final = str.maketrans("авсԁеёһніїјкӏморԛѕтѵԝхуү", "abcdeehhiijklmopqstvwxyy")
_GREEK: Final = str.maketrans("αβϲεηικμνορτυχγω", "abcenikuvoptuxyw")
_OTHER: Final = str.maketrans("01|ıɑɡ", "olliag")  # noqa: RUF001 - so they are
LOOK_ALIKES: Final = _CYRILLIC | _GREEK | _OTHER
"""Small letters and digits that are commonly put in place of a Latin letter, after the data of Unicode Technical
Standard 39 (Davis and Suignard, 2023); its other thousands are not seen in handles."""

_LEFT_OUT: Final = frozenset({"Cc", "Cf", "Zl", "Zp", "Zs"})
"""General categories that do not count: controls, invisible format characters, blanks."""
_INVISIBLE: Final = frozenset(
    map(chr, (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, *range(0x180B, 0x1810), *range(0xFE00, 0xFE10),
              *range(0xE0100, 0xE01F0)))
)  # fmt: skip
"""Letters and marks that draw nothing: Unicode's Default_Ignorable_Code_Point beyond those categories, and the blank of
Braille."""
_DOTTED_I: Final = re.compile("i\u0307+")
"""What case folding makes of the Turkish capital, and what its small letter looks like."""
_MOST_STEPS: Final = 4
_HALF: Final = 8


def normalised_handle(handle: str) -> str:
    """The form in which a handle is compared; empty when nothing is left."""
    text = html.unescape(handle)
    for _ in range(_MOST_STEPS):  # what one step composes, another may take apart: some Greek letters with two accents
        before, text = text, _step(text)
        if text == before:
            break
    return text


def _step(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold().translate(LOOK_ALIKES)
    if folded.isascii():
        return "".join(folded.split()) if folded.isprintable() else "".join(filter(_counts, folded))
    return unicodedata.normalize("NFKC", _DOTTED_I.sub("i", "".join(filter(_counts, folded))))


def _counts(letter: str) -> bool:
    return letter not in _INVISIBLE and unicodedata.category(letter) not in _LEFT_OUT


def pseudonyms_of_handles(cells: Iterable[bytes | None], key: bytes) -> list[tuple[int, int] | None]:
    """HMAC-SHA-256 of each normalised handle, cut to 128 bits, as two signed halves; None where there is no handle.

    Args:
        cells: the handles' bytes.
        key: `PseudonymKey.handle_key()`.
    """
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.hmac import HMAC

    common = HMAC(key, SHA256())
    found: list[tuple[int, int] | None] = []
    for cell in cells:
        handle = normalised_handle(decoded_name(cell)) if cell else ""
        if not handle:
            found.append(None)
            continue
        code = common.copy()
        code.update(handle.encode("utf-8", "surrogatepass"))
        digest = code.finalize()
        high, low = (int.from_bytes(digest[at : at + _HALF], "big", signed=True) for at in (0, _HALF))
        found.append((high, low))
    return found
