"""Kill derive, merge and seal at random moments and look at what is left: `python tools/kill_runs.py [KILLS]`.

Writes docs/validation/killed-runs.md. Short forms run with the tests.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests")]

from derive.leaks import disclosed  # noqa: E402 - the tests' own search, in every form it knows
from vestige.dataset.manifest import Manifest  # noqa: E402
from vestige.dataset.validation import validate_dataset  # noqa: E402
from vestige.simulate import DumpSettings, preset_settings, simulate_forum, write_simulated_dump  # noqa: E402
from vestige.simulate.phpbb_dump import dump_canaries  # noqa: E402

PAGE = ROOT / "docs" / "validation" / "killed-runs.md"
MEMBERS = 1500
SEED = 1
SHORTEST = 12
BROKEN = ("half an output, or a lost one", "a finished run whose output is not there", "text in what was left")


@dataclass
class Job:
    """A command to kill.

    Attributes:
        command: its words; it writes `out` and may replace it.
        is_sound: whether what stands at `out` opens and breaks no rule.
        identity: of what an undisturbed run makes, and every other must.
        lasts: seconds of an undisturbed run.
        outcomes: what was found, counted.
    """

    command: list[str]
    out: Path
    is_sound: Callable[[Path], bool]
    identity: str = ""
    lasts: float = 0.0
    outcomes: Counter[str] = field(default_factory=Counter)

    def is_whole(self) -> bool:
        """Whether what stands at `out` is what an undisturbed run makes."""
        return identity_of(self.out) == self.identity and self.is_sound(self.out)


def main() -> None:
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    with tempfile.TemporaryDirectory() as folder:
        jobs, words, size = prepare(Path(folder))
        for name, job in jobs.items():
            study(job, -(-kills // len(jobs)), words, Path(folder) / "temporary")
            print(name, dict(job.outcomes), flush=True)
    PAGE.write_text(page(jobs, -(-kills // len(jobs)), size), encoding="utf-8")
    if any(job.outcomes[broken] for job in jobs.values() for broken in BROKEN):
        sys.exit("a killed run broke a promise")


def prepare(folder: Path) -> tuple[dict[str, Job], set[str], int]:
    """A dump, two datasets and a signing key; the jobs, the dump's own words, and its size."""
    settings = DumpSettings()
    for number in (0, 1):
        forum = simulate_forum(
            settings=preset_settings("posting-groups", members=MEMBERS, months=24), seed=SEED + number
        )
        write_simulated_dump(folder / f"forum-{number}", forum, settings=settings)
    dump = folder / "forum-0" / "forum.sql"
    content = dump.read_bytes()
    words = {
        word for word in dump_canaries(SEED, settings).values() if len(word) >= SHORTEST and word.encode() in content
    }
    key = folder / "forum.key"
    ssh_key, signers = folder / "ssh", folder / "signers"
    for made in ("place", "temporary"):
        (folder / made).mkdir()
    call("new-key", key)
    for number in (0, 1):
        source = folder / f"forum-{number}" / "forum.sql"
        call("derive", source, "--out", folder / f"set-{number}", "--key", key, "--forum", f"forum-{number}", "--quiet")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", ssh_key], check=True)
    signers.write_text(f"custodian@unit {ssh_key.with_suffix('.pub').read_text()}", encoding="utf-8")
    derived, merged, sealed = (folder / "place" / name for name in ("dataset", "merged", "bag"))
    always = ("--replace", "--quiet")
    jobs = {
        "derive": Job(
            words_of("derive", dump, "--out", derived, "--key", key, "--forum", "forum-0", *always), derived, is_dataset
        ),
        "merge": Job(
            words_of("merge", folder / "set-0", folder / "set-1", "--out", merged, *always), merged, is_dataset
        ),
        "seal": Job(
            words_of("seal", folder / "set-0", "--sign-with", ssh_key, "--out", sealed, *always),
            sealed,
            lambda bag: call("verify", bag, "--signers", signers, "--quiet", check=False) == 0,
        ),
    }
    return jobs, words, len(content)


def study(job: Job, kills: int, words: set[str], temporary: Path) -> None:
    """Kill a job that many times; every second run is to replace an output that stands there."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "TMPDIR": str(temporary)}
    began = time.monotonic()
    subprocess.run(job.command, check=True, capture_output=True, env=environment)
    job.lasts, job.identity = time.monotonic() - began, identity_of(job.out)
    place, generator = job.out.parent, np.random.default_rng(SEED)
    for number in range(kills):
        replacing = bool(number % 2)
        if not replacing:
            shutil.rmtree(job.out, ignore_errors=True)
        elif not job.out.exists():
            subprocess.run(job.command, check=True, capture_output=True, env=environment)
        process = subprocess.Popen(job.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
        time.sleep(generator.uniform(0, 1.1 * job.lasts))
        finished = process.poll() is not None
        process.kill()
        process.wait()
        job.outcomes[outcome(job, replacing=replacing, finished=finished)] += 1
        if disclosed(words, place, temporary):
            job.outcomes["text in what was left"] += 1
    subprocess.run(job.command, check=True, capture_output=True, env=environment)
    if [entry.name for entry in place.iterdir()] != [job.out.name] or not job.is_whole():
        job.outcomes[BROKEN[0]] += 1
    shutil.rmtree(job.out)


def outcome(job: Job, *, replacing: bool, finished: bool) -> str:
    """What a run left, in words."""
    what = "replacing" if replacing else "new"
    if not job.out.exists():
        if finished:
            return BROKEN[1]
        return BROKEN[0] if replacing else "new, killed: no output"
    if not job.is_whole():
        return BROKEN[0]
    return f"{what}, {'finished before the kill' if finished else 'killed'}: a whole output"


def identity_of(out: Path) -> str:
    """The digest of a dataset, or of the one in a package."""
    inner = out / "data" / "dataset"
    return Manifest.read(inner if inner.is_dir() else out).digest


def is_dataset(folder: Path) -> bool:
    """Whether a dataset breaks no rule."""
    return not validate_dataset(folder).violations


def words_of(*arguments: object) -> list[str]:
    """A command of ours, as the system takes it."""
    return [sys.executable, "-m", "vestige", *map(str, arguments)]


def call(*arguments: object, check: bool = True) -> int:
    """Run a command of ours; returns its exit code."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    return subprocess.run(words_of(*arguments), check=check, capture_output=True, env=environment).returncode


def page(jobs: dict[str, Job], kills: int, size: int) -> str:
    """The page of results."""
    names = sorted({name for job in jobs.values() for name in job.outcomes} - set(BROKEN))
    lines = [
        "# Killed runs",
        "",
        f"`make kills`, {datetime.now(UTC):%Y-%m-%d}: {kills} runs each of derive (a simulated dump,",
        f"{size / 1e6:.0f} MB), merge (two datasets) and seal were killed with signal 9 at a random moment",
        "between their start and a little after their usual end; every second one was to replace an output",
        "that stood there. What was then found was opened, compared with that of an undisturbed run and",
        "validated (a package: verified by its signature), and everything left on disk, temporary folders",
        "too, was searched for the dump's own words, also packed, encoded and shifted by one. At the end, one",
        "undisturbed run had to remove every leftover. A run that had ended with success must have left its",
        "output.",
        "",
        f"| found | {' | '.join(jobs)} |",
        f"|---|{'---:|' * len(jobs)}",
        *(f"| {name} | {' | '.join(str(job.outcomes[name]) for job in jobs.values())} |" for name in (*names, *BROKEN)),
        f"| seconds of an undisturbed run | {' | '.join(f'{job.lasts:.1f}' for job in jobs.values())} |",
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
