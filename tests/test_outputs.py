"""Outputs: whole or not at all, whoever interrupts."""

import fcntl
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from vestige.errors import OutputError, VestigeError, raise_clean
from vestige.outputs import staged_file, staged_folder


def fill(folder, words="whole"):
    (folder / "part").write_text(words, encoding="utf-8")


def fill_and_fail(out, failure):
    with staged_folder(out, replace=True) as partial:
        fill(partial, "new")
        raise failure


def names(folder):
    return sorted(entry.name for entry in folder.iterdir())


def test_a_folder_appears_when_it_is_whole(tmp_path):
    out = tmp_path / "out"
    with staged_folder(out) as partial:
        fill(partial)
        assert not out.exists()
    assert (out / "part").read_text(encoding="utf-8") == "whole"
    assert names(tmp_path) == ["out"]


@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt, SystemExit, OSError])
def test_nothing_is_left_of_a_failure(tmp_path, failure):
    with pytest.raises((failure, OutputError)):
        fill_and_fail(tmp_path / "out", failure)
    assert names(tmp_path) == []


def test_what_stands_there_is_refused_or_replaced_whole(tmp_path):
    out = tmp_path / "out"
    with staged_folder(out) as partial:
        fill(partial, "old")
        (partial / "gone").touch()
    with pytest.raises(OutputError, match="exists already"), staged_folder(out) as partial:
        pytest.fail("the block must not begin")
    with staged_folder(out, replace=True) as partial:
        fill(partial, "new")
    assert names(out) == ["part"]
    assert (out / "part").read_text(encoding="utf-8") == "new"
    with pytest.raises(OutputError, match="another kind"), staged_file(out, replace=True):
        pytest.fail("the block must not begin")


def test_a_failed_replacement_keeps_the_old(tmp_path):
    out = tmp_path / "out"
    with staged_folder(out) as partial:
        fill(partial, "old")
    with pytest.raises(RuntimeError):
        fill_and_fail(out, RuntimeError)
    assert (out / "part").read_text(encoding="utf-8") == "old"
    assert names(tmp_path) == ["out"]


def test_two_writers_cannot_work_at_one_place(tmp_path):
    with (
        staged_folder(tmp_path / "out") as partial,
        pytest.raises(OutputError, match="another run"),
        staged_folder(tmp_path / "out"),
    ):
        fill(partial)


def test_leftovers_of_killed_writers_are_swept_and_nothing_else(tmp_path):
    mine, other = tmp_path / ".out[1].partial-abc", tmp_path / ".out1.partial-abc"
    for leftover in (mine, other):
        leftover.mkdir()
        fill(leftover)
    with staged_folder(tmp_path / "out[1]") as partial:
        fill(partial)
    assert names(tmp_path) == [other.name, "out[1]"]


def test_a_killed_writer_leaves_no_output(tmp_path):
    code = (
        "import os, signal, sys; from pathlib import Path; from vestige.outputs import staged_folder\n"
        "with staged_folder(Path(sys.argv[1])) as partial:\n"
        "    (partial / 'part').write_text('half'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "out")], check=False, env=environment)
    assert not (tmp_path / "out").exists()
    with staged_folder(tmp_path / "out") as partial:
        fill(partial)
    assert names(tmp_path) == ["out"]


def test_writers_begin_one_after_another(tmp_path):
    held = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    code = "import sys; from pathlib import Path; from vestige.outputs import staged_folder\n"
    code += "with staged_folder(Path(sys.argv[1])): pass"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    waiting = subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "out")], env=environment)
    with pytest.raises(subprocess.TimeoutExpired):
        waiting.wait(1)
    assert names(tmp_path) == []
    os.close(held)
    assert waiting.wait(60) == 0
    assert names(tmp_path) == ["out"]


def test_a_file_has_its_permissions_from_the_start(tmp_path):
    with staged_file(tmp_path / "file", mode=0o600) as partial:
        assert stat.S_IMODE(partial.stat().st_mode) == 0o600
        partial.write_text("text", encoding="utf-8")
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o600


def test_a_missing_parent_and_errors_name_no_path(tmp_path):
    with pytest.raises(OutputError, match="does not exist") as caught, staged_folder(tmp_path / "no" / "out"):
        pytest.fail("the block must not begin")
    assert caught.value.__context__ is None
    assert str(tmp_path) not in str(caught.value)


def test_errors_raised_clean_inside_with_blocks_have_no_context(tmp_path):
    with pytest.raises(OutputError) as caught, staged_folder(tmp_path / "out"):
        raise OSError(28, "No space left on device", "a name")
    assert "disk is full" in str(caught.value)
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None
    try:
        raise ValueError("secret")  # noqa: TRY301 - an error being handled is what the test is about
    except ValueError:
        with pytest.raises(VestigeError) as clean:
            raise_clean(VestigeError("what", hint="hint"))
    assert clean.value.__context__ is None


@pytest.mark.parametrize("name", ["a b", "größe", "a[b]*?", "-x", "x.partial-y"])
def test_unusual_names_and_relative_paths(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    for text in ("first", "second"):
        with staged_folder(Path(name), replace=True) as folder:
            (folder / "part").write_text(text)
        assert (tmp_path / name / "part").read_text() == text
    assert [place.name for place in tmp_path.iterdir()] == [name]


def test_a_link_is_never_written_through(tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "link").symlink_to(elsewhere)
    with pytest.raises(OutputError, match="another kind"), staged_folder(tmp_path / "link", replace=True):
        pytest.fail("the block must not run")
    assert list(elsewhere.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
def test_a_full_disk_leaves_nothing(tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "none", small], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("this machine does not let root mount a small disk")
    try:
        with pytest.raises(OutputError, match="the disk is full"), staged_file(small / "out") as file:
            file.write_bytes(bytes(1 << 20))
        assert list(small.iterdir()) == []
    finally:
        subprocess.run(["umount", small], check=True)
