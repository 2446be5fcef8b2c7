"""Faults of the machine: full and read-only disks, two runs at one place, locks of killed runs, a backward clock."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from derive.commands import run_here, start
from derive.test_classifying import MAP, NUMBERS, digest
from derive.test_derive_command import assert_one_clean_error, small_disk
from vestige.dataset import Manifest, validate_dataset

OUT = "out"
SSH = shutil.which("ssh-keygen")
pytestmark = pytest.mark.skipif(SSH is None, reason="needs ssh-keygen, OpenSSH's client")


@pytest.fixture(scope="module")
def custody(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two datasets under one key, a lookup, hash lists and a signing key."""
    folder = tmp_path_factory.mktemp("custody")
    rows = "".join(f"{number},1,2015-01-{1 + place % 28:02}\n" for place, number in enumerate(NUMBERS))
    (folder / "objects.csv").write_text(f"id,who,at\n{rows}")
    (folder / "map.toml").write_text(MAP)
    (folder / "own.csv").write_text("object,hash\n" + "".join(f"{number},{digest(number)}\n" for number in NUMBERS))
    (folder / "list.csv").write_text(f"class,hash\nclass-a,{digest(NUMBERS[0])}\n")
    subprocess.run([str(SSH), "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", folder / "ssh"], check=True)
    (folder / "signers").write_text(f"custodian@unit {(folder / 'ssh.pub').read_text()}")
    assert run_here("new-key", folder / "key")[0] == 0
    for code in ("a", "b"):
        done = run_here(
            "derive", folder / "map.toml", "--out", folder / f"set-{code}", "--key", folder / "key",
            "--forum", f"forum-{code}", "--lookup", folder / f"lookup-{code}", "--quiet",
        )  # fmt: skip
        assert done[0] == 0, done
    return folder


def words(command: str, custody: Path, out: Path) -> list[Any]:
    """A command that writes `out`."""
    one = custody / "set-a"
    return {
        "derive": ["derive", custody / "map.toml", "--key", custody / "key", "--forum", "forum-a"],
        "merge": ["merge", one, custody / "set-b"],
        "seal": ["seal", one, "--sign-with", custody / "ssh"],
        "classify-objects": ["classify-objects", one, "--hashes", custody / "list.csv", "--objects",
                             custody / "own.csv", "--lookup", custody / "lookup-a", "--key", custody / "key"],
        "report": ["report", one],
    }[command] + ["--out", out, "--quiet"]  # fmt: skip


def is_whole(command: str, custody: Path, out: Path) -> bool:
    if command == "seal":
        return run_here("verify", out, "--signers", custody / "signers", "--quiet")[0] == 0
    return validate_dataset(out).passed


WRITERS = ("derive", "merge", "seal", "classify-objects")


@pytest.mark.parametrize(
    ("command", "size"), [("merge", "12k"), ("seal", "12k"), ("classify-objects", "12k"), ("report", "4k")]
)
def test_a_full_disk_is_one_line_and_leaves_nothing(command: str, size: str, custody: Path, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", size):
        result = run_here(*words(command, custody, tmp_path / "disk" / OUT))
        assert_one_clean_error(result, "disk is full")
        assert list((tmp_path / "disk").iterdir()) == []


@pytest.mark.parametrize("command", [*WRITERS, "report"])
def test_a_read_only_folder_is_one_line(command: str, custody: Path, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "1m"):
        subprocess.run(["mount", "-o", "remount,ro", tmp_path / "disk"], check=True)
        assert_one_clean_error(run_here(*words(command, custody, tmp_path / "disk" / OUT)), "cannot be written there")


def begin(arguments: list[Any], place: Path, temporary: Path) -> subprocess.Popen[bytes]:
    """A run that has begun to write at `place`, and is halted there.

    Its content is made after it let go of the parent folder, which a halted run would keep from everybody else.
    """
    for _ in range(20):  # a run may end before it can be halted
        process = start(temporary, *arguments)
        while process.poll() is None and not any(place.glob(f".{OUT}.partial-*/content")):
            time.sleep(0.001)
        process.send_signal(signal.SIGSTOP)
        if process.returncode is None:
            os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
            if any(place.glob(f".{OUT}.partial-*/content")):
                return process
            process.send_signal(signal.SIGCONT)
        assert process.wait() == 0, process.communicate()
        shutil.rmtree(place / OUT)
    pytest.fail("every run ended before it could be halted")


@pytest.mark.parametrize("command", WRITERS)
def test_of_two_runs_at_one_place_the_second_is_refused(command: str, custody: Path, tmp_path: Path) -> None:
    place, temporary = tmp_path / "place", tmp_path / "temporary"
    place.mkdir()
    temporary.mkdir()
    arguments = words(command, custody, place / OUT)
    first = begin(arguments, place, temporary)
    try:
        for more in ([], ["--replace"]):
            assert_one_clean_error(run_here(*arguments, *more), "another run is writing there")
    finally:
        first.send_signal(signal.SIGCONT)
        _, error = first.communicate()
    assert first.returncode == 0, error
    assert is_whole(command, custody, place / OUT)
    assert [entry.name for entry in place.iterdir()] == [OUT]


@pytest.mark.parametrize("command", WRITERS)
def test_the_lock_of_a_killed_run_holds_nobody_up(command: str, custody: Path, tmp_path: Path) -> None:
    place, temporary = tmp_path / "place", tmp_path / "temporary"
    place.mkdir()
    temporary.mkdir()
    arguments = words(command, custody, place / OUT)
    killed = begin(arguments, place, temporary)
    killed.kill()
    killed.communicate()
    assert any(place.glob(f".{OUT}.partial-*"))
    assert run_here(*arguments)[0] == 0
    assert is_whole(command, custody, place / OUT)
    assert [entry.name for entry in place.iterdir()] == [OUT]


class Backward(datetime):
    """A system clock that loses a year whenever somebody looks."""

    looks = 0

    @classmethod
    def now(cls, tz: Any = None) -> datetime:
        cls.looks += 1
        return datetime(2026, 1, 1, tzinfo=tz or UTC) - timedelta(days=365 * cls.looks)


@pytest.fixture
def backward(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Backward]]:
    Backward.looks = 0
    for module in ("vestige.dataset.store", "vestige.sealed.bag", "vestige.derive.pipeline"):
        monkeypatch.setattr(f"{module}.datetime", Backward)
    monkeypatch.setattr(time, "time", lambda: float(-(Backward.looks + 1)))
    return Backward


@pytest.mark.parametrize("command", WRITERS)
def test_a_clock_that_goes_backward_changes_nothing_but_dates(
    command: str, custody: Path, tmp_path: Path, backward: type[Backward]
) -> None:
    status, _, error = run_here(*words(command, custody, tmp_path / OUT))
    assert (status, error) == (0, b"")
    assert backward.looks
    assert is_whole(command, custody, tmp_path / OUT)
    if command == "derive":
        assert Manifest.read(tmp_path / OUT).digest == Manifest.read(custody / "set-a").digest
