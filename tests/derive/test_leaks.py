"""No word of the forum in anything a derivation leaves, says or keeps, whether it succeeds or fails.

The simulated dump has a word of its own (a canary) in every text column, single ones in many rows, and names full of
what breaks careless readers. Everything that real processes wrote is searched for them.
"""

import gzip
import random
import shutil
import sys
import time
import zlib

import pytest
import zstandard

from derive.commands import run, run_here, start
from derive.leaks import disclosed, disguises
from derive.test_derive_command import small_disk
from vestige.cli import COMMANDS
from vestige.simulate import (
    AccessLogSettings,
    DumpSettings,
    Preset,
    log_canaries,
    preset_settings,
    simulate_forum,
    write_simulated_dump,
)
from vestige.simulate.phpbb_dump import dump_canaries, row_canaries

SEED = 3
NAMED = ("groups.group_name", "forums.forum_name")
SHORTEST = 12
"""Shorter canaries could stand in a file by chance; they come from columns with room for a few characters only."""


@pytest.fixture(scope="module")
def forum(tmp_path_factory):
    """A folder with a key and a dump, and the canaries by column."""
    folder = tmp_path_factory.mktemp("leaks")
    settings = DumpSettings()
    simulated = simulate_forum(settings=preset_settings("posting-groups", members=200, months=12), seed=SEED)
    write_simulated_dump(folder / "simulated", simulated, settings=settings, preset=Preset("posting-groups"))
    shutil.copy(folder / "simulated" / "forum.sql", folder / "forum.sql")
    shutil.rmtree(folder / "simulated")
    assert run(folder, "new-key", folder / "forum.key")[0] == 0
    dump = (folder / "forum.sql").read_bytes()
    canaries = {column: {word} for column, word in dump_canaries(SEED, settings).items()}
    for column, words in row_canaries(SEED, settings).items():
        canaries.setdefault(column, set()).update(words)
    there = {
        column: {word for word in words if len(word) >= SHORTEST and word.encode() in dump}
        for column, words in canaries.items()
    }
    return folder, {column: words for column, words in there.items() if words}


def derive(forum, place, *options, source=None):
    folder, _ = forum
    source = source or folder / "forum.sql"
    arguments = ("derive", source, "--out", place / "dataset", "--key", folder / "forum.key", "--forum", "forum-a")
    temporary = place / "temporary"
    temporary.mkdir(exist_ok=True)
    return run(temporary, *arguments, *options)


def words_of(forum):
    return set().union(*forum[1].values())


def secret_of(forum):
    return (forum[0] / "forum.key").read_text(encoding="utf-8").split()[1]


def test_the_dump_is_full_of_canaries(forum):
    folder, canaries = forum
    assert len(canaries) > 60
    assert {column.split(".")[0] for column in canaries} >= {"users", "posts", "topics", "privmsgs", "forums", "groups"}
    assert disclosed(words_of(forum), folder / "forum.sql") == words_of(forum)


@pytest.mark.parametrize("form", range(len(disguises("qrtzrmssnwwvjhwvhhvj"))))
def test_the_search_finds_every_disguise(tmp_path, form):
    word = "qrtzrmssnwwvjhwvhhvj"
    disguise = b"before" + sorted(disguises(word))[form] + b"after"
    for packed in (disguise, gzip.compress(disguise), zlib.compress(disguise), zstandard.compress(disguise)):
        (tmp_path / "file").write_bytes(b"x" + packed + b"y")
        assert disclosed({word, "another-word"}, tmp_path) == {word}


def test_nothing_leaks_into_a_dataset_what_is_said_or_temporary_files(forum, tmp_path):
    said = [*derive(forum, tmp_path), *run(tmp_path, "validate", tmp_path / "dataset")]
    said += run(tmp_path, "describe", tmp_path / "dataset", "--json")
    assert said[::3] == [0, 0, 0]
    written = [text for text in said if isinstance(text, bytes)]
    assert disclosed(words_of(forum) | {secret_of(forum)}, tmp_path, *written) == set()


OF_DATASETS = {
    "validate": (), "describe": (), "activity": (), "profile": (), "careers": (), "network": (), "keysets": (),
    "disclosure-check": (),
    "trajectories": ("--groups", "2", "--order", "1"),
    "keymembers": ("--replicates", "0", "--losses", "0", "--rewirings", "0", "--no-roles"),
    "disrupt": ("--strategy", "degree", "--replications", "2", "--no-efficiency"),
    "report": ("--out", "report.html"),
}  # fmt: skip
"""Commands that read a dataset, with options that make them quick."""
NAMED_ELSEWHERE = {"new-key", "map", "derive", "derive-log", "sources", "simulate", "grants", "casefile"}
"""Commands with tests of their own here, or that read no forum."""
PACKING = {"merge", "classify-objects", "seal", "verify"}
"""Commands that copy a dataset's files."""


def test_every_command_is_looked_at():
    commands = {name for names in COMMANDS.values() for name in names}
    assert commands == OF_DATASETS.keys() | NAMED_ELSEWHERE | PACKING


def test_nothing_leaks_from_what_is_made_of_a_dataset(forum, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert derive(forum, tmp_path)[0] == 0
    (tmp_path / "results").mkdir()
    for command, options in OF_DATASETS.items():
        status, *said = run_here(command, tmp_path / "dataset", *options)
        (tmp_path / "results" / command).write_bytes(b"".join(said))
        assert status == 0, (command, said)
    assert disclosed(words_of(forum) | {secret_of(forum)}, tmp_path) == set()


@pytest.mark.parametrize("shown", ["-X dev", "-v -X importtime"])
def test_nothing_leaks_from_a_talkative_python(forum, tmp_path, monkeypatch, shown):
    """Development mode and verbose imports print warnings, unclosed files and what is collected."""
    monkeypatch.setattr("derive.commands.sys.executable", _wrapper(tmp_path / "python", shown))
    bad = tmp_path / "bad.sql"
    bad.write_bytes(broken((forum[0] / "forum.sql").read_bytes(), "text in a number"))
    (tmp_path / "place").mkdir()
    for source, expected in ((None, 0), (bad, 2)):
        status, output, error = derive(forum, tmp_path / "place", "--replace", source=source)
        assert status == expected
        words = words_of(forum) | {secret_of(forum), "qrtzrmssnwwvjhwvhhvj"}
        assert disclosed(words, tmp_path / "place", output, error) == set()


def _wrapper(path, options):
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" {options} "$@"\n', encoding="utf-8")
    path.chmod(0o700)
    return str(path)


def test_the_map_holds_the_names_asked_for_and_no_other_word(forum, tmp_path):
    folder, canaries = forum
    (tmp_path / "temporary").mkdir()
    path = tmp_path / "map.toml"
    status, output, error = run(tmp_path / "temporary", "map", folder / "forum.sql", "--out", path)
    assert status == 0
    named = set().union(*(canaries.get(column, set()) for column in NAMED))
    assert named
    assert disclosed(words_of(forum), path) <= named
    assert disclosed(words_of(forum), output, error, tmp_path / "temporary") == set()
    said = derive(forum, tmp_path, "--map", path)
    assert said[0] == 0
    assert disclosed(words_of(forum), tmp_path / "dataset", tmp_path / "temporary", *said[1:]) == set()


def broken(dump, how):
    statement = dump.index(b"\nINSERT INTO `phpbb_posts`")  # texts hold such statements too, but no bare line end
    if how == "truncated":
        return dump[: statement + 30_000]
    row = dump.index(b"(", dump.index(b"VALUES", statement))
    if how == "text in a number":
        return dump[: row + 1] + b"'qrtzrmssnwwvjhwvhhvj'" + dump[dump.index(b",", row) :]
    if how == "a cell too many":
        return dump[: row + 1] + b"'qrtzrmssnwwvjhwvhhvj'," + dump[row + 1 :]
    return dump[: row + 1] + b"qrtzrmssnwwvjhwvhhvj\x00" + dump[row + 1 :]


@pytest.mark.parametrize("how", ["truncated", "text in a number", "a cell too many", "a byte out of place"])
def test_nothing_leaks_from_a_run_that_fails(forum, tmp_path, how):
    bad = tmp_path / "bad.sql"
    bad.write_bytes(broken((forum[0] / "forum.sql").read_bytes(), how))
    (tmp_path / "place").mkdir()
    status, output, error = derive(forum, tmp_path / "place", source=bad)
    assert status == 2
    assert len(error.splitlines()) == 1
    words = words_of(forum) | {"qrtzrmssnwwvjhwvhhvj"}
    assert disclosed(words, tmp_path / "place", output, error) == set()
    assert [entry.name for entry in (tmp_path / "place").iterdir()] == ["temporary"]


@pytest.fixture(scope="module")
def logged(forum, tmp_path_factory):
    """A folder with a dataset, its lookup, and an access log with canaries in every field of every line."""
    place = tmp_path_factory.mktemp("logged")
    simulated = simulate_forum(settings=preset_settings("posting-groups", members=200, months=12), seed=SEED)
    log = AccessLogSettings(files=2)
    write_simulated_dump(place / "simulated", simulated, settings=DumpSettings(), log=log)
    assert (
        derive(forum, place, "--lookup", place / "lookup", "--time-resolution", "second", "--accept-fine-times")[0] == 0
    )
    (place / "logs").mkdir()
    for number, name in enumerate(sorted(file.name for file in (place / "simulated" / "logs").iterdir())):
        target = place / "logs" / f"{log_canaries(SEED)['host']}-{number}{'.gz' if name.endswith('.gz') else ''}"
        shutil.copy(place / "simulated" / "logs" / name, target)
    return place, set(log_canaries(SEED).values())


def derive_log(forum, logged, place, logs=None, rules="phpbb", **options):
    folder, _ = logged
    (place / "temporary").mkdir(exist_ok=True)
    arguments = ("--dataset", folder / "dataset", "--rules", rules, "--key", forum[0] / "forum.key")
    arguments += ("--lookup", folder / "lookup", "--out", place / "new")
    return run(place / "temporary", "derive-log", logs or folder / "logs", *arguments, **options)


def test_nothing_of_an_access_log_leaks(forum, logged, tmp_path):
    folder, words = logged
    assert len(words) == 10
    assert disclosed(words, *sorted((folder / "logs").iterdir())) == words
    status, output, error = derive_log(forum, logged, tmp_path)
    assert (status, error) == (0, b"")
    said = [output, *run(tmp_path / "temporary", "describe", tmp_path / "new")[1:]]
    assert disclosed(words | {secret_of(forum)}, tmp_path, *said) == set()
    assert disclosed({secret_of(forum)}, folder / "lookup") == set()


@pytest.mark.parametrize("how", ["damaged", "no log", "rules", "full disk"])
def test_nothing_of_an_access_log_leaks_from_a_run_that_fails(forum, logged, tmp_path, how):
    folder, words = logged
    logs, rules = tmp_path / "logs", "phpbb"
    shutil.copytree(folder / "logs", logs)
    packed = next(logs.glob("*.gz"))
    content = bytearray(packed.read_bytes())
    if how == "damaged":
        content[len(content) // 2 : len(content) // 2 + 40] = bytes(40)
        packed.write_bytes(content)
    elif how == "no log":
        logs = tmp_path / "junk"
        logs.write_text(f"{min(words)} {max(words)}\n" * 999, encoding="utf-8")
    elif how == "rules":
        rules = tmp_path / "rules.toml"
        rules.write_text(f'[[page]]\npath = "{min(words)} {max(words)}"\nkind = "{max(words)}"\n', encoding="utf-8")
    if how == "full disk":
        with small_disk(tmp_path / "place", "40k"):
            status, output, error = derive_log(forum, logged, tmp_path / "place", logs)
            assert disclosed(words, tmp_path / "place") == set()
    else:
        (tmp_path / "place").mkdir()
        status, output, error = derive_log(forum, logged, tmp_path / "place", logs, rules)
        assert disclosed(words, tmp_path / "place") == set()
    assert (status, len(error.splitlines())) == (2, 1)
    assert disclosed(words, output, error) == set()


def test_nothing_leaks_from_a_full_disk(forum, tmp_path):
    with small_disk(tmp_path / "disk", "40k"):
        status, output, error = derive(forum, tmp_path / "disk")
        assert status == 2
        assert disclosed(words_of(forum), tmp_path / "disk", output, error) == set()


def test_nothing_lies_in_what_a_killed_run_leaves(forum, tmp_path):
    folder, _ = forum
    generator = random.Random(11)
    place, temporary = tmp_path / "place", tmp_path / "temporary"
    place.mkdir()
    temporary.mkdir()
    arguments = ("derive", folder / "forum.sql", "--out", place / "dataset", "--key", folder / "forum.key")
    left = 0
    for _ in range(3):
        process = start(temporary, *arguments, "--forum", "forum-a", "--replace")
        while process.poll() is None and not any(place.iterdir()):
            time.sleep(0.005)
        time.sleep(generator.uniform(0, 0.2))
        process.kill()
        output, error = process.communicate()
        left += any(entry.name.startswith(".") for entry in place.iterdir())
        assert disclosed(words_of(forum), place, temporary, output, error) == set()
        for entry in place.iterdir():
            shutil.rmtree(entry)
    assert left
