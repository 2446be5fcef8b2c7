"""What a message's headers say, as bytes of a batch that become numbers at once: ids, who, when and which list.

Only seven headers are looked at: Message-ID, In-Reply-To, References, Date, From, Newsgroups and List-Id. None is
decoded: a display name may be encoded, an address may not (RFC 2047, section 5). No byte of a subject or body is used.
Source: Resnick (2008), RFC 5322; Allbery and Lindsey (2009), RFC 5537.
"""

import re
from datetime import date
from functools import lru_cache
from typing import Final, NamedTuple

MOST_REFERENCES: Final = 200
"""References of one message that are followed; RFC 5537 lets software cut longer lists."""

LONGEST_WORD: Final = 1_000
"""Bytes of an id, an address or a list's name; longer ones are no such thing."""

_FIELDS: Final = re.compile(
    rb"\n(?=[mirdfnlMIRDFNL])(message-id|in-reply-to|references|date|from|newsgroups|list-id)[ \t]*:"
    rb"([^\n]*(?:\n[ \t][^\n]*)*)",
    re.IGNORECASE,
)
_NAMES: Final = (b"message-id", b"in-reply-to", b"references", b"date", b"from", b"newsgroups", b"list-id")
_ID: Final = re.compile(rb"<([^<>\s]{1,998})>")
_ANGLE: Final = re.compile(rb"<([^<>]*)>\s*(?:\([^)]*\)\s*)?$")
_COMMENT: Final = re.compile(rb"\([^()]*\)")
_QUOTED: Final = re.compile(rb'"(?:[^"\\]|\\.)*"')
_ADDRESS: Final = re.compile(rb"[^\s<>()\",;:]+@[^\s<>()\",;:]+")
_HIDDEN: Final = re.compile(rb"([^\s<>()\",;:]+) (?:at|AT|\(at\)) ([^\s<>()\",;:]+\.[^\s<>()\",;:]+)")
"""As Mailman's archives write addresses."""
_DATE: Final = re.compile(
    rb"(?<![0-9])([0-9]{1,2})[\s-]+(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*[\s-]+([0-9]{2,4}),?\s+"
    rb"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?(?:\.[0-9]+)?\s*([+-][0-9]{4}|[a-z]{1,5})?",
    re.IGNORECASE,
)
_ASCTIME: Final = re.compile(
    rb"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\s+([0-9]{1,2}),?\s+([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?"
    rb"\s+(?:([+-][0-9]{4}|[a-z]{1,5})\s+)?([0-9]{4})(?:\s+([+-][0-9]{4}))?",
    re.IGNORECASE,
)
_MONTHS: Final = {
    name: number
    for number, name in enumerate(
        (b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec"), 1
    )
}
_ZONES: Final = {
    b"ut": 0, b"utc": 0, b"gmt": 0, b"z": 0, b"wet": 0, b"bst": 60, b"cet": 60, b"met": 60, b"cest": 120, b"mest": 120,
    b"eet": 120, b"eest": 180, b"msk": 180, b"msd": 240, b"jst": 540, b"est": -300, b"edt": -240, b"cst": -360,
    b"cdt": -300, b"mst": -420, b"mdt": -360, b"pst": -480, b"pdt": -420,
}  # fmt: skip
"""Zones by name, in minutes: those of RFC 5322, section 4.3, and the European and Japanese ones of old news."""
_EPOCH: Final = date(1970, 1, 1).toordinal()
_PIVOT: Final = 50
"""RFC 5322, section 4.3: years of two digits from 50 are of the last century."""
_LAST_HOUR, _LAST_MINUTE, _LEAP_SECOND = 23, 59, 60
_FARTHEST_ZONE: Final = 14 * 60
"""Minutes; no clock on land is farther from UTC, so what is farther is no zone."""


class Fields(NamedTuple):
    """Seven fields of one header as they stand there, folded lines and all; empty where there is none."""

    message_id: bytes
    in_reply_to: bytes
    references: bytes
    date: bytes
    sender: bytes
    newsgroups: bytes
    list_id: bytes


def read_fields(block: bytes) -> Fields:
    """The fields of one header; of one that stands twice the first.

    Args:
        block: the lines of the header, each after a newline.
    """
    found = {name.lower(): value for name, value in reversed(_FIELDS.findall(block))}
    return Fields(*[found.get(name, b"") for name in _NAMES])


def read_id(value: bytes) -> bytes | None:
    """The id of a Message-ID header; None without one."""
    found = _ID.search(value)
    return found[1] if found else None


def read_ancestors(references: bytes, in_reply_to: bytes) -> list[bytes]:
    """Ancestors, oldest first: References, else the first id of In-Reply-To, which may quote addresses after it."""
    ids: list[bytes] = _ID.findall(references)
    if len(ids) > MOST_REFERENCES:
        ids = [ids[0], *ids[1 - MOST_REFERENCES :]]
    return ids or _ID.findall(in_reply_to)[:1]


def read_place(list_id: bytes, newsgroups: bytes) -> tuple[bytes | None, int]:
    """The list or newsgroup, None when the message names neither; and how many newsgroups it was posted to."""
    groups = [name for part in newsgroups.split(b",") if (name := part.strip())]
    listed = _ID.search(list_id)
    place = listed[1] if listed else groups[0] if groups else None
    return place.lower() if place is not None and len(place) <= LONGEST_WORD else None, len(groups)


def read_address(value: bytes) -> bytes | None:
    """The address of a From header, in small letters; None when there is none."""
    if b'"' in value:
        value = _QUOTED.sub(b"", value)
    angle = _ANGLE.search(value)
    if angle and (inside := angle[1].strip()):
        return _lower(inside)
    bare = _COMMENT.sub(b"", value)
    if match := _ADDRESS.search(bare):
        return _lower(match[0])
    if match := _HIDDEN.search(bare):
        return _lower(match[1] + b"@" + match[2])
    words = bare.replace(b"<", b" ").replace(b">", b" ").split()
    return _lower(words[0]) if words else None


def _lower(address: bytes) -> bytes | None:
    return address.lower() if len(address) <= LONGEST_WORD else None


def read_date(value: bytes) -> tuple[int | None, bool]:
    """Microseconds since the epoch and whether the zone is known; None for what is no date."""
    if match := _DATE.search(value):
        day, month, year, hour, minute, second, zone = match.groups()
    elif match := _ASCTIME.search(value):
        month, day, hour, minute, second, named, year, offset = match.groups()
        zone = offset or named
    else:
        return None, True
    shift = _offset(zone)
    clock = int(hour), int(minute), min(int(second or 0), _LEAP_SECOND)
    if clock[0] > _LAST_HOUR or clock[1] > _LAST_MINUTE:
        return None, True
    days = _days(year, month, day)
    if days is None:
        return None, True
    seconds = days * 86_400 + clock[0] * 3_600 + clock[1] * 60 + clock[2] - 60 * (shift or 0)
    return seconds * 1_000_000, shift is not None


@lru_cache(maxsize=4096)
def _days(year: bytes, month: bytes, day: bytes) -> int | None:
    """Days since the epoch; None when the calendar has no such day. Dates of an archive are few and come in a row."""
    try:
        return date(_year(year), _MONTHS[month[:3].lower()], int(day)).toordinal() - _EPOCH
    except ValueError:
        return None


def _year(digits: bytes) -> int:
    year = int(digits)
    if len(digits) == len("1999"):
        return year
    return year + (2000 if len(digits) == len("99") and year < _PIVOT else 1900)


def _offset(zone: bytes | None) -> int | None:
    """Minutes east of UTC; None when the zone is unknown or missing."""
    if zone is None:
        return None
    if zone[:1] in b"+-":
        minutes = int(zone[1:3]) * 60 + int(zone[3:5])
        if minutes > _FARTHEST_ZONE:
            return None
        return -minutes if zone[:1] == b"-" else minutes
    return _ZONES.get(zone.lower())
