"""Text that tries to break out of a dump, and tokens that betray a leak. Syllables at random, nothing else.

The dump's text columns are filled from pools of such texts. Every text of a column begins with the column's canary;
a few rows hold a canary of their own. Whoever finds a canary outside the dump has found a leak.
"""

import zlib
from dataclasses import dataclass
from typing import Final

import numpy as np

CANARY_LETTERS: Final = "ghjkmnpqrstvwxyz"
"""No digit and no hexadecimal letter: a canary cannot turn up in a pseudonym, an id or a checksum by chance."""
CANARY_LENGTH: Final = 20
SHORTEST_CANARY: Final = 6
LONGEST_TEXT: Final = 300_000
ROW_CANARIES: Final = 8

_SYLLABLES: Final = tuple(first + second for first in "bdfklmnprst" for second in "aeiou")

HOSTILE: Final = (
    b"'); DROP TABLE `phpbb_posts`; -- ",
    b"it''s \\' and \\\\' and \\",
    b"\"double\" `back` 'single'",
    b"/* comment */ /*!40101 SET NAMES latin1 */; -- # ",
    b"\nINSERT INTO `phpbb_posts` VALUES (1,1,1,2,0,'');\n",
    b"),(99999,1,1,2,0,'x",
    b"nul \x00 sub \x1a bell \x07 end",
    b"\xff\xfe\xfa invalid \xc3\x28 \xe2\x82 utf-8",
    "\U0001f600 emoji \u202e right-to-left \u0000 \ufeff".encode(),
    b'a:2:{s:4:"name";s:5:"value";i:1;O:8:"stdClass":0:{}}',
    b"=HYPERLINK(1+1) @SUM(1) +1-1",
    b"../../../../etc/passwd\x00.png",
    b"\r\n\t tabs and carriage returns \r",
    b"<script>x()</script> [b:3k2x]{bbcode}[/b:3k2x]",
    b"NULL",
    b"0x4142 _binary 'x' X'41'",
    b"DELIMITER ;;\n;;\nUNLOCK TABLES;\n",
    b"-- Dump completed\n",
    b"a\\",
    b"''''''''",
)
"""One of each kind of text that a careless reader trips over."""


@dataclass(frozen=True)
class Pool:
    """Texts of one column, unquoted.

    Attributes:
        ordinary: texts that any row may hold.
        rare: texts that one row each holds: a very long one where the column has room, and row canaries.
    """

    ordinary: tuple[bytes, ...]
    rare: tuple[bytes, ...]


def make_canary(seed: int, *names: str, length: int = CANARY_LENGTH) -> str:
    """A token that follows from the seed and the names, and from nothing else."""
    generator = np.random.default_rng([seed, *(zlib.crc32(name.encode()) for name in names)])
    return "".join(CANARY_LETTERS[letter] for letter in generator.integers(len(CANARY_LETTERS), size=length))


def canary_length(room: int) -> int:
    """Length of the canary of a column with this much room; 0 if a canary does not fit."""
    return min(CANARY_LENGTH, room) if room >= SHORTEST_CANARY else 0


def make_pool(
    generator: np.random.Generator, canary: str, row_canaries: tuple[str, ...], room: int, mean_bytes: int, size: int
) -> Pool:
    """Texts of one column.

    Args:
        generator: source of randomness.
        canary: the column's token.
        row_canaries: tokens of single rows.
        room: most bytes that the column holds.
        mean_bytes: mean length of an ordinary text; lengths are gamma-distributed.
        size: number of ordinary texts.
    """
    lengths = np.clip(generator.gamma(1.5, mean_bytes / 1.5, size), 1, room).astype(int)
    ends = np.cumsum(lengths)
    filler = _syllables(generator, int(ends[-1]))
    ordinary = []
    for number, (length, end) in enumerate(zip(lengths.tolist(), ends.tolist(), strict=True)):
        hostile = HOSTILE[number % len(HOSTILE)] if number % 3 == 0 or number < len(HOSTILE) else b""
        left = max(length - len(canary) - len(hostile) - 2, 0)
        parts = (canary.encode(), hostile, filler[end - left : end])
        ordinary.append(b" ".join(part for part in parts if part)[:room])
    rare = [f"{canary} {token} ".encode()[:room] for token in row_canaries if room >= 2 * CANARY_LENGTH + 1]
    if room >= LONGEST_TEXT:
        block = b" ".join(HOSTILE) + b"\\'\"\n" * 50 + _syllables(generator, 1000)
        rare.append((canary.encode() + b" " + block * (LONGEST_TEXT // len(block)))[:room])
    return Pool(tuple(ordinary), tuple(rare))


def _syllables(generator: np.random.Generator, length: int) -> bytes:
    """Words of three syllables each, and a space."""
    table = np.frombuffer("".join(_SYLLABLES).encode(), np.uint8).reshape(-1, 2)
    words = np.full((length // 7 + 1, 7), ord(" "), np.uint8)
    words[:, :6] = table[generator.integers(len(table), size=(len(words), 3))].reshape(-1, 6)
    return words.tobytes()[:length]
