"""One forum in several ways gives one dataset: dump, live MariaDB, live PostgreSQL; and a real site from end to end."""

import re
from base64 import b64encode
from contextlib import suppress
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from derive.commands import run, run_here
from derive.derivations import KEY, assert_valid, written
from derive.test_stackexchange import SITE, write_site
from servers import MariadbServer, PostgresqlServer
from vestige.derive.contract import TEXT_CELLS, Cell
from vestige.derive.live.address import PASSWORD_VARIABLE
from vestige.derive.opening import open_source
from vestige.derive.pipeline import DeriveResult, derive_dataset
from vestige.derive.sources.phpbb import PHPBB
from vestige.errors import SourceError
from vestige.simulate import DumpSettings, Preset, preset_settings, simulate_forum, write_simulated_dump

CANARY = "canary-7f3a"


def _derive(folder: Path, source: str) -> DeriveResult:
    return derive_dataset(open_source(source), folder, key=KEY, forum_code="forum-a")


@pytest.fixture(scope="module")
def dump(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("simulated") / "forum"
    settings = preset_settings("posting-groups", members=400, months=12)
    simulated = simulate_forum(settings=settings, seed=2)
    write_simulated_dump(folder, simulated, settings=DumpSettings(), preset=Preset("posting-groups"))
    return folder / "forum.sql"


def _restore(server: MariadbServer, dump: Path, name: str) -> str:
    server.run(f"DROP DATABASE IF EXISTS {name}; CREATE DATABASE {name} CHARACTER SET utf8mb4")
    server.run(dump.read_bytes(), name)
    return f"mysql://{server.account}@/{name}?socket={server.socket}"


@pytest.fixture(scope="module")
def live(mariadb: MariadbServer, dump: Path) -> str:
    """The simulated forum in MariaDB, restored by its own client."""
    return _restore(mariadb, dump, "simulated")


@pytest.fixture(scope="module")
def live_postgresql(mariadb: MariadbServer, live: str, postgresql: PostgresqlServer) -> str:
    """The same rows in PostgreSQL, in tables with phpBB's columns and one of text beside them."""
    postgresql.run("DROP DATABASE IF EXISTS simulated")
    postgresql.run("CREATE DATABASE simulated")
    present = mariadb.run(
        "SELECT concat(table_name, '.', column_name) FROM information_schema.columns WHERE table_schema = 'simulated'"
    )
    known = set(present.decode().split())
    for table in PHPBB.tables:
        columns = [column for column in table.columns if f"phpbb_{table.name}.{column.name}" in known]
        if not columns:
            continue
        names = ", ".join(column.name for column in columns)
        kinds = ", ".join(
            f"{column.name} {'text' if column.cell in {Cell.WORD, *TEXT_CELLS} else 'integer'}" for column in columns
        )
        rows = mariadb.run(f"SELECT {names} FROM phpbb_{table.name}", "simulated").decode()
        rows = re.sub(r"(?<!\\)\\0", "", rows).replace("\r", "\\r")  # PostgreSQL's texts hold no NUL
        postgresql.run(
            f"CREATE TABLE phpbb_{table.name} ({kinds}, body text DEFAULT '{CANARY}');\n"
            f"COPY phpbb_{table.name} ({names}) FROM STDIN WITH (NULL 'NULL');\n{rows}\\.\n",
            "simulated",
        )
    return f"postgresql://{postgresql.account}@/simulated?socket={postgresql.socket}"


@pytest.mark.mariadb
@pytest.mark.xdist_group("mariadb")
def test_live_mariadb_gives_the_dataset_of_the_dump(tmp_path: Path, dump: Path, live: str) -> None:
    from_dump = _derive(tmp_path / "dump", str(dump))
    from_live = _derive(tmp_path / "live", live)
    assert_valid(from_live)
    assert len(pq.read_table(tmp_path / "live" / "post.parquet")) > 1000
    assert written(from_live) == written(from_dump)
    assert from_live.manifest.source_counts == from_dump.manifest.source_counts
    assert from_live.manifest.absent == from_dump.manifest.absent
    assert from_live.findings == from_dump.findings


@pytest.mark.mariadb
@pytest.mark.postgres
@pytest.mark.xdist_group("mariadb")
def test_live_postgresql_gives_the_dataset_of_the_dump(tmp_path: Path, dump: Path, live_postgresql: str) -> None:
    from_dump = _derive(tmp_path / "dump", str(dump))
    from_live = _derive(tmp_path / "live", live_postgresql)
    assert written(from_live) == written(from_dump)
    assert from_live.manifest.source_counts == from_dump.manifest.source_counts


def _granted(address: str) -> list[str]:
    status, output, _ = run_here("grants", address, "--prefix", "phpbb_")
    assert status == 0
    return output.decode().splitlines()


@pytest.mark.mariadb
@pytest.mark.xdist_group("mariadb")
def test_the_printed_grants_are_enough_for_mariadb(
    tmp_path: Path, mariadb: MariadbServer, dump: Path, live: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = live.replace("root@", "researcher@")
    mariadb.run("CREATE OR REPLACE USER researcher@localhost IDENTIFIED BY 'secret'")
    for statement in _granted(address):
        with suppress(AssertionError):  # a column that this version of phpBB lacks
            mariadb.run(statement)
    monkeypatch.setenv(PASSWORD_VARIABLE, "secret")
    assert written(_derive(tmp_path / "live", address)) == written(_derive(tmp_path / "dump", str(dump)))
    shown = mariadb.run("SHOW GRANTS FOR researcher@localhost").decode()
    assert "post_text" not in shown
    assert "username_clean" not in shown
    assert "user_email" not in shown


@pytest.mark.mariadb
@pytest.mark.postgres
@pytest.mark.xdist_group("mariadb")
def test_the_printed_grants_are_enough_for_postgresql(
    tmp_path: Path, postgresql: PostgresqlServer, dump: Path, live_postgresql: str
) -> None:
    address = live_postgresql.replace("owner@", "researcher@")
    postgresql.run("CREATE ROLE researcher LOGIN")
    for statement in _granted(address):
        with suppress(AssertionError):
            postgresql.run(statement, "simulated")
    assert written(_derive(tmp_path / "live", address)) == written(_derive(tmp_path / "dump", str(dump)))


@pytest.mark.mariadb
@pytest.mark.xdist_group("mariadb")
def test_a_real_board_restored_gives_the_dataset_of_its_dump(
    shared: Path, tmp_path: Path, mariadb: MariadbServer
) -> None:
    dump = shared / "data" / "forum-dumps" / "phpbb320_orochi_centos.sql"
    from_dump = _derive(tmp_path / "dump", str(dump))
    from_live = _derive(tmp_path / "live", _restore(mariadb, dump, "board"))
    assert written(from_live) == written(from_dump)
    for count in from_live.manifest.source_counts:
        counted = mariadb.run(f"SELECT count(*) FROM phpbb_{count.table}", "board")
        assert count.read == int(counted), count.table


def test_a_real_site_from_end_to_end(shared: Path, tmp_path: Path) -> None:
    """195 members of this site wrote something: `data/stackexchange/README.md`, by other code."""
    result = _derive(tmp_path / "site", str(shared / "data" / "forum-dumps" / "stackexchange-french-meta"))
    assert_valid(result)
    counts = {count.table: count.read for count in result.manifest.source_counts}
    assert counts == {"Users": 1703, "Posts": 781, "Comments": 1305, "Votes": 4349, "Badges": 4002}
    kinds = dict(
        zip(
            *(pq.read_table(result.path / "member.parquet")[name].to_pylist() for name in ("member", "kind")),
            strict=True,
        )
    )
    authors = set(pq.read_table(result.path / "post.parquet")["author"].to_pylist())
    assert sum(kinds[author] == "member" for author in authors) == 195
    assert len(pq.read_table(result.path / "thread.parquet")) == 274
    assert len(pq.read_table(result.path / "post.parquet")) == 2066


def test_half_a_site_is_no_dataset(shared: Path, tmp_path: Path) -> None:
    folder = shared / "data" / "forum-dumps" / "stackexchange-french-meta"
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in ("Users", "Posts"):
        (copy / f"{name}.xml").write_bytes((folder / f"{name}.xml").read_bytes())
    (copy / "Posts.xml").write_bytes((folder / "Posts.xml").read_bytes()[:100_000])
    with pytest.raises(SourceError, match=r"Posts\.xml, byte 100000"):
        _derive(tmp_path / "site", str(copy))
    (copy / "Posts.xml").unlink()
    with pytest.raises(SourceError, match=r"Posts\.xml"):
        _derive(tmp_path / "site", str(copy))
    assert [entry.name for entry in tmp_path.iterdir()] == ["copy"]


def _texts(folder: Path) -> bytes:
    """Every byte below a folder, Parquet columns unpacked too."""
    gathered = b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())
    for file in folder.rglob("*.parquet"):
        gathered += repr(pq.read_table(file).to_pylist()).encode()
    return gathered


def test_nothing_of_a_site_s_text_is_left_anywhere(tmp_path: Path) -> None:
    text = f"{CANARY} &lt;b&gt; &quot; &#xA;"
    hostile = f'DisplayName="{text}" AboutMe="{text}" Body="{text}" Title="{text}" Tags="{text}" Text="{text}"'
    (tmp_path / "site").mkdir()
    write_site(tmp_path / "site", {table: [f"{row} {hostile}" for row in _bare(rows)] for table, rows in SITE.items()})
    status, output, error = run(tmp_path, "new-key", tmp_path / "key")
    assert status == 0
    arguments = ["derive", tmp_path / "site", "--key", tmp_path / "key", "--forum", "forum-a"]
    (tmp_path / "out").mkdir()
    status, output, error = run(tmp_path / "out", *arguments, "--out", tmp_path / "out" / "dataset")
    assert (status, error) == (0, b"")
    assert len(pq.read_table(tmp_path / "out" / "dataset" / "post.parquet")) == 7
    left = output + _texts(tmp_path / "out")
    assert not any(form in left for form in _forms(CANARY))
    (tmp_path / "site" / "Posts.xml").write_text(f'<posts><row Id="{CANARY}" /></posts>', encoding="utf-8")
    status, output, error = run(tmp_path / "out", *arguments, "--out", tmp_path / "out" / "other")
    assert (status, output) == (2, b"")
    assert not any(form in error + _texts(tmp_path / "out") for form in _forms(CANARY))


def _bare(rows: list[str]) -> list[str]:
    """Rows without the text attributes they have."""
    return [re.sub(r' (DisplayName|Title|Tags|Text)="[^"]*"', "", row) for row in rows]


def _forms(text: str) -> list[bytes]:
    """A text as it stands, in other encodings, and shifted by one as DuckDB's spill files have it."""
    plain = text.encode()
    return [plain, text.encode("utf-16-le"), plain.hex().encode(), b64encode(plain)[:-4], bytes(x + 1 for x in plain)]


@pytest.mark.mariadb
@pytest.mark.xdist_group("mariadb")
def test_nothing_of_a_live_forum_s_text_is_left_anywhere(tmp_path: Path, dump: Path, live: str) -> None:
    content = dump.read_bytes()
    listed = re.findall(r'"([^"]{8,})"', (dump.parent / "truth" / "canaries.json").read_text(encoding="utf-8"))
    canaries = [each for each in listed if each.encode() in content]
    assert len(canaries) > 10
    assert run(tmp_path, "new-key", tmp_path / "key")[0] == 0
    (tmp_path / "out").mkdir()
    options = ["--key", tmp_path / "key", "--forum", "forum-a", "--out", tmp_path / "out" / "dataset"]
    status, output, error = run(tmp_path / "out", "derive", live, *options)
    assert (status, error) == (0, b"")
    left = output + _texts(tmp_path / "out")
    assert not any(form in left for canary in canaries for form in _forms(canary))
