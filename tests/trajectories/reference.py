"""Reads the reference data and fits beside the repository (../shared/data/gbtm; its README has the conventions)."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from vestige.trajectories import Panel


def table(shared: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(shared / "data" / "gbtm" / f"{name}.csv")


def records(shared: Path, name: str) -> Any:
    return json.loads((shared / "data" / "gbtm" / f"{name}.json").read_text(encoding="utf-8"))


def stata_fits(shared: Path, name: str) -> dict[str, dict[str, Any]]:
    """Fits of the Stata plug-in (build 6 January 2024) by name."""
    return {fit["name"]: fit for fit in records(shared, f"{name}.ref_stata")}


def columns(data: pd.DataFrame, pattern: str, first: int, last: int) -> np.ndarray:
    names = [pattern.format(number) for number in range(first, last + 1)]
    return data[names].to_numpy(dtype=np.float64)


def simulated(shared: Path, name: str) -> Panel:
    """A sim_* file; its time is scaled as in sim_truth.json."""
    return Panel(columns(table(shared, name), "y{}", 1, 20), (np.arange(1, 21) - 10.5) / 9.5)


def toronto(shared: Path, name: str = "crimCV_TO1") -> Panel:
    """Court contacts at ages 8 to 38, time (age - 23) / 10."""
    return Panel(columns(table(shared, name), "Offense{}", 8, 38), (np.arange(8, 39) - 23.0) / 10.0)
