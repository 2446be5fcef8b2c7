"""`vestige derive` of a 500 MB phpBB dump: MB per CPU-second beside mysqldump-to-csv and a MariaDB restore of the file.

The dump is simulated once into `.bench/`: 26,000 members, posts of 400 bytes of text on average, no search index.
Goals: 10 times the restore, 300 MB per CPU-second for a whole derivation with every import, under 1 GB of memory.
"""

import csv
import os
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.derivation import ROOT, deriving, tokenising
from vestige.derive.sources.phpbb import PHPBB
from vestige.simulate import preset_settings, simulate_forum, write_phpbb_dump

DUMP = ROOT / ".bench" / "phpbb-500mb.sql"
MEMBERS = 25_000
RUNS = 3
CSV_BYTES = 60_000_000
"""Of the dump, which the peer in Python is given: it needs seconds for them."""


def main() -> None:
    _make_dump()
    size = DUMP.stat().st_size / 1e6
    print(f"dump: {size:,.0f} MB; least CPU time of {RUNS} runs after a first one that may compile")
    inside, reading = tokenising(DUMP, PHPBB, RUNS)
    rows, whole, memory = deriving(DUMP, RUNS)
    restoring = _restore()
    print(f"{'':34}{'CPU s':>8}{'MB/CPU-s':>10}{'ratio to restore':>18}")
    csv_speed = _to_csv()
    timed = {
        "tokenise alone": inside,
        "read, tokenise, make batches": reading,
        "vestige derive, whole process": whole,
    }
    for name, seconds in timed.items():
        ratio = f"{restoring / seconds:.1f}" if restoring else "-"
        print(f"{name:34}{seconds:8.2f}{size / seconds:10.0f}{ratio:>18}")
    ratio = f"{restoring / size * csv_speed:.1f}" if restoring else "-"
    print(f"{'mysqldump-to-csv, first 60 MB':34}{CSV_BYTES / 1e6 / csv_speed:8.2f}{csv_speed:10.0f}{ratio:>18}")
    if restoring:
        print(f"{'MariaDB restore, client and server':34}{restoring:8.2f}{size / restoring:10.0f}{1.0:>18}")
    print(f"peak memory of vestige derive: {memory:,.0f} MB; {rows}")


def _make_dump() -> None:
    if DUMP.exists():
        return
    DUMP.parent.mkdir(exist_ok=True)
    partial = DUMP.with_suffix(".partial")
    write_phpbb_dump(partial, simulate_forum(settings=preset_settings("posting-groups", members=MEMBERS), seed=1))
    partial.replace(DUMP)


def _to_csv() -> float:
    """MB per CPU-second of mysqldump-to-csv's way: Python's csv reader over each INSERT line, rows written as CSV.

    Written anew after the well-known script, which is no package; like it, it keeps every text, loses what it cannot
    place, and does not tell NULL from a quoted one.
    """
    csv.field_size_limit(1 << 30)
    begin, taken = time.process_time(), 0
    with DUMP.open(encoding="latin-1", newline="\n") as dump, Path(os.devnull).open("w") as out:
        writer = csv.writer(out)
        for line in dump:
            taken += len(line)
            if line.startswith("INSERT INTO"):
                values = line.partition(" VALUES ")[2]
                for cells in csv.reader([values], quotechar="'", escapechar="\\", doublequote=False):
                    _write_rows(cells, writer)
            if taken >= CSV_BYTES:
                break
    return taken / 1e6 / (time.process_time() - begin)


def _write_rows(cells: list[str], writer: Any) -> None:  # noqa: ANN401 - the csv module's writer has no public type
    """The rows of one INSERT, told by the parentheses at the ends of cells."""
    row: list[str] = []
    for cell in cells:
        if cell.startswith("(") and (not row or row[-1].endswith(")")):
            if row:
                writer.writerow([*row[:-1], row[-1][:-1]])
            row = [cell[1:]]
        else:
            row.append("" if cell == "NULL" else cell)
    writer.writerow([*row[:-1], row[-1].rstrip(");\n")] if row else row)


def _restore() -> float | None:
    """CPU time of client and server for one restore; None without MariaDB."""
    server, install = (
        shutil.which("mariadbd", path=f"{os.environ['PATH']}:/usr/sbin"),
        shutil.which("mariadb-install-db"),
    )
    if server is None or install is None:
        print("MariaDB is not installed: no restore to compare with")
        return None
    with _running(server, install) as socket:
        client = ["mariadb", "--no-defaults", f"--socket={socket}", "--user=root"]
        subprocess.run([*client, "-e", "CREATE DATABASE forum CHARACTER SET utf8mb4"], check=True)
        at_start = resource.getrusage(resource.RUSAGE_CHILDREN)
        idle = _server_seconds(socket)
        with DUMP.open("rb") as dump:
            subprocess.run([*client, "--max-allowed-packet=512M", "forum"], stdin=dump, check=True)
        at_end = resource.getrusage(resource.RUSAGE_CHILDREN)
        served = _server_seconds(socket) - idle
    return at_end.ru_utime + at_end.ru_stime - at_start.ru_utime - at_start.ru_stime + served


def _server_seconds(socket: Path) -> float:
    process = (socket.parent / "pid").read_text().strip()
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def _running(server: str, install: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="vestige-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        options = ["--no-defaults", f"--datadir={folder}/data", *(["--user=root"] if os.geteuid() == 0 else [])]
        subprocess.run([install, *options, "--auth-root-authentication-method=normal"], check=True, capture_output=True)
        socket = folder / "socket"
        command = [
            server, *options, "--skip-networking", f"--socket={socket}", f"--pid-file={folder}/pid", "--skip-log-bin",
            "--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=512M", "--max-allowed-packet=512M",
            "--sql-mode=",
        ]  # fmt: skip
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            ping = ["mariadb-admin", "--no-defaults", f"--socket={socket}", "--user=root", "ping"]
            while subprocess.run(ping, capture_output=True, check=False).returncode:
                assert process.poll() is None
                time.sleep(0.1)
            yield socket
        finally:
            process.terminate()
            process.wait()
