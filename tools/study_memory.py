"""Peak memory of every command that reads a source or a dataset, at growing sizes; writes docs/validation/memory.md.

Every command runs in a process of its own, whose peak the kernel counts. What grows with the rows shows in the last
column: bytes of memory for each further row between the two largest sizes.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from memory_sources import WRITERS, access_log, object_hashes
from vestige import __version__

PAGE: Final = Path(__file__).parents[1] / "docs" / "validation" / "memory.md"
SIZES: Final = (250_000, 1_000_000, 4_000_000)
NOTES: Final = (
    "The embedded engine of a derivation spills beyond 384 MB; the rest is the program, batches on their way and",
    "one row group of a Parquet file. Peaks therefore rise until the engine's limit is reached, between one and",
    "four million posts, and then stay. Beyond 600 MB of staged numbers the tables move to a file in the",
    "unfinished output, and large joins go part after part.",
    "",
    "Larger sources, derived in one process each (2026-11-28): Stack Exchange of 4 million posts and as many",
    "votes 923 MB; phpBB of 16 million posts with 8 million read-marks (2.3 GB, 64 CPU-seconds) 922 MB; mail of",
    "20 million messages, given as numbers in place of their text (136 CPU-seconds), 784 MB. In memory alone,",
    "mail had failed at 4 million messages and phpBB at 16 million posts.",
    "",
    "A mailbox of 4 million messages, parsed and derived whole: 829 MB.",
    "",
    "What still grows: `classify-objects` holds every object's number, hash and class; `derive --release` sorts",
    "the members' numbers in memory; `describe`, `report` and `disclosure-check` let the engine take what the",
    "machine has. Live databases were not measured.",
)
LIMIT: Final = 1_000
"""MB that no run may take."""


@dataclass(frozen=True)
class Peak:
    """What one process took."""

    what: str
    rows: int
    megabytes: float
    seconds: float


def main() -> int:
    """Measure what is asked for; returns 1 when a run took more than the limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), help="posts of the source")
    parser.add_argument("--only", default="", help="sources whose name holds this")
    parser.add_argument("--page", action="store_true", help="write the page")
    chosen = parser.parse_args()
    peaks = []
    for name in WRITERS:
        if chosen.only in name:
            for size in sorted(chosen.sizes):
                for peak in _measured(name, size):
                    print(f"{peak.what:40} {peak.rows:>12,} rows {peak.megabytes:7.0f} MB {peak.seconds:7.1f} CPU-s")
                    sys.stdout.flush()
                    peaks.append(peak)
    lines = [*_head(sorted(chosen.sizes)), *_rows(peaks, sorted(chosen.sizes)), ""]
    if chosen.page:
        PAGE.write_text("\n".join(lines), encoding="utf-8")
    print("\n".join(lines))
    return int(any(peak.megabytes > LIMIT for peak in peaks))


def _measured(name: str, size: int) -> Iterator[Peak]:
    """Derive one source of one size; of a phpBB dump, go on with every command that reads a dataset."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as place:
        folder = Path(place)
        (folder / "in").mkdir()
        source = WRITERS[name](folder / "in", size)
        key = folder / "key"
        _run("", 0, folder, "new-key", key)
        given = ["--key", key, "--forum", "forum-a", "--lookup", folder / "lookup", "--quiet"]
        yield _run(f"derive: {name}", size, folder, "derive", *source, "--out", folder / "a", *given)
        if name.startswith("phpBB"):
            yield from _afterwards(folder, size)


def _afterwards(folder: Path, size: int) -> Iterator[Peak]:
    key, shown = folder / "key", ["--quiet"]
    dataset = folder / "a"
    log = access_log(folder, size, size)
    shutil.rmtree(folder / "in")
    joined = ["--rules", "phpbb", "--key", key, "--lookup", folder / "lookup", "--quiet"]
    yield _run("derive-log", size, folder, "derive-log", log, "--dataset", dataset, *joined, "--out", folder / "c")
    log.unlink()
    shutil.rmtree(folder / "c")
    for command in ("validate", "describe", "disclosure-check"):
        yield _run(command, size, folder, command, dataset, *(shown if command != "describe" else ()))
    yield _run("report", size, folder, "report", dataset, "--out", folder / "report.html")
    hashes = object_hashes(folder, size // 20)
    lists = ["--objects", hashes[0], "--hashes", hashes[1], "--key", key, "--lookup", folder / "lookup"]
    yield _run("classify-objects", size // 20, folder, "classify-objects", dataset, *lists, "--out", folder / "c")
    shutil.rmtree(folder / "c")
    signing = folder / "signer"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(signing)], check=True)
    yield _run("seal", size, folder, "seal", dataset, "--sign-with", signing, "--out", folder / "bag")
    shutil.rmtree(folder / "bag")


def _run(what: str, rows: int, folder: Path, *arguments: object) -> Peak:
    """Run one command to its end.

    Raises:
        SystemExit: it failed.
    """
    command = [str(Path(sys.executable).parent / "vestige"), *map(str, arguments)]
    with (folder / "said").open("wb") as said:
        process = subprocess.Popen(command, stdout=said, stderr=said)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{arguments[0]} failed: {(folder / 'said').read_text(errors='replace')[-500:]}")
    return Peak(what, rows, usage.ru_maxrss / 1_000, usage.ru_utime + usage.ru_stime)


def _head(sizes: list[int]) -> list[str]:
    day = datetime.now(UTC).date().isoformat()
    columns = " | ".join(f"{size / 1e6:g} million" for size in sizes)
    return [
        "# Memory",
        "",
        "How much memory each command takes at the most: peak resident memory of its process, in MB, as the",
        "kernel counts it. Sources are written by `tools/memory_sources.py`: for every 20 posts a member and",
        "an attachment, for every 10 a thread and a message, for every 2 a read-mark or a reaction. The last column is",
        "what each further row takes between the two largest sizes; what spills to disk has none, but for chance.",
        "",
        f"`make study-memory`, {day}, Vestige {__version__}.",
        "",
        f"| command | {columns} | bytes a row |",
        f"|---|{'---|' * (len(sizes) + 1)}",
    ]


def _rows(peaks: list[Peak], sizes: list[int]) -> Iterator[str]:
    for what in dict.fromkeys(peak.what for peak in peaks):
        own = sorted((peak for peak in peaks if peak.what == what), key=lambda peak: peak.rows)
        cells = [f"{peak.megabytes:.0f}" for peak in own]
        further = "-"
        if len(own) > 1:
            before, last = own[-2:]
            further = f"{1e6 * (last.megabytes - before.megabytes) / (last.rows - before.rows):.0f}"
        yield f"| {what} | {' | '.join(cells)} | {further} |"
    yield ""
    yield from NOTES
    yield ""
    exact = ", ".join(f"{size:,}" for size in sizes)
    yield f"Sizes in posts: {exact}. `classify-objects` counts objects, a twentieth of the posts."


if __name__ == "__main__":
    sys.exit(main())
