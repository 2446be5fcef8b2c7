"""What benchmarks of derivation measure alike: compiled code alone, reading, and the whole command, of any dump."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from unittest.mock import patch

from vestige.derive.contract import Source
from vestige.derive.dump import DumpReader
from vestige.derive.dump.job import Job
from vestige.derive.text_cells import bound_tables
from vestige.progress import ignore_progress

ROOT = Path(__file__).parents[1]


def tokenising(file: Path, source: Source, runs: int) -> tuple[float, float]:
    """Least CPU time inside compiled code, and of a whole reading with its batches dropped."""
    inside, spent = [], []
    tables = bound_tables(source.tables, None, bytes(16))
    run = Job.run
    for _ in range(runs + 1):
        within = 0.0

        def timed(job: Job, *arguments: object) -> int:
            nonlocal within
            begin = time.process_time()
            code: int = run(job, *arguments)  # type: ignore[arg-type] # passed on as they came
            within += time.process_time() - begin
            return code

        begin = time.process_time()
        with patch.object(Job, "run", timed):
            DumpReader(file, source).read(tables, lambda *_: None, ignore_progress)
        spent.append(time.process_time() - begin)
        inside.append(within)
    return min(inside[1:]), min(spent[1:])


def deriving(file: Path, runs: int, *options: str) -> tuple[str, float, float]:
    """Last line of words, least CPU time, and largest memory in MB, of whole processes."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed program has its bytecode
    vestige = [sys.executable, "-m", "vestige"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        key, out = folder / "key", folder / "dataset"
        subprocess.run([*vestige, "new-key", str(key)], env=environment, check=True, capture_output=True)
        command = [*vestige, "derive", str(file), "--out", str(out), "--key", str(key), "--forum", "bench", *options]
        spent, words = [], ""
        for _ in range(runs + 1):
            shutil.rmtree(out, ignore_errors=True)
            process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
            assert process.stdout is not None
            words = process.stdout.read().strip().splitlines()[-1]
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            assert process.returncode == 0
            spent.append((usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024))
    return words, min(seconds for seconds, _ in spent[1:]), max(memory for _, memory in spent)
