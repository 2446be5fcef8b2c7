"""A simulated forum's dump and access log give back its views and downloads, row by row; and what stands in the way."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from derive.commands import run_here
from derive.log_lines import line
from vestige.dataset import open_dataset, validate_dataset
from vestige.dataset.manifest import Manifest, TimeResolution
from vestige.derive.keys import PseudonymKey
from vestige.derive.log.deriving import LogSource, derive_log
from vestige.derive.log.rules import read_rules
from vestige.derive.log.settings import LogSettings
from vestige.derive.lookup import open_lookup
from vestige.derive.opening import open_source
from vestige.derive.pipeline import DeriveSettings, derive_dataset
from vestige.errors import DatasetError, KeyFileError, LookupFileError, SettingsError, SourceError, VestigeError
from vestige.simulate import (
    AccessLogSettings,
    Compression,
    DumpSettings,
    preset_settings,
    simulate_forum,
    write_access_log,
    write_phpbb_dump,
)

KEY = PseudonymKey("ab" * 8, bytes(range(32)))
FINE = DeriveSettings(time_resolution=TimeResolution.SECOND, accept_fine_times=True)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A forum of silent downloaders: its dump, its log, the dataset of the dump, and the lookup."""
    folder = tmp_path_factory.mktemp("logs")
    preset = preset_settings("silent-downloaders", members=250, months=6)
    settings = replace(preset, posting=replace(preset.posting, attachments_per_post=1.0))
    forum = simulate_forum(settings=settings, seed=4)
    ids = write_phpbb_dump(folder / "forum.sql", forum, settings=DumpSettings(text_bytes=40))
    (folder / "logs").mkdir()
    log = AccessLogSettings(offset_minutes=-210, files=3, compression=Compression.ZSTANDARD)
    lines = write_access_log(folder / "logs", forum, ids, settings=log)
    derive(folder, folder / "dataset", lookup=folder / "lookup")
    return folder, forum, ids, lines


def derive(folder, out, *, settings=FINE, **options):
    derive_dataset(
        open_source(str(folder / "forum.sql")), out, key=KEY, forum_code="forum-a", settings=settings, **options
    )


def add_log(folder, out, dataset=None, lookup="lookup", logs=None, settings=None, rules="phpbb", **options):
    source = LogSource(str(logs or folder / "logs"), read_rules(rules), lookup and folder / lookup, **options)
    return derive_log(dataset or folder / "dataset", source, out, key=KEY, settings=settings)


@pytest.fixture(scope="module")
def derived(place, tmp_path_factory):
    return add_log(place[0], tmp_path_factory.mktemp("out") / "dataset")


def dense(ids):
    """Rank of each number of the dump: the id that derivation gives."""
    return np.searchsorted(np.unique(ids), ids)


def truth(forum, ids, table):
    """Rows of the simulated forum in the ids that derivation gives; -1 for null."""
    rows = forum.tables[table]
    names = {"view": ("member", "at", "thread", "section", "kind"), "download": ("member", "at", "object", "outcome")}
    columns = []
    for name in names[table]:
        values = rows[name].astype(np.int64)
        if name in {"member", "thread", "section", "object"}:
            values = np.where(values == -1, -1, dense(getattr(ids, name))[values])
        columns.append(values.tolist())
    return sorted(zip(*columns, strict=True))


KINDS = {"view": ["thread", "section", "visit", "read-mark", "other"], "download": ["attempted", "completed"]}


def stored(file: Path, table: str):
    columns = []
    found = pq.read_table(file)
    for name in found.column_names[1:]:
        if pa.types.is_timestamp(found[name].type):
            columns.append((found[name].cast(pa.int64()).to_numpy() // 1_000_000).tolist())
        elif pa.types.is_string(found[name].type):
            columns.append([KINDS[table].index(word) for word in found[name].to_pylist()])
        else:
            columns.append([-1 if value is None else value for value in found[name].to_pylist()])
    return sorted(zip(*columns, strict=True))


def test_views_and_downloads_are_those_of_the_truth(place, derived):
    _, forum, ids, lines = place
    assert stored(derived.path / "view-1.parquet", "view") == truth(forum, ids, "view")
    found, wanted = stored(derived.path / "download.parquet", "download"), truth(forum, ids, "download")
    objects = len(ids.object)
    assert len(wanted) > 5_000
    assert [(*row[:2], -1 if row[2] >= objects else row[2], row[3]) for row in found] == wanted
    assert derived.report.lines == lines
    assert derived.outcome.of_members() >= len(wanted) + len(truth(forum, ids, "view"))


def test_the_rest_of_the_dataset_is_as_it_was(place, derived):
    before, after = Manifest.read(place[0] / "dataset"), derived.manifest
    assert validate_dataset(derived.path).passed
    kept = {entry.path: entry.sha256 for entry in after.files}
    changed = {entry.path for entry in before.files if kept[entry.path] != entry.sha256}
    assert changed <= {"forum.parquet"}
    assert before.digest != after.digest
    assert "download" in before.absent
    assert "download" not in after.absent
    option = after.options["access_log"]
    assert (option["rules"], option["before"]) == (read_rules("phpbb").digest, before.digest)
    assert derived.provenance.settings["rules"] == read_rules("phpbb").digest
    codes = {finding.code for finding in derived.findings}
    assert {"views-from-two-sources", "fine-times", "log-guests", "log-crawlers", "log-lines-unreadable"} <= codes
    with open_dataset(derived.path) as dataset:
        assert dataset.table("view").count().execute() == sum(entry.rows for entry in after.files_of("view"))


def test_the_same_bytes_again(place, derived, tmp_path):
    again = add_log(place[0], tmp_path / "again")
    assert again.manifest.digest == derived.manifest.digest


def test_coarse_times_are_cut_as_the_dataset_has_them(place, tmp_path):
    derive(place[0], tmp_path / "hours", settings=DeriveSettings(), lookup=tmp_path / "lookup")
    source = LogSource(str(place[0] / "logs"), read_rules("phpbb"), tmp_path / "lookup")
    result = derive_log(tmp_path / "hours", source, tmp_path / "out", key=KEY)
    assert validate_dataset(tmp_path / "out").passed
    hours = [(row[0], row[1] // 3600 * 3600, *row[2:]) for row in truth(*place[1:3], "view")]
    assert stored(result.path / "view-1.parquet", "view") == sorted(hours)


def test_a_chosen_end_of_the_window_holds(place, tmp_path):
    last = np.datetime64(place[1].window.end, "s").astype("datetime64[D]") - 5
    settings = DeriveSettings(time_resolution=TimeResolution.SECOND, accept_fine_times=True, window_end=last.item())
    derive(place[0], tmp_path / "dataset", settings=settings, lookup=tmp_path / "lookup")
    source = LogSource(str(place[0] / "logs"), read_rules("phpbb"), tmp_path / "lookup")
    derive_log(tmp_path / "dataset", source, tmp_path / "out", key=KEY)
    assert validate_dataset(tmp_path / "out").passed
    end = int((last + 1).astype("datetime64[s]").astype(np.int64))
    wanted = [row[:2] for row in truth(*place[1:3], "download") if row[1] < end]
    assert 0 < len(wanted) < len(truth(*place[1:3], "download"))
    assert [row[:2] for row in stored(tmp_path / "out" / "download.parquet", "download")] == wanted


def test_without_the_lookup_members_and_kinds_are_known_and_nothing_else(place, tmp_path):
    result = add_log(place[0], tmp_path / "out", lookup=None)
    rows = stored(result.path / "view-1.parquet", "view")
    assert [(row[0], row[1], row[4]) for row in rows] == sorted(
        (row[0], row[1], row[4]) for row in truth(*place[1:3], "view")
    )
    assert {row[2:4] for row in rows} == {(-1, -1)}
    assert "log-without-lookup" in {finding.code for finding in result.findings}
    assert validate_dataset(result.path).passed


def test_sessions_lead_to_members_through_the_forums_own_table(place, tmp_path):
    folder, forum, ids, _ = place
    members = np.unique(ids.member)[9:12].tolist()
    dump = "".join(
        f"CREATE TABLE `x_{name}` (`session_id` char(32), `session_user_id` int);\n"
        for name in ("sessions", "users", "topics", "posts")
    )
    dump += "".join(f"INSERT INTO `x_sessions` VALUES ('{'abc' * 8}{member}',{member});\n" for member in members)
    (tmp_path / "sessions.sql").write_text(dump, encoding="utf-8")
    moment = np.datetime64(forum.window.end - 86_400, "s").item().strftime("%d/%b/%Y:%H:%M:%S +0000")
    lines = [line("/index.php", cookie=f"x_sid={'abc' * 8}{member}", time=moment) for member in (*members, 99_999)]
    lines.append(line(f"/viewtopic.php?t={ids.thread[0]}&sid={'abc' * 8}{members[0]}", cookie="-", time=moment))
    (tmp_path / "access.log").write_text("".join(lines), encoding="utf-8")
    result = add_log(folder, tmp_path / "out", logs=tmp_path / "access.log", sessions=str(tmp_path / "sessions.sql"))
    rows = stored(result.path / "view-1.parquet", "view")
    rank = {member: int(np.searchsorted(np.unique(ids.member), member)) for member in members}
    assert sorted(row[0] for row in rows) == sorted([*rank.values(), rank[members[0]]])
    assert result.outcome.by("no-session") == 1


def transfers(folder, tmp_path, forum, ids, answers, **settings):
    """Downloads of one member and object by (minute, status, bytes)."""
    member = int(np.unique(ids.member)[9])
    day = np.datetime64(forum.window.end - 86_400, "s").astype("datetime64[D]").item().strftime("%d/%b/%Y")
    lines = [
        line(
            "/download/file.php?id=999999", status=status, size=size, time=f"{day}:10:{minute:02}:00 +0000",
            cookie=f"x_u={member}" if minute < 50 else "-",
        )
        for minute, status, size in answers
    ]  # fmt: skip
    (tmp_path / "access.log").write_text("".join(lines), encoding="utf-8")
    result = add_log(folder, tmp_path / "out", logs=tmp_path / "access.log", settings=LogSettings(**settings))
    objects = pq.read_table(result.path / "object-1.parquet").to_pylist()
    rows = [
        (row[1] % 3600 // 60, KINDS["download"][row[3]]) for row in stored(result.path / "download.parquet", "download")
    ]
    assert validate_dataset(result.path).passed
    return rows, objects[0]["size_band"]


PARTS = [(0, 206, 400), (5, 206, 400), (9, 206, 250)]


@pytest.mark.parametrize(
    ("answers", "settings", "expected", "band"),
    [
        ([(0, 200, 1000), (20, 200, 950), (40, 200, 949)], {}, ["completed", "completed", "attempted"], "under-100kb"),
        ([(0, 200, 900), (50, 200, 150_000)], {}, ["attempted"], "under-1mb"),
        ([(0, 404, 5), (5, 403, 5), (9, 304, 0), (12, 200, 0)], {}, ["attempted"] * 4, None),
        ([*PARTS, (30, 206, 400), (50, 200, 1000)], {}, ["completed", "attempted"], "under-100kb"),
        ([*PARTS, (50, 200, 1000)], {"parts_minutes": 0}, ["attempted"] * 3, "under-100kb"),
        ([(0, 200, 600), (50, 200, 1000)], {"completed_share": 0.6}, ["completed"], "under-100kb"),
    ],
)  # fmt: skip
def test_when_a_download_is_complete(place, tmp_path, answers, settings, expected, band):
    rows, found = transfers(place[0], tmp_path, *place[1:3], answers, **settings)
    assert [outcome for _, outcome in rows] == expected
    assert found == band


def test_a_known_band_says_what_no_answer_did(place, tmp_path):
    """All that was ever sent of an object of 4 MB are 300 kB: that is nobody's completed download."""
    folder, forum, ids, _ = place
    member = int(np.unique(ids.member)[9])
    big = int(ids.object[np.flatnonzero(forum.tables["object"]["size_band"] >= 2)[0]])
    moment = np.datetime64(forum.window.end - 86_400, "s").item().strftime("%d/%b/%Y:%H:%M:%S +0000")
    text = line(f"/download/file.php?id={big}", size=300_000, cookie=f"x_u={member}", time=moment)
    (tmp_path / "access.log").write_text(text, encoding="utf-8")
    result = add_log(folder, tmp_path / "out", logs=tmp_path / "access.log")
    assert [row[3] for row in stored(result.path / "download.parquet", "download")] == [0]


def test_one_log_a_dataset(place, derived, tmp_path):
    with pytest.raises(DatasetError, match="already"):
        add_log(place[0], tmp_path / "out", dataset=derived.path)


def test_another_key_another_lookup_another_time(place, tmp_path):
    folder, _, ids, _ = place
    source = LogSource(str(folder / "logs"), read_rules("phpbb"), folder / "lookup")
    other_key = PseudonymKey("cd" * 8, bytes(32))
    with pytest.raises(KeyFileError):
        derive_log(folder / "dataset", source, tmp_path / "out", key=other_key)
    old = line("/", cookie=f"x_u={ids.member[9]}", time="10/Oct/1999:00:00:00 +0000")
    (tmp_path / "old.log").write_text(old, encoding="utf-8")
    with pytest.raises(SourceError, match="different times"):
        add_log(folder, tmp_path / "out", logs=tmp_path / "old.log")
    other = simulate_forum(settings=preset_settings("silent-downloaders", members=50, months=3), seed=5)
    write_phpbb_dump(tmp_path / "forum.sql", other, settings=DumpSettings(text_bytes=40))
    derive(tmp_path, tmp_path / "other", lookup=tmp_path / "lookup")
    with pytest.raises(LookupFileError, match="another dataset"):
        add_log(tmp_path, tmp_path / "out", dataset=folder / "dataset", logs=folder / "logs")
    assert not (tmp_path / "out").exists()


def read_whole(file, key):
    """Every part of a lookup."""
    return list(open_lookup(file, key)[1])


@pytest.mark.parametrize("harm", ["cut", "bit", "swap", "key", "header", "missing"])
def test_a_lookup_that_was_touched_is_refused(place, tmp_path, harm):
    content = bytearray((place[0] / "lookup").read_bytes())
    first = len(b"vestige-lookup-1\n")
    second = first + 16 + int.from_bytes(content[first : first + 4], "little")
    third = second + 16 + int.from_bytes(content[second : second + 4], "little")
    if harm == "cut":
        content = content[:third]
    elif harm == "bit":
        content[third + 30] ^= 1
    elif harm == "swap":
        content = content[:second] + content[third:] + content[second:third]
    elif harm == "header":
        content[3] ^= 1
    if harm != "missing":
        (tmp_path / "lookup").write_bytes(content)
    key = PseudonymKey("ab" * 8, bytes(32)) if harm == "key" else KEY
    with pytest.raises(LookupFileError):
        read_whole(tmp_path / "lookup", key)


def test_a_lookup_says_nothing_without_the_key(place):
    """Numbers of threads are not in it in any plain form: it cannot be told from noise by its bytes' frequencies."""
    content = np.frombuffer((place[0] / "lookup").read_bytes(), np.uint8)
    counts = np.bincount(content, minlength=256)
    expected = len(content) / 256
    assert ((counts - expected) ** 2 / expected).sum() < 255 + 6 * np.sqrt(2 * 255) + 60  # header and lengths are plain
    assert (place[0] / "lookup").stat().st_mode & 0o077 == 0


def test_a_lookup_never_lies_in_a_dataset(place, tmp_path):
    for lookup in (tmp_path / "new" / "lookup", place[0] / "dataset" / "lookup"):
        with pytest.raises(VestigeError, match="must not lie in a dataset"):
            derive(place[0], tmp_path / "new", lookup=lookup)


@pytest.mark.parametrize(
    "settings", [{"completed_share": 0}, {"completed_share": 1.1}, {"parts_minutes": -1}, {"memory": 5}]
)
def test_settings_out_of_range(settings):
    with pytest.raises(SettingsError):
        LogSettings(**settings)


def test_a_log_of_guests_only_is_a_problem_and_no_crash(place, tmp_path):
    (tmp_path / "access.log").write_text(line("/", cookie="-") * 9, encoding="utf-8")
    result = add_log(place[0], tmp_path / "out", logs=tmp_path / "access.log")
    assert result.findings[0].code == "log-without-members"
    assert validate_dataset(result.path).passed
    assert "download" in result.manifest.absent


def test_the_command(place, tmp_path):
    folder = place[0]
    (tmp_path / "key").write_text(f"vestige-key-1 {'07' * 32}\n", encoding="utf-8")
    (tmp_path / "key").chmod(0o600)
    common = ("--key", tmp_path / "key", "--lookup", tmp_path / "lookup", "--quiet")
    assert run_here("derive", folder / "forum.sql", "--out", tmp_path / "dataset", "--forum", "a", *common)[0] == 0
    arguments = ("derive-log", folder / "logs", "--dataset", tmp_path / "dataset", "--rules", "phpbb", *common[:-1])
    status, _, error = run_here(*arguments)
    assert (status, error.count(b"\n")) == (2, 1)
    assert b"--out" in error
    status, output, error = run_here(*arguments, "--replace")
    assert (status, error) == (0, b"")
    assert b"pages of members" in output
    assert "access_log" in json.loads((tmp_path / "dataset" / "manifest.json").read_text())["options"]
    assert run_here("validate", tmp_path / "dataset")[0] == 0
    status, _, error = run_here(*arguments, "--out", tmp_path / "dataset")
    assert (status, b"exists already" in error) == (2, True)
    shutil.rmtree(tmp_path / "dataset")
