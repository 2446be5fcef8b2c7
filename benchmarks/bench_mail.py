"""Mail archives: MB per CPU-second of Vestige and of the standard library's mailbox on one mbox in one run."""

import mailbox
import random
import resource
import tempfile
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

from vestige.derive.mail.reader import MailReader
from vestige.derive.native import load_kernels
from vestige.derive.sources.mailbox import MAILBOX
from vestige.derive.text_cells import KERNELS, bound_tables
from vestige.progress import ignore_progress

MESSAGES = 100_000
LIBRARY_MESSAGES = 5_000
ANSWERS = 0.75
OPEN = 200
HOP = (
    "Received: from mx{0}.example.net (mx{0}.example.net [10.0.0.{0}])\n"
    "\tby mail.example.org (Postfix) with ESMTP id {1:x}\n"
    "\tfor <list@example.org>; Thu, 01 Jan 2005 10:00:00 +0000 (UTC)\n"
)
HEADER = (
    'From {who} Thu Jan  1 10:00:00 2005\n{hops}From: "A. Name" <{who}>\nTo: list@example.org\n'
    "Subject: =?utf-8?q?subject?=\n folded\nDate: {date}\nMessage-ID: <{number}@example.org>\n{references}"
    "MIME-Version: 1.0\nContent-Type: text/plain; charset=us-ascii\nX-Spam-Status: No, score=-2.6\n\tautolearn=ham\n"
    "List-Id: A list <list.example.org>\n\n"
)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "list.mbox"
        _write(file, MESSAGES)
        load_kernels(KERNELS)
        tables = bound_tables(MAILBOX.tables, None, bytes(16))
        before = time.process_time()
        report = MailReader(file).read(tables, lambda *_: None, ignore_progress)
        ours = (report.size or 0) / 1e6 / (time.process_time() - before)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
        print(
            f"{MESSAGES:,} messages, {file.stat().st_size / 1e6:.0f} MB: {ours:.0f} MB per CPU-second, {memory:.0f} MB"
        )
        _write(file, LIBRARY_MESSAGES)
        before = time.process_time()
        for message in mailbox.mbox(file):
            _ = message["message-id"], message["references"], message["from"], message["date"]
        theirs = file.stat().st_size / 1e6 / (time.process_time() - before)
        print(f"mailbox of the standard library: {theirs:.0f} MB per CPU-second; ratio {ours / theirs:.1f}")


def _write(file: Path, count: int) -> None:
    draw = random.Random(1)
    moment = datetime(2005, 1, 1, tzinfo=UTC)
    chains: dict[int, list[int]] = {}
    with file.open("w", encoding="ascii") as stream:
        for number in range(count):
            moment += timedelta(minutes=draw.randrange(60))
            parent = draw.choice(list(chains)) if chains and draw.random() < ANSWERS else None
            chains[number] = [] if parent is None else [*chains[parent], parent][-12:]
            if len(chains) > OPEN:
                del chains[next(iter(chains))]
            listed = "\n\t".join(f"<{one}@example.org>" for one in chains[number])
            stream.write(
                HEADER.format(
                    who=f"user{draw.randrange(5000)}@example.com",
                    hops="".join(HOP.format(hop, draw.getrandbits(60)) for hop in range(5)),
                    date=format_datetime(moment),
                    number=number,
                    references=f"References: {listed}\n" if listed else "",
                )
            )
            stream.write("some text of a line that is not read at all\n" * draw.randrange(5, 100) + "\n")


if __name__ == "__main__":
    main()
