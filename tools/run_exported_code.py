"""Run the R code that Vestige exports, on the data it exports: `python tools/run_exported_code.py [part of a name]`.

Needs Rscript with trajeR 0.11.1 and crimCV 1.0.0 (R_LIBS may say where). Printed, a line a case of
tests/trajectories/exported_cases.py: the log-likelihood of Vestige, of the package on the exported code (trajeR begins
at Vestige's optimum), and of trajeR when it starts on its own.
"""

import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from pyarrow import csv

from vestige.trajectories import export_code, export_data, fit_trajectories

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from trajectories.exported_cases import CASES

LIMIT = 300


def run_r(folder: Path, code: str) -> str:
    """The last number that R prints; what it says went wrong, where it stops."""
    (folder / "model.R").write_text(f"options(digits = 12)\n{code}", encoding="utf-8")
    done = subprocess.run(
        ["Rscript", "model.R"], cwd=folder, capture_output=True, text=True, timeout=LIMIT, check=False
    )
    found = re.findall(r"^\[1\] (-?[\d.]+)$", done.stdout, flags=re.MULTILINE)
    return found[-1] if done.returncode == 0 and found else " ".join(done.stderr.splitlines()[-3:])


def main() -> None:
    """Run every case whose name holds the argument."""
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    for name, (panel, settings) in CASES.items():
        if wanted not in name:
            continue
        fit = fit_trajectories(panel(), settings=settings)
        with TemporaryDirectory() as place:
            folder = Path(place)
            csv.write_csv(export_data(fit), folder / "data.csv")
            code = export_code(fit, "r")
            there = run_r(folder, code)
            own = "its own starts" if "crimCV" in code else run_r(folder, re.sub(r",\n  paraminit = .*", "", code))
        print(f"{name}: Vestige {fit.log_likelihood:.6f}, exported code {there}, own start {own}", flush=True)


if __name__ == "__main__":
    main()
