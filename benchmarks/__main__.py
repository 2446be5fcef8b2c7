"""Run every benchmark, or those named: `python -m benchmarks [derive describe ...]`."""

import importlib
import os
import platform
import sys
from pathlib import Path

from vestige import __version__


def main() -> None:
    """Import each benchmarks/bench_NAME.py and call its main()."""
    known = sorted(file.stem.removeprefix("bench_") for file in Path(__file__).parent.glob("bench_*.py"))
    wanted = sys.argv[1:] or known
    unknown = sorted(set(wanted) - set(known))
    if unknown:
        sys.exit(f"unknown benchmark: {', '.join(unknown)}; known: {', '.join(known)}")
    print(f"Vestige {__version__}, Python {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}")
    for name in wanted:
        print(f"\n== {name}", flush=True)
        importlib.import_module(f"benchmarks.bench_{name}").main()


if __name__ == "__main__":
    main()
