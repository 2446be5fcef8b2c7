"""The main job in one go: simulate a forum's database dump, derive it, validate it, report on it.

`make demo` runs this; everything lands in ./demo, which is made anew.
"""

import shutil
import subprocess
import sys
import time
from pathlib import Path

DEMO = Path("demo")
STEPS: tuple[tuple[str, list[str]], ...] = (
    (
        "A synthetic forum, written as a real phpBB dump full of hostile text",
        [
            "simulate",
            "--members",
            "20000",
            "--months",
            "48",
            "--seed",
            "1",
            "--as",
            "phpbb-dump",
            "--out",
            "demo/forum",
        ],
    ),
    ("A key for pseudonyms, which only the custodian keeps", ["new-key", "demo/custodian.key"]),
    (
        "The dataset: no content by construction",
        ["derive", "demo/forum/forum.sql", "--out", "demo/dataset", "--key", "demo/custodian.key", "--forum", "demo"],
    ),
    ("Every rule of the schema, checked", ["validate", "demo/dataset"]),
    ("What the dataset says", ["describe", "demo/dataset"]),
    ("A report that can be checked", ["report", "demo/dataset", "--out", "demo/report.html"]),
)


def main() -> None:
    """Run the steps as a user would; stop at the first that fails."""
    shutil.rmtree(DEMO, ignore_errors=True)
    DEMO.mkdir()
    started = time.monotonic()
    for title, arguments in STEPS:
        print(f"\n# {title}\n$ vestige {' '.join(arguments)}", flush=True)
        code = subprocess.run([sys.executable, "-m", "vestige", *arguments], check=False).returncode
        if code:
            sys.exit(code)
    print(f"\nDone in {time.monotonic() - started:.0f} s. Open demo/report.html in a browser.")


if __name__ == "__main__":
    main()
