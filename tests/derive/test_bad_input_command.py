"""What a custodian may get wrong, or a disk, as `vestige derive` meets it: one line with a hint, exit 2, nothing left.

Wrong options, interruptions and a full output disk are in `test_derive_command.py`; what is wrong within a dump,
byte by byte, in `dump/test_bad_input.py`.
"""

import gzip
import os
import random
import re
import shutil
from contextlib import contextmanager

import pytest
import zstandard

from derive.commands import run_here
from derive.test_derive_command import assert_one_clean_error, derive, small_disk
from vestige.derive.staging import SPILL_FOLDER, Staging
from vestige.errors import OutputError
from vestige.outputs import staged_folder
from vestige.simulate import DumpSettings, Preset, preset_settings, simulate_forum, write_simulated_dump

UNPRIVILEGED = 65534
SECRET = b"qrtzrmssnwwvjhwvhhvj"


@pytest.fixture(scope="module")
def forum(tmp_path_factory):
    """A folder with a key and a very small simulated dump."""
    folder = tmp_path_factory.mktemp("forum")
    settings = preset_settings("posting-groups", members=40, months=3)
    write_simulated_dump(
        folder / "simulated",
        simulate_forum(settings=settings, seed=1),
        settings=DumpSettings(text_bytes=40),
        preset=Preset("posting-groups"),
    )
    shutil.move(folder / "simulated" / "forum.sql", folder / "forum.sql")
    assert run_here("new-key", folder / "forum.key")[0] == 0
    return folder


def without_definition(dump):
    return re.sub(rb"CREATE TABLE `phpbb_posts`.*?;\n", b"", dump, count=1, flags=re.DOTALL)


BAD_DUMPS = {
    "empty": (lambda _: b"", "is empty"),
    "binary": (lambda _: random.Random(1).randbytes(100_000), "binary"),
    "7z": (lambda _: b"7z\xbc\xaf\x27\x1c" + SECRET + bytes(100), "7z archive"),
    "half a gzip": (lambda dump: gzip.compress(dump)[:-50_000], "--allow-truncated"),
    "wrong software": (
        lambda _: b"CREATE TABLE `wp_options` (`a` int);\nINSERT INTO `wp_options` VALUES (1);\n",
        "no forum",
    ),
    "two forums": (lambda dump: dump + dump.replace(b"`phpbb_", b"`other_"), "more than one forum"),
    "no CREATE and no column list": (without_definition, "neither CREATE TABLE nor a column list"),
}


@pytest.mark.parametrize("kind", BAD_DUMPS)
def test_what_is_no_dump_of_one_forum(forum, tmp_path, kind):
    make, said = BAD_DUMPS[kind]
    source = tmp_path / "source"
    source.write_bytes(make((forum / "forum.sql").read_bytes()))
    assert_one_clean_error(derive(forum, tmp_path / "dataset", source=source), said)
    assert list(tmp_path.iterdir()) == [source]


def test_a_folder_and_another_forum_s_prefix(forum, tmp_path):
    assert_one_clean_error(derive(forum, tmp_path / "dataset", source=forum), "lacks files")
    assert_one_clean_error(derive(forum, tmp_path / "dataset", "--prefix", "other_"), "check --prefix")
    assert_one_clean_error(derive(forum, tmp_path / "dataset", "--software", "stackexchange"), "no folder")
    assert list(tmp_path.iterdir()) == []


def tables_of(folder):
    return {file.name: file.read_bytes() for file in folder.glob("*.parquet")}


def assert_same_dataset(forum, tmp_path, changed, name):
    (tmp_path / name).write_bytes(changed)
    for out, source in (("one", forum / "forum.sql"), ("other", tmp_path / name)):
        assert derive(forum, tmp_path / out, "--quiet", source=source) == (0, b"", b"")
    assert tables_of(tmp_path / "one") == tables_of(tmp_path / "other")


def test_a_hundred_megabytes_in_one_row_are_skipped(forum, tmp_path):
    dump = (forum / "forum.sql").read_bytes()
    statement = dump.index(b"\nINSERT INTO `phpbb_posts`")
    text = dump.index(b"'", statement) + 1
    giant = SECRET + rb" \' '' \\ ;" + b"\xc3\xa9" * 50_000_000
    changed = dump[:text] + giant + dump[text:]
    assert_same_dataset(forum, tmp_path, zstandard.compress(changed), "giant.sql.zst")


def test_latin1_that_holds_utf8_changes_no_number(forum, tmp_path):
    dump = (forum / "forum.sql").read_bytes()
    twice = dump.decode("latin-1").encode()
    assert twice != dump
    assert_same_dataset(forum, tmp_path, twice.replace(b"utf8mb4", b"latin1"), "twice.sql")


@contextmanager
def unreadable(file):
    """Take the right to read from this process: root gives up its own for a while."""
    file.chmod(0o000)
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(UNPRIVILEGED)
    try:
        yield
    finally:
        os.seteuid(0)


def test_an_unreadable_key(forum, tmp_path):
    key = tmp_path / "unreadable.key"
    shutil.copy(forum / "forum.key", key)
    derive(forum, tmp_path / "dataset", "--key", tmp_path / "none")  # loads the modules, which root alone may read
    with unreadable(key):
        result = derive(forum, tmp_path / "dataset", "--key", key)
    assert_one_clean_error(result, "key file cannot be read")
    assert list(tmp_path.iterdir()) == [key]


def test_a_disk_that_fills_while_the_engine_spills(tmp_path):
    with small_disk(tmp_path / "disk", "8m"):
        with pytest.raises(OutputError, match="disk is full") as caught:
            _spill(tmp_path / "disk" / "dataset")
        assert caught.value.__context__ is None
        assert list((tmp_path / "disk").iterdir()) == []


def _spill(out):
    with staged_folder(out) as folder:
        (folder / SPILL_FOLDER).mkdir()
        with Staging(folder / SPILL_FOLDER, memory=128_000_000) as staging:
            values = ", ".join(f"hash(range + {number}) AS value_{number}" for number in range(3))
            staging.run(f"CREATE TABLE large AS SELECT range AS id, {values} FROM range(10000000)")
