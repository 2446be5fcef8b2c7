"""Derivation's general steps: order, window, references, resolution, determinism, errors."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from derive.derivations import assert_valid, derive, findings, rows, written
from derive.phpbb_tables import HOUR, T0, forum
from vestige.dataset.manifest import TimeResolution
from vestige.dataset.schema import TABLES
from vestige.derive import staging
from vestige.derive.assembling import supplied_columns
from vestige.derive.contract import Cell, SourceColumn, SourceFinding
from vestige.derive.pipeline import DeriveSettings, FineTimesError
from vestige.derive.sources.phpbb import PHPBB
from vestige.derive.sources.stackexchange import STACKEXCHANGE
from vestige.derive.staging import Staging
from vestige.derive.text_cells import bound_tables
from vestige.errors import SettingsError, SourceError
from vestige.results import Severity

YEAR = 365 * 24 * HOUR


def plain_forum(times, *, ids=None, edited=None):
    """One section, one thread, one author, posts at these times (microseconds)."""
    ids = ids or list(range(1, len(times) + 1))
    return {
        "users": {"user_id": [1, 2], "user_type": [2, 0], "user_regdate": [None, T0]},
        "forums": {"forum_id": [1], "parent_id": [0]},
        "topics": {"topic_id": [1], "forum_id": [1], "topic_poster": [2], "topic_time": [T0]},
        "posts": {
            "post_id": ids,
            "topic_id": [1] * len(times),
            "forum_id": [1] * len(times),
            "poster_id": [2] * len(times),
            "post_time": times,
            "post_edit_time": edited or [None] * len(times),
        },
    }


def test_a_derived_dataset_is_valid(tmp_path):
    assert_valid(derive(tmp_path, forum()))


@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_seq_is_the_order_of_exact_time_then_id(tmp_path_factory, data):
    times = data.draw(st.lists(st.none() | st.integers(T0, T0 + 3 * HOUR), min_size=1, max_size=40))
    ids = data.draw(st.permutations(range(1, len(times) + 1)))
    result = derive(tmp_path_factory.mktemp("order"), plain_forum(times, ids=ids), batch=7)
    by_id = sorted(zip(ids, times, strict=True))
    latest, filled = 0, []
    for number, time in by_id:
        latest = max(latest, time or 0)
        filled.append((latest if time is None else time, number))
    expected = [sorted(filled).index(pair) for pair in filled]
    assert rows(result, "post", "post", "seq") == list(enumerate(expected))


def test_times_are_cut_to_the_resolution_and_order_survives(tmp_path):
    tables = plain_forum([T0 + 3 * HOUR // 2, T0 + 5 * HOUR // 4, T0 + HOUR])
    result = derive(tmp_path, tables)
    assert rows(result, "post", "seq", "at", origin=T0) == [(2, 1), (1, 1), (0, 1)]
    assert rows(result, "forum", "window_start", "window_end", origin=T0) == [(0, 1)]


def test_rows_after_the_chosen_end_are_left_out_and_counted(tmp_path):
    later = [T0 + day * 24 * HOUR for day in range(5)]
    edited = [None, later[3], None, None, None]
    result = derive(tmp_path, plain_forum(later, edited=edited), window_end=date(2014, 5, 15))
    assert rows(result, "post", "at", "edited_at", origin=T0) == [(0, None), (24, None), (48, None)]
    found = findings(result)
    assert found["rows-outside-window"].startswith("2 rows of post ")
    assert found["times-outside-window"].startswith("1 times in post.edited_at ")
    assert "states-of-the-export" in found
    assert result.manifest.options["window_end"] == "2014-05-15"
    assert_valid(result)


def test_bogus_times_become_unknown_and_do_not_stretch_the_window(tmp_path):
    good = [T0 + hour * HOUR for hour in range(300)]
    result = derive(tmp_path, plain_forum([*good, T0 - 35 * YEAR, T0 + 90 * YEAR]))
    assert rows(result, "forum", "window_start", "window_end", origin=T0) == [(0, 299)]
    assert rows(result, "post", "at", origin=T0)[-2:] == [(None,), (None,)]
    assert findings(result)["times-outside-window"].startswith("2 times in post.at ")


def test_identical_input_gives_identical_bytes_however_it_is_batched(tmp_path):
    first = derive(tmp_path / "a", forum(), batch=1000)
    second = derive(tmp_path / "b", forum(), batch=2)
    assert written(first) == written(second)
    assert first.manifest.digest == second.manifest.digest


def test_where_rows_were_staged_does_not_matter(tmp_path, monkeypatch):
    in_place = derive(tmp_path / "place", forum(), batch=2)
    inserted: list[str] = []
    put = Staging.insert
    monkeypatch.setattr(Staging, "insert", lambda self, table, rows: (inserted.append(table), put(self, table, rows)))
    monkeypatch.setattr("vestige.derive.staging.BUFFERED_BYTES", 200)
    in_engine = derive(tmp_path / "engine", forum(), batch=2)
    assert {"users", "posts"} <= set(inserted)
    assert written(in_engine) == written(in_place)


def test_a_source_that_memory_cannot_hold_gives_identical_bytes(tmp_path, monkeypatch):
    """Staged tables move to the engine's file, and joins go part after part."""
    first = derive(tmp_path / "a", forum())
    for name, value in (("LARGE_BYTES", 0), ("BUFFERED_BYTES", 300), ("PART_ROWS", 2)):
        monkeypatch.setattr(staging, name, value)
    moved = []
    move = Staging._move_to
    monkeypatch.setattr(Staging, "_move_to", lambda self, file: (moved.append(file.name), move(self, file)))
    second = derive(tmp_path / "b", forum(), batch=2)
    assert moved == ["staged"]
    assert written(first) == written(second)
    assert sorted(entry.name for entry in second.path.iterdir()) == sorted(entry.name for entry in first.path.iterdir())


def test_row_order_of_the_source_does_not_matter(tmp_path):
    tables = forum()
    turned = {name: {column: values[::-1] for column, values in table.items()} for name, table in tables.items()}
    assert written(derive(tmp_path / "a", tables)) == written(derive(tmp_path / "b", turned))


def test_code_and_key_decide_the_pseudonyms(tmp_path):
    one = rows(derive(tmp_path / "a", forum(), code="forum-a"), "member", "pseudonym")
    other = rows(derive(tmp_path / "b", forum(), code="forum-b"), "member", "pseudonym")
    assert not set(one) & set(other)
    assert len(set(one)) == len(one)


def test_a_table_held_twice_is_an_error(tmp_path):
    tables = forum()
    tables["topics"] = {column: values * 2 for column, values in tables["topics"].items()}
    with pytest.raises(SourceError, match="two rows of thread have the same id"):
        derive(tmp_path, tables)
    assert list(tmp_path.iterdir()) == []


def test_an_empty_forum_has_no_window(tmp_path):
    tables = {name: {column: [] for column in table} for name, table in forum().items()}
    result = derive(tmp_path, tables)
    assert findings(result)["no-dated-events"]
    assert rows(result, "forum", "window_start", "window_end") == [(None, None)]
    assert_valid(result)


@pytest.mark.parametrize("code", ["", "Forum", "forum_a", "forum a", "-forum", "f" * 41, "forum\n", "förum"])
def test_codes_that_are_not_neutral_are_refused(tmp_path, code):
    with pytest.raises(SettingsError, match="not neutral"):
        derive(tmp_path, forum(), code=code)


def test_fine_times_must_be_accepted_and_the_reason_is_computed(tmp_path):
    with pytest.raises(FineTimesError) as caught:
        derive(tmp_path, forum(), time_resolution=TimeResolution.MINUTE)
    assert {figure.resolution for figure in caught.value.unicity} == {"month", "day", "hour", "minute"}
    assert list(tmp_path.iterdir()) == []
    result = derive(tmp_path, forum(), time_resolution=TimeResolution.MINUTE, accept_fine_times=True)
    assert result.unicity == caught.value.unicity
    assert "fine-times" in findings(result)


def test_settings_are_checked():
    with pytest.raises(SettingsError, match="memory"):
        DeriveSettings(memory=1)


def test_the_result_has_the_shape_of_every_result(tmp_path):
    result = derive(tmp_path, forum())
    for name in result.table_names:
        assert result.table(name) is not None
    assert "rows written" in result.summary()
    assert result.provenance.dataset_digest == result.manifest.digest
    for call in (result.table, result.plot):
        with pytest.raises(SettingsError):
            call("nothing")


def test_engine_errors_carry_no_context(tmp_path):
    with Staging(tmp_path, memory=128_000_000) as staging, pytest.raises(SourceError) as caught:
        staging.run("SELECT CAST('a secret word' AS BIGINT)")
    assert caught.value.__context__ is None
    assert "secret" not in str(caught.value)


def test_memory_is_bounded_by_spilling(tmp_path):
    spill = tmp_path / "spill"
    spill.mkdir()
    with Staging(spill, memory=128_000_000) as staging:
        values = ", ".join(f"hash(range + {number}) AS value_{number}" for number in range(3))
        staging.run(f"CREATE TABLE large AS SELECT range AS id, {values} FROM range(5000000)")
        assert any(file.stat().st_size for file in spill.rglob("*") if file.is_file())
        assert staging.row("SELECT count(*), count(DISTINCT id) FROM large") == (5_000_000, 5_000_000)


@pytest.mark.parametrize("source", [PHPBB, STACKEXCHANGE], ids=lambda source: source.software)
def test_every_assembly_names_columns_of_the_schema(tmp_path, source):
    with Staging(tmp_path, memory=128_000_000) as staging:
        staging.declare(source.tables)
        staging.create("custodian_group", "id BIGINT, role VARCHAR, rank BIGINT", [])
        for name, parts in source.assembly.items():
            known = {column.name for column in supplied_columns(TABLES[name])}
            for origin, select in parts.items():
                assert origin in {table.name for table in source.tables}
                columns = {row[0] for row in staging.rows(f"DESCRIBE {select}")}
                assert columns <= known, (name, origin)
        for known_finding in source.findings:
            assert staging.row(known_finding.count) == (0,)


def _linking(table="users", column="username_clean"):
    tables = tuple(
        replace(one, columns=(*one.columns, SourceColumn(column, Cell.HANDLE))) if one.name == table else one
        for one in PHPBB.tables
    )
    select = PHPBB.assembly["member"]["users"].replace("SELECT ", f"SELECT u.{column} AS linked_pseudonym, ", 1)
    return replace(PHPBB, tables=tables, assembly={**PHPBB.assembly, "member": {"users": select}})


def test_handles_are_linked_only_by_choice_and_only_those_of_members(tmp_path):
    tables = forum()
    source = _linking() if PHPBB.handle is None else PHPBB
    members = len(tables["users"]["user_id"])
    handled = {**tables, "users": {**tables["users"], "username_clean": [[1, -1]] * (members - 1) + [None]}}
    plain = derive(tmp_path / "plain", handled, source=source)
    assert set(rows(plain, "member", "linked_pseudonym")) == {(None,)}
    assert plain.manifest.options["linking"] == "none"
    assert plain.manifest.absent["member.linked_pseudonym"] == "linking of handles was not chosen"
    linked = derive(tmp_path / "linked", handled, source=source, link_handles=True)
    expected = f"{1:016x}{2**64 - 1:016x}"
    kinds = rows(linked, "member", "kind", "linked_pseudonym")
    assert {kind for kind, word in kinds if word == expected} == {"member"}
    assert {word for kind, word in kinds if kind != "member"} == {None}
    assert kinds[-1] == ("member", None)
    assert linked.manifest.options["linking"] == "handles"
    assert "member.linked_pseudonym" not in linked.manifest.absent
    assert_valid(linked)


def test_handles_are_kept_from_the_reader_unless_linking_was_chosen():
    tables = bound_tables(_linking(column="h").tables if PHPBB.handle is None else PHPBB.tables, None, b"a" * 16)
    assert not any(column.cell is Cell.HANDLE for table in tables for column in table.columns)
    keyed = bound_tables(_linking(column="h").tables if PHPBB.handle is None else PHPBB.tables, b"k" * 32, b"a" * 16)
    assert [column.secret for table in keyed for column in table.columns if column.cell is Cell.HANDLE] == [b"k" * 32]
    assert b"k" * 32 not in repr(keyed).encode()


def test_a_zone_is_for_packages_that_store_local_times(tmp_path):
    with pytest.raises(SettingsError, match="universal time"):
        derive(tmp_path, forum(), timezone="Europe/Berlin")
    with pytest.raises(SettingsError, match="no such time zone"):
        DeriveSettings(timezone="Berlin")
    local = tuple(
        replace(
            one,
            columns=tuple(
                replace(column, cell=Cell.LOCAL_MOMENT) if column.cell is Cell.SECONDS else column
                for column in one.columns
            ),
        )
        for one in PHPBB.tables
    )
    source = replace(PHPBB, tables=local)
    plain = derive(tmp_path, forum(), source=source)
    assert "local-times" in findings(plain)
    before = rows(plain, "post", "at", origin=T0)
    result = derive(tmp_path, forum(), source=source, timezone="Asia/Tokyo")
    assert rows(result, "post", "at", origin=T0 - 9 * HOUR) == before
    assert "local-times" not in findings(result)
    assert result.manifest.options["timezone"] == "Asia/Tokyo"


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"assembly": {"posts": {"posts": "SELECT 1"}}}, "no table of the schema"),
        ({"assembly": {"post": {"nothing": "SELECT 1"}}}, "undeclared ones: nothing"),
        ({"absent": {"post.colour": "x"}}, "post.colour"),
        ({"group_table": ("groups", "gid", "group_name")}, "no declared gid"),
        ({"detect": ()}, "none identifies"),
        ({"tables": (*PHPBB.tables, PHPBB.tables[0])}, "declared twice"),
        ({"findings": (SourceFinding("code", Severity.NOTE, "no number", "SELECT 1"),)}, "has no count"),
    ],
)
def test_a_broken_source_fails_when_it_is_imported(change, fault):
    with pytest.raises(ValueError, match=fault):
        replace(PHPBB, **change)
