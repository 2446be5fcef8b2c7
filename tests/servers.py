"""Database servers of the tests' own, in temporary folders, on unix sockets only."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

START_SECONDS = 60
UNPRIVILEGED = "nobody"


@dataclass(frozen=True)
class MariadbServer:
    """A running MariaDB.

    Attributes:
        socket: its unix socket.
        account: an account that may do everything, without a password.
        process: the server's process id.
    """

    socket: Path
    account: str
    process: int

    def run(self, sql: str | bytes, database: str | None = None) -> bytes:
        """Run SQL with the server's own client; returns what it prints (tabs, no heading)."""
        client = shutil.which("mariadb") or shutil.which("mysql") or "mariadb"
        command = [client, "--no-defaults", f"--socket={self.socket}", f"--user={self.account}", "--batch", "-N"]
        sent = sql.encode() if isinstance(sql, str) else sql
        done = subprocess.run(
            [*command, *([database] if database else [])], input=sent, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr.decode(errors="replace")
        return done.stdout


@dataclass(frozen=True)
class PostgresqlServer:
    """A running PostgreSQL; `socket` is the folder of its unix socket."""

    socket: Path
    account: str
    binaries: Path

    def run(self, sql: str, database: str = "postgres") -> str:
        """Run SQL with psql; returns what it prints (unaligned, no heading)."""
        command = [str(self.binaries / "psql"), "-h", str(self.socket), "-U", self.account, "-XAtq"]
        command += ["-v", "ON_ERROR_STOP=1", database]
        done = subprocess.run(command, input=sql, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout


def _missing(what: str) -> None:
    """Skip, or fail where the servers are required (CI)."""
    if os.environ.get("VESTIGE_REQUIRE_SERVERS"):
        pytest.fail(f"{what} is required here and not installed")
    pytest.skip(f"needs {what}: apt-get install {what}")


@contextmanager
def _folder(owner: str | None) -> Iterator[Path]:
    """A short path (a socket's may have 107 bytes), owned by who runs the server."""
    with tempfile.TemporaryDirectory(prefix="vestige-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if owner is not None:
            folder.chmod(0o755)
            shutil.chown(folder, owner)
        yield folder


@contextmanager
def _running(command: list[str], user: str | None) -> Iterator[subprocess.Popen[bytes]]:
    group = pwd.getpwnam(user).pw_gid if user else None
    process = subprocess.Popen(
        command, user=user, group=group, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(check: list[str], process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_SECONDS
    while subprocess.run(check, capture_output=True, check=False).returncode != 0:
        if process.poll() is not None or time.monotonic() > end:
            pytest.fail("the test's database server did not start")
        time.sleep(0.05)


@contextmanager
def mariadb_server() -> Iterator[MariadbServer]:
    """Start MariaDB; skip where it is not installed."""
    server = shutil.which("mariadbd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    install = shutil.which("mariadb-install-db")
    if server is None or install is None:
        _missing("mariadb-server")
    assert server is not None
    assert install is not None
    with _folder(None) as folder:
        data, socket = folder / "data", folder / "socket"
        user = ["--user=root"] if os.geteuid() == 0 else []
        options = ["--no-defaults", f"--datadir={data}", f"--tmpdir={folder}", *user]
        quick = ["--auth-root-authentication-method=normal", "--skip-test-db"]
        subprocess.run([install, *options, *quick], check=True, capture_output=True)
        command = [
            server, *options, "--skip-networking", f"--socket={socket}", f"--pid-file={folder}/pid",
            "--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=64M", "--skip-log-bin", "--sql-mode=",
            "--max-allowed-packet=512M",
        ]  # fmt: skip
        with _running(command, None) as process:
            _wait(["mariadb-admin", "--no-defaults", f"--socket={socket}", "--user=root", "ping"], process)
            yield MariadbServer(socket, "root", process.pid)


@contextmanager
def postgresql_server() -> Iterator[PostgresqlServer]:
    """Start PostgreSQL, which refuses to run as root; skip where it is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    on_path = shutil.which("postgres")
    if not found and on_path is None:
        _missing("postgresql")
    binaries = (found[-1] if found else Path(str(on_path))).parent
    user = UNPRIVILEGED if os.geteuid() == 0 else None
    with _folder(user) as folder:
        data = folder / "data"
        group = pwd.getpwnam(user).pw_gid if user else None
        setup = [str(binaries / "initdb"), "-D", str(data), "-U", "owner", "-A", "trust", "-E", "UTF8", "--locale=C"]
        subprocess.run([*setup, "--no-sync"], check=True, capture_output=True, user=user, group=group, cwd=folder)
        settings = {"listen_addresses": "", "unix_socket_directories": str(folder), "fsync": "off"}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with _running([str(binaries / "postgres"), "-D", str(data), *options], user) as process:
            _wait([str(binaries / "pg_isready"), "-q", "-h", str(folder), "-U", "owner"], process)
            yield PostgresqlServer(folder, "owner", binaries)
