"""A synthetic forum's visits as lines of a web server's access log, with a token of its own in every field.

Whoever finds such a token (a canary) outside the log has found a leak. Beside members' pages and downloads the log
holds what every log holds: images, guests, crawlers, posts of forms, redirects, errors and lines that are broken.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np

from vestige.dataset.schema import DownloadOutcome, ViewKind
from vestige.errors import SettingsError
from vestige.simulate.calendar import UNKNOWN, Flags, Integers
from vestige.simulate.dump_layout import Compression
from vestige.simulate.forum import SimulatedForum
from vestige.simulate.hostile_text import make_canary
from vestige.simulate.packing import opened
from vestige.simulate.phpbb_accounts import SourceIds
from vestige.simulate.phpbb_rows import BAND_BYTES
from vestige.simulate.tables import code_of

LOG_NAME: Final = "access.log"
FIELDS: Final = ("host", "ident", "user", "path", "folder", "referrer", "agent", "cookie", "session", "broken")

_PARTS_APART: Final = 1800
"""Seconds to the same member's next transfer of the same object from which on one may be written as two parts."""
_PART_SHARE: Final = 0.2
_BY_POST_SHARE: Final = 0.2
_MOST_CUT: Final = 0.9
_FORBIDDEN: Final = (403, 404, 500)
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LONGEST_OFFSET: Final = 14 * 60
_AGENT: Final = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0)"
_CRAWLER: Final = "Mozilla/5.0 (compatible; SearchBot/2.1)"


class _Noise(IntEnum):
    """Lines that are no member's page."""

    NONE = 0
    IMAGE = 1
    FORM = 2
    HEAD = 3
    REDIRECT = 4
    MISSING = 5
    GUEST = 6
    CRAWLER = 7
    BROKEN = 8


@dataclass(frozen=True)
class AccessLogSettings:
    """What the log looks like.

    Attributes:
        offset_minutes: the server's offset from UTC.
        files: files that the log is rotated into; the newest is plain.
        compression: packing of the older ones.
        noise: lines of other things, per line of a member.
    """

    offset_minutes: int = 120
    files: int = 3
    compression: Compression = Compression.GZIP
    noise: float = 1.0

    def __post_init__(self) -> None:
        """Check the ranges."""
        hint = "see docs/how-to/simulate-a-forum.md"
        if abs(self.offset_minutes) > _LONGEST_OFFSET:
            raise SettingsError("offset_minutes must be between -840 and 840", hint=hint)
        if not 1 <= self.files <= 1000:  # noqa: PLR2004 - more files than any rotation keeps
            raise SettingsError("files must be between 1 and 1000", hint=hint)
        if not 0 <= self.noise <= 100:  # noqa: PLR2004 - a hundred lines of images a page are plenty
            raise SettingsError("noise must be between 0 and 100", hint=hint)


@dataclass(frozen=True)
class _Lines:
    """Lines in the order of their times: columns of equal length; -1 where a number has no meaning."""

    at: Integers
    member: Integers
    kind: Integers
    thread: Integers
    section: Integers
    post: Integers
    object: Integers
    status: Integers
    size: Integers
    noise: Integers

    def ordered(self) -> "_Lines":
        """By time; lines of one second as they were given."""
        order = np.argsort(self.at, kind="stable")
        return _Lines(**{name: column[order] for name, column in vars(self).items()})

    @staticmethod
    def joined(*parts: "_Lines") -> "_Lines":
        """One after another."""
        return _Lines(
            **{name: np.concatenate([getattr(part, name) for part in parts]) for name in _Lines.__annotations__}
        )


def log_canaries(seed: int) -> dict[str, str]:
    """Canary of every field of the log."""
    return {field: make_canary(seed, "access-log", field) for field in FIELDS}


def write_access_log(
    folder: Path, forum: SimulatedForum, ids: SourceIds, *, settings: AccessLogSettings | None = None
) -> int:
    """Write a forum's views and downloads as a rotated access log of a phpBB board, cookies included.

    Every view and download of the forum is a line (a transfer may be two), so that a derivation from the forum's dump
    and this log finds them all again.

    Args:
        folder: existing folder for `access.log`, `access.log.1` and so on, the newest first.
        forum: the forum.
        ids: ids in the dump of the same forum.
        settings: offset, rotation, noise.

    Returns:
        Lines written.
    """
    settings = settings or AccessLogSettings()
    generator = np.random.default_rng([forum.seed, 7])
    lines = _Lines.joined(_views(generator, forum, ids), _downloads(generator, forum, ids))
    lines = _Lines.joined(lines, _noise(generator, lines, settings.noise)).ordered()
    texts = _written(lines, forum.seed, settings.offset_minutes)
    bounds = np.linspace(0, len(lines.at), settings.files + 1).astype(int).tolist()
    for number, (first, last) in enumerate(pairwise(bounds)):
        age = settings.files - 1 - number
        packing = settings.compression if age else Compression.NONE
        name = f"{LOG_NAME}.{age}{packing.value}" if age else LOG_NAME
        with opened(folder / name, packing) as stream:
            for _ in range(first, last):
                stream.write(next(texts))
    return len(lines.at)


def _blank(count: int) -> dict[str, Integers]:
    return {name: np.full(count, UNKNOWN, np.int64) for name in _Lines.__annotations__}


def _views(generator: np.random.Generator, forum: SimulatedForum, ids: SourceIds) -> _Lines:
    views, posts = forum.tables["view"], forum.tables["post"]
    count = len(views["at"])
    columns = _blank(count)
    opening = np.full(len(ids.thread), UNKNOWN, np.int64)
    first = np.flatnonzero(posts["is_opening"])
    opening[posts["thread"][first]] = ids.post[first]
    has_thread, has_section = views["thread"] != UNKNOWN, views["section"] != UNKNOWN
    columns["thread"][has_thread] = ids.thread[views["thread"][has_thread]]
    columns["section"][has_section] = ids.section[views["section"][has_section]]
    by_post = has_thread & (generator.random(count) < _BY_POST_SHARE)
    columns["post"][by_post] = opening[views["thread"][by_post]]
    columns |= {
        "at": views["at"].astype(np.int64),
        "member": ids.member[views["member"]],
        "kind": views["kind"].astype(np.int64),
        "status": np.where(generator.random(count) < 0.05, 304, 200),  # noqa: PLR2004 - pages that the browser still has
        "size": generator.integers(5_000, 90_000, count),
        "noise": np.zeros(count, np.int64),
    }
    return _Lines(**columns)


def _downloads(generator: np.random.Generator, forum: SimulatedForum, ids: SourceIds) -> _Lines:
    """Whole transfers send the object's size, in one answer or in two parts; others break off, or are refused.

    An object that nobody ever received whole is always refused: else the log would hold no sign of its size.
    """
    downloads, objects = forum.tables["download"], forum.tables["object"]
    count = len(downloads["at"])
    columns = _blank(count)
    known = downloads["object"] != UNKNOWN
    removed = int(ids.object[-1]) + 1 if len(ids.object) else 1
    columns["object"][:] = removed
    columns["object"][known] = ids.object[downloads["object"][known]]
    size = np.full(count, int(BAND_BYTES[0]))
    size[known] = BAND_BYTES[objects["size_band"]][downloads["object"][known]]
    whole = downloads["outcome"] == code_of(DownloadOutcome.COMPLETED)
    sized = np.isin(columns["object"], columns["object"][whole])
    cut = ~whole & sized & (generator.random(count) < 0.5)  # noqa: PLR2004 - as often as refused
    sent = np.where(whole, size, np.where(cut, size * _MOST_CUT * generator.random(count), 300)).astype(np.int64)
    refused = generator.choice(_FORBIDDEN, count)
    columns |= {
        "at": downloads["at"].astype(np.int64),
        "member": ids.member[downloads["member"]],
        "kind": np.full(count, len(ViewKind), np.int64),
        "status": np.where(whole | cut, 200, refused),
        "size": sent,
        "noise": np.zeros(count, np.int64),
    }
    return _in_parts(generator, columns, whole)


def _in_parts(generator: np.random.Generator, columns: dict[str, Integers], whole: Flags) -> _Lines:
    """Write some whole transfers as two partial answers, where no other transfer of the pair is near."""
    order = np.lexsort((columns["at"], columns["object"], columns["member"]))
    same = (np.diff(columns["member"][order]) == 0) & (np.diff(columns["object"][order]) == 0)
    near = same & (np.diff(columns["at"][order]) < _PARTS_APART)
    alone = np.ones(len(order), bool)
    alone[order] = ~(np.append(near, False) | np.append(False, near))
    split = whole & alone & (generator.random(len(order)) < _PART_SHARE)
    split &= np.isin(columns["object"], columns["object"][whole & ~split])  # else nothing would show its size
    second = {name: column[split].copy() for name, column in columns.items()}
    first_part = columns["size"][split] // 2
    second["size"] -= first_part
    second["at"] += 5
    columns["size"][split] = first_part
    columns["status"][split] = second["status"][:] = 206
    return _Lines.joined(_Lines(**columns), _Lines(**second))


def _noise(generator: np.random.Generator, lines: _Lines, share: float) -> _Lines:
    """Other requests, at times of members' lines."""
    count = int(share * len(lines.at))
    columns = _blank(count)
    if not count:
        return _Lines(**columns)
    weights = np.array([0, 0.55, 0.08, 0.03, 0.06, 0.05, 0.12, 0.1, 0.01])
    columns["at"] = lines.at[generator.integers(len(lines.at), size=count)]
    columns["member"] = lines.member[generator.integers(len(lines.at), size=count)]
    columns["kind"] = np.full(count, code_of(ViewKind.THREAD))
    columns["thread"] = generator.integers(1, 1_000, count)
    columns["noise"] = generator.choice(len(_Noise), count, p=weights)
    columns["size"] = generator.integers(100, 90_000, count)
    status = {_Noise.REDIRECT: 302, _Noise.MISSING: 404, _Noise.FORM: 302}
    columns["status"] = np.array([status.get(_Noise(noise), 200) for noise in columns["noise"].tolist()])
    return _Lines(**columns)


def _written(lines: _Lines, seed: int, offset_minutes: int) -> Iterator[bytes]:
    """The lines as text."""
    marks = log_canaries(seed)
    zone = f"{'-' if offset_minutes < 0 else '+'}{abs(offset_minutes) // 60:02}{abs(offset_minutes) % 60:02}"
    minute, stamp = -1, ""
    columns = [getattr(lines, name).tolist() for name in _Lines.__annotations__]
    for at, member, kind, thread, section, post, object_, status, size, noise in zip(*columns, strict=True):
        local = at + 60 * offset_minutes
        if local // 60 != minute:
            minute = local // 60
            moment = datetime.fromtimestamp(local, UTC)
            stamp = f"{moment.day:02}/{_MONTHS[moment.month - 1]}/{moment.year:04}:{moment.hour:02}:{moment.minute:02}"
        if noise == _Noise.BROKEN:
            yield f'{marks["host"]} {marks["broken"]} [{stamp} "GET /{marks["broken"]}\n'.encode()
            continue
        target = _target(kind, thread, section, post, object_, marks, _Noise(noise))
        method = {_Noise.FORM: "POST", _Noise.HEAD: "HEAD"}.get(_Noise(noise), "GET")
        agent = f"{_CRAWLER if noise == _Noise.CRAWLER else _AGENT} {marks['agent']}"
        account = 1 if noise == _Noise.GUEST else member
        cookie = (
            f"style={marks['cookie']}; phpbb3_{marks['cookie'][:6]}_u={account}; "
            f"phpbb3_{marks['cookie'][:6]}_k=; phpbb3_{marks['cookie'][:6]}_sid={marks['session']}"
        )
        if noise == _Noise.CRAWLER:
            cookie = "-"
        yield (
            f"{marks['host']} {marks['ident']} {marks['user']} [{stamp}:{local % 60:02} {zone}] "
            f'"{method} {target} HTTP/1.1" {status} {size} "https://{marks["referrer"]}.example/a?t=9;phpbb3_u=8" '
            f'"{agent}" "{cookie}"\n'
        ).encode()


def _target(kind: int, thread: int, section: int, post: int, object_: int, marks: dict[str, str], noise: _Noise) -> str:
    place = f"/{marks['folder']}"
    if noise is _Noise.IMAGE:
        return f"{place}/styles/{marks['path']}/image.png?v=3"
    if kind == len(ViewKind):
        return f"{place}/download/file.php?id={object_}&name={marks['path']}"
    if kind == code_of(ViewKind.VISIT):
        return f"{place}/index.php?{marks['path']}=1"
    if kind == code_of(ViewKind.SECTION):
        return f"{place}/viewforum.php?f={section}&start=25&{marks['path']}"
    if post != UNKNOWN:
        return f"{place}/viewtopic.php?p={post}&hilit={marks['path']}#p{post}"
    return f"{place}/viewtopic.php?f={max(section, 0)}&t={thread}&hilit={marks['path']}&sid={marks['session']}"
