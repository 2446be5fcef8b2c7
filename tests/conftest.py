"""Fixtures of the whole suite."""

import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

SHARED = Path(__file__).parents[2] / "shared"


@pytest.fixture
def shared() -> Path:
    """The folder of real public data beside the repository; the test skips where it is missing."""
    if not SHARED.is_dir():
        pytest.skip("needs ../shared beside the repository: real public data, not part of it")
    return SHARED


@pytest.fixture(autouse=True)
def _global_random_state_is_untouched() -> Iterator[None]:
    before = (random.getstate(), np.random.get_state()[1].tobytes())  # noqa: NPY002 - the state that must not move
    yield
    after = (random.getstate(), np.random.get_state()[1].tobytes())  # noqa: NPY002 - as above
    assert before == after, "the test moved the global random state; use numpy.random.default_rng(seed)"
