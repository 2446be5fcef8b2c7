"""The two engines that read a dataset: DuckDB, embedded, and Spark, for data that outgrew one machine."""

from enum import StrEnum
from typing import TYPE_CHECKING

from vestige.errors import EngineError

if TYPE_CHECKING:
    from ibis.backends import BaseBackend


class Engine(StrEnum):
    """Where reductions run."""

    DUCKDB = "duckdb"
    SPARK = "spark"


def connect(engine: Engine) -> "BaseBackend":
    """An Ibis connection to an engine, in UTC.

    Raises:
        EngineError: Spark's package or Java 17 or newer is missing.
    """
    return _connect_duckdb() if engine is Engine.DUCKDB else _connect_spark()


def _connect_duckdb() -> "BaseBackend":
    import ibis

    connection = ibis.duckdb.connect()
    connection.raw_sql("SET TimeZone = 'UTC'")
    connection.raw_sql("SET enable_progress_bar = false")
    return connection


def _connect_spark() -> "BaseBackend":
    raise EngineError("Spark is not wired up yet", hint="use engine='duckdb'")
