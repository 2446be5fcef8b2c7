"""Kill derivations at random moments and look at what is left: `python tools/kill_derivations.py [KILLS]`.

Writes docs/validation/killed-derivations.md. A short form runs with the tests.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from vestige.dataset.manifest import Manifest
from vestige.dataset.validation import validate_dataset
from vestige.simulate import preset_settings, simulate_forum, write_simulated_dump

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "validation" / "killed-derivations.md"
MEMBERS = 1500
SEED = 1


def main() -> None:
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    with tempfile.TemporaryDirectory() as folder:
        outcomes, lasted, size = study(Path(folder), kills)
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(outcomes, kills, lasted, size), encoding="utf-8")
    print(*(f"{count:>5}  {outcome}" for outcome, count in sorted(outcomes.items())), sep="\n")
    if outcomes["neither"]:
        sys.exit("a killed derivation left half a dataset")


def study(folder: Path, kills: int) -> tuple[Counter[str], float, int]:
    """Kill that many derivations; half of them replace a dataset that stands there."""
    settings = preset_settings("posting-groups", members=MEMBERS, months=24)
    write_simulated_dump(folder / "forum", simulate_forum(settings=settings, seed=SEED))
    subprocess.run([*vestige(), "new-key", folder / "forum.key"], check=True, capture_output=True)
    place = folder / "place"
    place.mkdir()
    out = place / "dataset"
    command = [*vestige(), "derive", folder / "forum" / "forum.sql", "--out", out, "--key", folder / "forum.key"]
    command += ["--forum", "forum-a", "--replace", "--quiet"]
    subprocess.run(command, check=True)
    began = time.monotonic()
    subprocess.run(command, check=True)
    lasted = time.monotonic() - began
    whole = Manifest.read(out).digest
    generator = np.random.default_rng(SEED)
    outcomes: Counter[str] = Counter()
    for number in range(kills):
        replacing = bool(number % 2)
        if not replacing:
            shutil.rmtree(out, ignore_errors=True)
        elif not out.exists():
            subprocess.run(command, check=True)
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(generator.uniform(0, 1.1 * lasted))
        finished = process.poll() is not None
        process.kill()
        process.wait()
        outcomes[outcome(out, whole, replacing=replacing, finished=finished)] += 1
    subprocess.run(command, check=True)
    if [entry.name for entry in place.iterdir()] != ["dataset"]:
        outcomes["neither"] += 1
    return outcomes, lasted, (folder / "forum" / "forum.sql").stat().st_size


def outcome(out: Path, whole: str, *, replacing: bool, finished: bool) -> str:
    what = "replacing" if replacing else "new"
    when = "finished before the kill" if finished else "killed"
    if not out.exists():
        return "neither" if replacing else f"{what}, {when}: no dataset"
    if Manifest.read(out).digest != whole or validate_dataset(out).violations:
        return "neither"
    return f"{what}, {when}: a whole dataset"


def vestige() -> list[str]:
    os.environ["PYTHONPATH"] = str(ROOT / "src")
    return [sys.executable, "-m", "vestige"]


def page(outcomes: Counter[str], kills: int, lasted: float, size: int) -> str:
    lines = [
        "# Killed derivations",
        "",
        f"`make kills`, {datetime.now(UTC):%Y-%m-%d}: {kills} derivations of a simulated dump ({size / 1e6:.0f} MB,",
        f"about {lasted:.1f} s each) were killed with signal 9 at a random moment between their start and a little",
        "after their usual end; every second one was to replace a dataset that stood there. What was then found at",
        "`--out` was opened, its digest compared with that of an undisturbed run, and validated. At the end one",
        "undisturbed run had to remove every leftover.",
        "",
        "| derivation | times |",
        "|---|---:|",
        *(f"| {name} | {count} |" for name, count in sorted(outcomes.items())),
        "",
        f"Half a dataset, or a lost one: {outcomes['neither']}.",
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
