"""Do trajectory models find a simulated forum's groups? `python tools/study_forum_groups.py [forums] [first seed]`.

Each forum is simulated, written as a dataset, reduced to months since registration and searched, as a user would:
the preset of six posting groups with 5, 6 and 7 groups tried, the preset of one group with 1, 2 and 3. Reported: which
number of groups BIC (members) prefers, and how well members are put into their true groups.
"""

import sys
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from vestige.dataset import open_dataset
from vestige.simulate import Preset, preset_settings, simulate_forum, write_simulated_dataset
from vestige.trajectories import (
    Panel,
    PanelSettings,
    SearchSettings,
    SelectionSettings,
    TrajectorySettings,
    build_panel,
    select_trajectories,
)
from vestige.trajectories.selection import adjusted_rand

QUICK = SearchSettings(starts=10, polished=5, split_merge_rounds=2)


@dataclass(frozen=True)
class Study:
    """Forums of one preset, and the numbers of groups tried on them.

    Posts that were deleted count: without them a deleted thread makes a group of its few writers, who are none of the
    simulator's (`removed="left-out"`: 7 groups for 6 in 5 forums of 100).
    """

    preset: Preset
    members: int
    months: int
    order: int
    groups: tuple[int, ...]
    removed: str = "counted"

    def panel(self, seed: int) -> tuple[Panel, np.ndarray]:
        """Months since registration of one forum's members, and each member's true group."""
        preset = preset_settings(self.preset, members=self.members, months=self.months)
        forum = simulate_forum(settings=preset, seed=seed)
        with TemporaryDirectory() as folder:
            write_simulated_dataset(Path(folder) / "forum", forum, preset=self.preset)
            with open_dataset(Path(folder) / "forum" / "dataset") as dataset:
                settings = PanelSettings(outcome="post", clock="registration", removed=self.removed)
                panel = build_panel(dataset, settings=settings)
        return panel, forum.truth.people.group[panel.identifiers - forum.first_member]

    def choice(self, seed: int) -> tuple[int, float]:
        """The number of groups that BIC prefers, and the adjusted Rand index of its groups and the true ones."""
        panel, group = self.panel(seed)
        model = TrajectorySettings(family="zip", groups=self.groups[0], order=self.order, zero_order=0, search=QUICK)
        settings = SelectionSettings(model=model, groups=self.groups, split_halves=False)
        best = select_trajectories(panel, settings=settings, seed=seed).best()
        return best.classes, adjusted_rand(best.assignments - 1, group, np.ones(group.size))


SIX = Study(Preset.POSTING_GROUPS, 2_000, 48, 2, (5, 6, 7))
ONE = Study(Preset.ONE_GROUP, 1_000, 24, 1, (1, 2, 3))


def main() -> None:
    """Run the studies and print one line a forum, then the sums."""
    forums = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 0  # noqa: PLR2004 - the second argument
    for study in (SIX, ONE):
        begin = time.process_time()
        wins, rands = dict.fromkeys(study.groups, 0), []
        for seed in range(first, first + forums):
            groups, rand = study.choice(seed)
            wins[groups] += 1
            rands.append(rand)
            print(f"{study.preset}, forum {seed}: {groups} groups, adjusted Rand {rand:.3f}", flush=True)
        print(
            f"{study.preset}, {study.members:,} members x {study.months} months: BIC's choice {wins}, mean adjusted "
            f"Rand {np.mean(rands):.3f}, {time.process_time() - begin:.0f} CPU-seconds",
            flush=True,
        )


if __name__ == "__main__":
    main()
