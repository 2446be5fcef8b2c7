"""`vestige derive` of a Discourse forum, as COPY blocks and in custom format, beside PostgreSQL restores of both files.

The dump is simulated once into `.bench/`: posts of 700 bytes on average, stored twice (as written and as shown) and
a third time for the search. It has no indexes, which would make a restore slower. CPU seconds of client and server.
"""

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

from vestige.derive.dump import DumpReader
from vestige.derive.dump.job import Job
from vestige.derive.sources.discourse import DISCOURSE
from vestige.derive.text_cells import bound_tables
from vestige.progress import ignore_progress
from vestige.simulate import DumpSettings, preset_settings, simulate_forum
from vestige.simulate.packages import package_of, package_settings, write_package_dump

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / ".bench" / "discourse.sql"
ARCHIVE = ROOT / ".bench" / "discourse.pgdmp"
MEMBERS = 6_000
RUNS = 2


def main() -> None:
    _make_script()
    restored = _restores()
    size = SCRIPT.stat().st_size / 1e6
    packed = f", {ARCHIVE.stat().st_size / 1e6:,.0f} MB in custom format" if ARCHIVE.exists() else ""
    print(f"script: {size:,.0f} MB{packed}; least CPU time of {RUNS} runs after a first one that may compile")
    print(f"{'':42}{'CPU s':>8}{'MB/CPU-s':>10}{'ratio to restore':>18}")
    for name, file in (("script", SCRIPT), ("custom format", ARCHIVE)):
        if not file.exists():
            continue
        inside, reading = _tokenise(file)
        words, deriving, memory = _derive(file)
        timed = {
            f"{name}: tokenise alone": inside,
            f"{name}: read, tokenise, make batches": reading,
            f"{name}: vestige derive, whole process": deriving,
        }
        for label, seconds in timed.items():
            ratio = f"{restored[name] / seconds:.1f}" if name in restored else "-"
            print(f"{label:42}{seconds:8.2f}{size / seconds:10.0f}{ratio:>18}")
        if name in restored:
            print(f"{name + ': restore':42}{restored[name]:8.2f}{size / restored[name]:10.0f}{1.0:>18}")
        print(f"peak memory of vestige derive: {memory:,.0f} MB; {words}")


def _make_script() -> None:
    if SCRIPT.exists():
        return
    SCRIPT.parent.mkdir(exist_ok=True)
    package = package_of("discourse")
    settings = package_settings(package, DumpSettings(layout=package.layout, text_bytes=700))
    partial = SCRIPT.with_suffix(".partial")
    forum = simulate_forum(settings=preset_settings("posting-groups", members=MEMBERS), seed=1)
    write_package_dump(partial, forum, package, settings=settings)
    partial.replace(SCRIPT)


def _tokenise(file: Path) -> tuple[float, float]:
    """Least CPU time inside compiled code, and of a whole reading with its batches dropped."""
    inside, spent = [], []
    tables = bound_tables(DISCOURSE.tables, None, bytes(16))
    run = Job._run  # noqa: SLF001 - the one place where compiled code is entered
    for _ in range(RUNS + 1):
        within = 0.0

        def timed(job: Job, *arguments: object) -> int:
            nonlocal within
            begin = time.process_time()
            code: int = run(job, *arguments)  # type: ignore[arg-type] # passed on as they came
            within += time.process_time() - begin
            return code

        begin = time.process_time()
        with patch.object(Job, "_run", timed):
            DumpReader(file, DISCOURSE).read(tables, lambda *_: None, ignore_progress)
        spent.append(time.process_time() - begin)
        inside.append(within)
    return min(inside[1:]), min(spent[1:])


def _derive(file: Path) -> tuple[str, float, float]:
    """Last line of words, least CPU time, and largest memory in MB, of whole processes."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    vestige = [sys.executable, "-m", "vestige"]
    with tempfile.TemporaryDirectory() as name:
        key, out = Path(name) / "key", Path(name) / "dataset"
        subprocess.run([*vestige, "new-key", str(key)], env=environment, check=True, capture_output=True)
        command = [*vestige, "derive", str(file), "--out", str(out), "--key", str(key), "--forum", "bench"]
        command += ["--software", "discourse"]
        spent, words = [], ""
        for _ in range(RUNS + 1):
            shutil.rmtree(out, ignore_errors=True)
            process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
            assert process.stdout is not None
            words = process.stdout.read().strip().splitlines()[-1]
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            assert process.returncode == 0
            spent.append((usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024))
    return words, min(seconds for seconds, _ in spent[1:]), max(memory for _, memory in spent)


def _restores() -> dict[str, float]:
    """CPU time of client and server for a restore of each file; also makes the archive. Empty without PostgreSQL."""
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not binaries:
        print("PostgreSQL is not installed: no restore to compare with")
        return {}
    with _running(binaries[-1]) as (socket, server):
        tool = ["-h", str(socket), "-U", "owner"]
        for name in ("one", "two"):
            subprocess.run([str(binaries[-1] / "createdb"), *tool, name], check=True)
        psql = [str(binaries[-1] / "psql"), *tool, "-q", "-o", os.devnull, "one", "-f", str(SCRIPT)]
        seconds = {"script": _spent(server, lambda: subprocess.run(psql, check=True))}
        if not ARCHIVE.exists():
            dump = [str(binaries[-1] / "pg_dump"), *tool, "-Fc", "-f", str(ARCHIVE), "one"]
            subprocess.run(dump, check=True)
        restore = [str(binaries[-1] / "pg_restore"), *tool, "--no-owner", "-d", "two", str(ARCHIVE)]
        seconds["custom format"] = _spent(server, lambda: subprocess.run(restore, check=True))
    return seconds


def _spent(server: int, work: Callable[[], object]) -> float:
    """CPU time of our children and of the server's processes while something is done."""
    before, served = resource.getrusage(resource.RUSAGE_CHILDREN), _server_seconds(server)
    work()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    time.sleep(0.5)  # the server still has to notice that its child ended
    ours = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return ours + _server_seconds(server) - served


def _server_seconds(server: int) -> float:
    """Of a server and its children, living and gone."""
    ticks = 0
    for place in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = place.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if place.parent.name == str(server):
            ticks += sum(int(field) for field in fields[11:15])
        elif fields[1] == str(server):
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


@contextmanager
def _running(binaries: Path) -> Iterator[tuple[Path, int]]:
    """A server of our own; it refuses to run as root."""
    user = "nobody" if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="vestige-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if user:
            folder.chmod(0o755)
            shutil.chown(folder, user)
        setup = [str(binaries / "initdb"), "-D", f"{folder}/data", "-U", "owner", "-A", "trust", "-E", "UTF8"]
        subprocess.run([*setup, "--locale=C", "--no-sync"], check=True, capture_output=True, user=user, cwd=folder)
        settings = ["-c", "listen_addresses=", "-c", f"unix_socket_directories={folder}", "-c", "fsync=off"]
        command = [str(binaries / "postgres"), "-D", f"{folder}/data", *settings]
        process = subprocess.Popen(command, user=user, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            ready = [str(binaries / "pg_isready"), "-q", "-h", str(folder), "-U", "owner"]
            while subprocess.run(ready, check=False).returncode:
                assert process.poll() is None
                time.sleep(0.1)
            yield folder, process.pid
        finally:
            process.terminate()
            process.wait()
