"""Coverage of the careers' intervals on simulated forums: `python tools/study_careers.py [forums]`.

Simulates forums again and again, with a planted hazard ratio and planted hazards of promotions and bans, fits them with
`fit_attainment`, and reports how often 95 % intervals cover the truth.
"""

import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from vestige.careers import AttainmentSettings, Covariate, fit_attainment
from vestige.dataset import open_dataset
from vestige.simulate import ForumSettings, preset_settings, simulate_forum, write_simulated_dataset
from vestige.simulate.truth import standing_incidence

MEMBERS, MONTHS = 4_000, 36
AT = (6, 12, 24)
NORMAL = 1.959964


def settings_of_forum() -> ForumSettings:
    """The preset without staff and planted members, who are spared and are chosen among those who came early."""
    preset = preset_settings("posting-groups", members=MEMBERS, months=MONTHS)
    return replace(
        preset,
        structure=replace(preset.structure, key_members=0, busy_members=0),
        standing=replace(preset.standing, administrators=0, moderators=0),
    )


def one(seed: int) -> dict[str, tuple[float, bool]]:
    """Error and coverage of each estimate on one forum."""
    forum = simulate_forum(settings=settings_of_forum(), seed=seed)
    settings = AttainmentSettings(covariates=(Covariate.POSTED_EARLY,), leaving_after=None)
    with tempfile.TemporaryDirectory() as folder:
        write_simulated_dataset(Path(folder) / "f", forum)
        with open_dataset(Path(folder) / "f" / "dataset") as dataset:
            result = fit_attainment(dataset, settings=settings)
    effect = forum.settings.standing.early_posting_effect
    fit = result.effects.fit
    off = float(fit.coefficients[0]) - effect
    found = {"log hazard ratio": (off, abs(off) <= NORMAL * float(np.sqrt(fit.covariance[0, 0])))}
    curve = result.incidence
    for month in AT:
        truth = standing_incidence(forum, month * 30.4375)
        for place, cause in enumerate(("promotion", "ban")):
            low, point, high = (float(part[month - 1, place]) for part in (curve.low, curve.incidence, curve.high))
            found[f"{cause} by {month} months"] = (point - truth[place], low <= truth[place] <= high)
    return found


def main() -> None:
    """Print coverage and bias."""
    forums = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    began = time.process_time()
    runs = [one(seed) for seed in range(1, forums + 1)]
    print(f"{forums} forums of {MEMBERS:,} members and {MONTHS} months, {time.process_time() - began:.0f} CPU-s")
    for name in runs[0]:
        errors = np.array([run[name][0] for run in runs])
        covered = np.mean([run[name][1] for run in runs])
        bias, width = errors.mean(), errors.std(ddof=1) / np.sqrt(forums)
        print(f"{name:24} covered {covered:6.1%}   bias {bias:+.5f} (standard error {width:.5f})")


if __name__ == "__main__":
    main()
