"""`vestige derive`, `map` and `new-key` as a custodian runs them: good input, every bad one, and interruptions."""

import gzip
import os
import random
import shutil
import signal
import stat
import subprocess
import sys
import time
import tomllib
from contextlib import contextmanager
from pathlib import Path

import pytest

from derive.commands import run, run_here, start
from vestige.cli.console import progress_bar
from vestige.dataset.manifest import Manifest
from vestige.derive.dump import DumpReader
from vestige.derive.dump.job import KERNELS
from vestige.derive.native import is_compiled
from vestige.derive.sources.phpbb import PHPBB
from vestige.simulate import DumpSettings, Preset, preset_settings, simulate_forum, write_simulated_dump


@pytest.fixture(scope="module")
def forum(tmp_path_factory):
    """A folder with a key and a small simulated dump."""
    folder = tmp_path_factory.mktemp("forum")
    settings = preset_settings("posting-groups", members=300, months=12)
    write_simulated_dump(
        folder / "simulated",
        simulate_forum(settings=settings, seed=1),
        settings=DumpSettings(),
        preset=Preset("posting-groups"),
    )
    shutil.copy(folder / "simulated" / "forum.sql", folder / "forum.sql")
    assert run_here("new-key", folder / "forum.key")[0] == 0
    return folder


AS_PHPBB = ("--software", "phpbb")


def derive(forum, out, *options, source=None, stdin=None):
    source = source if source is not None else forum / "forum.sql"
    arguments = ["derive", source, "--out", out, "--key", forum / "forum.key", "--forum", "forum-a", *options]
    return run_here(*arguments) if stdin is None else run(out.parent, *arguments, stdin=stdin)


def assert_one_clean_error(result, said, code=2):
    status, output, error = result
    lines = error.decode().splitlines()
    assert status == code, error
    assert output == b""
    assert len(lines) == 1, lines
    assert said in lines[0]
    assert "Hint: " in lines[0]


def test_a_dump_becomes_a_dataset_and_the_end_says_what_happened(forum, tmp_path):
    status, output, error = derive(forum, tmp_path / "dataset")
    assert (status, error) == (0, b"")
    text = output.decode()
    counts = {count.table: count for count in Manifest.read(tmp_path / "dataset").source_counts}
    assert f"{counts['posts'].read:>14,}{counts['posts'].kept:>14,}" in text
    assert "Not in this dataset, and why:" in text
    assert "MB/s" in text
    assert [entry.name for entry in tmp_path.iterdir()] == ["dataset"]


def test_a_pipe_and_a_file_give_the_same_bytes_and_quiet_is_silent(forum, tmp_path):
    assert derive(forum, tmp_path / "file", "--quiet") == (0, b"", b"")
    packed = gzip.compress((forum / "forum.sql").read_bytes(), 1)
    assert derive(forum, tmp_path / "pipe", "--quiet", *AS_PHPBB, source="-", stdin=packed) == (0, b"", b"")
    said = derive(forum, tmp_path / "untold", source="-", stdin=packed)
    assert_one_clean_error(said, "say it with --software")
    for file in (tmp_path / "file").glob("*.parquet"):
        assert file.read_bytes() == (tmp_path / "pipe" / file.name).read_bytes()


def test_an_existing_dataset_is_kept_unless_it_may_be_replaced(forum, tmp_path):
    out = tmp_path / "dataset"
    assert derive(forum, out, "--quiet")[0] == 0
    before = (out / "manifest.json").read_bytes()
    assert_one_clean_error(derive(forum, out), "exists already")
    assert (out / "manifest.json").read_bytes() == before
    assert derive(forum, out, "--replace", "--quiet")[0] == 0
    (tmp_path / "file").touch()
    assert_one_clean_error(derive(forum, tmp_path / "file", "--replace"), "another kind")


def test_the_map_lists_names_loudly_and_derivation_reads_codes_from_it(forum, tmp_path):
    path = tmp_path / "map.toml"
    status, _, error = run_here("map", forum / "forum.sql", "--out", path)
    assert status == 0
    assert b"NAMES" in error
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    sections = tomllib.loads(path.read_text(encoding="utf-8"))["section"]
    assert sections
    filled = path.read_text(encoding="utf-8").replace('kind = ""', 'kind = "trade"')
    path.write_text(filled, encoding="utf-8")
    assert derive(forum, tmp_path / "dataset", "--map", path, "--quiet")[0] == 0
    manifest = Manifest.read(tmp_path / "dataset")
    assert manifest.codes["section.kind"] == ("trade",)
    assert manifest.options["sections_mapped"] == len(sections)
    assert_one_clean_error(
        run_here("map", forum / "forum.sql", "--out", tmp_path / "dataset" / "map.toml"),
        "must not lie in a dataset",
    )
    path.write_text('[[section]]\nid = 1\nkind = "No Code"', encoding="utf-8")
    assert_one_clean_error(derive(forum, tmp_path / "other", "--map", path), "no neutral code")


def test_fine_times_are_refused_with_the_reason_and_stored_when_accepted(forum, tmp_path):
    status, output, error = derive(forum, tmp_path / "dataset", "--time-resolution", "minute")
    lines = error.decode().splitlines()
    assert (status, output) == (2, b"")
    assert "1 known" in lines[2]
    assert [line.split()[0] for line in lines[3:7]] == ["month", "day", "hour", "minute"]
    assert "--accept-fine-times" in lines[-1]
    assert list(tmp_path.iterdir()) == []
    options = ("--time-resolution", "minute", "--accept-fine-times", "--quiet")
    assert derive(forum, tmp_path / "dataset", *options)[0] == 0
    assert Manifest.read(tmp_path / "dataset").time_resolution == "minute"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--window-end", "31.12.2015"), "--window-end is no date"),
        (("--window-end", "1971-01-01"), "before the first event"),
        (("--window-end", "9999-12-31"), "in the future"),
        (("--time-resolution", "week"), "--time-resolution takes no such value"),
        (("--software", "geocities"), "--software takes no such value"),
        (("--software", "simulated"), "cannot be read"),
        (("--software", "stackexchange"), "no folder"),
        (("--prefix", "other_"), ""),
        (("--map", "/nonexistent"), "map cannot be read"),
        (("--forum", "Forum A"), "not neutral"),
        (("--key", "/nonexistent"), "no key file"),
    ],
)
def test_bad_options_are_one_line_and_leave_nothing(forum, tmp_path, options, said):
    assert_one_clean_error(derive(forum, tmp_path / "dataset", *options), said)
    assert list(tmp_path.iterdir()) == []


def test_bad_sources_are_one_line_and_leave_nothing(forum, tmp_path):
    dump = (forum / "forum.sql").read_bytes()
    bad = tmp_path / "bad"
    bad.mkdir()
    contents = {
        "empty.sql": b"",
        "binary.sql": random.Random(1).randbytes(100_000),
        "half.sql": dump[: len(dump) // 2],
        "half.sql.gz": gzip.compress(dump)[:-50_000],
        "packed.7z": b"7z\xbc\xaf\x27\x1c" + bytes(100),
    }
    for name, content in contents.items():
        (bad / name).write_bytes(content)
    out = tmp_path / "place" / "dataset"
    out.parent.mkdir()
    for source in [*(bad / name for name in contents), bad, bad / "none.sql", "mysql://nobody@127.0.0.1:1/x"]:
        assert_one_clean_error(derive(forum, out, source=source), "")
        assert list(out.parent.iterdir()) == []


def test_a_truncated_dump_is_kept_only_when_allowed_and_said(forum, tmp_path):
    dump = (forum / "forum.sql").read_bytes()
    last = dump.rindex(b"\nINSERT INTO `phpbb_warnings`")
    (tmp_path / "cut.sql").write_bytes(dump[: last + len("INSERT INTO `phpbb_warnings` VALUES (")])
    assert_one_clean_error(derive(forum, tmp_path / "dataset", source=tmp_path / "cut.sql"), "--allow-truncated")
    result = derive(forum, tmp_path / "dataset", "--allow-truncated", source=tmp_path / "cut.sql")
    assert result[0] == 0, result
    assert any(finding.code == "dump-truncated" for finding in Manifest.read(tmp_path / "dataset").findings)


def test_a_dataset_s_folder_takes_no_other_file(forum, tmp_path):
    out = tmp_path / "dataset"
    assert derive(forum, out, "--quiet")[0] == 0
    assert_one_clean_error(run_here("report", out, "--out", out / "report.html"), "would make it invalid")
    assert run_here("validate", out)[0] == 0
    (out / "notes.txt").touch()
    status, output, _ = run_here("validate", out)
    assert status == 1
    assert output.splitlines()[0].endswith(b"1 rule broken.")


def test_keys_open_to_others_are_refused(forum, tmp_path):
    key = tmp_path / "open.key"
    shutil.copy(forum / "forum.key", key)
    key.chmod(0o644)
    assert_one_clean_error(derive(forum, tmp_path / "dataset", "--key", key), "other accounts")
    assert_one_clean_error(run_here("new-key", key), "exists already")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "terminate"])
def test_an_interrupted_run_leaves_nothing(forum, tmp_path, number):
    out = tmp_path / "dataset"
    process = start(
        tmp_path,
        "derive",
        "-",
        *AS_PHPBB,
        "--out",
        out,
        "--key",
        forum / "forum.key",
        "--forum",
        "a",
        stdin=subprocess.PIPE,
    )
    process.stdin.write((forum / "forum.sql").read_bytes()[:100_000])
    process.stdin.flush()
    deadline = time.monotonic() + 60
    while not any(tmp_path.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(number)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert error.decode().splitlines() == ["Interrupted; nothing was left half-done."]
    assert list(tmp_path.iterdir()) == []


def test_killed_at_random_there_is_no_dataset_or_a_whole_one(forum, tmp_path):
    generator = random.Random(7)
    out = tmp_path / "dataset"
    began = time.monotonic()
    assert derive(forum, out, "--quiet")[0] == 0
    whole = Manifest.read(out).digest
    lasted = time.monotonic() - began
    for _ in range(4):
        shutil.rmtree(out, ignore_errors=True)
        process = start(
            tmp_path, "derive", forum / "forum.sql", "--out", out, "--key", forum / "forum.key", "--forum", "forum-a"
        )
        time.sleep(generator.uniform(0, 1.1 * lasted))
        process.kill()
        process.communicate()
        assert not out.exists() or Manifest.read(out).digest == whole
    assert derive(forum, out, "--quiet", "--replace")[0] == 0
    assert [entry.name for entry in tmp_path.iterdir()] == ["dataset"]


@contextmanager
def small_disk(folder: Path, size: str):
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting a small disk needs root and the right to mount")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("size", ["16k", "80k"])
def test_a_full_disk_is_one_line_and_leaves_nothing(forum, tmp_path, size):
    with small_disk(tmp_path / "disk", size):
        result = run(
            tmp_path, "derive", forum / "forum.sql", "--out", tmp_path / "disk" / "dataset",
            "--key", forum / "forum.key", "--forum", "forum-a",
        )  # fmt: skip
        assert_one_clean_error(result, "disk is full")
        assert list((tmp_path / "disk").iterdir()) == []


@pytest.mark.parametrize(("quiet", "expected"), [(False, True), (True, False)])
def test_a_first_run_tells_a_terminal_that_it_compiles(forum, monkeypatch, capsys, quiet, expected):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setattr("vestige.derive.native.is_compiled", lambda _: False)
    with progress_bar(quiet=quiet) as progress:
        DumpReader(forum / "forum.sql", PHPBB).read(PHPBB.tables, lambda *_: None, progress)
    assert ("Compiling, once on this machine" in capsys.readouterr().err) is expected


def test_a_later_run_says_nothing_of_compiling(forum, capsys):
    DumpReader(forum / "forum.sql", PHPBB).read(PHPBB.tables, lambda *_: None)
    assert is_compiled(KERNELS)
    with progress_bar(quiet=False) as progress:
        DumpReader(forum / "forum.sql", PHPBB).read(PHPBB.tables, lambda *_: None, progress)
    assert "Compiling" not in capsys.readouterr().err
