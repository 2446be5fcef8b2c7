"""Reader of mail and news archives: one pass over the headers, then the threads, from numbers alone.

The bytes of ids, addresses and dates are those of one batch of messages; what is kept of them are digests under a key
that dies with the process, and for members their lasting numbers. Of a message some 320 bytes, at the most, are held
until the threads are known.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from vestige.derive.contract import Cell, ReadReport, SourceColumn, SourceTable, TableRead, Take
from vestige.derive.mail.archive import Place, find_places, messages_of
from vestige.derive.mail.headers import Headers, read_headers
from vestige.derive.mail.threads import Threads, build_threads, first_of_each
from vestige.errors import SourceError
from vestige.progress import Progress, Step
from vestige.results import Finding, Severity

if TYPE_CHECKING:
    import pyarrow as pa

BATCH: Final = 1 << 14
"""Messages whose headers are bytes at one time."""
ROWS: Final = 1 << 17
NO_TIME: Final = np.iinfo(np.int64).min
_DIGEST: Final = SourceColumn("id", Cell.NAME)
_TEXTS: Final = {
    "without-id": (Severity.NOTE, "{} messages have no Message-ID: nobody's answer can be joined to them"),
    "duplicates": (Severity.NOTE, "{} messages came again under the same Message-ID and were left out"),
    "without-address": (Severity.CAUTION, "{} messages have no address in From: their author is unknown"),
    "without-date": (Severity.CAUTION, "{} messages have no date that can be read"),
    "unknown-zone": (Severity.NOTE, "{} dates have no zone or an unknown one and were taken for UTC"),
    "crossposted": (Severity.NOTE, "{} messages went to several newsgroups and are kept in the first"),
    "root-missing": (Severity.CAUTION, "{} threads begin with a message that the archive lacks"),
}
Numbers = npt.NDArray[np.int64]


@dataclass
class _Kept:
    """What is kept of the messages, in blocks of one batch each."""

    digests: list[Numbers] = field(default_factory=list)
    authors: list[Numbers] = field(default_factory=list)
    times: list[Numbers] = field(default_factory=list)
    places: list[Numbers] = field(default_factory=list)
    counts: list[Numbers] = field(default_factory=list)
    references: list[Numbers] = field(default_factory=list)


class MailReader:
    """Reads an mbox file, a Maildir, or a folder of them.

    Args:
        source: where they are.
    """

    def __init__(self, source: Path) -> None:
        self._source = source
        self._counts: Counter[str] = Counter()
        self._places: dict[bytes, int] = {}

    def read(self, tables: Sequence[SourceTable], take: Take, progress: Progress) -> ReadReport:
        """Read every header, rebuild the threads, and give messages, threads, authors and lists.

        Raises:
            SourceError: there is no mailbox, or a file cannot be read.
        """
        authors = next(table for table in tables if table.name == "authors")
        kept, rows, size = _Kept(), 0, 0
        batch: list[tuple[Headers, int]] = []
        for found, place, done, total, gone in self._headers():
            batch.append((found, place))
            rows, size = rows + 1, gone
            if len(batch) == BATCH:
                self._keep(batch, authors, kept, take)
                batch = []
                progress(Step("read", done, total, "bytes", rows))
        self._keep(batch, authors, kept, take)
        if not rows:
            raise SourceError("the source holds no message", hint="give an mbox file, a Maildir, or a folder of them")
        messages = self._give(kept, take)
        given = {"messages": messages, "lists": len(self._places)}
        reads = tuple(TableRead(table.name, present=True, rows=given.get(table.name, rows)) for table in tables)
        return ReadReport(reads, size, tuple(self._findings()))

    def names(self, table: str, id_column: str, name_column: str) -> Mapping[int, str]:  # noqa: ARG002 - the protocol
        """Names of lists and newsgroups, for the custodian's own map."""
        for _ in self._headers():
            pass
        return {number: name.decode("utf-8", "replace") for name, number in self._places.items()}

    def _headers(self) -> Iterator[tuple[Headers, int, int, int, int]]:
        """Each message's headers and list, with bytes done, in all, and gone through."""
        places = find_places(self._source)
        sizes = [_size(place) for place in places]
        total, before, gone = sum(sizes), 0, 0
        for place, size in zip(places, sizes, strict=True):
            seen = 0
            for block, done, seen in messages_of(place):
                found = read_headers(block)
                name = found.place or place.name.encode("utf-8", "surrogateescape")
                number = self._places.setdefault(name, len(self._places))
                yield found, number, before + done, total, gone + seen
            before, gone = before + size, gone + seen

    def _keep(self, batch: list[tuple[Headers, int]], authors: SourceTable, kept: _Kept, take: Take) -> None:
        """Turn a batch's bytes into numbers, and let go of them."""
        if not batch:
            return
        heads = [found for found, _ in batch]
        who = [found.author for found in heads]
        numbers = self._authors(who, authors, take)
        kept.authors.append(numbers)
        kept.digests.append(_digests([found.message for found in heads]))
        kept.references.append(_digests([one for found in heads for one in found.references]))
        kept.counts.append(np.array([len(found.references) for found in heads], dtype=np.int64))
        kept.times.append(np.array([NO_TIME if found.at is None else found.at for found in heads], dtype=np.int64))
        kept.places.append(np.array([place for _, place in batch], dtype=np.int64))
        self._counts["without-id"] += sum(found.message is None for found in heads)
        self._counts["without-address"] += sum(one is None for one in who)
        self._counts["without-date"] += sum(found.at is None for found in heads)
        self._counts["unknown-zone"] += sum(not found.zone_known for found in heads)
        self._counts["crossposted"] += sum(found.groups > 1 for found in heads)

    def _authors(self, who: list[bytes | None], authors: SourceTable, take: Take) -> Numbers:
        """The numbers of a batch's authors, 0 for none; each new row of authors goes on at once."""
        import pyarrow as pa

        from vestige.derive.text_cells import Texts, numbers_of

        columns = {column.cell: column for column in authors.columns}
        different = list(dict.fromkeys(one for one in who if one is not None))
        numbers, _ = numbers_of(columns[Cell.ACCOUNT], Texts.of(different))
        rows = {"author": numbers}
        if Cell.HANDLE in columns:
            rows["handle"] = _linked(different, columns[Cell.HANDLE].secret)
        take("authors", pa.RecordBatch.from_pydict(rows))
        number = dict(zip(different, numbers.to_pylist(), strict=True))
        return np.array([0 if one is None else number[one] for one in who], dtype=np.int64)

    def _give(self, kept: _Kept, take: Take) -> int:
        """Build the threads and hand over messages, threads and lists; returns how many messages there are."""
        import pyarrow as pa

        digests, authors, times, places, counts, references = (
            np.concatenate([*blocks, np.zeros(0, dtype=np.int64)]) for blocks in vars(kept).values()
        )
        vars(kept).clear()
        first = first_of_each(digests)
        self._counts["duplicates"] = int((~first).sum())
        references = references[np.repeat(first, counts)]
        digests, authors, times, places, counts = (one[first] for one in (digests, authors, times, places, counts))
        threads = build_threads(digests, references, counts)
        del digests, references, counts
        for start in range(0, len(authors), ROWS):
            part = slice(start, min(start + ROWS, len(authors)))
            take("messages", _messages(part, authors, times, places, threads))
        heads = np.unique(threads.thread)
        opened = threads.opens[heads]
        self._counts["root-missing"] = int((~opened).sum())
        rows = {
            "thread": pa.array(heads),
            "place": pa.array(places[heads]),
            "starter": pa.array(authors[heads], mask=~opened | (authors[heads] == 0)),
            "at": pa.array(times[heads], mask=~opened | (times[heads] == NO_TIME)),
        }
        take("threads", pa.RecordBatch.from_pydict(rows))
        take("lists", pa.RecordBatch.from_pydict({"place": pa.array(range(len(self._places)), pa.int64())}))
        return len(authors)

    def _findings(self) -> Iterator[Finding]:
        for code, (severity, text) in _TEXTS.items():
            if count := self._counts[code]:
                yield Finding(f"mail-{code}", severity, text.format(f"{count:,}"))


def _messages(part: slice, authors: Numbers, times: Numbers, places: Numbers, threads: Threads) -> "pa.RecordBatch":
    import pyarrow as pa

    rows = {
        "message": pa.array(np.arange(part.start, part.stop, dtype=np.int64)),
        "thread": pa.array(threads.thread[part]),
        "parent": pa.array(threads.parent[part], mask=threads.parent[part] < 0),
        "author": pa.array(authors[part], mask=authors[part] == 0),
        "at": pa.array(times[part], mask=times[part] == NO_TIME),
        "place": pa.array(places[part]),
        "opens": pa.array(threads.opens[part].astype(np.int64)),
    }
    return pa.RecordBatch.from_pydict(rows)


def _digests(words: list[bytes | None]) -> Numbers:
    """A number for each id, below 0; 0 for none."""
    from vestige.derive.text_cells import Texts, numbers_of

    found, _ = numbers_of(_DIGEST, Texts.of(words))
    numbers: Numbers = found.fill_null(0).to_numpy()
    return numbers


def _linked(addresses: Sequence[bytes], key: bytes) -> "pa.Array":
    """The keyed pseudonym of each address, exactly as it is written: look-alikes are other mailboxes."""
    import pyarrow as pa
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.hmac import HMAC

    halves = []
    for address in addresses:
        code = HMAC(key, SHA256())
        code.update(b"address\0" + address)
        digest = code.finalize()
        halves.append([int.from_bytes(digest[at : at + 8], "big", signed=True) for at in (0, 8)])
    return pa.array(halves, pa.list_(pa.int64()))


def _size(place: Place) -> int:
    if not place.maildir:
        return place.path.stat().st_size
    return sum(file.stat().st_size for part in ("cur", "new") for file in (place.path / part).iterdir())
