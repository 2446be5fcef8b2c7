"""Short forms of `make study-trajectories` and `make study-forum-groups`; docs/validation has the long ones."""

import importlib.util
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

TOOLS = Path(__file__).parents[2] / "tools"


def _tool(name: str) -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location(name, TOOLS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.fixture(scope="module")
def study() -> Iterator[ModuleType]:
    yield from _tool("study_trajectories")


@pytest.fixture(scope="module")
def forums() -> Iterator[ModuleType]:
    yield from _tool("study_forum_groups")


@pytest.mark.slow
def test_intervals_cover_and_shares_are_unbiased(study: ModuleType) -> None:
    """20 forums, 280 intervals: 95 % cover with a standard error of 1.3 points were they independent."""
    covered, errors = study.coverage(study.THREE, 20, 600)
    assert 0.90 < covered < 0.99
    assert np.abs(errors).max() < 0.02


@pytest.mark.slow
def test_bic_prefers_the_right_number_of_groups(study: ModuleType) -> None:
    assert study.preferred(study.THREE, (2, 3, 4), 3, 600) == {2: 0, 3: 3, 4: 0}
    assert study.preferred(study.ONE, (1, 2), 3, 600) == {1: 3, 2: 0}


def test_bic_finds_the_groups_of_whole_simulated_forums(forums: ModuleType) -> None:
    """One forum of six groups and one of a single group, from the simulator through the dataset to the choice."""
    groups, rand = forums.SIX.choice(5)
    assert groups == 6
    assert rand > 0.6
    assert replace(forums.ONE, members=400, groups=(1, 2)).choice(0)[0] == 1
