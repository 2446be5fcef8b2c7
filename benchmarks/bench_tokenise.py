"""Every SQL package: MB per CPU-second of compiled code alone, of reading with batches, and of `vestige derive`.

One simulated forum of 8,000 members is dumped as each package by the program that package is usually dumped with, into
`.bench/`. Goals, for every package: 1,250 MB per CPU-second inside compiled code, 880 with reading and batches. Packed
cells and names that become digests cost more than numbers: the share of rows that are read, and columns that hold
them, differ between packages. Of dumps this small half of a whole derivation is getting ready.
"""

from functools import cache
from pathlib import Path

from benchmarks.derivation import ROOT, deriving, tokenising
from vestige.dataset.schema import Software
from vestige.derive.opening import source_of
from vestige.simulate import DumpSettings, preset_settings, simulate_forum, write_phpbb_dump
from vestige.simulate.forum import SimulatedForum
from vestige.simulate.packages import known_packages, package_of, package_settings, write_package_dump

MEMBERS = 8_000
RUNS = 3
FOLDER = ROOT / ".bench" / "packages"


def main() -> None:
    print(f"least CPU time of {RUNS} runs after a first one; MB per CPU-second")
    print(f"{'':12}{'MB':>6}{'rows read':>12}{'tokenise alone':>16}{'with batches':>14}{'whole process':>15}")
    for name in ("phpbb", *known_packages()):
        file = _dump(name)
        software = Software.PHPBB if name == "phpbb" else package_of(name).software
        size = file.stat().st_size / 1e6
        inside, reading = tokenising(file, source_of(software), RUNS)
        words, whole, _ = deriving(file, 1, "--software", software.value)
        rows = words.split(" rows read")[0]
        speeds = f"{size / inside:16,.0f}{size / reading:14,.0f}{size / whole:15,.0f}"
        print(f"{name:12}{size:6,.0f}{rows:>12}{speeds}", flush=True)


@cache
def _forum() -> SimulatedForum:
    return simulate_forum(settings=preset_settings("posting-groups", members=MEMBERS), seed=1)


def _dump(name: str) -> Path:
    file = FOLDER / f"{name}.sql"
    if file.exists():
        return file
    FOLDER.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(".partial")
    if name == "phpbb":
        write_phpbb_dump(partial, _forum())
    else:
        package = package_of(name)
        settings = package_settings(package, DumpSettings(layout=package.layout))
        write_package_dump(partial, _forum(), package, settings=settings)
    partial.replace(file)
    return file
