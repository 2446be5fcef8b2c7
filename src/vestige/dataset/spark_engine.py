"""Spark as an engine: the session that is already running, or a quiet local one.

Each opened dataset gets a session of its own (`newSession`): its settings and views stay apart from those of the
program around it, while the Spark context, which takes seconds to start, is shared and lives as long as Python.
"""

import atexit
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir

from vestige.dataset.engine import FileState, check_unchanged, ibis_schema
from vestige.errors import EngineError

try:
    from ibis.backends.pyspark import Backend
    from pyspark import SparkConf, SparkContext
    from pyspark.errors import AnalysisException
    from pyspark.java_gateway import launch_gateway
    from pyspark.sql import SparkSession
except ImportError:
    _INSTALLED = False
else:
    _INSTALLED = True

if TYPE_CHECKING:
    import pyarrow as pa
    from ibis.expr.types import Expr
    from pyspark.sql import DataFrame

if not _INSTALLED:
    raise EngineError("Spark's Python package is missing", hint="install it with: pip install 'vestige[spark]'")

JAVA_HINT: Final = (
    "install Java 17 or newer (such as openjdk-17-jre-headless) and let JAVA_HOME or PATH point to it, "
    "or use engine='duckdb'"
)
_LEAST_JAVA: Final = 17
_GIGABYTE: Final = 1 << 30

_SESSION_SETTINGS: Final = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
    "spark.sql.parquet.inferTimestampNTZ.enabled": "true",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.sql.ansi.enabled": "true",
}
"""A time without a zone stays one, from Parquet through SQL literals to Arrow; overflow raises, as on DuckDB."""


def connect_spark() -> "SparkConnection":
    """A connection with a session of its own.

    Raises:
        EngineError: Java 17 or newer is missing, or Spark does not start.
    """
    context = SparkContext._active_spark_context or _start()  # noqa: SLF001 - getActiveSession sees one thread only
    session = SparkSession(context).newSession()
    for name, value in _SESSION_SETTINGS.items():
        session.conf.set(name, value)
    if ibis.options.pyspark is None:
        SparkConnection.register_options()
    connection: SparkConnection = SparkConnection().connect(session)
    return connection


class SparkConnection(Backend):  # type: ignore[misc] # Ibis is not typed
    """Ibis's Spark backend that checks its files before every execution and collects through Arrow."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Ibis's own signature
        super().__init__(*args, **kwargs)
        self._states: list[FileState] = []
        self._views: list[str] = []
        self._identity = uuid4().hex

    @property
    def db_identity(self) -> str:
        """Tells this connection from every other, so that Ibis refuses to mix tables of two datasets."""
        return self._identity

    def read_files(self, table: str, files: Sequence[FileState]) -> ir.Table:
        """A view over the files, read in the schema's types."""
        from ibis.backends.pyspark.datatypes import PySparkSchema
        from pyspark.sql.types import StructField, StructType, TimestampNTZType, TimestampType

        schema = ibis_schema(table)
        fields = [
            StructField(field.name, TimestampNTZType() if field.dataType == TimestampType() else field.dataType)
            for field in PySparkSchema.from_ibis(schema)
        ]
        try:
            frame = self._session.read.schema(StructType(fields)).parquet(
                *(_literal_path(state.file) for state in files)
            )
        except AnalysisException:
            frame = None
        if frame is None:
            raise EngineError("Spark cannot see the dataset's files", hint="mount the folder where Spark runs")
        frame.createOrReplaceTempView(table)
        self._views.append(table)
        self._states += files
        return ops.DatabaseTable(name=table, schema=schema, source=self).to_expr()

    def to_pyarrow(
        self,
        expr: "Expr",
        /,
        *,
        params: Mapping[Any, Any] | None = None,
        limit: int | str | None = None,
        **kwargs: Any,  # noqa: ANN401 - Ibis's own signature
    ) -> "pa.Table":
        """Arrow from Spark as it is: Ibis's way through pandas turns nullable integers into floats."""
        self._run_pre_execute_hooks(expr)
        table = expr.as_table()
        collected = self._session.sql(self.compile(table, params=params, limit=limit, **kwargs)).toArrow()
        return expr.__pyarrow_result__(collected.cast(table.schema().to_pyarrow()))

    def frame(self, expr: "Expr") -> "DataFrame":
        """A Spark data frame of an expression, for what Ibis has no word for; nothing runs yet."""
        self._run_pre_execute_hooks(expr)
        found: DataFrame = self._session.sql(self.compile(expr.as_table()))
        return found

    def close(self) -> None:
        """Forget the views; the Spark context stays for the next dataset."""
        if SparkContext._active_spark_context is not None:  # noqa: SLF001 - the program may have stopped it
            for view in self._views:
                self._session.catalog.dropTempView(view)
        self._views.clear()

    def disconnect(self) -> None:
        """Close; never stop a context that others use."""
        self.close()

    def _run_pre_execute_hooks(self, expr: "Expr") -> None:
        check_unchanged(self._states)
        super()._run_pre_execute_hooks(expr)


def _literal_path(file: Path) -> str:
    """A local file in which Hadoop finds no pattern."""
    return "file://" + re.sub(r"([\\{}\[\]*?])", r"\\\1", str(file))


def _start() -> SparkContext:
    """A local Spark context without a log, a progress bar, a web page or files outside a temporary folder."""
    _check_java()
    scratch = Path(tempfile.mkdtemp(prefix="vestige-spark-"))
    atexit.register(shutil.rmtree, scratch, ignore_errors=True)
    failed = False
    try:
        configuration = SparkConf(loadDefaults=False).setAll(list(_settings(scratch).items()))
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        with _environment():
            gateway = launch_gateway(configuration, popen_kwargs=quiet)  # type: ignore[no-untyped-call] # PySpark's own gap
            return SparkContext(conf=configuration, gateway=gateway)
    except Exception:  # noqa: BLE001 - py4j raises whatever the Java side threw
        failed = True
    if failed:
        shutil.rmtree(scratch, ignore_errors=True)
    raise EngineError("Spark did not start", hint=f"check free memory and that Java works; or {JAVA_HINT}")


@contextmanager
def _environment() -> Iterator[None]:
    """What Spark takes from the environment it is started in, and from nowhere else.

    Java gets the encoding of file names from the locale. Spark would start its workers with the `python3` of PATH,
    which need not be the one that has Vestige.
    """
    wanted = {"LC_ALL": "C.UTF-8", "PYSPARK_PYTHON": os.environ.get("PYSPARK_PYTHON", sys.executable)}
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value


def _settings(scratch: Path) -> dict[str, str]:
    log = scratch / "log4j2.properties"
    log.write_text("rootLogger.level = off\n", encoding="utf-8")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return {
        "spark.master": f"local[{cores}]",
        "spark.app.name": "vestige",
        "spark.driver.memory": f"{min(8, max(1, memory // (4 * _GIGABYTE)))}g",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.extraJavaOptions": (
            f"-Dlog4j2.configurationFile=file://{log} -Djava.io.tmpdir={scratch} -Dderby.system.home={scratch} "
            "-Duser.timezone=UTC"
        ),
        "spark.local.dir": str(scratch),
        "spark.sql.warehouse.dir": f"file://{scratch}/warehouse",
        "spark.sql.catalogImplementation": "in-memory",
        "spark.sql.shuffle.partitions": str(max(2, cores)),
        "spark.sql.adaptive.enabled": "true",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "OFF",
    }


def _check_java() -> None:
    """Raise EngineError unless the Java that Spark would start is new enough."""
    home = os.environ.get("JAVA_HOME")
    java = shutil.which(str(Path(home) / "bin" / "java")) if home else shutil.which("java")
    if java is None:
        what = "JAVA_HOME points to no Java" if home else "Spark needs Java, and there is none"
        raise EngineError(what, hint=JAVA_HINT)
    told = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)  # noqa: S603 - the user's own
    version = re.search(r'version "(?:1\.)?(\d+)', told.stderr)
    if told.returncode or version is None:
        raise EngineError("Java does not run", hint=JAVA_HINT)
    if int(version[1]) < _LEAST_JAVA:
        raise EngineError(f"Spark needs Java {_LEAST_JAVA} or newer; this is Java {version[1]}", hint=JAVA_HINT)
