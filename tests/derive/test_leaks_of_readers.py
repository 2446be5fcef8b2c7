"""No word of the source leaks from any kind of reader: not when it succeeds, fails, runs out of disk or is killed.

`test_leaks` does this for phpBB and access logs in depth; here each other reader has one source full of canaries.
"""

import gzip
import random
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from derive.commands import run, run_here, start
from derive.dump.archives import ArchiveWriter, Block
from derive.leaks import disclosed
from derive.test_derive_command import small_disk
from servers import MariadbServer
from vestige.simulate import DumpSettings, SimulatedForum, preset_settings, simulate_forum
from vestige.simulate.packages import package_canaries, package_of, package_settings, write_package_dump

SECRET = "qrtzrmssnwwvjhwvhhvj"
"""Stands where a number should, in a source that is damaged."""
SHORTEST = 12
READERS = ["script", "archive", "xml", "mail", "tables", pytest.param("live", marks=[
    pytest.mark.mariadb, pytest.mark.xdist_group("mariadb"),
])]  # fmt: skip


@dataclass(frozen=True)
class Seized:
    """A source full of canaries.

    Attributes:
        source: what `vestige derive` is given.
        words: its canaries.
        options: further options of `vestige derive`.
        damaged: puts a damaged one into an empty folder; returns what `vestige derive` is given.
    """

    source: Path | str
    words: frozenset[str]
    options: tuple[str, ...]
    damaged: Callable[[Path], Path | str]


@pytest.fixture(scope="module")
def forum() -> SimulatedForum:
    return simulate_forum(settings=preset_settings("posting-groups", members=120, months=10), seed=5)


@pytest.fixture(params=READERS)
def seized(request: pytest.FixtureRequest, tmp_path: Path, forum: SimulatedForum) -> Seized:
    folder = tmp_path / "seized"
    folder.mkdir()
    kind = request.param
    if kind == "live":
        return _live(folder, forum, request.getfixturevalue("mariadb"))
    if kind in {"script", "archive"}:
        return _dump(folder, forum, kind)
    return {"xml": _site, "mail": _mail, "tables": _tables}[kind](folder)


def _simulated(folder: Path, forum: SimulatedForum, name: str) -> tuple[Path, frozenset[str], tuple[str, ...]]:
    package = package_of(name)
    settings = package_settings(package, DumpSettings(layout=package.layout, text_bytes=40))
    write_package_dump(folder / "forum.sql", forum, package, settings=settings)
    words = {word for words in package_canaries(forum.seed, package).values() for word in words}
    dump = (folder / "forum.sql").read_bytes()
    words = {word for word in words if len(word) >= SHORTEST and word.encode() in dump}
    return folder / "forum.sql", frozenset(words), ("--software", package.software)


def _dump(folder: Path, forum: SimulatedForum, kind: str) -> Seized:
    file, words, options = _simulated(folder, forum, "discourse")
    dump = file.read_bytes()
    row = dump.index(b"\n", dump.index(b"\nCOPY public.posts ") + 1) + 1
    bad = dump[:row] + SECRET.encode() + dump[dump.index(b"\t", row) :]
    if kind == "archive":
        file.write_bytes(_archived(dump))
        bad = _archived(bad)
    return Seized(file, words, options, lambda place: _written(place / "bad.sql", bad))


def _archived(script: bytes) -> bytes:
    """A script of COPY statements as a compressed archive; rows hold no bare line end."""
    found = re.findall(rb"\nCOPY public\.(\w+) \(([^)]*)\) FROM stdin;\n(.*?)\\\.\n", script, re.DOTALL)
    assert len(found) > 10
    return ArchiveWriter()([Block(name.decode(), names.decode(), rows + b"\\.\n") for name, names, rows in found])


def _written(file: Path, content: bytes) -> Path:
    file.write_bytes(content)
    return file


def _live(folder: Path, forum: SimulatedForum, server: MariadbServer) -> Seized:
    file, words, options = _simulated(folder, forum, "mybb")
    for name in ("leaks_sound", "leaks_bad"):
        server.run(f"DROP DATABASE IF EXISTS {name}; CREATE DATABASE {name}")
        server.run(file.read_bytes(), name)
    server.run(
        f"ALTER TABLE mybb_posts MODIFY pid varchar(64); UPDATE mybb_posts SET pid = '{SECRET}' LIMIT 1", "leaks_bad"
    )
    sound, bad = (f"mysql://{server.account}@/{name}?socket={server.socket}" for name in ("leaks_sound", "leaks_bad"))
    return Seized(sound, words, options, lambda _: bad)


def _words(count: int) -> list[str]:
    generator = random.Random(7)
    return ["".join(generator.choices("bcdfghjklmnpqrstvwxz", k=20)) for _ in range(count)]


def _site(folder: Path) -> Seized:
    """A Stack Exchange site; every text attribute of every row holds a canary."""
    words = _words(9)
    at = "2014-08-17T20:18:56.507"
    rows = {
        "Users": [
            f'Id="{number}" Reputation="1" CreationDate="{at}" DisplayName="{words[0]}" AboutMe="&lt;{words[1]}&gt;" '
            f'WebsiteUrl="https://{words[2]}.example" Location="{words[3]}" LastAccessDate="{at}"'
            for number in range(1, 60)
        ],
        "Posts": [
            f'Id="{number}" PostTypeId="1" CreationDate="{at}" Title="{words[4]}" Body="{words[5]}" '
            f'Tags="&lt;{words[6]}&gt;" OwnerUserId="{1 + number % 59}"'
            for number in range(1, 400)
        ],
        "Comments": [
            f'Id="{number}" PostId="{1 + number % 399}" CreationDate="{at}" Text="{words[7]}" UserId="{number % 59}"'
            for number in range(1, 400)
        ],
        "Badges": [f'Id="{number}" UserId="3" Name="{words[8]}" Date="{at}"' for number in range(1, 20)],
    }

    def put(place: Path, spoiled: str | None = None) -> Path:
        for table, own in rows.items():
            body = "".join(f"  <row {row} />\r\n" for row in own)
            text = f'<?xml version="1.0" encoding="utf-8"?>\r\n<{table.lower()}>\r\n{body}</{table.lower()}>'
            if spoiled is not None and table == "Posts":
                text = text.replace('Id="200"', f'Id="{spoiled}"')
            (place / f"{table}.xml").write_text(text, encoding="utf-8")
        return place

    return Seized(put(folder), frozenset(words), (), lambda place: put(place, SECRET))


def _mail(folder: Path) -> Seized:
    """An archive of mail; every header and body holds a canary."""
    words = _words(9)
    messages = [
        f"From {words[0]} Mon Jan  3 00:00:00 2005\nFrom: {words[1]} <{words[2]}@{words[3]}.example>\n"
        f"To: {words[4]}@example.org\nSubject: {words[5]}\nMessage-ID: <{number}.{words[6]}@example.org>\n"
        f"In-Reply-To: <{number // 2}.{words[6]}@example.org>\nDate: 3 Jan 2005 10:11 +0000\n"
        f"List-Id: <{words[7]}.example.org>\n\n{words[8]}\n\n"
        for number in range(1, 3000)
    ]
    packed = gzip.compress("".join(messages).encode(), mtime=0)
    half = bytearray(packed)
    half[len(half) // 2 : len(half) // 2 + 60] = bytes(60)
    file = _written(folder / f"{words[5]}.mbox.gz", packed)
    return Seized(file, frozenset(words), (), lambda place: _written(place / "bad.mbox.gz", bytes(half)))


def _tables(folder: Path) -> Seized:
    """Events in CSV files, in whose columns of text stands a canary in each row."""
    words = _words(4)

    def put(place: Path, attachments: str = "0") -> Path:
        events = [f"{words[number % 2]},{words[2]},2015-02-0{1 + number % 9},{words[3]},0" for number in range(2000)]
        lines = ["who,title,at,text,files", *events, f"{words[0]},{words[2]},2015-01-01,{words[3]},{attachments}"]
        (place / "events.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        columns = '[post]\nfile = "events.csv"\nat = "at"\nattachments = "files"\n'
        columns += 'thread = { column = "title", text = true }\nauthor = { column = "who", text = true }\n'
        (place / "map.toml").write_text(columns, encoding="utf-8")
        return place / "map.toml"

    return Seized(put(folder), frozenset(words), (), lambda place: put(place, SECRET))


@pytest.fixture
def key(tmp_path: Path) -> Path:
    assert run_here("new-key", tmp_path / "forum.key")[0] == 0
    return tmp_path / "forum.key"


def _command(seized: Seized, place: Path, key: Path, source: Path | str | None = None) -> tuple[object, ...]:
    given = seized.source if source is None else source
    return ("derive", given, "--out", place / "dataset", "--key", key, "--forum", "forum-a", *seized.options)


def _secret(key: Path) -> str:
    return key.read_text(encoding="utf-8").split()[1]


def test_no_word_leaks_from_any_reader(seized: Seized, tmp_path: Path, key: Path) -> None:
    words = {*seized.words, SECRET, _secret(key)}
    assert len(seized.words) > 3
    with ExitStack() as stack:
        for name, expected in (("sound", 0), ("damaged", 2), ("full", 2), ("killed", None)):
            place = tmp_path / name
            if name == "full":
                stack.enter_context(small_disk(place, "12k"))
            else:
                place.mkdir()
            temporary = tmp_path / f"{name}-temporary"
            temporary.mkdir()
            if name == "killed":
                said = list(_killed(seized, place, temporary, key))
            else:
                source = None
                if name == "damaged":
                    (tmp_path / "bad").mkdir()
                    source = seized.damaged(tmp_path / "bad")
                status, *said = run(temporary, *_command(seized, place, key, source))
                assert status == expected, (name, said)
                if expected:
                    assert len(said[1].splitlines()) == 1
                    assert list(place.iterdir()) == []
            assert disclosed(words, place, temporary, *said) == set(), name


def _killed(seized: Seized, place: Path, temporary: Path, key: Path) -> Iterator[bytes]:
    """Kill a run soon after it began to write; what it said."""
    process = start(temporary, *_command(seized, place, key))
    while process.poll() is None and not any(place.iterdir()):
        time.sleep(0.002)
    time.sleep(random.Random(place.parent.name).uniform(0, 0.1))
    process.kill()
    yield from process.communicate()
    assert any(place.iterdir())
    for entry in place.iterdir():
        assert entry.name == "dataset" or entry.name.startswith(".")
        if entry.name == "dataset":
            shutil.rmtree(entry)
