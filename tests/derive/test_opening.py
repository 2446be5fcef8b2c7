"""Which package a source is of: found by its tables, or a clear error."""

import pytest

from vestige.dataset.schema import Software
from vestige.derive.live.faults import LostConnectionError
from vestige.derive.live.plan import find_prefixes
from vestige.derive.live.reader import detect_live
from vestige.derive.opening import known_software, open_source, source_of
from vestige.errors import ConnectionFailedError, SourceError

DATABASES = [software for software in known_software() if software not in {Software.STACKEXCHANGE, Software.MAILBOX}]
CANARY = "canary_0c7e"


def dump(folder, *tables):
    file = folder / "forum.sql"
    file.write_text("".join(f"CREATE TABLE `{table}` (`id` int, `{CANARY}` text);\n" for table in tables))
    return str(file)


@pytest.mark.parametrize("software", DATABASES)
@pytest.mark.parametrize("prefix", ["", "x_", "forum_"])
def test_a_dump_is_of_the_package_whose_tables_it_has(tmp_path, software, prefix):
    source = source_of(software)
    tables = (f"{prefix}{name}" for name in (*(table.name for table in source.tables), *source.detect))
    assert open_source(dump(tmp_path, *dict.fromkeys(tables))).source.software is software


def test_a_dump_of_nothing_known_and_one_of_two_packages_are_refused(tmp_path):
    with pytest.raises(SourceError, match="no forum of a package that is known") as caught:
        open_source(dump(tmp_path, CANARY, "users", "posts"))
    assert CANARY not in str(caught.value)
    one, other = source_of(Software.PHPBB).detect, source_of(Software.MYBB).detect
    shared = [name for name in one if name in other]
    mixed = [name for name in (*one, *other) if name not in shared]
    with pytest.raises(SourceError, match=r"several packages \(phpbb, mybb\)"):
        open_source(dump(tmp_path, *mixed, *shared))
    chosen = open_source(dump(tmp_path, *mixed, *shared), software=Software.MYBB)
    assert chosen.source.software is Software.MYBB


def test_a_pipe_must_be_told(tmp_path):
    with pytest.raises(SourceError, match="say it with --software"):
        open_source("-")


class Server:
    """A server that has these tables, or none that answers."""

    def __init__(self, *tables):
        self.tables, self.closed = tables, False

    def connect(self):
        if not self.tables:
            raise LostConnectionError

    def close(self):
        self.closed = True

    def catalogue(self):
        return {table: {"id": "int"} for table in self.tables}


def test_a_live_database_is_of_the_package_whose_tables_may_be_read():
    sources = [source_of(software) for software in DATABASES]
    for source in sources:
        for detect in (source.detect, source.granted_detect):
            server = Server(*(f"f_{name}" for name in detect))
            assert detect_live(server, sources) is source
            assert server.closed
            assert find_prefixes(set(server.tables), detect, None) == ["f_"]
    with pytest.raises(SourceError, match="no forum of a package"):
        detect_live(Server(CANARY), sources)
    both = {*source_of(Software.PHPBB).detect, *source_of(Software.MYBB).detect}
    with pytest.raises(SourceError, match="several packages"):
        detect_live(Server(*both), sources)
    with pytest.raises(ConnectionFailedError, match="lost"):
        detect_live(Server(), sources)
