"""Fixtures of the whole suite."""

import os
import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import ibis  # noqa: F401 - importing it draws from the global random state, so it must not happen within a test
import numpy as np
import pytest
import rich.style  # noqa: F401 - draws from the global random state when it is first imported
from _pytest.nodeid import coerce_node_id

from servers import MariadbServer, PostgresqlServer, mariadb_server, postgresql_server
from vestige.dataset import Dataset, Engine, open_dataset
from vestige.dataset.engine import connect
from vestige.errors import EngineError

SHARED = Path(__file__).parents[2] / "shared"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep each `xdist_group` on one worker, so that there is one Spark session and one server of each kind.

    pytest-xdist 3.8 writes the group to a name that pytest 9.2 no longer reads.
    """
    if not getattr(config.option, "loadgroup", False):
        return
    for item in items:
        group = item.get_closest_marker("xdist_group")
        if group is not None:
            item._id = coerce_node_id(f"{item.nodeid}@{group.args[0]}")


@pytest.fixture
def shared() -> Path:
    """The folder of real public data beside the repository; the test skips where it is missing."""
    if not SHARED.is_dir():
        pytest.skip("needs ../shared beside the repository: real public data, not part of it")
    return SHARED


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariadbServer]:
    """A MariaDB of this run's own; mark its tests `mariadb` and put them into the xdist group of that name."""
    with mariadb_server() as server:
        yield server


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresqlServer]:
    """A PostgreSQL of this run's own; mark its tests `postgres` and put them into the xdist group of that name."""
    with postgresql_server() as server:
        yield server


@pytest.fixture(autouse=True)
def _global_random_state_is_untouched() -> Iterator[None]:
    before = (random.getstate(), np.random.get_state()[1].tobytes())  # noqa: NPY002 - the state that must not move
    yield
    after = (random.getstate(), np.random.get_state()[1].tobytes())  # noqa: NPY002 - as above
    assert before == after, "the test moved the global random state; use numpy.random.default_rng(seed)"


@pytest.fixture(scope="session")
def _spark() -> Iterator[None]:
    """One Spark context for the whole run; skips without Java, or fails where the servers are required."""
    missing: str | None = None
    try:
        connect(Engine.SPARK).close()
    except EngineError as error:
        missing = str(error)
    if missing is not None:
        if os.environ.get("VESTIGE_REQUIRE_SERVERS"):
            pytest.fail(missing)
        pytest.skip(missing)
    yield
    from pyspark import SparkContext

    if SparkContext._active_spark_context is not None:
        SparkContext._active_spark_context.stop()


@pytest.fixture(
    params=[
        Engine.DUCKDB,
        pytest.param(Engine.SPARK, marks=[pytest.mark.spark, pytest.mark.xdist_group("spark")]),
    ]
)
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine in turn: a reduction's test that asks for it, or for `open_engine`, runs on both."""
    if request.param is Engine.SPARK:
        request.getfixturevalue("_spark")
    return request.param


@pytest.fixture
def open_engine(engine: Engine) -> Iterator[Callable[[str | Path], Dataset]]:
    """`open_dataset` on each engine in turn; everything opened is closed after the test."""
    with ExitStack() as opened:
        yield lambda path: opened.enter_context(open_dataset(path, engine=engine))
