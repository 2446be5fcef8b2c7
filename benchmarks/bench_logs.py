"""Access logs: MB per CPU-second of Vestige, goaccess and DuckDB's CSV reader on one file in one run."""

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from vestige.derive.log.job import LogJob
from vestige.derive.log.reader import read_logs
from vestige.derive.log.rules import read_rules
from vestige.progress import ignore_progress

SIZE = 400_000_000
LINES = 40_000
MEMBERS = 20_000
LOGGED_IN = 0.8
RUNS = 2
ROOT = Path(__file__).parents[1]
PATHS = (
    "/forum/styles/prosilver/theme/stylesheet.css?assets_version=27",
    "/forum/images/avatars/gallery/a.png",
    "/forum/assets/javascript/core.js?assets_version=27",
    "/forum/viewtopic.php?f={section}&t={thread}&start=20",
    "/forum/viewforum.php?f={section}",
    "/forum/download/file.php?id={object}",
    "/forum/index.php",
)
SHARES = (0.25, 0.2, 0.15, 0.2, 0.08, 0.09, 0.03)
AGENT = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36"
)

DUCKDB = """
import duckdb, sys
connection = duckdb.connect(config={{"threads": 1}})
print(connection.execute('''
    SELECT count(*), count(DISTINCT column0), sum(TRY_CAST(column7 AS BIGINT))
    FROM read_csv('{file}', delim = ' ', quote = '"', escape = '\\\\', header = false, all_varchar = true,
                  auto_detect = false, ignore_errors = true, null_padding = true, columns = {{
                  'column0': 'VARCHAR', 'column1': 'VARCHAR', 'column2': 'VARCHAR', 'column3': 'VARCHAR',
                  'column4': 'VARCHAR', 'column5': 'VARCHAR', 'column6': 'VARCHAR', 'column7': 'VARCHAR',
                  'column8': 'VARCHAR', 'column9': 'VARCHAR', 'column10': 'VARCHAR'}})''').fetchall())
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "access.log"
        _write(file)
        size = file.stat().st_size / 1e6
        print(f"{size:.0f} MB, combined format with a Cookie header; least of {RUNS} runs")
        print(f"{'':44}{'CPU s':>8}{'MB/CPU-s':>10}{'ratio':>8}")
        inside, reading, rows = _read(file)
        _print("Vestige, compiled reader alone", size, inside, inside)
        _print("Vestige, read to batches of numbers", size, reading, inside)
        _print("Vestige, whole process, to Parquet", size, min(_derive(Path(name), file) for _ in range(RUNS)), inside)
        duckdb = [sys.executable, "-c", DUCKDB.format(file=file)]
        _print("DuckDB read_csv, one thread, 3 aggregates", size, min(_spent(duckdb) for _ in range(RUNS)), inside)
        if shutil.which("goaccess"):
            layout = '%h %^ %^ [%d:%t %^] "%r" %s %b "%R" "%u" %^'
            goaccess = [
                "goaccess", str(file), f"--log-format={layout}", "--date-format=%d/%b/%Y", "--time-format=%T",
                "--no-global-config", "-o", str(Path(name) / "out.json"), "--no-progress",
            ]  # fmt: skip
            _print("goaccess, to JSON, one run", size, _spent(goaccess), inside)
        print(f"rows of members and sizes: {rows:,}")


def _print(what: str, size: float, seconds: float, ours: float) -> None:
    print(f"{what:44}{seconds:8.2f}{size / seconds:10.0f}{seconds / ours:8.1f}", flush=True)


def _write(file: Path) -> None:
    """A block of lines again and again; the clock goes on from block to block."""
    generator = np.random.default_rng(1)
    lines = []
    for _ in range(LINES):
        path = generator.choice(PATHS, p=SHARES).format(
            section=generator.integers(1, 40), thread=generator.integers(1, 50_000), object=generator.integers(1, 9_000)
        )
        member = generator.integers(2, MEMBERS) if generator.random() < LOGGED_IN else 1
        lines.append(
            f"198.51.100.{generator.integers(255)} - - [{{day:02}}/Mar/2015:{{hour:02}}:{generator.integers(60):02}:"
            f'{generator.integers(60):02} +0100] "GET {path} HTTP/1.1" 200 {generator.integers(300, 90_000)} '
            f'"https://forum.example/forum/index.php" "{AGENT}" "phpbb3_a_u={member}; phpbb3_a_k=; phpbb3_a_sid='
            f'{generator.bytes(16).hex()}"\n'
        )
    lines.sort(key=lambda line: line.split(":", 3)[2:])
    block, written, number = "".join(lines), 0, 0
    with file.open("w", encoding="ascii") as stream:
        while written < SIZE:
            written += stream.write(
                block.replace("{day:02}", f"{1 + number // 24 % 30:02}").replace("{hour:02}", f"{number % 24:02}")
            )
            number += 1


def _read(file: Path) -> tuple[float, float, int]:
    """Least CPU time inside compiled code, and of a reading whose batches are dropped; the rows."""
    rules = read_rules("phpbb")
    inside, spent, rows = [], [], 0
    run = LogJob.read
    within = 0.0

    def timed(job: LogJob, window: object) -> int:
        nonlocal within
        begin = time.process_time()
        code = run(job, window)  # type: ignore[arg-type] # passed on as it came
        within += time.process_time() - begin
        return code

    def count(_table: str, batch: object) -> None:
        nonlocal rows
        rows += len(batch)  # type: ignore[arg-type] # an Arrow batch

    LogJob.read = timed  # type: ignore[method-assign] # put back below
    try:
        for _ in range(RUNS + 1):
            within, rows, begin = 0.0, 0, time.process_time()
            read_logs(file, rules, count, ignore_progress)
            spent.append(time.process_time() - begin)
            inside.append(within)
    finally:
        LogJob.read = run  # type: ignore[method-assign]
    return min(inside[1:]), min(spent[1:]), rows


def _derive(folder: Path, file: Path) -> float:
    """CPU time of `vestige derive-log` on a simulated forum's dataset, its accounts those of the log."""
    vestige = [sys.executable, "-m", "vestige"]
    if not (folder / "key").exists():
        _spent([*vestige, "new-key", str(folder / "key")])
        simulated = (
            "--members",
            str(MEMBERS),
            "--months",
            "12",
            "--preset",
            "silent-downloaders",
            "--as",
            "phpbb-dump",
        )
        _spent([*vestige, "simulate", *simulated, "--out", str(folder / "forum"), "--quiet"])
        common = ("--key", str(folder / "key"), "--forum", "bench", "--lookup", str(folder / "lookup"), "--quiet")
        _spent([*vestige, "derive", str(folder / "forum" / "forum.sql"), "--out", str(folder / "old"), *common])
        _spent([*vestige, *_arguments(folder, file)])
    return _spent([*vestige, *_arguments(folder, file)])


def _arguments(folder: Path, file: Path) -> list[str]:
    return [
        "derive-log", str(file), "--dataset", str(folder / "old"), "--rules", "phpbb", "--key", str(folder / "key"),
        "--lookup", str(folder / "lookup"), "--out", str(folder / "new"), "--replace", "--quiet",
    ]  # fmt: skip


def _spent(command: list[str]) -> float:
    """User and system seconds of a process."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed program has its bytecode
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main()
