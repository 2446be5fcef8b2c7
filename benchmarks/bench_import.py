"""Start-up: `import vestige` (goal: under 0.3 s) and `vestige --help`, beside a bare interpreter."""

import statistics
import subprocess
import sys
import time

RUNS = 7


def main() -> None:
    commands = {
        "python -c pass": ["-c", "pass"],
        "import vestige": ["-c", "import vestige"],
        "vestige --help": ["-m", "vestige", "--help"],
    }
    print(f"{'':20}{'median s':>10}{'best s':>10}")
    for name, arguments in commands.items():
        seconds = [run(arguments) for _ in range(RUNS)]
        print(f"{name:20}{statistics.median(seconds):10.3f}{min(seconds):10.3f}")


def run(arguments: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
