"""Coverage-guided fuzzing of every tokenizer and parser: `make fuzz`, or `python tools/fuzz.py dump --seconds 600`.

The compiled kernels run as checked Python (tests/fuzzing/interpreted.py). What reached new code is kept in
tests/fuzzing/corpus/TARGET, small; an input that breaks a promise is kept in .fuzz/TARGET and fails the run.
"""

import argparse
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[1]
CORPUS = ROOT / "tests" / "fuzzing" / "corpus"
BROKEN = ROOT / ".fuzz"
PAGE = ROOT / "docs" / "validation" / "fuzzing.md"
LONGEST = 4096
SLOWEST = 60
MEMORY = 3000
INTRODUCTION = """Every tokenizer and parser of foreign bytes, under a coverage-guided fuzzer (atheris, libFuzzer). The
compiled kernels ran as Python with every access checked. A target may raise a `VestigeError` and nothing else; what
it says must not come from the input; dumps, XML and logs must give the same rows in blocks of any size.
"""
CLOSING = """
Found and mended on the way (November 2026): a deadlock between the interpreter and Arrow's thread that read a CSV
file through a Python object; a format of times that is no word in a map of tables; a column named twice, names and
labels that are not UTF-8 in a list of ties. A record of PostgreSQL's that looked like the end of
the rows hid all that came behind it, without an error, where a block or a fetch ended with it.

The inputs that are kept stand in `tests/fuzzing/corpus` and are replayed by `make test`, also through the
machine code."""
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "src")]


def fuzz(name: str, arguments: list[str]) -> None:
    """Fuzz one target in this process; ends with it."""
    import atheris

    from fuzzing.interpreted import interpret

    with atheris.instrument_imports(include=["vestige", "fuzzing"]):
        interpret()
        from fuzzing.targets import TARGETS, our_words

        target = TARGETS[name]
        our_words()  # else the first input would pay for it
        for seed in target.seeds:
            target(seed)  # what is imported on first use is instrumented too
    again = BROKEN / name / "again"  # libFuzzer starts itself anew while it merges
    again.write_text(f'#!/bin/sh\nexec {shlex.join([sys.executable, __file__, name, "--worker", "--"])} "$@"\n')
    again.chmod(0o700)
    atheris.Setup([str(again), *arguments], lambda content: target(content) and None)
    atheris.Fuzz()


def run(name: str, seconds: int) -> tuple[dict[str, int], bool]:
    """Fuzz a target in a process of its own, then keep what matters of its corpus; returns figures and success."""
    from fuzzing.targets import TARGETS

    found, broken = BROKEN / name / "corpus", BROKEN / name / "broken"
    kept = CORPUS / name
    for folder in (found, broken, kept):
        folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(TARGETS[name].seeds):
        (found / f"seed-{number}").write_bytes(seed)
    begin = [sys.executable, __file__, name, "--worker", "--"]
    limits = [f"-max_len={LONGEST}", f"-timeout={SLOWEST}", f"-rss_limit_mb={MEMORY}", f"-artifact_prefix={broken}/"]
    log = BROKEN / name / "log"
    with log.open("wb") as stream:
        worked = subprocess.run(
            [*begin, *limits, f"-max_total_time={seconds}", "-print_final_stats=1", str(found), str(kept)],
            stdout=stream,
            stderr=subprocess.STDOUT,
            check=False,
        )
    text = log.read_text(errors="replace")
    merged = BROKEN / name / "merged"
    shutil.rmtree(merged, ignore_errors=True)
    merged.mkdir()
    subprocess.run([*begin, *limits, "-merge=1", str(merged), str(kept), str(found)], capture_output=True, check=False)
    if any(merged.iterdir()):
        shutil.rmtree(kept)
        shutil.copytree(merged, kept)
    executed = re.findall(r"stat::number_of_executed_units:\s*(\d+)", text)
    covered = re.findall(r"cov: (\d+)", text)
    figures = {
        "inputs tried": int(executed[-1]) if executed else 0,
        "branches reached": int(covered[-1]) if covered else 0,
        "inputs kept": len(list(kept.iterdir())),
        "broken promises": len(list(broken.iterdir())),
    }
    return figures, worked.returncode == 0 and not figures["broken promises"]


def report(rows: dict[str, dict[str, int]], seconds: int) -> Iterator[str]:
    """The page of results."""
    yield "# Coverage-guided fuzzing\n"
    yield INTRODUCTION
    yield f"Made by `make fuzz` ({seconds} seconds a target), {datetime.now(UTC):%Y-%m-%d}.\n"
    columns = list(next(iter(rows.values())))
    yield f"| target | {' | '.join(columns)} |"
    yield f"|---|{'---:|' * len(columns)}"
    for name, figures in rows.items():
        yield f"| {name} | {' | '.join(f'{figure:,}' for figure in figures.values())} |"
    yield CLOSING


def main() -> int:
    """Fuzz the named targets, or all."""
    from fuzzing.targets import TARGETS

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)}; all when left out")
    parser.add_argument("--seconds", type=int, default=600, help="for each target")
    parser.add_argument("--page", action="store_true", help="write docs/validation/fuzzing.md")
    given = parser.parse_args()
    rows, sound = {}, True
    for name in given.targets or TARGETS:
        began = time.monotonic()
        rows[name], fine = run(name, given.seconds)
        sound = sound and fine
        print(f"{name}: {rows[name]} in {time.monotonic() - began:.0f} s{'' if fine else '  BROKEN'}", flush=True)
    if given.page:
        PAGE.write_text("\n".join(report(rows, given.seconds)) + "\n", encoding="utf-8")
    return 0 if sound else 1


if __name__ == "__main__":
    if "--worker" in sys.argv:
        fuzz(sys.argv[1], sys.argv[4:])
    sys.exit(main())
