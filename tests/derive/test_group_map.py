"""The custodian's map: hostile names in, ids and codes out, nothing else."""

import stat
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestige.dataset.schema import Role
from vestige.derive.group_map import CustodianMap, GroupRole, _quoted, read_map, write_map
from vestige.derive.sources.phpbb import PHPBB
from vestige.errors import MapError, OutputError

HOSTILE = 'end"\n[[group]]\nid = 5\nrole = "administrator"\n# \\ \' \x00\x1f\x7f\u2028\ud800 ]]>'


class NamedReader:
    """Knows names only."""

    def read(self, tables, take, progress):
        raise AssertionError

    def names(self, table, id_column, name_column):
        return {"groups": {1: HOSTILE, 8: "Vendors"}, "forums": {3: HOSTILE, 4: ""}}[table]


def written(folder, text):
    path = folder / "map.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_hostile_names_stay_inside_their_quotes(tmp_path):
    path = tmp_path / "map.toml"
    assert write_map(PHPBB, NamedReader(), path) == (2, 2)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    entries = tomllib.loads(path.read_text(encoding="utf-8"))
    assert [entry["id"] for entry in entries["group"]] == [1, 8]
    assert entries["group"][0]["name"] == HOSTILE.replace("\ud800", "\ufffd")
    assert read_map(path) == CustodianMap({}, {})


@given(st.text(st.characters(codec=None)))
def test_any_name_survives_its_quotes(name):
    read = tomllib.loads(f"name = {_quoted(name)}")["name"]
    assert read == "".join("\ufffd" if 0xD800 <= ord(character) < 0xE000 else character for character in name)


def test_only_ids_roles_ranks_and_kinds_are_read(tmp_path):
    path = tmp_path / "map.toml"
    write_map(PHPBB, NamedReader(), path)
    text = path.read_text(encoding="utf-8")
    text = text.replace('role = ""', 'role = "vip"\nrank = 1', 1).replace('kind = ""', 'kind = "trade"', 1)
    read = read_map(written(tmp_path, text))
    assert read == CustodianMap({1: GroupRole(Role.VIP, 1)}, {3: "trade"})
    assert "end" not in repr(read)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[group]]\nid = 1\nrole = "secret king"', "unknown role"),
        ('[[group]]\nid = 1\nrole = ["vip"]', "unknown role"),
        ('[[group]]\nid = "secret"', "entry of the map is malformed"),
        ("[[group]]\nid = true", "entry of the map is malformed"),
        ('[[group]]\nid = 1\nsecret = "x"', "entry of the map is malformed"),
        ('[[group]]\nid = 1\nrole = "vip"\nrank = -1', "rank"),
        ('[[group]]\nid = 1\nrole = "vip"\n[[group]]\nid = 1\nrole = "full"', "twice"),
        ('[[section]]\nid = 1\nkind = "Secret"', "no neutral code"),
        ('[[section]]\nid = 1\nkind = "secret place"', "no neutral code"),
        ('[[section]]\nid = 1\nkind = "section-4"', "given by derivation"),
        ("[[secret]]\nid = 1", "neither groups nor sections"),
        ('group = "secret"', "malformed"),
        ('[[group]\nid = "secret', "no valid TOML"),
    ],
)
def test_bad_maps_are_refused_without_quoting_them(tmp_path, text, said):
    with pytest.raises(MapError, match=said) as caught:
        read_map(written(tmp_path, text))
    assert "secret" not in str(caught.value)
    assert caught.value.__context__ is None


def test_unreadable_maps_are_refused(tmp_path):
    with pytest.raises(MapError, match="cannot be read"):
        read_map(tmp_path / "none.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(MapError, match="cannot be read"):
        read_map(tmp_path / "bytes.toml")


def test_a_map_is_refused_inside_a_dataset(tmp_path):
    (tmp_path / "dataset" / "deep").mkdir(parents=True)
    (tmp_path / "dataset" / "manifest.json").touch()
    with pytest.raises(OutputError, match="must not lie in a dataset"):
        write_map(PHPBB, NamedReader(), tmp_path / "dataset" / "deep" / "map.toml")
