"""The messages of an archive, header by header: where each begins and where its header ends. Bodies are passed over.

In an mbox file, a message begins at a line `From ...` that follows an empty line (or begins the file) and is itself
followed by a header's field. Body lines that begin so are escaped (`>From `) by what writes the file; one that is not
is told apart by what follows it. `Content-Length` is not believed.
"""

import heapq
import os
import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from vestige.derive.dump.unpack import open_stream
from vestige.errors import SourceError

BLOCK: Final = 4 << 20
LONGEST_HEADER: Final = 1 << 20
"""Bytes; of a longer one the rest is passed over."""
NAMES: Final = 500_000
"""Names of a Maildir's files that are in memory at one time."""
_LONGEST_ENVELOPE: Final = 4096
_LONGEST_FIELD: Final = 128
_BEFORE: Final = 2
"""Bytes before a start that must be seen with it: the empty line."""
_START: Final = b"\nFrom "
_FIELD: Final = re.compile(rb"[!-9;-~]{1,100}[ \t]*:|>From ")
_END: Final = re.compile(rb"\n\r?\n")
_MAIL: Final = (b"From ", b">From ", b"\nFrom ")
_ARRIVED: Final = ("cur", "new")


@dataclass(frozen=True)
class Place:
    """One file or folder of messages.

    Attributes:
        path: where.
        name: the name of a list where messages name none; for the custodian's own map only.
        maildir: whether it is a Maildir.
    """

    path: Path
    name: str
    maildir: bool


def find_places(source: Path) -> list[Place]:
    """Every mbox file and Maildir of a source, in the order of their paths.

    Raises:
        SourceError: there is none.
    """
    if not source.is_dir():
        return [Place(source, source.name, maildir=False)]
    found = []
    for folder, folders, files in os.walk(source):
        folders.sort()
        here = Path(folder)
        if set(_ARRIVED) <= set(folders):
            found.append(Place(here, here.name, maildir=True))
        folders[:] = [name for name in folders if name not in {*_ARRIVED, "tmp"} or not found or found[-1].path != here]
        mailboxes = [here / name for name in sorted(files) if _is_mailbox(here / name)]
        found += [Place(file, str(file.relative_to(source)), maildir=False) for file in mailboxes]
    if not found:
        raise SourceError("the folder holds no mbox file and no Maildir", hint="give the archive's own folder")
    return found


def _is_mailbox(file: Path) -> bool:
    """Whether a plain file begins as an mbox, packed or not."""
    if file.is_symlink() or not file.is_file() or not file.stat().st_size:
        return False
    head = b""

    def look(start: bytes) -> None:
        nonlocal head
        head = start

    try:
        with open_stream(file, look):
            return head.removeprefix(BOM_UTF8).startswith(_MAIL)
    except SourceError:
        return False


def size_of(place: Place) -> int:
    """Bytes of its files as they lie there."""
    if not place.maildir:
        return place.path.stat().st_size
    return sum(entry.stat().st_size for part in _ARRIVED for entry in _entries(place.path / part))


def messages_of(place: Place) -> Iterator[tuple[bytes, int, int]]:
    """Each message's header as lines after a newline, with bytes read of the source and bytes gone through so far."""
    return _maildir_messages(place.path) if place.maildir else _mbox_messages(place.path)


def _maildir_messages(folder: Path) -> Iterator[tuple[bytes, int, int]]:
    """One file a message, in the order of their names; its body is not even read."""
    done = 0
    for file in _in_order(folder):
        head = b"\n" + _first_bytes(file)
        end = _END.search(head)
        done += file.stat().st_size
        yield head[: end.start() + 1] if end else head, done, done


def _in_order(folder: Path) -> Iterator[Path]:
    """The messages of a Maildir by their names; a large one is listed again for every NAMES of them."""
    last = ("", "")
    while True:
        listed = ((entry.name, part) for part in _ARRIVED for entry in _entries(folder / part))
        some = heapq.nsmallest(NAMES, (name for name in listed if name > last))
        yield from (folder / part / name for name, part in some)
        if len(some) < NAMES:
            return
        last = some[-1]


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        yield from (entry for entry in entries if entry.is_file(follow_symlinks=False))


def _first_bytes(file: Path) -> bytes:
    failed = False
    head = b""
    try:
        with file.open("rb") as stream:
            while len(head) < LONGEST_HEADER and (piece := stream.read(1 << 14)):
                head += piece
                if _END.search(head):
                    break
    except OSError:
        failed = True
    if failed:
        raise SourceError("a message of a Maildir cannot be read", hint="check the folder's permissions")
    return head


def _mbox_messages(file: Path) -> Iterator[tuple[bytes, int, int]]:
    """Go through the file block by block; what is kept between blocks is a header under way, or a line's beginning."""
    room = memoryview(bytearray(BLOCK))
    with open_stream(file, _refuse_other) as stream:
        data, size, more = b"\n\n", 0, True
        while more:
            count = stream.readinto(room)
            more = count > 0
            block = bytes(room[:count])
            data += block if size else block.removeprefix(BOM_UTF8)
            size += count
            at, limit = 0, len(data) - (_LONGEST_ENVELOPE + _LONGEST_FIELD if more else 0)
            while (start := _next_start(data, at, limit)) is not None:
                body = _header_end(data, start)
                if body is None and more and len(data) - start < LONGEST_HEADER:
                    limit = start
                    break
                yield data[data.index(b"\n", start + 1) : body], stream.consumed, size
                at = body if body is not None else len(data)
            data = data[max(at, limit - _BEFORE, 0) :]
        if stream.cut_short:
            raise SourceError("a compressed mailbox ends too early", hint="get the whole file")


def _next_start(data: bytes, at: int, limit: int) -> int | None:
    """Where the next message's `From ` line begins, at the newline before it; None when none begins before `limit`."""
    while (found := data.find(_START, at, limit)) >= 0:
        line = data.find(b"\n", found + 1, found + _LONGEST_ENVELOPE)
        after_blank = data[found - 1 : found] == b"\n" or data[found - 2 : found] == b"\n\r"
        if line >= 0 and after_blank and _FIELD.match(data, line + 1):
            return found
        at = found + 1
    return None


def _header_end(data: bytes, start: int) -> int | None:
    """Where the empty line after a header begins; None when it is not in sight."""
    line = data.index(b"\n", start + 1)
    plain = data.find(b"\n\n", line)
    returned = data.find(b"\n\r\n", line, plain + 1 if plain >= 0 else len(data))
    return returned if returned >= 0 else plain if plain >= 0 else None


def _refuse_other(head: bytes) -> None:
    if not head.lstrip(b"\r\n").startswith((b"From ", b">From ")) and b"\nFrom " not in head:
        raise SourceError("the file does not begin as a mailbox", hint="an mbox file begins with a line From ...")
