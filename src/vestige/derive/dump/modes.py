"""What SET statements change about how the following bytes are to be read, and how a dump shows that it is whole."""

import re
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

_ASSIGNED_MODE: Final = re.compile(
    rb"""(?<![@\w.])(?:@@)?(?:(?:session|global|local)[\s.]+)?sql_mode\s*:?=\s*"""
    rb"""('[^']*'|"[^"]*"|@?\w+(?:\((?:'[^']*'|"[^"]*"|[^()'"])*\))?)""",
    re.IGNORECASE,
)
_REMEMBERED_MODE: Final = re.compile(rb"@(\w+)\s*:?=\s*@@(?:(?:session|global|local)\.)?sql_mode\b", re.IGNORECASE)
_NAMES: Final = re.compile(
    rb"""(?<![@\w.])(?:names|character\s+set|charset|(?:@@)?(?:session[\s.]+)?character_set_client)"""
    rb"""\s*=?\s*['"]?(@?\w+)""",
    re.IGNORECASE,
)
_REMEMBERED_NAMES: Final = re.compile(rb"@(\w+)\s*:?=\s*@@(?:session\.)?character_set_client\b", re.IGNORECASE)
_SAVED: Final = re.compile(rb"@OLD_\w+\s*=\s*@@", re.IGNORECASE)
_RESTORED: Final = re.compile(rb"=\s*(?:IFNULL\()?@OLD_\w+", re.IGNORECASE)
_DATED: Final = re.compile(rb"-- \d{4}-\d\d-\d\d \d\d:\d\d:\d\d")


class DoubleByte(Enum):
    """Character sets whose second byte may look like a backslash or a quote: first bytes, and second bytes."""

    NONE = ((), ())
    GBK = (((0x81, 0xFE),), ((0x30, 0x39), (0x40, 0x7E), (0x80, 0xFE)))
    BIG5 = (((0xA1, 0xF9),), ((0x40, 0x7E), (0xA1, 0xFE)))
    SJIS = (((0x81, 0x9F), (0xE0, 0xFC)), ((0x40, 0x7E), (0x80, 0xFC)))


_DOUBLE_BYTE: Final = {
    b"gbk": DoubleByte.GBK,
    b"gb18030": DoubleByte.GBK,
    b"big5": DoubleByte.BIG5,
    b"sjis": DoubleByte.SJIS,
    b"cp932": DoubleByte.SJIS,
}


@dataclass(frozen=True)
class Mode:
    """How strings are written.

    Attributes:
        backslash: whether a backslash escapes.
        ansi: whether double quotes enclose identifiers.
        characters: the client's double-byte character set.
    """

    backslash: bool = True
    ansi: bool = False
    characters: DoubleByte = DoubleByte.NONE


class Modes:
    """The mode at hand, and those that the dump has put aside in variables."""

    def __init__(self) -> None:
        self.mode = Mode()
        self._modes_aside: dict[bytes, Mode] = {}
        self._characters_aside: dict[bytes, DoubleByte] = {}

    def apply(self, statement: bytes) -> bool:
        """Take in a SET statement; True when the mode has changed."""
        before = self.mode
        for match in _REMEMBERED_MODE.finditer(statement):
            self._modes_aside[match.group(1).lower()] = before
        for match in _REMEMBERED_NAMES.finditer(statement):
            self._characters_aside[match.group(1).lower()] = before.characters
        for match in _ASSIGNED_MODE.finditer(statement):
            value = match.group(1).upper()
            if value.startswith(b"@"):
                kept = self._modes_aside.get(value[1:].lower(), Mode())
                self.mode = replace(self.mode, backslash=kept.backslash, ansi=kept.ansi)
            else:
                self.mode = replace(self.mode, backslash=b"NO_BACKSLASH_ESCAPES" not in value, ansi=b"ANSI" in value)
        for match in _NAMES.finditer(statement):
            name = match.group(1).lower()
            known = self._characters_aside.get(name[1:]) if name.startswith(b"@") else _DOUBLE_BYTE.get(name)
            self.mode = replace(self.mode, characters=known or DoubleByte.NONE)
        return self.mode != before


class Ending:
    """Whether a dump ended as its tool ends one."""

    def __init__(self) -> None:
        self._awaits_completed = False
        self._awaits_date = False
        self._awaits_restore = False

    def comment(self, line: bytes) -> None:
        """Take in the beginning of a `--` comment."""
        if line.startswith((b"-- MySQL dump ", b"-- MariaDB dump ")):
            self._awaits_completed = True
        elif line.startswith(b"-- Dump completed"):
            self._awaits_completed = False
        elif line.startswith(b"-- Adminer "):
            self._awaits_date = True
        elif _DATED.match(line):
            self._awaits_date = False

    def setting(self, statement: bytes) -> None:
        """Take in a SET statement."""
        if _SAVED.search(statement):
            self._awaits_restore = True
        elif _RESTORED.search(statement):
            self._awaits_restore = False

    @property
    def missing(self) -> bool:
        """Whether the end that the tool writes has not been seen."""
        return self._awaits_completed or self._awaits_date or self._awaits_restore
