"""Reader of mail and news archives: one pass over the headers, from which only numbers go on to the engine.

The bytes of ids, addresses, dates and names of lists are those of one batch of messages; what goes on of them are
digests under a key that dies with the process, and for members their lasting numbers. Nothing grows with the archive.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from vestige.derive.contract import Cell, ReadReport, SourceColumn, SourceTable, TableRead, Take
from vestige.derive.mail.archive import find_places, messages_of, size_of
from vestige.derive.mail.headers import (
    Fields,
    read_address,
    read_ancestors,
    read_date,
    read_fields,
    read_id,
    read_place,
)
from vestige.errors import SourceError
from vestige.progress import Progress, Step
from vestige.results import Finding, Severity

if TYPE_CHECKING:
    import pyarrow as pa

BATCH: Final = 1 << 14
"""Messages whose headers are bytes at one time."""
MOST_LISTS: Final = 1_000_000
"""Lists that a map can name."""
_DIGEST: Final = SourceColumn("id", Cell.NAME)
_TEXTS: Final = {
    "without-id": (Severity.NOTE, "{} messages have no Message-ID: nobody's answer can be joined to them"),
    "without-address": (Severity.CAUTION, "{} messages have no address in From: their author is unknown"),
    "without-date": (Severity.CAUTION, "{} messages have no date that can be read"),
    "unknown-zone": (Severity.NOTE, "{} dates have no zone or an unknown one and were taken for UTC"),
    "crossposted": (Severity.NOTE, "{} messages went to several newsgroups and are kept in the first"),
}
Numbers = npt.NDArray[np.int64]


class MailReader:
    """Reads an mbox file, a Maildir, or a folder of them.

    Args:
        source: where they are.
    """

    def __init__(self, source: Path) -> None:
        self._source = source
        self._counts: Counter[str] = Counter()
        self._rows: Counter[str] = Counter()
        self._said = 0
        self._before = np.zeros(0, dtype=np.int64)

    def read(self, tables: Sequence[SourceTable], take: Take, progress: Progress) -> ReadReport:
        """Read every header, and give messages, what they say of missing ancestors, authors and lists.

        Raises:
            SourceError: there is no mailbox, or a file cannot be read.
        """
        authors = next(table for table in tables if table.name == "authors")

        def counted(table: str, batch: "pa.RecordBatch") -> None:
            self._rows[table] += batch.num_rows
            take(table, batch)

        batch: list[tuple[Fields, bytes]] = []
        size = 0
        for block, place, done, total, gone in self._headers():
            batch.append((read_fields(block), place))
            size = gone
            if len(batch) == BATCH:
                self._give(batch, authors, counted)
                batch = []
                progress(Step("read", done, total, "bytes", self._rows["messages"]))
        self._give(batch, authors, counted)
        if not self._rows["messages"]:
            raise SourceError("the source holds no message", hint="give an mbox file, a Maildir, or a folder of them")
        reads = tuple(TableRead(table.name, present=True, rows=self._rows[table.name]) for table in tables)
        return ReadReport(reads, size, tuple(self._findings()))

    def names(self, table: str, id_column: str, name_column: str) -> Mapping[int, str]:  # noqa: ARG002 - the protocol
        """Names of lists and newsgroups, for the custodian's own map; numbers as the assembly gives them.

        Raises:
            SourceError: there are more than a map can name.
        """
        places: dict[bytes, int] = {}
        for block, place, *_ in self._headers():
            found = read_fields(block)
            name, _ = read_place(found.list_id, found.newsgroups)
            places.setdefault(name or place, len(places))
            if len(places) > MOST_LISTS:
                raise SourceError("the archive names more than a million lists", hint="split it before you map it")
        return {number: name.decode("utf-8", "replace") for name, number in places.items()}

    def _headers(self) -> Iterator[tuple[bytes, bytes, int, int, int]]:
        """Each message's header and the name of where it lies, with bytes done, in all, and gone through."""
        places = find_places(self._source)
        sizes = [size_of(place) for place in places]
        total, before, gone = sum(sizes), 0, 0
        for place, size in zip(places, sizes, strict=True):
            name, seen = place.name.encode("utf-8", "surrogateescape"), 0
            for block, done, seen in messages_of(place):
                yield block, name, before + done, total, gone + seen
            before, gone = before + size, gone + seen

    def _give(self, batch: list[tuple[Fields, bytes]], authors: SourceTable, take: Take) -> None:
        """Turn a batch's bytes into numbers, hand these on, and let go of the bytes."""
        import pyarrow as pa

        if not batch:
            return
        found = [fields for fields, _ in batch]
        numbers = np.arange(len(batch), dtype=np.int64) + self._rows["messages"]
        digests = _digests([read_id(one.message_id) for one in found])
        ancestors = [read_ancestors(one.references, one.in_reply_to) for one in found]
        counts = np.array([len(own) for own in ancestors], dtype=np.int64)
        references = _digests([one for own in ancestors for one in own])
        above = np.zeros(len(batch), dtype=np.int64)
        above[counts > 0] = references[np.cumsum(counts)[counts > 0] - 1]
        rows = {
            "message": pa.array(numbers),
            "digest": pa.array(digests, mask=digests == 0),
            "above": pa.array(above, mask=above == 0),
            "author": self._authors([one.sender for one in found], authors, take),
            "at": self._times([one.date for one in found]),
            "place": self._lists([(one.list_id, one.newsgroups, place) for one, place in batch], numbers, take),
        }
        self._ancestors(digests, references, counts, take)
        take("messages", pa.RecordBatch.from_pydict(rows))
        self._counts["without-id"] += int((digests == 0).sum())
        self._counts["without-address"] += rows["author"].null_count
        self._counts["without-date"] += rows["at"].null_count

    def _times(self, dates: list[bytes]) -> "pa.Array":
        import pyarrow as pa

        read = [read_date(date) for date in dates]
        self._counts["unknown-zone"] += sum(not zone_known for _, zone_known in read)
        return pa.array([at for at, _ in read], pa.int64())

    def _ancestors(self, digests: Numbers, references: Numbers, counts: Numbers, take: Take) -> None:
        """What the messages say of the parents of ancestors, but of those that this batch or the last one has."""
        import pyarrow as pa

        owner = np.repeat(np.arange(len(counts)), counts)
        child, before = references[1:], references[:-1]
        known = np.concatenate([self._before, digests])
        says = (owner[1:] == owner[:-1]) & (child != before) & ~np.isin(child, known)
        said = self._said + np.flatnonzero(says)
        child, first = np.unique(child[says], return_index=True)
        rows = {"said": said[first], "child": child, "before": before[says][first]}
        take("ancestors", pa.RecordBatch.from_pydict({name: pa.array(column) for name, column in rows.items()}))
        self._said += len(references)
        self._before = digests

    def _lists(self, named: list[tuple[bytes, bytes, bytes]], numbers: Numbers, take: Take) -> "pa.Array":
        """The digests of a batch's lists; each list goes on with the first message that names it."""
        import pyarrow as pa

        read = {one: read_place(one[0], one[1]) for one in set(named)}
        different = list(read)
        digest = dict(zip(different, _digests([read[one][0] or one[2] for one in different]).tolist(), strict=True))
        self._counts["crossposted"] += sum(read[one][1] > 1 for one in named)
        places = np.array([digest[one] for one in named], dtype=np.int64)
        first = np.unique(places, return_index=True)[1]
        take(
            "lists", pa.RecordBatch.from_pydict({"place": pa.array(places[first]), "message": pa.array(numbers[first])})
        )
        return pa.array(places)

    def _authors(self, senders: list[bytes], authors: SourceTable, take: Take) -> "pa.Array":
        """The numbers of a batch's authors; each of them goes on at once."""
        import pyarrow as pa

        from vestige.derive.text_cells import Texts, numbers_of

        columns = {column.cell: column for column in authors.columns}
        address = {sender: read_address(sender) for sender in dict.fromkeys(senders)}
        different = list(dict.fromkeys(one for one in address.values() if one is not None))
        numbers, _ = numbers_of(columns[Cell.ACCOUNT], Texts.of(different))
        rows = {"author": numbers}
        if Cell.HANDLE in columns:
            rows["handle"] = _linked(different, columns[Cell.HANDLE].secret)
        take("authors", pa.RecordBatch.from_pydict(rows))
        number: dict[bytes | None, int | None] = dict(zip(different, numbers.to_pylist(), strict=True))
        return pa.array([number.get(address[sender]) for sender in senders], pa.int64())

    def _findings(self) -> Iterator[Finding]:
        for code, (severity, text) in _TEXTS.items():
            if count := self._counts[code]:
                yield Finding(f"mail-{code}", severity, text.format(f"{count:,}"))


def _digests(words: Sequence[bytes | None]) -> Numbers:
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
