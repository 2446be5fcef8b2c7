"""`vestige derive` of a Discourse forum, as COPY blocks and in custom format, beside PostgreSQL restores of both files.

The dump is simulated once into `.bench/`: posts of 700 bytes on average, stored twice (as written and as shown) and
a third time for the search. It has no indexes, which would make a restore slower. CPU seconds of client and server.
"""

import os
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.derivation import ROOT, deriving, tokenising
from vestige.derive.sources.discourse import DISCOURSE
from vestige.simulate import DumpSettings, preset_settings, simulate_forum
from vestige.simulate.packages import package_of, package_settings, write_package_dump

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
        inside, reading = tokenising(file, DISCOURSE, RUNS)
        words, whole, memory = deriving(file, RUNS, "--software", "discourse")
        timed = {
            f"{name}: tokenise alone": inside,
            f"{name}: read, tokenise, make batches": reading,
            f"{name}: vestige derive, whole process": whole,
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
